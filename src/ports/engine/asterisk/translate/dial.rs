//! Whom to dial, as Asterisk writes it.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{ALONE, CALLER, DIALLED, SPAN, TRUNK};
use crate::{
    base::{id::LegId, number::Number, text::Label},
    ports::engine::Endpoint,
};

/// For whom a leg is dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For<'a> {
    /// Whoever gets back when it ends.
    Caller(&'a LegId),
    /// Nobody: it ends by itself when it is left alone for so long.
    Nobody(Duration),
}

/// Asterisk's name of whom to dial.
pub fn endpoint(endpoint: &Endpoint) -> String {
    match endpoint {
        Endpoint::Phone(phone) | Endpoint::Intercom(phone) => format!("PJSIP/{phone}"),
        Endpoint::Trunk { trunk, number } => format!("PJSIP/{number}@{TRUNK}{trunk}"),
    }
}

/// The caller shown to the dialled phone.
pub fn caller_id(number: &Number, name: &Label) -> String {
    let name: String = name.as_str().chars().filter(|c| !matches!(c, '"' | '\\' | '<' | '>')).collect();
    format!("\"{name}\" <{number}>")
}

/// The body of an originate: whose call this is, what happens at its end, and what its phone is asked for.
pub fn variables(to: &Endpoint, whose: For) -> Value {
    let mut variables = Map::new();
    let mut set = |name: &str, value: &str| variables.insert(name.to_owned(), value.into());
    set(DIALLED, "1");
    set("CHANNEL(hangup_handler_push)", "tandem-left,s,1");
    match whose {
        For::Caller(caller) => set(CALLER, caller.as_str()),
        For::Nobody(lease) => {
            set(ALONE, "1");
            set(SPAN, &format!("{:.3}", lease.as_secs_f64()))
        }
    };
    if !matches!(to, Endpoint::Trunk { .. }) {
        // What it does when its user transfers is ours to decide.
        set("PJSIP_TRANSFER_HANDLING()", "ari-only");
    }
    if matches!(to, Endpoint::Intercom(_)) {
        set("PJSIP_HEADER(add,Call-Info)", "<sip:127.0.0.1>;answer-after=0");
        set("PJSIP_HEADER(add,Alert-Info)", "<http://127.0.0.1>;info=alert-autoanswer;delay=0");
    }
    json!({ "variables": variables })
}
