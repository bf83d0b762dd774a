//! Where agents are rung.

use std::fs;

use tandem::infra::site::{self, AgentPhone, Code};

use super::{copy, edit, faults::over_the_caret, name, number};

const OUTSIDE: &str = "outside:\n  prefix: \"9\"\n  national: [\"1[3-9]xxxxxxxxx\"]\n  blocked: [\"+1900.\"]\n  \
                       international: [\"00.\"]\n  emergency: [120]\n  trunks: [main]\n";

/// The small example with a way out and an agent who is rung there.
fn house(agent: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let (temp, dir) = copy("examples/small");
    fs::write(dir.join("trunks.yaml"), "main: { address: 192.0.2.1 }\n").expect("write");
    fs::write(dir.join("dialing.yaml"), OUTSIDE).expect("write");
    edit(&dir, "people.yaml", "agents:\n", &format!("agents:\n  far: {{ {agent}, queues: [sales] }}\n"));
    (temp, dir)
}

#[test]
fn an_agent_is_rung_at_a_number_outside_as_phones_dial_it() {
    let (_temp, dir) = house("number: 913900000077");
    let site = site::load(&dir).expect("sound");
    let far = &site.agents[&name("far")];
    assert_eq!((&far.phone, far.display.as_str()), (&AgentPhone::Outside(number("913900000077")), "far"));
    assert_eq!(site.carrier_number(&name("far")), Some(number("13900000077")));
    let json = serde_json::to_string(&site).expect("JSON");
    assert_eq!(serde_json::from_str::<site::Site>(&json).expect("the same"), site);
    // As journals of earlier versions have agents.
    assert!(json.contains(r#""display":"陈伟 Chen Wei","extension":"1001""#), "{json}");
}

#[test]
fn a_number_that_nobody_can_or_may_call_is_told() {
    for (agent, code, over, remedy) in [
        ("number: 1002", Code::BadValue, "1002", "with the prefix, or with `+`"),
        ("number: 120", Code::BadValue, "120", "name another number"),
        ("number: 9120", Code::BadValue, "9120", "name another number"),
        ("number: 9001900555", Code::BadValue, "9001900555", "narrow `blocked`"),
        ("number: mobile", Code::BadValue, "mobile", "digits"),
        (
            "number: 913900000077, extension: 1001",
            Code::Contradiction,
            "913900000077",
            "remove `extension` or `number`",
        ),
        ("wrap_up: 5s", Code::MissingKey, "far", "add `extension: 1001`"),
    ] {
        let (_temp, dir) = house(agent);
        let problems = site::check(&dir).problems.0;
        let told = |p: &site::Problem| p.code == code && over_the_caret(&dir, p) == over;
        let found = problems.iter().find(|p| told(p)).unwrap_or_else(|| panic!("{agent}: {problems:#?}"));
        assert!(found.help.as_ref().is_some_and(|help| help.contains(remedy)), "{found:#?}");
        let others = problems.iter().filter(|p| !told(p) && p.severity == site::Severity::Error);
        assert_eq!(others.count(), 0, "{agent}: {problems:#?}");
    }
}

#[test]
fn two_agents_have_not_one_number_and_nobody_one_without_a_way_out() {
    let (_temp, dir) = house("number: 913900000077");
    edit(&dir, "people.yaml", "agents:\n", "agents:\n  near: { number: 913900000077, queues: [sales] }\n");
    let problems = site::check(&dir).problems.0;
    assert!(
        problems.iter().any(|p| p.code == Code::Duplicate && p.message.contains("another agent's")),
        "{problems:#?}"
    );
    for (other, same) in [("+8613900000077", true), ("913900000078", false)] {
        let (_temp, dir) = house("number: 913900000077");
        edit(&dir, "dialing.yaml", "national: [", "national: [\"+861[3-9]xxxxxxxxx\", ");
        edit(
            &dir,
            "people.yaml",
            "agents:\n",
            &format!("agents:\n  near: {{ number: \"{other}\", queues: [sales] }}\n"),
        );
        let problems = site::check(&dir).problems.0;
        let told = problems.iter().any(|p| p.code == Code::Duplicate && p.message.contains("written"));
        assert_eq!(told, same, "{other}: {problems:#?}");
    }
    let (_temp, dir) = house("number: 913900000077");
    fs::remove_file(dir.join("dialing.yaml")).expect("removed");
    let problems = site::check(&dir).problems.0;
    let told = problems
        .iter()
        .any(|p| p.help.as_ref().is_some_and(|help| help == "add the section `outside` to dialing.yaml"));
    assert!(told, "{problems:#?}");
}
