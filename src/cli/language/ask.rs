//! Which chat model elsewhere is asked too, if any.

use std::{path::PathBuf, time::Duration};

use smol_str::SmolStr;

use super::{LanguageFault, source};
use crate::{
    cli::{Exit, Fault},
    infra::{
        chat::{Chat, Settings},
        site::secret,
    },
    language::{model::Model, sample::Sample},
    ports::assistant::{Assistant, Choice, Remote},
};

#[derive(Debug, clap::Args)]
pub(super) struct Ask {
    /// Ask this chat model too where the built-in one is not sure; its address ends with /v1
    #[arg(long, value_name = "URL", requires = "model", requires = "ask_model")]
    ask: Option<String>,
    /// The chat model's name there
    #[arg(long, value_name = "NAME", requires = "ask")]
    ask_model: Option<SmolStr>,
    /// File with the chat model's secret, mode 0600
    #[arg(long, value_name = "FILE", requires = "ask")]
    ask_secret: Option<PathBuf>,
    /// Samples, of which a few are told to the chat model
    #[arg(long, value_name = "PATH", requires = "ask")]
    ask_samples: Option<PathBuf>,
    /// The chat model has so many milliseconds
    #[arg(long, value_name = "MS", requires = "ask", default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(50..=60_000))]
    ask_patience: u64,
}

impl Ask {
    /// What answers: the model, and the one elsewhere if it was named; the exit code when its samples were refused.
    pub(super) fn assistant(&self, model: Model, json: bool) -> Result<Result<Assistant, Exit>, Fault> {
        let Some(url) = &self.ask else { return Ok(Ok(Assistant::new(model, Vec::new(), None))) };
        let samples = match &self.ask_samples {
            Some(path) => match source::samples(path, json)? {
                Ok(samples) => samples,
                Err(exit) => return Ok(Err(exit)),
            },
            None => Vec::new(),
        };
        let settings = Settings {
            url: url.clone(),
            model: self.ask_model.clone().unwrap_or_default(),
            secret: self.ask_secret.as_deref().map(secret::read_key).transpose()?,
            patience: Duration::from_millis(self.ask_patience),
        };
        let chat = Chat::new(settings).map_err(LanguageFault::from)?;
        Ok(Ok(Assistant::new(model, choices(&samples), Some(Remote::new(chat)))))
    }
}

fn choices(samples: &[Sample]) -> Vec<Choice> {
    Choice::all(samples.iter().filter_map(|sample| Some((sample.intent.as_deref()?, sample.text.as_str()))))
}
