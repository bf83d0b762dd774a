//! Users, rights and tokens.

use std::{fmt, str::FromStr};

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{SHA256, digest},
    rand::{SecureRandom, SystemRandom},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::base::{clock::Stamp, id::Name, text::Label};

/// How far somebody may go; each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The figures for Prometheus.
    Metrics,
    /// Everything that is to be seen of calls, queues and agents.
    Read,
    /// To end and move calls, to log agents in and out.
    Operate,
    /// Users, tokens, the audit.
    Admin,
}

impl Scope {
    pub const ALL: [Self; 4] = [Self::Metrics, Self::Read, Self::Operate, Self::Admin];

    pub fn word(self) -> &'static str {
        match self {
            Self::Metrics => "metrics",
            Self::Read => "read",
            Self::Operate => "operate",
            Self::Admin => "admin",
        }
    }

    /// Whether whoever has this may do what needs `needed`.
    pub fn allows(self, needed: Self) -> bool {
        self >= needed
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// There is no such scope.
#[derive(Debug, thiserror::Error)]
#[error("there is no such scope: metrics, read, operate or admin")]
pub struct NoSuchScope;

impl FromStr for Scope {
    type Err = NoSuchScope;
    fn from_str(text: &str) -> Result<Self, NoSuchScope> {
        Self::ALL.into_iter().find(|scope| scope.word() == text).ok_or(NoSuchScope)
    }
}

/// Somebody, or a program, who comes in by the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct User {
    pub name: Name,
    /// The furthest scope that a token of this user can have.
    pub may: Scope,
    pub made: Stamp,
}

/// The part of a token that everybody may see.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenId(String);

/// The text is no id of a token.
#[derive(Debug, thiserror::Error)]
#[error("a token's id has {ID} letters and digits")]
pub struct NoTokenId;

impl TokenId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TokenId {
    type Err = NoTokenId;
    fn from_str(text: &str) -> Result<Self, NoTokenId> {
        if text.len() == ID && text.bytes().all(|b| LETTERS.contains(&b)) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NoTokenId)
        }
    }
}

impl TryFrom<String> for TokenId {
    type Error = NoTokenId;
    fn try_from(text: String) -> Result<Self, NoTokenId> {
        text.parse()
    }
}

impl From<TokenId> for String {
    fn from(id: TokenId) -> Self {
        id.0
    }
}

/// A token as it is listed: without its secret, which nobody has but its owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Token {
    pub id: TokenId,
    pub user: Name,
    pub scope: Scope,
    pub note: Label,
    pub made: Stamp,
    pub expires: Stamp,
    pub revoked: Option<Stamp>,
}

/// What a token is asked for with.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub scope: Scope,
    pub days: u16,
    pub note: Label,
}

/// A token at the only moment at which its secret is there.
#[derive(Debug)]
pub struct Made {
    pub token: Token,
    pub secret: SecretString,
}

/// What a good token gives its bearer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub user: Name,
    pub token: TokenId,
    pub scope: Scope,
    pub expires: Stamp,
}

/// Letters and digits that nobody mistakes for one another; 5 bits each.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";
const PREFIX: &str = "tandem_";
const ID: usize = 12;
/// 260 bits.
const SECRET: usize = 52;

/// A fresh id and the whole token that holds it.
pub fn fresh() -> (TokenId, SecretString) {
    let id = TokenId(letters(ID));
    let whole = format!("{PREFIX}{id}_{}", letters(SECRET));
    (id, SecretString::from(whole))
}

fn letters(many: usize) -> String {
    let mut bytes = vec![0u8; many];
    SystemRandom::new().fill(&mut bytes).expect("the kernel gives random bytes");
    bytes.iter().map(|b| char::from(LETTERS[usize::from(b & 31)])).collect()
}

/// The id in a text that looks like a token.
pub fn id_in(whole: &SecretString) -> Option<TokenId> {
    let (id, secret) = whole.expose_secret().strip_prefix(PREFIX)?.split_once('_')?;
    let looks = secret.len() == SECRET && secret.bytes().all(|b| LETTERS.contains(&b));
    if looks { id.parse().ok() } else { None }
}

pub fn hash(whole: &SecretString) -> Vec<u8> {
    digest(&SHA256, whole.expose_secret().as_bytes()).as_ref().to_vec()
}

/// Takes the same time wherever the first difference is.
pub fn is_hash_of(kept: &[u8], whole: &SecretString) -> bool {
    verify_slices_are_equal(kept, &hash(whole)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_hash_alone() {
        let (id, whole) = fresh();
        assert_eq!(id_in(&whole), Some(id));
        let kept = hash(&whole);
        assert!(is_hash_of(&kept, &whole));
        let (_, other) = fresh();
        assert!(!is_hash_of(&kept, &other));
        let mut near = whole.expose_secret().to_owned();
        let last = if near.pop() == Some('a') { 'b' } else { 'a' };
        near.push(last);
        assert!(!is_hash_of(&kept, &SecretString::from(near)));
        assert!(!is_hash_of(&kept[..31], &whole));
    }

    #[test]
    fn what_is_no_token_has_no_id() {
        let (id, whole) = fresh();
        let whole = whole.expose_secret();
        for bad in [
            "",
            "tandem_",
            "tandem__",
            &whole[1..],
            &whole[..whole.len() - 1],
            &format!("{whole}a"),
            &whole.to_uppercase(),
            &whole.replace(id.as_str(), "aaaaaaaaaaa'"),
        ] {
            assert_eq!(id_in(&SecretString::from(bad)), None, "{bad}");
        }
    }

    #[test]
    fn scopes_include_those_before_them() {
        for (place, scope) in Scope::ALL.into_iter().enumerate() {
            for (other, needed) in Scope::ALL.into_iter().enumerate() {
                assert_eq!(scope.allows(needed), place >= other, "{scope} for {needed}");
            }
        }
    }
}
