//! The whole program: who calls is known when the call comes in.

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::{
    commands::{out, program},
    daemon::House,
};

/// The ids of the calls of this number, live or over.
fn calls_of(house: &House, number: &str) -> Vec<String> {
    let lists = [house.json(&["calls", "--json"]), house.json(&["calls", "history", "--json", "-n", "1000"])];
    let calls = lists.iter().filter_map(Value::as_array).flatten();
    let of_number = calls.filter(|call| call["from"] == number);
    of_number.filter_map(|call| call["id"].as_str().map(str::to_owned)).collect()
}

#[test]
fn a_customer_is_known_when_the_call_comes_in() {
    let mut house = House::of("small", "sqlite");
    let traffic = ["--traffic", "300", "--drift", "0"];
    house.start(&traffic);
    let mut number = None;
    house.until("a call", |house| {
        let calls = house.json(&["calls", "--json"]);
        number = calls.pointer("/0/from").and_then(Value::as_str).map(str::to_owned);
        number.is_some()
    });
    let number = number.expect("a caller");
    let told = |house: &House, words: &str| {
        calls_of(house, &number).iter().any(|call| {
            let story = program().arg("--socket").arg(house.socket()).args(["explain", call]).output();
            out(&story.expect("the program runs")).contains(words)
        })
    };
    house.until("a stranger", |house| told(house, "nobody knows this caller"));
    house.end(Signal::SIGTERM);

    house.start(&["--drift", "0"]);
    house.said(&["customers", "set", "c-1", "--class", "vip", "--number", &number]);
    house.end(Signal::SIGTERM);
    // The same seed brings the same callers.
    house.start(&traffic);
    house.until("a customer", |house| told(house, "known by customers as vip"));
}
