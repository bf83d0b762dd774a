//! Whatever a caller, a recogniser and a line do in whatever order: nobody is left in silence, nothing grows without
//! bound, and every conversation that gets nowhere ends with a human.

use proptest::prelude::*;

use super::{
    super::{FactKind, on, words::Fact},
    Guess, Heard, Input, Output, Stage, Sureness, Talking,
    answers::informed,
    name,
};
use crate::{
    base::number::Key,
    infra::site::Locale,
    ports::assistant::{Answer, Cited},
};

const KINDS: [FactKind; 12] = [
    FactKind::Digits,
    FactKind::Phone,
    FactKind::Code,
    FactKind::Number,
    FactKind::Ordinal,
    FactKind::Amount,
    FactKind::Date,
    FactKind::Time,
    FactKind::Person,
    FactKind::Yes,
    FactKind::No,
    FactKind::Neither,
];

fn fact() -> impl Strategy<Value = Fact> {
    let text = prop_oneof![
        Just("20261145"),
        Just("3"),
        Just("-1"),
        Just("2026-12-04"),
        Just(""),
        Just("王"),
        Just("13800138000"),
        Just("99999999999999999999")
    ];
    (prop::sample::select(&KINDS[..]), text, 0..9_usize, 0..9_usize)
        .prop_map(|(kind, text, start, long)| Fact { kind, text: text.into(), span: start..start + long })
}

fn heard() -> impl Strategy<Value = Heard> {
    let sure = prop_oneof![Just(Sureness::Accept), Just(Sureness::Confirm), Just(Sureness::Reject)];
    let intent = prop_oneof![
        Just("refund"),
        Just("order_status"),
        Just("visit"),
        Just("complaint"),
        Just("emergency"),
        Just("none")
    ];
    let guess =
        (intent, 0.0..1.0_f32).prop_map(|(intent, probability)| Guess { intent: intent.into(), probability });
    let text = prop_oneof![
        Just(""),
        Just("退款"),
        Just("no refund {order}"),
        Just("in english"),
        Just("中文"),
        Just("坏了 late")
    ];
    let fixes = prop::collection::vec(
        (prop::option::of(0..9_usize), fact())
            .prop_map(|(wrong, right)| super::super::Correction { wrong: wrong.map(|at| at..at + 1), right }),
        0..3,
    );
    let (guesses, facts) = (prop::collection::vec(guess, 0..3), prop::collection::vec(fact(), 0..4));
    (text, sure, guesses, facts, fixes, prop::option::of(answer())).prop_map(
        |(text, sure, intents, facts, corrections, answer)| Heard {
            second: false,
            answer,
            text: text.into(),
            sure,
            intents,
            facts,
            corrections,
        },
    )
}

fn answer() -> impl Strategy<Value = Answer> {
    let passage = prop_oneof![Just("hours"), Just("postage"), Just("none")];
    let cited =
        (passage, 0..3_u16).prop_map(|(passage, sentence)| Cited { passage: name(passage), sentence });
    (prop::collection::vec(cited, 0..4), any::<bool>()).prop_map(|(cited, sure)| Answer { cited, sure })
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        6 => heard().prop_map(Input::Understood),
        3 => prop::sample::select(vec!['0', '1', '2', '3', '8', '9', '*', '#', 'A'])
            .prop_map(|key| Input::Key(Key::new(key).unwrap())),
        1 => Just(Input::Begin),
        1 => Just(Input::Nothing),
        1 => Just(Input::Silence),
        1 => Just(Input::Spoken),
        1 => any::<bool>().prop_map(|well| Input::Task(well.then(Default::default))),
    ]
}

/// What the caller is left with.
fn goes_on(output: &Output) -> bool {
    matches!(output, Output::Listen { .. } | Output::Do { .. } | Output::Transfer { .. } | Output::HangUp)
}

proptest! {
    #[test]
    fn nobody_is_left_in_silence(inputs in prop::collection::vec(input(), 1..120)) {
        let talk = informed();
        let mut state = Talking::new(Locale::Chinese);
        on(&mut state, &talk, Input::Begin);
        for input in inputs {
            let before = state.clone();
            let outcome = matches!(input, Input::Task(_));
            let answering = matches!(input, Input::Understood(_) | Input::Key(_) | Input::Nothing);
            let out = on(&mut state, &talk, input);
            if before.stage == Stage::Over {
                prop_assert!(out.is_empty() && state == before);
                continue;
            }
            if answering && !matches!(before.stage, Stage::Task(_)) {
                let heard = state.speaking && before.speaking;
                prop_assert!(heard || out.last().is_some_and(goes_on), "{before:#?} {out:#?}");
            }
            let ends = out.iter().filter(|output| matches!(output, Output::Transfer { .. } | Output::HangUp));
            prop_assert_eq!(ends.count(), usize::from(state.stage == Stage::Over));
            if let (Stage::Task(_), Stage::Task(_)) = (&before.stage, &state.stage)
 && !outcome {
                prop_assert!(!out.iter().any(|output| matches!(output, Output::Do { .. })), "a task is done once");
            }
            prop_assert!(state.topics.len() <= usize::from(talk.deepest) + 1);
            prop_assert!(state.misses < talk.misses || state.stage == Stage::Over);
            prop_assert!(state.keys.len() <= 32);
            let again: Talking = serde_json::from_slice(&serde_json::to_vec(&state).unwrap()).unwrap();
            prop_assert_eq!(again, state.clone());
        }
    }

    #[test]
    fn a_caller_who_only_turns_in_circles_reaches_a_human(
        circle in prop::collection::vec(heard(), 1..6)
    ) {
        let talk = informed();
        let mut state = Talking::new(Locale::English);
        on(&mut state, &talk, Input::Begin);
        for heard in circle.iter().cycle().take(300) {
            if matches!(state.stage, Stage::Task(_)) {
                on(&mut state, &talk, Input::Task(Some(std::collections::BTreeMap::default())));
            }
            on(&mut state, &talk, Input::Understood(heard.clone()));
        }
        prop_assert_eq!(state.stage, Stage::Over);
    }
}
