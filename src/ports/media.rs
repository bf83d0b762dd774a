//! What callers hear: prompts made once and kept as `ID.wav` (8 kHz, 16 bit, mono) in one folder.
//!
//! `prepare` makes them: texts are spoken by whom the site names (`ports::speech::synthesis`), recordings are brought
//! to the telephone's rate. What cannot be made is told and left out: callers hear nothing there rather than getting
//! no service.
//!
//! An id follows from what is said alone (language, text), so a flow names its prompts without looking at any file, and a
//! replay names the same. Which voice made a file stands in the file: another voice makes it anew.
//!
//! `talk` is what conversations say, `phrase` what Tandem itself says: words around mailboxes and PINs, numbers and times; `numeral` reads
//! numbers.

pub mod line;
pub mod mood;
pub mod music;
mod numeral;
pub mod overhear;
pub mod phrase;
mod prepare;
mod resample;
mod talk;
mod tone;
mod turn;

pub use prepare::{Prepared, Progress, SpeechError, prepare, prepare_phrases};
pub use resample::to_rate;
pub use talk::saying;

use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};

use self::tone::Tone;
use super::engine::{Media, PromptId};
use crate::infra::site::{Locale, Prompt};

/// Raised when the same text would sound different: then everything is made anew.
const RECIPE: &str = "espeak-ng 8000 Hz, recipe 1";

/// The prompt as callers of `locale` hear it, or in the first language that is there; `None` when it has no text.
pub fn prompt(prompt: &Prompt, locale: Locale) -> Option<Media> {
    let (locale, text) = prompt.0.get_key_value(&locale).or_else(|| prompt.0.iter().next())?;
    Some(Media::Prompt(spoken(*locale, text)))
}

/// A recording of the site.
pub fn recording(file: &Path) -> Media {
    Media::Prompt(recorded(file))
}

/// Heard when something has been done as asked.
pub fn confirmation() -> Media {
    Media::Prompt(toned(Tone::Confirmation))
}

fn toned(tone: Tone) -> PromptId {
    id(&[b"tone", tone.name()])
}

/// The tone after which a caller speaks.
pub fn beep() -> Media {
    Media::Prompt(toned(Tone::Beep))
}

fn spoken(locale: Locale, text: &str) -> PromptId {
    id(&[b"spoken", tongue(locale).as_bytes(), text.as_bytes(), RECIPE.as_bytes()])
}

fn recorded(file: &Path) -> PromptId {
    id(&[b"recorded", file.as_os_str().as_encoded_bytes()])
}

/// Each part with its length before it, so that no two lists of parts look alike.
fn id(parts: &[&[u8]]) -> PromptId {
    let mut hash = Context::new(&SHA256);
    for part in parts {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hash.finish().as_ref()[..16]);
    PromptId::new(short)
}

/// A language in an id.
fn tongue(locale: Locale) -> &'static str {
    match locale {
        Locale::Chinese => "cmn",
        Locale::English => "en-us",
    }
}
