//! Makes all prompts of a site before they are needed; what is there already is kept.

use std::{
    collections::BTreeMap,
    fs::{self, File, Permissions},
    io::{self, Read, Write},
    mem::discriminant,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use smol_str::SmolStr;
use tokio::task::spawn_blocking;

use super::{
    phrase, recorded, resample, spoken, talk,
    tone::Tone,
    toned,
    turn::{Turn, Turns},
};
use crate::{
    base::wav::{self, Wav, WavError},
    infra::site::{Codes, Locale, Prompt, Site, Step},
    ports::{
        engine::PromptId,
        speech::{Synthesizers, Unspoken},
    },
};

/// Prompts made at a time.
pub(super) const LANES: usize = 2;
/// So long calls wait for the synthesisers that the site names; then espeak-ng steps in, until they have come to it.
const WITHIN: Duration = Duration::from_secs(20);
const MAX_FILE: u64 = 64 << 20;
const DRAFT: &str = "part";
const OLD_DRAFT: Duration = Duration::from_hours(1);

/// How far `prepare` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub done: usize,
    pub all: usize,
}

/// What `prepare` did.
#[derive(Debug, Default)]
pub struct Prepared {
    /// Made now.
    pub made: usize,
    /// There already.
    pub kept: usize,
    /// What callers will not hear, and why; a fault that concerns all is told once.
    pub failed: Vec<(PromptId, SpeechError)>,
    /// What they hear in another voice than the site names, and why.
    pub instead: Vec<(PromptId, Unspoken)>,
}

/// Why a prompt could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SpeechError {
    #[error(transparent)]
    Unspoken(#[from] Unspoken),
    #[error("the recording cannot be used: {0}; convert it to 16-bit PCM WAV")]
    Recording(WavError),
    #[error(
        "a prompt's file cannot be written or read: {0}; the folder needs space, and Tandem's user must own it"
    )]
    File(io::Error),
}

impl SpeechError {
    /// Whether it is told already when this one was told for another prompt.
    fn is_told_by(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unspoken(one), Self::Unspoken(other)) => {
                one.concerns_all() && discriminant(one) == discriminant(other)
            }
            _ => false,
        }
    }
}

/// What is heard under one id.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    Text(Locale, SmolStr),
    Recording(PathBuf),
    Tone(Tone),
}

/// Makes every prompt of `site` that is not yet in `folder`, and tells after each how far it is. Calls wait for this:
/// whoever the site names as synthesiser has so much time and no more.
pub async fn prepare(
    site: &Site,
    voices: &Synthesizers,
    folder: &Path,
    told: impl FnMut(Progress),
) -> Prepared {
    make_all(&Turns::new(voices, Some(WITHIN)), sources(site), folder, told).await
}

/// Makes the words of the house and the values in conversations, if the site has anything that speaks them. They are many,
/// and no call waits for them: this may run while calls do. What another voice had to speak before is spoken anew.
pub async fn prepare_phrases(
    site: &Site,
    voices: &Synthesizers,
    folder: &Path,
    told: impl FnMut(Progress),
) -> Prepared {
    let mut all = phrases(site);
    if !site.voices.is_empty() {
        all.extend(sources(site));
    }
    make_all(&Turns::new(voices, None), all, folder, told).await
}

async fn make_all(
    turns: &Turns,
    sources: BTreeMap<PromptId, Source>,
    folder: &Path,
    mut told: impl FnMut(Progress),
) -> Prepared {
    let mut prepared = Prepared::default();
    let all = sources.len();
    if let Err(error) = fs::create_dir_all(folder).map(|()| sweep(folder)) {
        prepared.failed.push((PromptId::new([0; 16]), SpeechError::File(error)));
        return prepared;
    }
    let mut outcomes = stream::iter(sources)
        .map(|(id, source)| {
            let target = folder.join(format!("{id}.wav"));
            async move { (id, make(turns, source, target).await) }
        })
        .buffer_unordered(LANES);
    let mut done = 0;
    while let Some((id, outcome)) = outcomes.next().await {
        done += 1;
        match outcome {
            Ok(Made { anew, instead }) => {
                prepared.made += usize::from(anew);
                prepared.kept += usize::from(!anew);
                prepared.instead.extend(instead.map(|why| (id, why)));
            }
            Err(error) if prepared.failed.iter().any(|(_, told)| error.is_told_by(told)) => {}
            Err(error) => prepared.failed.push((id, error)),
        }
        told(Progress { done, all });
    }
    prepared
}

/// Everything that callers of this site may hear.
fn sources(site: &Site) -> BTreeMap<PromptId, Source> {
    let mut all = BTreeMap::new();
    let mut add = |prompt: &Prompt| {
        for locale in &site.languages {
            if let Some((locale, text)) = prompt.0.get_key_value(locale).or_else(|| prompt.0.iter().next()) {
                all.insert(spoken(*locale, text), Source::Text(*locale, text.clone()));
            }
        }
    };
    site.queues.values().filter_map(|queue| queue.greeting.as_ref()).for_each(&mut add);
    let mailboxes = site.extensions.values().filter_map(|extension| extension.mailbox.as_ref());
    mailboxes.filter_map(|mailbox| mailbox.greeting.as_ref()).for_each(&mut add);
    let steps = || site.flows.values().flat_map(|flow| flow.steps.values());
    for step in steps() {
        match step {
            Step::Say { prompt, .. } => add(prompt),
            Step::Menu(menu) => {
                add(&menu.prompt);
                menu.invalid.iter().for_each(&mut add);
            }
            Step::Collect(collect) => {
                add(&collect.prompt);
                collect.invalid.iter().for_each(&mut add);
            }
            Step::Rate(rate) => {
                add(&rate.prompt);
                rate.invalid.iter().for_each(&mut add);
            }
            Step::Play { .. }
            | Step::Queue { .. }
            | Step::Route { .. }
            | Step::Transfer { .. }
            | Step::Hours { .. }
            | Step::Voicemail { .. }
            | Step::Talk(_)
            | Step::Flow(_)
            | Step::Hangup => {}
        }
    }
    for step in steps() {
        if let Step::Play { file, .. } = step {
            all.insert(recorded(file), Source::Recording(file.clone()));
        }
    }
    all.extend(texts(talk::lines(site)));
    if speaks(site) || site.dialing.codes != Codes::default() {
        all.extend(Tone::ALL.map(|tone| (toned(tone), Source::Tone(tone))));
    }
    all
}

