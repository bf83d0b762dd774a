//! Makes all prompts of a site before they are needed; what is there already is kept.

use std::{
    collections::BTreeMap,
    fs::{self, File, Permissions},
    io::{self, Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use futures_util::{StreamExt, stream};
use smol_str::SmolStr;
use tokio::task::spawn_blocking;

use super::{
    recorded, resample,
    speech::{self, SpeechError},
    spoken,
};
use crate::{
    base::wav::Wav,
    infra::site::{Locale, Prompt, Site, Step},
    ports::engine::PromptId,
};

const PROGRAM: &str = "espeak-ng";
/// Processes at a time.
const LANES: usize = 2;
const MAX_FILE: u64 = 64 << 20;

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
}

/// Makes every prompt of `site` that is not yet in `folder`, and tells after each how far it is.
pub async fn prepare(site: &Site, folder: &Path, told: impl FnMut(Progress)) -> Prepared {
    with(PROGRAM, site, folder, told).await
}

async fn with(program: &str, site: &Site, folder: &Path, mut told: impl FnMut(Progress)) -> Prepared {
    let mut prepared = Prepared::default();
    let sources = sources(site);
    let all = sources.len();
    let made_folder = fs::create_dir_all(folder);
    let mut outcomes = stream::iter(sources)
        .map(|(id, source)| {
            let target = folder.join(format!("{id}.wav"));
            async move { (id, make(program, source, target).await) }
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
            | Step::Hangup => {}
        }
    }
    for step in steps() {
        if let Step::Play { file, .. } = step {
            all.insert(recorded(file), Source::Recording(file.clone()));
        }
    }
    all
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

/// Whole or not at all; readable for the engine, whoever runs it.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let draft = path.with_extension(format!("{}-{count}.part", std::process::id()));
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
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::{infra::site, ports::media};

    fn example() -> Site {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/small");
        site::load(&path).expect("the example is clean")
    }

    fn run(program: &str, site: &Site, folder: &Path) -> (Prepared, Vec<Progress>) {
        let mut progress = Vec::new();
        let runtime = tokio::runtime::Runtime::new().expect("runtime");
        let prepared = runtime.block_on(with(program, site, folder, |p| progress.push(p)));
        (prepared, progress)
    }

    #[test]
    fn every_prompt_of_the_example_is_made_once_and_then_kept() {
        let (site, folder) = (example(), tempfile::tempdir().expect("folder"));
        let (first, progress) = run(PROGRAM, &site, folder.path());
        assert!(first.failed.is_empty(), "{:?}", first.failed);
        assert_eq!(progress.last(), Some(&Progress { done: first.made, all: first.made }));
        for step in site.flows.values().flat_map(|f| f.steps.values()) {
            let Step::Say { prompt, .. } = step else { continue };
            for locale in &site.languages {
                let media = media::prompt(prompt, *locale).expect("a text");
                let media::Media::Prompt(id) = media;
                let wav = read(&folder.path().join(format!("{id}.wav"))).expect("made");
                let wav = Wav::parse(&wav).expect("wav");
                assert_eq!((wav.rate, wav.channels), (8000, 1));
                assert!(wav.samples.len() > 8000, "{} is shorter than a second", prompt.0[locale]);
                assert!(
                    wav.samples.iter().any(|s| s.unsigned_abs() > 15_000),
                    "{} is silent",
                    prompt.0[locale]
                );
            }
        }
        let began = Instant::now();
        let (second, _) = run("program-that-is-not-there", &site, folder.path());
        assert_eq!((second.made, second.kept), (0, first.made), "{:?}", second.failed);
        assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
        let parts = fs::read_dir(folder.path()).expect("folder").flatten();
        assert_eq!(parts.filter(|e| e.path().extension().is_none_or(|x| x != "wav")).count(), 0);
    }

    #[test]
    fn a_missing_program_is_told_once_and_leaves_nothing_behind() {
        let (site, folder) = (example(), tempfile::tempdir().expect("folder"));
        let (prepared, progress) = run("program-that-is-not-there", &site, folder.path());
        assert!(matches!(&prepared.failed[..], [(_, SpeechError::Missing)]), "{:?}", prepared.failed);
        assert_eq!(prepared.made + prepared.kept, 0);
        assert!(progress.len() > 10 && progress.last().is_some_and(|p| p.done == p.all));
        assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 0);
    }

    #[test]
    fn a_damaged_file_is_made_anew_and_a_changed_recording_too() {
        let (mut site, folder) = (example(), tempfile::tempdir().expect("folder"));
        let sound = folder.path().join("jingle");
        let flow = site.flows.values_mut().next().expect("a flow");
        let next = flow.start.clone();
        flow.steps.clear();
        flow.steps.insert(next.clone(), Step::Play { file: sound.clone(), next });
        site.flows
            .retain(|_, flow| flow.steps.len() == 1 && matches!(flow.steps[&flow.start], Step::Play { .. }));
        site.queues.clear();
        let stereo = |value| Wav { rate: 16_000, channels: 2, samples: vec![value; 32_000] }.to_bytes();
        fs::write(&sound, stereo(1000)).expect("write");
        let prompts = folder.path().join("prompts");
        assert_eq!(run(PROGRAM, &site, &prompts).0.made, 1);
        assert_eq!(run(PROGRAM, &site, &prompts).0.kept, 1);
        fs::write(&sound, stereo(2000)).expect("write");
        assert_eq!(run(PROGRAM, &site, &prompts).0.made, 1);
        let media::Media::Prompt(id) = media::recording(&sound);
        let made = prompts.join(format!("{id}.wav"));
        let wav = Wav::parse(&read(&made).expect("made")).expect("wav");
        assert_eq!((wav.samples.len(), wav.samples[4000]), (8000, 2000));
        fs::write(&made, b"half a fi").expect("write");
        assert_eq!(run(PROGRAM, &site, &prompts).0.made, 1);
        assert!(playable(&made));
    }
}
