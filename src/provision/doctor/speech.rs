//! Who hears callers and who speaks to them: each is given a few words, as a call would, and has its patience to answer.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use nix::unistd::geteuid;

use super::{
    Check, Findings,
    people::{self, Want},
};
use crate::{
    infra::site::{EngineKind, Hearer, Hears, Locale, Site, Speaker, Speaks},
    ports::{
        engine::{Detector, Ear, Hearing, freeswitch::console::Console},
        media,
        speech::{self, Recognizers, SpeechFault, Synthesizer, Unspoken, synthesis, trial},
    },
    provision::Target,
};

const DEAF: &str = "callers of this language are not heard and use keys";
const MUTE: &str = "espeak-ng speaks its prompts instead";
const ELSEWHERE: &str = "name another under `speech` in site.yaml, see docs/speech.md";
/// A telephone's.
const RATE: u32 = 8000;

pub(super) async fn look(site: &Site, state: &Path, up: bool, to: &mut Findings) {
    let folder = match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(error) => {
            return to.unseen(Check::Speech, format!("no folder for models: {error}"), "set TMPDIR");
        }
    };
    allowed(site, state, to);
    let (recognizers, faults) = speech::of_site(site, folder.path());
    for fault in &faults {
        match fault {
            // Nobody was named, and nobody is usual.
            SpeechFault::NoChinese => {
                let (what, remedy) = parted(fault);
                to.advice(Check::Speech, what, DEAF, remedy);
            }
            _ => add(fault, DEAF, to),
        }
    }
    let (voices, faults) = speech::voices_of_site(site);
    for fault in &faults {
        add(fault, MUTE, to);
    }

    let ears = site.languages.iter().map(|locale| ear(site, *locale, &recognizers, &voices, up));
    let speakers = site.languages.iter().filter_map(|locale| {
        let speaker = site.voices.get(locale)?;
        // Who could not be set up was told of.
        let voice = voices.of(*locale).next().filter(|_| voices.of(*locale).count() > 1)?;
        Some(mouth(*locale, speaker, Arc::clone(voice)))
    });
    let (ears, speakers) = tokio::join!(join_all(ears), join_all(speakers));
    to.0.extend(ears.into_iter().chain(speakers).flat_map(|one| one.0));
}

/// Whether somebody hears a language.
async fn ear(
    site: &Site,
    locale: Locale,
    recognizers: &Recognizers,
    voices: &speech::Synthesizers,
    up: bool,
) -> Findings {
    let (mut to, language) = (Findings::default(), language(locale));
    let Some(flow) = speech::conversations(site).next() else {
        to.well(Check::Speech, format!("no flow listens to {language}"));
        return to;
    };
    if let Some(detector) = recognizers.detector(locale) {
        of_engine(site, detector, up, &mut to).await;
        return to;
    }
    let usual = Hearer::usual(locale);
    let hearer = site.speech.get(&locale).unwrap_or(&usual);
    if !recognizers.hears(locale) {
        if hearer.hears == Hears::Nobody && site.speech.contains_key(&locale) {
            to.well(Check::Speech, format!("nobody hears {language}, as the site wants it"));
        }
        return to;
    }
    // What it is told is always the same: a fault is not the voice's.
    let Some(voice) = voices.of(locale).last() else { return to };
    let sound = match synthesis::speak(voice.as_ref(), words(locale)).await {
        Ok(sound) => media::to_rate(&sound, RATE),
        Err(error) => {
            let (what, remedy) = parted(&error);
            let what = format!("nothing could be said to {}: {what}", hears(&hearer.hears));
            to.unseen(Check::Speech, what, remedy);
            return to;
        }
    };
    let hearing = Hearing { locale, flow: flow.clone(), ear: Ear::Free };
    let named = format!("{} ({language})", hears(&hearer.hears));
    let tried = async {
        if matches!(hearer.hears, Hears::Pocketsphinx { .. }) {
            trial::warm(recognizers, &hearing, RATE).await?;
        }
        trial::hear(recognizers, &hearing, &sound, RATE, false).await
    };
    match tried.await.and_then(|heard| Ok((heard.words?, heard.delay))) {
        Ok((heard, delay)) if heard.is_empty() => {
            let what = format!("{named} answered {} without a word", took(delay));
            to.advice(Check::Speech, what, "a greeting was said to it", "is its model one of this language?");
        }
        Ok((_, delay)) => to.well(Check::Speech, format!("{named} had words {}", took(delay))),
        Err(error) => {
            let (what, remedy) = parted(&error);
            to.fault(Check::Speech, format!("{named}: {what}"), DEAF, remedy);
        }
    }
    to
}

/// Whether a named voice speaks.
async fn mouth(locale: Locale, speaker: &Speaker, voice: Arc<dyn Synthesizer>) -> Findings {
    let mut to = Findings::default();
    let named = format!("{} ({})", speaks(&speaker.speaks), language(locale));
    let began = Instant::now();
    match synthesis::speak(voice.as_ref(), words(locale)).await {
        Ok(_) => to.well(Check::Speech, format!("{named} spoke {}", took(began.elapsed()))),
        // The audio's check says it.
        Err(Unspoken::NoEspeak) => {}
        Err(error) => {
            let (what, remedy) = parted(&error);
            to.fault(Check::Speech, format!("{named}: {what}"), MUTE, remedy);
        }
    }
    to
}

