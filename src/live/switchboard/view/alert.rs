//! Alerts that stand, and what becomes of them.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::base::{clock::Stamp, id::Name, text::Label};

/// A figure of a queue that has passed its limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AlertView {
    /// Of `alerts.yaml`.
    pub rule: Name,
    pub queue: Name,
    /// The figure: `waiting`, `longest_wait`, …
    #[schema(value_type = String)]
    pub figure: SmolStr,
    /// Callers or agents, milliseconds, or thousandths; as it was at the last look.
    pub value: u64,
    pub limit: u64,
    /// The limit is for what is too much, not too little.
    pub above: bool,
    /// All this in words.
    #[schema(value_type = String)]
    pub words: SmolStr,
    pub since: Stamp,
    pub acknowledged: Option<Acknowledged>,
    /// So many steps of its escalation have been taken.
    pub escalated: usize,
    /// Who has been told.
    pub told: Vec<Name>,
}

/// Somebody sees to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Acknowledged {
    pub by: Label,
    pub at: Stamp,
}

/// What became of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AlertTurn {
    Fired,
    Reminded,
    Escalated,
    Acknowledged,
    Cleared,
}

impl AlertTurn {
    pub fn word(self) -> &'static str {
        match self {
            Self::Fired => "fired",
            Self::Reminded => "reminded",
            Self::Escalated => "escalated",
            Self::Acknowledged => "acknowledged",
            Self::Cleared => "cleared",
        }
    }
}

/// What became of an alert, and who is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertNews {
    pub turn: AlertTurn,
    pub alert: AlertView,
    pub tell: Vec<Name>,
}
