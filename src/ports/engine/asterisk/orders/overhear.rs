//! A talk is listened to: two channels, one to each side of a leg, that send what they hear by `AudioSocket`. They end with the
//! leg, and by themselves when nobody listens any more.

use std::{net::SocketAddr, sync::Arc};

use tokio::time::{Instant, sleep};

use super::{STEP, WAY, patiently};
use crate::{
    base::id::LegId,
    ports::engine::{
        Overhearing,
        asterisk::{
            join::unless_gone,
            lane::Desk,
            rest::Failure,
            translate::{APP, Side, overhears},
        },
    },
};

/// Where the dialplan sends what such a channel hears.
const CONTEXT: &str = "tandem-overheard";

pub async fn begin(desk: &Arc<Desk>, leg: &LegId, how: Overhearing) -> Result<(), Failure> {
    let Overhearing::Sockets { to, says, hears } = how else {
        return Err(Failure::refused(501, "Asterisk writes no file that can be read meanwhile"));
    };
    let one = side(desk, leg, Side::In, to, says);
    let (one, other) = tokio::join!(one, side(desk, leg, Side::Out, to, hears));
    let begun = one.and(other);
    if begun.is_err() {
        end(desk, leg).await?;
    }
    begun
}

pub async fn end(desk: &Desk, leg: &LegId) -> Result<(), Failure> {
    for side in Side::BOTH {
        close(desk, &overhears(leg, side)).await?;
    }
    Ok(())
}

async fn close(desk: &Desk, name: &str) -> Result<(), Failure> {
    desk.rest.delete(&format!("/channels/{name}"), &[]).await.map(drop).or_else(unless_gone)
}

async fn side(desk: &Desk, leg: &LegId, side: Side, to: SocketAddr, token: u128) -> Result<(), Failure> {
    let name = overhears(leg, side);
    let query = [("spy", side.word()), ("app", APP), ("appArgs", "overhear")];
    let deadline = Instant::now() + WAY;
    loop {
        match desk.rest.post(&format!("/channels/{leg}/snoop/{name}"), &query).await {
            // One that a former life of ours has left makes room, which takes a moment longer than the answer.
            Err(Failure::Refused { status: 409, .. }) if Instant::now() < deadline => {
                close(desk, &name).await?;
                sleep(STEP).await;
            }
            answer => break drop(answer?),
        }
    }
    let (to, token) = (to.to_string(), uuid(token));
    let on = [("context", CONTEXT), ("extension", "s"), ("priority", "1")];
    let noted = [("TANDEM_EAR_ID", token.as_str()), ("TANDEM_EAR", to.as_str())];
    for (variable, value) in noted {
        patiently(desk, &name, "variable", &[("variable", variable), ("value", value)]).await?;
    }
    patiently(desk, &name, "continue", &on).await
}

/// As RFC 9562 writes it.
fn uuid(token: u128) -> String {
    let hex = format!("{token:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
