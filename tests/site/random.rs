//! Random valid sites, written as an admin would, are loaded as what they say.

use std::{collections::BTreeSet, fs, time::Duration};

use proptest::prelude::*;
use tandem::infra::site::{self, Locale, RingOrder, Step};

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

/// What phones may dial, of numbers that do not meet: extensions 10.., groups 20.., conferences 30.., slots 40..,
/// short codes 50...
#[derive(Clone, Debug)]
struct Dials {
    prefix: String,
    classes: Vec<usize>,
    /// Members as a mask, ring, in turn, and where calls go otherwise: an extension, the next group, a message.
    groups: Vec<(u8, u64, bool, u8)>,
    rooms: Vec<(u16, bool, bool)>,
    slots: u8,
    shorts: Vec<u8>,
    /// Of each extension: where calls go when it is busy.
    busy: Vec<Option<u8>>,
    boxes: Vec<Option<(u16, u64)>>,
}

const SEATS: usize = 4;
const CLASSES: [&str; 4] = ["internal", "local", "national", "international"];

fn dials() -> impl Strategy<Value = Dials> {
    (
        "[0-9]{0,2}",
        prop::collection::vec(0usize..4, SEATS),
        prop::collection::vec((1u8..16, 5u64..=300, any::<bool>(), 0u8..4), 0..4),
        prop::collection::vec((2u16..=200, any::<bool>(), any::<bool>()), 0..4),
        0u8..9,
        prop::collection::vec(0u8..4, 0..4),
        prop::collection::vec(prop::option::of(0u8..4), SEATS),
        prop::collection::vec(prop::option::of((1u16..=500, 10u64..=900)), SEATS),
    )
        .prop_map(|(prefix, classes, groups, rooms, slots, shorts, busy, boxes)| Dials {
            prefix,
            classes,
            groups,
            rooms,
            slots,
            shorts,
            busy,
            boxes,
        })
}

/// A seat that has a mailbox, if one has.
fn boxed(dials: &Dials) -> Option<String> {
    dials.boxes.iter().position(Option::is_some).map(|seat| format!("*97{}", 10 + seat))
}

fn otherwise(dials: &Dials, i: usize) -> Option<String> {
    match dials.groups[i].3 {
        0 => Some("11".to_owned()),
        // Always a later one, so that there is no circle.
        1 => (i + 1 < dials.groups.len()).then(|| format!("{}", 21 + i)),
        2 => boxed(dials),
        _ => None,
    }
}

fn busy(dials: &Dials, seat: usize) -> Option<String> {
    match dials.busy[seat]? {
        0 => Some(format!("{}", 10 + (seat + 1) % SEATS)),
        1 => (!dials.groups.is_empty()).then(|| "20".to_owned()),
        2 => (dials.classes[seat] > 0).then(|| format!("{}71234567", dials.prefix)),
        _ => boxed(dials),
    }
}

fn short(target: u8) -> &'static str {
    ["10", "4000000", "+14155550100", "13"][usize::from(target)]
}

