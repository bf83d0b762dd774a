//! Days, counted: how many calls, how they came out, in the days of the site's time zone.

use jiff::{civil::date, tz::TimeZone};
use tandem::{
    base::{
        clock::Stamp,
        id::{CallId, Name},
    },
    live::record::{CallRecord, Direction, Outcome},
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
