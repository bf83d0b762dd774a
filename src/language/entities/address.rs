//! Places down to the district: 浙江省杭州市西湖区, 杭州西湖, 朝阳区, “Austin Texas”, “Leeds”; with the street behind
//! them where it is said (中关村大街一百零一号).

use std::{collections::HashMap, sync::LazyLock};

use smol_str::SmolStr;

use super::{
    model::{Address, Entity, Value},
    number::{Found, integer},
    numeric::scan,
    phrases::{Phrases, names, rows},
    token::{Kind, Text},
};

/// One place of the tables: its own name last.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    level: Level,
    province: SmolStr,
    city: Option<SmolStr>,
    district: Option<SmolStr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Province,
    City,
    District,
}

type Places = Phrases<Vec<Place>>;

static CHINESE: LazyLock<Places> = LazyLock::new(|| {
    let mut by_name: HashMap<String, Vec<Place>> = HashMap::new();
    let mut enter = |name: &str, place: Place| {
        for name in spoken(name, place.level) {
            let places = by_name.entry(name).or_default();
            if !places.contains(&place) {
                places.push(place.clone());
            }
        }
    };
    for row in rows(include_str!("data/places_cn.tsv")) {
        let (province, city) = (SmolStr::new(row[0]), row.get(1).copied().unwrap_or_default());
        enter(
            row[0],
            Place { level: Level::Province, province: province.clone(), city: None, district: None },
        );
        let governed = !matches!(city, "市辖区" | "县" | "省直辖县级行政区划" | "自治区直辖县级行政区划");
        let city = governed.then(|| SmolStr::new(city));
        if let Some(city) = city.clone().filter(|city| *city != province) {
            enter(
                &city.clone(),
                Place { level: Level::City, province: province.clone(), city: Some(city), district: None },
            );
        }
        for district in row.get(2).into_iter().flat_map(|column| names(column)) {
            let place = Place {
                level: Level::District,
                province: province.clone(),
                city: city.clone(),
                district: Some(SmolStr::new(district)),
            };
            enter(district, place);
        }
    }
    let phrases: Vec<(String, Vec<Place>)> = by_name.into_iter().collect();
    Phrases::new(phrases.iter().map(|(name, places)| (name.as_str(), places.clone())))
});

/// The full name, and the short one that people say: 杭州 for 杭州市; districts of two characters keep their 区.
fn spoken(name: &str, level: Level) -> Vec<String> {
    const ENDINGS: &[&str] = &[
        "特别行政区",
        "维吾尔自治区",
        "壮族自治区",
        "回族自治区",
        "自治区",
        "省",
        "市",
        "地区",
        "盟",
        "区",
        "县",
    ];
    let mut spoken = vec![name.to_owned()];
    let short = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending));
    let long_enough = |short: &str| short.chars().count() >= if level == Level::District { 3 } else { 2 };
    // 朝阳 alone is many things, 朝阳区 is a district; 浦东 is 浦东新区.
    if let Some(short) = short.filter(|short| long_enough(short)) {
        spoken.push(short.trim_end_matches('新').to_owned());
    } else if let Some(short) = name.strip_suffix("市").filter(|_| level == Level::District) {
        spoken.push(short.to_owned());
    }
    spoken
}

/// Country, state or country of the union, city.
type Western = (SmolStr, SmolStr, Option<SmolStr>);

static ENGLISH: LazyLock<Phrases<Vec<Western>>> = LazyLock::new(|| {
    let mut by_name: HashMap<&str, Vec<Western>> = HashMap::new();
    for row in rows(include_str!("data/places_en.tsv")) {
        let country = SmolStr::new(row[0]);
        let Some(state) = row[1].split('|').next().map(SmolStr::new) else { continue };
        for city in row.get(2).into_iter().flat_map(|column| names(column)) {
            by_name.entry(city).or_default().push((country.clone(), state.clone(), Some(SmolStr::new(city))));
        }
        for name in names(row[1]).filter(|name| name.len() > 2) {
            by_name.entry(name).or_default().insert(0, (country.clone(), state.clone(), None));
        }
    }
    Phrases::new(by_name)
});

pub fn addresses(text: &Text) -> Vec<Entity> {
    scan(text, |at| {
        let (address, end) = match text.kind(at)? {
            Kind::Han => chinese(text, at)?,
            Kind::Word => english(text, at)?,
            _ => return None,
        };
        Some(((at, Value::Address(address)), end))
    })
}

