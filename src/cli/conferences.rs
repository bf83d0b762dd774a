//! `tandem conferences`: who is in which, and who is let in and heard.

use serde_json::json;

use super::{
    Exit, Fault,
    calls::dialled,
    context::Context,
    paint::{Paint, number, span, state, text},
    show::{Watch, print, render, show},
};
use crate::{
    base::{
        clock::{Clock, Stamp, SystemClock},
        id::CallId,
        number::Number,
    },
    live::switchboard::view::{Act, ConferenceView},
};

/// List conferences, call people in, mute, remove, lock, record
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Conferences>,
    #[command(flatten)]
    watch: Watch,
}

#[derive(Debug, clap::Subcommand)]
enum Conferences {
    /// List conferences and who is in them (what `tandem conferences` alone does)
    List(Watch),
    /// Call somebody into a conference
    Invite {
        /// The conference's number
        #[arg(value_parser = dialled)]
        conference: Number,
        /// Whom to call; several one after the other
        #[arg(value_parser = dialled, required = true)]
        to: Vec<Number>,
    },
    /// Let the others not hear a participant
    Mute {
        /// The participant's call
        call: CallId,
    },
    /// Let the others hear a participant again
    Unmute {
        /// The participant's call
        call: CallId,
    },
    /// Remove a participant
    Kick {
        /// The participant's call
        call: CallId,
    },
    /// Let nobody else in
    Lock {
        /// The conference's number
        #[arg(value_parser = dialled)]
        conference: Number,
    },
    /// Let people in again
    Unlock {
        /// The conference's number
        #[arg(value_parser = dialled)]
        conference: Number,
    },
    /// Record what is said in a conference
    Record {
        /// The conference's number
        #[arg(value_parser = dialled)]
        conference: Number,
        /// What to do with the recording
        #[arg(value_enum, default_value_t = Recording::Start)]
        what: Recording,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Recording {
    Start,
    Stop,
}

pub(super) async fn run(cx: &Context, args: Args) -> Result<Exit, Fault> {
    match args.command.unwrap_or(Conferences::List(args.watch)) {
        Conferences::List(watch) => {
            show(cx, watch, "/v1/conferences", |all: &Vec<_>, _| list(&cx.paint, all, SystemClock.now()))
                .await?;
        }
        Conferences::Invite { conference, to } => {
            for to in to {
                let path = format!("/v1/conferences/{conference}/invite");
                act(cx, &path, json!({ "to": to }), &format!("{to} is called into {conference}")).await?;
            }
        }
        Conferences::Mute { call } => {
            act(cx, &format!("/v1/calls/{call}/mute"), json!({ "on": true }), "not heard any more").await?;
        }
        Conferences::Unmute { call } => {
            act(cx, &format!("/v1/calls/{call}/mute"), json!({ "on": false }), "heard again").await?;
        }
        Conferences::Kick { call } => {
            act(cx, &format!("/v1/calls/{call}/hangup"), json!({}), "removed").await?;
        }
        Conferences::Lock { conference } => {
            let said = format!("{conference} is locked");
            act(cx, &format!("/v1/conferences/{conference}/lock"), json!({ "on": true }), &said).await?;
        }
        Conferences::Unlock { conference } => {
            let said = format!("{conference} is open");
            act(cx, &format!("/v1/conferences/{conference}/lock"), json!({ "on": false }), &said).await?;
        }
        Conferences::Record { conference, what } => {
            let on = what == Recording::Start;
            let said = if on { "is recorded" } else { "is recorded no more" };
            let path = format!("/v1/conferences/{conference}/record");
            act(cx, &path, json!({ "on": on }), &format!("{conference} {said}")).await?;
        }
    }
    Ok(Exit::Done)
}

async fn act(cx: &Context, path: &str, body: serde_json::Value, said: &str) -> Result<(), Fault> {
    let done = cx.client.post::<Act>(path, &body).await?;
    print(&render(cx, &done, |_| format!("{said}.\n")))
}

fn list(paint: &Paint, all: &[ConferenceView], now: Stamp) -> String {
    if all.is_empty() {
        return "The site has no conferences; see `conferences` in dialing.yaml.\n".to_owned();
    }
    let rows = all.iter().flat_map(|conference| {
        let how = match (conference.locked, conference.recorded) {
            (true, true) => "locked, recorded",
            (true, false) => "locked",
            (false, true) => "recorded",
            (false, false) if conference.members.is_empty() => "empty",
            (false, false) => "open",
        };
        let head = vec![
            text(conference.number.as_str()),
            text(&conference.name),
            state(how),
            number(conference.members.len()),
            text(""),
            text(""),
        ];
        let members = conference.members.iter().map(move |member| {
            vec![
                text(""),
                text(member.number.as_ref().map_or("withheld", |number| number.as_str())),
                state(if member.muted { "muted" } else { "talking" }),
                text(""),
                number(span(now.since(member.since))),
                text(member.call.to_string()),
            ]
        });
        std::iter::once(head).chain(members)
    });
    paint.table(&["CONFERENCE", "WHO", "STATE", "IN IT", "FOR", "CALL"], rows)
}
