//! Conversations in Chinese.

use super::{Caller, Locale, Sureness, Why, name, shop::shop};

fn caller() -> Caller {
    Caller::new(shop(), Locale::Chinese)
}

#[test]
fn a_refund_in_eight_turns_with_a_correction_and_a_digression() {
    let mut caller = caller();
    caller.hears("您好,请问有什么可以帮您?");
    caller.wants("东西我不要了把钱退给我", "refund").hears("请说订单号。");
    caller.says("二零二六幺幺三五").hears("订单号二零二六,幺幺三五,对吗?");
    caller
        .says("不是三,是四")
        .hears("订单号二零二六,幺幺四五,对吗?")
        .because(Why::Corrected { slot: name("order") });
    caller
        .wants("等一下我想先约个师傅上门", "visit")
        .hears("好的,先办预约上门。 | 哪一天?")
        .because(Why::Aside { from: name("refund"), to: name("visit") });
    caller.says("十二月三号").hears("12月3日,对吗?");
    caller.says("对的").does("book", &[("day", "2026-12-03")]);
    caller.done(&[]).hears("已预约12月3日。 | 我们继续退款。 | 订单号二零二六,幺幺四五,对吗?");
    caller.says("对").hears("原因:坏了、太晚、发错、不喜欢?");
    caller.says("发错了").hears("请留电话。");
    caller
        .says("13800138000")
        .does("pay_back", &[("order", "20261145"), ("reason", "wrong"), ("phone", "13800138000")]);
}

#[test]
fn several_facts_in_one_sentence() {
    let mut caller = caller();
    caller
        .wants("我要退款订单号是20261135,电话13800138000", "refund")
        .hears("订单号二零二六,幺幺三五,对吗?")
        .because(Why::Filled { slot: name("order") })
        .because(Why::Filled { slot: name("phone") });
    caller
        .says("对")
        .says("坏了")
        .does("pay_back", &[("order", "20261135"), ("reason", "broken"), ("phone", "13800138000")]);
}

#[test]
fn a_shortcut_leads_from_the_top_to_the_topic_at_once() {
    let mut caller = caller();
    caller.says("退款").hears("请说订单号。").because(Why::Shortcut { topic: name("refund") });
    let mut denied = self::caller();
    denied.says("我不要退款").because(Why::Miss { count: 1, most: 3 });
}

#[test]
fn an_ambiguous_sentence_is_asked_back() {
    let mut caller = caller();
    caller
        .means("我那个单子的事", Sureness::Confirm, &[("order_status", 0.41), ("complaint", 0.33)])
        .hears("您要查订单,还是投诉?")
        .because(Why::Ambiguous { first: name("status"), second: name("complaint") });
    caller.says("第一个").hears("请说订单号。");
    let mut unsure = self::caller();
    unsure
        .means("单子20261135怎么说", Sureness::Confirm, &[("order_status", 0.5), ("complaint", 0.1)])
        .hears("您是要查订单,对吗?");
    unsure.says("对").hears("订单号二零二六,幺幺三五,对吗?");
}

#[test]
fn the_caller_changes_the_language() {
    let mut caller = caller();
    caller.says("退款").says("可以说英文吗").hears("What is the order number?");
    caller.because(Why::Language { to: Locale::English });
    caller.says("in chinese please").hears("请说订单号。");
}
