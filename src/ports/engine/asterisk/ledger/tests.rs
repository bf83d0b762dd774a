//! Promises that need memory, kept under every order of events.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;
use crate::ports::engine::{
    Arrival, Origin,
    asterisk::translate::{Bridge, Channel, Hold, bridge_for},
};

fn leg(name: &str) -> LegId {
    LegId::new(name).expect("an id")
}

fn channel(id: &str, place: Place) -> Channel {
    Channel {
        leg: leg(id),
        place,
        hold: Hold::Ours,
        up: place != Place::Arrival,
        ringing: false,
        dialled: false,
        caller: None,
        peer: None,
        play: None,
        record: None,
        arrival: Some(Arrival {
            origin: Origin::Trunk,
            from: None,
            from_name: crate::base::text::Label::default(),
            to: crate::base::number::Number::new("8000").expect("a number"),
        }),
    }
}

fn dialled(id: &str, caller: &str) -> Channel {
    Channel { dialled: true, caller: Some(leg(caller)), arrival: None, ..channel(id, Place::Dialled) }
}

#[test]
fn a_caller_returns_after_the_leg_that_was_dialled_for_him_has_ended() {
    let mut ledger = Ledger::default();
    ledger.hear(Heard::Entered(channel("caller", Place::Arrival)), Stamp(1));
    ledger.dialling(&leg("agent"), &leg("caller"), Stamp(2));
    ledger.sent(&leg("agent"), Stamp(2));
    // The engine gives the caller back before it reports the end.
    let back = Channel { peer: Some(leg("agent")), ..channel("caller", Place::Resumed) };
    assert!(ledger.hear(Heard::Entered(back), Stamp(3)).events.is_empty());
    let events = ledger.hear(Heard::Destroyed { leg: leg("agent"), cause: HangupCause(17) }, Stamp(4)).events;
    assert_eq!(
        events,
        [Event::Ended { leg: leg("agent"), cause: HangupCause(17) }, Event::Returned { leg: leg("caller") }]
    );
}

#[test]
fn who_ends_before_an_older_list_arrives_is_not_revived_by_it() {
    let mut ledger = Ledger::default();
    ledger.hear(Heard::Entered(channel("caller", Place::Arrival)), Stamp(1));
    ledger.hear(Heard::Destroyed { leg: leg("caller"), cause: HangupCause(16) }, Stamp(3));
    let (seen, effects) = ledger.audit(&[channel("caller", Place::Arrival)], &[], Stamp(2), false);
    assert!(seen.is_empty() && effects.events.is_empty(), "{seen:?} {effects:?}");
    assert!(!ledger.knows(&leg("caller")));
}

#[test]
fn a_leg_missing_from_one_list_may_still_report_its_end_and_from_two_is_forgotten() {
    let mut ledger = Ledger::default();
    ledger.hear(Heard::Entered(channel("caller", Place::Arrival)), Stamp(1));
    ledger.audit(&[], &[], Stamp(2), false);
    assert!(ledger.knows(&leg("caller")));
    ledger.audit(&[], &[], Stamp(3), false);
    assert!(!ledger.knows(&leg("caller")));
    ledger.hear(Heard::Entered(channel("next", Place::Arrival)), Stamp(4));
    ledger.audit(&[], &[], Stamp(5), true);
    assert!(!ledger.knows(&leg("next")), "after a cut there is no news under way");
}

#[test]
fn what_a_former_life_left_half_done_is_done() {
    let mut ledger = Ledger::default();
    let (caller, agent) = (channel("caller", Place::Resumed), dialled("agent", "caller"));
    let bridge = |id: &str, members: &[&str]| Bridge {
        id: bridge_for(&leg(id)),
        members: members.iter().map(|id| leg(id)).collect(),
    };
    let left = bridge("gone", &[]);
    let (_, effects) = ledger.audit(&[caller.clone(), agent.clone()], &[left], Stamp(1), true);
    assert_eq!(
        effects.duties,
        [(leg("caller"), Duty::Join { to: leg("agent") }), (leg("gone"), Duty::Tidy { to: leg("gone") })]
    );
    let talk = bridge("agent", &["caller", "agent"]);
    let (seen, effects) = Ledger::default().audit(&[caller, agent], &[talk], Stamp(1), true);
    assert_eq!(seen[0].peer, Some(leg("agent")));
    assert_eq!(effects.duties, [(leg("caller"), Duty::Release), (leg("agent"), Duty::Release)]);
}

