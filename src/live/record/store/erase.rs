//! Erasing a person: rows stay, so that counts and reports stay true; what could tell who it was goes.

use super::{CallStore, StoreError, row, search};
use crate::{
    base::{
        clock::Stamp,
        id::{CallId, SoundId},
        number::Number,
    },
    infra::db::Sql,
};

const CALLS_OF: &str = "SELECT id FROM calls WHERE from_number = $1 \
     OR to_number = $1 AND length(to_number) >= 7 AND direction IN ('outbound', 'internal') \
     UNION SELECT call FROM legs WHERE role = 'outside' AND party = $1 ORDER BY 1";
/// The caller's number, name, and way: steps quote what was dialled. What was dialled itself goes too, unless it was a
/// number of the house: one that was called from outside, or a short one.
const BLANK_CALL: &str = "UPDATE calls SET from_number = NULL, from_name = '', steps = '[]', summary = NULL, erased = $2, \
     to_number = CASE WHEN direction = 'inbound' OR length(to_number) < 7 THEN to_number ELSE '*' END WHERE id = $1";
/// The people of the house keep their names: it is not they who are erased.
const BLANK_LEGS: &str = "UPDATE legs SET party = '' WHERE call = $1 AND role IN ('caller', 'outside')";

const SOUNDS: &str = "SELECT call, sound FROM recordings WHERE call IN \
     (SELECT id FROM calls WHERE erased IS NOT NULL) ORDER BY call, place";
const FORGET: &str = "DELETE FROM recordings WHERE sound = $1";

impl CallStore {
    /// The calls in which this number called or was called.
    pub async fn calls_of(&self, person: &Number) -> Result<Vec<CallId>, StoreError> {
        let rows = self.db.fetch(Sql::new(CALLS_OF).bind(person.as_str())).await?;
        rows.iter().map(row::id).collect()
    }

    /// What was recorded of erased persons and is still there.
    pub async fn sounds_of_erased(&self) -> Result<Vec<SoundId>, StoreError> {
        self.db.fetch(Sql::new(SOUNDS)).await?.iter().map(row::sound).collect()
    }

    /// This recording is no more.
    pub async fn forget_sound(&self, sound: &SoundId) -> Result<(), StoreError> {
        let mut transaction = self.db.begin().await?;
        transaction.run(Sql::new(FORGET).bind(sound.as_str())).await?;
        Ok(transaction.commit().await?)
    }

    /// Removes from these calls what could tell of a person, all or none, and leaves no copy in the file.
    pub async fn blank(&self, calls: &[CallId], at: Stamp) -> Result<(), StoreError> {
        let mut transaction = self.db.begin().await?;
        for call in calls {
            let id = call.0 as i64;
            transaction.run(Sql::new(BLANK_CALL).bind(id).bind(at.0)).await?;
            transaction.run(Sql::new(BLANK_LEGS).bind(id)).await?;
            search::reword(&mut transaction, *call).await?;
        }
        transaction.commit().await?;
        Ok(self.db.forget().await?)
    }
}
