//! What random days of the house once brought to light, one small story each.

use tandem::{
    base::{number::Key, text::Label},
    live::switchboard::view::Act,
    ports::engine::{
        Arrival, Command, Event, HangupCause, Order, Origin, Outcome,
        simulator::{Answer, Caller, Faults, World},
    },
};

use super::{
    rig::{self, Rig, leg, millis, name, number, secs},
    telephony::{answers, at, dials, ends},
    town,
};

/// A caller from outside who chooses sales; talks with the agent at 1003.
fn sold(rig: &mut Rig) {
    answers(rig, "1004", Answer::Busy);
    rig.world.expect(rig.now, leg("a"), rig::arrival("4000"), town::presses("1"));
    rig.run_for(secs(20));
    assert_eq!(rig.agent_state("a3"), "talking");
}

#[test]
fn a_key_during_what_is_said_leaves_its_deadline() {
    let mut rig = Rig::simple(0);
    let key = |at, key| (secs(at), Key::new(key).expect("a key"));
    let keys = vec![key(1, '9'), key(2, '9'), key(3, '9'), key(4, '1')];
    rig.call_with("c1", secs(0), Caller { keys, patience: secs(600), talk: secs(600) });
    // After three wrong keys good bye is said; its end is lost with the link.
    rig.run_for(millis(4_500));
    rig.world.cut(rig.now);
    rig.run_for(secs(1));
    rig.world.link(rig.now);
    rig.run_for(secs(130));
    assert_eq!((rig.records.len(), rig.board.live_calls()), (1, 0));
}

#[test]
fn pain_01_an_agent_who_transfers_to_a_group_is_free_when_the_leg_has_ended() {
    let mut rig = town::open();
    sold(&mut rig);
    let agent = at(&rig, "1003").expect("1003 talks");
    rig.world.refer(&agent, number("6001"), rig.now);
    rig.run_for(millis(10));
    assert_eq!(rig.agent_state("a3"), "wrap-up");
    rig.run_for(secs(5));
    assert_eq!(rig.states(), ["talking"]);
    ends(rig, 1);
}

#[test]
fn a_talk_that_was_none_is_counted_as_waiting_alone() {
    let mut rig = town::open();
    rig.world.phone(&name("1003")).expect("a phone").talk = millis(1_900);
    rig.world.phone(&name("1004")).expect("a phone").talk = secs(10);
    rig.world.expect(rig.now, leg("a"), rig::arrival("4000"), town::presses("1"));
    rig.run_for(secs(40));
    let record = &ends(rig, 1)[0];
    assert_eq!(record.legs.len(), 3, "{record:#?}");
    let talked = i64::try_from(record.talk_ms).expect("short");
    assert!((talked - 10_000).abs() < 100, "{record:#?}");
    let span = record.ended.since(record.arrived).as_millis();
    assert!(u128::from(record.wait_ms + record.talk_ms) <= span, "{record:#?}");
}

#[test]
fn a_call_that_is_joined_with_another_while_it_is_offered_leaves_its_queue() {
    let mut rig = town::open();
    answers(&mut rig, "1003", Answer::Never);
    answers(&mut rig, "1004", Answer::Never);
    for id in ["a", "b"] {
        rig.world.expect(
            rig.now,
            leg(id),
            rig::arrival("4000"),
            town::presses(if id == "a" { "1" } else { "" }),
        );
        rig.run_for(secs(2));
    }
    assert_eq!(rig.states(), ["offered", "menu"]);
    // That the phone had answered was lost; that it joined its two talks was not.
    rig.event(Event::Joined { leg: leg("a"), peer: leg("b") });
    assert_eq!(rig.states(), ["talking"]);
}

#[test]
fn two_talks_that_are_over_are_not_joined_by_a_late_word() {
    let mut rig = town::open();
    sold(&mut rig);
    let agent = at(&rig, "1003").expect("1003 talks");
    dials(&mut rig, "b", "1000", "1001");
    rig.run_for(secs(3));
    let other = at(&rig, "1001").expect("1001 talks");
    for leg in [leg("a"), leg("b")] {
        rig.event(Event::Ended { leg, cause: HangupCause::NORMAL_CLEARING });
    }
    rig.event(Event::Joined { leg: other, peer: agent });
    assert_eq!(rig.states(), ["ending", "ending"]);
    rig.run_for(secs(1));
    assert_ne!(rig.agent_state("a3"), "talking");
}

#[test]
fn a_message_that_the_engine_does_not_record_is_asked_for_once_more() {
    let mut rig = town::open();
    rig.world.expect(rig.now, leg("a"), rig::arrival("4000"), town::presses("7"));
    rig.run_for(secs(5));
    let (_, Order { id: order, leg, command: Command::Record { .. } }) =
        rig.orders.last().expect("orders").clone()
    else {
        panic!("not recorded: {:?}", rig.orders.last())
    };
    rig.event(Event::Outcome { leg, order, outcome: Outcome::Refused(Label::new("the disk is full")) });
    let last = &rig.orders.last().expect("orders").1.command;
    assert!(matches!(last, Command::Play { .. }), "{last:?}");
}

/// So often the caller was told to hear music.
fn music(rig: &Rig) -> Vec<Order> {
    let music = |order: &&Order| order.command == Command::Music;
    rig.orders.iter().map(|(_, order)| order).filter(music).cloned().collect()
}

