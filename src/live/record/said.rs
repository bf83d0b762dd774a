//! What agents said became of calls on a day, by queue and disposition.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{base::id::Name, live::switchboard::view::Labels};

/// One day of the site's time zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DispositionReport {
    #[schema(value_type = String)]
    pub day: Date,
    /// Those that have dispositions.
    pub queues: Vec<QueueDispositions>,
}

/// Of the calls of a queue in which an agent talked with the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct QueueDispositions {
    pub queue: Name,
    pub calls: u64,
    /// Of so many nothing was said.
    pub without: u64,
    pub dispositions: Vec<Disposition>,
}

/// One disposition, and how often it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Disposition {
    pub disposition: Name,
    pub calls: u64,
    /// What the site calls it now, by language; nothing if it has it no more.
    #[schema(value_type = BTreeMap<String, String>)]
    pub labels: Labels,
}

/// Calls of a queue with this disposition, or with none.
pub(super) type Given = (Name, Option<Name>, u64);

impl DispositionReport {
    /// From calls by queue and disposition, if one was given.
    pub(super) fn of(day: Date, found: Vec<Given>) -> Self {
        let mut queues = BTreeMap::<Name, QueueDispositions>::new();
        for (queue, disposition, calls) in found {
            let of = queues.entry(queue.clone()).or_insert_with(|| QueueDispositions::none(queue));
            of.calls += calls;
            match disposition {
                None => of.without += calls,
                Some(disposition) => {
                    of.dispositions.push(Disposition { disposition, calls, labels: Labels::new() });
                }
            }
        }
        Self { day, queues: queues.into_values().collect() }
    }

    /// As the site has them: queues without any are left out, dispositions that nobody gave are there.
    #[must_use]
    pub fn among(mut self, site: &BTreeMap<Name, BTreeMap<Name, Labels>>) -> Self {
        self.queues.retain(|queue| !queue.dispositions.is_empty() || site.contains_key(&queue.queue));
        for (name, codes) in site {
            if !self.queues.iter().any(|queue| queue.queue == *name) {
                self.queues.push(QueueDispositions::none(name.clone()));
            }
            let Some(queue) = self.queues.iter_mut().find(|queue| queue.queue == *name) else { continue };
            for (code, labels) in codes {
                match queue.dispositions.iter_mut().find(|given| given.disposition == *code) {
                    Some(given) => given.labels = labels.clone(),
                    None => queue.dispositions.push(Disposition {
                        disposition: code.clone(),
                        calls: 0,
                        labels: labels.clone(),
                    }),
                }
            }
        }
        self.queues.sort_by(|one, other| one.queue.cmp(&other.queue));
        for queue in &mut self.queues {
            queue.dispositions.sort_by(|one, other| one.disposition.cmp(&other.disposition));
        }
        self
    }
}

impl Disposition {
    /// What the site calls it, in all its languages.
    pub fn label(&self) -> String {
        let labels: Vec<&str> = self.labels.values().map(SmolStr::as_str).collect();
        labels.join(" / ")
    }
}

impl QueueDispositions {
    fn none(queue: Name) -> Self {
        Self { queue, calls: 0, without: 0, dispositions: Vec::new() }
    }
}
