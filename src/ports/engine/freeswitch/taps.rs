//! A leg's audio as a stream: the engine's `unicast`, which lives within one park and dies with it.

use std::net::{Ipv4Addr, SocketAddr};

use crate::{
    base::{
        clock::Stamp,
        id::{LegId, OrderId},
    },
    ports::engine::{Event, Stream, Wire},
};

use super::{
    command,
    leg::{Lane, Stage, Tapping},
    legs::{Legs, Then},
};

/// What codecs of telephones have.
const RATES: std::ops::RangeInclusive<u32> = 8_000..=48_000;
/// Where ports begin that the engine's ends of streams have, and how many there are: below those that the system gives
/// to whoever asks for any.
const PORTS: (u16, u16) = (20_000, 10_000);

impl Legs {
    pub(super) fn tap(&mut self, leg: &LegId, order: OrderId, to: SocketAddr, now: Stamp) {
        let near = to.is_ipv4() && to.ip().is_loopback() && self.settings.address.ip().is_loopback();
        let Some(known) = self.all.get(leg) else { return };
        if !near {
            return self.refuse(leg, order, "streams stay on the engine's own host");
        }
        if known.stage < Stage::Answered {
            return self.refuse(leg, order, "this leg is not answered");
        }
        self.streams = if self.streams == 0 { now.0 as u32 } else { self.streams }.wrapping_add(1).max(1);
        self.begin_tap(leg, Some(order), Tapping { number: self.streams, to });
    }

    fn begin_tap(&mut self, leg: &LegId, order: Option<OrderId>, tapping: Tapping) {
        self.set_lane(leg, Lane::Tapped(tapping));
        self.send(command::rate(leg), Then::Rate { leg: leg.clone(), order, tapping });
    }

    pub(super) fn on_rate(
        &mut self,
        leg: &LegId,
        order: Option<OrderId>,
        tapping: Tapping,
        answer: &[u8],
        now: Stamp,
    ) {
        let rate = std::str::from_utf8(answer).ok().and_then(|text| text.trim().parse().ok());
        let there = self.is_tapped_by(leg, tapping);
        if let Some(rate) = rate.filter(|rate| there && RATES.contains(rate)) {
            let stream = Stream { engine: place(tapping.number), wire: Wire::Raw { rate } };
            let bytes = command::tap(leg, stream.engine, tapping.to);
            return self.send(bytes, Then::Tap { leg: leg.clone(), order, tapping, stream });
        }
        if let Some(order) = order {
            let why = if there { "this leg has no sound" } else { "a later order came first" };
            self.refuse(leg, order, why);
        }
        self.on_tapped(leg, tapping, None, now);
    }

    /// The stream begins, or there is none.
    pub(super) fn on_tapped(&mut self, leg: &LegId, tapping: Tapping, stream: Option<Stream>, now: Stamp) {
        if !self.is_tapped_by(leg, tapping) {
            return;
        }
        if let Some(stream) = stream {
            self.tell(Event::Tapped { leg: leg.clone(), stream });
        } else {
            self.set_lane(leg, Lane::Idle);
            self.pump(leg, now);
        }
    }

    /// Ends the stream with the park that it lives in: a second one in the same park would come to nothing.
    pub(super) fn untap(&mut self, leg: &LegId, now: Stamp) {
        self.set_lane(leg, Lane::Reparking { since: now });
        for bytes in command::park_here(leg) {
            self.send(bytes, Then::Nothing);
        }
    }

    /// The engine ends a stream when the codec, or the length of packets, changes beneath it
    /// (`switch_core_media_set_codec`).
    pub(super) fn on_recoded(&mut self, leg: &LegId, now: Stamp) {
        let Some(known) = self.all.get_mut(leg) else { return };
        if let Lane::Tapped(tapping) = known.lane {
            known.again = Some(tapping);
            self.untap(leg, now);
        }
    }

    /// Nothing else is ordered of this leg: if its stream was ended by the engine, it goes on.
    pub(super) fn tap_again(&mut self, leg: &LegId) {
        let idle = self.all.get_mut(leg).filter(|known| known.lane == Lane::Idle);
        if let Some(tapping) = idle.and_then(|known| known.again.take()) {
            self.begin_tap(leg, None, tapping);
        }
    }

    fn is_tapped_by(&self, leg: &LegId, tapping: Tapping) -> bool {
        self.all.get(leg).is_some_and(|known| known.lane == Lane::Tapped(tapping))
    }
}

/// The engine's end of the stream of this number. It says nowhere whether it got the place that it was told to take, so
/// each has an address of its own, of the millions that a host has for itself.
fn place(number: u32) -> SocketAddr {
    let [_, a, b, c] = number.to_be_bytes();
    let port = PORTS.0 + (number % u32::from(PORTS.1)) as u16;
    SocketAddr::from((Ipv4Addr::new(127, 64 | a & 0x3F, b, c), port))
}

#[cfg(test)]
mod tests {
    use super::super::random::{Step, World, leg};
    use super::*;
    use crate::ports::engine::{Command, Order};

