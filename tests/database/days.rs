//! Days, counted: how many calls, how they came out, in the days of the site's time zone.

use jiff::{civil::date, tz::TimeZone};
use tandem::{
    base::{
        clock::Stamp,
        id::{CallId, Name},
        number::Number,
    },
    live::{
        record::{CallRecord, Direction, Outcome},
        switchboard::view::{Rated, RatedView, SurveyView},
    },
};

use crate::house::{House, record};

/// Call `n`, arrived at this time.
fn at(n: u64, time: &str) -> CallRecord {
    let arrived = Stamp(time.parse::<jiff::Timestamp>().unwrap().as_microsecond());
    let ended = arrived + record(n).ended.since(record(n).arrived);
    CallRecord { id: CallId((arrived.millis() as u64) << 20 | n), arrived, ended, ..record(n) }
}

pub async fn days_are_those_of_the_time_zone(house: House) {
    // 8640 calls a day.
    let all: Vec<_> = (0..10_000).step_by(5).map(record).collect();
    house.store().write(&all).await.unwrap();
    let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
    let days = house.store().by_day(&shanghai, date(2026, 11, 20), 3).await.unwrap();
    let seen: Vec<_> = days
        .iter()
        .map(|d| (d.day, d.all.calls, d.all.answered, d.all.abandoned, d.all.wait_ms, d.all.talk_ms))
        .collect();
    let day = |day, calls: u64| (day, calls, calls / 2, calls / 2, calls * 19_000, calls / 2 * 40_000);
    assert_eq!(
        seen,
        [day(date(2026, 11, 20), 0), day(date(2026, 11, 21), 1728), day(date(2026, 11, 22), 272)]
    );
    assert!(days.iter().all(|day| day.hours == 24));
}

pub async fn a_day_on_which_the_clock_is_changed_has_its_own_hours(house: House) {
    // Berlin: from 23:00Z to 22:00Z in spring, from 22:00Z to 23:00Z in autumn.
    let times = [
        "2026-03-28T22:59:59.999999Z",
        "2026-03-28T23:00:00Z",
        "2026-03-29T21:59:59.999999Z",
        "2026-03-29T22:00:00Z",
        "2026-10-24T22:00:00Z",
        "2026-10-25T00:30:00Z",
        "2026-10-25T01:30:00Z",
        "2026-10-25T22:59:59.999999Z",
        "2026-10-25T23:00:00Z",
    ];
    let calls: Vec<_> = times.iter().zip(0..).map(|(time, n)| at(n, time)).collect();
    house.store().write(&calls).await.unwrap();
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    let seen = async |first| {
        let days = house.store().by_day(&berlin, first, 3).await.unwrap();
        days.iter().map(|day| (day.hours, day.all.calls)).collect::<Vec<_>>()
    };
    assert_eq!(seen(date(2026, 3, 28)).await, [(24, 1), (23, 2), (24, 1)]);
    assert_eq!(seen(date(2026, 10, 24)).await, [(24, 0), (25, 4), (24, 1)]);
}

pub async fn what_became_of_a_days_calls_is_told_for_each_queue(house: House) {
    use Outcome::{Abandoned, Answered, Menu, Missed, Refused};
    let time = "2026-11-21T04:00:00Z";
    let none = |n| CallRecord { queue: None, agent: None, talk_ms: 0, wait_ms: 0, ..at(n, time) };
    let alone = |n| {
        let mut call = none(n);
        call.legs.truncate(1);
        call
    };
    let calls = [
        at(10, time),
        CallRecord { wait_ms: 1_000, ..at(12, time) },
        CallRecord { wait_ms: 4_000, ..at(13, time) },
        none(14),
        alone(15),
        CallRecord { answered: None, ..alone(16) },
        CallRecord { direction: None, ..alone(17) },
        CallRecord { direction: Some(Direction::Outbound), ..at(18, time) },
        CallRecord { direction: Some(Direction::Internal), ..at(20, time) },
    ];
    let outcomes: Vec<_> = calls.iter().map(CallRecord::outcome).collect();
    assert_eq!(outcomes, [Answered, Answered, Abandoned, Missed, Menu, Refused, Menu, Answered, Answered]);
    house.store().write(&calls).await.unwrap();
    let utc = house.store().by_day(&TimeZone::UTC, date(2026, 11, 21), 1).await.unwrap();
    let day = &utc[0];
    let all = day.all;
    let counts = [all.calls, all.answered, all.abandoned, all.missed, all.menu, all.refused, all.waited];
    assert_eq!(counts, [7, 2, 1, 1, 2, 1, 3], "only those from outside");
    assert_eq!((all.average_wait_ms, all.average_talk_ms), (8_000, 40_000));
    assert_eq!(all.resolved_percent(), 57);
    let queues: Vec<_> =
        day.queues.iter().map(|q| (q.queue.clone(), q.counts.calls, q.counts.average_wait_ms)).collect();
    let name = |text| Name::new(text).unwrap();
    assert_eq!(queues, [(name("sales"), 1, 19_000), (name("support"), 2, 2_500)]);
}

