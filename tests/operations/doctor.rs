//! `tandem doctor`: every fault that it knows, made on purpose, is found with its remedy; what is safe is set right.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, UdpSocket},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command},
    thread,
};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::house::{House, err, program};

/// What the doctor says of a house.
pub struct Said {
    code: Option<i32>,
    findings: Vec<Value>,
}

fn doctor_with(house: &House, words: &[&str], change: impl FnOnce(&mut Command)) -> Said {
    let mut command = program();
    command.arg("--socket").arg(house.at("tandem.sock")).args(["--json", "doctor"]).arg(house.at("site"));
    command.arg("--state").arg(house.at("state")).args(words);
    change(&mut command);
    let output = command.output().expect("it runs");
    let said: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{why}: {}", err(&output)));
    let findings = said["findings"].as_array().expect("findings").clone();
    let faults = findings.iter().filter(|finding| finding["verdict"] == "fault").count();
    assert_eq!((said["faults"].as_u64(), said["well"].as_bool()), (Some(faults as u64), Some(faults == 0)));
    assert_eq!(output.status.code(), Some(i32::from(faults > 0)), "{findings:#?}");
    for finding in findings.iter().filter(|finding| finding["verdict"] == "fault") {
        for part in ["what", "why", "remedy"] {
            assert!(finding[part].as_str().is_some_and(|text| !text.is_empty()), "no {part}: {finding}");
        }
    }
    Said { code: output.status.code(), findings }
}

pub fn doctor(house: &House, words: &[&str]) -> Said {
    doctor_with(house, words, |_| ())
}

impl Said {
    /// What is said with this verdict about one thing.
    pub fn of(&self, check: &str, verdict: &str) -> Vec<&str> {
        let of = self.findings.iter().filter(|one| one["check"] == check && one["verdict"] == verdict);
        of.map(|one| one["what"].as_str().expect("text")).collect()
    }

    #[track_caller]
    pub fn has(&self, check: &str, verdict: &str, words: &str) {
        let found = self.of(check, verdict).iter().any(|what| what.contains(words));
        assert!(found, "no {verdict} of {check} with {words:?}: {:#?}", self.findings);
    }

    #[track_caller]
    pub fn is_well(&self, check: &str) {
        self.is_well_but(check, "well");
    }

    /// Nothing worse than this is found.
    #[track_caller]
    pub fn is_well_but(&self, check: &str, verdict: &str) {
        let fine = |one: &&Value| one["verdict"] != "well" && one["verdict"] != verdict;
        let bad = self.findings.iter().filter(|one| one["check"] == check).filter(fine);
        assert_eq!(bad.count(), 0, "{check}: {:#?}", self.findings);
        assert!(!self.of(check, "well").is_empty(), "{check} was not looked at: {:#?}", self.findings);
    }
}

/// A house that listens to nobody: who hears is looked at elsewhere, and takes its time.
fn quiet_house() -> House {
    let house = House::new();
    let nobody = "speech: { en: { recognizer: none }, zh: { recognizer: none } }";
    house.edit("site.yaml", "\nlease: 30s", &format!("\n{nobody}\nlease: 30s"));
    house
}

/// A house in which a daemon has lived for a moment.
fn lived_in() -> House {
    let mut house = quiet_house();
    house.start(&[], &["--traffic", "200"]);
    house.ready();
    house.until("finished calls", |house| house.said(&["calls", "history", "--json"]).contains("\"ended\""));
    house.end(Signal::SIGTERM);
    house
}

pub fn program_in(folder: &Path, name: &str, script: &str) -> String {
    fs::create_dir_all(folder).expect("folder");
    fs::write(folder.join(name), format!("#!/bin/sh\n{script}\n")).expect("written");
    fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).expect("set");
    format!("{}:{}", folder.display(), std::env::var("PATH").expect("a path"))
}

#[test]
fn a_house_that_is_well_is_found_well_while_its_daemon_runs() {
    let mut house = quiet_house();
    house.start(&[], &["--traffic", "200"]);
    house.ready();
    house.until("finished calls", |house| house.said(&["calls", "history", "--json"]).contains("\"ended\""));
    let path = program_in(&house.at("bin"), "timedatectl", "echo yes");
    let said = doctor_with(&house, &[], |command| {
        command.env("PATH", path);
    });
    // The disk is that of whoever runs the test.
    for check in [
        "site",
        "modes",
        "passwords",
        "daemon",
        "engine",
        "trunks",
        "audio",
        "speech",
        "ports",
        "clock",
        "database",
        "journal",
    ] {
        said.is_well(check);
    }
    house.end(Signal::SIGTERM);
    let said = doctor(&house, &[]);
    said.has("daemon", "fault", "no daemon answers");
    assert_eq!(said.code, Some(1));
}

