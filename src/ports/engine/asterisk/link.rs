//! The link: connects, listens, audits, and connects again.
//!
//! That it hears is proven and not believed: it has Asterisk send it an event, a hello, before anything is built on
//! the stream and with every audit (`docs/engines/asterisk.md` tells what else a stream may be).

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use reqwest::Method;
use serde_json::Value;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender},
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use super::{
    lane::Desk,
    orders::record,
    rest::Failure,
    socket::{LinkError, Socket},
    translate::{self, APP, HELLO, Heard, Hold},
};
use crate::{
    base::clock::Clock,
    ports::engine::{Event, Order, Settings},
};

const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(5);
const AUDIT: Duration = Duration::from_secs(5);
/// How long the first hello of a stream may take.
const GREETED: Duration = Duration::from_secs(2);
/// So many hellos may be under way; one more and the stream counts as deaf.
const UNHEARD: u32 = 2;
/// A module that makes Asterisk jam when an event stream breaks off. Our configuration does not load it; an Asterisk
/// that was started before that was so still has it.
const JAMS: &str = "/asterisk/modules/res_stasis_device_state.so";

/// Runs until `orders` is closed.
pub async fn run(
    settings: Settings,
    clock: Arc<dyn Clock>,
    mut orders: UnboundedReceiver<Order>,
    tell: UnboundedSender<Event>,
) {
    let desk = Arc::new(Desk::new(settings, clock, tell));
    let pump = async {
        while let Some(order) = orders.recv().await {
            desk.take(order);
        }
    };
    tokio::select! {
        () = pump => {}
        () = stay(&desk) => {}
    }
}

/// Keeps the link for ever.
async fn stay(desk: &Arc<Desk>) {
    let mut retry = FIRST_RETRY;
    loop {
        let mut stood = false;
        let Err(error) = session(desk, &mut stood).await;
        if stood {
            retry = FIRST_RETRY;
        }
        if matches!(error, LinkError::Replaced) {
            retry = LAST_RETRY;
        }
        tracing::warn!(%error, ?retry, "no link to Asterisk");
        desk.tell(Event::Down { reason: error.label(), retry });
        sleep(retry).await;
        retry = (retry * 2).min(LAST_RETRY);
    }
}

/// One connection, from its beginning to its end.
async fn session(desk: &Arc<Desk>, stood: &mut bool) -> Result<std::convert::Infallible, LinkError> {
    without_the_module_that_jams(desk).await?;
    let mut socket = Socket::open(&desk.settings, APP).await?;
    let early = match begin(desk, &mut socket).await {
        Ok(early) => early,
        Err(error) => {
            socket.close().await;
            return Err(error);
        }
    };
    let info =
        desk.rest.get("/asterisk/info?only=system").await.map_err(|failure| link_error(desk, failure))?;
    desk.tell(Event::Up { engine: translate::engine(&info) });
    *stood = true;
    tell_phones(desk).await?;
    audit(desk, true).await?;
    record::leftovers(desk).await.map_err(|failure| link_error(desk, failure))?;
    let unheard = AtomicU32::new(0);
    for frame in early {
        listen(desk, &frame, &unheard)?;
    }
    let mut due = interval(AUDIT);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    due.tick().await;
    let mut first = true;
    loop {
        let auditing = async {
            due.tick().await;
            if std::mem::take(&mut first) {
                tell_silent_trunks(desk).await?;
            }
            if unheard.fetch_add(1, Ordering::Relaxed) >= UNHEARD {
                return Err(LinkError::Deaf);
            }
            say_hello(desk).await?;
            audit(desk, false).await
        };
        tokio::pin!(auditing);
        loop {
            tokio::select! {
                frame = socket.next() => listen(desk, &frame?, &unheard)?,
                audited = &mut auditing => break audited?,
            }
        }
    }
}

fn listen(desk: &Arc<Desk>, frame: &str, unheard: &AtomicU32) -> Result<(), LinkError> {
    match translate::event(frame) {
        Some(Heard::Replaced) => Err(LinkError::Replaced),
        Some(Heard::Hello) => {
            unheard.store(0, Ordering::Relaxed);
            Ok(())
        }
        Some(heard) => {
            desk.update(|ledger| ledger.hear(heard, desk.now()));
            Ok(())
        }
        None => Ok(()),
    }
}

async fn without_the_module_that_jams(desk: &Desk) -> Result<(), LinkError> {
    match desk.rest.delete(JAMS, &[]).await {
        Ok(_) => tracing::warn!("unloaded res_stasis_device_state, with which Asterisk can jam"),
        Err(failure) if failure.gone() => {}
        Err(Failure::Refused { status: 409, reason }) => {
            tracing::error!(%reason, "res_stasis_device_state, with which Asterisk can jam, stays: restart Asterisk");
        }
        Err(failure) => return Err(link_error(desk, failure)),
    }
    Ok(())
}

