//! What phones may dial: every fault with its place and remedy, and what is right loaded as it is written.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, time::Duration};

use secrecy::ExposeSecret;
use tandem::infra::site::{self, Class, Code, Pattern, RingOrder, Severity, Step, TransferTo, pin, secret};

use super::{copy, edit, faults::over_the_caret, name, number};

/// File, line, what stands over the caret, code, and a piece of the remedy.
const FAULTS: &[(&str, usize, &str, Code, &str)] = &[
    ("people.yaml", 2, "nationl", Code::BadValue, "did you mean `national`?"),
    ("people.yaml", 3, "1003", Code::EndlessLoop, "end one of these"),
    ("people.yaml", 4, "fornt", Code::UnknownName, "did you mean `front`?"),
    ("people.yaml", 4, "1003", Code::EndlessLoop, "name an extension"),
    ("people.yaml", 4, "1099", Code::UnknownName, "did you mean `1009`?"),
    ("people.yaml", 5, "913800138000", Code::BadValue, "`class: national`"),
    ("people.yaml", 5, "\"*971002\"", Code::MissingKey, "add `mailbox: {}` to 1002"),
    ("people.yaml", 5, "\"*72\"", Code::BadValue, "where calls can go"),
    ("people.yaml", 6, "\"a b\"", Code::BadValue, "like `front`"),
    ("people.yaml", 7, "greting", Code::UnknownKey, "did you mean `greeting`?"),
    ("people.yaml", 7, "0", Code::BadValue, "write a number"),
    ("people.yaml", 7, "1s", Code::BadValue, "from 10s to 15m"),
    ("people.yaml", 8, "ring", Code::MissingKey, "add `no_answer: 1002`"),
    ("people.yaml", 9, "secrets/letters", Code::BadValue, "4 to 12 digits"),
    ("people.yaml", 10, "yes", Code::WrongType, "write keys below it"),
    ("people.yaml", 11, "120", Code::Duplicate, "emergency calls come first"),
    ("people.yaml", 12, "962161234", Code::Duplicate, "narrower"),
    ("people.yaml", 13, "sometimes", Code::UnknownKey, "allowed: always"),
    ("people.yaml", 14, "701", Code::BadValue, "name an extension"),
    ("people.yaml", 14, "9120", Code::BadValue, "another number"),
    ("people.yaml", 14, "1s", Code::BadValue, "from 5s to 2m"),
    ("people.yaml", 15, "900881612345", Code::BadValue, "narrow `blocked`"),
    ("people.yaml", 15, "\"*971099\"", Code::UnknownName, "did you mean `1009`?"),
    ("dialing.yaml", 1, "outsid", Code::UnknownKey, "did you mean `outside`?"),
    ("dialing.yaml", 4, "\"[9-2]xx\"", Code::BadValue, "`[2-9]`"),
    ("dialing.yaml", 5, "\"0.1\"", Code::BadValue, "at the end `.`"),
    ("dialing.yaml", 6, "\"00.\"", Code::Duplicate, "remove one of them"),
    ("dialing.yaml", 7, "12-34", Code::BadValue, "`x` for any digit"),
    ("dialing.yaml", 8, "\"*110\"", Code::BadValue, "digits only"),
    ("dialing.yaml", 8, "120", Code::Duplicate, "remove one"),
    ("dialing.yaml", 9, "mian", Code::UnknownName, "did you mean `main`?"),
    ("dialing.yaml", 9, "main", Code::Duplicate, "remove one"),
    ("dialing.yaml", 12, "89", Code::BadValue, "write `+8613800138000`"),
    ("dialing.yaml", 14, "4001", Code::Duplicate, "another number"),
    ("dialing.yaml", 15, "\"*73\"", Code::BadValue, "where calls can go"),
    ("dialing.yaml", 16, "1099", Code::UnknownName, "did you mean `1009`?"),
    ("dialing.yaml", 18, "1001", Code::Duplicate, "remove one"),
    ("dialing.yaml", 18, "1099", Code::UnknownName, "did you mean `1009`?"),
    ("dialing.yaml", 18, "togther", Code::BadValue, "did you mean `together`?"),
    ("dialing.yaml", 19, "6002", Code::MissingKey, "add `name:"),
    ("dialing.yaml", 19, "[]", Code::MissingKey, "members: [1001, 1002]"),
    ("dialing.yaml", 19, "1s", Code::BadValue, "from 5s to 5m"),
    ("dialing.yaml", 19, "8001", Code::BadValue, "name an extension"),
    ("dialing.yaml", 20, "6004", Code::EndlessLoop, "end one of these"),
    ("dialing.yaml", 22, "1008", Code::Duplicate, "give this group another number"),
    ("dialing.yaml", 24, "1000", Code::BadValue, "write a number"),
    ("dialing.yaml", 24, "yes", Code::BadValue, "did you mean `true`?"),
    ("dialing.yaml", 26, "6001", Code::Duplicate, "give this conference another number"),
    ("dialing.yaml", 27, "701", Code::Duplicate, "remove one"),
    ("dialing.yaml", 27, "710-703", Code::BadValue, "`701-705`"),
    ("dialing.yaml", 27, "7x", Code::BadValue, "`701-705`"),
    ("dialing.yaml", 27, "1s", Code::BadValue, "from 15s to 1h"),
    ("dialing.yaml", 29, "\"*8\"", Code::Duplicate, "give `pickup` another code"),
    ("dialing.yaml", 31, "\"78\"", Code::BadValue, "`none` for none"),
    ("dialing.yaml", 32, "\"*92\"", Code::Duplicate, "give `quiet_off` another code"),
    ("dialing.yaml", 33, "forward", Code::UnknownKey, "did you mean `forward_off`?"),
    ("site.yaml", 5, "smal", Code::BadValue, "did you mean `small`?"),
    ("flows/main.yaml", 5, "1099", Code::UnknownName, "did you mean `1009`?"),
    ("flows/main.yaml", 6, "1002", Code::MissingKey, "add `mailbox: {}` to 1002"),
    ("flows/main.yaml", 7, "900881612345", Code::BadValue, "narrow `blocked`"),
    ("flows/main.yaml", 8, "trunk", Code::UnknownKey, "remove this key"),
    ("flows/main.yaml", 9, "1001", Code::BadValue, "with the prefix"),
];

