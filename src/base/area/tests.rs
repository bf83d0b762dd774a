//! Numbers of all kinds, every row, and hostile ones.

use std::collections::{BTreeSet, HashMap};

use proptest::prelude::*;

use super::{CHINA, of, tables::whole, *};

fn area(text: &str, home: &str) -> Option<Area> {
    of(&Number::new(text).expect(text), home)
}

/// `country province city+city carrier`, without what is not known.
fn said(text: &str, home: &str) -> String {
    let Some(area) = area(text, home) else { return "-".to_owned() };
    let cities: Vec<&str> = area.cities.iter().map(|city| city.word).collect();
    let resold = area.carrier.filter(|carrier| carrier.resold).map(|_| "resold");
    [
        Some(area.country.iso),
        area.province.map(|place| place.word),
        Some(cities.join("+").as_str()).filter(|cities| !cities.is_empty()),
        area.carrier.map(|carrier| carrier.word),
        resold,
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join(" ")
}

#[test]
fn numbers_are_from_where_they_are_from() {
    for (text, expected) in [
        ("+862161234567", "CN shanghai shanghai"),
        ("02161234567", "CN shanghai shanghai"),
        ("00862161234567", "CN shanghai shanghai"),
        ("862161234567", "CN shanghai shanghai"),
        ("01065551234", "CN beijing beijing"),
        ("03107654321", "CN hebei handan"),
        ("075522334455", "CN guangdong shenzhen"),
        ("02022334455", "CN guangdong guangzhou"),
        ("051262223344", "CN jiangsu suzhou-jiangsu"),
        ("05573022233", "CN anhui suzhou-anhui"),
        ("02885551234", "CN sichuan chengdu+meishan+ziyang"),
        ("073188887777", "CN hunan changsha+zhuzhou+xiangtan"),
        ("04326222333", "CN jilin jilin-jilin"),
        ("09745222333", "CN qinghai hainan-qinghai"),
        ("089866662222", "CN hainan haikou+sanya+sansha+danzhou"),
        ("13800138000", "CN china-mobile"),
        ("013800138000", "CN china-mobile"),
        ("+8613800138000", "CN china-mobile"),
        ("8613800138000", "CN china-mobile"),
        ("13491234567", "CN china-telecom"),
        ("13481234567", "CN china-mobile"),
        ("18612345678", "CN china-unicom"),
        ("19212345678", "CN china-broadnet"),
        ("17001234567", "CN china-telecom resold"),
        ("17091234567", "CN china-unicom resold"),
        ("16512345678", "CN china-mobile resold"),
        ("4008123123", "CN"),
        ("+85221234567", "HK"),
        ("0085328881234", "MO"),
        ("+886223456789", "TW"),
        ("+12125551234", "US"),
        ("+16135551234", "CA"),
        ("+18765551234", "JM"),
        ("+77012345678", "KZ"),
        ("+74951234567", "RU"),
        ("+441534123456", "JE"),
        ("+442071234567", "GB"),
        ("+390669812345", "VA"),
        ("+390612345678", "IT"),
        ("+6591234567", "SG"),
        ("+59991234567", "CW"),
        ("+5997123456", "BQ"),
        ("+80012345678", "001"),
        // What is of no place: extensions, codes, short numbers, numbers without their area code, no country code.
        ("1001", "-"),
        ("*97", "-"),
        ("10086", "-"),
        ("95588", "-"),
        ("61234567", "-"),
        ("+999123456789", "-"),
        ("+86", "-"),
        ("+862161234567890123", "-"),
        ("021#61234567", "-"),
    ] {
        assert_eq!(said(text, CHINA), expected, "{text}");
    }
}

#[test]
fn home_is_where_the_site_is() {
    for (text, home, expected) in [
        ("2125551234", "+1", "US"),
        ("12125551234", "1", "US"),
        ("6135551234", "+1", "CA"),
        ("0118613800138000", "+1", "CN china-mobile"),
        ("02161234567", "+1", "-"),
        ("91234567", "+65", "SG"),
        ("0018613800138000", "65", "CN china-mobile"),
        ("21234567", "+852", "HK"),
        ("85221234567", "+852", "HK"),
        ("0301234567", "+49", "DE"),
        ("84951234567", "+7", "RU"),
        ("0612345678", "+39", "IT"),
        ("02161234567", "+999", "-"),
        ("13800138000", "", "-"),
    ] {
        assert_eq!(said(text, home), expected, "{text} at {home}");
    }
    let number = |text: &str| Number::new(text).expect(text);
    for text in ["13800138000", "013800138000", "008613800138000", "8613800138000", "+8613800138000"] {
        assert_eq!(international(&number(text), CHINA), Some(number("+8613800138000")), "{text}");
    }
}

#[test]
fn a_number_has_all_its_forms() {
    let number = |text: &str| Number::new(text).expect(text);
    let all = ["+8613800138000", "8613800138000", "008613800138000", "13800138000", "013800138000"];
    for text in all {
        assert_eq!(forms(&number(text), CHINA), BTreeSet::from(all.map(number)), "{text}");
    }
    let shanghai = ["+862161234567", "862161234567", "00862161234567", "02161234567"];
    assert_eq!(forms(&number("02161234567"), CHINA), BTreeSet::from(shanghai.map(number)));
    assert_eq!(forms(&number("1001"), CHINA), BTreeSet::from([number("1001")]));
}

#[test]
fn a_country_code_is_one() {
    for (code, is) in [
        ("86", true),
        ("1", true),
        ("852", true),
        ("+86", false),
        ("", false),
        ("999", false),
        ("1204", false),
    ] {
        assert_eq!(is_country_code(code), is, "{code}");
    }
}

#[test]
fn rules_name_places_by_words() {
    let shanghai = area("02161234567", CHINA).expect("Shanghai");
    for word in ["shanghai", "Shanghai", "上海", "上海市", "CN", "cn", "中国"] {
        assert!(shanghai.is(word), "{word}");
    }
    for word in ["guangdong", "广东", "US", "", "上", "nowhere", "beijing", "china-mobile"] {
        assert!(!shanghai.is(word), "{word}");
    }
    let changchun = area("043188886666", CHINA).expect("Changchun");
    assert!(changchun.is("jilin") && changchun.is("吉林省") && !changchun.is("吉林市"));
    let jilin = area("04326222333", CHINA).expect("Jilin");
    assert!(jilin.is("吉林市") && jilin.is("jilin-jilin") && jilin.is("jilin"));
    let fuzhou = area("059187654321", CHINA).expect("Fuzhou");
    assert!(fuzhou.is("fuzhou-fujian") && !fuzhou.is("fuzhou-jiangxi"));
    assert!(!known_word("fuzhou"), "which of the two?");
    assert!(area("02885551234", CHINA).expect("Chengdu").is("眉山"));
    assert!(known_word("US") && known_word("广东省") && !known_word("省") && !known_word("atlantis"));
}

#[test]
fn every_row_is_reachable_and_gives_itself() {
    assert_eq!((whole::provinces().len(), whole::segments().len()), (31, 69));
    assert!(whole::countries().len() > 300 && whole::districts().len() > 320);
    let mut codes = BTreeSet::new();
    for row in whole::countries() {
        assert!(codes.insert(row[0]), "twice: {row:?}");
        let found = area(&format!("+{:0<12}", format!("{}5", row[0])), CHINA).expect(row[0]);
        assert_eq!((found.country.iso, found.code.as_str()), (row[1], format!("+{}", row[0]).as_str()));
        assert!(found.is(row[1]) && found.is(found.country.zh) && !found.country.en.is_empty(), "{row:?}");
    }
    for row in whole::districts() {
        assert!(codes.insert(Box::leak(format!("86{}", row[0]).into_boxed_str())), "twice: {row:?}");
        let found = area(&format!("0{}55551111", row[0]), CHINA).expect(row[0]);
        assert_eq!(found.code, format!("+86{}", row[0]));
        assert!(found.is(row[1]), "{row:?}");
        for city in row[2].split('|') {
            let (zh, word) = city.split_once(':').expect(city);
            assert!(found.is(word) && found.is(zh), "{city}");
        }
    }
    for row in whole::segments() {
        let found = area(&format!("{:0<11}", row[0]), CHINA).expect(row[0]);
        assert_eq!(found.code, format!("+86{}", row[0]));
        assert!(found.carrier.is_some(), "{row:?}");
    }
    for row in whole::homes() {
        assert!(tables::country(row[0]).is_some() && row.len() == 5, "{row:?}");
    }
}

#[test]
fn no_word_names_two_places() {
    let mut named: HashMap<String, String> = HashMap::new();
    let mut name = |word: &str, place: String| {
        let before = named.insert(word.to_lowercase(), place.clone());
        assert!(before.is_none_or(|before| before == place), "{word} is {place} and another");
    };
    for row in whole::countries() {
        if let [_, iso, zh, _] = row[..] {
            name(iso, iso.to_owned());
            name(zh, iso.to_owned());
        }
    }
    for row in whole::provinces() {
        name(row[0], row[0].to_owned());
        name(row[1], row[0].to_owned());
    }
    for row in whole::districts() {
        for city in row[2].split('|') {
            let (zh, word) = city.split_once(':').expect(city);
            let of = if word == row[1] { word.to_owned() } else { format!("{word} of {}", row[1]) };
            name(word, of.clone());
            name(zh, of);
        }
    }
}

proptest! {
    #[test]
    fn no_number_brings_it_down(text in "[+]?[0-9*#]{1,32}", home in "[+]?[0-9]{0,4}") {
        if let Some(found) = area(&text, &home) {
            let whole = international(&Number::new(&text).unwrap(), &home).unwrap();
            prop_assert!(whole.as_str().starts_with(found.code.as_str()));
            // What is whole stays as it is, wherever it is heard.
            prop_assert_eq!(international(&whole, "+49"), Some(whole.clone()));
            prop_assert_eq!(of(&whole, "+49"), Some(found));
            for form in forms(&whole, &home) {
                prop_assert_eq!(international(&form, &home), Some(whole.clone()));
            }
        }
    }

    #[test]
    fn no_word_brings_it_down(word in "\\PC{0,12}") {
        let found = area("02161234567", CHINA).unwrap();
        prop_assert!(!found.is(&word) || known_word(&word));
    }

    #[test]
    fn the_longest_beginning_wins(code in 0usize..318, rest in "[0-9]{12}") {
        let row = &whole::countries()[code];
        let text = format!("+{}{rest}", row[0]);
        let found = area(&text[..text.len().min(15)], CHINA).unwrap();
        let longer = |other: &&Vec<&str>| text[1..].starts_with(other[0]) && other[0].len() > row[0].len();
        if whole::countries().iter().find(longer).is_none() {
            prop_assert_eq!(found.country.iso, row[1]);
        }
    }
}