/// Makes of an open stream one that hears. What it said meanwhile is returned; it ends with the first hello.
async fn begin(desk: &Desk, socket: &mut Socket) -> Result<Vec<String>, LinkError> {
    narrow(desk).await?;
    listen_to_all(desk).await?;
    say_hello(desk).await?;
    let greeted = async {
        let mut early = Vec::new();
        loop {
            let frame = socket.next().await?;
            match translate::event(&frame) {
                Some(Heard::Hello) => return Ok(early),
                Some(Heard::Replaced) => return Err(LinkError::Replaced),
                _ => early.push(frame),
            }
        }
    };
    timeout(GREETED, greeted).await.unwrap_or(Err(LinkError::Deaf))
}

/// Asks for the events that concern us only.
async fn narrow(desk: &Desk) -> Result<(), LinkError> {
    let path = format!("/applications/{APP}/eventFilter");
    let filter = translate::filter();
    desk.rest.call(Method::PUT, &path, &[], Some(&filter)).await.map(drop).map_err(|f| of_the_stream(desk, f))
}

/// An application that is taken over from an earlier stream while Asterisk dismantles that may have forgotten that
/// it shall hear of everything: only `StasisStart` would reach us.
async fn listen_to_all(desk: &Desk) -> Result<(), LinkError> {
    let path = format!("/applications/{APP}");
    let application = desk.rest.get(&path).await.map_err(|f| of_the_stream(desk, f))?;
    let deaf = translate::deaf_to(&application).join(",");
    if deaf.is_empty() {
        return Ok(());
    }
    tracing::info!(deaf, "Asterisk's application had forgotten what it listens to");
    let query = [("eventSource", deaf.as_str())];
    desk.rest
        .post(&format!("{path}/subscription"), &query)
        .await
        .map(drop)
        .map_err(|failure| of_the_stream(desk, failure))
}

/// Has Asterisk send an event to whoever holds the stream.
async fn say_hello(desk: &Desk) -> Result<(), LinkError> {
    let path = format!("/events/user/{HELLO}");
    desk.rest
        .post(&path, &[("application", APP)])
        .await
        .map(drop)
        .map_err(|failure| of_the_stream(desk, failure))
}

/// A stream stands, yet its application does not: it was taken along when the one before it was dismantled.
fn of_the_stream(desk: &Desk, failure: Failure) -> LinkError {
    if failure.gone() { LinkError::Deaf } else { link_error(desk, failure) }
}

async fn tell_phones(desk: &Desk) -> Result<(), LinkError> {
    let answer = desk.rest.get("/endpoints/PJSIP").await.map_err(|failure| link_error(desk, failure))?;
    for (extension, registered) in translate::phones(&answer) {
        desk.tell(Event::Phone { extension, registered });
    }
    tell_trunks(desk, &answer, true);
    Ok(())
}

/// A trunk whose far end Asterisk has not asked yet looks like one that does not answer: those are told later.
fn tell_trunks(desk: &Desk, answer: &Value, told: bool) {
    for (trunk, up) in translate::trunks(answer).into_iter().filter(|(_, up)| *up == told) {
        desk.tell(Event::Trunk { trunk, up });
    }
}

async fn tell_silent_trunks(desk: &Desk) -> Result<(), LinkError> {
    let answer = desk.rest.get("/endpoints/PJSIP").await.map_err(|failure| link_error(desk, failure))?;
    tell_trunks(desk, &answer, false);
    Ok(())
}

/// Compares the engine's channels and bridges with what we know, and tells the switchboard.
async fn audit(desk: &Arc<Desk>, fresh: bool) -> Result<(), LinkError> {
    let asked = desk.now();
    let channels = desk.rest.get("/channels").await.map_err(|failure| link_error(desk, failure))?;
    let bridges = desk.rest.get("/bridges").await.map_err(|failure| link_error(desk, failure))?;
    let tapes = translate::tapes(&channels);
    let taps = [translate::taps(&channels), translate::taps(&bridges)].concat();
    let (channels, bridges) = (translate::channels(&channels), translate::bridges(&bridges));
    if !fresh && channels.iter().any(|channel| channel.hold == Hold::Offered) {
        return Err(LinkError::Deaf);
    }
    desk.update(|ledger| {
        let (legs, mut effects) = ledger.audit(&channels, &bridges, asked, fresh);
        effects.events.insert(0, Event::Audit { asked, legs });
        for (leg, sound) in tapes {
            ledger.tape(&leg, &sound);
        }
        ledger.untap_strays(taps, &mut effects);
        effects
    });
    Ok(())
}

fn link_error(desk: &Desk, failure: Failure) -> LinkError {
    match failure {
        Failure::NotSent => LinkError::Unreachable(desk.settings.address),
        Failure::Unknown => LinkError::NoAnswer,
        Failure::Refused { status: 401 | 403, .. } => LinkError::Password(desk.settings.user.clone()),
        Failure::Refused { status: 503, .. } => LinkError::Starting,
        refused @ Failure::Refused { .. } => LinkError::Refused(refused),
    }
}
