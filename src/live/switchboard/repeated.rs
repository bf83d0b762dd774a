//! Callers who called again: the database knows them, and tells from time to time.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::{state::Switchboard, view::Repeats};
use crate::base::{clock::Stamp, id::Name};

/// By the days within which whoever calls counts, and by queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeated(pub BTreeMap<u16, BTreeMap<Name, Repeats>>);

/// What is older says nothing any more: the database has not been heard of.
const KEPT: Duration = Duration::from_hours(6);

impl Switchboard {
    /// What is known of a queue's callers.
    pub(super) fn repeats(&self, queue: &Name, within_days: u16, now: Stamp) -> Option<Repeats> {
        let (told, Repeated(all)) = self.repeated.as_ref()?;
        if now.since(*told) > KEPT {
            return None;
        }
        all.get(&within_days)?.get(queue).copied()
    }
}
