//! A customer, and what is asked to become one.

use std::{collections::BTreeSet, fmt, str::FromStr};

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize};
use smol_str::SmolStr;

use crate::base::{
    area,
    clock::Stamp,
    id::Name,
    locale::Locale,
    number::Number,
    text::{Label, hostile},
};

/// Of tags, numbers and mail addresses each.
pub const MOST: usize = 32;
/// Characters of a note.
const LONGEST_NOTE: usize = 2000;
const MOST_COMPLAINTS: u32 = 1_000_000;

/// A mail address in lower case (RFC 5321: at most 254 characters).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mail(SmolStr);

/// The text is no mail address.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no mail address; write one like lin@example.cn")]
pub struct NoMail(String);

impl FromStr for Mail {
    type Err = NoMail;
    fn from_str(text: &str) -> Result<Self, NoMail> {
        let plain = |c: char| !c.is_whitespace() && !hostile(c) && !matches!(c, '<' | '>' | ',' | ';' | '"');
        let good = text.len() <= 254
            && text.chars().all(plain)
            && text
                .split_once('@')
                .is_some_and(|(person, host)| !person.is_empty() && !host.is_empty() && !host.contains('@'));
        if good { Ok(Self(text.to_lowercase().into())) } else { Err(NoMail(text.chars().take(60).collect())) }
    }
}

impl Mail {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Mail {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        SmolStr::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What the house has noted: at most 2,000 characters, nothing in it that would be obeyed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Note(String);

impl Note {
    pub fn new(text: &str) -> Self {
        let kept = text.chars().filter(|c| *c == '\n' || !hostile(*c)).take(LONGEST_NOTE);
        Self(kept.collect::<String>().trim().to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Note {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self::new(&String::deserialize(from)?))
    }
}

/// A customer as somebody writes it; nothing of it is known to be true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    pub id: Name,
    #[serde(default)]
    pub name: Label,
    /// `vip`, `regular`, `new` or another word of the house.
    #[serde(default)]
    pub class: Option<Name>,
    #[serde(default)]
    pub tags: BTreeSet<Name>,
    /// `zh-CN` or `en-US`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub language: Option<Locale>,
    #[serde(default)]
    #[schema(value_type = String)]
    pub note: Note,
    /// As they are dialled where the site is, or with `+`.
    #[serde(default)]
    pub numbers: Vec<Number>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub mails: Vec<Mail>,
    #[serde(default)]
    pub complaints: u32,
    /// The day of the last complaint, such as 2026-11-01.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub complained: Option<Date>,
}

/// Why a draft is no customer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    #[error("{0} is no whole number; write it with its country code, like +8613800138000")]
    Number(Number),
    #[error("there are more than {MOST} {0}; leave some out")]
    Many(&'static str),
    #[error("nobody complains {0} times; write at most {MOST_COMPLAINTS}")]
    Complaints(u32),
}

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Customer {
    pub id: Name,
    pub name: Label,
    pub class: Option<Name>,
    pub tags: BTreeSet<Name>,
    /// `zh-CN` or `en-US`.
    #[schema(value_type = Option<String>)]
    pub language: Option<Locale>,
    #[schema(value_type = String)]
    pub note: Note,
    /// With `+` and the country code.
    pub numbers: BTreeSet<Number>,
    #[schema(value_type = BTreeSet<String>)]
    pub mails: BTreeSet<Mail>,
    pub complaints: u32,
    /// The day of the last complaint.
    #[schema(value_type = Option<String>)]
    pub complained: Option<Date>,
    pub made: Stamp,
    pub changed: Stamp,
}

impl Customer {
    /// Checks what was written. `home` is the country code of the site.
    pub fn of(draft: Draft, home: &str, now: Stamp) -> Result<Self, Invalid> {
        let Draft { id, name, class, tags, language, note, numbers, mails, complaints, complained } = draft;
        let whole = |number: Number| area::international(&number, home).ok_or(Invalid::Number(number));
        let numbers: BTreeSet<Number> = numbers.into_iter().map(whole).collect::<Result<_, _>>()?;
        let mails: BTreeSet<Mail> = mails.into_iter().collect();
        for (many, what) in
            [(tags.len(), "tags"), (numbers.len(), "numbers"), (mails.len(), "mail addresses")]
        {
            if many > MOST {
                return Err(Invalid::Many(what));
            }
        }
        if complaints > MOST_COMPLAINTS {
            return Err(Invalid::Complaints(complaints));
        }
        let (made, changed) = (now, now);
        Ok(Self {
            id,
            name,
            class,
            tags,
            language,
            note,
            numbers,
            mails,
            complaints,
            complained,
            made,
            changed,
        })
    }

    /// Whether both say the same, whenever it was written.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let Self { made, changed, .. } = *other;
        Self { made, changed, ..self.clone() } == *other
    }

    /// The same as it would be written.
    pub fn draft(self) -> Draft {
        let Self { id, name, class, tags, language, note, numbers, mails, complaints, complained, .. } = self;
        let (numbers, mails) = (numbers.into_iter().collect(), mails.into_iter().collect());
        Draft { id, name, class, tags, language, note, numbers, mails, complaints, complained }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        serde_json::from_str(
            r#"{"id": "c-1", "numbers": ["02161234567", "+862161234567"], "mails": ["Lin@Example.CN"]}"#,
        )
        .expect("a draft")
    }

    #[test]
    fn contact_points_have_one_form_each() {
        let customer = Customer::of(draft(), "+86", Stamp(7)).expect("a customer");
        assert_eq!(customer.numbers, BTreeSet::from([Number::new("+862161234567").unwrap()]));
        assert_eq!(customer.mails.first().map(Mail::as_str), Some("lin@example.cn"));
        assert!(Customer::of(customer.clone().draft(), "+1", Stamp(9)).unwrap().says_the_same(&customer));
        assert!(matches!(Customer::of(draft(), "+1", Stamp(7)), Err(Invalid::Number(_))));
    }

    #[test]
    fn what_is_hostile_is_refused_or_made_harmless() {
        for text in [
            "",
            "@",
            "a@",
            "@b",
            "a@b@c",
            "a b@c",
            "a@b\n",
            "<a@b>",
            "a@b,c@d",
            "a@\u{202E}b",
            &"x".repeat(300),
        ] {
            assert!(text.parse::<Mail>().is_err(), "{text:?}");
        }
        assert_eq!(Note::new(" a\u{202E}b\r\n c\u{0} ").as_str(), "ab\n c");
        assert_eq!(Note::new(&"很".repeat(3000)).as_str().chars().count(), LONGEST_NOTE);
        let many = Draft { complaints: u32::MAX, ..draft() };
        assert!(matches!(Customer::of(many, "+86", Stamp(7)), Err(Invalid::Complaints(_))));
        let tags = (0..40).map(|n| Name::new(format!("t{n}")).unwrap()).collect();
        assert!(matches!(
            Customer::of(Draft { tags, ..draft() }, "+86", Stamp(7)),
            Err(Invalid::Many("tags"))
        ));
        for bad in [
            r#"{"id": "a b"}"#,
            r#"{"id": "a", "surname": "b"}"#,
            r#"{"name": "b"}"#,
            r#"{"id": "a", "numbers": ["x"]}"#,
        ] {
            assert!(serde_json::from_str::<Draft>(bad).is_err(), "{bad}");
        }
    }
}
