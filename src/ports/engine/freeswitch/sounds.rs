//! What a leg hears, and what is recorded of it.

use std::{path::PathBuf, time::Duration};

use crate::{
    base::{
        clock::Stamp,
        id::{LegId, OrderId, SoundId},
    },
    ports::engine::{Event, HangupCause, Media, Outcome, Verdict},
};

use super::{
    command, escape,
    leg::{Lane, Playing, Recording},
    legs::{Legs, PATIENCE, Then},
    translate::{Executed, Next},
};

/// The variable that says what tape runs.
const TAPE: &str = "tandem_tape";

fn playing(prompt: Option<OrderId>, paused: bool) -> Lane {
    Lane::Playing(Playing { prompt, started: false, whole: false, paused, stop: None })
}

/// What the leg does after an application of ours.
fn after(next: Next, now: Stamp) -> Lane {
    match next {
        Next::Park | Next::Hangup => Lane::Idle,
        Next::Transfer => Lane::Reparking { since: now },
    }
}

impl Legs {
    pub(super) fn play(&mut self, leg: &LegId, order: OrderId, media: &[Media]) {
        let files: Vec<PathBuf> = media.iter().map(|media| self.settings.file(media)).collect();
        match escape::playlist(&files) {
            Ok(list) => {
                let paused = self.begins_paused(leg);
                self.set_lane(leg, playing(Some(order), paused));
                self.send(command::play(leg, order, &list), Then::Outcome { leg: leg.clone(), order });
            }
            Err(why) => self.refuse(leg, order, &why.to_string()),
        }
    }

    pub(super) fn start_music(&mut self, leg: &LegId, order: OrderId) {
        self.set_lane(leg, playing(None, false));
        let bytes = command::music(leg, order, &self.music);
        self.send(bytes, Then::Outcome { leg: leg.clone(), order });
    }

    pub(super) fn on_play_started(&mut self, leg: &LegId) {
        let Some(known) = self.all.get_mut(leg) else { return };
        if std::mem::take(&mut known.held) {
            return self.send(command::park_again(leg), Then::Nothing);
        }
        let Lane::Playing(playing) = &mut known.lane else { return };
        playing.started = true;
        if playing.stop.is_some() {
            self.break_off(leg);
        } else if playing.paused {
            self.send(command::pause(leg), Then::Nothing);
        }
    }

    pub(super) fn on_play_over(&mut self, over: &Executed, order: OrderId, now: Stamp) {
        let Executed { leg, played, next, .. } = over;
        let Some(known) = self.all.get_mut(leg) else { return };
        // What has not begun yet cannot be over.
        if known.reported >= Some(order) || known.waiting.iter().any(|waits| waits.id == order) {
            return;
        }
        known.reported = Some(order);
        let verdict = match &known.lane {
            Lane::Playing(playing) if playing.prompt == Some(order) => {
                if !played {
                    Verdict::Failed
                } else if playing.stop.is_some() && !playing.whole || *next != Next::Park {
                    Verdict::Stopped
                } else {
                    Verdict::Finished
                }
            }
            _ if *next == Next::Park && *played => Verdict::Finished,
            _ => Verdict::Stopped,
        };
        match &known.lane {
            Lane::Playing(playing) if playing.prompt == Some(order) => known.lane = after(*next, now),
            Lane::Unknown => known.lane = after(*next, now),
            _ => {}
        }
        self.tell(Event::Played { leg: leg.clone(), order, verdict });
        self.pump(leg, now);
    }

    pub(super) fn on_music_over(&mut self, over: &Executed, now: Stamp) {
        let Executed { leg, played, next, .. } = over;
        let Some(known) = self.all.get_mut(leg) else { return };
        let Lane::Playing(playing) = &mut known.lane else { return };
        if playing.prompt.is_some() {
            return;
        }
        if *played && playing.stop.is_none() && *next == Next::Park {
            // The file starts again from its beginning.
            playing.started = false;
            return;
        }
        known.lane = after(*next, now);
        self.pump(leg, now);
    }

    pub(super) fn record(
        &mut self,
        leg: &LegId,
        order: OrderId,
        sound: &SoundId,
        limit: Duration,
        silence: Duration,
    ) {
        let file = self.settings.file(&Media::Sound(sound.clone()));
        let bytes = match escape::sound(&file) {
            Ok(file) => command::record(leg, order, file, limit, silence),
            Err(why) => return self.refuse(leg, order, &why.to_string()),
        };
        let Some(known) = self.all.get_mut(leg) else { return };
        known.lane = Lane::Recording(Recording { order, limit, started: None, stop: None, hung_up: None });
        known.recording = Some(order);
        self.send(bytes, Then::Outcome { leg: leg.clone(), order });
    }

    pub(super) fn on_record_started(&mut self, leg: &LegId, now: Stamp) {
        let Some(Lane::Recording(recording)) = self.all.get_mut(leg).map(|l| &mut l.lane) else { return };
        // A tape starts with the same event.
        recording.started.get_or_insert(now);
        if recording.stop.is_some() {
            self.break_off(leg);
        }
    }

