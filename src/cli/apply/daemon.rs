//! The daemon after a change: it is told to read the site again, and asked whether it has.

use std::{fs, time::Duration};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde::Serialize;
use tokio::{net::UnixStream, time};

use crate::{cli::context::Context, live::switchboard::view::StatusView};

/// Prompts that are new are made before a site takes effect.
const PATIENCE: Duration = Duration::from_secs(30);
const STEP: Duration = Duration::from_millis(100);

/// Whether the daemon has the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Followed {
    /// None answers.
    Absent,
    /// It has this revision.
    Has,
    /// It was told and keeps the old one.
    Refused,
    /// It may not be told from here.
    Untold,
}

impl Followed {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Absent => "",
            Self::Has => "the daemon has this site\n",
            Self::Refused => {
                "the daemon keeps the site that it had: it reads another folder, or its log says why it refused\n"
            }
            Self::Untold => "the daemon has another site: `systemctl reload tandem` lets it read this one\n",
        }
    }
}

/// Lets the daemon read its site's folder again, as SIGHUP does, until it has `revision`.
pub(super) async fn follow(cx: &Context, revision: &str) -> Followed {
    let now = async || cx.client.get::<StatusView>("/v1/status").await.map(|answer| answer.value.revision);
    match now().await {
        Err(_) => return Followed::Absent,
        Ok(has) if has == revision => return Followed::Has,
        Ok(_) => {}
    }
    let Some(pid) = daemon(cx).await else { return Followed::Untold };
    if kill(pid, Signal::SIGHUP).is_err() {
        return Followed::Untold;
    }
    let taken = async {
        while now().await.ok().is_none_or(|has| has != revision) {
            time::sleep(STEP).await;
        }
    };
    match time::timeout(PATIENCE, taken).await {
        Ok(()) => Followed::Has,
        Err(_) => Followed::Refused,
    }
}

/// The process behind the socket, when it is a `tandem`: a socket may have been opened by somebody else for it.
async fn daemon(cx: &Context) -> Option<Pid> {
    let stream = UnixStream::connect(cx.client.socket()).await.ok()?;
    let pid = stream.peer_cred().ok()?.pid()?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    (name.trim_end() == "tandem").then(|| Pid::from_raw(pid))
}
