//! Looks at the machine around Tandem and says what is wrong with it, why that matters, and what helps.
//!
//! Nothing is changed by looking. With `fix`, what is safe is set right and said: modes of private files, folders that
//! are missing. Everything else is the admin's decision. What cannot be looked at is said too, never passed over.

mod audio;
mod browsers;
mod clock;
mod disk;
mod engine;
mod files;
mod modes;
mod modules;
mod passwords;
mod people;
mod ports;
mod rows;
mod sockets;
mod speech;
mod trunks;

use std::path::Path;

use serde::Serialize;

use crate::infra::{
    db::Db,
    site::{self, Severity, Site},
};

/// What was looked at. The names are stable, scripts may rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Check {
    Site,
    Modes,
    Passwords,
    Daemon,
    Engine,
    Trunks,
    Audio,
    Speech,
    Ports,
    Disk,
    Clock,
    Database,
    Journal,
}

impl Check {
    pub fn word(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Modes => "modes",
            Self::Passwords => "passwords",
            Self::Daemon => "daemon",
            Self::Engine => "engine",
            Self::Trunks => "trunks",
            Self::Audio => "audio",
            Self::Speech => "speech",
            Self::Ports => "ports",
            Self::Disk => "disk",
            Self::Clock => "clock",
            Self::Database => "database",
            Self::Journal => "journal",
        }
    }
}

/// How it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Well,
    /// Was a fault, and is set right now.
    Fixed,
    /// Works, and could be better.
    Advice,
    /// Could not be looked at.
    Unseen,
    Fault,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub check: Check,
    pub verdict: Verdict,
    pub what: String,
    /// Why it matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// What the daemon says of itself, as its doors told it.
#[derive(Clone, Debug)]
pub enum Daemon {
    /// With what it finds wrong: what, and the remedy.
    Answers {
        version: String,
        troubles: Vec<(String, String)>,
    },
    Silent(String),
}

/// Where to look.
pub struct Patient<'a> {
    pub site: &'a Path,
    pub state: &'a Path,
    pub daemon: Daemon,
    /// Set right what is safe.
    pub fix: bool,
}

/// What was found so far.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(
        &mut self,
        check: Check,
        verdict: Verdict,
        what: impl Into<String>,
        why: &str,
        remedy: impl Into<String>,
    ) {
        let some = |text: String| (!text.is_empty()).then_some(text);
        let (why, remedy) = (some(why.to_owned()), some(remedy.into()));
        self.0.push(Finding { check, verdict, what: what.into(), why, remedy });
    }

    fn well(&mut self, check: Check, what: impl Into<String>) {
        self.add(check, Verdict::Well, what, "", "");
    }

    fn fault(&mut self, check: Check, what: impl Into<String>, why: &str, remedy: impl Into<String>) {
        self.add(check, Verdict::Fault, what, why, remedy);
    }

    fn advice(&mut self, check: Check, what: impl Into<String>, why: &str, remedy: impl Into<String>) {
        self.add(check, Verdict::Advice, what, why, remedy);
    }

    fn unseen(&mut self, check: Check, what: impl Into<String>, remedy: impl Into<String>) {
        self.add(check, Verdict::Unseen, what, "", remedy);
    }

    fn fixed(&mut self, check: Check, what: impl Into<String>, why: &str) {
        self.add(check, Verdict::Fixed, what, why, "");
    }

    /// An error whose sentence names the remedy behind its first semicolon or colon.
    fn error(&mut self, check: Check, error: impl std::fmt::Display, why: &str) {
        let text = error.to_string();
        let (what, remedy) = text.split_once("; ").unwrap_or((&text, ""));
        self.fault(check, what, why, remedy);
    }
}

/// Looks at everything. `rows` opens the database that a site names.
pub async fn examine(patient: &Patient<'_>, rows: impl FnOnce(&Site) -> Db) -> Vec<Finding> {
    let mut to = Findings::default();
    // Before the site is read: it is refused while others can read its secrets.
    modes::look(patient, &mut to);
    let site = of_site(patient.site, &mut to);
    of_daemon(&patient.daemon, &mut to);
    disk::look(patient.state, &mut to);
    clock::look(site.as_ref(), &mut to).await;
    if let Some(site) = &site {
        passwords::look(site, &mut to);
        let up = engine::look(site, &mut to).await;
        browsers::look(site, &mut to);
        trunks::look(site, &mut to).await;
        audio::look(site, patient, &mut to);
        speech::look(site, patient.state, up, &mut to).await;
        ports::look(site, up, &mut to);
        rows::look(&rows(site), &mut to).await;
    } else {
        use Check as C;
        for check in [C::Passwords, C::Engine, C::Trunks, C::Audio, C::Speech, C::Ports, C::Database] {
            to.unseen(check, "the site says what to look at, and it is refused", "set the site right first");
        }
    }
    files::look(patient.state, &mut to).await;
    to.0
}

fn of_site(dir: &Path, to: &mut Findings) -> Option<Site> {
    let checked = site::check(dir);
    let place = dir.display();
    let problems = checked.problems.0.iter();
    let errors: Vec<_> = problems.filter(|problem| problem.severity == Severity::Error).collect();
    match (checked.site, errors.first()) {
        (Some(site), None) => {
            to.well(Check::Site, format!("{place}: {}, revision {}", site.name, site.revision));
            Some(site)
        }
        (_, first) => {
            let what = match first {
                Some(first) => {
                    let more = errors.len() - 1;
                    let (file, line, message) = (&first.file, first.line, &first.message);
                    format!("{place}: {file}:{line}: {message}; {more} more errors")
                }
                None => format!("{place}: the site is refused"),
            };
            let why = "the daemon does not start on it, and a running one keeps the site before it";
            to.fault(
                Check::Site,
                what,
                why,
                format!("`tandem check {place}` tells all errors with their remedies"),
            );
            None
        }
    }
}

fn of_daemon(daemon: &Daemon, to: &mut Findings) {
    match daemon {
        Daemon::Silent(why) => {
            let matters = "nobody leads the calls; callers go to the fallback extension";
            to.fault(
                Check::Daemon,
                why.clone(),
                matters,
                "`systemctl status tandem`, `journalctl -u tandem`",
            );
        }
        Daemon::Answers { version, troubles } => {
            let own = env!("CARGO_PKG_VERSION");
            if version == own {
                to.well(Check::Daemon, format!("answers, version {version}"));
            } else {
                let what = format!("the daemon is version {version}, this program {own}");
                to.advice(
                    Check::Daemon,
                    what,
                    "a new version rules from its start on",
                    "`systemctl restart tandem`",
                );
            }
            for (what, remedy) in troubles {
                to.fault(Check::Daemon, what.clone(), "the daemon itself finds it wrong", remedy.clone());
            }
        }
    }
}
