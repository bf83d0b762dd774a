//! Files that an admin owns too, with no engine behind them.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
};

use serde_json::Value;
use tandem::provision::History;

use super::{
    daemon,
    rig::{Rig, snapshot},
};

const ASTERISK: &str = "{ kind: asterisk, address: 127.0.0.1:9, config: ETC }";
const FREESWITCH: &str = "{ kind: freeswitch, address: 127.0.0.1:9, config: ETC }";

#[test]
fn plan_shows_apply_does_a_second_apply_changes_nothing_and_rollback_restores_the_bytes() {
    for engine in [ASTERISK, FREESWITCH] {
        let rig = Rig::new(engine);
        rig.write("http.conf", "[general]\nservername = mine\n; kept\n");
        rig.write(
            "autoload_configs/event_socket.conf.xml",
            "<configuration>\n<settings>\n<!-- kept -->\n</settings></configuration>\n",
        );
        let before = snapshot(&rig.etc());
        let planned = rig.tandem(&["plan", "site"]);
        assert_eq!(planned.code, 5, "{planned:?}");
        assert!(planned.out.contains("\n+") && planned.out.contains("would change; `tandem apply` does it"));
        assert_eq!(snapshot(&rig.etc()), before, "plan wrote something");
        let applied = rig.tandem(&["apply", "site", "--files-only"]);
        assert_eq!(applied.code, 0, "{applied:?}");
        let after = snapshot(&rig.etc());
        assert_ne!(after, before);
        assert!(after.values().any(|(bytes, _)| String::from_utf8_lossy(bytes).contains("kept")));
        assert_eq!(rig.tandem(&["plan", "site"]).code, 0);
        let again = rig.tandem(&["apply", "site", "--files-only", "--json"]);
        let answer: Value = serde_json::from_str(&again.out).expect("JSON");
        assert_eq!(
            (again.code, &answer["revision"], &answer["files"]),
            (0, &Value::Null, &serde_json::json!([]))
        );
        assert_eq!(snapshot(&rig.etc()), after, "the second apply changed something");
        let back = rig.tandem(&["rollback", "0", "--files-only"]);
        assert_eq!(back.code, 0, "{back:?}");
        assert_eq!(snapshot(&rig.etc()), before, "rollback did not restore the bytes");
        let forth = rig.tandem(&["rollback", "1", "--files-only"]);
        assert_eq!(forth.code, 0, "{forth:?}");
        assert_eq!(snapshot(&rig.etc()), after);
        let list = rig.tandem(&["rollback", "--json"]);
        let list: Vec<Value> = serde_json::from_str(&list.out).expect("a list");
        let verdicts: Vec<_> =
            list.iter().map(|r| r["verdict"]["verdict"].as_str().expect("a word")).collect();
        assert_eq!(verdicts, ["written", "back", "back"]);
        let none = rig.tandem(&["rollback", "9", "--files-only"]);
        assert!(none.code == 1 && none.err.contains("there are 0 to 3"), "{none:?}");
    }
}

#[test]
fn what_stands_outside_of_the_marks_survives_and_what_stands_inside_is_set_right() {
    let rig = Rig::new(ASTERISK);
    assert_eq!(rig.tandem(&["apply", "site", "--files-only"]).code, 0);
    let pjsip = rig.read("pjsip.conf");
    let mine = format!("; by hand\n[anna]\ntype = endpoint\n\n{pjsip}\n[bert]\ntype = endpoint\n");
    rig.write("pjsip.conf", &mine.replace("max_contacts = 1", "max_contacts = 9"));
    let planned = rig.tandem(&["plan", "site"]);
    assert_eq!(planned.code, 5);
    assert!(planned.out.contains("-max_contacts = 9\n+max_contacts = 1\n"), "{}", planned.out);
    assert_eq!(rig.tandem(&["apply", "site", "--files-only"]).code, 0);
    assert_eq!(rig.read("pjsip.conf"), mine);
    rig.edit_site(
        "people.yaml",
        "  1004: { name: Bob Carter }",
        "  1004: { name: Bob Carter }\n  1005: { name: Eve }",
    );
    assert_eq!(rig.tandem(&["apply", "site", "--files-only"]).code, 0);
    let now = rig.read("pjsip.conf");
    assert!(
        now.starts_with("; by hand\n[anna]\n")
            && now.ends_with("[bert]\ntype = endpoint\n")
            && now.contains("\n[1005]\n")
    );
}