/// Whether somebody hears words of the house: at a mailbox, before a conference that has a PIN, or in a queue.
fn speaks(site: &Site) -> bool {
    site.extensions.values().any(|extension| extension.mailbox.is_some())
        || site.queues.values().any(|queue| queue.announce.is_some())
        || site.dialing.conferences.values().any(|conference| conference.pin_file.is_some())
}

/// The words of the house that this site needs, and the values that its conversations may name.
fn phrases(site: &Site) -> BTreeMap<PromptId, Source> {
    let talks = talk::values(site);
    if !speaks(site) && talks.is_empty() {
        return BTreeMap::new();
    }
    let all =
        site.languages.iter().flat_map(|locale| phrase::texts(*locale).map(move |text| (*locale, text)));
    texts(all.chain(talks)).collect()
}

fn texts(all: impl IntoIterator<Item = (Locale, SmolStr)>) -> impl Iterator<Item = (PromptId, Source)> {
    all.into_iter().map(|(locale, text)| (spoken(locale, &text), Source::Text(locale, text)))
}

/// A prompt that is there.
#[derive(Debug)]
struct Made {
    anew: bool,
    /// Why another than the first voice speaks.
    instead: Option<Unspoken>,
}

async fn make(turns: &Turns, source: Source, target: PathBuf) -> Result<Made, SpeechError> {
    let anew = match source {
        Source::Text(locale, text) => return say(turns.of(locale), &text, target).await,
        Source::Tone(tone) => {
            blocking(move || {
                let fresh = playable(&target);
                if !fresh {
                    write(&target, &tone.sound().to_bytes()).map_err(SpeechError::File)?;
                }
                Ok(!fresh)
            })
            .await?
        }
        Source::Recording(file) => {
            blocking(move || {
                let bytes = read(&file).map_err(SpeechError::File)?;
                let sound =
                    resample::to_telephone(&Wav::parse(&bytes).map_err(SpeechError::Recording)?).to_bytes();
                let fresh = read(&target).is_ok_and(|there| there == sound);
                if !fresh {
                    write(&target, &sound).map_err(SpeechError::File)?;
                }
                Ok(!fresh)
            })
            .await?
        }
    };
    Ok(Made { anew, instead: None })
}

/// By the first who can. A file that another voice made counts for nothing, but stays where nobody can speak: old
/// words are better than none.
async fn say(turns: impl Iterator<Item = &Turn>, text: &str, target: PathBuf) -> Result<Made, SpeechError> {
    let there = target.clone();
    let maker = blocking(move || Ok(maker(&there))).await?;
    let mut instead = None;
    for turn in turns {
        if maker.as_ref() == Some(&turn.voice) {
            return Ok(Made { anew: false, instead });
        }
        match turn.speak(text).await {
            Ok(sound) => {
                let voice = turn.voice.clone();
                blocking(move || {
                    let sound = resample::level(resample::to_telephone(&sound));
                    write(&target, &sound.to_bytes_by(&voice)).map_err(SpeechError::File)
                })
                .await?;
                return Ok(Made { anew: true, instead });
            }
            Err(why) => instead = Some(why),
        }
    }
    Err(SpeechError::Unspoken(instead.unwrap_or(Unspoken::GivenUp)))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SpeechError> + Send + 'static,
) -> Result<T, SpeechError> {
    spawn_blocking(work).await.map_err(|error| SpeechError::File(io::Error::other(error)))?
}

fn playable(path: &Path) -> bool {
    read(path).is_ok_and(|bytes| is_prompt(&bytes))
}

fn is_prompt(bytes: &[u8]) -> bool {
    !wav::is_cut(bytes) && Wav::parse(bytes).is_ok_and(|wav| wav.rate == 8000 && wav.channels == 1)
}

/// The voice that a prompt's file names.
fn maker(path: &Path) -> Option<SmolStr> {
    let bytes = read(path).ok().filter(|bytes| is_prompt(bytes))?;
    wav::maker(&bytes).map(SmolStr::from)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Removes drafts that a killed process left behind; nobody needs so long for one.
fn sweep(folder: &Path) {
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        let old = || path.metadata().ok()?.modified().ok()?.elapsed().ok().map(|age| age > OLD_DRAFT);
        if path.extension().is_some_and(|ending| ending == DRAFT) && old() == Some(true) {
            // What cannot be removed does no harm.
            let _ = fs::remove_file(path);
        }
    }
}

/// Whole or not at all; readable for the engine, whoever runs it.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let draft = path.with_extension(format!("{}-{count}.{DRAFT}", std::process::id()));
    let written = File::create(&draft).and_then(|mut file| {
        file.write_all(bytes)?;
        file.set_permissions(Permissions::from_mode(0o644))?;
        file.sync_all()?;
        fs::rename(&draft, path)
    });
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written
}

#[cfg(test)]
mod tests;
