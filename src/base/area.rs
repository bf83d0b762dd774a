//! Where a number is from (归属地): the country by its code of E.164; in China the province and the cities of a fixed
//! line by its area code, and the network of a mobile number by its segment. The city of a mobile number is not told:
//! the table of its seven digits is the networks' own.

mod dialled;
mod tables;

pub use dialled::{forms, international};

use serde::Serialize;
use smol_str::{SmolStr, format_smolstr};

use super::number::Number;

/// The home of sites that name no other.
pub const CHINA: &str = "+86";

/// A country, or what has a code of its own.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Country {
    /// ISO 3166-1; `001` for what belongs to no country.
    pub iso: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
}

/// A province or a city of China.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Its name in pinyin; where two cities have the same, with the province behind it.
    pub word: &'static str,
    pub zh: &'static str,
}

/// Whose mobile number it was when it was first given out; its owner may have taken it elsewhere since (携号转网).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Carrier {
    pub word: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    /// A reseller's customers have this segment.
    pub resold: bool,
}

/// Where a number is from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Area {
    pub country: &'static Country,
    pub province: Option<Place>,
    /// Those that share the area code.
    pub cities: &'static [Place],
    pub carrier: Option<Carrier>,
    /// The beginning of the number that told it.
    pub code: SmolStr,
}

/// Where `number` is from, as it comes from a trunk of a site whose country code is `home`. `None`: it is no number of
/// the public network, or lacks its area code.
pub fn of(number: &Number, home: &str) -> Option<Area> {
    let whole = international(number, home)?;
    let digits = whole.as_str().strip_prefix('+')?;
    let (code, country) = longest(digits, tables::country)?;
    let area = |code: &str| Area {
        country,
        province: None,
        cities: &[],
        carrier: None,
        code: format_smolstr!("+{code}"),
    };
    let Some(national) = digits.strip_prefix("86") else { return Some(area(code)) };
    if let Some((segment, carrier)) = longest(national, tables::carrier) {
        return Some(Area { carrier: Some(carrier), ..area(&digits[..2 + segment.len()]) });
    }
    let Some((fixed, district)) = longest(national, tables::district) else { return Some(area(code)) };
    let province = Some(district.province);
    Some(Area { province, cities: &district.cities, ..area(&digits[..2 + fixed.len()]) })
}

/// What the longest beginning of the digits that is known stands for.
fn longest<T>(digits: &str, known: impl Fn(&str) -> Option<T>) -> Option<(&str, T)> {
    let longest = tables::LONGEST_CODE.min(digits.len());
    (1..=longest).rev().find_map(|length| {
        let code = digits.get(..length)?;
        known(code).map(|found| (code, found))
    })
}

impl Area {
    /// Whether `word` names the country (`US`, 美国), the province or one of the cities (`shanghai`, 上海, 广东省).
    pub fn is(&self, word: &str) -> bool {
        match tables::named(word) {
            Some(tables::Named::Country(iso)) => self.country.iso == iso,
            Some(tables::Named::Province(word)) => self.province.is_some_and(|place| place.word == word),
            // Beijing is a city and a province.
            Some(tables::Named::City(word)) => self.cities.iter().any(|place| place.word == word),
            None => false,
        }
    }
}

/// Whether numbers of a country begin so, after their `+`. What countries sharing a code are told apart by is none.
pub fn is_country_code(code: &str) -> bool {
    code.len() <= 3 && tables::country(code).is_some()
}

/// Whether `word` names a country, a province or a city.
pub fn known_word(word: &str) -> bool {
    tables::named(word).is_some()
}

#[cfg(test)]
mod tests;
