//! What phones may dial beside numbers and extensions: the outside, short codes, groups, rooms and feature codes.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    super::{pattern::Pattern, pin::PinHash},
    Prompt,
};
use crate::base::{id::Name, number::Number};

/// `dialing.yaml`. Without it phones dial numbers of the house and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialing {
    pub outside: Option<Outside>,
    /// Each stands for a number outside (with its prefix, or with `+`) or one of the house.
    pub short_codes: BTreeMap<Number, Number>,
    pub groups: BTreeMap<Number, Group>,
    pub conferences: BTreeMap<Number, Conference>,
    pub parking: Option<Parking>,
    pub codes: Codes,
}

/// The way out. What a pattern matches is what is dialled behind the prefix; a pattern that begins with `+` matches
/// numbers that do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outside {
    /// Dialled before an outside number; may be empty.
    pub prefix: SmolStr,
    pub local: Vec<Pattern>,
    pub national: Vec<Pattern>,
    pub international: Vec<Pattern>,
    /// Nobody calls these.
    pub blocked: Vec<Pattern>,
    /// Every phone calls these, with or without the prefix.
    pub emergency: Vec<Number>,
    /// Tried in this order.
    pub trunks: Vec<Name>,
    /// Shown to those who are called; without it the carrier's own.
    pub caller: Option<Number>,
}

/// How far a phone may call. Each includes those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    #[default]
    Internal,
    Local,
    National,
    International,
}

impl Class {
    pub const ALL: [Self; 4] = [Self::Internal, Self::Local, Self::National, Self::International];

    pub fn word(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Local => "local",
            Self::National => "national",
            Self::International => "international",
        }
    }
}

/// Several phones under one number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub name: SmolStr,
    /// Extensions.
    pub members: Vec<Number>,
    /// How long all ring together, or each in turn.
    pub ring: Duration,
    pub order: RingOrder,
    /// Dialled when nobody answers.
    pub otherwise: Option<Number>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RingOrder {
    #[default]
    Together,
    InTurn,
}

/// A room for several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conference {
    pub name: SmolStr,
    /// Absolute path of the file with the PIN; without it whoever gets there is let in.
    pub pin_file: Option<PathBuf>,
    /// Known once the daemon has read the file.
    #[serde(default)]
    pub pin: Option<PinHash>,
    /// How many fit in.
    pub most: u16,
    pub record: bool,
}

/// Where calls are left for somebody else to take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parking {
    pub slots: Vec<Number>,
    /// Then whoever parked the call is rung.
    pub back_after: Duration,
}

/// What a phone dials to have something done; what follows it is an extension or a number. None is the beginning of
/// another one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Codes {
    pub pickup: Option<Number>,
    pub forward_always: Option<Number>,
    pub forward_busy: Option<Number>,
    pub forward_no_answer: Option<Number>,
    pub forward_off: Option<Number>,
    pub quiet_on: Option<Number>,
    pub quiet_off: Option<Number>,
    pub intercom: Option<Number>,
    /// Alone: hear one's messages. With an extension behind it: leave it one.
    pub voicemail: Option<Number>,
}

/// Where an extension's calls go when it does not take them; the phone may change it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forward {
    pub always: Option<Number>,
    pub busy: Option<Number>,
    pub no_answer: Option<Number>,
    /// How long it rings before `no_answer`.
    pub ring: Option<Duration>,
}

/// Where callers leave messages for an extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    /// Absolute path of the file with the PIN; mode 0600.
    pub pin_file: PathBuf,
    /// Known once the daemon has read the file.
    #[serde(default)]
    pub pin: Option<PinHash>,
    pub greeting: Option<Prompt>,
    /// How many messages fit in.
    pub most: u16,
    /// How long one may be.
    pub limit: Duration,
}
