//! A new revision of the site on SIGHUP: taken over without touching live calls, or refused with all its problems.

use std::{path::PathBuf, sync::Arc};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc, watch},
};

use super::notice;
use crate::infra::site::{self, Site};

/// Loads the site anew whenever SIGHUP comes.
pub(super) async fn on_hangup(
    folder: PathBuf,
    prompts: PathBuf,
    sites: mpsc::Sender<Arc<Site>>,
    taken: watch::Sender<Arc<Site>>,
) {
    let Ok(mut hangups) = signal(SignalKind::hangup()) else { return };
    while hangups.recv().await.is_some() {
        notice::reloading();
        match site::load(&folder) {
            Ok(site) => {
                let site = match super::with_secrets(site) {
                    Ok(site) => Arc::new(site),
                    Err(why) => {
                        tracing::error!(%why, "the new site is refused, the old one stays");
                        continue;
                    }
                };
                super::prepare_prompts(&site, &prompts).await;
                tracing::info!(revision = %site.revision, "the new site takes effect");
                taken.send_replace(site.clone());
                if sites.send(site).await.is_err() {
                    return;
                }
                notice::settled("the new site was taken over");
            }
            Err(problems) => {
                tracing::error!(
                    errors = problems.errors(),
                    "the new site is refused, the old one stays; run `tandem check`"
                );
                notice::settled("the new site is refused, the old one stays; run `tandem check`");
            }
        }
    }
}
