//! What a house is told to be without is nowhere in it.

use std::{fs, path::Path};

use tandem::infra::site::{self, Code, Feature};

use super::{copy, edit, faults::over_the_caret};

const DIALING: &str = "\
groups:
  600: { name: All, members: [1001, 1002] }
conferences:
  800: { name: Monday, record: true }
parking: { slots: 701-703 }
";
const PEOPLE: &str = "1003: { name: Alice Brown, pickup: front, mailbox: {}, forward: { busy: 1001 } }";

#[test]
fn what_is_described_and_left_out_is_told_at_its_place() {
    let (_temp, dir) = copy("examples/small");
    fs::write(dir.join("dialing.yaml"), DIALING).expect("written");
    edit(&dir, "people.yaml", "1003: { name: Alice Brown }", PEOPLE);
    let all = Feature::ALL.map(Feature::word).join(", ");
    edit(&dir, "site.yaml", "\nlease: 30s", &format!("\nwithout: [{all}, recordin, parking]\nlease: 30s"));
    let report = site::check(&dir);
    assert!(report.site.is_none());
    let of = |code| {
        let told = report.problems.0.iter().filter(move |problem| problem.code == code);
        let mut told: Vec<_> = told.map(|problem| over_the_caret(&dir, problem)).collect();
        told.sort_unstable();
        told.dedup();
        told
    };
    assert_eq!(of(Code::BadValue), ["recordin"]);
    assert_eq!(of(Code::Duplicate), ["parking"]);
    assert_eq!(
        of(Code::Contradiction),
        ["conferences", "forward", "groups", "mailbox", "parking", "pickup", "record"],
        "{:#?}",
        report.problems.0
    );
}

#[test]
fn what_is_left_out_has_no_code() {
    let (_temp, dir) = copy("examples/small");
    fs::write(dir.join("dialing.yaml"), "short_codes: { 88: 1001 }\n").expect("written");
    let codes = |dir: &Path| site::load(dir).expect("sound").dialing.codes;
    let before = codes(&dir);
    assert!(before.intercom.is_some() && before.pickup.is_some() && before.quiet_on.is_some());
    edit(&dir, "site.yaml", "\nlease: 30s", "\nwithout: [forwarding, intercom]\nlease: 30s");
    let after = codes(&dir);
    assert!(after.intercom.is_none() && after.forward_off.is_none() && after.quiet_on.is_none());
    assert_eq!((&after.pickup, &after.voicemail), (&before.pickup, &before.voicemail));
}

#[test]
fn a_code_that_is_left_out_is_in_nobodys_way_and_described_is_told() {
    let (_temp, dir) = copy("examples/small");
    edit(&dir, "site.yaml", "\nlease: 30s", "\nwithout: [intercom]\nlease: 30s");
    fs::write(dir.join("dialing.yaml"), "short_codes: { \"*501\": 1001 }\ncodes: { intercom: none }\n")
        .expect("written");
    let report = site::check(&dir);
    assert_eq!(report.problems.errors(), 0, "{:#?}", report.problems.0);
    fs::write(dir.join("dialing.yaml"), "codes: { intercom: \"*7\" }\n").expect("written");
    let problems = site::check(&dir).problems.0;
    let told: Vec<_> = problems.iter().map(|problem| (problem.code, over_the_caret(&dir, problem))).collect();
    assert_eq!(told, [(Code::Contradiction, "intercom".to_owned())], "{problems:#?}");
}
