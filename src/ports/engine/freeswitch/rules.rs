//! What the legs owe, one rule each.

use std::time::Duration;

use super::{
    command,
    legs::Then,
    random::{Step, World, leg},
    translate::Fact,
};
use crate::{
    base::id::LegId,
    ports::engine::{Event, HangupCause},
};

#[test]
fn the_sites_lease_rules_until_one_is_ordered() {
    let mut world = World::new();
    world.act(&Step::Park(0));
    let leases = |world: &mut World| -> Vec<String> {
        let sends = world.legs.take().sends.into_iter();
        let texts = sends.map(|send| String::from_utf8(send.bytes).expect("utf-8"));
        texts
            .filter_map(|t| Some(t.strip_prefix("api sched_transfer ")?.split(' ').next()?.to_owned()))
            .collect()
    };
    let connect = |world: &mut World, seconds: u64| {
        world.legs.settings.lease = Duration::from_secs(seconds);
        world.order(leg(0), 17);
        leases(world)
    };
    // Nine seconds of ringing and a lease.
    assert_eq!(connect(&mut world, 12), ["+21"]);
    world.act(&Step::Over(0, 0, false));
    world.order(leg(0), 4);
    assert_eq!(leases(&mut world), ["+30"]);
    assert_eq!(connect(&mut world, 12), ["+39"]);
}

#[test]
fn an_end_that_was_missed_is_told_when_the_engine_denies_the_leg() {
    let mut world = World::new();
    world.act(&Step::Park(0));
    world.act(&Step::Park(1));
    let ends = |world: &mut World| -> Vec<LegId> {
        let events = world.legs.take().events.into_iter();
        events
            .filter_map(|event| if let Event::Ended { leg, .. } = event { Some(leg) } else { None })
            .collect()
    };
    let survey = |world: &mut World, job: &str, answers: [&[u8]; 2]| {
        world.legs.ask(world.now, job.into(), false);
        let text = r#"{"row_count":0}"#.into();
        world.legs.on_fact(Fact::Answer { job: job.into(), text }, world.now);
        let sends = world.legs.take().sends;
        let asked = sends.into_iter().filter(|send| matches!(send.then, Then::Exists(_)));
        let mut asked: Vec<_> = asked.map(|send| send.then).collect();
        asked.sort_by_key(|then| format!("{then:?}"));
        assert_eq!(asked, [Then::Exists(leg(0)), Then::Exists(leg(1))]);
        for (then, answer) in asked.into_iter().zip(answers) {
            world.legs.on_reply(then, answer, world.now);
        }
    };
    survey(&mut world, "one", [b"true", b"true"]);
    world.act(&Step::Wait(2000));
    assert_eq!(ends(&mut world), []);
    survey(&mut world, "two", [b"true", b"false"]);
    world.act(&Step::Wait(200));
    assert_eq!(ends(&mut world), [], "the event with the true cause may still come");
    world.act(&Step::Wait(200));
    assert_eq!(ends(&mut world), [leg(1)]);
}

#[test]
fn out_of_order_is_told_of_phones_that_never_answered_only() {
    let end = |answered: bool| {
        let mut world = World::new();
        world.act(&Step::Park(0));
        world.order(leg(0), 17);
        let dialled = world.dialled(0);
        world.legs.on_fact(Fact::Created { leg: dialled.clone() }, world.now);
        if answered {
            world.legs.on_fact(Fact::Answered { leg: dialled.clone(), tones: false }, world.now);
        }
        let cause = HangupCause::DESTINATION_OUT_OF_ORDER;
        world.legs.on_fact(Fact::HungUp { leg: dialled.clone(), cause }, world.now);
        let told = world.legs.take().events.into_iter().find_map(|event| match event {
            Event::Ended { leg, cause } if leg == dialled => Some(cause),
            _ => None,
        });
        told.expect("its end is told")
    };
    assert_eq!(end(true), HangupCause::NORMAL_CLEARING);
    assert_eq!(end(false), HangupCause::DESTINATION_OUT_OF_ORDER);
}

/// The engine's first list after a break: one caller, who does or does not dial.
fn list(world: &mut World, callstate: &str) {
    let caller = leg(0);
    world.legs.ask(world.now, "first".into(), true);
    let text = format!(
        r#"{{"rows":[{{"uuid":"{caller}","state":"CS_EXECUTE","callstate":"{callstate}","call_uuid":""}}]}}"#
    );
    world.legs.on_fact(Fact::Answer { job: "first".into(), text }, world.now);
    let dump = format!("Unique-ID: {caller}\nAnswer-State: answered\nvariable_tandem_taken: true\n");
    world.legs.on_portrait(&caller, dump.as_bytes(), world.now);
}

#[test]
fn a_phone_that_declined_unheard_leaves_the_caller_free() {
    let mut world = World::new();
    world.act(&Step::Park(0));
    world.order(leg(0), 17);
    let to = world.dialled(0);
    world.legs.on_fact(Fact::Created { leg: to.clone() }, world.now);
    world.act(&Step::Lost);
    world.legs.take();
    list(&mut world, "ACTIVE");
    world.legs.on_reply(Then::Exists(to.clone()), b"false", world.now);
    world.legs.take();
    world.act(&Step::Wait(300));
    let events = world.legs.take().events;
    assert!(events.iter().any(|event| matches!(event, Event::Ended { leg, .. } if *leg == to)), "{events:?}");
    assert!(events.contains(&Event::Returned { leg: leg(0) }), "{events:?}");
    world.order(leg(0), 17);
    let parks = world.legs.take().sends;
    assert!(parks.iter().any(|send| send.bytes == command::park_again(&leg(0))), "{parks:?}");
}

#[test]
fn a_connect_that_was_lost_with_the_wire_is_told_and_the_caller_obeys() {
    let told = |callstate: &str| {
        let mut world = World::new();
        world.act(&Step::Park(0));
        world.order(leg(0), 17);
        let to = world.dialled(0);
        world.act(&Step::Lost);
        world.legs.take();
        list(&mut world, callstate);
        let events = world.legs.take().events;
        let cause = events.iter().find_map(|event| match event {
            Event::Ended { leg, cause } if *leg == to => Some(*cause),
            _ => None,
        });
        let returned =
            events.iter().any(|event| matches!(event, Event::Returned { leg } if *leg == self::leg(0)));
        world.legs.on_fact(Fact::Created { leg: to.clone() }, world.now);
        let hangup = command::hangup(&to, HangupCause::NORMAL_CLEARING);
        let stray = world.legs.take().sends.iter().any(|send| send.bytes == hangup);
        (cause, returned, stray)
    };
    let (lost, dials) = (told("ACTIVE"), told("RING_WAIT"));
    assert_eq!(
        lost,
        (Some(HangupCause::TEMPORARY_FAILURE), true, true),
        "and if it comes after all, it rings for nobody"
    );
    assert_eq!(dials, (None, false, false), "it has arrived, and dials");
}