#[test]
fn open_files_are_found_and_closed_by_fix_and_by_nothing_else() {
    let house = lived_in();
    let open = [
        ("site/secrets/engine", 0o644),
        ("state/keys/master", 0o640),
        ("state/journal", 0o755),
        ("state/tandem.db", 0o666),
    ];
    for (file, mode) in open {
        fs::set_permissions(house.at(file), fs::Permissions::from_mode(mode)).expect("opened");
    }
    fs::set_permissions(house.at("site/site.yaml"), fs::Permissions::from_mode(0o646)).expect("opened");
    let said = doctor(&house, &[]);
    for (file, _) in open {
        said.has("modes", "fault", &format!("others can read {}", house.at(file).display()));
    }
    said.has("modes", "fault", "anybody can write");
    let mode = |file: &str| fs::metadata(house.at(file)).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode("site/secrets/engine"), 0o644, "only looked at");

    let said = doctor(&house, &["--fix"]);
    assert_eq!(said.of("modes", "fixed").len(), 5, "{:#?}", said.findings);
    for (file, after) in
        [("site/secrets/engine", 0o600), ("state/keys/master", 0o600), ("state/journal", 0o700)]
    {
        assert_eq!(mode(file), after, "{file}");
    }
    assert_eq!((mode("state/tandem.db"), mode("site/site.yaml")), (0o600, 0o644));
    doctor(&house, &[]).is_well("modes");
}

#[test]
fn pain_16_a_refused_site_and_known_passwords_are_found() {
    let house = quiet_house();
    house.edit("site.yaml", "fallback: 1001", "fallback: 9999");
    let said = doctor(&house, &[]);
    said.has("site", "fault", "site.yaml:");
    for check in ["engine", "trunks", "audio", "speech", "ports", "database", "passwords"] {
        said.has(check, "unseen", "the site");
    }
    house.edit("site.yaml", "fallback: 9999", "fallback: 1001");
    house.secret("engine", "ClueCon");
    house.secret("phone-1002", "1002");
    let said = doctor(&house, &[]);
    let shown = format!("{:?}", said.findings);
    said.has("passwords", "fault", "secrets/engine is one of those that are tried first");
    said.has("passwords", "fault", "secrets/phone-1002 is the name itself");
    assert!(!shown.contains("ClueCon"), "the password itself is told: {shown}");
}

/// An Asterisk's HTTP as far as the doctor asks.
fn asterisk(status: &'static str, version: &'static str, module: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a client");
            let mut first = String::new();
            let mut reader = BufReader::new(stream.try_clone().expect("another end"));
            reader.read_line(&mut first).expect("a request");
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|length| length > 2) {
                line.clear();
            }
            let (code, body) = match () {
                () if status != "200 OK" => (status, "{\"message\":\"no\"}".to_owned()),
                () if first.contains("/modules/") && module.is_empty() => ("404 Not Found", "{}".to_owned()),
                () if first.contains("/modules/") => (status, format!("{{\"status\":\"{module}\"}}")),
                () => (status, format!("{{\"system\":{{\"version\":\"{version}\"}}}}")),
            };
            let length = body.len();
            let _gone = write!(
                stream,
                "HTTP/1.1 {code}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
        }
    });
    port
}

/// A house whose engine is at this port, its configuration in an empty folder.
fn house_at(kind: &str, port: u16) -> House {
    let house = quiet_house();
    fs::create_dir(house.at("etc")).expect("folder");
    house.edit("site.yaml", "kind: simulator ", &format!("kind: {kind} "));
    house.edit("site.yaml", "# address: 127.0.0.1:8088", &format!("address: 127.0.0.1:{port}"));
    let config = format!("config: {}", house.at("etc").display());
    house.edit("site.yaml", "# config: /etc/asterisk", &config);
    house
}

