//! `tandem agents`: who takes calls, and who starts, pauses or ends their work.

use serde_json::json;

use super::{
    Exit, Fault,
    client::Answer,
    context::Context,
    paint::{Paint, number, span, state, text},
    show::{Watch, print, render, show},
};
use crate::{
    base::{
        clock::{Clock, Stamp, SystemClock},
        id::Name,
        number::Number,
        text::Label,
    },
    infra::site,
    live::switchboard::view::{Act, AgentView, LEASES},
};

/// List agents, show one, log in or out, pause
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Agents>,
    #[command(flatten)]
    watch: Watch,
}

#[derive(Debug, clap::Subcommand)]
enum Agents {
    /// List all agents (what `tandem agents` alone does)
    List(Watch),
    /// Show one agent
    Show {
        /// The agent's name in the site
        agent: Name,
    },
    /// Start an agent's work: calls are offered from now on
    Login {
        /// The agent's name in the site
        agent: Name,
        /// Paused as `gone` when `tandem agents lease` does not renew it for so long
        #[arg(long, value_name = "SPAN", value_parser = lease)]
        lease: Option<u32>,
    },
    /// Renew the lease of an agent who is held at work by a client
    Lease {
        /// The agent's name in the site
        agent: Name,
        /// So long from now, 10s to 1d; 0s ends it, and the agent stays
        #[arg(long = "for", value_name = "SPAN", value_parser = lease)]
        span: u32,
    },
    /// End an agent's work; a running call goes on
    Logout {
        /// The agent's name in the site
        agent: Name,
    },
    /// Offer an agent no calls for a while
    Pause {
        /// The agent's name in the site
        agent: Name,
        /// Why, for the board and the report
        #[arg(long, default_value = "break")]
        reason: String,
    },
    /// Make an agent's wrap-up longer, or shorter
    WrapUp {
        /// The agent's name in the site
        agent: Name,
        /// It ends so long from now, and 30m after it began at most
        #[arg(long = "for", value_name = "SPAN", value_parser = seconds)]
        span: u32,
    },
    /// Say what became of the call that an agent wraps up, or of the last one for an hour
    Dispose {
        /// The agent's name in the site
        agent: Name,
        /// One of the queue's `dispositions`
        #[arg(long = "as", value_name = "DISPOSITION")]
        disposition: Name,
    },
    /// Offer calls again
    Unpause {
        /// The agent's name in the site
        agent: Name,
    },
}

pub(super) async fn run(cx: &Context, args: Args) -> Result<Exit, Fault> {
    match args.command.unwrap_or(Agents::List(args.watch)) {
        Agents::List(watch) => {
            show(cx, watch, "/v1/agents", |agents: &Vec<_>, _| list(&cx.paint, agents, SystemClock.now()))
                .await?;
        }
        Agents::Show { agent } => one(cx, &agent).await?,
        Agents::Login { agent, lease } => {
            // First of all, so that whoever vanishes meanwhile leaves nobody at work.
            if let Some(span) = lease {
                done(cx, &agent, "lease", json!({ "seconds": span })).await?;
            }
            act(cx, &agent, "login", json!({}), "is logged in").await?;
        }
        Agents::Lease { agent, span } => {
            let said = if span == 0 { "is held by no client" } else { "is held for that time" };
            act(cx, &agent, "lease", json!({ "seconds": span }), said).await?;
        }
        Agents::Logout { agent } => act(cx, &agent, "logout", json!({}), "is logged out").await?,
        Agents::Pause { agent, reason } => {
            act(cx, &agent, "pause", json!({ "reason": Label::new(&reason) }), "is paused").await?;
        }
        Agents::WrapUp { agent, span } => {
            act(cx, &agent, "wrap-up", json!({ "seconds": span }), "wraps up until then").await?;
        }
        Agents::Dispose { agent, disposition } => {
            act(
                cx,
                &agent,
                "dispose",
                json!({ "disposition": disposition }),
                "has said what became of the call",
            )
            .await?;
        }
        Agents::Unpause { agent } => act(cx, &agent, "unpause", json!({}), "takes calls again").await?,
    }
    Ok(Exit::Done)
}

/// `90s`, `2m`
fn seconds(text: &str) -> Result<u32, &'static str> {
    let span = site::duration(text).and_then(|span| u32::try_from(span.as_secs()).ok());
    span.ok_or("a number with a unit, like 90s or 2m")
}

/// A span that a lease can have, or none.
fn lease(text: &str) -> Result<u32, &'static str> {
    let seconds = seconds(text)?;
    let known = seconds == 0 || LEASES.contains(&seconds);
    known.then_some(seconds).ok_or("a lease is from 10s to 1d, or 0s for none")
}

async fn act(
    cx: &Context,
    agent: &Name,
    verb: &str,
    body: serde_json::Value,
    said: &str,
) -> Result<(), Fault> {
    let done = done(cx, agent, verb, body).await?;
    print(&render(cx, &done, |_| format!("Agent {agent} {said}.\n")))
}

async fn done(cx: &Context, agent: &Name, verb: &str, body: serde_json::Value) -> Result<Answer<Act>, Fault> {
    cx.client.post::<Act>(&format!("/v1/agents/{agent}/{verb}"), &body).await
}

async fn one(cx: &Context, name: &Name) -> Result<(), Fault> {
    let agents = cx.client.get::<Vec<AgentView>>("/v1/agents").await?.value;
    let Some(agent) = agents.iter().find(|agent| agent.name == *name) else {
        let among = agents.iter().map(|agent| agent.name.to_string()).collect();
        return Err(Fault::NoSuch { what: "agent", name: name.to_string(), among });
    };
    if cx.json {
        return print(&format!("{}\n", json!(agent)));
    }
    print(&list(&cx.paint, std::slice::from_ref(agent), SystemClock.now()))
}

/// The call, and what is done beside it.
fn in_hand(agent: &AgentView) -> String {
    let call = agent.call.map(|call| call.to_string());
    let messages = agent.messages.iter().map(ToString::to_string);
    call.into_iter().chain(messages).collect::<Vec<_>>().join(" ")
}

/// Agents as a table.
pub(super) fn list(paint: &Paint, agents: &[AgentView], now: Stamp) -> String {
    if agents.is_empty() {
        return "There are no agents.\n".to_owned();
    }
    let rows = agents.iter().map(|agent| {
        let queues: Vec<_> = agent.queues.iter().map(Name::as_str).collect();
        let phone = agent.extension.as_ref().map(Number::as_str).or(agent.number.as_deref());
        vec![
            text(agent.name.as_str()),
            text(&agent.display),
            text(phone.unwrap_or_default()),
            state(&agent.state),
            number(span(now.since(agent.since))),
            text(agent.reason.as_ref().map_or("", Label::as_str)),
            text(in_hand(agent)),
            text(queues.join(" ")),
            number(agent.calls_today),
        ]
    });
    paint.table(&["AGENT", "NAME", "PHONE", "STATE", "FOR", "REASON", "IN HAND", "QUEUES", "TODAY"], rows)
}
