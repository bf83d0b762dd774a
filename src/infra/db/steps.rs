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
const STEPS: [Step; 9] = [
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
    Step {
        name: "summary",
        sqlite: include_str!("../../../migrations/sqlite/0006_summary.sql"),
        postgres: include_str!("../../../migrations/postgres/0006_summary.sql"),
    },
    Step {
        name: "customers",
        sqlite: include_str!("../../../migrations/sqlite/0007_customers.sql"),
        postgres: include_str!("../../../migrations/postgres/0007_customers.sql"),
    },
    Step {
        name: "surveys",
        sqlite: include_str!("../../../migrations/sqlite/0008_surveys.sql"),
        postgres: include_str!("../../../migrations/postgres/0008_surveys.sql"),
    },
    Step {
        name: "dispositions",
        sqlite: include_str!("../../../migrations/sqlite/0009_dispositions.sql"),
        postgres: include_str!("../../../migrations/postgres/0009_dispositions.sql"),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The beginnings of the checksums that databases out there remember.
    #[test]
    fn no_step_that_a_database_has_taken_is_changed() {
        let sums = |migrator: Migrator| -> Vec<u32> {
            let first = |step: &Migration| u32::from_be_bytes(step.checksum[..4].try_into().expect("four"));
            migrator.migrations.iter().map(first).collect()
        };
        assert_eq!(
            sums(for_sqlite()),
            [
                2_054_930_690,
                3_613_741_313,
                1_966_929_813,
                3_056_045_033,
                537_166_195,
                1_214_108_936,
                2_979_288_026,
                3_929_406_908,
                3_334_413_875
            ]
        );
        assert_eq!(
            sums(for_postgres()),
            [
                223_965_641,
                759_505_550,
                351_881_732,
                2_835_124_461,
                2_524_549_523,
                1_214_108_936,
                902_170_546,
                2_217_199_257,
                3_334_413_875
            ]
        );
    }
}
