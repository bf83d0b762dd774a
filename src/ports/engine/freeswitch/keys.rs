//! Keys that a phone tells twice, as RFC 2833 and as SIP INFO, are pressed once.

use std::{collections::VecDeque, time::Duration};

use crate::base::{clock::Stamp, number::Key};

/// How far the two tellings of one key may be apart.
const APART: Duration = Duration::from_secs(1);

/// So long a key that was told one way only is remembered: its phone does not tell all keys twice.
const EVIDENCE: Duration = Duration::from_secs(3);

/// How the engine heard of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// In the stream of sound (RFC 2833).
    Sound,
    /// By SIP.
    Signal,
}

/// Keys that were told one way and may still come the other way.
#[derive(Debug, Default)]
pub(super) struct Keys(VecDeque<(Key, Way, Stamp)>);

impl Keys {
    /// Whether this is a key that has not been told yet.
    pub fn is_new(&mut self, key: Key, way: Way, now: Stamp) -> bool {
        self.0.retain(|(_, _, at)| now.since(*at) < EVIDENCE);
        // A phone that tells all its keys twice tells them in the same order.
        let oldest = self.0.iter().position(|(_, w, _)| *w != way);
        let is_twin = |told: &(Key, Way, Stamp)| told.0 == key && now.since(told.2) < APART;
        if let Some(twin) = oldest.filter(|at| is_twin(&self.0[*at])) {
            self.0.remove(twin);
            return false;
        }
        self.0.push_back((key, way, now));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Way::{Signal, Sound},
        *,
    };

    #[test]
    fn a_key_told_both_ways_counts_once_and_a_key_pressed_twice_counts_twice() {
        let key = |c| Key::new(c).expect("a key");
        let told = |list: &[(char, Way, u64)]| -> String {
            let mut keys = Keys::default();
            let new = |(c, way, ms): &&(char, Way, u64)| {
                keys.is_new(key(*c), *way, Stamp(0) + Duration::from_millis(*ms))
            };
            list.iter().filter(new).map(|(c, _, _)| *c).collect()
        };
        assert_eq!(told(&[('5', Sound, 0), ('5', Signal, 30), ('5', Sound, 200), ('5', Signal, 230)]), "55");
        assert_eq!(told(&[('5', Sound, 0), ('5', Sound, 200), ('5', Signal, 210), ('5', Signal, 230)]), "55");
        assert_eq!(told(&[('1', Signal, 0), ('2', Signal, 90), ('1', Sound, 120), ('2', Sound, 130)]), "12");
        assert_eq!(told(&[('7', Signal, 0), ('7', Signal, 90)]), "77");
        assert_eq!(
            told(&[('4', Sound, 0), ('9', Sound, 160), ('#', Sound, 320), ('9', Signal, 500)]),
            "49#9"
        );
        assert_eq!(told(&[('7', Signal, 0), ('7', Sound, 1500)]), "77");
    }
}
