//! The Asterisk adapter and its dialplan on a real Asterisk with real SIP phones, all on loopback.

mod support;

#[path = "asterisk/rig.rs"]
mod rig;

#[path = "asterisk/orders.rs"]
mod orders;
