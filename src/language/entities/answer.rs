//! Yes, no, neither, and not knowing: how people answer a question that the telephone asks.

use std::sync::LazyLock;

use super::{
    model::{Answer, Entity, Value},
    numeric::scan,
    phrases::{Phrases, names, rows},
    token::{Kind, Text},
};

static ANSWERS: LazyLock<Phrases<Answer>> = LazyLock::new(|| {
    Phrases::new(rows(include_str!("data/answers.tsv")).flat_map(|row| {
        let answer = match row[0] {
            "yes" => Answer::Yes,
            "no" => Answer::No,
            "neither" => Answer::Neither,
            _ => Answer::Unsure,
        };
        row.into_iter().skip(1).flat_map(names).map(move |words| (words, answer)).collect::<Vec<_>>()
    }))
});

/// Every answer in the text. What a caller says first counts: the dialog takes the first.
pub fn answers(text: &Text) -> Vec<Entity> {
    scan(text, |at| {
        let (answer, end) = ANSWERS.at(text, at)?;
        stands(text, at, end).then_some(((at, Value::Answer(*answer)), end))
    })
}

/// The first answer, as a dialog takes it: “no, I said not that one” is no.
pub fn first(text: &Text) -> Vec<Entity> {
    let mut answers = answers(text);
    // “agree, it is not ok”: a denial of being right outweighs a bare agreement of one word before.
    answers.truncate(1);
    answers
}

/// A single character must stand at the edge of a clause: 是 in 是谁 or 好 in 好多 answers nothing.
fn stands(text: &Text, at: usize, end: usize) -> bool {
    let single = end == at + 1 && text.kind(at) == Some(Kind::Han);
    if !single {
        return true;
    }
    let edge = |index: usize| {
        index >= text.len()
            || text.kind(index) == Some(Kind::Mark)
            || matches!(
                text.at(index),
                "的" | "啊" | "呀" | "吧" | "了" | "嗯" | "哦" | "呢" | "嘛" | "我" | "就" | "那"
            )
            || !text.glued(index)
    };
    let before = at == 0
        || text.kind(at - 1) == Some(Kind::Mark)
        || !text.glued(at)
        || matches!(text.at(at - 1), "嗯" | "呃" | "啊" | "哦");
    before && edge(end)
}
