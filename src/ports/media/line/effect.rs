//! What the core of the layer wants done, and what it is told back.

use std::time::Duration;

use smol_str::SmolStr;

use super::player::Clip;
use crate::{
    base::id::{LegId, OrderId},
    ports::engine::{Command, Event, Forming, Hearing, Media, Order, Outcome, Verdict},
};

/// What is to be done outside.
#[derive(Debug)]
pub(super) enum Effect {
    /// To the adapter.
    Order(Order),
    /// To the switchboard.
    Tell(Event),
    /// Open a socket for this leg and say where it is (`Lines::bound`).
    Bind(LegId),
    /// Close the leg's socket.
    Unbind(LegId),
    /// A datagram from the leg's socket to the engine.
    Send(LegId, Vec<u8>),
    /// Find the clips of a play at this rate (`Lines::found`).
    Find { leg: LegId, order: OrderId, media: Vec<Media>, rate: u32 },
    /// An utterance begins with these samples.
    Hear { leg: LegId, utterance: u64, hearing: Hearing, rate: u32, samples: Vec<i16> },
    /// It goes on.
    Feed(LegId, Vec<i16>),
    /// It is over: its words are wanted (`Lines::words`).
    Finish(LegId),
    /// Nobody wants its words any more.
    Forget(LegId),
    /// To those who watch: what the engine itself hears.
    Forming(Forming),
}

/// Clips that were looked for.
#[derive(Debug)]
pub(super) struct Found {
    pub leg: LegId,
    pub order: OrderId,
    pub rate: u32,
    pub clips: Vec<Option<Clip>>,
}

/// What an utterance came to.
#[derive(Debug)]
pub(super) struct Words {
    pub leg: LegId,
    pub utterance: u64,
    pub text: SmolStr,
    /// Nothing need follow.
    pub complete: bool,
}

/// What one step of the core works with.
pub(super) struct Step<'a> {
    /// Since the layer began.
    pub now: Duration,
    pub out: &'a mut Vec<Effect>,
    pub ids: &'a mut Ids,
}

/// Ids of our own orders and utterances: never those of the switchboard, nor of a layer before this one.
#[derive(Debug)]
pub(super) struct Ids {
    sequence: u64,
    orders: u32,
    utterances: u64,
}

impl Ids {
    /// `seed` differs from start to start.
    pub(super) fn new(seed: u64) -> Self {
        // The journal's numbers never come so far.
        Self { sequence: seed | 1 << 63, orders: 0, utterances: 0 }
    }

    pub(super) fn is_ours(&self, order: OrderId) -> bool {
        order.seq == self.sequence
    }

    pub(super) fn utterance(&mut self) -> u64 {
        self.utterances += 1;
        self.utterances
    }
}

impl Step<'_> {
    pub(super) fn tell(&mut self, event: Event) {
        self.out.push(Effect::Tell(event));
    }

    /// An order of our own.
    pub(super) fn order(&mut self, leg: &LegId, command: Command) -> OrderId {
        self.ids.orders = self.ids.orders.wrapping_add(1);
        let id = OrderId { seq: self.ids.sequence, index: self.ids.orders };
        self.out.push(Effect::Order(Order { id, leg: leg.clone(), command }));
        id
    }

    /// The switchboard's order is carried out here.
    pub(super) fn done(&mut self, leg: &LegId, order: OrderId) {
        self.tell(Event::Outcome { leg: leg.clone(), order, outcome: Outcome::Done });
    }

    pub(super) fn played(&mut self, leg: &LegId, order: OrderId, verdict: Verdict) {
        self.tell(Event::Played { leg: leg.clone(), order, verdict });
    }
}