fn seeded() -> (tempfile::TempDir, PathBuf) {
    let (temp, dir) = copy("tests/fixtures/dialing");
    fs::create_dir(dir.join("secrets")).expect("folder");
    let letters = dir.join("secrets/letters");
    fs::write(&letters, "opensesame\n").expect("write");
    fs::set_permissions(letters, fs::Permissions::from_mode(0o600)).expect("chmod");
    (temp, dir)
}

#[test]
fn each_fault_of_dialing_is_told_at_its_place_with_its_remedy() {
    let (_temp, dir) = seeded();
    let report = site::check(&dir);
    assert!(report.site.is_none());
    for (file, line, over, code, remedy) in FAULTS {
        let found = report.problems.0.iter().any(|p| {
            (p.file.as_str(), p.line, p.code) == (*file, *line, *code)
                && over_the_caret(&dir, p) == *over
                && p.help.as_ref().is_some_and(|help| help.contains(remedy))
        });
        let there: Vec<_> = report.problems.0.iter().filter(|p| p.file == *file && p.line == *line).collect();
        assert!(found, "{code} at {over:?} in {file}:{line} with {remedy:?} is not among {there:#?}");
    }
    let told: Vec<_> = report.problems.0.iter().map(|p| (p.file.as_str(), p.line, p.code)).collect();
    let unexpected: Vec<_> = told
        .iter()
        .filter(|(file, line, code)| !FAULTS.iter().any(|f| (f.0, f.1, f.3) == (*file, *line, *code)))
        .collect();
    assert_eq!(unexpected, [] as [&(&str, usize, Code); 0], "a fault is told that is none");
    assert!(!report.problems.to_string().contains("opensesame"), "a secret is shown");
}

const DIALING: &str = r#"
outside:
  prefix: "9"
  local: ["[2-8]xxxxxxx"]
  national: ["0[1-9].", "1[3-9]xxxxxxxxx", "+86[1-9]."]
  international: ["00."]
  emergency: [110]
  trunks: [main]
  caller: 02161234000
short_codes: { 88: +8613800138000 }
groups:
  600: { name: All, members: [1001, 1002], ring: 15s, order: in_turn, otherwise: "*971001" }
conferences:
  800: { name: Monday, pin_file: secrets/conference-800, most: 5, record: true }
parking: { slots: [701-703, 709], back_after: 90s }
codes: { pickup: "*55", intercom: none }
"#;

