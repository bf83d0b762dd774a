//! PINs of mailboxes and conferences: made as six digits, known to the running house as a slow hash alone.

use std::{fmt, num::NonZeroU32};

use aws_lc_rs::{digest, pbkdf2};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use smol_str::SmolStr;

use super::{
    model::Site,
    secret::{self, SecretError},
};

/// Some milliseconds: dear for whoever has a copy of the hash, cheap for three tries.
const ROUNDS: NonZeroU32 = NonZeroU32::new(10_000).expect("is not zero");
const LENGTH: usize = 32;

/// How many digits a PIN has.
pub(super) const DIGITS: std::ops::RangeInclusive<usize> = 4..=12;

/// What is kept of a PIN. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct PinHash {
    salt: [u8; LENGTH],
    hash: [u8; LENGTH],
}

impl PinHash {
    /// Of the PIN of `place`: two places with the same PIN have different hashes.
    pub fn of(pin: &SecretString, place: &str) -> Self {
        let mut salt = [0; LENGTH];
        salt.copy_from_slice(digest::digest(&digest::SHA256, place.as_bytes()).as_ref());
        let mut hash = [0; LENGTH];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, &salt, pin.expose_secret().as_bytes(), &mut hash);
        Self { salt, hash }
    }

    /// Whether these are its digits. How long that takes does not tell how near they are.
    pub fn is(&self, digits: &str) -> bool {
        pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, &self.salt, digits.as_bytes(), &self.hash).is_ok()
    }
}

impl fmt::Debug for PinHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinHash(•••)")
    }
}

impl Serialize for PinHash {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        to.serialize_str(&format!("{}{}", hex(&self.salt), hex(&self.hash)))
    }
}

impl<'de> Deserialize<'de> for PinHash {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = SmolStr::deserialize(from)?;
        let byte = |i| text.get(2 * i..2 * i + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let bytes: Option<Vec<u8>> = (0..2 * LENGTH).map(byte).collect();
        let bytes = bytes
            .filter(|_| text.len() == 4 * LENGTH)
            .ok_or_else(|| de::Error::custom("no hash of a PIN"))?;
        let mut pin = Self { salt: [0; LENGTH], hash: [0; LENGTH] };
        pin.salt.copy_from_slice(&bytes[..LENGTH]);
        pin.hash.copy_from_slice(&bytes[LENGTH..]);
        Ok(pin)
    }
}

/// Reads the PINs of all mailboxes and conferences into the site; their files are there (`secret::make_missing`).
pub fn learn(site: &mut Site) -> Result<(), SecretError> {
    let mailboxes = site.extensions.values_mut().filter_map(|extension| extension.mailbox.as_mut());
    for mailbox in mailboxes {
        let pin = secret::read(&mailbox.pin_file)?;
        mailbox.pin = Some(PinHash::of(&pin, &mailbox.pin_file.to_string_lossy()));
    }
    for conference in site.dialing.conferences.values_mut() {
        let Some(file) = &conference.pin_file else { continue };
        conference.pin = Some(PinHash::of(&secret::read(file)?, &file.to_string_lossy()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_knows_its_digits_and_shows_nothing() {
        let pin = PinHash::of(&SecretString::from("271828".to_owned()), "secrets/mailbox-1001");
        assert!(pin.is("271828"));
        for wrong in ["", "27182", "2718281", "271829", "*71828"] {
            assert!(!pin.is(wrong), "{wrong}");
        }
        assert_ne!(pin, PinHash::of(&SecretString::from("271828".to_owned()), "secrets/mailbox-1002"));
        assert!(!format!("{pin:?}").contains("27"));
        let text = serde_json::to_string(&pin).expect("JSON");
        assert_eq!(serde_json::from_str::<PinHash>(&text).expect("a hash"), pin);
        assert!(serde_json::from_str::<PinHash>("\"00\"").is_err());
    }
}
