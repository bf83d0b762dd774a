//! What ends with a human, what is refused, and what is interrupted.

use super::{
    super::Priority,
    Caller, Input, Locale, Output, Sureness, Why, name,
    shop::{both, shop},
};
use crate::{
    infra::site::{Ask, Spot, TalkFault},
    ports::engine::Ear,
};

fn caller() -> Caller {
    Caller::new(shop(), Locale::English)
}

#[test]
fn three_failures_get_more_help_and_then_a_human_with_the_context() {
    let mut caller = caller();
    caller.wants("i want a refund", "refund");
    caller.says("well you know").hears("It is in our text message: eight digits.");
    caller.says("one two three").hears("An order number has eight digits. | Please key in the eight digits.");
    caller.put(Input::Silence);
    assert!(caller.out.is_empty(), "no silence counts while the prompt is heard: {:?}", caller.out);
    caller.put(Input::Spoken).put(Input::Silence).because(Why::Miss { count: 3, most: 3 });
    let (queue, priority, context) = caller.transferred();
    assert_eq!((queue, priority), ("desk", Priority::Raised));
    assert_eq!(context.topics, [name("refund")]);
    assert_eq!(context.last, "one two three");
    assert!(caller.put(Input::Begin).out.is_empty(), "it is over");
}

#[test]
fn success_between_failures_starts_the_count_anew() {
    let mut caller = caller();
    caller.wants("i want a refund", "refund").says("hm well").says("hm well");
    caller.says("20261145").says("yes").says("hm well").because(Why::Miss { count: 1, most: 3 });
}

#[test]
fn a_denied_value_counts_as_a_failure() {
    let mut caller = caller();
    caller.wants("i want a refund", "refund");
    for _ in 0..3 {
        caller.says("20261145").says("no");
    }
    assert_eq!(caller.transferred().1, Priority::Raised);
}

#[test]
fn an_emergency_goes_first_from_everywhere() {
    let mut by_word = caller();
    by_word.wants("i want a refund", "refund").says("help there is a fire in the kitchen");
    by_word.because(Why::Emergency { topic: name("fire") });
    assert_eq!((by_word.transferred().0, by_word.transferred().1), ("alarm", Priority::Urgent));
    let mut by_intent = caller();
    by_intent.means("smoke comes out of it", Sureness::Confirm, &[("emergency", 0.4)]);
    assert_eq!(by_intent.transferred().1, Priority::Urgent);
    let mut in_a_task = caller();
    in_a_task.wants("where is my order 20261145", "order_status").says("yes").says("fire");
    assert_eq!(in_a_task.transferred().1, Priority::Urgent);
    assert_eq!(in_a_task.transferred().2.facts[&name("order")].text, "20261145");
}

#[test]
fn digressions_in_a_circle_or_too_deep_are_refused() {
    let mut caller = caller();
    caller.wants("i want my money back", "refund").wants("first a visit", "visit");
    caller
        .wants("now my money", "refund")
        .because(Why::Cyclic { topic: name("refund") })
        .hears("Let us finish a visit first. | Which day?");
    caller
        .wants("where is my order", "order_status")
        .because(Why::TooDeep { topic: name("status"), most: 2 })
        .hears("Let us finish a visit first. | Which day?");
    assert_eq!(caller.state.topics, [name("refund"), name("visit")]);
    caller.wants("now my money", "refund").because(Why::Miss { count: 3, most: 3 });
    assert_eq!(caller.transferred().1, Priority::Raised, "who insists talks to a person");
}

#[test]
fn a_prompt_goes_on_over_noise_but_not_for_ever() {
    let mut caller = caller();
    caller.wants("i want my money back", "refund");
    for _ in 0..3 {
        assert_eq!(caller.put(Input::Nothing).out, [Output::Why(Why::FalseAlarm)]);
    }
    caller.put(Input::Nothing).because(Why::Miss { count: 1, most: 3 });
    caller.put(Input::Spoken).put(Input::Nothing).because(Why::Miss { count: 2, most: 3 });
    caller.keys("2");
    assert_eq!(caller.out.first(), Some(&Output::Hush), "a key stops it too");
}

