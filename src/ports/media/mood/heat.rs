//! From what has changed in the speakers to a score, and from scores to a heated talk.
//!
//! Anger raises loudness, pitch, and most of all the upper part of the spectrum (Banse & Scherer 1996; Scherer 2003;
//! Juslin & Laukka 2003). Each alone has other reasons: a line or a telephone that is changed makes louder or brighter
//! without changing the pitch, a question is higher. So brightness counts as far as loudness or pitch bear it out, and
//! those two count as far as they come together. Overlap adds, but is no anger by itself.

use super::{Side, temper::Change};

/// Log odds of a heated speaker about whom nothing is known.
const NOTHING: f32 = -3.0;
/// For each dB brighter.
const BRIGHT: f32 = 1.05;
/// dB brighter that are believed without anything else, of each semitone higher, and of each dB louder.
const BELIEVED: f32 = 1.0;
const BELIEVED_PITCH: f32 = 0.7;
const BELIEVED_LEVEL: f32 = 0.5;
/// For a voice that is this much louder in dB and higher in semitones.
const RAISED: f32 = 2.5;
const LOUDER: f32 = 8.0;
const HIGHER: f32 = 4.5;
/// For the worst of overlap and interruption.
const CLASH: f32 = 2.0;
/// Frames at or over the limit until a talk is heated: 2 s;
const HOT: u32 = 100;
/// under it by `COOLER` until it is not: 8 s.
const CALM: u32 = 400;
const COOLER: u8 = 20;

/// Log odds of one speaker's heat.
pub(super) fn odds(change: Change) -> f32 {
    let (higher, louder) = (change.pitch.max(0.0), change.level.max(0.0));
    let believed = BELIEVED + BELIEVED_PITCH * higher + BELIEVED_LEVEL * louder;
    let bright = change.bright.clamp(-2.0, believed.min(5.0));
    let raised = (louder / LOUDER).min(higher / HIGHER).min(1.0);
    NOTHING + change.sure * (BRIGHT * bright + RAISED * raised)
}

/// 0 to 100, with `clash` 0 to 1.
pub(super) fn score(odds: f32, clash: f32) -> u8 {
    (100.0 / (1.0 + (-odds - CLASH * clash).exp())) as u8
}

/// Whether it is heated.
#[derive(Debug)]
pub(super) struct Heat {
    limit: u8,
    over: u32,
    under: u32,
    hot: Option<(u8, Side)>,
}

impl Heat {
    pub(super) fn new(limit: u8) -> Self {
        Self { limit, over: 0, under: 0, hot: None }
    }

    /// It is heated already.
    pub(super) fn light(&mut self, score: u8, side: Side) {
        self.hot = Some((score, side));
    }

    /// A frame with its score and the hotter side; how heated it has become.
    pub(super) fn frame(&mut self, score: u8, side: Side) -> Option<(u8, Side)> {
        self.over = if score >= self.limit { self.over + 1 } else { 0 };
        self.under = if score < self.limit.saturating_sub(COOLER).max(1) { self.under + 1 } else { 0 };
        if self.hot.is_none() && self.over >= HOT {
            self.hot = Some((score, side));
        } else if self.under >= CALM {
            self.hot = None;
        }
        self.hot
    }
}
