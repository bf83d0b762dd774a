//! What must hold for any text, and that spoken numbers come back.

use jiff::civil::date;
use proptest::prelude::*;
use tandem::language::entities::{
    Decimal, Directory, Entity, Kind, Setting, Span, Value, find, number::speak, parse,
};

fn setting(locale: &str) -> Setting<'static> {
    Setting::new(locale, date(2026, 11, 20).at(10, 0, 0, 0))
}

/// The only number of a text, which is all of it.
fn whole(text: &str, locale: &str) -> Option<Decimal> {
    match find(Kind::Number, text, &setting(locale)).as_slice() {
        [Entity { span, value: Value::Number(value) }] if span.bytes == (0..text.len()) => Some(*value),
        _ => None,
    }
}

/// Up to 10^12, small and round ones as often as long ones.
fn said_number() -> impl Strategy<Value = i64> {
    (0u32..=12, any::<u64>(), 0u32..=6).prop_map(|(digits, seed, zeros)| {
        let size = 10i64.pow(digits);
        let value = (seed % (size as u64 + 1)) as i64;
        let round = 10i64.pow(zeros);
        (value / round * round).min(1_000_000_000_000)
    })
}

/// Words that the grammars know, in any order: what makes them go deepest.
fn soup() -> impl Strategy<Value = String> {
    const WORDS: &str = "one two twenty hundred thousand million and a half point third fifths over monday next \
        last this week of the march 5 22 2018 at from to until three pm in days day ago before \
        after between now morning quarter past 7:30 12/5 - , . / $ dollars cents percent % \
        double oh + ( ) extension no not but yes i mean sorry minus dozen years old miles Austin \
        Texas john 一 二 两 十 百 千 万 亿 零 半 点 分 之 又 负 几 个 月 日 号 年 周 星期 下 上 这 三 天 前 后 之前 以后 从 到 上午 下午 \
        刻 小时 分钟 块 毛 元 折 成 岁 斤 幺 第 不是 是 不对 张 伟 杭州 西湖区 路 春节 底 嗯";
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    proptest::collection::vec((0..words.len(), any::<bool>()), 0..40).prop_map(move |picks| {
        picks
            .into_iter()
            .map(|(word, space)| format!("{}{}", words[word], if space { " " } else { "" }))
            .collect()
    })
}

/// Every span lies in the text, at borders of characters, and both counts agree; corrections point into it too.
fn spans_hold(text: &str, entities: &[Entity]) -> Result<(), TestCaseError> {
    for entity in entities {
        let Span { bytes, chars } = &entity.span;
        prop_assert!(bytes.start < bytes.end && bytes.end <= text.len(), "{:?}", entity);
        let said = text.get(bytes.clone());
        prop_assert!(said.is_some(), "no border of characters: {:?}", entity);
        prop_assert_eq!(text[..bytes.start].chars().count(), chars.start);
        prop_assert_eq!(said.map(|said| said.chars().count()), Some(chars.len()));
        if let Value::Correction { wrong, right } = &entity.value {
            prop_assert!(wrong.as_ref().is_none_or(|wrong| text.get(wrong.bytes.clone()).is_some()));
            spans_hold(text, std::slice::from_ref(right))?;
        }
    }
    Ok(())
}

/// All kinds of a text, each alone and all together.
fn all_hold(text: &str) -> Result<(), TestCaseError> {
    let directory = Directory::new(["张伟", "欧阳锋", "John Smith"]);
    for locale in ["zh-CN", "en-GB"] {
        let setting = setting(locale).with(&directory);
        let entities = parse(text, &setting);
        spans_hold(text, &entities)?;
        let plain = entities.iter().filter(|entity| !matches!(entity.value, Value::Correction { .. }));
        let ends: Vec<_> = plain.map(|entity| entity.span.bytes.clone()).collect();
        prop_assert!(ends.windows(2).all(|pair| pair[0].end <= pair[1].start), "overlap in {:?}", text);
        for kind in Kind::ALL.iter().chain([&Kind::Correction]) {
            spans_hold(text, &find(*kind, text, &setting))?;
        }
    }
    Ok(())
}

#[test]
fn a_text_without_end_is_read_all_the_same() {
    for word in [
        "一",
        "负",
        "minus ",
        "a day and ",
        "from ",
        "monday to ",
        "one hundred ",
        "1/",
        "1,",
        "+1 ",
        "下",
        "第",
        "不是三是四",
        "double ",
        "(",
        "a ",
    ] {
        let text = word.repeat(1500 / word.len());
        let outcome = all_hold(&text);
        assert!(outcome.is_ok(), "{word:?}: {outcome:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_text_is_read_without_harm(text in "\\PC{0,60}") {
        all_hold(&text)?;
    }

    #[test]
    fn any_order_of_known_words_is_read_without_harm(text in soup()) {
        all_hold(&text)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn english_numbers_come_back(value in said_number()) {
        let said = speak::english(value);
        prop_assert_eq!(whole(&said, "en-US"), Some(Decimal::from(value)), "{}", said);
    }

    #[test]
    fn chinese_numbers_come_back(value in said_number()) {
        let said = speak::chinese(value);
        prop_assert_eq!(whole(&said, "zh-CN"), Some(Decimal::from(value)), "{}", said);
    }
}
