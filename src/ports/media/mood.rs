//! How a talk goes: a long silence, or tempers that rise. Heard from the sound alone, while it goes on.
//!
//! `ear` finds level, brightness and pitch in 20 ms of one side; `alive` tells a voice from the line's own tones; `mirror`
//! tells an echo from somebody who speaks; `temper` knows how each speaker sounded at first; `talking` sees overlap;
//! `silence` and `heat` decide. Nothing here knows what is said, or who; nothing is kept of the sound beyond 8 s of
//! figures.
//!
//! Music counts as not silent and never as heat, if its notes are held; a loud joy sounds much like anger here.

mod alive;
mod ear;
mod heat;
#[cfg(test)]
mod measure;
mod mirror;
mod past;
mod silence;
#[cfg(test)]
mod synthetic;
mod talking;
mod temper;
#[cfg(test)]
mod tests;

use std::time::Duration;

use self::{
    alive::Alive,
    ear::{Ear, Heard},
    heat::Heat,
    mirror::Mirror,
    past::Past,
    silence::Silence,
    talking::Talking,
    temper::Temper,
};
use super::line::rate::{FRAME, FRAMES};
use crate::base::mood::{Mood, MoodLimits, Side};

/// Frames from one look at the figures to the next: 200 ms.
const LOOK: u32 = 10;
/// Frames in which the other side's sound may come back: 600 ms.
const BACK: usize = 30;
/// dB by which a frame may be fainter than the other side's loudest of them, to be surely its own speaker's.
const OWN: f32 = 8.0;
/// Held pitches among all that make a melody: real speech came to 0.52 at most.
const MELODY: f32 = 0.6;
const MELODY_OF: usize = 50;
/// Under this score speakers are calm.
const SETTLED: u8 = 30;

/// What is known of one side.
#[derive(Debug)]
struct Speaker {
    ear: Ear,
    alive: Alive,
    temper: Temper,
    /// Is this side's sound the other's come back?
    mirror: Mirror,
    levels: Past<f32, BACK>,
    odds: f32,
}

impl Speaker {
    fn new() -> Self {
        let (ear, alive, temper, mirror) = (Ear::new(), Alive::new(), Temper::new(), Mirror::new());
        Self { ear, alive, temper, mirror, levels: Past::new(), odds: f32::MIN }
    }

    /// Whether this side's own speaker has a voice in this frame.
    fn hear(&mut self, own: (Heard, bool), other: Heard, loudest: f32) -> bool {
        let (heard, voice) = own;
        let echo = self.mirror.is_echo(other, heard);
        let voice = voice && !echo;
        // Learnt is what is surely not the other's echo, and calm as far as that is known.
        let learn = heard.level > loudest - OWN && heat::score(self.odds, 0.0) < SETTLED;
        self.temper.frame(heard, voice, learn);
        voice
    }

    fn look(&mut self) {
        self.mirror.look();
        let (held, of) = self.alive.held();
        let melody = of >= MELODY_OF && held > MELODY;
        let change = self.temper.change().filter(|_| !melody);
        self.odds = change.map_or(f32::MIN, heat::odds);
        if let Some(change) = change.filter(|_| heat::score(self.odds, 0.0) < SETTLED) {
            self.temper.settle(change);
        }
    }
}

/// Listens to one talk.
#[derive(Debug)]
pub struct Listener {
    silence: Option<Silence>,
    heat: Option<Heat>,
    speakers: [Box<Speaker>; 2],
    talking: Talking,
    frames: u32,
    score: u8,
    side: Side,
    mood: Mood,
}

impl Listener {
    pub fn new(limits: MoodLimits) -> Self {
        let frames = |limit: Duration| (limit.as_millis() / u128::from(1000 / FRAMES)) as u32;
        Self {
            silence: limits.silence.map(|limit| Silence::new(frames(limit))),
            heat: limits.heat.map(Heat::new),
            speakers: [Box::new(Speaker::new()), Box::new(Speaker::new())],
            talking: Talking::new(),
            frames: 0,
            score: 0,
            side: Side::Caller,
            mood: Mood::Calm,
        }
    }

    /// It has been so before: it lasts until there is something else to be heard, and heat eight seconds at most.
    #[must_use]
    pub fn was(mut self, mood: Mood) -> Self {
        match mood {
            Mood::Calm => {}
            Mood::Silent => {
                self.silence.iter_mut().for_each(Silence::fill);
            }
            Mood::Heated { score, side } => self.heat.iter_mut().for_each(|heat| heat.light(score, side)),
        }
        self.mood = mood;
        self
    }

    /// 20 ms of both sides, at 8 kHz; the mood when it has changed.
    pub fn frame(&mut self, caller: &[i16; FRAME], agent: &[i16; FRAME]) -> Option<Mood> {
        let mut voiced = [(Heard::default(), false); 2];
        for ((speaker, frame), out) in self.speakers.iter_mut().zip([caller, agent]).zip(&mut voiced) {
            let heard = speaker.ear.hear(frame);
            *out = (heard, speaker.alive.is_voice(heard));
        }
        let silent =
            self.silence.as_mut().is_some_and(|silence| silence.frame(voiced.iter().any(|(_, is)| *is)));
        let heated = self.heated(voiced);
        let mood = match heated {
            _ if silent => Mood::Silent,
            Some((score, side)) => Mood::Heated { score, side },
            None => Mood::Calm,
        };
        let changed = std::mem::replace(&mut self.mood, mood) != mood;
        changed.then_some(mood)
    }

    /// The heat now, 0 to 100; 0 when it is not listened for, and until a speaker is known.
    pub fn score(&self) -> u8 {
        self.score
    }

    /// Whether heat can be told: somebody has spoken long enough (about 10 s) to be known.
    pub fn is_known(&self) -> bool {
        self.speakers.iter().any(|speaker| speaker.temper.is_known())
    }

    fn heated(&mut self, voiced: [(Heard, bool); 2]) -> Option<(u8, Side)> {
        let heat = self.heat.as_mut()?;
        let loudest = self.speakers.each_ref().map(|speaker| speaker.levels.all().fold(0.0, f32::max));
        let [caller, agent] = &mut self.speakers;
        let own =
            [caller.hear(voiced[0], voiced[1].0, loudest[1]), agent.hear(voiced[1], voiced[0].0, loudest[0])];
        for (speaker, (heard, is)) in self.speakers.iter_mut().zip(voiced) {
            speaker.levels.push(if is { heard.level } else { 0.0 });
        }
        self.talking.frame(own);
        self.frames = self.frames.wrapping_add(1);
        if self.frames.is_multiple_of(LOOK) {
            self.speakers.iter_mut().for_each(|speaker| speaker.look());
            let [caller, agent] = self.speakers.each_ref().map(|speaker| speaker.odds);
            self.side = if agent > caller { Side::Agent } else { Side::Caller };
            self.score = heat::score(caller.max(agent), self.talking.clash());
        }
        heat.frame(self.score, self.side)
    }
}
