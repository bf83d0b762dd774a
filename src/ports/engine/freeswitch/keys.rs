//! Keys that a phone tells more than once, as RFC 2833, as SIP INFO and as tones, are pressed once.

use std::{collections::VecDeque, time::Duration};

use crate::base::{clock::Stamp, number::Key};

/// How far the tellings of one key may be apart.
const APART: Duration = Duration::from_secs(1);

/// So long a key that was told one way only is remembered: its phone does not tell all keys so.
const EVIDENCE: Duration = Duration::from_secs(3);

/// How the engine heard of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// In the stream of sound (RFC 2833).
    Sound,
    /// By SIP.
    Signal,
    /// As the two tones that it sounds.
    Tone,
}

#[derive(Debug)]
struct Press {
    key: Key,
    /// When it was told first.
    at: Stamp,
    told: Vec<Way>,
}

/// Keys that may still be told another way.
#[derive(Debug, Default)]
pub(super) struct Keys(VecDeque<Press>);

impl Keys {
    /// Whether this is a key that has not been told yet.
    pub fn is_new(&mut self, key: Key, way: Way, now: Stamp) -> bool {
        self.0.retain(|press| now.since(press.at) < EVIDENCE);
        // A phone that tells all its keys one way and another tells them in the same order.
        let oldest = self.0.iter_mut().find(|press| !press.told.contains(&way));
        if let Some(twin) = oldest.filter(|press| press.key == key && now.since(press.at) < APART) {
            twin.told.push(way);
            return false;
        }
        self.0.push_back(Press { key, at: now, told: vec![way] });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Way::{Signal, Sound, Tone},
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
        assert_eq!(
            told(&[
                ('8', Signal, 0),
                ('8', Tone, 110),
                ('8', Sound, 120),
                ('8', Tone, 300),
                ('8', Signal, 390)
            ]),
            "88"
        );
    }
}
