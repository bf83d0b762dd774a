//! Joining, offering, returning to one's place, leaving.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{
    expected::{Expected, Pace},
    service::Service,
};

use crate::{
    base::{
        clock::Stamp,
        id::{CallId, Name},
        text::Label,
        urgency::Urgency,
    },
    infra::site::{Relaxed, ServiceLevel, Site, Skills},
};

/// A caller's place: ordered by urgency, then by the moment of joining less the head start, then by call. It changes
/// only by order of a supervisor (`moved`), so nobody else is ever passed by a caller who joined later than the longest
/// head start after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "SavedPlace")]
pub struct Place {
    pub urgency: Urgency,
    /// As if the caller had joined then.
    pub since: Stamp,
    pub joined: Stamp,
    pub call: CallId,
}

/// A place as earlier versions saved it, too.
#[derive(Deserialize)]
struct SavedPlace {
    #[serde(default)]
    urgency: Urgency,
    since: Option<Stamp>,
    joined: Stamp,
    call: CallId,
}

impl From<SavedPlace> for Place {
    fn from(SavedPlace { urgency, since, joined, call }: SavedPlace) -> Self {
        Self { urgency, since: since.unwrap_or(joined), joined, call }
    }
}

impl Place {
    /// The place of somebody who joins now and counts as having waited for `head_start`.
    pub fn new(urgency: Urgency, joined: Stamp, head_start: Duration, call: CallId) -> Self {
        let head = i64::try_from(head_start.as_micros()).unwrap_or(i64::MAX);
        Self { urgency, since: Stamp(joined.0.saturating_sub(head)), joined, call }
    }
}

/// What is wanted of an agent for a caller.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Wanted {
    /// How far the wait has relaxed what the queue needs.
    pub relaxed: Relaxed,
    /// For the time being nobody else will do.
    pub agent: Option<Name>,
    /// For the time being needed besides.
    pub needs: Skills,
}

/// What one caller is kept for at first, beyond what the queue needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    pub agent: Option<Name>,
    pub needs: Skills,
    pub until: Stamp,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    /// Everybody who waits, offered or not.
    members: BTreeSet<Place>,
    /// Those of them who have hung up and are to be called back.
    #[serde(default)]
    promised: BTreeSet<Place>,
    /// Those who can be offered to an agent now, by what is wanted of one.
    /// The first audit after a start finds those whom an earlier version saved otherwise.
    #[serde(default)]
    seeking: Vec<(Wanted, BTreeSet<Place>)>,
    #[serde(default)]
    service: Service,
    /// Who ordered that nobody new is let in.
    #[serde(default)]
    drained: Option<Label>,
    #[serde(default)]
    pace: Pace,
}

impl Line {
    fn close(&mut self, place: Place) {
        self.seeking.retain_mut(|(_, places)| {
            places.remove(&place);
            !places.is_empty()
        });
    }
}

/// All queues.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queues {
    lines: BTreeMap<Name, Line>,
}

impl Queues {
    /// A caller joins, or comes back to the place they had.
    pub fn open(&mut self, queue: &Name, place: Place, wanted: Wanted) {
        let line = self.line(queue);
        line.members.insert(place);
        line.close(place);
        match line.seeking.binary_search_by(|(other, _)| other.cmp(&wanted)) {
            Ok(at) => drop(line.seeking[at].1.insert(place)),
            Err(at) => line.seeking.insert(at, (wanted, BTreeSet::from([place]))),
        }
    }

    /// Whether a caller can be offered to an agent now.
    pub fn is_open(&self, queue: &Name, place: Place) -> bool {
        self.lines
            .get(queue)
            .is_some_and(|line| line.seeking.iter().any(|(_, places)| places.contains(&place)))
    }

    /// The caller keeps the place, but is not to be offered now.
    pub fn hold(&mut self, queue: &Name, place: Place) {
        let line = self.line(queue);
        line.members.insert(place);
        line.close(place);
    }

    /// The caller hangs up, keeps the place and will be called back.
    pub fn promise(&mut self, queue: &Name, place: Place) {
        self.hold(queue, place);
        self.line(queue).promised.insert(place);
    }

    /// The caller leaves.
    pub fn leave(&mut self, queue: &Name, place: Place) {
        let line = self.line(queue);
        line.members.remove(&place);
        line.promised.remove(&place);
        line.close(place);
    }

