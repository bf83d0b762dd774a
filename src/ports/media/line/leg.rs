//! One leg: whether its audio is streamed, and who carries out its orders.

use std::{io, net::SocketAddr, time::Duration};

use super::{
    duplex::{Broken, Duplex},
    effect::{Effect, Step},
    rate,
};
use crate::{
    base::id::{LegId, OrderId},
    ports::engine::{Command, Event, Hearing, Media, Order, Outcome, Stream, Verdict, Wire},
};

/// The engine streams after this time, or not at all.
const TAPPED: Duration = Duration::from_secs(2);
/// After so many streams that failed the engine plays, and callers use keys.
const TRIES: u32 = 3;

/// What the engine itself plays to the leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sounding {
    Nothing,
    Prompt(OrderId),
    Music,
}

/// A `Play` that waits for the stream.
#[derive(Debug)]
struct Held {
    order: OrderId,
    media: Vec<Media>,
    /// Its outcome was told.
    told: bool,
}

#[derive(Debug)]
enum Phase {
    /// The engine carries out all orders.
    Away,
    /// It does, and shall stream as soon as nothing plays.
    Waiting,
    /// It was asked to stream.
    Tapping {
        until: Duration,
        ordered: Option<OrderId>,
        held: Option<Held>,
    },
    Open(Box<Duplex>),
}

/// One leg.
#[derive(Debug)]
pub(super) struct Leg {
    id: LegId,
    sounding: Sounding,
    phase: Phase,
    hearing: Option<Hearing>,
    /// Streams that failed.
    failed: u32,
    /// Our order by which the engine plays on what was ordered under the other id.
    replay: Option<(OrderId, OrderId)>,
    /// Audits in a row that did not know it.
    pub(super) missed: u32,
}

impl Leg {
    pub(super) fn new(id: LegId) -> Self {
        Self {
            id,
            sounding: Sounding::Nothing,
            phase: Phase::Away,
            hearing: None,
            failed: 0,
            replay: None,
            missed: 0,
        }
    }

