use std::time::Duration;

use super::*;
use crate::infra::site::{Escalation, Limit};

const NOW: Stamp = Stamp(1_795_224_000_000_000);

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// More than 10 wait for 30 s; no more at 5; escalated after 5 and 15 minutes, reminded of after 4.
fn house() -> Alerting {
    let step = |minutes: u64, who| Escalation { after: secs(60 * minutes), tell: vec![name(who)] };
    let rule = AlertRule {
        metric: Metric::Waiting,
        limit: Limit { above: true, limit: 10, clear: 5 },
        queues: vec![name("sales")],
        open: None,
        lasts: secs(30),
        least: 1,
        within_days: 7,
        tell: vec![name("desk")],
        escalate: vec![step(5, "lead"), step(15, "boss")],
        remind: Some(secs(240)),
    };
    Alerting { rules: [(name("crowd"), rule)].into(), ..Alerting::default() }
}

struct Watch {
    alerts: Alerts,
    house: Alerting,
    queues: Vec<Name>,
    now: Stamp,
    told: Vec<String>,
}

impl Watch {
    fn new(house: Alerting) -> Self {
        Self {
            alerts: Alerts::default(),
            house,
            queues: vec![name("sales"), name("support")],
            now: NOW,
            told: Vec::new(),
        }
    }

    /// The figure stands so for so long, and is looked at every five seconds.
    fn stands(&mut self, value: Option<u64>, seconds: u64) -> Vec<String> {
        self.seems(value.map_or(Figure::Unwatched, Figure::Of), seconds)
    }

    fn seems(&mut self, figure: Figure, seconds: u64) -> Vec<String> {
        for _ in 0..seconds / 5 {
            self.now = self.now + secs(5);
            let news = self.alerts.look(&self.house, self.queues.iter(), self.now, |_, _| figure);
            self.keep(&news);
        }
        std::mem::take(&mut self.told)
    }

    fn keep(&mut self, news: &[AlertNews]) {
        self.told.extend(news.iter().map(|news| {
            let who: Vec<_> = news.tell.iter().map(Name::as_str).collect();
            let at = self.now.since(NOW).as_secs();
            format!("{at} {} {}: {}", news.turn.word(), who.join("+"), news.alert.words)
        }));
    }
}

#[test]
fn an_alert_begins_when_it_lasts_is_told_once_and_ends_at_its_clear_value() {
    let mut watch = Watch::new(house());
    assert_eq!(watch.stands(Some(11), 30), Vec::<String>::new(), "not long enough");
    assert_eq!(watch.stands(Some(10), 5), Vec::<String>::new(), "ten are not more than ten");
    assert_eq!(watch.stands(Some(12), 30), Vec::<String>::new(), "it begins anew");
    assert_eq!(watch.stands(Some(12), 200), ["70 fired desk: sales: waiting 12, above 10"]);
    assert_eq!(watch.stands(Some(6), 30), Vec::<String>::new(), "it goes on between the two");
    assert_eq!(watch.stands(Some(11), 10), Vec::<String>::new());
    assert_eq!(watch.stands(Some(5), 20), ["310 cleared desk: sales: waiting 5, no longer above 10"]);
    assert_eq!(watch.alerts, Alerts::default());
}

#[test]
fn what_nobody_acknowledges_is_told_again_and_to_others() {
    let mut watch = Watch::new(house());
    let told = watch.stands(Some(20), 1400);
    let short: Vec<_> = told.iter().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(
        short,
        [
            "35 fired desk",
            "275 reminded desk",
            "335 escalated lead",
            "575 reminded desk+lead",
            "815 reminded desk+lead",
            "935 escalated boss",
            "1175 reminded desk+lead+boss",
        ]
    );
}

#[test]
fn whoever_acknowledges_has_rest_until_the_next_alert() {
    let mut watch = Watch::new(house());
    watch.stands(Some(20), 40);
    let by = Label::new("nina");
    assert!(watch.alerts.acknowledge(&name("crowd"), Some(&name("support")), &by, watch.now).is_empty());
    let news = watch.alerts.acknowledge(&name("crowd"), None, &by, watch.now);
    watch.keep(&news);
    assert_eq!(news[0].alert.acknowledged, Some(Acknowledged { by: by.clone(), at: watch.now }));
    assert!(watch.alerts.acknowledge(&name("crowd"), None, &by, watch.now).is_empty(), "once");
    assert_eq!(watch.stands(Some(20), 3600), ["40 acknowledged desk: sales: waiting 20, above 10"]);
    assert_eq!(watch.stands(Some(0), 5).len(), 1, "the end is told");
    assert_eq!(watch.stands(Some(20), 40).len(), 1, "the next one is told again");
}

#[test]
fn a_restart_tells_nothing_twice() {
    let mut watch = Watch::new(house());
    watch.stands(Some(20), 40);
    let saved = serde_json::to_string(&watch.alerts).expect("saved");
    watch.alerts = serde_json::from_str(&saved).expect("read");
    assert_eq!(watch.stands(Some(20), 200), Vec::<String>::new());
    assert_eq!(watch.stands(Some(20), 40).len(), 1, "the reminder comes when it is due");
}

#[test]
fn an_alert_is_not_over_because_too_little_is_known() {
    let mut watch = Watch::new(house());
    watch.stands(Some(20), 40);
    assert_eq!(watch.seems(Figure::Unknown, 100), Vec::<String>::new());
    assert!(!watch.alerts.is_empty());
    let told = watch.seems(Figure::Unknown, 200);
    assert!(!told.is_empty() && !told.iter().any(|line| line.contains("cleared")), "reminders: {told:?}");
    let mut fresh = Watch::new(house());
    assert_eq!(fresh.seems(Figure::Unknown, 100), Vec::<String>::new());
    assert!(fresh.alerts.is_empty(), "nor does one begin");
}

#[test]
fn what_is_no_longer_watched_ends() {
    let mut watch = Watch::new(house());
    watch.stands(Some(20), 40);
    assert_eq!(
        watch.stands(None, 10),
        ["45 cleared desk: sales: waiting 20, above 10; it is looked after no more"]
    );
    watch.stands(Some(20), 40);
    watch.house.rules.clear();
    assert_eq!(watch.stands(Some(20), 10).len(), 1);
    assert!(watch.alerts.is_empty());
}

#[test]
fn too_little_is_an_alert_too() {
    let mut house = house();
    let rule = house.rules.get_mut(&name("crowd")).expect("the rule");
    (rule.metric, rule.lasts) = (Metric::ServiceLevel, Duration::ZERO);
    rule.limit = Limit { above: false, limit: 800, clear: 850 };
    let mut watch = Watch::new(house);
    assert_eq!(watch.stands(Some(800), 5), Vec::<String>::new());
    assert_eq!(watch.stands(Some(799), 5), ["10 fired desk: sales: service level 79.9 %, below 80.0 %"]);
    assert_eq!(watch.stands(Some(849), 20), Vec::<String>::new());
    assert_eq!(watch.stands(Some(850), 5).len(), 1);
}
