//! `tandem apply`: the engine follows the site, and the daemon after it.

mod daemon;

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{
    Common, Exit, Fault, check,
    context::{Context, state_folder},
    paint::{Paint, Tone},
    plan,
    show::print,
};
use crate::{
    base::clock::{Clock, SystemClock},
    infra::site::secret,
    provision::{self, Applied, How, Reached, Stage},
};
use daemon::Followed;

/// Make the engine follow the site; what it refuses is put back
///
/// A second `apply` changes nothing. What stands outside of Tandem's marks is kept.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The site's folder
    #[arg(value_name = "DIR", default_value = ".")]
    site: PathBuf,
    #[command(flatten)]
    kept: Kept,
}

/// Where revisions are kept.
#[derive(Debug, clap::Args)]
pub(super) struct Kept {
    /// The daemon's state folder; revisions are kept there
    #[arg(long, value_name = "DIR", env = "TANDEM_STATE", hide_env_values = true)]
    state: Option<PathBuf>,
    /// Write the files and leave the engine alone
    #[arg(long)]
    files_only: bool,
}

impl Kept {
    pub(super) fn folder(&self) -> PathBuf {
        self.state.clone().unwrap_or_else(state_folder)
    }

    /// How a change is made, with revisions in `state`.
    pub(super) fn how<'a>(&self, state: &'a Path) -> How<'a> {
        How { state, files_only: self.files_only, now: SystemClock.now() }
    }
}

pub(super) async fn run(common: Common, args: Args) -> Result<Exit, Fault> {
    let Some(site) = plan::load(&args.site) else {
        return check::run(&common, &check::Args { site: args.site });
    };
    let cx = Context::new(common)?;
    secret::make_missing(&site)?;
    let state = args.kept.folder();
    let tell = |stage: Stage| tell(&cx, &stage);
    let applied = provision::apply(&site, args.kept.how(&state), tell).await.map_err(Box::new)?;
    let followed =
        if args.kept.files_only { Followed::Absent } else { daemon::follow(&cx, &site.revision).await };
    if cx.json {
        let (reached, why) = match &applied.reached {
            Reached::Verified => ("verified", None),
            Reached::Not { why } => ("not reached", Some(why)),
            Reached::NoEngine => ("simulated", None),
        };
        let Applied { revision, files, restart, .. } = &applied;
        let engine = json!({ "state": reached, "why": why, "restart": restart });
        let answer = json!({ "revision": revision, "files": files, "engine": engine, "daemon": followed });
        print(&format!("{answer}\n"))?;
    } else {
        print(&summary(&cx.paint, &applied, followed))?;
    }
    Ok(if followed == Followed::Refused { Exit::Failed } else { Exit::Done })
}

/// One line for each stage.
pub(super) fn tell(cx: &Context, stage: &Stage) {
    if cx.json {
        return;
    }
    let (word, tone, text) = match stage {
        Stage::Compared { changes: 0 } => return,
        Stage::Compared { changes } => ("compared", Tone::Good, format!("{} to change", files(*changes))),
        Stage::Kept { revision } => {
            ("kept", Tone::Good, format!("what stood before, as revision {revision}"))
        }
        Stage::Swapped { files: count } => ("swapped", Tone::Good, files(*count)),
        Stage::Reloaded => ("reloaded", Tone::Good, "the engine has read them".to_owned()),
        Stage::Verified => ("verified", Tone::Good, "it has every phone and trunk".to_owned()),
        Stage::NotReached { why } => {
            ("waiting", Tone::Busy, format!("the files are for the engine's next start: {why}"))
        }
        Stage::Restored { files: count } => {
            ("restored", Tone::Bad, format!("{}, to the byte", files(*count)))
        }
    };
    let line = format!("{} {text}\n", cx.paint.word(&format!("{word:>9}"), tone));
    // A reader that is gone does not stop a change halfway.
    let _gone = print(&line);
}

pub(super) fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}

fn summary(paint: &Paint, applied: &Applied, followed: Followed) -> String {
    let mut text = match (applied.revision, &applied.reached) {
        (_, Reached::NoEngine) => "the simulated engine has no configuration; nothing to do\n".to_owned(),
        (None, _) => "nothing to change\n".to_owned(),
        (Some(number), _) => {
            format!("done: revision {number}; `tandem rollback {}` takes it back\n", number - 1)
        }
    };
    if applied.restart {
        let word = paint.word("restart", Tone::Busy);
        text = text + &word + " the engine when no call is up: its addresses or passwords changed\n";
    }
    text + followed.words()
}
