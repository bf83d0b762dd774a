//! A second opinion beside the calls: whoever asks goes on, and gets each answer later, of whomever it is.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{By, Choice, Remote, Understood};
use crate::language::model::Understanding;

/// Words of which the built-in model is not sure.
#[derive(Clone, Debug)]
pub struct Doubt {
    /// Of whoever asks; the answer has it again.
    pub number: u64,
    pub words: String,
    pub choices: Arc<[Choice]>,
    pub own: Understanding,
}

/// What came of it: the opinion of both, or the built-in model's own.
#[derive(Clone, Debug)]
pub struct Settled {
    pub number: u64,
    pub understanding: Understanding,
    pub by: By,
}

/// Where doubts go, and where what came of them comes from. Neither side ever waits for the other.
#[derive(Debug)]
pub struct Opinions {
    pub asked: mpsc::UnboundedSender<Doubt>,
    pub settled: mpsc::UnboundedReceiver<Settled>,
}

/// Has a say until the sender of `asked` is dropped, each time by the model that is there when the doubt comes.
pub fn start(remote: impl Fn() -> Option<Arc<Remote>> + Send + 'static) -> Opinions {
    let (asked, mut inbox) = mpsc::unbounded_channel::<Doubt>();
    let (outbox, settled) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(doubt) = inbox.recv().await {
            let (remote, outbox) = (remote(), outbox.clone());
            tokio::spawn(async move {
                let _gone = outbox.send(settle(remote.as_deref(), doubt).await);
            });
        }
    });
    Opinions { asked, settled }
}

async fn settle(remote: Option<&Remote>, doubt: Doubt) -> Settled {
    let Doubt { number, words, choices, own } = doubt;
    let Some(remote) = remote else { return Settled { number, understanding: own, by: By::BuiltIn } };
    let Understood { understanding, by, silence } = remote.second(&words, &choices, own).await;
    if let Some(why) = silence {
        tracing::info!(%why, "the chat model has no say");
    }
    Settled { number, understanding, by }
}
