//! How one speaker sounds now against how the same speaker sounded at first.

use super::{
    ear::Heard,
    past::{Past, quantile},
};

/// Voiced frames from which a speaker's own way is known: 4 s of voice, about 10 s of talk;
const KNOWN: usize = 200;
/// up to which it is learnt.
const LEARNT: usize = 500;
/// Frames that are "now": 8 s,
const WINDOW: usize = 400;
/// and voiced ones among them that say something.
const SAYS: usize = 75;

/// Share of the way down that a speaker's own way goes, five times a second in a calm talk: most of it in a minute.
const SETTLE: f32 = 0.005;

/// Medians of voiced frames.
#[derive(Clone, Copy, Debug, Default)]
struct Way {
    /// dB over one step.
    level: f32,
    /// dB, see `Heard`.
    bright: f32,
    /// Semitones over 50 Hz.
    pitch: f32,
}

impl Way {
    fn of(frames: impl Iterator<Item = Heard> + Clone, room: &mut [f32]) -> Self {
        let mut median = |what: fn(Heard) -> f32| {
            let mut count = 0;
            for (room, frame) in room.iter_mut().zip(frames.clone()) {
                *room = what(frame);
                count += 1;
            }
            quantile(&mut room[..count], 0.5)
        };
        Self {
            level: median(|heard| heard.level),
            bright: median(|heard| heard.bright),
            pitch: median(|heard| heard.pitch.unwrap_or_default()),
        }
    }
}

/// How a speaker sounds now, less how the same speaker sounded at first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Change {
    /// dB.
    pub level: f32,
    /// dB, see `Heard`.
    pub bright: f32,
    /// Semitones.
    pub pitch: f32,
    /// 0 to 1: how much was said lately.
    pub sure: f32,
}

/// One speaker.
#[derive(Debug)]
pub(super) struct Temper {
    first: Vec<Heard>,
    own: Option<Way>,
    now: Past<Option<Heard>, WINDOW>,
    room: Vec<f32>,
}

impl Temper {
    pub(super) fn new() -> Self {
        Self {
            first: Vec::with_capacity(LEARNT),
            own: None,
            now: Past::new(),
            room: vec![0.0; LEARNT.max(WINDOW)],
        }
    }

    /// A frame; `voice` when it is this speaker's voice, `learn` when it tells how the speaker usually sounds.
    pub(super) fn frame(&mut self, heard: Heard, voice: bool, learn: bool) {
        self.now.push(voice.then_some(heard));
        if voice && learn && self.first.len() < LEARNT {
            self.first.push(heard);
        }
    }

    /// Whether the speaker's own way is known.
    pub(super) fn is_known(&self) -> bool {
        self.own.is_some()
    }

    /// What has changed against the speaker's own way; `None` while nothing can be said.
    pub(super) fn change(&mut self) -> Option<Change> {
        if (KNOWN..LEARNT).contains(&self.first.len()) || (self.own.is_none() && self.first.len() == LEARNT) {
            self.own = Some(Way::of(self.first.iter().copied(), &mut self.room));
        }
        let own = self.own?;
        let voiced = self.now.all().flatten().count();
        let now = Way::of(self.now.all().flatten(), &mut self.room);
        let sure = (voiced as f32 / SAYS as f32).min(1.0);
        let (level, bright, pitch) = (now.level - own.level, now.bright - own.bright, now.pitch - own.pitch);
        Some(Change { level, bright, pitch, sure })
    }

    /// A calm moment: who is softer, duller or lower than at first was excited then.
    pub(super) fn settle(&mut self, change: Change) {
        if let Some(own) = self.own.as_mut().filter(|_| change.sure >= 1.0 && self.first.len() == LEARNT) {
            own.level += SETTLE * change.level.min(0.0);
            own.bright += SETTLE * change.bright.min(0.0);
            own.pitch += SETTLE * change.pitch.min(0.0);
        }
    }
}
