//! A terminal's screen as SVG: every run of cells has its place and its width, so that Chinese stands straight in any
//! font.

use std::fmt::Write;

use vt100::{Cell, Color, Screen};

const WIDE: f64 = 8.4;
const HIGH: f64 = 18.0;
const EDGE: f64 = 16.0;
const BAR: f64 = 34.0;
const INK: &str = "#d7dae0";
const PAPER: &str = "#16181d";
/// Black to white, then the same brighter.
pub const PALETTE: [&str; 16] = [
    "#3b4048", "#ef6b73", "#8fc76b", "#e3b341", "#61a8f0", "#c678dd", "#4fc1cf", "#d7dae0", "#7a828e",
    "#ff8a90", "#a9dc86", "#ffcf66", "#8cc4ff", "#dd9bef", "#7fdbe6", "#ffffff",
];

/// The screen down to its last line with something on it.
pub fn draw(title: &str, screen: &Screen) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let filled = |row: &u16| (0..columns).any(|column| glyph(screen.cell(*row, column)) != " ");
    let rows = (0..rows).rev().find(filled).map_or(0, |last| last + 1);
    let (width, height) = (f64::from(columns) * WIDE + 2.0 * EDGE, f64::from(rows) * HIGH + BAR + EDGE);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" \
         aria-label=\"{title}\" font-family=\"DejaVu Sans Mono, Menlo, Consolas, Noto Sans Mono CJK SC, WenQuanYi \
         Zen Hei Mono, PingFang SC, Microsoft YaHei, monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{PAPER}\"/>\n"
    );
    for place in [20, 38, 56] {
        let _ = writeln!(svg, "<circle cx=\"{place}\" cy=\"17\" r=\"5\" fill=\"#3b4048\"/>");
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.0}\" y=\"22\" text-anchor=\"middle\" fill=\"#7a828e\">{title}</text>",
        width / 2.0
    );
    for row in 0..rows {
        draw_row(&mut svg, screen, row, columns);
    }
    svg + "</svg>\n"
}

/// How cells look that can be drawn together.
#[derive(Clone, Copy, PartialEq)]
struct Look {
    ink: &'static str,
    bold: bool,
    dim: bool,
    wide: bool,
}

impl Look {
    fn of(cell: &Cell) -> Self {
        let ink = match cell.fgcolor() {
            Color::Idx(index) if index < 16 => PALETTE[usize::from(index)],
            Color::Default => INK,
            other => panic!("{other:?} is no colour of this program"),
        };
        Self { ink, bold: cell.bold(), dim: cell.dim(), wide: cell.is_wide() }
    }
}

fn glyph(cell: Option<&Cell>) -> &str {
    cell.map(Cell::contents).filter(|text| !text.is_empty()).unwrap_or(" ")
}

fn draw_row(svg: &mut String, screen: &Screen, row: u16, columns: u16) {
    let mut run: Option<(u16, u16, Look, String)> = None;
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column).filter(|cell| !cell.is_wide_continuation()) else {
            continue;
        };
        let (look, cells) = (Look::of(cell), if cell.is_wide() { 2 } else { 1 });
        match &mut run {
            Some((_, many, same, text)) if *same == look => {
                *many += cells;
                text.push_str(glyph(Some(cell)));
            }
            _ => {
                write_run(svg, row, run.take());
                run = Some((column, cells, look, glyph(Some(cell)).to_owned()));
            }
        }
    }
    write_run(svg, row, run);
}

/// Words that are far apart stand by themselves: no font's blank is trusted.
fn write_run(svg: &mut String, row: u16, run: Option<(u16, u16, Look, String)>) {
    let Some((column, _, look, text)) = run else { return };
    let step = if look.wide { 2 } else { 1 };
    let letters: Vec<char> = text.chars().collect();
    let mut begin = 0;
    while begin < letters.len() {
        let rest = &letters[begin..];
        let blank = rest.iter().take_while(|letter| **letter == ' ').count();
        let far = rest.windows(2).enumerate().skip(blank).find(|(_, pair)| *pair == [' ', ' ']);
        let end = far.map_or(rest.len(), |(place, _)| place);
        let word: String = rest[blank.min(end)..end].iter().collect();
        if !word.trim().is_empty() {
            let at = column + step * u16::try_from(begin + blank).expect("a column");
            write_word(svg, row, at, look, word.trim_end());
        }
        begin += end.max(1);
    }
}

fn write_word(svg: &mut String, row: u16, column: u16, look: Look, word: &str) {
    let cells = word.chars().count() * if look.wide { 2 } else { 1 };
    let (x, y) = (EDGE + f64::from(column) * WIDE, BAR + f64::from(row) * HIGH + 13.0);
    let length = f64::from(u32::try_from(cells).expect("few")) * WIDE;
    let weight = if look.bold { " font-weight=\"bold\"" } else { "" };
    let faint = if look.dim { " opacity=\"0.55\"" } else { "" };
    let word = word.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.0}\" textLength=\"{length:.1}\" fill=\"{}\"{weight}{faint} \
         xml:space=\"preserve\">{word}</text>",
        look.ink
    );
}