/// From the largest to the smallest, each within the one before.
fn chinese(text: &Text, at: usize) -> Found<Address> {
    let (first, mut end) = CHINESE.at(text, at)?;
    let mut candidates: Vec<Place> = first.clone();
    while let Some((inner, next)) = CHINESE.at(text, skip(text, end)) {
        let within: Vec<Place> = inner
            .iter()
            .filter(|inner| candidates.iter().any(|outer| holds(outer, inner)))
            .cloned()
            .collect();
        if within.is_empty() {
            break;
        }
        (candidates, end) = (within, next);
    }
    let place = settled(&candidates)?;
    let (street, end) = street(text, end).map_or((None, end), |(street, end)| (Some(street), end));
    let country = SmolStr::new_static("CN");
    Some((Address { country, province: place.0, city: place.1, district: place.2, street }, end))
}

/// 省 and 市 may be parted by 的 or a comma.
fn skip(text: &Text, at: usize) -> usize {
    if matches!(text.at(at), "的" | ",") { at + 1 } else { at }
}

fn holds(outer: &Place, inner: &Place) -> bool {
    let deeper = inner.level > outer.level;
    let province = inner.province == outer.province;
    deeper && province && (outer.city.is_none() || inner.city == outer.city)
}

/// What all candidates agree in; nothing if they lie in several provinces and none is the larger place.
fn settled(candidates: &[Place]) -> Option<(Option<SmolStr>, Option<SmolStr>, Option<SmolStr>)> {
    // 吉林 is a province and a city: the larger place is meant; 杭州 is a city before it is anything else.
    let level = candidates.iter().map(|place| place.level).min()?;
    let best: Vec<&Place> = candidates.iter().filter(|place| place.level == level).collect();
    let one = best.first()?;
    let same = |get: fn(&Place) -> Option<SmolStr>| {
        let value = get(one);
        if best.iter().all(|place| get(place) == value) { value } else { None }
    };
    Some((
        same(|place| Some(place.province.clone())),
        same(|place| place.city.clone()),
        same(|place| place.district.clone()),
    ))
}

/// 中关村大街101号, 人民路一百零一号: a road within a few characters, and a number.
fn street(text: &Text, at: usize) -> Found<String> {
    let road = (at..text.len().min(at + 10)).take_while(|index| text.kind(*index) == Some(Kind::Han)).find(
        |index| {
            matches!(text.at(*index), "路" | "街" | "巷" | "弄")
                || text.starts(*index, &["大", "道"])
                || text.starts(*index, &["胡", "同"])
        },
    )?;
    let mut end = if matches!(text.at(road), "大" | "胡") { road + 2 } else { road + 1 };
    if road < at + 1 {
        return None;
    }
    while let Some((_, next)) = integer(text, end) {
        let marks = matches!(text.at(next), "号" | "弄" | "栋" | "幢" | "楼" | "室" | "座" | "单");
        if !marks {
            break;
        }
        end = if text.starts(next, &["单", "元"]) || text.starts(next, &["号", "楼"]) {
            next + 2
        } else {
            next + 1
        };
    }
    let (from, until) = (text.tokens.get(at)?.bytes.start, text.tokens.get(end - 1)?.bytes.end);
    Some((text.source[from..until].to_owned(), end))
}

/// Names that are mostly something else: they need their state, or a word of place before them.
const COMMON: &[&str] = &[
    "reading",
    "mobile",
    "bath",
    "wells",
    "bend",
    "warren",
    "jackson",
    "lincoln",
    "derby",
    "hull",
    "mesa",
    "athens",
    "flint",
    "chester",
    "preston",
    "dover",
    "madison",
    "austin",
    "charlotte",
    "savannah",
    "georgia",
    "virginia",
    "aurora",
];

/// “Austin Texas”, “Springfield, Illinois”, “Leeds”, “California”.
fn english(text: &Text, at: usize) -> Found<Address> {
    let (places, end) = ENGLISH.at(text, at)?;
    let next = if matches!(text.at(end), "," | "in") { end + 1 } else { end };
    let state = ENGLISH.at(text, next).and_then(|(outer, stop)| {
        let states: Vec<&Western> = outer.iter().filter(|(.., city)| city.is_none()).collect();
        let within = places.iter().find(|(country, state, city)| {
            city.is_some() && states.iter().any(|outer| outer.0 == *country && outer.1 == *state)
        });
        Some((within?, stop))
    });
    let before = matches!(text.at(at.wrapping_sub(1)), "in" | "to" | "from" | "near" | "at");
    if state.is_none() && COMMON.contains(&text.at(at)) && !before {
        return None;
    }
    let (place, end) = state.unwrap_or((places.first()?, end));
    // A name of several states, said without its own, leaves it open.
    let open = state.is_none() && places.len() > 1 && place.2.is_some();
    let address = Address {
        country: place.0.clone(),
        province: (!open).then(|| place.1.clone()),
        city: place.2.clone(),
        district: None,
        street: None,
    };
    Some((address, end))
}
