//! Digits one by one, as people read them out: “one double three”, “triple oh”, 幺三八, 两个五, “eight hundred”, and
//! codes with letters between (“A as in Alpha, one two”).

use std::ops::Range;

use super::{
    check,
    model::{Digits, Entity, Value},
    number::{chinese, english, fraction},
    numeric::scan,
    token::{Kind, Text, is_filler},
};

/// A run of digits that were said or written one after the other.
pub struct Run {
    pub digits: String,
    pub end: usize,
    /// How many words or characters it took.
    pub atoms: usize,
}

/// The digits that begin at this token.
pub fn run(text: &Text, at: usize) -> Option<Run> {
    let (digits, end) = atom(text, at)?;
    let mut run = Run { digits, end, atoms: 1 };
    loop {
        let next = skip(text, run.end);
        let Some((digits, end)) = atom(text, next) else { break };
        run.digits.push_str(&digits);
        (run.end, run.atoms) = (end, run.atoms + 1);
        if run.digits.len() > 64 {
            break;
        }
    }
    Some(run)
}

/// What may stand between two digits: a filler, a pause, a dash.
fn skip(text: &Text, at: usize) -> usize {
    let mut at = at;
    for _ in 0..2 {
        let word = text.at(at);
        let between = is_filler(word)
            || matches!(
                word,
                "," | "-" | "、" | "dash" | "hyphen" | "space" | "then" | "杠" | "空格" | "然后"
            );
        if !between {
            break;
        }
        at += 1;
    }
    at
}

/// One digit, or several said as one: “double five”, “forty five”, 三个八, “eight hundred”, written digits.
fn atom(text: &Text, at: usize) -> Option<(String, usize)> {
    match text.kind(at)? {
        Kind::Digits => written(text, at),
        Kind::Word => english_atom(text, at),
        Kind::Han => chinese_atom(text, at),
        Kind::Mark => None,
    }
}

fn written(text: &Text, at: usize) -> Option<(String, usize)> {
    let letters_before = at > 0 && text.glued(at) && text.kind(at - 1) == Some(Kind::Word);
    let letters_behind = text.glued(at + 1) && text.kind(at + 1) == Some(Kind::Word);
    let point = text.at(at + 1) == "." && text.glued(at + 1) && text.kind(at + 2) == Some(Kind::Digits);
    (!letters_before && !letters_behind && !point).then(|| (text.at(at).to_owned(), at + 1))
}

fn english_atom(text: &Text, at: usize) -> Option<(String, usize)> {
    let word = text.at(at);
    if let Some(times) = times(word) {
        let digit = digit(text.at(at + 1))?;
        return Some((digit.to_string().repeat(times), at + 2));
    }
    if let Some(digit) = digit(word) {
        let zeros = match text.at(at + 1) {
            "hundred" if text.at(at + 2) != "and" => "00",
            "thousand" => "000",
            _ => return Some((digit.to_string(), at + 1)),
        };
        return (digit != '0').then(|| (format!("{digit}{zeros}"), at + 2));
    }
    let (value, end) = english::cardinal(text, at)?;
    let pair = value.integer().filter(|value| (10..100).contains(value))?;
    let simple = (at..end).all(|index| english::small(text.at(index)).is_some() || text.at(index) == "-");
    simple.then(|| (pair.to_string(), end))
}

fn times(word: &str) -> Option<usize> {
    match word {
        "double" => Some(2),
        "triple" | "treble" => Some(3),
        "quadruple" => Some(4),
        _ => None,
    }
}

fn digit(word: &str) -> Option<char> {
    match word {
        "ou" | "ow" | "nil" => Some('0'),
        _ => fraction::spoken_digit(word),
    }
}

fn chinese_atom(text: &Text, at: usize) -> Option<(String, usize)> {
    let counted = chinese::digit(text.at(at)).filter(|count| (2..=8).contains(count));
    if let Some(count) = counted
        && text.at(at + 1) == "个"
        && let Some(repeated) = single(text.at(at + 2))
        && !is_unit(text.at(at + 3))
    {
        return Some((repeated.to_string().repeat(count as usize), at + 3));
    }
    let value = single(text.at(at))?;
    (!is_unit(text.at(at + 1))).then(|| (value.to_string(), at + 1))
}

/// Digits as they are read out, with the names that soldiers, couriers and recognisers give them.
fn single(word: &str) -> Option<char> {
    Some(match word {
        "幺" | "妖" | "腰" | "邀" | "夭" => '1',
        "洞" => '0',
        "拐" => '7',
        "勾" | "沟" | "狗" => '9',
        _ => char::from_digit(u32::try_from(chinese::digit(word)?).ok()?, 10)?,
    })
}

fn is_unit(word: &str) -> bool {
    matches!(word, "十" | "百" | "千" | "万" | "亿" | "点" | "拾" | "佰" | "仟")
}

