//! What the service manager is told: that the daemon answers, how it is, that it reads its site anew, that it stops.
//!
//! The watchdog is fed from behind the switchboard's own queue: whoever asks there is answered by the one loop that
//! leads calls, between two turns of it. A loop that is stuck answers nobody, however well the other threads do, and
//! the service manager ends the daemon; the next one takes the calls over. Without a service manager nothing is told.

use std::{
    env, io,
    path::{Path, PathBuf},
    time::Duration,
};

use sd_notify::NotifyState;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    sync::oneshot,
    time::{sleep, timeout},
};

use crate::live::switchboard::{
    door::Door,
    view::{EngineView, Query, StatusView, View},
};

/// How often the status is told when no watchdog asks for more.
const USUAL: Duration = Duration::from_secs(10);
/// How often the doors are tried until they answer.
const TRY: Duration = Duration::from_millis(50);
/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tells that the daemon answers as soon as it does, and from then on how it is.
pub(super) async fn keep(socket: PathBuf, door: Door) {
    if env::var_os("NOTIFY_SOCKET").is_none() {
        return;
    }
    while !matches!(timeout(PATIENCE, answers(&socket)).await, Ok(Ok(true))) {
        sleep(TRY).await;
    }
    say(&[NotifyState::Ready]);
    beat(&door, every(), say).await;
}

/// The site is read anew; until [`settled`] the service counts as reloading.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => say(&[NotifyState::Reloading, now]),
        Err(_) => say(&[NotifyState::Reloading]),
    }
}

/// The site was taken over, or refused: the daemon answers as before.
pub(super) fn settled(word: &str) {
    say(&[NotifyState::Ready, NotifyState::Status(word)]);
}

/// What the daemon is busy with before it answers.
pub(super) fn busy(with: &str) {
    say(&[NotifyState::Status(with)]);
}

/// Passes the order to stop on, and tells it.
pub(super) fn of_stop(stop: oneshot::Receiver<()>) -> oneshot::Receiver<()> {
    let (pass, passed) = oneshot::channel();
    tokio::spawn(async move {
        // Whoever could order it and is gone has ordered it too.
        let _ordered = stop.await;
        say(&[NotifyState::Stopping]);
        let _gone = pass.send(());
    });
    passed
}

/// Half of the time after which the service manager gives the daemon up is for the question, the other for luck.
fn every() -> Option<Duration> {
    let mut micros = 0;
    sd_notify::watchdog_enabled(false, &mut micros).then(|| Duration::from_micros(micros / 4))
}

/// Asks the loop again and again, and says so only when it has answered.
async fn beat(door: &Door, watchdog: Option<Duration>, mut say: impl FnMut(&[NotifyState])) {
    let pause = watchdog.unwrap_or(USUAL).min(USUAL);
    let mut stuck = false;
    loop {
        match timeout(pause, door.query(Query::Status)).await {
            Ok(Ok(View::Status(status))) => {
                let words = words(&status);
                say(&[NotifyState::Watchdog, NotifyState::Status(&words)]);
                stuck = false;
            }
            Ok(Err(_stopping)) => return,
            Ok(Ok(_)) => {}
            Err(_late) if stuck => {}
            Err(_late) => {
                tracing::error!("the switchboard does not answer; the watchdog is not fed until it does");
                say(&[NotifyState::Status("the switchboard does not answer")]);
                stuck = true;
            }
        }
        sleep(pause).await;
    }
}

fn words(status: &StatusView) -> String {
    let engine = match &status.engine {
        EngineView::Up { .. } => "engine up",
        EngineView::Down { .. } => "engine down",
        EngineView::Connecting => "connecting to the engine",
    };
    let troubles = match status.troubles.len() {
        0 => String::new(),
        many => format!(", {many} troubles: see `tandem status`"),
    };
    format!("{} calls, {} waiting, {engine}{troubles}", status.calls, status.waiting)
}

/// Whether a question that comes in by the socket is answered.
async fn answers(socket: &Path) -> io::Result<bool> {
    let mut stream = UnixStream::connect(socket).await?;
    stream.write_all(b"GET /v1/status HTTP/1.1\r\nHost: tandem\r\nConnection: close\r\n\r\n").await?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).await?;
    Ok(&head == b"HTTP/1.1 200")
}

fn say(states: &[NotifyState]) {
    if let Err(why) = sd_notify::notify(false, states) {
        tracing::warn!(%why, "the service manager cannot be told");
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;
    use crate::{base::clock::Stamp, live::switchboard::door::Ask};

    fn status() -> StatusView {
        StatusView {
            version: "0.1.0".into(),
            site: "Harbour".into(),
            revision: "1".into(),
            now: Stamp(2),
            started: Stamp(1),
            engine: EngineView::Connecting,
            calls: 3,
            waiting: 1,
            talking: 1,
            agents_ready: 2,
            agents: 5,
            calls_today: 17,
            troubles: Vec::new(),
        }
    }

    /// A loop that turns four times and is stuck with the fifth question: nobody feeds the watchdog for it.
    #[tokio::test(start_paused = true)]
    async fn a_loop_that_is_stuck_does_not_feed_the_watchdog() {
        let (asks, mut inbox) = mpsc::channel(8);
        let loop_of_calls = tokio::spawn(async move {
            for _ in 0..4 {
                if let Some(Ask::Query { reply, .. }) = inbox.recv().await {
                    reply.send(View::Status(status())).expect("it waits");
                }
            }
            let _stuck_with = inbox.recv().await;
            std::future::pending::<()>().await;
        });
        let mut told = Vec::new();
        let door = Door::new(asks);
        let beats = beat(&door, Some(Duration::from_secs(1)), |states| {
            told.extend(states.iter().map(ToString::to_string));
        });
        let ended = timeout(Duration::from_secs(100), beats).await;
        assert!(ended.is_err(), "it goes on asking");
        let fed = told.iter().filter(|state| *state == "WATCHDOG=1").count();
        assert_eq!(fed, 4, "{told:?}");
        assert_eq!(told.iter().filter(|state| state.contains("does not answer")).count(), 1, "{told:?}");
        assert_eq!(told[1], "STATUS=3 calls, 1 waiting, connecting to the engine");
        loop_of_calls.abort();
    }
}