    /// The caller has another place from now on.
    pub fn replace(&mut self, queue: &Name, was: Place, place: Place) {
        let line = self.line(queue);
        let seeking = line.seeking.iter().find(|(_, places)| places.contains(&was));
        let wanted = seeking.map(|(wanted, _)| wanted.clone());
        let promised = line.promised.contains(&was);
        self.leave(queue, was);
        match wanted {
            Some(wanted) => self.open(queue, place, wanted),
            None => self.hold(queue, place),
        }
        if promised {
            self.line(queue).promised.insert(place);
        }
    }

    /// Nobody new is let in from now on, by order of this one; or again.
    pub fn drain(&mut self, queue: &Name, by: Option<Label>) {
        self.line(queue).drained = by;
    }

    /// By whose order nobody new is let in.
    pub fn drained(&self, queue: &Name) -> Option<&Label> {
        self.lines.get(queue)?.drained.as_ref()
    }

    /// A queue that is no more, and comes back one day, lets people in.
    pub fn keep(&mut self, site: &Site) {
        let gone = self.lines.iter_mut().filter(|(name, _)| !site.queues.contains_key(*name));
        gone.for_each(|(_, line)| line.drained = None);
    }

    /// Somebody talks with a caller who waited here so long.
    pub fn answered(&mut self, queue: &Name, waited: Duration, level: ServiceLevel, now: Stamp) {
        let line = self.line(queue);
        line.service.answered(waited, level, now);
        line.pace.answered(now);
    }

    /// What was taken for an answer at that moment was none.
    pub fn unanswered(
        &mut self,
        queue: &Name,
        waited: Duration,
        level: ServiceLevel,
        (then, today): (Stamp, bool),
    ) {
        let line = self.line(queue);
        line.service.unanswered(waited, level, then, today);
        line.pace.unanswered(then);
    }

    /// How long a caller with this place will wait from now on.
    pub fn expected(&self, queue: &Name, place: Place, now: Stamp) -> Option<Expected> {
        self.lines.get(queue)?.pace.expected(self.position(queue, place), now)
    }

    /// How long somebody would wait who came last now.
    pub fn expected_at_the_end(&self, queue: &Name, now: Stamp) -> Option<Expected> {
        let line = self.lines.get(queue)?;
        line.pace.expected(line.members.len() + 1, now)
    }

    /// A caller who waited here so long hung up.
    pub fn abandoned(&mut self, queue: &Name, waited: Duration, level: ServiceLevel, now: Stamp) {
        self.line(queue).service.abandoned(waited, level, now);
    }

    /// A caller goes elsewhere without an answer.
    pub fn passed_on(&mut self, queue: &Name, now: Stamp) {
        self.line(queue).service.passed_on(now);
    }

    /// Who is next of those for whom the same is wanted of an agent.
    pub fn firsts(&self, queue: &Name) -> impl Iterator<Item = (&Wanted, Place)> {
        let seeking = self.lines.get(queue).into_iter().flat_map(|line| &line.seeking);
        seeking.filter_map(|(wanted, places)| Some((wanted, *places.first()?)))
    }

    /// 1 for the caller who is next, counting those who are being offered.
    pub fn position(&self, queue: &Name, place: Place) -> usize {
        self.lines.get(queue).map_or(1, |line| line.members.range(..place).count() + 1)
    }

    /// How many wait on the phone.
    pub fn waiting(&self, queue: &Name) -> usize {
        self.lines.get(queue).map_or(0, |line| line.members.len() - line.promised.len())
    }

    /// How many wait, on the phone or to be called back.
    pub fn in_line(&self, queue: &Name) -> usize {
        self.lines.get(queue).map_or(0, |line| line.members.len())
    }

    /// How many are to be called back.
    pub fn promised(&self, queue: &Name) -> usize {
        self.lines.get(queue).map_or(0, |line| line.promised.len())
    }

    /// When the caller who has waited longest on the phone joined.
    pub fn oldest(&self, queue: &Name) -> Option<Stamp> {
        let line = self.lines.get(queue)?;
        line.members.difference(&line.promised).map(|place| place.joined).min()
    }

    pub fn service(&self, queue: &Name) -> Option<&Service> {
        Some(&self.lines.get(queue)?.service)
    }

    /// All queues that somebody ever waited in.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.lines.keys()
    }

    /// Everybody in a queue, in the order of their places.
    pub fn members(&self, queue: &Name) -> impl Iterator<Item = Place> {
        self.lines.get(queue).into_iter().flat_map(|line| line.members.iter().copied())
    }

    pub fn new_day(&mut self) {
        self.lines.values_mut().for_each(|line| line.service.new_day());
    }

    fn line(&mut self, queue: &Name) -> &mut Line {
        if !self.lines.contains_key(queue) {
            self.lines.insert(queue.clone(), Line::default());
        }
        self.lines.get_mut(queue).expect("the line was just made")
    }
}
