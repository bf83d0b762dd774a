//! One suite of stories for every real engine: Asterisk, and FreeSWITCH where there is one.
//!
//! Every story runs the whole daemon with real SIP phones, proves by tones who hears whom, and ends with nothing
//! left at the engine.

mod support;

#[path = "support/recognizer.rs"]
mod recognizer;
#[path = "support/speech.rs"]
mod speech;

/// A test for each story on each engine. Where there is no FreeSWITCH, `make test` leaves its stories out and
/// says so in its last lines.
macro_rules! on_every_engine {
    ($($story:ident),* $(,)?) => {
        mod asterisk {
            $(#[tokio::test]
            async fn $story() {
                super::$story(crate::bench::Kind::Asterisk).await;
            })*
        }

        mod freeswitch {
            $(#[tokio::test]
            async fn $story() {
                super::$story(crate::bench::Kind::Freeswitch).await;
            })*
        }
    };
}

#[path = "engines/agents.rs"]
mod agents;
#[path = "engines/attending.rs"]
mod attending;
#[path = "engines/bench.rs"]
mod bench;
#[path = "engines/browser.rs"]
mod browser;
#[path = "engines/browsers.rs"]
mod browsers;
#[path = "engines/budget.rs"]
mod budget;
#[path = "engines/callbacks.rs"]
mod callbacks;
#[path = "engines/codecs.rs"]
mod codecs;
#[path = "engines/confirming.rs"]
mod confirming;
#[path = "engines/crowd.rs"]
mod crowd;
#[path = "engines/daemon.rs"]
mod daemon;
#[path = "engines/demo.rs"]
mod demo;
#[path = "engines/detecting.rs"]
mod detecting;
#[path = "engines/doctor.rs"]
mod doctor;
#[path = "engines/faults.rs"]
mod faults;
#[path = "engines/frames.rs"]
mod frames;
#[path = "engines/house.rs"]
mod house;
#[path = "engines/kills.rs"]
mod kills;
#[path = "engines/lanes.rs"]
mod lanes;
#[path = "engines/left.rs"]
mod left;
#[path = "engines/log.rs"]
mod log;
#[path = "engines/moments.rs"]
mod moments;
#[path = "engines/moods.rs"]
mod moods;
#[path = "engines/office.rs"]
mod office;
#[path = "engines/outages.rs"]
mod outages;
#[path = "engines/outside.rs"]
mod outside;
#[path = "engines/page.rs"]
mod page;
#[path = "engines/phones.rs"]
mod phones;
#[path = "engines/races.rs"]
mod races;
#[path = "engines/rooms.rs"]
mod rooms;
#[path = "engines/spoken.rs"]
mod spoken;
#[path = "engines/stands.rs"]
mod stands;
#[path = "engines/states.rs"]
mod states;
#[path = "engines/streams.rs"]
mod streams;
#[path = "engines/surveys.rs"]
mod surveys;
#[path = "engines/talk.rs"]
mod talk;
#[path = "engines/tapping.rs"]
mod tapping;
#[path = "engines/thrice.rs"]
mod thrice;
#[path = "engines/tiers.rs"]
mod tiers;
#[path = "engines/together.rs"]
mod together;
#[path = "engines/transfers.rs"]
mod transfers;
#[path = "engines/vanish.rs"]
mod vanish;
#[path = "engines/voice.rs"]
mod voice;
#[path = "engines/wide.rs"]
mod wide;
#[path = "engines/wire.rs"]
mod wire;
#[path = "engines/world.rs"]
mod world;
