//! The database: reachable, and with the tables that this Tandem knows.

use super::{Check, Findings};
use crate::infra::db::Db;

const WAITS: &str = "finished calls wait in the spool; users and the audit cannot be read";

pub(super) async fn look(db: &Db, to: &mut Findings) {
    match db.look().await {
        Ok(None) => to.well(Check::Database, "not there yet; the daemon makes it when it starts"),
        Ok(Some(look)) if look.schema == look.known => {
            to.well(Check::Database, format!("reachable, schema {}", look.schema));
        }
        Ok(Some(look)) if look.schema < look.known => {
            let what = format!("reachable, schema {} of {}", look.schema, look.known);
            to.advice(
                Check::Database,
                what,
                "the daemon brings it forward when it starts",
                "`systemctl restart tandem`",
            );
        }
        Ok(Some(look)) => {
            let what =
                format!("written by a newer Tandem: schema {}, this one knows {}", look.schema, look.known);
            to.fault(Check::Database, what, WAITS, "install that version again, or restore a backup");
        }
        Err(error) => to.error(Check::Database, error, WAITS),
    }
}
