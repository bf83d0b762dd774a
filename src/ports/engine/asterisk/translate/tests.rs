//! Real captures are understood, and nothing that is not JSON, or not what it should be, does any harm.

use std::{
    fs,
    path::{Path, PathBuf},
};

use proptest::prelude::*;

use super::*;
use crate::ports::engine::Origin;

/// The captures that the repository carries, or the whole folder that `TANDEM_CAPTURES` names.
fn folder() -> PathBuf {
    std::env::var_os("TANDEM_CAPTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ari"),
        |folder| Path::new(&folder).join("ari"),
    )
}

fn frames(capture: &str) -> Vec<String> {
    let path = folder().join(format!("{capture}.events.jsonl"));
    let text = fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    text.lines().map(str::to_owned).collect()
}

fn heard(capture: &str) -> Vec<Heard> {
    frames(capture).iter().filter_map(|frame| event(frame)).collect()
}

fn causes(capture: &str) -> Vec<u8> {
    let cause = |heard| match heard {
        Heard::Destroyed { cause, .. } => Some(cause.0),
        _ => None,
    };
    heard(capture).into_iter().filter_map(cause).collect()
}

fn keys(capture: &str) -> String {
    let key = |heard| match heard {
        Heard::Key { key, .. } => Some(key.char()),
        _ => None,
    };
    heard(capture).into_iter().filter_map(key).collect()
}

#[test]
fn the_causes_of_refused_calls_are_those_of_the_table() {
    for (capture, cause) in [
        ("s06_originate_busy_486", 17),
        ("s07_originate_notfound_404", 1),
        ("s08_originate_decline_603", 21),
        ("s09_originate_unavailable_480", 19),
        ("s10_originate_congestion_503", 34),
        ("s11_originate_noanswer_timeout", 19),
        ("s12_originate_cancelled_by_app", 16),
        ("s13_originate_dead_port", 102),
        ("s15_originate_ok_then_app_hangs", 16),
        // Asterisk says 127 and SIP 487: the caller cancelled.
        ("s16_caller_cancels_while_ringing", 16),
    ] {
        assert_eq!(causes(capture), [cause], "{capture}");
    }
}

#[test]
fn keys_come_by_both_ways() {
    assert_eq!(keys("s01_inbound_dtmf_rfc2833"), "12#");
    assert_eq!(keys("s02_inbound_dtmf_info"), "7*#");
}

#[test]
fn a_phone_says_where_its_talk_shall_go_on() {
    let wishes = |heard| match heard {
        Heard::Refers { leg, wish } => Some((leg, wish)),
        _ => None,
    };
    let told: Vec<_> = heard("s21_transfer_blind_to_ari_only").into_iter().filter_map(wishes).collect();
    let agent = LegId::new("ag-s21").expect("an id");
    assert_eq!(told, [(agent.clone(), Wish::Number(Number::new("2000").expect("a number")))]);
    for (to, wish) in [
        (json!({ "requested_destination": { "destination": "anna" } }), Wish::Nowhere),
        (json!({ "requested_destination": { "destination": "1", "protocol_id": "unknown" } }), Wish::Nowhere),
        (json!({ "destination_channel": { "id": "ag-s21" } }), Wish::Other(agent)),
    ] {
        assert_eq!(super::wish(&to), wish, "{to}");
    }
}

#[test]
fn every_capture_is_digested() {
    let mut files = 0;
    for entry in fs::read_dir(folder()).expect("the captures are there") {
        let path = entry.expect("readable").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(capture) = name.strip_suffix(".events.jsonl") else { continue };
        files += 1;
        for frame in frames(capture) {
            let tree: Value = serde_json::from_str(&frame).expect("a capture is JSON");
            let kind = text(&tree, "/type").expect("every event has a type").to_owned();
            let understood = event(&frame).is_some();
            // A playback's id is an order of ours only where we chose it, a recording's name likewise; a dialplan step matters only
            // in the fallback, and of a transfer only its beginning.
            let told = match kind.as_str() {
                "PlaybackFinished" | "ChannelDialplan" | "ChannelTransfer" | "RecordingFinished"
                | "RecordingFailed" => continue,
                _ => WANTED.contains(&kind.as_str()),
            };
            assert_eq!(understood, told, "{capture}: {frame}");
        }
    }
    assert!(files >= 30, "only {files} captures in {}", folder().display());
}

