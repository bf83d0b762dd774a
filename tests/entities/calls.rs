//! What callers say, as a recogniser writes it: no punctuation, digits as words, fillers, characters of the right
//! sound. Friday 2026-11-20, ten in the morning. Each line: the sentence, what of it counts, and the value as JSON.

use jiff::civil::date;
use serde_json::{Value as Json, json};
use tandem::language::entities::{Directory, Entity, Kind, Setting, Value, find, parse};

fn directory() -> Directory {
    Directory::new([
        "张伟",
        "张薇薇",
        "李娜",
        "王小明",
        "陈晓东",
        "欧阳锋",
        "John Smith",
        "Kathryn Jones",
        "Steven Wright",
        "Priya Patel",
    ])
}

fn read(text: &str) -> Vec<Entity> {
    let locale = if text.is_ascii() { "en-US" } else { "zh-CN" };
    let directory = directory();
    parse(text, &Setting::new(locale, date(2026, 11, 20).at(10, 0, 0, 0)).with(&directory))
}

/// The value of the entity that stands at this part of the text.
fn value(text: &str, part: &str) -> Json {
    let entities = read(text);
    let found = entities.iter().rev().find(|entity| &text[entity.span.bytes.clone()] == part);
    let found = found.unwrap_or_else(|| panic!("{text:?}: nothing at {part:?} in {entities:#?}"));
    serde_json::to_value(&found.value).expect("JSON")
}

fn all(lines: &[(&str, &str, Json)]) {
    for (text, part, want) in lines {
        let got = value(text, if part.is_empty() { text } else { part });
        assert_eq!(got["value"], *want, "{text:?}");
    }
}

#[test]
fn dates_and_times() {
    let day = |date: &str| json!({"is": "date", "date": date});
    let at = |at: &str, vague: bool| json!({"is": "date_time", "at": at, "vague": vague});
    let days = |from: &str, until: &str| json!({"is": "dates", "from": from, "until": until});
    all(&[
        ("下周三下午三点", "", at("2026-11-25T15:00:00", false)),
        ("大后天", "", day("2026-11-23")),
        ("上个月底", "", days("2026-10-22", "2026-11-01")),
        ("这周末有空吗", "这周末", days("2026-11-21", "2026-11-23")),
        ("半小时后给我回电话", "半小时后", at("2026-11-20T10:30:00", false)),
        ("三点一刻", "", json!({"is": "time", "time": "03:15:00", "vague": true})),
        ("国庆节", "", day("2027-10-01")),
        ("春节", "", day("2027-02-06")),
        ("下个月五号", "", day("2026-12-05")),
        (
            "明天上午九点半到十一点",
            "",
            json!({"is": "date_times", "from": "2026-11-21T09:30:00", "until": "2026-11-21T11:00:00"}),
        ),
        ("周五之前", "", json!({"is": "dates", "from": null, "until": "2026-11-20"})),
        ("day after tomorrow", "", day("2026-11-22")),
        ("next Wednesday at half past three", "", at("2026-11-25T03:30:00", true)),
        (
            "um next uh Wednesday at er three pm",
            "next uh Wednesday at er three pm",
            at("2026-11-25T15:00:00", false),
        ),
        ("in two weeks", "", day("2026-12-04")),
        ("the 5th of March", "", day("2027-03-05")),
        ("from 3 to 5 pm", "", json!({"is": "times", "from": "15:00:00", "until": "17:00:00"})),
        ("last quarter", "", days("2026-07-01", "2026-10-01")),
        ("this saturday", "", day("2026-11-21")),
        ("in half an hour", "", at("2026-11-20T10:30:00", false)),
        (
            "tomorrow morning",
            "",
            json!({"is": "date_times", "from": "2026-11-21T08:00:00", "until": "2026-11-21T12:00:00"}),
        ),
    ]);
    assert!(read("早上好").is_empty() && read("good morning").is_empty(), "a greeting is no time");
}

