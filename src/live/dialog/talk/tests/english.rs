//! Conversations in English.

use super::{Caller, Locale, Stage, Why, name, shop::shop};

fn caller() -> Caller {
    Caller::new(shop(), Locale::English)
}

#[test]
fn a_refund_in_eight_turns_with_a_correction_and_a_digression() {
    let mut caller = caller();
    caller.hears("Hello, how can I help you?");
    caller.wants("i want my money back", "refund").hears("What is the order number?");
    caller
        .says("two zero two six one one three five")
        .hears("Order 2 0 2 6, 1 1 3 5, is that right?")
        .because(Why::Filled { slot: name("order") });
    caller
        .says("no, not three, four")
        .hears("Order 2 0 2 6, 1 1 4 5, is that right?")
        .because(Why::Corrected { slot: name("order") });
    caller
        .says("yes that's right")
        .hears("Why: broken, late, wrong item, unwanted?")
        .because(Why::Confirmed { slot: name("order") });
    caller.says("the third").hears("Your phone number?");
    caller
        .wants("hang on, where is my order at the moment", "order_status")
        .because(Why::Aside { from: name("refund"), to: name("status") })
        .does("look_up", &[("order", "20261145")]);
    caller
        .done(&[("state", "on its way")])
        .hears("Order 2 0 2 6, 1 1 4 5 is on its way. | Back to a refund. | Your phone number?")
        .because(Why::Back { to: name("refund") });
    caller
        .says("no, the fourth")
        .because(Why::Corrected { slot: name("reason") })
        .hears("Your phone number?");
    caller
        .says("it's 415 555 0132")
        .does("pay_back", &[("order", "20261145"), ("reason", "unwanted"), ("phone", "4155550132")]);
    caller.done(&[]).hears("Your refund is on its way. | Is there anything else?");
    assert!(caller.state.facts.is_empty() && caller.state.topics.is_empty());
}

#[test]
fn a_day_is_corrected_by_its_number() {
    let mut caller = caller();
    caller.wants("send somebody on december third please", "visit").hears("December 3, is that right?");
    caller.says("no, the fourth").hears("December 4, is that right?");
    caller.says("yes").does("book", &[("day", "2026-12-04")]);
}

#[test]
fn all_by_keys() {
    let mut caller = caller();
    caller.keys("2").hears("What is the order number?");
    caller.keys("20261").keys("*").hears("What is the order number?");
    caller.keys("20261145").hears("Order 2 0 2 6, 1 1 4 5, is that right?");
    caller.keys("2").because(Why::Denied { slot: name("order") });
    caller.keys("20261146").keys("1").hears("Why: broken, late, wrong item, unwanted?");
    caller.keys("4").hears("Your phone number?");
    caller
        .keys("4155550132#")
        .does("pay_back", &[("order", "20261146"), ("reason", "unwanted"), ("phone", "4155550132")]);
}

#[test]
fn keys_and_speech_mix() {
    let mut caller = caller();
    caller.keys("2").says("twenty twenty six eleven forty five").keys("1");
    assert_eq!(caller.state.stage, Stage::Ask(name("reason")));
    caller.says("it came broken").keys("0");
    assert_eq!(caller.state.stage, Stage::Ask(name("phone")), "0 is a digit of a phone number");
}
