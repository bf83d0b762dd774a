//! What is wrong with rules, overflows and calendars is told at its place: contradictions, circles, skills that nobody has, queues
//! that nothing leads to.

use std::fs;

use tandem::infra::site::{self, Beyond, Code, Full, Problem, Severity};

use super::{copy, faults::over_the_caret, name};

const ROUTING: &str = "\
desk:
  - { rule: vip, when: { class: vip }, queue: priority_queue, first: { last_agent: 7d, needs: { wine: 4 }, wait: 40s } }
  - { rule: vip2, when: { class: vip, complaints: 2 }, queue: priority_queue }
  - { rule: vip2, when: { open: office, closed: office }, queue: nowhere }
  - { rule: far, when: { area: [shanghia], canary: { department: x, percent: 101 } }, queue: standard_queue, first: { wait: 5s } }
  - { rule: from, when: { from: [abc] } }
none: []
some:
  - { rule: vip, when: { class: vip }, queue: sales }
";
const QUEUES: &str = "
lost: { max_wait: 1m, overflow: [ { waited: 30s, queue: lost2 }, { length: 3, nobody: true, queue: sales } ] }
lost2: { max_wait: 1m, overflow: [ { length: 2, queue: lost }, { waited: 2m, flow: welcom }, { waited: 5s } ] }
lost3: { max_wait: 1m, service_level: { percent: 120, short: 2s }, overflow: [ { nobody: false, extension: 1001 }, { closed: offise, extension: 1099 } ] }
lost4: { callback: { key: '#', tries: 11, again: 5s, class: national } }
lost5: { callback: { tries: 2 } }
lost6: { callback: { key: 1, class: moon } }
lost7: { callback: { key: 1 } }
";
const HOURS: &str = "
never: { sat: closed }
slip: { mon: '09:00-12:00, 12:01-18:00', holidays: [2026-10-05], makeup: { 2026-10-05: mon, 2026-10-10: sat } }
";

/// File, what stands over the caret, code, and a piece of the message or the remedy.
const FAULTS: &[(&str, &str, Code, &str)] = &[
    ("routing.yaml", "some", Code::MissingKey, "end it with a rule without `when`"),
    ("routing.yaml", "{ wine: 4 }", Code::Unreachable, "the callers wait for nobody"),
    ("routing.yaml", "40s", Code::Contradiction, "`max_wait` longer"),
    ("routing.yaml", "vip2", Code::Contradiction, "`vip` takes them all, at routing.yaml:2:13"),
    ("routing.yaml", "closed", Code::Contradiction, "nobody fits this rule"),
    ("routing.yaml", "nowhere", Code::UnknownName, "no queue `nowhere`"),
    ("routing.yaml", "shanghia", Code::BadValue, "is no area"),
    ("routing.yaml", "101", Code::BadValue, "0 to 100"),
    ("routing.yaml", "{ wait: 5s }", Code::MissingKey, "last_agent: 7d"),
    ("routing.yaml", "abc", Code::BadValue, "no pattern"),
    ("routing.yaml", "{ rule: from, when: { from: [abc] } }", Code::MissingKey, "add `queue:"),
    ("routing.yaml", "none", Code::MissingKey, "a policy without rules"),
    ("queues.yaml", "lost", Code::EndlessLoop, "lost → lost2 → lost"),
    ("queues.yaml", "lost", Code::EmptyQueue, "no agent takes calls"),
    ("queues.yaml", "nobody", Code::Contradiction, "make two of it"),
    ("queues.yaml", "2m", Code::Unreachable, "nobody waits so long"),
    ("queues.yaml", "welcom", Code::UnknownName, "did you mean `welcome`?"),
    ("queues.yaml", "{ waited: 5s }", Code::MissingKey, "one of queue, flow, extension"),
    ("queues.yaml", "false", Code::BadValue, "never comes"),
    ("queues.yaml", "120", Code::BadValue, "no whole number from 1 to 100"),
    ("queues.yaml", "{ percent: 120, short: 2s }", Code::MissingKey, "add `within: 20s`"),
    ("queues.yaml", "offise", Code::UnknownName, "did you mean `office`?"),
    ("queues.yaml", "1099", Code::UnknownName, "no extension"),
    ("queues.yaml", "'#'", Code::BadValue, "one of 0 to 9"),
    ("queues.yaml", "11", Code::BadValue, "from 1 to 10"),
    ("queues.yaml", "5s", Code::BadValue, "from 30s"),
    ("queues.yaml", "{ tries: 2 }", Code::MissingKey, "add `key: 1`"),
    ("queues.yaml", "callback", Code::Unreachable, "`outside: { national: [...]"),
    ("queues.yaml", "moon", Code::BadValue, "allowed: internal"),
    ("hours.yaml", "never", Code::Unreachable, "is never open"),
    ("hours.yaml", "slip", Code::Contradiction, "from 12:00:00 to 12:01:00 on mon, for 1 min"),
    (
        "hours.yaml",
        "{ 2026-10-05: mon, 2026-10-10: sat }",
        Code::Contradiction,
        "is a holiday and a make-up workday",
    ),
    ("hours.yaml", "{ 2026-10-05: mon, 2026-10-10: sat }", Code::Contradiction, "`2026-10-10: mon`"),
];

