//! Who called again: asked of the database every hour, and told to the switchboard, where alerts look at it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

use crate::{
    base::clock::Clock,
    infra::site::{AlertRule, Site},
    live::{
        record::store::{CallStore, StoreError},
        switchboard::Repeated,
    },
};

/// How often; and when the database has not answered.
const EVERY: Duration = Duration::from_hours(1);
const SOON: Duration = Duration::from_mins(1);

/// Until the other end is dropped. Asks anew when the site changes.
pub(super) fn start(
    calls: CallStore,
    mut sites: watch::Receiver<Arc<Site>>,
    clock: Arc<dyn Clock>,
) -> mpsc::Receiver<Repeated> {
    let (told, tell) = mpsc::channel(1);
    tokio::spawn(async move {
        loop {
            let site = sites.borrow_and_update().clone();
            let pause = match repeated(&calls, &site, &*clock).await {
                Ok(repeated) => match told.send(repeated).await {
                    Ok(()) => EVERY,
                    Err(_) => return,
                },
                Err(why) => {
                    tracing::warn!(%why, "who called again is not known now");
                    SOON
                }
            };
            tokio::select! {
                () = told.closed() => return,
                changed = timeout(pause, sites.changed()) => if matches!(changed, Ok(Err(_))) { return },
            }
        }
    });
    tell
}

/// Of all spans that rules name, and the usual one.
async fn repeated(calls: &CallStore, site: &Site, clock: &dyn Clock) -> Result<Repeated, StoreError> {
    let rules = site.alerts.rules.values().filter(|rule| rule.metric.is_of_repeats());
    let asked: BTreeSet<u16> = rules.map(|rule| rule.within_days).chain([AlertRule::WEEK]).collect();
    let mut all = BTreeMap::new();
    for within in asked {
        all.insert(within, calls.repeats_of_a_week(&site.time_zone, within, clock.now()).await?);
    }
    Ok(Repeated(all))
}
