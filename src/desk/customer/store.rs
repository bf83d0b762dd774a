//! The SQL of customers and their contact points.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    model::{Customer, Note},
    service::{Point, Wanted},
};
use crate::{
    base::{clock::Stamp, id::Name, locale::Locale, text::Label},
    infra::db::{Db, DbError, Record, Sql, Transaction, WrongColumn},
};

const CUSTOMERS: &str =
    "SELECT id, name, class, tags, language, note, complaints, complained, made, changed FROM customers";
const PUT: &str = "INSERT INTO customers (id, name, class, tags, language, note, complaints, complained, made, changed) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO UPDATE SET name = excluded.name, \
     class = excluded.class, tags = excluded.tags, language = excluded.language, note = excluded.note, \
     complaints = excluded.complaints, complained = excluded.complained, changed = excluded.changed";

/// What the tables gave, or why not.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("a row of customers or contacts is not as it was written: {0}; correct or delete it")]
    Row(#[from] WrongColumn),
}

/// Whoever can be asked: the database, or a transaction within it.
pub enum On<'a, 'db> {
    Db(&'a Db),
    /// For those whom nobody waits for.
    Asking(&'a Db),
    Transaction(&'a mut Transaction<'db>),
}

impl On<'_, '_> {
    async fn fetch(&mut self, sql: Sql) -> Result<Vec<Record>, DbError> {
        match self {
            Self::Db(db) => db.fetch(sql).await,
            Self::Asking(db) => db.ask(sql).await,
            Self::Transaction(transaction) => transaction.fetch(sql).await,
        }
    }
}

/// `$1, $2, …` for each text.
fn push_all<'t>(sql: &mut Sql, texts: impl Iterator<Item = &'t str>) {
    for (place, text) in texts.enumerate() {
        if place > 0 {
            sql.push(", ");
        }
        sql.push_bind(text);
    }
}

/// Customers by id, from behind `after` on.
pub async fn list(
    on: &mut On<'_, '_>,
    wanted: &Wanted,
    after: Option<&Name>,
    limit: u32,
) -> Result<Vec<Customer>, StoreError> {
    let mut sql = Sql::new(CUSTOMERS);
    sql.push(" WHERE id > ").push_bind(after.map_or("", Name::as_str));
    if let Some(class) = &wanted.class {
        sql.push(" AND class = ").push_bind(class.as_str());
    }
    if let Some(tag) = &wanted.tag {
        // A name has no quote in it.
        sql.push(" AND replace(tags, ").push_bind(format!("\"{tag}\"")).push(", '') <> tags");
    }
    if let Some(point) = &wanted.point {
        sql.push(" AND id IN (SELECT customer FROM contacts WHERE kind = ").push_bind(point.kind());
        sql.push(" AND point = ").push_bind(point.as_str()).push(")");
    }
    sql.push(" ORDER BY id LIMIT ").push_bind(i64::from(limit));
    whole(on, sql).await
}

/// The customers of these ids.
pub async fn find<'i>(
    on: &mut On<'_, '_>,
    ids: impl Iterator<Item = &'i Name>,
) -> Result<Vec<Customer>, StoreError> {
    let mut ids = ids.map(Name::as_str).peekable();
    if ids.peek().is_none() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new(CUSTOMERS);
    sql.push(" WHERE id IN (");
    push_all(&mut sql, ids);
    sql.push(")");
    whole(on, sql).await
}

/// Whose this contact point is.
pub async fn owner(on: &mut On<'_, '_>, point: &Point) -> Result<Option<Name>, StoreError> {
    let sql = Sql::new("SELECT customer FROM contacts WHERE kind = $1 AND point = $2");
    let rows = on.fetch(sql.bind(point.kind()).bind(point.as_str())).await?;
    Ok(rows.first().map(|row| parsed(row, "customer")).transpose()?)
}

