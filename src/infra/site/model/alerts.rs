//! Alerts: what is watched, from when on it is too much, and who is told.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use super::SmolStr;
use crate::base::id::Name;

/// `alerts.yaml`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Alerting {
    pub targets: BTreeMap<Name, AlertTarget>,
    pub rules: BTreeMap<Name, AlertRule>,
}

/// A figure of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    Waiting,
    LongestWait,
    ExpectedWait,
    AgentsReady,
    ServiceLevel,
    AnswerRate,
    Abandonment,
    AverageWait,
    SilentTalks,
    HeatedTalks,
}

/// What its numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Count,
    Millis,
    Permille,
}

impl Metric {
    pub const ALL: [(&str, Self); 10] = [
        ("waiting", Self::Waiting),
        ("longest_wait", Self::LongestWait),
        ("expected_wait", Self::ExpectedWait),
        ("agents_ready", Self::AgentsReady),
        ("service_level", Self::ServiceLevel),
        ("answer_rate", Self::AnswerRate),
        ("abandonment", Self::Abandonment),
        ("average_wait", Self::AverageWait),
        ("silent_talks", Self::SilentTalks),
        ("heated_talks", Self::HeatedTalks),
    ];

    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, metric)| *metric == self).map_or("", |(word, _)| word)
    }

    pub fn unit(self) -> Unit {
        match self {
            Self::Waiting | Self::AgentsReady | Self::SilentTalks | Self::HeatedTalks => Unit::Count,
            Self::LongestWait | Self::ExpectedWait | Self::AverageWait => Unit::Millis,
            Self::ServiceLevel | Self::AnswerRate | Self::Abandonment => Unit::Permille,
        }
    }

    /// It is of those whose wait ended in the last 15 minutes.
    pub fn is_of_ended_waits(self) -> bool {
        matches!(self, Self::ServiceLevel | Self::AnswerRate | Self::Abandonment | Self::AverageWait)
    }
}

/// From when on a figure is an alert, and from when on no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Too much, not too little.
    pub above: bool,
    pub limit: u64,
    pub clear: u64,
}

impl Limit {
    pub fn is_passed(self, value: u64) -> bool {
        if self.above { value > self.limit } else { value < self.limit }
    }

    pub fn is_clear(self, value: u64) -> bool {
        if self.above { value <= self.clear } else { value >= self.clear }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRule {
    pub metric: Metric,
    pub limit: Limit,
    /// Each by itself; none are said: all of the house.
    pub queues: Vec<Name>,
    /// Only in these hours.
    pub open: Option<Name>,
    /// So long it must be passed.
    pub lasts: Duration,
    /// Fewer ended waits tell nothing.
    pub least: u64,
    pub tell: Vec<Name>,
    /// In the order of their times.
    pub escalate: Vec<Escalation>,
    pub remind: Option<Duration>,
}

/// Who is told besides when nobody has acknowledged an alert for so long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    pub after: Duration,
    pub tell: Vec<Name>,
}

/// Who is told, and how. Secrets are absolute paths of their files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertTarget {
    /// `secret_file` has the robot's key.
    Wecom { url: SmolStr, secret_file: PathBuf },
    /// `secret_file` has the robot's access token, `sign_file` the secret that it is signed with.
    Dingtalk { url: SmolStr, secret_file: PathBuf, sign_file: Option<PathBuf> },
    /// `secret_file` has what follows `/services/` in the webhook's address.
    Slack { url: SmolStr, secret_file: PathBuf },
    /// `secret_file` has a bearer token.
    Json { url: SmolStr, secret_file: Option<PathBuf> },
    /// By a mail server on this machine.
    Mail { to: Vec<SmolStr>, from: SmolStr, server: SocketAddr },
}
