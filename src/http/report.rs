//! Reports: figures for people, by days of the site's time zone.

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    Rooms,
    extract::Asked,
    problem::{Problem, Says},
};
use crate::{
    base::{
        clock::{Clock, SystemClock},
        csv,
    },
    live::{
        record::{Counts, DayReport, DispositionReport, RepeatReport, SurveyReport},
        switchboard::view::{RatedView, Repeats},
    },
};

/// Days of a report unless asked otherwise.
const WEEK: u16 = 7;
const MOST: u16 = 366;
/// Days after which nobody's next call counts.
const LONGEST: u16 = 90;

/// What reports by day are asked with.
pub(super) const DAYS: &[(&str, &str)] = &[
    ("from", "the first day, like 2026-11-01"),
    ("to", "the last day; at most 366 of them, the last 7 unless told"),
    ("format", "json (what it is unless told) or csv"),
];

/// Which days, the last one included.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Days {
    from: Option<Date>,
    to: Option<Date>,
    format: Option<Format>,
}

/// The same, and how many days later whoever calls counts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Again {
    from: Option<Date>,
    to: Option<Date>,
    format: Option<Format>,
    within: Option<u16>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Json,
    Csv,
}

pub(super) async fn daily(rooms: State<Rooms>, Asked(days): Asked<Days>) -> Result<Response, Problem> {
    let (first, count) = days.span(today(&rooms))?;
    let reports = rooms.history.days(first, count).await?;
    Ok(days.given(&reports, "daily", table))
}

pub(super) async fn surveys(rooms: State<Rooms>, Asked(days): Asked<Days>) -> Result<Response, Problem> {
    let (first, count) = days.span(today(&rooms))?;
    let reports = rooms.history.surveys(first, count).await?;
    Ok(days.given(&reports, "surveys", answers))
}

pub(super) async fn repeats(rooms: State<Rooms>, Asked(asked): Asked<Again>) -> Result<Response, Problem> {
    let Again { from, to, format, within } = asked;
    let days = Days { from, to, format };
    let (first, count) = days.span(today(&rooms))?;
    let within = within.unwrap_or(WEEK);
    if !(1..=LONGEST).contains(&within) {
        let why = format!("`within` is from 1 to {LONGEST} days, not {within}");
        return Err(Problem::new(Says::BadQuery, why));
    }
    let reports = rooms.history.repeats(first, count, within).await?;
    Ok(days.given(&reports, "repeats", again))
}

pub(super) async fn dispositions(rooms: State<Rooms>, Asked(days): Asked<Days>) -> Result<Response, Problem> {
    let (first, count) = days.span(today(&rooms))?;
    let reports = rooms.history.dispositions(first, count).await?;
    Ok(days.given(&reports, "dispositions", said))
}

fn today(rooms: &Rooms) -> Date {
    SystemClock.now().zoned(&rooms.history.zone()).date()
}

