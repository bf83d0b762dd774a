//! The link: connects, listens, audits, and connects again.

use std::{sync::Arc, time::Duration};

use reqwest::Method;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender},
    time::{MissedTickBehavior, interval, sleep},
};

use super::{
    lane::Desk,
    rest::Failure,
    socket::{LinkError, Socket},
    translate::{self, APP, Heard},
};
use crate::{
    base::clock::Clock,
    ports::engine::{Event, Order, Settings},
};

const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(5);
const AUDIT: Duration = Duration::from_secs(5);

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
    let mut socket = Socket::open(&desk.settings).await?;
    narrow(desk).await?;
    let info =
        desk.rest.get("/asterisk/info?only=system").await.map_err(|failure| link_error(desk, failure))?;
    desk.tell(Event::Up { engine: translate::engine(&info) });
    *stood = true;
    tell_phones(desk).await?;
    audit(desk, true).await?;
    let mut due = interval(AUDIT);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    due.tick().await;
    loop {
        let auditing = async {
            due.tick().await;
            audit(desk, false).await
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

/// Asks for the events that concern us only.
async fn narrow(desk: &Desk) -> Result<(), LinkError> {
    let path = format!("/applications/{APP}/eventFilter");
    let filter = translate::filter();
    desk.rest
        .call(Method::PUT, &path, &[], Some(&filter))
        .await
        .map_err(|failure| link_error(desk, failure))?;
    Ok(())
}

async fn tell_phones(desk: &Desk) -> Result<(), LinkError> {
    let answer = desk.rest.get("/endpoints/PJSIP").await.map_err(|failure| link_error(desk, failure))?;
    for (extension, registered) in translate::phones(&answer) {
        desk.tell(Event::Phone { extension, registered });
    }
    Ok(())
}

/// Compares the engine's channels and bridges with what we know, and tells the switchboard.
async fn audit(desk: &Arc<Desk>, fresh: bool) -> Result<(), LinkError> {
    let asked = desk.now();
    let channels = desk.rest.get("/channels").await.map_err(|failure| link_error(desk, failure))?;
    let bridges = desk.rest.get("/bridges").await.map_err(|failure| link_error(desk, failure))?;
    let (channels, bridges) = (translate::channels(&channels), translate::bridges(&bridges));
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
        Failure::Refused { .. } => LinkError::NoAri(desk.settings.address),
    }
}
