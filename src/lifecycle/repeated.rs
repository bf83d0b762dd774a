//! Who called again: asked of the database every hour, and told to the switchboard, where alerts look at it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    sync::Arc,
    time::Duration,
};

use jiff::tz::TimeZone;
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};

use crate::{
    base::clock::{Clock, Stamp},
    infra::site::{AlertRule, Site},
    live::{
        record::store::{CallStore, StoreError},
        switchboard::Repeated,
    },
};

#[cfg(test)]
mod tests;

/// How often; and when the database has not answered for the first time.
const EVERY: Duration = Duration::from_hours(1);
const SOON: Duration = Duration::from_mins(1);

/// What a site wants to know.
#[derive(Clone, Debug, PartialEq)]
struct Wanted {
    zone: TimeZone,
    /// All spans that rules name, and the usual one.
    within: BTreeSet<u16>,
}

impl Wanted {
    fn of(site: &Site) -> Self {
        let rules = site.alerts.rules.values().filter(|rule| rule.metric.is_of_repeats());
        let within = rules.map(|rule| rule.within_days).chain([AlertRule::WEEK]).collect();
        Self { zone: site.time_zone.clone(), within }
    }
}

/// Until the other end is dropped. Asks anew when the site wants to know something else.
pub(super) fn start(
    calls: CallStore,
    sites: watch::Receiver<Arc<Site>>,
    clock: Arc<dyn Clock>,
) -> mpsc::Receiver<Repeated> {
    let (told, tell) = mpsc::channel(1);
    tokio::spawn(keep_asking(sites, told, move |wanted| {
        let (calls, now) = (calls.clone(), clock.now());
        async move { repeated(&calls, wanted, now).await }
    }));
    tell
}

async fn keep_asking<F, E: Display>(
    mut sites: watch::Receiver<Arc<Site>>,
    told: mpsc::Sender<Repeated>,
    ask: impl Fn(Wanted) -> F,
) where
    F: Future<Output = Result<Repeated, E>>,
{
    let mut failed = 0;
    loop {
        let wanted = Wanted::of(&sites.borrow_and_update());
        let pause = match ask(wanted.clone()).await {
            Ok(repeated) => {
                if failed > 0 {
                    tracing::info!("who called again is known again");
                }
                failed = 0;
                if told.send(repeated).await.is_err() {
                    return;
                }
                EVERY
            }
            Err(why) => {
                if failed == 0 {
                    tracing::warn!(%why, "who called again is not known now");
                }
                let pause = (SOON * 2_u32.pow(failed)).min(EVERY);
                failed = (failed + 1).min(6);
                pause
            }
        };
        tokio::select! {
            () = told.closed() => return,
            () = sleep(pause) => {}
            other = sites.wait_for(|site| Wanted::of(site) != wanted) => if other.is_err() { return },
        }
    }
}

async fn repeated(calls: &CallStore, wanted: Wanted, now: Stamp) -> Result<Repeated, StoreError> {
    let mut all = BTreeMap::new();
    for within in wanted.within {
        all.insert(within, calls.repeats_of_a_week(&wanted.zone, within, now).await?);
    }
    Ok(Repeated(all))
}
