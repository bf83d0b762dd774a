//! The pains that `docs/pains.md` names each have a test of that name, and every such test is named there.

use std::{collections::BTreeSet, fs, path::Path};

use crate::rules::Broken;

/// What the document and the tests say of each other. `tests`: the text of all of them.
pub fn compared(document: &str, tests: &str) -> Broken {
    let rows = document.lines().filter_map(|line| line.strip_prefix("| ")).filter_map(|row| {
        let number: u8 = row.split_once(' ')?.0.parse().ok()?;
        Some((number, row))
    });
    let (mut broken, mut named) = (Vec::new(), BTreeSet::new());
    for (number, row) in rows {
        let prefix = format!("pain_{number:02}_");
        let all: BTreeSet<&str> = words(row).filter(|word| word.starts_with(&prefix)).collect();
        if all.is_empty() {
            broken.push(format!("docs/pains.md: pain {number} names no test `{prefix}…`"));
        }
        named.extend(all);
    }
    let there: BTreeSet<&str> = tests
        .split("fn ")
        .skip(1)
        .filter_map(|rest| words(rest).next())
        .filter(|name| name.starts_with("pain_"))
        .collect();
    broken.extend(named.difference(&there).map(|name| format!("docs/pains.md: there is no test {name}")));
    broken.extend(there.difference(&named).map(|name| format!("docs/pains.md: nothing is said of {name}")));
    broken
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// The text of every test.
pub fn tests() -> String {
    let mut left = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")];
    let mut text = String::new();
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() && !entry.ends_with("architecture") {
                left.push(entry);
            } else if entry.extension().is_some_and(|kind| kind == "rs") {
                text += &fs::read_to_string(entry).expect("text");
            }
        }
    }
    text
}
