//! `tandem simulate`: a day of calls in virtual time, and what became of the callers.

mod past;
mod tables;

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use past::Past;

use super::{
    Common, Exit, Fault,
    check::{self, draw},
    context::paint,
    show::print,
};
use crate::{
    infra::site::{
        self,
        scenario::{self, Scenario, WhatIf},
    },
    simulate::{Outcome, Was, Wish, again, run as live_through, staffing},
};

/// Live through a day of calls in virtual time and tell what became of the callers
///
/// The queues are Tandem's own, callers and agents are drawn as the scenario says: the same scenario gives the same figures.
/// Where queueing theory has a formula for it, what that says stands below.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scenario; examples/scenarios has some
    #[arg(long, value_name = "FILE", required_unless_present = "journal")]
    scenario: Option<PathBuf>,
    /// Callers as they came on these days, 2026-11-16..2026-11-20, by what the daemon has written down
    ///
    /// They come into the queue in which they waited, when they did, and talk as long as they did; docs/simulate.md says how patience
    /// is treated. Instead of days also the file of `tandem calls export --format jsonl`. --scenario may say besides who is there when.
    #[arg(long, value_name = "DAYS", requires = "site", conflicts_with = "staffing", value_parser = Past::parse)]
    journal: Option<Past>,
    /// With the queues, agents, skills and rules of this site, instead of the scenario's
    #[arg(long, value_name = "DIR")]
    site: Option<PathBuf>,
    /// Beside it the same callers with a change, as `agents calls -2 10:00-12:00`; as often as you like
    ///
    /// Changes with `;` between them go together. `agents QUEUE ±N FROM-TO`; `queue QUEUE KEY VALUE`, as in queues.yaml,
    /// or `off`; `rule POLICY RULE KEY VALUE`, as in routing.yaml; `site DIR`, everything as in another site.
    #[arg(long, value_name = "CHANGE", conflicts_with = "staffing")]
    what_if: Vec<String>,
    /// Tell how many agents each hour needs, by Erlang's formulas, instead of living through the day
    #[arg(long)]
    staffing: bool,
    /// So many per cent of the callers are to be answered in time
    #[arg(long, value_name = "PERCENT", default_value_t = 80, requires = "staffing", value_parser = clap::value_parser!(u8).range(1..=99))]
    goal: u8,
    /// So many per cent of their time agents are not there: breaks, training, illness
    #[arg(long, value_name = "PERCENT", default_value_t = 0, requires = "staffing", value_parser = clap::value_parser!(u8).range(0..=90))]
    shrinkage: u8,
}

/// The scenario, and the same callers under each change.
#[derive(Serialize)]
struct Answer {
    /// What became of recorded callers then.
    #[serde(skip_serializing_if = "Option::is_none")]
    was: Option<Was>,
    #[serde(flatten)]
    as_it_is: Outcome,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    what_if: Vec<Tried>,
}

#[derive(Serialize)]
struct Tried {
    change: String,
    #[serde(flatten)]
    outcome: Outcome,
}

pub(super) fn run(common: &Common, args: &Args) -> Result<Exit, Fault> {
    let (scenario, was) = match load(common, args)? {
        Ok(found) => found,
        Err(exit) => return Ok(exit),
    };
    if args.staffing {
        let share = |percent: u8| f64::from(percent) / 100.0;
        let wish = Wish { goal: share(args.goal), shrinkage: share(args.shrinkage) };
        let needs = staffing(&scenario, wish);
        return say(common, &needs, || tables::roster(&paint(), &scenario, args, &needs));
    }
    let others = args.what_if.iter().map(|text| WhatIf::parse(text, Path::new("")));
    let others: Result<Vec<WhatIf>, String> =
        scenario.what_if.iter().cloned().map(Ok).chain(others).collect();
    let changed = others.and_then(|others| {
        let changed = |what_if: WhatIf| Ok((scenario.changed(&what_if)?, what_if.name));
        others.into_iter().map(changed).collect::<Result<Vec<_>, String>>()
    });
    let changed = match changed {
        Ok(changed) => changed,
        Err(why) => {
            eprintln!("tandem: {why}");
            return Ok(Exit::Usage);
        }
    };
    let as_it_is = live(&scenario, "as it is");
    let what_if =
        changed.into_iter().map(|(scenario, change)| Tried { outcome: live(&scenario, &change), change });
    let answer = Answer { was, as_it_is, what_if: what_if.collect() };
    say(common, &answer, || tables::told(&paint(), &answer))
}

/// The scenario, or how to end: its faults are told then.
fn load(common: &Common, args: &Args) -> Result<Result<(Scenario, Option<Was>), Exit>, Fault> {
    let Ok(site) = args.site.as_deref().map(site::load).transpose() else {
        let site = args.site.clone().unwrap_or_default();
        return check::run(common, &check::Args { site }).map(Err);
    };
    let calls = match (&args.journal, &site) {
        (Some(past), Some(site)) => Some((past, past.calls(common, site)?, site.clone())),
        _ => None,
    };
    let written = match args.scenario.as_deref().map(|file| scenario::load(file, site)).transpose() {
        Ok(written) => written,
        Err(problems) => {
            let folder = args.scenario.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
            let told: String =
                problems.0.iter().map(|problem| draw(&paint(), folder, problem) + "\n").collect();
            eprint!("{told}");
            return Ok(Err(Exit::RefusedByCheck));
        }
    };
    let Some((past, calls, site)) = calls else {
        return Ok(written.map(|scenario| (scenario, None)).ok_or(Exit::Usage));
    };
    let days = past.scenario(site, &calls);
    let mut scenario = match written {
        Some(written) => {
            // All who came are counted, as in what was.
            let warm_up = std::time::Duration::ZERO;
            Scenario { start: days.start, length: days.length, warm_up, ..written }
        }
        None => days,
    };
    let was = again(&mut scenario, &calls)?;
    Ok(Ok((scenario, Some(was))))
}

fn live(scenario: &Scenario, what: &str) -> Outcome {
    let style = ProgressStyle::with_template("{msg} {bar:40} {percent} % of the day, {eta} left");
    let bar = ProgressBar::new(1000).with_style(style.expect("a fixed text")).with_message(what.to_owned());
    let outcome = live_through(scenario, &|share| bar.set_position((share * 1000.0) as u64));
    bar.finish_and_clear();
    outcome
}

fn say(common: &Common, value: &impl Serialize, text: impl Fn() -> String) -> Result<Exit, Fault> {
    if common.json {
        print(&format!("{}\n", serde_json::to_string(value).map_err(std::io::Error::other)?))?;
    } else {
        print(&text())?;
    }
    Ok(Exit::Done)
}
