//! `tandem queues`: who waits, and for whom.

use std::{num::NonZeroU32, time::Duration};

use serde_json::json;

use super::{
    Exit, Fault, agents,
    context::Context,
    paint::{Paint, millis, number, percent, text},
    show::{Watch, print, render, show},
};
use crate::{
    base::{
        clock::{Clock, SystemClock},
        id::{CallId, Name},
    },
    live::switchboard::view::{Act, AgentView, FiguresView, QueueView},
};

/// List the queues, or show one with its agents
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Queues>,
    #[command(flatten)]
    watch: Watch,
}

#[derive(Debug, clap::Subcommand)]
enum Queues {
    /// List all queues (what `tandem queues` alone does)
    List(Watch),
    /// Show one queue and its agents
    Show { queue: Name },
    /// Give a caller who waits another place
    Move {
        /// The call's id
        call: CallId,
        #[command(flatten)]
        to: Whither,
    },
    /// Let nobody new into a queue; who waits in it is still served
    ///
    /// A step `queue:` goes on at its `otherwise` at once.
    Drain {
        /// The queue's name in the site
        queue: Name,
        /// Let callers in again
        #[arg(long)]
        off: bool,
    },
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Whither {
    /// In the same queue; 1 is the next
    #[arg(long)]
    place: Option<NonZeroU32>,
    /// In another queue, as if the caller had waited there so long
    #[arg(long)]
    queue: Option<Name>,
}

pub(super) async fn run(cx: &Context, args: Args) -> Result<Exit, Fault> {
    match args.command.unwrap_or(Queues::List(args.watch)) {
        Queues::List(watch) => {
            show(cx, watch, "/v1/queues", |queues: &Vec<_>, age| list(&cx.paint, queues, age)).await?;
        }
        Queues::Show { queue } => one(cx, &queue).await?,
        Queues::Move { call, to } => {
            let (body, said) = match (to.place, to.queue) {
                (Some(place), _) => (json!({ "place": place }), format!("is place {place} or the last")),
                (None, queue) => (json!({ "queue": queue }), "waits in the other queue".to_owned()),
            };
            let done = cx.client.post::<Act>(&format!("/v1/calls/{call}/move"), &body).await?;
            print(&render(cx, &done, |_| format!("Call {call} {said}.\n")))?;
        }
        Queues::Drain { queue, off } => {
            let path = format!("/v1/queues/{queue}/drain");
            let done = cx.client.post::<Act>(&path, &json!({ "on": !off })).await?;
            let said = if off { "takes new callers again" } else { "takes no new callers" };
            print(&render(cx, &done, |_| format!("Queue {queue} {said}.\n")))?;
        }
    }
    Ok(Exit::Done)
}

async fn one(cx: &Context, name: &Name) -> Result<(), Fault> {
    let queues = cx.client.get::<Vec<QueueView>>("/v1/queues").await?.value;
    let mut agents = cx.client.get::<Vec<AgentView>>("/v1/agents").await?.value;
    agents.retain(|agent| agent.queues.contains(name));
    let Some(queue) = queues.iter().find(|queue| queue.name == *name) else {
        let among = queues.iter().map(|queue| queue.name.to_string()).collect();
        return Err(Fault::NoSuch { what: "queue", name: name.to_string(), among });
    };
    if cx.json {
        return print(&format!("{}\n", json!({ "queue": queue, "agents": agents })));
    }
    let (line, service) = (list(&cx.paint, std::slice::from_ref(queue), Duration::ZERO), service(cx, queue));
    print(&format!("{line}\n{service}\n{}", agents::list(&cx.paint, &agents, SystemClock.now())))
}

/// What became of those whose wait is over.
fn service(cx: &Context, queue: &QueueView) -> String {
    let of = &queue.service;
    let line = |over: &str, figures: &FiguresView| {
        let FiguresView { offered, answered, abandoned, short, passed_on, .. } = figures;
        vec![
            text(over),
            number(percent(figures.service_level_permille)),
            number(percent(figures.answer_permille)),
            number(percent(figures.abandonment_permille)),
            number(figures.average_wait_ms.map_or_else(|| "–".to_owned(), millis)),
            number(offered),
            number(answered),
            number(abandoned),
            number(short),
            number(passed_on),
        ]
    };
    let within = format!("WITHIN {}", millis(of.within_ms).to_uppercase());
    let head =
        ["OVER", &within, "ANSWERED", "ABANDONED", "WAIT", "OFFERED", "BY", "HUNG UP", "SHORT", "ELSEWHERE"];
    let rows = [line("15 minutes", &of.lately), line("today", &of.today)];
    format!("{}Promised: {} % within {}.\n", cx.paint.table(&head, rows), of.percent, millis(of.within_ms))
}

/// Who waits has waited longer since the answer came.
fn list(paint: &Paint, queues: &[QueueView], age: Duration) -> String {
    if queues.is_empty() {
        return "The site has no queues.\n".to_owned();
    }
    let mixed = queues.iter().any(|queue| queue.takes == "messages");
    let rows = queues.iter().map(|queue| {
        let since = if queue.waiting > 0 { age.as_millis() as u64 } else { 0 };
        let mut row = vec![
            text(queue.name.as_str()),
            number(queue.waiting),
            number(millis(queue.longest_wait_ms + since)),
            number(queue.expected_wait_ms.map_or_else(|| "–".to_owned(), millis)),
            number(queue.ready),
            number(queue.talking + queue.taken),
            number(queue.logged_in),
            number(queue.answered_today),
            number(queue.abandoned_today),
            number(percent(queue.service.lately.service_level_permille)),
        ];
        row.extend(mixed.then(|| text(queue.takes.as_str())));
        row
    });
    let mut head = vec![
        "QUEUE",
        "WAITING",
        "LONGEST",
        "EXPECTED",
        "READY",
        "IN HAND",
        "LOGGED IN",
        "ANSWERED",
        "ABANDONED",
        "IN TIME",
    ];
    head.extend(mixed.then_some("TAKES"));
    let drained = queues.iter().filter_map(|queue| {
        Some(format!("{} takes no new callers, by order of {}.\n", queue.name, queue.drained.as_ref()?))
    });
    paint.table(&head, rows) + &drained.collect::<String>()
}
