//! Keys that a phone tells more than once, as RFC 2833, as SIP INFO and as tones, are pressed once.

use std::{collections::VecDeque, time::Duration};

use crate::base::{clock::Stamp, number::Key};

/// How far the tellings of one key may be apart.
const APART: Duration = Duration::from_secs(1);

/// So close, a key is told again though the other way of one before it was lost.
const CLOSE: Duration = Duration::from_millis(250);

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
        let lacking = || self.0.iter().enumerate().filter(|(_, press)| !press.told.contains(&way));
        let within = |press: &Press, span| press.key == key && now.since(press.at) < span;
        let oldest = lacking().next().filter(|(_, press)| within(press, APART));
        if let Some((place, _)) = oldest.or_else(|| lacking().find(|(_, press)| within(press, CLOSE))) {
            for press in self.0.iter_mut().take(place + 1).filter(|press| !press.told.contains(&way)) {
                press.told.push(way);
            }
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
        // The tone of the 2 was not heard.
        let lost = [
            ('1', Sound, 0),
            ('1', Tone, 100),
            ('2', Sound, 400),
            ('3', Sound, 800),
            ('3', Tone, 900),
            ('4', Sound, 1200),
            ('4', Tone, 1300),
        ];
        assert_eq!(told(&lost), "1234");
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
