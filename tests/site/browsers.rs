//! `webrtc` of an extension and of the engine.

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tandem::infra::site::{
    Severity::{self, Error, Warning},
    Webrtc,
};

use super::{faults::over_the_caret, *};

/// A certificate that is good until the end of this year, and its key.
fn made(until: i32) -> (String, String) {
    let mut params = CertificateParams::new(["phones.example".to_owned()]).expect("a name");
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(until, 12, 31));
    let key = KeyPair::generate().expect("a key");
    (params.self_signed(&key).expect("a certificate").pem(), key.serialize_pem())
}

/// A site whose extension 1001 is a browser, with this engine.
fn with(engine: &str) -> (tempfile::TempDir, PathBuf) {
    let (temp, site) = copy("examples/small");
    edit(&site, "people.yaml", "{ name: 陈伟 Chen Wei,", "{ name: 陈伟 Chen Wei, webrtc: true,");
    edit(&site, "site.yaml", "kind: simulator ", &format!("kind: {engine} "));
    let (certificate, key) = made(2095);
    fs::create_dir_all(site.join("secrets")).expect("a folder");
    private(&site, "webrtc.key", &key);
    fs::write(site.join("secrets/webrtc.crt"), certificate).expect("written");
    (temp, site)
}

fn private(site: &Path, name: &str, text: &str) {
    let path = site.join("secrets").join(name);
    fs::write(&path, text).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("closed");
}

#[test]
fn browsers_are_let_in_where_the_engine_says_and_by_default_at_its_usual_port() {
    for (engine, listen) in [
        ("asterisk\n  webrtc: {}\n  # x", "127.0.0.1:8089"),
        ("freeswitch\n  webrtc: {}\n  # x", "127.0.0.1:7443"),
        (
            "asterisk\n  listen: 192.0.2.10\n  webrtc: { listen: 192.0.2.10, port: 443 }\n  # x",
            "192.0.2.10:443",
        ),
    ] {
        let (_temp, folder) = with(engine);
        let report = site::check(&folder);
        let site = report.site.unwrap_or_else(|| panic!("{:?}", report.problems));
        assert!(report.problems.0.is_empty(), "{:?}", report.problems);
        let secrets = folder.canonicalize().expect("there").join("secrets");
        let webrtc = Webrtc {
            listen: listen.parse().expect("an address"),
            certificate: secrets.join("webrtc.crt"),
            key_file: secrets.join("webrtc.key"),
        };
        assert_eq!(site.engine.webrtc, Some(webrtc));
        let browsers: Vec<_> =
            site.extensions.values().filter(|e| e.webrtc).map(|e| e.phone.as_str()).collect();
        assert_eq!(browsers, ["1001"]);
    }
}

const PLAIN: &str = "asterisk\n  webrtc: {}\n  # x";
const NAMED: &str =
    "asterisk\n  webrtc: { certificate: secrets/webrtc.crt, key_file: secrets/webrtc.key }\n  # x";

/// The engine, what happens to the site, what is found and over which words, and a piece of the message.
type Case = (&'static str, fn(&Path), (Severity, Code, &'static str), &'static str);

const CASES: &[Case] = &[
    ("asterisk", |_| (), (Error, Code::MissingKey, "webrtc"), "browsers reach no engine"),
    (
        PLAIN,
        |site| edit(site, "people.yaml", "webrtc: true,", ""),
        (Warning, Code::Unreachable, "webrtc"),
        "no extension",
    ),
    (
        NAMED,
        |site| fs::remove_file(site.join("secrets/webrtc.crt")).expect("removed"),
        (Warning, Code::Unreadable, "secrets/webrtc.crt"),
        "webrtc.crt cannot be read",
    ),
    (
        NAMED,
        |site| fs::remove_file(site.join("secrets/webrtc.key")).expect("removed"),
        (Warning, Code::Unreadable, "secrets/webrtc.key"),
        "webrtc.key cannot be read",
    ),
    (
        NAMED,
        |site| private(site, "webrtc.key", &made(2095).1),
        (Warning, Code::BadValue, "secrets/webrtc.key"),
        "is not that of",
    ),
    (
        NAMED,
        |site| private(site, "webrtc.key", "x"),
        (Warning, Code::BadValue, "secrets/webrtc.key"),
        "no private key",
    ),
    (
        NAMED,
        |site| fs::write(site.join("secrets/webrtc.crt"), "x").expect("written"),
        (Warning, Code::BadValue, "secrets/webrtc.crt"),
        "no certificate",
    ),
    (
        NAMED,
        |site| {
            let (certificate, key) = made(2021);
            fs::write(site.join("secrets/webrtc.crt"), certificate).expect("written");
            private(site, "webrtc.key", &key);
        },
        (Warning, Code::Lapsed, "secrets/webrtc.crt"),
        "to 2021-12-31",
    ),
    (
        NAMED,
        |site| {
            let mode = fs::Permissions::from_mode(0o644);
            fs::set_permissions(site.join("secrets/webrtc.key"), mode).expect("opened");
        },
        (Error, Code::OpenSecret, "secrets/webrtc.key"),
        "can be read by others",
    ),
    ("asterisk\n  webrtc: { port: 8088 }\n  # x", |_| (), (Error, Code::Duplicate, "webrtc"), "control port"),
    ("freeswitch\n  webrtc: { port: 5080 }\n  # x", |_| (), (Error, Code::Duplicate, "webrtc"), "trunk_port"),
    (
        "freeswitch\n  webrtc: { listen: 192.0.2.10 }\n  # x",
        |_| (),
        (Warning, Code::Unreachable, "webrtc"),
        "their sound goes to 127.0.0.1",
    ),
    (
        "asterisk\n  webrtc: { listen: 0.0.0.0 }\n  # x",
        |_| (),
        (Error, Code::BadValue, "0.0.0.0"),
        "no address",
    ),
];

#[test]
fn what_keeps_browsers_out_is_told() {
    for (engine, change, what, piece) in CASES {
        let (_temp, site) = with(engine);
        change(&site);
        let report = site::check(&site);
        let problems = report.problems.0;
        let [one] = &problems[..] else { panic!("{engine}: {problems:#?}") };
        let caret = over_the_caret(&site, one);
        assert_eq!((one.severity, one.code, caret.as_str()), *what, "{}", one.message);
        assert!(one.message.contains(piece), "{}", one.message);
        assert_eq!(report.site.is_some(), one.severity == Warning, "others telephone on: {}", one.message);
    }
}
