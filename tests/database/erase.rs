//! A person who is erased: gone from the database, its file, the way to it and the journal; counts stay.

use std::{collections::BTreeSet, fs};

use jiff::{civil::date, tz::TimeZone};
use tandem::{
    base::{clock::Stamp, id::CallId, number::Number, text::Label},
    infra::journal::{self, Journal, Payload},
    live::record::{CallRecord, Direction, Filter, Role, store::ProjectionError},
};

use super::house::{House, push, record, wait};

fn number(text: &str) -> Number {
    Number::new(text).unwrap()
}

/// Who is erased: calls as 13, 1013 and 2013, was called outside in 7, and nearly in 8.
const PERSON: &str = "+8613800000013";
const NAME: &str = "Zhang Unmistakable";
/// A number of the house, not a person.
const OURS: &str = "+862088880000";

fn calls() -> Vec<CallRecord> {
    let mut calls: Vec<CallRecord> = (0..2500).map(record).collect();
    for call in &mut calls {
        let theirs = call.from.as_ref().is_some_and(|from| from.as_str() == PERSON);
        call.from_name = Label::new(if theirs { NAME } else { "somebody" });
        call.legs[0].party = Label::new(call.from.as_ref().map_or("", Number::as_str));
    }
    let mut outside = calls[7].legs[0].clone();
    (outside.role, outside.party) = (Role::Outside, Label::new(PERSON));
    calls[7].legs.push(outside);
    // The first was reached, the second was refused: of that no leg outside tells.
    for (call, direction) in [(7, Direction::Outbound), (8, Direction::Internal)] {
        (calls[call].direction, calls[call].to) = (Some(direction), number(PERSON));
    }
    (calls[9].direction, calls[9].to) = (Some(Direction::Inbound), number(OURS));
    calls
}

pub async fn an_erased_person_is_nowhere_and_all_others_stay(house: House) {
    let (spool, projection) = house.start();
    let (person, calls) = (number(PERSON), calls());
    for call in &calls {
        spool.push(call).unwrap();
    }
    wait(&projection, "all rows", |s| s.delivered == 2500).await;
    for text in [PERSON, NAME, "unmistakable", "8613800000013"] {
        assert_ne!(house.found(text).await, [""; 0], "{text}");
    }
    let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
    let days = async || house.store().by_day(&shanghai, date(2026, 11, 21), 1).await.unwrap();
    let counts = days().await;
    let eraser = projection.eraser();
    let known = eraser.calls_of(&person).await.unwrap();
    assert_eq!(known, [7, 8, 13, 1013, 2013].map(|n| record(n).id));
    assert_eq!(eraser.calls_of(&number(OURS)).await.unwrap(), []);
    // One is pushed at the very moment: it is in the spool, not yet in the database.
    let late = CallRecord { from_name: Label::new(NAME), ..record(3013) };
    spool.push(&late).unwrap();
    assert_eq!(eraser.blank(&person).await.unwrap().len(), 6);
    assert_eq!(eraser.blank(&person).await.unwrap(), [], "nothing is left to be erased");

    // The words by which calls are found are in small letters, and numbers without their plus.
    for text in [PERSON, NAME, "unmistakable", "8613800000013"] {
        assert_eq!(house.found(text).await, [""; 0], "{text}");
    }
    let after = days().await;
    assert_eq!(
        (after[0].all.calls, after[0].all.wait_ms),
        (counts[0].all.calls + 1, counts[0].all.wait_ms + late.wait_ms)
    );
    let left = house.store().recent(None, 5000).await.unwrap();
    assert_eq!(left.len(), 2501);
    assert_eq!(left.iter().filter(|call| call.erased.is_some()).count(), 6);
    assert!(left.contains(&calls[14]));
    // A replay after a crash says the call again: it stays erased.
    push(&spool, [1013]);
    wait(&projection, "said again", |s| s.delivered == 2502).await;
    assert!(house.store().call(record(1013).id).await.unwrap().unwrap().erased.is_some());
}

pub async fn of_an_erased_call_times_and_causes_stay(house: House) {
    let (calls, store) = (calls(), house.store());
    store.write(&calls).await.unwrap();
    store.blank(&store.calls_of(&number(PERSON)).await.unwrap(), Stamp(5)).await.unwrap();
    let theirs = store.call(record(1013).id).await.unwrap().unwrap();
    let mut expected = calls[1013].clone();
    (expected.from, expected.from_name, expected.erased) = (None, Label::default(), Some(Stamp(5)));
    expected.steps.clear();
    assert!(expected.summary.take().is_some(), "what was said goes, too");
    expected.legs[0].party = Label::default();
    assert_eq!(theirs, expected);
    let outside = store.call(record(7).id).await.unwrap().unwrap();
    assert_eq!((outside.legs[1].party.as_str(), outside.from, outside.to.as_str()), ("", None, "*"));
    let one = async |filter: Filter| store.search(&filter, None, 10).await.unwrap();
    assert_eq!(one(Filter { caller: Some(number(PERSON)), ..Filter::default() }).await, []);
    assert_eq!(one(Filter { called: Some(number(PERSON)), ..Filter::default() }).await, []);
    assert_eq!(one(Filter { text: Some(PERSON.to_owned()), ..Filter::default() }).await, []);
}

