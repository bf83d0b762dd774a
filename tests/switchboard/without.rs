//! What a house is without can neither be dialled nor commanded.

use tandem::{
    base::id::CallId,
    infra::site::Feature,
    live::switchboard::view::{Act, Refusal, Setting},
    ports::engine::{
        HangupCause,
        simulator::{Answer, Faults, World},
    },
};

use super::{
    rig::{self, Rig, number, secs},
    telephony::{call_in, dials, ends, house},
};

fn commands(call: CallId) -> Vec<(Act, Feature)> {
    let (conference, extension) = (number("7001"), number("1001"));
    let setting = Setting::Quiet(true);
    vec![
        (Act::Record { call, on: true }, Feature::Recording),
        (Act::PauseRecording { call, on: true }, Feature::Recording),
        (Act::RecordConference { conference: conference.clone(), on: true }, Feature::Recording),
        (Act::Invite { conference: conference.clone(), to: number("1003") }, Feature::Conferences),
        (Act::Lock { conference, on: true }, Feature::Conferences),
        (Act::Mute { call, on: true }, Feature::Conferences),
        (Act::Park { call, slot: None }, Feature::Parking),
        (Act::Extension { extension, setting }, Feature::Forwarding),
    ]
}

#[test]
fn what_a_house_is_without_is_refused_by_name_and_nothing_changes() {
    let phones = rig::phones(5, Answer::After(secs(2)), secs(600));
    let mut site = house();
    site.without = Feature::ALL.into();
    let mut rig = Rig::new(site, World::new(1, phones, Faults::default(), rig::START));
    dials(&mut rig, "a", "1000", "1001");
    rig.run_for(secs(3));
    let call = call_in(&rig, "talking");
    for (act, feature) in commands(call) {
        assert_eq!(rig.act(act.clone()), Err(Refusal::SwitchedOff { feature }), "{act:?}");
    }
    assert_eq!(rig.states(), ["talking"]);
    rig.act(Act::Hangup { call }).expect("what every house has");
    let ended = ends(rig, 1);
    assert_eq!(ended[0].cause, HangupCause::NORMAL_CLEARING);
}
