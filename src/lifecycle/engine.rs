//! The engine that the site names, and who listens to callers there.

use std::{path::Path, sync::Arc, time::Duration};

use tokio::sync::mpsc;

use super::{Failure, Traffic};
use crate::{
    base::{clock::Clock, number::Key},
    infra::site::{EngineKind, Site, secret},
    ports::{
        engine::{
            Engine, Forming, Hearing, Settings, asterisk, freeswitch,
            simulator::{self, Answer, Callers, Faults, Phone, World},
        },
        media::{
            line::{self, Attendance},
            overhear,
        },
    },
};

/// Starts the adapter of the site's engine, which connects by itself and keeps trying, and the layer that listens.
/// Simulated callers have no audio: the simulator itself says what they said.
pub(super) fn start(
    site: &Site,
    state: &Path,
    traffic: Option<Traffic>,
    clock: Arc<dyn Clock>,
    hearing: &super::hearing::Hearing,
    forming: mpsc::Sender<Forming>,
) -> Result<Engine, Failure> {
    if site.engine.kind == EngineKind::Simulator {
        return Ok(simulate(site, traffic, clock));
    }
    let settings = Settings {
        address: site.engine.address,
        user: site.engine.user.clone(),
        password: secret::read(&site.engine.password_file)?,
        prompts: state.join("prompts"),
        recordings: state.join("recordings"),
        domain: site.engine.domain.clone(),
        fallback: site.fallback.clone(),
        lease: site.lease,
    };
    let overheard = settings.clone();
    let (recognizers, ears) = (hearing.recognizers.clone(), hearing.ears.clone());
    let judge = Arc::new(move |hearing: &Hearing, text: &str| ears.borrow().accepts(&hearing.flow, text));
    let attendance = Attendance { settings: settings.clone(), recognizers, forming, judge, now: clock.now() };
    let engine = match site.engine.kind {
        EngineKind::Freeswitch => freeswitch::start(settings, clock),
        _ => asterisk::start(settings, clock),
    };
    let way =
        if site.engine.kind == EngineKind::Freeswitch { overhear::Way::File } else { overhear::Way::Sockets };
    Ok(overhear::sense(line::attend(engine, attendance), overheard, way))
}

/// Phones that answer after a while, each with its own habits.
fn simulate(site: &Site, traffic: Option<Traffic>, clock: Arc<dyn Clock>) -> Engine {
    let phones = site.extensions.values().enumerate().map(|(i, extension)| Phone {
        extension: extension.phone.clone(),
        registered: true,
        answer: Answer::After(Duration::from_millis(800 + 700 * (i as u64 % 5))),
        talk: Duration::from_secs(6 + 3 * (i as u64 % 7)),
    });
    let seed = traffic.map_or(1, |traffic| traffic.seed);
    let mut world = World::new(seed, phones.collect(), Faults::default(), clock.now());
    world.gives_up_after(site.engine.sip.silence.talking);
    let callers = traffic.filter(|_| !site.numbers.is_empty()).map(|Traffic { every, seed }| Callers {
        seed,
        every,
        numbers: site.numbers.keys().cloned().collect(),
        keys: ['1', '2', '1', '2', '0', '9'].into_iter().filter_map(Key::new).collect(),
    });
    simulator::start(world, callers, clock)
}