/// Places, in bytes, of whatever a number, a row of digits or a code may be said with, be it a part of one.
pub fn parts(text: &str) -> Vec<Range<usize>> {
    let text = Text::new(text);
    let part = |at: usize| {
        let word = text.at(at);
        let end = match text.kind(at)? {
            Kind::Word => letter(&text, at).map_or(at + 1, |(_, end)| end.min(text.len())),
            Kind::Digits | Kind::Han | Kind::Mark => at + 1,
        };
        let says = match text.kind(at)? {
            Kind::Digits => true,
            Kind::Mark => word.contains(char::is_numeric),
            Kind::Han => single(word).is_some() || chinese::counts(word),
            Kind::Word => {
                let bare = word.strip_suffix('s').unwrap_or(word);
                times(word).is_some()
                    || [word, bare].iter().any(|word| digit(word).is_some() || english::small(word).is_some())
                    || english::scale(word).is_some()
                    || letter(&text, at).is_some()
            }
        };
        says.then(|| text.tokens[at].bytes.start..text.tokens[end - 1].bytes.end)
    };
    (0..text.len()).filter_map(part).collect()
}

/// Strings of at least two digits; one digit is a number.
pub fn strings(text: &Text) -> Vec<Entity> {
    scan(text, |at| {
        let run = run(text, at).filter(|run| run.digits.len() >= 2)?;
        let (digits, end) = with_check_letter(text, run);
        let reads = check::readings(&digits);
        Some(((at, Value::Digits(Digits { digits, reads })), end))
    })
}

/// The X that may end a Chinese identity number.
fn with_check_letter(text: &Text, run: Run) -> (String, usize) {
    let letter = matches!(text.at(run.end), "x" | "叉" | "艾") && run.digits.len() == 17;
    if !letter {
        return (run.digits, run.end);
    }
    let tail = if text.starts(run.end, &["艾", "克", "斯"]) { 3 } else { 1 };
    (format!("{}X", run.digits), run.end + tail)
}

/// Letters as they are spelled on the telephone: alone, by the spelling alphabet, “B for Bravo”.
fn letter(text: &Text, at: usize) -> Option<(char, usize)> {
    const ALPHABET: [&str; 26] = [
        "alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet", "kilo",
        "lima", "mike", "november", "oscar", "papa", "quebec", "romeo", "sierra", "tango", "uniform",
        "victor", "whiskey", "xray", "yankee", "zulu",
    ];
    let word = text.at(at);
    let mut letters = word.chars();
    let first = letters.next().filter(char::is_ascii_lowercase)?;
    let alone = letters.next().is_none();
    if !alone {
        let index = ALPHABET.iter().position(|name| *name == word)?;
        return Some((char::from(b'A' + index as u8), at + 1));
    }
    if matches!(text.at(at + 1), "for" | "as") {
        let word_at = if text.starts(at + 1, &["as", "in"]) { at + 3 } else { at + 2 };
        if text.at(word_at).starts_with(first) {
            return Some((first.to_ascii_uppercase(), word_at + 1));
        }
    }
    Some((first.to_ascii_uppercase(), at + 1))
}

/// Codes of letters and digits, said one by one or written together: order numbers, licence plates, models.
pub fn codes(text: &Text) -> Vec<Entity> {
    scan(text, |at| {
        let (code, end) = code(text, at)?;
        Some(((at, Value::Code(code)), end))
    })
}

fn code(text: &Text, at: usize) -> Option<(String, usize)> {
    let mut code = String::new();
    let (mut end, mut letters, mut digits, mut dots) = (at, 0, 0, 0);
    loop {
        let next = if end == at { at } else { skip(text, end) };
        // “o” between digits is a zero, elsewhere a letter.
        let zero = matches!(text.at(next), "o") && digits > 0 && !code.ends_with(char::is_alphabetic);
        if !zero && let Some((letter, stop)) = letter(text, next) {
            code.push(letter);
            (end, letters) = (stop, letters + 1);
        } else if let Some(found) = glued_code(text, next) {
            code.push_str(&found.0);
            letters += found.0.chars().filter(char::is_ascii_alphabetic).count();
            digits += found.0.chars().filter(char::is_ascii_digit).count();
            end = found.1;
        } else if matches!(text.at(next), "dot" | "点") && digits > 0 && atom(text, next + 1).is_some() {
            code.push('.');
            (end, dots) = (next + 1, dots + 1);
        } else if let Some((atom, stop)) = atom(text, next) {
            digits += atom.len();
            code.push_str(&atom);
            end = stop;
        } else {
            break;
        }
        if code.len() > 64 {
            break;
        }
    }
    (letters + dots / 2 > 0 && digits > 0 && code.len() >= 3).then_some((code, end))
}

/// Letters and digits written together: A107, 4050ti.
fn glued_code(text: &Text, at: usize) -> Option<(String, usize)> {
    let part = |index: usize| {
        matches!(text.kind(index), Some(Kind::Word | Kind::Digits)) && text.at(index).is_ascii()
    };
    if !part(at) || !text.glued(at + 1) || !part(at + 1) {
        return None;
    }
    let mut code = text.at(at).to_ascii_uppercase();
    let mut end = at + 1;
    while text.glued(end) && part(end) && code.len() < 40 {
        code.push_str(&text.at(end).to_ascii_uppercase());
        end += 1;
    }
    Some((code, end))
}
