//! Customers in a file, a row each: CSV with a head, or JSON, a list of objects or one on each line. What cannot be
//! taken is told with its line, all of it at once.

use csv::{Position, ReaderBuilder, StringRecord};
use serde_json::Value;
use smol_str::SmolStr;

use super::model::Draft;
use crate::base::locale::Locale;

const COLUMNS: [&str; 10] =
    ["id", "name", "class", "tags", "language", "note", "numbers", "mails", "complaints", "complained"];
/// Faults that anybody would read.
const MOST_FAULTS: usize = 100;

/// A customer and the line on which it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub line: u64,
    pub draft: Draft,
}

/// Why a line is no customer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct Fault {
    pub line: u64,
    pub why: String,
}

#[derive(Default)]
struct Read {
    rows: Vec<Row>,
    faults: Vec<Fault>,
    lines: std::collections::HashMap<SmolStr, u64>,
}

impl Read {
    fn fault(&mut self, line: u64, why: impl Into<String>) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(Fault { line, why: why.into() });
        }
    }

    fn row(&mut self, line: u64, draft: Result<Draft, String>) {
        match draft {
            Err(why) => self.fault(line, why),
            Ok(draft) => match self.lines.insert(draft.id.as_str().into(), line) {
                Some(before) => {
                    let why = format!("customer {} is on line {before} already; keep one of them", draft.id);
                    self.fault(line, why);
                }
                None => self.rows.push(Row { line, draft }),
            },
        }
    }

    fn done(self) -> Result<Vec<Row>, Vec<Fault>> {
        if self.faults.is_empty() { Ok(self.rows) } else { Err(self.faults) }
    }
}

fn text(bytes: &[u8]) -> Result<&str, Vec<Fault>> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|why| {
        let line = lines(&bytes[..why.valid_up_to()]);
        vec![Fault { line, why: "this is no UTF-8; save the file as UTF-8 (in Excel: CSV UTF-8)".to_owned() }]
    })
}

/// The line that begins behind these bytes.
fn lines(before: &[u8]) -> u64 {
    1 + before.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// The line of a row that begins there, or behind the ends of lines that stand there.
fn line_at(text: &str, place: &Position) -> u64 {
    let bytes = text.as_bytes();
    let start = usize::try_from(place.byte()).map_or(bytes.len(), |byte| byte.min(bytes.len()));
    let ends = bytes[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    lines(&bytes[..start + ends])
}

/// A table whose first line names the columns, in any order.
pub fn read_csv(bytes: &[u8]) -> Result<Vec<Row>, Vec<Fault>> {
    let text = text(bytes)?;
    let mut reader = ReaderBuilder::new().from_reader(text.as_bytes());
    let head = |why: String| vec![Fault { line: 1, why }];
    let names = reader.headers().map_err(|why| head(why.to_string()))?.clone();
    let mut columns = Vec::new();
    for name in &names {
        let name = name.trim().to_lowercase();
        let Some(column) = COLUMNS.iter().find(|column| **column == name) else {
            let known = COLUMNS.join(", ");
            return Err(head(format!("there is no column {name:?}; the columns are {known}")));
        };
        if columns.contains(column) {
            return Err(head(format!("the column {name:?} is here twice; remove one of them")));
        }
        columns.push(*column);
    }
    if !columns.contains(&"id") {
        return Err(head("a column `id` is needed: what each customer is called for ever".to_owned()));
    }
    let mut read = Read::default();
    let mut record = StringRecord::new();
    loop {
        let place = reader.position().clone();
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {
                let line = line_at(text, record.position().unwrap_or(&place));
                read.row(line, draft(&columns, &record));
            }
            Err(why) => {
                let line = line_at(text, why.position().unwrap_or(&place));
                let said = match why.kind() {
                    csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                        format!(
                            "{len} cells where {expected_len} are named; put \"…\" around cells with commas"
                        )
                    }
                    _ => why.to_string(),
                };
                read.fault(line, said);
                if why.is_io_error() {
                    break;
                }
            }
        }
    }
    read.done()
}

