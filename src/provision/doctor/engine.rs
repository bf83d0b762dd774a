//! The engine: reachable, the login right, its version one that is known, and nothing loaded that jams it.

use super::{Check, Findings, modules};
use crate::{
    infra::site::{EngineKind, Site},
    ports::engine::{Settings, asterisk, freeswitch},
    provision::{Target, asterisk::JAMS},
};

const DEAF: &str = "no call is led; callers go to the fallback extension, or nowhere";
const IN_CLEAR: &str =
    "whoever is on the way reads its password and the numbers of all callers, and may command it";
const TUNNEL: &str = "lead its port to 127.0.0.1 through WireGuard or ssh, see docs/operations.md";
const JAM: &str = "with it Asterisk can jam for good when an event stream breaks off, and all calls with it";
const UNTRIED: &str = "what this version does otherwise than the tried ones is not known";

/// Releases that the suite of stories was run on.
const ASTERISK: [u32; 2] = [22, 16];
const FREESWITCH: [(u32, u32); 1] = [(1, 11)];

/// Returns whether it answers.
pub(super) async fn look(site: &Site, to: &mut Findings) -> bool {
    if site.engine.kind == EngineKind::Simulator {
        to.well(Check::Engine, "simulated: no real call comes in");
        return true;
    }
    let settings = match Target::reach(&site.engine) {
        Ok(settings) => settings,
        Err(error) => {
            to.error(Check::Engine, error, DEAF);
            return false;
        }
    };
    if !settings.address.ip().is_loopback() {
        let what = format!("the engine at {} is reached without encryption", settings.address);
        to.advice(Check::Engine, what, IN_CLEAR, TUNNEL);
    }
    match site.engine.kind {
        EngineKind::Asterisk => of_asterisk(site, &settings, to).await,
        _ => of_freeswitch(&settings, to).await,
    }
}

async fn of_asterisk(site: &Site, settings: &Settings, to: &mut Findings) -> bool {
    use asterisk::console::{Console, Failure};
    let console = Console::new(settings);
    let address = settings.address;
    let version = match console.version().await {
        Ok(version) => version,
        Err(Failure::Refused { status: 401 | 403, .. }) => {
            let what = format!("Asterisk at {address} refuses the user {}", settings.user);
            to.fault(
                Check::Engine,
                what,
                DEAF,
                "`tandem apply`, then restart Asterisk once: it reads logins at its start",
            );
            return false;
        }
        Err(failure) => {
            let what = format!("{address}: {failure}");
            to.fault(
                Check::Engine,
                what,
                DEAF,
                "`systemctl status asterisk`; its http.conf must have `enabled = yes`",
            );
            return false;
        }
    };
    let major = numbers(&version).first().copied();
    if major.is_some_and(|major| ASTERISK.contains(&major)) {
        to.well(Check::Engine, format!("Asterisk {version} at {address} lets us in"));
    } else {
        let what = format!("Asterisk {version} at {address} is none of the tried ones");
        to.advice(Check::Engine, what, UNTRIED, "22 is the tried release");
    }
    match console.runs(JAMS).await {
        Ok(false) => {}
        Ok(true) => {
            let remedy = format!(
                "`noload = {JAMS}` in modules.conf (`tandem apply` writes it), then restart Asterisk"
            );
            to.fault(Check::Engine, format!("{JAMS} is loaded"), JAM, remedy);
        }
        Err(failure) => to.unseen(Check::Engine, format!("{JAMS}: {failure}"), "look again"),
    }
    modules::look(site, &console, to).await;
    true
}

async fn of_freeswitch(settings: &Settings, to: &mut Findings) -> bool {
    use freeswitch::console::Console;
    let asked = async { Console::open(settings).await?.ask("version").await };
    let version = match asked.await {
        Ok(version) => version,
        Err(error) => {
            let text = error.to_string();
            let (what, remedy) = text.split_once(": ").unwrap_or((&text, "look at its log"));
            to.fault(Check::Engine, what, DEAF, remedy);
            return false;
        }
    };
    let release = numbers(&version);
    let known = FREESWITCH.iter().any(|(major, minor)| release.starts_with(&[*major, *minor]));
    let short = version.split_whitespace().nth(2).unwrap_or(&version);
    let (what, address) = (format!("FreeSWITCH {short}"), settings.address);
    if known {
        to.well(Check::Engine, format!("{what} at {address} lets us in"));
    } else {
        let what = format!("{what} at {address} is none of the tried ones");
        to.advice(Check::Engine, what, UNTRIED, "1.11 is the tried release");
    }
    true
}

/// `22.10.1+dfsg` is 22, 10, 1.
fn numbers(version: &str) -> Vec<u32> {
    let from = version.find(|c: char| c.is_ascii_digit()).unwrap_or(version.len());
    let parts = version[from..].split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
    parts.split('.').map_while(|part| part.parse().ok()).collect()
}
