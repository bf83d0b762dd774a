//! Who speaks prompts, one after the other: whoever the site names, then whoever steps in. Whoever fails again and
//! again is not asked any more.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use smol_str::SmolStr;
use tokio::time::Instant;

use super::prepare::LANES;
use crate::{
    base::wav::Wav,
    infra::site::Locale,
    ports::speech::{Synthesizer, Synthesizers, Unspoken, synthesis},
};

/// So many failures in a row, and nothing better is expected.
const FAILURES: usize = 5;

/// One synthesiser while prompts are made.
pub(super) struct Turn {
    by: Arc<dyn Synthesizer>,
    pub voice: SmolStr,
    in_a_row: AtomicUsize,
    /// Calls wait no longer for it.
    until: Option<Instant>,
}

/// Whoever speaks a language, in order.
pub(super) struct Turns(Vec<(Locale, Turn)>);

impl Turns {
    /// `within`: only the last in order has longer.
    pub fn new(voices: &Synthesizers, within: Option<Duration>) -> Self {
        let until = within.map(|within| Instant::now() + within);
        let of = |locale| {
            let all: Vec<_> = voices.of(locale).cloned().collect();
            let last = all.len().saturating_sub(1);
            let turn = move |(at, by): (usize, Arc<dyn Synthesizer>)| {
                let until = until.filter(|_| at < last);
                (locale, Turn { voice: by.voice(), by, in_a_row: AtomicUsize::new(0), until })
            };
            all.into_iter().enumerate().map(turn)
        };
        Self([Locale::Chinese, Locale::English].into_iter().flat_map(of).collect())
    }

    pub fn of(&self, locale: Locale) -> impl Iterator<Item = &Turn> {
        self.0.iter().filter(move |(own, _)| *own == locale).map(|(_, turn)| turn)
    }
}

impl Turn {
    pub async fn speak(&self, text: &str) -> Result<Wav, Unspoken> {
        if self.in_a_row.load(Ordering::Relaxed) >= FAILURES {
            return Err(Unspoken::GivenUp);
        }
        if self.until.is_some_and(|until| Instant::now() >= until) {
            return Err(Unspoken::Later);
        }
        let spoken = synthesis::speak(self.by.as_ref(), text).await;
        match &spoken {
            Ok(_) => self.in_a_row.store(0, Ordering::Relaxed),
            // To find that out again costs nothing.
            Err(Unspoken::NoEspeak | Unspoken::Missing(_) | Unspoken::Run(_)) => {}
            Err(why) => {
                let weight = match why {
                    // Each lane finds out for itself; after that nobody waits any more.
                    Unspoken::Slow(_) => FAILURES.div_ceil(LANES),
                    _ if why.concerns_all() => FAILURES,
                    _ => 1,
                };
                self.in_a_row.fetch_add(weight, Ordering::Relaxed);
            }
        }
        spoken
    }
}
