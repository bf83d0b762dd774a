//! What is recorded: messages by Asterisk's recorder, tapes by two channels that listen to a leg, one to each side.
//!
//! Asterisk records below a folder of its own, wherever that is; what is done is fetched from there.

use std::{sync::Arc, time::Duration};

use reqwest::Method;
use tokio::time::{Instant, sleep};

use super::{STEP, ask, patiently, play, set, set_lease, store::Store};
use crate::{
    base::id::{LegId, OrderId, SoundId},
    ports::engine::{
        Event,
        asterisk::{
            join::unless_gone,
            lane::Desk,
            ledger::Effects,
            rest::Failure,
            translate::{APP, RECORD, Recording, Side, TAPE, snoop, stored},
        },
    },
};

/// How long Asterisk may take to finish a file.
const FINISHED: Duration = Duration::from_secs(2);

/// Records what a leg says.
pub async fn record(
    desk: &Arc<Desk>,
    leg: &LegId,
    order: OrderId,
    sound: &SoundId,
    limits: [Duration; 2],
) -> Result<(), Failure> {
    desk.ledger().recording(leg, order, sound);
    let outcome = begin(desk, leg, order, sound, limits).await;
    if outcome.is_err() {
        desk.update(|ledger| ledger.recorded(leg, order, Duration::ZERO, desk.now()));
    }
    outcome
}

async fn begin(
    desk: &Arc<Desk>,
    leg: &LegId,
    order: OrderId,
    sound: &SoundId,
    [limit, silence]: [Duration; 2],
) -> Result<(), Failure> {
    play::stop_prompt(desk, leg, Some(order)).await?;
    if desk.ledger().music(leg, false) {
        ask(desk, Method::DELETE, leg, "/moh", &[]).await?;
    }
    let lease = desk.ledger().leased(leg);
    if let Some(lease) = lease {
        set_lease(desk, leg, lease + limit).await?;
    }
    let whole = |span: Duration| span.as_millis().div_ceil(1000).to_string();
    let (limit, silence) = (whole(limit.max(Duration::from_secs(1))), whole(silence));
    let name = Recording::Message { order, leg: leg.clone(), sound: sound.clone() }.name();
    set(desk, leg, RECORD, &name).await?;
    let query = [
        ("name", name.as_str()),
        ("format", "wav"),
        ("maxDurationSeconds", limit.as_str()),
        ("maxSilenceSeconds", silence.as_str()),
        ("ifExists", "overwrite"),
    ];
    match desk.rest.post(&format!("/channels/{leg}/record"), &query).await {
        Err(Failure::Unknown) => {
            desk.rest.get(&format!("/recordings/live/{name}")).await.map(drop).map_err(|_| Failure::Unknown)
        }
        answer => answer.map(drop),
    }
}

/// Ends a recording; what it is becomes known by its event, or by the next look.
pub async fn stop(desk: &Desk, leg: &LegId, order: OrderId, sound: &SoundId) -> Result<(), Failure> {
    let name = Recording::Message { order, leg: leg.clone(), sound: sound.clone() }.name();
    desk.rest.post(&format!("/recordings/live/{name}/stop"), &[]).await.map(drop).or_else(unless_gone)
}

/// A recording is over: brings its file where it belongs, and tells it.
pub async fn collect(desk: &Arc<Desk>, leg: &LegId, order: OrderId, sound: &SoundId) -> Result<(), Failure> {
    let name = Recording::Message { order, leg: leg.clone(), sound: sound.clone() }.name();
    finished(desk, &name).await?;
    let store = Store::new(desk, sound);
    let length = match store.message(&name).await {
        Ok(length) => length,
        Err(failure) if failure.gone() => Duration::ZERO,
        Err(failure) => {
            // Kept by Asterisk, and fetched when it answers again; a leg that has ended need not wait for that.
            desk.update(|ledger| ledger.unfetched(leg, order, desk.now()));
            return Err(failure);
        }
    };
    let open = desk.ledger().is_recording(leg, order);
    if open || length > Duration::ZERO {
        desk.update(|ledger| ledger.recorded(leg, order, length, desk.now()));
    }
    Ok(())
}

/// A record of a leg that is no more, whose end nobody heard: fetched if that was not done, and told.
pub async fn find(desk: &Arc<Desk>, leg: &LegId, order: OrderId, sound: &SoundId) -> Result<(), Failure> {
    if desk.ledger().is_recording(leg, order) {
        return Err(Failure::refused(409, "it is still being recorded"));
    }
    let name = Recording::Message { order, leg: leg.clone(), sound: sound.clone() }.name();
    finished(desk, &name).await?;
    let length = match Store::new(desk, sound).message(&name).await {
        Err(failure) if failure.gone() => desk.settings.length(sound),
        fetched => fetched?,
    };
    let event = Event::Recorded { leg: leg.clone(), order, length };
    desk.update(|_| Effects { events: vec![event], duties: Vec::new() });
    Ok(())
}

