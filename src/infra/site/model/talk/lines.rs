//! What every conversation says, in both languages; a site may say it otherwise.
//! `{topic}`, `{first}` and `{second}` stand for titles.

use serde::{Deserialize, Serialize};

use super::super::{Locale, Prompt};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lines {
    pub greeting: Prompt,
    /// Asked again, with more help, when nothing was understood.
    pub again: Prompt,
    pub more: Prompt,
    pub sure: Prompt,
    pub which: Prompt,
    pub aside: Prompt,
    pub back: Prompt,
    /// Said when a digression is refused.
    pub first: Prompt,
    pub human: Prompt,
    pub failed: Prompt,
}

impl Lines {
    /// Every line with its name and the fields that it may have.
    pub fn all(&self) -> [(&'static str, &Prompt, &'static [&'static str]); 10] {
        [
            ("greeting", &self.greeting, &[]),
            ("again", &self.again, &[]),
            ("more", &self.more, &[]),
            ("sure", &self.sure, &["topic"]),
            ("which", &self.which, &["first", "second"]),
            ("aside", &self.aside, &["topic"]),
            ("back", &self.back, &["topic"]),
            ("first", &self.first, &["topic"]),
            ("human", &self.human, &[]),
            ("failed", &self.failed, &[]),
        ]
    }
}

impl Lines {
    /// Every line with its name, to be said otherwise.
    pub fn all_mut(&mut self) -> [(&'static str, &mut Prompt); 10] {
        [
            ("greeting", &mut self.greeting),
            ("again", &mut self.again),
            ("more", &mut self.more),
            ("sure", &mut self.sure),
            ("which", &mut self.which),
            ("aside", &mut self.aside),
            ("back", &mut self.back),
            ("first", &mut self.first),
            ("human", &mut self.human),
            ("failed", &mut self.failed),
        ]
    }
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            greeting: line("您好,请问有什么可以帮您?", "Hello, how can I help you?"),
            again: line(
                "抱歉,没有听清。请用一句话说您要办什么,人工请按0。",
                "Sorry, I did not get that. Say in a few words what you need, or press 0 for a person.",
            ),
            more: line("还有什么可以帮您?", "Is there anything else?"),
            sure: line("您是要{topic},对吗?", "You want {topic}, is that right?"),
            which: line("您要{first},还是{second}?", "Do you want {first}, or {second}?"),
            aside: line("好的,先办{topic}。", "Sure, {topic} first."),
            back: line("我们继续{topic}。", "Back to {topic}."),
            first: line("我们先办完{topic}。", "Let us finish {topic} first."),
            human: line("马上为您转接人工。", "I am putting you through to a person."),
            failed: line("抱歉,现在办不了。", "Sorry, I can't do that now."),
        }
    }
}

fn line(chinese: &str, english: &str) -> Prompt {
    Prompt([(Locale::Chinese, chinese.into()), (Locale::English, english.into())].into())
}
