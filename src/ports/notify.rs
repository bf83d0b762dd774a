//! Somebody is told something: by a robot of WeCom or DingTalk, a webhook of Slack or of one's own, or by mail.
//!
//! One attempt each; whoever calls tries again. No key, token or address is in an error.

mod mail;
mod robots;

use std::{net::SocketAddr, time::Duration};

use secrecy::SecretString;
use serde_json::Value;
use smol_str::SmolStr;
use tokio::time::timeout;

use crate::{
    base::clock::Stamp,
    infra::remote::{Remote, RemoteError},
};

/// From the first byte to the last.
const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST_REPLY: usize = 16 << 10;

/// What is told.
#[derive(Clone, Debug)]
pub struct Notice {
    /// In a line.
    pub title: SmolStr,
    pub text: String,
    /// The whole, for programs.
    pub whole: Value,
}

/// Where to, and how.
#[derive(Clone, Debug)]
pub enum Target {
    Wecom { url: SmolStr, key: SecretString },
    Dingtalk { url: SmolStr, token: SecretString, sign: Option<SecretString> },
    Slack { url: SmolStr, path: SecretString },
    Json { url: SmolStr, token: Option<SecretString> },
    Mail { to: Vec<SmolStr>, from: SmolStr, server: SocketAddr },
}

/// Why nobody was told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotifyError {
    #[error("the address is none of a service: https://HOST/PATH, or http on this machine")]
    Address,
    #[error("it cannot be reached")]
    Unreachable,
    #[error("it did not answer in time")]
    TimedOut,
    #[error("it refused with status {0}")]
    Status(u16),
    /// Its own code, at status 200.
    #[error("it refused with code {0}; its documentation says what that means")]
    Code(i64),
    #[error("the mail server refused with {0}")]
    Mail(SmolStr),
    #[error("its answer is not understood")]
    Nonsense,
}

impl Target {
    /// In a word, for figures.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Wecom { .. } => "wecom",
            Self::Dingtalk { .. } => "dingtalk",
            Self::Slack { .. } => "slack",
            Self::Json { .. } => "json",
            Self::Mail { .. } => "mail",
        }
    }

    pub async fn tell(&self, notice: &Notice, now: Stamp) -> Result<(), NotifyError> {
        match self {
            Self::Wecom { url, key } => in_time(robots::wecom(url, key, notice)).await,
            Self::Dingtalk { url, token, sign } => {
                in_time(robots::dingtalk(url, token, sign.as_ref(), notice, now)).await
            }
            Self::Slack { url, path } => in_time(robots::slack(url, path, notice)).await,
            Self::Json { url, token } => {
                let remote = Remote::new(url, token.clone()).ok_or(NotifyError::Address)?;
                in_time(async { taken(remote.post(&[], &notice.whole, LONGEST_REPLY).await) }).await
            }
            // It has time of its own.
            Self::Mail { to, from, server } => mail::send(*server, from, to, notice, now).await,
        }
    }
}

async fn in_time<T>(telling: impl Future<Output = Result<T, NotifyError>>) -> Result<T, NotifyError> {
    timeout(PATIENCE, telling).await.unwrap_or(Err(NotifyError::TimedOut))
}

/// Any status of 2xx will do, whatever follows it.
fn taken<T>(answer: Result<T, RemoteError>) -> Result<(), NotifyError> {
    match answer {
        Ok(_) | Err(RemoteError::TooLong | RemoteError::Gone) => Ok(()),
        Err(error) => Err(why(error)),
    }
}

fn why(error: RemoteError) -> NotifyError {
    match error {
        RemoteError::Refused(status) => NotifyError::Status(status),
        RemoteError::TooLong => NotifyError::Nonsense,
        _ => NotifyError::Unreachable,
    }
}

#[cfg(test)]
mod tests;
