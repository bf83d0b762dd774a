//! A site with every fault that an admin may make: each is told at its place with its remedy, all at once.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use serde_json::Value;
use tandem::infra::site::{self, Code, Problem, Severity};

use super::copy;

/// File, line, what stands over the caret, code, and a piece of the remedy.
const FAULTS: &[(&str, usize, &str, Code, &str)] = &[
    ("number.yaml", 1, "", Code::UnknownFile, "did you mean `numbers.yaml`?"),
    ("site.yaml", 2, "\"\"", Code::BadValue, "Harbour Trading"),
    ("site.yaml", 3, "fr", Code::BadValue, "allowed: en, zh"),
    ("site.yaml", 3, "zh", Code::Duplicate, "remove one"),
    ("site.yaml", 4, "Asia/Shangai", Code::BadValue, "did you mean `Asia/Shanghai`?"),
    ("site.yaml", 5, "stor", Code::UnknownKey, "did you mean `store`?"),
    ("site.yaml", 7, "asteriks", Code::BadValue, "did you mean `asterisk`?"),
    ("site.yaml", 8, "localhost:8088", Code::BadValue, "127.0.0.1:"),
    ("site.yaml", 9, "\"a b\"", Code::BadValue, "tandem.local"),
    ("site.yaml", 10, "password", Code::UnknownKey, "did you mean `password_file`?"),
    ("site.yaml", 11, "../open", Code::OpenSecret, "chmod 600"),
    ("site.yaml", 12, "etc/asterisk", Code::BadValue, "an absolute path"),
    ("site.yaml", 13, "0.0.0.0", Code::BadValue, "192.0.2.10"),
    ("site.yaml", 14, "70000", Code::BadValue, "1 to 65535"),
    ("site.yaml", 15, "sip", Code::BadValue, "5080"),
    ("site.yaml", 16, "~/music", Code::BadValue, "an absolute path"),
    ("site.yaml", 17, "1h", Code::BadValue, "from 1s to 10m"),
    ("site.yaml", 18, "90", Code::BadValue, "did you mean `90s`?"),
    ("site.yaml", 19, "1009", Code::UnknownName, "did you mean `1001`?"),
    ("site.yaml", 20, "30", Code::BadValue, "did you mean `30s`?"),
    ("numbers.yaml", 2, "english", Code::BadValue, "did you mean `en`?"),
    ("numbers.yaml", 3, "welcom", Code::UnknownName, "did you mean `welcome`?"),
    ("numbers.yaml", 4, "hours", Code::MissingKey, "add `closed: FLOW`"),
    ("numbers.yaml", 5, "\"4001 2\"", Code::BadValue, "digits only"),
    ("numbers.yaml", 7, "1001", Code::Duplicate, "another number"),
    ("numbers.yaml", 8, "4002", Code::MissingKey, "add `flow: welcome`"),
    ("numbers.yaml", 10, "closed", Code::MissingKey, "add `hours: NAME`"),
    ("numbers.yaml", 11, "welcome", Code::WrongType, "`flow: welcome`"),
    ("numbers.yaml", 12, "4000", Code::Duplicate, "remove or rename"),
    ("hours.yaml", 2, "9-18", Code::BadValue, "`09:00-18:00`"),
    ("hours.yaml", 3, "moon", Code::UnknownKey, "did you mean `mon`?"),
    ("hours.yaml", 4, "09:00-25:00", Code::BadValue, "24-hour clock"),
    ("hours.yaml", 5, "11:00-13:00", Code::BadValue, "join them"),
    ("hours.yaml", 8, "2026-13-01", Code::BadValue, "`2026-10-01`"),
    ("hours.yaml", 9, "friday", Code::BadValue, "did you mean `fri`?"),
    ("people.yaml", 3, "chen", Code::Duplicate, "phone of its own"),
    ("people.yaml", 4, "1003", Code::MissingKey, "add `name:"),
    ("people.yaml", 4, "\"li na\"", Code::BadValue, "letters, digits"),
    ("people.yaml", 5, "12a4", Code::BadValue, "digits only"),
    ("people.yaml", 7, "\"*97\"", Code::MissingKey, "add `phone: NAME`"),
    ("people.yaml", 9, "salse", Code::UnknownName, "did you mean `sales`?"),
    ("people.yaml", 9, "10", Code::BadValue, "did you mean `10s`?"),
    ("people.yaml", 9, "yes", Code::BadValue, "did you mean `true`?"),
    ("people.yaml", 11, "1099", Code::UnknownName, "did you mean `1001`?"),
    ("people.yaml", 11, "wrapup", Code::UnknownKey, "did you mean `wrap_up`?"),
    ("queues.yaml", 1, "1s", Code::BadValue, "from 5s to 24h"),
    ("queues.yaml", 1, "de", Code::UnknownKey, "allowed: en, zh"),
    ("queues.yaml", 2, "support", Code::EmptyQueue, "queues: [support]"),
    ("queues.yaml", 3, "11", Code::BadValue, "write a number"),
    ("queues.yaml", 3, "longest", Code::BadValue, "did you mean `longest_idle`?"),
    ("queues.yaml", 7, "vip", Code::Contradiction, "every step asks for less"),
    ("queues.yaml", 7, "5s", Code::Contradiction, "in the order of their time"),
    ("queues.yaml", 7, "wine", Code::Contradiction, "lowers what stands in `needs`"),
    ("queues.yaml", 7, "2m", Code::Unreachable, "`max_wait` longer"),
    ("queues.yaml", 8, "needs", Code::Unreachable, "skills: { wine: 4 }"),
    ("people.yaml", 14, "\"red wine\"", Code::BadValue, "letters, digits"),
    ("trunks.yaml", 1, "\"sip.carrier.example:99999\"", Code::BadValue, "sip.carrier.example:5060"),
    ("trunks.yaml", 2, "adress", Code::UnknownKey, "did you mean `address`?"),
    ("trunks.yaml", 3, "203.0.113.0/33", Code::BadValue, "203.0.113.0/24"),
    ("trunks.yaml", 3, "sip.example", Code::BadValue, "addresses only"),
    ("trunks.yaml", 3, "g711", Code::BadValue, "allowed: g722"),
    ("trunks.yaml", 3, "pcma", Code::Duplicate, "remove one"),
    ("trunks.yaml", 4, "register", Code::MissingKey, "add `user: NAME`"),
    ("trunks.yaml", 5, "\"a b\"", Code::BadValue, "letters, digits"),
    ("trunks.yaml", 5, "secrets/none", Code::MissingFile, "the carrier's password"),
    ("trunks.yaml", 6, "maybe", Code::BadValue, "true"),
    ("trunks.yaml", 6, "east", Code::MissingFile, "secrets/trunk-east"),
    ("flows/old.yml", 1, "", Code::UnknownFile, "end in `.yaml`"),
    ("flows/bomb.yaml", 2, "{", Code::BadSyntax, "write the value out"),
    ("flows/broken.yaml", 2, "\"", Code::BadSyntax, "close the quotes"),
    ("flows/gbk.yaml", 1, "\u{FFFD}", Code::BadSyntax, "iconv"),
    ("flows/tab.yaml", 2, "g", Code::BadSyntax, "no tabs"),
    ("flows/loop.yaml", 3, "a", Code::EndlessLoop, "`hangup`"),
    ("flows/loop.yaml", 6, "spin", Code::EndlessLoop, "speaks or waits"),
    ("flows/loop.yaml", 6, "spin", Code::Unreachable, "lead to it"),
    ("flows/night.yaml", 2, "ask", Code::EndlessLoop, "`hangup`"),
    ("flows/welcome.yaml", 1, "gret", Code::UnknownName, "did you mean `greet`?"),
    ("flows/welcome.yaml", 3, "{ zh: 您好 }", Code::Untranslated, "add `en: …`"),
    ("flows/welcome.yaml", 3, "menue", Code::UnknownName, "did you mean `menu`?"),
    ("flows/welcome.yaml", 6, "12", Code::BadValue, "0 to 9"),
    ("flows/welcome.yaml", 8, "0", Code::BadValue, "`3`"),
    ("flows/welcome.yaml", 10, "keys", Code::MissingKey, "`1: sales`"),
    ("flows/welcome.yaml", 11, "slaes", Code::UnknownName, "did you mean `sales`?"),
    ("flows/welcome.yaml", 11, "sales", Code::MissingKey, "add `otherwise:"),
    ("flows/welcome.yaml", 14, "6", Code::BadValue, "may be 4 at most"),
    ("flows/welcome.yaml", 17, "secret", Code::UnknownKey, "allowed: collect"),
    ("flows/welcome.yaml", 21, "sales", Code::UnknownName, "with `collect`"),
    ("flows/welcome.yaml", 23, "carier", Code::UnknownName, "did you mean `carrier`?"),
    ("flows/welcome.yaml", 24, "1010", Code::UnknownName, "did you mean"),
    ("flows/welcome.yaml", 25, "sounds/none.wav", Code::MissingFile, "put the recording there"),
    ("flows/welcome.yaml", 26, "../../etc/passwd", Code::BadValue, "below the site's folder"),
    ("flows/welcome.yaml", 27, "sounds/tune.wav", Code::BadValue, "ffmpeg"),
    ("flows/welcome.yaml", 28, "ofice", Code::UnknownName, "did you mean `office`?"),
    ("flows/welcome.yaml", 29, "menu", Code::UnknownKey, "two steps"),
    ("flows/welcome.yaml", 30, "what", Code::MissingKey, "say, play, menu"),
    ("flows/welcome.yaml", 31, "sayy", Code::UnknownKey, "did you mean `say`?"),
];

