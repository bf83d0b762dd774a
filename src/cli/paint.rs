//! How values look to a reader: durations, times in the local zone, tables, colours.

use std::time::Duration;

use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, Table, presets,
};
use jiff::tz::TimeZone;

use crate::base::clock::Stamp;

/// What the reader looks at.
pub(super) struct Paint {
    pub(super) colour: bool,
    /// Columns of the terminal, if it is one.
    pub(super) width: Option<u16>,
    pub(super) zone: TimeZone,
}

/// How good or bad a state is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Busy,
    Bad,
    Plain,
}

impl Tone {
    /// Of an agent's or a call's state.
    pub(super) fn of(state: &str) -> Self {
        match state {
            "ready" | "talking" => Self::Good,
            "offered" | "waiting" | "dialling" | "wrap-up" | "with messages" => Self::Busy,
            "phone gone" | "resting" | "stranded" => Self::Bad,
            _ => Self::Plain,
        }
    }

    pub(super) fn color(self) -> Option<Color> {
        match self {
            Self::Good => Some(Color::DarkGreen),
            Self::Busy => Some(Color::DarkYellow),
            Self::Bad => Some(Color::DarkRed),
            Self::Plain => None,
        }
    }

    fn ansi(self) -> &'static str {
        match self {
            Self::Good => "\x1b[32m",
            Self::Busy => "\x1b[33m",
            Self::Bad => "\x1b[31m",
            Self::Plain => "",
        }
    }
}

impl Paint {
    /// A word in a colour.
    pub(super) fn word(&self, text: &str, tone: Tone) -> String {
        let text = clean(text);
        if self.colour && tone != Tone::Plain { format!("{}{text}\x1b[0m", tone.ansi()) } else { text }
    }

