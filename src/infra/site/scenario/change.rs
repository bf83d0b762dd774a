//! What if: changes to a scenario, a line of text each.

use std::{path::Path, time::Duration};

use jiff::civil::Time;

use super::{Curve, Scenario, usual};
use crate::{
    base::id::Name,
    infra::site::{
        self, Expansion, Queue, Rule, Site, Strategy,
        decode::{parse_duration, shorten, suggest},
        hours,
    },
};

/// What a change may say; shown to whoever wrote another.
const FORMS: &str = "`agents QUEUE -2 10:00-12:00`, `queue QUEUE strategy|head_start|max_wait|ring|rest|expand VALUE`, \
                     `queue QUEUE needs|prefers|relax|expand|overflow|callback|head_start off`, \
                     `rule POLICY RULE head_start|queue|first VALUE` or `site DIR`";

/// A scenario that is a little different from another one.
#[derive(Clone, Debug, PartialEq)]
pub struct WhatIf {
    /// As it was written, or as it was called.
    pub name: String,
    pub changes: Vec<Change>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// More or fewer agents of a queue; of the only one, if none is named.
    Agents {
        queue: Option<Name>,
        by: i32,
        from: Time,
        until: Time,
    },
    Queue {
        queue: Name,
        setting: Setting,
    },
    Rule {
        policy: Name,
        rule: Name,
        setting: RuleSetting,
    },
    /// Everything as another site has it.
    Site(Box<Site>),
}

/// A setting of a queue, as `queues.yaml` has it.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    Ring(Duration),
    Rest(Duration),
    MaxWait(Duration),
    HeadStart(Duration),
    Strategy(Strategy),
    Expand(Option<u16>),
    NoNeeds,
    NoPrefers,
    NoRelax,
    NoOverflow,
    NoCallback,
}

/// A setting of a rule, as `routing.yaml` has it.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleSetting {
    HeadStart(Duration),
    Queue(Name),
    NoFirst,
}

impl WhatIf {
    /// Changes with `;` between them. A relative `site DIR` is below `base`.
    pub fn parse(text: &str, base: &Path) -> Result<Self, String> {
        let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
        let changes: Vec<Change> = parts.map(|part| Change::parse(part, base)).collect::<Result<_, _>>()?;
        if changes.is_empty() {
            return Err(format!("nothing is changed; write {FORMS}"));
        }
        Ok(Self { name: text.trim().to_owned(), changes })
    }
}

impl Change {
    fn parse(text: &str, base: &Path) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let name = |word: &str| Name::new(word).map_err(|_| format!("`{}` is no name", shorten(word)));
        match words.as_slice() {
            ["agents", rest @ ..] => agents(rest),
            ["queue", queue, key, value] => {
                Ok(Self::Queue { queue: name(queue)?, setting: Setting::parse(key, value)? })
            }
            ["rule", policy, rule, key, value] => {
                let setting = RuleSetting::parse(key, value)?;
                Ok(Self::Rule { policy: name(policy)?, rule: name(rule)?, setting })
            }
            ["site", dir] => {
                let found = site::load(&base.join(dir)).map_err(|problems| {
                    format!("the site {dir} has {} errors; `tandem check` tells them", problems.errors())
                });
                Ok(Self::Site(Box::new(found?)))
            }
            _ => Err(format!("`{}` is no change; write {FORMS}", shorten(text))),
        }
    }

    /// The scenario with this change; why it cannot be made, if it cannot.
    pub(super) fn apply(&self, scenario: &mut Scenario) -> Result<(), String> {
        match self {
            Self::Agents { queue, by, from, until } => {
                let queue = scenario.one_queue(queue.as_ref())?;
                let curve = scenario.roster(&queue);
                scenario.agents.insert(queue, curve.shifted(*by, *from, *until));
            }
            Self::Queue { queue, setting } => {
                let queue = scenario.one_queue(Some(queue))?;
                let rules = match &mut scenario.site {
                    Some(site) => site.queues.entry(queue).or_insert_with(usual),
                    None => scenario.queues.entry(queue).or_insert_with(usual),
                };
                setting.apply(rules);
            }
            Self::Rule { policy, rule, setting } => {
                let site = scenario.site.as_mut();
                let rules = site.and_then(|site| site.routing.get_mut(policy)).into_iter().flatten();
                let Some(rule) = rules.into_iter().find(|known| known.name == *rule) else {
                    return Err(format!("there is no rule {rule} in a policy {policy}; see routing.yaml"));
                };
                setting.apply(rule);
            }
            Self::Site(site) => scenario.site = Some(site.clone()),
        }
        Ok(())
    }
}

