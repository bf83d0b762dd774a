//! Messages at a real daemon: what the command line, the events and the figures tell of one, also after the daemon was killed.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::house::{House, PATIENCE, program};

/// What `tandem events --json` tells, until it is dropped.
struct Events {
    child: Child,
    told: Receiver<Value>,
}

impl Events {
    fn follow(house: &House) -> Self {
        let mut command = program();
        command.arg("--socket").arg(house.at("tandem.sock")).args(["events", "--json"]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program runs");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let (to, told) = mpsc::channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let event = serde_json::from_str(&line).expect("JSON");
                if to.send(event).is_err() {
                    return;
                }
            }
        });
        let events = Self { child, told };
        events.until(|event| event["event"] == "hello");
        events
    }

    fn until(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let event = self.told.recv_timeout(PATIENCE).expect("the event comes");
            if wanted(&event) {
                return event;
            }
        }
    }

    /// The message is told to be in this state.
    fn message(&self, state: &str) -> Value {
        self.until(|event| event["event"] == "message.changed" && event["message"]["state"] == state)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _code = self.child.wait();
    }
}

#[test]
fn a_message_is_told_at_every_turn_and_outlives_the_daemon() {
    let mut house = House::new();
    let queues = std::fs::read_to_string(house.at("site/queues.yaml")).expect("queues");
    std::fs::write(house.at("site/queues.yaml"), format!("mail: {{ takes: messages }}\n{queues}"))
        .expect("written");
    let (chen, also) =
        ("extension: 1001, queues: [", "capacity: { of: 2 }, extension: 1001, queues: [mail, ");
    house.edit("people.yaml", chen, also);
    house.start(&[], &[]);
    house.ready();
    let events = Events::follow(&house);
    house.said(&["messages", "add", "T-1", "--queue", "mail"]);
    let offered = events.message("offered");
    assert_eq!(
        (&offered["message"]["agent"], &offered["message"]["reference"]),
        (&"chen".into(), &"T-1".into())
    );
    house.said(&["messages", "take", "T-1", "--agent", "chen"]);
    events.message("taken");
    drop(events);
    let figures = house.metrics();
    assert!(figures.contains("tandem_queue_messages_taken{queue=\"mail\"} 1"), "{figures}");
    house.end(Signal::SIGKILL);
    house.start(&[], &[]);
    house.ready();
    assert!(house.said(&["messages"]).contains("taken"), "{}", house.said(&["messages"]));
    assert!(house.said(&["messages", "show", "T-1"]).contains("chen takes it"));
    let events = Events::follow(&house);
    house.said(&["messages", "close", "T-1"]);
    events.until(|event| event["event"] == "message.gone" && event["message"] == "T-1");
    assert_eq!(house.said(&["messages"]), "No messages.\n");
    assert!(house.said(&["audit"]).contains("message.close"));
}
