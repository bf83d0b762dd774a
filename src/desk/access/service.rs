//! What can be done with users and tokens.

use std::{sync::Arc, time::Duration};

use secrecy::SecretString;
use serde_json::{Value, json};
use smol_str::SmolStr;

use super::{
    model::{Grant, Made, NewToken, Scope, Token, TokenId, User, fresh, hash, id_in, is_hash_of},
    store::{self, StoreError},
};
use crate::{
    base::{
        clock::{Clock, Stamp},
        id::Name,
        text::Label,
    },
    desk::audit::{self, Change, What},
    infra::db::{Db, DbError, Transaction},
};

const DAY: Duration = Duration::from_hours(24);
/// Of a token, in days.
pub const LONGEST_LIFE: u16 = 366;

/// Why something cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    #[error("there is no user {0}")]
    NoSuchUser(Name),
    #[error("there is a user {0} already")]
    KnownUser(Name),
    #[error("there is no token {0}")]
    NoSuchToken(TokenId),
    #[error("the user {user} has the right `{may}`, which does not include `{asked}`")]
    TooFar { user: Name, may: Scope, asked: Scope },
    #[error("a token lives 1 to {LONGEST_LIFE} days, not {0}")]
    BadLife(u16),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<DbError> for AccessError {
    fn from(why: DbError) -> Self {
        Self::Store(why.into())
    }
}

/// Why somebody is not let in. Which of the first ones it was is for the log, not for whoever asks.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    #[error("this is no token")]
    NoToken,
    #[error("no such token is known")]
    Unknown,
    #[error("token {0} has the right name and the wrong secret")]
    WrongSecret(TokenId),
    #[error("token {0} is revoked")]
    Revoked(TokenId),
    #[error("token {0} is expired")]
    Expired(TokenId),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Users and tokens in the database.
#[derive(Clone)]
pub struct Access {
    db: Db,
    clock: Arc<dyn Clock>,
}

