//! `tandem messages`: mails, chats and tickets that wait for agents, and those in their hands.

use serde_json::json;

use super::{
    Exit, Fault,
    context::Context,
    explain::decisions,
    paint::{Paint, number, span, text},
    show::{Watch, print, render, show},
};
use crate::{
    base::{
        clock::{Clock, Stamp, SystemClock},
        id::{Name, Reference},
    },
    infra::site::duration,
    live::switchboard::view::{Act, MessageDetail, MessageView},
};

/// List the messages that wait for agents, add one, take it, be done with it
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Messages>,
    #[command(flatten)]
    watch: Watch,
}

#[derive(Debug, clap::Subcommand)]
enum Messages {
    /// List all messages (what `tandem messages` alone does)
    List(Watch),
    /// Show one message, and why it is where it is
    Show { reference: Reference },
    /// Let a message wait for an agent; one that is there already stays as it is
    Add {
        /// What you call it: a ticket's number, a chat's id, of a mail a hash of its Message-ID. It stays in the audit: no person's
        /// name or number
        reference: Reference,
        /// A queue that takes messages
        #[arg(long)]
        queue: Name,
        /// Before everything that is not
        #[arg(long)]
        urgent: bool,
        /// Only for this agent at first
        #[arg(long = "for", value_name = "AGENT")]
        agent: Option<Name>,
        /// For so long: 10m
        #[arg(long, value_name = "TIME", requires = "agent", value_parser = time, default_value = "10m")]
        kept: u32,
    },
    /// Take a message that is offered
    Take {
        reference: Reference,
        /// To whom it is offered
        #[arg(long)]
        agent: Name,
    },
    /// Do not take a message that is offered
    Decline {
        reference: Reference,
        /// To whom it is offered
        #[arg(long)]
        agent: Name,
    },
    /// Be done with a message
    Close { reference: Reference },
    /// Move a message to another queue
    Move {
        reference: Reference,
        #[arg(long)]
        queue: Name,
    },
}

pub(super) async fn run(cx: &Context, args: Args) -> Result<Exit, Fault> {
    match args.command.unwrap_or(Messages::List(args.watch)) {
        Messages::List(watch) => {
            show(cx, watch, "/v1/messages", |all: &Vec<_>, _| list(&cx.paint, all, SystemClock.now()))
                .await?;
        }
        Messages::Show { reference } => {
            let found = cx.client.get::<MessageDetail>(&format!("/v1/messages/{reference}")).await?;
            print(&render(cx, &found, |detail| way(&cx.paint, detail)))?;
        }
        Messages::Add { reference, queue, urgent, agent, kept } => {
            let urgency = if urgent { "raised" } else { "normal" };
            let keep = agent.map(|agent| json!({ "agent": agent, "seconds": kept }));
            let body = json!({ "queue": queue, "urgency": urgency, "keep": keep });
            act(cx, &reference, "add", body, &format!("waits in queue {queue}, or was there already"))
                .await?;
        }
        Messages::Take { reference, agent } => {
            let said = format!("is in the hands of {agent}");
            act(cx, &reference, "take", json!({ "agent": agent }), &said).await?;
        }
        Messages::Decline { reference, agent } => {
            act(cx, &reference, "decline", json!({ "agent": agent }), "waits again").await?;
        }
        Messages::Close { reference } => act(cx, &reference, "close", json!({}), "is done with").await?,
        Messages::Move { reference, queue } => {
            let said = format!("goes to queue {queue}");
            act(cx, &reference, "move", json!({ "queue": queue }), &said).await?;
        }
    }
    Ok(Exit::Done)
}

async fn act(
    cx: &Context,
    reference: &Reference,
    what: &str,
    body: serde_json::Value,
    said: &str,
) -> Result<(), Fault> {
    let done = cx.client.post::<Act>(&format!("/v1/messages/{reference}/{what}"), &body).await?;
    print(&render(cx, &done, |_| format!("Message {reference} {said}.\n")))
}

fn list(paint: &Paint, all: &[MessageView], now: Stamp) -> String {
    if all.is_empty() {
        return "No messages.\n".to_owned();
    }
    let rows = all.iter().map(|one| {
        vec![
            text(one.reference.as_str()),
            text(one.queue.as_str()),
            text(one.state.as_str()),
            number(span(now.since(one.since))),
            text(one.agent.as_ref().map_or("", Name::as_str)),
            number(one.position.map_or_else(|| "–".to_owned(), |position| position.to_string())),
            number(span(now.since(one.joined))),
        ]
    });
    paint.table(&["MESSAGE", "QUEUE", "STATE", "FOR", "AGENT", "PLACE", "AGE"], rows)
}

fn way(paint: &Paint, detail: &MessageDetail) -> String {
    let now = SystemClock.now();
    let line = list(paint, std::slice::from_ref(&detail.message), now);
    format!("{line}\n{}", decisions(paint, &detail.steps, detail.message.joined, now))
}

fn time(text: &str) -> Result<u32, String> {
    let span = duration(text).map(|span| span.as_secs()).filter(|span| (1..=86_400).contains(span));
    span.and_then(|span| u32::try_from(span).ok()).ok_or_else(|| "write it like 10m: 1s to 24h".to_owned())
}
