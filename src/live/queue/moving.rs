//! A supervisor gives somebody another place.

use crate::{
    base::{clock::Stamp, id::Name},
    live::queue::{Place, Queues},
};

impl Queues {
    /// The places that change when whoever has `place` becomes the `to`th, from 1, or the last if there are not so many:
    /// the own one, and those behind it that would not be behind it any more. When somebody joined never changes.
    pub fn moved(&self, queue: &Name, place: Place, to: usize) -> Vec<(Place, Place)> {
        let others: Vec<Place> = self.members(queue).filter(|other| *other != place).collect();
        let at = to.saturating_sub(1).min(others.len());
        let (before, behind) = others.split_at(at);
        if before.last().is_none_or(|last| *last < place) && behind.first().is_none_or(|first| place < *first)
        {
            return Vec::new();
        }
        let mut last = match (before.last(), behind.first()) {
            (Some(last), _) => after(*last, place),
            (None, Some(first)) => Place { urgency: first.urgency, since: Stamp(first.since.0 - 1), ..place },
            (None, None) => return Vec::new(),
        };
        let mut changes = vec![(place, last)];
        for other in behind {
            if *other > last {
                break;
            }
            last = after(last, *other);
            changes.push((*other, last));
        }
        changes
    }
}

/// The place of `whose` right behind another.
fn after(place: Place, whose: Place) -> Place {
    Place { urgency: place.urgency, since: Stamp(place.since.0 + 1), ..whose }
}
