//! Queues that take messages, and the capacity of agents.

use tandem::infra::site::{self, Beyond, Capacity, Code, Full, Severity, Strategy, Takes};

use super::{copy, edit, faults::over_the_caret, name, *};

/// The small example with such a queue, and an agent who serves it.
fn with(queue: &str, agent: &str) -> (tempfile::TempDir, PathBuf) {
    let (temp, dir) = copy("examples/small");
    let queues = fs::read_to_string(dir.join("queues.yaml")).expect("a file");
    fs::write(dir.join("queues.yaml"), format!("mail: {{ {queue} }}\nlate: {{ takes: messages }}\n{queues}"))
        .expect("written");
    let (chen, also) =
        ("extension: 1001, queues: [", format!("{agent}, extension: 1001, queues: [mail, late, "));
    edit(&dir, "people.yaml", chen, &also);
    (temp, dir)
}

#[test]
fn a_queue_for_messages_and_a_capacity_are_loaded_as_they_are_written() {
    let queue = "takes: messages, needs: { english: 2 }, overflow: [ { waited: 2h, queue: late } ]";
    let (_temp, dir) = with(queue, "capacity: { of: 3, call: 2 }, skills: { english: 4 }");
    let report = site::check(&dir);
    let site = report.site.unwrap_or_else(|| panic!("{:?}", report.problems));
    assert!(report.problems.0.is_empty(), "{:?}", report.problems);
    let mail = &site.queues[&name("mail")];
    assert_eq!((mail.takes, mail.strategy), (Takes::Messages, Strategy::LeastBusy));
    assert_eq!((mail.ring.as_secs(), mail.rest.as_secs()), (60, 60));
    let over = &mail.overflow[0];
    assert_eq!(
        (&over.when, &over.to),
        (&Full::Waited(Duration::from_hours(2)), &Beyond::Queue(name("late")))
    );
    let has = |capacity| site.agents.values().filter(|agent| agent.capacity == capacity).count();
    assert_eq!(has(Capacity { of: 3, call: 2, message: 1 }), 1);
    assert_eq!(has(Capacity::default()), site.agents.len() - 1, "the others do one thing at a time");
    let json = serde_json::to_string(&site).expect("JSON");
    assert_eq!(serde_json::from_str::<site::Site>(&json).expect("the same"), site);
}

#[test]
fn what_messages_cannot_do_is_told() {
    let fine = "capacity: { of: 2 }";
    for (queue, agent, code, over, piece) in [
        ("takes: mails", fine, Code::BadValue, "mails", "`calls`"),
        ("takes: messages, max_wait: 5m", fine, Code::Contradiction, "max_wait", "remove `max_wait`"),
        ("takes: messages, greeting: Hello.", fine, Code::Contradiction, "greeting", "takes messages"),
        ("takes: messages, callback: { key: 1 }", fine, Code::Contradiction, "callback", "takes messages"),
        ("takes: messages, strategy: ring_all", fine, Code::Contradiction, "ring_all", "`least_busy`"),
        (
            "takes: messages, overflow: [ { waited: 1h, queue: sales } ]",
            fine,
            Code::Contradiction,
            "sales",
            "name a queue that takes messages",
        ),
        (
            "takes: messages, overflow: [ { waited: 1h, extension: 1001 } ]",
            fine,
            Code::Contradiction,
            "1001",
            "hears no extension",
        ),
        (
            "takes: messages",
            "capacity: { of: 1, call: 2 }",
            Code::Contradiction,
            "{ of: 1, call: 2 }",
            "of: 2",
        ),
        ("takes: messages", "capacity: { call: 1 }", Code::MissingKey, "{ call: 1 }", "of"),
        ("takes: messages", "capacity: { of: 2, message: 0 }", Code::BadValue, "0", "from 1 to 100"),
    ] {
        let (_temp, dir) = with(queue, agent);
        let problems = site::check(&dir).problems.0;
        let told = |p: &site::Problem| p.code == code && over_the_caret(&dir, p) == over;
        let found = problems.iter().find(|p| told(p)).unwrap_or_else(|| panic!("{queue}: {problems:#?}"));
        let text = format!("{} {}", found.message, found.help.as_deref().unwrap_or_default());
        assert!(text.contains(piece), "{queue}: {text}");
        let others = problems.iter().filter(|p| !told(p) && p.severity == Severity::Error);
        assert_eq!(others.count(), 0, "{queue}: {problems:#?}");
    }
}

#[test]
fn no_caller_is_led_to_a_queue_for_messages() {
    let (_temp, dir) = with("takes: messages", "capacity: { of: 2 }");
    let flow = "steps:\n  ask: { queue: mail, otherwise: hangup }\n";
    fs::write(dir.join("flows/lost.yaml"), flow).expect("written");
    let problems = site::check(&dir).problems.0;
    let told =
        problems.iter().find(|p| p.code == Code::Contradiction).unwrap_or_else(|| panic!("{problems:#?}"));
    assert_eq!(told.message, "queue `mail` takes messages, and calls would come from here");
    assert_eq!(told.help.as_deref(), Some("name a queue that takes calls"));
}
