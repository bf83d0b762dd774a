//! Keys that a phone tells more than once, as RFC 2833, as SIP INFO or as tones, are pressed once. Asterisk does not say
//! how it heard of a key, but when, and for how long it was pressed: nobody presses a key again before letting it go.
//!
//! And it tells some keys once more by itself (`__ast_read`): what comes while it still plays an earlier telling out is
//! put back, and told again, the same, when that is over.

use std::{collections::VecDeque, time::Duration};

use crate::base::{clock::Stamp, number::Key};

/// For so long Asterisk plays the shortest key out, and so long a pause it makes after every key.
const SHORTEST: Duration = Duration::from_millis(80);
const PAUSE: Duration = Duration::from_millis(45);

/// How late what was put back may be told again.
const LATE: Duration = Duration::from_millis(120);

/// Nobody lets go of a key for less (Q.24).
const QUICKEST: Duration = Duration::from_millis(40);

/// So late it tells the begin of a tone: three blocks of silence end one, and two of sound have begun it.
const BLOCKS: Duration = Duration::from_millis(65);

/// How far the tellings of one key may be apart, if its phone is known to tell keys twice.
const APART: Duration = Duration::from_secs(1);

/// What a phone's last keys have shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tells {
    #[default]
    Unknown,
    Once,
    Twice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Telling {
    key: Key,
    at: Stamp,
    lasted: Duration,
}

impl Telling {
    fn pressed(&self) -> Stamp {
        self.at - self.lasted
    }

    /// How long Asterisk takes no other key after this one.
    fn takes(&self) -> Duration {
        self.lasted.max(SHORTEST) + PAUSE
    }

    /// Asterisk measures tones in blocks of 12.75 ms; phones write round figures.
    fn is_of_tones(&self) -> bool {
        let length = self.lasted.as_millis();
        let blocks = (length * 8 + 7) / 102;
        blocks * 102 / 8 == length && !length.is_multiple_of(10)
    }
}

/// What was told last, and whether the phone tells its keys twice.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// The last key, and whether both its tellings have come.
    last: Option<(Telling, bool)>,
    tells: Tells,
    /// Until then Asterisk puts back what comes.
    busy: Stamp,
    /// What it may have put back, and when it will have told that again.
    put_back: VecDeque<(Telling, Stamp)>,
}

impl Keys {
    /// Whether this is a key that has not been told yet.
    pub fn is_new(&mut self, key: Key, at: Stamp, lasted: Duration) -> bool {
        let telling = Telling { key, at, lasted };
        if self.is_told_again(telling) {
            return false;
        }
        if at < self.busy {
            self.put_back.push_back((telling, self.busy));
            self.busy = self.busy + telling.takes();
        } else {
            self.busy = at + telling.takes();
        }
        match &mut self.last {
            Some((last, both)) if !*both && is_twin(*last, telling, self.tells) => {
                *both = true;
                self.tells = Tells::Twice;
                return false;
            }
            Some((_, false)) => self.tells = Tells::Once,
            _ => {}
        }
        self.last = Some((telling, false));
        true
    }

    fn is_told_again(&mut self, telling: Telling) -> bool {
        self.put_back.retain(|(_, due)| telling.at < *due + LATE);
        let same = |(put_back, _): &(Telling, Stamp)| {
            put_back.key == telling.key && put_back.lasted == telling.lasted
        };
        let found = self.put_back.iter().position(same);
        found.and_then(|place| self.put_back.remove(place)).is_some()
    }
}

fn is_twin(last: Telling, telling: Telling, tells: Tells) -> bool {
    if last.key != telling.key {
        return false;
    }
    // One way tells how long a key was pressed, the other what the phone always writes.
    let differ = last.lasted != telling.lasted;
    let off = match (tells, last.is_of_tones(), telling.is_of_tones()) {
        (Tells::Twice, ..) if differ => return telling.at.since(last.at) < APART,
        (Tells::Unknown, false, false) if differ => QUICKEST,
        (Tells::Unknown, false, true) => BLOCKS,
        _ => Duration::ZERO,
    };
    telling.pressed() < last.at + off
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(list: &[(char, u64, u64)]) -> String {
        let mut keys = Keys::default();
        let new = |(key, at, lasted): &&(char, u64, u64)| {
            let at = Stamp(0) + Duration::from_millis(*at);
            keys.is_new(Key::new(*key).expect("a key"), at, Duration::from_millis(*lasted))
        };
        list.iter().filter(new).map(|(key, ..)| *key).collect()
    }

    #[test]
    fn a_key_told_both_ways_counts_once_and_a_key_pressed_twice_counts_twice() {
        assert_eq!(told(&[('9', 1300, 160), ('9', 1416, 160), ('9', 1700, 100), ('9', 1760, 160)]), "99");
        assert_eq!(told(&[('1', 1300, 160), ('2', 1350, 160), ('1', 1400, 60)]), "121");
    }

    #[test]
    fn what_is_put_back_and_told_again_counts_once() {
        // SIP INFO, and within what it is played out RFC 2833; and the other way round.
        assert_eq!(told(&[('9', 1300, 160), ('9', 1410, 120), ('9', 1510, 120)]), "9");
        assert_eq!(told(&[('9', 1300, 100), ('9', 1320, 160), ('9', 1365, 160)]), "9");
        // Two presses so, the second telling of the first still played out when the second comes.
        let quick = [
            ('9', 1300, 100),
            ('9', 1320, 160),
            ('9', 1365, 160),
            ('9', 1480, 100),
            ('9', 1500, 160),
            ('9', 1590, 100),
            ('9', 1735, 160),
        ];
        assert_eq!(told(&quick), "99");
        // Other keys are put back as well.
        let info = [('1', 1000, 160), ('2', 1100, 160), ('3', 1200, 160), ('2', 1210, 160), ('3', 1420, 160)];
        assert_eq!(told(&info), "123");
        assert_eq!(told(&[('1', 1000, 160), ('1', 1200, 160), ('1', 1210, 160)]), "11");
    }

    #[test]
    fn the_other_telling_may_be_late() {
        assert_eq!(told(&[('9', 1300, 160), ('9', 1455, 120)]), "9");
        assert_eq!(told(&[('9', 1300, 160), ('9', 1450, 102)]), "9");
        assert_eq!(told(&[('9', 1300, 160), ('9', 1410, 120), ('2', 5000, 160), ('2', 5600, 120)]), "92");
    }

    #[test]
    fn quick_keys_told_once_all_count() {
        assert_eq!(told(&[('7', 1300, 100), ('7', 1450, 100), ('7', 1600, 100)]), "777");
        assert_eq!(told(&[('7', 1300, 100), ('7', 1440, 90), ('7', 1600, 110)]), "777");
        // As Asterisk measures tones of 100 ms and pauses of 50 ms.
        assert_eq!(told(&[('7', 1300, 102), ('7', 1440, 89), ('7', 1596, 102), ('7', 1737, 114)]), "7777");
        assert_eq!(told(&[('1', 1000, 90), ('7', 1300, 100), ('7', 1410, 80), ('7', 1560, 110)]), "1777");
    }
}
