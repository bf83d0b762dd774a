//! The words that dates and times are made of: months, weekdays, units, hours, parts of the day, in both languages.

use std::sync::LazyLock;

use jiff::civil::{DateTime, Weekday};

use super::{
    super::{
        number,
        phrases::Phrases,
        token::{Kind, Text},
    },
    grammar::{Order, Said, Sort},
    holiday,
    model::{Clock, Part, Piece, Unit},
    written,
};

/// What the words at a place mean as this sort; nothing for sorts that only rules give.
pub fn said(sort: Sort, text: &Text, at: usize, now: DateTime, order: Order) -> Vec<Said> {
    let one = |found: Option<(Piece, usize)>| -> Vec<Said> {
        found.map(|(piece, end)| Said { from: at, end, piece }).into_iter().collect()
    };
    match sort {
        Sort::Int => one(integer(text, at, 0, i64::MAX)),
        Sort::Ordinal => one(ordinal(text, at)),
        Sort::Count => {
            count(text, at).into_iter().map(|(piece, end)| Said { from: at, end, piece }).collect()
        }
        Sort::Unit => one(of(&UNITS, text, at, Piece::Unit)),
        Sort::Weekday => one(of(&WEEKDAYS, text, at, Piece::Weekday)),
        Sort::Month => one(month(text, at)),
        Sort::Year => one(year(text, at)),
        Sort::DayNumber => one(day_number(text, at)),
        Sort::Hour => one(hour(text, at)),
        Sort::Minute => one(minute(text, at)),
        Sort::Digital => one(digital(text, at)),
        Sort::Half => one(half(text, at)),
        Sort::Part => one(of(&PARTS, text, at, Piece::Part)),
        Sort::Shift => one(of(&SHIFTS, text, at, Piece::Shift)),
        Sort::Written => one(written::date(text, at, now, order)),
        Sort::Holiday => one(holiday::at(text, at, now)),
        _ => Vec::new(),
    }
}

/// Whether a word of the lexicon can begin with this token: elsewhere nothing needs to be tried.
pub fn begins(text: &Text, at: usize) -> bool {
    let word = text.at(at);
    match text.kind(at) {
        Some(Kind::Digits) => true,
        Some(Kind::Han) => {
            number::chinese::digit(word).is_some()
                || matches!(word, "十" | "百" | "千" | "半" | "几" | "初" | "第" | "正" | "好")
                || tabled(word)
        }
        Some(Kind::Word) => {
            number::english::small(word).is_some()
                || number::english::small_ordinal(word).is_some()
                || matches!(
                    word,
                    "a" | "an" | "half" | "hundred" | "few" | "couple" | "several" | "some" | "another"
                )
                || tabled(word)
        }
        Some(Kind::Mark) => matches!(word, "½" | "¼" | "¾"),
        None => false,
    }
}

fn tabled(word: &str) -> bool {
    WEEKDAYS.begins(word)
        || MONTHS.begins(word)
        || PARTS.begins(word)
        || SHIFTS.begins(word)
        || UNITS.begins(word)
        || holiday::begins(word)
}

fn of<T: Copy>(table: &Phrases<T>, text: &Text, at: usize, piece: fn(T) -> Piece) -> Option<(Piece, usize)> {
    table.at(text, at).map(|(value, end)| (piece(*value), end))
}

