//! Who talks, and how much both do at once.
//!
//! Overlap that goes on and interruption mark a quarrel (Schegloff 2000, "Overlapping talk and the organization of
//! turn-taking"), but a short "yes" into the other's sentence does not: the first tenth is free.

use super::past::Past;

/// Frames: the last 8 s.
const WINDOW: usize = 400;
/// A talker talks on for so many frames after the last voiced one: 200 ms.
const HOLD: u8 = 10;
/// Frames for which both talk until one has interrupted the other: 500 ms.
const BROKE: u16 = 25;
/// Share of overlap in what is talked that is nothing, and that is most.
const FREE: f32 = 0.1;
const MOST: f32 = 0.4;
/// Interruptions in the window that are most.
const MOST_BROKE: f32 = 3.0;

/// One frame of a talk.
#[derive(Clone, Copy, Debug, Default)]
struct Frame {
    any: bool,
    both: bool,
    broke: bool,
}

/// Watches both.
#[derive(Debug)]
pub(super) struct Talking {
    hold: [u8; 2],
    both: u16,
    window: Past<Frame, WINDOW>,
}

impl Talking {
    pub(super) fn new() -> Self {
        Self { hold: [0; 2], both: 0, window: Past::new() }
    }

    /// Whose own voice there was in this frame.
    pub(super) fn frame(&mut self, voices: [bool; 2]) {
        for (hold, voice) in self.hold.iter_mut().zip(voices) {
            *hold = if voice { HOLD } else { hold.saturating_sub(1) };
        }
        let both = self.hold.iter().all(|hold| *hold > 0);
        self.both = if both { self.both.saturating_add(1) } else { 0 };
        let any = self.hold.iter().any(|hold| *hold > 0);
        self.window.push(Frame { any, both, broke: self.both == BROKE });
    }

    /// 0 none to 1 a quarrel.
    pub(super) fn clash(&self) -> f32 {
        let count = |what: fn(&Frame) -> bool| self.window.all().filter(what).count() as f32;
        let share = count(|frame| frame.both) / count(|frame| frame.any).max(WINDOW as f32 / 4.0);
        let overlap = ((share - FREE) / (MOST - FREE)).clamp(0.0, 1.0);
        let broke = (count(|frame| frame.broke) / MOST_BROKE).min(1.0);
        0.6 * overlap + 0.4 * broke
    }
}