/// `QUEUE -2 10:00-12:00`, without the first or the last if need be.
fn agents(words: &[&str]) -> Result<Change, String> {
    let told = || format!("`agents {}` says not how many more or fewer; write {FORMS}", words.join(" "));
    let number = |word: &&str| word.starts_with(['+', '-']).then(|| word.parse::<i32>().ok()).flatten();
    let (queue, by, times) = match words {
        [by] => (None, by, None),
        [by, times] if number(by).is_some() => (None, by, Some(times)),
        [queue, by] => (Some(queue), by, None),
        [queue, by, times] => (Some(queue), by, Some(times)),
        _ => return Err(told()),
    };
    let by = number(by).filter(|by| by.abs() <= 60_000).ok_or_else(told)?;
    let (from, until) = match times {
        None => (Time::MIN, Time::MIN),
        Some(times) => {
            let clock = |text: &str| match text {
                "24" | "24:00" => Some(Time::MIN),
                _ if text.contains(':') => hours::time(text),
                _ => hours::time(&format!("{text}:00")),
            };
            let span = times.split_once('-').and_then(|(from, to)| Some((clock(from)?, clock(to)?)));
            span.ok_or_else(|| format!("`{}` is no span of the day; write 10:00-12:00", shorten(times)))?
        }
    };
    let queue = queue.map(Name::new).transpose().map_err(|_| told())?;
    Ok(Change::Agents { queue, by, from, until })
}

impl Setting {
    fn parse(key: &str, value: &str) -> Result<Self, String> {
        let span = || span(key, value);
        Ok(match (key, value) {
            ("needs", "off") => Self::NoNeeds,
            ("prefers", "off") => Self::NoPrefers,
            ("relax", "off") => Self::NoRelax,
            ("overflow", "off") => Self::NoOverflow,
            ("callback", "off") => Self::NoCallback,
            ("expand", "off") => Self::Expand(None),
            ("head_start", "off") => Self::HeadStart(Duration::ZERO),
            ("expand", above) => {
                let above = above.parse().ok().filter(|above| (1..=10_000).contains(above));
                Self::Expand(Some(above.ok_or("`expand` is `off`, or a number of callers from 1 to 10000")?))
            }
            ("ring", _) => Self::Ring(span()?),
            ("rest", _) => Self::Rest(span()?),
            ("max_wait", _) => Self::MaxWait(span()?),
            ("head_start", _) => Self::HeadStart(span()?),
            ("strategy", word) => {
                let found = Strategy::ALL.into_iter().find(|(known, _)| *known == word);
                let known: Vec<&str> = Strategy::ALL.iter().map(|(word, _)| *word).collect();
                Self::Strategy(found.ok_or_else(|| suggest(word, &known, "strategies"))?.1)
            }
            _ => {
                return Err(format!(
                    "`{} {}` is no such setting; write {FORMS}",
                    shorten(key),
                    shorten(value)
                ));
            }
        })
    }

    fn apply(&self, queue: &mut Queue) {
        match self {
            Self::Ring(span) => queue.ring = *span,
            Self::Rest(span) => queue.rest = *span,
            Self::MaxWait(span) => queue.max_wait = *span,
            Self::HeadStart(span) => queue.head_start = *span,
            Self::Strategy(strategy) => queue.strategy = *strategy,
            Self::Expand(above) => {
                let expand = |above: u16| {
                    let needs = queue.expand.take().map(|expand| expand.needs).unwrap_or_default();
                    Expansion { above, below: above.div_ceil(2), needs }
                };
                queue.expand = above.map(expand);
            }
            Self::NoNeeds => (queue.needs, queue.relax) = Default::default(),
            Self::NoPrefers => queue.prefers.clear(),
            Self::NoRelax => queue.relax.clear(),
            Self::NoOverflow => queue.overflow.clear(),
            Self::NoCallback => queue.callback = None,
        }
    }
}

