//! `tandem alerts`: figures of queues that have passed their limits, and who sees to them.

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
        id::Name,
    },
    live::switchboard::view::{Act, AlertView},
};

/// List the alerts that stand, or say that you see to one
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Alerts>,
    #[command(flatten)]
    watch: Watch,
}

#[derive(Debug, clap::Subcommand)]
enum Alerts {
    /// List all alerts that stand (what `tandem alerts` alone does)
    List(Watch),
    /// Say that somebody sees to it: nobody is reminded, and nobody else is told
    Ack {
        /// The rule's name in alerts.yaml
        rule: Name,
        /// Of this queue alone
        #[arg(long)]
        queue: Option<Name>,
    },
}

pub(super) async fn run(cx: &Context, args: Args) -> Result<Exit, Fault> {
    match args.command.unwrap_or(Alerts::List(args.watch)) {
        Alerts::List(watch) => {
            show(cx, watch, "/v1/alerts", |alerts: &Vec<_>, _| list(&cx.paint, alerts, SystemClock.now()))
                .await?;
        }
        Alerts::Ack { rule, queue } => {
            let path = format!("/v1/alerts/{rule}/ack");
            let done = cx.client.post::<Act>(&path, &json!({ "queue": queue })).await?;
            print(&render(cx, &done, |_| format!("Alert {rule} is acknowledged.\n")))?;
        }
    }
    Ok(Exit::Done)
}

fn list(paint: &Paint, alerts: &[AlertView], now: Stamp) -> String {
    if alerts.is_empty() {
        return "No alerts.\n".to_owned();
    }
    let rows = alerts.iter().map(|alert| {
        let told: Vec<_> = alert.told.iter().map(Name::as_str).collect();
        let by = alert.acknowledged.as_ref().map_or("nobody", |one| one.by.as_str());
        vec![
            text(alert.rule.as_str()),
            text(&alert.words),
            number(span(now.since(alert.since))),
            text(by),
            text(told.join(", ")),
        ]
    });
    paint.table(&["RULE", "WHAT", "FOR", "SEEN TO BY", "TOLD"], rows)
}