fn draft(columns: &[&'static str], record: &StringRecord) -> Result<Draft, String> {
    let cell = |column: &str| {
        let place = columns.iter().position(|name| *name == column);
        // So that a spreadsheet takes a number for no formula.
        let cell = place.and_then(|place| record.get(place)).unwrap_or("").trim();
        cell.strip_prefix('\'').unwrap_or(cell)
    };
    let one = |column: &str| Some(cell(column)).filter(|cell| !cell.is_empty());
    let read = |column: &str, value: Value| {
        // One column at a time, so that the complaint can name it.
        let mut row = serde_json::Map::from_iter([("id".to_owned(), Value::from("x"))]);
        row.insert(column.to_owned(), value);
        serde_json::from_value::<Draft>(Value::Object(row)).map_err(|why| format!("{column}: {why}"))
    };
    let many = |column: &str| {
        let parts = cell(column).split([';', '；', ' ', '\n']).map(|part| part.trim_start_matches('\''));
        let parts: Vec<Value> = parts.filter(|part| !part.is_empty()).map(Value::from).collect();
        read(column, Value::Array(parts))
    };
    let language = one("language").map(|word| match word {
        "zh" | "zh-CN" => Ok(Locale::Chinese),
        "en" | "en-US" => Ok(Locale::English),
        other => Err(format!("language: Tandem speaks no {other:?}; write zh or en, or nothing")),
    });
    let complaints = one("complaints").map(|cell| {
        cell.parse().map_err(|_| format!("complaints: {cell:?} is no number of complaints; write 0, 1, 2 …"))
    });
    let complained = one("complained").map(|cell| {
        cell.parse().map_err(|_| format!("complained: {cell:?} is no day; write it like 2026-11-01"))
    });
    Ok(Draft {
        id: read("id", cell("id").into())?.id,
        name: read("name", cell("name").into())?.name,
        class: read("class", one("class").map_or(Value::Null, Value::from))?.class,
        tags: many("tags")?.tags,
        language: language.transpose()?,
        note: read("note", cell("note").into())?.note,
        numbers: many("numbers")?.numbers,
        mails: many("mails")?.mails,
        complaints: complaints.transpose()?.unwrap_or(0),
        complained: complained.transpose()?,
    })
}

/// A list of objects, or one object after the other.
pub fn read_json(bytes: &[u8]) -> Result<Vec<Row>, Vec<Fault>> {
    let text = text(bytes)?;
    let mut read = Read::default();
    let mut place = 0;
    let between = |c: char| c.is_ascii_whitespace() || matches!(c, ',' | '[' | ']');
    while let Some(next) = text[place..].find(|c| !between(c)) {
        place += next;
        let line = lines(&text.as_bytes()[..place]);
        let mut values = serde_json::Deserializer::from_str(&text[place..]).into_iter::<Value>();
        match values.next() {
            Some(Ok(value)) => {
                let draft = serde_json::from_value(value).map_err(|why| why.to_string());
                read.row(line, draft);
            }
            Some(Err(why)) => {
                // Nothing behind it can be trusted.
                read.fault(line + why.line() as u64 - 1, format!("this is no JSON: {why}"));
                break;
            }
            None => break,
        }
        place += values.byte_offset();
    }
    read.done()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn faults(read: Result<Vec<Row>, Vec<Fault>>) -> Vec<String> {
        read.expect_err("faults").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_table_is_read_whatever_the_order_of_its_columns() {
        let text = "\u{FEFF}Numbers,id,name,tags,language,complaints,complained,mails\r\n\
                    '+8613800138000；021-x,c-1,林,a b,zh,,,\r\n";
        assert_eq!(faults(read_csv(text.as_bytes())).len(), 1);
        let rows = read_csv(text.replace("-x", "61234567").as_bytes()).expect("rows");
        let draft = &rows[0].draft;
        assert_eq!((rows[0].line, draft.name.as_str(), draft.tags.len()), (2, "林", 2));
        let numbers: Vec<&str> = draft.numbers.iter().map(crate::base::number::Number::as_str).collect();
        assert_eq!(numbers, ["+8613800138000", "02161234567"]);
        assert_eq!(draft.language, Some(Locale::Chinese));
    }

    #[test]
    fn every_fault_has_its_line_and_says_what_to_do() {
        let text = "id,numbers,complaints,complained,language,class\n\
                    c-1,138 0013,x,,,\n\
                    c-2,,,yesterday,,\n\
                    \"c-3\nfour\",,,,,\n\
                    c-5,,,,fr,\n\
                    c-6,8.6E+12,,,,\n\
                    c-7,,,,,very important\n\
                    c-8,\n\
                    c-9,,,,,vip\n\
                    c-9,,,,,vip\n";
        let said = faults(read_csv(text.as_bytes()));
        for (said, wanted) in said.iter().zip([
            "line 2: complaints: \"x\" is no number of complaints",
            "line 3: complained: \"yesterday\" is no day; write it like",
            "line 4: id: ",
            "line 6: language: Tandem speaks no \"fr\"; write zh or en",
            "line 7: numbers: \"8.6E+12\" is no number",
            "line 8: class: ",
            "line 9: 2 cells where 6 are named",
            "line 11: customer c-9 is on line 10 already",
        ]) {
            assert!(said.starts_with(wanted), "{said} for {wanted}");
        }
        assert_eq!(said.len(), 8, "{said:?}");
        for (text, wanted) in [
            ("surname,id\n", "there is no column \"surname\"; the columns are id, name"),
            ("name\n", "a column `id` is needed"),
            ("id,id\n", "twice"),
            ("", "a column `id` is needed"),
        ] {
            assert!(faults(read_csv(text.as_bytes()))[0].contains(wanted), "{text}");
        }
        assert_eq!(faults(read_csv(b"id,name\nc-1,\xC1\xD6\n")).len(), 1);
        assert!(faults(read_csv(b"id,name\nc-1,\xC1\xD6\n"))[0].starts_with("line 2: this is no UTF-8"));
    }

    #[test]
    fn json_comes_as_a_list_or_line_by_line() {
        let list = "[\n {\"id\": \"c-1\"},\n {\"id\": \"c-2\", \"tags\": [\"a\"]}\n]\n";
        let lines = "{\"id\": \"c-1\"}\n\n{\"id\": \"c-2\", \"tags\": [\"a\"]}\n";
        let (list, lines) =
            (read_json(list.as_bytes()).expect("rows"), read_json(lines.as_bytes()).expect("rows"));
        assert_eq!(list.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(lines.iter().map(|row| row.line).collect::<Vec<_>>(), [1, 3]);
        assert!(list.iter().zip(&lines).all(|(one, other)| one.draft == other.draft));
        let said = faults(read_json(b"[{\"id\": \"c 1\"},\n{\"surname\": 1},\n{\"id\": nothing}]"));
        assert!(said[0].starts_with("line 1: ") && said[1].starts_with("line 2: unknown field"), "{said:?}");
        assert!(said[2].starts_with("line 3: this is no JSON"), "{said:?}");
    }

    proptest! {
        #[test]
        fn no_bytes_bring_it_down(
            noise in proptest::collection::vec(any::<u8>(), 0..300),
            csv in "id,name,numbers,tags\n([c0-9,;\"'\n +]{0,40})",
            json in "[\\[\\]{}\":,a-z0-9 \n]{0,80}",
        ) {
            for bytes in [noise.as_slice(), csv.as_bytes(), json.as_bytes()] {
                let _any = read_csv(bytes);
                let _any = read_json(bytes);
            }
            let mut deep = vec![b'['; 20_000];
            deep.extend(noise);
            let _any = read_json(&deep);
        }
    }
}
