//! Who is asked from conversations: the service and the chat model that the site names, made anew for every revision.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{mpsc, watch};

use crate::{
    infra::{
        chat::{self, Chat},
        site::{Site, secret},
    },
    live::switchboard::{Callers, Outside, Repeated},
    ports::{
        assistant::{self, Remote},
        tasks::{self, Service},
    },
};

/// Nobody waits for a summary. It has a circuit breaker of its own: one that takes long turns nothing off for callers.
const UNHURRIED: Duration = Duration::from_secs(10);

/// What is made of each revision of the site, for whoever asks.
pub(super) type OfRevision<T> = Arc<dyn Fn() -> Option<Arc<T>> + Send + Sync>;

pub(super) fn start(
    sites: watch::Receiver<Arc<Site>>,
    callers: Callers,
    repeated: mpsc::Receiver<Repeated>,
) -> Outside {
    Outside {
        opinions: assistant::start(of_revision(sites.clone(), |site| {
            remote(site, site.assistant.as_ref()?.patience)
        })),
        summaries: assistant::sums(of_revision(sites.clone(), |site| remote(site, UNHURRIED))),
        tasks: tasks::start(of_revision(sites, service)),
        callers,
        repeated,
    }
}

/// What is made of each revision of the site, once.
pub(super) fn of_revision<T>(
    sites: watch::Receiver<Arc<Site>>,
    make: impl Fn(&Site) -> Option<Arc<T>>,
) -> impl Fn() -> Option<Arc<T>> {
    let known = Mutex::<Option<(Arc<Site>, Option<Arc<T>>)>>::default();
    move || {
        let site = sites.borrow().clone();
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some((of, made)) if Arc::ptr_eq(of, &site) => made.clone(),
            _ => {
                let made = make(&site);
                *known = Some((site, made.clone()));
                made
            }
        }
    }
}

fn service(site: &Site) -> Option<Arc<Service>> {
    let named = site.tasks.as_ref()?;
    let secret = match named.secret_file.as_deref().map(secret::read).transpose() {
        Ok(secret) => secret,
        Err(why) => {
            tracing::error!(%why, "tasks are not done without their secret");
            return None;
        }
    };
    let settings = tasks::Settings { url: named.url.clone(), secret, patience: named.patience };
    Service::new(settings).map(Arc::new).inspect_err(|why| tracing::error!(%why, "tasks are not done")).ok()
}

fn remote(site: &Site, patience: Duration) -> Option<Arc<Remote>> {
    let named = site.assistant.as_ref()?;
    let secret = match named.key_file.as_deref().map(secret::read_key).transpose() {
        Ok(secret) => secret,
        Err(why) => {
            tracing::error!(%why, "no chat model is asked without its key");
            return None;
        }
    };
    let (url, model) = (named.url.to_string(), named.model.clone());
    let chat = Chat::new(chat::Settings { url, model, secret, patience });
    let chat = chat.inspect_err(|why| tracing::error!(%why, "no chat model is asked")).ok()?;
    Some(Arc::new(Remote::new(chat)))
}
