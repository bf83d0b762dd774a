//! What callers say, understood: one learned model for each file of samples, and whose names to listen for.
//! Learning takes seconds and is done beside the calls; before it is done, words count by shortcuts and values alone.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::civil::DateTime;

use super::{
    hiding::{Hidden, asks_secret, hide},
    rules::on,
    words::{Heard, Input, Output, Talking, Why},
};
use crate::{
    base::id::Name,
    infra::site::{self, Flow, Locale, Problems, Site, Step, Talk, samples},
    language::{
        entities::{self, Directory, Entity, Setting},
        model::{Model, Scratch, Understanding, Verdict},
        sample::Sample,
        train::{TrainError, Wanted, train},
    },
    ports::assistant::{Choice, Doubt, Passage, Shelf},
};

/// Of longer utterances the beginning counts.
const LONGEST: usize = 1000;

/// Why a conversation goes without intents.
#[derive(Debug, thiserror::Error)]
pub enum Deaf {
    #[error("{} is not as samples are; `tandem flow check` tells more", .0.display())]
    Samples(PathBuf, Problems),
    #[error("{}: {why}", file.display())]
    Learning { file: PathBuf, why: TrainError },
}

/// Everything that is needed to understand the callers of a site.
#[derive(Debug, Default)]
pub struct Ears {
    models: BTreeMap<PathBuf, (Model, Arc<[Choice]>)>,
    /// The samples of each flow.
    flows: BTreeMap<Name, Vec<PathBuf>>,
    /// What each flow answers, by language.
    shelves: BTreeMap<(Name, Locale), Arc<Shelf>>,
    directory: Option<Directory>,
}

/// Words that were understood by the built-in model alone, and whether it is sure.
#[derive(Clone, Debug)]
pub struct Hearsay {
    pub heard: Heard,
    /// What is needed to ask somebody else; `None` where nothing is in doubt.
    pub doubt: Option<Doubt>,
    /// What callers told and nobody may know.
    pub hidden: Vec<Hidden>,
}

impl Ears {
    /// Learns what the conversations of a site need. What cannot be learned is told and left out.
    pub fn learned(site: &Site) -> (Self, Vec<Deaf>) {
        let mut deaf = Vec::new();
        let mut models = BTreeMap::new();
        let samples = |flow: &Flow| {
            let talks = flow.steps.values().filter_map(|step| match step {
                Step::Talk(talk) => talk.samples.clone(),
                _ => None,
            });
            talks.collect::<Vec<_>>()
        };
        let flows: BTreeMap<_, _> =
            site.flows.iter().map(|(name, flow)| (name.clone(), samples(flow))).collect();
        for file in flows.values().flatten() {
            if models.contains_key(file) {
                continue;
            }
            match model(file) {
                Ok(model) => {
                    models.insert(file.clone(), model);
                }
                Err(why) => deaf.push(why),
            }
        }
        let shelves = site.flows.iter().flat_map(|(name, flow)| {
            let talks = flow.steps.values().filter_map(|step| match step {
                Step::Talk(talk) if !talk.knowledge.is_empty() => Some(talk),
                _ => None,
            });
            talks.flat_map(|talk| {
                site.languages.iter().map(|locale| ((name.clone(), *locale), shelf(talk, *locale)))
            })
        });
        let shelves = shelves.collect();
        let names = site.extensions.values().flat_map(|extension| extension.names());
        (Self { models, flows, shelves, directory: Some(Directory::new(names)) }, deaf)
    }

    /// Whether these words alone say what a caller of this flow wants.
    pub fn accepts(&self, flow: &Name, text: &str) -> bool {
        let text = &text[..text.floor_char_boundary(LONGEST)];
        self.flows
            .get(flow)
            .into_iter()
            .flatten()
            .filter_map(|file| self.models.get(file))
            .any(|(model, _)| model.understand(text, &mut Scratch::default()).verdict == Verdict::Accept)
    }

