//! `tandem simulate`: a day of calls in virtual time, and what became of the callers.

use std::{fmt::Write, path::PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use super::{
    Common, Exit, Fault,
    check::draw,
    context::paint,
    paint::{Paint, faint, number, text},
    show::print,
};
use crate::{
    infra::site::scenario::{self, Scenario},
    simulate::{Need, Outcome, QueueOutcome, Wish, run as live_through, staffing},
};

/// Live through a day of calls in virtual time and tell what became of the callers
///
/// The queues are Tandem's own, callers and agents are drawn as the scenario says: the same scenario gives the same figures.
/// Where queueing theory has a formula for it, what that says stands below.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scenario; examples/scenarios has some
    #[arg(long, value_name = "FILE")]
    scenario: PathBuf,
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

pub(super) fn run(common: &Common, args: &Args) -> Result<Exit, Fault> {
    let scenario = match scenario::load(&args.scenario) {
        Ok(scenario) => scenario,
        Err(problems) => {
            let folder = args.scenario.parent().unwrap_or(std::path::Path::new(""));
            let told: String =
                problems.0.iter().map(|problem| draw(&paint(), folder, problem) + "\n").collect();
            eprint!("{told}");
            return Ok(Exit::RefusedByCheck);
        }
    };
    if args.staffing {
        let share = |percent: u8| f64::from(percent) / 100.0;
        let wish = Wish { goal: share(args.goal), shrinkage: share(args.shrinkage) };
        let needs = staffing(&scenario, wish);
        return say(common, &needs, || roster(&paint(), &scenario, args, &needs));
    }
    let style =
        ProgressStyle::with_template("{bar:40} {percent} % of the day, {eta} left").expect("a fixed text");
    let bar = ProgressBar::new(1000).with_style(style);
    let outcome = live_through(&scenario, &|share| bar.set_position((share * 1000.0) as u64));
    bar.finish_and_clear();
    say(common, &outcome, || told(&paint(), &outcome))
}

fn say(common: &Common, value: &impl serde::Serialize, text: impl Fn() -> String) -> Result<Exit, Fault> {
    if common.json {
        print(&format!("{}\n", serde_json::to_string(value).map_err(std::io::Error::other)?))?;
    } else {
        print(&text())?;
    }
    Ok(Exit::Done)
}

fn roster(paint: &Paint, scenario: &Scenario, args: &Args, needs: &[Need]) -> String {
    let head = [
        "QUEUE",
        "FROM",
        "CALLS/H",
        "ERLANG",
        "AGENTS",
        "ROSTERED",
        "IN TIME",
        "MEAN WAIT",
        "ABANDONED",
        "BUSY",
    ];
    let rows = needs.iter().map(|need| {
        vec![
            text(need.queue.as_str()),
            text(need.from.strftime("%H:%M").to_string()),
            number(need.rate),
            number(format!("{:.1}", need.erlangs)),
            number(need.agents),
            number(need.rostered),
            number(percent(need.expected.within)),
            number(seconds(need.expected.mean_wait)),
            number(percent(need.expected.abandoned)),
            number(percent(need.expected.occupancy)),
        ]
    });
    let (goal, within, away) = (args.goal, scenario.within.as_secs(), args.shrinkage);
    let mut told = paint.label(&scenario.name);
    let _ = writeln!(told, ": {goal} % answered within {within} s; {away} % of the time rostered is away");
    told + &paint.table(&head, rows)
}

fn told(paint: &Paint, outcome: &Outcome) -> String {
    let head = [
        "QUEUE",
        "CALLS",
        "ANSWERED",
        "ABANDONED",
        "OVERFLOWED",
        "IN TIME",
        "MEAN WAIT",
        "95 %",
        "LONGEST",
        "BUSY",
    ];
    let rows = outcome.queues.iter().flat_map(|queue| [Some(line(queue)), theory(queue)]).flatten();
    let mut told = paint.label(&outcome.name);
    let _ = writeln!(
        told,
        ": {} calls, seed {}; in time is within {} s",
        outcome.calls, outcome.seed, outcome.within_s
    );
    told + &paint.table(&head, rows)
}

fn line(queue: &QueueOutcome) -> Vec<comfy_table::Cell> {
    let share = |part: u64| number(percent(part as f64 / queue.offered.max(1) as f64));
    vec![
        text(queue.queue.as_str()),
        number(queue.offered),
        share(queue.answered),
        share(queue.abandoned),
        share(queue.overflowed),
        number(percent(queue.service_level)),
        number(seconds(queue.mean_wait)),
        number(seconds(queue.wait_95)),
        number(seconds(queue.longest_wait)),
        number(percent(queue.occupancy)),
    ]
}

fn theory(queue: &QueueOutcome) -> Option<Vec<comfy_table::Cell>> {
    let theory = queue.theory?;
    let expected = theory.expected;
    let none = || text("");
    Some(vec![
        faint(theory.formula),
        none(),
        faint(percent(1.0 - expected.abandoned)),
        faint(percent(expected.abandoned)),
        none(),
        faint(percent(expected.within)),
        faint(seconds(expected.mean_wait)),
        none(),
        none(),
        faint(percent(expected.occupancy)),
    ])
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn seconds(value: f64) -> String {
    format!("{value:.1} s")
}
