//! Calls that are written down, to be lived through again.

use std::{fs, path::PathBuf, time::Duration};

use jiff::{ToSpan, civil::Date, tz::TimeZone};

use super::super::{Common, Exit, Fault, ask};
use crate::{
    base::clock::Stamp,
    infra::site::{Site, scenario::Scenario},
    live::record::CallRecord,
};

/// Which calls: of these days, both ends included, or those in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Past {
    Days(Date, Date),
    File(PathBuf),
}

impl Past {
    /// `2026-11-16..2026-11-20`, `2026-11-16`, or a file.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        match (from.parse::<Date>(), to.parse::<Date>()) {
            (Ok(from), Ok(to)) if from <= to => Ok(Self::Days(from, to)),
            (Ok(_), Ok(_)) => Err("the first day is after the last one".into()),
            _ if PathBuf::from(text).is_file() => Ok(Self::File(text.into())),
            _ => Err("write 2026-11-16, 2026-11-16..2026-11-20, or the file of `tandem calls export --format jsonl`".into()),
        }
    }

    /// The calls, and a day for them in this site.
    pub(super) fn calls(&self, common: &Common, site: &Site) -> Result<Vec<CallRecord>, Fault> {
        match self {
            Self::File(file) => {
                let unread = |why| Fault::Past { file: file.clone(), why };
                parse(&fs::read(file).map_err(|why| unread(why.to_string()))?).map_err(unread)
            }
            Self::Days(from, to) => {
                let zone = &site.time_zone;
                let (since, until) = (midnight(*from, zone), midnight(after(*to), zone));
                // Who came before midnight may have waited into the day, and is not of it.
                let path = format!("/v1/history/export?since={}&until={}&format=jsonl", since.0, until.0);
                let mut bytes = Vec::new();
                ask(common.clone(), async |cx| {
                    let mut answer = cx.client.open(&path).await?;
                    while let Some(part) = cx.client.part(&mut answer).await? {
                        bytes.extend_from_slice(&part);
                    }
                    Ok(Exit::Done)
                })?;
                parse(&bytes).map_err(|why| Fault::Past { file: path.into(), why })
            }
        }
    }

    /// A scenario of these days, of which nobody has said anything else.
    pub(super) fn scenario(&self, site: Site, calls: &[CallRecord]) -> Scenario {
        let zone = site.time_zone.clone();
        let day = |stamp: Option<Stamp>| stamp.unwrap_or_default().zoned(&zone).date();
        let (from, to) = match self {
            Self::Days(from, to) => (*from, *to),
            Self::File(_) => {
                let arrivals = || calls.iter().map(|call| call.arrived);
                (day(arrivals().min()), day(arrivals().max()))
            }
        };
        Scenario {
            name: format!("{}, {from} to {to}", site.name),
            start: from.at(0, 0, 0, 0),
            length: midnight(after(to), &zone).since(midnight(from, &zone)),
            within: Duration::from_secs(20),
            ..Scenario::of(site)
        }
    }
}

fn after(day: Date) -> Date {
    day.checked_add(1.day()).unwrap_or(day)
}

fn midnight(day: Date, zone: &TimeZone) -> Stamp {
    let zoned = day.to_zoned(zone.clone());
    zoned.map_or_else(|_| Stamp::default(), |zoned| Stamp(zoned.timestamp().as_microsecond()))
}

/// A call on each line.
fn parse(bytes: &[u8]) -> Result<Vec<CallRecord>, String> {
    let lines = bytes.split(|byte| *byte == b'\n').zip(1..).filter(|(line, _)| !line.is_empty());
    let call = |(line, n): (&[u8], usize)| {
        serde_json::from_slice(line).map_err(|why| format!("line {n} is no call: {why}"))
    };
    lines.map(call).collect()
}
