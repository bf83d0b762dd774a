//! How talks go, where a queue's supervisors want to know: from the answer of an agent to the end of the talk.

use smol_str::{SmolStr, format_smolstr};

use super::{state::Switchboard, view::MoodView};
use crate::{
    base::{
        id::{CallId, LegId, Name, OrderId},
        mood::{Mood, Side},
        text::Label,
    },
    infra::site::Metric,
    live::call::{Call, Sensed, Timer},
    ports::engine::Command,
};

impl Switchboard {
    /// A talk with an agent begins for this queue.
    pub(super) fn sense(&mut self, id: CallId, queue: &Name) {
        let limits = self.site.queues.get(queue).and_then(|queue| queue.mood);
        let (Some(limits), now) = (limits, self.now()) else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        let (mood, queue) = (Mood::Calm, queue.clone());
        call.sensed = Some(Box::new(Sensed { queue, limits, order: None, mood, since: now }));
        self.sense_again(id);
    }

    /// The talk is over, or it is another one.
    pub(super) fn sense_ends(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(sensed) = call.sensed.take() else { return };
        if call.gone.is_none() {
            self.out.order(&call.leg, Command::SenseStop);
        }
        if sensed.mood != Mood::Calm {
            self.moods_changed();
        }
    }

    /// What must not be recorded is not listened to either.
    pub(super) fn sense_pauses(&mut self, id: CallId) {
        let now = self.now();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(sensed) = call.sensed.as_deref_mut() else { return };
        (sensed.mood, sensed.since) = (Mood::Calm, now);
        self.sense_again(id);
        self.moods_changed();
    }

    /// Unless a recording pauses. Tandem, or whoever listens, may have begun anew.
    pub(super) fn sense_again(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let paused = call.tape().is_some_and(|tape| tape.recording.paused());
        let Some(sensed) = call.sensed.as_deref_mut() else { return };
        if paused {
            sensed.order = None;
            self.out.order(&call.leg, Command::SenseStop);
            return;
        }
        let Sensed { limits, mood, .. } = *sensed;
        sensed.order = Some(self.out.order(&call.leg, Command::Sense { limits, mood }));
    }

    /// The engine does not let anybody listen.
    pub(super) fn sense_refused(&mut self, leg: &LegId, order: OrderId, why: &Label) {
        let call = self.legs.get(leg).and_then(|id| self.calls.get(id));
        if call.and_then(|call| call.sensed.as_deref()).is_some_and(|sensed| sensed.order == Some(order)) {
            self.unsensed(leg, why);
        }
    }

    pub(super) fn unsensed(&mut self, leg: &LegId, why: &Label) {
        let Some(call) = self.legs.get(leg).and_then(|id| self.calls.get_mut(id)) else { return };
        if call.leg == *leg && call.sensed.take().is_some() {
            self.out.tell(call, format_smolstr!("nobody hears how the talk goes: {}", why.as_str()));
            self.moods_changed();
        }
    }

    pub(super) fn mood(&mut self, leg: &LegId, mood: Mood) {
        let now = self.now();
        let Some(call) = self.legs.get(leg).and_then(|id| self.calls.get_mut(id)) else { return };
        let Some(sensed) = call.sensed.as_deref_mut().filter(|_| call.leg == *leg) else { return };
        if sensed.mood == mood || sensed.order.is_none() {
            return;
        }
        (sensed.mood, sensed.since) = (mood, now);
        let text = match mood {
            Mood::Calm => SmolStr::new_static("the talk is calm again"),
            Mood::Silent => {
                let span = sensed.limits.silence.unwrap_or_default().as_secs();
                format_smolstr!("neither has said anything for {span} s")
            }
            Mood::Heated { score, side } => {
                format_smolstr!("the talk is heated, {score} of 100: {}", whose(side))
            }
        };
        self.out.tell(call, text);
        self.moods_changed();
    }

    /// Alerts on moods are not kept waiting for the next look at figures.
    fn moods_changed(&mut self) {
        let watched = |metric| matches!(metric, Metric::SilentTalks | Metric::HeatedTalks);
        if self.site.alerts.rules.values().any(|rule| watched(rule.metric)) {
            self.timers.set(Timer::Alerts, self.now());
        }
    }

    /// How many talks of a queue are silent, and how many heated.
    pub(super) fn moods(&self, queue: &Name) -> [usize; 2] {
        let mut counts = [0, 0];
        let sensed = self.calls.values().filter_map(|call| call.sensed.as_deref());
        for sensed in sensed.filter(|sensed| sensed.queue == *queue) {
            match sensed.mood {
                Mood::Calm => {}
                Mood::Silent => counts[0] += 1,
                Mood::Heated { .. } => counts[1] += 1,
            }
        }
        counts
    }
}

pub(super) fn mood(call: &Call) -> Option<MoodView> {
    let sensed = call.sensed.as_deref()?;
    let (mood, heat) = match sensed.mood {
        Mood::Calm => ("calm", None),
        Mood::Silent => ("silent", None),
        Mood::Heated { score, side } => ("heated", Some((score, side))),
    };
    let (score, side) = heat.unzip();
    Some(MoodView { mood: mood.into(), since: sensed.since, score, side })
}

fn whose(side: Side) -> &'static str {
    match side {
        Side::Caller => "the caller",
        Side::Agent => "the agent",
    }
}