/// Is it still going on? Asked after a cut, of one that we know or that a former life of ours began.
pub async fn ask_record(
    desk: &Arc<Desk>,
    leg: &LegId,
    order: OrderId,
    sound: &SoundId,
) -> Result<(), Failure> {
    let name = Recording::Message { order, leg: leg.clone(), sound: sound.clone() }.name();
    let known = desk.ledger().is_recording(leg, order);
    match desk.rest.get(&format!("/recordings/live/{name}")).await {
        Err(failure) if failure.gone() && known => collect(desk, leg, order, sound).await,
        Ok(_) if !known => {
            desk.ledger().recording(leg, order, sound);
            Ok(())
        }
        answer => answer.map(drop),
    }
}

/// Waits until Asterisk writes no more.
async fn finished(desk: &Desk, name: &str) -> Result<(), Failure> {
    let deadline = Instant::now() + FINISHED;
    while Instant::now() < deadline {
        match desk.rest.get(&format!("/recordings/live/{name}")).await {
            Err(failure) if failure.gone() => return Ok(()),
            answer => answer.map(drop)?,
        }
        sleep(STEP).await;
    }
    Ok(())
}

fn side_of(leg: &LegId, sound: &SoundId, side: Side) -> String {
    Recording::Tape { leg: leg.clone(), sound: sound.clone(), side }.name()
}

/// Begins a tape.
pub async fn tape(desk: &Arc<Desk>, leg: &LegId, sound: &SoundId) -> Result<(), Failure> {
    if !desk.ledger().tape(leg, sound) {
        return Err(Failure::refused(409, "this leg is taped already, or is not there"));
    }
    let begun = begin_tape(desk, leg, sound).await;
    if begun.is_err() {
        let _ = tape_stop(desk, leg).await;
    }
    begun
}

async fn begin_tape(desk: &Arc<Desk>, leg: &LegId, sound: &SoundId) -> Result<(), Failure> {
    for side in Side::BOTH {
        let query = [("spy", side.word()), ("app", APP), ("appArgs", "tape")];
        let path = format!("/channels/{leg}/snoop/{}", snoop(leg, side));
        match desk.rest.post(&path, &query).await {
            // Unknown: if there is none, it cannot be told to record, and that is told.
            Ok(_) | Err(Failure::Refused { status: 409, .. } | Failure::Unknown) => {}
            Err(failure) => return Err(failure),
        }
    }
    // For a later life of ours.
    let name = [("variable", TAPE), ("value", sound.as_str())];
    patiently(desk, &snoop(leg, Side::In), "variable", &name).await?;
    // Both at once, so that they begin together.
    let [one, other] = Side::BOTH.map(|side| side_begins(desk, leg, sound, side));
    let (one, other) = tokio::join!(one, other);
    one.and(other)
}

async fn side_begins(desk: &Desk, leg: &LegId, sound: &SoundId, side: Side) -> Result<(), Failure> {
    let name = side_of(leg, sound, side);
    let query = [("name", name.as_str()), ("format", "wav"), ("ifExists", "overwrite")];
    patiently(desk, &snoop(leg, side), "record", &query).await
}

/// Silence is recorded meanwhile.
pub async fn tape_pause(desk: &Desk, leg: &LegId, on: bool) -> Result<(), Failure> {
    let sound = desk.ledger().taped(leg).cloned();
    let sound = sound.ok_or_else(|| Failure::refused(409, "this leg is not taped"))?;
    let method = if on { Method::POST } else { Method::DELETE };
    for side in Side::BOTH {
        let path = format!("/recordings/live/{}/mute", side_of(leg, &sound, side));
        desk.rest.call(method.clone(), &path, &[], None).await?;
    }
    Ok(())
}

/// Ends a tape: the events of its two sides make one file of them.
pub async fn tape_stop(desk: &Arc<Desk>, leg: &LegId) -> Result<(), Failure> {
    let sound = desk.ledger().untape(leg);
    for side in Side::BOTH {
        desk.rest
            .delete(&format!("/channels/{}", snoop(leg, side)), &[])
            .await
            .map(drop)
            .or_else(unless_gone)?;
    }
    match sound {
        Some(sound) => splice(desk, leg, &sound).await,
        None => Ok(()),
    }
}

/// Makes one stereo file of the two sides of a tape, once both are there.
pub async fn splice(desk: &Arc<Desk>, leg: &LegId, sound: &SoundId) -> Result<(), Failure> {
    let sides = Side::BOTH.map(|side| side_of(leg, sound, side));
    for name in &sides {
        finished(desk, name).await?;
    }
    Store::new(desk, sound).tape(&sides).await.or_else(unless_gone)
}

/// What finished while nobody listened.
pub async fn leftovers(desk: &Arc<Desk>) -> Result<(), Failure> {
    let list = desk.rest.get("/recordings/stored").await?;
    let list = stored(&list);
    desk.update(|ledger| ledger.left_over(list));
    Ok(())
}