#[test]
fn a_channel_tells_its_place_and_what_it_brought() {
    let frame = r#"{"type":"StasisStart","channel":{"id":"tandem-1.7","name":"PJSIP/10-01-0000002a","state":"Ring",
        "caller":{"name":"Eve\u202e \u0007x","number":"12;34"},
        "dialplan":{"context":"tandem-phone","exten":"8000","app_name":"Stasis","app_data":"tandem,arrived"},
        "channelvars":{"TANDEM_CALLER":"","TANDEM_PEER":"a b","TANDEM_PLAY":"7.2"},"later":{"more":[1]}}}"#;
    let Some(Heard::Entered(channel)) = event(frame) else { panic!("{:?}", event(frame)) };
    assert_eq!((channel.place, channel.hold, channel.up), (Place::Arrival, Hold::Ours, false));
    assert_eq!((channel.caller, channel.peer), (None, None));
    assert_eq!(channel.play, Some(OrderId { seq: 7, index: 2 }));
    let arrival = channel.arrival.expect("a number was dialled");
    assert_eq!(arrival.origin, Origin::Phone(Name::new("10-01").expect("a name")));
    assert_eq!((arrival.from, arrival.from_name.as_str()), (None, "Eve x"));
    assert_eq!(arrival.to.as_str(), "8000");
}

#[test]
fn the_shown_caller_cannot_break_out_of_its_quotes() {
    let shown = caller_id(&Number::new("1").expect("a number"), &Label::new("a\"b\\c<d>\r\ne"));
    assert_eq!(shown, "\"abcde\" <1>");
}

proptest! {
    #[test]
    fn any_text_is_survived(frame in any::<String>()) {
        let _ = event(&frame);
    }

    #[test]
    fn any_bytes_in_the_midst_of_a_real_frame_are_survived(
        pick in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        cut in 0..40usize,
        junk in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let frames = frames("s04_bridge_two_caller_hangs_first");
        let mut bytes = pick.get(&frames).clone().into_bytes();
        let from = at.index(bytes.len());
        let to = (from + cut).min(bytes.len());
        bytes.splice(from..to, junk);
        let _ = event(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_json_in_place_of_any_field_is_survived(field in 0..WANTED.len(), junk in json_tree()) {
        let tree = json!({ "type": WANTED[field], "channel": junk, "bridge": junk, "playback": junk, "cause": junk });
        let _ = event(&tree.to_string());
        let (list, _) = (channels(&junk), bridges(&junk));
        prop_assert!(list.len() <= junk.as_array().map_or(0, Vec::len));
        let _ = (phones(&junk), trunks(&junk), engine(&junk), reason(&junk));
    }
}

fn json_tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let names = prop_oneof![
        Just("id".to_owned()),
        Just("state".to_owned()),
        Just("channels".to_owned()),
        Just("dialplan".to_owned()),
        Just("context".to_owned()),
        Just("channelvars".to_owned()),
        any::<String>(),
    ];
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(names.clone(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

#[test]
fn an_application_taken_up_again_may_have_forgotten_what_it_listens_to() {
    let all = json!({
        "channel_ids": ["__AST_CHANNEL_ALL_TOPIC", "tandem-1.1"],
        "bridge_ids": ["__AST_BRIDGE_ALL_TOPIC"],
        "endpoint_ids": ["__AST_ENDPOINT_ALL_TOPIC"],
    });
    assert!(deaf_to(&all).is_empty());
    let some = json!({ "channel_ids": ["tandem-1.1"], "bridge_ids": ["__AST_BRIDGE_ALL_TOPIC"] });
    assert_eq!(deaf_to(&some), ["channel:", "endpoint:"]);
}

#[test]
fn only_our_own_hello_is_one() {
    let event_of = |name: &str| event(&json!({ "type": "ChannelUserevent", "eventname": name }).to_string());
    assert_eq!(event_of(HELLO), Some(Heard::Hello));
    assert_eq!(event_of("something"), None);
}