impl Days {
    /// The report as it is asked for.
    fn given<T: Serialize>(&self, report: &[T], name: &str, table: impl Fn(&[T]) -> String) -> Response {
        match self.format {
            Some(Format::Csv) => {
                let file = format!("attachment; filename=\"{name}.csv\"");
                let headers = [
                    (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
                    (header::CONTENT_DISPOSITION, file),
                ];
                (headers, table(report)).into_response()
            }
            Some(Format::Json) | None => Json(report).into_response(),
        }
    }

    /// The first day, and how many.
    fn span(&self, today: Date) -> Result<(Date, u16), Problem> {
        let bad = |why: String| Problem::new(Says::BadQuery, why);
        let to = self.to.unwrap_or_else(|| self.from.map_or(today, |from| today.max(from)));
        let week = jiff::Span::new().days(i64::from(WEEK) - 1);
        let from = self.from.unwrap_or_else(|| to.checked_sub(week).unwrap_or(to));
        let days = to.since(from).map_or(0, |span| span.get_days() + 1);
        match u16::try_from(days) {
            Ok(days @ 1..=MOST) => Ok((from, days)),
            Ok(0) | Err(_) => Err(bad(format!("{to} is before {from}"))),
            Ok(_) => Err(bad(format!("a report has at most {MOST} days, not {days}"))),
        }
    }
}

/// Of the whole day, then queue by queue, then agent by agent.
fn answers(reports: &[SurveyReport]) -> String {
    let head = [
        "day",
        "queue",
        "agent",
        "asked",
        "answered",
        "answer_permille",
        "average_permille",
        "good",
        "good_permille",
    ];
    let line = |report: &SurveyReport, queue: &str, agent: &str, rated: &RatedView| {
        let or_none = |rate: Option<u64>| rate.map(|rate| rate.to_string()).unwrap_or_default();
        csv::row([
            report.day.to_string(),
            queue.to_owned(),
            agent.to_owned(),
            rated.asked.to_string(),
            rated.answered.to_string(),
            or_none(rated.answer_permille),
            or_none(rated.average_permille),
            rated.good.to_string(),
            or_none(rated.good_permille),
        ])
    };
    let mut text = csv::row(head);
    for report in reports {
        text += &line(report, "", "", &report.all);
        for of in &report.queues {
            text += &line(report, of.queue.as_str(), "", &of.rated);
        }
        for of in &report.agents {
            text += &line(report, "", of.agent.as_str(), &of.rated);
        }
    }
    text
}

/// Queue by queue, disposition by disposition; nothing was said of the rest.
fn said(reports: &[DispositionReport]) -> String {
    let mut text = csv::row(["day", "queue", "disposition", "label", "calls"]);
    for report in reports {
        for queue in &report.queues {
            let mut line = |disposition: &str, label: String, calls: u64| {
                let (day, queue) = (report.day.to_string(), queue.queue.to_string());
                text += &csv::row([day, queue, disposition.to_owned(), label, calls.to_string()]);
            };
            for of in &queue.dispositions {
                line(of.disposition.as_str(), of.label(), of.calls);
            }
            line("", String::new(), queue.without);
        }
    }
    text
}

fn again(reports: &[RepeatReport]) -> String {
    let head =
        ["day", "queue", "within_days", "open", "callers", "again", "again_permille", "resolved_permille"];
    let line = |report: &RepeatReport, queue: &str, of: &Repeats| {
        let or_none = |rate: Option<u64>| rate.map(|rate| rate.to_string()).unwrap_or_default();
        csv::row([
            report.day.to_string(),
            queue.to_owned(),
            report.within_days.to_string(),
            report.open.to_string(),
            of.callers.to_string(),
            of.again.to_string(),
            or_none(of.again_permille),
            or_none(of.resolved_permille),
        ])
    };
    let mut text = csv::row(head);
    for report in reports {
        text += &line(report, "", &report.all);
        for of in &report.queues {
            text += &line(report, of.queue.as_str(), &of.repeats);
        }
    }
    text
}

fn table(reports: &[DayReport]) -> String {
    let head = [
        "day",
        "hours",
        "queue",
        "calls",
        "answered",
        "abandoned",
        "missed",
        "menu",
        "refused",
        "resolved_percent",
        "average_wait_seconds",
        "average_talk_seconds",
    ];
    let line = |report: &DayReport, queue: &str, counts: &Counts| {
        let numbers = [
            counts.calls,
            counts.answered,
            counts.abandoned,
            counts.missed,
            counts.menu,
            counts.refused,
            counts.resolved_percent(),
            counts.average_wait_ms / 1000,
            counts.average_talk_ms / 1000,
        ];
        let names = [report.day.to_string(), report.hours.to_string(), queue.to_owned()];
        csv::row(names.into_iter().chain(numbers.map(|number| number.to_string())))
    };
    let mut text = csv::row(head);
    for report in reports {
        text += &line(report, "", &report.all);
        for queue in &report.queues {
            text += &line(report, queue.queue.as_str(), &queue.counts);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_span_of_days_is_whole_and_bounded() {
        let span = |from, to| Days { from, to, format: None }.span(date(2026, 11, 21));
        assert_eq!(span(None, None), Ok((date(2026, 11, 15), 7)));
        assert_eq!(span(Some(date(2026, 11, 1)), None), Ok((date(2026, 11, 1), 21)));
        assert_eq!(span(Some(date(2026, 10, 1)), Some(date(2026, 11, 30))), Ok((date(2026, 10, 1), 61)));
        assert_eq!(span(None, Some(date(2026, 3, 3))), Ok((date(2026, 2, 25), 7)));
        for (from, to) in [(date(2026, 2, 2), date(2026, 2, 1)), (date(2025, 1, 1), date(2026, 2, 1))] {
            assert_eq!(span(Some(from), Some(to)).map_err(|why| why.status), Err(422));
        }
    }
}
