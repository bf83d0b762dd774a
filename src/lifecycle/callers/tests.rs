//! Callers are answered for in time, whatever the table, the customer system and the history do.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;
use crate::{
    base::{
        clock::{Stamp, SystemClock},
        id::Name,
        text::Label,
    },
    infra::site::CrmSettings,
};

fn number(text: &str) -> Number {
    Number::new(text).expect(text)
}

/// A customer system that says this, or, when it says nothing, hangs.
async fn system(says: &'static str, asked: Arc<AtomicUsize>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            asked.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut request = Vec::new();
                while !request.ends_with(b"\"}") && stream.read_buf(&mut request).await.is_ok_and(|n| n > 0) {
                }
                if says.is_empty() {
                    while stream.read_buf(&mut Vec::new()).await.is_ok_and(|n| n > 0) {}
                }
                let head =
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", says.len());
                let _gone = stream.write_all((head + says).as_bytes()).await;
            });
        }
    });
    url
}

struct House {
    callers: Callers,
    customers: Customers,
    asked: Arc<AtomicUsize>,
    _folder: tempfile::TempDir,
}

/// `there`: whether the database can be opened.
async fn house(says: &'static str, there: bool) -> House {
    let folder = tempfile::tempdir().expect("a folder");
    let place = if there { folder.path().join("tandem.db") } else { folder.path().join("nowhere/tandem.db") };
    let db = Db::sqlite(place);
    let asked = Arc::<AtomicUsize>::default();
    let mut site = Site::bare("House", number("1001"));
    site.crm = Some(CrmSettings {
        url: system(says, asked.clone()).await.into(),
        secret_file: None,
        patience: PATIENCE,
        cache: Duration::from_mins(10),
    });
    let (sites, taken) = watch::channel(Arc::new(site));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let customers = Customers::new(db.clone(), clock.clone(), || "+86".into());
    let (callers, _crm) = of_site(&db, &customers, &clock, &Meters::new(|| 0), &taken);
    drop(sites);
    House { callers, customers, asked, _folder: folder }
}

impl House {
    async fn who(&mut self, from: &str) -> Option<Known> {
        self.callers.asked.send((CallId(7), number(from))).expect("asked");
        let (call, known) = self.callers.known.recv().await.expect("answered");
        assert_eq!(call, CallId(7));
        known
    }

    async fn knows(&self, customer: &str) {
        let draft = serde_json::from_str(customer).expect(customer);
        self.customers.set(&Label::new("root"), draft).await.expect("written");
    }
}

#[tokio::test]
async fn the_table_goes_before_the_customer_system_and_both_are_heard() {
    let says = r#"{"id": "crm-7", "name": "Lin", "class": "regular", "tags": ["b2b"], "complaints": 3, "language": "zh"}"#;
    let mut house = house(says, true).await;
    let known = house.who("13800138000").await.expect("the customer system knows");
    assert_eq!((known.customer.as_deref(), known.by.as_str()), (Some("crm-7"), "crm"));
    house
        .knows(
            r#"{"id": "c-1", "class": "vip", "tags": ["gold"], "complaints": 1, "numbers": ["13800138000"]}"#,
        )
        .await;
    let known = house.who("+8613800138000").await.expect("both know");
    assert_eq!((known.customer.as_deref(), known.by.as_str()), (Some("c-1"), "customers, crm"));
    assert_eq!((known.class, known.name.as_str(), known.complaints), (Name::new("vip").ok(), "Lin", 3));
    let tags: Vec<&str> = known.tags.iter().map(Name::as_str).collect();
    assert_eq!(tags, ["b2b", "gold"]);
    assert_eq!(house.asked.load(Ordering::SeqCst), 1, "asked once, whatever the form of the number");
    assert_eq!(house.who("1001").await, None, "an extension is nobody's number");
}

#[tokio::test]
async fn a_customer_system_that_hangs_leaves_the_table() {
    let mut house = house("", true).await;
    house.knows(r#"{"id": "c-1", "class": "vip", "numbers": ["13800138000"]}"#).await;
    let begun = Instant::now();
    let known = house.who("13800138000").await.expect("the table knows");
    let took = begun.elapsed();
    assert_eq!((known.class, known.by.as_str()), (Name::new("vip").ok(), "customers"));
    assert!(took < PATIENCE, "too late for a rule that waits so long: {took:?}");
}

#[tokio::test]
async fn every_caller_is_answered_for_once_and_in_time_though_nothing_works() {
    let mut house = house("", false).await;
    let begun = Instant::now();
    for call in 0..500 {
        house.callers.asked.send((CallId(call), number(&format!("138{call:08}")))).expect("asked");
    }
    let mut answered = std::collections::BTreeSet::new();
    for _ in 0..500 {
        let (call, known) = house.callers.known.recv().await.expect("answered");
        assert!(answered.insert(call) && known.is_none(), "{call}");
    }
    assert!(begun.elapsed() < PATIENCE * 5, "{:?}", begun.elapsed());
}

#[test]
fn what_was_before_is_known_of_strangers_too() {
    assert_eq!(joined(None, None, CallerPast::default()), None);
    let past = CallerPast { contacts: 2, last: Some((Name::new("li").ok(), Stamp(7))) };
    let known = joined(None, None, past).expect("known");
    assert_eq!((known.contacts, known.by.as_str(), known.customer), (2, "history", None));
    assert_eq!(known.last.and_then(|last| last.agent), Name::new("li").ok());
}
