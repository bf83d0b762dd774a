//! Messages: mails, chats, tickets. Whoever brings one keeps what it says; here it waits in a queue for an agent, and is in
//! that one's hands beside the calls.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    base::{
        clock::Stamp,
        id::{CallId, Name, Reference},
    },
    live::{
        queue::{Place, Wish},
        switchboard::view::Why,
    },
};

/// No more are kept.
const MOST: usize = 5_000;
/// So many of its newest decisions are kept with one.
const TOLD: usize = 20;
/// … and who was passed over with so many of them.
const EXPLAINED: usize = 3;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub reference: Reference,
    pub queue: Name,
    pub place: Place,
    /// When it came into this queue.
    pub entered: Stamp,
    pub wish: Option<Box<Wish>>,
    /// How often it overflowed.
    pub hops: u8,
    /// Somebody has taken it in this queue, if only for a while.
    pub answered: bool,
    pub stage: Handed,
    /// Since when it is there.
    pub since: Stamp,
    pub steps: Vec<Why>,
}

/// Where a message is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Handed {
    Waiting,
    /// Its queue is no more, or takes calls now: in no line until somebody moves it.
    Stranded,
    Offered {
        agent: Name,
    },
    Taken {
        agent: Name,
    },
}

impl Message {
    pub fn agent(&self) -> Option<&Name> {
        match &self.stage {
            Handed::Offered { agent } | Handed::Taken { agent } => Some(agent),
            Handed::Waiting | Handed::Stranded => None,
        }
    }

    /// One more decision.
    pub fn tell(&mut self, why: Why) {
        if self.steps.len() == TOLD {
            self.steps.remove(0);
        }
        self.steps.push(why);
        let explained = self.steps.iter_mut().rev().filter(|why| why.assignment.is_some());
        explained.skip(EXPLAINED).for_each(|why| why.assignment = None);
    }

    /// Its queue and place, as long as nobody has taken it.
    pub fn in_line(&self) -> Option<(&Name, Place)> {
        matches!(self.stage, Handed::Waiting | Handed::Offered { .. }).then_some((&self.queue, self.place))
    }
}

/// All messages, each known by its reference, too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Messages {
    all: BTreeMap<CallId, Message>,
    ids: BTreeMap<Reference, CallId>,
}

impl Messages {
    pub fn get(&self, id: CallId) -> Option<&Message> {
        self.all.get(&id)
    }

    pub fn find(&self, reference: &Reference) -> Option<(CallId, &Message)> {
        let id = *self.ids.get(reference)?;
        Some((id, self.all.get(&id)?))
    }

    pub fn iter(&self) -> impl Iterator<Item = (CallId, &Message)> {
        self.all.iter().map(|(id, message)| (*id, message))
    }

    pub fn get_mut(&mut self, id: CallId) -> Option<&mut Message> {
        self.all.get_mut(&id)
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub fn is_full(&self) -> bool {
        self.all.len() >= MOST
    }

    pub fn insert(&mut self, id: CallId, message: Message) {
        self.ids.insert(message.reference.clone(), id);
        self.all.insert(id, message);
    }

    pub fn remove(&mut self, id: CallId) {
        if let Some(message) = self.all.remove(&id) {
            self.ids.remove(&message.reference);
        }
    }
}
