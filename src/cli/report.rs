//! `tandem report`: what came in on each day, and what became of it.

use jiff::civil::Date;

use super::{
    Exit, Fault,
    context::Context,
    paint::{Paint, faint, millis, number, text},
    show::{print, render, save},
};
use crate::live::record::{Counts, DayReport};

/// Reports on finished calls
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    report: Report,
}

#[derive(Debug, clap::Subcommand)]
enum Report {
    /// Calls from outside, day by day and queue by queue: how many, how they came out, how long they waited and talked
    ///
    /// Days are those of the site's time zone. RESOLVED are calls that somebody answered or the menu settled.
    Daily {
        /// The first day, like 2026-11-01; six days before the last unless told
        #[arg(long, value_name = "DAY")]
        from: Option<Date>,
        /// The last day; today unless told
        #[arg(long, value_name = "DAY")]
        to: Option<Date>,
        /// As a table for a spreadsheet
        #[arg(long, conflicts_with = "json")]
        csv: bool,
    },
}

pub(super) async fn run(cx: &Context, args: Args) -> Result<Exit, Fault> {
    let Report::Daily { from, to, csv } = args.report;
    let day = |key, day: Option<Date>| day.map(|day| format!("{key}={day}&")).unwrap_or_default();
    let format = if csv { "csv" } else { "json" };
    let path = format!("/v1/reports/daily?{}{}format={format}", day("from", from), day("to", to));
    if csv {
        save(cx, &path, None).await?;
    } else {
        let answer = cx.client.get(&path).await?;
        print(&render(cx, &answer, |days: &Vec<_>| table(&cx.paint, days)))?;
    }
    Ok(Exit::Done)
}

fn table(paint: &Paint, days: &[DayReport]) -> String {
    let rows = days.iter().flat_map(|day| {
        let whole = std::iter::once(line(text(day.day.to_string()), "", &day.all));
        let of_queue = |of: &_| {
            let crate::live::record::QueueCounts { queue, counts } = of;
            line(faint(day.day.to_string()), queue.as_str(), counts)
        };
        whole.chain(day.queues.iter().map(of_queue)).collect::<Vec<_>>()
    });
    let head = [
        "DAY",
        "QUEUE",
        "CALLS",
        "ANSWERED",
        "ABANDONED",
        "MISSED",
        "MENU",
        "REFUSED",
        "RESOLVED",
        "WAIT",
        "TALK",
    ];
    paint.table(&head, rows)
}

fn line(day: comfy_table::Cell, queue: &str, counts: &Counts) -> Vec<comfy_table::Cell> {
    vec![
        day,
        text(queue),
        number(counts.calls),
        number(counts.answered),
        number(counts.abandoned),
        number(counts.missed),
        number(counts.menu),
        number(counts.refused),
        number(format!("{} %", counts.resolved_percent())),
        number(millis(counts.average_wait_ms)),
        number(millis(counts.average_talk_ms)),
    ]
}
