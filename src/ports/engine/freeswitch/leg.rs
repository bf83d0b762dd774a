//! What is known of one leg, and of the question under way about all of them.

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use crate::{
    base::{
        clock::Stamp,
        id::{LegId, OrderId},
    },
    ports::engine::{Arrival, HangupCause, Order},
};

use super::translate::Row;

/// What a leg is busy with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// Met after a break of the link; whatever it does is ended by parking it anew.
    Unknown,
    Idle,
    Playing(Playing),
    /// Told to park anew, not there yet.
    Reparking {
        since: Stamp,
    },
    Dialling {
        to: LegId,
    },
    Talking {
        to: LegId,
    },
    /// The talk is over; on its way back to park.
    Leaving {
        since: Stamp,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Playing {
    /// `None`: music.
    pub prompt: Option<OrderId>,
    /// A break before the start would be lost.
    pub started: bool,
    pub whole: bool,
    /// Since when it shall stop.
    pub stop: Option<Stamp>,
}

/// How far a leg has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// About to be dialled; the engine has no channel yet.
    Promised,
    Created,
    Ringing,
    Answered,
}

#[derive(Debug)]
pub(super) struct Leg {
    pub lane: Lane,
    pub waiting: VecDeque<Order>,
    pub stage: Stage,
    /// Whom it was dialled for.
    pub dialled_for: Option<LegId>,
    /// To be hung up as soon as it is created.
    pub cancelled: Option<HangupCause>,
    /// As it came in, until the first order.
    pub arrival: Option<Arrival>,
    /// It has been told what a leg must know.
    pub dressed: bool,
    /// The last lease that was ordered; before that the dialplan's, which is the site's.
    pub span: Option<Duration>,
    /// The last `Play` that was reported as over; orders count upwards.
    pub reported: Option<OrderId>,
    pub since: Stamp,
    /// When the engine said that it has no such leg.
    pub vanished: Option<Stamp>,
}

impl Leg {
    pub fn new(since: Stamp) -> Self {
        Self {
            lane: Lane::Idle,
            waiting: VecDeque::new(),
            stage: Stage::Created,
            dialled_for: None,
            cancelled: None,
            arrival: None,
            dressed: false,
            span: None,
            reported: None,
            since,
            vanished: None,
        }
    }
}

/// A question under way: what legs are there?
#[derive(Debug)]
pub(super) struct Survey {
    pub asked: Stamp,
    pub job: String,
    pub rows: Vec<Row>,
    pub awaited: HashSet<LegId>,
    /// The first one on a new link: everything is portrayed again.
    pub first: bool,
}