    /// What stands before a value.
    pub(super) fn label(&self, text: &str) -> String {
        if self.colour { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// A table without lines, its head in capitals, its columns as wide as they look. Where the terminal is too narrow
    /// the widest columns are broken, the first one last: it has what one copies.
    pub(super) fn table(&self, head: &[&str], rows: impl IntoIterator<Item = Vec<Cell>>) -> String {
        let mut table = Table::new();
        let head = head.iter().map(|name| Cell::new(name).add_attribute(Attribute::Bold));
        table.load_style(presets::NOTHING).force_no_tty().set_header(head);
        if self.colour {
            table.enforce_styling();
        }
        if let Some(width) = self.width {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        table.add_rows(rows);
        if let Some(first) = table.column_mut(0) {
            first.set_padding((0, 1));
        }
        if let Some(width) = self.width.map(usize::from) {
            fit(&mut table, width);
        }
        let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
        lines.join("\n") + "\n"
    }

    /// The time of day; with the date when it is not `now`'s.
    pub(super) fn time(&self, at: Stamp, now: Stamp) -> String {
        let (at, now) = (at.zoned(&self.zone), now.zoned(&self.zone));
        let form = if at.date() == now.date() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
        at.strftime(form).to_string()
    }
}

/// No column is made narrower than this, if it is not by itself.
const NARROW: usize = 6;

/// Brings columns together when there is no room for all, and says which are not to be broken: the first, then the
/// narrowest, as long as there is room for the others.
fn fit(table: &mut Table, width: usize) {
    let mut wide: Vec<usize> = table.column_max_content_widths().into_iter().map(usize::from).collect();
    let gap = if wide.iter().map(|wide| wide + 2).sum::<usize>() > width { 1 } else { 2 };
    for wide in &mut wide {
        *wide += gap;
    }
    let mut order: Vec<usize> = (0..wide.len()).collect();
    order.sort_by_key(|&column| (column > 0, wide[column]));
    let mut left = width;
    let fits = |&place: &usize| {
        let others: usize = order[place + 1..].iter().map(|&other| wide[other].min(NARROW + gap)).sum();
        let own = wide[order[place]];
        let room = own + others <= left && own <= width / 2;
        left = left.saturating_sub(own);
        room
    };
    let whole = (0..order.len()).take_while(fits).count();
    for (place, &column) in order.iter().enumerate() {
        let Some(column) = table.column_mut(column) else { continue };
        if gap == 1 {
            column.set_padding((0, 1));
        }
        if place < whole {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
}

/// A cell of text.
pub(super) fn text(text: impl AsRef<str>) -> Cell {
    Cell::new(clean(text.as_ref()))
}

/// A cell that steps back behind the others.
pub(super) fn faint(shown: impl AsRef<str>) -> Cell {
    text(shown).add_attribute(Attribute::Dim)
}

/// A cell that is aligned to the right.
pub(super) fn number(value: impl ToString) -> Cell {
    Cell::new(value.to_string()).set_alignment(CellAlignment::Right)
}

/// A cell with a state.
pub(super) fn state(state: &str) -> Cell {
    let cell = text(state);
    match Tone::of(state).color() {
        Some(color) => cell.fg(color),
        None => cell,
    }
}

/// Nothing that a terminal would obey instead of showing.
pub(super) fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// Two units at most: `7s`, `3m05s`, `2h07m`, `3d04h`.
pub(super) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m{:02}s", seconds % 60),
        (0, _, _) => format!("{hours}h{minutes:02}m"),
        _ => format!("{days}d{hours:02}h"),
    }
}

pub(super) fn millis(millis: u64) -> String {
    span(Duration::from_millis(millis))
}

/// Tenths, never rounded up to what was promised.
pub(super) fn percent(permille: Option<u64>) -> String {
    permille.map_or_else(|| "–".to_owned(), |permille| format!("{}.{} %", permille / 10, permille % 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paint(colour: bool, width: Option<u16>) -> Paint {
        Paint { colour, width, zone: TimeZone::get("Asia/Shanghai").expect("zone") }
    }

    #[test]
    fn spans_have_two_units_at_most() {
        let shown = [0, 59, 60, 185, 3600, 7629, 86_400, 273_600].map(|s| span(Duration::from_secs(s)));
        assert_eq!(shown, ["0s", "59s", "1m00s", "3m05s", "1h00m", "2h07m", "1d00h", "3d04h"]);
    }

    #[test]
    fn columns_stand_straight_under_chinese_names() {
        let rows = [("li", "李小龙", "ready"), ("smith", "Ann Smith", "paused")]
            .map(|(name, shown, at)| vec![text(name), text(shown), state(at)]);
        let table = paint(false, None).table(&["AGENT", "NAME", "STATE"], rows);
        insta::assert_snapshot!(table, @r"
        AGENT  NAME       STATE
        li     李小龙     ready
        smith  Ann Smith  paused
        ");
    }

    #[test]
    fn colours_only_when_asked_for_and_no_escape_from_outside() {
        let rows = || [vec![text("\x1b[31mli\u{9b}"), state("ready")]];
        let plain = paint(false, None).table(&["A", "S"], rows());
        assert!(!plain.contains('\x1b') && !plain.contains('\u{9b}'), "{plain:?}");
        assert!(paint(true, None).table(&["A", "S"], rows()).contains("\x1b["), "no colour on a terminal");
        assert_eq!(paint(true, None).word("up", Tone::Good), "\x1b[32mup\x1b[0m");
    }

    #[test]
    fn a_narrow_terminal_is_respected() {
        let rows = [vec![text("a".repeat(30)), text("张".repeat(30))]];
        let table = paint(false, Some(40)).table(&["A", "B"], rows);
        let width = |line: &str| line.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>();
        assert!(table.lines().all(|line| width(line) <= 40), "{table}");
    }

    #[test]
    fn what_one_copies_is_not_broken_in_a_narrow_terminal() {
        let head = ["CALL", "ARRIVED", "FROM", "TO", "QUEUE", "AGENT", "WAITED", "TALKED", "CAUSE"];
        let row = |cause| {
            ["1M7ZAWV8C6ZB1", "15:16:46", "13823260622", "4002", "support", "alice", "1m05s", "2m10s", cause]
                .map(text)
                .to_vec()
        };
        let table =
            paint(false, Some(80)).table(&head, [row("normal clearing"), row("no answer from the user")]);
        insta::assert_snapshot!(table, @r"
        CALL          ARRIVED  FROM        TO   QUEUE   AGENT WAITED TALKED CAUSE
        1M7ZAWV8C6ZB1 15:16:46 13823260622 4002 support alice 1m05s  2m10s  normal
                                                                            clearing
        1M7ZAWV8C6ZB1 15:16:46 13823260622 4002 support alice 1m05s  2m10s  no answer
                                                                            from the
                                                                            user
        ");
    }

    #[test]
    fn times_are_local_and_short_on_the_same_day() {
        let at = Stamp(1_795_224_600_000_000);
        let paint = paint(false, None);
        assert_eq!(paint.time(at, at), "09:30:00");
        assert_eq!(paint.time(at, at + Duration::from_hours(24)), "2026-11-21 09:30:00");
    }
}
