//! The circuit breaker: what failed several times in a row is left alone for a while, then tried once.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// So many failures in a row open it.
const FAILURES: u32 = 3;
/// For how long at first, and at most.
const FIRST: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_mins(5);

/// Lets through while all is well.
#[derive(Debug, Default)]
pub struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// Open until then; and for how long that was.
    open: Option<(Instant, Duration)>,
    /// Somebody tries whether it is well again.
    trying: bool,
}

/// The right to try once. Dropped without a word it counts as nothing: the caller hung up.
#[derive(Debug)]
pub struct Pass<'a> {
    breaker: &'a Breaker,
    /// Whether it is the one try of an open circuit.
    trial: bool,
}

impl Breaker {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it may be tried now.
    pub fn pass(&self) -> Option<Pass<'_>> {
        let mut state = self.state();
        if let Some((until, _)) = state.open {
            if state.trying || Instant::now() < until {
                return None;
            }
            state.trying = true;
        }
        Some(Pass { breaker: self, trial: state.trying })
    }
}

impl Pass<'_> {
    /// It answered: the circuit closes. Says whether it had been open.
    pub fn worked(self) -> bool {
        *self.breaker.state() = State::default();
        self.trial
    }

    /// Says whether this opened it.
    pub fn failed(self) -> bool {
        let mut state = self.breaker.state();
        state.failures += 1;
        let rest = match state.open {
            Some((_, rest)) if self.trial => Some((rest * 2).min(LONGEST)),
            None if state.failures >= FAILURES => Some(FIRST),
            // Others that were under way when it opened.
            _ => None,
        };
        if let Some(rest) = rest {
            state.open = Some((Instant::now() + rest, rest));
        }
        rest.is_some() && !self.trial
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.trial {
            self.breaker.state().trying = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_opens_after_three_failures_and_is_tried_once() {
        let breaker = Breaker::default();
        for opens in [false, false, true] {
            assert_eq!(breaker.pass().expect("closed").failed(), opens);
        }
        assert!(breaker.pass().is_none(), "open");
        advance(FIRST).await;
        let one = breaker.pass().expect("one may try");
        assert!(breaker.pass().is_none(), "and nobody else meanwhile");
        assert!(!one.failed(), "it was open before");
        advance(FIRST).await;
        assert!(breaker.pass().is_none(), "it rests twice as long");
        advance(FIRST).await;
        drop(breaker.pass().expect("tried again"));
        assert!(breaker.pass().expect("whoever gave up blocks nobody").worked(), "it had been open");
        assert!(breaker.pass().is_some() && breaker.pass().is_some(), "closed");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_between_failures_keeps_it_closed() {
        let breaker = Breaker::default();
        for _ in 0..5 {
            breaker.pass().expect("closed").failed();
            breaker.pass().expect("closed").failed();
            breaker.pass().expect("closed").worked();
        }
    }
}
