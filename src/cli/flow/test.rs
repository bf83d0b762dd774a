//! `tandem flow test`: the conversations beside the flows, led and judged.

use std::collections::BTreeSet;

use jiff::civil::DateTime;
use serde_json::{Value, json};

use super::{
    Where, ears, flow,
    rehearsal::{Rehearsal, Turn, places},
    report, say,
};
use crate::{
    base::id::Name,
    cli::{
        Common, Exit, Fault,
        check::draw,
        context::paint,
        paint::{Paint, Tone},
    },
    infra::site::{
        Site, TESTS,
        trials::{self, Trial, TrialTurn},
    },
    live::dialog::talk::Ears,
};

/// Lead the conversations of flows/*.test.yaml and tell what does not go as it should
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only this flow's
    #[arg(value_name = "FLOW")]
    flow: Option<String>,
    #[command(flatten)]
    place: Where,
}

/// The trials of one flow, and what they came to.
struct Tried<'s> {
    flow: &'s Name,
    trials: usize,
    /// What went otherwise: the trial, the line in its file, and what.
    faults: Vec<(String, usize, String)>,
    failed: usize,
    covered: usize,
    /// Topics, slots and steps that no trial came to.
    never: Vec<String>,
}

pub(super) fn run(common: &Common, args: &Args) -> Result<Exit, Fault> {
    let site = match args.place.load(common)? {
        Ok(site) => site,
        Err(exit) => return Ok(exit),
    };
    let flows: Vec<&Name> = match &args.flow {
        Some(name) => vec![flow(&site, name)?.0],
        None => site.flows.keys().collect(),
    };
    let ears = ears(&site, &flows);
    let paint = paint();
    let mut all = Vec::new();
    for name in flows {
        match trials::load(&args.place.site, name) {
            Ok(trials) if trials.is_empty() => {}
            Ok(trials) => all.push(Tried::of(&site, &ears, name, &trials)),
            Err(problems) => {
                let shown = problems.0.iter().map(|problem| draw(&paint, &args.place.site, problem) + "\n");
                say(&if common.json { format!("{}\n", json!(problems)) } else { shown.collect() })?;
                return Ok(Exit::RefusedByCheck);
            }
        }
    }
    let (count, failed) = all.iter().fold((0, 0), |(all, bad), one| (all + one.trials, bad + one.failed));
    if common.json {
        let told: Vec<_> = all.iter().map(Tried::json).collect();
        say(&format!("{}\n", json!(told)))?;
    } else {
        let text: String = all.iter().map(|tried| tried.text(&paint)).collect();
        say(&(text + &format!("{} of {count} trials went as they should\n", count - failed)))?;
    }
    Ok(if failed == 0 { Exit::Done } else { Exit::Failed })
}

impl<'s> Tried<'s> {
    fn of(site: &'s Site, ears: &Ears, flow: &'s Name, trials: &[Trial]) -> Self {
        let (mut faults, mut failed, mut visited) = (Vec::new(), 0, BTreeSet::new());
        for trial in trials {
            let mut caller = caller(site, ears, flow, trial, trial.now);
            let found = judge(&mut caller, trial);
            visited.append(&mut caller.visited);
            failed += usize::from(!found.is_empty());
            faults.extend(found.into_iter().map(|(line, what)| (trial.name.clone(), line, what)));
        }
        let places = places(site, flow);
        let never: Vec<String> = places.difference(&visited).cloned().collect();
        let covered = (places.len() - never.len()) * 100 / places.len().max(1);
        Self { flow, trials: trials.len(), faults, failed, covered, never }
    }

    fn text(&self, paint: &Paint) -> String {
        let Self { flow, trials, failed, covered, .. } = self;
        let faults = self.faults.iter();
        let faults: String = faults
            .map(|(name, line, what)| format!("flows/{flow}{TESTS}:{line}: {name}: {what}\n"))
            .collect();
        let word =
            if *failed == 0 { paint.word("good", Tone::Good) } else { paint.word("failed", Tone::Bad) };
        let never =
            if self.never.is_empty() { String::new() } else { format!(", never: {}", self.never.join(", ")) };
        let good = trials - failed;
        faults + &format!("{flow}: {word}: {good} of {trials} trials, {covered} % covered{never}\n")
    }

