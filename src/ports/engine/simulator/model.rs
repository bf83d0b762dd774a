//! What callers and phones do by themselves.

use std::time::Duration;

use crate::{
    base::{id::Name, number::Key},
    ports::engine::HangupCause,
};

/// A caller's habits.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Keys pressed so long after the answer.
    pub keys: Vec<(Duration, Key)>,
    /// Hangs up when nobody talks this long after the call began; `MAX`: never.
    pub patience: Duration,
    /// Hangs up after talking this long.
    pub talk: Duration,
}

/// What a phone does when it rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    After(Duration),
    Never,
    Busy,
    Reject,
    /// Ends at once with this cause.
    Fail(HangupCause),
}

/// A phone of the house.
#[derive(Clone, Debug)]
pub struct Phone {
    pub extension: Name,
    pub registered: bool,
    pub answer: Answer,
    /// Hangs up after talking this long.
    pub talk: Duration,
}

/// What is at the other end of a trunk.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    pub answer: Answer,
    /// Hangs up after talking this long.
    pub talk: Duration,
}

/// Somebody with a telephone outside.
#[derive(Clone, Debug)]
pub struct Outsider {
    pub line: Line,
    /// Keys pressed so long after the answer.
    pub keys: Vec<(Duration, Key)>,
}

/// What goes wrong, as probabilities between 0 and 1.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// An event never arrives.
    pub lose: f64,
    /// An event arrives twice.
    pub double: f64,
    /// An event arrives late, after others, by up to `lateness`.
    pub late: f64,
    pub lateness: Duration,
    /// An order is refused.
    pub refuse: f64,
    /// An order is carried out late, by up to `slowness`.
    pub slow: f64,
    pub slowness: Duration,
}
