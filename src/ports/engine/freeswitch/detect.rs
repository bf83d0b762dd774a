//! Legs that a recogniser of the engine listens to (`detect_speech`), whatever they do meanwhile. It is told apart from the
//! applications in a leg's lane: it takes no time of them, and outlives them until it is stopped.

use std::time::Duration;

use smol_str::SmolStr;

use crate::{
    base::{
        clock::Stamp,
        id::{LegId, OrderId},
        text::Label,
    },
    ports::engine::{Detector, Event, Forming, Outcome},
};

use super::{
    command, escape,
    leg::{Lane, Leg, Playing, Stage},
    legs::{Legs, Then},
    tag::Tag,
    translate::Detected,
};

/// The longest utterance.
const LONGEST: Duration = Duration::from_secs(30);
/// An opening that takes longer keeps the caller waiting: the engine does it in the leg's own time, and plays nothing
/// meanwhile.
const OPENING: Duration = Duration::from_secs(1);
/// So long nobody else waits for whoever opened so slowly.
const REST: Duration = Duration::from_secs(30);
/// A prompt that waits for nobody any more goes on by itself.
const FORGOTTEN: Duration = Duration::from_secs(3);
/// How the engine's list of those who listen to a leg begins, and how it calls a recogniser there. A leg that is gone has
/// no list.
const LISTENERS: &str = "<media-bugs>";
const LISTENS: &str = "<function>detect_speech</function>";

/// A recogniser at a leg.
#[derive(Clone, Debug)]
pub(super) struct Detection {
    order: OrderId,
    by: Detector,
    /// When it was told to listen.
    since: Stamp,
    /// It has been told to listen, and what comes is its own.
    begun: bool,
    voice: Option<Voice>,
    /// Since when its words are known and nobody has decided about what they interrupted.
    undecided: Option<Stamp>,
}

/// What answers, or does not: a module, and its own name for a server.
pub(super) type Server = (SmolStr, Option<SmolStr>);

fn server(by: &Detector) -> Server {
    (by.module.clone(), by.profile.clone())
}

/// Somebody who speaks.
#[derive(Clone, Copy, Debug)]
struct Voice {
    since: Stamp,
    /// The last that was heard of it.
    sign: Stamp,
}

impl Legs {
    pub(super) fn detect(&mut self, leg: &LegId, order: OrderId, by: &Detector, now: Stamp) {
        let Some(known) = self.all.get_mut(leg) else { return };
        if known.stage < Stage::Answered {
            return self.refuse(leg, order, "this leg is not answered");
        }
        if matches!(known.lane, Lane::Talking { .. } | Lane::InRoom { .. }) {
            return self.refuse(leg, order, "the leg talks; order it to part first");
        }
        if known.detection.as_ref().is_some_and(|detection| detection.by == *by) {
            return self.outcome(leg, order, Outcome::Done);
        }
        let what = match escape::detector(by) {
            Ok(what) => what,
            Err(why) => return self.refuse(leg, order, &why.to_string()),
        };
        self.undetect(leg);
        if self.slow.get(&server(by)).is_some_and(|found| now.since(*found) < REST) {
            let why = format!("`{}` lets callers wait; is its server there?", by.module);
            return self.refuse(leg, order, &why);
        }
        let detection =
            Detection { order, by: by.clone(), since: now, begun: false, voice: None, undecided: None };
        if let Some(known) = self.all.get_mut(leg) {
            known.detection = Some(detection);
        }
        self.send(command::detects(leg, true), Then::Nothing);
        self.tell_recogniser(leg, Tag::Detect(order), &what, Then::Outcome { leg: leg.clone(), order });
    }

    fn tell_recogniser(&mut self, leg: &LegId, tag: Tag, what: &str, then: Then) {
        let Some(known) = self.all.get_mut(leg) else { return };
        let bytes = command::detect(leg, what, &tag);
        known.untold.push((tag, bytes.clone()));
        self.send(bytes, then);
    }

    fn redetect(&mut self, leg: &LegId, what: &str) {
        let Some(known) = self.all.get_mut(leg) else { return };
        known.tellings = known.tellings.wrapping_add(1);
        let tag = Tag::Redetect(OrderId { seq: 0, index: known.tellings });
        self.tell_recogniser(leg, tag, what, Then::Nothing);
    }

    pub(super) fn stop_detecting(&mut self, leg: &LegId) {
        self.redetect(leg, "stop");
        self.send(command::detects(leg, false), Then::Nothing);
    }

