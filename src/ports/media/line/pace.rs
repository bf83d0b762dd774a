//! How long each stage of a turn takes, told in the log: from the caller's last sound to the first frame of the answer.

use std::time::Duration;

use crate::base::id::LegId;

/// Of an utterance that is over.
#[derive(Clone, Copy, Debug)]
struct Over {
    silence: Duration,
    at: Duration,
    told: Option<Duration>,
}

/// One turn's moments.
#[derive(Debug, Default)]
pub(super) struct Pace {
    asked: Option<Duration>,
    /// What the recogniser needed.
    needed: Duration,
    over: Option<Over>,
}

impl Pace {
    /// The recogniser is asked for its words.
    pub(super) fn asked(&mut self, now: Duration) {
        self.asked = Some(now);
    }

    /// Its words are there.
    pub(super) fn words(&mut self, now: Duration) {
        self.needed = self.asked.take().map_or(Duration::ZERO, |asked| now.saturating_sub(asked));
    }

    /// The utterance is over, after so much silence.
    pub(super) fn over(&mut self, silence: Duration, now: Duration) {
        self.over = Some(Over { silence, at: now, told: None });
    }

    /// The words are told.
    pub(super) fn told(&mut self, now: Duration) {
        if let Some(over) = &mut self.over {
            over.told = Some(now);
        }
    }

    /// The first frame of the answer is sent, or of what goes on.
    pub(super) fn answered(&mut self, leg: &LegId, now: Duration) {
        let Some(Over { silence, at, told: Some(told) }) = self.over.take_if(|over| over.told.is_some())
        else {
            return;
        };
        let [silence_ms, recogniser_ms, waited_ms, own_ms] =
            [silence, self.needed, told.saturating_sub(at), now.saturating_sub(told)]
                .map(|span| span.as_millis());
        tracing::debug!(%leg, silence_ms, recogniser_ms, waited_ms, own_ms, "a turn is answered");
    }

    /// Somebody speaks: what was before counts no more.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}
