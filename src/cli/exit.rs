//! How a command ends: its exit code, and the sentence on standard error.

use std::{io, path::PathBuf, process::ExitCode};

use crate::{
    http::Problem,
    infra::site::secret::SecretError,
    lab::LabError,
    provision::{ApplyError, PlanError, RevisionError},
};

/// Shown below the help.
pub(super) const CODES: &str = "Exit codes: 0 done · 1 failed · 2 wrong usage · 3 the site was refused by check · \
4 no daemon answers · 5 plan or replay found changes";

/// Exit codes. Scripts rely on them: they never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    RefusedByCheck = 3,
    Unreachable = 4,
    Changes = 5,
}

impl Exit {
    /// The parser ends with 0 after showing help or version, else with 2.
    pub(super) fn of_usage(code: i32) -> Self {
        if code == 0 { Self::Done } else { Self::Usage }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error(
        "no daemon answers at {}: {why}; start one with `tandem serve --site DIR`, or name its socket with \
         --socket or TANDEM_SOCKET, or its address with --url", socket.display()
    )]
    Unreachable { socket: PathBuf, why: String },
    #[error("{} may not be opened; run the command as the daemon's user, or as root", .0.display())]
    NotAllowed(PathBuf),
    #[error("the daemon at {} did not answer: {why}; look at its log, and restart it if it hangs", socket.display())]
    Silent { socket: PathBuf, why: String },
    #[error(
        "the daemon's answer to {path} is not understood: {why}; run the `tandem` of the daemon's version"
    )]
    Garbled { path: String, why: serde_json::Error },
    #[error(transparent)]
    Refused(Box<Problem>),
    #[error("there is no {what} {name}; {}", near(what, among))]
    NoSuch { what: &'static str, name: String, among: Vec<String> },
    #[error("`tandem top` needs a terminal; use `tandem status --watch`, or add --json")]
    NoTerminal,
    #[error(transparent)]
    Daemon(Box<crate::lifecycle::Failure>),
    #[error(transparent)]
    Replay(Box<crate::lifecycle::replay::ReplayError>),
    #[error("{} cannot be read: {why}; write it anew with `tandem calls export --format jsonl`", file.display())]
    Past { file: PathBuf, why: String },
    #[error(transparent)]
    Forgotten(#[from] crate::simulate::Forgotten),
    #[error(transparent)]
    Lab(#[from] LabError),
    #[error("no site is written into {}: {why}; name a folder that is empty or not there", dir.display())]
    NoSite { dir: PathBuf, why: io::Error },
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Apply(#[from] Box<ApplyError>),
    #[error(transparent)]
    Revision(#[from] RevisionError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Backup(Box<crate::lifecycle::backup::BackupError>),
    #[error(transparent)]
    Language(Box<super::language::LanguageFault>),
    #[error(transparent)]
    Flow(Box<super::flow::FlowFault>),
    #[error(transparent)]
    Measure(Box<super::speech::MeasureFault>),
    #[error(transparent)]
    Customer(#[from] super::customers::CustomerFault),
    #[error("a backup is no text for a terminal; name a file with --to, or pipe it on")]
    Terminal,
    #[error("the man pages cannot be written into {}: {why}; name a folder that you may write", folder.display())]
    NoPages { folder: PathBuf, why: io::Error },
    #[error("{} cannot be written: {why}; name a file that is not there, in a folder that you may write", file.display())]
    Unwritten { file: PathBuf, why: io::Error },
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
    #[error("cannot start: {0}; the system lacks memory or file handles")]
    Runtime(io::Error),
    #[error("the daemon tells no more of what happens: {0}; go on with `tandem events --after SEQ`")]
    Ended(String),
    #[error(transparent)]
    Remote(#[from] BadRemote),
    #[error("cannot make a client: {0}; please report this")]
    Client(reqwest::Error),
}

/// Why a daemon elsewhere cannot even be asked.
#[derive(Debug, thiserror::Error)]
pub enum BadRemote {
    #[error("{0} is no address of a daemon; write https://HOST:PORT")]
    Url(String),
    #[error(
        "no token; write it into a file with mode 0600 and name that by --token-file, or set TANDEM_TOKEN"
    )]
    NoToken,
    #[error("{} may be read by others; forbid it with `chmod 600 {}`", .0.display(), .0.display())]
    Open(PathBuf),
    #[error("the token cannot be read from {}: {why}; name another file by --token-file", file.display())]
    Token { file: PathBuf, why: String },
    #[error("{} gives no certificate: {why}; copy the daemon's secrets/http.crt, or name another file by --ca", file.display())]
    Ca { file: PathBuf, why: String },
}

impl Fault {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Unreachable { .. } | Self::NotAllowed(_) | Self::Silent { .. } => Exit::Unreachable,
            Self::NoTerminal | Self::Terminal | Self::Remote(_) => Exit::Usage,
            Self::Output(why) if why.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            _ => Exit::Failed,
        }
    }

    /// Whoever closed our output (`| head`) knows.
    pub(super) fn is_silent(&self) -> bool {
        matches!(self, Self::Output(why) if why.kind() == io::ErrorKind::BrokenPipe)
    }
}

fn near(what: &str, among: &[String]) -> String {
    if among.is_empty() {
        format!("the site has no {what} at all")
    } else {
        format!("there is {}", among.join(", "))
    }
}
