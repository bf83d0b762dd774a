//! How each order is carried out.
//!
//! While a prompt plays Asterisk lets every request for that channel wait for its end, except ending the
//! channel and stopping the prompt. So whatever must not wait stops the prompt first, and a lease is extended
//! by the prompt's length beforehand.

use std::{sync::Arc, time::Duration};

use reqwest::Method;
use serde_json::Value;

use super::{
    lane::Desk,
    ledger::Effects,
    rest::Failure,
    translate::{self, PEER, PLAY},
};
use crate::{
    base::{
        id::{LegId, OrderId},
        number::Number,
        text::Label,
    },
    ports::engine::{Command, Endpoint, HangupCause, Media, Outcome, Verdict},
};

/// How long a leg that is on its way through the dialplan is waited for.
const WAY: Duration = Duration::from_millis(1500);
const STEP: Duration = Duration::from_millis(25);
/// 8 kHz, 16 bit, mono.
const BYTES_PER_SECOND: u64 = 16_000;

type Query<'a> = &'a [(&'a str, &'a str)];

/// Carries out one order and says how it fared.
pub async fn carry_out(desk: &Arc<Desk>, id: OrderId, leg: &LegId, command: Command) -> Outcome {
    let outcome = match command {
        Command::Answer => answer(desk, leg).await,
        Command::Play { media } => play(desk, leg, id, &media).await,
        Command::Stop => silence(desk, leg).await,
        Command::Music => music(desk, leg).await,
        Command::Connect { to, endpoint, timeout, caller, caller_name } => {
            let call = Call { to, endpoint, timeout, caller, caller_name };
            return connect(desk, leg, call).await;
        }
        Command::Hangup { cause } => hang_up(desk, leg, cause).await,
        Command::Lease { span } => lease(desk, leg, Some(span)).await,
        Command::Release => lease(desk, leg, None).await,
        Command::Fallback => fallback(desk, leg).await,
        _ => Err(Failure::Refused {
            status: 501,
            reason: Label::new("this engine's adapter cannot do that yet"),
        }),
    };
    outcome.map_or_else(Outcome::from, |()| Outcome::Done)
}

/// A request about a leg, of a kind that may be made twice. Waits for a leg that is on its way through the
/// dialplan; asks for the leg before repeating what nobody answered.
pub async fn ask(
    desk: &Desk,
    method: Method,
    leg: &LegId,
    what: &str,
    query: Query<'_>,
) -> Result<Value, Failure> {
    let path = format!("/channels/{leg}{what}");
    let deadline = tokio::time::Instant::now() + WAY;
    let mut repeated = false;
    loop {
        match desk.rest.call(method.clone(), &path, query, None).await {
            Err(failure)
                if failure.elsewhere()
                    && desk.ledger().knows(leg)
                    && tokio::time::Instant::now() < deadline =>
            {
                tokio::time::sleep(STEP).await;
            }
            Err(Failure::Unknown) if !repeated => {
                repeated = true;
                desk.rest.get(&format!("/channels/{leg}")).await?;
            }
            answer => return answer,
        }
    }
}

pub async fn set(desk: &Desk, leg: &LegId, variable: &str, value: &str) -> Result<(), Failure> {
    let query = [("variable", variable), ("value", value)];
    ask(desk, Method::POST, leg, "/variable", &query).await.map(drop)
}

/// Tells the engine how long this leg may be without us; zero is for ever.
pub async fn set_lease(desk: &Desk, leg: &LegId, span: Duration) -> Result<(), Failure> {
    set(desk, leg, "TIMEOUT(absolute)", &format!("{:.3}", span.as_secs_f64())).await
}

async fn answer(desk: &Arc<Desk>, leg: &LegId) -> Result<(), Failure> {
    ask(desk, Method::POST, leg, "/answer", &[]).await?;
    desk.update(|ledger| {
        let mut effects = Effects::default();
        ledger.answered(leg, &mut effects);
        effects
    });
    Ok(())
}

async fn play(desk: &Arc<Desk>, leg: &LegId, id: OrderId, media: &[Media]) -> Result<(), Failure> {
    desk.ledger().playing(leg, id);
    let outcome = begin_play(desk, leg, id, media).await;
    if outcome.is_err() {
        desk.update(|ledger| ledger.play_over(id, Verdict::Failed));
    }
    outcome
}

async fn begin_play(desk: &Arc<Desk>, leg: &LegId, id: OrderId, media: &[Media]) -> Result<(), Failure> {
    let (sounds, length) = sounds(desk, media).await?;
    stop_prompt(desk, leg, Some(id)).await?;
    if desk.ledger().music(leg, false) {
        ask(desk, Method::DELETE, leg, "/moh", &[]).await?;
    }
    let lease = desk.ledger().leased(leg);
    if let Some(lease) = lease {
        set_lease(desk, leg, lease + length).await?;
    }
    let id = id.to_string();
    set(desk, leg, PLAY, &id).await?;
    let path = format!("/channels/{leg}/play");
    let query = [("media", sounds.as_str()), ("playbackId", id.as_str())];
    match desk.rest.post(&path, &query).await {
        // An id can be taken twice, so asking comes before repeating, and repeating never.
        Err(Failure::Unknown) => {
            desk.rest.get(&format!("/playbacks/{id}")).await.map(drop).map_err(|_| Failure::Unknown)
        }
        answer => answer.map(drop),
    }
}

