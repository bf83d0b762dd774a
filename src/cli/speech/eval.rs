//! `tandem speech eval`: sentences are spoken, heard by the site's recogniser, and understood.

mod figures;

use std::{
    fs,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, future, stream};
use indicatif::{ProgressBar, ProgressStyle};

use self::figures::Figures;
use super::MeasureFault;
use crate::{
    base::id::Name,
    cli::{Common, Exit, Fault, check, show::print},
    infra::site::{self, Hearer, Locale, Site, Step, samples},
    language::{
        model::Model,
        sample::Sample,
        train::{Wanted, train},
    },
    ports::{
        engine::{Ear, Hearing},
        media,
        speech::{
            self, Recognizers, Synthesizer,
            synthesis::{self, Espeak},
            trial::{self, Heard},
        },
    },
};

/// espeak-ng's voices that speak in turn, with words a minute.
const ENGLISH: [(&str, u16); 4] = [("en-us", 140), ("en-us+f3", 160), ("en-gb", 150), ("en-us+m3", 175)];
const CHINESE: [(&str, u16); 3] = [("cmn", 140), ("cmn+f3", 160), ("cmn+m3", 175)];

const PATIENCE: Duration = Duration::from_secs(60);

/// Measure how well a flow's callers are heard and understood
///
/// Each sentence is spoken by espeak-ng in voices that take turns, or by the synthesiser that the site names, is heard by the site's
/// recogniser as fast as it is spoken, and understood by the flow's model.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The site's folder
    #[arg(long, value_name = "DIR", default_value = ".")]
    site: PathBuf,
    /// The flow whose samples prime the recogniser
    #[arg(long, value_name = "NAME")]
    flow: String,
    /// The callers' language
    #[arg(long, value_enum, value_name = "LANGUAGE", default_value_t = Language::En)]
    language: Language,
    /// Samples a second: 8000 as telephones have it, 16000 for wide-band
    #[arg(long, value_enum, value_name = "RATE", default_value_t = Rate::Wide)]
    rate: Rate,
    /// Hear without what the flow's callers are known to say
    #[arg(long)]
    unprimed: bool,
    /// Sentences with their intents, a JSON object on each line, of other hands than the flow's samples; else these samples themselves
    #[arg(long, value_name = "FILE")]
    sentences: Option<PathBuf>,
    /// At the most so many of them, evenly picked
    #[arg(long, value_name = "N")]
    most: Option<usize>,
    /// So many speak at once
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    at_once: u8,
    /// Let all of an utterance be heard at once instead of as fast as it is spoken; the delay is that of the whole then
    #[arg(long)]
    hurried: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Language {
    Zh,
    En,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Rate {
    #[value(name = "8000")]
    Telephone,
    #[value(name = "16000")]
    Wide,
}

impl Rate {
    fn hertz(self) -> u32 {
        match self {
            Self::Telephone => 8000,
            Self::Wide => 16_000,
        }
    }
}

/// Who speaks, who hears, and what is compared.
struct Trial {
    voices: Vec<Arc<dyn Synthesizer>>,
    recognizers: Recognizers,
    hearing: Hearing,
    rate: u32,
    hurried: bool,
}

pub(super) fn run(common: &Common, args: &Args) -> Result<Exit, Fault> {
    let Some(site) = site::check(&args.site).site else {
        return check::run(common, &check::Args { site: args.site.clone() });
    };
    let (flow, file) = talk(&site, &args.flow)?;
    let locale = match args.language {
        Language::Zh => Locale::Chinese,
        Language::En => Locale::English,
    };
    let learned = samples::load(&file).map_err(|why| MeasureFault::Unreadable {
        file: file.clone(),
        why: std::io::Error::other(why.to_string()),
    })?;
    let own: Vec<Sample> =
        learned.said.iter().map(|said| Sample::new(&said.text, said.intent.as_deref())).collect();
    let sentences = match &args.sentences {
        Some(file) => read(file)?,
        None => own.clone(),
    };
    let sentences = picked(sentences, locale, args.most);
    if sentences.is_empty() {
        return Err(MeasureFault::Empty(args.sentences.clone().unwrap_or(file)).into());
    }
    let model = train(&own, &Wanted::default(), &|_| {}).map_err(MeasureFault::from)?.model;
    let folder = Folder::new()?;
    let trial = Trial::of(&site, flow, locale, args, &folder.0)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Fault::Runtime)?;
    let began = Instant::now();
    let heard = runtime.block_on(trial.all(&sentences, usize::from(args.at_once)))?;
    let figures = Figures::of(&model, &sentences, &heard, began.elapsed());
    let text =
        if common.json { figures.json(args, &trial.names()) } else { figures.told(args, &trial.names()) };
    print(&text)?;
    Ok(Exit::Done)
}

