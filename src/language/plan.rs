//! How a model is learned: one recipe for all sets, chosen by language and number of samples alone.

use super::{
    net::Course,
    sample::{Sample, mostly_han},
    sense::Senses,
};

/// From so many samples on, keys that one text alone has are left out.
const MANY: usize = 3_000;
/// Below so many samples a net learns nothing that planes don't.
const ENOUGH_FOR_NET: usize = 100;

/// The recipe for one set of samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// Texts that a key must be in.
    pub least: u32,
    pub net: Option<Course>,
    /// Whether what English words mean is learned from too.
    pub senses: Senses,
    /// Parts into which samples are divided to see answers to samples not learned from.
    pub folds: usize,
    /// Of those parts, so many are really held out once.
    pub held_out: usize,
    /// Share of words wrong in the noisy copy.
    pub noise: f32,
    /// How often a look of the net is at the noisy copy.
    pub noisy_looks: f32,
}

impl Plan {
    pub fn of(samples: &[Sample]) -> Self {
        let many = samples.len() >= MANY;
        let course = Course {
            hidden: if many { 256 } else { 64 },
            epochs: 14,
            batch: if many { 32 } else { 16 },
            rate: if many { 0.002 } else { 0.005 },
            drop_words: 0.1,
            drop_features: 0.4,
            drop_hidden: 0.4,
            smoothing: 0.1,
        };
        let net = samples.len() >= ENOUGH_FOR_NET && !mostly_han(samples);
        Self {
            least: if many { 2 } else { 1 },
            net: net.then_some(course),
            senses: if mostly_han(samples) { Senses::Left } else { Senses::Told },
            folds: if many { 5 } else { 3 },
            held_out: if many { 1 } else { 3 },
            noise: 0.15,
            noisy_looks: 0.3,
        }
    }
}
