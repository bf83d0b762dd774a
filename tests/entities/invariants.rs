//! What must hold for any text, and that spoken numbers come back.

use jiff::civil::date;
use proptest::prelude::*;
use tandem::language::entities::{Decimal, Entity, Kind, Setting, Value, find, number::speak};

fn setting(locale: &str) -> Setting {
    Setting { locale: locale.to_owned(), now: date(2026, 11, 20).at(10, 0, 0, 0) }
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

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