    /// Whether time matters to it.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self.phase, Phase::Tapping { .. } | Phase::Open(_))
    }

    /// Whether there is nothing to remember of it.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Away)
            && self.sounding == Sounding::Nothing
            && self.hearing.is_none()
            && self.replay.is_none()
            && self.failed == 0
    }

    pub(super) fn duplex(&mut self) -> Option<&mut Duplex> {
        match &mut self.phase {
            Phase::Open(duplex) => Some(duplex),
            _ => None,
        }
    }

    /// An order of the switchboard.
    pub(super) fn order(&mut self, order: Order, step: &mut Step) {
        let Order { id, command, .. } = order;
        match command {
            Command::Listen(hearing) => self.listen(id, hearing, step),
            Command::Deaf => self.deafen(id, step),
            Command::GoOn => {
                step.done(&self.id, id);
                if let Phase::Open(duplex) = &mut self.phase {
                    duplex.go_on();
                }
            }
            Command::Play { media } => self.play(id, media, step),
            Command::Stop => self.stop(id, step),
            command if command.ends_listening() => {
                self.hearing = None;
                // Whoever hangs up ends the stream with the leg.
                let goes = matches!(command, Command::Hangup { .. });
                self.close(!goes, step);
                self.pass(id, command, step);
            }
            command => self.pass(id, command, step),
        }
    }

    /// To the engine, as it is.
    fn pass(&mut self, id: OrderId, command: Command, step: &mut Step) {
        match &command {
            Command::Play { .. } => self.sounding = Sounding::Prompt(id),
            Command::Music => self.sounding = Sounding::Music,
            Command::Stop => self.sounding = Sounding::Nothing,
            command if command.ends_listening() => self.sounding = Sounding::Nothing,
            _ => {}
        }
        step.out.push(Effect::Order(Order { id, leg: self.id.clone(), command }));
    }

    fn listen(&mut self, id: OrderId, hearing: Hearing, step: &mut Step) {
        step.done(&self.id, id);
        self.hearing = Some(hearing.clone());
        match &mut self.phase {
            Phase::Open(duplex) => duplex.listen(hearing),
            Phase::Away if self.failed >= TRIES => {}
            Phase::Away => match self.sounding {
                Sounding::Prompt(_) => self.phase = Phase::Waiting,
                _ => self.tap(None, step),
            },
            Phase::Waiting | Phase::Tapping { .. } => {}
        }
    }

    fn deafen(&mut self, id: OrderId, step: &mut Step) {
        step.done(&self.id, id);
        self.hearing = None;
        match &mut self.phase {
            Phase::Open(duplex) => {
                duplex.deafen(step);
                self.close_when_quiet(step);
            }
            Phase::Waiting => self.phase = Phase::Away,
            Phase::Tapping { .. } => self.give_up(step),
            Phase::Away => {}
        }
    }

    /// Nobody listens, and nothing plays any more: the engine has the leg again.
    fn close_when_quiet(&mut self, step: &mut Step) {
        if self.hearing.is_none() && self.duplex().is_some_and(|duplex| !duplex.plays()) {
            self.close(true, step);
        }
    }

    fn play(&mut self, id: OrderId, media: Vec<Media>, step: &mut Step) {
        match &mut self.phase {
            Phase::Open(duplex) => {
                step.done(&self.id, id);
                duplex.play(id, media, step);
            }
            Phase::Tapping { held, .. } => {
                if let Some(before) = held.replace(Held { order: id, media, told: false }) {
                    self.never_heard(before, step);
                }
            }
            Phase::Waiting => self.tap(Some(Held { order: id, media, told: false }), step),
            Phase::Away => self.pass(id, Command::Play { media }, step),
        }
    }

    fn stop(&mut self, id: OrderId, step: &mut Step) {
        match &mut self.phase {
            Phase::Open(duplex) => {
                step.done(&self.id, id);
                duplex.stop(step);
                self.close_when_quiet(step);
            }
            Phase::Tapping { held, .. } => {
                let held = held.take();
                step.done(&self.id, id);
                if let Some(held) = held {
                    self.never_heard(held, step);
                }
            }
            Phase::Waiting => {
                self.pass(id, Command::Stop, step);
                self.tap(None, step);
            }
            Phase::Away => self.pass(id, Command::Stop, step),
        }
    }

    fn never_heard(&self, held: Held, step: &mut Step) {
        if !held.told {
            step.done(&self.id, held.order);
        }
        step.played(&self.id, held.order, Verdict::Stopped);
    }

    /// Asks for the stream; what the engine plays is stopped for it.
    fn tap(&mut self, held: Option<Held>, step: &mut Step) {
        if self.sounding != Sounding::Nothing {
            self.sounding = Sounding::Nothing;
            step.order(&self.id, Command::Stop);
        }
        self.phase = Phase::Tapping { until: step.now + TAPPED, ordered: None, held };
        step.out.push(Effect::Bind(self.id.clone()));
    }

    /// There is a socket for the stream, or none.
    pub(super) fn bound(&mut self, socket: io::Result<SocketAddr>, step: &mut Step) {
        let Phase::Tapping { ordered, .. } = &mut self.phase else { return };
        match socket {
            Ok(to) => *ordered = Some(step.order(&self.id, Command::Tap { to })),
            Err(why) => {
                tracing::error!(leg = %self.id, %why, "no socket for a leg's audio; callers use keys");
                self.give_up(step);
            }
        }
    }

    /// The engine streams.
    pub(super) fn tapped(&mut self, stream: Stream, step: &mut Step) {
        match &mut self.phase {
            Phase::Open(duplex) => duplex.streams(stream, step),
            Phase::Tapping { held, .. } => {
                let (Wire::Raw { rate } | Wire::Rtp { rate, .. }) = stream.wire;
                let Some(hearing) = self.hearing.clone().filter(|_| rate::served(rate)) else {
                    tracing::error!(leg = %self.id, rate, "the engine streams at a rate that is not served; callers use keys");
                    self.failed = TRIES;
                    return self.give_up(step);
                };
                let held = held.take();
                let mut duplex = Box::new(Duplex::new(self.id.clone(), stream, hearing, step.now));
                if let Some(Held { order, media, told }) = held {
                    if !told {
                        step.done(&self.id, order);
                    }
                    duplex.play(order, media, step);
                }
                self.phase = Phase::Open(duplex);
            }
            Phase::Away | Phase::Waiting => {}
        }
    }

    /// What became of an order of ours.
    pub(super) fn outcome(&mut self, order: OrderId, outcome: &Outcome, step: &mut Step) {
        let Outcome::Refused(why) = outcome else { return };
        if let Some((_, theirs)) = self.replay.take_if(|(ours, _)| *ours == order) {
            self.sounding = Sounding::Nothing;
            step.played(&self.id, theirs, Verdict::Failed);
        } else if matches!(&self.phase, Phase::Tapping { ordered, .. } if *ordered == Some(order)) {
            tracing::warn!(leg = %self.id, why = why.as_str(), "the engine does not stream a leg's audio; callers use keys");
            self.failed = TRIES;
            self.give_up(step);
        }
    }

    /// No stream is to be had: the engine carries on.
    fn give_up(&mut self, step: &mut Step) {
        let Phase::Tapping { ordered, held, .. } = std::mem::replace(&mut self.phase, Phase::Away) else {
            return;
        };
        step.out.push(Effect::Unbind(self.id.clone()));
        if ordered.is_some() && self.failed < TRIES {
            step.order(&self.id, Command::Untap);
        }
        if let Some(held) = held {
            self.hand_over(held, step);
        }
        self.wait_again();
    }

    /// The engine plays what we cannot.
    fn hand_over(&mut self, held: Held, step: &mut Step) {
        let Held { order, media, told } = held;
        if told {
            let ours = step.order(&self.id, Command::Play { media });
            self.sounding = Sounding::Prompt(ours);
            self.replay = Some((ours, order));
        } else {
            self.pass(order, Command::Play { media }, step);
        }
    }

    fn wait_again(&mut self) {
        if self.hearing.is_some() && self.failed < TRIES {
            self.phase = Phase::Waiting;
        }
    }

    /// The engine's own play is over: the switchboard hears of the one that it ordered.
    pub(super) fn played(&mut self, order: OrderId, verdict: Verdict, step: &mut Step) {
        let theirs = self.replay.take_if(|(ours, _)| *ours == order).map(|(_, theirs)| theirs);
        step.played(&self.id, theirs.unwrap_or(order), verdict);
        self.silent(order, step);
    }

    /// The engine does not play this any more, or never did.
    pub(super) fn silent(&mut self, order: OrderId, step: &mut Step) {
        if self.sounding == Sounding::Prompt(order) {
            self.sounding = Sounding::Nothing;
            if matches!(self.phase, Phase::Waiting) {
                self.tap(None, step);
            }
        }
    }

    /// The stream ends; with `untap` the engine is told.
    pub(super) fn close(&mut self, untap: bool, step: &mut Step) {
        match std::mem::replace(&mut self.phase, Phase::Away) {
            Phase::Open(mut duplex) => {
                if let (Some((order, _)), _) = duplex.close(step) {
                    step.played(&self.id, order, Verdict::Stopped);
                }
            }
            Phase::Tapping { held, .. } => {
                if let Some(held) = held {
                    self.never_heard(held, step);
                }
            }
            Phase::Away | Phase::Waiting => return,
        }
        step.out.push(Effect::Unbind(self.id.clone()));
        if untap {
            step.order(&self.id, Command::Untap);
        }
    }

    /// Another listens from now on; what the engine itself plays goes on.
    pub(super) fn release(&mut self, step: &mut Step) {
        self.hearing = None;
        self.close(true, step);
    }

    /// The engine has taken the leg elsewhere, and the stream is gone with that.
    pub(super) fn taken(&mut self, step: &mut Step) {
        self.hearing = None;
        self.sounding = Sounding::Nothing;
        self.close(false, step);
        self.phase = Phase::Away;
    }

    /// So many frames are due.
    pub(super) fn tick(&mut self, frames: u32, step: &mut Step) {
        match &mut self.phase {
            Phase::Tapping { until, .. } if step.now > *until => {
                tracing::warn!(leg = %self.id, "the engine does not say that it streams a leg's audio; it plays itself");
                self.failed += 1;
                self.give_up(step);
            }
            Phase::Open(duplex) => match duplex.tick(frames, step) {
                Some(broken) => self.broken(broken, step),
                None => self.close_when_quiet(step),
            },
            _ => {}
        }
    }

    /// The stream is of no use: what played is played by the engine, or by another stream.
    fn broken(&mut self, broken: Broken, step: &mut Step) {
        let Phase::Open(mut duplex) = std::mem::replace(&mut self.phase, Phase::Away) else { return };
        let (rest, awaited) = duplex.close(step);
        step.out.push(Effect::Unbind(self.id.clone()));
        step.order(&self.id, Command::Untap);
        if awaited {
            step.tell(Event::Said { leg: self.id.clone(), text: "".into() });
        }
        self.failed += 1;
        let held = rest.map(|(order, media)| Held { order, media, told: true });
        let again = self.hearing.is_some() && self.failed < TRIES;
        match (broken, held) {
            (Broken::OtherRate, held) if again => {
                tracing::info!(leg = %self.id, "a leg's audio comes at another rate; it is streamed anew");
                self.tap(held, step);
            }
            (_, Some(held)) => {
                tracing::warn!(leg = %self.id, "nothing is heard of a leg that lives; the engine plays, and callers use keys");
                self.hand_over(held, step);
                self.wait_again();
            }
            (_, None) => {
                tracing::warn!(leg = %self.id, again, "nothing is heard of a leg that lives");
                if again {
                    self.tap(None, step);
                }
            }
        }
    }
}
