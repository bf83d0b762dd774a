//! What came of a scenario, as tables.

use std::fmt::Write;

use comfy_table::Cell;

use super::{Answer, Args};
use crate::{
    cli::paint::{Paint, faint, number, text},
    infra::site::scenario::Scenario,
    simulate::{CallersOutcome, Came, Fates, Need, Outcome, QueueOutcome, Work},
};

pub(super) fn roster(paint: &Paint, scenario: &Scenario, args: &Args, needs: &[Need]) -> String {
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

pub(super) fn told(paint: &Paint, answer: &Answer) -> String {
    let outcome = &answer.as_it_is;
    let mut told = paint.label(&outcome.name);
    let _ = writeln!(
        told,
        ": {} calls, seed {}; in time is within {} s",
        outcome.calls, outcome.seed, outcome.within_s
    );
    if let Some(was) = &answer.was {
        let Fates { offered, answered, service_level, mean_wait, .. } = was.fates;
        let _ = writeln!(
            told,
            "As it was: {offered} calls, {} answered, {} in time, mean wait {}; {} calls of queues that are no more are left out",
            percent(answered as f64 / offered.max(1) as f64),
            percent(service_level),
            seconds(mean_wait),
            was.left_out
        );
    }
    told + &if answer.what_if.is_empty() { alone(paint, outcome) } else { beside(paint, answer) }
}

fn alone(paint: &Paint, outcome: &Outcome) -> String {
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
        "BALANCE",
    ];
    let queues = outcome.queues.iter().filter(|queue| queue.fates.offered > 0 || outcome.queues.len() == 1);
    let rows = queues.flat_map(|queue| [Some(of_queue(queue)), theory(queue)]).flatten();
    let told = paint.table(&head, rows);
    if outcome.callers.len() < 2 {
        return told;
    }
    let head = [
        "CALLERS",
        "CAME",
        "ANSWERED",
        "ABANDONED",
        "OVERFLOWED",
        "IN TIME",
        "MEAN WAIT",
        "95 %",
        "LONGEST",
        "QUEUES",
    ];
    told + "\n" + &paint.table(&head, outcome.callers.iter().map(of_callers))
}

fn of_queue(queue: &QueueOutcome) -> Vec<Cell> {
    let mut row = vec![text(queue.queue.as_str()), number(queue.fates.offered)];
    row.extend(fates(&queue.fates));
    row.extend([number(percent(queue.work.occupancy)), number(balance(&queue.work))]);
    row
}

fn of_callers(callers: &CallersOutcome) -> Vec<Cell> {
    let queues: Vec<String> =
        callers.queues.iter().map(|(queue, count)| format!("{queue} {count}")).collect();
    let mut row = vec![text(&callers.callers), number(callers.came.came)];
    row.extend(fates(&callers.fates));
    row.push(text(queues.join(", ")));
    row
}

fn fates(fates: &Fates) -> [Cell; 7] {
    let share = |part: u64| number(percent(part as f64 / fates.offered.max(1) as f64));
    [
        share(fates.answered),
        share(fates.abandoned),
        share(fates.overflowed),
        number(percent(fates.service_level)),
        number(seconds(fates.mean_wait)),
        number(seconds(fates.wait_95)),
        number(seconds(fates.longest_wait)),
    ]
}

fn theory(queue: &QueueOutcome) -> Option<Vec<Cell>> {
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
        none(),
    ])
}

