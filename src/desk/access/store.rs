//! The SQL of users and tokens.

use super::model::{Scope, Token, TokenId, User};
use crate::{
    base::{clock::Stamp, id::Name, text::Label},
    infra::db::{Db, DbError, Record, Sql, Transaction, WrongColumn},
};

const USERS: &str = "SELECT name, may, made FROM users WHERE removed IS NULL";
const TOKENS: &str = "SELECT id, owner, scope, note, hash, made, expires, revoked FROM tokens";

/// What the tables gave, or why not.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("a row of users or tokens is not as it was written: {0}; correct or delete it")]
    Row(#[from] WrongColumn),
}

/// A token with what only the comparison sees.
pub struct Kept {
    pub token: Token,
    pub hash: Vec<u8>,
}

/// Users by name, from behind `after` on.
pub async fn users(db: &Db, after: Option<&Name>, limit: u32) -> Result<Vec<User>, StoreError> {
    let mut sql = Sql::new(USERS);
    if let Some(after) = after {
        sql.push(" AND name > ").push_bind(after.as_str());
    }
    sql.push(" ORDER BY name LIMIT ").push_bind(i64::from(limit));
    db.fetch(sql).await?.iter().map(user).collect()
}

pub async fn find_user(on: &mut Transaction<'_>, name: &Name) -> Result<Option<User>, StoreError> {
    let mut sql = Sql::new(USERS);
    sql.push(" AND name = ").push_bind(name.as_str());
    on.fetch(sql).await?.first().map(user).transpose()
}

/// Makes the user, or lets one that was removed come again.
pub async fn put_user(on: &mut Transaction<'_>, user: &User) -> Result<(), StoreError> {
    let sql = Sql::new(
        "INSERT INTO users (name, may, made) VALUES ($1, $2, $3) \
         ON CONFLICT (name) DO UPDATE SET may = excluded.may, made = excluded.made, removed = NULL",
    );
    let sql = sql.bind(user.name.as_str()).bind(user.may.word()).bind(user.made.0);
    on.run(sql).await?;
    Ok(())
}

pub async fn remove_user(on: &mut Transaction<'_>, name: &Name, now: Stamp) -> Result<(), StoreError> {
    on.run(Sql::new("UPDATE users SET removed = $1 WHERE name = $2").bind(now.0).bind(name.as_str())).await?;
    let tokens = Sql::new("UPDATE tokens SET revoked = $1 WHERE owner = $2 AND revoked IS NULL");
    on.run(tokens.bind(now.0).bind(name.as_str())).await?;
    Ok(())
}

/// Tokens by id, from behind `after` on, those of one user or of all.
pub async fn tokens(
    db: &Db,
    user: Option<&Name>,
    after: Option<&TokenId>,
    limit: u32,
) -> Result<Vec<Token>, StoreError> {
    let mut sql = Sql::new(TOKENS);
    sql.push(" WHERE id > ").push_bind(after.map_or("", TokenId::as_str));
    if let Some(user) = user {
        sql.push(" AND owner = ").push_bind(user.as_str());
    }
    sql.push(" ORDER BY id LIMIT ").push_bind(i64::from(limit));
    let rows = db.fetch(sql).await?;
    rows.iter().map(|row| kept(row).map(|kept| kept.token)).collect()
}

fn one_token(id: &TokenId) -> Sql {
    let mut sql = Sql::new(TOKENS);
    sql.push(" WHERE id = ").push_bind(id.as_str());
    sql
}

pub async fn look_up(db: &Db, id: &TokenId) -> Result<Option<Kept>, StoreError> {
    db.fetch(one_token(id)).await?.first().map(kept).transpose()
}

pub async fn find_token(on: &mut Transaction<'_>, id: &TokenId) -> Result<Option<Token>, StoreError> {
    on.fetch(one_token(id)).await?.first().map(|row| kept(row).map(|kept| kept.token)).transpose()
}

pub async fn put_token(on: &mut Transaction<'_>, token: &Token, hash: &[u8]) -> Result<(), StoreError> {
    let sql = Sql::new(
        "INSERT INTO tokens (id, owner, scope, note, hash, made, expires) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    );
    let sql = sql
        .bind(token.id.as_str())
        .bind(token.user.as_str())
        .bind(token.scope.word())
        .bind(token.note.as_str())
        .bind(hash)
        .bind(token.made.0)
        .bind(token.expires.0);
    on.run(sql).await?;
    Ok(())
}

pub async fn revoke(on: &mut Transaction<'_>, id: &TokenId, now: Stamp) -> Result<(), StoreError> {
    on.run(Sql::new("UPDATE tokens SET revoked = $1 WHERE id = $2").bind(now.0).bind(id.as_str())).await?;
    Ok(())
}

fn user(row: &Record) -> Result<User, StoreError> {
    Ok(User { name: parsed(row, "name")?, may: parsed(row, "may")?, made: stamp(row, "made")? })
}

fn kept(row: &Record) -> Result<Kept, StoreError> {
    let token = Token {
        id: parsed(row, "id")?,
        user: parsed(row, "owner")?,
        scope: parsed::<Scope>(row, "scope")?,
        note: Label::new(row.text("note")?.unwrap_or("")),
        made: stamp(row, "made")?,
        expires: stamp(row, "expires")?,
        revoked: row.int("revoked")?.map(Stamp),
    };
    Ok(Kept { token, hash: row.bytes("hash")?.unwrap_or_default().to_vec() })
}

fn parsed<T: std::str::FromStr>(row: &Record, column: &'static str) -> Result<T, WrongColumn> {
    row.text(column)?.and_then(|text| text.parse().ok()).ok_or(WrongColumn(column))
}

fn stamp(row: &Record, column: &'static str) -> Result<Stamp, WrongColumn> {
    row.int(column)?.map(Stamp).ok_or(WrongColumn(column))
}
