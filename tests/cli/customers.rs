//! `tandem customers` with a real daemon's doors and a database of its own.

use std::fs;

use serde_json::{Value, json};

use crate::{
    commands::{err, out, tandem},
    double::{Daemon, Mood},
};

const FILE: &str = "id,name,class,tags,language,note,numbers,mails,complaints,complained\n\
    c-1,林美,vip,b2b;gold,zh,喜欢上午,13800138000;021-61234567,Lin@Example.cn,2,2026-11-01\n\
    c-2,Ann Smith,regular,,en,,+12125551234,,,\n";

/// What was printed, when all went well.
fn said(daemon: &Daemon, words: &[&str]) -> String {
    let output = tandem(&daemon.socket, words);
    assert_eq!(output.status.code(), Some(0), "{words:?}: {}", err(&output));
    out(&output).to_owned()
}

#[test]
fn a_file_of_customers_is_checked_tried_and_taken() {
    let daemon = Daemon::start(Mood::Well);
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("customers.csv");
    let path = file.to_str().expect("text");
    fs::write(&file, FILE).expect("written");
    let refused = tandem(&daemon.socket, &["customers", "import", path]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(err(&refused).contains(":2: numbers: \"021-61234567\" is no number"), "{}", err(&refused));
    assert!(out(&refused).starts_with("Nothing was done."), "{}", out(&refused));

    fs::write(&file, FILE.replace("021-", "021")).expect("written");
    let dry = said(&daemon, &["customers", "import", path, "--dry-run"]);
    assert_eq!(dry, "2 customers would be new, 0 would be changed, 0 as they were.\n");
    assert!(said(&daemon, &["customers"]).starts_with("No customer is known."));
    assert_eq!(
        said(&daemon, &["customers", "import", path]),
        "2 customers new, 0 changed, 0 as they were.\n"
    );
    let again: Value =
        serde_json::from_str(&said(&daemon, &["customers", "import", path, "--json"])).expect("JSON");
    assert_eq!(again["done"], json!({ "made": 0, "changed": 0, "same": 2 }));
    assert!(said(&daemon, &["customers", "list", "--class", "vip"]).contains("+862161234567"));

    for who in ["c-1", "13800138000", "+8613800138000", "lin@example.cn"] {
        let shown: Value =
            serde_json::from_str(&said(&daemon, &["customers", "show", who, "--json"])).expect("JSON");
        assert_eq!((&shown["id"], &shown["complained"]), (&json!("c-1"), &json!("2026-11-01")), "{who}");
    }
    let nobody = tandem(&daemon.socket, &["customers", "show", "13900139000"]);
    assert_eq!(nobody.status.code(), Some(1));
    assert!(err(&nobody).contains("no customer has 13900139000"), "{}", err(&nobody));
}

#[test]
fn a_refused_part_is_told_with_its_line() {
    let daemon = Daemon::start(Mood::Well);
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("customers.jsonl");
    let path = file.to_str().expect("text");
    said(&daemon, &["customers", "set", "old", "--number", "13800138000"]);
    let rows = "{\"id\": \"c-1\"}\n{\"id\": \"c-2\", \"numbers\": [\"013800138000\"]}\n{\"id\": \"c-3\", \"numbers\": [\"1001\"]}\n";
    fs::write(&file, rows).expect("written");
    let refused = tandem(&daemon.socket, &["customers", "import", path]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        err(&refused).contains("customers.jsonl:3: customer c-3: 1001 is no whole number"),
        "{}",
        err(&refused)
    );
    fs::write(&file, rows.replace("1001", "13900139000")).expect("written");
    let refused = tandem(&daemon.socket, &["customers", "import", path]);
    let told = ":2: customer c-2: +8613800138000 belongs to customer old already; take it from";
    assert!(err(&refused).contains(told), "{}", err(&refused));
    assert_eq!(said(&daemon, &["customers"]).lines().count(), 2, "a head and the old one");
}

#[test]
fn what_is_not_named_stays_as_it_is() {
    let daemon = Daemon::start(Mood::Well);
    said(
        &daemon,
        &[
            "customers",
            "set",
            "c-1",
            "--name",
            "Ann",
            "--class",
            "vip",
            "--number",
            "13800138000",
            "--language",
            "zh",
        ],
    );
    said(&daemon, &["customers", "set", "c-1", "--tag", "gold", "--tag", "b2b", "--class", ""]);
    let shown = said(&daemon, &["customers", "show", "c-1", "--json"]);
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!((&shown["name"], &shown["class"]), (&json!("Ann"), &Value::Null));
    assert_eq!((&shown["tags"], &shown["language"]), (&json!(["b2b", "gold"]), &json!("zh-CN")));
    let bad = tandem(&daemon.socket, &["customers", "set", "c-1", "--mail", "nobody"]);
    assert_eq!(bad.status.code(), Some(1));
    assert!(err(&bad).contains("--mail: \"nobody\" is no mail address"), "{}", err(&bad));

    let told = said(&daemon, &["customers", "erase", "c-1"]);
    assert!(
        told.contains("erased from 1 finished call") && told.contains("The customer is no more."),
        "{told}"
    );
    assert_eq!(tandem(&daemon.socket, &["customers", "remove", "c-1"]).status.code(), Some(1));
    said(&daemon, &["customers", "set", "c-2", "--number", "13800138000"]);
    let told = said(&daemon, &["calls", "erase", "+8613800138000"]);
    assert!(told.contains("The customer is no more."), "{told}");
}

#[test]
fn the_example_is_taken() {
    let daemon = Daemon::start(Mood::Well);
    let told = said(&daemon, &["customers", "import", "examples/customers.csv"]);
    assert_eq!(told, "3 customers new, 0 changed, 0 as they were.\n");
    let shown = said(&daemon, &["customers", "show", "orders@example.com"]);
    assert!(shown.contains("2, the last on 2026-10-30") && shown.contains("+442071234567"), "{shown}");
}