    fn tapped() -> (World, OrderId) {
        let mut world = World::new();
        world.act(&Step::Park(0));
        let known = world.legs.all.get_mut(&leg(0)).expect("it came");
        known.stage = Stage::Answered;
        let order = OrderId { seq: 2, index: 1 };
        tap(&mut world, order);
        (world, order)
    }

    fn tap(world: &mut World, id: OrderId) {
        let command = Command::Tap { to: SocketAddr::from(([127, 0, 0, 1], 4000)) };
        world.legs.on_order(Order { id, leg: leg(0), command }, world.now);
    }

    /// What was sent, and what its replies are for.
    fn sent(world: &mut World) -> Vec<(String, Then)> {
        let text = |send: super::super::legs::Send| {
            (String::from_utf8(send.bytes).expect("text").trim().to_owned(), send.then)
        };
        world.legs.take().sends.into_iter().map(text).collect()
    }

    #[test]
    fn each_end_of_a_stream_has_a_place_of_its_own() {
        let places: std::collections::HashSet<SocketAddr> = (7_000_000..7_100_000).map(place).collect();
        assert_eq!(places.len(), 100_000);
        assert!(places.iter().all(|place| place.ip().is_loopback() && place.port() < 32_768));
    }

    #[test]
    fn the_rate_is_asked_for_and_a_second_stream_needs_another_park() {
        let (mut world, order) = tapped();
        let (text, then) = sent(&mut world).pop().expect("the rate is asked for");
        assert_eq!(text, "api uuid_getvar leg-0 read_rate");
        world.legs.on_reply(then, b"16000", world.now);
        let (text, then) = sent(&mut world).pop().expect("a stream is asked for");
        assert!(text.contains("call-command: unicast") && text.contains("remote-port: 4000"), "{text}");
        world.legs.on_reply(then, b"+OK", world.now);
        let events = world.legs.take().events;
        let wire = Wire::Raw { rate: 16_000 };
        assert!(
            matches!(&events[..], [Event::Outcome { order: it, .. }, Event::Tapped { stream, .. }]
                if *it == order && stream.wire == wire),
            "{events:?}"
        );
        // Stop ends nothing here; another stream begins in a new park.
        world.order(leg(0), 2);
        assert_eq!(sent(&mut world), []);
        tap(&mut world, OrderId { seq: 2, index: 2 });
        let texts: Vec<String> = sent(&mut world).into_iter().map(|(text, _)| text).collect();
        assert_eq!(texts.last().map(String::as_str), Some("api uuid_transfer leg-0 park inline"));
        world.act(&Step::Park(0));
        assert_eq!(sent(&mut world).pop().expect("asked again").0, "api uuid_getvar leg-0 read_rate");
        assert!(world.legs.take().events.is_empty(), "it has not been away");
    }

    #[test]
    fn a_stream_goes_on_under_another_codec_unless_something_else_was_ordered() {
        let begun = || {
            let (mut world, _) = tapped();
            for answer in ["8000", "+OK"] {
                let (_, then) = sent(&mut world).pop().expect("asked for");
                world.legs.on_reply(then, answer.as_bytes(), world.now);
            }
            let events = world.legs.out.events.split_off(0);
            assert_eq!(events.len(), 2, "{events:?}");
            // One is told of each way, and more while the leg is parked anew.
            sent(&mut world);
            for _ in 0..2 {
                world.act(&Step::Recoded(0));
            }
            let texts = sent(&mut world);
            assert_eq!((texts.len(), &*texts[1].0), (2, "api uuid_transfer leg-0 park inline"));
            (world, events)
        };
        let (mut world, before) = begun();
        world.act(&Step::Park(0));
        for answer in ["16000", "+OK"] {
            let (_, then) = sent(&mut world).pop().expect("asked for anew");
            world.legs.on_reply(then, answer.as_bytes(), world.now);
        }
        let [_, Event::Tapped { stream: old, .. }] = before[..] else { panic!("{before:?}") };
        let wire = Wire::Raw { rate: 16_000 };
        let told = Event::Tapped { leg: leg(0), stream: Stream { wire, ..old } };
        assert_eq!(world.legs.take().events, [told]);

        let (mut world, _) = begun();
        world.order(leg(0), 1);
        world.act(&Step::Park(0));
        assert!(sent(&mut world).pop().expect("a prompt").0.contains("playback"));
        world.legs.set_lane(&leg(0), Lane::Idle);
        world.legs.pump(&leg(0), world.now);
        assert_eq!(sent(&mut world), [], "the stream is over");
    }

    #[test]
    fn a_leg_without_sound_is_refused_and_obeys() {
        for answer in ["_undef_", "-ERR No such channel!", "0"] {
            let (mut world, _) = tapped();
            let (_, then) = sent(&mut world).pop().expect("the rate is asked for");
            world.legs.on_reply(then, answer.as_bytes(), world.now);
            assert!(matches!(&world.legs.take().events[..], [Event::Outcome { .. }]), "{answer}");
            assert_eq!(world.legs.all[&leg(0)].lane, Lane::Idle, "{answer}");
        }
    }
}
