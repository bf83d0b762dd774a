//! What callers answered on a day who were asked how it was, by queue and by agent.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    base::id::Name,
    live::switchboard::view::{Rated, RatedView},
};

/// One day of the site's time zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SurveyReport {
    #[schema(value_type = String)]
    pub day: Date,
    #[serde(flatten)]
    pub all: RatedView,
    pub queues: Vec<QueueRated>,
    pub agents: Vec<AgentRated>,
}

/// Of those whom an agent had taken from this queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct QueueRated {
    pub queue: Name,
    #[serde(flatten)]
    pub rated: RatedView,
}

/// Of those with whom this agent talked last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AgentRated {
    pub agent: Name,
    #[serde(flatten)]
    pub rated: RatedView,
}

/// Answers that have queue and agent in common.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    pub queue: Name,
    pub agent: Option<Name>,
    pub rated: Rated,
}

impl SurveyReport {
    pub(super) fn of(day: Date, all: Vec<Answers>) -> Self {
        let (mut sum, mut queues, mut agents) =
            (Rated::default(), BTreeMap::<Name, Rated>::new(), BTreeMap::<Name, Rated>::new());
        for Answers { queue, agent, rated } in all {
            sum += rated;
            *queues.entry(queue).or_default() += rated;
            if let Some(agent) = agent {
                *agents.entry(agent).or_default() += rated;
            }
        }
        let queue = |(queue, rated): (Name, Rated)| QueueRated { queue, rated: rated.into() };
        let agent = |(agent, rated): (Name, Rated)| AgentRated { agent, rated: rated.into() };
        Self {
            day,
            all: sum.into(),
            queues: queues.into_iter().map(queue).collect(),
            agents: agents.into_iter().map(agent).collect(),
        }
    }
}
