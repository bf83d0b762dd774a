//! Hangup causes: the engine's names and Q.850's numbers.

use crate::ports::engine::HangupCause;

/// Names that mean a cause of Q.850, both ways.
const NAMES: [(u8, &str); 47] = [
    (1, "UNALLOCATED_NUMBER"),
    (2, "NO_ROUTE_TRANSIT_NET"),
    (3, "NO_ROUTE_DESTINATION"),
    (6, "CHANNEL_UNACCEPTABLE"),
    (7, "CALL_AWARDED_DELIVERED"),
    (16, "NORMAL_CLEARING"),
    (17, "USER_BUSY"),
    (18, "NO_USER_RESPONSE"),
    (19, "NO_ANSWER"),
    (20, "SUBSCRIBER_ABSENT"),
    (21, "CALL_REJECTED"),
    (22, "NUMBER_CHANGED"),
    (23, "REDIRECTION_TO_NEW_DESTINATION"),
    (25, "EXCHANGE_ROUTING_ERROR"),
    (27, "DESTINATION_OUT_OF_ORDER"),
    (28, "INVALID_NUMBER_FORMAT"),
    (29, "FACILITY_REJECTED"),
    (30, "RESPONSE_TO_STATUS_ENQUIRY"),
    (31, "NORMAL_UNSPECIFIED"),
    (34, "NORMAL_CIRCUIT_CONGESTION"),
    (38, "NETWORK_OUT_OF_ORDER"),
    (41, "NORMAL_TEMPORARY_FAILURE"),
    (42, "SWITCH_CONGESTION"),
    (43, "ACCESS_INFO_DISCARDED"),
    (44, "REQUESTED_CHAN_UNAVAIL"),
    (45, "PRE_EMPTED"),
    (50, "FACILITY_NOT_SUBSCRIBED"),
    (52, "OUTGOING_CALL_BARRED"),
    (54, "INCOMING_CALL_BARRED"),
    (57, "BEARERCAPABILITY_NOTAUTH"),
    (58, "BEARERCAPABILITY_NOTAVAIL"),
    (63, "SERVICE_UNAVAILABLE"),
    (65, "BEARERCAPABILITY_NOTIMPL"),
    (66, "CHAN_NOT_IMPLEMENTED"),
    (69, "FACILITY_NOT_IMPLEMENTED"),
    (79, "SERVICE_NOT_IMPLEMENTED"),
    (81, "INVALID_CALL_REFERENCE"),
    (88, "INCOMPATIBLE_DESTINATION"),
    (95, "INVALID_MSG_UNSPECIFIED"),
    (96, "MANDATORY_IE_MISSING"),
    (97, "MESSAGE_TYPE_NONEXIST"),
    (98, "WRONG_MESSAGE"),
    (100, "INVALID_IE_CONTENTS"),
    (101, "WRONG_CALL_STATE"),
    (102, "RECOVERY_ON_TIMER_EXPIRE"),
    (111, "PROTOCOL_ERROR"),
    (127, "INTERWORKING"),
];

/// The engine's own causes outside Q.850, by what they mean for a call.
fn beyond_q850(name: &str) -> Option<HangupCause> {
    Some(match name {
        "ORIGINATOR_CANCEL" | "LOSE_RACE" | "PICKED_OFF" | "BLIND_TRANSFER" | "ATTENDED_TRANSFER"
        | "MANAGER_REQUEST" | "BOWOUT" | "SUCCESS" | "NONE" => HangupCause::NORMAL_CLEARING,
        "ALLOTTED_TIMEOUT" | "PROGRESS_TIMEOUT" | "NO_PICKUP" => HangupCause::NO_ANSWER,
        "BUSY_EVERYWHERE" => HangupCause::USER_BUSY,
        "DECLINE" | "USER_CHALLENGE" | "UNWANTED" | "REJECT_ALL" => HangupCause::CALL_REJECTED,
        "USER_NOT_REGISTERED" => HangupCause::SUBSCRIBER_ABSENT,
        "DOES_NOT_EXIST_ANYWHERE" => HangupCause::UNALLOCATED_NUMBER,
        "INVALID_GATEWAY" | "INVALID_URL" | "INVALID_PROFILE" => HangupCause::DESTINATION_OUT_OF_ORDER,
        "MEDIA_TIMEOUT" => HangupCause::TIMER_EXPIRED,
        "GATEWAY_DOWN" | "CRASH" | "SYSTEM_SHUTDOWN" | "SRTP_READ_ERROR" => HangupCause::TEMPORARY_FAILURE,
        _ => return None,
    })
}

/// What the engine's word means; `INTERWORKING` for a word nobody knows.
pub fn from_name(name: &str) -> HangupCause {
    NAMES
        .iter()
        .find(|(_, known)| *known == name)
        .map(|(number, _)| HangupCause(*number))
        .or_else(|| beyond_q850(name))
        .unwrap_or(HangupCause::INTERWORKING)
}

/// The engine's word for a cause.
pub fn name(cause: HangupCause) -> &'static str {
    NAMES.iter().find(|(number, _)| *number == cause.0).map_or("NORMAL_UNSPECIFIED", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_q850_reads_back_and_strangers_have_a_meaning() {
        for (number, word) in NAMES {
            assert_eq!((from_name(word), name(HangupCause(number))), (HangupCause(number), word));
        }
        assert_eq!(from_name("USER_NOT_REGISTERED"), HangupCause::SUBSCRIBER_ABSENT);
        assert_eq!(from_name("no such word"), HangupCause::INTERWORKING);
        assert_eq!(name(HangupCause(0)), "NORMAL_UNSPECIFIED");
    }
}
