//! The company's own customer system: one question for each caller, `POST URL {"number": "+86…"}`, answered with one
//! flat JSON object, `{"id", "name", "class", "tags": […], "complaints": 2, "language"}`, of which all may be left out;
//! `{}`, `null` or 404 is nobody.
//!
//! A caller rings meanwhile, so nothing of it is waited for longer than its patience. What it said is kept for a while,
//! and stands longer when it is away; what failed several times in a row is left alone for a time; and only so many
//! questions are under way at once. No number is ever logged.

mod cache;

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use secrecy::SecretString;
use serde_json::{Map, Value, json};
use smol_str::SmolStr;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

use crate::{
    base::{id::Name, locale::Locale, number::Number, text::Label},
    infra::remote::{Breaker, Remote, RemoteError},
};
use cache::{Age, Cache};

/// So many questions may be under way; a further one is not asked.
const AT_ONCE: usize = 16;
const LONGEST_REPLY: usize = 16 << 10;
const MOST_TAGS: usize = 32;
const LONGEST_ID: usize = 128;
const MOST_COMPLAINTS: u64 = 1_000_000;

/// Whom to ask.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Such as `https://crm.example/who`.
    pub url: SmolStr,
    /// Shown as a bearer token.
    pub secret: Option<SecretString>,
    /// From the question to the last byte of the answer.
    pub patience: Duration,
    /// How long an answer is taken for true.
    pub cache: Duration,
}

/// What it says of somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    pub id: Option<SmolStr>,
    pub name: Label,
    pub class: Option<Name>,
    pub tags: BTreeSet<Name>,
    pub language: Option<Locale>,
    pub complaints: u32,
}

/// How an answer came about, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It was asked.
    Fresh,
    /// It said so not long ago.
    Cached,
    /// It said so some time ago, and says nothing now.
    Stale,
    Failed(CrmError),
}

impl How {
    /// In one word, for figures.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Cached => "cached",
            Self::Stale => "stale",
            Self::Failed(CrmError::Resting) => "resting",
            Self::Failed(CrmError::Busy) => "busy",
            Self::Failed(CrmError::TimedOut) => "late",
            Self::Failed(_) => "failed",
        }
    }
}

/// Why there is no answer. Nothing of whom it was about is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrmError {
    #[error("the address is none of a service: https://HOST/PATH, or http on this machine")]
    Address,
    #[error("it cannot be reached; is it running?")]
    Unreachable,
    #[error("it did not answer in time")]
    TimedOut,
    #[error("it refused with status {0}; its own log tells more")]
    Refused(u16),
    #[error("it answered with more than {LONGEST_REPLY} bytes")]
    TooLong,
    #[error("its answer is no JSON object")]
    Nonsense,
    #[error("it failed several times and is left alone for a while")]
    Resting,
    #[error("it has {AT_ONCE} questions already")]
    Busy,
}

/// The system behind one address.
#[derive(Debug)]
pub struct Crm {
    remote: Remote,
    patience: Duration,
    breaker: Breaker,
    slots: Semaphore,
    cache: Mutex<Cache>,
    /// Somebody was told that it says what cannot be taken.
    complained: AtomicBool,
}

impl Crm {
    pub fn new(settings: Settings) -> Result<Self, CrmError> {
        let Settings { url, secret, patience, cache } = settings;
        let remote = Remote::new(&url, secret).ok_or(CrmError::Address)?;
        let (breaker, slots) = (Breaker::default(), Semaphore::new(AT_ONCE));
        let cache = Mutex::new(Cache::new(cache));
        Ok(Self { remote, patience, breaker, slots, cache, complained: AtomicBool::new(false) })
    }

    /// Who has this number, which has its country code; within its patience, whatever it does.
    pub async fn who(&self, number: &Number) -> (Option<Profile>, How) {
        let known = self.cache().get(number, Instant::now());
        if let Some((profile, Age::Fresh)) = known {
            return (profile, How::Cached);
        }
        match self.ask(number).await {
            Ok(profile) => {
                self.cache().put(number.clone(), profile.clone(), Instant::now());
                (profile, How::Fresh)
            }
            Err(why) => match known {
                Some((profile, _)) => (profile, How::Stale),
                None => (None, How::Failed(why)),
            },
        }
    }