fn append(site: &std::path::Path, file: &str, more: &str) {
    let path = site.join(file);
    let text = fs::read_to_string(&path).expect("file");
    fs::write(path, text + more).expect("written");
}

#[test]
fn every_fault_of_rules_overflows_and_calendars_is_told_with_its_remedy() {
    let (_temp, site) = copy("examples/small");
    fs::write(site.join("routing.yaml"), ROUTING).expect("written");
    append(&site, "queues.yaml", QUEUES);
    append(&site, "hours.yaml", HOURS);
    let mut problems = site::check(&site).problems.0;
    for (file, caret, code, piece) in FAULTS {
        let fits = |problem: &Problem| {
            let told = format!("{} {}", problem.message, problem.help.as_deref().unwrap_or_default());
            problem.file == *file
                && problem.code == *code
                && over_the_caret(&site, problem) == *caret
                && told.contains(piece)
        };
        let found = problems.iter().position(fits);
        let found = found.unwrap_or_else(|| panic!("not told: {file} {caret} {code} {piece}\n{problems:#?}"));
        problems.remove(found);
    }
    let rest: Vec<_> = problems
        .iter()
        .filter(|problem| problem.code != Code::EmptyQueue && problem.code != Code::Duplicate)
        .collect();
    assert!(rest.is_empty(), "nobody expected {rest:#?}");
}

#[test]
fn a_house_that_can_call_nobody_cannot_call_back() {
    let told = |dialing: Option<&str>| {
        let (_temp, site) = copy("examples/small");
        append(&site, "queues.yaml", "back: { callback: { key: 1, class: national } }\n");
        if let Some(text) = dialing {
            fs::write(site.join("dialing.yaml"), text).expect("written");
        }
        let problems = site::check(&site).problems.0;
        let told = |problem: &&Problem| problem.message.starts_with("nobody from outside can be called back");
        problems.iter().filter(told).map(|problem| over_the_caret(&site, problem)).collect::<Vec<_>>()
    };
    assert_eq!(
        told(Some("outside: { trunks: [carrier], prefix: '0', international: ['00x.'] }\n")),
        ["callback"]
    );
    assert!(
        told(Some("outside: { trunks: [carrier], prefix: '0', national: ['1[3-9]xxxxxxxxx'] }\n")).is_empty()
    );
}

#[test]
fn what_nothing_leads_to_is_told() {
    let (_temp, site) = copy("examples/small");
    append(&site, "routing.yaml", "spare:\n  - { rule: all, queue: sales }\n");
    append(&site, "queues.yaml", "idle: { max_wait: 1m }\n");
    let problems = site::check(&site).problems.0;
    let told: Vec<_> = problems
        .iter()
        .filter(|problem| problem.code == Code::Unreachable && problem.severity == Severity::Warning)
        .map(|problem| problem.message.as_str())
        .collect();
    assert_eq!(told, ["nothing leads to the queue `idle`", "nothing leads to the policy `spare`"]);
}

#[test]
fn rules_and_overflows_are_loaded_as_they_are_written() {
    let (_temp, site) = copy("examples/small");
    fs::write(
        site.join("routing.yaml"),
        "desk:\n  - rule: again\n    when: { again_within: 3d, area: [上海, guangdong], canary: { department: sales, percent: 10 } }\n    \
         queue: priority_queue\n    head_start: 2m\n    first: { last_agent: 7d, wait: 20s }\n  \
         - { rule: rest, queue: sales }\n",
    )
    .expect("written");
    append(
        &site,
        "queues.yaml",
        "backup: { max_wait: 1m, overflow: [ { length: 9, flow: night }, { waited: 40s, queue: sales } ] }\n",
    );
    let site = site::load(&site).expect("a sound site");
    let rule = &site.routing[&name("desk")][0];
    let day = std::time::Duration::from_secs(86_400);
    assert_eq!(rule.when.again_within, Some(3 * day));
    assert_eq!(rule.first.as_ref().and_then(|first| first.last_agent), Some(7 * day));
    assert!(rule.when.area.contains("上海") && rule.head_start.as_secs() == 120);
    let overflow = &site.queues[&name("backup")].overflow;
    assert_eq!((&overflow[0].when, &overflow[0].to), (&Full::Length(9), &Beyond::Flow(name("night"))));
    assert_eq!(overflow[1].to, Beyond::Queue(name("sales")));
}