/// The small example with a way out.
fn house() -> (tempfile::TempDir, PathBuf) {
    let (temp, dir) = copy("examples/small");
    fs::write(dir.join("trunks.yaml"), "main: { address: 192.0.2.1 }\n").expect("write");
    fs::write(dir.join("dialing.yaml"), DIALING).expect("write");
    let people = "1003: { name: Alice Brown, class: national, forward: { always: 913800138000, busy: 600, ring: 15s, \
                  no_answer: \"*971001\" } }";
    edit(&dir, "people.yaml", "1003: { name: Alice Brown }", people);
    (temp, dir)
}

#[test]
fn what_is_written_about_dialing_is_what_is_loaded() {
    let (_temp, dir) = house();
    let site = site::load(&dir).expect("sound");
    let dialing = &site.dialing;
    let outside = dialing.outside.as_ref().expect("a way out");
    assert_eq!(outside.prefix, "9");
    assert_eq!(outside.international, [Pattern::new("00.").expect("a pattern")]);
    assert_eq!((outside.local.len(), outside.national.len(), outside.blocked.len()), (1, 3, 0));
    assert_eq!(
        (outside.emergency.as_slice(), outside.trunks.as_slice()),
        (&[number("110")][..], &[name("main")][..])
    );
    assert_eq!(outside.caller, Some(number("02161234000")));
    assert_eq!(dialing.short_codes[&number("88")], number("+8613800138000"));
    let group = &dialing.groups[&number("600")];
    assert_eq!(
        (group.name.as_str(), group.ring, group.order),
        ("All", Duration::from_secs(15), RingOrder::InTurn)
    );
    assert_eq!(group.members, [number("1001"), number("1002")]);
    assert_eq!(group.otherwise, Some(number("*971001")));
    let conference = &dialing.conferences[&number("800")];
    assert_eq!((conference.most, conference.record), (5, true));
    let parking = dialing.parking.as_ref().expect("slots");
    assert_eq!(parking.slots, ["701", "702", "703", "709"].map(number));
    assert_eq!(parking.back_after, Duration::from_secs(90));
    let codes = &dialing.codes;
    assert_eq!((&codes.pickup, &codes.intercom), (&Some(number("*55")), &None));
    assert_eq!((&codes.voicemail, &codes.quiet_off), (&Some(number("*97")), &Some(number("*79"))));
    let alice = &site.extensions[&number("1003")];
    assert_eq!((alice.class, &alice.mailbox), (Class::National, &None));
    assert_eq!(alice.forward.always, Some(number("913800138000")));
    assert_eq!(alice.forward.ring, Some(Duration::from_secs(15)));
    let chen = &site.extensions[&number("1001")];
    assert_eq!((chen.class, &chen.pickup), (Class::Internal, &Some(name("sales"))));
    let mailbox = chen.mailbox.as_ref().expect("a mailbox");
    assert_eq!((mailbox.most, mailbox.limit), (50, Duration::from_mins(3)));
    let json = serde_json::to_string(&site).expect("JSON");
    assert_eq!(serde_json::from_str::<site::Site>(&json).expect("the same"), site);
}

#[test]
fn a_site_of_an_older_release_is_still_read() {
    let site = site::load(&super::root().join("examples/medium")).expect("sound");
    let mut json = serde_json::to_value(&site).expect("JSON");
    json.as_object_mut().expect("a site").remove("dialing").expect("was there");
    for extension in json["extensions"].as_object_mut().expect("extensions").values_mut() {
        let extension = extension.as_object_mut().expect("an extension");
        extension.retain(|key, _| ["name", "phone", "secret_file"].contains(&key.as_str()));
    }
    let old: site::Site = serde_json::from_value(json).expect("an older site");
    assert_eq!(old.dialing, site::Dialing::default());
    assert!(old.extensions.values().all(|e| e.class == Class::Internal && e.mailbox.is_none()));
}

#[test]
fn without_the_file_there_are_no_codes_and_with_it_the_usual_ones() {
    let (_temp, dir) = copy("examples/small");
    fs::write(dir.join("dialing.yaml"), "# nothing yet\n").expect("write");
    let codes = site::load(&dir).expect("sound").dialing.codes;
    assert_eq!(codes.pickup, Some(number("*8")));
    fs::remove_file(dir.join("dialing.yaml")).expect("remove");
    let report = site::check(&dir);
    let told: Vec<_> = report.problems.0.iter().map(|p| (p.severity, p.code, p.file.as_str())).collect();
    assert_eq!(
        told,
        [(Severity::Warning, Code::MissingKey, "people.yaml")],
        "a mailbox that nobody can hear"
    );
    assert_eq!(report.site.expect("usable").dialing, site::Dialing::default());
}