fn table<T: Copy>(rows: &[(&'static str, T)]) -> Phrases<T> {
    Phrases::new(rows.iter().flat_map(|(words, value)| words.split('|').map(|word| (word, *value))))
}

static UNITS: LazyLock<Phrases<Unit>> = LazyLock::new(|| {
    table(&[
        ("second|seconds|sec|secs|秒|秒钟", Unit::Second),
        ("minute|minutes|min|mins|分钟", Unit::Minute),
        ("hour|hours|hr|hrs|h|小时|个小时|钟头|个钟头|个钟", Unit::Hour),
        ("day|days|天|night|nights|晚", Unit::Day),
        (
            "business day|business days|working day|working days|workday|workdays|weekday|weekdays|个工作日|工作日",
            Unit::BusinessDay,
        ),
        ("weekend|weekends|个周末|周末", Unit::Weekend),
        ("week|weeks|wk|wks|周|个星期|星期|个礼拜|礼拜", Unit::Week),
        ("fortnight|fortnights", Unit::Fortnight),
        ("month|months|个月", Unit::Month),
        ("quarter|quarters|季度|个季度|季", Unit::Quarter),
        ("year|years|yr|yrs|年", Unit::Year),
        ("decade|decades", Unit::Decade),
    ])
});

static WEEKDAYS: LazyLock<Phrases<Weekday>> = LazyLock::new(|| {
    table(&[
        ("monday|mondays|mon|周一|星期一|礼拜一", Weekday::Monday),
        ("tuesday|tuesdays|tue|tues|周二|星期二|礼拜二", Weekday::Tuesday),
        ("wednesday|wednesdays|wed|weds|周三|星期三|礼拜三", Weekday::Wednesday),
        ("thursday|thursdays|thu|thur|thurs|周四|星期四|礼拜四", Weekday::Thursday),
        ("friday|fridays|fri|周五|星期五|礼拜五", Weekday::Friday),
        ("saturday|saturdays|sat|周六|星期六|礼拜六", Weekday::Saturday),
        ("sunday|sundays|sun|周日|周天|星期日|星期天|礼拜日|礼拜天", Weekday::Sunday),
    ])
});

static MONTHS: LazyLock<Phrases<i8>> = LazyLock::new(|| {
    table(&[
        ("january|jan", 1),
        ("february|feb", 2),
        ("march|mar", 3),
        ("april|apr", 4),
        ("may", 5),
        ("june|jun", 6),
        ("july|jul", 7),
        ("august|aug", 8),
        ("september|sep|sept", 9),
        ("october|oct", 10),
        ("november|nov", 11),
        ("december|dec", 12),
    ])
});

static PARTS: LazyLock<Phrases<Part>> = LazyLock::new(|| {
    table(&[
        ("凌晨|清晨", Part::EarlyMorning),
        ("early morning|early-morning|early in the morning", Part::MorningEarly),
        ("later in the morning", Part::MorningLate),
        ("later in the afternoon", Part::AfternoonLate),
        ("later in the evening", Part::EveningLate),
        ("late morning|late-morning|late mornings|late-mornings", Part::MorningLate),
        ("early afternoon|early-afternoon", Part::AfternoonEarly),
        ("late afternoon|late-afternoon", Part::AfternoonLate),
        ("early evening|early-evening", Part::EveningEarly),
        ("late evening|late-evening", Part::EveningLate),
        ("early night|early-night", Part::NightEarly),
        ("late night|late-night", Part::NightLate),
        ("morning|mornings|forenoon|早上|早晨|上午|早间|早|晨", Part::Morning),
        ("lunchtime|lunch time|中午|正午|午间", Part::Noon),
        ("afternoon|afternoons|下午|午后", Part::Afternoon),
        ("evening|evenings|傍晚|晚上|晚间|晚", Part::Evening),
        ("night|nights|nighttime|夜里|夜晚|深夜|夜间|夜", Part::Night),
        ("半夜|午夜", Part::Midnight),
        ("business hours|working hours|daytime", Part::Business),
    ])
});

static SHIFTS: LazyLock<Phrases<i64>> = LazyLock::new(|| {
    table(&[
        ("this|this current|current|这|这个|这一|本|该|当", 0),
        ("next|coming|upcoming|following|下|下个|下一|下一个", 1),
        ("last|past|previous|上|上个|上一|上一个", -1),
        ("下下|下下个", 2),
        ("上上|上上个", -2),
    ])
});

/// A whole number within limits, not one that letters are glued to.
fn integer(text: &Text, at: usize, low: i64, high: i64) -> Option<(Piece, usize)> {
    let (value, end) = number::integer(text, at).filter(|(value, _)| (low..=high).contains(value))?;
    Some((Piece::Int(value), end))
}

fn ordinal(text: &Text, at: usize) -> Option<(Piece, usize)> {
    if text.at(at) == "第" {
        return integer(text, at + 1, 1, 1000);
    }
    let (value, end) = number::english::ordinal(text, at)?;
    Some((Piece::Int(value), end))
}

/// How many: a number, “a”, “a few”, “half an”, 半, 几, 一个半.
fn count(text: &Text, at: usize) -> Vec<(Piece, usize)> {
    const WORDS: &[(&[&str], f64)] = &[
        (&["half", "a"], 0.5),
        (&["half", "an"], 0.5),
        (&["half"], 0.5),
        (&["a", "couple", "of"], 2.0),
        (&["a", "couple"], 2.0),
        (&["couple", "of"], 2.0),
        (&["couple"], 2.0),
        (&["a", "few"], 3.0),
        (&["few"], 3.0),
        (&["several"], 3.0),
        (&["some"], 3.0),
        (&["another"], 1.0),
        (&["a"], 1.0),
        (&["an"], 1.0),
        (&["半", "个"], 0.5),
        (&["半"], 0.5),
        (&["几"], 3.0),
        (&["好", "几"], 3.0),
    ];
    let mut counts = Vec::new();
    let named =
        number::number(text, at).map(|(value, end)| (value.to_f64(), end)).filter(|(value, _)| *value >= 0.0);
    // 07年 is a year, no length of time.
    let named = named.filter(|_| !(text.at(at).len() == 2 && text.at(at).starts_with('0')));
    if let Some((value, end)) = named.filter(|(_, end)| !text.starts(at, &["half", "a"]) && *end > at) {
        if text.starts(end, &["个", "半"]) {
            counts.push((Piece::Count(value + 0.5), end + 2));
        }
        let more = usize::from(text.at(end) == "多");
        counts.push((Piece::Count(value), end + more));
        // “two quarters” may be a half, or six months.
        if let Some((whole, stop)) = number::integer(text, at).filter(|(_, stop)| *stop != end) {
            counts.push((Piece::Count(whole as f64), stop));
        }
        if text.starts(end, &["and", "half"]) {
            counts.push((Piece::Count(value + 0.5), end + 2));
        }
        return counts;
    }
    if let Some((words, value)) = WORDS.iter().find(|(words, _)| text.starts(at, words)) {
        counts.push((Piece::Count(*value), at + words.len()));
    }
    counts
}

fn month(text: &Text, at: usize) -> Option<(Piece, usize)> {
    if let Some(found) = of(&MONTHS, text, at, Piece::Month) {
        return Some(found);
    }
    if text.starts(at, &["正", "月"]) {
        return Some((Piece::Month(1), at + 2));
    }
    let (value, end) = number::chinese::integer(text, at)?;
    let value = value.integer().filter(|month| (1..=12).contains(month))?;
    (text.at(end) == "月" && text.at(end + 1) != "份额").then_some(())?;
    let end = if text.at(end + 1) == "份" { end + 2 } else { end + 1 };
    Some((Piece::Month(value as i8), end))
}

/// “2016”, “twenty eighteen”, “nineteen oh one”, “two thousand and four”, 二零零八年, 两千零四年, 08年.
fn year(text: &Text, at: usize) -> Option<(Piece, usize)> {
    let (value, end) = match text.kind(at)? {
        Kind::Digits => digit_year(text, at)?,
        Kind::Word => spoken_year(text, at)?,
        Kind::Han => chinese_year(text, at)?,
        Kind::Mark => return None,
    };
    Some((Piece::Int(value), end))
}

fn digit_year(text: &Text, at: usize) -> Option<(i64, usize)> {
    let word = text.at(at);
    let value: i64 = word.parse().ok()?;
    if text.at(at + 1) == "年" {
        return Some((full_year(value, word.len()), at + 2)).filter(|(value, _)| (100..3000).contains(value));
    }
    let fraction = text.at(at + 1) == "."
        && text.glued(at + 1)
        && text.kind(at + 2) == Some(Kind::Digits)
        && text.glued(at + 2);
    (word.len() == 4 && (1000..2200).contains(&value) && !fraction).then_some((value, at + 1))
}

/// Two digits mean the years from 1970 to 2069.
pub fn full_year(value: i64, digits: usize) -> i64 {
    match (digits, value) {
        (2, 0..70) => 2000 + value,
        (2, 70..100) => 1900 + value,
        _ => value,
    }
}

fn spoken_year(text: &Text, at: usize) -> Option<(i64, usize)> {
    let (first, end) = number::english::cardinal(text, at)?;
    let first = first.integer()?;
    if (1000..2200).contains(&first) && text.at(at + 1) != "hundred" {
        return Some((first, end));
    }
    if (1000..2100).contains(&first) && first % 100 == 0 {
        // “nineteen hundred ninety three”.
        return Some((first, end));
    }
    if (1000..2100).contains(&first) {
        return Some((first, end));
    }
    if !(10..22).contains(&first) {
        return None;
    }
    if matches!(text.at(end), "oh" | "o" | "zero") {
        let unit = number::english::small(text.at(end + 1)).filter(|unit| *unit < 10)?;
        return Some((first * 100 + unit, end + 2));
    }
    let (rest, stop) = number::english::cardinal(text, end)?;
    let rest =
        rest.integer().filter(|rest| (10..100).contains(rest) && text.kind(end) == Some(Kind::Word))?;
    Some((first * 100 + rest, stop))
}

fn chinese_year(text: &Text, at: usize) -> Option<(i64, usize)> {
    let mut digits = String::new();
    let mut end = at;
    while let Some(digit) = number::chinese::digit(text.at(end)).filter(|_| end - at < 5) {
        digits.push_str(&digit.to_string());
        end += 1;
    }
    if text.at(end) == "年" && digits.len() >= 2 {
        return Some((full_year(digits.parse().ok()?, digits.len()), end + 1));
    }
    let (value, end) = number::chinese::integer(text, at)?;
    let value = value.integer().filter(|year| (1000..3000).contains(year))?;
    (text.at(end) == "年").then_some((value, end + 1))
}

fn day_number(text: &Text, at: usize) -> Option<(Piece, usize)> {
    if text.at(at) == "初" {
        let (value, end) = number::chinese::integer(text, at + 1)?;
        let value = value.integer().filter(|day| (1..=10).contains(day))?;
        return Some((Piece::Int(value), end));
    }
    if let Some((value, end)) = number::english::ordinal(text, at).filter(|(day, _)| (1..=31).contains(day)) {
        return Some((Piece::Int(value), end));
    }
    let (piece, end) = integer(text, at, 1, 31)?;
    if text.kind(at) == Some(Kind::Digits) && (end != at + 1 || text.at(at).len() > 2) {
        return None;
    }
    let letters = text.glued(end) && text.kind(end) == Some(Kind::Word);
    (!letters).then_some((piece, end))
}

fn hour(text: &Text, at: usize) -> Option<(Piece, usize)> {
    // The 1 of 37.1 is no hour.
    if at > 1
        && text.at(at - 1) == "."
        && text.glued(at)
        && text.glued(at - 1)
        && text.kind(at - 2) == Some(Kind::Digits)
    {
        return None;
    }
    let (piece, end) = integer(text, at, 0, 24)?;
    if text.kind(at) == Some(Kind::Digits) && (end != at + 1 || text.at(at).len() > 2) {
        return None;
    }
    Some((piece, end))
}

fn minute(text: &Text, at: usize) -> Option<(Piece, usize)> {
    if matches!(text.at(at), "oh" | "o" | "zero" | "零" | "〇") {
        let (value, end) = number::integer(text, at + 1).filter(|(value, _)| (1..10).contains(value))?;
        return Some((Piece::Int(value), end));
    }
    let (piece, end) = integer(text, at, 1, 59)?;
    if text.kind(at) == Some(Kind::Digits) && (text.at(at).len() > 2 || end != at + 1) {
        return None;
    }
    Some((piece, end))
}

/// 7:56, 7:56:30, 7h01, and with “am” behind 340 and 8.10.
fn digital(text: &Text, at: usize) -> Option<(Piece, usize)> {
    // “ten-thirty”.
    if text.kind(at) == Some(Kind::Word) && text.at(at + 1) == "-" && text.glued(at + 1) {
        let hour = number::english::small(text.at(at)).filter(|hour| (1..13).contains(hour))?;
        let (minute, end) = number::integer(text, at + 2).filter(|(minute, _)| (10..60).contains(minute))?;
        let spoken = text.kind(at + 2) == Some(Kind::Word);
        return if spoken { Some((Piece::Clock(Clock::new(hour, minute, 0)?), end)) } else { None };
    }
    let number = |index: usize| -> Option<i64> {
        if text.kind(index) == Some(Kind::Digits) { text.at(index).parse().ok() } else { None }
    };
    let (word, first) = (text.at(at), number(at)?);
    let two = |index: usize| text.at(index).len() == 2;
    let mark = text.at(at + 1);
    let joined = mark == ":" && two(at + 2) || mark == "h" && number(at + 2).is_some() && two(at + 2);
    if joined && word.len() <= 2 {
        let minute = number(at + 2)?;
        if text.at(at + 3) == ":" && two(at + 4) {
            let clock = Clock::new(first, minute, number(at + 4)?)?;
            return Some((Piece::Clock(exact(clock, word)), at + 5));
        }
        return Some((Piece::Clock(exact(Clock::new(first, minute, 0)?, word)), at + 3));
    }
    let closes = at + 3 == text.len()
        || !text.glued(at + 3) && text.kind(at + 3) != Some(Kind::Word)
        || text.at(at + 3) == ",";
    let pointed = half(text, at + 3).is_some() || closes && at > 0 && text.at(at - 1) == "at";
    if word.len() == 4 && word.starts_with('0') && (mark == "-" || at > 0 && text.at(at - 1) == "-") {
        return Some((Piece::Clock(exact(Clock::new(first / 100, first % 100, 0)?, word)), at + 1));
    }
    if mark == "." && two(at + 2) && pointed && word.len() <= 2 {
        return Some((Piece::Clock(Clock::new(first, number(at + 2)?, 0)?), at + 3));
    }
    let halved = matches!(half(text, at + 1), Some((Piece::Part(Part::Am | Part::Pm), _)));
    if (3..=4).contains(&word.len()) && halved {
        return Some((Piece::Clock(Clock::new(first / 100, first % 100, 0)?), at + 1));
    }
    None
}

/// 07:30 is written by the clock of 24 hours.
fn exact(clock: Clock, hour: &str) -> Clock {
    Clock { vague: clock.vague && !hour.starts_with('0'), ..clock }
}

/// “am”, “p. m.”, “in the morning”, “at night”.
fn half(text: &Text, at: usize) -> Option<(Piece, usize)> {
    let letter = |index: usize, word: &str| text.at(index) == word;
    for (first, part) in [("a", Part::Am), ("p", Part::Pm)] {
        let whole = if first == "a" { "am" } else { "pm" };
        if letter(at, whole) {
            return Some((Piece::Part(part), at + 1));
        }
        if letter(at, first) {
            let point = usize::from(letter(at + 1, "."));
            if letter(at + 1 + point, "m") {
                let last = at + 1 + point;
                let end = if letter(last + 1, ".") && point == 1 { last + 2 } else { last + 1 };
                return Some((Piece::Part(part), end));
            }
            if text.glued(at) && at > 0 && text.kind(at - 1) == Some(Kind::Digits) {
                return Some((Piece::Part(part), at + 1));
            }
        }
    }
    if letter(at, "ampm") {
        return Some((Piece::Part(Part::Am), at + 1));
    }
    let from = match (text.at(at), text.at(at + 1)) {
        ("in", "the") => at + 2,
        ("at" | "in", _) => at + 1,
        // “seven thirty evening” is a time, “four evening classes” is not.
        _ if at > 1 && matches!(text.at(at - 2), "past" | "to" | ":" | "after") => at,
        _ if at > 0 && matches!(text.at(at - 1), "o'clock" | "oclock" | "am" | "pm" | "m" | "," | ".") => at,
        _ => return None,
    };
    let (part, end) = PARTS.at(text, from).filter(|_| text.kind(from) == Some(Kind::Word))?;
    Some((Piece::Part(*part), end))
}
