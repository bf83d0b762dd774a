//! When an alert begins, is told again, goes on to others, is acknowledged, and ends.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

use crate::{
    base::{clock::Stamp, id::Name, text::Label},
    infra::site::{AlertRule, Alerting, Metric, Unit},
    live::switchboard::view::{Acknowledged, AlertNews, AlertTurn, AlertView},
};

/// How a rule stands for a queue; nothing: all is well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Standing {
    /// Has passed its limit, not long enough yet.
    Passed { since: Stamp },
    /// `told`: the last time that anybody was.
    Firing { alert: Box<AlertView>, told: Stamp },
}

/// All that is not well, by rule and queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alerts(BTreeMap<Name, BTreeMap<Name, Standing>>);

impl Alerts {
    /// Looks at every rule. `figure`: what the rule's figure of a queue is, if there is any.
    pub fn look<'a>(
        &mut self,
        alerting: &Alerting,
        queues: impl Iterator<Item = &'a Name> + Clone,
        now: Stamp,
        figure: impl Fn(&AlertRule, &Name) -> Figure,
    ) -> Vec<AlertNews> {
        let mut news = Vec::new();
        let before = std::mem::take(&mut self.0);
        for (name, rule) in &alerting.rules {
            for queue in queues.clone().filter(|q| rule.queues.is_empty() || rule.queues.contains(*q)) {
                let standing = before.get(name).and_then(|queues| queues.get(queue)).cloned();
                let about = About { name, rule, queue, now };
                if let Some(standing) = about.goes_on(standing, figure(rule, queue), &mut news) {
                    self.0.entry(name.clone()).or_default().insert(queue.clone(), standing);
                }
            }
        }
        let watched = |alert: &AlertView| {
            let rule = alerting.rules.get(&alert.rule);
            queues.clone().any(|q| *q == alert.queue)
                && rule.is_some_and(|rule| rule.queues.is_empty() || rule.queues.contains(&alert.queue))
        };
        for standing in before.into_values().flat_map(BTreeMap::into_values) {
            if let Standing::Firing { alert, .. } = standing
                && !watched(&alert)
            {
                news.push(unwatched(*alert));
            }
        }
        news
    }

    /// Somebody sees to an alert, or to all of a rule. Nothing: there is none that nobody has seen to.
    pub fn acknowledge(
        &mut self,
        rule: &Name,
        queue: Option<&Name>,
        by: &Label,
        now: Stamp,
    ) -> Vec<AlertNews> {
        let queues = self.0.get_mut(rule).into_iter().flatten();
        let mut news = Vec::new();
        for (_, standing) in queues.filter(|(name, _)| queue.is_none_or(|queue| queue == *name)) {
            if let Standing::Firing { alert, .. } = standing
                && alert.acknowledged.is_none()
            {
                alert.acknowledged = Some(Acknowledged { by: by.clone(), at: now });
                let tell = alert.told.clone();
                news.push(AlertNews { turn: AlertTurn::Acknowledged, alert: (**alert).clone(), tell });
            }
        }
        news
    }

    pub fn firing(&self) -> impl Iterator<Item = &AlertView> {
        self.0.values().flat_map(BTreeMap::values).filter_map(|standing| match standing {
            Standing::Firing { alert, .. } => Some(&**alert),
            Standing::Passed { .. } => None,
        })
    }

    /// Nothing is to be looked after any more.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What is to be said of a rule's figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Nobody looks after it now, or nobody is there of whom anything could be told.
    Unwatched,
    /// Somebody is there, and too little has come of it to tell.
    Unknown,
    Of(u64),
}

/// A rule, looked at for one queue.
struct About<'a> {
    name: &'a Name,
    rule: &'a AlertRule,
    queue: &'a Name,
    now: Stamp,
}