#[test]
fn what_an_engine_would_misread_is_refused_with_its_line_before_anything_is_written() {
    let cases = [
        (ASTERISK, "pjsip.conf", "; x\n[1002]\ntype = aor\n", "line 2: [1002] stands in Tandem's part too"),
        (
            ASTERISK,
            "extensions.conf",
            "; BEGIN TANDEM\n",
            "line 1: this begin mark of Tandem has no end mark",
        ),
        (ASTERISK, "ari.conf", "\n; END TANDEM\n", "line 2: this end mark of Tandem has no begin mark"),
        (ASTERISK, "http.conf", "a\0b\n", "line 1: a NUL byte"),
        (
            FREESWITCH,
            "autoload_configs/event_socket.conf.xml",
            "<a>\n<settings>\n</settings>\n",
            "line 1: <a> is never closed",
        ),
        (FREESWITCH, "autoload_configs/event_socket.conf.xml", "<a/>\n", "there is no `</settings>`"),
    ];
    for (engine, file, text, words) in cases {
        let rig = Rig::new(engine);
        rig.write(file, text);
        let before = snapshot(&rig.etc());
        for command in ["plan", "apply"] {
            let said = rig.tandem(&[command, "site"]);
            assert_eq!(said.code, 1, "{file}: {said:?}");
            assert!(said.err.contains(words) && said.err.contains(file), "{words:?} is not in {}", said.err);
        }
        assert_eq!(snapshot(&rig.etc()), before);
        assert!(!History::exists(&rig.state()));
    }
}

#[test]
fn no_password_is_shown_and_no_file_with_one_is_everybodys() {
    for engine in [ASTERISK, FREESWITCH] {
        let rig = Rig::new(engine);
        assert_eq!(rig.tandem(&["apply", "site", "--files-only"]).code, 0);
        let file = if engine == ASTERISK { "pjsip.conf" } else { "directory/tandem.xml" };
        let secret = fs::read_to_string(rig.site().join("secrets/phone-1001")).expect("made");
        let secret = secret.trim();
        assert!(rig.read(file).contains(secret));
        let mode = || fs::metadata(rig.etc().join(file)).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode() & 0o007, 0);
        fs::set_permissions(rig.etc().join(file), fs::Permissions::from_mode(0o664)).expect("chmod");
        fs::write(rig.site().join("secrets/phone-1001"), "another-one\n").expect("written");
        let (shown, json) = (rig.tandem(&["plan", "site"]), rig.tandem(&["plan", "site", "--json"]));
        assert_eq!((shown.code, json.code), (5, 5), "{shown:?}");
        for text in [&shown.out, &shown.err, &json.out, &json.err] {
            assert!(!text.contains(secret) && !text.contains("another-one"), "{text}");
        }
        assert!(shown.out.contains("•••") && shown.out.contains("mode 0664 -> 0660"), "{}", shown.out);
        assert_eq!(rig.tandem(&["apply", "site", "--files-only"]).code, 0);
        assert_eq!(mode(), 0o660);
    }
}

/// A site whose extension 1001 is a browser; the lines of its key.
fn with_browsers(rig: &Rig, first: bool) -> Vec<String> {
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new(["phones.example".to_owned()]).expect("a name");
    let certificate = params.self_signed(&key).expect("a certificate").pem();
    let secrets = rig.site().join("secrets");
    fs::create_dir_all(&secrets).expect("a folder");
    for (name, text) in [("webrtc.crt", certificate), ("webrtc.key", key.serialize_pem())] {
        fs::write(secrets.join(name), text).expect("written");
        fs::set_permissions(secrets.join(name), fs::Permissions::from_mode(0o600)).expect("closed");
    }
    if first {
        rig.edit_site("people.yaml", "1001: { ", "1001: { webrtc: true, ");
        rig.edit_site("site.yaml", "config:", "webrtc: {}, config:");
    }
    key.serialize_pem().lines().filter(|line| !line.starts_with("-----")).map(str::to_owned).collect()
}

