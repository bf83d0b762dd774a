//! `tandem numbers`: what numbers tell by themselves.

use serde_json::{Value, json};

use crate::commands::{err, out, program};

#[test]
fn numbers_are_told_where_they_are_from() {
    let output = program().args(["numbers", "where", "02161234567", "13800138000", "+12125551234"]).output();
    let output = output.expect("the program runs");
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    for told in ["CN China", "shanghai 上海", "China Mobile", "US United States"] {
        assert!(out(&output).contains(told), "{told}: {}", out(&output));
    }
    let asked = ["numbers", "where", "--json", "--home", "+1", "6135551234", "1001"];
    let output = program().args(asked).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(1), "one has no area");
    let told: Value = serde_json::from_str(out(&output)).expect("JSON");
    assert_eq!(told[0]["international"], "+16135551234");
    assert_eq!(told[0]["area"]["country"]["iso"], "CA");
    assert_eq!((&told[1]["number"], &told[1]["area"]), (&json!("1001"), &Value::Null));
    let output = program().args(["numbers", "where", "sip:x@y"]).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
}
