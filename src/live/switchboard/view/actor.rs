//! Who orders something.

use serde::{Deserialize, Serialize};

use crate::{base::text::Label, infra::site::Class};

/// Who acts, by name, and how far their commands may call: without a class, as far as whoever of the house talks with the
/// caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct Actor(pub Label, pub Option<Class>);

impl Actor {
    /// Somebody whose commands reach no further than whoever is in the talk.
    pub fn named(who: Label) -> Self {
        Self(who, None)
    }

    /// Somebody who commands the house: all classes.
    pub fn admin(who: Label) -> Self {
        Self(who, Some(Class::International))
    }
}

/// How a journal tells who acted; an older one knows the name alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Name(Label),
    Whole(Label, Option<Class>),
}

impl From<Written> for Actor {
    fn from(written: Written) -> Self {
        match written {
            Written::Name(who) => Self(who, None),
            Written::Whole(who, class) => Self(who, class),
        }
    }
}
