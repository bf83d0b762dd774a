//! What callers' words mean is learned beside the calls, anew for every revision of the site.

use std::sync::Arc;

use tokio::{sync::watch, task::spawn_blocking};

use crate::{infra::site::Site, live::dialog::talk::Ears};

pub(super) async fn learn(mut sites: watch::Receiver<Arc<Site>>, learned: watch::Sender<Arc<Ears>>) {
    loop {
        let site = sites.borrow_and_update().clone();
        let Ok((ears, deaf)) = spawn_blocking(move || Ears::learned(&site)).await else { return };
        for why in deaf {
            tracing::error!(%why, "a conversation goes by keys and shortcuts alone");
        }
        learned.send_replace(Arc::new(ears));
        if sites.changed().await.is_err() {
            return;
        }
    }
}
