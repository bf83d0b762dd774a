//! Alerts: when the figures of queues are looked at, and what an admin may do about them.

use std::time::Duration;

use super::{
    state::{Effect, Switchboard},
    view::{Actor, AlertNews, AlertView, Refusal, ServiceView},
};
use crate::{
    base::{clock::Stamp, id::Name},
    infra::site::{AlertRule, Metric},
    live::{alert::Figure, call::Timer},
};

/// How often figures are looked at.
const EVERY: Duration = Duration::from_secs(5);

impl Switchboard {
    /// Figures are looked at as long as there is a rule, or what is left of one.
    pub(super) fn watch_figures(&mut self) {
        let wanted = !self.site.alerts.rules.is_empty() || !self.alerts.is_empty();
        match (wanted, self.timers.has(&Timer::Alerts)) {
            (true, false) => self.timers.set(Timer::Alerts, self.now() + EVERY),
            (false, true) => self.timers.clear(&Timer::Alerts),
            _ => {}
        }
    }

    pub(super) fn look_at_figures(&mut self) {
        let now = self.now();
        let mut alerts = std::mem::take(&mut self.alerts);
        let figure = |rule: &AlertRule, queue: &Name| self.figure(rule, queue, now);
        let news = alerts.look(&self.site.alerts, self.site.queues.keys(), now, figure);
        self.alerts = alerts;
        self.tell_alerts(news);
        self.watch_figures();
    }

    pub(super) fn acknowledge(
        &mut self,
        actor: &Actor,
        rule: &Name,
        queue: Option<&Name>,
    ) -> Result<(), Refusal> {
        let news = self.alerts.acknowledge(rule, queue, &actor.0, self.now());
        if news.is_empty() {
            return Err(Refusal::NoSuchAlert { rule: rule.clone() });
        }
        self.tell_alerts(news);
        Ok(())
    }

    pub(super) fn standing_alerts(&self) -> Vec<AlertView> {
        self.alerts.firing().cloned().collect()
    }

    fn tell_alerts(&mut self, news: Vec<AlertNews>) {
        for news in news {
            self.out.push(Effect::Alert(Box::new(news)));
        }
    }

    fn figure(&self, rule: &AlertRule, queue: &Name, now: Stamp) -> Figure {
        let hours = rule.open.as_ref().and_then(|name| self.site.hours.get(name));
        if hours.is_some_and(|hours| !hours.open(now, &self.site.time_zone)) {
            return Figure::Unwatched;
        }
        let value = self.value(rule, queue, now);
        match value {
            Some(value) => Figure::Of(value),
            None if self.queues.in_line(queue) > 0 || self.service(queue, now).lately.offered > 0 => {
                Figure::Unknown
            }
            None => Figure::Unwatched,
        }
    }
    /// Nothing where too few have told it.
    fn value(&self, rule: &AlertRule, queue: &Name, now: Stamp) -> Option<u64> {
        let ServiceView { lately, today, .. } = self.service(queue, now);
        let rated = self.rated_today(queue, now);
        let repeats = || self.repeats(queue, rule.within_days, now).unwrap_or_default();
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let of_all = |value: usize| (u64::MAX, Some(value as u64));
        let (of, value) = match rule.metric {
            Metric::AnswerRate => (lately.offered, lately.answer_permille),
            Metric::Abandonment => (lately.offered, lately.abandonment_permille),
            Metric::AverageWait => (lately.answered, lately.average_wait_ms),
            Metric::ServiceLevel => (lately.offered, lately.service_level_permille),
            Metric::AverageWaitToday => (today.answered, today.average_wait_ms),
            Metric::RepeatRate => (repeats().callers, repeats().again_permille),
            Metric::FirstContactResolution => (repeats().callers, repeats().resolved_permille),
            Metric::SurveyAnswerRate => (rated.asked, rated.answer_permille),
            Metric::SurveyScore => (rated.answered, rated.average_permille),
            Metric::SurveyGood => (rated.answered, rated.good_permille),
            Metric::LongestWait => {
                let longest = self.queues.oldest(queue).map_or(0, |joined| millis(now.since(joined)));
                (u64::MAX, Some(longest))
            }
            Metric::ExpectedWait => {
                let expected = self.queues.expected_at_the_end(queue, now);
                (u64::MAX, expected.map(|expected| millis(expected.mean)))
            }
            Metric::AgentsReady => of_all(self.agents.free_in(queue)),
            Metric::UndisposedToday => (u64::MAX, Some(self.undisposed_today(queue, now))),
            Metric::SilentTalks => of_all(self.moods(queue)[0]),
            Metric::HeatedTalks => of_all(self.moods(queue)[1]),
            Metric::Waiting => of_all(self.queues.waiting(queue)),
        };
        value.filter(|_| of >= rule.least)
    }
}
