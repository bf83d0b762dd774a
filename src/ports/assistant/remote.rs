//! The model elsewhere, asked at most so many things at once, and left alone while it is ill.

use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use crate::infra::{
    chat::{Chat, ChatError, Question},
    remote::Breaker,
};

/// So many questions may be under way; a further one is answered by the built-in at once.
const AT_ONCE: usize = 16;

/// Why the model elsewhere did not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Silence {
    #[error("it failed several times and is left alone for a while")]
    Resting,
    #[error("it has {AT_ONCE} questions already")]
    Busy,
    #[error(transparent)]
    Failed(#[from] ChatError),
    #[error("what it said is in nothing that it was given")]
    Unfounded,
    #[error("it is not sure either")]
    Unsure,
}

/// A model elsewhere, and how well it is.
#[derive(Debug)]
pub struct Remote {
    chat: Chat,
    breaker: Breaker,
    slots: Semaphore,
}

impl Remote {
    pub fn new(chat: Chat) -> Self {
        Self { chat, breaker: Breaker::default(), slots: Semaphore::new(AT_ONCE) }
    }

    /// The filled-in form, if it is one.
    pub(super) async fn ask<F: DeserializeOwned>(&self, question: Question<'_>) -> Result<F, Silence> {
        let _slot = self.slots.try_acquire().map_err(|_| Silence::Busy)?;
        let pass = self.breaker.pass().ok_or(Silence::Resting)?;
        let answer = self.chat.ask(question).await;
        let form = answer.and_then(|form| serde_json::from_value(form).map_err(|_| ChatError::Nonsense));
        match &form {
            Ok(_) => drop(pass.worked()),
            // It is well; and no caller's words shall turn it off for the others.
            Err(ChatError::Nonsense) => drop(pass),
            Err(_) => drop(pass.failed()),
        }
        Ok(form?)
    }
}