impl About<'_> {
    fn goes_on(
        &self,
        standing: Option<Standing>,
        figure: Figure,
        news: &mut Vec<AlertNews>,
    ) -> Option<Standing> {
        match (standing, figure) {
            (Some(Standing::Firing { alert, .. }), Figure::Unwatched) => {
                news.push(unwatched(*alert));
                None
            }
            // Too few to tell: it is not over because nobody comes through any more.
            (Some(Standing::Firing { mut alert, told }), Figure::Unknown) => {
                let told = self.nag(&mut alert, told, news);
                Some(Standing::Firing { alert, told })
            }
            (Some(Standing::Firing { mut alert, told }), Figure::Of(value)) => {
                self.say(&mut alert, value);
                if self.rule.limit.is_clear(value) {
                    news.push(cleared(*alert));
                    return None;
                }
                let told = self.nag(&mut alert, told, news);
                Some(Standing::Firing { alert, told })
            }
            (before, Figure::Of(value)) if self.rule.limit.is_passed(value) => {
                let since = match before {
                    Some(Standing::Passed { since }) => since,
                    _ => self.now,
                };
                if self.now.since(since) < self.rule.lasts {
                    return Some(Standing::Passed { since });
                }
                let alert = self.begins(value);
                news.push(AlertNews {
                    turn: AlertTurn::Fired,
                    alert: alert.clone(),
                    tell: self.rule.tell.clone(),
                });
                Some(Standing::Firing { alert: Box::new(alert), told: self.now })
            }
            _ => None,
        }
    }

    fn begins(&self, value: u64) -> AlertView {
        let mut alert = AlertView {
            rule: self.name.clone(),
            queue: self.queue.clone(),
            figure: SmolStr::default(),
            value,
            limit: 0,
            above: false,
            words: SmolStr::default(),
            since: self.now,
            acknowledged: None,
            escalated: 0,
            told: self.rule.tell.clone(),
        };
        self.say(&mut alert, value);
        alert
    }

    /// How the figure stands now.
    fn say(&self, alert: &mut AlertView, value: u64) {
        let (metric, limit) = (self.rule.metric, self.rule.limit);
        alert.figure = SmolStr::new_static(metric.word());
        (alert.value, alert.limit, alert.above) = (value, limit.limit, limit.above);
        let now = if limit.is_passed(value) { "" } else { "no longer " };
        let side = if limit.above { "above" } else { "below" };
        alert.words = format_smolstr!(
            "{}: {} {}, {now}{side} {}",
            self.queue,
            metric.word().replace('_', " "),
            shown(metric, value),
            shown(metric, limit.limit)
        );
    }

    /// Others are told, or the same again, as long as nobody has acknowledged it. Gives when anybody was told last.
    fn nag(&self, alert: &mut AlertView, told: Stamp, news: &mut Vec<AlertNews>) -> Stamp {
        if alert.acknowledged.is_some() {
            return told;
        }
        let mut last = told;
        while let Some(step) = self.rule.escalate.get(alert.escalated)
            && alert.since + step.after <= self.now
        {
            alert.escalated += 1;
            alert.told.extend(
                step.tell.iter().filter(|name| !alert.told.contains(name)).cloned().collect::<Vec<_>>(),
            );
            news.push(AlertNews {
                turn: AlertTurn::Escalated,
                alert: alert.clone(),
                tell: step.tell.clone(),
            });
            last = self.now;
        }
        if self.rule.remind.is_some_and(|span| last + span <= self.now) {
            let tell = alert.told.clone();
            news.push(AlertNews { turn: AlertTurn::Reminded, alert: alert.clone(), tell });
            last = self.now;
        }
        last
    }
}

fn cleared(alert: AlertView) -> AlertNews {
    let tell = alert.told.clone();
    AlertNews { turn: AlertTurn::Cleared, alert, tell }
}

/// It ends without being better.
fn unwatched(mut alert: AlertView) -> AlertNews {
    alert.words = format_smolstr!("{}; it is looked after no more", alert.words);
    cleared(alert)
}

fn shown(metric: Metric, value: u64) -> SmolStr {
    match metric.unit() {
        Unit::Count => format_smolstr!("{value}"),
        Unit::Millis => format_smolstr!("{} s", value / 1000),
        Unit::Permille => format_smolstr!("{}.{} %", value / 10, value % 10),
    }
}

#[cfg(test)]
mod tests;
