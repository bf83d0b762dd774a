//! Any endpoint that is compatible with OpenAI's `/v1/audio/speech`: the text by HTTP, a WAV file in the answer.

use std::time::Duration;

use futures_util::{FutureExt, future::BoxFuture};
use secrecy::SecretString;
use serde_json::json;
use smol_str::SmolStr;

use super::{super::NoEndpoint, Synthesizer, Unspoken, fingerprint, program::MOST};
use crate::infra::remote::{Authorities, Remote, RemoteError};

/// Which voice of which model speaks, where.
#[derive(Clone, Debug)]
pub struct HttpVoiceSettings {
    /// Such as `https://speech.example/v1`.
    pub url: String,
    pub model: SmolStr,
    pub voice: SmolStr,
    pub secret: Option<SecretString>,
    /// Nobody else says who it is.
    pub authorities: Option<Authorities>,
    pub patience: Duration,
}

#[derive(Clone, Debug)]
pub struct HttpVoice {
    remote: Remote,
    name: SmolStr,
    model: SmolStr,
    voice: SmolStr,
    patience: Duration,
}

impl HttpVoice {
    pub fn new(settings: HttpVoiceSettings) -> Result<Self, NoEndpoint> {
        let HttpVoiceSettings { url, model, voice, secret, authorities, patience } = settings;
        let name = fingerprint("http", &[&url, &model, &voice]);
        let remote = Remote::in_house(&url, secret, authorities).ok_or(NoEndpoint)?;
        Ok(Self { remote, name, model, voice, patience })
    }
}

impl Synthesizer for HttpVoice {
    fn voice(&self) -> SmolStr {
        self.name.clone()
    }

    fn speak(&self, text: &str) -> BoxFuture<'static, Result<Vec<u8>, Unspoken>> {
        let own = self.clone();
        let body = json!({ "model": own.model, "voice": own.voice, "input": text, "response_format": "wav" });
        async move {
            own.remote.post(&["audio", "speech"], &body, MOST).await.map_err(|why| match why {
                RemoteError::Unreachable => Unspoken::Unreachable,
                RemoteError::Untrusted(distrust) => Unspoken::Untrusted(distrust),
                RemoteError::Gone => Unspoken::Gone,
                RemoteError::Refused(status) => Unspoken::Refused(status),
                RemoteError::TooLong => Unspoken::TooLong,
            })
        }
        .boxed()
    }

    fn patience(&self) -> Duration {
        self.patience
    }
}
