//! Telephone numbers: said digit by digit or written with their marks, made E.164 by the caller's country.
//!
//! National rules are few and stable, so they stand here: mainland China (工信部 numbering plan: mobile 1[3-9] and
//! eleven digits, area codes with 0, 400 and 800), North America (NANP: ten digits, area and exchange from 2 to 9),
//! the United Kingdom (Ofcom: 0 and nine or ten digits).

use super::{
    digits,
    model::{Entity, Phone, Setting, Value},
    numeric::scan,
    token::{Kind, Text},
};

/// Digits that a telephone number has (ITU-T E.164: at most fifteen).
const SHORTEST: usize = 7;
const LONGEST: usize = 15;

pub fn phones(text: &Text, setting: &Setting) -> Vec<Entity> {
    let mut blocked = 0;
    scan(text, |at| {
        if at < blocked {
            return None;
        }
        match written(text, at) {
            Written::Phone(phone, end) => return Some(((at, Value::Phone(national(phone, setting))), end)),
            Written::Other(end) => blocked = end,
            Written::Nothing => {}
        }
        let (phone, end) = spoken(text, at)?;
        Some(((at, Value::Phone(national(phone, setting))), end))
    })
}

/// As heard: digits, and whether a plus stood before them.
struct Heard {
    digits: String,
    plus: bool,
    extension: Option<String>,
}

enum Written {
    Phone(Heard, usize),
    /// Digits that are something else, up to this token.
    Other(usize),
    Nothing,
}

/// “plus four four …”, “one two three …”, 幺三八 …
fn spoken(text: &Text, at: usize) -> Option<(Heard, usize)> {
    let plus = matches!(text.at(at), "plus" | "加");
    let run = digits::run(text, at + usize::from(plus))?;
    let spoken = (at..run.end).any(|index| matches!(text.kind(index), Some(Kind::Word | Kind::Han)));
    let length = run.digits.len();
    if !spoken || !(SHORTEST..=LONGEST).contains(&length) || is_labelled_otherwise(text, at) {
        return None;
    }
    let (extension, end) = extension(text, run.end).map_or((None, run.end), |(ext, end)| (Some(ext), end));
    Some((Heard { digits: run.digits, plus, extension }, end))
}

/// “extension two three”, 转八零零一, x123.
fn extension(text: &Text, at: usize) -> Option<(String, usize)> {
    let next = match text.at(at) {
        "extension" | "ext" | "x" | "转" => at + 1,
        "分" if text.at(at + 1) == "机" => at + 2,
        _ => return None,
    };
    let next = if text.at(next) == "." { next + 1 } else { next };
    let next = if text.at(next) == "号" { next + 1 } else { next };
    let run = digits::run(text, next).or_else(|| {
        let digits = text.at(next).to_owned();
        (text.kind(next) == Some(Kind::Digits)).then_some(digits::Run { digits, end: next + 1, atoms: 1 })
    })?;
    (run.digits.len() <= 6).then_some((run.digits, run.end))
}

/// What a written number is made of, from its first token.
struct Scan {
    digits: String,
    groups: Vec<usize>,
    marks: Vec<char>,
    plus: bool,
    brackets: usize,
    open: bool,
    end: usize,
}

fn written(text: &Text, at: usize) -> Written {
    if !matches!(text.at(at), "+" | "(") && text.kind(at) != Some(Kind::Digits) {
        return Written::Nothing;
    }
    let Some(scan) = collect(text, at) else { return Written::Nothing };
    if scan.digits.len() < 6 {
        return Written::Nothing;
    }
    if !is_phone(text, at, &scan) {
        return Written::Other(scan.end);
    }
    let (extension, end) = extension(text, scan.end).map_or((None, scan.end), |(ext, end)| (Some(ext), end));
    if text.glued(end) && matches!(text.kind(end), Some(Kind::Word | Kind::Digits)) {
        return Written::Other(end);
    }
    Written::Phone(Heard { digits: scan.digits, plus: scan.plus, extension }, end)
}

