//! Dialling, for a caller or for nobody.

use std::{sync::Arc, time::Duration};

use reqwest::Method;

use super::{STEP, WAY, ask, hang_up, play, set};
use crate::{
    base::{id::LegId, number::Number, text::Label},
    ports::engine::{
        Endpoint, HangupCause, Outcome,
        asterisk::{
            lane::Desk,
            rest::Failure,
            translate::{self, For, PEER},
        },
    },
};

/// How long the far end of a trunk may say nothing at all. Asterisk itself waits for 6.4 s at least.
const SILENT: Duration = Duration::from_millis(3500);

/// Whom to dial, and how.
pub struct Call {
    pub to: LegId,
    pub endpoint: Endpoint,
    pub timeout: Duration,
    pub caller: Number,
    pub caller_name: Label,
}

/// Dials. Whatever goes wrong, `to` ends once and the caller comes back through the dialplan.
pub async fn connect(desk: &Arc<Desk>, leg: &LegId, call: Call) -> Outcome {
    let (outcome, cause) = match dial(desk, leg, &call).await {
        Ok(()) => return Outcome::Done,
        Err(Undialled::Failed(failure)) if left(desk, leg, &failure).await => {
            (failure.into(), HangupCause::NORMAL_CLEARING)
        }
        Err(undialled) => undialled.told(),
    };
    desk.update(|ledger| ledger.failed(&call.to, cause, desk.now()));
    // Nobody's end brings the caller back: we do.
    give_back(desk, leg).await;
    outcome
}

/// Whether the caller has left: then nothing has failed. Waits until that end, which comes first, is told.
async fn left(desk: &Desk, leg: &LegId, failure: &Failure) -> bool {
    let gone = failure.gone()
        || !desk.ledger().knows(leg)
        || desk.rest.get(&format!("/channels/{leg}")).await.is_err_and(|failure| failure.gone());
    let deadline = tokio::time::Instant::now() + WAY;
    while gone && desk.ledger().knows(leg) && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(STEP).await;
    }
    gone
}

/// Why nobody was dialled.
enum Undialled {
    CalledOff,
    Unreachable(HangupCause),
    Failed(Failure),
}

impl Undialled {
    /// What becomes of the order, and why the leg ends.
    fn told(self) -> (Outcome, HangupCause) {
        match self {
            Self::CalledOff => (Outcome::Done, HangupCause::NORMAL_CLEARING),
            Self::Unreachable(cause) => (Outcome::Done, cause),
            Self::Failed(failure) => (failure.into(), HangupCause::TEMPORARY_FAILURE),
        }
    }
}

/// Dials for nobody. Whatever goes wrong, the leg ends once.
pub async fn alone(desk: &Arc<Desk>, call: Call, lease: Duration) -> Outcome {
    let dialled = if desk.ledger().wanted(&call.to) {
        begin(desk, None, &call, For::Nobody(lease)).await
    } else {
        Err(Undialled::CalledOff)
    };
    let Err(undialled) = dialled else { return Outcome::Done };
    let (outcome, cause) = undialled.told();
    desk.update(|ledger| ledger.failed(&call.to, cause, desk.now()));
    outcome
}

impl From<Failure> for Undialled {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

async fn dial(desk: &Arc<Desk>, leg: &LegId, call: &Call) -> Result<(), Undialled> {
    if !desk.ledger().wanted(&call.to) {
        return Err(Undialled::CalledOff);
    }
    play::stop_prompt(desk, leg, None).await?;
    let (hears, up) = {
        let mut ledger = desk.ledger();
        let up = ledger.up(leg);
        (ledger.music(leg, up), up)
    };
    if !hears {
        ask(desk, Method::POST, leg, if up { "/moh" } else { "/ring" }, &[]).await?;
    }
    // From here on the dialplan gives the caller back when `to` ends, even without us.
    set(desk, leg, PEER, call.to.as_str()).await?;
    if !desk.ledger().wanted(&call.to) {
        return Err(Undialled::CalledOff);
    }
    begin(desk, Some(leg), call, For::Caller(leg)).await
}

/// Rings the phone. `like`: a leg whose codecs the new one shall speak, if it can.
async fn begin(desk: &Arc<Desk>, like: Option<&LegId>, call: &Call, whose: For<'_>) -> Result<(), Undialled> {
    originate(desk, like, call, whose).await?;
    desk.ledger().sent(&call.to, desk.now());
    if matches!(call.endpoint, Endpoint::Trunk { .. }) {
        tokio::spawn(give_up_on_silence(Arc::clone(desk), call.to.clone()));
    }
    if !desk.ledger().wanted(&call.to) {
        // Called off while the request was under way: the end is reported by the engine.
        let _ = hang_up(desk, &call.to, HangupCause::NORMAL_CLEARING).await;
    }
    Ok(())
}

/// Whoever has said anything takes his time; who says nothing at all is not there.
async fn give_up_on_silence(desk: Arc<Desk>, to: LegId) {
    tokio::time::sleep(SILENT).await;
    if !desk.ledger().unheard(&to) {
        return;
    }
    let path = format!("/channels/{to}");
    let Ok(channel) = desk.rest.get(&path).await else { return };
    let question = translate::last_said(translate::name(&channel).unwrap_or_default());
    let query = [("variable", question.as_str())];
    match desk.rest.call(Method::GET, &format!("{path}/variable"), &query, None).await {
        Ok(answer) if translate::has_spoken(&answer) => {}
        Err(Failure::NotSent | Failure::Unknown) => {}
        Ok(_) | Err(Failure::Refused { .. }) => desk.update(|ledger| ledger.give_up(&to)),
    }
}

async fn originate(desk: &Desk, like: Option<&LegId>, call: &Call, whose: For<'_>) -> Result<(), Undialled> {
    let endpoint = translate::endpoint(&call.endpoint);
    let seconds = call.timeout.as_millis().div_ceil(1000).max(1).to_string();
    let caller = translate::caller_id(&call.caller, &call.caller_name);
    let mut query = vec![
        ("endpoint", endpoint.as_str()),
        ("context", "tandem-dialled"),
        ("extension", "s"),
        ("priority", "1"),
        ("callerId", caller.as_str()),
        ("timeout", seconds.as_str()),
        ("channelId", call.to.as_str()),
    ];
    query.extend(like.map(|leg| ("originator", leg.as_str())));
    let body = translate::variables(&call.endpoint, whose);
    match desk.rest.call(Method::POST, "/channels", &query, Some(&body)).await {
        // The id is chosen by us: whoever has it already is this call.
        Ok(_) | Err(Failure::Refused { status: 409, .. }) => Ok(()),
        Err(Failure::Refused { status: 500.., .. }) => Err(Undialled::Unreachable(match call.endpoint {
            Endpoint::Phone(_) | Endpoint::Intercom(_) => HangupCause::SUBSCRIBER_ABSENT,
            Endpoint::Trunk { .. } => HangupCause::DESTINATION_OUT_OF_ORDER,
        })),
        Err(Failure::Unknown) => {
            desk.rest.get(&format!("/channels/{}", call.to)).await.map_err(|_| Failure::Unknown)?;
            Ok(())
        }
        Err(failure) => Err(failure.into()),
    }
}

/// Sends a caller through the dialplan's door for those who come back: music off, lease armed, `Returned`.
pub async fn give_back(desk: &Desk, leg: &LegId) {
    let query = [("context", "tandem-resume"), ("extension", "s"), ("priority", "1")];
    if let Err(failure) = ask(desk, Method::POST, leg, "/continue", &query).await {
        tracing::debug!(%leg, %failure, "a caller could not be given back");
    }
}
