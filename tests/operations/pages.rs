//! Man pages and completions: one for every command, and a reader can read them.

use std::{collections::BTreeSet, fs, process::Command};

use crate::house::{err, program};

/// All commands, found by asking each for its help: `calls history` is `calls-history`.
fn commands(of: &[&str]) -> BTreeSet<String> {
    let output = program().args(of).arg("--help").output().expect("help");
    let help = String::from_utf8(output.stdout).expect("text");
    let mut all = BTreeSet::from([of.join("-")]);
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return all };
    let list = list.split("\n\n").next().unwrap_or_default();
    // A name stands two blanks from the edge, what follows it further in.
    let names = list.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    for name in names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        all.extend(commands(&[of, &[name]].concat()));
    }
    all
}

#[test]
fn every_command_has_a_page_that_renders() {
    let folder = tempfile::tempdir().expect("folder");
    let pages = folder.path().join("man/man1");
    let done = program().arg("man").arg(&pages).output().expect("it runs");
    assert_eq!(done.status.code(), Some(0), "{}", err(&done));
    let names =
        |name: String| if name.is_empty() { "tandem.1".to_owned() } else { format!("tandem-{name}.1") };
    let wanted: BTreeSet<String> = commands(&[]).into_iter().map(names).collect();
    let made: BTreeSet<String> = fs::read_dir(&pages)
        .expect("pages")
        .map(|page| page.expect("entry").file_name().into_string().expect("text"))
        .collect();
    assert!(wanted.len() > 25 && wanted.contains("tandem-users-token-create.1"), "{wanted:?}");
    assert_eq!(made, wanted);
    for page in &made {
        let mandoc =
            Command::new("mandoc").args(["-T", "ascii", "-W", "error"]).arg(pages.join(page)).output();
        let mandoc = mandoc.expect("mandoc");
        let text = String::from_utf8_lossy(&mandoc.stdout).replace('\x08', "");
        assert!(mandoc.status.success(), "{page}: {}", err(&mandoc));
        let name = page.trim_end_matches(".1");
        for word in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS"] {
            assert!(
                text.contains(&word.chars().flat_map(|c| [c, c]).collect::<String>()) || text.contains(word),
                "{page} lacks {word}"
            );
        }
        assert!(
            text.contains(name) || text.contains(&name.replace('-', "\u{2010}")),
            "{page} does not name itself:\n{text}"
        );
    }
}

#[test]
fn one_page_is_printed_and_a_folder_that_cannot_be_made_is_told() {
    let done = program().arg("man").output().expect("it runs");
    assert!(String::from_utf8_lossy(&done.stdout).contains(".TH tandem 1"));
    let refused = program().args(["man", "/dev/null/man1"]).output().expect("it runs");
    assert_eq!(refused.status.code(), Some(1));
    assert!(err(&refused).contains("name a folder that you may write"), "{}", err(&refused));
}
