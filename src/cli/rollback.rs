//! `tandem rollback`: the engine's files as a revision left them.

use serde_json::json;

use super::{
    Common, Exit, Fault,
    apply::{self, Kept},
    context::Context,
    paint::{Paint, number, text},
    show::print,
};
use crate::{
    base::clock::{Clock, SystemClock},
    provision::{self, History, Revision, Verdict},
};

/// List the engine's revisions, or take its files back to one
///
/// The site's own files are not touched: change them too, or the next `apply` makes the change again.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Take the files back to how this revision left them; 0 is what stood before the first
    #[arg(value_name = "REV")]
    revision: Option<u32>,
    #[command(flatten)]
    kept: Kept,
}

pub(super) async fn run(common: Common, args: Args) -> Result<Exit, Fault> {
    let cx = Context::new(common)?;
    let state = args.kept.folder();
    let Some(to) = args.revision else {
        let all = History::list(&state)?;
        print(&if cx.json { format!("{}\n", list(&all)) } else { table(&cx.paint, &all) })?;
        return Ok(Exit::Done);
    };
    let tell = |stage| apply::tell(&cx, &stage);
    let done = provision::rollback(to, args.kept.how(&state), tell).await.map_err(Box::new)?;
    if cx.json {
        print(&format!("{}\n", json!({ "revision": done.revision, "to": to, "files": done.files })))?;
        return Ok(Exit::Done);
    }
    print(&match done.revision {
        None => format!("everything is as revision {to} left it; nothing to change\n"),
        Some(number) => format!(
            "done: {} as revision {to} left them; this is revision {number}\n\
             the site is not touched: take the change back there too, or the next `tandem apply` makes it again\n",
            apply::files(done.files.len())
        ),
    })?;
    Ok(Exit::Done)
}

fn list(all: &[Revision]) -> serde_json::Value {
    let one = |revision: &Revision| {
        let files: Vec<_> = revision.files.iter().map(|kept| &kept.path).collect();
        json!({
            "number": revision.number, "at": revision.at, "site": revision.site,
            "verdict": revision.verdict, "files": files,
        })
    };
    all.iter().map(one).collect()
}

fn table(paint: &Paint, all: &[Revision]) -> String {
    if all.is_empty() {
        return "nothing was ever applied with this state folder\n".to_owned();
    }
    let now = SystemClock.now();
    let row = |revision: &Revision| {
        vec![
            number(revision.number),
            text(paint.time(revision.at, now)),
            text(revision.site.get(..12).unwrap_or(&revision.site)),
            number(revision.files.len()),
            text(words(&revision.verdict)),
        ]
    };
    paint.table(&["REV", "AT", "SITE", "FILES", "OUTCOME"], all.iter().rev().map(row))
        + "`tandem rollback REV` takes the files back to how REV left them; 0 is what stood before the first\n"
}

fn words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Begun => "cut short; `tandem apply` goes on with it".to_owned(),
        Verdict::Verified => "verified".to_owned(),
        Verdict::Written { why } => format!("written; the engine was not reached: {why}"),
        Verdict::Restored { why } => format!("taken back: {why}"),
        Verdict::Back { to } => format!("taken back to {to}"),
    }
}
