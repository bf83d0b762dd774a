//! A leg's audio as a stream: a channel that sends it over RTP to whoever listens (`externalMedia`), in a bridge with
//! the leg. The channel goes with the leg, with or without us: the dialplan sees to that.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use reqwest::Method;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{STEP, WAY, ask, play, set};
use crate::{
    base::{attendance::Attendance, id::LegId},
    ports::engine::{
        Command, Event, Stream, Wire,
        asterisk::{
            join::{remove, unless_gone},
            lane::Desk,
            ledger::Effects,
            rest::Failure,
            translate::{TAP, attends, stream_to, tap_of, value},
        },
    },
};

/// What Asterisk sends and hears as `slin` (`main/rtp_engine.c`).
const WIRE: Wire = Wire::Rtp { payload: 10, rate: 8000 };

/// How soon a channel that was on its way is asked for again.
const SOON: Duration = Duration::from_millis(4);

/// Whether a leg must be without a stream before this is carried out.
pub fn is_ended_by(command: &Command) -> bool {
    matches!(
        command,
        Command::Play { .. }
            | Command::Music
            | Command::Record { .. }
            | Command::Connect { .. }
            | Command::Meet { .. }
            | Command::Fallback
            | Command::Tap { .. }
            | Command::Attend { .. }
    )
}

/// Noted first, so that no audit takes it for a stray one.
fn note(desk: &Desk, leg: &LegId) -> Result<(), Failure> {
    let mut ledger = desk.ledger();
    if !ledger.up(leg) || ledger.joined(leg).is_some() || ledger.room(leg).is_some() {
        return Err(Failure::refused(409, "this leg is not answered, or it is with others"));
    }
    ledger.tap(leg, true);
    Ok(())
}

/// Hears what another leg says and hears, by a channel of Asterisk's that listens there.
pub async fn attend(desk: &Arc<Desk>, leg: &LegId, of: &LegId, how: Attendance) -> Result<(), Failure> {
    note(desk, leg)?;
    let begun = listen(desk, leg, of, how).await;
    if begun.is_err() {
        untap(desk, leg).await?;
    }
    begun
}

async fn listen(desk: &Desk, leg: &LegId, of: &LegId, how: Attendance) -> Result<(), Failure> {
    let name = tap_of(leg);
    let bridge = format!("/bridges/{name}");
    let (made, opened, noted) = tokio::join!(
        desk.rest.post(&bridge, &[("type", "mixing")]),
        spy(desk, &name, of, how),
        set(desk, leg, TAP, &name),
    );
    match made {
        Ok(_) | Err(Failure::Refused { status: 409, .. }) => {}
        Err(failure) => return Err(failure),
    }
    opened.and(noted)?;
    meet(desk, &format!("{bridge}/addChannel"), &format!("{leg},{name}")).await
}

async fn spy(desk: &Desk, name: &str, of: &LegId, how: Attendance) -> Result<(), Failure> {
    let (path, query) = (format!("/channels/{of}/snoop/{name}"), attends(how));
    let deadline = Instant::now() + WAY;
    loop {
        match desk.rest.post(&path, &query).await {
            // The end of the one before takes a moment longer than the answer to the request for it.
            Err(Failure::Refused { status: 409, .. }) if Instant::now() < deadline => {
                close(desk, name).await?;
                sleep(STEP).await;
            }
            opened => return opened.map(drop),
        }
    }
}

/// Begins a stream.
pub async fn tap(desk: &Arc<Desk>, leg: &LegId, to: SocketAddr) -> Result<(), Failure> {
    note(desk, leg)?;
    match begin(desk, leg, to).await {
        Ok(stream) => {
            let event = Event::Tapped { leg: leg.clone(), stream };
            desk.update(|ledger| {
                let there = ledger.tapped(leg);
                Effects { events: there.then_some(event).into_iter().collect(), duties: Vec::new() }
            });
            Ok(())
        }
        Err(failure) => {
            untap(desk, leg).await?;
            Err(failure)
        }
    }
}

