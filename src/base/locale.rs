//! The languages that Tandem speaks with callers.

use serde::{Deserialize, Serialize};

/// A language of callers, as a BCP 47 tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Locale {
    #[serde(rename = "zh-CN")]
    Chinese,
    #[serde(rename = "en-US")]
    English,
}
