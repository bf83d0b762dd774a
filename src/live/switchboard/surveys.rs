//! Whoever has talked with an agent of a queue, and stays on the line, is asked how it was.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::format_smolstr;

use super::{
    state::Switchboard,
    view::{Rated, RatedView, SurveyView},
};
use crate::{
    base::{
        clock::Stamp,
        id::{CallId, Name},
    },
    live::call::{Call, Next, Survey},
};

impl Switchboard {
    /// The other side of a talk has hung up, and the caller stays: the way to the question, if the caller is to be asked.
    pub(super) fn survey(&mut self, id: CallId) -> Option<Next> {
        let call = self.calls.get_mut(&id)?;
        if call.gone.is_some() || call.ended_by.is_some() || call.handed_on || call.survey.is_some() {
            return None;
        }
        let queue = call.served.clone()?;
        let settings = self.site.queues.get(&queue)?.survey.as_ref()?;
        let flow = settings.flow.clone();
        let why_not = if u128::from(call.talk_ms) < settings.least.as_millis() {
            Some(format_smolstr!("has talked for less than {} s", settings.least.as_secs()))
        } else if lot(id) >= settings.share {
            Some(format_smolstr!("is not among the {} of 100 who are", settings.share))
        } else {
            None
        };
        if let Some(why) = why_not {
            self.out.tell(call, format_smolstr!("is not asked how it was: {why}"));
            return None;
        }
        call.survey = Some(Survey { queue, agent: call.agent.clone(), of: None, rating: None });
        let language = call.language;
        self.out.tell(call, format_smolstr!("is asked how it was: flow {flow}"));
        Some(self.flow(&flow, language))
    }

    /// The question begins.
    pub(super) fn asked_for_rating(&mut self, id: CallId, of: u8) {
        let Some(survey) = self.calls.get_mut(&id).and_then(|call| call.survey.as_mut()) else { return };
        survey.of = Some(of);
    }

    pub(super) fn rated(&mut self, id: CallId, rating: u8) {
        let Some(survey) = self.calls.get_mut(&id).and_then(|call| call.survey.as_mut()) else { return };
        survey.rating = Some(rating);
    }

    /// What a queue's callers answered today.
    pub(super) fn rated_today(&self, queue: &Name, now: Stamp) -> RatedView {
        let rated = self.ratings.queues.get(queue).copied().filter(|_| self.is_today(now));
        rated.unwrap_or_default().into()
    }

    /// The call is over: its answer counts, or that there is none.
    pub(super) fn count_rating(&mut self, call: &Call) {
        let Some(SurveyView { queue, agent, of, rating }) = told(call) else { return };
        self.ratings.queues.entry(queue).or_default().add(of, rating);
        if let Some(agent) = agent {
            self.ratings.agents.entry(agent).or_default().add(of, rating);
        }
    }
}

/// What callers answered today, by queue and by agent, and what agents left unsaid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ratings {
    pub queues: BTreeMap<Name, Rated>,
    pub agents: BTreeMap<Name, Rated>,
    /// Calls of which it was not said in time what became of them, by queue.
    #[serde(default)]
    pub undisposed: BTreeMap<Name, u64>,
}

/// What the record has of the survey, if the question was begun.
pub(super) fn told(call: &Call) -> Option<SurveyView> {
    let Survey { queue, agent, of, rating } = call.survey.clone()?;
    Some(SurveyView { queue, agent, of: of?, rating })
}

/// From 0 to 99, always the same for a call, and even over many.
fn lot(id: CallId) -> u8 {
    let mut mixed = id.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((mixed ^ (mixed >> 31)) % 100) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_calls_is_drawn_evenly_and_always_the_same() {
        let id = |n: u64| CallId(0x019A_0000_0000_0000 + n);
        for share in [1, 10, 50, 99] {
            let drawn = (0..20_000).filter(|n| lot(id(*n)) < share).count();
            let wanted = 200 * usize::from(share);
            assert!(drawn.abs_diff(wanted) < 350, "{share}: {drawn}");
        }
        assert!((0..1000).all(|n| lot(id(n)) == lot(id(n)) && lot(id(n)) < 100));
    }
}
