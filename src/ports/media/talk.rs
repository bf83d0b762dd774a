//! What a conversation says: the words of its texts and the values between them, each made ready like any prompt.

use std::collections::BTreeSet;

use smol_str::{SmolStr, format_smolstr};

use super::{numeral, spoken};
use crate::{
    infra::site::{Ask, End, Locale, Part, Site, Spot, Step, Talk, parts},
    ports::engine::Media,
};

/// What a number is written with.
const NUMERIC: fn(char) -> bool = |c| c.is_ascii_digit() || c == '.' || c == '-';
/// How a 1 is called in a row of digits.
const ONE: &str = "幺";
/// Words between the numbers of dates and times.
const BETWEEN: &[&str] = &["日", "点", "半", "分", "凌晨", "上午", "中午", "下午", "晚上", "AM", "PM", "oh"];

/// A text with its values, as prompts. What was not made ready is passed over when it is heard.
pub fn saying(text: &str, values: &[(String, String)], locale: Locale) -> Vec<Media> {
    let mut all = Vec::new();
    for part in parts(text) {
        match part {
            Part::Words(words) => all.extend(plain(words)),
            Part::Field(field) => {
                let value = values.iter().find(|(name, _)| name == field).map(|(_, value)| value.as_str());
                all.extend(pieces(value.unwrap_or_default(), locale));
            }
        }
    }
    all.iter().map(|piece| Media::Prompt(spoken(locale, piece))).collect()
}

fn talks(site: &Site) -> impl Iterator<Item = &Talk> {
    site.flows.values().flat_map(|flow| flow.steps.values()).filter_map(|step| match step {
        Step::Talk(talk) => Some(&**talk),
        _ => None,
    })
}

/// The words of the texts that the conversations of a site have.
pub(super) fn lines(site: &Site) -> BTreeSet<(Locale, SmolStr)> {
    let prompts = talks(site).flat_map(Talk::texts).filter(|(at, _)| !matches!(at, Spot::Passage(_)));
    let prompts = prompts.flat_map(|(_, prompt)| &prompt.0).map(|(locale, text)| (*locale, text.as_str()));
    // Of a passage each sentence may be said alone.
    let passages = talks(site).flat_map(|talk| talk.knowledge.values());
    let answers =
        passages.flat_map(|passage| site.languages.iter().flat_map(|locale| passage.sentences(*locale)));
    let spoken = prompts.chain(answers).filter(|(locale, _)| site.languages.contains(locale));
    let words = |(locale, text): (Locale, &str)| {
        let words = parts(text).filter_map(|part| match part {
            Part::Words(words) => plain(words),
            Part::Field(_) => None,
        });
        words.map(move |words| (locale, words)).collect::<Vec<_>>()
    };
    spoken.flat_map(words).collect()
}

/// What stands between them, so far as it is known beforehand: names, dates, times, letters, a one among digits.
pub(super) fn values(site: &Site) -> BTreeSet<(Locale, SmolStr)> {
    let mut all = BTreeSet::new();
    for talk in talks(site) {
        let calls = talk.topics.values().any(|topic| matches!(topic.end, End::Call(_)));
        let people = site.extensions.values().filter(|_| calls).flat_map(|extension| extension.names());
        let people: Vec<SmolStr> = people.map(SmolStr::from).collect();
        for locale in &site.languages {
            all.extend(people.iter().map(|name| (*locale, name.clone())));
            let own = |word: &&&str| word.is_ascii() == (*locale == Locale::English);
            all.extend(BETWEEN.iter().filter(own).map(|word| (*locale, SmolStr::new_static(word))));
        }
        let numbers = talk.slots.values().any(|slot| matches!(slot.ask, Ask::Number | Ask::Amount));
        // What the company's own service answers may be a number.
        if numbers || talk.topics.values().any(|topic| matches!(topic.end, End::Task { .. })) {
            for locale in &site.languages {
                all.extend(numeral::words(*locale).iter().map(|word| (*locale, SmolStr::new_static(word))));
            }
        }
        if talk.slots.values().any(|slot| matches!(slot.ask, Ask::Digits { .. } | Ask::Phone | Ask::Code)) {
            if site.languages.contains(&Locale::Chinese) {
                all.insert((Locale::Chinese, SmolStr::new_static(ONE)));
            }
            if talk.slots.values().any(|slot| slot.secret) {
                let counted = [(Locale::Chinese, "位"), (Locale::English, "digits")];
                let spoken = counted.into_iter().filter(|(locale, _)| site.languages.contains(locale));
                all.extend(spoken.map(|(locale, word)| (locale, SmolStr::new_static(word))));
            }
            let letters =
                ('A'..='Z').flat_map(|c| site.languages.iter().map(move |l| (*l, format_smolstr!("{c}"))));
            all.extend(letters);
        }
    }
    all
}