#[test]
fn an_engine_that_is_away_refuses_us_jams_or_is_strange_is_found() {
    let away = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    doctor(&house_at("asterisk", away), &[]).has("engine", "fault", "cannot be reached");
    doctor(&house_at("freeswitch", away), &[]).has("engine", "fault", "nothing listens on");
    let refused = asterisk("401 Unauthorized", "", "");
    doctor(&house_at("asterisk", refused), &[]).has("engine", "fault", "refuses the user tandem");
    let jams = doctor(&house_at("asterisk", asterisk("200 OK", "22.10.1", "Running")), &[]);
    jams.has("engine", "fault", "res_stasis_device_state.so is loaded");
    jams.has("engine", "well", "Asterisk 22.10.1");
    let unloaded = doctor(&house_at("asterisk", asterisk("200 OK", "22.10.1", "Not Running")), &[]);
    unloaded.is_well("engine");
    let strange = doctor(&house_at("asterisk", asterisk("200 OK", "18.2.0", "")), &[]);
    strange.has("engine", "advice", "18.2.0");
}

/// Whoever is to be called in a browser.
fn with_browsers(house: &House, days: i64) {
    let from = jiff::Zoned::now().date();
    let until = from.saturating_add(jiff::Span::new().days(days));
    let day = |date: jiff::civil::Date| {
        let (month, day) =
            (u8::try_from(date.month()).expect("a month"), u8::try_from(date.day()).expect("a day"));
        rcgen::date_time_ymd(date.year().into(), month, day)
    };
    let mut params = rcgen::CertificateParams::new(["phones.example".to_owned()]).expect("a name");
    (params.not_before, params.not_after) =
        (day(from.saturating_sub(jiff::Span::new().days(90))), day(until));
    let key = rcgen::KeyPair::generate().expect("a key");
    house.secret("webrtc.crt", &params.self_signed(&key).expect("a certificate").pem());
    house.secret("webrtc.key", &key.serialize_pem());
    house.edit("people.yaml", "{ name: Alice Brown }", "{ name: Alice Brown, webrtc: true }");
    house.edit("site.yaml", "# phone_port: 5060", "webrtc: {} #");
}

/// Whose talks somebody watches.
fn with_moods(house: &House) {
    house.edit("queues.yaml", "  # strategy: ring_all", "  mood: { silence: 20s }\n  # strategy: ring_all");
}

#[test]
fn what_keeps_browsers_and_moods_from_an_engine_is_found() {
    let port = || asterisk("200 OK", "22.10.1", "Not Running");
    let house = house_at("asterisk", port());
    with_browsers(&house, 60);
    with_moods(&house);
    fs::write(house.at("etc/rtp.conf"), "[general]\nicesupport = no\n").expect("written");
    let said = doctor(&house, &[]);
    for module in [
        "res_http_websocket",
        "res_pjsip_transport_websocket",
        "res_srtp",
        "res_audiosocket",
        "app_audiosocket",
    ] {
        said.has("engine", "fault", &format!("{module}.so does not run"));
    }
    said.has("engine", "fault", "icesupport = no");
    said.has("engine", "well", "webrtc.crt, which browsers are shown, is good until");
    for (days, verdict, words) in [(5, "advice", "is good until"), (-1, "fault", "is good from")] {
        let house = house_at("asterisk", port());
        with_browsers(&house, days);
        doctor(&house, &[]).has("engine", verdict, words);
    }
    let loaded = house_at("asterisk", asterisk("200 OK", "22.10.1", "Running"));
    with_browsers(&loaded, 60);
    with_moods(&loaded);
    let said = doctor(&loaded, &[]);
    said.has("engine", "well", "Asterisk 22.10.1");
    assert!(
        !said.of("engine", "fault").iter().any(|what| what.contains("does not run")),
        "{:#?}",
        said.findings
    );
}

#[test]
fn a_door_of_browsers_that_opens_asterisk_to_all_is_told() {
    let at = |kind: &str, listen: &str| {
        let house = house_at(kind, asterisk("200 OK", "22.10.1", "Not Running"));
        with_browsers(&house, 60);
        house.edit(
            "site.yaml",
            "webrtc: {} #",
            &format!("listen: 192.0.2.10\n  webrtc: {{ listen: {listen} }} #"),
        );
        doctor(&house, &[])
    };
    at("asterisk", "192.0.2.10").has(
        "engine",
        "advice",
        "192.0.2.10:8089, for browsers, is Asterisk's whole HTTP server",
    );
    for near in [at("asterisk", "127.0.0.1"), at("freeswitch", "192.0.2.10")] {
        assert!(
            near.of("engine", "advice").iter().all(|what| !what.contains("HTTP")),
            "{:#?}",
            near.findings
        );
        near.has("engine", "well", "webrtc.crt, which browsers are shown");
    }
}

