//! Whether a stream comes at the rate that was told: codecs change in mid-call, and raw samples do not say so.

use std::time::Duration;

const WINDOW: Duration = Duration::from_secs(1);
/// Far from what was told: no packet loss looks so while as many frames come.
const MORE: f64 = 1.5;
const LESS: f64 = 0.6;
/// So many frames a second are a whole stream (frames of 20 ms or shorter).
const WHOLE: f64 = 45.0;
/// So many windows in a row.
const SURE: u32 = 2;

/// Counts what comes.
#[derive(Debug)]
pub(super) struct Cadence {
    since: Duration,
    frames: u32,
    samples: usize,
    strange: u32,
}

impl Cadence {
    pub(super) fn new(now: Duration) -> Self {
        Self { since: now, frames: 0, samples: 0, strange: 0 }
    }

    pub(super) fn came(&mut self, samples: usize) {
        self.frames += 1;
        self.samples += samples;
    }

    /// Whether frames come at another rate than `rate`.
    pub(super) fn is_other(&mut self, rate: u32, now: Duration) -> bool {
        let span = now.saturating_sub(self.since);
        if span < WINDOW {
            return false;
        }
        let seconds = span.as_secs_f64();
        let share = self.samples as f64 / seconds / f64::from(rate);
        let whole = f64::from(self.frames) / seconds >= WHOLE;
        let strange = if share > MORE || (whole && share < LESS) { self.strange + 1 } else { 0 };
        *self = Self { strange, ..Self::new(now) };
        self.strange >= SURE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_other(rate: u32, frames: u32, samples: usize) -> bool {
        let mut cadence = Cadence::new(Duration::ZERO);
        (1..=3).any(|second| {
            (0..frames).for_each(|_| cadence.came(samples));
            cadence.is_other(rate, Duration::from_secs(second))
        })
    }

    #[test]
    fn another_rate_is_noticed_and_loss_or_longer_frames_are_not() {
        assert!(is_other(8000, 50, 320), "twice the rate");
        assert!(is_other(16_000, 50, 160), "half of it");
        assert!(!is_other(8000, 50, 160));
        assert!(!is_other(8000, 33, 240), "frames of 30 ms");
        assert!(!is_other(16_000, 20, 320), "most are lost");
        assert!(!is_other(8000, 0, 0));
    }
}
