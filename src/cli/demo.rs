//! `tandem demo`: the main job on this machine, with one command: a site, an engine, phones, and calls.

mod place;
mod story;

use std::{net::SocketAddr, time::Duration};

use super::{Common, Exit, Fault, context::Context};
use place::Place;
use story::Story;

/// Show everything at work on this machine: calls, menu, queues, agents
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The engine: simulated, or a real one on loopback with real SIP phones
    #[arg(long, value_enum, default_value_t = Engine::Simulator)]
    pub(super) engine: Engine,
    /// End by itself after so many calls (exit code 1 when one was lost)
    #[arg(long, value_name = "N")]
    calls: Option<usize>,
    /// Seconds between two calls
    #[arg(long, value_name = "SECONDS", default_value_t = 6, value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Engine {
    /// Everything in memory, at once, without network
    Simulator,
    /// A real Asterisk, unpacked from Debian's packages at the first time
    Asterisk,
    /// The FreeSWITCH of this machine: in PATH, or named by the environment
    Freeswitch,
}

pub(super) async fn run(common: Common, args: Args) -> Result<Exit, Fault> {
    let mut place = Place::build(args.engine, common.json)?;
    let cx = Context::new(Common { socket: Some(place.socket()), ..common })?;
    let opened = place.open(&cx).await;
    let end = match opened {
        Ok(()) => {
            let callers = place.callers();
            let story =
                Story::new(&cx, callers, place.outside(), Duration::from_secs(args.every), args.calls);
            tokio::select! {
                end = story.tell() => end,
                () = interrupted() => Ok(Exit::Done),
            }
        }
        Err(fault) => Err(fault),
    };
    place.close().await;
    end
}

/// Ctrl-C, or whatever else ends programs kindly.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut stop), Ok(mut hangup)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = stop.recv() => {}
        _ = hangup.recv() => {}
    }
}

type Sip = Option<SocketAddr>;
