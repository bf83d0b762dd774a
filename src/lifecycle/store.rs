//! The database that the site names.

use std::{path::Path, sync::Arc};

use crate::infra::{
    db::{Db, Server},
    site::{Store, secret},
};

/// Nothing is opened yet: that happens with the first use, and again for as long as it fails.
pub(super) fn open(store: &Store, state: &Path) -> Db {
    match store {
        Store::Sqlite => Db::sqlite(state.join("tandem.db")),
        Store::Postgres { url, password_file } => {
            let file = password_file.clone();
            let password = Arc::new(move || secret::read_if_there(&file).map_err(|why| why.to_string()));
            Db::postgres(Server { url: url.to_string(), password })
        }
    }
}
