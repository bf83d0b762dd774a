//! Questions in the midst of a conversation: answered in the house's words, and back to where the caller was.

use super::{
    Caller, name,
    shop::{both, shop},
};
use crate::{
    base::number::Key,
    infra::site::{End, Locale, Passage, Talk, Topic},
    live::dialog::talk::{Guess, Heard, Input, Output, Sureness, Why},
    ports::assistant::{Answer, Cited},
};

const HOURS: &str = "We open at nine. We close at six.";

pub fn informed() -> Talk {
    let mut talk = shop();
    let passage = |text| Passage { text, ..Passage::default() };
    talk.knowledge.insert(name("hours"), passage(both("九点开门。六点关门。", HOURS)));
    talk.knowledge.insert(name("postage"), passage(both("免运费。", "Postage is free.")));
    let title = both("营业时间", "our hours");
    let end = End::Answer(name("hours"));
    let topic = Topic { title, intents: vec![], key: Key::new('6'), slots: vec![], end, urgent: false };
    talk.topics.insert(name("times"), topic);
    talk
}

fn asked(text: &str, passage: &str, sentences: &[u16], sure: bool) -> Heard {
    let cited = |sentence: &u16| Cited { passage: name(passage), sentence: *sentence };
    let answer = Some(Answer { cited: sentences.iter().map(cited).collect(), sure });
    Heard { text: text.into(), answer, ..Heard::default() }
}

fn told(passage: &str, sentence: u16) -> Why {
    Why::Answered { passage: name(passage), sentence }
}

#[test]
fn a_question_is_answered_in_every_state_and_the_caller_is_back_where_they_were() {
    let mut caller = Caller::new(informed(), Locale::English);
    caller.put(Input::Understood(asked("when do you open", "hours", &[0, 1], true)));
    caller.hears("We open at nine. | We close at six. | Is there anything else?").because(told("hours", 2));
    caller.wants("i want my money back", "refund").hears("What is the order number?");
    caller.put(Input::Understood(asked("is it free", "postage", &[0], false)));
    caller.hears("Postage is free. | What is the order number?").because(told("postage", 1));
    caller.says("20261145").hears("Order 2 0 2 6, 1 1 4 5, is that right?");
    caller.put(Input::Understood(asked("when do you close", "hours", &[1], true)));
    caller.hears("We close at six. | Order 2 0 2 6, 1 1 4 5, is that right?");
    caller.says("yes").hears("Why: broken, late, wrong item, unwanted?");
    let known = caller.state.facts.get(&name("order")).map(|known| known.text.as_str());
    assert_eq!(known, Some("20261145"), "what was told before is still known");
}

#[test]
fn by_key_and_in_the_callers_language() {
    let mut caller = Caller::new(informed(), Locale::Chinese);
    caller
        .keys("6")
        .hears("九点开门。 | 六点关门。 | 还有什么可以帮您?")
        .because(Why::Done { topic: name("times") });
    caller.put(Input::Understood(asked("要运费吗", "postage", &[0], true)));
    caller.hears("免运费。 | 还有什么可以帮您?");
}

#[test]
fn a_sure_answer_comes_before_a_guess_and_after_what_is_certain() {
    let guess = |sure| Heard {
        sure,
        intents: vec![Guess { intent: "refund".into(), probability: 0.6 }],
        ..asked("how about the postage", "postage", &[0], true)
    };
    let mut caller = Caller::new(informed(), Locale::English);
    caller
        .put(Input::Understood(guess(Sureness::Confirm)))
        .hears("Postage is free. | Is there anything else?");
    let unsure = Heard { answer: asked("", "postage", &[0], false).answer, ..guess(Sureness::Confirm) };
    caller.put(Input::Understood(unsure)).hears("You want a refund, is that right?");
    caller.put(Input::Understood(asked("is it free", "postage", &[0], true)));
    caller.hears("Postage is free. | You want a refund, is that right?");
    let mut caller = Caller::new(informed(), Locale::English);
    caller.put(Input::Understood(guess(Sureness::Accept))).hears("What is the order number?");
}

#[test]
fn whoever_is_not_helped_gets_to_a_human_and_what_the_house_did_not_write_is_not_said() {
    let mut caller = Caller::new(informed(), Locale::English);
    for _ in 0..2 {
        caller.put(Input::Understood(asked("free", "postage", &[0], true)));
        caller.hears("Postage is free. | Is there anything else?");
    }
    for _ in 0..2 {
        caller.put(Input::Understood(asked("free", "postage", &[0], true)));
        assert!(
            caller.out.iter().any(|out| matches!(out, Output::Why(Why::Miss { .. }))),
            "{:#?}",
            caller.out
        );
    }
    caller.put(Input::Understood(asked("free", "postage", &[0], true)));
    assert_eq!(caller.transferred().0, "desk");

    let mut caller = Caller::new(informed(), Locale::English);
    for (passage, sentence) in [("prices", 0), ("hours", 7)] {
        caller.put(Input::Understood(asked("what", passage, &[sentence], true)));
        assert!(
            caller.out.iter().any(|out| matches!(out, Output::Why(Why::Miss { .. }))),
            "{:#?}",
            caller.out
        );
    }
}