fn talk(site: &Site, name: &str) -> Result<(Name, PathBuf), Fault> {
    let found = site.flows.iter().find(|(flow, _)| flow.as_str() == name);
    let (name, flow) = found.ok_or_else(|| Fault::NoSuch {
        what: "flow",
        name: name.to_owned(),
        among: site.flows.keys().map(ToString::to_string).collect(),
    })?;
    let samples = flow.steps.values().find_map(|step| match step {
        Step::Talk(talk) => talk.samples.clone(),
        _ => None,
    });
    Ok((name.clone(), samples.ok_or_else(|| MeasureFault::NoSamples(name.clone()))?))
}

fn read(file: &Path) -> Result<Vec<Sample>, MeasureFault> {
    let text =
        fs::read_to_string(file).map_err(|why| MeasureFault::Unreadable { file: file.to_owned(), why })?;
    Sample::lines(&text).map_err(|why| MeasureFault::Sentences { file: file.to_owned(), why })
}

/// Those of a language, at the most so many, evenly.
fn picked(mut sentences: Vec<Sample>, locale: Locale, most: Option<usize>) -> Vec<Sample> {
    let chinese = |text: &str| text.chars().any(|c| ('\u{4E00}'..='\u{9FFF}').contains(&c));
    sentences
        .retain(|sample| sample.says_something() && chinese(&sample.text) == (locale == Locale::Chinese));
    let (all, most) = (sentences.len(), most.unwrap_or(usize::MAX).max(1));
    if all <= most {
        return sentences;
    }
    (0..most).map(|n| sentences[n * all / most].clone()).collect()
}

impl Trial {
    fn of(site: &Site, flow: Name, locale: Locale, args: &Args, folder: &Path) -> Result<Self, MeasureFault> {
        let mut site = site.clone();
        if args.hurried {
            // Who hears all at once may need as long as it was.
            let usual = Some(Hearer::usual(locale)).filter(|_| locale == Locale::English);
            let own = site.speech.remove(&locale).or(usual);
            site.speech.extend(own.map(|own| (locale, Hearer { patience: PATIENCE, ..own })));
        }
        let site = &site;
        let (recognizers, faults) = speech::of_site(site, &folder.join("models"));
        if recognizers.detector(locale).is_some() {
            return Err(speech::Unheard::ByEngine.into());
        }
        if !recognizers.hears(locale) {
            let why = faults.into_iter().find(|fault| fault.concerns(locale));
            return Err(why.map_or(speech::Unheard::Nobody.into(), MeasureFault::from));
        }
        // A flow that nobody is primed for.
        let flow = if args.unprimed { "nobodys_flow".parse().expect("a name") } else { flow };
        let named = site.voices.get(&locale);
        let voices = if named.is_some() {
            speech::voices_of_site(site).0.of(locale).take(1).cloned().collect()
        } else {
            espeaks(locale)
        };
        let hearing = Hearing { locale, flow, ear: Ear::Free };
        Ok(Self { voices, recognizers, hearing, rate: args.rate.hertz(), hurried: args.hurried })
    }

    fn names(&self) -> Vec<String> {
        self.voices.iter().map(|voice| voice.voice().to_string()).collect()
    }

    async fn all(&self, sentences: &[Sample], at_once: usize) -> Result<Vec<Heard>, MeasureFault> {
        let warm = (0..at_once).map(|_| trial::warm(&self.recognizers, &self.hearing, self.rate));
        future::try_join_all(warm).await?;
        let style = ProgressStyle::with_template("{bar:40} {pos} of {len} heard, {eta} left");
        let bar = ProgressBar::new(sentences.len() as u64)
            .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let numbered = stream::iter(sentences.iter().enumerate());
        let mut all = numbered.map(|(at, sentence)| self.one(at, &sentence.text)).buffered(at_once);
        let mut heard = Vec::new();
        while let Some(one) = all.next().await {
            heard.push(one?);
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(heard)
    }

    async fn one(&self, at: usize, text: &str) -> Result<Heard, MeasureFault> {
        let sound = synthesis::speak(self.voices[at % self.voices.len()].as_ref(), text).await?;
        let sound = media::to_rate(&sound, self.rate);
        Ok(trial::hear(&self.recognizers, &self.hearing, &sound, self.rate, self.hurried).await?)
    }
}

fn espeaks(locale: Locale) -> Vec<Arc<dyn Synthesizer>> {
    let all = match locale {
        Locale::Chinese => &CHINESE[..],
        Locale::English => &ENGLISH[..],
    };
    let one = |(voice, speed): &(&str, u16)| {
        let usual = Espeak::usual(Path::new(Espeak::PROGRAM), locale);
        let patience = Duration::from_secs(30);
        Arc::new(Espeak { voice: (*voice).into(), speed: *speed, patience, ..usual }) as Arc<dyn Synthesizer>
    };
    all.iter().map(one).collect()
}

/// A folder that goes when it is no longer needed.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, MeasureFault> {
        let folder = std::env::temp_dir().join(format!("tandem-speech-{:016x}", fastrand::u64(..)));
        let made = fs::DirBuilder::new().mode(0o700).create(&folder);
        made.map_err(|why| MeasureFault::Folder { folder: folder.clone(), why })?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left there does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}
