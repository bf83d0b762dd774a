//! A shop's after-sales desk, the conversation that the tests lead.

use super::name;
use crate::{
    base::number::Key,
    infra::site::{Ask, Choice, End, Human, Jump, Lines, Locale, Prompt, Shortcut, Slot, Talk, Topic},
};

pub fn both(chinese: &str, english: &str) -> Prompt {
    Prompt([(Locale::Chinese, chinese.into()), (Locale::English, english.into())].into())
}

fn topic(title: Prompt, intent: &str, key: char, slots: &[&str], end: End) -> Topic {
    Topic {
        title,
        intents: vec![intent.into()],
        key: Key::new(key),
        slots: slots.iter().map(|slot| name(slot)).collect(),
        end,
        urgent: false,
    }
}

fn task(task: &str, done: Prompt) -> End {
    End::Task { task: name(task), done }
}

pub fn slot(ask: Ask, prompts: Vec<Prompt>) -> Slot {
    Slot {
        ask,
        prompts,
        invalid: Prompt::default(),
        confirm: None,
        language: None,
        keep: false,
        secret: false,
    }
}

fn option(value: &str, title: Prompt) -> Choice {
    Choice { value: name(value), title, words: Vec::new() }
}

fn human(queue: &str) -> Human {
    Human { queue: name(queue), route: None }
}

pub fn shop() -> Talk {
    let topics = [
        (
            "status",
            topic(
                both("查订单", "your order"),
                "order_status",
                '1',
                &["order"],
                task("look_up", both("订单{order}{state}。", "Order {order} is {state}.")),
            ),
        ),
        (
            "refund",
            topic(
                both("退款", "a refund"),
                "refund",
                '2',
                &["order", "reason", "phone"],
                task("pay_back", both("退款已提交。", "Your refund is on its way.")),
            ),
        ),
        (
            "visit",
            topic(
                both("预约上门", "a visit"),
                "visit",
                '3',
                &["day"],
                task("book", both("已预约{day}。", "Booked for {day}.")),
            ),
        ),
        ("complaint", topic(both("投诉", "a complaint"), "complaint", '4', &[], End::Human(human("care")))),
        (
            "fire",
            Topic {
                urgent: true,
                ..topic(both("紧急情况", "an emergency"), "emergency", '9', &[], End::Human(human("alarm")))
            },
        ),
    ];
    let shortcut =
        |words: &[&str], to| Shortcut { words: words.iter().map(|word| (*word).into()).collect(), to };
    Talk {
        topics: topics.into_iter().map(|(key, topic)| (name(key), topic)).collect(),
        slots: slots(),
        shortcuts: vec![
            shortcut(&["着火", "漏电", "fire"], Jump::Topic(name("fire"))),
            shortcut(&["退款", "refund"], Jump::Topic(name("refund"))),
            shortcut(&["英文", "in english"], Jump::Language(Locale::English)),
            shortcut(&["中文", "in chinese"], Jump::Language(Locale::Chinese)),
        ],
        human: human("desk"),
        otherwise: name("hangup"),
        samples: None,
        knowledge: std::collections::BTreeMap::new(),
        lines: Lines::default(),
        misses: 3,
        deepest: 2,
    }
}

fn slots() -> std::collections::BTreeMap<crate::base::id::Name, Slot> {
    let order = Slot {
        invalid: both("订单号是八位。", "An order number has eight digits."),
        confirm: Some(both("订单号{value},对吗?", "Order {value}, is that right?")),
        ..slot(
            Ask::Digits { min: 8, max: 8 },
            vec![
                both("请说订单号。", "What is the order number?"),
                both("订单号在短信里,八位数字。", "It is in our text message: eight digits."),
                both("请用按键输入八位订单号。", "Please key in the eight digits."),
            ],
        )
    };
    let reasons = Ask::Choice(vec![
        option("broken", both("坏了", "broken")),
        option("late", both("太晚", "late")),
        option("wrong", both("发错", "wrong item")),
        option("unwanted", both("不喜欢", "unwanted")),
    ]);
    [
        ("order", order),
        (
            "reason",
            slot(
                reasons,
                vec![both("原因:坏了、太晚、发错、不喜欢?", "Why: broken, late, wrong item, unwanted?")],
            ),
        ),
        ("phone", slot(Ask::Phone, vec![both("请留电话。", "Your phone number?")])),
        (
            "day",
            Slot {
                confirm: Some(both("{value},对吗?", "{value}, is that right?")),
                ..slot(Ask::Date, vec![both("哪一天?", "Which day?")])
            },
        ),
    ]
    .into_iter()
    .map(|(key, slot)| (name(key), slot))
    .collect()
}
