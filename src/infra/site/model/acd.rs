//! Who may be offered whom: skills, what a queue needs of agents, and how it asks for less the longer somebody waits.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::{Class, Prompt, SmolStr};
use crate::base::{
    id::Name,
    locale::Locale,
    mood::MoodLimits,
    number::{Key, Number},
};

/// What waits in a queue for its agents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Takes {
    #[default]
    Calls,
    /// Mails, chats, tickets: whoever brings them knows what they say.
    Messages,
}

impl Takes {
    pub fn word(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Messages => "messages",
        }
    }
}

/// How much an agent does at once: what is held weighs no more than `of`. There is never more than one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    pub of: u8,
    /// What a call weighs, from its offer to the end of its wrap-up; 0: messages are never in its way, nor it in theirs.
    pub call: u8,
    /// What a message weighs.
    pub message: u8,
}

impl Default for Capacity {
    /// One thing at a time.
    fn default() -> Self {
        Self { of: 1, call: 1, message: 1 }
    }
}

impl Capacity {
    /// Whether one more fits beside what is held.
    pub fn has_room(self, calls: usize, messages: usize, takes: Takes) -> bool {
        let more = match takes {
            Takes::Calls => self.call,
            Takes::Messages => self.message,
        };
        more == 0 || self.load(calls, messages) + usize::from(more) <= usize::from(self.of)
    }

    /// What is held weighs so much.
    pub fn load(self, calls: usize, messages: usize) -> usize {
        calls * usize::from(self.call) + messages * usize::from(self.message)
    }
}

/// Skills with their levels, 1 to 10. In what a queue needs, 0 takes a need back.
pub type Skills = BTreeMap<Name, u8>;

/// In which order the agents who meet a queue's needs are offered its callers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Who has been idle longest.
    #[default]
    LongestIdle,
    /// Who has talked least today.
    LeastTalk,
    /// Who was offered a call longest ago.
    RoundRobin,
    /// Who has most of the needed and preferred skills; among equals who has been idle longest.
    BestSkill,
    /// Who stands first in `people.yaml`.
    Sequential,
    /// All at once; whoever answers first has the caller.
    RingAll,
    /// Who has fewest messages in hand; among equals who has had nothing to do longest.
    LeastBusy,
}

impl Strategy {
    pub const ALL: [(&str, Self); 7] = [
        ("longest_idle", Self::LongestIdle),
        ("least_talk", Self::LeastTalk),
        ("round_robin", Self::RoundRobin),
        ("best_skill", Self::BestSkill),
        ("sequential", Self::Sequential),
        ("ring_all", Self::RingAll),
        ("least_busy", Self::LeastBusy),
    ];

    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, strategy)| *strategy == self).map_or("", |(word, _)| word)
    }
}

/// From `after` waited on, the queue needs these levels instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relaxation {
    pub after: Duration,
    pub needs: Skills,
}

/// Where callers of a queue go instead of waiting, or of waiting on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overflow {
    pub when: Full,
    pub to: Beyond,
}

/// When a queue is too much for a caller. Only `Waited` moves somebody who waits already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Full {
    /// Has waited in this queue.
    Waited(Duration),
    /// So many wait already.
    Length(u16),
    /// Would probably wait longer.
    Expected(Duration),
    /// None of its agents is logged in.
    Nobody,
    /// Outside of these hours.
    Closed(Name),
}

/// Where to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Beyond {
    /// With the same place.
    Queue(Name),
    Flow(Name),
    Extension(Number),
}

/// How far less is needed of an agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Relaxed {
    /// So many of the queue's steps are behind the caller.
    pub steps: usize,
    /// The queue is expanded.
    pub expanded: bool,
}

/// When many wait, more agents take a queue's callers: those for whom it is a `reserve`, and those with less skill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expansion {
    /// From more than so many waiting on,
    pub above: u16,
    /// until fewer than so many wait.
    pub below: u16,
    /// These levels are needed instead.
    #[serde(default)]
    pub needs: Skills,
}

