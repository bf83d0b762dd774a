//! One problem as a picture: its source line with a caret under the exact span.

use std::path::Path;

use unicode_width::UnicodeWidthChar;

use super::super::paint::{Paint, Tone};
use crate::{
    base::text::hostile,
    infra::site::{Problem, Severity},
};

/// Columns when nobody looks at a terminal.
const WIDE: usize = 160;
/// Shown left of the caret when a line is cut.
const LEAD: usize = 30;

/// The problem in lines, ending with a line feed.
pub(in crate::cli) fn draw(paint: &Paint, dir: &Path, problem: &Problem) -> String {
    let (word, tone) = match problem.severity {
        Severity::Error => ("error", Tone::Bad),
        Severity::Warning => ("warning", Tone::Busy),
    };
    let file = if dir == Path::new(".") || problem.file == dir.display().to_string() {
        problem.file.clone()
    } else {
        dir.join(&problem.file).display().to_string()
    };
    let head = paint.word(&format!("{word}[{}]", problem.code), tone);
    let number = problem.line.to_string();
    let margin = " ".repeat(number.len());
    let mut lines = vec![
        format!("{head}: {}", shown(&problem.message)),
        format!("{margin}--> {}:{}:{}", shown(&file), problem.line, problem.column),
    ];
    if let Some(source) = &problem.source {
        let room = paint.width.map_or(WIDE, usize::from).saturating_sub(number.len() + 4).max(2 * LEAD);
        let (line, before, under) = cut(source, problem.column - 1, problem.length, room);
        let caret = paint.word(&"^".repeat(under), tone);
        let indent = " ".repeat(before);
        lines.extend([
            format!("{margin} |"),
            format!("{number} | {line}"),
            format!("{margin} | {indent}{caret}"),
        ]);
    }
    if let Some(help) = &problem.help {
        lines.push(format!("{margin} = help: {}", shown(help)));
    }
    lines.join("\n") + "\n"
}

/// The part of a line that fits, the columns before the span, and the columns of the span.
fn cut(source: &str, start: usize, length: usize, room: usize) -> (String, usize, usize) {
    let cells: Vec<String> = source.chars().map(cell).collect();
    let width = |cells: &[String]| cells.iter().map(|c| columns(c)).sum::<usize>();
    let start = start.min(cells.len());
    let end = (start + length).min(cells.len());
    let whole = width(&cells) <= room;
    let from = if whole || width(&cells[..end]) < room { 0 } else { start.saturating_sub(LEAD) };
    let mut line = if from == 0 { String::new() } else { "…".to_owned() };
    let mark = columns(&line);
    let mut used = mark;
    for cell in &cells[from..] {
        if !whole && used + columns(cell) + 1 > room {
            line.push('…');
            break;
        }
        line.push_str(cell);
        used += columns(cell);
    }
    let before = mark + width(&cells[from..start]);
    let under = width(&cells[start..end]).min(room.saturating_sub(before));
    (line.trim_end().to_owned(), before, under.max(1))
}

/// A character as it may be shown: nothing that a terminal obeys, nothing that turns the direction.
fn cell(c: char) -> String {
    match c {
        '\t' => "    ".to_owned(),
        c if hostile(c) => "\u{FFFD}".to_owned(),
        c => c.to_string(),
    }
}

fn columns(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

fn shown(text: &str) -> String {
    text.chars().map(cell).collect()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::infra::site::Code;

    fn problem(source: &str, column: usize, length: usize) -> Problem {
        Problem {
            file: "queues.yaml".into(),
            line: 12,
            column,
            length,
            severity: Severity::Error,
            code: Code::BadValue,
            message: "this is wrong".into(),
            help: None,
            source: Some(source.into()),
        }
    }

    fn draw_plain(problem: &Problem, width: u16) -> String {
        let paint = Paint { colour: false, width: Some(width), zone: TimeZone::UTC };
        draw(&paint, Path::new("."), problem)
    }

    #[test]
    fn the_caret_stands_under_chinese_and_behind_it() {
        insta::assert_snapshot!(draw_plain(&problem("  名字: 港湾贸易 x", 7, 4), 80), @r"
        error[bad-value]: this is wrong
          --> queues.yaml:12:7
           |
        12 |   名字: 港湾贸易 x
           |         ^^^^^^^^
        ");
        insta::assert_snapshot!(draw_plain(&problem("  名字: 港湾贸易 x", 12, 1), 80), @r"
        error[bad-value]: this is wrong
          --> queues.yaml:12:12
           |
        12 |   名字: 港湾贸易 x
           |                  ^
        ");
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let line = format!("{}HERE{}", "前".repeat(100), "b".repeat(200));
        let text = draw_plain(&problem(&line, 101, 4), 100);
        assert!(text.lines().all(|l| columns(l) <= 100), "{text}");
        let caret = text.lines().find(|l| l.contains('^')).expect("caret");
        let source = text.lines().find(|l| l.contains("HERE")).expect("source");
        let here = columns(&source[..source.find("HERE").expect("span")]);
        assert_eq!(columns(&caret[..caret.find('^').expect("caret")]), here, "{text}");
    }

    #[test]
    fn nothing_in_a_file_commands_the_terminal() {
        let mut bad = problem("name: \u{1b}[31m\u{202E}x\ty", 7, 3);
        bad.message = "no `\u{1b}]0;x\u{7}`".into();
        let text = draw_plain(&bad, 80);
        assert!(
            !text.contains('\u{1b}') && !text.contains('\u{7}') && !text.contains('\u{202E}'),
            "{text:?}"
        );
    }
}
