//! Rows of the database and the values that they stand for. What is read is checked like anything from outside.

use std::collections::HashMap;

use super::{
    super::{
        CallRecord, Direction, EndedBy, LegRecord, Outcome, Role, day::Group, said::Given, survey::Answers,
    },
    StoreError,
};
use crate::{
    base::{
        clock::Stamp,
        id::{CallId, LegId, Name, SoundId},
        number::Number,
        text::Label,
    },
    infra::db::{Record, WrongColumn},
    live::switchboard::view::{Rated, Recording, SurveyView},
    ports::engine::HangupCause,
};

/// One row, and the call that complaints about it are to name.
pub struct Columns<'a> {
    row: &'a Record,
    call: CallId,
}

impl<'a> Columns<'a> {
    fn new(row: &'a Record, key: &'static str) -> Result<Self, StoreError> {
        let id = row.int(key).ok().flatten().ok_or(StoreError::Row { call: CallId(0), column: key })?;
        Ok(Self { row, call: CallId(id as u64) })
    }

    fn bad(&self, column: &'static str) -> StoreError {
        StoreError::Row { call: self.call, column }
    }

    fn int(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        self.row.int(column).map_err(|_| self.bad(column))
    }

    fn text(&self, column: &'static str) -> Result<Option<&'a str>, StoreError> {
        self.row.text(column).map_err(|_| self.bad(column))
    }

    fn need<T>(&self, column: &'static str, value: Option<T>) -> Result<T, StoreError> {
        value.ok_or_else(|| self.bad(column))
    }

    fn stamp(&self, column: &'static str) -> Result<Option<Stamp>, StoreError> {
        Ok(self.int(column)?.map(Stamp))
    }

    fn millis(&self, column: &'static str) -> Result<u64, StoreError> {
        let value = self.int(column)?.and_then(|n| u64::try_from(n).ok());
        self.need(column, value)
    }

    fn cause(&self, column: &'static str) -> Result<Option<HangupCause>, StoreError> {
        let checked = |n| u8::try_from(n).map(HangupCause).map_err(|_| self.bad(column));
        self.int(column)?.map(checked).transpose()
    }

    /// A text that has rules of its own.
    fn parsed<T, E>(
        &self,
        column: &'static str,
        parse: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Result<Option<T>, StoreError> {
        self.text(column)?.map(parse).transpose().map_err(|_| self.bad(column))
    }

    fn label(&self, column: &'static str) -> Result<Label, StoreError> {
        let text = self.text(column)?;
        self.need(column, text).map(Label::new)
    }
}

/// The number of a call in a column `id`.
pub fn id(row: &Record) -> Result<CallId, StoreError> {
    Columns::new(row, "id").map(|columns| columns.call)
}

/// Who talked, in a row with `id` and `agent`.
pub fn agent(row: &Record) -> Result<Option<Name>, StoreError> {
    Columns::new(row, "id")?.parsed("agent", Name::new)
}

/// A call, still without its legs.
pub fn call(row: &Record) -> Result<CallRecord, StoreError> {
    let columns = Columns::new(row, "id")?;
    let ended_by = columns.text("ended_by")?.and_then(EndedBy::of_word);
    let direction = match columns.text("direction")? {
        Some(word) => Some(columns.need("direction", Direction::of_word(word))?),
        None => None,
    };
    Ok(CallRecord {
        id: columns.call,
        from: columns.parsed("from_number", Number::new)?,
        from_name: columns.label("from_name")?,
        to: columns.need("to_number", columns.parsed("to_number", Number::new)?)?,
        direction,
        arrived: columns.need("arrived", columns.stamp("arrived")?)?,
        answered: columns.stamp("answered")?,
        ended: columns.need("ended", columns.stamp("ended")?)?,
        cause: columns.need("cause", columns.cause("cause")?)?,
        ended_by: columns.need("ended_by", ended_by)?,
        queue: columns.parsed("queue", Name::new)?,
        wait_ms: columns.millis("wait_ms")?,
        talk_ms: columns.millis("talk_ms")?,
        agent: columns.parsed("agent", Name::new)?,
        legs: Vec::new(),
        recordings: Vec::new(),
        steps: columns.need("steps", columns.parsed("steps", serde_json::from_str)?)?,
        summary: columns.parsed("summary", serde_json::from_str)?,
        survey: survey(&columns)?,
        disposition: columns.parsed("disposition", Name::new)?,
        erased: columns.stamp("erased")?,
    })
}

/// What a caller answered who was asked.
fn survey(columns: &Columns<'_>) -> Result<Option<SurveyView>, StoreError> {
    let small = |column| {
        let checked = |n| u8::try_from(n).map_err(|_| columns.bad(column));
        columns.int(column)?.map(checked).transpose()
    };
    let Some(of) = small("rated_of")? else { return Ok(None) };
    Ok(Some(SurveyView {
        queue: columns.need("rated_queue", columns.parsed("rated_queue", Name::new)?)?,
        agent: columns.parsed("rated_agent", Name::new)?,
        of,
        rating: small("rating")?,
    }))
}

pub fn leg(columns: &Columns<'_>) -> Result<LegRecord, StoreError> {
    let role = columns.text("role")?.and_then(Role::of_word);
    Ok(LegRecord {
        leg: columns.need("leg", columns.parsed("leg", LegId::new)?)?,
        role: columns.need("role", role)?,
        party: columns.label("party")?,
        began: columns.need("began", columns.stamp("began")?)?,
        answered: columns.stamp("answered")?,
        ended: columns.stamp("ended")?,
        cause: columns.cause("cause")?,
    })
}

pub fn recording(columns: &Columns<'_>) -> Result<Recording, StoreError> {
    Ok(Recording {
        sound: columns.need("sound", columns.parsed("sound", SoundId::new)?)?,
        leg: columns.need("leg", columns.parsed("leg", LegId::new)?)?,
        by: columns.text("ordered_by")?.map(Label::new),
        began: columns.need("began", columns.stamp("began")?)?,
        ended: columns.stamp("ended")?,
        pauses: columns.need("pauses", columns.parsed("pauses", serde_json::from_str)?)?,
    })
}

/// A sound in a column `sound`.
pub fn sound(row: &Record) -> Result<SoundId, StoreError> {
    let columns = Columns::new(row, "call")?;
    columns.need("sound", columns.parsed("sound", SoundId::new)?)
}

/// Gives every row to its call; `rows` are in the order of their places.
pub fn join(
    calls: &mut [CallRecord],
    rows: &[Record],
    give: impl Fn(&mut CallRecord, &Columns<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut of_call: HashMap<CallId, &mut CallRecord> =
        calls.iter_mut().map(|call| (call.id, call)).collect();
    for row in rows {
        let columns = Columns::new(row, "call")?;
        if let Some(call) = of_call.get_mut(&columns.call) {
            give(call, &columns)?;
        }
    }
    Ok(())
}

/// Calls that were counted together, and on which day.
pub fn group(row: &Record) -> Result<(usize, Group), StoreError> {
    let wrong = |column| StoreError::Counted(WrongColumn(column));
    let outcome = row.text("outcome")?.and_then(Outcome::of_word).ok_or(wrong("outcome"))?;
    let queue = row.text("queue")?.map(Name::new).transpose().map_err(|_| wrong("queue"))?;
    let day = usize::try_from(counted(row, "day")?).map_err(|_| wrong("day"))?;
    let (calls, wait_ms, talk_ms) =
        (counted(row, "calls")?, counted(row, "wait_ms")?, counted(row, "talk_ms")?);
    Ok((day, Group { queue, outcome, calls, wait_ms, talk_ms }))
}

/// A sum or a number of rows.
pub fn counted(row: &Record, column: &'static str) -> Result<u64, StoreError> {
    let value = row.int(column)?.and_then(|n| u64::try_from(n).ok());
    value.ok_or(StoreError::Counted(WrongColumn(column)))
}

/// Answers that were counted together, and on which day.
pub fn answers(row: &Record) -> Result<(usize, Answers), StoreError> {
    let wrong = |column| StoreError::Counted(WrongColumn(column));
    let name = |column| row.text(column)?.map(Name::new).transpose().map_err(|_| WrongColumn(column));
    let day = usize::try_from(counted(row, "day")?).map_err(|_| wrong("day"))?;
    let queue = name("rated_queue")?.ok_or(wrong("rated_queue"))?;
    let rated = Rated {
        asked: counted(row, "asked")?,
        answered: counted(row, "answered")?,
        good: counted(row, "good")?,
        permille: counted(row, "permille")?,
    };
    Ok((day, Answers { queue, agent: name("rated_agent")?, rated }))
}

/// A queue's callers of a day, and those of them who called again.
pub fn again(row: &Record) -> Result<(usize, (Name, u64, u64)), StoreError> {
    let wrong = |column| StoreError::Counted(WrongColumn(column));
    let day = usize::try_from(counted(row, "day")?).map_err(|_| wrong("day"))?;
    let queue = row.text("queue")?.map(Name::new).transpose().map_err(|_| wrong("queue"))?;
    Ok((day, (queue.ok_or(wrong("queue"))?, counted(row, "callers")?, counted(row, "again")?)))
}

/// How many calls of a queue on a day had this disposition.
pub fn said(row: &Record) -> Result<(usize, Given), StoreError> {
    let wrong = |column| StoreError::Counted(WrongColumn(column));
    let name = |column| row.text(column)?.map(Name::new).transpose().map_err(|_| WrongColumn(column));
    let day = usize::try_from(counted(row, "day")?).map_err(|_| wrong("day"))?;
    let queue = name("queue")?.ok_or(wrong("queue"))?;
    Ok((day, (queue, name("disposition")?, counted(row, "calls")?)))
}
