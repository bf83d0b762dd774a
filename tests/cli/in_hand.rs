//! The one message that the daemon's double has.

use tandem::{
    base::{
        id::{Name, Reference},
        urgency::Urgency,
    },
    live::switchboard::view::{MessageDetail, MessageView, Query, View},
};

use crate::double::{LIVE, ago, steps};

pub fn message() -> MessageView {
    MessageView {
        reference: Reference::new(LIVE.to_string()).expect("a reference"),
        queue: Name::new("service").expect("a name"),
        state: "offered".into(),
        since: ago(),
        agent: Some(Name::new("smith").expect("a name")),
        joined: ago(),
        position: Some(1),
        urgency: Urgency::Normal,
    }
}

pub fn view(query: &Query) -> View {
    match query {
        Query::Messages => View::Messages(vec![message()]),
        Query::Message(reference) if *reference == message().reference => {
            View::Message(Some(Box::new(MessageDetail { message: message(), steps: steps() })))
        }
        _ => View::Message(None),
    }
}
