//! `tandem plan`: what `apply` would change, and which live calls hang on it. Writes nothing.

mod touched;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{
    Common, Exit, Fault, check,
    context::Context,
    paint::{Paint, Tone},
    show::print,
};
use crate::{
    infra::site::{self, Site},
    provision::{self, Change, Kind, Plan, Side, Target},
};
use touched::{Touched, touched};

/// Show what `apply` would change at the engine, and which live calls that touches
///
/// Writes nothing. Ends with 5 when there are changes, with 0 when there are none.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The site's folder
    #[arg(value_name = "DIR", default_value = ".")]
    site: PathBuf,
}

pub(super) async fn run(common: Common, args: Args) -> Result<Exit, Fault> {
    let Some(site) = load(&args.site) else {
        return check::run(&common, &check::Args { site: args.site });
    };
    let cx = Context::new(common)?;
    let Some(target) = Target::drafted(&site)? else {
        print(&if cx.json { format!("{}\n", json(None, None)) } else { simulated(&site) })?;
        return Ok(Exit::Done);
    };
    let plan = provision::plan(&target)?;
    let calls = if plan.pieces.is_empty() { Some(Vec::new()) } else { touched(&cx, &plan, &site).await };
    if cx.json {
        print(&format!("{}\n", json(Some(&plan), calls.as_deref())))?;
    } else {
        print(&text(&cx.paint, &plan, calls.as_deref()))?;
    }
    Ok(if plan.is_empty() { Exit::Done } else { Exit::Changes })
}

/// The site, if it is sound.
pub(super) fn load(dir: &Path) -> Option<Site> {
    site::check(dir).site
}

pub(super) fn simulated(site: &Site) -> String {
    format!("{}: the simulated engine has no configuration; nothing to do\n", site.name)
}

/// `calls` is `None` when no daemon answered.
fn json(plan: Option<&Plan>, calls: Option<&[Touched]>) -> Value {
    let change = |change: &Change| {
        let modes =
            change.modes().map(|(before, after)| json!([format!("{before:04o}"), format!("{after:04o}")]));
        json!({ "file": change.file, "kind": change.kind, "modes": modes, "diff": change.lines() })
    };
    json!({
        "folder": plan.map(|plan| &plan.folder),
        "changes": plan.map_or_else(Vec::new, |plan| plan.changes.iter().map(change).collect()),
        "restart": plan.is_some_and(Plan::needs_restart),
        "touches": plan.map_or_else(Vec::new, |plan| plan.pieces.iter().map(ToString::to_string).collect()),
        "calls": calls,
    })
}

fn text(paint: &Paint, plan: &Plan, calls: Option<&[Touched]>) -> String {
    let folder = plan.folder.display();
    if plan.is_empty() {
        return format!("{folder}: {}; nothing to change\n", paint.word("as the site wants it", Tone::Good));
    }
    let mut text = String::new();
    for change in &plan.changes {
        text += &picture(paint, plan, change);
        text.push('\n');
    }
    match calls {
        Some(calls) => calls.iter().for_each(|call| text += &call.line(paint)),
        None => text += "no daemon answers: whether live calls hang on it is not known\n",
    }
    if plan.needs_restart() {
        let word = paint.word("restart", Tone::Bad);
        text = text
            + &word
            + ": addresses or passwords of the engine change; it takes them up at its next start\n";
    }
    let files = match plan.changes.len() {
        1 => "1 file".to_owned(),
        n => format!("{n} files"),
    };
    text + &format!("{folder}: {} would change; `tandem apply` does it\n", paint.word(&files, Tone::Busy))
}

/// One file's unified diff.
fn picture(paint: &Paint, plan: &Plan, change: &Change) -> String {
    let name = plan.folder.join(&change.file);
    let kind = match change.kind {
        Kind::Create => "new",
        Kind::Change => "changed",
    };
    let mut text = format!("{} ({kind})\n", name.display());
    if let Some((before, after)) = change.modes() {
        text = text + "mode " + &format!("{before:04o} -> {after:04o}\n");
    }
    for line in change.lines() {
        let tone = match line.side {
            Side::Head => Tone::Busy,
            Side::Same => Tone::Plain,
            Side::Gone => Tone::Bad,
            Side::New => Tone::Good,
        };
        text += &paint.word(&format!("{}{}", line.sign(), line.text), tone);
        text.push('\n');
    }
    text
}
