//! Any endpoint that is compatible with OpenAI's `/v1/audio/transcriptions`: the whole utterance as a WAV file by HTTP.

use std::time::Duration;

use futures_util::{FutureExt, future::BoxFuture};
use reqwest::{Client, RequestBuilder, Response, Url, header::CONTENT_TYPE, redirect::Policy};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use smol_str::SmolStr;

use super::{Partial, Recognizer, Sound, Unheard};
use crate::{
    base::wav::Wav,
    infra::site::{Locale, near},
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
    client: Client,
    url: Url,
    settings: HttpSettings,
}

#[derive(Deserialize)]
struct Answer {
    text: String,
}

impl Http {
    pub fn new(settings: HttpSettings) -> Result<Self, NoEndpoint> {
        let url = endpoint(&settings.url, &["audio", "transcriptions"])?;
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().map_err(|_| NoEndpoint)?;
        Ok(Self { client, url, settings })
    }

    fn request(&self, wav: &[u8], locale: Locale) -> RequestBuilder {
        let language = match locale {
            Locale::Chinese => "zh",
            Locale::English => "en",
        };
        let form = format!("multipart/form-data; boundary={BOUNDARY}");
        let fields =
            [("model", self.settings.model.as_str()), ("language", language), ("response_format", "json")];
        let request = self.client.post(self.url.clone()).header(CONTENT_TYPE, form).body(body(wav, &fields));
        match &self.settings.secret {
            Some(secret) => request.bearer_auth(secret.expose_secret()),
            None => request,
        }
    }
}

/// A model's address with the last words of its path.
fn endpoint(text: &str, path: &[&str]) -> Result<Url, NoEndpoint> {
    let mut url = Url::parse(text).map_err(|_| NoEndpoint)?;
    let near = url.host_str().is_some_and(near);
    if !(url.scheme() == "https" || url.scheme() == "http" && near) || text.contains(['@', '?']) {
        return Err(NoEndpoint);
    }
    url.path_segments_mut().map_err(|()| NoEndpoint)?.pop_if_empty().extend(path);
    Ok(url)
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
            let response = server.request(&wav, locale).send().await.map_err(|_| Unheard::Unreachable)?;
            if !response.status().is_success() {
                return Err(Unheard::Refused { status: response.status().as_u16() });
            }
            let answer: Answer =
                serde_json::from_slice(&read(response).await?).map_err(|_| Unheard::Nonsense)?;
            Ok(answer.text)
        }
        .boxed()
    }

    fn patience(&self) -> Duration {
        self.settings.patience
    }
}

async fn read(mut response: Response) -> Result<Vec<u8>, Unheard> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Unheard::Gone)? {
        if bytes.len() + chunk.len() > MOST {
            return Err(Unheard::TooLong);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
