//! Who vanishes without a word is missed after the site's time, whatever the call does, and nothing of it is left.

use tandem::{
    live::{record::EndedBy, switchboard::view::Act},
    ports::engine::{HangupCause, simulator::Answer},
};

use super::{
    rig::{Rig, number, secs},
    telephony::{admin, answers, at, conference, dials, hear_each_other, open},
};

fn told(rig: &Rig, what: &str) -> bool {
    rig.records.iter().any(|record| record.steps.iter().any(|why| why.what.contains(what)))
}

#[test]
fn a_caller_who_vanishes_in_a_queue_is_offered_to_nobody() {
    let mut rig = Rig::simple(0);
    let caller = rig.call("a", secs(0));
    rig.run_for(secs(20));
    assert_eq!(rig.states(), ["waiting"]);
    rig.world.vanish(&caller, rig.now);
    rig.run_for(secs(119));
    assert_eq!(rig.states(), ["waiting"]);
    rig.run_for(secs(10));
    assert_eq!(rig.world.legs().count(), 0);
    let record = &rig.records[0];
    assert_eq!((record.cause, record.ended_by), (HangupCause::TIMER_EXPIRED, EndedBy::Engine));
    assert!(told(&rig, "nothing was heard of the caller any more"));
}

#[test]
fn whichever_side_of_a_talk_vanishes_the_talk_ends() {
    for caller_vanishes in [true, false] {
        let mut rig = open();
        rig.world.gives_up_after(secs(30));
        let a = dials(&mut rig, "a", "1000", "1001");
        rig.run_for(secs(10));
        let b = at(&rig, "1001").expect("1001 talks");
        rig.world.vanish(if caller_vanishes { &a } else { &b }, rig.now);
        rig.run_for(secs(29));
        assert!(hear_each_other(&rig, &a, &b));
        rig.run_for(secs(5));
        assert_eq!(rig.world.legs().count(), 0);
        assert_eq!(rig.records[0].ended_by, EndedBy::Engine);
        let who = if caller_vanishes { "the caller" } else { "1001" };
        assert!(told(&rig, &format!("nothing was heard of {who} any more")), "{:?}", rig.records);
    }
}

#[test]
fn who_vanishes_from_a_conference_is_taken_out() {
    let mut rig = open();
    let legs = ["1000", "1001", "1002"].map(|phone| dials(&mut rig, phone, phone, "7001"));
    rig.run_for(secs(5));
    assert_eq!(conference(&rig).members.len(), 3);
    rig.world.vanish(&legs[1], rig.now);
    rig.run_for(secs(125));
    assert_eq!(conference(&rig).members.len(), 2);
    assert!(hear_each_other(&rig, &legs[0], &legs[2]));
    assert_eq!(rig.records[0].cause, HangupCause::TIMER_EXPIRED);
}

#[test]
fn who_never_answered_did_not_vanish() {
    let mut rig = open();
    dials(&mut rig, "a", "1000", "7001");
    answers(&mut rig, "1002", Answer::Fail(HangupCause::TIMER_EXPIRED));
    admin(&mut rig, Act::Invite { conference: number("7001"), to: number("1002") });
    rig.run_for(secs(5));
    assert_eq!(rig.records.len(), 1);
    assert_eq!(rig.records[0].cause, HangupCause::TIMER_EXPIRED);
    assert!(!told(&rig, "nothing was heard"), "{:#?}", rig.records);
}