#[test]
fn an_engine_on_another_machine_is_told_to_be_reached_in_clear() {
    let house = house_at("asterisk", 8088);
    house.edit("site.yaml", "address: 127.0.0.1:8088", "address: 192.0.2.7:8088");
    let said = apart(&house, "true");
    said.has("engine", "advice", "192.0.2.7:8088 is reached without encryption");
    said.has("engine", "fault", "192.0.2.7:8088");
    let near = apart(&house_at("asterisk", 8088), "true");
    assert_eq!(near.of("engine", "advice"), Vec::<&str>::new());
}

#[test]
fn logins_that_an_engine_is_shipped_with_are_found() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let house = house_at("asterisk", port);
    let etc = house.at("etc");
    fs::write(etc.join("manager.conf"), "[general]\n[admin]\n;secret = mysecret\nsecret = mysecretword\n")
        .expect("written");
    doctor(&house, &[]).is_well("passwords");
    fs::write(etc.join("manager.conf"), "[general]\n[admin]\nsecret => admin ; the example\n")
        .expect("written");
    fs::write(etc.join("pjsip.conf"), "[6001]\ntype=auth\npassword=6001\n").expect("written");
    let said = doctor(&house, &[]);
    said.has("passwords", "fault", "manager.conf:3: the password of [admin]");
    said.has("passwords", "fault", "pjsip.conf:3: the password of [6001]");

    let house = house_at("freeswitch", port);
    let etc = house.at("etc");
    fs::create_dir(etc.join("autoload_configs")).expect("folder");
    let socket =
        "<param name=\"listen-port\" value=\"8021\"/>\n<param name=\"password\" value=\"ClueCon\"/>\n";
    fs::write(etc.join("autoload_configs/event_socket.conf.xml"), socket).expect("written");
    fs::write(etc.join("vars.xml"), "<X-PRE-PROCESS cmd=\"set\" data=\"default_password=1234\"/>\n")
        .expect("written");
    let said = doctor(&house, &[]);
    said.has("passwords", "fault", "event socket");
    said.has("passwords", "fault", "default_password");
}

#[test]
fn a_trunk_that_answers_is_told_from_one_that_does_not() {
    let carrier = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let mute = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let dead = UdpSocket::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let [there, silent] = [&carrier, &mute].map(|socket| socket.local_addr().expect("bound").port());
    thread::spawn(move || {
        let mut bytes = [0; 2048];
        while let Ok((length, from)) = carrier.recv_from(&mut bytes) {
            assert!(bytes[..length].starts_with(b"OPTIONS sip:"));
            carrier.send_to(b"SIP/2.0 404 Not Found\r\n\r\n", from).expect("sent");
        }
    });
    let house = quiet_house();
    let trunks = format!(
        "good: {{ address: \"127.0.0.1:{there}\" }}\nmute: {{ address: \"127.0.0.1:{silent}\" }}\n\
         dead: {{ address: \"127.0.0.1:{dead}\" }}\n"
    );
    fs::write(house.at("site/trunks.yaml"), trunks).expect("written");
    let said = doctor(&house, &[]);
    said.has("trunks", "well", "good: ");
    said.has("trunks", "fault", "mute: ");
    said.has("trunks", "fault", "dead: ");
}

/// Somebody who is called as the engine is, and is nobody in particular.
struct Engine(Child);