pub async fn what_was_recorded_of_an_erased_person_is_found_until_it_is_gone(house: House) {
    let store = house.store();
    // The last two are one person's.
    let calls = [40, 44, 1044].map(record);
    assert_eq!(calls.each_ref().map(|call| call.recordings.len()), [2, 1, 1]);
    store.write(&calls).await.unwrap();
    assert_eq!(store.sounds_of_erased().await.unwrap(), []);
    let person = calls[1].from.clone().expect("a number");
    let theirs = store.calls_of(&person).await.unwrap();
    assert_eq!(theirs, [calls[1].id, calls[2].id]);
    store.blank(&theirs, Stamp(5)).await.unwrap();
    let sounds = store.sounds_of_erased().await.unwrap();
    assert_eq!(sounds, [1, 2].map(|call: usize| calls[call].recordings[0].sound.clone()));
    store.forget_sound(&sounds[0]).await.unwrap();
    assert_eq!(store.sounds_of_erased().await.unwrap(), sounds[1..]);
    let left = async |call: usize| store.call(calls[call].id).await.unwrap().unwrap().recordings;
    assert_eq!((left(0).await.len(), left(1).await.len(), left(2).await.len()), (2, 0, 1));
}

#[tokio::test]
async fn rows_that_were_put_aside_forget_the_person_too() {
    let house = House::with_file();
    house.store().write(&[record(0)]).await.unwrap();
    let refuse = "CREATE TRIGGER no BEFORE INSERT ON calls BEGIN SELECT RAISE(ABORT, 'no'); END";
    house.stranger().await.run(refuse).await;
    let (spool, projection) = house.start();
    push(&spool, [13, 14, 1013]);
    wait(&projection, "put aside", |s| s.refused == 3).await;
    let aside = house.state.path().join("spool/refused.jsonl");
    assert!(fs::read_to_string(&aside).unwrap().contains(PERSON));
    assert_eq!(projection.eraser().blank(&number(PERSON)).await.unwrap(), []);
    let left = fs::read_to_string(&aside).unwrap();
    assert!(!left.contains(PERSON) && left.contains("+8613800000014"), "{left}");
    assert_eq!(left.lines().count(), 1);
}

#[tokio::test]
async fn nothing_is_promised_while_the_database_is_away() {
    let house = House::with_file();
    fs::create_dir(house.file()).unwrap();
    let (spool, projection) = house.start();
    push(&spool, [13]);
    let refused = projection.eraser().blank(&number(PERSON)).await.unwrap_err();
    assert!(refused.to_string().contains("cannot be opened"), "{refused}");
    fs::remove_dir(house.file()).unwrap();
    let eraser = projection.eraser();
    assert_eq!(eraser.blank(&number(PERSON)).await.unwrap(), [record(13).id]);
    projection.stop().await;
    let gone = eraser.blank(&number(PERSON)).await.unwrap_err();
    assert!(matches!(gone, ProjectionError::Stopped), "{gone}");
}

#[test]
fn the_journal_of_a_running_daemon_forgets_calls() {
    let state = tempfile::tempdir().unwrap();
    let options = journal::Options { segment_bytes: 4096, ..journal::Options::default() };
    let (mut journal, _) = Journal::open(state.path(), options).unwrap();
    let call = |n: u64| record(n % 10).id;
    for n in 0..300u64 {
        journal
            .append(Stamp(record(n % 10).arrived.0 + n as i64), Some(call(n)), &format!("input {n}"))
            .unwrap();
        journal.commit();
    }
    let erased: BTreeSet<CallId> = [3, 4].map(call).into();
    assert!(journal::erase(state.path(), &erased).unwrap() >= 4, "a key in each of several segments");
    assert_eq!(journal::erase(state.path(), &BTreeSet::new()).unwrap(), 0);
    for entry in journal::read(state.path(), 1).unwrap().map(Result::unwrap) {
        let gone = entry.call.is_some_and(|call| erased.contains(&call));
        assert_eq!(entry.payload == Payload::Erased, gone, "{}", entry.seq);
    }
}
