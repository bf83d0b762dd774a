//! A call's own room, and who is in it or on the way.

use serde::{Deserialize, Serialize};

use super::{Next, Party, Waiting};
use crate::base::{
    clock::Stamp,
    id::{LegId, Name, RoomId},
};

/// Somebody on the other side who is dialled or met, not bridged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub leg: LegId,
    pub party: Party,
    pub presence: Presence,
    /// The trunk it goes out on, and those to try when that one fails.
    #[serde(default)]
    pub trunk: Option<(Name, Vec<Name>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Presence {
    /// Dialled, not answered.
    Ringing,
    /// Answered outside, and has until then to take the call by a key.
    Asked(Stamp),
    /// Told to go into the room.
    Coming,
    Here,
}

/// The caller and others in a room of their own, or on their way there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    pub room: RoomId,
    pub others: Vec<Member>,
    /// The caller waits outside: somebody is rung or asked first.
    pub aside: bool,
    /// The caller is in the room.
    pub here: bool,
    /// Several ring at once, and the first to answer has the call.
    pub race: bool,
    /// The one who asks another first, while the caller is aside.
    pub consultant: Option<LegId>,
    /// Since when the caller and one of the others hear each other.
    pub since: Option<Stamp>,
    /// What follows when nobody is left. Who is offered to agents of a queue has the place there until one of them talks.
    pub then: Next,
    /// That is where the caller was sent, whoever else still comes.
    #[serde(default)]
    pub sent: bool,
    /// The place in a queue that the caller had before the talk.
    #[serde(default)]
    pub former: Option<Box<Waiting>>,
}

impl Presence {
    /// Takes part, or is about to.
    pub fn came(self) -> bool {
        matches!(self, Self::Coming | Self::Here)
    }
}

impl Member {
    /// An agent who is rung outside: who answers there need not be the one.
    pub fn confirms(&self) -> bool {
        matches!(self.party, Party::Agent(_)) && self.trunk.is_some()
    }
}

impl Meeting {
    /// Several ring at once, and the first to answer has the call.
    pub fn race(room: RoomId, others: Vec<Member>, then: Next) -> Self {
        Self {
            room,
            others,
            aside: true,
            here: false,
            race: true,
            consultant: None,
            since: None,
            then,
            sent: false,
            former: None,
        }
    }

    /// It is an offer to agents of a queue: the place that the caller has there.
    pub fn place(&self) -> Option<&Waiting> {
        self.then.place()
    }

    /// An agent is rung, and has not come yet.
    pub fn is_offer(&self) -> bool {
        let agent = |member: &Member| matches!(member.party, Party::Agent(_));
        self.since.is_none() && (self.place().is_some() || self.others.iter().any(agent))
    }

    pub fn member(&mut self, leg: &LegId) -> Option<&mut Member> {
        self.others.iter_mut().find(|member| member.leg == *leg)
    }

    /// Something that was ordered has not come about yet.
    pub fn unsettled(&self) -> bool {
        let coming = self.others.iter().any(|member| member.presence != Presence::Here);
        coming || !self.aside && !self.here
    }

    /// Until when the first of those who are asked has to take the call.
    pub fn asked_until(&self) -> Option<Stamp> {
        let until = |member: &Member| match member.presence {
            Presence::Asked(until) => Some(until),
            _ => None,
        };
        self.others.iter().filter_map(until).min()
    }

    /// Those whose time to take the call is over.
    pub fn undecided(&self, now: Stamp) -> Vec<LegId> {
        let late = |member: &&Member| matches!(member.presence, Presence::Asked(until) if until <= now);
        self.others.iter().filter(late).map(|member| member.leg.clone()).collect()
    }

    /// Those who have the call.
    pub fn came(&self) -> impl Iterator<Item = &Member> {
        self.others.iter().filter(|member| member.presence.came())
    }
}
