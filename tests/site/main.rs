//! The site's YAML as an admin writes it: what is right is loaded, what is wrong is told with its place.

mod agents;
mod alerts;
mod browsers;
mod customers;
mod dialing;
mod faults;
mod hostile;
mod messages;
mod random;
mod routing;
mod speech;
mod surveys;
mod talks;
mod without;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use secrecy::ExposeSecret;
use tandem::{
    base::{clock::Stamp, id::Name, number::Key},
    infra::site::{self, Code, Codec, EngineKind, Locale, Profile, Step, TransferTo, secret},
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A copy of a site that may be changed; gone with the folder.
fn copy(site: &str) -> (tempfile::TempDir, PathBuf) {
    let temp = tempfile::tempdir().expect("folder");
    let to = temp.path().join(Path::new(site).file_name().expect("name"));
    copy_tree(&root().join(site), &to);
    (temp, to)
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir(to).expect("folder");
    for entry in fs::read_dir(from).expect("folder") {
        let entry = entry.expect("entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copy");
        }
    }
}

/// Replaces `from`, which must be there, in a file of a site.
fn edit(site: &Path, file: &str, from: &str, to: &str) {
    let path = site.join(file);
    let text = fs::read_to_string(&path).expect("file");
    assert!(text.contains(from), "{file} has no {from:?}");
    fs::write(path, text.replacen(from, to, 1)).expect("write");
}

fn name(text: &str) -> Name {
    Name::new(text).expect("name")
}

fn number(text: &str) -> tandem::base::number::Number {
    tandem::base::number::Number::new(text).expect("number")
}

#[test]
fn every_example_is_clean() {
    for profile in Profile::ALL {
        let path = root().join("examples").join(profile.name());
        let report = site::check(&path);
        assert_eq!(report.problems.0, [], "{}", path.display());
        assert!(report.site.is_some(), "{}", path.display());
    }
    let folders = fs::read_dir(root().join("examples")).expect("examples");
    let folders = folders.filter(|entry| entry.as_ref().expect("entry").path().is_dir());
    assert_eq!(folders.count(), Profile::ALL.len() + 1, "an example is no profile, nor the scenarios");
    for entry in fs::read_dir(root().join("examples/scenarios")).expect("scenarios") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            assert_eq!(site::check(&path).problems.0, [], "{}", path.display());
            continue;
        }
        site::scenario::load(&path, None).unwrap_or_else(|problems| panic!("{}: {problems}", path.display()));
    }
}

#[test]
fn init_writes_the_examples_whole_with_passwords_and_never_over_anything() {
    for (profile, seats) in [(Profile::Small, 4..21), (Profile::Medium, 20..101), (Profile::Large, 100..1000)]
    {
        let temp = tempfile::tempdir().expect("folder");
        let init = |dir: &str| {
            let mut tandem = Command::new(env!("CARGO_BIN_EXE_tandem"));
            tandem.args(["init", "--profile", profile.name(), dir]).current_dir(temp.path());
            tandem.output().expect("runs")
        };
        assert!(init("new/site").status.success());
        let dir = temp.path().join("new/site");
        let mut written = files(&dir);
        written.retain(|name| !name.starts_with("secrets"));
        let example = root().join("examples").join(profile.name());
        assert_eq!(written, files(&example), "{}", profile.name());
        for name in &written {
            assert_eq!(fs::read(dir.join(name)).expect("file"), fs::read(example.join(name)).expect("file"));
        }
        let report = site::check(&dir);
        assert_eq!(report.problems.0, []);
        let site = report.site.expect("sound");
        assert!(seats.contains(&site.extensions.len()), "{} seats", site.extensions.len());
        assert_eq!(secret::missing(&site), [] as [&Path; 0]);
        for phone in site.extensions.values() {
            assert_eq!(fs::metadata(&phone.secret_file).expect("made").permissions().mode() & 0o777, 0o600);
        }
        let before = fs::read(dir.join("site.yaml")).expect("file");
        for taken in ["new/site", "new"] {
            let again = init(taken);
            assert_eq!(again.status.code(), Some(1));
            assert!(String::from_utf8_lossy(&again.stderr).contains("it is not empty"));
        }
        assert_eq!(fs::read(dir.join("site.yaml")).expect("file"), before);
        fs::create_dir(temp.path().join("empty")).expect("folder");
        assert!(init("empty").status.success());
    }
}

