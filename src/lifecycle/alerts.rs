//! Whoever alerts are for is told, by the targets of the site, beside everything else: nobody waits for it.
//!
//! A notice that cannot be handed over is tried again after 2, 10 and 60 seconds. Then, or when the daemon ends meanwhile, it is
//! lost; the alert stands in `tandem alerts` as before, and `remind` tells it again.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::json;
use smol_str::format_smolstr;
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};

use super::outside::of_revision;
use crate::{
    base::{
        clock::{Clock, SystemClock},
        id::Name,
    },
    http::Meters,
    infra::site::{
        AlertTarget, Site,
        secret::{self, SecretError},
    },
    live::switchboard::view::{AlertNews, AlertTurn},
    ports::notify::{Notice, Target},
};

/// Notices that wait to be taken up, and for each target.
const WAITING: usize = 256;
const PAUSES: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(10), Duration::from_secs(60)];

/// Where alerts are handed in; never waits.
#[derive(Clone)]
pub(super) struct Courier {
    notices: mpsc::Sender<AlertNews>,
    meters: Meters,
}

impl Courier {
    pub(super) fn tell(&self, news: AlertNews) {
        if !news.tell.is_empty() && self.notices.try_send(news).is_err() {
            tracing::error!("too many alerts wait to be told; one is told by the event alone");
            self.meters.told("dropped");
        }
    }
}

pub(super) fn start(sites: watch::Receiver<Arc<Site>>, meters: Meters) -> Courier {
    let (notices, mut inbox) = mpsc::channel::<AlertNews>(WAITING);
    let courier = Courier { notices, meters: meters.clone() };
    let targets = of_revision(sites.clone(), |site| Some(Arc::new(targets(site))));
    tokio::spawn(async move {
        let mut lanes = BTreeMap::new();
        while let Some(news) = inbox.recv().await {
            let notice = Arc::new(notice(&news, &sites.borrow()));
            let known = targets().unwrap_or_default();
            for name in news.tell {
                let Some(target) = known.get(&name).cloned() else {
                    tracing::error!(target = %name, "an alert cannot be told: the target is not to be had");
                    meters.told("failed");
                    continue;
                };
                let lane = lanes.entry(name.clone()).or_insert_with(|| lane(name.clone(), meters.clone()));
                if lane.try_send((target, notice.clone())).is_err() {
                    tracing::error!(target = %name, "too many alerts wait for a target; one is not told there");
                    meters.told("dropped");
                }
            }
        }
    });
    courier
}

/// One target's notices, one after the other: what is dead keeps nobody else waiting.
fn lane(name: Name, meters: Meters) -> mpsc::Sender<(Target, Arc<Notice>)> {
    let (notices, mut inbox) = mpsc::channel::<(Target, Arc<Notice>)>(WAITING);
    tokio::spawn(async move {
        while let Some((target, notice)) = inbox.recv().await {
            meters.told(if deliver(&name, &target, &notice).await { "told" } else { "failed" });
        }
    });
    notices
}

async fn deliver(name: &Name, target: &Target, notice: &Notice) -> bool {
    let mut pauses = PAUSES.into_iter();
    loop {
        let Err(why) = target.tell(notice, SystemClock.now()).await else { return true };
        let Some(pause) = pauses.next() else {
            tracing::error!(target = %name, kind = target.kind(), %why, "an alert could not be told");
            return false;
        };
        tracing::warn!(target = %name, kind = target.kind(), %why, again_in = ?pause, "an alert was not told yet");
        sleep(pause).await;
    }
}

fn notice(news: &AlertNews, site: &Site) -> Notice {
    let AlertNews { turn, alert, .. } = news;
    let now = SystemClock.now();
    let since = alert.since.zoned(&site.time_zone).strftime("%Y-%m-%d %H:%M:%S %Z").to_string();
    let what = match (turn, &alert.acknowledged) {
        (AlertTurn::Acknowledged, Some(by)) => format!("acknowledged by {}", by.by),
        (AlertTurn::Reminded, _) => "still stands".to_owned(),
        (AlertTurn::Cleared, _) => "is over".to_owned(),
        (AlertTurn::Escalated, _) => "nobody has acknowledged it".to_owned(),
        _ => "has begun".to_owned(),
    };
    let ask = match turn {
        AlertTurn::Fired | AlertTurn::Reminded | AlertTurn::Escalated => {
            format!("\nAcknowledge it: tandem alerts ack {} --queue {}", alert.rule, alert.queue)
        }
        AlertTurn::Acknowledged | AlertTurn::Cleared => String::new(),
    };
    Notice {
        title: format_smolstr!("{}: {} ({})", site.name, alert.words, turn.word()),
        text: format!(
            "Tandem, {}: {}\nAlert {} {what}, since {since}.{ask}",
            site.name, alert.words, alert.rule
        ),
        whole: json!({ "event": "alert.changed", "at": now, "site": site.name, "turn": turn, "alert": alert }),
    }
}

/// Those whose secrets can be read.
fn targets(site: &Site) -> BTreeMap<Name, Target> {
    let read = |(name, target): (&Name, &AlertTarget)| match target_of(target) {
        Ok(target) => Some((name.clone(), target)),
        Err(why) => {
            tracing::error!(target = %name, %why, "nobody is told of alerts by this target");
            None
        }
    };
    site.alerts.targets.iter().filter_map(read).collect()
}

fn target_of(target: &AlertTarget) -> Result<Target, SecretError> {
    Ok(match target.clone() {
        AlertTarget::Wecom { url, secret_file } => {
            Target::Wecom { url, key: secret::read_key(&secret_file)? }
        }
        AlertTarget::Dingtalk { url, secret_file, sign_file } => {
            let sign = sign_file.as_deref().map(secret::read_key).transpose()?;
            Target::Dingtalk { url, token: secret::read_key(&secret_file)?, sign }
        }
        AlertTarget::Slack { url, secret_file } => {
            Target::Slack { url, path: secret::read_key(&secret_file)? }
        }
        AlertTarget::Json { url, secret_file } => {
            Target::Json { url, token: secret_file.as_deref().map(secret::read_key).transpose()? }
        }
        AlertTarget::Mail { to, from, server } => Target::Mail { to, from, server },
    })
}

#[cfg(test)]
mod tests;
