//! Users, their tokens, and the audit: what only an admin may see and change.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::{
    Rooms,
    extract::{Asked, Body, Segment},
    gate::Acting,
    page::{cursor, limit, page},
    problem::{Problem, Says},
    repeat::OnlyOnce,
};
use crate::{
    base::{id::Name, text::Label},
    desk::{
        access::{AccessError, NewToken, Scope, Token, TokenId, User},
        audit::{AuditError, Entry, Filter, Sound},
    },
};

/// A page of a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Window {
    pub(super) limit: Option<u32>,
    pub(super) cursor: Option<String>,
}

pub(super) async fn users(rooms: State<Rooms>, Asked(window): Asked<Window>) -> Result<Response, Problem> {
    let limit = limit(window.limit)?;
    let after = cursor(window.cursor.as_deref(), |text| Name::new(text).ok())?;
    let users = rooms.access.users(after.as_ref(), limit + 1).await?;
    Ok(page("/v1/users", &[], users, limit, |user: &User| user.name.to_string()))
}

/// A user to be.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserBody {
    pub name: Name,
    /// The furthest scope that a token of this user can have.
    pub may: Scope,
}

pub(super) async fn add_user(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Body(UserBody { name, may }): Body<UserBody>,
) -> Result<Json<User>, Problem> {
    Ok(Json(rooms.access.add_user(&actor.0, name, may).await?))
}

pub(super) async fn remove_user(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(name): Segment<Name>,
) -> Result<Json<User>, Problem> {
    Ok(Json(rooms.access.remove_user(&actor.0, &name).await?))
}

/// A page of tokens, those of one user if it is named.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenWindow {
    limit: Option<u32>,
    cursor: Option<String>,
    user: Option<Name>,
}

pub(super) async fn tokens(
    rooms: State<Rooms>,
    Asked(window): Asked<TokenWindow>,
) -> Result<Response, Problem> {
    let limit = limit(window.limit)?;
    let after: Option<TokenId> = cursor(window.cursor.as_deref(), |text| text.parse().ok())?;
    let tokens = rooms.access.tokens(window.user.as_ref(), after.as_ref(), limit + 1).await?;
    let other = [("user", window.user.map(|user| user.to_string()))];
    Ok(page("/v1/tokens", &other, tokens, limit, |token: &Token| token.id.to_string()))
}

/// A token to be.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenBody {
    pub scope: Scope,
    /// Days until it ends, 1 to 366; 90 if not said.
    #[serde(default = "ninety")]
    pub days: u16,
    /// What it is for.
    #[serde(default)]
    pub note: Label,
}

fn ninety() -> u16 {
    90
}

/// A new token, with its secret this one time.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Shown {
    #[serde(flatten)]
    pub token: Token,
    /// What goes behind `Authorization: Bearer`. Nobody can show it again.
    pub secret: String,
}

pub(super) async fn make_token(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(user): Segment<Name>,
    Body(TokenBody { scope, days, note }): Body<TokenBody>,
) -> Result<Response, Problem> {
    let made = rooms.access.make_token(&actor.0, &user, NewToken { scope, days, note }).await?;
    let shown = Shown { token: made.token, secret: made.secret.expose_secret().to_owned() };
    let mut response = Json(shown).into_response();
    response.extensions_mut().insert(OnlyOnce);
    Ok(response)
}

pub(super) async fn revoke(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(id): Segment<TokenId>,
) -> Result<Json<Token>, Problem> {
    Ok(Json(rooms.access.revoke(&actor.0, &id).await?))
}

/// A page of the audit, newest first.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditWindow {
    limit: Option<u32>,
    cursor: Option<String>,
    who: Option<Label>,
    subject: Option<String>,
}

pub(super) async fn audit(
    rooms: State<Rooms>,
    Asked(window): Asked<AuditWindow>,
) -> Result<Response, Problem> {
    let limit = limit(window.limit)?;
    let before: Option<i64> = cursor(window.cursor.as_deref(), |text| text.parse().ok())?;
    let other = [("who", window.who.as_ref().map(Label::to_string)), ("subject", window.subject.clone())];
    let filter = Filter { who: window.who, subject: window.subject, before };
    let entries = rooms.audit.entries(&filter, limit + 1).await?;
    Ok(page("/v1/audit", &other, entries, limit, |entry: &Entry| entry.number.to_string()))
}

pub(super) async fn verify(rooms: State<Rooms>) -> Result<Json<Sound>, Problem> {
    Ok(Json(rooms.audit.verify().await?))
}

impl From<AccessError> for Problem {
    fn from(why: AccessError) -> Self {
        let says = match &why {
            AccessError::NoSuchUser(_) => Says::NoSuchUser,
            AccessError::KnownUser(_) => Says::KnownUser,
            AccessError::NoSuchToken(_) => Says::NoSuchToken,
            AccessError::TooFar { .. } => Says::TooFar,
            AccessError::BadLife(_) => Says::BadBody,
            AccessError::Store(_) => Says::NoDatabase,
        };
        Self::new(says, why.to_string())
    }
}

impl From<AuditError> for Problem {
    fn from(why: AuditError) -> Self {
        let says = match &why {
            AuditError::Db(_) => Says::NoDatabase,
            _ => Says::AuditBroken,
        };
        Self::new(says, why.to_string())
    }
}
