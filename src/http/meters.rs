//! Figures for Prometheus, in its text format: what is live now, and what was counted since the start.

mod service;

use std::{
    collections::BTreeMap,
    fmt::{self, Write},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use super::{Rooms, problem::Problem};
use crate::live::switchboard::view::{
    AgentView, AlertView, CallView, EngineView, Query, QueueView, StatusView, View,
};

/// Upper ends of the histograms' buckets, in microseconds and as Prometheus writes them.
const BUCKETS: [(u64, &str); 12] = [
    (100, "0.0001"),
    (250, "0.00025"),
    (500, "0.0005"),
    (1_000, "0.001"),
    (2_500, "0.0025"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (25_000, "0.025"),
    (50_000, "0.05"),
    (100_000, "0.1"),
    (500_000, "0.5"),
    (1_000_000, "1"),
];

/// What is counted while the daemon runs. Clones share it.
#[derive(Clone)]
pub struct Meters {
    counted: Arc<Counted>,
    /// Bytes that wait for the database; reads the disk.
    spool: Arc<dyn Fn() -> u64 + Send + Sync>,
}

#[derive(Default)]
struct Counted {
    inputs: AtomicU64,
    journal_bad: AtomicBool,
    commits: Histogram,
    offers: Histogram,
    lookups: Tally,
    crm: Tally,
    notices: Tally,
}

/// How often each of some words was told.
#[derive(Default)]
struct Tally(Mutex<BTreeMap<&'static str, u64>>);

impl Tally {
    fn add(&self, word: &'static str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(word).or_default() += 1;
    }

    fn all(&self) -> Vec<(String, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect()
    }
}

impl Meters {
    pub fn new(spool: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self { counted: Arc::default(), spool: Arc::new(spool) }
    }

    /// A batch of inputs was written into the journal within `commit`, and its effects were let go `whole` after it
    /// was taken up; `offered`: a phone was told to ring.
    pub fn turned(&self, inputs: usize, commit: Duration, whole: Duration, offered: bool) {
        self.counted.inputs.fetch_add(inputs as u64, Ordering::Relaxed);
        self.counted.commits.add(commit);
        if offered {
            self.counted.offers.add(whole);
        }
    }

    /// A caller was looked up; the word says how it came out.
    pub fn looked_up(&self, how: &'static str) {
        self.counted.lookups.add(how);
    }

    /// The customer system was asked, or was not; the word says how it came out.
    pub fn crm(&self, how: &'static str) {
        self.counted.crm.add(how);
    }

    /// Somebody was to be told of an alert; the word says how it came out.
    pub fn told(&self, how: &'static str) {
        self.counted.notices.add(how);
    }

    pub fn journal(&self, good: bool) {
        self.counted.journal_bad.store(!good, Ordering::Relaxed);
    }
}

#[derive(Default)]
struct Histogram {
    /// One more than there are ends: the last is without end.
    buckets: [AtomicU64; BUCKETS.len() + 1],
    micros: AtomicU64,
}

impl Histogram {
    fn add(&self, span: Duration) {
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        let place = BUCKETS.iter().position(|(end, _)| micros <= *end).unwrap_or(BUCKETS.len());
        self.buckets[place].fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    fn write(&self, to: &mut Text, name: &str, help: &str) -> fmt::Result {
        to.head(name, "histogram", help)?;
        let mut sum = 0;
        for (bucket, end) in self.buckets.iter().zip(BUCKETS.map(|(_, end)| end).into_iter().chain(["+Inf"]))
        {
            sum += bucket.load(Ordering::Relaxed);
            writeln!(to.0, "tandem_{name}_bucket{{le=\"{end}\"}} {sum}")?;
        }
        let seconds = self.micros.load(Ordering::Relaxed) as f64 / 1e6;
        writeln!(to.0, "tandem_{name}_sum {seconds}\ntandem_{name}_count {sum}")
    }
}

pub(super) async fn metrics(rooms: State<Rooms>) -> Result<Response, Problem> {
    let mut text = Text(String::with_capacity(8192));
    let door = &rooms.door;
    if let View::Status(status) = door.query(Query::Status).await? {
        text.status(&status).unwrap_or_default();
    }
    if let View::Calls(calls) = door.query(Query::Calls).await? {
        text.calls(&calls).unwrap_or_default();
    }
    let queues = match door.query(Query::Queues).await? {
        View::Queues(queues) => queues,
        _ => Vec::new(),
    };
    text.queues(&queues).unwrap_or_default();
    text.service(&queues).unwrap_or_default();
    text.repeats(&queues).unwrap_or_default();
    if let View::Alerts(alerts) = door.query(Query::Alerts).await? {
        text.alerts(&alerts).unwrap_or_default();
    }
    if let View::Agents(agents) = door.query(Query::Agents).await? {
        text.agents(&agents).unwrap_or_default();
        text.surveys(&queues, &agents).unwrap_or_default();
    }
    let spool = rooms.meters.spool.clone();
    let waiting = tokio::task::spawn_blocking(move || spool()).await.unwrap_or(0);
    text.counted(&rooms.meters.counted, waiting).unwrap_or_default();
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((kind, text.0).into_response())
}

struct Text(String);

impl Text {
    fn head(&mut self, name: &str, kind: &str, help: &str) -> fmt::Result {
        writeln!(self.0, "# HELP tandem_{name} {help}\n# TYPE tandem_{name} {kind}")
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl fmt::Display) -> fmt::Result {
        self.head(name, kind, help)?;
        writeln!(self.0, "tandem_{name} {value}")
    }

    /// One line for each label's value.
    fn each(
        &mut self,
        (name, kind, help): (&str, &str, &str),
        label: &str,
        lines: impl IntoIterator<Item = (String, u64)>,
    ) -> fmt::Result {
        self.head(name, kind, help)?;
        for (value, number) in lines {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ");
            writeln!(self.0, "tandem_{name}{{{label}=\"{value}\"}} {number}")?;
        }
        Ok(())
    }

    fn status(&mut self, status: &StatusView) -> fmt::Result {
        let version = [(status.version.to_string(), 1)];
        self.each(("build_info", "gauge", "The version that runs."), "version", version)?;
        let up = u8::from(matches!(status.engine, EngineView::Up { .. }));
        self.one("engine_up", "gauge", "Whether the engine is connected.", up)?;
        self.one("troubles", "gauge", "What is wrong besides the engine.", status.troubles.len())?;
        self.one("calls_today", "gauge", "Calls that came since midnight.", status.calls_today)?;
        let up = status.now.since(status.started).as_secs();
        self.one("uptime_seconds", "gauge", "Time since the daemon started.", up)
    }

    fn calls(&mut self, calls: &[CallView]) -> fmt::Result {
        const STATES: [&str; 7] = ["arriving", "menu", "waiting", "offered", "dialling", "talking", "ending"];
        let counts = tally(&STATES, calls.iter().map(|call| call.state.as_str()));
        self.each(("calls", "gauge", "Live calls by state."), "state", counts)
    }

    fn agents(&mut self, agents: &[AgentView]) -> fmt::Result {
        const STATES: [&str; 9] = [
            "logged out",
            "ready",
            "offered",
            "talking",
            "wrap-up",
            "paused",
            "resting",
            "phone gone",
            "with messages",
        ];
        let counts = tally(&STATES, agents.iter().map(|agent| agent.state.as_str()));
        self.each(("agents", "gauge", "Agents by state."), "state", counts)
    }

    fn alerts(&mut self, alerts: &[AlertView]) -> fmt::Result {
        let open = alerts.iter().filter(|alert| alert.acknowledged.is_none()).count();
        self.one("alerts_unacknowledged", "gauge", "Alerts that nobody sees to.", open)?;
        let rules = tally(&[], alerts.iter().map(|alert| alert.rule.as_str()));
        self.each(("alerts", "gauge", "Alerts that stand."), "rule", rules)
    }

    fn queues(&mut self, queues: &[QueueView]) -> fmt::Result {
        let of = |count: fn(&QueueView) -> u64| {
            queues.iter().map(move |queue| (queue.name.to_string(), count(queue))).collect::<Vec<_>>()
        };
        let gauge = |name, help| (name, "gauge", help);
        self.each(gauge("queue_waiting", "Callers who wait."), "queue", of(|q| q.waiting as u64))?;
        let longest = of(|q| q.longest_wait_ms);
        self.each(gauge("queue_longest_wait_milliseconds", "Who waits longest."), "queue", longest)?;
        let expected = queues.iter().filter_map(|q| Some((q.name.to_string(), q.expected_wait_ms?)));
        let help = "How long somebody would wait who came now, where the queue has answered enough lately.";
        self.each(gauge("queue_expected_wait_milliseconds", help), "queue", expected)?;
        let expanded = of(|q| u64::from(q.expanded));
        self.each(gauge("queue_expanded", "Whether its reserve takes callers."), "queue", expanded)?;
        self.each(
            gauge("queue_agents_ready", "Agents who could take a call."),
            "queue",
            of(|q| q.ready as u64),
        )?;
        self.each(gauge("queue_talking", "Callers who talk."), "queue", of(|q| q.talking as u64))?;
        let taken = gauge("queue_messages_taken", "Messages in agents' hands.");
        self.each(taken, "queue", of(|q| q.taken as u64))?;
        let silent = gauge("queue_silent_talks", "Talks in which neither has said anything for long.");
        self.each(silent, "queue", of(|q| q.silent as u64))?;
        let undisposed =
            gauge("queue_undisposed_today", "Calls of which it was not said in time what became of them.");
        self.each(undisposed, "queue", of(|q| q.undisposed_today))?;
        self.each(gauge("queue_heated_talks", "Talks that are heated."), "queue", of(|q| q.heated as u64))?;
        self.each(
            gauge("queue_answered_today", "Answered since midnight."),
            "queue",
            of(|q| q.answered_today),
        )?;
        self.each(
            gauge("queue_abandoned_today", "Hung up waiting since midnight."),
            "queue",
            of(|q| q.abandoned_today),
        )
    }

    fn counted(&mut self, counted: &Counted, waiting: u64) -> fmt::Result {
        let inputs = counted.inputs.load(Ordering::Relaxed);
        self.one("inputs_total", "counter", "Inputs of the switchboard.", inputs)?;
        let good = u8::from(!counted.journal_bad.load(Ordering::Relaxed));
        self.one("journal_up", "gauge", "Whether the journal is written.", good)?;
        self.one("spool_bytes", "gauge", "Finished calls that wait for the database.", waiting)?;
        let help = "Callers who were looked up.";
        self.each(("caller_lookups_total", "counter", help), "outcome", counted.lookups.all())?;
        let help = "What became of questions to the customer system.";
        self.each(("crm_answers_total", "counter", help), "answer", counted.crm.all())?;
        let help = "What became of notices of alerts.";
        self.each(("alert_notices_total", "counter", help), "outcome", counted.notices.all())?;
        let help = "Time until a batch of inputs was in the journal.";
        counted.commits.write(self, "journal_commit_seconds", help)?;
        let help = "Time from the input that made an offer to the order to ring.";
        counted.offers.write(self, "offer_seconds", help)
    }
}

/// How often each state is there; known ones are told even when nobody is in them.
fn tally<'a>(known: &[&str], states: impl Iterator<Item = &'a str>) -> Vec<(String, u64)> {
    let mut counts: Vec<(String, u64)> = known.iter().map(|state| ((*state).to_owned(), 0)).collect();
    for state in states {
        match counts.iter_mut().find(|(known, _)| known == state) {
            Some((_, count)) => *count += 1,
            None => counts.push((state.to_owned(), 1)),
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_upwards() {
        let histogram = Histogram::default();
        for micros in [50, 100, 101, 900, 2_000_000] {
            histogram.add(Duration::from_micros(micros));
        }
        let mut text = Text(String::new());
        histogram.write(&mut text, "x", "help").unwrap();
        for line in [
            "tandem_x_bucket{le=\"0.0001\"} 2",
            "tandem_x_bucket{le=\"0.00025\"} 3",
            "tandem_x_bucket{le=\"0.001\"} 4",
            "tandem_x_bucket{le=\"1\"} 4",
            "tandem_x_bucket{le=\"+Inf\"} 5",
            "tandem_x_count 5",
            "tandem_x_sum 2.001151",
        ] {
            assert!(text.0.lines().any(|l| l == line), "{line}: {}", text.0);
        }
    }

    #[test]
    fn lookups_are_counted_by_how_they_came_out() {
        let meters = Meters::new(|| 0);
        for _ in 0..3 {
            meters.looked_up("known");
        }
        meters.looked_up("nobody");
        meters.crm("late");
        let mut text = Text(String::new());
        text.counted(&meters.counted, 0).unwrap();
        for line in [
            "tandem_caller_lookups_total{outcome=\"known\"} 3",
            "tandem_caller_lookups_total{outcome=\"nobody\"} 1",
            "tandem_crm_answers_total{answer=\"late\"} 1",
        ] {
            assert!(text.0.lines().any(|l| l == line), "{line}: {}", text.0);
        }
    }

    #[test]
    fn a_label_cannot_break_its_line() {
        let mut text = Text(String::new());
        text.each(("x", "gauge", "help"), "queue", [("a\"} 1\n\\".to_owned(), 7)]).unwrap();
        assert!(text.0.ends_with("tandem_x{queue=\"a\\\"} 1 \\\\\"} 7\n"), "{}", text.0);
    }
}