#[test]
fn digits_phones_and_codes() {
    all(&[
        ("one double three", "", json!({"digits": "133"})),
        ("triple oh seven", "", json!({"digits": "0007"})),
        (
            "我的手机号是幺三八零零一三八零零零",
            "幺三八零零一三八零零零",
            json!({"digits": "13800138000", "e164": "+8613800138000"}),
        ),
        ("幺三八嗯两个五六七八九零零", "", json!({"digits": "13855678900", "e164": "+8613855678900"})),
        (
            "call me on four one five double five five oh one two three",
            "four one five double five five oh one two three",
            json!({"digits": "4155550123", "e164": "+14155550123"}),
        ),
        ("我的订单号是A幺零七三二", "A幺零七三二", json!("A10732")),
        ("order number A B one two three", "A B one two three", json!("AB123")),
        (
            "身份证号 一一零一零五一九四九一二三一零零二叉",
            "一一零一零五一九四九一二三一零零二叉",
            json!({"digits": "11010519491231002X", "reads": [{"as": "citizen_id", "valid": true, "born": "1949-12-31"}]}),
        ),
        (
            "four one one one one one one one one one one one one one one one",
            "",
            json!({"digits": "4111111111111111", "reads": [{"as": "card", "network": "visa", "valid": true}]}),
        ),
    ]);
    let british = Setting::new("en-GB", date(2026, 11, 20).at(10, 0, 0, 0));
    let found = find(Kind::Phone, "oh seven seven double oh nine hundred eight seven three", &british);
    assert!(
        matches!(&found[0].value, Value::Phone(phone) if phone.e164.as_deref() == Some("+447700900873")),
        "{found:?}"
    );
}

#[test]
fn amounts_numbers_and_quantities() {
    let yuan = |value: &str| json!({"value": value, "currency": "CNY"});
    let dollars = |value: &str| json!({"value": value, "currency": "USD"});
    all(&[
        ("退我三百五十块", "三百五十块", yuan("350")),
        ("三块五", "", yuan("3.5")),
        ("一共十二块五毛三", "十二块五毛三", yuan("12.53")),
        ("三万五千元", "", yuan("35000")),
        ("twenty dollars fifty", "", dollars("20.5")),
        ("three hundred and five dollars", "", dollars("305")),
        ("a grand", "", dollars("1000")),
        ("一百二", "", json!("120")),
        ("一亿两千万", "", json!("120000000")),
        ("a hundred and five", "", json!("105")),
        ("打八折", "八折", json!("80")),
        ("两斤半苹果", "两斤半", json!({"value": "2.5", "unit": "jin"})),
        ("我三十五岁", "三十五岁", json!({"value": "35", "unit": "year"})),
        ("the second one", "second", json!({"nth": 2})),
        ("倒数第二个", "倒数第二", json!({"from_end": 1})),
    ]);
    let setting = Setting::new("en-US", date(2026, 11, 20).at(10, 0, 0, 0));
    let found = find(Kind::Amount, "two fifty", &setting);
    let want = json!({"value": "2.5", "currency": "USD", "or": "250"});
    assert_eq!(
        serde_json::to_value(&found[0].value).expect("JSON")["value"],
        want,
        "when money was asked for"
    );
}

#[test]
fn names_by_sound() {
    for (text, part, name) in [
        ("找张伟", "张伟", "张伟"),
        ("帮我转章微", "章微", "张伟"),
        ("转到李拿", "李拿", "李娜"),
        ("接王晓明", "王晓明", "王小明"),
        ("欧阳峰在吗", "欧阳峰", "欧阳锋"),
        ("找臧伟", "臧伟", "张伟"),
        ("can I talk to Jon Smyth", "Jon Smyth", "John Smith"),
        ("put me through to Catherine Jones", "Catherine Jones", "Kathryn Jones"),
        ("steven right please", "steven right", "Steven Wright"),
        ("i want to speak with priya", "priya", "Priya Patel"),
    ] {
        let got = value(text, part);
        assert_eq!(got["value"]["candidates"][0]["name"], name, "{text:?}: {got}");
    }
    let several = value("我找张经理", "张");
    assert_eq!(several["value"]["candidates"].as_array().map(Vec::len), Some(2), "both Zhangs: {several}");
    for text in ["我要退款", "i would like my money back please", "明天上午"] {
        let people =
            read(text).into_iter().filter(|entity| matches!(entity.value, Value::Person { .. })).count();
        assert_eq!(people, 0, "{text:?} names nobody");
    }
}

