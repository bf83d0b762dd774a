//! `tandem calls`: what is going on, what went on, and how to end or move a call.

mod find;

use serde_json::json;

use find::{File, Format, Wish};

use super::{
    Exit, Fault,
    context::Context,
    explain,
    paint::{Paint, millis, number, span, state, text},
    show::{Watch, print, render, save, show},
};
use crate::{
    base::{
        attendance::Attendance,
        clock::{Clock, Stamp, SystemClock},
        id::{CallId, Name},
        number::{InvalidNumber, Number},
    },
    http::Erased,
    live::{
        record::CallRecord,
        switchboard::view::{Act, CallView},
    },
};

/// List, show, end or move calls
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Calls>,
    #[command(flatten)]
    watch: Watch,
}

#[derive(Debug, clap::Subcommand)]
enum Calls {
    /// List the live calls (what `tandem calls` alone does)
    List(Watch),
    /// List finished calls, newest first
    History {
        /// How many, 1 to 1000
        #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Look for finished calls, newest arrival first
    Search {
        #[command(flatten)]
        wish: Box<Wish>,
        /// How many, 1 to 1000
        #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Write finished calls that fit into a file, for a spreadsheet or a program
    Export {
        #[command(flatten)]
        wish: Box<Wish>,
        #[command(flatten)]
        file: File,
    },
    /// Erase a person from all finished calls; cannot be undone
    ///
    /// Times, causes and queues stay, so counts stay true. Recordings and messages are deleted, and in the journal the calls'
    /// keys are destroyed.
    Erase {
        /// The person's number as `tandem calls history` shows it
        #[arg(value_parser = dialled)]
        number: Number,
    },
    /// Show one call, live or finished
    Show {
        /// The call's id
        call: CallId,
    },
    /// End a live call
    Hangup {
        /// The call's id
        call: CallId,
    },
    /// Move a live call to another number, to an agent or into a queue
    ///
    /// Whoever talks with the caller leaves. An agent must be ready; a caller from a queue whom the agent does not answer
    /// has the old place there again.
    Transfer {
        /// The call's id
        call: CallId,
        #[command(flatten)]
        whither: Whither,
    },
    /// Listen to a talk from a phone of the house, whisper to the agent, or speak to both
    ///
    /// The phone rings; whoever answers hears both sides. Said again with another mode, it changes at once.
    Listen {
        /// The call's id
        call: CallId,
        /// The extension whose phone shall ring
        #[arg(long, value_parser = dialled, required_unless_present = "off")]
        by: Option<Number>,
        /// Who hears it
        #[arg(long, value_enum, default_value_t = Mode::Listen)]
        mode: Mode,
        /// End it
        #[arg(long, conflicts_with_all = ["by", "mode"])]
        off: bool,
    },
    /// Take a caller over from whoever talks with the caller, who leaves
    TakeOver {
        /// The call's id
        call: CallId,
        /// The extension whose phone has the caller from then on
        #[arg(long, value_parser = dialled)]
        by: Number,
    },
    /// Put the caller aside with music and let the other side ask somebody first
    Consult {
        /// The call's id
        call: CallId,
        /// Whom to ask
        #[arg(value_parser = dialled)]
        to: Number,
    },
    /// After `consult`: hand the caller on to whoever was asked
    Complete {
        /// The call's id
        call: CallId,
    },
    /// After `consult`: take the caller back
    Back {
        /// The call's id
        call: CallId,
    },
    /// After `consult`: let all three talk
    Join {
        /// The call's id
        call: CallId,
    },
    /// Let a call wait on a slot until somebody dials it
    Park {
        /// The call's id
        call: CallId,
        /// The slot; the first free one if none is named
        #[arg(value_parser = dialled)]
        slot: Option<Number>,
    },
    /// Record a call
    Record {
        /// The call's id
        call: CallId,
        /// What to do with the recording
        #[arg(value_enum, default_value_t = Recording::Start)]
        what: Recording,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Mode {
    /// Nobody
    Listen,
    /// The agent alone
    Whisper,
    /// Both
    Barge,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Whither {
    /// The number, as whoever commands may dial it
    #[arg(value_parser = dialled)]
    to: Option<Number>,
    /// An agent who is ready, by name
    #[arg(long)]
    agent: Option<Name>,
    /// A queue, by name; at its end
    #[arg(long)]
    queue: Option<Name>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Recording {
    Start,
    Stop,
    /// Silence is recorded until `resume`
    Pause,
    Resume,
}

pub(super) fn dialled(text: &str) -> Result<Number, InvalidNumber> {
    Number::new(text)
}

pub(super) async fn run(cx: &Context, args: Args) -> Result<Exit, Fault> {
    match args.command.unwrap_or(Calls::List(args.watch)) {
        Calls::List(watch) => {
            show(cx, watch, "/v1/calls", |calls: &Vec<_>, _| list(&cx.paint, calls, SystemClock.now()))
                .await?;
        }
        Calls::History { limit } => {
            let answer = cx.client.get(&format!("/v1/history?limit={limit}")).await?;
            print(&render(cx, &answer, |calls: &Vec<_>| history(&cx.paint, calls, SystemClock.now())))?;
        }
        Calls::Search { wish, limit } => {
            let path = format!("/v1/history/search{}", wish.query(&format!("limit={limit}")));
            let answer = cx.client.get(&path).await?;
            let more = answer.next.is_some();
            print(&render(cx, &answer, |calls: &Vec<_>| found(&cx.paint, calls, more)))?;
        }
        Calls::Export { wish, file } => {
            let format = if cx.json { Format::Jsonl } else { file.format };
            let path = format!("/v1/history/export{}", wish.query(&format!("format={}", format.word())));
            save(cx, &path, file.to.as_deref()).await?;
        }
        Calls::Show { call } => {
            let answer = cx.client.get(&format!("/v1/calls/{call}/explain")).await?;
            print(&render(cx, &answer, |call| explain::facts(&cx.paint, call, SystemClock.now())))?;
        }
        Calls::Erase { number } => {
            let done = cx.client.post("/v1/history/erase", &json!({ "number": number })).await?;
            print(&render(cx, &done, |told| erased(number.as_str(), *told)))?;
        }
        Calls::Hangup { call } => {
            act(cx, call, "hangup", json!({}), "is being ended").await?;
        }
        Calls::Transfer { call, whither } => transfer(cx, call, whither).await?,
        Calls::Listen { call, by, mode, .. } => listen(cx, call, by, mode).await?,
        Calls::TakeOver { call, by } => {
            let said = format!("goes to whoever answers at {by}");
            act(cx, call, "take-over", json!({ "by": by }), &said).await?;
        }
        Calls::Consult { call, to } => {
            act(cx, call, "consult", json!({ "to": to }), &format!("waits while {to} is asked")).await?;
        }
        Calls::Complete { call } => act(cx, call, "complete", json!({}), "is handed on").await?,
        Calls::Back { call } => act(cx, call, "back", json!({}), "is taken back").await?,
        Calls::Join { call } => act(cx, call, "join", json!({}), "has three who talk").await?,
        Calls::Park { call, slot } => act(cx, call, "park", json!({ "slot": slot }), "is parked").await?,
        Calls::Record { call, what } => record(cx, call, what).await?,
    }
    Ok(Exit::Done)
}

async fn transfer(cx: &Context, call: CallId, whither: Whither) -> Result<(), Fault> {
    let (body, whither) = match (whither.to, whither.agent, whither.queue) {
        (_, Some(agent), _) => (json!({ "agent": agent }), agent.to_string()),
        (_, _, Some(queue)) => (json!({ "queue": queue }), format!("queue {queue}")),
        (to, ..) => (json!({ "to": to }), to.map(|to| to.to_string()).unwrap_or_default()),
    };
    act(cx, call, "transfer", body, &format!("is on its way to {whither}")).await
}

/// Without anybody: no more.
async fn listen(cx: &Context, call: CallId, by: Option<Number>, mode: Mode) -> Result<(), Fault> {
    let Some(by) = by else {
        return act(cx, call, "unattend", json!({}), "is attended no more").await;
    };
    let (mode, said) = match mode {
        Mode::Listen => (Attendance::Listen, "hears both"),
        Mode::Whisper => (Attendance::Whisper, "hears both and is heard by the agent"),
        Mode::Barge => (Attendance::Barge, "hears both and is heard by both"),
    };
    let said = format!("is attended: whoever answers at {by} {said}");
    act(cx, call, "attend", json!({ "by": by, "mode": mode }), &said).await
}

async fn record(cx: &Context, call: CallId, what: Recording) -> Result<(), Fault> {
    let (verb, on, said) = match what {
        Recording::Start => ("record", true, "is recorded"),
        Recording::Stop => ("record", false, "is recorded no more"),
        Recording::Pause => ("pause-recording", true, "is recorded on when it is resumed"),
        Recording::Resume => ("pause-recording", false, "is recorded again"),
    };
    act(cx, call, verb, json!({ "on": on }), said).await
}

async fn act(
    cx: &Context,
    call: CallId,
    verb: &str,
    body: serde_json::Value,
    said: &str,
) -> Result<(), Fault> {
    let done = cx.client.post::<Act>(&format!("/v1/calls/{call}/{verb}"), &body).await?;
    print(&render(cx, &done, |_| format!("Call {call} {said}.\n")))
}

/// What became of somebody who was erased.
pub(super) fn erased(who: &str, Erased { calls, live, messages, callbacks, customers }: Erased) -> String {
    let mut told = match calls {
        0 => format!("No finished call is known of {who}.\n"),
        1 => format!("{who} was erased from 1 finished call.\n"),
        calls => format!("{who} was erased from {calls} finished calls.\n"),
    };
    match messages {
        0 => {}
        1 => told += "1 message was deleted from the mailboxes.\n",
        _ => told = format!("{told}{messages} messages were deleted from the mailboxes.\n"),
    }
    if callbacks > 0 {
        told += "Nobody calls this person back.\n";
    }
    if customers > 0 {
        told += "The customer is no more.\n";
    }
    if live > 0 {
        told += "A call of this person is live: erase again when it is over.\n";
    }
    told
}

/// Live calls as a table.
fn list(paint: &Paint, calls: &[CallView], now: Stamp) -> String {
    if calls.is_empty() {
        return "No call is live.\n".to_owned();
    }
    let rows = calls.iter().map(|call| {
        vec![
            text(call.id.to_string()),
            text(caller(call.from.as_ref(), call.from_name.as_str())),
            text(call.to.as_str()),
            state(&call.state),
            text(&call.at),
            text(call.agent.as_ref().map_or("", |agent| agent.as_str())),
            number(span(now.since(call.since))),
        ]
    });
    paint.table(&["CALL", "FROM", "TO", "STATE", "AT", "AGENT", "FOR"], rows)
}

fn found(paint: &Paint, calls: &[CallRecord], more: bool) -> String {
    match (calls, more) {
        ([], _) => "No finished call fits.\n".to_owned(),
        (calls, false) => history(paint, calls, SystemClock.now()),
        (calls, true) => {
            history(paint, calls, SystemClock.now())
                + "There are more: ask for less, or use `tandem calls export`.\n"
        }
    }
}

fn history(paint: &Paint, calls: &[CallRecord], now: Stamp) -> String {
    if calls.is_empty() {
        return "No call has finished yet.\n".to_owned();
    }
    let rows = calls.iter().map(|call| {
        vec![
            text(call.id.to_string()),
            text(paint.time(call.arrived, now)),
            text(finished_caller(call)),
            text(call.to.as_str()),
            text(call.queue.as_ref().map_or("", |queue| queue.as_str())),
            text(call.agent.as_ref().map_or("", |agent| agent.as_str())),
            number(millis(call.wait_ms)),
            number(millis(call.talk_ms)),
            text(call.cause.words()),
        ]
    });
    let head = ["CALL", "ARRIVED", "FROM", "TO", "QUEUE", "AGENT", "WAITED", "TALKED", "CAUSE"];
    paint.table(&head, rows)
}

/// Who called, unless that was erased.
pub(super) fn finished_caller(call: &CallRecord) -> String {
    match call.erased {
        Some(_) => "(erased)".to_owned(),
        None => caller(call.from.as_ref(), call.from_name.as_str()),
    }
}

/// Name and number as far as they are known.
pub(super) fn caller(number: Option<&Number>, name: &str) -> String {
    match (number, name) {
        (None, "") => "withheld".to_owned(),
        (None, name) => name.to_owned(),
        (Some(number), "") => number.to_string(),
        (Some(number), name) if name == number.as_str() => number.to_string(),
        (Some(number), name) => format!("{name} {number}"),
    }
}