    /// Nothing is known of this number any more until it is asked for again.
    pub fn forget(&self, number: &Number) {
        self.cache().forget(number);
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, number: &Number) -> Result<Option<Profile>, CrmError> {
        let _slot = self.slots.try_acquire().map_err(|_| CrmError::Busy)?;
        let pass = self.breaker.pass().ok_or(CrmError::Resting)?;
        let question = json!({ "number": number });
        let asked = self.remote.post(&[], &question, LONGEST_REPLY);
        let answer = match timeout(self.patience, asked).await {
            Err(_) => Err(CrmError::TimedOut),
            Ok(Err(RemoteError::Refused(404))) => Ok(None),
            Ok(Err(RemoteError::Refused(status))) => Err(CrmError::Refused(status)),
            Ok(Err(RemoteError::TooLong)) => Err(CrmError::TooLong),
            Ok(Err(_)) => Err(CrmError::Unreachable),
            Ok(Ok(bytes)) => self.profile(&bytes),
        };
        match &answer {
            Ok(_) => {
                if pass.worked() {
                    tracing::info!("the customer system answers again");
                }
            }
            Err(why) => {
                if pass.failed() {
                    tracing::warn!(%why, "the customer system is left alone for a while; customers are known by the table alone");
                }
            }
        }
        answer
    }

    fn profile(&self, bytes: &[u8]) -> Result<Option<Profile>, CrmError> {
        let said = match serde_json::from_slice(bytes) {
            Ok(Value::Object(said)) => said,
            Ok(Value::Null) => return Ok(None),
            _ => return Err(CrmError::Nonsense),
        };
        let (profile, left_out) = profile(&said);
        if let Some(member) = left_out.first()
            && !self.complained.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                member,
                "the customer system says what cannot be taken, which is left out; see docs/customers.md"
            );
        }
        Ok(Some(profile).filter(|profile| *profile != Profile::default()))
    }
}

/// What can be taken of what it said, and which members cannot. Those that nobody asked for are passed over.
fn profile(said: &Map<String, Value>) -> (Profile, Vec<&'static str>) {
    let mut left_out = Vec::new();
    let mut take = |member: &'static str, take: &mut dyn FnMut(&Value) -> Option<()>| {
        if let Some(value) = said.get(member).filter(|value| !value.is_null())
            && take(value).is_none()
        {
            left_out.push(member);
        }
    };
    let mut profile = Profile::default();
    take("id", &mut |value| {
        let id = match value {
            Value::String(id) => id.clone(),
            Value::Number(id) => id.to_string(),
            _ => return None,
        };
        let plain = (1..=LONGEST_ID).contains(&id.len()) && !id.chars().any(crate::base::text::hostile);
        profile.id = plain.then(|| id.into());
        profile.id.as_ref().map(drop)
    });
    take("name", &mut |value| value.as_str().map(|name| profile.name = Label::new(name)));
    take("class", &mut |value| {
        profile.class = Name::new(value.as_str()?).ok();
        profile.class.as_ref().map(drop)
    });
    take("tags", &mut |value| {
        let tags = value.as_array().filter(|tags| tags.len() <= MOST_TAGS)?;
        let tags: Option<BTreeSet<Name>> = tags.iter().map(|tag| Name::new(tag.as_str()?).ok()).collect();
        profile.tags = tags?;
        Some(())
    });
    take("language", &mut |value| {
        profile.language = match value.as_str()? {
            "zh" | "zh-CN" => Some(Locale::Chinese),
            "en" | "en-US" => Some(Locale::English),
            _ => return None,
        };
        Some(())
    });
    take("complaints", &mut |value| {
        let complaints = value.as_u64().filter(|many| *many <= MOST_COMPLAINTS)?;
        profile.complaints = u32::try_from(complaints).ok()?;
        Some(())
    });
    (profile, left_out)
}

#[cfg(test)]
mod tests;
