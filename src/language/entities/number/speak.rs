//! Whole numbers in words, as a caller would say them: what the tests read back, and what prompts may speak.

/// “one hundred and five”.
pub fn english(value: i64) -> String {
    if value < 0 {
        return format!("minus {}", english_large(value.unsigned_abs()));
    }
    english_large(value.unsigned_abs())
}

const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] =
    ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

fn english_large(value: u64) -> String {
    let scales = [
        (1_000_000_000_000, "trillion"),
        (1_000_000_000, "billion"),
        (1_000_000, "million"),
        (1000, "thousand"),
    ];
    let mut rest = value;
    let mut parts = Vec::new();
    for (size, name) in scales {
        if rest >= size {
            parts.push(format!("{} {name}", english_large(rest / size)));
            rest %= size;
        }
    }
    if rest > 0 || parts.is_empty() {
        let joiner = if !parts.is_empty() && rest < 100 { "and " } else { "" };
        parts.push(format!("{joiner}{}", english_group(rest as usize)));
    }
    parts.join(" ")
}

fn english_group(value: usize) -> String {
    match value {
        0..20 => ONES[value].to_owned(),
        20..100 if value.is_multiple_of(10) => TENS[value / 10].to_owned(),
        20..100 => format!("{} {}", TENS[value / 10], ONES[value % 10]),
        _ if value.is_multiple_of(100) => format!("{} hundred", ONES[value / 100]),
        _ => format!("{} hundred and {}", ONES[value / 100], english_group(value % 100)),
    }
}

/// 一百零五.
pub fn chinese(value: i64) -> String {
    let sign = if value < 0 { "负" } else { "" };
    format!("{sign}{}", chinese_large(value.unsigned_abs()))
}

fn chinese_large(value: u64) -> String {
    let mut spoken = String::new();
    let mut rest = value;
    for (size, name) in [(1_000_000_000_000, "万亿"), (100_000_000, "亿"), (10_000, "万")] {
        if rest >= size {
            let gap = !spoken.is_empty() && rest < size * 1000;
            spoken.push_str(if gap { "零" } else { "" });
            spoken.push_str(&chinese_group(rest / size, spoken.is_empty()));
            spoken.push_str(name);
            rest %= size;
        }
    }
    if rest > 0 || spoken.is_empty() {
        let gap = !spoken.is_empty() && rest < 1000;
        spoken.push_str(if gap { "零" } else { "" });
        spoken.push_str(&chinese_group(rest, spoken.is_empty()));
    }
    spoken
}

fn chinese_group(value: u64, first: bool) -> String {
    const DIGITS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    if value == 0 {
        return "零".to_owned();
    }
    let mut spoken = String::new();
    let mut gap = false;
    for (size, name) in [(1000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let digit = (value / size % 10) as usize;
        if digit == 0 {
            gap = !spoken.is_empty();
            continue;
        }
        if gap {
            spoken.push('零');
            gap = false;
        }
        if !(digit == 1 && size == 10 && spoken.is_empty() && first) {
            spoken.push(DIGITS[digit]);
        }
        spoken.push_str(name);
    }
    spoken
}
