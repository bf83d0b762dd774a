//! `tandem doctor`: what is wrong with the machine around Tandem, why it matters, and what helps.

use std::path::PathBuf;

use comfy_table::Cell;
use serde_json::json;

use super::{
    Common, Exit, Fault,
    context::{Context, state_folder},
    paint::{Paint, Tone, clean, text as cell},
    show::print,
};
use crate::{
    lifecycle,
    live::switchboard::view::{EngineView, StatusView},
    provision::doctor::{Daemon, Finding, Patient, Verdict},
};

/// Look at the machine: what is wrong, why it matters, what helps
///
/// Looks at the site, private files, passwords, the daemon, the engine, trunks, prompts and recordings, who hears and
/// who speaks, ports, disk, clock, database and journal. Best run as root, who sees all of it. Ends with 0 when all is
/// well, with 1 when there is a fault.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The site's folder
    #[arg(value_name = "DIR", default_value = "/etc/tandem/site")]
    site: PathBuf,
    /// The daemon's state folder
    #[arg(long, value_name = "DIR", env = "TANDEM_STATE", hide_env_values = true)]
    state: Option<PathBuf>,
    /// Set right what is safe: modes of private files, missing folders
    #[arg(long)]
    fix: bool,
}

pub(super) async fn run(common: Common, args: Args) -> Result<Exit, Fault> {
    let cx = Context::new(common)?;
    let state = args.state.unwrap_or_else(state_folder);
    let daemon = daemon(&cx).await;
    let findings =
        lifecycle::doctor::examine(&Patient { site: &args.site, state: &state, daemon, fix: args.fix }).await;
    let faults = findings.iter().filter(|finding| finding.verdict == Verdict::Fault).count();
    if cx.json {
        print(&format!("{}\n", json!({ "well": faults == 0, "faults": faults, "findings": findings })))?;
    } else {
        print(&text(&cx.paint, &findings, faults))?;
    }
    Ok(if faults == 0 { Exit::Done } else { Exit::Failed })
}

async fn daemon(cx: &Context) -> Daemon {
    let status: StatusView = match cx.client.get("/v1/status").await {
        Ok(answer) => answer.value,
        Err(fault) => {
            return Daemon::Silent(fault.to_string().split("; ").next().unwrap_or_default().to_owned());
        }
    };
    let engine = match &status.engine {
        EngineView::Down { reason, .. } => {
            let what = format!("it has no engine: {reason}");
            Some((what, "see the engine's own row".to_owned()))
        }
        _ => None,
    };
    let troubles =
        status.troubles.iter().map(|trouble| (trouble.what.to_string(), trouble.remedy.to_string()));
    Daemon::Answers { version: status.version.to_string(), troubles: troubles.chain(engine).collect() }
}

fn text(paint: &Paint, findings: &[Finding], faults: usize) -> String {
    let row = |finding: &Finding| {
        let (word, tone) = word(finding.verdict);
        let state = cell(word);
        let state = match tone.color().filter(|_| paint.colour) {
            Some(color) => state.fg(color),
            None => state,
        };
        let mut what = clean(&finding.what);
        for (lead, more) in [("why: ", &finding.why), ("do: ", &finding.remedy)] {
            if let Some(more) = more {
                what = what + "\n" + lead + &clean(more);
            }
        }
        vec![cell(finding.check.word()), state, Cell::new(what)]
    };
    let table = paint.table(&["CHECK", "STATE", "WHAT"], findings.iter().map(row));
    let sum = match faults {
        0 => "No fault was found.".to_owned(),
        1 => "1 fault.".to_owned(),
        many => format!("{many} faults."),
    };
    format!("{table}\n{sum}\n")
}

fn word(verdict: Verdict) -> (&'static str, Tone) {
    match verdict {
        Verdict::Well => ("well", Tone::Good),
        Verdict::Fixed => ("fixed", Tone::Good),
        Verdict::Advice => ("advice", Tone::Busy),
        Verdict::Unseen => ("unseen", Tone::Busy),
        Verdict::Fault => ("fault", Tone::Bad),
    }
}
