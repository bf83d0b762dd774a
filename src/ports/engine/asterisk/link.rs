//! The link: connects, listens, audits, and connects again.

use std::{sync::Arc, time::Duration};

use reqwest::Method;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender},
    time::{Instant, MissedTickBehavior, interval, sleep},
};

use super::{
    lane::Desk,
    rest::Failure,
    socket::{LinkError, Socket},
    translate::{self, APP, APP_VARIABLE, Heard, Hold},
};
use crate::{
    base::clock::Clock,
    ports::engine::{Event, Order, Settings},
};

const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(5);
const AUDIT: Duration = Duration::from_secs(5);
/// How long Asterisk may take to register the application of a new stream.
const REGISTERED: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_millis(10);

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
    let app = name(desk).await?;
    let mut socket = match Socket::open(&desk.settings, &app).await {
        Err(LinkError::Jammed) => return Err(rename(desk, &app).await),
        socket => socket?,
    };
    narrow(desk, &app).await?;
    listen_to_all(desk, &app).await?;
    let info =
        desk.rest.get("/asterisk/info?only=system").await.map_err(|failure| link_error(desk, failure))?;
    desk.tell(Event::Up { engine: translate::engine(&info) });
    *stood = true;
    tell_phones(desk).await?;
    audit(desk, &app, true).await?;
    let mut due = interval(AUDIT);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    due.tick().await;
    loop {
        let auditing = async {
            due.tick().await;
            audit(desk, &app, false).await
        };
        tokio::pin!(auditing);
        loop {
            tokio::select! {
                frame = socket.next() => listen(desk, &frame?)?,
                audited = &mut auditing => break audited?,
            }
        }
    }
}

fn listen(desk: &Arc<Desk>, frame: &str) -> Result<(), LinkError> {
    match translate::event(frame) {
        Some(Heard::Replaced) => Err(LinkError::Replaced),
        Some(heard) => {
            desk.update(|ledger| ledger.hear(heard, desk.now()));
            Ok(())
        }
        None => Ok(()),
    }
}

/// The name under which the dialplan gives its channels.
async fn name(desk: &Desk) -> Result<String, LinkError> {
    let path = format!("/asterisk/variable?variable={APP_VARIABLE}");
    match desk.rest.get(&path).await {
        Ok(answer) => {
            Ok(translate::value(&answer).filter(|name| name.starts_with(APP)).unwrap_or(APP).to_owned())
        }
        Err(failure) if failure.gone() => Ok(APP.to_owned()),
        Err(failure) => Err(link_error(desk, failure)),
    }
}

/// When a stream breaks off while an event is being written, Asterisk can jam: its application never takes
/// another stream. Everything else works, so the dialplan is told to give its channels to another name.
async fn rename(desk: &Desk, app: &str) -> LinkError {
    let number =
        app.strip_prefix(APP).and_then(|rest| rest.strip_prefix('-')?.parse::<u32>().ok()).unwrap_or(0);
    let next = format!("{APP}-{}", number.wrapping_add(1));
    let query = [("variable", APP_VARIABLE), ("value", next.as_str())];
    match desk.rest.post("/asterisk/variable", &query).await {
        Ok(_) => {
            tracing::error!(%app, %next, "the application is jammed in Asterisk; going on under another name");
            LinkError::Jammed
        }
        Err(failure) => link_error(desk, failure),
    }
}

/// Asks for the events that concern us only. The stream may stand a moment before the application does.
async fn narrow(desk: &Desk, app: &str) -> Result<(), LinkError> {
    let path = format!("/applications/{app}/eventFilter");
    let filter = translate::filter();
    let deadline = Instant::now() + REGISTERED;
    loop {
        match desk.rest.call(Method::PUT, &path, &[], Some(&filter)).await {
            Err(failure) if failure.gone() && Instant::now() < deadline => sleep(STEP).await,
            answer => return answer.map(drop).map_err(|failure| link_error(desk, failure)),
        }
    }
}

/// Asterisk keeps an application whose stream broke for as long as anything still holds it. When we take such a one
/// up again, it may have forgotten that it shall hear of everything: only `StasisStart` would reach us.
async fn listen_to_all(desk: &Desk, app: &str) -> Result<(), LinkError> {
    let path = format!("/applications/{app}");
    let refused = |failure| link_error(desk, failure);
    let application = desk.rest.get(&path).await.map_err(refused)?;
    let deaf = translate::deaf_to(&application).join(",");
    if deaf.is_empty() {
        return Ok(());
    }
    tracing::info!(deaf, "Asterisk's application had forgotten what it listens to");
    let query = [("eventSource", deaf.as_str())];
    desk.rest.post(&format!("{path}/subscription"), &query).await.map(drop).map_err(refused)
}

async fn tell_phones(desk: &Desk) -> Result<(), LinkError> {
    let answer = desk.rest.get("/endpoints/PJSIP").await.map_err(|failure| link_error(desk, failure))?;
    for (extension, registered) in translate::phones(&answer) {
        desk.tell(Event::Phone { extension, registered });
    }
    Ok(())
}

/// Compares the engine's channels and bridges with what we know, and tells the switchboard.
async fn audit(desk: &Arc<Desk>, app: &str, fresh: bool) -> Result<(), LinkError> {
    if name(desk).await? != app {
        return Err(LinkError::Replaced);
    }
    let asked = desk.now();
    let channels = desk.rest.get("/channels").await.map_err(|failure| link_error(desk, failure))?;
    let bridges = desk.rest.get("/bridges").await.map_err(|failure| link_error(desk, failure))?;
    let (channels, bridges) = (translate::channels(&channels), translate::bridges(&bridges));
    if !fresh && channels.iter().any(|channel| channel.hold == Hold::Offered) {
        return Err(LinkError::Deaf);
    }
    desk.update(|ledger| {
        let (legs, mut effects) = ledger.audit(&channels, &bridges, asked, fresh);
        effects.events.insert(0, Event::Audit { asked, legs });
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