pub async fn answers_are_counted_by_day_queue_and_agent(house: House) {
    let survey = |queue: &str, agent: Option<&str>, of, rating| {
        let name = |text| Name::new(text).unwrap();
        Some(SurveyView { queue: name(queue), agent: agent.map(name), of, rating })
    };
    let one = |n, time, survey| CallRecord { survey, ..at(n, time) };
    let (day, next) = ("2026-11-21T04:00:00Z", "2026-11-22T04:00:00Z");
    let calls = [
        one(10, day, survey("sales", Some("li"), 5, Some(5))),
        one(11, day, survey("sales", Some("li"), 5, Some(3))),
        one(12, day, survey("sales", Some("bob"), 5, None)),
        // 2 of 3 is no four fifths; 4 of 5 is.
        one(13, day, survey("support", Some("bob"), 3, Some(2))),
        one(14, day, survey("support", None, 5, Some(4))),
        one(15, day, None),
        one(16, next, survey("sales", Some("li"), 5, Some(1))),
    ];
    house.store().write(&calls).await.unwrap();
    let days = house.store().surveys(&TimeZone::UTC, date(2026, 11, 20), 3).await.unwrap();
    let all: Vec<_> = days.iter().map(|day| (day.all.asked, day.all.answered, day.all.good)).collect();
    assert_eq!(all, [(0, 0, 0), (5, 4, 2), (1, 1, 0)]);
    assert_eq!(days[0].all, RatedView::default());
    let told = days[1].queues.iter().map(|of| (of.queue.to_string(), of.rated));
    let mut live = [Rated::default(); 2];
    for (place, of, rating) in
        [(0, 5, Some(5)), (0, 5, Some(3)), (0, 5, None), (1, 3, Some(2)), (1, 5, Some(4))]
    {
        live[place].add(of, rating);
    }
    let same = [("sales".to_owned(), live[0].into()), ("support".to_owned(), live[1].into())];
    assert_eq!(told.collect::<Vec<_>>(), same, "as it is counted while it happens");
    let RatedView { answer_permille, good_permille, average_permille, .. } = days[1].queues[0].rated;
    assert_eq!((answer_permille, good_permille, average_permille), (Some(666), Some(500), Some(800)));
    let agents: Vec<_> =
        days[1].agents.iter().map(|of| (of.agent.to_string(), of.rated.asked, of.rated.answered)).collect();
    assert_eq!(agents, [("bob".to_owned(), 2, 1), ("li".to_owned(), 2, 2)]);
}

