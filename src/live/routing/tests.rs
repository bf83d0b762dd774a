//! Who reaches what: by table, and by whatever anybody may think of dialling.

use std::time::Duration;

use proptest::prelude::*;
use smol_str::SmolStr;

use super::{Decision, Goal, reach, route};
use crate::{
    base::{clock::Stamp, id::Name, number::Number, text::Label},
    infra::site::{
        self, Class, Codes, Conference, Extension, Forward, Group, Mailbox, Outside, Parking, Pattern,
        RingOrder, Site,
    },
    live::switchboard::view::{Setting, When},
    ports::engine::{Arrival, HangupCause, Origin},
};

const NOW: Stamp = Stamp(1_795_000_000_000_000);

fn number(text: &str) -> Number {
    Number::new(text).expect("a number")
}

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

/// The small example with extensions 1001 to 1004, one of each class, and the numbering plan of China behind `prefix`.
fn house(prefix: &str) -> Site {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/small");
    let mut site = site::load(&folder).expect("the example is sound");
    let patterns = |texts: &[&str]| texts.iter().map(|t| Pattern::new(t).expect("a pattern")).collect();
    site.trunks.insert(name("main"), site::Trunk::to("192.0.2.1:5060"));
    site.extensions.clear();
    for (i, class) in Class::ALL.into_iter().enumerate() {
        let own = number(&(1001 + i).to_string());
        let extension = Extension {
            class,
            pickup: (i < 3).then(|| name(if i < 2 { "front" } else { "back" })),
            forward: Forward::default(),
            mailbox: (i > 0).then(|| Mailbox {
                pin_file: "/nowhere".into(),
                pin: None,
                greeting: None,
                most: 10,
                limit: Duration::from_secs(60),
            }),
            ..Extension::new("Somebody", name(own.as_str()), "/nowhere")
        };
        site.extensions.insert(own, extension);
    }
    let dialing = &mut site.dialing;
    dialing.outside = Some(Outside {
        prefix: prefix.into(),
        local: patterns(&["[2-9]xxxxxxx"]),
        national: patterns(&["0.", "1[3-9]xxxxxxxxx", "+86[1-9]."]),
        international: patterns(&["00."]),
        blocked: patterns(&["00881.", "96."]),
        emergency: vec![number("110"), number("120")],
        trunks: vec![name("main"), name("reserve")],
        caller: None,
    });
    let group = Group {
        name: "Front desk".into(),
        members: vec![number("1001")],
        ring: Duration::from_secs(20),
        order: RingOrder::Together,
        otherwise: None,
    };
    dialing.groups.insert(number("6001"), group);
    let conference = Conference { name: "Monday".into(), pin_file: None, pin: None, most: 10, record: false };
    dialing.conferences.insert(number("8001"), conference);
    dialing.parking = Some(Parking { slots: vec![number("701")], back_after: Duration::from_secs(60) });
    dialing.short_codes.insert(number("88"), number("+8613800138000"));
    dialing.short_codes.insert(number("89"), number("1002"));
    dialing.codes = codes();
    site
}

fn codes() -> Codes {
    let code = |text| Some(number(text));
    Codes {
        pickup: code("*8"),
        forward_always: code("*72"),
        forward_busy: code("*90"),
        forward_no_answer: code("*92"),
        forward_off: code("*73"),
        quiet_on: code("*78"),
        quiet_off: code("*79"),
        intercom: code("*50"),
        voicemail: code("*97"),
    }
}

fn arrival(origin: Origin, to: &Number) -> Arrival {
    Arrival { origin, from: None, from_name: Label::new(""), to: to.clone() }
}

fn from_phone(site: &Site, phone: &str, to: &str) -> Decision {
    route(site, &arrival(Origin::Phone(name(phone)), &number(to)), NOW)
}

fn goal(decision: &Decision) -> Option<&Goal> {
    match decision {
        Decision::Go { goal, .. } => Some(goal),
        Decision::No { .. } => None,
    }
}

fn why(decision: &Decision) -> &SmolStr {
    let (Decision::Go { why, .. } | Decision::No { why, .. }) = decision;
    why
}

fn outside(text: &str) -> Goal {
    Goal::Outside { number: number(text), trunks: vec![name("main"), name("reserve")] }
}

