//! `tandem backup` and `tandem restore`: everything that is needed to go on elsewhere, and the proof that it helps.

use std::{
    fmt::Write as _,
    fs::{self, OpenOptions},
    io::{self, IsTerminal, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{Common, Exit, Fault, check, context::state_folder, paint, show::print};
use crate::{
    base::clock::{Clock, SystemClock},
    lifecycle::backup::{self, BackupError, Drill, Places},
};

/// Put site, passwords, journal with keys, rows, prompts and recordings into one file
///
/// The daemon may run meanwhile. The file is closed to others: whoever has it has every password of the site and can
/// read every call. Encrypt it before it leaves the machine: `tandem backup --to - | age -r KEY > tandem.age`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file; `-` is standard output. Without it a new one of today in this folder
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Leave the rows of finished calls, users and the audit out
    #[arg(long)]
    without_rows: bool,
    #[command(flatten)]
    places: Folders,
}

/// Go on from a backup: into folders that are empty or not there, while no daemon runs
#[derive(Debug, clap::Args)]
pub(super) struct RestoreArgs {
    /// The backup
    file: PathBuf,
    /// Only try: restore into a folder that goes away, open all of it, count, and say what would be lost
    #[arg(long)]
    drill: bool,
    /// Leave the rows of finished calls, users and the audit out; the database is not asked
    #[arg(long, conflicts_with = "drill")]
    without_rows: bool,
    #[command(flatten)]
    places: Folders,
}

#[derive(Debug, clap::Args)]
struct Folders {
    /// The site's folder
    #[arg(long, value_name = "DIR", default_value = "/etc/tandem/site")]
    site: PathBuf,
    /// The daemon's state folder
    #[arg(long, value_name = "DIR", env = "TANDEM_STATE", hide_env_values = true)]
    state: Option<PathBuf>,
}

impl Folders {
    fn places(self) -> Places {
        Places { site: self.site, state: self.state.unwrap_or_else(state_folder) }
    }
}

pub(super) async fn run(common: Common, args: Args) -> Result<Exit, Fault> {
    let (places, rows) = (args.places.places(), !args.without_rows);
    let named = args.to.unwrap_or_else(|| {
        let now = SystemClock.now().zoned(&jiff::tz::TimeZone::system());
        now.strftime("tandem-%Y%m%d-%H%M%S.tar.zst").to_string().into()
    });
    let bar = bar();
    let mut progress = |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    };
    let made = if named == Path::new("-") {
        if io::stdout().is_terminal() {
            return Err(Fault::Terminal);
        }
        backup::backup(&places, rows, io::stdout().lock(), &mut progress).await.map(|(_, manifest)| manifest)
    } else {
        into_file(&places, rows, &named, &mut progress).await
    };
    bar.finish_and_clear();
    let manifest = match made {
        Ok(manifest) => manifest,
        Err(BackupError::Site(_)) => return check::run(&common, &check::Args { site: places.site }),
        Err(error) => return Err(Fault::Backup(Box::new(error))),
    };
    if named == Path::new("-") {
        return Ok(Exit::Done);
    }
    let (about, files) = (&manifest.about, manifest.parts.len());
    if common.json {
        print(&format!("{}\n", json!({ "file": named, "about": about, "parts": manifest.parts })))?;
    } else {
        let size = fs::metadata(&named).map_or(0, |meta| meta.len()) / 1000;
        print(&format!(
            "{}: {} calls, {} prompts, {} recordings, {} in {files} files, {size} kB\n\
             Whoever has it has every password and every call: keep it closed, and try it: `tandem restore --drill {}`\n",
            named.display(),
            about.calls,
            about.prompts,
            about.recordings,
            about.site,
            named.display()
        ))?;
    }
    for fault in &about.faults {
        eprintln!("tandem: the backup was made, but {fault}");
    }
    Ok(if about.faults.is_empty() { Exit::Done } else { Exit::Failed })
}

