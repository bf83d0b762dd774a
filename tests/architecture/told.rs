//! Tests that the documents name are there.

use std::fs;

use crate::rules::Broken;

/// Each `` `binary::file::function` `` in the tables of a document that is no test of this project.
pub fn tests(document: &str, text: &str) -> Broken {
    let mut broken = Broken::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| line.starts_with('|')) {
        for name in line.split('`').skip(1).step_by(2) {
            let parts: Vec<&str> = name.split("::").collect();
            let there = match parts[..] {
                [binary, file, function] => has(&format!("tests/{binary}/{file}.rs"), function),
                _ => continue,
            };
            if !there {
                broken.push(format!("{document}:{}: there is no test {name}", index + 1));
            }
        }
    }
    broken
}

/// Whether it is run: a test by its attribute, or a story in the list of those that every engine goes through.
fn has(file: &str, function: &str) -> bool {
    let text = fs::read_to_string(file).unwrap_or_default();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let begins =
        |line: &&str| line.split("fn ").nth(1).is_some_and(|rest| rest.starts_with(&format!("{function}(")));
    let Some(place) = lines.iter().position(begins).filter(|place| !lines[*place].starts_with("//")) else {
        return false;
    };
    let attributes: Vec<&&str> =
        lines[..place].iter().rev().take_while(|line| line.starts_with("#[")).collect();
    let listed = lines.contains(&format!("{function},").as_str());
    let tested = attributes.iter().any(|line| line.contains("test]") || line.contains("test("));
    listed || tested && !attributes.iter().any(|line| line.starts_with("#[ignore"))
}