#[test]
fn music_that_the_engine_refuses_is_asked_for_again() {
    let mut rig = Rig::simple(0);
    let caller = rig.call("c1", secs(0));
    rig.run_for(secs(6));
    let [Order { id: order, leg, .. }] = music(&rig).try_into().expect("music after the greeting");
    rig.event(Event::Outcome { leg, order, outcome: Outcome::Refused(Label::new("no such file")) });
    rig.run_for(secs(11));
    assert_eq!(music(&rig).len(), 2);
    rig.run_for(secs(60));
    assert_eq!(music(&rig).len(), 2, "what plays is left alone");
    assert!(rig.world.hears_something(&caller));
}

#[test]
fn a_greeting_whose_end_is_lost_is_followed_by_music_all_the_same() {
    let faults = Faults { lose: 1.0, ..Faults::default() };
    let world = World::new(1, Vec::new(), Faults::default(), rig::START);
    let mut rig = Rig::new(rig::site(0), world);
    rig.call("c1", secs(0));
    rig.run_for(millis(1_500));
    rig.world.set_faults(faults);
    rig.run_for(secs(4));
    rig.world.set_faults(Faults::default());
    assert_eq!((rig.states(), music(&rig).len()), (vec!["waiting".to_owned()], 0));
    rig.run_for(secs(135));
    assert_eq!(music(&rig).len(), 1);
}

#[test]
fn a_caller_on_the_way_into_a_room_that_is_left_rings_where_they_were_to_go() {
    let mut rig = town::open();
    dials(&mut rig, "a", "1000", "1001");
    rig.run_for(secs(4));
    let (call, one) = (rig.only_call(), at(&rig, "1001").expect("1001 talks"));
    for act in [Act::Consult { call, to: number("1002") }, Act::Back { call }] {
        rig.act(act).expect("done");
    }
    rig.run_for(millis(1));
    rig.world.hang_up(&one, rig.now);
    rig.run_for(secs(1));
    assert_eq!(rig.states(), ["dialling"]);
    assert!(at(&rig, "1001").is_some(), "1001 rings again");
    ends(rig, 1);
}

#[test]
fn a_phone_that_lost_a_race_and_was_not_told_is_told_when_it_answers() {
    let mut rig = town::open();
    for (phone, after) in [("1001", 4), ("1002", 1), ("1003", 8)] {
        answers(&mut rig, phone, Answer::After(secs(after)));
    }
    let caller = dials(&mut rig, "a", "1000", "6001");
    rig.run_for(millis(960));
    rig.world.set_faults(Faults { refuse: 1.0, ..Faults::default() });
    rig.run_for(millis(60));
    rig.world.set_faults(Faults::default());
    let late = at(&rig, "1001").expect("1001 rings on");
    rig.run_for(secs(4));
    assert!(!rig.world.legs().any(|leg| *leg == late), "1001 is left alone");
    let other = at(&rig, "1002").expect("1002 talks");
    assert!(rig.world.hear_each_other(&caller, &other));
    ends(rig, 1);
}

#[test]
fn an_agent_to_whom_a_caller_was_handed_on_is_joined_with_another_talk() {
    let mut rig = town::open();
    answers(&mut rig, "1004", Answer::Busy);
    // A phone of the house calls the agent, and hands the agent on to 1002.
    let arrival =
        Arrival { origin: Origin::Phone(name("1000")), from: Some(number("1000")), ..rig::arrival("4000") };
    rig.world.expect(rig.now, leg("a"), arrival, town::presses("1"));
    rig.run_for(secs(20));
    let agent = at(&rig, "1003").expect("1003 talks");
    rig.world.refer(&leg("a"), number("1002"), rig.now);
    rig.run_for(secs(4));
    // Somebody from outside talks with 1001, and is joined with the agent.
    rig.world.expect(rig.now, leg("b"), rig::arrival("4000"), town::presses("4"));
    rig.run_for(secs(8));
    let (one, two) = (at(&rig, "1001").expect("1001 talks"), at(&rig, "1002").expect("1002 talks"));
    rig.world.refer_attended(&one, &two, rig.now);
    rig.run_for(secs(1));
    assert!(rig.world.hear_each_other(&agent, &leg("b")));
    assert_eq!((rig.agent_state("a3").as_str(), rig.states()), ("talking", vec!["talking".to_owned()]));
    rig.world.hang_up(&leg("b"), rig.now);
    rig.run_for(secs(1));
    assert_eq!(rig.agent_state("a3"), "wrap-up");
    ends(rig, 2);
}

#[test]
fn who_is_sent_on_while_an_answer_is_under_way_goes_there_and_is_not_hung_up() {
    let mut rig = town::open();
    for (phone, after) in [("1001", 1), ("1002", 3), ("1003", 3)] {
        answers(&mut rig, phone, Answer::After(secs(after)));
    }
    let caller = dials(&mut rig, "a", "1000", "6001");
    let answered = |rig: &Rig| rig.orders.iter().any(|(_, o)| matches!(o.command, Command::Meet { .. }));
    while !answered(&rig) {
        rig.run_for(std::time::Duration::from_micros(100));
    }
    // 1001 has answered, and neither is in the room yet.
    let call = rig.only_call();
    rig.act(Act::Transfer { call, to: number("1004") }).expect("sent on");
    rig.run_for(secs(8));
    let other = at(&rig, "1004").expect("1004 talks");
    assert!(rig.world.hear_each_other(&caller, &other));
    ends(rig, 1);
}