/// Whether the engine has the module. Whether that one's server answers, only a call would show.
async fn of_engine(site: &Site, detector: &Detector, up: bool, to: &mut Findings) {
    let module = detector.module.split(':').next().unwrap_or_default();
    let named = format!("FreeSWITCH's own `{module}`");
    let settings = match Target::reach(&site.engine) {
        Ok(settings) if up && site.engine.kind == EngineKind::Freeswitch => settings,
        _ => return to.unseen(Check::Speech, named, "start the engine and look again"),
    };
    let listed = async { Console::open(&settings).await?.ask("show interfaces").await };
    match listed.await {
        Ok(listed) if listed.lines().any(|line| line.starts_with("asr,") && names(line, module)) => {
            to.well(Check::Speech, format!("{named} is loaded; whether its server answers, a call shows"));
        }
        Ok(listed) if listed.starts_with("type,") => {
            let remedy = format!("load the module that has it in modules.conf.xml, like mod_{module}");
            to.fault(Check::Speech, format!("{named} is not loaded"), DEAF, remedy);
        }
        Ok(listed) => {
            let first = listed.lines().next().unwrap_or_default();
            to.unseen(Check::Speech, format!("{named}: the engine does not tell: {first}"), "look again");
        }
        Err(error) => {
            to.unseen(Check::Speech, format!("{named}: {error}"), "look again");
        }
    }
}

/// `asr,unimrcp,mod_unimrcp`
fn names(line: &str, module: &str) -> bool {
    line.split(',').nth(1) == Some(module)
}

/// Whether the daemon's user, who is not always the one who looks, may run the programs and read the files.
fn allowed(site: &Site, state: &Path, to: &mut Findings) {
    let Some(daemon) = people::owner(state).filter(|_| geteuid().is_root()) else { return };
    let mut check = |want: Want, path: &Path, why: &str| {
        // What is not there is told by whoever is asked.
        if let Err(way) = daemon.may(want, path)
            && fs::metadata(path).is_ok()
        {
            let act = if matches!(want, Want::Run) { "run" } else { "read" };
            let what = format!("{} may not {act} {}: {way} is in the way", daemon.name, path.display());
            let remedy = format!("chown {} {} and open the way to it", daemon.name, path.display());
            to.fault(Check::Speech, what, why, remedy);
        }
    };
    for hearer in site.speech.values() {
        if let Hears::Program { command } = &hearer.hears {
            check(Want::Run, Path::new(&command[0]), DEAF);
        }
        let files: [&Option<PathBuf>; 2] = match &hearer.hears {
            Hears::Http { key_file, ca_file, .. } => [key_file, ca_file],
            Hears::Vosk { ca_file, .. } | Hears::Funasr { ca_file, .. } => [ca_file, &None],
            _ => [&None, &None],
        };
        files.into_iter().flatten().for_each(|file| check(Want::Read, file, DEAF));
    }
    for speaker in site.voices.values() {
        match &speaker.speaks {
            Speaks::Program { command } => check(Want::Run, Path::new(&command[0]), MUTE),
            Speaks::Http { key_file, ca_file, .. } => {
                key_file.iter().chain(ca_file).for_each(|file| check(Want::Read, file, MUTE));
            }
            Speaks::Espeak { .. } => {}
        }
    }
}

fn add(error: &dyn std::fmt::Display, why: &str, to: &mut Findings) {
    let (what, remedy) = parted(error);
    to.fault(Check::Speech, what, why, remedy);
}

/// What is wrong, and the remedy that its sentence names behind its semicolon or colon.
fn parted(error: &dyn std::fmt::Display) -> (String, String) {
    let text = error.to_string();
    let parts = text.rsplit_once("; ").or_else(|| text.split_once(": "));
    let (what, remedy) = parts.unwrap_or((&text, ELSEWHERE));
    (what.to_owned(), remedy.to_owned())
}

fn language(locale: Locale) -> &'static str {
    match locale {
        Locale::Chinese => "Chinese",
        Locale::English => "English",
    }
}

fn words(locale: Locale) -> &'static str {
    match locale {
        Locale::Chinese => "你好，我要查订单。",
        Locale::English => "hello, where is my order?",
    }
}

fn took(delay: Duration) -> String {
    format!("in {} ms", delay.as_millis())
}

fn hears(hears: &Hears) -> String {
    match hears {
        Hears::Pocketsphinx { .. } => "pocketsphinx".to_owned(),
        Hears::Program { command } => command[0].clone(),
        Hears::Vosk { url, .. } => format!("vosk at {url}"),
        Hears::Funasr { url, .. } => format!("funasr at {url}"),
        Hears::Http { url, .. } => format!("the recogniser at {url}"),
        Hears::Engine { module, .. } => format!("the engine's {module}"),
        Hears::Nobody => "nobody".to_owned(),
    }
}

fn speaks(speaks: &Speaks) -> String {
    match speaks {
        Speaks::Espeak { voice, .. } => {
            format!("espeak-ng{}", voice.as_ref().map_or_else(String::new, |voice| format!(" as {voice}")))
        }
        Speaks::Program { command } => command[0].clone(),
        Speaks::Http { url, .. } => format!("the synthesiser at {url}"),
    }
}