/// Digits with single marks between them: - . / space and brackets.
fn collect(text: &Text, at: usize) -> Option<Scan> {
    let mut scan = Scan {
        digits: String::new(),
        groups: Vec::new(),
        marks: Vec::new(),
        plus: false,
        brackets: 0,
        open: false,
        end: at,
    };
    let mut pos = at;
    if text.at(pos) == "+" {
        scan.plus = true;
        pos += 1;
    }
    loop {
        let bracket = text.at(pos) == "(";
        let inner = if bracket { pos + 1 } else { pos };
        let inner = if bracket && text.at(inner) == "+" {
            scan.plus = true;
            inner + 1
        } else {
            inner
        };
        if text.kind(inner) != Some(Kind::Digits) {
            break;
        }
        if scan.digits.len() >= SHORTEST && !bracket && !text.glued(pos) && complete(&scan, text.at(inner)) {
            break;
        }
        let trunk_zero = bracket && text.at(inner) == "0" && scan.plus;
        if !trunk_zero {
            scan.digits.push_str(text.at(inner));
        }
        scan.groups.push(text.at(inner).len());
        pos = inner + 1;
        if text.at(pos) == ")" {
            scan.brackets += 1;
            pos += 1;
        } else if bracket {
            scan.open = true;
        }
        scan.end = pos;
        let mark = text.at(pos);
        if matches!(mark, "-" | "." | "/")
            && (text.kind(pos + 1) == Some(Kind::Digits) || text.at(pos + 1) == "(")
        {
            scan.marks.push(mark.chars().next().unwrap_or('-'));
            pos += 1;
        }
    }
    (!scan.groups.is_empty()).then_some(scan)
}

/// A whole mobile number stands already, and another follows.
fn complete(scan: &Scan, next: &str) -> bool {
    scan.groups.last().is_some_and(|last| *last >= 10) && next.len() >= 7
}

fn is_phone(text: &Text, at: usize, scan: &Scan) -> bool {
    let length = scan.digits.len();
    let longest = scan.groups.iter().copied().max().unwrap_or_default();
    let international = scan.plus || scan.digits.starts_with("00");
    let limit = if international || scan.groups.len() > 2 { 17 } else { 14 };
    if length > limit
        || (length < SHORTEST && !(scan.plus || scan.digits.starts_with('0') && scan.groups.len() == 1))
    {
        return false;
    }
    if surroundings(text, at, scan) || is_date(scan, text) || is_labelled_otherwise(text, at) {
        return false;
    }
    // Many short groups are a list, not a number: the shortest sensible grouping is by twos.
    let singles = scan.groups.iter().filter(|group| **group == 1).count();
    let plausible = scan.groups.len() <= 7
        && (longest >= 3
            || scan.groups.iter().all(|group| *group == 2)
            || scan.groups.len() <= 5 && longest >= 2 && length >= 8);
    plausible && singles <= 2 && !is_card(scan) && !is_social_security(scan)
}

/// Marks around that make it a part of something else: a formula, a code, a decimal, an address.
fn surroundings(text: &Text, at: usize, scan: &Scan) -> bool {
    let before = if at > 0 { text.at(at - 1) } else { "" };
    let glued_before = at > 0 && text.glued(at);
    let letters =
        glued_before && text.kind(at - 1) == Some(Kind::Word) && text.at(at) != "+" && text.at(at) != "(";
    let han_sign = matches!(before, "=" | "*" | "#" | "%" | "$" | "€" | "£" | "¥" | "_");
    let dash = before == "-"
        && glued_before
        && at > 1
        && text.glued(at - 1)
        && matches!(text.kind(at - 2), Some(Kind::Digits));
    let minus = before == "-" && glued_before && (at < 2 || !text.glued(at - 1)) && scan.groups.len() == 1;
    let code = before == "-"
        && glued_before
        && at > 1
        && text.at(at - 2).len() == 1
        && text.kind(at - 2) == Some(Kind::Word);
    let after = text.at(scan.end);
    let glued_after = text.glued(scan.end);
    let formula = glued_after && matches!(after, "=" | "*" | "%" | "+" | ":" | "#")
        || glued_after
            && after == "-"
            && text.kind(scan.end + 1) == Some(Kind::Word)
            && text.glued(scan.end + 1);
    let decimal = scan.marks == ['.'] && scan.groups.len() == 2;
    let colon = before == ":"
        && glued_before
        && at > 1
        && text.kind(at - 2) == Some(Kind::Digits)
        && text.glued(at - 1);
    letters || glued_before && han_sign || dash || minus || code || formula || decimal || colon
}

