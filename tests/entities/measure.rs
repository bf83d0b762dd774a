//! Measures the entities against the specification files of microsoft/Recognizers-Text: the extract that the
//! repository carries (every sixth case), or all of it when `TANDEM_RECOGNIZERS` names the folder `Specs`.
//! A case counts as right when every expected entity is found with its span and value, and nothing else.

use std::{env, fs, path::Path};

use super::when;
use jiff::civil::{DateTime, date};
use serde_json::Value as Json;
use tandem::language::entities::{Answer, Decimal, Entity, Kind, Place, Setting, Value, find};

/// What one case expects or got: start and end in characters, and the value as text.
type Seen = (usize, usize, String);

/// File, kind, locale, and the share in per cent below which the test fails.
type Spec = (&'static str, Kind, &'static str, u32);

const SPECS: &[Spec] = &[
    ("Number/English/NumberModel.json", Kind::Number, "en-US", 95),
    ("Number/Chinese/NumberModel.json", Kind::Number, "zh-CN", 95),
    ("Number/English/OrdinalModel.json", Kind::Ordinal, "en-US", 95),
    ("Number/Chinese/OrdinalModel.json", Kind::Ordinal, "zh-CN", 95),
    ("Number/English/PercentModel.json", Kind::Percentage, "en-US", 95),
    ("Number/Chinese/PercentModel.json", Kind::Percentage, "zh-CN", 85),
    ("Sequence/English/PhoneNumberModel.json", Kind::Phone, "en-US", 95),
    ("Sequence/Chinese/PhoneNumberModel.json", Kind::Phone, "zh-CN", 95),
    ("NumberWithUnit/English/CurrencyModel.json", Kind::Amount, "en-US", 95),
    ("NumberWithUnit/Chinese/CurrencyModel.json", Kind::Amount, "zh-CN", 95),
    ("NumberWithUnit/English/AgeModel.json", Kind::Age, "en-US", 95),
    ("NumberWithUnit/Chinese/AgeModel.json", Kind::Age, "zh-CN", 95),
    ("NumberWithUnit/English/DimensionModel.json", Kind::Quantity, "en-US", 70),
    ("NumberWithUnit/Chinese/DimensionModel.json", Kind::Quantity, "zh-CN", 95),
    ("NumberWithUnit/English/TemperatureModel.json", Kind::Quantity, "en-US", 85),
    ("NumberWithUnit/Chinese/TemperatureModel.json", Kind::Quantity, "zh-CN", 95),
    ("Choice/English/BooleanModel.json", Kind::Answer, "en-US", 50),
    ("Choice/Chinese/BooleanModel.json", Kind::Answer, "zh-CN", 80),
    ("DateTime/English/DateParser.json", Kind::When, "en-US", 95),
    ("DateTime/English/TimeParser.json", Kind::When, "en-US", 90),
    ("DateTime/English/DateTimeParser.json", Kind::When, "en-US", 90),
    ("DateTime/English/DurationParser.json", Kind::When, "en-US", 90),
    ("DateTime/English/TimePeriodParser.json", Kind::When, "en-US", 90),
    ("DateTime/English/DatePeriodParser.json", Kind::When, "en-US", 85),
    ("DateTime/English/DateTimePeriodParser.json", Kind::When, "en-US", 85),
    ("DateTime/English/HolidayParser.json", Kind::When, "en-US", 60),
    ("DateTime/English/DateTimeModel.json", Kind::When, "en-US", 80),
    ("DateTime/Chinese/DateParser.json", Kind::When, "zh-CN", 95),
    ("DateTime/Chinese/TimeParser.json", Kind::When, "zh-CN", 60),
    ("DateTime/Chinese/DateTimeParser.json", Kind::When, "zh-CN", 95),
    ("DateTime/Chinese/DurationParser.json", Kind::When, "zh-CN", 95),
    ("DateTime/Chinese/TimePeriodParser.json", Kind::When, "zh-CN", 95),
    ("DateTime/Chinese/DatePeriodParser.json", Kind::When, "zh-CN", 85),
    ("DateTime/Chinese/DateTimePeriodParser.json", Kind::When, "zh-CN", 80),
    ("DateTime/Chinese/HolidayParser.json", Kind::When, "zh-CN", 90),
    ("DateTime/Chinese/DateTimeModel.json", Kind::When, "zh-CN", 80),
];

