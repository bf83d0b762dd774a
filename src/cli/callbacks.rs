//! `tandem callbacks`: who has hung up, keeps a place in a queue and will be called.

use serde_json::json;

use super::{
    Exit, Fault,
    context::Context,
    paint::{Paint, number, span, text},
    show::{Watch, print, render, show},
};
use crate::{
    base::{
        clock::{Clock, Stamp, SystemClock},
        id::CallId,
    },
    live::switchboard::view::{Act, CallbackView},
};

/// List who will be called back, or take it back
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Callbacks>,
    #[command(flatten)]
    watch: Watch,
}

#[derive(Debug, clap::Subcommand)]
enum Callbacks {
    /// List who will be called back (what `tandem callbacks` alone does)
    List(Watch),
    /// Let somebody not be called back
    Cancel {
        /// The call in which it was promised
        call: CallId,
    },
}

pub(super) async fn run(cx: &Context, args: Args) -> Result<Exit, Fault> {
    match args.command.unwrap_or(Callbacks::List(args.watch)) {
        Callbacks::List(watch) => {
            let now = SystemClock.now();
            show(cx, watch, "/v1/callbacks", |all: &Vec<_>, _| list(&cx.paint, all, now)).await?;
        }
        Callbacks::Cancel { call } => {
            let done = cx.client.post::<Act>(&format!("/v1/callbacks/{call}/cancel"), &json!({})).await?;
            print(&render(cx, &done, |_| format!("Nobody is called back for call {call}.\n")))?;
        }
    }
    Ok(Exit::Done)
}

fn list(paint: &Paint, all: &[CallbackView], now: Stamp) -> String {
    if all.is_empty() {
        return "Nobody is to be called back.\n".to_owned();
    }
    let rows = all.iter().map(|one| {
        let state = match (one.calling, one.not_before) {
            (Some(call), _) => format!("being called by {call}"),
            (None, Some(then)) => format!("again in {}", span(then.since(now))),
            (None, None) => "waits".to_owned(),
        };
        vec![
            text(one.call.to_string()),
            text(one.queue.as_str()),
            text(one.number.as_str()),
            number(one.position),
            number(span(now.since(one.joined))),
            number(one.tries),
            text(&state),
        ]
    });
    paint.table(&["CALL", "QUEUE", "NUMBER", "PLACE", "SINCE", "TRIES", "STATE"], rows)
}
