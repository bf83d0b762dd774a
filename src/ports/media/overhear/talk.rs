//! The two sides of a talk beside each other, frame by frame. Sans I/O.

use std::{collections::VecDeque, time::Duration};

use crate::{
    base::mood::{Mood, MoodLimits},
    ports::media::{line::rate::FRAME, mood::Listener},
};

/// Samples of a second.
const RATE: usize = 8000;
/// What has not come so long after its time was silence: a phone that sends nothing, a stream that is cut.
const LATE: Duration = Duration::from_secs(1);
/// Without anything from either side the talk is not heard at all.
pub(super) const LOST: Duration = Duration::from_secs(10);
/// More than this is not kept of a side that runs ahead.
const AHEAD: usize = 4 * RATE;

/// A talk that is listened to. Times are since any beginning.
#[derive(Debug)]
pub(super) struct Talk {
    listener: Listener,
    mood: Mood,
    sides: [VecDeque<i16>; 2],
    /// When the first sample came, and how many frames have been heard since.
    began: Option<(Duration, u64)>,
    last: Duration,
}

impl Talk {
    pub(super) fn new(limits: MoodLimits, mood: Mood, now: Duration) -> Self {
        Self {
            listener: Listener::new(limits).was(mood),
            mood,
            sides: Default::default(),
            began: None,
            last: now,
        }
    }

    pub(super) fn mood(&self) -> Mood {
        self.mood
    }

    /// Nothing has come for so long that nobody can say how it goes, if something should: `steady` streams send silence,
    /// too, and others at least something in the beginning.
    pub(super) fn is_lost(&self, steady: bool, now: Duration) -> bool {
        (steady || self.began.is_none()) && now.saturating_sub(self.last) >= LOST
    }

    /// Samples of the caller (0) or of the agent (1), at 8 kHz.
    pub(super) fn hear(&mut self, side: usize, samples: impl IntoIterator<Item = i16>, now: Duration) {
        self.began.get_or_insert((now, 0));
        self.last = now;
        let queue = &mut self.sides[side];
        queue.extend(samples);
        let much = queue.len().saturating_sub(AHEAD);
        queue.drain(..much);
    }

    /// How it goes by now, if that is not how it went.
    pub(super) fn listen(&mut self, now: Duration) -> Option<Mood> {
        let before = self.mood;
        while self.is_due(now) {
            let [caller, agent] = self.sides.each_mut().map(next);
            if let Some(mood) = self.listener.frame(&caller, &agent) {
                self.mood = mood;
            }
            if let Some((_, heard)) = &mut self.began {
                *heard += 1;
            }
        }
        Some(self.mood).filter(|mood| *mood != before)
    }

    fn is_due(&self, now: Duration) -> bool {
        let Some((began, heard)) = self.began else { return false };
        let whole = self.sides.iter().all(|side| side.len() >= FRAME);
        let time = Duration::from_secs(heard + 1) * FRAME as u32 / RATE as u32;
        whole || now.saturating_sub(began) >= time + LATE
    }
}

/// The next frame of a side, filled up with silence.
fn next(side: &mut VecDeque<i16>) -> [i16; FRAME] {
    let mut frame = [0; FRAME];
    let there = side.len().min(FRAME);
    for (to, from) in frame.iter_mut().zip(side.drain(..there)) {
        *to = from;
    }
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENCE: MoodLimits = MoodLimits { silence: Some(Duration::from_secs(5)), heat: None };

    fn millis(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    /// When it becomes so, looked at ten times a second until `end`, while `come` says what comes of each side.
    fn becomes(talk: &mut Talk, end: u64, come: impl Fn(u64) -> [bool; 2]) -> Option<u64> {
        (0..end).step_by(100).find(|now| {
            for (side, comes) in come(*now).into_iter().enumerate() {
                if comes {
                    talk.hear(side, [0; RATE / 10], millis(*now));
                }
            }
            talk.listen(millis(*now)) == Some(Mood::Silent)
        })
    }

    #[test]
    fn a_side_that_sends_nothing_is_silent_and_so_is_one_that_stops() {
        for come in [|_| [true, true], |_| [true, false], |now| [now < 2000, now < 3000]] {
            let mut talk = Talk::new(SILENCE, Mood::Calm, millis(0));
            let when = becomes(&mut talk, 10_000, come).expect("silent");
            assert!((4900..6500).contains(&when), "{when}");
        }
    }

    #[test]
    fn nothing_is_said_of_a_talk_of_which_nothing_ever_came() {
        let mut talk = Talk::new(SILENCE, Mood::Calm, millis(0));
        assert_eq!(becomes(&mut talk, 60_000, |_| [false, false]), None);
        let nearly = LOST.saturating_sub(millis(1));
        assert!(talk.is_lost(false, LOST) && !talk.is_lost(true, nearly));
        talk.hear(1, [0; RATE], millis(12_000));
        assert!(!talk.is_lost(true, millis(12_000) + nearly));
        // Phones that send nothing are silent, and files that do not grow are dead.
        assert!(talk.is_lost(true, millis(12_000) + LOST) && !talk.is_lost(false, millis(12_000) + LOST));
    }

    #[test]
    fn what_was_silent_before_is_silent_and_said_only_once() {
        let mut talk = Talk::new(SILENCE, Mood::Silent, millis(0));
        assert_eq!(becomes(&mut talk, 20_000, |_| [true, true]), None);
        assert_eq!(talk.mood(), Mood::Silent);
    }

    #[test]
    fn a_side_that_runs_ahead_is_not_kept_without_end() {
        let mut talk = Talk::new(SILENCE, Mood::Calm, millis(0));
        for _ in 0..100 {
            talk.hear(0, [1; RATE], millis(0));
        }
        assert_eq!(talk.sides[0].len(), AHEAD);
    }
}