#[test]
fn a_phone_reaches_what_its_house_has() {
    let site = house("9");
    let forward = |when, to: Option<&str>| Goal::Setting(Setting::Forward { when, to: to.map(number) });
    for (phone, dialled, wanted) in [
        ("1001", "1002", Goal::Extension(number("1002"))),
        ("1001", "89", Goal::Extension(number("1002"))),
        ("1001", "6001", Goal::Group(number("6001"))),
        ("1001", "8001", Goal::Conference(number("8001"))),
        ("1001", "701", Goal::Park(number("701"))),
        ("1001", "*8", Goal::PickUp(None)),
        ("1001", "*81002", Goal::PickUp(Some(number("1002")))),
        ("1001", "*501004", Goal::Intercom(number("1004"))),
        ("1002", "*97", Goal::Mailbox(number("1002"))),
        ("1001", "*971004", Goal::Message(number("1004"))),
        ("1001", "*72", forward(When::Always, None)),
        ("1001", "*721004", forward(When::Always, Some("1004"))),
        ("1001", "*90*971003", forward(When::Busy, Some("*971003"))),
        ("1003", "*92913800138000", forward(When::NoAnswer, Some("913800138000"))),
        ("1001", "*73", Goal::Setting(Setting::ForwardOff)),
        ("1001", "*78", Goal::Setting(Setting::Quiet(true))),
        ("1001", "*79", Goal::Setting(Setting::Quiet(false))),
        ("1001", "110", outside("110")),
        ("1001", "9120", outside("120")),
        ("1002", "962161234", outside("62161234")),
        ("1003", "913800138000", outside("13800138000")),
        ("1003", "88", outside("+8613800138000")),
        ("1004", "90014155550100", outside("0014155550100")),
    ] {
        let decision = from_phone(&site, phone, dialled);
        assert_eq!(goal(&decision), Some(&wanted), "{phone} dials {dialled}: {}", why(&decision));
    }
    let flow = from_phone(&site, "1001", "4000");
    assert!(matches!(goal(&flow), Some(Goal::Flow { .. })), "{flow:?}");
}

#[test]
fn what_is_refused_is_refused_for_a_reason_in_words() {
    let site = house("9");
    let (none, rejected) = (HangupCause::UNALLOCATED_NUMBER, HangupCause::CALL_REJECTED);
    for (phone, dialled, cause, words) in [
        ("1001", "962161234", rejected, "62161234 is local, and extension 1001 may call the house only"),
        ("1002", "88", rejected, "short code 88 is +8613800138000: +8613800138000 is national"),
        ("1004", "900881612345", rejected, "blocked for everybody by 00881."),
        ("1001", "1009", none, "neither an extension nor a number of this site, nor outside"),
        ("1001", "*81003", rejected, "not in pickup group front"),
        ("1004", "*8", rejected, "in no pickup group"),
        ("1001", "*81009", none, "no extension 1009"),
        ("1001", "*97", rejected, "has no mailbox"),
        ("1004", "*971001", none, "1001 has no mailbox"),
        ("1002", "*72913800138000", rejected, "is national"),
        ("1002", "*721002", rejected, "to itself"),
        ("1002", "*72*78", none, "neither"),
        ("1002", "*72701", rejected, "cannot be forwarded"),
        ("1001", "*781", none, "takes none"),
        ("1001", "*501001", rejected, "itself"),
        ("7777", "*78", rejected, "phones of the house"),
    ] {
        let decision = from_phone(&site, phone, dialled);
        let Decision::No { cause: told, why } = decision else { panic!("{phone} gets {dialled}") };
        assert_eq!(told, cause, "{phone} {dialled}: {why}");
        assert!(why.contains(words), "{phone} {dialled}: {why}");
    }
}

#[test]
fn a_trunk_reaches_our_numbers_and_nothing_else() {
    let site = house("");
    for dialled in ["1001", "6001", "8001", "701", "88", "*78", "*971002", "110", "62161234", "0014155550100"]
    {
        let decision = route(&site, &arrival(Origin::Trunk, &number(dialled)), NOW);
        assert_eq!(goal(&decision), None, "{dialled}: {}", why(&decision));
    }
    let decision = route(&site, &arrival(Origin::Trunk, &number("4001")), NOW);
    assert!(matches!(goal(&decision), Some(Goal::Flow { .. })), "{decision:?}");
}

#[test]
fn a_standing_call_goes_as_far_as_whoever_moves_it_may_call() {
    let site = house("9");
    let by = |text: &str, to: &str| reach(&site, Class::International, Some(&number(text)), &number(to), NOW);
    assert_eq!(goal(&by("1003", "913800138000")), Some(&outside("13800138000")));
    assert_eq!(goal(&by("1002", "913800138000")), None);
    assert_eq!(goal(&by("1001", "110")), Some(&outside("110")));
    assert_eq!(goal(&by("1009", "962161234")), None, "who is not in the site calls the house alone");
    assert_eq!(goal(&by("1009", "1001")), Some(&Goal::Extension(number("1001"))));
    for own in ["*8", "*78", "*97", "*501002", "*721002"] {
        assert_eq!(goal(&by("1002", own)), None, "{own} is for the one who dials it");
    }
    let command = |class, to: &str| reach(&site, class, None, &number(to), NOW);
    assert_eq!(goal(&command(Class::International, "+14155550100")), Some(&outside("+14155550100")));
    assert_eq!(goal(&command(Class::National, "+14155550100")), None);
    assert_eq!(goal(&command(Class::Internal, "701")), Some(&Goal::Park(number("701"))));
    assert_eq!(goal(&command(Class::Internal, "*971002")), Some(&Goal::Message(number("1002"))));
}

