//! Of all readings of a sentence, the ones that a listener would take.

use super::{
    decimal::Decimal,
    model::{Entity, Kind, Value},
};

/// The longest readings that do not overlap, from left to right; of equal ones, that of the earlier kind.
pub fn readings(found: impl Iterator<Item = (Kind, Vec<Entity>)>) -> Vec<Entity> {
    let mut all: Vec<(usize, Entity)> = Vec::new();
    for (rank, (_, entities)) in found.enumerate() {
        all.extend(entities.into_iter().filter(stands_alone).map(|entity| (rank, entity)));
    }
    all.sort_by_key(|(rank, entity)| (std::cmp::Reverse(entity.span.bytes.len()), *rank));
    let mut taken: Vec<Entity> = Vec::new();
    for (_, entity) in all {
        let free = taken.iter().all(|other| {
            entity.span.bytes.end <= other.span.bytes.start || other.span.bytes.end <= entity.span.bytes.start
        });
        if free {
            taken.push(entity);
        }
    }
    taken.sort_by_key(|entity| entity.span.bytes.start);
    taken
}

/// What is likely without having been asked for.
fn stands_alone(entity: &Entity) -> bool {
    match &entity.value {
        // “twenty five” is a number; a string of digits has at least three, said singly, or is long.
        Value::Digits(digits) => {
            digits.digits.len() >= 5 || digits.digits.len() >= 3 && entity.span.chars.len() > 3
        }
        // “two fifty” may be anything when no money is asked for.
        Value::Amount(amount) => amount.or != amount.value.times(Decimal::from(100)),
        // Names that only resemble are for a dialog that asked for one.
        Value::Person { candidates } => candidates.first().is_some_and(|first| first.score >= 0.85),
        _ => true,
    }
}
