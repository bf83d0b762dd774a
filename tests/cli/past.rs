//! The past of the double: one call, and days that are all alike.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::BoxFuture;
use jiff::{Span, civil::Date, tz::TimeZone};
use tandem::{
    base::{
        id::{CallId, LegId, SoundId},
        locale::Locale,
        number::Number,
        text::Label,
    },
    http::{History, Lost},
    live::{
        record::{
            AgentRated, Before, CallRecord, Counts, DayReport, Direction, Disposition, DispositionReport,
            EndedBy, Filter, LegRecord, QueueCounts, QueueDispositions, QueueRated, QueueRepeats,
            RepeatReport, Role, SurveyReport,
        },
        switchboard::view::{
            Labels, Pause, RatedView, Recording, Repeats, SummaryView, SummedBy, SurveyView,
        },
    },
    ports::engine::HangupCause,
};

use crate::double::{OVER, THEN, extension, name, steps};

fn recording() -> Recording {
    let at = |after| THEN + Duration::from_millis(after);
    Recording {
        sound: SoundId::new("sound-1").expect("sound"),
        leg: LegId::new("leg-1").expect("leg"),
        by: Some(Label::new("nina")),
        began: at(20_000),
        ended: Some(at(129_800)),
        pauses: vec![Pause { from: at(60_000), to: Some(at(75_000)), by: Some(Label::new("nina")) }],
    }
}

pub fn record() -> CallRecord {
    let at = |after| THEN + Duration::from_millis(after);
    let leg = |leg: &str, role, party: &str, began, answered| LegRecord {
        leg: LegId::new(leg).expect("leg"),
        role,
        party: Label::new(party),
        began: at(began),
        answered: Some(at(answered)),
        ended: Some(at(129_800)),
        cause: Some(HangupCause::NORMAL_CLEARING),
    };
    CallRecord {
        id: OVER,
        from: Some(extension("13800138000")),
        from_name: Label::new("张伟"),
        to: extension("95001"),
        direction: Some(Direction::Inbound),
        arrived: THEN,
        answered: Some(at(100)),
        ended: at(129_800),
        cause: HangupCause::NORMAL_CLEARING,
        ended_by: EndedBy::Caller,
        queue: Some(name("sales")),
        wait_ms: 5679,
        talk_ms: 120_000,
        agent: Some(name("li")),
        legs: vec![
            leg("leg-1", Role::Caller, "13800138000", 0, 100),
            leg("leg-2", Role::Agent, "李小龙", 4123, 9800),
        ],
        recordings: vec![recording()],
        steps: steps(),
        summary: Some(SummaryView {
            text: "我要把东西退了 … 转人工".into(),
            promises: vec!["三个工作日内原路退回".into()],
            by: SummedBy::BuiltIn,
        }),
        survey: Some(SurveyView { queue: name("sales"), agent: Some(name("li")), of: 5, rating: Some(4) }),
        disposition: Some(name("solved")),
        erased: None,
    }
}

/// What callers of `sales` answered, or of one of its agents.
pub fn rated() -> RatedView {
    RatedView {
        asked: 12,
        answered: 9,
        good: 6,
        answer_permille: Some(750),
        good_permille: Some(666),
        average_permille: Some(822),
    }
}

/// Whoever looks for calls to this number finds 1203 of them.
pub const MANY: &str = "7777";

/// A database with one call.
pub struct Past {
    pub lost: bool,
    /// What was looked for.
    pub asked: Arc<Mutex<Vec<Filter>>>,
}

impl Past {
    fn rows(&self) -> Result<Vec<CallRecord>, Lost> {
        if self.lost { Err(Lost("the disk is on fire".to_owned())) } else { Ok(vec![record()]) }
    }
}

impl History for Past {
    fn search<'a>(
        &'a self,
        filter: &'a Filter,
        before: Option<CallId>,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<CallRecord>, Lost>> {
        let rows = self.rows().map(|mut rows| {
            if filter.called.as_ref().is_some_and(|to| to.as_str() == MANY) {
                let one = rows.remove(0);
                let one = CallRecord { from_name: Label::new("=张伟"), ..one };
                rows = (1..=1203).rev().map(|n| CallRecord { id: CallId(n), ..one.clone() }).collect();
            }
            rows.retain(|row| before.is_none_or(|before| row.id < before));
            rows.truncate(limit as usize);
            rows
        });
        self.asked.lock().expect("asked").push(filter.clone());
        Box::pin(std::future::ready(rows))
    }