#[test]
fn nods_interrupt_nothing_and_answer_nothing_but_a_question_for_a_yes() {
    let mut caller = caller();
    caller.wants("i want my money back", "refund");
    caller.says("uh-huh");
    assert_eq!(caller.out, [Output::Why(Why::Nod)], "the prompt goes on");
    caller.put(Input::Spoken).says("mhm").because(Why::Miss { count: 1, most: 3 });
    caller.says("20261145").says("yeah").because(Why::Confirmed { slot: name("order") });
    let mut chinese = Caller::new(shop(), Locale::Chinese);
    chinese.says("嗯").because(Why::Nod);
    chinese.says("退款").hears("请说订单号。");
}

#[test]
fn a_failed_task_leads_to_a_human_and_a_late_one_nowhere() {
    let mut caller = caller();
    caller.wants("where is my order 20261145", "order_status").says("yes").put(Input::Task(None));
    caller.because(Why::TaskFailed { task: name("look_up") });
    assert_eq!(caller.transferred().1, Priority::Raised);
    assert!(caller.done(&[]).out.is_empty());
}

#[test]
fn a_human_can_be_had_while_a_task_is_done() {
    let mut caller = caller();
    caller.wants("where is my order 20261145", "order_status").says("yes").keys("5");
    caller.because(Why::Busy { task: name("look_up") });
    caller.keys("0").because(Why::Asked);
    let (queue, priority, _) = caller.transferred();
    assert_eq!((queue, priority), ("desk", Priority::Normal));
    assert!(caller.done(&[("state", "shipped")]).out.is_empty(), "the human has the caller");
}

#[test]
fn a_state_has_its_own_language_and_its_own_ear() {
    let mut talk = shop();
    talk.slots.get_mut(&name("order")).unwrap().language = Some(Locale::English);
    let mut caller = Caller::new(talk, Locale::Chinese);
    caller.says("退款").hears("What is the order number?");
    let ear = Ear::Digits { min: 8, max: 8 };
    assert_eq!(caller.out.last(), Some(&Output::Listen { ear, language: Locale::English }));
    caller.says("20261145").says("对").hears("原因:坏了、太晚、发错、不喜欢?");
    assert_eq!(caller.out.last(), Some(&Output::Listen { ear: Ear::Free, language: Locale::Chinese }));
}

#[test]
fn a_topic_that_left_the_site_leads_to_a_human() {
    let mut caller = caller();
    caller.wants("i want my money back", "refund");
    caller.talk.slots.remove(&name("order"));
    caller.put(Input::Begin).because(Why::Gone { what: name("order") });
    assert_eq!(caller.transferred().0, "desk");
}

#[test]
fn the_shop_is_sound_and_each_fault_is_told() {
    let languages = [Locale::Chinese, Locale::English];
    assert_eq!(shop().check(&languages), []);
    let mut talk = shop();
    talk.slots.remove(&name("phone"));
    talk.slots.get_mut(&name("day")).unwrap().prompts.clear();
    talk.slots.get_mut(&name("order")).unwrap().ask = Ask::Digits { min: 9, max: 8 };
    let visit = talk.topics.get_mut(&name("visit")).unwrap();
    visit.title = both("预约{x}", "a visit");
    visit.title.0.remove(&Locale::English);
    visit.intents = vec!["refund".into()];
    let complaint = talk.topics.get_mut(&name("complaint")).unwrap();
    (complaint.key, complaint.intents) = (None, Vec::new());
    talk.deepest = 0;
    let at = Spot::Title(name("visit"));
    let expected = [
        TalkFault::OutOfRange { what: "deepest", value: 0, most: 9 },
        TalkFault::UnknownSlot { topic: name("refund"), slot: name("phone") },
        TalkFault::Shared { what: "intent `refund`".into(), first: name("refund"), second: name("visit") },
        TalkFault::Unreachable { topic: name("complaint") },
        TalkFault::Keyless { topic: name("complaint") },
        TalkFault::Mute { slot: name("day") },
        TalkFault::Missing { at: at.clone(), language: Locale::English },
        TalkFault::UnknownField { at, field: "x".into() },
    ];
    let faults = talk.check(&languages);
    for fault in &expected {
        assert!(faults.contains(fault), "{fault}: {faults:#?}");
    }
    assert!(faults.iter().any(|fault| matches!(fault, TalkFault::Impossible { .. })));
    assert_eq!(faults.len(), expected.len() + 1);
}
