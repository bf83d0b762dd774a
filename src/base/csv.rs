//! Rows for spreadsheets (RFC 4180). A cell that a spreadsheet would take for a formula is made harmless.

use csv::{Terminator, WriterBuilder};

/// What a formula can begin with, wide forms too.
const FORMULA: [char; 12] = ['=', '+', '-', '@', '|', '%', '\t', '\r', '＝', '＋', '－', '＠'];

/// One row with its end.
pub fn row<T: AsRef<str>>(cells: impl IntoIterator<Item = T>) -> String {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    let cells = cells.into_iter().map(|one| harmless(one.as_ref()));
    writer.write_record(cells).expect("a row of its own has no other length to differ from");
    let bytes = writer.into_inner().expect("memory takes what is written");
    String::from_utf8(bytes).expect("texts stay texts")
}

/// An apostrophe says that what follows is text.
fn harmless(text: &str) -> String {
    let formula = text.trim_start_matches(' ').starts_with(FORMULA);
    if formula { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_a_formula_and_nothing_leaves_its_cell() {
        let cells =
            ["=1+1", "+8613800138000", " @SUM(A1)", "＝cmd", "a,b", "say \"hi\"", "two\nlines", "王", ""];
        let expected =
            "'=1+1,'+8613800138000,' @SUM(A1),'＝cmd,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",王,\r\n";
        assert_eq!(row(cells), expected);
        assert_eq!(row(["\tx\",=2"]), "\"'\tx\"\",=2\"\r\n");
    }
}
