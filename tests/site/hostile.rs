//! Files that nobody wrote by hand: nothing brings the loader down, and nothing unfolds.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use proptest::prelude::*;
use tandem::infra::site::{self, Code, Report};

use super::copy;

/// A site is handed on exactly when it has no errors.
fn check(dir: &Path) -> Report {
    let report = site::check(dir);
    assert_eq!(report.site.is_some(), report.problems.errors() == 0, "{:#?}", report.problems);
    report
}

fn refused_as(dir: &Path, file: &str, content: &[u8], code: Code) {
    let before = fs::read(dir.join(file)).ok();
    fs::write(dir.join(file), content).expect("write");
    let began = Instant::now();
    let report = check(dir);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(5), "{file}: {took:?}");
    let found = report.problems.0.iter().any(|p| p.file == file && p.code == code);
    assert!(
        found,
        "{code} in {file} is not among {:#?}",
        report.problems.0.iter().take(5).collect::<Vec<_>>()
    );
    match before {
        Some(before) => fs::write(dir.join(file), before).expect("write"),
        None => fs::remove_file(dir.join(file)).expect("remove"),
    }
}

#[test]
fn what_would_unfold_or_fill_the_memory_is_refused_at_once() {
    let (_temp, dir) = copy("examples/small");
    let laughs: Vec<String> = ('b'..='z')
        .zip('a'..)
        .map(|(new, old)| {
            format!(
                "{new}: &{new} [{}]
",
                vec![format!("*{old}"); 9].join(", ")
            )
        })
        .collect();
    let laughs = "a: &a [x, x, x, x, x, x, x, x, x]
"
    .to_owned()
        + &laughs.concat();
    refused_as(&dir, "queues.yaml", laughs.as_bytes(), Code::BadSyntax);
    refused_as(&dir, "queues.yaml", "[".repeat(100_000).as_bytes(), Code::BadSyntax);
    refused_as(&dir, "queues.yaml", "- ".repeat(100_000).as_bytes(), Code::TooLarge);
    refused_as(
        &dir,
        "queues.yaml",
        format!("{}x{}", "{a: ".repeat(17), "}".repeat(17)).as_bytes(),
        Code::TooLarge,
    );
    refused_as(&dir, "site.yaml", format!("name: {}", "x".repeat(100_000)).as_bytes(), Code::TooLarge);
    refused_as(&dir, "site.yaml", &vec![b'#'; (1 << 20) + 1], Code::TooLarge);
    refused_as(&dir, "numbers.yaml", "[a,b]: c\n".repeat(1000).as_bytes(), Code::BadSyntax);
    refused_as(&dir, "numbers.yaml", format!("[{}]", "1,".repeat(300_000)).as_bytes(), Code::TooLarge);
    let steps: Vec<String> =
        (0..600).map(|i| format!("  s{i}: {{ say: x, next: s{} }}\n", (i + 1) % 600)).collect();
    refused_as(&dir, "flows/night.yaml", format!("steps:\n{}", steps.concat()).as_bytes(), Code::TooLarge);
    refused_as(&dir, "numbers.yaml", b"4000: !!python/object {}", Code::BadSyntax);
    refused_as(&dir, "numbers.yaml", b"--- {}\n--- {}\n", Code::BadSyntax);
    refused_as(&dir, "numbers.yaml", b"%YAML 1.2\n---\n{}", Code::BadSyntax);
    assert!(check(&dir).site.is_some());
}

#[test]
fn five_thousand_agents_stand_in_one_file() {
    let (_temp, dir) = copy("examples/small");
    let text = fs::read_to_string(dir.join("people.yaml")).expect("file");
    let (phones, agents) = text.split_once("\nagents:\n").expect("phones, then agents");
    let phone = |i: u32| format!("  {}: {{ name: Agent {i} }}\n", 20_000 + i);
    let agent = |i: u32| {
        let level = i % 10 + 1;
        format!(
            "  agent{i}: {{ extension: {}, queues: [sales, support], skills: {{ english: {level} }} }}\n",
            20_000 + i
        )
    };
    let many: [String; 2] = [(0..5_000).map(phone).collect(), (0..5_000).map(agent).collect()];
    fs::write(dir.join("people.yaml"), format!("{phones}\n{}\nagents:\n{agents}{}", many[0], many[1]))
        .expect("written");
    let report = check(&dir);
    let site = report.site.unwrap_or_else(|| panic!("{:?}", report.problems.0.first()));
    assert!(site.agents.len() > 5_000);
}

#[test]
fn a_file_with_ten_thousand_faults_is_told_in_time() {
    let (_temp, dir) = copy("examples/small");
    let many: Vec<String> = (0..10_000).map(|i| format!("{}: {{ flow: no{i} }}\n", 10_000 + i)).collect();
    refused_as(&dir, "numbers.yaml", many.concat().as_bytes(), Code::UnknownName);
    let group = |i: u32| format!("  {}: {{ name: x, members: [1001], otherwise: 5 }}\n", 200_000 + i);
    let groups: String = (0..5_000).map(group).collect();
    refused_as(&dir, "dialing.yaml", format!("groups:\n{groups}").as_bytes(), Code::UnknownName);
    let codes: String = (0..10_000).map(|i| format!("  {}: 5\n", 200_000 + i)).collect();
    refused_as(&dir, "dialing.yaml", format!("short_codes:\n{codes}").as_bytes(), Code::UnknownName);
}