/// What to change in which file, and what is told: code, what stands over the caret, a piece of the remedy.
const CHANGES: &[(&str, &str, &str, Code, &str, &str)] = &[
    ("dialing.yaml", "prefix: \"9\"", "prefix: \"9*\"", Code::BadValue, "\"9*\"", "up to 4 digits"),
    ("dialing.yaml", "caller: 02161234000", "caller: 0216 123", Code::BadValue, "0216 123", "digits only"),
    (
        "dialing.yaml",
        "emergency: [110]",
        "emergency: []",
        Code::MissingKey,
        "outside",
        "those of your country",
    ),
    ("dialing.yaml", "trunks: [main]", "trunks: []", Code::MissingKey, "[]", "trunks: [carrier]"),
    ("dialing.yaml", "  trunks: [main]\n", "", Code::MissingKey, "outside", "add `trunks: [carrier]`"),
    ("dialing.yaml", "slots: [701-703, 709]", "slots: []", Code::MissingKey, "[]", "slots: 701-705"),
    (
        "dialing.yaml",
        "slots: [701-703, 709]",
        "slots: 1000-1001",
        Code::Duplicate,
        "1000-1001",
        "another number",
    ),
    ("dialing.yaml", "pickup: \"*55\"", "pickup: \"*78\"", Code::Duplicate, "\"*78\"", "another code"),
    ("dialing.yaml", "800: {", "110: {", Code::Duplicate, "110", "emergency calls come first"),
    (
        "dialing.yaml",
        "otherwise: \"*971001\"",
        "otherwise: \"*971002\"",
        Code::MissingKey,
        "\"*971002\"",
        "mailbox: {}",
    ),
    (
        "people.yaml",
        "913800138000",
        "90014155550100",
        Code::BadValue,
        "90014155550100",
        "class: international",
    ),
    ("people.yaml", "always: 913800138000", "always: 88, busy: 1002", Code::Duplicate, "busy", "remove"),
    (
        "people.yaml",
        "Brown, class: national",
        "Brown, class: local",
        Code::BadValue,
        "913800138000",
        "`class: national`",
    ),
    (
        "people.yaml",
        "mailbox: {}",
        "mailbox: { pin_file: \"my pin\" }",
        Code::BadValue,
        "\"my pin\"",
        "secrets/mailbox-1001",
    ),
];

#[test]
fn one_change_too_many_is_told_alone() {
    for (file, from, to, code, over, remedy) in CHANGES {
        let (_temp, dir) = house();
        edit(&dir, file, from, to);
        let problems = site::check(&dir).problems.0;
        let codes: Vec<_> = problems.iter().map(|p| (p.code, over_the_caret(&dir, p))).collect();
        assert!(codes.contains(&(*code, (*over).to_owned())), "{to}: {problems:#?}");
        let help = problems.iter().filter(|p| p.code == *code).filter_map(|p| p.help.as_ref());
        assert!(help.into_iter().any(|help| help.contains(remedy)), "{to}: {problems:#?}");
        assert!(problems.iter().all(|p| p.code == *code), "{to} has one fault: {problems:#?}");
    }
}

