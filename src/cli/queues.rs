//! `tandem queues`: who waits, and for whom.

use std::time::Duration;

use serde_json::json;

use super::{
    Exit, Fault, agents,
    context::Context,
    paint::{Paint, millis, number, text},
    show::{Watch, print, show},
};
use crate::{
    base::{
        clock::{Clock, SystemClock},
        id::Name,
    },
    live::switchboard::view::{AgentView, QueueView},
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
}

pub(super) async fn run(cx: &Context, args: Args) -> Result<Exit, Fault> {
    match args.command.unwrap_or(Queues::List(args.watch)) {
        Queues::List(watch) => {
            show(cx, watch, "/v1/queues", |queues: &Vec<_>, age| list(&cx.paint, queues, age)).await?;
        }
        Queues::Show { queue } => one(cx, &queue).await?,
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
    let queue = list(&cx.paint, std::slice::from_ref(queue), Duration::ZERO);
    print(&format!("{queue}\n{}", agents::list(&cx.paint, &agents, SystemClock.now())))
}

/// Who waits has waited longer since the answer came.
fn list(paint: &Paint, queues: &[QueueView], age: Duration) -> String {
    if queues.is_empty() {
        return "The site has no queues.\n".to_owned();
    }
    let rows = queues.iter().map(|queue| {
        let since = if queue.waiting > 0 { age.as_millis() as u64 } else { 0 };
        vec![
            text(queue.name.as_str()),
            number(queue.waiting),
            number(millis(queue.longest_wait_ms + since)),
            number(queue.ready),
            number(queue.talking),
            number(queue.logged_in),
            number(queue.answered_today),
            number(queue.abandoned_today),
        ]
    });
    let head = ["QUEUE", "WAITING", "LONGEST", "READY", "TALKING", "LOGGED IN", "ANSWERED", "ABANDONED"];
    paint.table(&head, rows)
}
