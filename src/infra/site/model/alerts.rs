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
    /// The same since midnight.
    AverageWaitToday,
    SilentTalks,
    HeatedTalks,
    /// Calls of today of which it was not said in time what became of them.
    UndisposedToday,
    /// Of the callers who were answered, who called again.
    RepeatRate,
    /// The others.
    FirstContactResolution,
    /// Of those asked today how it was, who answered.
    SurveyAnswerRate,
    /// The mean answer, of the best one.
    SurveyScore,
    /// Answers of four fifths of the best one or more.
    SurveyGood,
}

/// What its numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Count,
    Millis,
    Permille,
}

impl Metric {
    pub const ALL: [(&str, Self); 17] = [
        ("waiting", Self::Waiting),
        ("longest_wait", Self::LongestWait),
        ("expected_wait", Self::ExpectedWait),
        ("agents_ready", Self::AgentsReady),
        ("service_level", Self::ServiceLevel),
        ("answer_rate", Self::AnswerRate),
        ("abandonment", Self::Abandonment),
        ("average_wait", Self::AverageWait),
        ("average_wait_today", Self::AverageWaitToday),
        ("silent_talks", Self::SilentTalks),
        ("heated_talks", Self::HeatedTalks),
        ("undisposed_today", Self::UndisposedToday),
        ("repeat_rate", Self::RepeatRate),
        ("first_contact_resolution", Self::FirstContactResolution),
        ("survey_answer_rate", Self::SurveyAnswerRate),
        ("survey_score", Self::SurveyScore),
        ("survey_good", Self::SurveyGood),
    ];

    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, metric)| *metric == self).map_or("", |(word, _)| word)
    }

    pub fn unit(self) -> Unit {
        match self {
            Self::Waiting
            | Self::AgentsReady
            | Self::SilentTalks
            | Self::HeatedTalks
            | Self::UndisposedToday => Unit::Count,
            Self::LongestWait | Self::ExpectedWait | Self::AverageWait | Self::AverageWaitToday => {
                Unit::Millis
            }
            Self::ServiceLevel
            | Self::AnswerRate
            | Self::Abandonment
            | Self::RepeatRate
            | Self::FirstContactResolution
            | Self::SurveyAnswerRate
            | Self::SurveyScore
            | Self::SurveyGood => Unit::Permille,
        }
    }

    /// It is of callers who called again, or did not, within so many days.
    pub fn is_of_repeats(self) -> bool {
        matches!(self, Self::RepeatRate | Self::FirstContactResolution)
    }

    /// It is of callers alone: messages neither hang up nor come again.
    pub fn is_of_calls(self) -> bool {
        self.is_of_repeats() || matches!(self, Self::Abandonment)
    }

    /// It is of callers who were asked how it was.
    pub fn is_of_surveys(self) -> bool {
        matches!(self, Self::SurveyAnswerRate | Self::SurveyScore | Self::SurveyGood)
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
    /// Fewer whom the figure is of tell nothing.
    pub least: u64,
    /// So many days later whoever calls counts as having called again.
    #[serde(default = "week")]
    pub within_days: u16,
    pub tell: Vec<Name>,
    /// In the order of their times.
    pub escalate: Vec<Escalation>,
    pub remind: Option<Duration>,
}

fn week() -> u16 {
    AlertRule::WEEK
}

impl AlertRule {
    /// `within_days` unless told.
    pub const WEEK: u16 = 7;
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