#[test]
fn a_text_cannot_carry_what_a_terminal_or_a_line_would_obey() {
    let (_temp, dir) = copy("examples/small");
    for escape in ["\\e[31m", "\\0", "\\u202E", "\\x9b"] {
        let text = fs::read_to_string(dir.join("people.yaml")).expect("file");
        let text = text.replace("Alice Brown", &format!("\"Alice {escape} Brown\""));
        refused_as(&dir, "people.yaml", text.as_bytes(), Code::BadValue);
    }
    let (_temp, dir) = copy("examples/small");
    super::edit(&dir, "people.yaml", "Alice Brown", "\"Alice\\r\\n Brown\"");
    let site = check(&dir).site.expect("line ends are spaces");
    assert!(site.extensions.values().any(|e| e.name == "Alice Brown"));
}

#[test]
fn what_is_no_regular_file_is_not_waited_for() {
    let (_temp, dir) = copy("examples/small");
    fs::remove_file(dir.join("queues.yaml")).expect("remove");
    let made = Command::new("mkfifo").arg(dir.join("queues.yaml")).status().expect("mkfifo");
    assert!(made.success());
    let report = check(&dir);
    assert!(report.problems.0.iter().any(|p| p.file == "queues.yaml" && p.code == Code::Unreadable));
    fs::remove_file(dir.join("queues.yaml")).expect("remove");
    fs::create_dir(dir.join("queues.yaml")).expect("folder");
    let report = check(&dir);
    assert!(report.problems.0.iter().any(|p| p.file == "queues.yaml" && p.code == Code::Unreadable));
}

#[test]
fn a_folder_without_a_site_is_told_what_is_missing() {
    let empty = tempfile::tempdir().expect("folder");
    let report = check(empty.path());
    let missing: Vec<_> = report.problems.0.iter().map(|p| (p.file.as_str(), p.code)).collect();
    let files = ["site.yaml", "numbers.yaml", "people.yaml", "flows"];
    assert_eq!(missing, files.map(|file| (file, Code::MissingFile)));
}

const FILES: [&str; 8] = [
    "site.yaml",
    "dialing.yaml",
    "numbers.yaml",
    "hours.yaml",
    "people.yaml",
    "queues.yaml",
    "trunks.yaml",
    "flows/welcome.yaml",
];

/// Pieces that YAML and the sections are made of, put together at random.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("steps".to_owned()),
        prop::sample::select(vec![
            ": ",
            "\n",
            "\n  ",
            "\n    ",
            "- ",
            "{ ",
            " }",
            "[",
            "]",
            ", ",
            "\"",
            "'",
            "#",
            "*",
            "&a ",
            "!t ",
            "|",
            ">",
            "---\n",
            "\t",
            "\u{FEFF}",
            "\u{85}",
            "\0",
            "~",
            "null",
            "hangup",
            "say",
            "menu",
            "keys",
            "collect",
            "min",
            "max",
            "queue",
            "transfer",
            "hours",
            "otherwise",
            "next",
            "zh",
            "en",
            "extensions",
            "agents",
            "mon-fri",
            "09:00-18:00",
            "30s",
            "-5s",
            "1e9h",
            "4000",
            "engine",
            "kind",
            "languages",
            "时",
            "😀",
        ])
        .prop_map(str::to_owned),
        "[a-z0-9 ]{0,6}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_bring_it_down(file in 0..FILES.len(), bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let (_temp, dir) = copy("examples/small");
        fs::write(dir.join(FILES[file]), bytes).expect("write");
        check(&dir);
    }

    #[test]
    fn arbitrary_yaml_never_brings_it_down(file in 0..FILES.len(), pieces in prop::collection::vec(piece(), 0..60)) {
        let (_temp, dir) = copy("examples/small");
        fs::write(dir.join(FILES[file]), pieces.concat()).expect("write");
        check(&dir);
    }

    #[test]
    fn a_slip_in_the_example_never_brings_it_down(
        file in 0..FILES.len(), at in 0usize..4000, cut in 0usize..12, put in piece()
    ) {
        let (_temp, dir) = copy("examples/small");
        let text = fs::read_to_string(dir.join(FILES[file])).expect("file");
        let chars: Vec<char> = text.chars().collect();
        let at = at % chars.len();
        let end = (at + cut).min(chars.len());
        let slip: String = chars[..at].iter().copied().chain(put.chars()).chain(chars[end..].iter().copied()).collect();
        fs::write(dir.join(FILES[file]), slip).expect("write");
        for problem in check(&dir).problems.0 {
            prop_assert!(problem.line >= 1 && problem.column >= 1 && problem.length >= 1);
            if let Some(source) = &problem.source {
                prop_assert!(problem.column <= source.chars().count() + 1, "{problem:?}");
            }
        }
    }
}
