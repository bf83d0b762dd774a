//! Rules of alerts: read as they are written, and what is wrong with them.

use std::{fs, time::Duration};

use tandem::infra::site::{self, AlertTarget, Code, Limit, Metric, Problem, Severity};

use super::{copy, faults::over_the_caret, name};

const SOUND: &str = "\
targets:
  desk: { dingtalk: secrets/ding, sign: secrets/ding-sign }
  boss: { mail: [boss@example.cn, ops@example.cn], from: tandem@example.cn }
  chat: { slack: secrets/slack, url: 'http://127.0.0.1:9/services' }
rules:
  slow:
    when: service_level
    below: 80
    clear: 85
    for: 2m
    queue: [sales]
    open: office
    least: 20
    tell: [desk, chat]
    escalate: [ { after: 10m, tell: boss } ]
    remind: 30m
  long: { when: longest_wait, above: 90s }
  again: { when: repeat_rate, above: 15, within: 3d }
";

const FAULTY: &str = "\
targets:
  none: {}
  both: { slack: secrets/a, wecom: secrets/b }
  far: { mail: [ops@example.cn], from: tandem@example.cn, server: 'mail.example.cn:25' }
  who: { mail: [\"ops@a b\"], from: me@example.cn }
  open: { json: 'https://desk.example/?key=1' }
rules:
  wrong: { when: waitin, above: 3 }
  side: { when: waiting, above: 3, clear: 4 }
  side2: { when: answer_rate, below: 80, clear: 70 }
  many: { when: abandonment, above: 101 }
  two: { when: waiting, above: 3, below: 1 }
  nothing: { when: waiting }
  lost: { when: waiting, above: 3, queue: [sales, lots], open: offise, tell: nobody }
  circle: { when: waiting, above: 3, tell: both, escalate: [ { after: 5m, tell: both } ] }
  order: { when: waiting, above: 3, escalate: [ { after: 5m, tell: far }, { after: 1m, tell: who } ] }
  span: { when: service_level, below: 3, within: 3d }
  half: { when: repeat_rate, above: 3, within: 30h }
  far_back: { when: repeat_rate, above: 3, within: 91d }
";

const FAULTS: &[(&str, Code, &str)] = &[
    ("none", Code::MissingKey, "slack, wecom, dingtalk, json, mail"),
    ("both", Code::MissingKey, "slack, wecom, dingtalk, json, mail"),
    ("'mail.example.cn:25'", Code::BadValue, "`127.0.0.1:25`"),
    ("\"ops@a b\"", Code::BadValue, "`ops@example.com`"),
    ("'https://desk.example/?key=1'", Code::BadValue, "secret_file"),
    ("waitin", Code::BadValue, "did you mean `waiting`?"),
    ("4", Code::Contradiction, "the limit or less"),
    ("70", Code::Contradiction, "the limit or more"),
    ("101", Code::BadValue, "from 0 to 100"),
    ("1", Code::Contradiction, "make two of it"),
    ("nothing", Code::MissingKey, "add `above: 10`"),
    ("lots", Code::UnknownName, "sales"),
    ("offise", Code::UnknownName, "did you mean `office`?"),
    ("nobody", Code::UnknownName, "there is"),
    ("{ after: 5m, tell: both }", Code::EndlessLoop, "tell somebody else"),
    ("3d", Code::Contradiction, "repeat_rate and first_contact_resolution"),
    ("30h", Code::BadValue, "`7d`"),
    ("91d", Code::BadValue, "90"),
    ("{ after: 1m, tell: who }", Code::Contradiction, "in the order of `after`"),
];

#[test]
fn alerts_are_read_as_they_are_written() {
    let (_temp, dir) = copy("examples/small");
    fs::write(dir.join("alerts.yaml"), SOUND).expect("written");
    let site = site::load(&dir).expect("sound");
    let slow = &site.alerts.rules[&name("slow")];
    assert_eq!((slow.metric, slow.least), (Metric::ServiceLevel, 20));
    assert_eq!(slow.limit, Limit { above: false, limit: 800, clear: 850 });
    assert_eq!((slow.lasts, slow.remind), (Duration::from_secs(120), Some(Duration::from_secs(1800))));
    assert_eq!(slow.escalate[0].tell, [name("boss")]);
    let long = &site.alerts.rules[&name("long")];
    assert_eq!(long.limit, Limit { above: true, limit: 90_000, clear: 90_000 });
    let within = ["again", "long"].map(|rule| site.alerts.rules[&name(rule)].within_days);
    assert_eq!(within, [3, 7]);
    assert!(long.queues.is_empty() && long.tell.is_empty());
    let AlertTarget::Dingtalk { url, secret_file, .. } = &site.alerts.targets[&name("desk")] else {
        panic!("DingTalk")
    };
    assert_eq!(
        (url.as_str(), secret_file),
        ("https://oapi.dingtalk.com/robot/send", &dir.join("secrets/ding"))
    );
    let AlertTarget::Mail { to, server, .. } = &site.alerts.targets[&name("boss")] else { panic!("mail") };
    assert_eq!((to.len(), server.to_string().as_str()), (2, "127.0.0.1:25"));
}

#[test]
fn every_fault_of_alerts_is_told_with_its_remedy() {
    let (_temp, dir) = copy("examples/small");
    fs::write(dir.join("alerts.yaml"), FAULTY).expect("written");
    let mut problems = site::check(&dir).problems.0;
    problems.retain(|problem| problem.file == "alerts.yaml");
    for (over, code, help) in FAULTS {
        let fits = |problem: &Problem| {
            let words = format!("{} {}", problem.message, problem.help.as_deref().unwrap_or_default());
            problem.code == *code && over_the_caret(&dir, problem) == *over && words.contains(help)
        };
        let found = problems.iter().position(fits);
        let found = found.unwrap_or_else(|| panic!("{over} {code}: {problems:#?}"));
        problems.remove(found);
    }
    assert_eq!(problems, [], "nobody expected these");
}

#[test]
fn a_target_that_nobody_tells_is_told() {
    let (_temp, dir) = copy("examples/small");
    fs::write(dir.join("alerts.yaml"), "targets: { desk: { slack: secrets/slack } }\n").expect("written");
    let report = site::check(&dir);
    let told: Vec<_> = report.problems.0.iter().filter(|p| p.file == "alerts.yaml").collect();
    assert_eq!((told.len(), told[0].severity), (1, Severity::Warning), "{told:?}");
    assert_eq!(told[0].message, "no rule tells the target `desk`");
}

#[test]
fn a_rule_on_surveys_that_no_queue_makes_is_told() {
    let (_temp, dir) = copy("examples/small");
    let rules = "rules: { bad: { when: survey_score, below: 70, queue: sales } }\n";
    fs::write(dir.join("alerts.yaml"), rules).expect("written");
    let told = |dir: &_| site::check(dir).problems.0.iter().filter(|p| p.file == "alerts.yaml").count();
    assert_eq!(told(&dir), 1, "{:?}", site::check(&dir).problems);
    let queues = fs::read_to_string(dir.join("queues.yaml")).expect("read");
    let asking = "\nsales:\n  survey: { flow: rating }\n";
    fs::write(dir.join("queues.yaml"), queues.replacen("\nsales:\n", asking, 1)).expect("written");
    let flow = "start: ask\nsteps:\n  ask: { rate: { en: \"How was it?\", zh: 如何？ }, next: hangup }\n";
    fs::write(dir.join("flows/rating.yaml"), flow).expect("written");
    assert_eq!(told(&dir), 0, "{:?}", site::check(&dir).problems);
}

#[test]
fn a_rule_on_a_mood_that_no_queue_tells_is_told() {
    let (_temp, dir) = copy("examples/small");
    let rules = "rules: { hush: { when: silent_talks, above: 0 }, row: { when: heated_talks, above: 0, queue: sales } }\n";
    fs::write(dir.join("alerts.yaml"), rules).expect("written");
    let told = |dir: &_| -> Vec<String> {
        let problems = site::check(dir).problems.0;
        let ours = problems.iter().filter(|problem| problem.file == "alerts.yaml");
        ours.map(|problem| problem.message.clone()).collect()
    };
    let all = ["no queue tells `silent_talks` of its talks", "no queue tells `heated_talks` of its talks"];
    assert_eq!(told(&dir), all);
    let queues = fs::read_to_string(dir.join("queues.yaml")).expect("read");
    let queues = queues.replacen("\nsupport:\n", "\nsupport:\n  mood: { silence: 20s, heat: 60 }\n", 1);
    fs::write(dir.join("queues.yaml"), queues).expect("written");
    assert_eq!(told(&dir), all[1..], "another queue tells it");
}

#[test]
fn a_rule_on_callers_is_told_where_only_messages_come() {
    let (_temp, dir) = copy("examples/small");
    let queues = fs::read_to_string(dir.join("queues.yaml")).expect("read");
    fs::write(dir.join("queues.yaml"), format!("{queues}\nmail: {{ takes: messages }}\n")).expect("written");
    let told = |metric: &str, limit: &str, queues: &str| -> Vec<String> {
        let rule = format!("rules: {{ one: {{ when: {metric}, above: {limit}, queue: [{queues}] }} }}\n");
        fs::write(dir.join("alerts.yaml"), rule).expect("written");
        let problems = site::check(&dir).problems.0;
        let ours = problems.iter().filter(|problem| problem.file == "alerts.yaml");
        ours.map(|problem| problem.message.clone()).collect()
    };
    for (metric, of) in [
        ("abandonment", "callers"),
        ("repeat_rate", "callers"),
        ("first_contact_resolution", "callers"),
        ("survey_score", "callers"),
        ("silent_talks", "talks"),
        ("undisposed_today", "calls"),
    ] {
        assert_eq!(told(metric, "20", "mail"), [format!("no queue tells `{metric}` of its {of}")]);
    }
    for metric in ["abandonment", "repeat_rate", "first_contact_resolution"] {
        assert_eq!(told(metric, "20", "mail, sales"), [""; 0], "{metric} of another queue");
    }
    for (metric, limit) in [
        ("waiting", "20"),
        ("agents_ready", "20"),
        ("longest_wait", "2h"),
        ("average_wait", "2h"),
        ("answer_rate", "20"),
        ("service_level", "20"),
    ] {
        assert_eq!(told(metric, limit, "mail"), [""; 0], "{metric}");
    }
}
