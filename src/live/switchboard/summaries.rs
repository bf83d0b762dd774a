//! What conversations were about: summed up by Tandem itself when a human takes over or the call ends, and better by a
//! chat model where the site names one, whenever that comes.

use smol_str::SmolStr;

use super::{
    state::{Effect, Switchboard},
    view::{Speaker, SummaryView, SummedBy},
};
use crate::{
    base::id::CallId,
    live::call::{Call, Said, Spoken},
    ports::assistant::{self, Summary, Turn},
};

impl Switchboard {
    /// A conversation is over, or will be when its last words have been heard.
    pub(super) fn sum_up(&mut self, id: CallId) {
        let Some(spoken) = self.calls.get_mut(&id).and_then(|call| call.spoken.as_deref_mut()) else {
            return;
        };
        built_in(spoken);
        if self.site.assistant.is_some() {
            let turns = turns(&spoken.said, |said| said.told.clone());
            if turns.iter().any(|turn| turn.speaker == assistant::Speaker::Caller) {
                self.out.push(Effect::SumUp { call: id, turns });
            }
        }
    }

    /// The chat model has summed up; what was said since then is not in it.
    pub(super) fn summed_up(&mut self, id: CallId, summary: SummaryView) {
        let spoken = self.calls.get_mut(&id).and_then(|call| call.spoken.as_deref_mut());
        if let Some(spoken) = spoken.filter(|spoken| !spoken.more) {
            spoken.summary = Some(summary);
        }
    }
}

/// The summary of a call that is over.
pub(super) fn at_the_end(call: &mut Call) -> Option<SummaryView> {
    let spoken = call.spoken.as_deref_mut()?;
    if spoken.more {
        built_in(spoken);
    }
    spoken.summary.take()
}

/// What the chat model made, in the words of the switchboard.
pub(super) fn remote(summary: Summary) -> SummaryView {
    view(summary, SummedBy::Remote)
}

fn built_in(spoken: &mut Spoken) {
    let turns = turns(&spoken.said, |said| Some(said.text.clone()));
    let summary = assistant::in_own_words(&turns);
    spoken.summary = (!summary.text.is_empty()).then(|| view(summary, SummedBy::BuiltIn));
    spoken.more = false;
}

fn view(summary: Summary, by: SummedBy) -> SummaryView {
    let Summary { text, promises } = summary;
    SummaryView { text: text.into(), promises: promises.into_iter().map(SmolStr::from).collect(), by }
}

fn turns(said: &[Said], text: impl Fn(&Said) -> Option<SmolStr>) -> Vec<Turn> {
    let speaker = |by| match by {
        Speaker::Caller => assistant::Speaker::Caller,
        Speaker::House => assistant::Speaker::House,
    };
    let turn = |said: &Said| Some(Turn { speaker: speaker(said.by), text: text(said)?.into() });
    said.iter().filter_map(turn).collect()
}
