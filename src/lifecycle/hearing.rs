//! What callers' words mean is learned beside the calls, anew for every revision of the site.

use std::{sync::Arc, thread};

use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
};

use crate::{infra::site::Site, live::dialog::talk::Ears, ports::speech::Recognizers};

/// The site's recognisers are not given to the layer that listens yet: callers use keys.
pub(super) fn nobody() -> watch::Receiver<Arc<Recognizers>> {
    watch::channel(Arc::default()).1
}

/// Learns now, and again whenever there is another site.
pub(super) fn start(sites: watch::Receiver<Arc<Site>>) -> (JoinHandle<()>, watch::Receiver<Arc<Ears>>) {
    let (learned, ears) = watch::channel(Arc::default());
    (tokio::spawn(learn(sites, learned)), ears)
}

async fn learn(mut sites: watch::Receiver<Arc<Site>>, learned: watch::Sender<Arc<Ears>>) {
    loop {
        let site = sites.borrow_and_update().clone();
        let (done, wait) = oneshot::channel();
        // A thread of its own: nobody who stops the daemon waits for it.
        thread::spawn(move || {
            let _gone = done.send(Ears::learned(&site));
        });
        let Ok((ears, deaf)) = wait.await else { return };
        for why in deaf {
            tracing::error!(%why, "a conversation goes by keys and shortcuts alone");
        }
        learned.send_replace(Arc::new(ears));
        if sites.changed().await.is_err() {
            return;
        }
    }
}
