//! Any endpoint that is compatible with OpenAI's `/v1/audio/transcriptions`: the whole utterance as a WAV file by HTTP.

use std::time::Duration;

use futures_util::{FutureExt, future::BoxFuture};
use secrecy::SecretString;
use serde::Deserialize;
use smol_str::SmolStr;

use super::{Partial, Recognizer, Sound, Unheard};
use crate::{
    base::wav::Wav,
    infra::{
        remote::{Authorities, Remote},
        site::Locale,
    },
    ports::engine::Hearing,
};

/// A longer answer is none.
const MOST: usize = 64 << 10;
const BOUNDARY: &str = "tandem-6f1c0e5b9a3d";

/// Which model hears, where.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Such as `https://speech.example/v1`.
    pub url: String,
    pub model: SmolStr,
    pub secret: Option<SecretString>,
    /// Nobody else says who it is.
    pub authorities: Option<Authorities>,
    pub patience: Duration,
}

/// Why an address is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "that is no address of a speech model; write https://HOST/v1 (http only on this machine or in a private network), without a user or password"
)]
pub struct NoEndpoint;

#[derive(Clone, Debug)]
pub struct Http {
    remote: Remote,
    model: SmolStr,
    patience: Duration,
}

#[derive(Deserialize)]
struct Answer {
    text: String,
}

impl Http {
    pub fn new(settings: HttpSettings) -> Result<Self, NoEndpoint> {
        let HttpSettings { url, model, secret, authorities, patience } = settings;
        let remote = Remote::in_house(&url, secret, authorities).ok_or(NoEndpoint)?;
        Ok(Self { remote, model, patience })
    }

    async fn ask(&self, wav: &[u8], locale: Locale) -> Result<Vec<u8>, Unheard> {
        let language = match locale {
            Locale::Chinese => "zh",
            Locale::English => "en",
        };
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let fields = [("model", self.model.as_str()), ("language", language), ("response_format", "json")];
        let path = ["audio", "transcriptions"];
        Ok(self.remote.post_as(&path, &kind, body(wav, &fields), MOST).await?)
    }
}

/// A form (RFC 7578) of texts and one file.
fn body(wav: &[u8], fields: &[(&str, &str)]) -> Vec<u8> {
    let mut form = Vec::with_capacity(wav.len() + 1024);
    for (name, value) in fields {
        let head =
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        form.extend_from_slice(head.as_bytes());
    }
    let head =
        "Content-Disposition: form-data; name=\"file\"; filename=\"call.wav\"\r\nContent-Type: audio/wav";
    form.extend_from_slice(format!("--{BOUNDARY}\r\n{head}\r\n\r\n").as_bytes());
    form.extend_from_slice(wav);
    form.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    form
}

impl Recognizer for Http {
    fn recognise(
        &self,
        hearing: &Hearing,
        sound: Sound,
        _: Partial,
    ) -> BoxFuture<'static, Result<String, Unheard>> {
        let (server, locale) = (self.clone(), hearing.locale);
        async move {
            let rate = sound.rate();
            let samples = sound.all().await;
            if samples.is_empty() {
                return Ok(String::new());
            }
            let wav = Wav { rate, channels: 1, samples }.to_bytes();
            let told = server.ask(&wav, locale).await?;
            let answer: Answer = serde_json::from_slice(&told).map_err(|_| Unheard::Nonsense)?;
            Ok(answer.text)
        }
        .boxed()
    }

    fn patience(&self) -> Duration {
        self.patience
    }
}

#[cfg(test)]
mod tests;