/// 16/04/2010, 2010-04-16, 2009/2010.
fn is_date(scan: &Scan, text: &Text) -> bool {
    let short = |length: usize| (1..=2).contains(&length);
    let dated = match scan.groups.as_slice() {
        [a, b, 4] | [4, a, b] => short(*a) && short(*b) && scan.marks.len() == 2 && scan.brackets == 0,
        _ => false,
    };
    let years = scan.groups == [4, 4] && scan.marks == ['/'];
    let clock = text.at(scan.end) == ":" && text.glued(scan.end);
    dated || years || clock
}

/// Four groups of four (or fifteen digits of a card in four, six, five).
fn is_card(scan: &Scan) -> bool {
    matches!(scan.groups.as_slice(), [4, 4, 4, 3 | 4] | [4, 6, 5])
}

/// 911-67-0060.
fn is_social_security(scan: &Scan) -> bool {
    scan.groups == [3, 2, 4] && scan.marks == ['-', '-']
}

/// “account number …”, “card number …”: the words before say that it is none.
fn is_labelled_otherwise(text: &Text, at: usize) -> bool {
    let from = at.saturating_sub(4);
    let mut label = None;
    for index in from..at {
        match text.at(index) {
            "account" | "card" | "order" | "ssn" | "serial" | "卡" | "账" | "单" => label = Some(true),
            "phone" | "telephone" | "mobile" | "cell" | "call" | "tel" | "话" | "机" => label = Some(false),
            _ => {}
        }
    }
    label == Some(true)
}

/// The same number as the world dials it, where the rules of the country tell.
fn national(heard: Heard, setting: &Setting) -> Phone {
    let e164 = e164(&heard, setting.region()).filter(|number| (8..=16).contains(&number.len()));
    let digits = if heard.plus { format!("+{}", heard.digits) } else { heard.digits };
    Phone { digits, e164, extension: heard.extension }
}

fn e164(heard: &Heard, region: &str) -> Option<String> {
    let digits = heard.digits.as_str();
    if heard.plus {
        return Some(format!("+{digits}"));
    }
    let exit = if matches!(region, "US" | "CA") { "011" } else { "00" };
    if let Some(rest) = digits.strip_prefix(exit).filter(|rest| rest.len() >= 8) {
        return Some(format!("+{rest}"));
    }
    let bytes = digits.as_bytes();
    let from = |index: usize, low: u8| bytes.get(index).is_some_and(|b| (low..=b'9').contains(b));
    match (region, digits.len()) {
        ("CN", 11) if bytes[0] == b'1' && from(1, b'3') => Some(format!("+86{digits}")),
        ("CN", 13) if digits.starts_with("861") => Some(format!("+{digits}")),
        ("CN", 10) if digits.starts_with("400") || digits.starts_with("800") => Some(format!("+86{digits}")),
        ("CN", 10..=12) if bytes[0] == b'0' && from(1, b'1') => Some(format!("+86{}", &digits[1..])),
        ("US" | "CA", 10) if from(0, b'2') && from(3, b'2') => Some(format!("+1{digits}")),
        ("US" | "CA", 11) if bytes[0] == b'1' && from(1, b'2') && from(4, b'2') => Some(format!("+{digits}")),
        ("GB", 10 | 11) if bytes[0] == b'0' && from(1, b'1') => Some(format!("+44{}", &digits[1..])),
        ("GB", 12) if digits.starts_with("44") => Some(format!("+{digits}")),
        _ => None,
    }
}
