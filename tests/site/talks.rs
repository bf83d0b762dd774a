//! Conversations with every defect that an admin may make: each is found where it stands. On the shipped flows nothing
//! is found (`every_example_is_clean`).

use std::fs;

use tandem::infra::site::{self, Code, Step, trials};

use super::{copy, edit, name, root};

const SALES: &str = "flows/after_sales.yaml";
const SITE: &str = "site.yaml";
const OPERATOR: &str = "flows/operator.yaml";
const VISIT: &str = "flows/appointment.yaml";
const SAID: &str = "language/after_sales.yaml";

/// File, what stands there, what is put there instead, and what is found: its code and a piece of it.
const DEFECTS: &[(&str, &str, &str, Code, &str)] = &[
    // Who does what conversations want done.
    (SITE, "# tasks:  ", "tasks: { secret_file: secrets/tasks }  #", Code::MissingKey, "`url`"),
    (
        SITE,
        "# tasks:  ",
        "tasks: { url: http://desk.example/tandem }  #",
        Code::BadValue,
        "no address of a service",
    ),
    (
        SITE,
        "# tasks:  ",
        "tasks: { url: \"https://me:word@desk.example/\" }  #",
        Code::BadValue,
        "this is no address",
    ),
    (SITE, "# tasks:  ", "tasks: { url: https://desk.example, patience: 1m }  #", Code::BadValue, "1m"),
    (
        SITE,
        "# tasks:  ",
        "tasks: { url: https://desk.example, secret_file: \"a secret\" }  #",
        Code::BadValue,
        "no name of a secret file",
    ),
    // Who has a say in what is not surely understood.
    (SITE, "# tasks:  ", "assistant: { url: https://models.example/v1 }  #", Code::MissingKey, "`model`"),
    (
        SITE,
        "# tasks:  ",
        "assistant: { url: \"http://models.example/v1\", model: m }  #",
        Code::BadValue,
        "no address of a service",
    ),
    (
        SITE,
        "# tasks:  ",
        "assistant: { url: https://models.example/v1, model: m, patience: 5s }  #",
        Code::BadValue,
        "5s",
    ),
    // Ways that lead nowhere, or nowhere from.
    (SALES, "slots: [order, reason]", "slots: [order, reson]", Code::UnknownName, "no slot `reson`"),
    (SALES, "slots: [order, reason]", "slots: [order, order, reason]", Code::Duplicate, "`order` twice"),
    (SALES, "slots: [order, reason]", "slots: [order]", Code::Unreachable, "no topic asks for slot `reason`"),
    (
        SALES,
        "human: support                # the",
        "human: suport  # the",
        Code::UnknownName,
        "did you mean `support`?",
    ),
    (
        SALES,
        "    key: 4\n    slots: [order]\n    human: support",
        "    key: 4\n    slots: [order]",
        Code::MissingKey,
        "how the topic `complaint` ends",
    ),
    (SALES, "otherwise: message ", "otherwise: mesage ", Code::UnknownName, "did you mean `message`?"),
    (
        SALES,
        "otherwise: message            # the step for callers whom nobody takes over\n",
        "",
        Code::MissingKey,
        "`otherwise`",
    ),
    (SALES, "topic: danger }", "topic: dangr }", Code::UnknownName, "did you mean `danger`?"),
    (
        SALES,
        "  - { words: [着火, 起火, 冒烟, 漏电, 触电, 爆炸, 烫伤, fire, smoke, exploded, electric shock, burned], topic: danger }\n",
        "",
        Code::Unreachable,
        "nothing leads to topic `danger`",
    ),
    (SALES, "    key: 5\n", "", Code::Unreachable, "no way to topic `person`"),
    (SALES, "    intents: [human]\n", "", Code::Unreachable, "means the intent `human`"),
    (
        SALES,
        "mailbox: { voicemail: 1001 }",
        "mailbox: { voicemail: 1001 }\n  lost: { say: Hello., next: hangup }",
        Code::Unreachable,
        "leads to the step `lost`",
    ),
    (SALES, "    next: mailbox", "    next: mailbx", Code::UnknownName, "did you mean `mailbox`?"),
    (
        SALES,
        "  mailbox: { voicemail: 1001 }",
        "  mailbox: { voicemail: 1004 }",
        Code::MissingKey,
        "1004 has no mailbox",
    ),
    // Loops.
    (
        SALES,
        "    next: mailbox\n  mailbox: { voicemail: 1001 }",
        "    next: message",
        Code::EndlessLoop,
        "loop without exit",
    ),
    (SALES, "otherwise: message ", "otherwise: night ", Code::UnknownName, "there is no step `night`"),
    (
        OPERATOR,
        "    next: hangup",
        "    next: again\n  again: { say: Hello., next: busy }",
        Code::EndlessLoop,
        "loop without exit",
    ),
    ("flows/welcome.yaml", "start: greet", "start: there", Code::EndlessLoop, "leads back to itself"),
    // Two meanings of one thing.
    (SALES, "key: 5", "key: 4", Code::Duplicate, "key 4 means both"),
    (SALES, "key: 5", "key: 0", Code::Contradiction, "0 is a human"),
    (SALES, "intents: [human]", "intents: [complaint]", Code::Duplicate, "intent `complaint` means both"),
    (
        SALES,
        "[开发票, invoice], topic: invoice",
        "[退款, invoice], topic: invoice",
        Code::Duplicate,
        "shortcut `退款` means both",
    ),
    (SALES, "words: [自己, 私人,", "words: [自己, 单位,", Code::Duplicate, "`单位` means two options"),
    (
        SALES,
        "human: support\n\n  danger:",
        "human: support\n    say: Hello.\n\n  danger:",
        Code::UnknownKey,
        "ends in one way",
    ),
    (SALES, "topic: refund }", "topic: refund, language: en }", Code::UnknownKey, "not to both"),
    (SAID, "[我要退款,", "[我要投诉, 我要退款,", Code::Duplicate, "means both `refund` and `complaint`"),
    (SAID, "[今天天气怎么样,", "[我要退款, 今天天气怎么样,", Code::Duplicate, "and `out_of_scope`"),
    (
        SALES,
        "  message:\n    say:",
        "  talk: { say: Hello., next: message }\n  message:\n    say:",
        Code::Duplicate,
        "its step `talk` already",
    ),
    // Texts.
    (
        SALES,
        "title: { zh: 投诉, en: to make a complaint }",
        "title: { zh: 投诉 }",
        Code::Untranslated,
        "not in `en`",
    ),
    (
        SALES,
        "zh: 退款申请已经提交，三个工作日内原路退回。\n      en",
        "en",
        Code::Untranslated,
        "not in `zh`",
    ),
    (SALES, "订单{order}{state}。", "", Code::BadValue, "this text is empty"),
    (
        SALES,
        "    prompts:\n      - { zh: 抬头开个人还是公司？, en: Shall it be made out to you or to your company? }\n      - { zh: 个人请按1，公司请按2。, en: Press 1 for yourself and 2 for a company. }\n",
        "",
        Code::MissingKey,
        "needs the key `prompts`",
    ),
    (
        SALES,
        "{ zh: \"订单号{value}，对吗？\", en: \"Order {value}, is that right?\" }",
        "{ zh: 对吗？, en: Is that right? }",
        Code::Contradiction,
        "does not say what is confirmed",
    ),
    (
        SALES,
        "zh: \"订单号{value}，对吗？\"",
        "zh: \"订单号{value}{state}，对吗？\"",
        Code::UnknownName,
        "{state}",
    ),
    (OPERATOR, "zh: 我们周一到周五，", "zh: 我们{day}，", Code::UnknownName, "{day}"),
    (
        OPERATOR,
        "{ zh: 请说对方的全名，比如陈伟。, en: \"Please say the first and the last name, for example Alice Brown.\" }",
        "{ zh: 请问您找哪位？, en: Who would you like to speak to? }",
        Code::Duplicate,
        "let the later one help more",
    ),
    (VISIT, "greeting:", "greting:", Code::UnknownKey, "did you mean `greeting`?"),
    (VISIT, "keep: true\n", "keep: true\n    language: fr\n", Code::BadValue, "allowed: en, zh"),
    // Slots that cannot be filled.
    (SALES, "min: 8", "min: 9", Code::BadValue, "slot `order` can't be filled"),
    (SALES, "ask: digits", "ask: digit", Code::BadValue, "did you mean `digits`?"),
    (SALES, "    max: 8\n", "", Code::MissingKey, "`max`"),
    (VISIT, "ask: phone", "ask: phone\n    max: 11", Code::UnknownKey, "`max` belongs to `ask: digits`"),
    (
        VISIT,
        "      keep: { title: { zh: 保留, en: keep it }, words: [留着, 不取消, 算了, 照旧, no, keep, leave it] }\n",
        "",
        Code::BadValue,
        "two options at least",
    ),
    (OPERATOR, "ask: person", "ask: date", Code::Contradiction, "a person or digits"),
    (OPERATOR, "call: who", "call: whom", Code::UnknownName, "did you mean `who`?"),
    (
        SALES,
        "    urgent: true\n",
        "    urgent: true\n    slots: [order]\n",
        Code::Contradiction,
        "asks nothing",
    ),
    // What the house answers.
    (SALES, "answer: hours ", "answer: hour ", Code::UnknownName, "did you mean `hours`?"),
    (
        SALES,
        "      zh: 可以用微信、支付宝和银行卡付款。货到付款现在没有。\n",
        "",
        Code::Untranslated,
        "not in `zh`",
    ),
    (SALES, "可以用微信、支付宝和银行卡付款。货到付款现在没有。", "。", Code::MissingKey, "says nothing"),
    (
        SALES,
        "    text:\n      zh: 可以用微信、支付宝和银行卡付款。货到付款现在没有。\n      en: You can pay by WeChat, Alipay or bank card. We do not offer cash on delivery.\n",
        "",
        Code::MissingKey,
        "needs the key `text`",
    ),
    (SALES, "      zh: [可以怎么付款,", "      fr: [可以怎么付款,", Code::UnknownKey, "no language"),
    (
        SALES,
        "      zh: [可以怎么付款, 支持哪些支付方式, 能货到付款吗, 可以刷卡吗, 能用支付宝吗]\n",
        "",
        Code::Untranslated,
        "nobody asks for passage `payment`",
    ),
    (SALES, "[可以怎么付款,", "[几点开门, 可以怎么付款,", Code::Duplicate, "`几点开门` is asked for both"),
    (SALES, "货到付款现在没有。", "货到付款现在没有。一。二。", Code::TooLarge, "make two passages"),
    (SALES, "可以用微信、", "可以用{order}、", Code::UnknownName, "{order}"),
    // What nobody may know.
    (SALES, "请说一下订单号。", "请说一下卡号。", Code::Contradiction, "write `secret: true`"),
    (SALES, "What is your order number?", "What is your PIN?", Code::Contradiction, "write `secret: true`"),
    (
        SALES,
        "    ask: choice\n    prompts:\n      - zh: 为什么要退",
        "    ask: choice\n    secret: true\n    prompts:\n      - zh: 为什么要退",
        Code::Contradiction,
        "only digits and codes",
    ),
    // What callers say.
    (SALES, "samples: after_sales", "samples: aftersales", Code::UnknownName, "did you mean `after_sales`?"),
    (SALES, "samples: after_sales\n", "", Code::MissingKey, "no samples tell what callers say"),
    (SALES, "intents: [refund]", "intents: [refunds]", Code::UnknownName, "did you mean `refund`?"),
    (
        "language/appointment.yaml",
        "intents:\n",
        "intents:\n  lonely: { samples: { en: [i am alone] } }\n",
        Code::Untranslated,
        "nobody says the intent `lonely` in `zh`",
    ),
    // A small company's callers are not led around.
    (
        SALES,
        "human: support                # the",
        "deepest: 3\nhuman: support # the",
        Code::TooDeep,
        "profile: medium",
    ),
    (
        SALES,
        "human: support                # the",
        "misses: 0\nhuman: support # the",
        Code::BadValue,
        "from 1 to 9",
    ),
];