    /// The engine has carried it out, and whatever came before it.
    pub(super) fn is_told(&mut self, leg: &LegId, tag: &Tag) {
        let Some(known) = self.all.get_mut(leg) else { return };
        if let Some(at) = known.untold.iter().position(|(told, _)| told == tag) {
            known.untold.drain(..=at);
        }
    }

    /// Ends what is played or recorded. The engine forgets with that whatever else it was told and has not begun, so a
    /// recogniser is told again.
    pub(super) fn break_off(&mut self, leg: &LegId) {
        self.send(command::stop(leg), Then::Nothing);
        let untold = self.all.get(leg).map(|known| known.untold.clone()).unwrap_or_default();
        for (_, bytes) in untold {
            self.send(bytes, Then::Nothing);
        }
    }

    /// The recogniser ends, if one listens; what plays goes on.
    pub(super) fn undetect(&mut self, leg: &LegId) {
        if self.all.get_mut(leg).and_then(|known| known.detection.take()).is_some() {
            self.stop_detecting(leg);
            self.unpause(leg);
        }
    }

    /// After a break of the link: what it has told meanwhile is lost, so whoever spoke has no words, and it begins anew.
    pub(super) fn detect_anew(&mut self, leg: &LegId, now: Stamp) {
        let Some(detection) = self.all.get_mut(leg).and_then(|known| known.detection.take()) else { return };
        if detection.voice.is_some() {
            self.tell(Event::Said { leg: leg.clone(), text: "".into() });
        }
        if let Some(known) = self.all.get_mut(leg) {
            known.untold.clear();
        }
        self.stop_detecting(leg);
        let Ok(what) = escape::detector(&detection.by) else { return };
        let order = detection.order;
        if let Some(known) = self.all.get_mut(leg) {
            known.detection = Some(Detection { since: now, begun: false, voice: None, ..detection });
        }
        self.send(command::detects(leg, true), Then::Nothing);
        self.tell_recogniser(leg, Tag::Detect(order), &what, Then::Nothing);
    }

    /// The engine has told a recogniser to listen, and says nothing of how that went.
    pub(super) fn on_detecting(&mut self, leg: &LegId, order: OrderId) {
        self.is_told(leg, &Tag::Detect(order));
        if let Some(detection) = self.detection(leg, order) {
            detection.begun = true;
            self.send(command::listeners(leg), Then::Listens { leg: leg.clone(), order });
        }
    }

    fn detection(&mut self, leg: &LegId, order: OrderId) -> Option<&mut Detection> {
        self.all.get_mut(leg)?.detection.as_mut().filter(|detection| detection.order == order)
    }

    pub(super) fn on_listens(&mut self, leg: &LegId, order: OrderId, answer: &[u8]) {
        let answer = String::from_utf8_lossy(answer);
        if answer.contains(LISTENS) || !answer.contains(LISTENERS) {
            return;
        }
        if let Some(detection) = self.detection(leg, order) {
            let why =
                format!("`{}` does not listen: is it loaded, and is the grammar right?", detection.by.module);
            self.deafened(leg, &why);
        }
    }

    /// It listens no more, through no order of ours.
    fn deafened(&mut self, leg: &LegId, why: &str) {
        let Some(detection) = self.all.get_mut(leg).and_then(|known| known.detection.take()) else { return };
        if detection.voice.is_some() {
            self.tell(Event::Said { leg: leg.clone(), text: "".into() });
        }
        self.stop_detecting(leg);
        self.unpause(leg);
        self.tell(Event::Deafened { leg: leg.clone(), why: Label::new(why) });
    }

    pub(super) fn on_detected(&mut self, leg: &LegId, number: u64, what: Detected, now: Stamp) {
        let Some(known) = self.all.get_mut(leg) else { return };
        if number <= known.detected {
            return;
        }
        known.detected = number;
        if !known.detection.as_ref().is_some_and(|detection| detection.begun) {
            return;
        }
        match what {
            Detected::Voice => self.speaks(leg, now),
            Detected::Part(text) => {
                self.speaks(leg, now);
                self.tell(Event::Forming(Forming { leg: leg.clone(), text }));
            }
            Detected::Words(text) => {
                self.redetect(leg, "resume");
                // Nobody spoke.
                if text.is_empty() && !self.hears_a_voice(leg) {
                    return;
                }
                self.speaks(leg, now);
                self.is_said(leg, text, now);
            }
            // By itself, or because the leg ends.
            Detected::Closed => {
                if let Some(order) = self.all.get(leg).and_then(|known| Some(known.detection.as_ref()?.order))
                {
                    self.send(command::listeners(leg), Then::Listens { leg: leg.clone(), order });
                }
            }
        }
    }

