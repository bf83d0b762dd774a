//! What the daemon's log never says, however much it is asked to say: passwords, and what a caller dials.

use std::fs;

use tokio::time::{Duration, sleep, timeout};

use crate::bench::Kind;
use crate::support::phone::PATIENCE;
use crate::world::World;

on_every_engine! {
    the_log_holds_no_password_and_no_digit_of_a_caller,
}

const ASKS: &str = "
start: number
steps:
  number:
    collect: { en: \"Please dial your account number, then the hash key.\" }
    max: 9
    end_key: '#'
    timeout: 20s
    tries: 1
    next: menu
    otherwise: hangup
  menu:
    menu: { en: \"Press nine to be called back.\" }
    keys: { 9: hangup }
    timeout: 20s
    tries: 1
    otherwise: hangup
";

/// No number of the story, of a port or of a moment looks like these.
const DIGITS: &str = "7394185";
const CALLER: &str = "13874629351";

pub async fn the_log_holds_no_password_and_no_digit_of_a_caller(kind: Kind) {
    let world = World::on_site(kind, |site| {
        fs::write(site.join("flows/asks.yaml"), ASKS).expect("written");
        let numbers = fs::read_to_string(site.join("numbers.yaml")).expect("read");
        fs::write(site.join("numbers.yaml"), numbers + "8004: { language: en, flow: asks }\n")
            .expect("written");
    })
    .await;
    let caller = world.outside(CALLER).await;
    let call = caller.dial("8004").await;
    call.answered().await;
    call.press(&format!("{DIGITS}#"));
    let dialled = async {
        while !world.log().contains("collect number: • keys") {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, dialled).await.unwrap_or_else(|_| panic!("{}", world.log()));
    call.press_by_info('9').await;
    timeout(PATIENCE, call.ended()).await.expect("the key ends the call");
    let record = world.record(CALLER).await;
    assert!(record.steps.iter().any(|step| step.what.contains("key 9")), "{record:?}");

    let log = world.log();
    assert!(log.contains("key • → hangup"), "the log tells what happened: {log}");
    let keys = [DIGITS, &DIGITS[..4], &DIGITS[3..], CALLER, &CALLER[3..]];
    let secrets = world.secrets();
    assert!(secrets.len() > 3, "the site has passwords");
    for word in keys.into_iter().map(str::to_owned).chain(secrets) {
        let line = log.lines().find(|line| line.contains(&word));
        assert_eq!(line, None, "{word}");
    }
    for line in log.lines() {
        let said = line.to_lowercase();
        assert!(!said.contains("digit") && !said.contains("dtmf") && !said.contains("key 9"), "{line}");
    }
    world.ends_clean().await;
}