/// Words that make a sound.
fn plain(words: &str) -> Option<SmolStr> {
    let words =
        words.trim_matches(|c: char| c.is_whitespace() || !c.is_alphanumeric() && !"？?！!".contains(c));
    words.chars().any(char::is_alphanumeric).then(|| words.into())
}

/// A value as it is said, in pieces that are made ready: digits one by one, months, numbers, words.
fn pieces(value: &str, locale: Locale) -> Vec<SmolStr> {
    let mut all: Vec<SmolStr> = Vec::new();
    for run in value.split([',', '，', ':', ' ']).filter(|run| !run.is_empty()) {
        let digits: Option<Vec<SmolStr>> = run.chars().map(|c| digit(c, locale)).collect();
        if let Some(said) = digits.or_else(|| numeral::pieces(run, locale)) {
            all.extend(said);
        } else if locale == Locale::Chinese && (run.starts_with(NUMERIC) || has_time(run)) {
            all.extend(units(run));
        } else {
            all.push(run.into());
        }
    }
    all
}

/// 二, 幺: one of a row.
fn digit(c: char, locale: Locale) -> Option<SmolStr> {
    let place = "零一二三四五六七八九".chars().position(|own| own == c);
    match (locale, place) {
        (Locale::Chinese, _) if c == '幺' => Some(SmolStr::new_static(ONE)),
        (Locale::Chinese, Some(place)) => Some(format_smolstr!("{place}")),
        _ => None,
    }
}

fn has_time(run: &str) -> bool {
    ["凌晨", "上午", "中午", "下午", "晚上"].iter().any(|part| run.starts_with(part))
}

/// 12月3日, 下午3点半, 199.5元: numbers and what they count.
fn units(run: &str) -> Vec<SmolStr> {
    let mut all: Vec<SmolStr> = Vec::new();
    let mut rest = run;
    while let Some(first) = rest.chars().next() {
        let length = rest.find(|c| !NUMERIC(c)).unwrap_or(rest.len());
        let (number, behind) = rest.split_at(length);
        if let Some(after) = behind.strip_prefix('月').filter(|_| !number.is_empty()) {
            all.push(format_smolstr!("{number}月"));
            rest = after;
        } else if let Some(said) = numeral::pieces(number, Locale::Chinese) {
            all.extend(said);
            rest = behind;
        } else {
            let words = BETWEEN.iter().chain(numeral::words(Locale::Chinese));
            let word = words.filter(|word| rest.starts_with(**word)).max_by_key(|word| word.len());
            let word = word.map_or(&rest[..first.len_utf8()], |word| *word);
            all.push(word.into());
            rest = &rest[word.len()..];
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_said_in_pieces_that_are_made_ready() {
        let said = |value, locale| pieces(value, locale).join(" ");
        assert_eq!(said("二零二六,幺幺四五", Locale::Chinese), "2 0 2 6 幺 幺 4 5");
        assert_eq!(said("2 0 2 6, 1 1 4 5", Locale::English), "2 0 2 6 1 1 4 5");
        assert_eq!(said("12月3日", Locale::Chinese), "12月 3 日");
        assert_eq!(said("下午3点半", Locale::Chinese), "下午 3 点 半");
        assert_eq!(said("3:30 PM", Locale::English), "3 30 PM");
        assert_eq!(said("December 4", Locale::English), "December 4");
        assert_eq!(said("199.5元", Locale::Chinese), "1 百 99 点 5 元");
        assert_eq!(said("2000美元", Locale::Chinese), "两 千 美元");
        assert_eq!(
            said("199 dollars and 50 cents", Locale::English),
            "1 hundred and 99 dollars and 50 cents"
        );
        assert_eq!(said("-199.5元", Locale::Chinese), "负 1 百 99 点 5 元");
        assert_eq!(said("minus 12 yuan and 50 fen", Locale::English), "minus 12 yuan and 50 fen");
        assert_eq!(said("-.-", Locale::Chinese), "- . -", "whatever a service answers");
        assert_eq!(said("陈伟", Locale::Chinese), "陈伟");
        assert_eq!(plain("，对吗？").as_deref(), Some("对吗？"));
        assert_eq!(plain("。"), None);
    }

    #[test]
    fn every_sentence_of_an_answer_is_made_ready() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/small");
        let site = crate::infra::site::load(&folder).expect("the example");
        let ready = lines(&site);
        let mut count = 0;
        for passage in talks(&site).flat_map(|talk| talk.knowledge.values()) {
            for (locale, sentence) in site.languages.iter().flat_map(|locale| passage.sentences(*locale)) {
                let piece = plain(sentence).expect("words");
                assert_eq!(saying(sentence, &[], locale), [Media::Prompt(spoken(locale, &piece))]);
                assert!(ready.contains(&(locale, piece)), "{sentence}");
                count += 1;
            }
        }
        assert!(count >= 20, "{count}");
    }
}
