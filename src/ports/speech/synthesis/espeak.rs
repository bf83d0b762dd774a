//! espeak-ng: one short-lived process a text, the text on its standard input. Offline, every language, always at hand.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use smol_str::{SmolStr, format_smolstr};

use super::{
    super::child::{self, Trouble},
    Synthesizer, Unspoken,
};
use crate::{
    base::text::Label,
    infra::site::{Locale, Speaks},
};

/// A prompt of a thousand characters takes a fraction of this.
const PATIENCE: Duration = Duration::from_secs(30);
/// Ten minutes at its rate.
const MOST: usize = 32 << 20;

/// One of its voices, at one speed.
#[derive(Clone, Debug)]
pub struct Espeak {
    pub program: PathBuf,
    pub voice: SmolStr,
    /// Words a minute.
    pub speed: u16,
    pub patience: Duration,
}

impl Espeak {
    pub const PROGRAM: &str = "espeak-ng";

    /// The language's own voice.
    pub fn usual(program: &Path, locale: Locale) -> Self {
        let voice = match locale {
            Locale::Chinese => "cmn",
            Locale::English => "en-us",
        };
        Self { program: program.into(), voice: voice.into(), speed: Speaks::SPEED, patience: PATIENCE }
    }
}

impl Synthesizer for Espeak {
    fn voice(&self) -> SmolStr {
        format_smolstr!("espeak-ng {} {}", self.voice, self.speed)
    }

    fn speak(&self, text: &str) -> BoxFuture<'static, Result<Vec<u8>, Unspoken>> {
        let own = self.clone();
        let text = format!("{}\n", spoken_only(text));
        async move {
            let speed = own.speed.to_string();
            let arguments =
                ["-v", own.voice.as_str(), "-s", speed.as_str(), "-b", "1", "--stdin", "--stdout"]
                    .map(OsString::from);
            let told = child::run(own.program.as_os_str(), &arguments, text.as_bytes(), MOST).await;
            let told = told.map_err(|trouble| match trouble {
                Trouble::Missing => Unspoken::NoEspeak,
                Trouble::Run(error) => Unspoken::Run(error),
                Trouble::TooLong => Unspoken::TooLong,
            })?;
            if told.fine && !told.out.is_empty() {
                Ok(told.out)
            } else {
                Err(Unspoken::Failed(label(&told.log)))
            }
        }
        .boxed()
    }

    fn patience(&self) -> Duration {
        self.patience
    }
}

/// What a program said, in one line.
pub(super) fn label(log: &[u8]) -> Label {
    let said = String::from_utf8_lossy(log).split_whitespace().collect::<Vec<_>>().join(" ");
    Label::new(if said.is_empty() { "without a word" } else { &said })
}

/// Double square brackets would switch espeak-ng to phonemes.
fn spoken_only(text: &str) -> String {
    text.replace(['[', ']'], " ")
}
