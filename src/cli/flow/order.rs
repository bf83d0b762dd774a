//! `tandem flow order`: which topics callers come with most, and keys in that order, as a diff. Nothing is written.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::PathBuf,
};

use serde_json::json;

use super::{FlowFault, Where, flow, say};
use crate::{
    base::{id::Name, number::Key},
    cli::{
        Common, Exit, Fault,
        context::paint,
        paint::{number, text},
    },
    infra::site::{Flow, Step, Talk},
    provision::hunks,
};

/// Propose keys in the order of what callers want
///
/// Reads what calls were told, as `tandem events --json` or `tandem explain CALL` give it, and counts which topics callers
/// turned to. The proposal is a diff of the flow's file, for `patch`; texts that name keys are to be changed by hand.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The flow
    #[arg(value_name = "FLOW")]
    flow: String,
    #[command(flatten)]
    place: Where,
    /// What calls were told; else it is read from standard input
    #[arg(long, value_name = "FILE")]
    told: Option<PathBuf>,
}

/// A topic, how often callers turned to it, its key, and the key proposed.
type Row<'t> = (&'t Name, usize, Key, Key);

pub(super) fn run(common: &Common, args: &Args) -> Result<Exit, Fault> {
    let site = match args.place.load(common)? {
        Ok(site) => site,
        Err(exit) => return Ok(exit),
    };
    let (name, found) = flow(&site, &args.flow)?;
    let talk = talk(found).ok_or_else(|| FlowFault::NoTalk(name.clone()))?;
    let told: Box<dyn Read> = match &args.told {
        Some(file) => Box::new(File::open(file).map_err(|why| FlowFault::Told { file: file.clone(), why })?),
        None => Box::new(io::stdin()),
    };
    let counts = counted(talk, BufReader::new(told))?;
    let rows = proposed(talk, &counts);
    let path = args.place.site.join("flows").join(format!("{name}.yaml"));
    let before = std::fs::read_to_string(&path).map_err(|why| FlowFault::Told { file: path.clone(), why })?;
    let after = rekeyed(&before, &rows);
    let diff = hunks(before.as_bytes(), after.as_bytes(), &[]);
    let diff: String = diff.iter().map(|line| format!("{}{}\n", line.sign(), line.text)).collect();
    if common.json {
        let rows = rows.iter().map(|(topic, count, key, proposed)| {
            json!({ "topic": topic, "callers": count, "key": key.to_string(), "proposed": proposed.to_string() })
        });
        let told = json!({ "flow": name, "topics": rows.collect::<Vec<_>>(), "diff": diff });
        say(&format!("{told}\n"))?;
    } else if diff.is_empty() {
        let rows = rows
            .iter()
            .map(|(topic, count, key, _)| vec![text(topic.as_str()), number(count), text(key.to_string())]);
        say(&(paint().table(&["TOPIC", "CALLERS", "KEY"], rows)
            + "the keys are in the order of what callers want\n"))?;
    } else {
        say(&format!("--- flows/{name}.yaml\n+++ flows/{name}.yaml\n{diff}"))?;
    }
    Ok(if diff.is_empty() { Exit::Done } else { Exit::Changes })
}

fn talk(flow: &Flow) -> Option<&Talk> {
    flow.steps.values().find_map(|step| match step {
        Step::Talk(talk) => Some(&**talk),
        _ => None,
    })
}

/// How often callers turned to each topic, by words, shortcuts and keys.
fn counted(talk: &Talk, told: impl BufRead) -> Result<BTreeMap<&Name, usize>, Fault> {
    let mut counts: BTreeMap<&Name, usize> = BTreeMap::new();
    for line in told.split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        for topic in talk.topics.keys() {
            let ways = [format!("the caller wants {topic} ("), format!(" leads to {topic}")];
            let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || "_-.".contains(c));
            let count = |way: &String| {
                line.match_indices(way)
                    .filter(|(at, _)| way.ends_with('(') || ends(&line[at + way.len()..]))
                    .count()
            };
            *counts.entry(topic).or_default() += ways.iter().map(count).sum::<usize>();
        }
    }
    Ok(counts)
}

/// The keys that there are, the lowest for what is wanted most; of equals the order stays.
fn proposed<'t>(talk: &'t Talk, counts: &BTreeMap<&Name, usize>) -> Vec<Row<'t>> {
    let mut topics: Vec<(&Name, Key)> =
        talk.topics.iter().filter_map(|(name, topic)| Some((name, topic.key?))).collect();
    topics.sort_by_key(|(_, key)| key.char());
    let keys: Vec<Key> = topics.iter().map(|(_, key)| *key).collect();
    let count = |name: &Name| counts.get(name).copied().unwrap_or_default();
    topics.sort_by_key(|(name, _)| std::cmp::Reverse(count(name)));
    topics.into_iter().zip(keys).map(|((name, key), new)| (name, count(name), key, new)).collect()
}

/// The file with the keys of its topics changed; everything else stays as it is.
fn rekeyed(text: &str, rows: &[Row]) -> String {
    let mut topic: Option<&Row> = None;
    let mut inside = false;
    let line = |line: &str| {
        if !line.starts_with([' ', '#', '\n']) {
            inside = line.starts_with("topics:");
        }
        let deep = line.len() - line.trim_start().len();
        if deep == 2 {
            let name = line.trim().split(':').next().unwrap_or_default();
            topic = rows.iter().find(|row| row.0.as_str() == name);
        }
        let key = topic.filter(|_| inside && deep == 4 && line.trim_start().starts_with("key:"));
        match key {
            Some((_, _, old, new)) => line.replacen(&old.to_string(), &new.to_string(), 1),
            None => line.to_owned(),
        }
    };
    text.split_inclusive('\n').map(line).collect()
}
