//! `tandem audit`: who changed what, and whether that list is whole.

use super::{
    Exit, Fault,
    context::Context,
    paint::{Paint, text},
    show::{encoded, print, render},
};
use crate::{
    base::clock::{Clock, Stamp, SystemClock},
    desk::audit::{Entry, Sound},
};

/// List who changed what, or verify that the list is whole
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Audit>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, clap::Subcommand)]
enum Audit {
    /// List the newest changes (what `tandem audit` alone does)
    List(List),
    /// Look whether every row is as it was written and none is missing
    Verify,
}

#[derive(Debug, clap::Args)]
struct List {
    /// How many, 1 to 1000
    #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Only changes of this agent, call, user, token or site
    #[arg(long)]
    subject: Option<String>,
}

pub(super) async fn run(cx: &Context, args: Args) -> Result<Exit, Fault> {
    match args.command.unwrap_or(Audit::List(args.list)) {
        Audit::List(List { limit, subject }) => {
            let of = subject.map(|subject| format!("&subject={}", encoded(&subject))).unwrap_or_default();
            let answer = cx.client.get(&format!("/v1/audit?limit={limit}{of}")).await?;
            print(&render(cx, &answer, |entries: &Vec<_>| list(&cx.paint, entries, SystemClock.now())))?;
        }
        Audit::Verify => {
            let answer = cx.client.get::<Sound>("/v1/audit/verify").await?;
            print(&render(cx, &answer, |sound| {
                format!("All {} rows are as they were written. Last hash: {}\n", sound.rows, sound.hash)
            }))?;
        }
    }
    Ok(Exit::Done)
}

fn list(paint: &Paint, entries: &[Entry], now: Stamp) -> String {
    if entries.is_empty() {
        return "Nothing has been changed yet.\n".to_owned();
    }
    let rows = entries.iter().map(|Entry { number, change, .. }| {
        vec![
            text(number.to_string()),
            text(paint.time(change.at, now)),
            text(change.who.as_str()),
            text(change.what.word()),
            text(change.subject.as_str()),
            text(brief(change.before.as_deref())),
            text(brief(change.after.as_deref())),
        ]
    });
    paint.table(&["NUMBER", "AT", "WHO", "WHAT", "SUBJECT", "BEFORE", "AFTER"], rows)
}

/// What matters most of a thing: its state, revision or right. `--json` has all of it.
fn brief(json: Option<&str>) -> String {
    let Some(value) = json.and_then(|json| serde_json::from_str::<serde_json::Value>(json).ok()) else {
        return String::new();
    };
    let word = |key: &str| value.get(key).and_then(|word| word.as_str()).map(str::to_owned);
    let state = word("state").or_else(|| word("scope")).or_else(|| word("may")).or_else(|| word("revision"));
    let revoked = value.get("revoked").map(|_| "revoked".to_owned());
    state.or(revoked).unwrap_or_default()
}