#[derive(Clone, Debug)]
enum Step {
    Arrive(u8),
    Dial(u8, u8),
    Cancel(u8),
    Fail(u8),
    Answer(u8, u8),
    Talk(u8, u8),
    Resume(u8, u8),
    LetGo(u8),
    Destroy(u8),
    Play(u8, u32),
    PlayOver(u32),
    Audit(Vec<u8>, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let (c, a) = (0..3u8, 3..6u8);
    prop_oneof![
        c.clone().prop_map(Step::Arrive),
        (a.clone(), c.clone()).prop_map(|(a, c)| Step::Dial(a, c)),
        a.clone().prop_map(Step::Cancel),
        a.clone().prop_map(Step::Fail),
        (a.clone(), c.clone()).prop_map(|(a, c)| Step::Answer(a, c)),
        (a.clone(), c.clone()).prop_map(|(a, c)| Step::Talk(a, c)),
        (c.clone(), a.clone()).prop_map(|(c, a)| Step::Resume(c, a)),
        c.clone().prop_map(Step::LetGo),
        (0..6u8).prop_map(Step::Destroy),
        (c.clone(), 0..4u32).prop_map(|(c, order)| Step::Play(c, order)),
        (0..4u32).prop_map(Step::PlayOver),
        (prop::collection::vec(0..3u8, 0..4), any::<bool>())
            .prop_map(|(seen, fresh)| Step::Audit(seen, fresh)),
    ]
}

fn id(number: u8) -> LegId {
    leg(&format!("leg{number}"))
}

fn order(number: u32) -> OrderId {
    OrderId { seq: 1, index: number }
}

fn apply(ledger: &mut Ledger, step: &Step, now: Stamp) -> Vec<Event> {
    let heard = |ledger: &mut Ledger, heard| ledger.hear(heard, now).events;
    let place = |number: &u8, place| channel(&format!("leg{number}"), place);
    match step {
        Step::Arrive(c) => heard(ledger, Heard::Entered(place(c, Place::Arrival))),
        Step::Dial(a, c) => {
            if !ledger.knows(&id(*a)) {
                ledger.dialling(&id(*a), &id(*c), now);
                ledger.sent(&id(*a), now);
            }
            Vec::new()
        }
        Step::Cancel(a) => {
            ledger.cancel(&id(*a));
            Vec::new()
        }
        Step::Fail(a) => ledger.failed(&id(*a), HangupCause(41), now).events,
        Step::Answer(a, c) => heard(ledger, Heard::Entered(dialled(&format!("leg{a}"), &format!("leg{c}")))),
        Step::Talk(a, c) => {
            let members = vec![id(*a), id(*c)];
            heard(ledger, Heard::Bridged { bridge: Bridge { id: bridge_for(&id(*a)), members } })
        }
        Step::Resume(c, a) => {
            heard(ledger, Heard::Entered(Channel { peer: Some(id(*a)), ..place(c, Place::Resumed) }))
        }
        Step::LetGo(c) => heard(ledger, Heard::LetGo { leg: id(*c) }),
        Step::Destroy(n) => heard(ledger, Heard::Destroyed { leg: id(*n), cause: HangupCause(16) }),
        Step::Play(c, n) => {
            ledger.playing(&id(*c), order(*n));
            Vec::new()
        }
        Step::PlayOver(n) => heard(ledger, Heard::Played { order: order(*n), failed: false }),
        Step::Audit(seen, fresh) => {
            let channels: Vec<Channel> = seen.iter().map(|c| place(c, Place::Arrival)).collect();
            ledger.audit(&channels, &[], now, *fresh).1.events
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_promise_is_kept_whatever_happens(steps in prop::collection::vec(step(), 1..60)) {
        let mut ledger = Ledger::default();
        let mut plays: HashMap<OrderId, i32> = HashMap::new();
        for (at, step) in steps.iter().enumerate() {
            let before: HashSet<LegId> = (0..6).map(id).filter(|id| ledger.knows(id)).collect();
            if let Step::Play(c, n) = step && ledger.knows(&id(*c)) {
                *plays.entry(order(*n)).or_default() += 1;
            }
            for event in apply(&mut ledger, step, Stamp(at as i64 + 1)) {
                match event {
                    Event::Ended { leg, .. } => {
                        prop_assert!(before.contains(&leg), "{leg} ended without having been there: {step:?}");
                        prop_assert!(!ledger.knows(&leg), "{leg} ended and is still known");
                    }
                    Event::Played { order, .. } => {
                        let open = plays.entry(order).or_default();
                        *open -= 1;
                        prop_assert!(*open >= 0, "{order} was told twice");
                    }
                    Event::Returned { leg } => {
                        prop_assert!(ledger.knows(&leg), "{leg} returned and is not there");
                    }
                    _ => {}
                }
            }
        }
    }
}