impl Access {
    pub fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db, clock }
    }

    /// Whom the bearer of `token` is.
    pub async fn admit(&self, token: &SecretString) -> Result<Grant, Denied> {
        let id = id_in(token).ok_or(Denied::NoToken)?;
        let found = store::look_up(&self.db, &id).await?;
        // One that nobody has is compared too, so that its absence takes no less time.
        let kept = found.as_ref().map_or(&[0u8; 32][..], |kept| &kept.hash);
        let same = is_hash_of(kept, token);
        match found {
            None => Err(Denied::Unknown),
            Some(_) if !same => Err(Denied::WrongSecret(id)),
            Some(kept) if kept.token.revoked.is_some() => Err(Denied::Revoked(id)),
            Some(kept) if kept.token.expires <= self.clock.now() => Err(Denied::Expired(id)),
            Some(kept) => {
                let Token { user, scope, expires, .. } = kept.token;
                Ok(Grant { user, token: id, scope, expires })
            }
        }
    }

    /// Whether a token that was let in still would be.
    pub async fn stands(&self, id: &TokenId) -> Result<bool, AccessError> {
        let found = store::look_up(&self.db, id).await?;
        Ok(found.is_some_and(|kept| kept.token.revoked.is_none() && kept.token.expires > self.clock.now()))
    }

    /// Users by name, from behind `after` on.
    pub async fn users(&self, after: Option<&Name>, limit: u32) -> Result<Vec<User>, AccessError> {
        Ok(store::users(&self.db, after, limit).await?)
    }

    pub async fn add_user(&self, who: &Label, name: Name, may: Scope) -> Result<User, AccessError> {
        let user = User { name, may, made: self.clock.now() };
        let mut transaction = self.db.begin().await?;
        if store::find_user(&mut transaction, &user.name).await?.is_some() {
            return Err(AccessError::KnownUser(user.name));
        }
        store::put_user(&mut transaction, &user).await?;
        let after = json!({ "may": may });
        self.write_down(&mut transaction, who, What::UserAdd, user.name.as_str(), None, Some(after)).await?;
        transaction.commit().await?;
        Ok(user)
    }

    /// Removes the user and revokes all tokens that the user has.
    pub async fn remove_user(&self, who: &Label, name: &Name) -> Result<User, AccessError> {
        let mut transaction = self.db.begin().await?;
        let Some(user) = store::find_user(&mut transaction, name).await? else {
            return Err(AccessError::NoSuchUser(name.clone()));
        };
        store::remove_user(&mut transaction, name, self.clock.now()).await?;
        let before = json!({ "may": user.may });
        self.write_down(&mut transaction, who, What::UserRemove, name.as_str(), Some(before), None).await?;
        transaction.commit().await?;
        Ok(user)
    }

    /// Tokens by id, from behind `after` on, those of one user or of all.
    pub async fn tokens(
        &self,
        user: Option<&Name>,
        after: Option<&TokenId>,
        limit: u32,
    ) -> Result<Vec<Token>, AccessError> {
        Ok(store::tokens(&self.db, user, after, limit).await?)
    }

    pub async fn make_token(&self, who: &Label, name: &Name, asked: NewToken) -> Result<Made, AccessError> {
        let NewToken { scope, days, note } = asked;
        if !(1..=LONGEST_LIFE).contains(&days) {
            return Err(AccessError::BadLife(days));
        }
        let mut transaction = self.db.begin().await?;
        let Some(user) = store::find_user(&mut transaction, name).await? else {
            return Err(AccessError::NoSuchUser(name.clone()));
        };
        if !user.may.allows(scope) {
            return Err(AccessError::TooFar { user: user.name, may: user.may, asked: scope });
        }
        let (id, secret) = fresh();
        let made = self.clock.now();
        let expires = made + DAY * u32::from(days);
        let token = Token { id, user: user.name, scope, note, made, expires, revoked: None };
        store::put_token(&mut transaction, &token, &hash(&secret)).await?;
        let after = json!({ "user": token.user, "scope": scope, "expires": expires, "note": token.note });
        self.write_down(&mut transaction, who, What::TokenCreate, token.id.as_str(), None, Some(after))
            .await?;
        transaction.commit().await?;
        Ok(Made { token, secret })
    }

    /// Revoking what is revoked already changes nothing, and is written down no second time.
    pub async fn revoke(&self, who: &Label, id: &TokenId) -> Result<Token, AccessError> {
        let mut transaction = self.db.begin().await?;
        let Some(token) = store::find_token(&mut transaction, id).await? else {
            return Err(AccessError::NoSuchToken(id.clone()));
        };
        if token.revoked.is_some() {
            return Ok(token);
        }
        let now = self.clock.now();
        store::revoke(&mut transaction, id, now).await?;
        let before = json!({ "user": token.user, "scope": token.scope, "expires": token.expires });
        let after = json!({ "user": token.user, "revoked": now });
        self.write_down(&mut transaction, who, What::TokenRevoke, id.as_str(), Some(before), Some(after))
            .await?;
        transaction.commit().await?;
        Ok(Token { revoked: Some(now), ..token })
    }

    async fn write_down(
        &self,
        transaction: &mut Transaction<'_>,
        who: &Label,
        what: What,
        subject: &str,
        before: Option<Value>,
        after: Option<Value>,
    ) -> Result<(), AccessError> {
        let change = Change {
            id: unique(self.clock.now()),
            at: self.clock.now(),
            who: who.clone(),
            what,
            subject: subject.into(),
            before: before.map(|value| value.to_string()),
            after: after.map(|value| value.to_string()),
        };
        Ok(audit::add(transaction, &change).await?)
    }
}

/// An id that no other change has.
fn unique(now: Stamp) -> SmolStr {
    let (id, _) = fresh();
    smol_str::format_smolstr!("{}-{id}", now.0)
}
