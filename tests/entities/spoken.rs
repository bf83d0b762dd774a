//! Measures spoken forms against the test sheets of two inverse text normalisers, NVIDIA/NeMo-text-processing and
//! wenet-e2e/WeTextProcessing, which the repository carries whole.
//! Their files say how a spoken phrase is written; a line counts when the first entity has that value and its span
//! is the whole phrase.

use std::{env, fs, path::Path};

use jiff::civil::date;
use tandem::language::entities::{Decimal, Entity, Kind, Place, Setting, Value, When, find};

/// File, kind, locale, and the share in per cent below which the test fails.
type Sheet = (&'static str, Kind, &'static str, u32);

const SHEETS: &[Sheet] = &[
    ("nemo/en/test_cases_cardinal.txt", Kind::Number, "en-US", 95),
    ("nemo/en/test_cases_decimal.txt", Kind::Number, "en-US", 95),
    ("nemo/en/test_cases_ordinal.txt", Kind::Ordinal, "en-US", 95),
    ("nemo/en/test_cases_money.txt", Kind::Amount, "en-US", 95),
    ("nemo/en/test_cases_telephone.txt", Kind::Phone, "en-US", 90),
    ("nemo/zh/test_cases_cardinal.txt", Kind::Number, "zh-CN", 95),
    ("nemo/zh/test_cases_decimal.txt", Kind::Number, "zh-CN", 95),
    ("nemo/zh/test_cases_ordinal.txt", Kind::Ordinal, "zh-CN", 95),
    ("nemo/zh/test_cases_fraction.txt", Kind::Number, "zh-CN", 95),
    ("nemo/zh/test_cases_money.txt", Kind::Amount, "zh-CN", 95),
    ("nemo/en/test_cases_time.txt", Kind::When, "en-US", 95),
    ("nemo/en/test_cases_date.txt", Kind::When, "en-US", 95),
    ("nemo/zh/test_cases_time.txt", Kind::When, "zh-CN", 95),
    ("nemo/zh/test_cases_date.txt", Kind::When, "zh-CN", 95),
    ("wetext/en/en_time.txt", Kind::When, "en-US", 95),
    ("wetext/en/en_date.txt", Kind::When, "en-US", 95),
    ("wetext/en/en_money.txt", Kind::Amount, "en-US", 95),
    ("wetext/en/en_telephone.txt", Kind::Phone, "en-US", 90),
    ("wetext/zh/time.txt", Kind::When, "zh-CN", 95),
    ("wetext/zh/date.txt", Kind::When, "zh-CN", 95),
    ("wetext/zh/money.txt", Kind::Amount, "zh-CN", 95),
    ("wetext/zh/number.txt", Kind::Number, "zh-CN", 95),
];

#[test]
fn spoken_forms() {
    println!("{:60} {:>6} {:>6} {:>7}", "spoken", "cases", "right", "share");
    let below: Vec<&str> =
        SHEETS.iter().filter(|sheet| share(sheet) < f64::from(sheet.3)).map(|sheet| sheet.0).collect();
    assert!(below.is_empty(), "below their floors: {below:?}");
}

/// Prints and returns how many lines that are one phrase in a hundred are right; `TANDEM_SHOW` shows the wrong ones of a file.
fn share(sheet: &Sheet) -> f64 {
    let file = sheet.0;
    let show = env::var("TANDEM_SHOW").is_ok_and(|part| file.contains(&part));
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/entities/itn")).join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let parted = |line| str::split_once(line, " => ").or_else(|| str::split_once(line, "~"));
    let lines: Vec<(&str, &str)> = text
        .lines()
        .filter_map(parted)
        .filter(|(said, written)| said != written && !is_left_out(said))
        .collect();
    let mut right = 0;
    for (said, written) in &lines {
        let found = heard(sheet, said);
        let ok = matches!(found.as_slice(), [entity] if covers(entity, said) && agrees(entity, written));
        right += usize::from(ok);
        if !ok && show {
            println!("  {said:?} ~ {written:?}\n     got {found:?}");
        }
    }
    let share = 100.0 * right as f64 / lines.len().max(1) as f64;
    println!("{file:60} {:>6} {right:>6} {share:>6.1}%", lines.len());
    share
}

/// The telephone sheets hold telephone numbers, other strings of digits, and codes: what covers the phrase counts.
fn heard(sheet: &Sheet, said: &str) -> Vec<Entity> {
    let setting = Setting::new(sheet.2, date(2026, 11, 20).at(10, 0, 0, 0));
    let kinds =
        if sheet.1 == Kind::Phone { &[Kind::Phone, Kind::Digits, Kind::Code][..] } else { &[sheet.1][..] };
    let found = kinds.iter().map(|kind| find(*kind, said, &setting));
    let all: Vec<Vec<Entity>> = found.collect();
    let whole = all.iter().find(|found| matches!(found.as_slice(), [entity] if covers(entity, said)));
    whole.cloned().unwrap_or_else(|| all.into_iter().next().unwrap_or_default())
}

/// Sentences of several phrases; years before Christ and time zones, of which no caller speaks.
fn is_left_out(said: &str) -> bool {
    let sentence = !said.is_ascii() && said.chars().count() > 40;
    let ancient = said.contains('前') && said.contains('元')
        || ["b c", "b c e", "c e", "a d"].iter().any(|era| said.ends_with(era));
    let zone = ["g m t", "e s t", "p s t", "c s t"].iter().any(|zone| said.ends_with(zone));
    sentence || ancient || zone
}

