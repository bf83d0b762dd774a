//! Passwords that everybody knows: the ones that engines are shipped with, and those that are guessed first.

use std::{fs, path::Path};

use secrecy::ExposeSecret;

use super::{Check, Findings};
use crate::infra::site::{EngineKind, Site, secret};

const GUESSED: &str = "machines try these all day long; a phone that is guessed dials abroad at your cost";
const SHIPPED: &str = "whoever reaches the engine's control port commands every call";

/// Those that are tried first, by people and by machines.
const COMMON: [&str; 18] = [
    "cluecon",
    "1234",
    "12345",
    "123456",
    "12345678",
    "0000",
    "1111",
    "4321",
    "password",
    "passw0rd",
    "secret",
    "changeme",
    "asterisk",
    "freeswitch",
    "admin",
    "tandem",
    "letmein",
    "unsecurepassword",
];
const SHORTEST: usize = 8;
/// Digits alone are soon tried through.
const SHORTEST_OF_DIGITS: usize = 12;

/// Why a password is none.
fn weakness(word: &str, of: &str) -> Option<&'static str> {
    let lower = word.to_lowercase();
    if COMMON.contains(&lower.as_str()) {
        Some("is one of those that are tried first")
    } else if lower == of.to_lowercase() {
        Some("is the name itself")
    } else if word.len() < SHORTEST {
        Some("has less than 8 characters")
    } else if word.len() < SHORTEST_OF_DIGITS && word.bytes().all(|b| b.is_ascii_digit()) {
        Some("has nothing but a few digits")
    } else {
        None
    }
}

pub(super) fn look(site: &Site, to: &mut Findings) {
    let before = to.0.len();
    let of_site = of_site(site, to);
    let files = match site.engine.kind {
        EngineKind::Asterisk => of_asterisk(&site.engine.config, to),
        EngineKind::Freeswitch => of_freeswitch(&site.engine.config, to),
        EngineKind::Simulator => 0,
    };
    if to.0.len() == before {
        to.well(
            Check::Passwords,
            format!("{of_site} of the site and {files} files of the engine: none is known"),
        );
    }
}

fn of_site(site: &Site, to: &mut Findings) -> usize {
    let phones = site.extensions.values().map(|one| (one.phone.as_str(), one.secret_file.as_path()));
    let lines = site.trunks.values().filter_map(|trunk| trunk.login.as_ref());
    let lines = lines.map(|login| (login.user.as_str(), login.secret_file.as_path()));
    let engine = [(site.engine.user.as_str(), site.engine.password_file.as_path())];
    let mut seen = 0;
    for (name, file) in phones.chain(lines).chain(engine) {
        match secret::read_if_there(file) {
            Ok(None) => {}
            Ok(Some(word)) => {
                seen += 1;
                if let Some(weak) = weakness(word.expose_secret(), name) {
                    let what = format!("the password in {} {weak}", file.display());
                    let remedy =
                        format!("remove the file; `tandem apply` makes a good one; then give it to {name}");
                    to.fault(Check::Passwords, what, GUESSED, remedy);
                }
            }
            Err(error) => to.unseen(Check::Passwords, error.to_string(), "run the doctor as root"),
        }
    }
    seen
}

/// Sections of the admin's with a password that is none, in the files where logins are.
fn of_asterisk(folder: &Path, to: &mut Findings) -> usize {
    let mut seen = 0;
    for file in ["manager.conf", "ari.conf", "pjsip.conf", "sip.conf", "iax.conf"] {
        let Some(text) = text_of(&folder.join(file), to) else { continue };
        seen += 1;
        let mut section = "";
        for (index, line) in text.lines().enumerate() {
            let line = line.split(';').next().unwrap_or_default().trim();
            if let Some((name, _)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                section = name;
            }
            let Some((key, value)) = line.split_once('=') else { continue };
            let value = value.trim_start_matches('>').trim();
            if ["secret", "password"].contains(&key.trim())
                && let Some(weak) = weakness(value, section)
            {
                let place = folder.join(file);
                let what = format!("{}:{}: the password of [{section}] {weak}", place.display(), index + 1);
                to.fault(
                    Check::Passwords,
                    what,
                    GUESSED,
                    "take the section out, or give it a long random password",
                );
            }
        }
    }
    seen
}

fn of_freeswitch(folder: &Path, to: &mut Findings) -> usize {
    let mut seen = 0;
    let socket = folder.join("autoload_configs/event_socket.conf.xml");
    if let Some(text) = text_of(&socket, to) {
        seen += 1;
        let mut words = text.lines().filter(|line| line.contains("\"password\"")).filter_map(value);
        if words.next_back().is_some_and(|word| weakness(word, "").is_some()) {
            let what = format!("{}: the event socket has a password that everybody knows", socket.display());
            to.fault(
                Check::Passwords,
                what,
                SHIPPED,
                "`tandem apply` writes the site's; then restart the engine",
            );
        }
    }
    let vars = folder.join("vars.xml");
    if let Some(text) = text_of(&vars, to) {
        seen += 1;
        let set = text.split("default_password=").nth(1).and_then(|rest| rest.split('"').next());
        if set.is_some_and(|word| weakness(word, "").is_some()) {
            let what = format!(
                "{}: default_password, which the example phones have, is known to all",
                vars.display()
            );
            to.fault(
                Check::Passwords,
                what,
                GUESSED,
                "change it, and remove the example users of directory/default",
            );
        }
    }
    seen
}

fn value(line: &str) -> Option<&str> {
    line.split("value=\"").nth(1)?.split('"').next()
}

fn text_of(file: &Path, to: &mut Findings) -> Option<String> {
    match fs::read(file) {
        Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => {
            to.unseen(Check::Passwords, format!("{}: {error}", file.display()), "run the doctor as root");
            None
        }
    }
}