    fn zone(&self) -> TimeZone {
        TimeZone::get("Asia/Shanghai").expect("zone")
    }

    fn days(&self, first: Date, days: u16) -> BoxFuture<'_, Result<Vec<DayReport>, Lost>> {
        let all = Counts {
            calls: 20,
            answered: 14,
            menu: 3,
            abandoned: 3,
            waited: 17,
            wait_ms: 340_000,
            talk_ms: 1_400_000,
            average_wait_ms: 20_000,
            average_talk_ms: 100_000,
            ..Counts::default()
        };
        let queue = QueueCounts { queue: name("sales"), counts: Counts { menu: 0, calls: 17, ..all } };
        let day = |n: i64| {
            let day = first.checked_add(Span::new().days(n)).expect("a day");
            DayReport { day, hours: 24, all, queues: vec![queue.clone()] }
        };
        let reports = self.rows().map(|_| (0..i64::from(days)).map(day).collect());
        Box::pin(std::future::ready(reports))
    }

    fn surveys(&self, first: Date, days: u16) -> BoxFuture<'_, Result<Vec<SurveyReport>, Lost>> {
        let (queue, agent) = (name("sales"), name("li"));
        let day = |n: i64| SurveyReport {
            day: first.checked_add(Span::new().days(n)).expect("a day"),
            all: rated(),
            queues: vec![QueueRated { queue: queue.clone(), rated: rated() }],
            agents: vec![AgentRated { agent: agent.clone(), rated: RatedView::default() }],
        };
        let reports = self.rows().map(|_| (0..i64::from(days)).map(day).collect());
        Box::pin(std::future::ready(reports))
    }

    fn repeats(
        &self,
        first: Date,
        days: u16,
        within_days: u16,
    ) -> BoxFuture<'_, Result<Vec<RepeatReport>, Lost>> {
        let repeats =
            Repeats { callers: 16, again: 2, again_permille: Some(125), resolved_permille: Some(875) };
        let day = |n: i64| RepeatReport {
            day: first.checked_add(Span::new().days(n)).expect("a day"),
            within_days,
            open: n > 0,
            all: repeats,
            queues: vec![QueueRepeats { queue: name("sales"), repeats }],
        };
        let reports = self.rows().map(|_| (0..i64::from(days)).map(day).collect());
        Box::pin(std::future::ready(reports))
    }

    fn dispositions(&self, first: Date, days: u16) -> BoxFuture<'_, Result<Vec<DispositionReport>, Lost>> {
        let labels =
            |zh: &str, en: &str| Labels::from([(Locale::Chinese, zh.into()), (Locale::English, en.into())]);
        let of = |disposition, calls, labels| Disposition { disposition: name(disposition), calls, labels };
        let queue = QueueDispositions {
            queue: name("sales"),
            calls: 10,
            without: 1,
            dispositions: vec![of("sold", 0, Labels::new()), of("solved", 9, labels("已解决", "Solved"))],
        };
        let day = |n: i64| DispositionReport {
            day: first.checked_add(Span::new().days(n)).expect("a day"),
            queues: vec![queue.clone()],
        };
        let reports = self.rows().map(|_| (0..i64::from(days)).map(day).collect());
        Box::pin(std::future::ready(reports))
    }

    fn recent(&self, limit: u32, before: Option<Before>) -> BoxFuture<'_, Result<Vec<CallRecord>, Lost>> {
        let rows = self.rows().map(|mut rows| {
            rows.retain(|row| {
                before.is_none_or(|before| (row.ended, Some(row.id)) < (before.ended, before.call))
            });
            rows.truncate(limit as usize);
            rows
        });
        Box::pin(std::future::ready(rows))
    }

    fn call(&self, id: CallId) -> BoxFuture<'_, Result<Option<CallRecord>, Lost>> {
        let row = self.rows().map(|rows| rows.into_iter().find(|row| row.id == id));
        Box::pin(std::future::ready(row))
    }

    fn erase<'a>(&'a self, person: &'a Number) -> BoxFuture<'a, Result<u64, Lost>> {
        let of = |rows: Vec<CallRecord>| rows.iter().filter(|row| row.from.as_ref() == Some(person)).count();
        Box::pin(std::future::ready(self.rows().map(|rows| of(rows) as u64)))
    }
}
