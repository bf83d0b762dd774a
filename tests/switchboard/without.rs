//! What a house is without can neither be dialled nor commanded.

use std::sync::Arc;

use serde_json::{Value, json};
use tandem::{
    base::id::CallId,
    infra::site::{Codes, Feature, Site},
    live::{
        record::Outcome,
        switchboard::{
            Input,
            view::{Act, Refusal, Setting, When},
        },
    },
    ports::engine::{
        Command, HangupCause,
        simulator::{Answer, Faults, World},
    },
};

use super::{
    rig::{self, Rig, number, secs},
    telephony::{admin, at, call_in, conference, dials, ends, hear_each_other, house, open, sets},
};

/// The house as it is read when its site is told to be without these.
fn without(features: &[Feature]) -> Site {
    let mut site = house();
    site.without = features.iter().copied().collect();
    for feature in features {
        match feature {
            Feature::Conferences => site.dialing.conferences.clear(),
            Feature::Groups => site.dialing.groups.clear(),
            Feature::Parking => site.dialing.parking = None,
            Feature::Pickup => site.dialing.codes.pickup = None,
            Feature::Intercom => site.dialing.codes.intercom = None,
            Feature::Voicemail => site.dialing.codes.voicemail = None,
            Feature::Forwarding => {
                let Codes { pickup, intercom, voicemail, .. } = site.dialing.codes.clone();
                site.dialing.codes = Codes { pickup, intercom, voicemail, ..Codes::default() };
            }
            Feature::Recording => {}
        }
    }
    site
}

fn comes(rig: &mut Rig, site: Site) {
    rig.input(Input::Site(Arc::new(site)));
    rig.run_for(secs(1));
}

/// What every house has.
const EVERYWHERE: [&str; 28] = [
    "acknowledge-alert",
    "add-message",
    "attend",
    "back",
    "cancel-callback",
    "close-message",
    "complete",
    "consult",
    "decline-message",
    "dispose",
    "drain",
    "forget-messages",
    "hangup",
    "join",
    "lease",
    "login",
    "logout",
    "move",
    "move-message",
    "pause",
    "take-message",
    "take-over",
    "transfer",
    "transfer-to-agent",
    "transfer-to-queue",
    "unattend",
    "unpause",
    "wrap-up",
];

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
    let mut rig = Rig::new(without(&Feature::ALL), World::new(1, phones, Faults::default(), rig::START));
    dials(&mut rig, "a", "1000", "1001");
    rig.run_for(secs(3));
    let call = call_in(&rig, "talking");
    let acts = commands(call);
    // What needs a feature, by the code that says so: nobody adds an act without a row here.
    let named = |act: &Act| json!(act)["act"].as_str().expect("a word").to_owned();
    let document = serde_json::to_value(tandem::http::openapi()).expect("JSON");
    let all = document.pointer("/components/schemas/Act/oneOf").and_then(Value::as_array).expect("acts");
    let word = |one: &Value| one.pointer("/properties/act/enum/0").and_then(Value::as_str).map(str::to_owned);
    let tried: Vec<String> = acts.iter().map(|(act, _)| named(act)).collect();
    let mut rest: Vec<String> = all.iter().filter_map(word).filter(|word| !tried.contains(word)).collect();
    rest.sort_unstable();
    assert_eq!(rest, EVERYWHERE);
    for (act, feature) in acts {
        assert_eq!(rig.act(act.clone()), Err(Refusal::SwitchedOff { feature }), "{act:?}");
    }
    assert_eq!(rig.states(), ["talking"]);
    rig.act(Act::Hangup { call }).expect("what every house has");
    let ended = ends(rig, 1);
    assert_eq!(ended[0].cause, HangupCause::NORMAL_CLEARING);
}

#[test]
fn what_a_house_is_without_cannot_be_dialled() {
    let dialled = ["*721002", "*73", "*78", "*79", "*8", "*501001", "7001", "6001", "7501"];
    for number in dialled {
        let mut rig = open();
        comes(&mut rig, without(&Feature::ALL));
        dials(&mut rig, "a", "1000", number);
        rig.run_for(secs(20));
        assert_eq!((rig.world.legs().count(), rig.records.len()), (0, 1), "{number}: {:?}", rig.states());
        assert_eq!(rig.records[0].outcome(), Outcome::Refused, "{number}: {:#?}", rig.records);
    }
}

#[test]
fn nobody_is_forwarded_or_undisturbed_in_a_house_without_forwarding() {
    for setting in [Setting::Forward { when: When::Always, to: Some(number("1002")) }, Setting::Quiet(true)] {
        let mut rig = open();
        sets(&mut rig, "1001", setting);
        dials(&mut rig, "a", "1000", "1001");
        rig.run_for(secs(3));
        assert!(at(&rig, "1001").is_none());
        comes(&mut rig, without(&[Feature::Forwarding]));
        let again = dials(&mut rig, "b", "1003", "1001");
        rig.run_for(secs(3));
        let rings = at(&rig, "1001").expect("it rings where it was dialled");
        assert!(hear_each_other(&rig, &again, &rings));
    }
}

#[test]
fn recordings_end_when_the_house_records_no_more() {
    let mut rig = open();
    dials(&mut rig, "a", "1000", "7001");
    dials(&mut rig, "b", "1001", "7001");
    admin(&mut rig, Act::RecordConference { conference: number("7001"), on: true });
    dials(&mut rig, "c", "1002", "1003");
    rig.run_for(secs(3));
    let call = call_in(&rig, "talking");
    admin(&mut rig, Act::Record { call, on: true });
    let ordered = |rig: &Rig, wanted: fn(&Command) -> bool| {
        rig.orders.iter().filter(|(_, order)| wanted(&order.command)).count()
    };
    let taping = |command: &Command| matches!(command, Command::Tape { .. });
    let ending = |command: &Command| matches!(command, Command::TapeStop);
    assert_eq!((ordered(&rig, taping), ordered(&rig, ending)), (2, 0));
    let mut site = without(&[Feature::Recording]);
    comes(&mut rig, site.clone());
    assert_eq!((ordered(&rig, taping), ordered(&rig, ending)), (2, 2));
    // Somebody comes, the one who was recorded leaves: it stays so.
    dials(&mut rig, "d", "1004", "7001");
    rig.world.hang_up(&rig::leg("a"), rig.now);
    rig.run_for(secs(2));
    assert_eq!(ordered(&rig, taping), 2);
    assert!(!conference(&rig).recorded);
    site.without.clear();
    comes(&mut rig, site);
    assert_eq!(ordered(&rig, taping), 2, "nobody ordered it anew");
    ends(rig, 4);
}
