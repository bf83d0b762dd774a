//! The adapter on a real FreeSWITCH with real phones: every order, every event, and the hard moments.
//!
//! FreeSWITCH is the program in `TANDEM_FREESWITCH`, or `freeswitch` in `PATH`. Without one every test counts as
//! skipped, and the last line says that nothing was tested.

mod support;

#[path = "freeswitch/broken.rs"]
mod broken;
#[path = "freeswitch/calls.rs"]
mod calls;
#[path = "freeswitch/dial.rs"]
mod dial;
#[path = "freeswitch/harness.rs"]
mod harness;
#[path = "freeswitch/media.rs"]
mod media;
#[path = "freeswitch/moments.rs"]
mod moments;
#[path = "freeswitch/records.rs"]
mod records;
#[path = "freeswitch/refer.rs"]
mod refer;
#[path = "freeswitch/rig.rs"]
mod rig;
#[path = "freeswitch/rooms.rs"]
mod rooms;
#[path = "freeswitch/waiting.rs"]
mod waiting;

use std::process::ExitCode;

fn main() -> ExitCode {
    harness::run(&[
        harness::story!(calls::a_caller_is_answered_and_hears_prompts),
        harness::story!(calls::a_prompt_is_stopped_and_replaced),
        harness::story!(calls::keys_are_heard),
        harness::story!(calls::two_talk_and_either_hangs_up),
        harness::story!(calls::a_phone_of_the_house_calls),
        harness::story!(calls::an_outside_number_is_dialled_on_a_trunk),
        harness::story!(calls::a_hostile_name_is_only_a_name),
        harness::story!(dial::a_caller_rings_until_somebody_comes),
        harness::story!(dial::an_intercom_asks_the_phone_to_answer),
        harness::story!(dial::one_who_is_dialled_obeys),
        harness::story!(dial::who_is_dialled_and_does_not_come_ends_once),
        harness::story!(dial::a_dialling_is_cancelled_in_every_state),
        harness::story!(dial::one_who_is_dialled_and_left_alone_ends),
        harness::story!(dial::what_somebody_left_is_played),
        harness::story!(rooms::three_meet_and_one_is_muted),
        harness::story!(rooms::a_talk_ends_by_order_and_both_obey),
        harness::story!(rooms::whoever_is_busy_meets_at_once),
        harness::story!(rooms::whoever_is_left_alone_while_tandem_is_away_is_rescued),
        harness::story!(rooms::rooms_are_found_again),
        harness::story!(refer::either_side_sends_the_other_on),
        harness::story!(refer::nonsense_sends_nobody_anywhere),
        harness::story!(refer::a_phone_joins_its_two_talks),
        harness::story!(refer::a_phone_joins_before_the_other_has_answered),
        harness::story!(refer::no_phone_makes_the_engine_call_a_stranger),
        harness::story!(records::a_message_is_left),
        harness::story!(records::a_talk_is_taped),
        harness::story!(media::every_codec_is_understood_or_passed_on),
        harness::story!(media::keys_come_by_sound_and_by_signal),
        harness::story!(media::a_silent_trunk_is_given_up_in_time_and_known),
        harness::story!(waiting::who_does_not_come_to_talk_ends_once),
        harness::story!(waiting::an_offer_is_cancelled),
        harness::story!(waiting::a_lease_that_runs_out_leads_to_the_duty_phone),
        harness::story!(waiting::a_talk_outlives_its_lease),
        harness::story!(waiting::fallback_lets_go),
        harness::story!(moments::an_agent_killed_around_the_answer),
        harness::story!(moments::a_caller_killed_around_the_answer),
        harness::story!(moments::a_caller_killed_around_the_dialling),
        harness::story!(broken::a_wrong_password_is_said_plainly),
        harness::story!(broken::a_frozen_engine_is_noticed),
        harness::story!(broken::a_cut_link_loses_no_call),
        harness::story!(broken::a_new_tandem_finds_the_calls_of_the_old),
        harness::story!(broken::phones_are_known_from_the_start),
    ])
}
