//! A real engine and real phones on loopback, for the demo and the tests: ports nobody else uses, folders that
//! vanish, programs that die with us. Nothing here is part of a production daemon.

pub mod asterisk;
pub mod cast;
pub mod freeswitch;
pub mod ports;
pub mod program;
pub mod rundir;
pub mod sample;
pub mod softphone;
pub mod unpack;
pub mod voice;

use std::{io, path::PathBuf, time::Duration};

use crate::{
    infra::site::{Problems, secret::SecretError},
    provision::{BlockError, RenderError},
};

/// Why something of the lab does not stand.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    #[error("no {0} free ports between 12000 and 32000 on 127.0.0.1; stop other demos or tests")]
    NoPorts(u16),
    #[error("cannot make {}: {why}; free some space or set TMPDIR to a folder that you may write to", path.display())]
    Folder { path: PathBuf, why: io::Error },
    #[error("cannot start {program}: {why}; {remedy}")]
    Start { program: String, why: io::Error, remedy: String },
    #[error("{program} ended at once ({status}); see {}", log.display())]
    Died { program: String, status: String, log: PathBuf },
    #[error("{program} was not ready within {} s; see {}", patience.as_secs(), log.display())]
    NotReady { program: String, patience: Duration, log: PathBuf },
    #[error(
        "port {port} ({what}) on 127.0.0.1 is taken; stop what holds it (`ss -lnp | grep {port}`) or choose another"
    )]
    Taken { port: u16, what: &'static str },
    #[error("no Asterisk in {}; run scripts/asterisk-unpack", path.display())]
    NoTree { path: PathBuf },
    #[error("cannot read {}: {why}; write the password into it, mode 0600", path.display())]
    Secret { path: PathBuf, why: io::Error },
    #[error("Asterisk could not be unpacked ({status}); the lines above say why")]
    Unpack { status: String },
    #[error("the example site is refused (a defect of Tandem): {0:?}")]
    Sample(Problems),
    #[error("no FreeSWITCH in PATH; name the program in TANDEM_FREESWITCH, or take another engine")]
    NoFreeswitch,
    #[error(transparent)]
    Password(#[from] SecretError),
    #[error(transparent)]
    Config(#[from] RenderError),
    #[error(transparent)]
    Block(#[from] BlockError),
}