impl RuleSetting {
    fn parse(key: &str, value: &str) -> Result<Self, String> {
        match (key, value) {
            ("head_start", "off") => Ok(Self::HeadStart(Duration::ZERO)),
            ("head_start", _) => span(key, value).map(Self::HeadStart),
            ("first", "off") => Ok(Self::NoFirst),
            ("queue", queue) => {
                Name::new(queue).map(Self::Queue).map_err(|_| format!("`{}` is no name", shorten(queue)))
            }
            _ => Err(format!("`{} {}` is no such setting; write {FORMS}", shorten(key), shorten(value))),
        }
    }

    fn apply(&self, rule: &mut Rule) {
        match self {
            Self::HeadStart(span) => rule.head_start = *span,
            Self::Queue(queue) => rule.queue = queue.clone(),
            Self::NoFirst => rule.first = None,
        }
    }
}

fn span(key: &str, value: &str) -> Result<Duration, String> {
    let span = parse_duration(value).filter(|span| *span <= Duration::from_hours(24 * 7));
    span.ok_or_else(|| format!("`{key} {}` is no time; write it like 30s, 2m, 1h", shorten(value)))
}

impl Scenario {
    /// This scenario with other rules or people, and the same callers.
    pub fn changed(&self, what_if: &WhatIf) -> Result<Self, String> {
        let mut changed = self.clone();
        let told = |why: String| format!("what if {}: {why}", what_if.name);
        for change in &what_if.changes {
            change.apply(&mut changed).map_err(told)?;
        }
        changed.fits().map_err(told)?;
        Ok(changed)
    }

    /// A queue that callers of a change may mean.
    fn one_queue(&self, named: Option<&Name>) -> Result<Name, String> {
        let known: Vec<&Name> = match &self.site {
            Some(site) => site.queues.keys().collect(),
            None => self.agents.keys().collect(),
        };
        let words: Vec<&str> = known.iter().map(|name| name.as_str()).collect();
        match (named, known.as_slice()) {
            (None, [one]) => Ok((*one).clone()),
            (None, _) => Err(format!("name the queue: {}", words.join(", "))),
            (Some(queue), known) if known.contains(&queue) => Ok(queue.clone()),
            (Some(queue), _) => {
                Err(format!("there is no queue {queue}; {}", suggest(queue.as_str(), &words, "there is")))
            }
        }
    }

    /// How many agents of a queue are there by the time of day.
    fn roster(&self, queue: &Name) -> Curve {
        let all = || self.crews().get(queue).map_or(0, |crew| u16::try_from(crew.len()).unwrap_or(u16::MAX));
        self.agents.get(queue).cloned().unwrap_or_else(|| Curve::always(all()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<Change>, String> {
        WhatIf::parse(text, Path::new("/nonexistent")).map(|what_if| what_if.changes)
    }

    #[test]
    fn changes_are_read_as_people_say_them() {
        let hour = |hour| Time::constant(hour, 0, 0, 0);
        let calls = Name::new("calls").expect("a name");
        let fewer =
            |queue: Option<&Name>, from, until| Change::Agents { queue: queue.cloned(), by: -2, from, until };
        assert_eq!(parsed("agents -2 10-12"), Ok(vec![fewer(None, hour(10), hour(12))]));
        assert_eq!(parsed("agents calls -2 10:00-24:00"), Ok(vec![fewer(Some(&calls), hour(10), hour(0))]));
        assert_eq!(parsed("agents calls -2"), Ok(vec![fewer(Some(&calls), hour(0), hour(0))]));
        let two = parsed("queue calls expand off; queue calls max_wait 2m").expect("two");
        assert_eq!(two.len(), 2, "{two:?}");
        for (text, word) in [
            ("agents calls 2", "agents QUEUE -2"),
            ("agents calls -2 10", "10:00-12:00"),
            ("queue calls strategy best", "best_skill"),
            ("queue calls max_wait 30", "30s, 2m, 1h"),
            ("queue calls needs vip", "no such setting"),
            ("fewer agents", "agents QUEUE -2"),
            ("site elsewhere", "tandem check"),
            (" ; ", "nothing is changed"),
        ] {
            let why = parsed(text).expect_err(text);
            assert!(why.contains(word), "{text}: {why}");
        }
    }
}
