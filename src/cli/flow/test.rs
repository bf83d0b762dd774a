//! `tandem flow test`: the conversations beside the flows, led and judged.

use jiff::civil::DateTime;
use serde_json::json;

use super::{
    Where, flow,
    rehearsal::{Rehearsal, Turn, places},
    report, say,
};
use crate::{
    base::id::Name,
    cli::{Common, Exit, Fault, check::draw, context::paint, paint::Tone},
    infra::site::{
        Site,
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

/// One trial's outcome: what went otherwise, with its line.
struct Judged {
    name: String,
    faults: Vec<(usize, String)>,
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
    let (ears, deaf) = Ears::learned(&site);
    deaf.iter().for_each(|why| eprintln!("tandem: {why}"));
    let (mut text, mut all, mut failed, mut count) = (String::new(), Vec::new(), 0, 0);
    let paint = paint();
    for name in flows {
        let trials = match trials::load(&args.place.site, name) {
            Ok(trials) => trials,
            Err(problems) => {
                let shown: String =
                    problems.0.iter().map(|problem| draw(&paint, &args.place.site, problem) + "\n").collect();
                say(&if common.json { format!("{}\n", json!(problems)) } else { shown })?;
                return Ok(Exit::RefusedByCheck);
            }
        };
        if trials.is_empty() {
            continue;
        }
        let mut visited = std::collections::BTreeSet::new();
        let judged: Vec<Judged> = trials
            .iter()
            .map(|trial| {
                let mut caller = caller(&site, &ears, name, trial, trial.now);
                let faults = judge(&mut caller, trial);
                visited.append(&mut caller.visited);
                Judged { name: trial.name.clone(), faults }
            })
            .collect();
        let places = places(&site, name);
        let missed: Vec<&String> = places.difference(&visited).collect();
        let covered = (places.len() - missed.len()) * 100 / places.len().max(1);
        count += judged.len();
        let bad = judged.iter().filter(|judged| !judged.faults.is_empty()).count();
        failed += bad;
        for judged in judged.iter().filter(|judged| !judged.faults.is_empty()) {
            for (line, fault) in &judged.faults {
                text += &format!("flows/{name}.test.yaml:{line}: {}: {fault}\n", judged.name);
            }
        }
        let word = if bad == 0 { paint.word("good", Tone::Good) } else { paint.word("failed", Tone::Bad) };
        let never = missed.iter().map(|place| place.as_str()).collect::<Vec<_>>().join(", ");
        let never = if never.is_empty() { never } else { format!(", never: {never}") };
        text += &format!(
            "{name}: {word}: {} of {} trials, {covered} % covered{never}\n",
            judged.len() - bad,
            judged.len()
        );
        let faults = judged.iter().filter(|judged| !judged.faults.is_empty());
        let faults: Vec<_> = faults
            .map(|judged| json!({ "trial": judged.name, "faults": judged.faults.iter().map(|(line, what)| json!({ "line": line, "what": what })).collect::<Vec<_>>() }))
            .collect();
        all.push(json!({ "flow": name, "trials": judged.len(), "failed": faults, "covered": covered, "never": missed }));
    }
    if common.json {
        say(&format!("{}\n", json!(all)))?;
    } else {
        say(&(text + &format!("{} of {count} trials went as they should\n", count - failed)))?;
    }
    Ok(if failed == 0 { Exit::Done } else { Exit::Failed })
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
        match rest.find(part.as_str()) {
            Some(at) => rest = &rest[at + part.len()..],
            None => {
                let understood = turn.heard.as_ref().map(report::understood).unwrap_or_default();
                faults.push(format!("“{part}” is not in “{said}” ({understood})"));
            }
        }
    }
    let best = turn.heard.as_ref().and_then(|heard| heard.intents.first()).map(|guess| guess.intent.as_str());
    if let Some(intent) = wanted.intent.as_deref().filter(|intent| best != Some(intent)) {
        faults.push(format!("understood as {}, not as {intent}", best.unwrap_or("nothing")));
    }
    let does = turn.task.as_ref().map(|(task, _)| task.as_str());
    if let Some(task) = wanted.does.as_deref().filter(|task| does != Some(task)) {
        faults.push(format!("the task is {}, not {task}", does.unwrap_or("none")));
    }
    faults
}
