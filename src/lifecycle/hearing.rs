//! Who hears callers and what their words mean is learned beside the calls, anew for every revision of the site.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
};

use crate::{
    infra::site::{EngineKind, Site},
    live::dialog::talk::Ears,
    ports::speech::{self, Recognizers},
};

/// What has been learned so far.
pub(super) struct Hearing {
    pub learns: JoinHandle<()>,
    pub ears: watch::Receiver<Arc<Ears>>,
    pub recognizers: watch::Receiver<Arc<Recognizers>>,
}

/// Knows at once who hears callers; learns what they mean, which takes longer, and all of it again whenever there is
/// another site. `folder` is for what recognisers are primed with.
pub(super) async fn start(mut sites: watch::Receiver<Arc<Site>>, folder: PathBuf) -> Hearing {
    // Of a daemon that was killed.
    let _none = fs::remove_dir_all(&folder);
    let site = sites.borrow_and_update().clone();
    let (primed, recognizers) = watch::channel(hears(&site, &folder).await);
    let (learned, ears) = watch::channel(Arc::default());
    let learns = tokio::spawn(async move {
        let mut site = site;
        loop {
            let Some((ears, deaf)) = aside(move || Ears::learned(&site)).await else { return };
            for why in deaf {
                tracing::error!(%why, "a conversation goes by keys and shortcuts alone");
            }
            learned.send_replace(Arc::new(ears));
            tracing::info!("what callers say is understood");
            if sites.changed().await.is_err() {
                return;
            }
            site = sites.borrow_and_update().clone();
            primed.send_replace(hears(&site, &folder).await);
        }
    });
    Hearing { learns, ears, recognizers }
}

async fn hears(site: &Arc<Site>, folder: &Path) -> Arc<Recognizers> {
    let (site, folder) = (site.clone(), folder.to_owned());
    let found = aside(move || recognizers(&site, &folder)).await.map(Arc::new).unwrap_or_default();
    let cold = found.clone();
    tokio::spawn(async move {
        for (locale, why) in cold.warm().await {
            tracing::warn!(?locale, %why, "callers are not heard");
        }
    });
    found
}

/// On a thread of its own: nobody who stops the daemon waits for it.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, wait) = oneshot::channel();
    thread::spawn(move || {
        let _gone = done.send(work());
    });
    wait.await.ok()
}

/// Simulated callers are heard without one.
fn recognizers(site: &Site, folder: &Path) -> Recognizers {
    if site.engine.kind == EngineKind::Simulator {
        return Recognizers::default();
    }
    let (recognizers, faults) = speech::of_site(site, folder);
    for why in faults {
        tracing::warn!(%why, "callers are not heard");
    }
    recognizers
}
