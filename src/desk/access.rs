//! Access: who may come in by the network, how far, and with which token.
//!
//! There are no passwords, so there is none by default. A user is a name with a right; a token is 260 random bits
//! that one of the user's programs shows. Only its SHA-256 is kept: a slow hash (argon2) protects words that people
//! choose and others can guess, and nobody guesses 260 random bits, while every request would pay for it.
//! A token has a scope, an end, and can be revoked. Every change is written with its audit row in one transaction.

mod model;
mod service;
mod store;

pub use model::{Grant, Made, NewToken, Scope, Token, TokenId, User};
pub use service::{Access, AccessError, Denied};