/// Asterisk's names of the prompts, and how long they last together.
async fn sounds(desk: &Desk, media: &[Media]) -> Result<(String, Duration), Failure> {
    let mut names = Vec::with_capacity(media.len());
    let mut bytes = 0;
    for media in media {
        let file = desk.settings.file(media);
        let stem = file.with_extension("");
        let missing =
            || Failure::Refused { status: 404, reason: Label::new(&format!("no prompt {}", file.display())) };
        bytes += tokio::fs::metadata(&file).await.map_err(|_| missing())?.len();
        names.push(format!("sound:{}", stem.display()));
    }
    if names.is_empty() {
        return Err(Failure::Refused { status: 400, reason: Label::new("nothing to play") });
    }
    Ok((names.join(","), Duration::from_millis(bytes * 1000 / BYTES_PER_SECOND)))
}

/// Stops a prompt that plays, except `spare`.
async fn stop_prompt(desk: &Desk, leg: &LegId, spare: Option<OrderId>) -> Result<(), Failure> {
    let playing = desk.ledger().stopping(leg, spare);
    for order in playing {
        match desk.rest.delete(&format!("/playbacks/{order}"), &[]).await {
            Err(failure) if !failure.gone() => return Err(failure),
            _ => {}
        }
    }
    Ok(())
}

async fn silence(desk: &Desk, leg: &LegId) -> Result<(), Failure> {
    stop_prompt(desk, leg, None).await?;
    desk.ledger().music(leg, false);
    ask(desk, Method::DELETE, leg, "/moh", &[]).await.map(drop)
}

async fn music(desk: &Desk, leg: &LegId) -> Result<(), Failure> {
    stop_prompt(desk, leg, None).await?;
    ask(desk, Method::POST, leg, "/moh", &[]).await?;
    desk.ledger().music(leg, true);
    Ok(())
}

async fn lease(desk: &Desk, leg: &LegId, span: Option<Duration>) -> Result<(), Failure> {
    if desk.ledger().lease(leg, span) {
        set_lease(desk, leg, span.unwrap_or_default()).await?;
    }
    Ok(())
}

async fn fallback(desk: &Desk, leg: &LegId) -> Result<(), Failure> {
    stop_prompt(desk, leg, None).await?;
    let query = [("context", "tandem-fallback"), ("extension", "s"), ("priority", "1")];
    ask(desk, Method::POST, leg, "/continue", &query).await.map(drop)
}

/// Ends a leg; done when it is gone already.
pub async fn hang_up(desk: &Desk, leg: &LegId, cause: HangupCause) -> Result<(), Failure> {
    let cause = cause.0.to_string();
    match ask(desk, Method::DELETE, leg, "", &[("reason_code", cause.as_str())]).await {
        Err(failure) if failure.gone() => Ok(()),
        answer => answer.map(drop),
    }
}

struct Call {
    to: LegId,
    endpoint: Endpoint,
    timeout: Duration,
    caller: Number,
    caller_name: Label,
}

/// Dials. Whatever goes wrong, `to` ends once and the caller comes back through the dialplan.
async fn connect(desk: &Arc<Desk>, leg: &LegId, call: Call) -> Outcome {
    let failed = match dial(desk, leg, &call).await {
        Ok(()) => return Outcome::Done,
        Err(failed) => failed,
    };
    let (outcome, cause) = match failed {
        Undialled::CalledOff => (Outcome::Done, HangupCause::NORMAL_CLEARING),
        Undialled::Unreachable(cause) => (Outcome::Done, cause),
        Undialled::Failed(failure) if left(desk, leg, &failure).await => {
            (failure.into(), HangupCause::NORMAL_CLEARING)
        }
        Undialled::Failed(failure) => (failure.into(), HangupCause::TEMPORARY_FAILURE),
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

impl From<Failure> for Undialled {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

async fn dial(desk: &Arc<Desk>, leg: &LegId, call: &Call) -> Result<(), Undialled> {
    if !desk.ledger().wanted(&call.to) {
        return Err(Undialled::CalledOff);
    }
    stop_prompt(desk, leg, None).await?;
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
    originate(desk, leg, call).await?;
    desk.ledger().sent(&call.to, desk.now());
    if !desk.ledger().wanted(&call.to) {
        // Called off while the request was under way: the end is reported by the engine.
        let _ = hang_up(desk, &call.to, HangupCause::NORMAL_CLEARING).await;
    }
    Ok(())
}

async fn originate(desk: &Desk, leg: &LegId, call: &Call) -> Result<(), Undialled> {
    let endpoint = translate::endpoint(&call.endpoint);
    let seconds = call.timeout.as_millis().div_ceil(1000).max(1).to_string();
    let caller = translate::caller_id(&call.caller, &call.caller_name);
    let query = [
        ("endpoint", endpoint.as_str()),
        ("context", "tandem-dialled"),
        ("extension", "s"),
        ("priority", "1"),
        ("callerId", caller.as_str()),
        ("timeout", seconds.as_str()),
        ("channelId", call.to.as_str()),
        ("originator", leg.as_str()),
    ];
    let body = translate::variables(leg);
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
