//! What a leg hears from us.

use std::{sync::Arc, time::Duration};

use reqwest::Method;

use super::{ask, record, set, set_lease};
use crate::{
    base::id::{LegId, OrderId},
    ports::engine::{
        Media, Verdict,
        asterisk::{lane::Desk, rest::Failure, translate::PLAY},
    },
};

/// 8 kHz, 16 bit, mono.
const BYTES_PER_SECOND: u64 = 16_000;

pub async fn play(desk: &Arc<Desk>, leg: &LegId, id: OrderId, media: &[Media]) -> Result<(), Failure> {
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
    // A prompt may be longer than what is left of the lease, and the lease cannot be renewed while it plays.
    let lease = desk.ledger().holds(leg, desk.settings.lease);
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

/// Asterisk's names of the prompts, and how long they last together. One that is not there (yet) does not silence the
/// others.
async fn sounds(desk: &Desk, media: &[Media]) -> Result<(String, Duration), Failure> {
    let mut names = Vec::with_capacity(media.len());
    let (mut bytes, mut missing) = (0, Failure::refused(400, "nothing to play"));
    for media in media {
        let file = desk.settings.file(media);
        match tokio::fs::metadata(&file).await {
            Ok(there) => {
                bytes += there.len();
                names.push(format!("sound:{}", file.with_extension("").display()));
            }
            Err(_) => missing = Failure::refused(404, &format!("no sound {}", file.display())),
        }
    }
    if names.is_empty() {
        return Err(missing);
    }
    Ok((names.join(","), Duration::from_millis(bytes * 1000 / BYTES_PER_SECOND)))
}

/// Stops a prompt that plays or a recording, except `spare`.
pub async fn stop_prompt(desk: &Desk, leg: &LegId, spare: Option<OrderId>) -> Result<(), Failure> {
    let playing = desk.ledger().stopping(leg, spare);
    for (order, records) in playing {
        match records {
            Some(sound) => record::stop(desk, leg, order, &sound).await?,
            None => match desk.rest.delete(&format!("/playbacks/{order}"), &[]).await {
                Err(failure) if !failure.gone() => return Err(failure),
                _ => {}
            },
        }
    }
    Ok(())
}

pub async fn silence(desk: &Desk, leg: &LegId) -> Result<(), Failure> {
    stop_prompt(desk, leg, None).await?;
    desk.ledger().music(leg, false);
    ask(desk, Method::DELETE, leg, "/moh", &[]).await.map(drop)
}

pub async fn music(desk: &Desk, leg: &LegId) -> Result<(), Failure> {
    stop_prompt(desk, leg, None).await?;
    ask(desk, Method::POST, leg, "/moh", &[]).await?;
    desk.ledger().music(leg, true);
    Ok(())
}
