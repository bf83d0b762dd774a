//! What can be done with customers.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};

use super::{
    model::{Customer, Draft, Invalid, Mail},
    store::{self, On, StoreError},
};
use crate::{
    base::{
        area,
        clock::{Clock, Stamp},
        id::Name,
        number::Number,
        text::{Label, without_outsiders},
    },
    desk::audit::{self, Change, What},
    infra::db::{Db, DbError, Transaction},
};

/// By what a customer is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// With `+` and the country code.
    Number(Number),
    Mail(Mail),
}

impl Point {
    pub(super) fn all(customer: &Customer) -> BTreeSet<Self> {
        let numbers = customer.numbers.iter().cloned().map(Self::Number);
        numbers.chain(customer.mails.iter().cloned().map(Self::Mail)).collect()
    }

    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Number(_) => "number",
            Self::Mail(_) => "mail",
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Number(number) => number.as_str(),
            Self::Mail(mail) => mail.as_str(),
        }
    }
}

/// Which customers; everything that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub class: Option<Name>,
    pub tag: Option<Name>,
    pub point: Option<Point>,
}

/// What became of a file's customers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Imported {
    pub made: u64,
    pub changed: u64,
    /// Those that were there already as they are now.
    pub same: u64,
}

/// Why something cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum CustomerError {
    #[error("there is no customer {0}")]
    NoSuchCustomer(Name),
    #[error("customer {id}: {why}")]
    Invalid { id: Name, why: Invalid },
    #[error("customer {id}: {} belongs to customer {to} already", point.as_str())]
    Taken { id: Name, point: Point, to: Name },
    #[error("customer {0} is here twice")]
    Twice(Name),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<DbError> for CustomerError {
    fn from(why: DbError) -> Self {
        Self::Store(why.into())
    }
}

/// Customers in the database.
#[derive(Clone)]
pub struct Customers {
    db: Db,
    clock: Arc<dyn Clock>,
    home: Arc<dyn Fn() -> SmolStr + Send + Sync>,
}

impl Customers {
    /// `home` tells the country code of the site, in which numbers are read.
    pub fn new(db: Db, clock: Arc<dyn Clock>, home: impl Fn() -> SmolStr + Send + Sync + 'static) -> Self {
        Self { db, clock, home: Arc::new(home) }
    }

    /// Customers by id, from behind `after` on.
    pub async fn list(
        &self,
        wanted: &Wanted,
        after: Option<&Name>,
        limit: u32,
    ) -> Result<Vec<Customer>, CustomerError> {
        Ok(store::list(&mut On::Asking(&self.db), wanted, after, limit).await?)
    }

    pub async fn get(&self, id: &Name) -> Result<Customer, CustomerError> {
        let found = store::find(&mut On::Db(&self.db), [id].into_iter()).await?.pop();
        found.ok_or_else(|| CustomerError::NoSuchCustomer(id.clone()))
    }

    /// Whose number this is, as a trunk brings it.
    pub async fn by_number(&self, number: &Number) -> Result<Option<Customer>, CustomerError> {
        let Some(number) = self.whole(number) else { return Ok(None) };
        let wanted = Wanted { point: Some(Point::Number(number)), ..Wanted::default() };
        Ok(store::list(&mut On::Db(&self.db), &wanted, None, 1).await?.pop())
    }

    /// Every form in which a trunk may have brought this number.
    pub fn forms(&self, number: &Number) -> BTreeSet<Number> {
        area::forms(number, &(self.home)())
    }

    /// A number as it is written down with customers.
    pub fn whole(&self, number: &Number) -> Option<Number> {
        area::international(number, &(self.home)())
    }

    /// Makes a customer, or makes one what the draft says.
    pub async fn set(&self, who: &Label, draft: Draft) -> Result<Customer, CustomerError> {
        let id = draft.id.clone();
        self.import(who, vec![draft], false).await?;
        self.get(&id).await
    }