#[test]
fn places() {
    let place = |province: Json, city: Json, district: Json| json!({"country": "CN", "province": province, "city": city, "district": district});
    all(&[
        ("杭州西湖区", "", place(json!("浙江省"), json!("杭州市"), json!("西湖区"))),
        ("浦东新区", "", place(json!("上海市"), json!(null), json!("浦东新区"))),
        ("朝阳区", "", place(json!(null), json!(null), json!("朝阳区"))),
        ("北京朝阳区", "", place(json!("北京市"), json!(null), json!("朝阳区"))),
        ("苏州", "", place(json!("江苏省"), json!("苏州市"), json!(null))),
        (
            "我住在浙江省杭州市西湖区文三路一百零一号",
            "浙江省杭州市西湖区文三路一百零一号",
            json!({"country": "CN", "province": "浙江省", "city": "杭州市", "district": "西湖区", "street": "文三路一百零一号"}),
        ),
        (
            "i live in Austin Texas",
            "Austin Texas",
            json!({"country": "US", "province": "Texas", "city": "Austin", "district": null}),
        ),
        (
            "springfield illinois",
            "",
            json!({"country": "US", "province": "Illinois", "city": "Springfield", "district": null}),
        ),
        (
            "springfield",
            "",
            json!({"country": "US", "province": null, "city": "Springfield", "district": null}),
        ),
        (
            "I'm in Leeds",
            "Leeds",
            json!({"country": "GB", "province": "England", "city": "Leeds", "district": null}),
        ),
    ]);
}

#[test]
fn yes_no_and_neither() {
    for (text, want) in [
        ("是的", "yes"),
        ("嗯", "yes"),
        ("好的谢谢", "yes"),
        ("对", "yes"),
        ("没问题", "yes"),
        ("yes please", "yes"),
        ("yeah that one", "yes"),
        ("不是", "no"),
        ("不用了", "no"),
        ("no thanks", "no"),
        ("nope", "no"),
        ("that's not right", "no"),
        ("都不是", "neither"),
        ("neither of them", "neither"),
        ("none of the above", "neither"),
        ("我不知道", "unsure"),
        ("i'm not sure", "unsure"),
    ] {
        let got = find(Kind::Answer, text, &Setting::new("zh-CN", date(2026, 11, 20).at(10, 0, 0, 0)));
        let got: Vec<Json> = got
            .iter()
            .map(|entity| serde_json::to_value(&entity.value).expect("JSON")["value"].clone())
            .collect();
        assert_eq!(got, [json!(want)], "{text:?}");
    }
    for text in ["是谁", "好多东西", "对面那家", "i know a place"] {
        let got = find(Kind::Answer, text, &Setting::new("zh-CN", date(2026, 11, 20).at(10, 0, 0, 0)));
        assert!(got.is_empty(), "{text:?} answers nothing: {got:?}");
    }
}

/// What was wrong, as said, and what is right.
#[test]
fn corrections_name_both_sides() {
    for (text, wrong, right) in [
        ("不是三,是四", Some("三"), "四"),
        ("不是三是四", Some("三"), "四"),
        ("不是星期三而是星期四", Some("星期三"), "星期四"),
        ("是四不是三", Some("三"), "四"),
        ("周三，不对，周四下午", Some("周三"), "周四下午"),
        ("我说错了，是明天", None, "明天"),
        ("改成三点", None, "三点"),
        ("不要上海要北京", Some("上海"), "北京"),
        ("no, the fourth", None, "fourth"),
        ("no the fourth", None, "fourth"),
        ("March third no March fourth", Some("March third"), "March fourth"),
        ("not Friday, but Thursday", Some("Friday"), "Thursday"),
        ("I said four not three", Some("three"), "four"),
        ("no, not three, four", Some("three"), "four"),
        ("不，不是三，是四", Some("三"), "四"),
        ("I mean five", None, "five"),
        ("two tickets sorry three tickets", Some("two tickets"), "three tickets"),
    ] {
        let found = read(text);
        let correction = found.iter().find_map(|entity| match &entity.value {
            Value::Correction { wrong, right } => Some((wrong.clone(), right.clone())),
            _ => None,
        });
        let (was, is) = correction.unwrap_or_else(|| panic!("{text:?}: {found:?}"));
        assert_eq!(was.map(|was| &text[was.bytes]), wrong, "{text:?}");
        assert_eq!(&text[is.span.bytes.clone()], right, "{text:?}");
    }
    for text in ["三点到四点", "yes the fourth", "是的三张"] {
        let corrected = read(text).iter().any(|entity| matches!(entity.value, Value::Correction { .. }));
        assert!(!corrected, "{text:?} corrects nothing");
    }
}
