//! Guards the shape of the house: directions, words, sizes, names. Every rule is also broken on purpose here,
//! so that a guard that sleeps is noticed.

mod pains;
mod rules;
mod source;
mod table;
mod told;

use rules::Broken;
use source::{Source, house};

fn keep(broken: Broken) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn rooms_use_only_what_the_table_allows() {
    keep(rules::edges(&house()));
}

#[test]
fn the_table_has_no_cycle_and_no_stranger() {
    keep(rules::cycles(table::ROOMS));
    for (room, uses) in table::ROOMS {
        for used in *uses {
            assert!(
                table::ROOMS.iter().any(|(name, _)| name == used),
                "{room} uses {used}, which is no room"
            );
        }
    }
}

#[test]
fn words_of_engines_and_databases_stay_in_their_adapters() {
    keep(rules::words(&house()));
}

#[test]
fn crates_stay_in_their_rooms() {
    keep(rules::crates(&house()));
}

#[test]
fn decisions_are_pure() {
    keep(rules::purity(&house()));
}

#[test]
fn files_are_short() {
    keep(rules::lengths(&house()));
}

#[test]
fn every_file_says_what_it_is_for() {
    keep(rules::docs(&house()));
}

#[test]
fn names_say_something() {
    keep(rules::names(&house()));
}

#[test]
fn every_dependency_is_justified() {
    let manifest = include_str!("../../Cargo.toml");
    keep(rules::dependencies(manifest, include_str!("../../docs/dependencies.md")));
    let broken =
        rules::dependencies("[dependencies]\nleftpad = \"1\"\n[lints]\nx = 1\n", "| `axum` | REST |");
    assert_eq!(broken.len(), 1, "a crate without a line is seen: {broken:?}");
}

#[test]
fn tests_that_documents_name_are_there() {
    let text = include_str!("../../docs/conformance.md");
    assert!(text.matches("::").count() > 100, "its table is read");
    keep(told::tests("docs/conformance.md", text));
    let broken =
        told::tests("x", "| a | `engines::talk::nobody_said_that` | `engines::talk::hold_and_back` |");
    assert_eq!(broken.len(), 1, "a name without a test is seen: {broken:?}");
}

#[test]
fn every_pain_has_its_test_and_every_such_test_its_pain() {
    let document = include_str!("../../docs/pains.md");
    let tests = pains::tests();
    keep(pains::compared(document, &tests));
    assert!(document.lines().filter(|line| line.contains("`pain_")).count() >= 18);
    let row = "| 7 | It stops. | It goes on. | `pain_07_it_goes_on` |\n";
    assert_eq!(pains::compared(row, "fn pain_07_it_goes_on() {}"), Vec::<String>::new());
    for (document, tests) in [
        (row, ""),
        ("| 7 | It stops. | It goes on. | `pain_08_it_goes_on` |\n", ""),
        (row, "fn pain_07_it_goes_on() {}\nfn pain_09_more() {}"),
    ] {
        assert_eq!(pains::compared(document, tests).len(), 1, "{document}{tests}");
    }
}

/// What a rule says of one file with this text.
fn said(rule: fn(&[Source]) -> Broken, file: &str, text: &str) -> Vec<String> {
    rule(&[Source::new(file, text)])
}

#[test]
fn a_forbidden_arrow_is_seen_in_every_way_of_writing_it() {
    let ways = [
        "\nuse crate::http::Problem;",
        "\nuse crate::{\n    base::id::Name,\n};\nfn f() { crate::http::bind() }",
        "\nuse crate::{base::{id::Name}, http::Problem};",
        "\nuse super::super::http;",
        "\nuse crate::live::switchboard::Switchboard;",
    ];
    for (way, line) in ways.into_iter().zip([2, 5, 2, 2, 2]) {
        let said = said(rules::edges, "src/live/agent.rs", way);
        assert_eq!(said.len(), 1, "{way}: {said:?}");
        assert!(
            said[0].starts_with(&format!("src/live/agent.rs:{line}: room live::agent may not")),
            "{said:?}"
        );
    }
    assert!(said(rules::edges, "src/live/agent.rs", "use crate::base::id::Name; // crate::http").is_empty());
    assert!(
        said(rules::edges, "src/live/agent.rs", "#[cfg(test)]\nmod tests {\n use crate::http;\n}").is_empty()
    );
    assert_eq!(said(rules::edges, "src/attic.rs", "").len(), 1, "a file in no room");
    assert_eq!(rules::cycles(&[("a", &["b"]), ("b", &["a"]), ("c", &[])]).len(), 1);
}

#[test]
fn a_foreign_word_is_seen_and_a_lookalike_is_not() {
    for word in ["FreeSwitchLink", "let esl = 1;", "\"asterisk\"", "AriEvent", "sqlite_path", "PostgresPool"]
    {
        let said = said(rules::words, "src/live/call.rs", &format!("\n{word}"));
        assert!(said.len() == 1 && said[0].starts_with("src/live/call.rs:2:"), "{word}: {said:?}");
    }
    for word in ["various", "variable", "tesla", "// FreeSWITCH", "/* asterisk */ Charisma"] {
        assert!(said(rules::words, "src/live/call.rs", word).is_empty(), "{word}");
    }
    assert!(said(rules::words, "src/ports/engine/asterisk/rest.rs", "struct Ari;").is_empty());
}

#[test]
fn a_crate_in_the_wrong_room_is_seen() {
    for (file, text) in [
        ("src/live/call.rs", "use axum::Router;"),
        ("src/http/live.rs", "fn f() { sqlx::query(\"\") }"),
        ("src/infra/site.rs", "#[derive(clap::Parser)]"),
        ("src/live/record/store.rs", "use sqlx::Row;"),
    ] {
        assert_eq!(said(rules::crates, file, text).len(), 1, "{file}: {text}");
    }
    assert!(said(rules::crates, "src/infra/db/statement.rs", "use sqlx::Row;").is_empty());
}

#[test]
fn an_impure_decision_is_seen() {
    let text = "\nfn f() { let now = std::time::Instant::now(); }";
    assert_eq!(said(rules::purity, "src/live/queue/rules.rs", text).len(), 1);
    assert!(said(rules::purity, "src/live/switchboard/run.rs", text).is_empty());
}

#[test]
fn length_docs_and_names_are_seen() {
    let long = format!("//! Doc.\n{}", "fn f() {}\n".repeat(450));
    assert_eq!(said(rules::lengths, "src/base/id.rs", &long).len(), 2, "451 lines, and the median");
    let tested = format!("//! Doc.\n#[cfg(test)]\nmod tests {{\n{}}}", "    fn f() {}\n".repeat(450));
    assert!(said(rules::lengths, "src/base/id.rs", &tested).is_empty(), "tests do not count towards 450");
    assert_eq!(said(rules::docs, "src/base/id.rs", "use std::fmt;").len(), 1);
    assert_eq!(said(rules::names, "src/base/id.rs", "\nstruct CallManager;").len(), 1);
    assert_eq!(said(rules::names, "src/base/utils.rs", "").len(), 1);
    assert!(said(rules::names, "src/base/id.rs", "use axum::handler::Handler;").is_empty());
}
