//! The steps of the schema, the same ones for both databases.

use std::borrow::Cow;

use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

/// One step, in the words of each database.
struct Step {
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

/// Every step, oldest first. A step that has been released is never changed.
const STEPS: [Step; 5] = [
    Step {
        name: "calls",
        sqlite: include_str!("../../../migrations/sqlite/0001_calls.sql"),
        postgres: include_str!("../../../migrations/postgres/0001_calls.sql"),
    },
    Step {
        name: "erased",
        sqlite: include_str!("../../../migrations/sqlite/0002_erased.sql"),
        postgres: include_str!("../../../migrations/postgres/0002_erased.sql"),
    },
    Step {
        name: "access",
        sqlite: include_str!("../../../migrations/sqlite/0003_access.sql"),
        postgres: include_str!("../../../migrations/postgres/0003_access.sql"),
    },
    Step {
        name: "recordings",
        sqlite: include_str!("../../../migrations/sqlite/0004_recordings.sql"),
        postgres: include_str!("../../../migrations/postgres/0004_recordings.sql"),
    },
    Step {
        name: "words",
        sqlite: include_str!("../../../migrations/sqlite/0005_words.sql"),
        postgres: include_str!("../../../migrations/postgres/0005_words.sql"),
    },
];

/// The newest schema that this Tandem knows.
pub(super) const NEWEST: i64 = STEPS.len() as i64;

pub(super) fn for_sqlite() -> Migrator {
    migrator(|step| step.sqlite)
}

pub(super) fn for_postgres() -> Migrator {
    migrator(|step| step.postgres)
}

fn migrator(sql: fn(&Step) -> &'static str) -> Migrator {
    let steps = STEPS.iter().zip(1..).map(|(step, version)| {
        let name = Cow::Borrowed(step.name);
        Migration::new(version, name, MigrationType::Simple, sql(step).into_sql_str(), false)
    });
    Migrator { migrations: steps.collect(), ..Migrator::DEFAULT }
}