#[test]
fn without_a_way_out_nobody_has_a_class_and_no_flow_dials() {
    let (_temp, dir) = house();
    let text = DIALING.split("short_codes").nth(1).expect("the rest").split_once('\n').expect("lines").1;
    fs::write(dir.join("dialing.yaml"), text).expect("write");
    edit(&dir, "people.yaml", "always: 913800138000, ", "");
    fs::write(
        dir.join("flows/night.yaml"),
        "steps:\n  a: { transfer: { outside: 913800138000 }, otherwise: b }\n  b: { transfer: 600, otherwise: c }\n  c: { transfer: 800, otherwise: d }\n  d: { voicemail: 1001 }\n",
    )
    .expect("write");
    let problems = site::check(&dir).problems.0;
    let told: Vec<_> = problems.iter().map(|p| (p.code, over_the_caret(&dir, p))).collect();
    let wanted = [(Code::MissingKey, "national".to_owned()), (Code::BadValue, "913800138000".to_owned())];
    assert_eq!(told, wanted, "{problems:#?}");

    fs::write(dir.join("dialing.yaml"), DIALING).expect("write");
    let site = site::load(&dir).expect("sound");
    let steps = &site.flows[&name("night")].steps;
    let to = |step: &str| match &steps[&name(step)] {
        Step::Transfer { to, .. } => to.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(to("a"), TransferTo::Outside(number("913800138000")));
    assert_eq!(to("b"), TransferTo::Group(number("600")));
    assert_eq!(to("c"), TransferTo::Conference(number("800")));
    assert_eq!(steps[&name("d")], Step::Voicemail { mailbox: number("1001") });
}

#[test]
fn a_small_company_has_two_levels_of_menus_at_most() {
    let (_temp, dir) = copy("examples/small");
    let menu = |name: &str, next: &str| {
        format!("  {name}: {{ menu: Press a key., keys: {{ 1: {next}, 9: one }}, otherwise: hangup }}\n")
    };
    let flow =
        |steps: &[String]| fs::write(dir.join("flows/night.yaml"), format!("steps:\n{}", steps.concat()));
    let told = || site::check(&dir).problems.0.into_iter().map(|p| (p.code, p.line)).collect::<Vec<_>>();
    // A menu above is no deeper for being led back to.
    flow(&[menu("one", "said"), "  said: { say: Hello., next: two }\n".into(), menu("two", "one")])
        .expect("write");
    edit(&dir, "site.yaml", "languages: [zh, en]", "languages: [zh]");
    edit(&dir, "numbers.yaml", "language: en", "language: zh");
    edit(&dir, "numbers.yaml", "language: en", "language: zh");
    let clean = told().into_iter().filter(|(code, _)| *code == Code::TooDeep).collect::<Vec<_>>();
    assert_eq!(clean, []);
    flow(&[menu("one", "two"), menu("two", "three"), menu("three", "four"), menu("four", "one")])
        .expect("write");
    let deep =
        |told: Vec<(Code, usize)>| told.into_iter().filter(|t| t.0 == Code::TooDeep).collect::<Vec<_>>();
    assert_eq!(deep(told()), [(Code::TooDeep, 4), (Code::TooDeep, 5)]);
    edit(&dir, "site.yaml", "profile: small", "profile: medium");
    assert_eq!(deep(told()), []);
}

#[test]
fn pins_are_made_as_digits_and_known_by_their_hash_alone() {
    let (_temp, dir) = house();
    let mut site = site::load(&dir).expect("sound");
    assert_eq!(secret::make_missing(&site).expect("made"), 7);
    let (mailbox, conference) = (dir.join("secrets/mailbox-1001"), dir.join("secrets/conference-800"));
    let digits = |file: &PathBuf| secret::read(file).expect("a PIN").expose_secret().to_owned();
    for file in [&mailbox, &conference] {
        assert_eq!(fs::metadata(file).expect("made").permissions().mode() & 0o777, 0o600);
        let pin = digits(file);
        assert!(pin.len() == 6 && pin.bytes().all(|b| b.is_ascii_digit()), "{} digits", pin.len());
    }
    assert_ne!(digits(&mailbox), digits(&conference), "one in a million");
    pin::learn(&mut site).expect("read");
    let known = site.extensions[&number("1001")].mailbox.as_ref().and_then(|m| m.pin.clone()).expect("known");
    assert!(known.is(&digits(&mailbox)) && !known.is(&digits(&conference)));
    assert!(site.dialing.conferences[&number("800")].pin.as_ref().expect("known").is(&digits(&conference)));
    let shown = format!("{site:?}") + &serde_json::to_string(&site).expect("JSON");
    assert!(!shown.contains(&digits(&mailbox)), "a PIN is shown");
    assert_eq!(site::load(&dir).expect("sound").revision, site.revision, "a PIN does not name a revision");

    fs::write(&mailbox, "12 34\n").expect("write");
    assert_eq!(site::load(&dir).expect_err("blanks").0[0].code, Code::BadValue);
    fs::write(&mailbox, "123\n").expect("write");
    assert_eq!(site::load(&dir).expect_err("too short").0[0].code, Code::BadValue);
    fs::set_permissions(&mailbox, fs::Permissions::from_mode(0o644)).expect("chmod");
    assert_eq!(site::load(&dir).expect_err("open").0[0].code, Code::OpenSecret);
}
