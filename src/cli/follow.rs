//! Knows when it is time to look at the daemon again: when it tells that something has happened, not by the clock.
//!
//! The stream of events is kept in a task of its own. When it breaks off it is opened anew every second, and until
//! then every second is a time to look.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::Upgraded;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use super::client::Client;

/// However much happens, nobody looks sooner again.
pub(super) const GAP: Duration = Duration::from_millis(125);
/// Between two tries to open the stream.
const RETRY: Duration = Duration::from_secs(1);
/// The daemon pings every few seconds; one that is silent for so long is not there.
const SILENT: Duration = Duration::from_secs(15);

/// What is known of the daemon's events.
#[derive(Clone, Default)]
struct Known {
    /// Rises with each reason to look again.
    news: u64,
    /// Why there is no stream.
    broken: Option<String>,
}

/// A reader of the daemon's events. They end with it.
pub(super) struct Follower {
    known: watch::Receiver<Known>,
    task: JoinHandle<()>,
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Follower {
    /// Once this is back, whatever happens is told: look then, and again with each news.
    pub(super) async fn new(client: &Client) -> Self {
        let (tell, mut known) = watch::channel(Known::default());
        let task = tokio::spawn(follow(client.clone(), tell));
        drop(known.wait_for(|known| known.news > 0).await);
        Self { known, task }
    }

    /// What happened up to now counts as seen.
    pub(super) fn seen(&mut self) {
        self.known.mark_unchanged();
    }

    /// Until it is time to look again.
    pub(super) async fn news(&mut self) {
        if self.known.changed().await.is_err() {
            // The task never ends by itself.
            sleep(RETRY).await;
        }
    }

    /// Why nothing is told at the moment.
    pub(super) fn broken(&self) -> Option<String> {
        let why = self.known.borrow().broken.clone()?;
        Some(format!("no live events ({why}); looking every second until they are back"))
    }
}

async fn follow(client: Client, tell: watch::Sender<Known>) {
    loop {
        let why = match client.stream("/v1/events").await {
            Ok(stream) => hear(stream, &tell).await,
            Err(fault) => fault.to_string(),
        };
        tell.send_modify(|known| {
            known.news += 1;
            known.broken = Some(why);
        });
        sleep(RETRY).await;
    }
}

/// Until the stream breaks off; returns why.
async fn hear(mut stream: WebSocketStream<Upgraded>, tell: &watch::Sender<Known>) -> String {
    loop {
        match timeout(SILENT, stream.next()).await {
            // The greeting is news too: from here on everything is told.
            Ok(Some(Ok(Message::Text(_)))) => tell.send_modify(|known| {
                known.news += 1;
                known.broken = None;
            }),
            Ok(Some(Ok(Message::Close(why)))) => {
                let reason = why.map_or_else(String::new, |frame| frame.reason.to_string());
                let _answered = stream.close(None).await;
                return if reason.is_empty() { "the daemon ended them".to_owned() } else { reason };
            }
            // Pings are answered when they are flushed.
            Ok(Some(Ok(_))) => {
                if let Err(why) = stream.flush().await {
                    return why.to_string();
                }
            }
            Ok(Some(Err(why))) => return why.to_string(),
            Ok(None) => return "the connection was closed".to_owned(),
            Err(_) => return format!("nothing was heard for {} s", SILENT.as_secs()),
        }
    }
}