/// Files below a folder, by their names in it, sorted.
fn files(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        let name = path.file_name().expect("name").to_string_lossy().into_owned();
        if path.is_dir() {
            names.extend(files(&path).into_iter().map(|below| format!("{name}/{below}")));
        } else {
            names.push(name);
        }
    }
    names.sort_unstable();
    names
}

#[test]
fn the_small_example_is_what_the_demo_calls() {
    let site = site::load(&root().join("examples/small")).expect("clean");
    assert_eq!(site.engine.kind, EngineKind::Simulator);
    assert_eq!((site.fallback.as_str(), site.lease), ("1001", Duration::from_secs(30)));
    for (called, language) in [("4000", Locale::English), ("4001", Locale::Chinese)] {
        let entry = &site.numbers[&number(called)];
        assert_eq!((entry.language, entry.flow.as_str()), (language, "welcome"));
        let hours = &site.hours[entry.hours.as_ref().expect("hours")];
        for quarter in 0..4 * 24 * 7 {
            let at = Stamp(1_795_000_000_000_000 + quarter * 900_000_000);
            assert!(hours.open(at, &site.time_zone), "the demo is closed at {at}");
        }
    }
    let flow = &site.flows[&name("welcome")];
    let Step::Menu(menu) = &flow.steps[&name("menu")] else { panic!("no menu") };
    let leads = |key| &flow.steps[&menu.keys[&Key::new(key).expect("key")]];
    assert!(matches!(leads('1'), Step::Queue { queue, .. } if queue.as_str() == "sales"));
    assert!(matches!(leads('2'), Step::Queue { queue, .. } if queue.as_str() == "support"));
    let Step::Collect(collect) = leads('3') else { panic!("key 3 collects nothing") };
    assert!(
        matches!(&flow.steps[&collect.next], Step::Transfer { to: TransferTo::Collected(step), .. } if *step == menu.keys[&Key::new('3').expect("key")])
    );
    assert!(
        matches!(leads('0'), Step::Transfer { to: TransferTo::Extension(to), .. } if to.as_str() == "1001")
    );
    for extension in ["1001", "1002", "1003", "1004"] {
        assert_eq!(site.extensions[&number(extension)].phone.as_str(), extension);
        assert!(
            site.agents
                .values()
                .any(|a| a.phone.extension().is_some_and(|e| e.as_str() == extension) && a.logged_in)
        );
    }
}

#[test]
fn missing_secrets_are_made_for_their_owner_alone_and_never_changed() {
    let (_temp, dir) = copy("examples/small");
    let site = site::load(&dir).expect("clean");
    assert_eq!(secret::missing(&site).len(), 6);
    assert_eq!(secret::make_missing(&site).expect("made"), 6);
    assert_eq!(secret::missing(&site), [] as [&Path; 0]);
    let read = || {
        let files = site.extensions.values().map(|e| &e.secret_file).chain([&site.engine.password_file]);
        files.map(|f| secret::read(f).expect("readable").expose_secret().to_owned()).collect::<Vec<_>>()
    };
    let words = read();
    for (i, word) in words.iter().enumerate() {
        assert_eq!(word.len(), 24);
        assert!(!words[..i].contains(word), "two secrets are alike");
    }
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&dir.join("secrets")), 0o700);
    assert_eq!(mode(&dir.join("secrets/phone-1001")), 0o600);
    assert_eq!(secret::make_missing(&site).expect("nothing to do"), 0);
    assert_eq!(read(), words);
    assert_eq!(site::load(&dir).expect("clean").revision, site.revision, "secrets do not name a revision");
}