fn write_dials(dials: &Dials, dir: &std::path::Path) {
    let seat = |i: usize| {
        let busy = busy(dials, i).map(|to| format!(", forward: {{ busy: \"{to}\" }}")).unwrap_or_default();
        let mailbox =
            dials.boxes[i].map(|(most, limit)| format!(", mailbox: {{ most: {most}, limit: {limit}s }}"));
        let (class, mailbox) = (CLASSES[dials.classes[i]], mailbox.unwrap_or_default());
        format!("  {}: {{ name: x, phone: p{i}, class: {class}{busy}{mailbox} }}", 10 + i)
    };
    let group = |(i, (members, ring, in_turn, _)): (usize, &(u8, u64, bool, u8))| {
        let members: Vec<String> =
            (0..SEATS).filter(|s| members & (1 << s) != 0).map(|s| (10 + s).to_string()).collect();
        let order = if *in_turn { "in_turn" } else { "together" };
        let otherwise = otherwise(dials, i).map(|to| format!(", otherwise: \"{to}\"")).unwrap_or_default();
        format!(
            "  {}: {{ name: g, members: [{}], ring: {ring}s, order: {order}{otherwise} }}",
            20 + i,
            members.join(", ")
        )
    };
    let room = |(i, (most, record, pin)): (usize, &(u16, bool, bool))| {
        let pin = if *pin { format!(", pin_file: secrets/room-{i}") } else { String::new() };
        format!("  {}: {{ name: r, most: {most}, record: {record}{pin} }}", 30 + i)
    };
    let shorts = dials.shorts.iter().enumerate().map(|(i, to)| format!("  {}: {}", 50 + i, short(*to)));
    let parking = match dials.slots {
        0 => String::new(),
        many => format!("parking: {{ slots: 401-{} }}\n", 400 + u16::from(many)),
    };
    let dialing = format!(
        "outside:\n  prefix: \"{}\"\n  local: [\"7xxxxxxx\"]\n  national: [\"1[3-9]xxxxxxxxx\"]\n  international: [\"00.\"]\n  \
         emergency: [112]\n  trunks: [main]\ngroups:\n{}conferences:\n{}short_codes:\n{}{parking}",
        dials.prefix,
        lines(dials.groups.iter().enumerate().map(group)),
        lines(dials.rooms.iter().enumerate().map(room)),
        lines(shorts)
    );
    let site =
        "name: x\nlanguages: [en]\ntime_zone: Europe/London\nengine: { kind: asterisk }\nfallback: 10\n";
    fs::create_dir(dir.join("flows")).expect("folder");
    for (file, text) in [
        ("site.yaml", site.to_owned()),
        ("numbers.yaml", "4000000: { flow: main }\n".to_owned()),
        ("people.yaml", format!("extensions:\n{}", lines((0..SEATS).map(seat)))),
        ("trunks.yaml", "main: { address: 192.0.2.1 }\n".to_owned()),
        ("dialing.yaml", dialing),
        ("flows/main.yaml", "steps:\n  a: { say: x, next: hangup }\n".to_owned()),
    ] {
        fs::write(dir.join(file), text).expect("write");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_of_dialing_is_what_is_loaded(dials in dials()) {
        let folder = tempfile::tempdir().expect("folder");
        write_dials(&dials, folder.path());
        let report = site::check(folder.path());
        prop_assert_eq!(report.problems.errors(), 0, "{:#?}", report.problems);
        let site = report.site.expect("no errors");
        let dialing = &site.dialing;
        prop_assert_eq!(dialing.outside.as_ref().map(|o| o.prefix.as_str()), Some(dials.prefix.as_str()));
        for seat in 0..SEATS {
            let extension = &site.extensions[&number(&(10 + seat).to_string())];
            prop_assert_eq!(extension.class.word(), CLASSES[dials.classes[seat]]);
            prop_assert_eq!(&extension.forward.busy, &busy(&dials, seat).map(|to| number(&to)));
            let mailbox = extension.mailbox.as_ref().map(|m| (m.most, m.limit.as_secs()));
            prop_assert_eq!(mailbox, dials.boxes[seat]);
        }
        prop_assert_eq!(dialing.groups.len(), dials.groups.len());
        for (i, (members, ring, in_turn, _)) in dials.groups.iter().enumerate() {
            let group = &dialing.groups[&number(&(20 + i).to_string())];
            prop_assert_eq!(group.members.len(), members.count_ones() as usize);
            prop_assert_eq!((group.ring.as_secs(), group.order == RingOrder::InTurn), (*ring, *in_turn));
            prop_assert_eq!(&group.otherwise, &otherwise(&dials, i).map(|to| number(&to)));
        }
        for (i, (most, record, pin)) in dials.rooms.iter().enumerate() {
            let room = &dialing.conferences[&number(&(30 + i).to_string())];
            prop_assert_eq!((room.most, room.record, room.pin_file.is_some()), (*most, *record, *pin));
        }
        for (i, to) in dials.shorts.iter().enumerate() {
            prop_assert_eq!(&dialing.short_codes[&number(&(50 + i).to_string())], &number(short(*to)));
        }
        prop_assert_eq!(dialing.parking.as_ref().map_or(0, |p| p.slots.len()), usize::from(dials.slots));
    }
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
            prop_assert_eq!(agent.phone.extension().map(ToString::to_string), Some((1000 + i).to_string()));
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
