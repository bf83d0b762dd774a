//! The past, run again: the same inputs give the same decisions, and another site shows where it would have
//! decided otherwise.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{
    run::RunError,
    state::{Effect, Input, Switchboard},
    view::Why,
};
use crate::{
    base::{clock::Stamp, id::CallId},
    infra::{
        journal::{Entry, Snapshot},
        site::Site,
    },
    live::record::CallRecord,
    ports::engine::Event,
};

/// Numbers from here on are those of deadlines that only the other site has; no journal gets there.
const OF_NO_ENTRY: u64 = 1 << 63;
/// A deadline that the recorded clock has not kept by then belongs to the other site alone.
const OVERDUE: Duration = Duration::from_millis(250);

/// Live state as it was, and one copy of it for each call that is tried under another site.
pub struct Replay {
    board: Switchboard,
    /// What every arriving call is tried under, if it is another site than its own.
    site: Option<Arc<Site>>,
    /// Only this call is looked at.
    only: Option<CallId>,
    tried: BTreeMap<CallId, Switchboard>,
    overdue: u64,
}

/// A call that was run again, to its end or to the end of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rerun {
    pub call: CallId,
    pub steps: Vec<Why>,
}

impl From<Box<CallRecord>> for Rerun {
    fn from(record: Box<CallRecord>) -> Self {
        Self { call: record.id, steps: record.steps }
    }
}

impl Replay {
    /// From a snapshot on. With `site`, calls that arrive from now on are given as that site would have led them.
    pub fn new(snapshot: &Snapshot, site: Option<Arc<Site>>, only: Option<CallId>) -> Result<Self, RunError> {
        let board = Switchboard::saved(&snapshot.bytes).map_err(RunError::Snapshot)?;
        Ok(Self { board, site, only, tried: BTreeMap::new(), overdue: OF_NO_ENTRY })
    }

    /// Runs one entry again; gives the calls that it ended. What was erased or lost is passed over.
    pub fn on(&mut self, entry: &Entry) -> Result<Vec<Rerun>, RunError> {
        let Some(input) = entry.input::<Input>() else { return Ok(Vec::new()) };
        let input = input.map_err(|why| RunError::Entry { seq: entry.seq, why })?;
        self.try_arrival(entry, &input);
        let mut over = Vec::new();
        for (call, board) in &mut self.tried {
            over.extend(overdue(board, *call, entry.at, &mut self.overdue));
            over.extend(finished(board.on(entry.seq, entry.at, input.clone()), *call));
        }
        for effect in self.board.on(entry.seq, entry.at, input) {
            let Effect::Record(record) = effect else { continue };
            if self.site.is_none() {
                over.extend(self.wants(record.id).then(|| record.into()));
            } else if let Some(board) = self.tried.get(&record.id) {
                // Under the other site the call would go on; what happened tells no more about that.
                over.extend(board.steps(record.id).map(|steps| Rerun { call: record.id, steps }));
            }
        }
        if self.only.is_none() {
            over.extend(self.tried.iter().filter_map(|(call, board)| self.parted(*call, board)));
        }
        for rerun in &over {
            self.tried.remove(&rerun.call);
        }
        Ok(over)
    }

    /// Calls that were still alive at the end of the journal.
    pub fn unfinished(mut self) -> Vec<Rerun> {
        if self.site.is_none() {
            let alive: Vec<CallId> = self.board.calls.keys().copied().collect();
            let wanted = alive.into_iter().filter(|call| self.wants(*call));
            return wanted.filter_map(|call| Some(Rerun { call, steps: self.board.steps(call)? })).collect();
        }
        let tried = std::mem::take(&mut self.tried).into_iter();
        tried.filter_map(|(call, board)| Some(Rerun { call, steps: board.steps(call)? })).collect()
    }

    /// The site of the last input that was run again.
    pub fn site(&self) -> &Arc<Site> {
        self.board.site()
    }

    fn wants(&self, call: CallId) -> bool {
        self.only.is_none_or(|only| only == call)
    }

    /// The call as the other site leads it, if that is another way already: of many calls no more is asked.
    fn parted(&self, call: CallId, tried: &Switchboard) -> Option<Rerun> {
        let (was, is) = (&self.board.calls.get(&call)?.steps, &tried.calls.get(&call)?.steps);
        let parted = was.len() != is.len() || was.iter().zip(is).any(|(was, is)| was.what != is.what);
        parted.then(|| Rerun { call, steps: is.clone() })
    }

    /// An arriving call meets the other site in the house as it was at that moment.
    fn try_arrival(&mut self, entry: &Entry, input: &Input) {
        let Some(site) = &self.site else { return };
        let Input::Engine(Event::Arrived { leg, .. }) = input else { return };
        let Some(call) = entry.call.filter(|call| self.wants(*call)) else { return };
        if !self.board.legs.contains_key(leg) {
            let mut board = self.board.clone();
            self.overdue += 1;
            board.on(self.overdue, entry.at, Input::Site(site.clone()));
            self.tried.insert(call, board);
        }
    }
}

/// Keeps deadlines that the recorded clock does not know of.
fn overdue(board: &mut Switchboard, call: CallId, until: Stamp, number: &mut u64) -> Option<Rerun> {
    while let Some(due) = board.next_deadline().filter(|due| *due + OVERDUE < until) {
        *number += 1;
        if let Some(over) = finished(board.on(*number, due, Input::Clock), call) {
            return Some(over);
        }
    }
    None
}

fn finished(effects: Vec<Effect>, call: CallId) -> Option<Rerun> {
    effects.into_iter().find_map(|effect| match effect {
        Effect::Record(record) if record.id == call => Some(record.into()),
        _ => None,
    })
}

impl Switchboard {
    fn steps(&self, call: CallId) -> Option<Vec<Why>> {
        self.calls.get(&call).map(|call| call.steps.clone())
    }
}