pub async fn who_calls_the_same_queue_again_in_time_is_counted_once(house: House) {
    let one = |n, time: &str, from: &str, queue: &str, talk_ms| CallRecord {
        from: Some(Number::new(from).unwrap()),
        queue: Some(Name::new(queue).unwrap()),
        agent: Some(Name::new("li").unwrap()),
        talk_ms,
        ..at(n, time)
    };
    let calls = [
        // Answered, and calls again the same day and on the last day that counts.
        one(10, "2026-11-01T10:00:00Z", "101", "sales", 1),
        one(11, "2026-11-01T12:00:00Z", "101", "sales", 1),
        one(12, "2026-11-04T12:00:59Z", "101", "sales", 0),
        // A second too late, into another queue, before the answer, and somebody else.
        one(13, "2026-11-01T10:00:00Z", "102", "sales", 1),
        one(14, "2026-11-04T10:01:01Z", "102", "sales", 1),
        one(15, "2026-11-01T10:00:00Z", "103", "sales", 1),
        one(16, "2026-11-02T10:00:00Z", "103", "support", 1),
        one(17, "2026-11-01T09:00:00Z", "103", "sales", 0),
        // Not answered, and not from outside.
        one(18, "2026-11-01T10:00:00Z", "104", "sales", 0),
        // The queue gave up, and somebody else of the house talked with the caller.
        CallRecord { agent: None, ..one(22, "2026-11-01T10:00:00Z", "107", "sales", 1) },
        one(23, "2026-11-01T11:00:00Z", "107", "sales", 0),
        CallRecord { from: None, ..one(19, "2026-11-01T10:00:00Z", "105", "sales", 1) },
        one(20, "2026-11-01T10:00:00Z", "106", "sales", 1),
        CallRecord {
            direction: Some(Direction::Internal),
            ..one(21, "2026-11-02T10:00:00Z", "106", "sales", 1)
        },
    ];
    house.store().write(&calls).await.unwrap();
    let now = Stamp("2026-11-05T12:00:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond());
    let told = house.store().repeats(&TimeZone::UTC, (date(2026, 11, 1), 2), 3, now).await.unwrap();
    let days: Vec<_> = told.iter().map(|day| (day.all.callers, day.all.again, day.open)).collect();
    assert_eq!(days, [(4, 1, false), (1, 0, true)], "{told:?}");
    assert_eq!(told[0].queues[0].repeats, told[0].all);
    assert_eq!((told[0].all.again_permille, told[0].all.resolved_permille), (Some(250), Some(750)));
    assert_eq!(told[1].queues[0].queue.as_str(), "support");
}

/// In Berlin the 29th of March has 23 hours.
pub async fn a_week_of_who_called_again_has_only_days_that_are_over(house: House) {
    let one = |n, time: &str, from: &str| CallRecord {
        from: Some(Number::new(from).unwrap()),
        queue: Some(Name::new("sales").unwrap()),
        agent: Some(Name::new("li").unwrap()),
        talk_ms: 1,
        ..at(n, time)
    };
    let calls = [
        one(30, "2026-03-20T12:00:00Z", "100"),
        one(31, "2026-03-21T12:00:00Z", "101"),
        one(34, "2026-03-21T13:00:00Z", "104"),
        one(32, "2026-03-22T12:00:00Z", "102"),
        one(33, "2026-03-28T12:00:00Z", "103"),
    ];
    house.store().write(&calls).await.unwrap();
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    for (now, callers) in
        [("2026-03-28T23:30:00Z", 3), ("2026-03-29T22:30:00Z", 3), ("2026-03-29T23:30:00Z", 2)]
    {
        let now = Stamp(now.parse::<jiff::Timestamp>().unwrap().as_microsecond());
        let told = house.store().repeats_of_a_week(&berlin, 1, now).await.unwrap();
        let queue = Name::new("sales").unwrap();
        assert_eq!(told.get(&queue).map(|of| of.callers), Some(callers), "{now:?}");
    }
}

pub async fn what_became_of_a_call_is_written_after_it(house: House) {
    use tandem::live::record::{Disposed, store::Finished};
    let of = |disposition: &str, n| Disposed {
        disposed: record(n).id,
        disposition: Name::new(disposition).unwrap(),
    };
    let row = |value: serde_json::Value| serde_json::from_value::<Finished>(value).unwrap();
    let call = |n| row(serde_json::to_value(CallRecord { disposition: None, ..record(n) }).unwrap());
    let said = |disposition, n| row(serde_json::to_value(of(disposition, n)).unwrap());
    let rows = [call(1), call(2), said("later", 1), said("solved", 1)];
    house.store().write_all(&rows).await.unwrap();
    // After a crash all of it comes again.
    house.store().write_all(&rows).await.unwrap();
    let kept = async |n| house.store().call(record(n).id).await.unwrap().unwrap().disposition;
    assert_eq!((kept(1).await, kept(2).await), (Some(Name::new("solved").unwrap()), None));
    // Of a call that is not there nobody is told.
    house.store().write_all(&[said("solved", 3)]).await.unwrap();
}

pub async fn what_agents_said_is_counted_by_queue_with_what_the_site_calls_it(house: House) {
    use tandem::{base::locale::Locale, live::switchboard::view::Labels};
    let name = |text: &str| Name::new(text).unwrap();
    let one = |n, queue: &str, said: Option<&str>| CallRecord {
        queue: Some(name(queue)),
        agent: Some(name("li")),
        talk_ms: 1,
        disposition: said.map(name),
        ..at(n, "2026-11-01T10:00:00Z")
    };
    let calls = [
        one(10, "sales", Some("solved")),
        one(11, "sales", Some("solved")),
        one(12, "sales", None),
        one(13, "support", None),
        one(14, "night", Some("given_up")),
        // Nobody talked with the caller.
        CallRecord { agent: None, talk_ms: 0, ..one(15, "sales", None) },
        CallRecord { arrived: at(16, "2026-11-02T00:00:00Z").arrived, ..one(16, "sales", Some("later")) },
    ];
    house.store().write(&calls).await.unwrap();
    let told = house.store().dispositions(&TimeZone::UTC, date(2026, 11, 1), 1).await.unwrap().remove(0);
    let label = Labels::from([(Locale::English, "Solved".into())]);
    let codes = [(name("later"), Labels::new()), (name("solved"), label)];
    let told = told.among(&[(name("sales"), codes.into())].into());
    let queues: Vec<_> = told.queues.iter().map(|of| (of.queue.as_str(), of.calls, of.without)).collect();
    assert_eq!(queues, [("night", 1, 0), ("sales", 3, 1)], "support says nothing of its calls");
    let said = |n: usize| {
        let all = told.queues[n].dispositions.iter();
        all.map(|of| (of.disposition.as_str(), of.calls, of.label())).collect::<Vec<_>>()
    };
    assert_eq!(said(0), [("given_up", 1, String::new())], "the site has it no more");
    assert_eq!(said(1), [("later", 0, String::new()), ("solved", 2, "Solved".to_owned())]);
}
