//! Finished calls on their way into a real database that is well, locked, unreachable, damaged or replaced; every
//! story is told on SQLite and on a PostgreSQL that the test starts itself.

mod caller;
mod copies;
mod customers;
mod days;
mod desk;
mod erase;
mod house;
mod kill;
mod million;
mod outage;
#[path = "../support/postgres.rs"]
mod postgres;
mod readonly;
mod release;
mod search;
mod stories;

use std::{
    fs,
    sync::{Arc, Mutex},
};

use house::{House, Kind, push, wait, whole};

/// Each story twice.
macro_rules! on_both {
    ($($(#[$how:meta])* $file:ident::$story:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test] $(#[$how])* async fn $story() {
                crate::$file::$story(crate::House::with_file()).await;
            })+
        }
        mod postgresql {
            $(#[tokio::test] $(#[$how])* async fn $story() {
                crate::$file::$story(crate::House::with_server()).await;
            })+
        }
    };
}

on_both! {
    stories::what_is_written_is_read_back_newest_first,
    stories::pages_leave_nobody_out_who_ended_in_the_same_microsecond,
    days::days_are_those_of_the_time_zone,
    days::a_day_on_which_the_clock_is_changed_has_its_own_hours,
    days::what_became_of_a_days_calls_is_told_for_each_queue,
    days::answers_are_counted_by_day_queue_and_agent,
    days::what_became_of_a_call_is_written_after_it,
    days::what_agents_said_is_counted_by_queue_with_what_the_site_calls_it,
    days::who_calls_the_same_queue_again_in_time_is_counted_once,
    days::a_week_of_who_called_again_has_only_days_that_are_over,
    search::calls_are_found_as_if_each_had_been_looked_at,
    search::calls_of_an_earlier_version_are_found_too,
    search::an_old_call_that_cannot_be_read_holds_up_no_other,
    search::an_erased_person_is_not_found_and_the_call_is,
    release::what_0_1_wrote_comes_forward_with_every_call,
    release::no_step_goes_through_all_the_calls,
    erase::an_erased_person_is_nowhere_and_all_others_stay,
    erase::of_an_erased_call_times_and_causes_stay,
    erase::what_was_recorded_of_an_erased_person_is_found_until_it_is_gone,
    stories::a_locked_database_delays_rows_and_loses_none,
    stories::rows_wait_over_a_restart_while_the_database_cannot_be_opened,
    stories::a_database_that_was_replaced_under_the_running_daemon_swallows_no_row,
    stories::a_row_that_can_never_be_stored_stops_no_other,
    stories::a_newer_or_changed_schema_is_refused,
    stories::a_row_that_somebody_spoiled_is_named,
    stories::many_who_look_into_the_past_hold_up_nobody_who_writes,
    desk::a_token_lets_in_until_it_ends_or_is_revoked,
    desk::changes_reach_the_audit_once_however_often_they_are_told,
    desk::a_row_of_the_audit_is_never_changed_and_whoever_forces_it_is_found,
    caller::a_caller_is_known_by_what_was_before,
    #[ignore = "long: writes a million calls"]
    caller::a_caller_among_a_million_calls_is_found_by_an_index,
    customers::a_contact_point_belongs_to_one_customer,
    customers::a_file_is_taken_whole_or_not_at_all_and_twice_changes_nothing,
    customers::customers_are_found_by_class_tag_and_every_form_of_a_number,
    customers::the_audit_tells_of_every_change_and_of_nobody,
    customers::thousands_come_in_quickly,
    copies::rows_go_into_a_copy_and_from_it_into_an_empty_database,
    #[ignore = "long: writes a million calls"]
    million::a_million_calls_are_copied_and_loaded_within_half_an_hour,
    #[ignore = "long: writes a million calls"]
    million::a_million_calls_are_searched_within_200_ms,
}

#[test]
fn killed_with_sqlite_every_call_is_there_exactly_once() {
    let test = "killed_with_sqlite_every_call_is_there_exactly_once";
    kill::killed_at_any_moment_every_call_is_there_exactly_once(House::with_file, test);
}

#[test]
fn killed_with_postgresql_every_call_is_there_exactly_once() {
    let test = "killed_with_postgresql_every_call_is_there_exactly_once";
    kill::killed_at_any_moment_every_call_is_there_exactly_once(House::with_server, test);
}

#[tokio::test]
async fn a_damaged_database_is_named_and_rows_arrive_when_it_is_repaired() {
    let house = House::with_file();
    fs::write(house.file(), "this is no database ".repeat(1000)).unwrap();
    let (spool, projection) = house.start();
    push(&spool, 0..5);
    let standing = wait(&projection, "noticed", |s| s.setback.is_some()).await;
    let said = standing.setback.unwrap().reason.to_string();
    assert!(said.contains("is damaged; restore it from a backup"), "{said}");
    fs::remove_file(house.file()).unwrap();
    wait(&projection, "all rows", |s| s.delivered == 5).await;
    assert_eq!(house.counts().await, whole(5));
}

#[tokio::test]
async fn a_wrong_password_is_told_without_it_and_rows_arrive_when_it_is_put_right() {
    let mut house = House::with_server();
    let Kind::Postgres(server) = &house.kind else { unreachable!("a server") };
    let password = Arc::new(Mutex::new("wrong-Sesame".to_owned()));
    let shared = password.clone();
    house.db = server.db_with(move || shared.lock().unwrap().clone());
    let (spool, projection) = house.start();
    push(&spool, 0..5);
    let standing = wait(&projection, "noticed", |s| s.setback.is_some()).await;
    let said = standing.setback.unwrap().reason.to_string();
    assert!(said.contains("refuses the login") && said.contains("secrets/store"), "{said}");
    assert!(!said.contains("Sesame"), "{said}");
    postgres::PASSWORD.clone_into(&mut password.lock().unwrap());
    wait(&projection, "all rows", |s| s.delivered == 5 && s.setback.is_none()).await;
    assert_eq!(house.counts().await, whole(5));
}
