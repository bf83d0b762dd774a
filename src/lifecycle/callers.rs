//! Who calls: from the table of customers, the company's own system and the calls before, together within the patience
//! that the site names. Whatever any of them does, the caller is answered for in time, at worst by nothing.

use std::{sync::Arc, time::Duration};

use smol_str::SmolStr;
use tokio::{
    join,
    sync::{Semaphore, mpsc, watch},
    time::{Instant, timeout_at},
};

use super::outside::{OfRevision, of_revision};
use crate::{
    base::{clock::Clock, id::CallId, number::Number},
    desk::customer::{Customer, Customers},
    http::Meters,
    infra::{
        db::Db,
        site::{Site, secret},
    },
    live::{
        record::store::{CallStore, CallerPast},
        switchboard::{
            Callers,
            view::{Known, LastContact},
        },
    },
    ports::crm::{self, Crm, Profile},
};

/// Lookups under way; of a further caller nothing is known.
const AT_ONCE: usize = 64;
/// Where there is no customer system, whose patience is that of all.
const PATIENCE: Duration = Duration::from_millis(300);
/// What is asked has so much less: what is known by then must be told in time, though one of them hangs.
const MARGIN: Duration = Duration::from_millis(50);
/// How far back contacts are counted.
const RECENT: Duration = Duration::from_hours(30 * 24);

/// Whoever may know a caller.
struct Directory {
    customers: Customers,
    calls: CallStore,
    crm: OfRevision<Crm>,
    sites: watch::Receiver<Arc<Site>>,
    clock: Arc<dyn Clock>,
    meters: Meters,
}

/// Who knows callers by this database and the customer system of the site; and the latter, for whoever is to be forgotten.
pub(super) fn of_site(
    db: &Db,
    customers: &Customers,
    clock: &Arc<dyn Clock>,
    meters: &Meters,
    sites: &watch::Receiver<Arc<Site>>,
) -> (Callers, OfRevision<Crm>) {
    let crm: OfRevision<Crm> = Arc::new(of_revision(sites.clone(), crm_of));
    let callers = start(Directory {
        customers: customers.clone(),
        calls: CallStore::new(db.clone()),
        crm: crm.clone(),
        sites: sites.clone(),
        clock: clock.clone(),
        meters: meters.clone(),
    });
    (callers, crm)
}

/// Answers for callers until the sender of `asked` is dropped.
fn start(directory: Directory) -> Callers {
    let (asked, mut inbox) = mpsc::unbounded_channel::<(CallId, Number)>();
    let (outbox, known) = mpsc::unbounded_channel();
    let (directory, slots) = (Arc::new(directory), Arc::new(Semaphore::new(AT_ONCE)));
    tokio::spawn(async move {
        while let Some((call, from)) = inbox.recv().await {
            let (directory, outbox) = (directory.clone(), outbox.clone());
            let slot = slots.clone().try_acquire_owned();
            tokio::spawn(async move {
                let known = if let Ok(_until_answered) = slot {
                    directory.who(&from).await
                } else {
                    directory.meters.looked_up("busy");
                    None
                };
                let _gone = outbox.send((call, known));
            });
        }
    });
    Callers { asked, known }
}

/// The customer system of a revision of the site.
fn crm_of(site: &Site) -> Option<Arc<Crm>> {
    let named = site.crm.as_ref()?;
    let secret = match named.secret_file.as_deref().map(secret::read).transpose() {
        Ok(secret) => secret,
        Err(why) => {
            tracing::error!(%why, "the customer system is not asked without its secret");
            return None;
        }
    };
    let (url, patience) = (named.url.clone(), named.patience.saturating_sub(MARGIN));
    let settings = crm::Settings { url, secret, patience, cache: named.cache };
    let crm = Crm::new(settings).map(Arc::new);
    crm.inspect_err(|why| tracing::error!(%why, "the customer system is not asked")).ok()
}

impl Directory {
    async fn who(&self, from: &Number) -> Option<Known> {
        let patience = self.sites.borrow().crm.as_ref().map_or(PATIENCE, |crm| crm.patience);
        let until = Instant::now() + patience.saturating_sub(MARGIN);
        let forms = self.customers.forms(from);
        let recent = self.clock.now() - RECENT;
        let asked = async {
            let (crm, number) = ((self.crm)()?, self.customers.whole(from)?);
            let (profile, how) = crm.who(&number).await;
            self.meters.crm(how.word());
            profile
        };
        let (table, past, profile) = join!(
            timeout_at(until, self.customers.by_number(from)),
            timeout_at(until, self.calls.caller(&forms, recent)),
            asked
        );
        // What is wrong with the database is told by `status`; nothing of whom it was about.
        let whole = matches!((&table, &past), (Ok(Ok(_)), Ok(Ok(_))));
        let table = table.ok().and_then(Result::ok).flatten();
        let past = past.ok().and_then(Result::ok).unwrap_or_default();
        let known = joined(table, profile, past);
        self.meters.looked_up(match (&known, whole) {
            (Some(_), _) => "known",
            (None, true) => "nobody",
            (None, false) => "failed",
        });
        known
    }
}

/// What the table says goes before what the customer system says: somebody of the house wrote it there. Tags of both count,
/// and the greater number of complaints.
fn joined(table: Option<Customer>, profile: Option<Profile>, past: CallerPast) -> Option<Known> {
    let by = match (&table, &profile) {
        (Some(_), Some(_)) => "customers, crm",
        (Some(_), None) => "customers",
        (None, Some(_)) => "crm",
        (None, None) if past == CallerPast::default() => return None,
        (None, None) => "history",
    };
    let other = profile.unwrap_or_default();
    let mut known = Known {
        customer: other.id,
        name: other.name,
        class: other.class,
        tags: other.tags,
        language: other.language,
        complaints: other.complaints,
        contacts: past.contacts,
        last: past.last.map(|(agent, at)| LastContact { agent, at }),
        by: SmolStr::new_static(by),
    };
    if let Some(own) = table {
        known.customer = Some(own.id.as_str().into());
        if !own.name.as_str().is_empty() {
            known.name = own.name;
        }
        known.class = own.class.or(known.class);
        known.tags.extend(own.tags);
        known.language = own.language.or(known.language);
        known.complaints = known.complaints.max(own.complaints);
    }
    Some(known)
}

#[cfg(test)]
mod tests;
