//! The language room's own understanding leads the conversation: a model learned here, entities of the same words.

use jiff::civil::date;

use super::{Caller, Heard, Input, Locale, Why, name, shop::shop};
use crate::language::{
    entities::{self, Setting},
    model::Scratch,
    sample::Sample,
    train::{Wanted, train},
};

const SAMPLES: [(&str, [&str; 8]); 2] = [
    (
        "order_status",
        [
            "where is my order",
            "has my parcel been shipped",
            "track my parcel",
            "when does my order arrive",
            "what is the status of my order",
            "is my parcel on its way",
            "where is my parcel now",
            "when will my order be delivered",
        ],
    ),
    (
        "visit",
        [
            "send a technician to my house",
            "i need somebody to come and repair it",
            "book a technician",
            "can a technician visit me",
            "please send someone to fix it",
            "i want an appointment for a repair",
            "have somebody come and fix it",
            "arrange a repair visit at home",
        ],
    ),
];

#[test]
fn what_was_learned_from_samples_opens_the_topic_and_fills_its_slot() {
    let samples: Vec<Sample> = SAMPLES
        .iter()
        .flat_map(|(intent, texts)| texts.iter().map(|text| Sample::new(text, Some(intent))))
        .collect();
    let model = train(&samples, &Wanted::default(), &|_| {}).unwrap().model;
    let hear = |text: &str| {
        let setting = Setting::new("en-US", date(2026, 11, 21).at(10, 0, 0, 0));
        let understood = model.understand(text, &mut Scratch::default());
        Input::Understood(Heard::new(text, &understood, &entities::parse(text, &setting)))
    };
    let mut caller = Caller::new(shop(), Locale::English);
    caller.put(hear("please send a technician to fix it on december third"));
    caller.hears("December 3, is that right?").because(Why::Filled { slot: name("day") });
    caller.put(hear("no, the fourth")).hears("December 4, is that right?");
    caller.put(hear("yes")).does("book", &[("day", "2026-12-04")]);
}
