//! Keys that a phone tells twice, as RFC 2833 and as SIP INFO, are pressed once. Asterisk does not say how it heard of
//! a key, but for how long it was pressed: nobody presses a key again before letting it go.

use std::time::Duration;

use crate::base::{clock::Stamp, number::Key};

/// The key that was told last, and when it was let go.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keys(Option<(Key, Stamp)>);

impl Keys {
    /// Whether this is a key that has not been told yet.
    pub fn is_new(&mut self, key: Key, at: Stamp, lasted: Duration) -> bool {
        let twin = self.0.is_some_and(|(last, let_go)| last == key && at - lasted < let_go);
        self.0 = (!twin).then_some((key, at));
        !twin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_told_both_ways_counts_once_and_a_key_pressed_twice_counts_twice() {
        let told = |list: &[(char, u64, u64)]| -> String {
            let mut keys = Keys::default();
            let new = |(key, at, lasted): &&(char, u64, u64)| {
                let at = Stamp(0) + Duration::from_millis(*at);
                keys.is_new(Key::new(*key).expect("a key"), at, Duration::from_millis(*lasted))
            };
            list.iter().filter(new).map(|(key, ..)| *key).collect()
        };
        assert_eq!(told(&[('9', 1300, 160), ('9', 1416, 160), ('9', 1700, 100), ('9', 1760, 160)]), "99");
        assert_eq!(told(&[('7', 1300, 100), ('7', 1450, 100), ('7', 1600, 100)]), "777");
        assert_eq!(told(&[('1', 1300, 160), ('2', 1350, 160), ('1', 1400, 60)]), "121");
    }
}
