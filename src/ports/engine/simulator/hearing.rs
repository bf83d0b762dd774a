//! Who hears whom, who hears anything at all, and what callers say and press.

use smol_str::SmolStr;

use super::world::{Happening, State, World};
use crate::{
    base::{
        clock::Stamp,
        id::{LegId, OrderId},
        mood::Mood,
        number::Key,
        text::Label,
    },
    ports::engine::{Command, Event, Outcome, Stream},
};

impl World {
    /// Whether what is said at `speaker` is heard at `listener`: they talk, or are in one room; nobody has muted the
    /// speaker or put the talk on hold; and nothing else is played to the listener.
    pub fn hears(&self, listener: &LegId, speaker: &LegId) -> bool {
        let (Some(to), Some(from)) = (self.legs.get(listener), self.legs.get(speaker)) else { return false };
        let joined = match (&to.state, &from.state) {
            (State::Talking(peer), State::Talking(back)) => peer == speaker && back == listener,
            (State::Room(one), State::Room(other)) => one == other && !from.muted && listener != speaker,
            _ => false,
        };
        let open = |held: bool, up: bool| up && !held;
        joined && open(to.held, to.up) && open(from.held, from.up) && to.playing.is_none() && !to.music
    }

    pub fn hear_each_other(&self, one: &LegId, other: &LegId) -> bool {
        self.hears(one, other) && self.hears(other, one)
    }

    /// Whether somebody at this leg hears a voice, a prompt, music or a tone, or is being listened to by a mailbox.
    pub fn hears_something(&self, leg: &LegId) -> bool {
        let Some(found) = self.legs.get(leg) else { return false };
        let served = found.playing.is_some() || found.music || found.recording.is_some();
        match &found.state {
            State::Parked => served || self.attends(leg).is_some() || found.rings && !found.up,
            State::Room(room) => served || found.held || self.in_room(room).len() > 1,
            State::Talking(peer) => served || found.held || self.legs.contains_key(peer),
            State::Dialling(_) | State::Ringing(_) | State::Called(_) | State::Fallback => true,
        }
    }

    /// Whether this leg rings and nobody has answered yet.
    pub fn rings(&self, leg: &LegId) -> bool {
        self.legs.get(leg).is_some_and(|leg| matches!(leg.state, State::Ringing(_) | State::Called(_)))
    }

    /// The caller at this leg says something, and somebody writes it down.
    pub fn say(&mut self, leg: &LegId, text: &str, at: Stamp) {
        self.schedule(at, Happening::Says(leg.clone(), text.into()));
    }

    pub(super) fn said(&mut self, leg: LegId, text: SmolStr) {
        let Some(found) = self.legs.get_mut(&leg).filter(|leg| leg.up && leg.heard.is_some()) else { return };
        found.paused = found.playing.is_some();
        self.tell(Event::Voice { leg: leg.clone() });
        self.tell(Event::Said { leg, text });
    }

    /// The talk of this leg becomes so, and whoever senses it is told.
    pub fn feels(&mut self, leg: &LegId, mood: Mood, at: Stamp) {
        self.schedule(at, Happening::Feels(leg.clone(), mood));
    }

    pub(super) fn sense(&mut self, leg: LegId, mood: Mood) {
        self.with(&leg, |leg| leg.sensed = true);
        self.tell(Event::Mood { leg, mood });
    }

    pub(super) fn felt(&mut self, leg: LegId, mood: Mood) {
        if self.is_sensed(&leg) {
            self.tell(Event::Mood { leg, mood });
        }
    }

    /// Whether somebody wants to know how the talk of this leg goes.
    pub fn is_sensed(&self, leg: &LegId) -> bool {
        self.legs
            .get(leg)
            .is_some_and(|leg| leg.sensed && matches!(leg.state, State::Talking(_) | State::Room(_)))
    }

    /// The caller at this leg can be heard: whoever taps the leg streams with this mouth. Without one a tap is refused.
    pub fn speaks_at(&mut self, leg: LegId, mouth: Stream) {
        self.mouths.insert(leg, mouth);
    }

    /// Every order to a leg that is there is taken, but for a tap of one that has no mouth.
    pub(super) fn accept(&mut self, leg: &LegId, order: OrderId, command: &Command) {
        if !matches!(command, Command::Tap { .. }) {
            return self.outcome(leg.clone(), order, Outcome::Done);
        }
        let Some(stream) = self.mouths.get(leg).copied() else {
            let why = Label::new("nothing is heard of this caller");
            return self.outcome(leg.clone(), order, Outcome::Refused(why));
        };
        self.outcome(leg.clone(), order, Outcome::Done);
        self.tell(Event::Tapped { leg: leg.clone(), stream });
    }

    /// Whether somebody listens to what is said at this leg.
    pub fn is_listened_to(&self, leg: &LegId) -> bool {
        self.legs.get(leg).is_some_and(|leg| leg.heard.is_some())
    }

    /// Whether a prompt is being heard there, and does not wait for the end of an utterance.
    pub fn is_spoken_to(&self, leg: &LegId) -> bool {
        self.legs.get(leg).is_some_and(|leg| leg.playing.is_some() && !leg.paused)
    }

    /// The caller at this leg presses a key.
    pub fn press(&mut self, leg: &LegId, key: Key, at: Stamp) {
        self.schedule(at, Happening::Presses(leg.clone(), key));
    }

    /// The phone at this leg puts its talk on hold, or goes on with it. The house hears of it only what is heard.
    pub fn hold(&mut self, leg: &LegId, on: bool) {
        self.with(leg, |leg| leg.held = on);
    }
}
