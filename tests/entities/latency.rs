//! How long a sentence takes, over the sentences of the carried specifications; all kinds, and the directory.

use std::{fs, path::Path, time::Instant};

use jiff::civil::date;
use serde_json::Value as Json;
use tandem::language::entities::{Directory, Setting, parse};

/// Every sentence that a caller could say in one breath, with its locale.
fn sentences() -> Vec<(String, &'static str)> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/entities/recognizers");
    let mut sentences = Vec::new();
    let mut folders = vec![Path::new(root).to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                folders.push(entry);
                continue;
            }
            if entry.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let locale = if entry.to_string_lossy().contains("Chinese") { "zh-CN" } else { "en-US" };
            let cases: Vec<Json> =
                serde_json::from_str(&fs::read_to_string(&entry).expect("text")).expect("JSON");
            let inputs = cases
                .iter()
                .filter_map(|case| case["Input"].as_str())
                .filter(|input| input.chars().count() <= 80);
            sentences.extend(inputs.map(|input| (input.to_owned(), locale)));
        }
    }
    sentences
}

#[test]
fn a_sentence_is_read_at_once() {
    let names: Vec<String> =
        ["张伟", "李娜", "王小明", "陈晓东"].iter().map(|name| (*name).to_owned()).collect();
    let many = (0..200).map(|index| {
        format!(
            "{} {}",
            ["John", "Kathryn", "Priya", "Omar"][index % 4],
            ["Smith", "Jones", "Patel", "Novak", "Okafor"][index % 5]
        )
    });
    let all: Vec<String> = names.into_iter().chain(many).collect();
    let directory = Directory::new(all.iter().map(String::as_str));
    let sentences = sentences();
    let now = date(2026, 11, 20).at(10, 0, 0, 0);
    // The best of three: what else the machine does is not the reader's.
    let mut times: Vec<u128> = Vec::new();
    for (sentence, locale) in &sentences {
        let setting = Setting::new(locale, now).with(&directory);
        let took = (0..3).map(|_| {
            let start = Instant::now();
            std::hint::black_box(parse(sentence, &setting));
            start.elapsed().as_micros()
        });
        times.extend(took.min());
    }
    times.sort_unstable();
    let share = |percent: usize| times[times.len() * percent / 100];
    println!("{} sentences: p50 {} µs, p99 {} µs", sentences.len(), share(50), share(99));
    // The figure is for a release build; here only a reading that has gone astray is caught.
    assert!(share(99) < 50_000, "p99 {} µs", share(99));
}
