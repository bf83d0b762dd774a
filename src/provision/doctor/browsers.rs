//! Phones that are browsers: the certificate that they are shown, and whether the engine may find a way for their sound.

use std::{fs, time::Duration};

use super::{Check, Findings};
use crate::{
    base::clock::{Clock, Stamp, SystemClock},
    infra::{
        remote::Identity,
        site::{EngineKind, Site},
    },
};

const SHUT: &str = "no browser speaks to the engine, so those phones are gone";
const SOUNDLESS: &str = "browsers are called and nobody is heard";
const OPEN: &str = "who reaches it also reaches ARI, which leads all calls, and may try its password";
const BEHIND: &str = "let a proxy there pass `/ws` and nothing else, with `webrtc: { listen: 127.0.0.1 }`, or let a firewall keep strangers out";
const RENEW: &str =
    "renew it, then `tandem apply`, and restart the engine when nobody talks: it reads it at its start";
/// ACME clients renew a month ahead: what is so near its end is renewed by nobody.
const SOON: Duration = Duration::from_hours(14 * 24);

pub(super) fn look(site: &Site, to: &mut Findings) {
    let Some(webrtc) = &site.engine.webrtc else { return };
    let shown = webrtc.certificate.display();
    match Identity::read(&webrtc.certificate, &webrtc.key_file) {
        Err(unfit) => {
            let remedy = "bring one that fits its key: docs/provision.md";
            to.fault(Check::Engine, unfit.to_string(), SHUT, remedy);
        }
        Ok(Identity { from, until, .. }) => {
            let (now, from, end) =
                (SystemClock.now(), Stamp(from.as_microsecond()), Stamp(until.as_microsecond()));
            let good = format!("{shown}, which browsers are shown, is good until {until}");
            if now < from || now > end {
                to.fault(
                    Check::Engine,
                    format!("{shown}, which browsers are shown, is good from {from} to {until}"),
                    SHUT,
                    RENEW,
                );
            } else if now + SOON > end {
                to.advice(Check::Engine, good, SHUT, RENEW);
            } else {
                to.well(Check::Engine, good);
            }
        }
    }
    if site.engine.kind == EngineKind::Asterisk {
        if !webrtc.listen.ip().is_loopback() {
            let what = format!("{}, for browsers, is Asterisk's whole HTTP server", webrtc.listen);
            to.advice(Check::Engine, what, OPEN, BEHIND);
        }
        let text = fs::read_to_string(site.engine.config.join("rtp.conf")).unwrap_or_default();
        if denies_ice(&text) {
            let what = "rtp.conf has `icesupport = no`";
            to.fault(Check::Engine, what, SOUNDLESS, "take it out, and restart Asterisk when nobody talks");
        }
    }
}

/// The last `icesupport` counts; without one it is there.
fn denies_ice(text: &str) -> bool {
    let mut values = text.lines().filter_map(|line| {
        let (key, value) = line.split(';').next()?.split_once('=')?;
        (key.trim() == "icesupport").then(|| value.trim_start_matches('>').trim().to_ascii_lowercase())
    });
    values.next_back().is_some_and(|value| !["yes", "true", "y", "t", "1", "on"].contains(&value.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_about_ice_counts() {
        for text in ["", "; icesupport = no\n", "[general]\nicesupport=no\nicesupport => yes ; it is\n"] {
            assert!(!denies_ice(text), "{text}");
        }
        for text in ["icesupport = no", "[general]\nicesupport=yes\n icesupport => false ; really\n"] {
            assert!(denies_ice(text), "{text}");
        }
    }
}
