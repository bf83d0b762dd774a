//! From sound to words, and (`synthesis`) from words to sound. A `Recognizer` hears one utterance at a time through a `Listener`, which holds what it does
//! within bounds: whatever it does (late, gone, endless, nonsense), the caller's utterance ends in words or in one
//! `Unheard`, in time.
//!
//! A listener is fed frames as they come, so the same port serves recognisers that hear along (their partial texts
//! are there on the way) and programs that want the whole utterance.

mod child;
mod http;
mod listener;
mod ngram;
mod primer;
mod program;
mod scripted;
mod setup;
mod socket;
mod sounding;
mod sphinx;
pub mod synthesis;
pub mod trial;
mod upsample;

pub use http::{Http, HttpSettings, NoEndpoint};
pub use listener::{Listener, Partial, Sound};
pub use primer::Primer;
pub use program::Program;
pub use scripted::{Act, Scripted};
pub use setup::{SpeechFault, conversations, of_site, voices_of_site};
pub use socket::{Dialect, NoAddress, Socket};
pub use sphinx::{Sphinx, SphinxSettings};
pub use synthesis::{Synthesizer, Synthesizers, Unspoken};

use std::{collections::BTreeMap, io, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;

use crate::{
    infra::{
        remote::{Distrust, RemoteError},
        site::Locale,
    },
    ports::engine::{Detector, Hearing},
};

/// Makes words of one utterance. `sound` ends when the caller has spoken; what is told to `partial` on the way may
/// change until then. May be dropped at any moment, and must leave nothing behind then.
pub trait Recognizer: Send + Sync {
    fn recognise(
        &self,
        hearing: &Hearing,
        sound: Sound,
        partial: Partial,
    ) -> BoxFuture<'static, Result<String, Unheard>>;

    /// How long the words may take after the last sound.
    fn patience(&self) -> Duration {
        Duration::from_secs(5)
    }

    /// Makes ready what the first caller would have to wait for.
    fn warm(&self) -> BoxFuture<'_, Result<(), Unheard>> {
        Box::pin(async { Ok(()) })
    }
}

/// Why an utterance has no words, although somebody spoke. What was said is in none of these.
#[derive(Debug, thiserror::Error)]
pub enum Unheard {
    #[error("no recogniser is set up for this language; callers use keys")]
    Nobody,
    #[error("the engine itself hears this language, and what it hears does not come here")]
    ByEngine,
    #[error("the recogniser had no words in time; it is overloaded, or hangs")]
    TimedOut,
    #[error("the recogniser cannot be reached; is its address right, and is it running?")]
    Unreachable,
    #[error("the recogniser at this address is not believed: {0}")]
    Untrusted(Distrust),
    #[error(
        "`{0}` is not installed, or is no program that Tandem's user may run; install it, or name another"
    )]
    Missing(String),
    #[error("the recogniser cannot be run: {0}; try it as Tandem's user")]
    Run(#[from] io::Error),
    #[error("the recogniser ended in mid-utterance; its own log says why")]
    Gone,
    #[error("the recogniser refused with status {status}; are its secret and its model's name right?")]
    Refused { status: u16 },
    #[error("the recogniser said more than anybody says in one utterance")]
    TooLong,
    #[error("the recogniser did not answer as its protocol wants; is it of another kind?")]
    Nonsense,
    #[error("too many callers speak at once for this recogniser; give it more workers")]
    Busy,
}

impl From<RemoteError> for Unheard {
    fn from(why: RemoteError) -> Self {
        match why {
            RemoteError::Unreachable => Self::Unreachable,
            RemoteError::Untrusted(distrust) => Self::Untrusted(distrust),
            RemoteError::Gone => Self::Gone,
            RemoteError::Refused(status) => Self::Refused { status },
            RemoteError::TooLong => Self::TooLong,
        }
    }
}

/// Who hears which language.
#[derive(Clone, Default)]
pub struct Recognizers {
    here: BTreeMap<Locale, Arc<dyn Recognizer>>,
    by_engine: BTreeMap<Locale, Detector>,
}

impl Recognizers {
    pub fn new(by_language: impl IntoIterator<Item = (Locale, Arc<dyn Recognizer>)>) -> Self {
        Self { here: by_language.into_iter().collect(), by_engine: BTreeMap::new() }
    }

    /// The languages that the engine hears by itself.
    #[must_use]
    pub fn and_by_engine(mut self, by_language: impl IntoIterator<Item = (Locale, Detector)>) -> Self {
        self.by_engine.extend(by_language);
        self
    }

    /// Whether somebody here hears this language.
    pub fn hears(&self, locale: Locale) -> bool {
        self.here.contains_key(&locale)
    }

    /// The engine's own recogniser that hears this language.
    pub fn detector(&self, locale: Locale) -> Option<&Detector> {
        self.by_engine.get(&locale)
    }

    /// Makes all of them ready; which cannot be, and why.
    pub async fn warm(&self) -> Vec<(Locale, Unheard)> {
        let mut cold = Vec::new();
        for (locale, recognizer) in &self.here {
            cold.extend(recognizer.warm().await.err().map(|why| (*locale, why)));
        }
        cold
    }

    /// A listener for the utterance that begins now, of samples at `rate` (8000 or 16000 Hz). Within a runtime only.
    pub fn listen(&self, hearing: &Hearing, rate: u32) -> Result<Listener, Unheard> {
        let recognizer = self.here.get(&hearing.locale).ok_or(Unheard::Nobody)?;
        Ok(Listener::new(recognizer.as_ref(), hearing, rate))
    }
}
