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

fn has(file: &str, function: &str) -> bool {
    fs::read_to_string(file).is_ok_and(|text| text.contains(&format!("fn {function}(")))
}
