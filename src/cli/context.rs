//! What all commands share: where the daemon is, and what the reader of the output looks at.

use std::{
    env,
    io::{self, IsTerminal},
    path::PathBuf,
};

use jiff::tz::TimeZone;
use ratatui::crossterm::terminal;

use super::{Fault, client::Client, paint::Paint};

/// Options of every command.
#[derive(Clone, Debug, clap::Args)]
pub struct Common {
    /// Print JSON as the daemon answers it
    #[arg(long, global = true)]
    pub json: bool,
    /// The daemon's admin socket
    #[arg(long, global = true, value_name = "PATH", env = "TANDEM_SOCKET", hide_env_values = true)]
    pub socket: Option<PathBuf>,
    #[command(flatten)]
    pub remote: Remote,
}

/// A daemon on another machine. The token is never an argument: those are seen by everybody.
#[derive(Clone, Debug, clap::Args)]
pub struct Remote {
    /// A daemon elsewhere, https://HOST:PORT; it wants a token
    #[arg(long, global = true, value_name = "URL", env = "TANDEM_URL", hide_env_values = true)]
    pub url: Option<String>,
    /// File with the token, mode 0600; or set `TANDEM_TOKEN`
    #[arg(long, global = true, value_name = "FILE", env = "TANDEM_TOKEN_FILE", hide_env_values = true)]
    pub token_file: Option<PathBuf>,
    /// File with the certificate (PEM) by which the daemon is known
    #[arg(long, global = true, value_name = "FILE", env = "TANDEM_CA", hide_env_values = true)]
    pub ca: Option<PathBuf>,
}

impl Common {
    /// The socket that was named, or the one of this user's daemon, or the system's.
    pub fn socket(&self) -> PathBuf {
        self.socket.clone().unwrap_or_else(|| {
            let system = PathBuf::from("/run/tandem/tandem.sock");
            let Some(own) = env::var_os("XDG_RUNTIME_DIR").filter(|dir| !dir.is_empty()) else {
                return system;
            };
            let own = PathBuf::from(own).join("tandem/tandem.sock");
            if !own.exists() && system.exists() { system } else { own }
        })
    }
}

/// A command's surroundings.
pub(super) struct Context {
    pub(super) client: Client,
    pub(super) json: bool,
    pub(super) paint: Paint,
    /// Whether standard output is a terminal.
    pub(super) terminal: bool,
}

impl Context {
    pub(super) fn new(common: Common) -> Result<Self, Fault> {
        let terminal = io::stdout().is_terminal();
        let client = match &common.remote.url {
            Some(url) => Client::remote(url, &common.remote)?,
            None => Client::local(common.socket())?,
        };
        Ok(Self { client, json: common.json, paint: paint(), terminal })
    }
}

/// What stands on standard output: colours on a terminal only, and never with `NO_COLOR`.
pub(super) fn paint() -> Paint {
    let terminal = io::stdout().is_terminal();
    let no_colour = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Paint {
        colour: terminal && !no_colour,
        width: if terminal { terminal::size().ok().map(|(columns, _)| columns) } else { None },
        zone: TimeZone::system(),
    }
}

/// Where the daemon keeps its state: systemd's folder, else the system's for root, else the user's.
pub(super) fn state_folder() -> PathBuf {
    let from = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    from("STATE_DIRECTORY")
        .or_else(|| from("XDG_STATE_HOME").map(|home| home.join("tandem")))
        .or_else(|| {
            from("HOME")
                .filter(|_| !nix::unistd::geteuid().is_root())
                .map(|home| home.join(".local/state/tandem"))
        })
        .unwrap_or_else(|| PathBuf::from("/var/lib/tandem"))
}
