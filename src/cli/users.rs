//! `tandem users`: who may come in by the network, and with which tokens.

use std::fmt::Write as _;

use serde_json::json;

use super::{
    Exit, Fault,
    context::Context,
    paint::{Paint, text},
    show::{print, render},
};
use crate::{
    base::{
        clock::{Clock, Stamp, SystemClock},
        id::Name,
        text::Label,
    },
    desk::access::{Scope, Token, TokenId, User},
    http::Shown,
};

/// List users, add or remove one, make or revoke their tokens
///
/// Whoever runs this where the daemon runs needs no token: the owner of its socket is the admin.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Users>,
}

#[derive(Debug, clap::Subcommand)]
enum Users {
    /// List all users (what `tandem users` alone does)
    List,
    /// Add a user, who has no token yet
    Add {
        /// Name of a person or a program
        name: Name,
        /// How far this user's tokens may go: metrics, read, operate or admin
        #[arg(long, default_value = "read")]
        may: Scope,
    },
    /// Remove a user and revoke all tokens of the user
    Remove {
        /// The user's name
        name: Name,
    },
    /// Tokens, by which programs come in
    #[command(subcommand)]
    Token(Tokens),
}

#[derive(Debug, clap::Subcommand)]
enum Tokens {
    /// Make a token. It is shown this once and never again
    Create {
        /// Whose it is
        user: Name,
        /// What it is good for: metrics, read, operate or admin
        #[arg(long, default_value = "read")]
        scope: Scope,
        /// Days until it ends, 1 to 366
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=366))]
        days: u16,
        /// What it is for
        #[arg(long, default_value = "")]
        note: String,
    },
    /// List tokens, without their secrets
    List {
        /// Those of one user
        user: Option<Name>,
    },
    /// Revoke a token: nobody comes in with it any more
    Revoke {
        /// Its id, as `list` shows it
        id: TokenId,
    },
}

pub(super) async fn run(cx: &Context, args: Args) -> Result<Exit, Fault> {
    match args.command.unwrap_or(Users::List) {
        Users::List => all(cx, "/v1/users?limit=1000", |users| users_table(&cx.paint, users)).await?,
        Users::Add { name, may } => {
            let body = json!({ "name": name, "may": may });
            let done = cx.client.post::<User>("/v1/users", &body).await?;
            let next =
                format!("User {name} may {may}. Make a token with `tandem users token create {name}`.\n");
            print(&render(cx, &done, |_| next.clone()))?;
        }
        Users::Remove { name } => {
            let done = cx.client.delete::<User>(&format!("/v1/users/{name}")).await?;
            print(&render(cx, &done, |_| {
                format!("User {name} is removed, and all tokens of {name} revoked.\n")
            }))?;
        }
        Users::Token(Tokens::Create { user, scope, days, note }) => {
            let body = json!({ "scope": scope, "days": days, "note": Label::new(&note) });
            let made = cx.client.post::<Shown>(&format!("/v1/users/{user}/tokens"), &body).await?;
            print(&render(cx, &made, |shown| created(&cx.paint, shown, SystemClock.now())))?;
        }
        Users::Token(Tokens::List { user }) => {
            let of = user.map(|user| format!("&user={user}")).unwrap_or_default();
            let now = SystemClock.now();
            all(cx, &format!("/v1/tokens?limit=1000{of}"), |tokens| tokens_table(&cx.paint, tokens, now))
                .await?;
        }
        Users::Token(Tokens::Revoke { id }) => {
            let done = cx.client.delete::<Token>(&format!("/v1/tokens/{id}")).await?;
            print(&render(cx, &done, |token| format!("Token {id} of {} is revoked.\n", token.user)))?;
        }
    }
    Ok(Exit::Done)
}

/// All pages of a list.
async fn all<T: serde::Serialize + serde::de::DeserializeOwned>(
    cx: &Context,
    path: &str,
    table: impl Fn(&[T]) -> String,
) -> Result<(), Fault> {
    let mut rows: Vec<T> = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let mut page = cx.client.get::<Vec<T>>(&path).await?;
        rows.append(&mut page.value);
        next = page.next;
    }
    print(&if cx.json { format!("{}\n", json!(rows)) } else { table(&rows) })
}

fn users_table(paint: &Paint, users: &[User]) -> String {
    if users.is_empty() {
        return "There are no users. Whoever owns the daemon's socket is the admin.\n".to_owned();
    }
    let now = SystemClock.now();
    let rows = users
        .iter()
        .map(|user| vec![text(user.name.as_str()), text(user.may.word()), text(paint.time(user.made, now))]);
    paint.table(&["USER", "MAY", "ADDED"], rows)
}

fn tokens_table(paint: &Paint, tokens: &[Token], now: Stamp) -> String {
    if tokens.is_empty() {
        return "There are no tokens.\n".to_owned();
    }
    let rows = tokens.iter().map(|token| {
        let state = match token.revoked {
            Some(_) => "revoked",
            None if token.expires <= now => "expired",
            None => "good",
        };
        vec![
            text(token.id.as_str()),
            text(token.user.as_str()),
            text(token.scope.word()),
            text(state),
            text(paint.time(token.expires, now)),
            text(token.note.as_str()),
        ]
    });
    paint.table(&["TOKEN", "USER", "SCOPE", "STATE", "ENDS", "NOTE"], rows)
}

/// The secret stands alone on the last line, so that `tail -n1` takes it.
fn created(paint: &Paint, shown: &Shown, now: Stamp) -> String {
    let Token { id, user, scope, expires, .. } = &shown.token;
    let ends = paint.time(*expires, now);
    let mut said = format!("Token {id} of {user}: scope {scope}, ends {ends}.\n");
    let _infallible =
        writeln!(said, "Keep it now, in a file with mode 0600; it is never shown again:\n\n{}", shown.secret);
    said
}