impl Engine {
    fn run(folder: &Path) -> Self {
        let own = folder.join("asterisk");
        fs::copy("/bin/sleep", &own).expect("copied");
        let mut command = Command::new("setpriv");
        if nix::unistd::geteuid().is_root() {
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        }
        Self(command.args(["--pdeathsig", "KILL", "--"]).arg(own).arg("600").spawn().expect("it runs"))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

#[test]
fn prompts_and_recordings_that_the_engine_cannot_reach_are_found_and_opened() {
    let house = lived_in();
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let other = house_at("asterisk", port);
    fs::rename(house.at("state"), other.at("state")).expect("moved");
    let house = other;
    let set = |name: &str, mode| {
        fs::set_permissions(house.at(name), fs::Permissions::from_mode(mode)).expect("set");
    };
    let _engine = {
        let bin = tempfile::tempdir().expect("folder");
        set(".", 0o755);
        fs::set_permissions(bin.path(), fs::Permissions::from_mode(0o755)).expect("set");
        let engine = Engine::run(bin.path());
        house.until("it is called so", |_| {
            fs::read_to_string(format!("/proc/{}/comm", engine.0.id()))
                .is_ok_and(|name| name.trim() == "asterisk")
        });
        engine
    };
    // As its owner the engine needs the owner's bits taken away, as another the others'.
    set("state/prompts", 0o000);
    let root = nix::unistd::geteuid().is_root();
    let said = doctor(&house, &[]);
    said.has("audio", "fault", "may not read the prompts");
    if root {
        said.has("audio", "fault", "may not write recordings");
        let said = doctor(&house, &["--fix"]);
        said.has("audio", "fixed", "may not read the prompts");
        said.has("audio", "fixed", "may not write recordings");
        doctor(&house, &[]).is_well("audio");
    }
    set("state/prompts", 0o755);
    fs::remove_dir_all(house.at("state/prompts")).expect("removed");
    fs::remove_dir_all(house.at("state/recordings")).expect("removed");
    let said = doctor(&house, &[]);
    for folder in ["prompts", "recordings"] {
        said.has("audio", "fault", &format!("{folder} is missing"));
    }
    let said = doctor(&house, &["--fix"]);
    for folder in ["prompts", "recordings"] {
        said.has("audio", "fixed", &format!("{folder} is missing"));
        assert!(house.at("state").join(folder).is_dir());
    }
    doctor(&house, &[]).has("audio", "fault", "holds no prompt");
    let said = doctor_with(&house, &[], |command| {
        command.env("PATH", "/nowhere");
    });
    said.has("audio", "fault", "no espeak-ng");
}

#[test]
fn ports_that_somebody_else_has_are_found_with_their_owner() {
    let (sip, door) =
        (UdpSocket::bind("127.0.0.1:0").expect("a port"), TcpListener::bind("127.0.0.1:0").expect("a port"));
    let [sip_port, door_port] =
        [sip.local_addr().expect("bound").port(), door.local_addr().expect("bound").port()];
    let house = house_at("asterisk", asterisk("200 OK", "22.10.1", ""));
    let site = fs::read_to_string(house.at("site/site.yaml")).expect("read");
    let http = format!("http:\n  listen: 127.0.0.1:{door_port}\n");
    let site = site.replace("# phone_port: 5060 ", &format!("phone_port: {sip_port} "));
    fs::write(house.at("site/site.yaml"), site + &http).expect("written");
    fs::write(
        house.at("etc/rtp.conf"),
        format!("[general]\n;rtpstart=1\nrtpstart={sip_port}\nrtpend={sip_port}\n"),
    )
    .expect("written");
    let said = doctor(&house, &[]);
    let own = format!("(process {})", std::process::id());
    said.has("ports", "fault", &format!("127.0.0.1:{sip_port}, SIP of the phones, is taken by"));
    said.has("ports", "fault", &format!("127.0.0.1:{door_port}, REST by TLS, is taken by"));
    said.has("ports", "advice", &format!("of the audio ports {sip_port} to {sip_port}, is taken by"));
    assert_eq!(
        said.of("ports", "fault").iter().filter(|what| what.contains(&own)).count(),
        3,
        "{:#?}",
        said.findings
    );
    drop((sip, door));
    let said = doctor(&house, &[]);
    said.has("ports", "fault", &format!("nobody listens on 127.0.0.1:{sip_port}"));
    assert!(!said.of("ports", "fault").iter().any(|what| what.contains("REST")), "{:#?}", said.findings);
}

/// In name spaces of its own, where a small disk may be mounted by anybody, and where no network is.
fn apart(house: &House, first: &str) -> Said {
    let script = format!("{first} && exec \"$0\" \"$@\"");
    let mut command = Command::new("unshare");
    let program = env!("CARGO_BIN_EXE_tandem");
    command.args(["--map-root-user", "--mount", "--net", "sh", "-c", &script]).arg(program);
    command.arg("--json").arg("--socket").arg(house.at("tandem.sock"));
    command.arg("doctor").arg(house.at("site")).arg("--state").arg(house.at("state"));
    let output = command.output().expect("it runs");
    let said: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{why}: {}", err(&output)));
    Said { code: output.status.code(), findings: said["findings"].as_array().expect("findings").clone() }
}

#[test]
fn a_disk_without_room_is_found() {
    let house = quiet_house();
    fs::create_dir(house.at("state")).expect("folder");
    let state: PathBuf = house.at("state");
    let place = state.display();
    let full = format!("mount -t tmpfs -o size=1m t {place} && head -c 1000000 /dev/zero > {place}/x");
    apart(&house, &full).has("disk", "fault", "MB are free on the disk of");
    let crowded =
        format!("mount -t tmpfs -o size=64m,nr_inodes=40 t {place} && cd {place} && touch $(seq 39)");
    apart(&house, &crowded).has("disk", "fault", "inodes are free on the disk of");
    apart(&house, &format!("mount -t tmpfs -o size=64m t {place}")).is_well("disk");
}

#[test]
fn a_clock_that_nobody_sets_and_missing_time_zones_are_found() {
    let house = quiet_house();
    let with = |answer: &str| {
        let path = program_in(&house.at("bin"), "timedatectl", answer);
        doctor_with(&house, &[], |command| {
            command.env("PATH", path);
        })
    };
    with("echo no").has("clock", "fault", "nobody sets the clock");
    with("exit 1").has("clock", "unseen", "timedatectl");
    with("echo yes").is_well("clock");
    let empty = house.at("empty");
    fs::create_dir(&empty).expect("folder");
    let said = apart(&house, &format!("mount --bind {} /usr/share/zoneinfo", empty.display()));
    said.has("clock", "fault", "Asia/Shanghai is not known");
    said.has("site", "fault", "time");
}

#[test]
fn a_database_that_is_away_damaged_or_newer_is_found() {
    let house = lived_in();
    doctor(&house, &[]).is_well("database");
    let db = house.at("state/tandem.db");
    let sql = |words: &str| {
        let done = Command::new("sqlite3").arg(&db).arg(words).status().expect("sqlite3");
        assert!(done.success());
    };
    let step = "INSERT INTO _sqlx_migrations SELECT 99, 'later', installed_on, 1, checksum, 1 FROM _sqlx_migrations LIMIT 1";
    sql(step);
    doctor(&house, &[]).has("database", "fault", "written by a newer Tandem: schema 99");
    sql("DELETE FROM _sqlx_migrations WHERE version > 2");
    doctor(&house, &[]).has("database", "advice", "schema 2 of");
    for end in ["-wal", "-shm"] {
        let _gone = fs::remove_file(house.at(&format!("state/tandem.db{end}")));
    }
    fs::write(&db, vec![b'x'; 8192]).expect("written");
    doctor(&house, &[]).has("database", "fault", "is damaged");
    fs::remove_file(&db).expect("removed");
    doctor(&house, &[]).has("database", "well", "not there yet");
    assert!(!db.exists(), "looking makes nothing");
    house.edit("site.yaml", "store: sqlite ", "store: postgres://tandem@127.0.0.1:9/tandem ");
    doctor(&house, &[]).has("database", "fault", "cannot be reached");
}

#[test]
fn a_damaged_journal_and_a_key_that_does_not_fit_are_found() {
    let house = lived_in();
    doctor(&house, &[]).is_well("journal");
    let log = house.at("state/journal/00000000000000000001.log");
    let whole = fs::read(&log).expect("read");
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 64].fill(0xAA);
    fs::write(&log, damaged).expect("written");
    doctor(&house, &[]).has("journal", "fault", "were lost or are damaged");
    fs::write(&log, whole).expect("written");
    fs::write(house.at("state/keys/master"), [7; 32]).expect("written");
    doctor(&house, &[]).has("journal", "fault", "is not sealed with this master key");
    fs::remove_file(house.at("state/keys/master")).expect("removed");
    doctor(&house, &[]).has("journal", "fault", "is missing");
}

#[test]
fn the_table_is_for_people_and_without_colours_where_nobody_looks() {
    let house = quiet_house();
    let mut command = program();
    command.arg("--socket").arg(house.at("tandem.sock")).arg("doctor").arg(house.at("site"));
    let output = command.arg("--state").arg(house.at("state")).output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.starts_with("CHECK ") && text.contains("\ndaemon     fault"), "{text}");
    assert!(text.contains("why: ") && text.contains("do: ") && text.trim_end().ends_with('.'), "{text}");
    assert!(!text.contains('\x1b'), "{text}");
}
