//! A model's file from another version, cut short, or damaged: a clear error each time, and nothing of it is used.

use std::fs;

use proptest::prelude::*;
use tandem::language::{
    file::{FileError, decode, encode},
    model::{Model, Scratch},
    sample::Sample,
    sense::Senses,
    train::{Wanted, train},
};

use crate::{learned, refused, text};

fn small() -> Model {
    let sample = |(text, intent): (&str, &str)| Sample::new(text, Some(intent));
    let samples = [
        ("refund me", "refund"),
        ("my money back", "refund"),
        ("a human", "human"),
        ("an agent please", "human"),
    ];
    train(&samples.map(sample), &Wanted::default(), &|_| {}).expect("a model").model
}

#[test]
fn a_model_comes_out_as_it_went_in() {
    let model = small();
    let bytes = encode(&model);
    let read = decode(&bytes).expect("the same model");
    assert_eq!(encode(&read), bytes);
    let mut scratch = Scratch::default();
    for text in ["refund", "give me an agent", "量子力学"] {
        assert_eq!(model.understand(text, &mut scratch), read.understand(text, &mut scratch));
    }
}

#[test]
fn every_cut_is_told() {
    let bytes = encode(&small());
    for length in 0..bytes.len() {
        let why = decode(&bytes[..length]).expect_err("cut short");
        assert!(matches!(why, FileError::CutShort { .. } | FileError::NoModel), "{length}: {why}");
    }
    let longer = [bytes.as_slice(), b"x"].concat();
    assert_eq!(decode(&longer).expect_err("longer"), FileError::Damaged);
}

#[test]
fn another_version_names_the_remedy() {
    let mut bytes = encode(&small());
    bytes[8] = 99;
    let why = decode(&bytes).expect_err("another version");
    assert_eq!(why, FileError::OtherVersion { found: 99 });
    assert!(why.to_string().contains("tandem language train"), "{why}");
}

/// What was learned with another table of senses would mean nothing with this program's.
#[test]
fn another_table_of_senses_names_the_remedy() {
    let mut bytes = encode(&small());
    let mark = Senses::Told.written().to_le_bytes();
    let at = bytes.windows(4).position(|four| four == mark).expect("the table's mark");
    bytes[at] ^= 1;
    let checksum = crc32fast::hash(&bytes[24..]).to_le_bytes();
    bytes[12..16].copy_from_slice(&checksum);
    let why = decode(&bytes).expect_err("another table");
    assert_eq!(why, FileError::OtherSenses);
    assert!(why.to_string().contains("tandem language train"), "{why}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whoever makes the checksum right too gets an error or a model that answers; never a panic.
    #[test]
    fn no_bytes_are_too_strange(places in proptest::collection::vec((24_usize..600, any::<u8>()), 1..6)) {
        static BYTES: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| encode(&small()));
        let mut bytes = BYTES.clone();
        for (at, byte) in places {
            let at = at.min(bytes.len() - 1);
            bytes[at] = byte;
        }
        let damaged = decode(&bytes).err();
        prop_assert!(matches!(damaged, None | Some(FileError::Damaged)));
        let checksum = crc32fast::hash(&bytes[24..]).to_le_bytes();
        bytes[12..16].copy_from_slice(&checksum);
        if let Ok(model) = decode(&bytes) {
            let understood = model.understand("refund my money please", &mut Scratch::default());
            prop_assert_eq!(understood.intents.len(), model.intents().len());
        }
    }
}

#[test]
fn the_command_line_says_which_file_and_what_to_do() {
    let (folder, model) = learned();
    let bytes = fs::read(&model).expect("model");
    let broken = folder.path().join("broken.model");
    let asked = || refused(&["parse", "--model", text(&broken), "refund"]);
    fs::write(&broken, &bytes[..bytes.len() / 2]).expect("write");
    let (code, said) = asked();
    assert!(code == 1 && said.contains("broken.model: the model is cut short"), "{said}");
    fs::write(&broken, b"GIF89a").expect("write");
    assert!(asked().1.contains("this is no model; make one"), "{}", asked().1);
    fs::remove_file(&broken).expect("remove");
    assert!(asked().1.contains("broken.model cannot be read"), "{}", asked().1);
    // One in place that cannot be read is not written over without being told to.
    fs::write(&broken, b"GIF89a").expect("write");
    let samples = crate::fixture("menu.yaml");
    let words = ["train", "--samples", text(&samples), "--out", text(&broken)];
    assert!(refused(&words).1.contains("this is no model"));
    assert_eq!(refused(&[&words[..], &["--force", "the other one is rubbish"]].concat()).0, 0);
}