fn seeded() -> (tempfile::TempDir, std::path::PathBuf) {
    let (temp, dir) = copy("tests/fixtures/faults");
    let open = temp.path().join("open");
    fs::write(&open, "hunter2\n").expect("write");
    fs::set_permissions(open, fs::Permissions::from_mode(0o644)).expect("chmod");
    (temp, dir)
}

pub fn over_the_caret(dir: &Path, problem: &Problem) -> String {
    let bytes = fs::read(dir.join(&problem.file)).expect("file");
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().nth(problem.line - 1).expect("line");
    line.chars().skip(problem.column - 1).take(problem.length).collect()
}

#[test]
fn each_fault_is_told_at_its_place_with_its_remedy() {
    let (_temp, dir) = seeded();
    let report = site::check(&dir);
    assert!(report.site.is_none());
    for (file, line, over, code, remedy) in FAULTS {
        let found = report.problems.0.iter().any(|p| {
            (p.file.as_str(), p.line, p.code) == (*file, *line, *code)
                && (over.is_empty() || over_the_caret(&dir, p) == *over)
                && p.help.as_ref().is_some_and(|help| help.contains(remedy))
        });
        let there: Vec<_> = report.problems.0.iter().filter(|p| p.file == *file && p.line == *line).collect();
        assert!(found, "{code} at {over:?} in {file}:{line} with {remedy:?} is not among {there:#?}");
    }
    assert!(report.problems.0.iter().all(|p| p.help.is_some()), "a problem has no remedy");
    assert!(!report.problems.to_string().contains("hunter2"), "a secret is shown");
}

