//! A recogniser that follows a script, whatever it hears: for tests of those who listen.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::sync::mpsc;

use super::{Partial, Recognizer, Sound, Unheard};
use crate::ports::engine::Hearing;

/// What it does with one utterance.
#[derive(Clone, Debug)]
pub enum Act {
    /// Says this when the utterance is over, and one word more of it at each frame before.
    Says(String),
    /// Says how many samples it heard.
    Counts,
    Hangs,
    /// Hangs, and holds this meanwhile.
    HangsWith(mpsc::Sender<()>),
    Fails,
    Panics,
}

/// One act for each utterance in turn; without any left it fails.
#[derive(Clone, Debug)]
pub struct Scripted(Arc<Mutex<VecDeque<Act>>>);

impl Scripted {
    pub fn new(acts: impl IntoIterator<Item = Act>) -> Self {
        Self(Arc::new(Mutex::new(acts.into_iter().collect())))
    }
}

impl Recognizer for Scripted {
    fn recognise(
        &self,
        _: &Hearing,
        sound: Sound,
        partial: Partial,
    ) -> BoxFuture<'static, Result<String, Unheard>> {
        let act = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or(Act::Fails);
        perform(act, sound, partial).boxed()
    }
}

async fn perform(act: Act, mut sound: Sound, partial: Partial) -> Result<String, Unheard> {
    match act {
        Act::Says(text) => {
            let mut spaces = text.match_indices(' ').map(|(at, _)| at);
            while sound.next().await.is_some() {
                if let Some(so_far) = spaces.next() {
                    partial.tell(&text[..so_far]);
                }
            }
            Ok(text)
        }
        Act::Counts => Ok(sound.all().await.len().to_string()),
        Act::Hangs => std::future::pending().await,
        Act::HangsWith(sign) => {
            std::future::pending::<()>().await;
            drop(sign);
            Err(Unheard::Gone)
        }
        Act::Fails => Err(Unheard::Gone),
        Act::Panics => panic!("as the script wants"),
    }
}

#[cfg(test)]
pub(super) fn hearing() -> Hearing {
    use crate::{infra::site::Locale, ports::engine::Ear};
    let flow = "after_sales".parse().expect("a name");
    Hearing { locale: Locale::English, flow, ear: Ear::Free }
}