#[test]
fn recognizers_specs() {
    let carried = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/entities/recognizers");
    let root = env::var("TANDEM_RECOGNIZERS").unwrap_or_else(|_| carried.to_owned());
    println!("{:60} {:>6} {:>6} {:>7}", "spec", "cases", "right", "share");
    let below: Vec<&str> = SPECS
        .iter()
        .filter(|spec| share(Path::new(&root), spec) < f64::from(spec.3))
        .map(|spec| spec.0)
        .collect();
    assert!(below.is_empty(), "below their floors: {below:?}");
}

/// Prints and returns how many cases in a hundred are right; `TANDEM_SHOW` shows the wrong ones of a file.
fn share(root: &Path, (file, kind, locale, _): &Spec) -> f64 {
    let show = env::var("TANDEM_SHOW").is_ok_and(|part| file.contains(&part));
    let path = root.join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let cases: Vec<Json> = serde_json::from_str(text.trim_start_matches('\u{feff}')).expect("JSON");
    let cases: Vec<&Json> = cases.iter().filter(|case| !out_of_scope(case)).collect();
    let mut right = 0;
    for case in &cases {
        let input = case["Input"].as_str().expect("an input");
        let want = wanted(case, input);
        let found = find(*kind, input, &setting(case, locale));
        let counted = found.iter().filter(|entity| !is_count(entity) && when::belongs(file, entity));
        let got: Vec<Seen> = counted.map(seen).collect();
        right += usize::from(want == got);
        if want != got && show {
            println!("  {input:?}\n     want {want:?}\n     got  {got:?}");
        }
    }
    let share = 100.0 * right as f64 / cases.len().max(1) as f64;
    println!("{file:60} {:>6} {right:>6} {share:>6.1}%", cases.len());
    share
}

/// The specs know no counted things (“fourteen people”, 三件); Tandem does.
fn is_count(entity: &Entity) -> bool {
    const COUNTS: &[&str] =
        &["piece", "person", "box", "bag", "bottle", "can", "time", "step", "ticket", "room", "night"];
    matches!(&entity.value, Value::Quantity(quantity) if COUNTS.contains(&quantity.unit.as_str()))
}

/// Cases that the reference implementation itself does not support.
fn out_of_scope(case: &Json) -> bool {
    let listed = |key: &str| case[key].as_str().is_some_and(|list| list.contains("dotnet"));
    listed("NotSupported")
        || listed("NotSupportedByDesign")
        || names_no_value(case)
        || when::has_no_date(case)
}

/// A name of money or of a unit without any number is no amount here.
fn names_no_value(case: &Json) -> bool {
    let results = case["Results"].as_array().map_or(&[][..], Vec::as_slice);
    results.iter().any(|result| {
        let numeric = ["currency", "dimension", "temperature", "age", "percentage"];
        numeric.contains(&result["TypeName"].as_str().unwrap_or_default())
            && result["Resolution"]
                .get("value")
                .is_none_or(|value| value.as_str().is_none_or(|value| value == "null"))
    })
}

fn setting(case: &Json, locale: &str) -> Setting<'static> {
    let now = case["Context"]["ReferenceDateTime"].as_str().and_then(|at| at.parse::<DateTime>().ok());
    Setting::new(locale, now.unwrap_or(date(2026, 11, 20).at(10, 0, 0, 0)))
}

fn wanted(case: &Json, input: &str) -> Vec<Seen> {
    let results = case["Results"].as_array().map_or(&[][..], Vec::as_slice);
    let mut behind = 0;
    let mut seen: Vec<Seen> = results
        .iter()
        .map(|result| {
            let text = result["Text"].as_str().unwrap_or_default();
            let length = text.chars().count();
            let start =
                result["Start"].as_u64().map_or_else(|| place(input, text, behind), |start| start as usize);
            behind = start + length;
            (start, start + length, value_of(result))
        })
        .collect();
    seen.sort();
    seen
}

/// Where a text without a start stands.
fn place(input: &str, text: &str, behind: usize) -> usize {
    let lower = |text: &str| text.to_lowercase();
    let chars: Vec<char> = input.chars().collect();
    let length = text.chars().count();
    (behind..=chars.len().saturating_sub(length))
        .find(|at| lower(&chars[*at..*at + length].iter().collect::<String>()) == lower(text))
        .unwrap_or(0)
}