async fn begin(desk: &Arc<Desk>, leg: &LegId, to: SocketAddr) -> Result<Stream, Failure> {
    play::stop_prompt(desk, leg, None).await?;
    if desk.ledger().music(leg, false) {
        ask(desk, Method::DELETE, leg, "/moh", &[]).await?;
    }
    let name = tap_of(leg);
    let bridge = format!("/bridges/{name}");
    let (made, engine, noted) = tokio::join!(
        desk.rest.post(&bridge, &[("type", "mixing")]),
        open(desk, &name, to),
        // From here on the dialplan ends the channel with the leg.
        set(desk, leg, TAP, &name),
    );
    match made {
        Ok(_) | Err(Failure::Refused { status: 409, .. }) => {}
        Err(failure) => return Err(failure),
    }
    let (engine, ()) = (engine?, noted?);
    meet(desk, &format!("{bridge}/addChannel"), &format!("{leg},{name}")).await?;
    Ok(Stream { engine, wire: WIRE })
}

/// Both into the bridge. The channel may still be on its way to us (422), or the leg back from elsewhere.
async fn meet(desk: &Desk, path: &str, both: &str) -> Result<(), Failure> {
    let deadline = Instant::now() + WAY;
    loop {
        match desk.rest.post(path, &[("channel", both)]).await {
            Err(failure) if is_on_its_way(&failure) && Instant::now() < deadline => sleep(SOON).await,
            answer => return answer.map(drop),
        }
    }
}

fn is_on_its_way(failure: &Failure) -> bool {
    failure.elsewhere() || matches!(failure, Failure::Refused { status: 422, .. })
}

/// Opens the channel; says where it sends from. One that a former stream has left makes room.
async fn open(desk: &Desk, name: &str, to: SocketAddr) -> Result<SocketAddr, Failure> {
    let to = to.to_string();
    let query = stream_to(name, &to);
    let deadline = Instant::now() + WAY;
    loop {
        match desk.rest.post("/channels/externalMedia", &query).await {
            // Its end takes a moment longer than the answer to the request for it.
            Err(Failure::Refused { status: 409, .. }) if Instant::now() < deadline => {
                close(desk, name).await?;
                sleep(STEP).await;
            }
            opened => break drop(opened?),
        }
    }
    let path = format!("/channels/{name}/variable");
    let asked = async |variable| {
        let query = [("variable", variable)];
        desk.rest.call(Method::GET, &path, &query, None).await
    };
    let (address, port): (Result<Value, _>, _) =
        tokio::join!(asked("UNICASTRTP_LOCAL_ADDRESS"), asked("UNICASTRTP_LOCAL_PORT"));
    value(&address?, &port?).ok_or_else(|| Failure::refused(500, "the stream has no address"))
}

async fn close(desk: &Desk, name: &str) -> Result<(), Failure> {
    desk.rest.delete(&format!("/channels/{name}"), &[]).await.map(drop).or_else(unless_gone)
}

/// Ends the stream, if there is one; the leg obeys again.
pub async fn untap(desk: &Desk, leg: &LegId) -> Result<(), Failure> {
    if desk.ledger().tap(leg, false) { dismantle(desk, leg).await } else { Ok(()) }
}

/// Removes a stream that nobody knows of.
pub async fn sweep(desk: &Desk, leg: &LegId) -> Result<(), Failure> {
    if desk.ledger().tapped(leg) { Ok(()) } else { dismantle(desk, leg).await }
}

async fn dismantle(desk: &Desk, leg: &LegId) -> Result<(), Failure> {
    let name = tap_of(leg);
    let path = format!("/bridges/{name}/removeChannel");
    // It may be gone, or not be in the bridge yet.
    match desk.rest.post(&path, &[("channel", leg.as_str())]).await {
        Ok(_) | Err(Failure::Refused { .. }) => {}
        Err(failure) => return Err(failure),
    }
    let (closed, removed, forgotten) =
        tokio::join!(close(desk, &name), remove(desk, &name), forget(desk, leg));
    closed.and(removed).and(forgotten)
}

async fn forget(desk: &Desk, leg: &LegId) -> Result<(), Failure> {
    let query = [("variable", TAP), ("value", "")];
    let path = format!("/channels/{leg}/variable");
    desk.rest.post(&path, &query).await.map(drop).or_else(unless_gone)
}
