//! What finished calls tell of a caller who is calling again.

use std::collections::BTreeSet;

use super::{CallStore, StoreError, row};
use crate::{
    base::{clock::Stamp, id::Name, number::Number},
    infra::db::{Sql, WrongColumn},
};

/// Calls of a number that are looked at, newest first: a switchboard somewhere may have made thousands.
const NEWEST: i64 = 1000;

/// A caller's past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallerPast {
    /// Calls since the moment that was asked for in which somebody talked with the caller; of the newest thousand of each
    /// form of the number.
    pub contacts: u32,
    /// The end of the last one, and which agent that was, where it was one.
    pub last: Option<(Option<Name>, Stamp)>,
}

impl CallStore {
    /// The past of whoever calls with this number, in any of its forms; `since`: from when on contacts count. It is asked
    /// while the caller rings, and looks at no more rows than an index gives.
    pub async fn caller(&self, forms: &BTreeSet<Number>, since: Stamp) -> Result<CallerPast, StoreError> {
        if forms.is_empty() {
            return Ok(CallerPast::default());
        }
        let mut sql = Sql::new("SELECT sum(CASE WHEN talk_ms > 0 AND ended > ");
        sql.push_bind(since.0).push(
            " THEN 1 ELSE 0 END) AS contacts, max(CASE WHEN talk_ms > 0 THEN ended END) AS last FROM (",
        );
        for (place, form) in forms.iter().enumerate() {
            let and = if place == 0 { "SELECT" } else { " UNION ALL SELECT" };
            sql.push(and).push(" * FROM (SELECT ended, talk_ms FROM calls WHERE from_number = ");
            sql.push_bind(form.as_str()).push(" ORDER BY ended DESC LIMIT ").push_bind(NEWEST);
            // PostgreSQL wants a name for each.
            sql.push(") AS newest");
        }
        sql.push(") AS recent");
        let rows = self.db.fetch(sql).await?;
        let Some(found) = rows.first() else { return Ok(CallerPast::default()) };
        let contacts = found.int("contacts")?.unwrap_or(0);
        let contacts = u32::try_from(contacts).map_err(|_| WrongColumn("contacts"))?;
        let last = match found.int("last")? {
            Some(ended) => Some((self.agent_of(forms, ended).await?, Stamp(ended))),
            None => None,
        };
        Ok(CallerPast { contacts, last })
    }

    async fn agent_of(&self, forms: &BTreeSet<Number>, ended: i64) -> Result<Option<Name>, StoreError> {
        let mut sql = Sql::new("SELECT id, agent FROM calls WHERE talk_ms > 0 AND ended = ");
        sql.push_bind(ended).push(" AND from_number IN (");
        for (place, form) in forms.iter().enumerate() {
            sql.push(if place == 0 { "" } else { ", " }).push_bind(form.as_str());
        }
        sql.push(") ORDER BY agent IS NULL, id LIMIT 1");
        self.db.fetch(sql).await?.first().map_or(Ok(None), row::agent)
    }
}
