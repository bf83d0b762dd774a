//! What was said in a call's conversations, as far as it is needed to sum them up.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::live::switchboard::view::{Speaker, SummaryView};

/// So much is kept from the beginning, and so much of what was said last.
const FIRST: usize = 10;
const LAST: usize = 40;
/// Of longer utterances the beginning counts.
const LONGEST: usize = 400;

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub by: Speaker,
    pub text: SmolStr,
    /// What of it may leave the house; nothing, where the caller told a value.
    pub told: Option<SmolStr>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spoken {
    pub said: Vec<Said>,
    pub summary: Option<SummaryView>,
    /// Something was said since it was summed up.
    pub more: bool,
}

impl Spoken {
    pub fn add(&mut self, by: Speaker, text: &str, told: Option<&str>) {
        let short = |text: &str| SmolStr::new(&text[..text.floor_char_boundary(LONGEST)]);
        if self.said.len() >= FIRST + LAST {
            self.said.remove(FIRST);
        }
        self.said.push(Said { by, text: short(text), told: told.map(short) });
        self.more = true;
    }
}
