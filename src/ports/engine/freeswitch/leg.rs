//! What is known of one leg, and of the question under way about all of them.

use std::{
    collections::{HashSet, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use crate::{
    base::{
        clock::Stamp,
        id::{LegId, OrderId, RoomId, SoundId},
    },
    ports::engine::{Arrival, HangupCause, Order},
};

use super::{detect::Detection, keys::Keys, portrait::Row, tag::Tag};

/// What a leg is busy with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// Met after a break of the link; whatever it does is ended by parking it anew.
    Unknown,
    Idle,
    /// Dialled, and not yet where it obeys.
    Away,
    Playing(Playing),
    Recording(Recording),
    /// Parked, and its audio comes and goes as a stream, which ends with this park.
    Tapped(Tapping),
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
    /// The talk is over, or it was told to come; on its way back to park.
    Leaving {
        since: Stamp,
    },
    /// On its way into a room.
    Entering {
        room: RoomId,
        since: Stamp,
    },
    InRoom {
        room: RoomId,
        member: u32,
    },
    /// Hears a talk of others.
    Attending,
}

/// A stream, or one that is about to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tapping {
    /// Which of all streams.
    pub number: u32,
    pub to: SocketAddr,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Playing {
    /// `None`: music.
    pub prompt: Option<OrderId>,
    /// A break before the start would be lost.
    pub started: bool,
    pub whole: bool,
    /// For somebody who speaks.
    pub paused: bool,
    /// Since when it shall stop.
    pub stop: Option<Stamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recording {
    pub order: OrderId,
    pub limit: Duration,
    /// A break before the start would be lost.
    pub started: Option<Stamp>,
    /// Since when it shall stop.
    pub stop: Option<Stamp>,
    /// The leg is gone; what was said is being written to the end.
    pub hung_up: Option<(HangupCause, Stamp)>,
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
    /// We have dialled it.
    pub dialled: bool,
    /// Whom it was dialled for.
    pub dialled_for: Option<LegId>,
    /// It has not been in a talk or a room yet: when its lease runs out it ends.
    pub alone: bool,
    /// With whom it was joined last, unless an order ended that.
    pub peer: Option<LegId>,
    /// Its phone has sent the other side on: it ends instead of coming back.
    pub dismissed: bool,
    /// The engine is about to park it or let it hear music, by itself and under no lease: it is parked anew.
    pub held: bool,
    /// What it does was heard, or told to it, since the link stands.
    pub sure: bool,
    pub tape: Option<SoundId>,
    /// A stream that the engine has ended by itself, and that begins anew.
    pub again: Option<Tapping>,
    /// A `Record` whose end has not been told.
    pub recording: Option<OrderId>,
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
    pub keys: Keys,
    /// A recogniser of the engine listens.
    pub detection: Option<Detection>,
    /// What recognisers were told that the engine has not carried out yet, and how much they were told at all.
    pub untold: Vec<(Tag, Vec<u8>)>,
    pub tellings: u32,
    /// The last thing that one has told of this leg; the engine tells most things twice.
    pub detected: u64,
    /// When the engine said that it has no such leg.
    pub vanished: Option<Stamp>,
}

impl Leg {
    pub fn new(since: Stamp) -> Self {
        Self {
            lane: Lane::Idle,
            waiting: VecDeque::new(),
            stage: Stage::Created,
            dialled: false,
            dialled_for: None,
            alone: false,
            peer: None,
            dismissed: false,
            held: false,
            sure: true,
            tape: None,
            again: None,
            recording: None,
            cancelled: None,
            arrival: None,
            dressed: false,
            span: None,
            reported: None,
            since,
            keys: Keys::default(),
            detection: None,
            untold: Vec::new(),
            tellings: 0,
            detected: 0,
            vanished: None,
        }
    }

    /// One that we dial: for another leg, or (`None`) for nobody.
    pub fn to_dial(dialled_for: Option<LegId>, since: Stamp) -> Self {
        let alone = dialled_for.is_none();
        Self {
            lane: Lane::Away,
            stage: Stage::Promised,
            dialled: true,
            dialled_for,
            alone,
            ..Self::new(since)
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