#[test]
fn a_secret_that_others_can_read_is_refused() {
    let (_temp, dir) = copy("examples/small");
    let site = site::load(&dir).expect("clean");
    secret::make_missing(&site).expect("made");
    let file = dir.join("secrets/phone-1002");
    for mode in [0o604, 0o640, 0o620] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("chmod");
        let problems = site::load(&dir).expect_err("refused").0;
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!((problems[0].code, problems[0].file.as_str()), (Code::OpenSecret, "people.yaml"));
        assert!(problems[0].help.as_ref().is_some_and(|h| h.starts_with("chmod 600 /")), "{problems:?}");
        let error = secret::read(&file).expect_err("refused").to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("chmod");
    assert!(site::load(&dir).is_ok());
    for content in ["", "\n", "two words", "two\nlines", "pass\u{7}", &"x".repeat(5000)] {
        fs::write(&file, content).expect("write");
        assert!(site::load(&dir).is_err(), "{content:?} is no secret");
    }
}

#[test]
fn every_file_is_part_of_the_revision() {
    let (_temp, dir) = copy("examples/small");
    let first = site::load(&dir).expect("clean").revision;
    assert_eq!(site::load(&dir).expect("clean").revision, first);
    let files = [
        "site.yaml",
        "numbers.yaml",
        "hours.yaml",
        "people.yaml",
        "queues.yaml",
        "trunks.yaml",
        "dialing.yaml",
        "flows/night.yaml",
    ];
    for file in files {
        let text = fs::read_to_string(dir.join(file)).expect("file");
        fs::write(dir.join(file), format!("{text}# a word more\n")).expect("write");
        assert_ne!(site::load(&dir).expect("clean").revision, first, "{file}");
        fs::write(dir.join(file), text).expect("write");
    }
    assert_eq!(site::load(&dir).expect("clean").revision, first);
}

#[test]
fn a_plain_text_is_in_the_first_language_and_a_step_may_be_one_word() {
    let (_temp, dir) = copy("examples/small");
    let flow = "steps:\n  a: { say: Hello., next: b }\n  b: hangup\n";
    fs::write(dir.join("flows/night.yaml"), flow).expect("write");
    edit(&dir, "site.yaml", "languages: [zh, en]", "languages: [en, zh-CN]");
    let site = site::load(&dir).expect("clean");
    let flow = &site.flows[&name("night")];
    let Step::Say { prompt, .. } = &flow.steps[&flow.start] else { panic!("starts elsewhere") };
    assert_eq!(prompt.0.iter().collect::<Vec<_>>(), [(&Locale::English, &"Hello.".into())]);
    assert_eq!(flow.steps[&name("b")], Step::Hangup);
}

#[test]
fn a_trunk_says_who_may_call_in_how_we_log_in_and_what_it_speaks() {
    let (_temp, dir) = copy("examples/small");
    let carrier = "carrier:\n  address: sip.carrier.example\n  from: [203.0.113.0/24, 198.51.100.7]\n  \
                   codecs: [g729, pcma]\n  user: \"4000123\"\n  register: true\n";
    fs::write(dir.join("trunks.yaml"), carrier).expect("write");
    assert_eq!(site::load(&dir).expect_err("no password").0[0].code, Code::MissingFile);
    let file = dir.join("secrets/trunk-carrier");
    fs::create_dir(dir.join("secrets")).expect("folder");
    fs::write(&file, "given by the carrier").expect("write");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("chmod");
    assert_eq!(site::load(&dir).expect_err("blanks").0[0].code, Code::BadValue);
    fs::write(&file, "given-by-the-carrier\n").expect("write");
    let trunk = &site::load(&dir).expect("clean").trunks[&name("carrier")];
    assert_eq!(trunk.address, "sip.carrier.example:5060");
    assert_eq!(trunk.from, ["203.0.113.0/24", "198.51.100.7"]);
    assert_eq!(trunk.codecs, [Codec::G729, Codec::Pcma]);
    let login = trunk.login.as_ref().expect("a login");
    assert_eq!((login.user.as_str(), login.register), ("4000123", true));

    for (kind, warned) in [("asterisk", false), ("freeswitch", true)] {
        let (_temp, dir) = copy("examples/small");
        fs::write(dir.join("trunks.yaml"), "carrier: { address: sip.carrier.example }\n").expect("write");
        edit(&dir, "site.yaml", "kind: simulator", &format!("kind: {kind}"));
        let report = site::check(&dir);
        let codes: Vec<_> = report.problems.0.iter().map(|p| (p.severity, p.code)).collect();
        assert!(report.site.is_some());
        assert_eq!(!codes.is_empty(), warned, "{kind}: {codes:?}");
    }
}