/// Whoever presses `key` while waiting is called back when their turn has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    pub key: Key,
    /// So often they are called before it is given up,
    pub tries: u16,
    /// after so long each.
    pub again: Duration,
    /// How far away whoever is called back may be.
    pub class: Class,
    /// So many are promised at once, at most.
    pub most: u16,
    /// So often callers hear of it, unless they hear their place.
    pub tell: Duration,
}

/// Whoever has talked with an agent of the queue, and stays on the line, is asked how it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// The flow that asks.
    pub flow: Name,
    /// So many of a hundred calls.
    pub share: u8,
    /// Who has talked for less is not asked.
    pub least: Duration,
}

/// What agents say of a call when it is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispositions {
    /// With what each is called.
    pub codes: BTreeMap<Name, Prompt>,
    /// An agent wraps up until one is given,
    pub required: bool,
    /// and for so long at most.
    pub within: Duration,
}

impl Dispositions {
    pub fn labels(&self) -> BTreeMap<Name, BTreeMap<Locale, SmolStr>> {
        self.codes.iter().map(|(code, Prompt(label))| (code.clone(), label.clone())).collect()
    }
}

/// A skill that is not as it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lack<'a> {
    pub skill: &'a Name,
    /// 0: none at all.
    pub has: u8,
    pub needs: u8,
}

/// How many of a hundred callers are to be answered how soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceLevel {
    pub percent: u8,
    pub within: Duration,
    /// Who hangs up sooner does not count at all.
    pub short: Duration,
}

impl Default for ServiceLevel {
    fn default() -> Self {
        Self { percent: 80, within: Duration::from_secs(20), short: Duration::ZERO }
    }
}

/// A queue and whom it takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    #[serde(default)]
    pub takes: Takes,
    /// How long one agent's phone rings, or a message is offered to one.
    pub ring: Duration,
    /// An agent who did not answer is left alone this long.
    pub rest: Duration,
    /// After this time the caller leaves by the step's `otherwise`.
    pub max_wait: Duration,
    /// Spoken once before the music.
    pub greeting: Option<Prompt>,
    #[serde(default)]
    pub needs: Skills,
    /// Agents with all of these come before the others.
    #[serde(default)]
    pub prefers: Skills,
    /// In the order of their time.
    #[serde(default)]
    pub relax: Vec<Relaxation>,
    #[serde(default)]
    pub strategy: Strategy,
    /// Callers of this queue count as having waited so much longer, against those of other queues.
    #[serde(default)]
    pub head_start: Duration,
    /// The first that is true counts.
    #[serde(default)]
    pub overflow: Vec<Overflow>,
    #[serde(default)]
    pub expand: Option<Expansion>,
    /// So often callers hear how many wait before them, and how long that will take.
    #[serde(default)]
    pub announce: Option<Duration>,
    #[serde(default)]
    pub service_level: ServiceLevel,
    pub callback: Option<Callback>,
    #[serde(default)]
    pub survey: Option<Survey>,
    #[serde(default)]
    pub dispositions: Option<Dispositions>,
    /// What is to be told of its talks while they last.
    #[serde(default)]
    pub mood: Option<MoodLimits>,
}

impl Queue {
    /// A queue of which nothing else is said.
    pub fn new(ring: Duration, rest: Duration, max_wait: Duration) -> Self {
        Self {
            takes: Takes::Calls,
            ring,
            rest,
            max_wait,
            greeting: None,
            needs: Skills::new(),
            prefers: Skills::new(),
            relax: Vec::new(),
            strategy: Strategy::default(),
            head_start: Duration::ZERO,
            overflow: Vec::new(),
            expand: None,
            announce: None,
            service_level: ServiceLevel::default(),
            callback: None,
            survey: None,
            dispositions: None,
            mood: None,
        }
    }

