//! Entities: what a caller said exactly. Numbers, digits, amounts, dates and times, names, places, yes and no,
//! corrections; each as a typed value with its place in the text.
//!
//! It serves dialogs (a slot's value) and knows nothing of flows, calls or recognisers. Pure: the time comes in.
//! Robust to what recognisers do: no punctuation, digits as words, fillers, wrong characters of the right sound.
//!
//! [`parse`] finds everything and lets the longer reading win; [`find`] looks for one kind alone, as a dialog does
//! that has just asked for it. How a text is cut is in [`token`], what each kind understands in its own file.

mod address;
mod amount;
mod answer;
pub mod check;
mod correction;
pub mod decimal;
mod digits;
pub mod model;
pub mod names;
pub mod number;
mod numeric;
mod phone;
mod phrases;
mod quantity;
mod resolve;
pub mod token;
pub mod when;

pub use decimal::Decimal;
pub use digits::parts;
pub use model::{
    Address, Age, AgeUnit, Amount, Answer, Digits, Entity, Kind, Phone, Place, Quantity, Setting, Span, Value,
};
pub use names::{Candidate, Directory};
use token::Text;
pub use when::When;

/// Everything that a text says. Where two readings overlap, the longer one wins, then the more special one.
/// Corrections come last: each points at what it corrects and holds the value that is meant.
pub fn parse(text: &str, setting: &Setting) -> Vec<Entity> {
    let text = Text::new(text);
    let mut entities = everything(&text, setting);
    let corrections = correction::corrections(&text, &entities);
    entities.extend(corrections);
    entities
}

fn everything(text: &Text, setting: &Setting) -> Vec<Entity> {
    resolve::readings(Kind::ALL.iter().map(|kind| (*kind, found(*kind, text, setting))))
}

/// Everything of one kind, from left to right, whatever else the words may mean.
pub fn find(kind: Kind, text: &str, setting: &Setting) -> Vec<Entity> {
    found(kind, &Text::new(text), setting)
}

fn found(kind: Kind, text: &Text, setting: &Setting) -> Vec<Entity> {
    match kind {
        Kind::Number => numeric::numbers(text),
        Kind::Ordinal => numeric::ordinals(text),
        Kind::Percentage => numeric::percentages(text),
        Kind::Digits => digits::strings(text),
        Kind::Phone => phone::phones(text, setting),
        Kind::Code => digits::codes(text),
        Kind::Amount => amount::amounts(text, setting),
        Kind::Quantity => quantity::quantities(text),
        Kind::Age => quantity::ages(text),
        Kind::When => when::moments(text, setting),
        Kind::Person => names::people(text, setting.directory),
        Kind::Address => address::addresses(text),
        Kind::Answer => answer::first(text),
        Kind::Correction => correction::corrections(text, &everything(text, setting)),
    }
}
