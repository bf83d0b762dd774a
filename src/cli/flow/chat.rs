//! `tandem flow chat`: a flow in the terminal, with what it understood beside each turn.

use std::io::{self, BufRead, IsTerminal, Write};

use jiff::civil::DateTime;
use serde_json::json;
use smol_str::SmolStr;

use super::{
    FlowFault, Where, ears, flow,
    rehearsal::{Rehearsal, Turn},
    report, say,
};
use crate::{
    base::number::Key,
    cli::{Common, Exit, Fault, context::paint},
    infra::site::{Locale, trials::Deed},
    live::dialog::talk::hiding,
};

/// Talk to a flow in the terminal
///
/// Each line is what the caller says. /keys 123# presses keys, /silence says nothing; /done name=value and /failed are
/// the outcome of a task. Works from a pipe, too.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The flow
    #[arg(value_name = "FLOW")]
    flow: String,
    #[command(flatten)]
    place: Where,
    /// The caller's language; else the site's first
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    language: Option<Language>,
    /// The time that "tomorrow" is relative to, such as 2026-11-20T10:00; else the present
    #[arg(long, value_name = "TIME")]
    now: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Language {
    Zh,
    En,
}

pub(super) fn run(common: &Common, args: &Args) -> Result<Exit, Fault> {
    let site = match args.place.load(common)? {
        Ok(site) => site,
        Err(exit) => return Ok(exit),
    };
    let (name, _) = flow(&site, &args.flow)?;
    let now = match &args.now {
        Some(now) => now.parse::<DateTime>().map_err(|_| FlowFault::Now(now.clone()))?,
        None => jiff::Zoned::now().with_time_zone(site.time_zone.clone()).datetime(),
    };
    let language = match args.language {
        Some(Language::Zh) => Locale::Chinese,
        Some(Language::En) => Locale::English,
        None => site.languages[0],
    };
    let ears = ears(&site, &[name]);
    let mut caller = Rehearsal::new(&site, &ears, name, language, now);
    show(common, None, &caller.begin())?;
    let terminal = io::stdin().is_terminal();
    let mut lines = io::stdin().lock().split(b'\n');
    while !caller.over() {
        if terminal {
            eprint!("{} ", if caller.busy() { "task>" } else { "you>" });
            io::stderr().flush()?;
        }
        let Some(line) = lines.next() else { break };
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let secret = caller.asks_secret();
        let turn = match deed(line) {
            Ok(deed) => caller.does(&deed),
            Err(why) if terminal => {
                eprintln!("{why}");
                continue;
            }
            Err(why) => return Err(why.into()),
        };
        // A secret is echoed to nobody.
        let secret = secret || turn.heard.as_ref().is_some_and(|heard| heard.text != line);
        let line = if secret { hiding::blanked(line) } else { line.to_owned() };
        show(common, Some(line.as_str()).filter(|_| !terminal), &turn)?;
    }
    Ok(Exit::Done)
}

fn show(common: &Common, line: Option<&str>, turn: &Turn) -> Result<(), Fault> {
    if common.json {
        let mut told = report::json(turn);
        told["caller"] = json!(line);
        return say(&format!("{told}\n"));
    }
    let line = line.map(|line| format!("« {line}\n")).unwrap_or_default();
    say(&(line + &report::told(&paint(), turn)))
}

fn deed(line: &str) -> Result<Deed, FlowFault> {
    let Some(order) = line.strip_prefix('/') else { return Ok(Deed::Say(line.to_owned())) };
    let wrong = || FlowFault::Deed(line.to_owned());
    let (word, rest) = order.split_once(' ').unwrap_or((order, ""));
    match word {
        "keys" => rest.trim().chars().map(Key::new).collect::<Option<_>>().map(Deed::Keys).ok_or_else(wrong),
        "silence" => Ok(Deed::Silence),
        "failed" => Ok(Deed::Failed),
        "done" => {
            let pair =
                |pair: &str| pair.split_once('=').map(|(name, value)| (name.into(), SmolStr::new(value)));
            rest.split_whitespace().map(pair).collect::<Option<_>>().map(Deed::Done).ok_or_else(wrong)
        }
        _ => Err(wrong()),
    }
}
