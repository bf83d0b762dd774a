//! Looking for words: the one thing that both databases can do, each in its own language.

use super::{Db, Sql};

/// The column of a table whose rows are found by words: NULL where they are still to be made. A copy is without them.
pub(super) const MARK: &str = "worded";

impl Db {
    /// Goes on with the condition that the row of `table` has one word of each group. The table has the columns
    /// `rowid` and `words`, in which the words stand with spaces between them.
    pub fn push_words(&self, sql: &mut Sql, table: &'static str, groups: &[Vec<String>]) {
        match self {
            Self::Sqlite(_) => {
                sql.push(table).push(" MATCH ").push_bind(said(groups, " AND ", " OR ", |word| {
                    format!("\"{}\"", word.replace('"', "\"\""))
                }));
            }
            Self::Postgres(_) => {
                let query = said(groups, " & ", " | ", |word| {
                    format!("'{}'", word.replace('\\', "\\\\").replace('\'', "''"))
                });
                sql.push(table).push(".found @@ CAST(").push_bind(query).push(" AS tsquery)");
            }
        }
    }
}

fn said(groups: &[Vec<String>], and: &str, or: &str, quoted: impl Fn(&str) -> String) -> String {
    let group = |words: &Vec<String>| {
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        format!("({})", words.join(or))
    };
    groups.iter().map(group).collect::<Vec<_>>().join(and)
}