    /// The same with many, all or none; with `dry` none, but it is told what would come of it.
    pub async fn import(
        &self,
        who: &Label,
        drafts: Vec<Draft>,
        dry: bool,
    ) -> Result<Imported, CustomerError> {
        let (home, now) = ((self.home)(), self.clock.now());
        // In the order of the file: a line may give up what a later one gets.
        let mut customers: Vec<Customer> = Vec::new();
        let mut ids = BTreeSet::new();
        for draft in drafts {
            let id = draft.id.clone();
            let customer = Customer::of(draft, &home, now)
                .map_err(|why| CustomerError::Invalid { id: id.clone(), why })?;
            customers.push(customer);
            if !ids.insert(id.clone()) {
                return Err(CustomerError::Twice(id));
            }
        }
        let mut transaction = self.db.begin().await?;
        let known = store::find(&mut On::Transaction(&mut transaction), ids.iter()).await?;
        let known: BTreeMap<&Name, &Customer> = known.iter().map(|known| (&known.id, known)).collect();
        let mut imported = Imported::default();
        for customer in &customers {
            let before = known.get(&customer.id).copied();
            match before {
                Some(before) if before.says_the_same(customer) => {
                    imported.same += 1;
                    continue;
                }
                Some(_) => imported.changed += 1,
                None => imported.made += 1,
            }
            self.put(&mut transaction, who, customer, before).await?;
        }
        if !dry {
            transaction.commit().await?;
        }
        Ok(imported)
    }

    async fn put(
        &self,
        transaction: &mut Transaction<'_>,
        who: &Label,
        customer: &Customer,
        before: Option<&Customer>,
    ) -> Result<(), CustomerError> {
        let had = before.map(Point::all).unwrap_or_default();
        for point in Point::all(customer).difference(&had) {
            if let Some(to) = store::owner(&mut On::Transaction(transaction), point).await? {
                let (id, point) = (customer.id.clone(), point.clone());
                return Err(CustomerError::Taken { id, point, to });
            }
        }
        store::put(transaction, customer, before).await?;
        let (was, is) = (before.map(told), Some(told(customer)));
        Ok(self.write_down(transaction, who, What::CustomerSet, &customer.id, was, is).await?)
    }

    /// The customer is no more; what finished calls tell stays.
    pub async fn remove(&self, who: &Label, id: &Name) -> Result<Customer, CustomerError> {
        let mut transaction = self.db.begin().await?;
        let found = store::find(&mut On::Transaction(&mut transaction), [id].into_iter()).await?.pop();
        let Some(customer) = found else { return Err(CustomerError::NoSuchCustomer(id.clone())) };
        store::remove(&mut transaction, id).await?;
        self.write_down(&mut transaction, who, What::CustomerRemove, id, Some(told(&customer)), None).await?;
        transaction.commit().await?;
        self.db.forget().await?;
        Ok(customer)
    }

    async fn write_down(
        &self,
        transaction: &mut Transaction<'_>,
        who: &Label,
        what: What,
        id: &Name,
        before: Option<Value>,
        after: Option<Value>,
    ) -> Result<(), DbError> {
        let at = self.clock.now();
        let change = Change {
            id: unique(what, id, at),
            at,
            who: who.clone(),
            what,
            subject: without_outsiders(id.as_str()).into(),
            before: before.map(|value| value.to_string()),
            after: after.map(|value| value.to_string()),
        };
        audit::add(transaction, &change).await
    }
}

/// An id that no other change has.
fn unique(what: What, id: &Name, at: Stamp) -> SmolStr {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, id.as_str().as_bytes());
    let hex: String = digest.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    format_smolstr!("{}-{}-{hex}", what.word(), at.0)
}

/// What may be kept for ever: nothing that tells who it is.
fn told(customer: &Customer) -> Value {
    json!({
        "class": customer.class,
        "tags": customer.tags,
        "language": customer.language,
        "numbers": customer.numbers.len(),
        "mails": customer.mails.len(),
        "complaints": customer.complaints,
    })
}
