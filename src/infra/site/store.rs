//! `store` of `site.yaml`: a file in the state folder, or a server.

use std::path::Path;

use smol_str::SmolStr;

use super::{
    decode::{self, shorten, suggest},
    model::Store,
    problem::Code,
    secret,
    source::Findings,
    tree::Node,
};

/// Where the password of the server is, if it is not in `~/.pgpass`.
const PASSWORD_FILE: &str = "secrets/store";
const EXAMPLE: &str = "postgres://tandem@127.0.0.1:5432/tandem";
/// What may follow `?`.
const OPTIONS: [&str; 3] = ["host", "sslmode", "sslrootcert"];

pub(super) fn read(root: &Path, node: &Node, to: &mut Findings) -> Option<Store> {
    let text = decode::scalar(node, "sqlite", to)?;
    if text == "sqlite" {
        return Some(Store::Sqlite);
    }
    let Some(rest) = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://")) else {
        let message = format!("`{}` is no store", shorten(text));
        let help = format!("{}, or a server: {EXAMPLE}", suggest(text, &["sqlite"], "allowed"));
        to.error(Code::BadValue, node.place, message, help);
        return None;
    };
    match fault(rest) {
        None => {
            let password_file = secret::default(root, PASSWORD_FILE, node.place, to)?;
            Some(Store::Postgres { url: SmolStr::new(text), password_file })
        }
        Some((message, help)) => {
            // Never the text itself: it may hold a password.
            to.error(Code::BadValue, node.place, message.to_owned(), help);
            None
        }
    }
}

/// What is wrong behind `postgres://`, and the remedy.
fn fault(rest: &str) -> Option<(&'static str, String)> {
    let like = || format!("write it like `{EXAMPLE}`");
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._~%@:/?&=[]-".contains(&b);
    if rest.len() > 500 || !rest.bytes().all(plain) {
        return Some(("the address of the database has characters that do not belong there", like()));
    }
    let (address, options) = rest.split_once('?').unwrap_or((rest, ""));
    let Some((at, database)) = address.split_once('/') else {
        return Some(("the address of the database ends before the database's name", like()));
    };
    let Some((user, host)) = at.rsplit_once('@') else {
        return Some(("the address of the database names no user", like()));
    };
    let keys = || options.split('&').filter(|o| !o.is_empty()).map(|o| o.split('=').next().unwrap_or(o));
    if user.contains(':') || keys().any(|key| key == "password") {
        let help = format!(
            "write it into {PASSWORD_FILE} (mode 0600), and change it: it was in a file that others read"
        );
        return Some(("the password of the database stands in site.yaml", help));
    }
    if user.is_empty() || host.is_empty() || database.is_empty() || database.contains('/') {
        return Some(("the address of the database lacks its user, host or name", like()));
    }
    let unknown = keys().any(|key| !OPTIONS.contains(&key));
    unknown.then(|| {
        ("the address of the database has an unknown option", format!("known are {}", OPTIONS.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn an_address_is_taken_whole_and_never_with_a_password() {
        for good in [
            "tandem@127.0.0.1:5432/tandem",
            "tandem@db.example/tandem?sslmode=verify-full&sslrootcert=/etc/tandem/ca.pem",
            "tandem@localhost/tandem?host=/run/postgresql",
            "tandem@[::1]:5433/tandem",
        ] {
            assert_eq!(fault(good), None, "{good}");
        }
        for (bad, said) in [
            ("tandem:sesame@127.0.0.1/tandem", "password"),
            ("tandem@127.0.0.1/tandem?password=sesame", "password"),
            ("127.0.0.1/tandem", "no user"),
            ("tandem@127.0.0.1", "ends before"),
            ("tandem@127.0.0.1/", "lacks"),
            ("@127.0.0.1/tandem", "lacks"),
            ("tandem@127.0.0.1/tandem?options=-csearch_path", "unknown option"),
            ("tandem@127.0.0.1/tan dem", "characters"),
        ] {
            let (message, help) = fault(bad).expect(bad);
            assert!(message.contains(said), "{bad}: {message}");
            assert!(!message.contains("sesame") && !help.contains("sesame"));
        }
    }
}