fn covers(entity: &Entity, said: &str) -> bool {
    entity.span.bytes == (0..said.trim_end().len())
        || said[entity.span.bytes.end..].trim().is_empty() && said.starts_with("ssn")
}

fn agrees(entity: &Entity, written: &str) -> bool {
    match &entity.value {
        Value::Number(value) => figure(written) == Some(*value),
        Value::Ordinal(Place::Nth(value)) => figure(written) == Some(Decimal::from(*value)),
        // 七八百: the lower end.
        Value::Amount(amount) if amount.or.is_some() => {
            let low = written.split(['~', '-']).next().unwrap_or_default();
            figure(low) == Some(amount.value) && currency(written) == amount.currency
        }
        Value::Amount(amount) => {
            figure(written) == Some(amount.value) && currency(written) == amount.currency
        }
        Value::Phone(phone) => compact(written) == phone.digits,
        Value::When(when) => agrees_in_time(*when, written),
        Value::Digits(digits) => compact(written) == digits.digits,
        Value::Code(code) => written.replace(' ', "").eq_ignore_ascii_case(code),
        _ => false,
    }
}

/// Dates by their numbers, times by hour and minute; the half of the day where it is written.
fn agrees_in_time(when: When, written: &str) -> bool {
    match when {
        When::Time { time, .. } => {
            clock(written).is_some_and(|clock| clock == (time.hour(), time.minute(), time.second()))
        }
        When::Duration { seconds } => figures(written)
            .first()
            .is_some_and(|count| seconds == count * if written.contains('秒') { 1 } else { 60 }),
        When::Date { date } => {
            let said = [i64::from(date.year()), i64::from(date.month()), i64::from(date.day())];
            let figures = dated(written);
            !figures.is_empty()
                && figures.iter().all(|figure| said.contains(figure) || said.contains(&(1900 + figure)))
        }
        When::Dates { from: Some(from), until: Some(until) } => {
            let figures = dated(written);
            let years = until.year() - from.year();
            let decade = years == 10 && written.ends_with('s');
            let quarter = written.strip_prefix('Q').is_some();
            let month = i64::from(from.month());
            let said = [i64::from(from.year()), month, (month + 2) / 3, (month + 5) / 6];
            !figures.is_empty()
                && (decade || quarter || years <= 1)
                && figures.iter().all(|figure| said.contains(figure))
        }
        _ => false,
    }
}

/// The numbers of a written form, the name of a month as its number.
fn dated(written: &str) -> Vec<i64> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let mut figures = figures(written);
    figures.extend(MONTHS.iter().position(|month| written.contains(month)).map(|index| index as i64 + 1));
    figures
}

fn figures(written: &str) -> Vec<i64> {
    written.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

fn clock(written: &str) -> Option<(i8, i8, i8)> {
    let figures = figures(written);
    let at = |index: usize| figures.get(index).copied().unwrap_or(0) as i8;
    let minute = match () {
        () if written.contains('刻') => at(1) * 15,
        () if written.contains('半') => 30,
        () => at(1),
    };
    let pm = written.contains("p.m") && at(0) < 12;
    let midnight = written.contains("a.m") && at(0) == 12;
    let hour = if pm {
        at(0) + 12
    } else if midnight {
        0
    } else {
        at(0)
    };
    (!figures.is_empty()).then_some((hour, minute, at(2)))
}

fn compact(written: &str) -> String {
    written.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
}

/// The number that a written form holds: digits, a scale, a fraction.
fn figure(written: &str) -> Option<Decimal> {
    if let Some((whole, part)) = written.split_once('又') {
        return figure(whole)?.plus(figure(part)?);
    }
    if let Some((above, below)) = written.split_once('/') {
        return figure(above)?.over(figure(below)?);
    }
    let digits: String = written.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | '-')).collect();
    let scales = [
        ("thousand", 3),
        ("million", 6),
        ("billion", 9),
        ("trillion", 12),
        ("万", 4),
        ("萬", 4),
        ("億", 8),
        ("亿", 8),
    ];
    // A written 100万1111 is a sum.
    if let Some((above, below)) =
        written.split_once('万').filter(|(_, below)| below.starts_with(|c: char| c.is_ascii_digit()))
    {
        return figure(above)?.times(Decimal::from(10_000))?.plus(figure(below)?);
    }
    let value: Decimal = digits.parse().ok()?;
    let scale = scales.iter().find(|(name, _)| written.contains(name));
    scale.map_or(Some(value), |(_, exponent)| value.times(Decimal::from(10i64.pow(*exponent))))
}

fn currency(written: &str) -> &'static str {
    let codes = [
        ("JPY", "JPY"),
        ("US$", "USD"),
        ("CNY", "CNY"),
        ("TWD", "TWD"),
        ("RM", "MYR"),
        ("$", "USD"),
        ("€", "EUR"),
        ("£", "GBP"),
        ("₩", "KRW"),
        ("₹", "INR"),
        ("₽", "RUB"),
        ("yuan", "CNY"),
    ];
    let known = codes.iter().find(|(sign, _)| written.contains(sign)).map(|(_, code)| *code);
    // ¥ is yen in the English files and yuan in the Chinese ones.
    known.unwrap_or(if written.contains("billion") || written.contains("million") { "JPY" } else { "CNY" })
}
