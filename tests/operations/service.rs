//! The daemon under systemd: what it tells, where its passwords come from, and the unit itself.

use std::{
    fs, io,
    os::unix::net::UnixDatagram,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;

use crate::house::{House, PATIENCE, err};

const UNIT: &str = "templates/systemd/tandem.service";

/// The service manager's end of the notify socket.
struct Manager {
    socket: UnixDatagram,
    heard: Vec<String>,
}

impl Manager {
    fn at(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).expect("a socket");
        socket.set_read_timeout(Some(Duration::from_millis(50))).expect("set");
        Self { socket, heard: Vec::new() }
    }

    /// Listens until `is`, or for so long; tells whether it was.
    fn hear(&mut self, span: Duration, is: impl Fn(&[String]) -> bool) -> bool {
        let deadline = Instant::now() + span;
        let mut bytes = [0; 4096];
        while Instant::now() < deadline {
            match self.socket.recv(&mut bytes) {
                Ok(length) => {
                    let text = String::from_utf8_lossy(&bytes[..length]);
                    self.heard.extend(text.lines().map(str::to_owned));
                }
                Err(why) if matches!(why.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
                Err(why) => panic!("{why}"),
            }
            if is(&self.heard) {
                return true;
            }
        }
        false
    }

    fn until(&mut self, state: &str, house: &House) {
        let heard = self.hear(PATIENCE, |heard| heard.iter().any(|line| line == state));
        assert!(heard, "{state} was never told: {:?}\n{}", self.heard, house.log());
    }

    fn forget(&mut self) {
        while self.hear(Duration::from_millis(60), |_| false) {}
        self.heard.clear();
    }
}

fn managed(house: &House) -> (Manager, String) {
    let notify = house.at("notify");
    (Manager::at(&notify), notify.to_str().expect("text").to_owned())
}

#[test]
fn the_service_is_told_ready_alive_reloading_and_stopping_each_when_it_is_so() {
    let mut house = House::new();
    let (mut manager, notify) = managed(&house);
    house.start(&[("NOTIFY_SOCKET", &notify), ("WATCHDOG_USEC", "1200000")], &[]);
    manager.until("READY=1", &house);
    // It is so now, not soon.
    house.said(&["status"]);
    manager.until("WATCHDOG=1", &house);
    manager.until("STATUS=0 calls, 0 waiting, engine up", &house);

    manager.forget();
    house.edit("site.yaml", "Harbour Trading\n", "Harbour & Sons\n");
    house.signal(Signal::SIGHUP);
    manager.until("STATUS=the new site was taken over", &house);
    let place = |state: &str, heard: &[String]| heard.iter().position(|line| line.starts_with(state));
    let (reloading, ready) = (place("RELOADING=1", &manager.heard), place("READY=1", &manager.heard));
    assert!(reloading.is_some() && reloading < ready, "{:?}", manager.heard);
    assert!(place("MONOTONIC_USEC=", &manager.heard).is_some(), "{:?}", manager.heard);

    manager.forget();
    house.edit("site.yaml", "fallback: 1001", "fallback: 9999");
    house.signal(Signal::SIGHUP);
    manager.until("STATUS=the new site is refused, the old one stays; run `tandem check`", &house);
    manager.until("READY=1", &house);

    manager.forget();
    house.end(Signal::SIGTERM);
    manager.until("STOPPING=1", &house);
}

#[test]
fn a_credential_stands_in_the_place_of_a_secret_file() {
    let mut house = House::new();
    let given = house.at("credentials");
    fs::create_dir(&given).expect("folder");
    // As systemd leaves it: its access list shows as a right of the group.
    fs::write(given.join("tandem.engine"), "from-the-credential\n").expect("written");
    house.edit("site.yaml", "kind: simulator ", "kind: asterisk  ");
    house.edit("site.yaml", "# address: 127.0.0.1:8088", "address: 127.0.0.1:9");
    house.start(&[("CREDENTIALS_DIRECTORY", given.to_str().expect("text"))], &[]);
    house.until("the daemon answers", |house| house.tandem(&["status"]).status.code() == Some(1));
    assert!(house.at("site/secrets/1001").exists() || house.at("site/secrets").is_dir(), "others are made");
    assert!(!house.at("site/secrets/engine").exists(), "the engine's is not made: there is one");
    house.end(Signal::SIGTERM);
    // One that is no secret is refused by name; so it was that one which was read.
    fs::write(given.join("tandem.engine"), "two words\n").expect("written");
    let mut command = crate::house::program();
    command.env("CREDENTIALS_DIRECTORY", &given).arg("check").arg(house.at("site"));
    let refused = command.output().expect("it runs");
    assert_eq!(refused.status.code(), Some(3), "{}", err(&refused));
    let told = String::from_utf8_lossy(&refused.stdout).into_owned() + &err(&refused);
    assert!(told.contains("holds no usable secret"), "{told}");
}

/// systemd's own judgement. The unit names an installed program, so the one under test stands in.
#[test]
fn systemd_takes_the_unit_and_finds_little_to_attack() {
    let folder = tempfile::tempdir().expect("folder");
    let text = fs::read_to_string(UNIT).expect("the unit");
    let unit = folder.path().join("tandem.service");
    assert!(text.contains("ExecStart=/usr/bin/tandem serve"));
    fs::write(&unit, text.replace("/usr/bin/tandem", env!("CARGO_BIN_EXE_tandem"))).expect("written");
    let analyze = |words: &[&str]| {
        let done = Command::new("systemd-analyze").args(words).arg(&unit).output().expect("systemd-analyze");
        (done.status.code(), String::from_utf8_lossy(&done.stdout).into_owned() + &err(&done))
    };
    let (code, said) = analyze(&["verify", "--man=no"]);
    assert_eq!((code, said.trim()), (Some(0), ""), "verify");
    // In tenths of its scale, on which 10.0 is a service without any protection.
    let (code, said) = analyze(&["security", "--offline=yes", "--threshold=20", "--no-pager"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Overall exposure level"), "{said}");
}
