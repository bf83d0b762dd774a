//! The Asterisk adapter and its dialplan on a real Asterisk with real SIP phones, all on loopback.

mod support;

#[path = "asterisk/rig.rs"]
mod rig;

#[path = "asterisk/orders.rs"]
mod orders;

#[path = "asterisk/dial.rs"]
mod dial;

#[path = "asterisk/rooms.rs"]
mod rooms;

#[path = "asterisk/refer.rs"]
mod refer;

#[path = "asterisk/record.rs"]
mod record;

#[path = "asterisk/trunk.rs"]
mod trunk;

#[path = "asterisk/codecs.rs"]
mod codecs;

#[path = "asterisk/failures.rs"]
mod failures;

#[path = "asterisk/lease.rs"]
mod lease;

#[path = "asterisk/race.rs"]
mod race;

#[path = "asterisk/cable.rs"]
mod cable;

#[path = "asterisk/link.rs"]
mod link;

#[path = "asterisk/stream.rs"]
mod stream;
