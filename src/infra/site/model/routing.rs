//! Which queue takes whom: policies of rules, as `routing.yaml` has them. `live::routing::policy` decides by them.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{Locale, Skills};
use crate::{
    base::{id::Name, number::Number},
    infra::site::Pattern,
};

/// One rule: where callers go of whom all of `when` is true. The first rule that fits counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    pub name: Name,
    pub when: When,
    pub queue: Name,
    /// Callers by this rule count as having waited so much longer.
    #[serde(default)]
    pub head_start: Duration,
    /// What these callers want of an agent first, beyond what the queue needs.
    #[serde(default)]
    pub first: Option<First>,
}

/// Whom a caller is kept for, and how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct First {
    /// Agents with these levels.
    pub needs: Skills,
    /// The agent whom the caller talked with last, if that was not longer ago.
    pub last_agent: Option<Duration>,
    /// So long of the wait; then whoever is good enough for the queue.
    pub wait: Duration,
}

/// Conditions; what is empty or none holds for everybody. Of a list one is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct When {
    /// `none` stands for callers of no class.
    pub class: BTreeSet<Name>,
    pub tags: BTreeSet<Name>,
    pub from: Vec<Pattern>,
    pub to: BTreeSet<Number>,
    pub area: BTreeSet<SmolStr>,
    pub language: Option<Locale>,
    /// At least so many complaints.
    pub complaints: Option<u32>,
    /// At least so many calls in the last 30 days.
    pub contacts: Option<u32>,
    /// Called before, and not longer ago.
    pub again_within: Option<Duration>,
    /// What the caller wants, as a conversation found out.
    pub topic: BTreeSet<Name>,
    /// What the caller told in a conversation.
    pub facts: BTreeMap<Name, SmolStr>,
    pub open: Option<Name>,
    pub closed: Option<Name>,
    pub canary: Option<Canary>,
}

impl When {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// So many of a hundred callers of a department: the same ones every time, and as long as the number rises.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    pub department: Name,
    pub percent: u8,
}
