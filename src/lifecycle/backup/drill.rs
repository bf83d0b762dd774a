//! A drill: the backup is restored into a folder of its own and opened as a daemon would open it, so that it is known
//! today whether it would help tomorrow.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{About, BackupError, Places, Staged, restore::unpacked};
use crate::{
    base::{
        clock::{Clock, Stamp, SystemClock},
        id::{CallId, SoundId},
    },
    desk::audit::Audit,
    infra::{
        db::Db,
        journal::{self, Health, Journal, Payload},
        site::{self, Site},
    },
    lifecycle::store,
    live::{
        record::{CallRecord, Disposed, store::CallStore},
        switchboard::{
            self, Outlet, Turn,
            view::{AlertNews, Done, Trouble, Why, Words},
        },
    },
};

/// What a drill found.
#[derive(Clone, Debug, Serialize)]
pub struct Drill {
    pub about: About,
    pub files: usize,
    pub bytes: u64,
    /// Rows of finished calls, as counted in what was restored.
    pub calls: u64,
    pub audit_rows: i64,
    pub journal_entries: u64,
    /// Calls that a daemon would take over, if the engine still had them.
    pub live_calls: usize,
    /// What is not as it should be; empty: a daemon would go on with it.
    pub faults: Vec<String>,
    pub took_ms: u64,
    /// What happened since the backup was made would be lost.
    pub lost_ms: u64,
    /// Calls that ended since, where the present rows could be asked.
    pub lost_calls: Option<u64>,
}

/// Restores into a new folder in `folder`, looks at everything, and removes it. `present` is what a restore would
/// replace.
pub async fn drill(
    file: &Path,
    folder: &Path,
    present: &Places,
    told: impl FnMut(u64),
) -> Result<Drill, BackupError> {
    let begun = Instant::now();
    let staged = Staged::of(folder)?;
    let manifest = unpacked(file, &staged.0, told)?;
    let about = manifest.about;
    let (site, state) = (staged.0.join("site"), staged.0.join("state"));
    let mut drill = Drill {
        files: manifest.parts.len(),
        bytes: manifest.parts.iter().map(|part| part.bytes).sum(),
        calls: 0,
        audit_rows: 0,
        journal_entries: 0,
        live_calls: 0,
        faults: Vec::new(),
        took_ms: 0,
        lost_ms: millis(SystemClock.now().since(about.made)),
        lost_calls: since(present, about.made).await,
        about,
    };
    match site::load(&site) {
        Ok(site) => {
            if *site.revision != *drill.about.revision {
                drill.faults.push(format!("the site is revision {}", site.revision));
            }
            drill.open(&Arc::new(site), &state);
        }
        Err(problems) => drill.faults.push(format!("the site is refused: {} errors", problems.errors())),
    }
    drill.read(&state);
    drill.count(&state).await;
    drill.files_of(&state);
    drill.took_ms = millis(begun.elapsed());
    Ok(drill)
}

impl Drill {
    /// As at a start: snapshot and journal make live state again.
    fn open(&mut self, site: &Arc<Site>, state: &Path) {
        let (journal, recovered) = match Journal::open(state, journal::Options::default()) {
            Ok(opened) => opened,
            Err(error) => return self.faults.push(error.to_string()),
        };
        match switchboard::recover(recovered, site, SystemClock.now(), &mut Nobody) {
            Ok(board) => self.live_calls = board.live_calls(),
            Err(error) => self.faults.push(format!("live state cannot be rebuilt: {error}")),
        }
        let health = journal.close();
        if !health.is_good() {
            self.faults.push(format!("the journal cannot be written: {health}"));
        }
    }

    /// Every entry, from the first that is kept.
    fn read(&mut self, state: &Path) {
        let entries = match journal::read(state, journal::Options::default().schema) {
            Ok(entries) => entries,
            Err(error) => return self.faults.push(error.to_string()),
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => return self.faults.push(error.to_string()),
            };
            self.journal_entries += 1;
            if let Payload::Gap { first } | Payload::Damaged { first } = entry.payload {
                self.faults.push(format!("journal entries {first} to {} are missing", entry.seq));
            }
        }
    }

    /// Rows as many as were counted when the backup was made, the audit unbroken up to the same end.
    async fn count(&mut self, state: &Path) {
        let file = state.join("tandem.db");
        if file.exists() {
            let db = Db::sqlite(file);
            match CallStore::new(db.clone()).count(None).await {
                Ok(calls) => self.calls = calls,
                Err(error) => self.faults.push(error.to_string()),
            }
            match Audit::new(db.clone()).verify().await {
                Ok(sound) => {
                    self.audit_rows = sound.rows;
                    if (sound.rows, &sound.hash) != (self.about.audit_rows, &self.about.audit_hash) {
                        self.faults.push(format!("the audit ends with row {} and another hash", sound.rows));
                    }
                }
                Err(error) => self.faults.push(error.to_string()),
            }
            db.close().await;
        }
        if self.calls != self.about.calls {
            let (there, written) = (self.calls, self.about.calls);
            self.faults.push(format!("{there} finished calls of {written} are there"));
        }
    }

    fn files_of(&mut self, state: &Path) {
        for (folder, wanted) in [("prompts", self.about.prompts), ("recordings", self.about.recordings)] {
            let there = fs::read_dir(state.join(folder)).into_iter().flatten().count() as u64;
            if there != wanted {
                self.faults.push(format!("{there} files of {wanted} are in {folder}"));
            }
        }
    }
}

async fn since(present: &Places, made: Stamp) -> Option<u64> {
    let site = site::load(&present.site).ok()?;
    let db = store::open(&site.store, &present.state);
    let look = db.look().await.ok().flatten()?;
    // To count is to bring forward, which is nothing that a drill may do to a daemon that runs.
    if look.schema != look.known {
        return None;
    }
    let lost = CallStore::new(db.clone()).count(Some(made)).await.ok();
    db.close().await;
    lost
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// A drill tells nobody.
struct Nobody;

impl Outlet for Nobody {
    fn forget(&mut self, _sound: &SoundId) {}
    fn record(&mut self, _: &CallRecord) {}
    fn disposed(&mut self, _: &Disposed) {}
    fn told(&mut self, _: CallId, _: &Why) {}
    fn words(&mut self, _: Words) {}
    fn done(&mut self, _: Done) {}
    fn alert(&mut self, _: AlertNews) {}
    fn turned(&mut self, _: Turn) {}
    fn health(&mut self, _: Health) {}
    fn troubles(&self) -> Vec<Trouble> {
        Vec::new()
    }
}
