//! Who hears the callers of a site and who speaks to them, and what is missing for that.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Dialect, Http, HttpSettings, NoAddress, NoEndpoint, Primer, Program, Recognizer, Recognizers, Socket,
    Sphinx, SphinxSettings, Synthesizer, Synthesizers,
    synthesis::{Espeak, HttpVoice, HttpVoiceSettings, SpokenByProgram},
};
use crate::{
    base::id::Name,
    infra::{
        remote::{Authorities, NoAuthorities},
        site::{
            Ask, Flow, Hearer, Hears, Locale, Prompt, Site, Speaker, Speaks, Step, Talk, samples,
            secret::{self, SecretError},
        },
    },
    ports::engine::Detector,
};

/// Why nobody hears a language.
#[derive(Debug, thiserror::Error)]
pub enum SpeechFault {
    #[error(
        "nobody hears Chinese, callers use keys: run a Vosk or FunASR server and name it under `speech` in site.yaml (docs/speech.md)"
    )]
    NoChinese,
    #[error(
        "nobody hears English, callers use keys: apt-get install pocketsphinx pocketsphinx-en-us, or name another recogniser under `speech` in site.yaml"
    )]
    NotInstalled,
    #[error(
        "the engine has no recogniser of its own, callers use keys: name a server instead under `speech` in site.yaml (docs/speech.md)"
    )]
    NotByEngine(Locale),
    #[error("the recogniser cannot be prepared: {0}; Tandem's user needs its state folder and space in it")]
    Folder(#[from] io::Error),
    #[error(transparent)]
    Address(#[from] NoAddress),
    #[error(transparent)]
    Endpoint(#[from] NoEndpoint),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Authorities(#[from] NoAuthorities),
}

impl SpeechFault {
    /// Whether it is the reason why this language is not heard; others may be the reason for any.
    pub fn concerns(&self, locale: Locale) -> bool {
        match self {
            Self::NoChinese => locale == Locale::Chinese,
            Self::NotInstalled | Self::Folder(_) => locale == Locale::English,
            Self::NotByEngine(of) => *of == locale,
            Self::Address(_) | Self::Endpoint(_) | Self::Secret(_) | Self::Authorities(_) => true,
        }
    }
}

/// The recognisers that the conversations of a site need. `folder` is theirs alone. What is missing is told; callers
/// of that language use keys. Reads files, takes a fraction of a second.
pub fn of_site(site: &Site, folder: &Path) -> (Recognizers, Vec<SpeechFault>) {
    let mut faults = Vec::new();
    let mut all: Vec<(Locale, Arc<dyn Recognizer>)> = Vec::new();
    let mut by_engine = Vec::new();
    let spoken = site.languages.iter().filter(|_| talks(site).next().is_some());
    for locale in spoken {
        let usual = Hearer::usual(*locale);
        let hearer = site.speech.get(locale).unwrap_or(&usual);
        if let Some(detector) = detector(hearer) {
            if site.engine.kind.detects() {
                by_engine.push((*locale, detector));
            } else {
                faults.push(SpeechFault::NotByEngine(*locale));
            }
            continue;
        }
        match recognizer(hearer, *locale, site, folder) {
            Ok(found) => all.extend(found.map(|found| (*locale, found))),
            Err(fault) => faults.push(fault),
        }
    }
    (Recognizers::new(all).and_by_engine(by_engine), faults)
}

fn detector(hearer: &Hearer) -> Option<Detector> {
    let Hears::Engine { module, grammar, profile, params } = &hearer.hears else { return None };
    Some(Detector {
        module: module.clone(),
        grammar: grammar.clone(),
        profile: profile.clone(),
        params: params.clone(),
        patience: hearer.patience,
    })
}

/// Who speaks each language of a site. Who cannot is told, and espeak-ng speaks in their place.
pub fn voices_of_site(site: &Site) -> (Synthesizers, Vec<SpeechFault>) {
    let mut faults = Vec::new();
    let mut named = Vec::new();
    for (locale, speaker) in site.voices.iter().filter(|(locale, _)| site.languages.contains(locale)) {
        match synthesizer(speaker, *locale) {
            Ok(found) => named.push((*locale, found)),
            Err(fault) => faults.push(fault),
        }
    }
    (Synthesizers::new(Espeak::PROGRAM, named), faults)
}

fn synthesizer(speaker: &Speaker, locale: Locale) -> Result<Arc<dyn Synthesizer>, SpeechFault> {
    let patience = speaker.patience;
    Ok(match &speaker.speaks {
        Speaks::Espeak { voice, speed } => {
            let usual = Espeak::usual(Path::new(Espeak::PROGRAM), locale);
            let voice = voice.clone().unwrap_or_else(|| usual.voice.clone());
            Arc::new(Espeak { voice, speed: *speed, patience, ..usual })
        }
        Speaks::Program { command } => Arc::new(SpokenByProgram { command: command.clone(), patience }),
        Speaks::Http { url, model, voice, key_file, ca_file } => {
            let secret = key_file.as_deref().map(secret::read_key).transpose()?;
            let authorities = authorities(ca_file.as_ref())?;
            let (url, model, voice) = (url.to_string(), model.clone(), voice.clone());
            Arc::new(HttpVoice::new(HttpVoiceSettings { url, model, voice, secret, authorities, patience })?)
        }
    })
}

fn recognizer(
    hearer: &Hearer,
    locale: Locale,
    site: &Site,
    folder: &Path,
) -> Result<Option<Arc<dyn Recognizer>>, SpeechFault> {
    let patience = hearer.patience;
    let socket = |url: &str, ca_file: &Option<PathBuf>, dialect| -> Result<_, SpeechFault> {
        Ok(Socket::new(url, authorities(ca_file.as_ref())?, dialect, patience)?)
    };
    Ok(Some(match &hearer.hears {
        // Only who says so is heard by nobody without a word.
        Hears::Nobody if site.speech.contains_key(&locale) => return Ok(None),
        Hears::Engine { .. } => return Ok(None),
        Hears::Nobody => return Err(SpeechFault::NoChinese),
        Hears::Pocketsphinx { workers } => {
            let settings =
                SphinxSettings { workers: usize::from(*workers), patience, ..SphinxSettings::default() };
            if !settings.installed() {
                return Err(SpeechFault::NotInstalled);
            }
            Arc::new(Sphinx::prime(settings, folder, &primers(site))?)
        }
        Hears::Program { command } => {
            let command = command.iter().map(OsString::from).collect();
            Arc::new(Program { command, patience })
        }
        Hears::Vosk { url, ca_file } => Arc::new(socket(url, ca_file, Dialect::Vosk)?),
        Hears::Funasr { url, ca_file } => Arc::new(socket(url, ca_file, Dialect::Funasr)?),
        Hears::Http { url, model, key_file, ca_file } => {
            let secret = key_file.as_deref().map(secret::read_key).transpose()?;
            let (url, model, authorities) = (url.to_string(), model.clone(), authorities(ca_file.as_ref())?);
            Arc::new(Http::new(HttpSettings { url, model, secret, authorities, patience })?)
        }
    }))
}

fn authorities(file: Option<&PathBuf>) -> Result<Option<Authorities>, NoAuthorities> {
    file.map(|file| Authorities::read(file)).transpose()
}

/// The flows in which callers are listened to.
pub fn conversations(site: &Site) -> impl Iterator<Item = &Name> {
    talks(site).map(|(flow, _)| flow)
}

fn talks(site: &Site) -> impl Iterator<Item = (&Name, &Talk)> {
    let steps = site.flows.iter().flat_map(|(name, flow)| flow.steps.values().map(move |step| (name, step)));
    steps.filter_map(|(name, step)| match step {
        Step::Talk(talk) => Some((name, talk.as_ref())),
        _ => None,
    })
}

/// What callers say who are asked how it was.
const ANSWERS: [&str; 9] = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

/// What callers of each conversation say in English.
fn primers(site: &Site) -> BTreeMap<Name, Primer> {
    let names: Vec<String> =
        site.extensions.values().flat_map(|extension| extension.names()).map(str::to_owned).collect();
    let mut all: BTreeMap<Name, Primer> = BTreeMap::new();
    for (flow, talk) in talks(site) {
        let primer = all.entry(flow.clone()).or_default();
        primer.names.clone_from(&names);
        primer.sentences.extend(said(talk.samples.as_ref()));
        let prompt = |prompt: &Prompt| prompt.0.get(&Locale::English).map(ToString::to_string);
        primer.sentences.extend(talk.topics.values().filter_map(|topic| prompt(&topic.title)));
        let shortcuts = talk.shortcuts.iter().flat_map(|shortcut| &shortcut.words);
        primer.sentences.extend(shortcuts.map(ToString::to_string));
        for slot in talk.slots.values() {
            if let Ask::Choice(choices) = &slot.ask {
                primer.sentences.extend(choices.iter().filter_map(|choice| prompt(&choice.title)));
                primer
                    .sentences
                    .extend(choices.iter().flat_map(|choice| &choice.words).map(ToString::to_string));
            }
        }
    }
    for flow in rated(site) {
        all.entry(flow.clone()).or_default().sentences.extend(ANSWERS.map(str::to_owned));
    }
    all
}

/// The flows in which callers say how it was.
fn rated(site: &Site) -> impl Iterator<Item = &Name> {
    let rates = |flow: &Flow| flow.steps.values().any(|step| matches!(step, Step::Rate(_)));
    site.flows.iter().filter(move |(_, flow)| rates(flow)).map(|(name, _)| name)
}

/// Samples that cannot be read prime nobody; the check of the site says why.
fn said(file: Option<&PathBuf>) -> Vec<String> {
    let read = file.and_then(|file| samples::load(file).ok());
    let all = read.into_iter().flat_map(|read| read.said);
    all.filter(|said| said.locale == Locale::English).map(|said| said.text).collect()
}

#[cfg(test)]
mod tests;