    fn json(&self) -> Value {
        let faults = self.faults.iter();
        let faults: Vec<Value> =
            faults.map(|(trial, line, what)| json!({ "trial": trial, "line": line, "what": what })).collect();
        json!({
            "flow": self.flow, "trials": self.trials, "failed": self.failed, "faults": faults,
            "covered": self.covered, "never": self.never,
        })
    }
}

fn caller<'s>(site: &'s Site, ears: &'s Ears, flow: &Name, trial: &Trial, now: DateTime) -> Rehearsal<'s> {
    Rehearsal::new(site, ears, flow, trial.language.unwrap_or(site.languages[0]), now)
}

fn judge(caller: &mut Rehearsal, trial: &Trial) -> Vec<(usize, String)> {
    let mut faults = Vec::new();
    let mut last = caller.begin();
    for turn in &trial.turns {
        if caller.over() {
            faults.push((turn.line, "the call was over before".to_owned()));
            return faults;
        }
        last = caller.does(&turn.deed);
        faults.extend(went_otherwise(&last, turn).into_iter().map(|fault| (turn.line, fault)));
    }
    let line = trial.turns.last().map_or(1, |turn| turn.line);
    let known = caller.known();
    for (slot, value) in &trial.knows {
        let brief = match &last.end {
            Some(super::rehearsal::Ending::Queue { brief: Some(brief), .. }) => brief.context.facts.get(slot),
            _ => None,
        };
        let found = brief.map(|known| &known.text).or_else(|| known.get(slot));
        if found != Some(value) {
            let found = found.map_or("nothing", |found| found.as_str());
            faults.push((line, format!("{slot} is {found}, not {value}")));
        }
    }
    if let Some(wanted) = &trial.ends {
        let ended = last.end.as_ref().map_or("nowhere".to_owned(), ToString::to_string);
        if ended != *wanted {
            faults.push((line, format!("it ends at {ended}, not at {wanted}")));
        }
    }
    faults
}

/// What of a turn is not as it should be.
fn went_otherwise(turn: &Turn, wanted: &TrialTurn) -> Vec<String> {
    let mut faults = Vec::new();
    let said: Vec<&str> = turn.said.iter().map(|(_, text)| text.as_str()).collect();
    let said = said.join(" ");
    let mut rest = said.as_str();
    for part in &wanted.hears {
        if let Some(at) = rest.find(part.as_str()) {
            rest = &rest[at + part.len()..];
        } else {
            let understood = turn.heard.as_ref().map(report::understood).unwrap_or_default();
            faults.push(format!("“{part}” is not in “{said}” ({understood})"));
        }
    }
    let best = turn.heard.as_ref().and_then(|heard| heard.intents.first()).map(|guess| guess.intent.as_str());
    if let Some(intent) = wanted.intent.as_deref().filter(|intent| best != Some(intent)) {
        faults.push(format!("understood as {}, not as {intent}", best.unwrap_or("nothing")));
    }
    if let Some(passage) =
        wanted.cites.as_deref().filter(|passage| !turn.cites.iter().any(|own| own.as_str() == *passage))
    {
        let cites: Vec<&str> = turn.cites.iter().map(Name::as_str).collect();
        let cites = if cites.is_empty() { "nothing".to_owned() } else { cites.join(", ") };
        faults.push(format!("answered from {cites}, not from {passage}"));
    }
    let does = turn.task.as_ref().map(|(task, _)| task.as_str());
    if let Some(task) = wanted.does.as_deref().filter(|task| does != Some(task)) {
        faults.push(format!("the task is {}, not {task}", does.unwrap_or("none")));
    }
    faults
}