#[test]
fn every_seeded_defect_is_found_where_it_stands() {
    assert!(DEFECTS.len() >= 40);
    let mut missed = Vec::new();
    for (file, from, to, code, part) in DEFECTS {
        let (_temp, site) = copy("examples/small");
        edit(&site, file, from, to);
        if *part == "leads back to itself" {
            let there = "\n  there: { flow: circle }\n";
            let text = fs::read_to_string(site.join(file)).expect("file");
            fs::write(site.join(file), text + there).expect("write");
            fs::write(site.join("flows/circle.yaml"), "steps: { back: { flow: welcome } }\n").expect("write");
        }
        let problems = site::check(&site).problems.0;
        let found = |problem: &&site::Problem| {
            let said = format!("{} {}", problem.message, problem.help.as_deref().unwrap_or_default());
            problem.code == *code && said.contains(part)
        };
        if !problems.iter().any(|problem| found(&problem)) {
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            missed.push(format!("{file}: {from:?} → {to:?}: no {code} with {part:?} in {told:#?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn several_defects_are_told_at_once() {
    let (_temp, site) = copy("examples/small");
    edit(&site, SALES, "ask: digits", "ask: digit");
    edit(&site, SALES, "topic: danger }", "topic: dangr }");
    edit(&site, SALES, "samples: after_sales", "samples: aftersales");
    edit(&site, VISIT, "greeting:", "greting:");
    let problems = site::check(&site).problems.0;
    let at: Vec<(&str, usize)> =
        problems.iter().map(|problem| (problem.file.as_str(), problem.line)).collect();
    for place in [(SALES, 4), (VISIT, 8)] {
        assert!(at.contains(&place), "{place:?} in {problems:#?}");
    }
    for part in ["digit`", "dangr", "aftersales", "greting"] {
        assert!(problems.iter().any(|problem| problem.message.contains(part)), "{part} in {problems:#?}");
    }
}

#[test]
fn a_conversation_is_a_step_of_its_flow_and_its_samples_belong_to_the_revision() {
    let (_temp, site) = copy("examples/small");
    let loaded = site::load(&site).expect("a site");
    let flow = &loaded.flows[&name("after_sales")];
    assert_eq!(flow.start, name("talk"));
    let Step::Talk(talk) = &flow.steps[&flow.start] else { panic!("{flow:?}") };
    assert_eq!(talk.topics.len(), 7);
    assert_eq!(talk.deepest, 2, "as deep as a small company's menus");
    assert!(talk.samples.as_ref().is_some_and(|file| file.ends_with(SAID)));
    edit(&site, SAID, "我要退款", "我想要退款");
    assert_ne!(site::load(&site).expect("a site").revision, loaded.revision);
    assert!(!loaded.flows.contains_key(&name("after_sales.test")), "trials are no flow");
}

#[test]
fn trials_are_read_and_what_is_wrong_with_them_is_told_with_its_line() {
    let (_temp, site) = copy("examples/small");
    let trials = trials::load(&root().join("examples/small"), &name("after_sales")).expect("trials");
    assert!(trials.len() >= 8);
    assert!(trials.iter().any(|trial| trial.turns.len() >= 7));
    let file = site.join("flows/operator.test.yaml");
    fs::write(
        &file,
        "tests:\n  - { name: one, turns: [ { say: hello, keys: 1 } ] }\n  - { nam: two, turns: [] }\n",
    )
    .expect("write");
    let told = trials::load(&site, &name("operator")).expect_err("two faults").0;
    let lines: Vec<usize> = told.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [2, 3, 3], "{told:#?}");
}
