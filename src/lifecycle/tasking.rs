//! Who does what conversations want done: the service that the site names, made anew for every revision.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::{
    infra::site::{Site, secret},
    ports::tasks::{self, Service, Settings, Tasks},
};

pub(super) fn start(sites: watch::Receiver<Arc<Site>>) -> Tasks {
    let known = Mutex::<Option<(Arc<Site>, Option<Arc<Service>>)>>::default();
    tasks::start(move || {
        let site = sites.borrow().clone();
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some((of, service)) if Arc::ptr_eq(of, &site) => service.clone(),
            _ => {
                let service = service(&site);
                *known = Some((site, service.clone()));
                service
            }
        }
    })
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
    let settings = Settings { url: named.url.clone(), secret, patience: named.patience };
    Service::new(settings).map(Arc::new).inspect_err(|why| tracing::error!(%why, "tasks are not done")).ok()
}
