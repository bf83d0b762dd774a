//! The switchboard against the simulated engine, in virtual time; where callers speak, in real time.

#[path = "switchboard/alerting.rs"]
mod alerting;
#[path = "switchboard/announcing.rs"]
mod announcing;
#[path = "switchboard/asked.rs"]
mod asked;
#[path = "switchboard/attending.rs"]
mod attending;
#[path = "switchboard/audited.rs"]
mod audited;
#[path = "switchboard/callbacks.rs"]
mod callbacks;
#[path = "switchboard/confirming.rs"]
mod confirming;
#[path = "switchboard/cores.rs"]
mod cores;
#[path = "switchboard/days.rs"]
mod days;
#[path = "switchboard/deeds.rs"]
mod deeds;
#[path = "switchboard/dispositions.rs"]
mod dispositions;
#[path = "switchboard/expansion.rs"]
mod expansion;
#[path = "switchboard/explore.rs"]
mod explore;
#[path = "switchboard/hidden.rs"]
mod hidden;
#[path = "switchboard/holding.rs"]
mod holding;
#[path = "switchboard/house_days.rs"]
mod house_days;
#[path = "switchboard/house_moments.rs"]
mod house_moments;
#[path = "switchboard/in_hand.rs"]
mod in_hand;
#[path = "switchboard/kills.rs"]
mod kills;
#[path = "switchboard/mended.rs"]
mod mended;
#[path = "switchboard/model.rs"]
mod model;
#[path = "switchboard/moments.rs"]
mod moments;
#[path = "switchboard/moods.rs"]
mod moods;
#[path = "switchboard/pains.rs"]
mod pains;
#[path = "switchboard/policies.rs"]
mod policies;
#[allow(dead_code)]
#[path = "support/recognizer.rs"]
mod recognizer;
#[path = "switchboard/replay.rs"]
mod replay;
#[path = "switchboard/rig.rs"]
mod rig;
#[path = "switchboard/rooms.rs"]
mod rooms;
#[path = "switchboard/rules.rs"]
mod rules;
#[path = "switchboard/service.rs"]
mod service;
#[path = "switchboard/sites.rs"]
mod sites;
#[path = "switchboard/skills.rs"]
mod skills;
#[path = "support/speech.rs"]
mod speech;
#[path = "switchboard/spoken.rs"]
mod spoken;
#[path = "switchboard/supervision.rs"]
mod supervision;
#[path = "switchboard/surveys.rs"]
mod surveys;
#[path = "switchboard/talks.rs"]
mod talks;
#[path = "switchboard/telephony.rs"]
mod telephony;
#[path = "switchboard/together.rs"]
mod together;
#[path = "switchboard/town.rs"]
mod town;
#[path = "switchboard/transfers.rs"]
mod transfers;
#[path = "switchboard/vanish.rs"]
mod vanish;
#[path = "switchboard/watch.rs"]
mod watch;
#[path = "switchboard/without.rs"]
mod without;
