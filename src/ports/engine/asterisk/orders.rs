//! How each order is carried out.
//!
//! While a prompt plays Asterisk lets every request for that channel wait for its end, except ending the
//! channel and stopping the prompt. So whatever must not wait stops the prompt first, and a lease is extended
//! by the prompt's length beforehand.

mod dial;
mod overhear;
mod play;
pub mod record;
pub mod refer;
pub mod room;
mod store;
pub mod tap;

pub use dial::give_back;

use std::{sync::Arc, time::Duration};

use reqwest::Method;
use serde_json::Value;

use super::{lane::Desk, ledger::Effects, rest::Failure, translate::SPAN};
use crate::{
    base::id::{LegId, OrderId},
    ports::engine::{Command, HangupCause, Outcome},
};
use dial::Call;

/// How long a leg that is on its way through the dialplan is waited for.
const WAY: Duration = Duration::from_millis(1500);
const STEP: Duration = Duration::from_millis(25);

type Query<'a> = &'a [(&'a str, &'a str)];

/// Carries out one order and says how it fared.
pub async fn carry_out(desk: &Arc<Desk>, id: OrderId, leg: &LegId, command: Command) -> Outcome {
    if tap::is_ended_by(&command)
        && let Err(failure) = tap::untap(desk, leg).await
    {
        tracing::debug!(%leg, %failure, "a stream could not be ended before an order");
    }
    let outcome = match command {
        Command::Answer => answer(desk, leg).await,
        Command::Ring => ring(desk, leg).await,
        Command::Play { media } => play::play(desk, leg, id, &media).await,
        // What is heard is theirs who listen to the stream.
        Command::Stop if desk.ledger().tapped(leg) => Ok(()),
        Command::Stop => play::silence(desk, leg).await,
        Command::Music => play::music(desk, leg).await,
        Command::Connect { to, endpoint, timeout, caller, caller_name } => {
            return dial::connect(desk, leg, Call { to, endpoint, timeout, caller, caller_name }).await;
        }
        Command::Dial { endpoint, timeout, caller, caller_name, lease } => {
            let call = Call { to: leg.clone(), endpoint, timeout, caller, caller_name };
            return dial::alone(desk, call, lease).await;
        }
        Command::Meet { room, muted } => room::meet(desk, leg, &room, muted).await,
        Command::Mute { on } => room::mute(desk, leg, on).await,
        Command::Part => room::part(desk, leg).await,
        Command::Hangup { cause } => hang_up(desk, leg, cause).await,
        Command::Lease { span } => lease(desk, leg, span).await,
        Command::Release => release(desk, leg).await,
        Command::Fallback => fallback(desk, leg).await,
        Command::Record { sound, limit, silence } => {
            record::record(desk, leg, id, &sound, [limit, silence]).await
        }
        Command::Find { record, sound } => record::find(desk, leg, record, &sound).await,
        Command::Tape { sound } => record::tape(desk, leg, &sound).await,
        Command::TapePause { on } => record::tape_pause(desk, leg, on).await,
        Command::TapeStop => record::tape_stop(desk, leg).await,
        Command::Listen(_) | Command::Detect { .. } | Command::GoOn | Command::Deaf => {
            Err(Failure::refused(501, "Asterisk does not listen by itself"))
        }
        Command::Tap { to } => tap::tap(desk, leg, to).await,
        Command::Attend { of, how } => tap::attend(desk, leg, &of, how).await,
        Command::Untap => tap::untap(desk, leg).await,
        Command::Overhear(how) => overhear::begin(desk, leg, how).await,
        Command::OverhearStop => overhear::end(desk, leg).await,
        Command::Sense { .. } | Command::SenseStop => {
            Err(Failure::refused(501, "Asterisk does not tell how a talk goes"))
        }
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

/// Asks something of a channel that serves us, which may still be on its way to us.
async fn patiently(desk: &Desk, name: &str, what: &str, query: Query<'_>) -> Result<(), Failure> {
    let path = format!("/channels/{name}/{what}");
    let deadline = tokio::time::Instant::now() + WAY;
    loop {
        match desk.rest.post(&path, query).await {
            Err(failure) if failure.elsewhere() && tokio::time::Instant::now() < deadline => {
                tokio::time::sleep(STEP).await;
            }
            answer => return answer.map(drop),
        }
    }
}

pub async fn set(desk: &Desk, leg: &LegId, variable: &str, value: &str) -> Result<(), Failure> {
    let query = [("variable", variable), ("value", value)];
    ask(desk, Method::POST, leg, "/variable", &query).await.map(drop)
}

/// Tells the engine how long this leg may be without us; zero is for ever.
pub async fn set_lease(desk: &Desk, leg: &LegId, span: Duration) -> Result<(), Failure> {
    set(desk, leg, "TIMEOUT(absolute)", &seconds(span)).await
}

/// A span as the dialplan counts.
pub fn seconds(span: Duration) -> String {
    format!("{:.3}", span.as_secs_f64())
}

/// Answers a leg.
pub async fn answer(desk: &Arc<Desk>, leg: &LegId) -> Result<(), Failure> {
    ask(desk, Method::POST, leg, "/answer", &[]).await?;
    desk.update(|ledger| {
        let mut effects = Effects::default();
        ledger.answered(leg, &mut effects);
        effects
    });
    Ok(())
}

async fn ring(desk: &Desk, leg: &LegId) -> Result<(), Failure> {
    if desk.ledger().up(leg) {
        return Ok(());
    }
    ask(desk, Method::POST, leg, "/ring", &[]).await.map(drop)
}

async fn lease(desk: &Desk, leg: &LegId, span: Duration) -> Result<(), Failure> {
    if desk.ledger().room(leg).is_some() {
        // For whoever is left alone there.
        set(desk, leg, SPAN, &seconds(span)).await?;
        if desk.ledger().free(leg) {
            desk.ledger().spans(leg, span);
            return Ok(());
        }
    }
    if desk.ledger().lease(leg, Some(span)) {
        set_lease(desk, leg, span).await?;
    }
    Ok(())
}

/// Cancels the lease of a leg.
pub async fn release(desk: &Desk, leg: &LegId) -> Result<(), Failure> {
    if desk.ledger().lease(leg, None) { set_lease(desk, leg, Duration::ZERO).await } else { Ok(()) }
}

async fn fallback(desk: &Desk, leg: &LegId) -> Result<(), Failure> {
    play::stop_prompt(desk, leg, None).await?;
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
