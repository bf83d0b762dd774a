//! `tandem calls search` and `export`: finished calls that fit.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use super::dialled;
use crate::{
    base::{clock::Stamp, id::Name, number::Number},
    cli::show::encoded,
    live::record::{Direction, EndedBy, Outcome},
};

/// Which finished calls; everything that is given must hold.
#[derive(Debug, clap::Args)]
pub(super) struct Wish {
    /// Words of names, and numbers or their last 3 to 11 digits
    text: Vec<String>,
    /// Arrived then or later: 2026-11-01, 2026-11-01T09:30, or with an offset
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Stamp>,
    /// Arrived before then
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Stamp>,
    /// The caller's whole number
    #[arg(long, value_name = "NUMBER", value_parser = dialled)]
    caller: Option<Number>,
    /// The whole number that was called
    #[arg(long, value_name = "NUMBER", value_parser = dialled)]
    called: Option<Number>,
    /// The last queue that they waited in
    #[arg(long)]
    queue: Option<Name>,
    /// The last agent who talked
    #[arg(long)]
    agent: Option<Name>,
    /// Which way they went
    #[arg(long, value_name = "WAY", value_parser = words(Direction::ALL, Direction::word))]
    direction: Option<String>,
    /// How they came out
    #[arg(long, value_parser = words(Outcome::ALL, Outcome::word))]
    outcome: Option<String>,
    /// Who ended them
    #[arg(long, value_name = "WHO", value_parser = words(EndedBy::ALL, EndedBy::word))]
    ended_by: Option<String>,
    /// The caller's hangup cause, a number of Q.850
    #[arg(long)]
    cause: Option<u8>,
    /// At least so many seconds from arrival to end
    #[arg(long, value_name = "SECONDS")]
    min_seconds: Option<u64>,
    /// At most so many seconds
    #[arg(long, value_name = "SECONDS")]
    max_seconds: Option<u64>,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// A table for a spreadsheet
    Csv,
    /// A line of JSON for each call
    Jsonl,
}

/// Where a file goes.
#[derive(Debug, clap::Args)]
pub(super) struct File {
    /// How it is written; with --json as jsonl
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    pub(super) format: Format,
    /// The file, which must not be there; standard output unless told
    #[arg(long, value_name = "FILE")]
    pub(super) to: Option<PathBuf>,
}

impl Format {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
        }
    }
}

fn words<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> PossibleValuesParser {
    PossibleValuesParser::new(all.iter().map(|one| word(*one)))
}

impl Wish {
    /// As a query, ending with what else is asked for.
    pub(super) fn query(&self, rest: &str) -> String {
        let text = (!self.text.is_empty()).then(|| self.text.join(" "));
        let stamp = |at: Option<Stamp>| at.map(|at| at.0.to_string());
        let parts = [
            ("since", stamp(self.since)),
            ("until", stamp(self.until)),
            ("caller", self.caller.as_ref().map(Number::to_string)),
            ("called", self.called.as_ref().map(Number::to_string)),
            ("queue", self.queue.as_ref().map(Name::to_string)),
            ("agent", self.agent.as_ref().map(Name::to_string)),
            ("direction", self.direction.clone()),
            ("outcome", self.outcome.clone()),
            ("ended_by", self.ended_by.clone()),
            ("cause", self.cause.map(|cause| cause.to_string())),
            ("min_seconds", self.min_seconds.map(|seconds| seconds.to_string())),
            ("max_seconds", self.max_seconds.map(|seconds| seconds.to_string())),
            ("text", text),
        ];
        let given = parts.iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
        let query: String = given.map(|(key, value)| format!("{key}={}&", encoded(value))).collect();
        format!("?{query}{rest}")
    }
}

/// A moment as people write it, in their own time zone unless it has an offset.
fn moment(text: &str) -> Result<Stamp, String> {
    let whole = text.parse::<Timestamp>().ok();
    let local = || {
        let civil: DateTime = text.parse().ok()?;
        Some(civil.to_zoned(TimeZone::system()).ok()?.timestamp())
    };
    let at = whole.or_else(local).ok_or("write 2026-11-01, 2026-11-01T09:30 or 2026-11-01T09:30+08:00")?;
    Ok(Stamp(at.as_microsecond()))
}
