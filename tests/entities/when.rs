//! How the specifications write dates and times, and how Tandem's values look in the same words.

use serde_json::Value as Json;
use tandem::language::entities::{Entity, Value, When};

/// The value of a date or time that a specification expects: of several, the last (the future) one.
pub fn expected(result: &Json) -> Option<String> {
    if let Some(future) = result["Value"]["FutureResolution"].as_object() {
        let field = |name: &str| future.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        let one =
            ["date", "time", "dateTime", "duration"].into_iter().find(|name| future.contains_key(*name));
        if let Some(name) = one {
            return Some(field(name));
        }
        let of = |kind: &str| format!("{}..{}", field(&format!("start{kind}")), field(&format!("end{kind}")));
        let ranges = ["DateTime", "Date", "Time"];
        let kind = ranges.into_iter().find(|kind| {
            future.keys().any(|key| key == &format!("start{kind}") || key == &format!("end{kind}"))
        });
        return Some(kind.map_or_else(String::new, of));
    }
    let values = result["Resolution"]["values"].as_array()?;
    let last = written(values.last()?);
    // Of a time that leaves the half of the day open the specification lists both; Tandem gives the earlier, marked.
    let halves: Vec<String> = values.iter().map(written).filter(|value| same_day(value, &last)).collect();
    Some(halves.into_iter().next().unwrap_or(last))
}

fn written(value: &Json) -> String {
    let field = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    if value.get("value").is_some() {
        field("value")
    } else {
        format!("{}..{}", field("start"), field("end"))
    }
}

/// Two values of one day (or of none) that differ in the time alone.
fn same_day(one: &str, other: &str) -> bool {
    let day = |text: &str| {
        text.split_once(' ')
            .map_or_else(|| text.contains('-').then(|| text.to_owned()), |(day, _)| Some(day.to_owned()))
    };
    one.contains(':') && day(one) == day(other)
}

/// In the specifications' words.
pub fn said(when: When) -> String {
    let range = |from: Option<String>, until: Option<String>| {
        format!("{}..{}", from.unwrap_or_default(), until.unwrap_or_default())
    };
    let moment = |at: jiff::civil::DateTime| at.strftime("%Y-%m-%d %H:%M:%S").to_string();
    let clock = |at: jiff::civil::Time| at.strftime("%H:%M:%S").to_string();
    let day = |at: jiff::civil::Date| at.strftime("%Y-%m-%d").to_string();
    match when {
        When::Date { date } => day(date),
        When::Time { time, .. } => clock(time),
        When::DateTime { at, .. } => moment(at),
        When::Dates { from, until } => range(from.map(day), until.map(day)),
        When::Times { from, until } => range(from.map(clock), until.map(clock)),
        When::DateTimes { from, until } => range(from.map(moment), until.map(moment)),
        When::Duration { seconds } => seconds.to_string(),
    }
}

/// A specification of one parser knows nothing of what the others would find in the same sentence.
pub fn belongs(file: &str, entity: &Entity) -> bool {
    let Value::When(when) = &entity.value else { return true };
    let name = file.rsplit('/').next().unwrap_or_default();
    match name {
        "DateParser.json" | "HolidayParser.json" => matches!(when, When::Date { .. }),
        "TimeParser.json" => matches!(when, When::Time { .. }),
        "DateTimeParser.json" => matches!(when, When::DateTime { .. }),
        "DurationParser.json" => matches!(when, When::Duration { .. }),
        "TimePeriodParser.json" => matches!(when, When::Times { .. }),
        "DatePeriodParser.json" => matches!(when, When::Dates { .. }),
        "DateTimePeriodParser.json" => matches!(when, When::DateTimes { .. }),
        _ => true,
    }
}

/// Nothing to compare: recurrences, seasons, impossible dates and lunar dates, which the specifications leave
/// unresolved (or resolve as if the lunar month were a Gregorian one), and the years of emperors.
pub fn has_no_date(case: &Json) -> bool {
    const LUNAR: &[&str] = &["农历", "正月", "初一", "大年", "中秋", "春节", "除夕", "元宵", "端午", "重阳"];
    const REIGNS: &[&str] = &["神龙", "康熙", "雍正", "民国"];
    let input = case["Input"].as_str().unwrap_or_default();
    let results = case["Results"].as_array().map_or(&[][..], Vec::as_slice);
    let mut dated = results.iter().filter_map(expected);
    let unresolved = |value: String| {
        value.is_empty() || value == "not resolved" || value == ".." || value.starts_with("0001-01-01")
    };
    let lunar = !results.is_empty() && LUNAR.iter().chain(REIGNS).any(|word| input.contains(word));
    lunar && results.iter().any(|result| expected(result).is_some()) || dated.any(unresolved)
}