#[test]
fn the_engine_has_what_browsers_are_shown_and_nobody_is_shown_its_key() {
    for engine in [ASTERISK, FREESWITCH] {
        let rig = Rig::new(engine);
        assert_eq!(rig.tandem(&["apply", "site", "--files-only"]).code, 0);
        assert!(!rig.etc().join("tandem").exists(), "no browser, no certificate");
        let mut keys = with_browsers(&rig, true);
        for first in [true, false] {
            let planned = [&["plan", "site"][..], &["plan", "site", "--json"]].map(|words| rig.tandem(words));
            let applied = rig.tandem(&["apply", "site", "--files-only"]);
            assert_eq!(applied.code, 0, "{applied:?}");
            assert!(planned[0].out.contains("wss.pem") && planned[0].out.contains("restart"), "{planned:?}");
            for said in planned.iter().chain([&applied]) {
                let shown = keys.iter().any(|line| said.out.contains(line) || said.err.contains(line));
                assert!(!shown, "{first}: a key is shown: {said:?}");
            }
            let pem = rig.read("tandem/wss.pem");
            assert!(
                pem.starts_with("-----BEGIN CERTIFICATE")
                    && keys.iter().rev().take(3).all(|line| pem.contains(line))
            );
            let mode = fs::metadata(rig.etc().join("tandem/wss.pem")).expect("there").permissions().mode();
            assert_eq!(mode & 0o007, 0, "everybody reads the key");
            assert_eq!(rig.tandem(&["plan", "site"]).code, 0);
            // Renewed: neither the old key nor the new one is shown.
            keys.extend(with_browsers(&rig, false));
        }
        rig.edit_site("people.yaml", "webrtc: true, ", "");
        rig.edit_site("site.yaml", "webrtc: {}, config:", "config:");
        assert_eq!(rig.tandem(&["apply", "site", "--files-only"]).code, 0);
        assert_eq!(rig.read("tandem/wss.pem"), "", "the key of nobody stays");
    }
}

#[test]
fn a_lost_certificate_of_browsers_is_told_by_check_and_refused_by_plan_and_apply() {
    for engine in [ASTERISK, FREESWITCH] {
        let rig = Rig::new(engine);
        with_browsers(&rig, true);
        assert_eq!(rig.tandem(&["apply", "site", "--files-only"]).code, 0);
        let before = snapshot(&rig.etc());
        fs::remove_file(rig.site().join("secrets/webrtc.crt")).expect("removed");
        let checked = rig.tandem(&["check", "site"]);
        assert!(checked.code == 0 && checked.out.contains("webrtc.crt cannot be read"), "{checked:?}");
        for words in [&["plan", "site"][..], &["apply", "site", "--files-only"]] {
            let said = rig.tandem(words);
            assert!(said.code == 1 && said.err.contains("webrtc.crt cannot be read"), "{said:?}");
        }
        assert_eq!(snapshot(&rig.etc()), before, "the engine keeps what it had");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_certificate_of_browsers_keeps_nobody_else_from_the_telephone() {
    let rig = Rig::new(ASTERISK);
    with_browsers(&rig, true);
    assert_eq!(rig.tandem(&["apply", "site", "--files-only"]).code, 0);
    fs::remove_file(rig.site().join("secrets/webrtc.crt")).expect("removed");
    let mut daemon = daemon::start_until(&rig, |status| status["revision"].is_string()).await;
    let first = daemon::revision(&rig);
    daemon::says(&mut daemon, "all other phones are served").await;
    daemon::troubled(&rig, "browsers cannot be let in").await;
    rig.edit_site("people.yaml", "1001: { webrtc: true, ", "1005: { name: Eve }\n  1001: { webrtc: true, ");
    daemon::hang_up(&daemon);
    daemon::until(&rig, |status| status["revision"] != first.as_str()).await;
    with_browsers(&rig, false);
    assert_eq!(rig.tandem(&["apply", "site", "--files-only"]).code, 0);
    daemon::well(&rig).await;
}

#[test]
fn two_at_once_are_refused_and_a_link_is_followed() {
    let rig = Rig::new(ASTERISK);
    let real = rig.folder().join("real.conf");
    fs::write(&real, "; mine\n").expect("written");
    symlink(&real, rig.etc().join("pjsip.conf")).expect("a link");
    let held = History::open(&rig.state()).expect("free");
    let busy = rig.tandem(&["apply", "site", "--files-only"]);
    assert!(busy.code == 1 && busy.err.contains("another `tandem apply`"), "{busy:?}");
    drop(held);
    assert_eq!(rig.tandem(&["apply", "site", "--files-only"]).code, 0);
    assert!(rig.etc().join("pjsip.conf").is_symlink());
    assert!(fs::read_to_string(real).expect("there").starts_with("; mine\n; BEGIN TANDEM"));
}

#[test]
fn codes_tell_a_script_what_is_the_matter() {
    let rig = Rig::new(ASTERISK);
    rig.edit_site("site.yaml", "fallback: 1001", "fallback: 4711");
    assert_eq!((rig.tandem(&["plan", "site"]).code, rig.tandem(&["apply", "site"]).code), (3, 3));
    rig.edit_site("site.yaml", "fallback: 4711", "fallback: 1001");
    fs::remove_dir(rig.etc()).expect("empty");
    let absent = rig.tandem(&["plan", "site"]);
    assert!(absent.code == 1 && absent.err.contains("`engine.config`"), "{absent:?}");
    let rig = Rig::new("{ kind: simulator }");
    assert_eq!((rig.tandem(&["plan", "site"]).code, rig.tandem(&["apply", "site"]).code), (0, 0));
}
