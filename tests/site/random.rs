//! Random valid sites, written as an admin would, are loaded as what they say.

use std::{collections::BTreeSet, fs, time::Duration};

use proptest::prelude::*;
use tandem::infra::site::{self, Locale, Step};

use super::{name, number};

#[derive(Clone, Debug)]
struct Draft {
    queues: Vec<(String, u64, u64, u64)>,
    agents: Vec<(String, Vec<usize>, u64, bool)>,
    numbers: Vec<(String, bool)>,
    menu: Vec<(char, usize)>,
    timeout: u64,
    tries: u8,
    digits: (u8, u8),
    text: String,
    open: Vec<(u8, u8)>,
}

fn word() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9_.-]{0,10}[a-z0-9]"
}

fn draft() -> impl Strategy<Value = Draft> {
    let queue = (word(), 5u64..=120, 0u64..=3600, 5u64..=3600);
    let agent = (word(), prop::collection::vec(0usize..8, 1..4), 0u64..=3600, any::<bool>());
    (
        prop::collection::vec(queue, 1..5),
        prop::collection::vec(agent, 1..6),
        prop::collection::vec(("[+]?[4-9][0-9]{3,12}", any::<bool>()), 1..5),
        prop::collection::vec((prop::sample::select(vec!['0', '1', '5', '9', '*', '#']), 0usize..8), 1..5),
        500u64..=60_000,
        1u8..=10,
        (1u8..=32, 0u8..=31),
        // Any characters but those of control; what YAML would understand otherwise is quoted.
        "[ -~\u{4E00}-\u{9FA5}]{1,40}",
        prop::collection::vec((0u8..24, 1u8..60), 7),
    )
        .prop_map(|(queues, agents, numbers, menu, timeout, tries, (min, more), text, open)| Draft {
            queues: unique(queues, |q| q.0.clone()),
            agents: unique(agents, |a| a.0.clone()),
            numbers: unique(numbers, |n| n.0.clone()),
            menu: unique(menu, |m| m.0.to_string()),
            timeout,
            tries,
            digits: (min, (min + more).min(32)),
            text: format!("x{text}"),
            open,
        })
}

fn unique<T>(list: Vec<T>, key: impl Fn(&T) -> String) -> Vec<T> {
    let mut seen = BTreeSet::new();
    list.into_iter().filter(|item| seen.insert(key(item))).collect()
}

fn write(draft: &Draft, dir: &std::path::Path) {
    let text = &serde_json::to_string(&draft.text).expect("a JSON text is a YAML text");
    let queues = draft.queues.iter().map(|(name, ring, rest, wait)| {
        format!("\"{name}\": {{ ring: {ring}s, rest: {rest}s, max_wait: {wait}s, greeting: {text} }}")
    });
    let numbers = draft.numbers.iter().map(|(number, chinese)| {
        let language = if *chinese { "zh" } else { "en-US" };
        format!("{number}: {{ flow: main, language: {language}, hours: office, closed: main }}")
    });
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].iter().zip(&draft.open);
    let days = days.map(|(day, (hour, minutes))| format!("  {day}: {hour:02}:00-{hour:02}:{minutes:02}"));
    let site = format!(
        "name: {text}\nlanguages: [en, zh]\ntime_zone: Europe/London\nengine: {{ kind: freeswitch }}\nfallback: 1000\n"
    );
    fs::create_dir(dir.join("flows")).expect("folder");
    for (file, text) in [
        ("site.yaml", site),
        ("numbers.yaml", lines(numbers)),
        ("hours.yaml", format!("office:\n{}", lines(days))),
        ("people.yaml", people(draft, text)),
        ("queues.yaml", lines(queues)),
        ("flows/main.yaml", flow(draft, text)),
    ] {
        fs::write(dir.join(file), text).expect("write");
    }
}

fn lines(lines: impl IntoIterator<Item = String>) -> String {
    lines.into_iter().collect::<Vec<_>>().join("\n") + "\n"
}