    pub(super) fn stop_record(&mut self, leg: &LegId, now: Stamp) {
        let Some(Lane::Recording(recording)) = self.all.get_mut(leg).map(|l| &mut l.lane) else { return };
        if recording.stop.is_none() && recording.hung_up.is_none() {
            recording.stop = Some(now);
            if recording.started.is_some() {
                self.break_off(leg);
            }
        }
    }

    pub(super) fn on_record_over(&mut self, over: &Executed, order: OrderId, now: Stamp) {
        let Executed { leg, length, next, .. } = over;
        let Some(known) = self.all.get_mut(leg) else { return };
        if known.recording != Some(order) && known.lane != Lane::Unknown {
            return;
        }
        known.recording = None;
        let mut end = None;
        match &known.lane {
            Lane::Recording(recording) if recording.order == order => {
                end = recording.hung_up.map(|(cause, _)| cause);
                known.lane = after(*next, now);
            }
            Lane::Unknown => known.lane = after(*next, now),
            _ => {}
        }
        self.tell(Event::Recorded { leg: leg.clone(), order, length: *length });
        match end {
            Some(cause) => self.end(leg, cause, now),
            None => self.pump(leg, now),
        }
    }

    /// A record that was left by force, and whose end was not heard: nothing is known of its file.
    pub(super) fn give_record_up(&mut self, leg: &LegId) {
        if let Some(order) = self.all.get_mut(leg).and_then(|known| known.recording.take()) {
            self.tell(Event::Recorded { leg: leg.clone(), order, length: Duration::ZERO });
        }
    }

    /// A record whose end was not heard: what is in its file is told.
    pub(super) fn find(&mut self, leg: &LegId, order: OrderId, record: OrderId, sound: &SoundId) {
        if self.all.get(leg).is_some_and(|known| known.recording == Some(record)) {
            return self.refuse(leg, order, "it is still being recorded");
        }
        let length = self.settings.length(sound);
        self.outcome(leg, order, Outcome::Done);
        self.tell(Event::Recorded { leg: leg.clone(), order: record, length });
    }

    /// A leg that is gone while it is recorded has its end when the file is whole. Says whether it is so.
    pub(super) fn is_recorded(&mut self, leg: &LegId, cause: HangupCause, now: Stamp) -> bool {
        let Some(Lane::Recording(recording)) = self.all.get_mut(leg).map(|l| &mut l.lane) else {
            return false;
        };
        recording.hung_up.get_or_insert((cause, now));
        true
    }

    /// The engine counts whole seconds, and one too many.
    pub(super) fn end_records(&mut self, now: Stamp) {
        let (mut long, mut gone) = (Vec::new(), Vec::new());
        for (id, leg) in &self.all {
            let Lane::Recording(recording) = &leg.lane else { continue };
            match (recording.hung_up, recording.started) {
                (Some((cause, at)), _) if now.since(at) >= PATIENCE => gone.push((id.clone(), cause)),
                (None, Some(at)) if now.since(at) >= recording.limit => long.push(id.clone()),
                _ => {}
            }
        }
        for leg in long {
            self.stop_record(&leg, now);
        }
        for (leg, cause) in gone {
            self.end(&leg, cause, now);
        }
    }

    pub(super) fn tape(&mut self, leg: &LegId, order: OrderId, sound: &SoundId) {
        if self.all.get(leg).is_some_and(|known| known.tape.is_some()) {
            return self.refuse(leg, order, "a tape runs already");
        }
        let file = self.settings.file(&Media::Sound(sound.clone()));
        let bytes = match escape::sound(&file) {
            Ok(file) => command::tape(leg, "start", file),
            Err(why) => return self.refuse(leg, order, &why.to_string()),
        };
        if let Some(known) = self.all.get_mut(leg) {
            known.tape = Some(sound.clone());
        }
        self.send(command::note(leg, TAPE, sound.as_str()), Then::Nothing);
        self.send(bytes, Then::Outcome { leg: leg.clone(), order });
    }

    pub(super) fn pause_tape(&mut self, leg: &LegId, order: OrderId, on: bool) {
        self.tell_tape(leg, order, if on { "mask" } else { "unmask" });
    }

    pub(super) fn stop_tape(&mut self, leg: &LegId, order: OrderId) {
        self.tell_tape(leg, order, "stop");
        if let Some(known) = self.all.get_mut(leg) {
            known.tape = None;
        }
    }

    /// Writes what both say into a file besides; one that it writes already is written on.
    pub(super) fn overhear(&mut self, leg: &LegId, order: OrderId, what: &str) {
        let file = self.settings.overheard(leg);
        match escape::sound(&file) {
            Ok(file) => {
                let bytes = command::tape(leg, what, file);
                self.send(bytes, Then::Outcome { leg: leg.clone(), order });
            }
            Err(why) => self.refuse(leg, order, &why.to_string()),
        }
    }

    fn tell_tape(&mut self, leg: &LegId, order: OrderId, what: &str) {
        let Some(sound) = self.all.get(leg).and_then(|known| known.tape.clone()) else {
            return self.refuse(leg, order, "no tape runs");
        };
        let file = self.settings.file(&Media::Sound(sound));
        if let Ok(file) = escape::sound(&file) {
            let bytes = command::tape(leg, what, file);
            self.send(bytes, Then::Outcome { leg: leg.clone(), order });
        }
    }
}