/// Beside its place first: a backup that is there is whole.
async fn into_file(
    places: &Places,
    rows: bool,
    named: &Path,
    progress: backup::Progress<'_>,
) -> Result<crate::infra::archive::Manifest<backup::About>, BackupError> {
    let failed = |why| BackupError::Folder { path: named.to_owned(), why };
    let draft = named.with_added_extension("part");
    if named.exists() {
        return Err(BackupError::Taken(named.to_owned()));
    }
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)
        .map_err(failed)?;
    let made = async {
        let (mut to, manifest) = backup::backup(places, rows, io::BufWriter::new(file), progress).await?;
        to.flush().and_then(|()| to.get_ref().sync_all()).map_err(failed)?;
        fs::rename(&draft, named).map_err(failed)?;
        Ok(manifest)
    };
    let made = made.await;
    if made.is_err() {
        let _half = fs::remove_file(&draft);
    }
    made
}

pub(super) async fn restore(common: Common, args: RestoreArgs) -> Result<Exit, Fault> {
    let places = args.places.places();
    let bar = bar();
    let size = fs::metadata(&args.file).map_or(0, |meta| meta.len());
    // What comes out is some three times of what is in the file.
    bar.set_length(size * 3);
    let told = |bytes| bar.inc(bytes);
    let fault = |error| Fault::Backup(Box::new(error));
    if args.drill {
        let drilled = backup::drill(&args.file, &std::env::temp_dir(), &places, told).await;
        bar.finish_and_clear();
        let drill = drilled.map_err(fault)?;
        let text = if common.json { format!("{}\n", json!(drill)) } else { drilled_text(&drill) };
        print(&text)?;
        return Ok(if drill.faults.is_empty() { Exit::Done } else { Exit::Failed });
    }
    let restored = backup::restore(&args.file, &places, !args.without_rows, told).await;
    bar.finish_and_clear();
    let restored = restored.map_err(fault)?;
    if common.json {
        print(&format!("{}\n", json!(restored)))?;
    } else {
        let (site, state) = (restored.site.display(), restored.state.display());
        print(&format!(
            "{} files of {} are in {site} and {state}, as they were at {}\n\
             {}next: `tandem doctor {site}`, `tandem apply {site}`, and start the daemon\n",
            restored.files,
            restored.about.site,
            restored.about.made,
            restored.rows_kept.as_deref().map(|why| kept_text(why, &restored.state)).unwrap_or_default(),
        ))?;
    }
    Ok(Exit::Done)
}

fn kept_text(why: &str, state: &Path) -> String {
    let rows = state.join("tandem.db");
    format!(
        "the rows stay in {}, for the site does not say where else they belong: {why}\
         remove `store` from site.yaml to go on with them there\n",
        rows.display()
    )
}

fn drilled_text(drill: &Drill) -> String {
    let about = &drill.about;
    let span = |millis| paint::span(std::time::Duration::from_millis(millis));
    let mut text = format!(
        "Backup    {}, made at {} by version {}\n\
         Files     {}, {} MB, each as it was written (SHA-256)\n\
         Calls     {} finished, {} live\n\
         Journal   {} entries, live state rebuilt\n\
         Audit     {} rows, unbroken\n\
         Took      {}.{:03} s\n",
        about.site,
        about.made,
        about.version,
        drill.files,
        drill.bytes / 1_000_000,
        drill.calls,
        drill.live_calls,
        drill.journal_entries,
        drill.audit_rows,
        drill.took_ms / 1000,
        drill.took_ms % 1000,
    );
    let calls = match drill.lost_calls {
        Some(calls) => format!("; {calls} calls ended since"),
        None => "; the present rows could not be asked how many calls".to_owned(),
    };
    let _fits = writeln!(text, "Lost      what happened in the last {}{calls}", span(drill.lost_ms));
    for fault in &drill.faults {
        let _fits = writeln!(text, "Fault     {fault}");
    }
    text + if drill.faults.is_empty() {
        "A daemon would go on with it.\n"
    } else {
        "Do not rely on it: make another.\n"
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("{bar:40} {bytes} of {total_bytes}, {eta} left");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
