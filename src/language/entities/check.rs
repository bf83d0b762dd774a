//! What a string of digits may be, told by its check digits: payment cards (Luhn, ISO/IEC 7812), Chinese identity
//! numbers (GB 11643), mobile devices (IMEI, Luhn), articles (EAN-13).

use jiff::civil::Date;
use serde::Serialize;

/// One way to read a string of digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum Reading {
    /// A payment card; `valid` by Luhn, so a digit misheard is noticed.
    Card {
        network: Network,
        valid: bool,
    },
    /// 身份证: `valid` by its check character and its date of birth.
    CitizenId {
        valid: bool,
        born: Option<Date>,
    },
    Imei,
    Ean13,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    Visa,
    Mastercard,
    AmericanExpress,
    UnionPay,
    Discover,
    Jcb,
    Other,
}

/// Everything that the digits may be; nothing for a string without a check.
pub fn readings(digits: &str) -> Vec<Reading> {
    let mut readings = Vec::new();
    if digits.len() == 18
        && let Some(reading) = citizen(digits)
    {
        readings.push(reading);
    }
    if let Some(network) = network(digits) {
        readings.push(Reading::Card { network, valid: luhn(digits) });
    }
    if digits.len() == 15 && luhn(digits) {
        readings.push(Reading::Imei);
    }
    if digits.len() == 13 && ean(digits) {
        readings.push(Reading::Ean13);
    }
    readings
}

/// By the issuer's first digits; only lengths that the network uses.
fn network(digits: &str) -> Option<Network> {
    let leading = |count: usize| digits.get(..count).and_then(|lead| lead.parse::<u32>().ok());
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match (digits.len(), leading(2)?, leading(4)?) {
        (16 | 19, 40..=49, _) => Some(Network::Visa),
        (16, 51..=55, _) | (16, _, 2221..=2720) => Some(Network::Mastercard),
        (15, 34 | 37, _) => Some(Network::AmericanExpress),
        (16..=19, 62, _) => Some(Network::UnionPay),
        (16..=19, 65, _) | (16..=19, _, 6011) => Some(Network::Discover),
        (16..=19, _, 3528..=3589) => Some(Network::Jcb),
        (14, 30 | 36 | 38 | 39, _) => Some(Network::Other),
        (16 | 19, _, _) if luhn(digits) => Some(Network::Other),
        _ => None,
    }
}

/// Every second digit from the right doubled; the sum ends in zero.
pub fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, b)| {
            let digit = u32::from(b.wrapping_sub(b'0'));
            if index % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 }
        })
        .sum();
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && sum.is_multiple_of(10)
}

fn ean(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .enumerate()
        .map(|(index, b)| u32::from(b.wrapping_sub(b'0')) * if index % 2 == 0 { 1 } else { 3 })
        .sum();
    digits.bytes().all(|b| b.is_ascii_digit()) && sum.is_multiple_of(10)
}

fn citizen(digits: &str) -> Option<Reading> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10X98765432";
    let bytes = digits.as_bytes();
    let body = bytes.get(..17).filter(|body| body.iter().all(u8::is_ascii_digit))?;
    let field = |from: usize, to: usize| digits.get(from..to).and_then(|part| part.parse::<i16>().ok());
    let region =
        matches!(field(0, 2)?, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83);
    let born = Date::new(field(6, 10)?, field(10, 12)? as i8, field(12, 14)? as i8).ok();
    let lifetime = born.is_some_and(|born| (1880..2100).contains(&born.year()));
    if !region || !(lifetime || bytes[17] == b'X') {
        return None;
    }
    let sum: u32 = body.iter().zip(WEIGHTS).map(|(b, weight)| u32::from(b - b'0') * weight).sum();
    Some(Reading::CitizenId { valid: lifetime && CHECKS[(sum % 11) as usize] == bytes[17], born })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_tell_a_misheard_digit() {
        assert_eq!(readings("4111111111111111"), [Reading::Card { network: Network::Visa, valid: true }]);
        assert_eq!(readings("4111111111111112"), [Reading::Card { network: Network::Visa, valid: false }]);
        let born = Some(jiff::civil::date(1949, 12, 31));
        assert_eq!(readings("11010519491231002X"), [Reading::CitizenId { valid: true, born }]);
        assert_eq!(readings("110105194912310021"), [Reading::CitizenId { valid: false, born }]);
        assert!(readings("1234567").is_empty());
        assert_eq!(readings("490154203237518"), [Reading::Imei]);
        assert_eq!(readings("4006381333931"), [Reading::Ean13]);
    }
}