#[test]
fn the_picture_is_as_it_was() {
    let (temp, _dir) = seeded();
    let output = Command::new(env!("CARGO_BIN_EXE_tandem"))
        .args(["check", "faults"])
        .current_dir(temp.path())
        .output()
        .expect("runs");
    assert_eq!(output.status.code(), Some(3));
    let folder = temp.path().canonicalize().expect("folder");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(!text.contains('\x1b'), "colours without a terminal");
    insta::assert_snapshot!(text.replace(folder.to_str().expect("UTF-8"), "TEMP"));
}

#[test]
fn the_command_line_answers_scripts_too() {
    let (temp, _dir) = seeded();
    let run = |args: &[&str]| {
        let program = env!("CARGO_BIN_EXE_tandem");
        let output = Command::new(program).args(args).current_dir(temp.path()).output().expect("runs");
        (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
    };
    let (code, text) = run(&["check", "--json", "faults"]);
    assert_eq!(code, Some(3));
    let problems: Vec<Value> = serde_json::from_str(&text).expect("an array");
    assert!(problems.len() >= FAULTS.len());
    for problem in &problems {
        let keys: Vec<&str> = problem.as_object().expect("object").keys().map(String::as_str).collect();
        assert_eq!(keys.len(), 8, "{keys:?}");
        for key in ["file", "line", "column", "length", "severity", "code", "message", "help"] {
            assert!(keys.contains(&key), "{key} is missing in {problem}");
        }
    }
    let small = super::root().join("examples/small");
    let small = small.to_str().expect("UTF-8");
    assert_eq!(run(&["check", "--json", small]), (Some(0), "[]\n".to_owned()));
    let (code, text) = run(&["check", small]);
    assert_eq!(code, Some(0));
    assert!(text.contains("good: Harbour Trading in 15 files"), "{text}");
    assert_eq!(run(&["check", "nowhere"]).0, Some(3));
}

#[test]
fn warnings_alone_let_a_site_pass() {
    let (_temp, dir) = copy("examples/small");
    super::edit(&dir, "people.yaml", "[sales, support, ", "[sales, ");
    super::edit(&dir, "people.yaml", "[support, training", "[training");
    super::edit(&dir, "people.yaml", "[support, sales, ", "[sales, ");
    super::edit(&dir, "site.yaml", "# address: 127.0.0.1:8088", "address: 192.0.2.7:8088");
    let report = site::check(&dir);
    assert!(report.site.is_some());
    let found: Vec<_> = report.problems.0.iter().map(|p| (p.severity, p.code)).collect();
    assert_eq!(found, [(Severity::Warning, Code::RemoteEngine), (Severity::Warning, Code::EmptyQueue)]);
}

#[test]
fn a_broken_file_raises_no_doubt_about_what_it_would_define() {
    let (_temp, dir) = copy("examples/small");
    fs::write(dir.join("people.yaml"), "extensions: {").expect("write");
    fs::write(dir.join("queues.yaml"), "sales: [").expect("write");
    let problems = site::load(&dir).expect_err("refused").0;
    let files: Vec<_> = problems.iter().map(|p| p.file.as_str()).collect();
    assert_eq!(files, ["people.yaml", "queues.yaml"], "{problems:#?}");
}

#[test]
fn loops_are_found_by_what_happens_in_them() {
    let (_temp, dir) = copy("examples/small");
    let verdict = |steps: &str| {
        fs::write(dir.join("flows/night.yaml"), format!("steps:\n{steps}")).expect("write");
        let report = site::check(&dir);
        let loops: Vec<_> = report.problems.0.into_iter().filter(|p| p.code == Code::EndlessLoop).collect();
        loops.into_iter().map(|p| (p.severity, p.line, p.message)).collect::<Vec<_>>()
    };
    let mute = "a loop without exit, in which no step waits for the caller: ";
    let spin = "a loop in which no time passes: ";
    let (error, warning) = (Severity::Error, Severity::Warning);
    assert_eq!(verdict("  a: { say: x, next: a }\n"), [(error, 2, format!("{mute}a → a"))]);
    assert_eq!(
        verdict("  a: { say: x, next: c }\n  b: { say: x, next: a }\n  c: { say: x, next: b }\n"),
        [(error, 2, format!("{mute}a → c → b → a"))]
    );
    assert_eq!(
        verdict(
            "  a: { hours: office, open: b, closed: hangup }\n  b: { hours: office, open: a, closed: hangup }\n"
        ),
        [(error, 2, format!("{spin}a → b → a"))]
    );
    assert_eq!(
        verdict("  a: { transfer: 1001, otherwise: b }\n  b: { transfer: 1002, otherwise: a }\n"),
        [(error, 2, format!("{spin}a → b → a"))]
    );
    let two =
        "  a: { hours: office, open: b, closed: c }\n  b: { say: x, next: b }\n  c: { say: x, next: c }\n";
    assert_eq!(verdict(two), [(error, 3, format!("{mute}b → b")), (error, 4, format!("{mute}c → c"))]);
    assert_eq!(
        verdict("  a: { menu: x, keys: { 1: b }, otherwise: a }\n  b: { say: x, next: a }\n")[0].0,
        warning
    );
    let good = [
        "  a: { say: x, next: b }\n  b: { hours: office, open: hangup, closed: a }\n",
        "  a: { queue: sales, otherwise: a }\n",
        "  a: { say: x, next: b }\n  b: { transfer: 1001, otherwise: a }\n",
        "  a: { menu: x, keys: { 1: a }, otherwise: hangup }\n",
    ];
    for steps in good {
        assert_eq!(verdict(steps), [], "{steps}");
    }
}