    /// What a caller's words mean where nothing but a value is asked for.
    pub fn value(&self, language: Locale, text: &str, now: DateTime) -> Hearsay {
        let text = &text[..text.floor_char_boundary(LONGEST)];
        let heard = Heard::facts(text, &self.entities(text, language, now));
        Hearsay { heard, doubt: None, hidden: Vec::new() }
    }

    fn entities(&self, text: &str, language: Locale, now: DateTime) -> Vec<Entity> {
        let locale = match language {
            Locale::Chinese => "zh-CN",
            Locale::English => "en-US",
        };
        let setting = Setting { directory: self.directory.as_ref(), ..Setting::new(locale, now) };
        entities::parse(text, &setting)
    }

    /// What a caller's words mean where the conversation of this flow stands.
    pub fn understand(
        &self,
        flow: &Name,
        talk: &Talk,
        talking: &Talking,
        text: &str,
        now: DateTime,
    ) -> Hearsay {
        let text = &text[..text.floor_char_boundary(LONGEST)];
        let entities = self.entities(text, talking.language, now);
        let model = talk.samples.as_ref().and_then(|file| self.models.get(file));
        let shelf = self.shelves.get(&(flow.clone(), talking.language));
        let answer = shelf.and_then(|shelf| shelf.likest(text));
        let (own, choices) = match model {
            Some((model, choices)) => (model.understand(text, &mut Scratch::default()), choices.clone()),
            None => (
                Understanding { verdict: Verdict::Reject, in_scope: 0.0, intents: Vec::new() },
                Arc::default(),
            ),
        };
        let heard = Heard { answer: answer.clone(), ..Heard::new(text, &own, &entities) };
        let (heard, hidden) = hide(talk, talking, heard);
        let secret = !hidden.is_empty() || asks_secret(talk, talking);
        let known = model.is_some() || shelf.is_some();
        let asks = known && !secret && in_doubt(talk, talking, &own, &heard);
        let words = text.to_owned();
        let doubt = asks.then(|| Doubt { number: 0, words, choices, own, shelf: shelf.cloned(), answer });
        Hearsay { heard, doubt, hidden }
    }
}

/// What a conversation answers in one language.
fn shelf(talk: &Talk, locale: Locale) -> Arc<Shelf> {
    let passage = |(name, passage): (&Name, &site::Passage)| Passage {
        id: name.clone(),
        text: passage.text(locale).map(|(_, text)| text.to_owned()).unwrap_or_default(),
        asked: passage.asked.get(&locale).into_iter().flatten().map(ToString::to_string).collect(),
    };
    Arc::new(Shelf::new(talk.knowledge.iter().map(passage).collect(), locale == Locale::English))
}

/// Whether the caller would be asked back, answered in vain or at a guess. Who tells a value is not in doubt: it stays in
/// the house.
fn in_doubt(talk: &Talk, talking: &Talking, own: &Understanding, heard: &Heard) -> bool {
    if own.verdict == Verdict::Accept || !heard.facts.is_empty() || heard.text.trim().is_empty() {
        return false;
    }
    let guess = heard.answer.as_ref().is_some_and(|answer| !answer.sure);
    let outcome = on(&mut talking.clone(), talk, Input::Understood(heard.clone()));
    let doubtful = |output: &Output| match output {
        Output::Why(Why::Unsure { .. } | Why::Ambiguous { .. } | Why::Miss { .. }) => true,
        Output::Why(Why::Answered { .. }) => guess,
        _ => false,
    };
    outcome.iter().any(doubtful)
}

fn model(file: &Path) -> Result<(Model, Arc<[Choice]>), Deaf> {
    let read = samples::load(file).map_err(|why| Deaf::Samples(file.to_owned(), why))?;
    let samples: Vec<Sample> =
        read.said.iter().map(|said| Sample::new(&said.text, said.intent.as_deref())).collect();
    let trained = train(&samples, &Wanted::default(), &|_| {});
    let told = read.said.iter().filter_map(|said| Some((said.intent.as_deref()?, said.text.as_str())));
    let choices = Choice::all(told).into();
    trained
        .map(|trained| (trained.model, choices))
        .map_err(|why| Deaf::Learning { file: file.to_owned(), why })
}