fn people(draft: &Draft, text: &str) -> String {
    let extensions = (0..draft.agents.len()).map(|i| format!("  {}: {{ name: {text} }}", 1000 + i));
    let agents = draft.agents.iter().enumerate().map(|(i, (name, serves, wrap_up, logged_in))| {
        let (extension, queues) = (1000 + i, served(draft, serves).join(", "));
        format!(
            "  \"{name}\":\n    extension: {extension}\n    queues: [{queues}]\n    wrap_up: {wrap_up}s\n    \
             logged_in: {logged_in}"
        )
    });
    format!("extensions:\n{}agents:\n{}", lines(extensions), lines(agents))
}

fn flow(draft: &Draft, text: &str) -> String {
    let (timeout, tries, (min, max)) = (draft.timeout, draft.tries, draft.digits);
    let keys =
        draft.menu.iter().map(|(key, queue)| format!("      \"{key}\": q{}", queue % draft.queues.len()));
    let queues = draft.queues.iter().enumerate();
    let queues = queues.map(|(i, (name, ..))| format!("  q{i}: {{ queue: \"{name}\", otherwise: hangup }}"));
    format!(
        "start: menu\nsteps:\n  menu:\n    menu: {{ zh: {text}, en: {text} }}\n    timeout: {timeout}ms\n    \
         tries: {tries}\n    otherwise: digits\n    keys:\n{}  digits: {{ collect: {text}, min: {min}, max: {max}, \
         next: hangup, otherwise: hangup }}\n{}",
        lines(keys),
        lines(queues)
    )
}

fn served(draft: &Draft, serves: &[usize]) -> Vec<String> {
    let names = serves.iter().map(|i| draft.queues[i % draft.queues.len()].0.clone()).collect();
    unique(names, |n: &String| n.clone())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_what_is_loaded(draft in draft()) {
        let folder = tempfile::tempdir().expect("folder");
        write(&draft, folder.path());
        let report = site::check(folder.path());
        prop_assert_eq!(report.problems.errors(), 0, "{:#?}", report.problems);
        let site = report.site.expect("no errors");
        let spoken = draft.text.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(site.name.as_str(), &spoken);
        prop_assert_eq!(site.queues.len(), draft.queues.len());
        for (queue, ring, rest, wait) in &draft.queues {
            let queue = &site.queues[&name(queue)];
            let seconds = [queue.ring, queue.rest, queue.max_wait].map(|d| d.as_secs());
            prop_assert_eq!(seconds, [*ring, *rest, *wait]);
            let greeting = &queue.greeting.as_ref().expect("greeting").0;
            prop_assert_eq!(greeting.iter().collect::<Vec<_>>(), [(&Locale::English, &spoken.as_str().into())]);
        }
        for (i, (agent, serves, wrap_up, logged_in)) in draft.agents.iter().enumerate() {
            let agent = &site.agents[&name(agent)];
            prop_assert_eq!(agent.extension.as_str(), (1000 + i).to_string());
            let queues: Vec<_> = agent.queues.iter().map(ToString::to_string).collect();
            prop_assert_eq!(queues, served(&draft, serves));
            prop_assert_eq!((agent.wrap_up, agent.logged_in), (Duration::from_secs(*wrap_up), *logged_in));
        }
        prop_assert_eq!(site.numbers.len(), draft.numbers.len());
        for (called, chinese) in &draft.numbers {
            let language = if *chinese { Locale::Chinese } else { Locale::English };
            prop_assert_eq!(site.numbers[&number(called)].language, language);
        }
        for (day, (hour, minutes)) in draft.open.iter().enumerate() {
            let span = site.hours[&name("office")].week[day][0];
            prop_assert_eq!((span.from.hour() as u8, span.to.minute() as u8), (*hour, *minutes));
        }
        let flow = &site.flows[&name("main")];
        let Step::Menu(menu) = &flow.steps[&flow.start] else { panic!("no menu") };
        prop_assert_eq!((menu.timeout.as_millis(), menu.tries), (u128::from(draft.timeout), draft.tries));
        let keys: BTreeSet<_> = menu.keys.iter().map(|(key, step)| (key.char(), step.to_string())).collect();
        let wanted: BTreeSet<_> =
            draft.menu.iter().map(|(key, queue)| (*key, format!("q{}", queue % draft.queues.len()))).collect();
        prop_assert_eq!(keys, wanted);
        let Step::Collect(collect) = &flow.steps[&name("digits")] else { panic!("no digits") };
        prop_assert_eq!((collect.min, collect.max), draft.digits);
    }
}
