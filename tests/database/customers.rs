//! Customers and their contact points, on both databases.

use std::{sync::Arc, time::Duration};

use tandem::{
    base::{clock::SystemClock, id::Name, number::Number, text::Label},
    desk::{
        audit::{Audit, Filter},
        customer::{CustomerError, Customers, Draft, Imported, Point, Wanted},
    },
};
use tokio::time::Instant;

use crate::house::House;

fn customers(house: &House) -> Customers {
    Customers::new(house.db.clone(), Arc::new(SystemClock), || "+86".into())
}

fn draft(json: &str) -> Draft {
    serde_json::from_str(json).expect(json)
}

fn root() -> Label {
    Label::new("root")
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub async fn a_contact_point_belongs_to_one_customer(house: House) {
    let customers = customers(&house);
    let ann = draft(r#"{"id": "ann", "numbers": ["13800138000"], "mails": ["Ann@example.cn"]}"#);
    let made = customers.set(&root(), ann.clone()).await.unwrap();
    assert_eq!(made.numbers.first().map(Number::as_str), Some("+8613800138000"));
    for taken in
        [r#"{"id": "bo", "numbers": ["008613800138000"]}"#, r#"{"id": "bo", "mails": ["ann@EXAMPLE.cn"]}"#]
    {
        let why = customers.set(&root(), draft(taken)).await.unwrap_err();
        assert!(matches!(&why, CustomerError::Taken { to, .. } if *to == name("ann")), "{why}");
        assert!(matches!(customers.get(&name("bo")).await.unwrap_err(), CustomerError::NoSuchCustomer(_)));
    }
    // Given up by the one, free for the other.
    customers.set(&root(), Draft { numbers: Vec::new(), ..ann.clone() }).await.unwrap();
    customers.set(&root(), draft(r#"{"id": "bo", "numbers": ["13800138000"]}"#)).await.unwrap();
    let found = customers.by_number(&Number::new("013800138000").unwrap()).await.unwrap();
    assert_eq!(found.map(|found| found.id), Some(name("bo")));
    customers.remove(&root(), &name("bo")).await.unwrap();
    assert_eq!(customers.by_number(&Number::new("13800138000").unwrap()).await.unwrap(), None);
    customers.set(&root(), ann).await.unwrap();
}

pub async fn a_file_is_taken_whole_or_not_at_all_and_twice_changes_nothing(house: House) {
    let customers = customers(&house);
    let many = || -> Vec<Draft> {
        let one = |n| draft(&format!(r#"{{"id": "c-{n}", "tags": ["a"], "numbers": ["138{n:08}"]}}"#));
        (0..100).map(one).collect()
    };
    let dry = customers.import(&root(), many(), true).await.unwrap();
    assert_eq!(dry, Imported { made: 100, changed: 0, same: 0 });
    assert!(customers.list(&Wanted::default(), None, 10).await.unwrap().is_empty());
    let mut bad = many();
    bad.push(draft(r#"{"id": "z", "numbers": ["13800000007"]}"#));
    let why = customers.import(&root(), bad, false).await.unwrap_err();
    assert_eq!(why.to_string(), "customer z: +8613800000007 belongs to customer c-7 already");
    assert!(customers.list(&Wanted::default(), None, 10).await.unwrap().is_empty(), "none of them");
    customers.import(&root(), many(), false).await.unwrap();
    let mut again = many();
    again[3].class = Some(name("vip"));
    let told = customers.import(&root(), again, false).await.unwrap();
    assert_eq!(told, Imported { made: 0, changed: 1, same: 99 });
    let twice = vec![draft(r#"{"id": "x"}"#), draft(r#"{"id": "x"}"#)];
    assert!(matches!(customers.import(&root(), twice, false).await, Err(CustomerError::Twice(_))));
}

pub async fn customers_are_found_by_class_tag_and_every_form_of_a_number(house: House) {
    let customers = customers(&house);
    for json in [
        r#"{"id": "a", "class": "vip", "tags": ["gold_b", "x"], "numbers": ["02161234567"]}"#,
        r#"{"id": "b", "class": "vip", "tags": ["gold-b"]}"#,
        r#"{"id": "c", "tags": ["Gold_b", "gold"], "note": "'); DROP TABLE customers; --"}"#,
    ] {
        customers.set(&root(), draft(json)).await.unwrap();
    }
    let ids = async |wanted: Wanted| -> String {
        let found = customers.list(&wanted, None, 10).await.unwrap();
        found.iter().map(|customer| customer.id.as_str()).collect()
    };
    let tagged = |tag: &str| Wanted { tag: Some(name(tag)), ..Wanted::default() };
    assert_eq!(ids(Wanted::default()).await, "abc");
    assert_eq!(ids(Wanted { class: Some(name("vip")), ..Wanted::default() }).await, "ab");
    assert_eq!(ids(tagged("gold_b")).await, "a", "neither a wildcard nor another case");
    assert_eq!(ids(tagged("gold")).await, "c");
    let point = Point::Number(Number::new("+862161234567").unwrap());
    assert_eq!(ids(Wanted { point: Some(point), ..tagged("x") }).await, "a");
    for form in ["02161234567", "862161234567", "00862161234567", "+862161234567"] {
        let found = customers.by_number(&Number::new(form).unwrap()).await.unwrap().expect(form);
        assert_eq!((found.id.as_str(), found.tags.len()), ("a", 2));
    }
    assert_eq!(customers.by_number(&Number::new("1001").unwrap()).await.unwrap(), None);
    let page = customers.list(&Wanted::default(), Some(&name("a")), 1).await.unwrap();
    assert_eq!(page[0].id, name("b"));
}

pub async fn the_audit_tells_of_every_change_and_of_nobody(house: House) {
    let customers = customers(&house);
    let json = r#"{"id": "13800138000", "name": "林美", "class": "vip", "note": "喜欢上午",
        "numbers": ["13800138000"], "mails": ["lin@example.cn"]}"#;
    customers.set(&root(), draft(json)).await.unwrap();
    customers.set(&root(), draft(json)).await.unwrap();
    customers.set(&root(), Draft { class: None, ..draft(json) }).await.unwrap();
    customers.remove(&root(), &name("13800138000")).await.unwrap();
    let audit = Audit::new(house.db.clone());
    let entries = audit.entries(&Filter::default(), 10).await.unwrap();
    let whats: Vec<_> = entries.iter().rev().map(|entry| entry.change.what.word()).collect();
    assert_eq!(
        whats,
        ["customer.set", "customer.set", "customer.remove"],
        "what changes nothing is no change"
    );
    let text = format!("{entries:?}");
    for person in ["138001", "林", "上午", "lin@"] {
        assert!(!text.contains(person), "{person}: {text}");
    }
    assert!(entries[1].change.before.as_deref().unwrap().contains("\"class\":\"vip\""), "{text}");
    assert_eq!(audit.verify().await.unwrap().rows, 3);
}

pub async fn thousands_come_in_quickly(house: House) {
    let customers = customers(&house);
    let begun = Instant::now();
    for part in 0..60 {
        let one = |n: u32| {
            let n = part * 50 + n;
            draft(&format!(r#"{{"id": "c-{n}", "name": "客户 {n}", "numbers": ["138{n:08}", "021{n:08}"]}}"#))
        };
        customers.import(&root(), (0..50).map(one).collect(), false).await.unwrap();
    }
    let took = begun.elapsed();
    println!("3,000 customers with 6,000 numbers in {took:?}");
    assert!(took < Duration::from_secs(30), "{took:?}");
    let looked = Instant::now();
    for n in (0..3000).step_by(30) {
        let number = Number::new(format!("021{n:08}")).unwrap();
        let found = customers.by_number(&number).await.unwrap().expect("known");
        assert_eq!(found.id.as_str(), format!("c-{n}"));
    }
    println!("a number is looked up in {:?}", looked.elapsed() / 100);
}
