//! A second opinion beside the calls: whoever asks goes on, and gets each answer later, of whomever it is.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{Answer, By, Choice, Remote, Shelf, Understood, answer::Answered};
use crate::language::model::Understanding;

/// Words of which the built-in model is not sure.
#[derive(Clone, Debug)]
pub struct Doubt {
    /// Of whoever asks; the answer has it again.
    pub number: u64,
    pub words: String,
    pub choices: Arc<[Choice]>,
    pub own: Understanding,
    /// What the house wrote, if anything, and what it finds there by itself.
    pub shelf: Option<Arc<Shelf>>,
    pub answer: Option<Answer>,
}

/// What came of it: the opinion of both, or the built-in model's own.
#[derive(Clone, Debug)]
pub struct Settled {
    pub number: u64,
    pub understanding: Understanding,
    pub answer: Option<Answer>,
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

/// Both questions are under way at once: the caller waits for neither twice.
async fn settle(remote: Option<&Remote>, doubt: Doubt) -> Settled {
    let Doubt { number, words, choices, own, shelf, answer } = doubt;
    let Some(remote) = remote else { return Settled { number, understanding: own, answer, by: By::BuiltIn } };
    let meant = async {
        if choices.is_empty() {
            return Understood { understanding: own, by: By::BuiltIn, silence: None };
        }
        remote.second(&words, &choices, own).await
    };
    let found = async {
        match &shelf {
            Some(shelf) => remote.answer(&words, shelf).await,
            None => Answered { answer, by: By::BuiltIn, silence: None },
        }
    };
    let (meant, found) = tokio::join!(meant, found);
    for why in meant.silence.iter().chain(&found.silence) {
        tracing::info!(%why, "the chat model has no say");
    }
    let by = if meant.by == By::Remote { meant.by } else { found.by };
    Settled { number, understanding: meant.understanding, answer: found.answer, by }
}
