//! Makes all prompts of a site before they are needed; what is there already is kept.

use std::{
    collections::BTreeMap,
    fs::{self, File, Permissions},
    io::{self, Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use smol_str::SmolStr;
use tokio::task::spawn_blocking;

use super::{
    phrase, recorded, resample,
    speech::{self, SpeechError},
    spoken, talk,
    tone::Tone,
    toned,
};
use crate::{
    base::wav::Wav,
    infra::site::{Codes, Locale, Prompt, Site, Step},
    ports::engine::PromptId,
};

const PROGRAM: &str = "espeak-ng";
/// Processes at a time.
const LANES: usize = 2;
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
}

/// What is heard under one id.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    Text(Locale, SmolStr),
    Recording(PathBuf),
    Tone(Tone),
}

/// Makes every prompt of `site` that is not yet in `folder`, and tells after each how far it is.
pub async fn prepare(site: &Site, folder: &Path, told: impl FnMut(Progress)) -> Prepared {
    with(PROGRAM, site, folder, told).await
}

/// Makes the words of the house and of conversations, if the site has anything that speaks them. They are many, and no call waits for
/// them: this may run while calls do.
pub async fn prepare_phrases(site: &Site, folder: &Path, told: impl FnMut(Progress)) -> Prepared {
    make_all(PROGRAM, phrases(site), folder, told).await
}

async fn with(program: &str, site: &Site, folder: &Path, told: impl FnMut(Progress)) -> Prepared {
    make_all(program, sources(site), folder, told).await
}

async fn make_all(
    program: &str,
    sources: BTreeMap<PromptId, Source>,
    folder: &Path,
    mut told: impl FnMut(Progress),
) -> Prepared {
    let mut prepared = Prepared::default();
    let all = sources.len();
    let made_folder = fs::create_dir_all(folder).map(|()| sweep(folder));
    // Each lane finds out for itself whether the program hangs; after that nobody waits for it any more.
    let hung = &AtomicUsize::new(0);
    let mut outcomes = stream::iter(sources)
        .map(|(id, source)| {
            let target = folder.join(format!("{id}.wav"));
            async move {
                let outcome = match source {
                    Source::Text(..) if hung.load(Ordering::Relaxed) >= LANES => Err(SpeechError::Hung),
                    source => make(program, source, target).await,
                };
                if matches!(outcome, Err(SpeechError::Slow)) {
                    hung.fetch_add(1, Ordering::Relaxed);
                }
                (id, outcome)
            }
        })
        .buffer_unordered(LANES);
    if let Err(error) = made_folder {
        prepared.failed.push((PromptId::new([0; 16]), SpeechError::File(error)));
        return prepared;
    }
    let mut done = 0;
    while let Some((id, outcome)) = outcomes.next().await {
        done += 1;
        match outcome {
            Ok(true) => prepared.made += 1,
            Ok(false) => prepared.kept += 1,
            Err(error) => {
                let known = |e: &SpeechError| std::mem::discriminant(e) == std::mem::discriminant(&error);
                if !error.concerns_all() || !prepared.failed.iter().any(|(_, e)| known(e)) {
                    prepared.failed.push((id, error));
                }
            }
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
            Step::Play { .. }
            | Step::Queue { .. }
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
    if speaks(site) || site.dialing.codes != Codes::default() {
        all.extend(Tone::ALL.map(|tone| (toned(tone), Source::Tone(tone))));
    }
    all
}

/// Whether somebody hears words of the house: at a mailbox, or before a conference that has a PIN.
fn speaks(site: &Site) -> bool {
    site.extensions.values().any(|extension| extension.mailbox.is_some())
        || site.dialing.conferences.values().any(|conference| conference.pin_file.is_some())
}

/// The words of the house that this site needs, and those of its conversations.
fn phrases(site: &Site) -> BTreeMap<PromptId, Source> {
    let talks = talk::texts(site);
    if !speaks(site) && talks.is_empty() {
        return BTreeMap::new();
    }
    let all =
        site.languages.iter().flat_map(|locale| phrase::texts(*locale).map(move |text| (*locale, text)));
    let all = all.chain(talks);
    all.map(|(locale, text)| (spoken(locale, &text), Source::Text(locale, text))).collect()
}

/// Whether it had to be made.
async fn make(program: &str, source: Source, target: PathBuf) -> Result<bool, SpeechError> {
    match source {
        Source::Text(locale, text) => {
            let there = target.clone();
            if blocking(move || Ok(playable(&there))).await? {
                return Ok(false);
            }
            let sound = speech::speak(program, locale, &text).await?;
            blocking(move || {
                let sound = resample::level(resample::to_telephone(&sound));
                write(&target, &sound.to_bytes()).map_err(SpeechError::File)
            })
            .await?;
            Ok(true)
        }
        Source::Tone(tone) => {
            blocking(move || {
                let fresh = playable(&target);
                if !fresh {
                    write(&target, &tone.sound().to_bytes()).map_err(SpeechError::File)?;
                }
                Ok(!fresh)
            })
            .await
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
            .await
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SpeechError> + Send + 'static,
) -> Result<T, SpeechError> {
    spawn_blocking(work).await.map_err(|error| SpeechError::File(io::Error::other(error)))?
}

fn playable(path: &Path) -> bool {
    read(path).is_ok_and(|bytes| Wav::parse(&bytes).is_ok_and(|wav| wav.rate == 8000 && wav.channels == 1))
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