    /// Somebody speaks, or speaks on.
    fn speaks(&mut self, leg: &LegId, now: Stamp) {
        let Some(known) = self.all.get_mut(leg) else { return };
        let Some(detection) = &mut known.detection else { return };
        if let Some(voice) = &mut detection.voice {
            voice.sign = now;
            return;
        }
        detection.voice = Some(Voice { since: now, sign: now });
        detection.undecided = None;
        if let Lane::Playing(playing @ Playing { prompt: Some(_), paused: false, stop: None, .. }) =
            &mut known.lane
        {
            playing.paused = true;
            if playing.started {
                self.send(command::pause(leg), Then::Nothing);
            }
        }
        self.tell(Event::Voice { leg: leg.clone() });
    }

    fn hears_a_voice(&self, leg: &LegId) -> bool {
        let detection = self.all.get(leg).and_then(|known| known.detection.as_ref());
        detection.is_some_and(|detection| detection.voice.is_some())
    }

    fn is_said(&mut self, leg: &LegId, text: SmolStr, now: Stamp) {
        let Some(known) = self.all.get_mut(leg) else { return };
        if let Some(detection) = &mut known.detection {
            detection.voice = None;
            detection.undecided = Some(now);
        }
        self.tell(Event::Said { leg: leg.clone(), text });
    }

    /// Whether a prompt that begins now waits for somebody who speaks.
    pub(super) fn begins_paused(&mut self, leg: &LegId) -> bool {
        let Some(detection) = self.all.get_mut(leg).and_then(|known| known.detection.as_mut()) else {
            return false;
        };
        detection.undecided = None;
        detection.voice.is_some()
    }

    /// The voice was no interruption.
    pub(super) fn go_on(&mut self, leg: &LegId) {
        if let Some(detection) = self.all.get_mut(leg).and_then(|known| known.detection.as_mut()) {
            detection.undecided = None;
        }
        self.unpause(leg);
    }

    fn unpause(&mut self, leg: &LegId) {
        let Some(Lane::Playing(playing)) = self.all.get_mut(leg).map(|known| &mut known.lane) else { return };
        if std::mem::take(&mut playing.paused) && playing.started {
            self.send(command::pause(leg), Then::Nothing);
        }
    }

    /// Finds recognisers that have not opened in time; whoever calls next is not sent to them for a while.
    pub(super) fn find_slow(&mut self, now: Stamp) {
        let opening = self.all.values().filter_map(|known| known.detection.as_ref());
        let slow = opening.filter(|one| !one.begun && now.since(one.since) >= OPENING);
        for server in slow.map(|one| server(&one.by)) {
            if self.slow.insert(server, now).is_none_or(|found| now.since(found) >= REST) {
                tracing::warn!("the engine's recogniser takes long to open; others do not wait for it");
            }
        }
    }

    /// Recognisers that say nothing any more, and prompts that nobody remembers.
    pub(super) fn end_utterances(&mut self, now: Stamp) {
        let late = |known: &Leg| {
            known.detection.as_ref().is_some_and(|Detection { by, voice, .. }| {
                voice.is_some_and(|Voice { since, sign }| {
                    now.since(sign) >= by.patience || now.since(since) >= LONGEST + by.patience
                })
            })
        };
        let forgotten = |known: &Leg| {
            let undecided = known.detection.as_ref().and_then(|detection| detection.undecided);
            undecided.is_some_and(|since| now.since(since) >= FORGOTTEN)
        };
        let of = |fits: &dyn Fn(&Leg) -> bool| -> Vec<LegId> {
            self.all.iter().filter(|(_, known)| fits(known)).map(|(leg, _)| leg.clone()).collect()
        };
        let (late, forgotten) = (of(&late), of(&forgotten));
        for leg in late {
            tracing::warn!(%leg, "the engine's recogniser has no words in time");
            self.redetect(&leg, "pause");
            self.redetect(&leg, "resume");
            self.is_said(&leg, "".into(), now);
        }
        for leg in forgotten {
            if matches!(
                self.all.get(&leg).map(|known| &known.lane),
                Some(Lane::Playing(Playing { paused: true, .. }))
            ) {
                tracing::warn!(%leg, "nobody decided whether a prompt goes on; it does");
            }
            self.go_on(&leg);
        }
    }
}

#[cfg(test)]
mod tests;
