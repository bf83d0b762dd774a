//! From words to sound. A `Synthesizer` speaks one text at a time; whatever it does (late, gone, endless, half a
//! sentence, noise), a text ends in a whole sound or in one `Unspoken`, within its patience.
//!
//! Every sound is known by the voice that made it, so that another voice never passes for it. Where whoever is named
//! fails, espeak-ng steps in.

mod espeak;
mod http;
mod program;

pub use espeak::Espeak;
pub use http::{HttpVoice, HttpVoiceSettings};
pub use program::SpokenByProgram;

use std::{collections::BTreeMap, io, sync::Arc, time::Duration};

use aws_lc_rs::digest::{SHA256, digest};
use futures_util::future::BoxFuture;
use smol_str::{SmolStr, format_smolstr};
use tokio::time::timeout;

use crate::{
    base::{
        text::Label,
        wav::{self, Wav, WavError},
    },
    infra::{remote::Distrust, site::Locale},
};

/// Makes sound of one text. May be dropped at any moment, and must leave nothing behind then.
pub trait Synthesizer: Send + Sync {
    /// Names the voice. Another kind, model, speed or server is another voice.
    fn voice(&self) -> SmolStr;

    /// A WAV file.
    fn speak(&self, text: &str) -> BoxFuture<'static, Result<Vec<u8>, Unspoken>>;

    /// How long one text may take.
    fn patience(&self) -> Duration;
}

/// Why a text has no sound.
#[derive(Debug, thiserror::Error)]
pub enum Unspoken {
    #[error("espeak-ng is not installed, so callers hear no prompts: apt-get install espeak-ng")]
    NoEspeak,
    #[error(
        "`{0}` is not installed, or is no program that Tandem's user may run; install it, or name another"
    )]
    Missing(String),
    #[error("the synthesiser cannot be run: {0}; try it as Tandem's user")]
    Run(io::Error),
    #[error("the synthesiser did not finish within {} s; the machine is overloaded, or try a shorter text", .0.as_secs())]
    Slow(Duration),
    #[error("the synthesiser refused: {}; try it by hand, as Tandem's user", .0.as_str())]
    Failed(Label),
    #[error("the synthesiser cannot be reached; is its address right, and is it running?")]
    Unreachable,
    #[error("the synthesiser at this address is not believed: {0}")]
    Untrusted(Distrust),
    #[error(
        "the synthesiser refused with status {0}; are its secret, its model's and its voice's name right?"
    )]
    Refused(u16),
    #[error("the synthesiser broke off in mid-sentence; its own log says why")]
    Gone,
    #[error("the synthesiser sent more than any prompt is long; is it of another kind?")]
    TooLong,
    #[error("what the synthesiser gave is no sound: {0}; it must answer with a WAV file of 16-bit PCM")]
    Garbled(WavError),
    #[error("what the synthesiser gave is silence; try another voice")]
    Silent,
    #[error(
        "the synthesiser failed again and again, so the other texts were not tried; set it right, then start Tandem again"
    )]
    GivenUp,
    #[error("the synthesiser is slow, so calls did not wait for it")]
    Later,
}

impl Unspoken {
    /// Whether the next text would fail in the same way.
    pub fn concerns_all(&self) -> bool {
        match self {
            Self::NoEspeak
            | Self::Missing(_)
            | Self::Run(_)
            | Self::Unreachable
            | Self::Untrusted(_)
            | Self::GivenUp => true,
            Self::Refused(status) => [401, 403, 404].contains(status),
            _ => false,
        }
    }
}

/// One text, spoken within the patience of whoever speaks it.
pub async fn speak(by: &dyn Synthesizer, text: &str) -> Result<Wav, Unspoken> {
    let patience = by.patience();
    let bytes = timeout(patience, by.speak(text)).await.map_err(|_| Unspoken::Slow(patience))??;
    if wav::is_cut(&bytes) {
        return Err(Unspoken::Gone);
    }
    let sound = Wav::parse(&bytes).map_err(Unspoken::Garbled)?;
    plausible(text, &sound)?;
    Ok(sound)
}

/// Nobody speaks faster: a shorter sound breaks off.
const FASTEST: f64 = 40.0;
const FASTEST_WIDE: f64 = 14.0;
/// Nobody speaks so slowly that a letter takes this many seconds, and so many at the ends.
const SLOWEST: f64 = 2.0;
const ENDS: f64 = 10.0;
/// The loudest sample of what is as good as silent.
const SILENT: u16 = 100;

/// Whether this can be the whole text, spoken.
fn plausible(text: &str, sound: &Wav) -> Result<(), Unspoken> {
    let spoken = text.chars().filter(|c| c.is_alphanumeric());
    let (wide, slim) = spoken.fold((0.0, 0.0), |(wide, slim), c| match c {
        '\u{2E80}'.. => (wide + 1.0, slim),
        _ => (wide, slim + 1.0),
    });
    let frames = sound.samples.len() / usize::from(sound.channels.max(1));
    let seconds = frames as f64 / f64::from(sound.rate);
    if seconds < wide / FASTEST_WIDE + slim / FASTEST {
        return Err(Unspoken::Gone);
    }
    if seconds > ENDS + SLOWEST * (wide + slim) {
        return Err(Unspoken::TooLong);
    }
    let loudest = sound.samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or_default();
    if wide + slim > 0.0 && loudest < SILENT { Err(Unspoken::Silent) } else { Ok(()) }
}

/// A short name of what makes a voice, in which none of it stands.
fn fingerprint(kind: &str, parts: &[&str]) -> SmolStr {
    let mut whole = Vec::new();
    for part in parts {
        whole.extend((part.len() as u64).to_le_bytes());
        whole.extend(part.as_bytes());
    }
    let hash = digest(&SHA256, &whole);
    let short: String = hash.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    format_smolstr!("{kind} {short}")
}

/// Who speaks which language.
#[derive(Clone)]
pub struct Synthesizers {
    named: BTreeMap<Locale, Arc<dyn Synthesizer>>,
    makeshift: BTreeMap<Locale, Arc<dyn Synthesizer>>,
}

impl Default for Synthesizers {
    /// espeak-ng speaks all.
    fn default() -> Self {
        Self::new(Espeak::PROGRAM, [])
    }
}

impl Synthesizers {
    /// `espeak` is espeak-ng's program, which speaks what nobody else speaks.
    pub fn new(
        espeak: impl AsRef<std::path::Path>,
        named: impl IntoIterator<Item = (Locale, Arc<dyn Synthesizer>)>,
    ) -> Self {
        let usual = |locale| Arc::new(Espeak::usual(espeak.as_ref(), locale)) as Arc<dyn Synthesizer>;
        let makeshift = [Locale::Chinese, Locale::English].map(|locale| (locale, usual(locale))).into();
        Self { named: named.into_iter().collect(), makeshift }
    }

    /// Who speaks a language first, and who steps in after.
    pub fn of(&self, locale: Locale) -> impl Iterator<Item = &Arc<dyn Synthesizer>> {
        self.named.get(&locale).into_iter().chain(self.makeshift.get(&locale))
    }
}

#[cfg(test)]
pub(crate) mod tests;
