//! Whether the engine's files are still as the site wants them: looked at now and then, told by `status`.

use std::{path::PathBuf, sync::Arc, time::Duration};

use smol_str::{SmolStr, format_smolstr};
use tokio::{sync::watch, time};

use crate::{
    infra::site::Site,
    live::switchboard::view::Trouble,
    provision::{self, History, PlanError, Target},
};

/// Compares for ever (with a zero, never), and tells what is wrong, or nothing.
pub(super) async fn look(
    sites: watch::Receiver<Arc<Site>>,
    state: PathBuf,
    every: Duration,
    tell: watch::Sender<Option<Trouble>>,
) {
    while !every.is_zero() {
        time::sleep(every).await;
        let (site, state) = (sites.borrow().clone(), state.clone());
        // Files and a comparison: no work for the threads that calls run on.
        let found = tokio::task::spawn_blocking(move || drift(&site, &state)).await.unwrap_or_default();
        tell.send_if_modified(|told| {
            let news = *told != found;
            if let Some(trouble) = found.as_ref().filter(|_| news) {
                tracing::warn!("{}", trouble.what);
            }
            *told = found;
            news
        });
    }
}

/// An engine to which nothing was ever applied is its admin's alone.
fn drift(site: &Site, state: &std::path::Path) -> Option<Trouble> {
    if !History::exists(state) {
        return None;
    }
    let plan =
        Target::drafted(site).and_then(|target| target.map(|target| provision::plan(&target)).transpose());
    let what = match plan {
        Ok(None) => return None,
        Ok(Some(plan)) if plan.is_empty() => return None,
        Ok(Some(plan)) => {
            let files: Vec<_> = plan.changes.iter().map(|change| change.file.display().to_string()).collect();
            format_smolstr!("the engine's files are not as the site wants them: {}", files.join(", "))
        }
        // Whoever runs the daemon need not be allowed to read them.
        Err(PlanError::Unreadable { path, why }) if why.kind() == std::io::ErrorKind::PermissionDenied => {
            tracing::debug!(path = %path.display(), "the engine's files may not be compared");
            return None;
        }
        Err(error) => format_smolstr!("the engine's files cannot be compared with the site: {error}"),
    };
    Some(Trouble {
        what,
        remedy: SmolStr::new_static("`tandem plan` shows it, `tandem apply` sets it right"),
    })
}