    /// What it needs of an agent.
    pub fn needs(&self, relaxed: Relaxed) -> impl Iterator<Item = (&Name, u8)> {
        let steps = &self.relax[..relaxed.steps.min(self.relax.len())];
        let expansion = self.expand.as_ref().filter(|_| relaxed.expanded);
        self.needs.iter().filter_map(move |(skill, level)| {
            let level = steps.iter().rev().find_map(|step| step.needs.get(skill)).unwrap_or(level);
            let level =
                expansion.and_then(|less| less.needs.get(skill)).map_or(*level, |less| *less.min(level));
            (level > 0).then_some((skill, level))
        })
    }

    /// The needs that `skills` do not meet.
    pub fn lacks(&self, skills: &Skills, relaxed: Relaxed) -> impl Iterator<Item = Lack<'_>> {
        self.needs(relaxed).filter_map(move |(skill, needs)| {
            let has = skills.get(skill).copied().unwrap_or(0);
            (has < needs).then_some(Lack { skill, has, needs })
        })
    }

    pub fn is_met(&self, skills: &Skills, relaxed: Relaxed) -> bool {
        self.lacks(skills, relaxed).next().is_none()
    }

    /// Whether an agent comes before others.
    pub fn prefers(&self, skills: &Skills) -> bool {
        self.prefers.iter().all(|(skill, level)| skills.get(skill).is_some_and(|has| has >= level))
    }

    /// The least number of steps after which `skills` meet what is needed.
    pub fn met_after(&self, skills: &Skills, expanded: bool) -> Option<usize> {
        (0..=self.relax.len()).find(|steps| self.is_met(skills, Relaxed { steps: *steps, expanded }))
    }

    /// How much an agent has of the skills that are needed or preferred, in levels.
    pub fn score(&self, skills: &Skills) -> u32 {
        let wanted = self.needs.keys().chain(self.prefers.keys().filter(|s| !self.needs.contains_key(*s)));
        wanted.filter_map(|skill| skills.get(skill)).map(|level| u32::from(*level)).sum()
    }
}

/// `vip 5, english 3`
pub fn skill_words<'a>(skills: impl IntoIterator<Item = (&'a Name, u8)>) -> SmolStr {
    let told: Vec<_> = skills.into_iter().map(|(skill, level)| format!("{skill} {level}")).collect();
    told.join(", ").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skills(list: &[(&str, u8)]) -> Skills {
        list.iter().map(|(name, level)| (Name::new(*name).expect("a name"), *level)).collect()
    }

    fn steps(steps: usize) -> Relaxed {
        Relaxed { steps, expanded: false }
    }

    #[test]
    fn what_is_needed_becomes_less_step_by_step() {
        let second = Duration::from_secs(1);
        let mut queue = Queue::new(20 * second, 30 * second, 300 * second);
        queue.needs = skills(&[("vip", 5), ("english", 3)]);
        queue.relax = vec![
            Relaxation { after: 10 * second, needs: skills(&[("vip", 3)]) },
            Relaxation { after: 20 * second, needs: skills(&[("english", 0)]) },
        ];
        let told: Vec<_> = (0..=3).map(|step| skill_words(queue.needs(steps(step)))).collect();
        assert_eq!(told, ["english 3, vip 5", "english 3, vip 3", "vip 3", "vip 3"]);
        let senior = skills(&[("vip", 4), ("english", 9)]);
        let lack = queue.lacks(&senior, steps(0)).next().expect("vip is too low");
        assert_eq!((lack.skill.as_str(), lack.has, lack.needs), ("vip", 4, 5));
        assert_eq!(queue.met_after(&senior, false), Some(1));
        assert_eq!(queue.met_after(&skills(&[("vip", 3)]), false), Some(2));
        assert_eq!(queue.met_after(&skills(&[("english", 10)]), false), None);
        assert_eq!(queue.score(&senior), 13);
    }

    #[test]
    fn whoever_has_all_that_is_preferred_comes_first() {
        let second = Duration::from_secs(1);
        let mut queue = Queue::new(second, second, second);
        assert!(queue.prefers(&Skills::new()), "nothing is preferred");
        queue.prefers = skills(&[("wine", 4)]);
        assert!(queue.prefers(&skills(&[("wine", 4)])));
        assert!(!queue.prefers(&skills(&[("wine", 3), ("beer", 10)])));
    }
}
