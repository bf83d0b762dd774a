//! Identities. Every one is safe to put on any engine's wire: its characters are checked where it is made.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use smol_str::SmolStr;

use super::clock::Stamp;

/// Why a text is no identity.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{text:?} is no {what}: {form}")]
pub struct InvalidId {
    what: &'static str,
    text: String,
    /// What would be one.
    form: &'static str,
}

const PLAIN: &str = "1 to 128 letters, digits, '.', '_' or '-' are allowed";

fn plain(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

macro_rules! plain_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub struct $name(SmolStr);

        impl $name {
            /// Accepts 1 to 128 characters of `[A-Za-z0-9._-]`.
            pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidId> {
                let text = text.as_ref();
                if plain(text) {
                    Ok(Self(SmolStr::new(text)))
                } else {
                    Err(InvalidId { what: $what, text: text.chars().take(140).collect(), form: PLAIN })
                }
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = SmolStr::deserialize(from)?;
                Self::new(&text).map_err(de::Error::custom)
            }
        }
    };
}

plain_id!(
    /// One party's leg: the engine's channel id for an inbound leg, ours for a leg that Tandem dials.
    LegId, "leg id"
);
plain_id!(
    /// A name that the site gives: an agent, a queue, a flow, a step, an extension, a calendar, a trunk.
    Name, "name"
);

plain_id!(
    /// What whoever brought a message calls it: a ticket's number, the id of a chat. It is kept in the audit for good, so it
    /// should name no person.
    Reference, "reference"
);
plain_id!(
    /// A room where any number of legs hear each other: a name that Tandem makes up.
    RoomId, "room id"
);
plain_id!(
    /// Something that was recorded: the file `ID.wav` in the recordings folder.
    SoundId, "sound id"
);

/// What Tandem does next to something carries an id derived from the input that caused it,
/// so that a replay gives the same ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cause {
    /// Sequence number of the input in the journal.
    pub seq: u64,
    /// Stamp of that input.
    pub at: Stamp,
    /// How many ids this input has already given.
    pub index: u32,
}

impl Cause {
    pub fn new(seq: u64, at: Stamp) -> Self {
        Self { seq, at, index: 0 }
    }

    fn next(&mut self) -> u32 {
        self.index += 1;
        self.index
    }

    /// A call id: milliseconds (high 44 bits), then input and index (low 20 bits). Two calls of one
    /// millisecond may meet: whoever keeps calls asks again until the id is free.
    pub fn call_id(&mut self) -> CallId {
        let index = self.next();
        let low = self.seq.wrapping_mul(1021).wrapping_add(u64::from(index)) & 0xF_FFFF;
        CallId(((self.at.millis() as u64) << 20) | low)
    }

    /// A fresh id in UUID form (version 8, RFC 9562) for a leg that Tandem dials.
    pub fn leg_id(&mut self) -> LegId {
        let index = self.next();
        let (ms, seq) = (self.at.millis() as u64, self.seq);
        let text = format!(
            "{:08x}-{:04x}-8{:03x}-{:04x}-{:012x}",
            (ms >> 16) & 0xFFFF_FFFF,
            ms & 0xFFFF,
            index & 0xFFF,
            0x8000 | ((seq >> 48) & 0x3FFF),
            seq & 0xFFFF_FFFF_FFFF
        );
        LegId(SmolStr::new(text))
    }

    /// A fresh name for a room of the engine.
    pub fn room_id(&mut self) -> RoomId {
        RoomId(self.leg_id().0)
    }

    /// A fresh name for something that will be recorded.
    pub fn sound_id(&mut self) -> SoundId {
        SoundId(self.leg_id().0)
    }

    /// A fresh id for one order to the engine.
    pub fn order_id(&mut self) -> OrderId {
        OrderId { seq: self.seq, index: self.next() }
    }
}

/// One order to the engine: the input that caused it and a counter within.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrderId {
    pub seq: u64,
    pub index: u32,
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.seq, self.index)
    }
}

impl FromStr for OrderId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let parse = || {
            let (seq, index) = text.split_once('.')?;
            Some(Self { seq: seq.parse().ok()?, index: index.parse().ok()? })
        };
        parse().ok_or_else(|| InvalidId {
            what: "order id",
            text: text.chars().take(140).collect(),
            form: "two numbers with a point between them",
        })
    }
}

/// A whole call; shown as 13 characters of Crockford's base 32 without I, L, O and U.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

impl CallId {
    /// The millisecond in which the call began.
    pub fn born(self) -> Stamp {
        Stamp(i64::try_from(self.0 >> 20).unwrap_or(i64::MAX).saturating_mul(1000))
    }
}

const BASE32: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [b'0'; 13];
        for (i, place) in text.iter_mut().enumerate() {
            *place = BASE32[((self.0 >> (60 - 5 * i)) & 31) as usize];
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for CallId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let form = "13 letters and digits, as `tandem calls` and `tandem calls history` show them";
        let invalid = || InvalidId { what: "call id", text: text.chars().take(140).collect(), form };
        if text.len() != 13 {
            return Err(invalid());
        }
        text.bytes()
            .try_fold(0u64, |value, byte| {
                let digit =
                    BASE32.iter().position(|b| *b == byte.to_ascii_uppercase()).ok_or_else(invalid)?;
                Ok((value << 5) | digit as u64)
            })
            .map(Self)
    }
}

impl Serialize for CallId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CallId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        SmolStr::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_id_reads_back_what_it_shows() {
        for value in [0, 1, 42, u64::MAX, 0x1234_5678_9ABC_DEF0] {
            assert_eq!(CallId(value).to_string().parse(), Ok(CallId(value)));
        }
        assert!("short".parse::<CallId>().is_err());
    }

    #[test]
    fn nothing_that_could_break_out_of_a_command_is_an_id() {
        for text in ["", "a b", "a\nb", "a\r", "a\0", "{a}", "a,b", "a'b", "é", &"x".repeat(129)] {
            assert!(LegId::new(text).is_err(), "{text:?}");
        }
        assert!(LegId::new("testpbx-1795198620.3").is_ok());
    }

    #[test]
    fn the_same_input_gives_the_same_ids_and_no_two_alike() {
        let make = || {
            let mut cause = Cause::new(7, Stamp(1_795_000_000_000_000));
            (cause.call_id(), cause.leg_id(), cause.leg_id(), cause.order_id())
        };
        assert_eq!(make(), make());
        let (_, a, b, _) = make();
        assert_ne!(a, b);
        assert_eq!(a.as_str().len(), 36);
    }
}