fn value_of(result: &Json) -> String {
    if let Some(found) = when::expected(result) {
        return found;
    }
    let resolution = &result["Resolution"];
    let value = resolution["value"].as_str().map_or_else(String::new, decimal_or_text);
    match result["TypeName"].as_str().unwrap_or_default() {
        "boolean" => resolution["value"].to_string(),
        "percentage" => decimal_or_text(value.trim_end_matches('%')),
        "phonenumber" => phone_digits(result["Text"].as_str().unwrap_or_default()),
        "currency" => money(&value, resolution),
        "age" | "dimension" | "temperature" => {
            format!("{value} {}", unit(resolution["unit"].as_str().unwrap_or_default()))
        }
        _ => value,
    }
}

/// The digits without their marks, “(0)” and extension.
fn phone_digits(text: &str) -> String {
    let body = text.replace("(0)", "").to_lowercase();
    let body = body.split(['x', 'e']).next().unwrap_or_default();
    body.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
}

/// In the whole unit, with the code that the name means in the United States.
fn money(value: &str, resolution: &Json) -> String {
    let unit = resolution["unit"].as_str().unwrap_or_default();
    let value = value.parse::<Decimal>().ok();
    let cents = value.and_then(|value| value.over(Decimal::from(100)));
    let (value, code) = match unit {
        "Dollar" => (value, "USD"),
        "Cent" | "Penny" => (cents, "USD"),
        "Pence" => (cents, "GBP"),
        "Pound" => (value, "GBP"),
        "Franc" => (value, "CHF"),
        "Rupee" => (value, "INR"),
        "Peseta" => (value, "PESETA"),
        "Finnish markka" => (value, "FIM"),
        "Netherlands guilder" => (value, "NLG"),
        "Bitcoin" => (value, "XBT"),
        "Satoshi" => (value, "SATOSHI"),
        "Sen" => (value, "SEN"),
        _ => (value, resolution["isoCurrency"].as_str().unwrap_or(unit)),
    };
    value.map_or_else(|| format!("null {code}"), |value| format!("{} {code}", rounded(value)))
}

/// The spec's name of a unit in British spelling, as Tandem's table has it.
fn unit(name: &str) -> String {
    let lower = name.to_lowercase();
    match lower.as_str() {
        "c" => "celsius".to_owned(),
        "f" => "fahrenheit".to_owned(),
        "age" => "year".to_owned(),
        "metric ton" => "tonne".to_owned(),
        _ => lower.replace("meter", "metre").replace("liter", "litre"),
    }
}

fn decimal_or_text(value: &str) -> String {
    value.parse::<Decimal>().map_or_else(|_| value.to_owned(), rounded)
}

/// To 15 digits, as the specs are.
fn rounded(value: Decimal) -> String {
    let rounded = format!("{:.14e}", value.to_f64());
    let precise = value.to_string().trim_start_matches(['-', '0', '.']).len() > 15;
    if precise {
        rounded.parse::<Decimal>().map_or(rounded, |value| value.to_string())
    } else {
        value.to_string()
    }
}

fn seen(entity: &Entity) -> Seen {
    let value = match &entity.value {
        Value::Number(value) | Value::Percentage(value) => rounded(*value),
        Value::When(when) => when::said(*when),
        Value::Answer(answer) => match answer {
            Answer::Yes => "true".to_owned(),
            Answer::No => "false".to_owned(),
            other => format!("{other:?}"),
        },
        other @ (Value::Person { .. } | Value::Address(_) | Value::Correction { .. }) => format!("{other:?}"),
        Value::Digits(digits) => digits.digits.clone(),
        Value::Phone(phone) => phone.digits.clone(),
        Value::Code(code) => code.clone(),
        Value::Amount(amount) => format!("{} {}", rounded(amount.value), amount.currency),
        Value::Quantity(quantity) => format!("{} {}", rounded(quantity.value), quantity.unit),
        Value::Age(age) => format!("{} {}", rounded(age.value), format!("{:?}", age.unit).to_lowercase()),
        Value::Ordinal(Place::Nth(value)) => value.to_string(),
        Value::Ordinal(Place::FromEnd(0)) => "end+0".to_owned(),
        Value::Ordinal(Place::FromEnd(back)) => format!("end-{back}"),
        Value::Ordinal(Place::FromHere(step)) => format!("current{step:+}"),
    };
    (entity.span.chars.start, entity.span.chars.end, value)
}
