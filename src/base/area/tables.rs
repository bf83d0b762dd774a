//! The tables behind the answers, read once.

use std::{collections::HashMap, sync::LazyLock};

use super::{Carrier, Country, Place};

const COUNTRIES: &str = include_str!("countries.tsv");
const PROVINCES: &str = include_str!("provinces.tsv");
const CHINA: &str = include_str!("china.tsv");
const MOBILES: &str = include_str!("mobiles.tsv");
const DIALLING: &str = include_str!("dialling.tsv");

/// No code has more digits.
pub(super) const LONGEST_CODE: usize = 7;

/// An area code.
pub(super) struct District {
    pub province: Place,
    pub cities: Vec<Place>,
}

/// How numbers are dialled in a country.
#[derive(Clone, Copy)]
pub(super) struct Dialling {
    /// Before a country code.
    pub exit: &'static str,
    /// Before an area code.
    pub trunk: &'static str,
    /// Digits of a whole number within the country.
    pub least: usize,
    pub most: usize,
    /// Beginnings, and the digits with which they are whole without anything before them.
    bare: &'static str,
}

/// What a word names.
#[derive(Clone, Copy)]
pub(super) enum Named {
    Country(&'static str),
    Province(&'static str),
    City(&'static str),
}

/// The cells of each row.
pub(super) fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

pub(super) fn country(code: &str) -> Option<&'static Country> {
    static BY_ISO: LazyLock<HashMap<&str, Country>> = LazyLock::new(|| {
        let named = |row: Vec<&'static str>| match row[..] {
            [_, iso, zh, en] => Some((iso, Country { iso, zh, en })),
            _ => None,
        };
        rows(COUNTRIES).filter_map(named).collect()
    });
    static BY_CODE: LazyLock<HashMap<&str, &Country>> = LazyLock::new(|| {
        let coded = |row: Vec<&'static str>| Some((*row.first()?, BY_ISO.get(row.get(1)?)?));
        rows(COUNTRIES).filter_map(coded).collect()
    });
    BY_CODE.get(code).copied()
}

fn provinces() -> impl Iterator<Item = Place> {
    rows(PROVINCES).filter_map(|row| match row[..] {
        [word, zh] => Some(Place { word, zh }),
        _ => None,
    })
}

static DISTRICTS: LazyLock<HashMap<&str, District>> = LazyLock::new(|| {
    let provinces: HashMap<&str, Place> = provinces().map(|place| (place.word, place)).collect();
    let district = |row: Vec<&'static str>| {
        let [code, province, cities] = row[..] else { return None };
        let city = |city: &'static str| city.split_once(':').map(|(zh, word)| Place { word, zh });
        let cities = cities.split('|').filter_map(city).collect();
        Some((code, District { province: *provinces.get(province)?, cities }))
    };
    rows(CHINA).filter_map(district).collect()
});

pub(super) fn district(code: &str) -> Option<&'static District> {
    DISTRICTS.get(code)
}

pub(super) fn carrier(segment: &str) -> Option<Carrier> {
    static SEGMENTS: LazyLock<HashMap<&str, Carrier>> = LazyLock::new(|| {
        let segment = |row: Vec<&'static str>| {
            let (word, zh, en) = match *row.get(1)? {
                "mobile" => ("china-mobile", "中国移动", "China Mobile"),
                "unicom" => ("china-unicom", "中国联通", "China Unicom"),
                "telecom" => ("china-telecom", "中国电信", "China Telecom"),
                "broadnet" => ("china-broadnet", "中国广电", "China Broadnet"),
                _ => return None,
            };
            Some((*row.first()?, Carrier { word, zh, en, resold: row.get(2) == Some(&"resold") }))
        };
        rows(MOBILES).filter_map(segment).collect()
    });
    SEGMENTS.get(segment).copied()
}

pub(super) fn dialling(home: &str) -> Dialling {
    static HOMES: LazyLock<HashMap<&str, Dialling>> = LazyLock::new(|| {
        let home = |row: Vec<&'static str>| {
            let [code, exit, trunk, digits, bare] = row[..] else { return None };
            let (least, most) = digits.split_once('-')?;
            let (least, most) = (least.parse().ok()?, most.parse().ok()?);
            Some((code, Dialling { exit, trunk: trunk.trim_matches('-'), least, most, bare }))
        };
        rows(DIALLING).filter_map(home).collect()
    });
    let usual = Dialling { exit: "00", trunk: "0", least: 7, most: 13, bare: "-" };
    HOMES.get(home).copied().unwrap_or(usual)
}

impl Dialling {
    /// Whether these digits are a whole number without anything before them.
    pub fn is_whole(&self, digits: &str) -> bool {
        self.bare.split(',').any(|one| {
            one.split_once(':').is_some_and(|(begins, length)| {
                digits.starts_with(begins) && length.parse() == Ok(digits.len())
            })
        })
    }
}

/// What a word of a rule names. A name in pinyin or an ISO code may be written in either case.
pub(super) fn named(word: &str) -> Option<Named> {
    static WORDS: LazyLock<HashMap<String, Named>> = LazyLock::new(|| {
        let mut words = HashMap::new();
        let mut put = |name: &str, named: Named| {
            words.entry(name.to_lowercase()).or_insert(named);
        };
        for row in rows(COUNTRIES) {
            if let [_, iso, zh, _] = row[..] {
                put(iso, Named::Country(iso));
                put(zh, Named::Country(iso));
            }
        }
        for place in provinces() {
            put(place.word, Named::Province(place.word));
            put(place.zh, Named::Province(place.word));
        }
        for city in DISTRICTS.values().flat_map(|district| &district.cities) {
            put(city.word, Named::City(city.word));
            put(city.zh, Named::City(city.word));
        }
        words
    });
    let word = word.trim().to_lowercase();
    let short = word.strip_suffix(['省', '市']);
    WORDS.get(&word).or_else(|| WORDS.get(short?)).copied()
}

#[cfg(test)]
pub(super) mod whole {
    //! All rows, for the tests.

    use super::{CHINA, COUNTRIES, DIALLING, MOBILES, PROVINCES, rows};

    pub fn countries() -> Vec<Vec<&'static str>> {
        rows(COUNTRIES).collect()
    }

    pub fn provinces() -> Vec<Vec<&'static str>> {
        rows(PROVINCES).collect()
    }

    pub fn districts() -> Vec<Vec<&'static str>> {
        rows(CHINA).collect()
    }

    pub fn segments() -> Vec<Vec<&'static str>> {
        rows(MOBILES).collect()
    }

    pub fn homes() -> Vec<Vec<&'static str>> {
        rows(DIALLING).collect()
    }
}
