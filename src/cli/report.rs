//! `tandem report`: what came in on each day, and what became of it; what callers answered, and what agents said.

use jiff::civil::Date;
use serde::de::DeserializeOwned;

use super::{
    Exit, Fault,
    context::Context,
    paint::{Paint, faint, millis, number, percent, text},
    show::{print, render, save},
};
use crate::live::{
    record::{Counts, DayReport, DispositionReport, RepeatReport, SurveyReport},
    switchboard::view::{RatedView, Repeats},
};

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
    Daily(Days),
    /// What callers answered who were asked how it was, day by day, by queue and by agent
    ///
    /// RATE is how many of those asked answered, GOOD how many of the answers were 4 or 5 of 5, AVERAGE the mean answer, of
    /// the best one.
    Surveys(Days),
    /// What agents said became of calls, day by day, queue by queue
    ///
    /// The line without a disposition are the calls of which nothing was said.
    Dispositions(Days),
    /// Of the callers who were answered on each day, queue by queue: how many called the same queue again
    ///
    /// AGAIN is the rate of those who did, RESOLVED that of the others; `so far`: their days are not over yet. A caller is a number, and
    /// counts once a day and queue.
    Repeats {
        #[command(flatten)]
        days: Days,
        /// So many days later whoever calls counts, 1 to 90
        #[arg(long, value_name = "DAYS", default_value_t = 7)]
        within: u16,
    },
}

#[derive(Debug, clap::Args)]
struct Days {
    /// The first day, like 2026-11-01; six days before the last unless told
    #[arg(long, value_name = "DAY")]
    from: Option<Date>,
    /// The last day; today unless told
    #[arg(long, value_name = "DAY")]
    to: Option<Date>,
    /// As a table for a spreadsheet
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

pub(super) async fn run(cx: &Context, args: Args) -> Result<Exit, Fault> {
    match args.report {
        Report::Daily(days) => days.show(cx, "daily?", table).await,
        Report::Surveys(days) => days.show(cx, "surveys?", surveys).await,
        Report::Dispositions(days) => days.show(cx, "dispositions?", dispositions).await,
        Report::Repeats { days, within } => {
            days.show(cx, &format!("repeats?within={within}&"), repeats).await
        }
    }
}

impl Days {
    async fn show<T: DeserializeOwned>(
        self,
        cx: &Context,
        report: &str,
        table: impl Fn(&Paint, &[T]) -> String,
    ) -> Result<Exit, Fault> {
        let day = |key, day: Option<Date>| day.map(|day| format!("{key}={day}&")).unwrap_or_default();
        let format = if self.csv { "csv" } else { "json" };
        let (from, to) = (day("from", self.from), day("to", self.to));
        let path = format!("/v1/reports/{report}{from}{to}format={format}");
        if self.csv {
            save(cx, &path, None).await?;
        } else {
            let answer = cx.client.get(&path).await?;
            print(&render(cx, &answer, |days: &Vec<T>| table(&cx.paint, days)))?;
        }
        Ok(Exit::Done)
    }
}

fn repeats(paint: &Paint, days: &[RepeatReport]) -> String {
    let line = |day: &RepeatReport, queue: &str, of: &Repeats| {
        vec![
            if queue.is_empty() { text(day.day.to_string()) } else { faint(day.day.to_string()) },
            text(queue),
            number(of.callers),
            number(of.again),
            number(percent(of.again_permille)),
            number(percent(of.resolved_permille)),
            text(if day.open { "so far" } else { "" }),
        ]
    };
    let rows = days.iter().flat_map(|day| {
        let queues = day.queues.iter().map(|of| line(day, of.queue.as_str(), &of.repeats));
        std::iter::once(line(day, "", &day.all)).chain(queues).collect::<Vec<_>>()
    });
    paint.table(&["DAY", "QUEUE", "CALLERS", "CALLED AGAIN", "AGAIN", "RESOLVED", "OPEN"], rows)
}

fn dispositions(paint: &Paint, days: &[DispositionReport]) -> String {
    let mut rows = Vec::new();
    for (day, queue) in days.iter().flat_map(|day| day.queues.iter().map(move |queue| (day, queue))) {
        let mut line = |disposition: &str, label: String, calls: u64| {
            let share = (calls * 1000).checked_div(queue.calls);
            let (day, queue) = (text(day.day.to_string()), text(queue.queue.as_str()));
            rows.push(vec![
                day,
                queue,
                text(disposition),
                text(label),
                number(calls),
                number(percent(share)),
            ]);
        };
        for of in &queue.dispositions {
            line(of.disposition.as_str(), of.label(), of.calls);
        }
        line("", String::new(), queue.without);
    }
    paint.table(&["DAY", "QUEUE", "DISPOSITION", "LABEL", "CALLS", "SHARE"], rows)
}

fn surveys(paint: &Paint, days: &[SurveyReport]) -> String {
    let line = |day: &SurveyReport, queue: &str, agent: &str, rated: &RatedView| {
        vec![
            if queue.is_empty() && agent.is_empty() {
                text(day.day.to_string())
            } else {
                faint(day.day.to_string())
            },
            text(queue),
            text(agent),
            number(rated.asked),
            number(rated.answered),
            number(percent(rated.answer_permille)),
            number(percent(rated.average_permille)),
            number(percent(rated.good_permille)),
        ]
    };
    let rows = days.iter().flat_map(|day| {
        let queues = day.queues.iter().map(|of| line(day, of.queue.as_str(), "", &of.rated));
        let agents = day.agents.iter().map(|of| line(day, "", of.agent.as_str(), &of.rated));
        std::iter::once(line(day, "", "", &day.all)).chain(queues).chain(agents).collect::<Vec<_>>()
    });
    paint.table(&["DAY", "QUEUE", "AGENT", "ASKED", "ANSWERED", "RATE", "AVERAGE", "GOOD"], rows)
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