/// The customers of this question with their contact points.
async fn whole(on: &mut On<'_, '_>, sql: Sql) -> Result<Vec<Customer>, StoreError> {
    let mut customers = on.fetch(sql).await?.iter().map(customer).collect::<Result<Vec<_>, _>>()?;
    if customers.is_empty() {
        return Ok(customers);
    }
    let mut sql = Sql::new("SELECT kind, point, customer FROM contacts WHERE customer IN (");
    push_all(&mut sql, customers.iter().map(|customer| customer.id.as_str()));
    sql.push(")");
    let rows = on.fetch(sql).await?;
    let mut by_id: BTreeMap<Name, &mut Customer> =
        customers.iter_mut().map(|customer| (customer.id.clone(), customer)).collect();
    for row in &rows {
        let Some(customer) = by_id.get_mut(&parsed::<Name>(row, "customer")?) else { continue };
        let wrong = WrongColumn("point");
        let point = row.text("point")?.ok_or(wrong)?;
        match row.text("kind")? {
            Some("number") => {
                let number = crate::base::number::Number::new(point).map_err(|_| wrong)?;
                customer.numbers.insert(number);
            }
            _ => {
                customer.mails.insert(point.parse().map_err(|_| wrong)?);
            }
        }
    }
    Ok(customers)
}

/// Writes a customer, whose contact points belong to nobody else.
pub async fn put(
    on: &mut Transaction<'_>,
    customer: &Customer,
    before: Option<&Customer>,
) -> Result<(), StoreError> {
    let tags = serde_json::to_string(&customer.tags).unwrap_or_default();
    let complained = customer.complained.map(|day| day.to_string());
    let sql = Sql::new(PUT)
        .bind(customer.id.as_str())
        .bind(customer.name.as_str())
        .bind(customer.class.as_ref().map(Name::as_str))
        .bind(tags)
        .bind(customer.language.map(tag))
        .bind(customer.note.as_str())
        .bind(i64::from(customer.complaints))
        .bind(complained.as_deref())
        .bind(customer.made.0)
        .bind(customer.changed.0);
    on.run(sql).await?;
    let (points, had) = (Point::all(customer), before.map(Point::all).unwrap_or_default());
    for point in had.difference(&points) {
        let sql = Sql::new("DELETE FROM contacts WHERE kind = $1 AND point = $2");
        on.run(sql.bind(point.kind()).bind(point.as_str())).await?;
    }
    for point in points.difference(&had) {
        let sql = Sql::new("INSERT INTO contacts (kind, point, customer) VALUES ($1, $2, $3)");
        on.run(sql.bind(point.kind()).bind(point.as_str()).bind(customer.id.as_str())).await?;
    }
    Ok(())
}

pub async fn remove(on: &mut Transaction<'_>, id: &Name) -> Result<(), StoreError> {
    on.run(Sql::new("DELETE FROM contacts WHERE customer = $1").bind(id.as_str())).await?;
    on.run(Sql::new("DELETE FROM customers WHERE id = $1").bind(id.as_str())).await?;
    Ok(())
}

fn tag(language: Locale) -> &'static str {
    match language {
        Locale::Chinese => "zh-CN",
        Locale::English => "en-US",
    }
}

/// Still without its contact points.
fn customer(row: &Record) -> Result<Customer, StoreError> {
    let text = |column| row.text(column);
    let stamp = |column| row.int(column).and_then(|at| at.map(Stamp).ok_or(WrongColumn(column)));
    let language = match text("language")? {
        None => None,
        Some("zh-CN") => Some(Locale::Chinese),
        Some("en-US") => Some(Locale::English),
        Some(_) => return Err(WrongColumn("language").into()),
    };
    let tags = text("tags")?.and_then(|tags| serde_json::from_str(tags).ok()).ok_or(WrongColumn("tags"))?;
    let complaints = row.int("complaints")?.and_then(|many| many.try_into().ok());
    Ok(Customer {
        id: parsed(row, "id")?,
        name: Label::new(text("name")?.unwrap_or("")),
        class: optional(row, "class")?,
        tags,
        language,
        note: Note::new(text("note")?.unwrap_or("")),
        numbers: BTreeSet::new(),
        mails: BTreeSet::new(),
        complaints: complaints.ok_or(WrongColumn("complaints"))?,
        complained: optional(row, "complained")?,
        made: stamp("made")?,
        changed: stamp("changed")?,
    })
}

fn optional<T: std::str::FromStr>(row: &Record, column: &'static str) -> Result<Option<T>, WrongColumn> {
    row.text(column)?.map(|text| text.parse().map_err(|_| WrongColumn(column))).transpose()
}

fn parsed<T: std::str::FromStr>(row: &Record, column: &'static str) -> Result<T, WrongColumn> {
    optional(row, column)?.ok_or(WrongColumn(column))
}