/// Each figure under each change, with the same callers.
fn beside(paint: &Paint, answer: &Answer) -> String {
    let outcomes: Vec<&Outcome> =
        std::iter::once(&answer.as_it_is).chain(answer.what_if.iter().map(|tried| &tried.outcome)).collect();
    let letters: Vec<String> = (b'A'..=b'Z').map(|letter| char::from(letter).to_string()).collect();
    let mut head = vec!["", "", "AS IT IS"];
    let mut told = String::new();
    for (n, tried) in answer.what_if.iter().enumerate() {
        let letter = letters.get(n).map_or("…", String::as_str);
        head.push(letter);
        let _ = writeln!(told, "  {letter}: {}", tried.change);
    }
    let mut rows = figures("everybody", outcomes.iter().map(|one| Some((one.all.fates, Some(one.all.work)))));
    rows.extend(came(&outcomes));
    for (n, queue) in answer.as_it_is.queues.iter().enumerate() {
        if answer.as_it_is.queues.len() > 1 {
            let of = outcomes.iter().map(|one| one.queues.get(n).filter(|found| found.queue == queue.queue));
            rows.extend(figures(
                &format!("queue {}", queue.queue),
                of.map(|found| found.map(|found| (found.fates, Some(found.work)))),
            ));
        }
    }
    for (n, callers) in answer.as_it_is.callers.iter().enumerate() {
        if answer.as_it_is.callers.len() > 1 {
            let of = outcomes.iter().map(|one| one.callers.get(n).map(|found| (found.fates, None)));
            rows.extend(figures(&format!("callers {}", callers.callers), of));
        }
    }
    told + "The same callers in every column: they call, talk and lose patience at the same moments.\n"
        + &paint.table(&head, rows)
}

/// Whom the menu served, who was called back and who was missed, where that tells more than the rows before.
fn came(outcomes: &[&Outcome]) -> Vec<Vec<Cell>> {
    let row = |what: &str, figure: &dyn Fn(&Came) -> Option<f64>| {
        let shares: Vec<Option<f64>> = outcomes.iter().map(|one| figure(&one.all.came)).collect();
        let told = shares.iter().flatten().any(|share| *share > 0.0);
        let cells = shares.into_iter().map(|share| number(share.map(percent).unwrap_or_default()));
        told.then(|| [text(""), text(what)].into_iter().chain(cells).collect())
    };
    let share = |part: u64, came: &Came| Some(part as f64 / came.came.max(1) as f64);
    let rows = [
        row("served alone", &|came| share(came.served_alone, came)),
        row("called back", &|came| share(came.called_back, came)),
        row("missed", &|came| Some(came.missed)),
        row("first contact", &|came| Some(came.first_contact?.resolved)),
    ];
    rows.into_iter().flatten().collect()
}

type Found = Option<(Fates, Option<Work>)>;

fn figures(of: &str, found: impl Iterator<Item = Found>) -> Vec<Vec<Cell>> {
    let found: Vec<Found> = found.collect();
    if found.iter().flatten().all(|(fates, _)| fates.offered == 0) {
        return Vec::new();
    }
    let row = |of: &str, what: &str, figure: &dyn Fn(&Fates, Option<&Work>) -> Option<String>| {
        let cells = found.iter().map(|found| {
            let found = found.as_ref().filter(|(fates, _)| fates.offered > 0);
            let told = found.and_then(|(fates, work)| figure(fates, work.as_ref()));
            number(told.unwrap_or_default())
        });
        [text(of), text(what)].into_iter().chain(cells).collect::<Vec<_>>()
    };
    let share = |part: u64, fates: &Fates| percent(part as f64 / fates.offered.max(1) as f64);
    let mut rows = vec![
        row(of, "in time", &|fates, _| Some(percent(fates.service_level))),
        row("", "mean wait", &|fates, _| Some(seconds(fates.mean_wait))),
        row("", "abandoned", &|fates, _| Some(share(fates.abandoned, fates))),
        row("", "overflowed", &|fates, _| Some(share(fates.overflowed, fates))),
    ];
    if found.iter().flatten().any(|(_, work)| work.is_some()) {
        rows.push(row("", "busy", &|_, work| Some(percent(work?.occupancy))));
        rows.push(row("", "balance", &|_, work| Some(balance(work?))));
    }
    rows
}

fn balance(work: &Work) -> String {
    work.balance.map_or_else(|| "–".to_owned(), |balance| format!("{balance:.2}"))
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn seconds(value: f64) -> String {
    format!("{value:.1} s")
}