#[test]
fn without_dialing_yaml_phones_call_the_house() {
    let mut site = house("9");
    site.dialing = site::Dialing::default();
    assert_eq!(goal(&from_phone(&site, "1004", "1001")), Some(&Goal::Extension(number("1001"))));
    for dialled in ["0014155550100", "110", "*97", "88", "701"] {
        let decision = from_phone(&site, "1004", dialled);
        assert_eq!(goal(&decision), None, "{}", why(&decision));
    }
}

/// How far a carrier in China leads who is told `number`: in its words, not by any pattern.
fn truth(number: &str) -> Class {
    if let Some(digits) = number.strip_prefix('+') {
        let home = digits.strip_prefix("86").is_some_and(|rest| !rest.starts_with('0'));
        return if home { Class::National } else { Class::International };
    }
    match number.as_bytes() {
        [b'0', b'0', ..] => Class::International,
        [b'0', ..] | [b'1', _, _, _, _, _, _, _, _, _, _] => Class::National,
        [b'2'..=b'9', ..] if number.len() == 8 => Class::Local,
        _ => Class::International,
    }
}

fn never_too_far(site: &Site, class: Class, decision: &Decision) -> Result<(), TestCaseError> {
    let Some(Goal::Outside { number, .. }) = goal(decision) else { return Ok(()) };
    let emergency = ["110", "120"].contains(&number.as_str());
    prop_assert!(emergency || truth(number.as_str()) <= class, "{:?} reaches {}", class, number);
    prop_assert!(number.as_str().bytes().skip(1).all(|b| b.is_ascii_digit()), "{} has keys in it", number);
    let satellite =
        ["00881", "+881"].iter().filter_map(|p| number.as_str().strip_prefix(p)).any(|n| !n.is_empty());
    prop_assert!(!satellite, "{} is blocked", number);
    prop_assert!(!site.extensions.contains_key(number));
    Ok(())
}

/// Whatever somebody may dial who wants to get further than allowed.
fn tricks() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "+",
        "0",
        "00",
        "9",
        "99",
        "86",
        "0086",
        "*",
        "#",
        "*72",
        "*50",
        "*97",
        "88",
        "110",
        "1001",
        "62161234",
        "13800138000",
        "01062161234",
        "0014155550100",
        "14155550100",
        "881612345",
        "17909",
        "1",
        "011",
    ]);
    prop::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_gets_further_than_allowed(
        trick in tricks(),
        prefix in prop::sample::select(vec!["", "0", "9", "99", "00"]),
        which in 0usize..4,
    ) {
        thread_local!(static HOUSE: Site = house("9"));
        let Ok(to) = Number::new(&trick) else { return Ok(()) };
        let mut site = HOUSE.with(Clone::clone);
        site.dialing.outside.as_mut().expect("a way out").prefix = prefix.into();
        site.dialing.short_codes.insert(number("77"), to.clone());
        let own = number(&(1001 + which).to_string());
        let class = Class::ALL[which];

        never_too_far(&site, class, &from_phone(&site, own.as_str(), &trick))?;
        never_too_far(&site, class, &from_phone(&site, own.as_str(), "77"))?;
        for (class_of_call, by) in [(Class::International, Some(&own)), (class, None), (class, Some(&number("1004")))] {
            never_too_far(&site, class, &reach(&site, class_of_call, by, &to, NOW))?;
            never_too_far(&site, class, &reach(&site, class_of_call, by, &number("77"), NOW))?;
        }
        for code in ["*72", "*90", "*92"] {
            let Ok(set) = Number::new(format!("{code}{trick}")) else { continue };
            let decision = from_phone(&site, own.as_str(), set.as_str());
            if let Some(Goal::Setting(Setting::Forward { to: Some(to), .. })) = goal(&decision) {
                let forwarded = reach(&site, Class::International, Some(&own), to, NOW);
                prop_assert!(goal(&forwarded).is_some(), "a forward that leads nowhere was set");
                never_too_far(&site, class, &forwarded)?;
            }
        }
        let trunk = route(&site, &arrival(Origin::Trunk, &to), NOW);
        prop_assert!(matches!(goal(&trunk), None | Some(Goal::Flow { .. })), "{:?}", trunk);
    }
}
