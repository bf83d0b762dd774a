//! The board as a picture: a pure function of what the daemon answered and where the reader looks.

use std::time::Duration;

use jiff::tz::TimeZone;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style},
    text::{Line, Span, Text},
    widgets::{Block, Borders, Cell, Paragraph, Row, Table, TableState, Wrap},
};

use crate::{
    base::clock::Stamp,
    cli::{
        calls::caller,
        paint::{Tone, clean, millis, span},
    },
    live::switchboard::view::{AgentView, CallView, EngineView, QueueView, StatusView},
};

/// What the daemon answered.
pub(super) struct Board {
    pub(super) status: StatusView,
    pub(super) queues: Vec<QueueView>,
    pub(super) agents: Vec<AgentView>,
    pub(super) calls: Vec<CallView>,
    /// Why the board is no longer fresh.
    pub(super) trouble: Option<String>,
}

const PANES: usize = 3;

/// Where the reader looks.
pub(super) struct Look {
    colour: bool,
    zone: TimeZone,
    pane: usize,
    /// First row shown, for each pane.
    offsets: [usize; PANES],
}

impl Look {
    pub(super) fn new(colour: bool, zone: TimeZone) -> Self {
        Self { colour, zone, pane: 0, offsets: [0; PANES] }
    }

    /// To the next pane, or the one before.
    pub(super) fn turn(&mut self, by: isize) {
        self.pane = (self.pane as isize + by).rem_euclid(PANES as isize) as usize;
    }

    pub(super) fn scroll(&mut self, rows: isize) {
        let offset = &mut self.offsets[self.pane];
        *offset = offset.saturating_add_signed(rows);
    }

    fn tint(&self, tone: Tone) -> Style {
        match tone {
            _ if !self.colour => Style::new(),
            Tone::Good => Style::new().fg(Color::Green),
            Tone::Busy => Style::new().fg(Color::Yellow),
            Tone::Bad => Style::new().fg(Color::Red),
            Tone::Plain => Style::new(),
        }
    }
}

/// Draws the board, which is of this age. Offsets past the end are brought back.
pub(super) fn draw(frame: &mut Frame, board: &Board, age: Duration, look: &mut Look) {
    let now = board.status.now + age;
    let queues_height = u16::try_from(board.queues.len()).unwrap_or(u16::MAX).saturating_add(3).clamp(4, 9);
    let trouble = trouble(board);
    let [head, counts, troubles, queues, middle, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(2),
        Constraint::Length(if trouble.is_some() { 2 } else { 0 }),
        Constraint::Length(queues_height),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    let [agents, _, calls] =
        Layout::horizontal([Constraint::Percentage(40), Constraint::Length(2), Constraint::Fill(1)])
            .areas(middle);
    frame.render_widget(headline(board, look), head);
    let time = now.zoned(&look.zone).strftime("%H:%M:%S").to_string();
    frame.render_widget(Line::raw(time).right_aligned(), head);
    frame.render_widget(tally(board, look), counts);
    if let Some(trouble) = trouble {
        let text = Paragraph::new(trouble).style(look.tint(Tone::Bad)).wrap(Wrap { trim: true });
        frame.render_widget(text, troubles);
    }
    pane(frame, queues, look, 0, queue_pane(board, age, look));
    pane(frame, agents, look, 1, agent_pane(board, now, look));
    pane(frame, calls, look, 2, call_pane(board, now, look));
    frame.render_widget(Line::styled("←/→ choose   ↑/↓ scroll   q end", DIM), foot);
}

const DIM: Style = Style::new().add_modifier(Modifier::DIM);
const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);

fn headline(board: &Board, look: &Look) -> Line<'static> {
    let (engine, tone) = match &board.status.engine {
        EngineView::Up { engine, .. } => (format!("● {}", clean(engine.as_str())), Tone::Good),
        EngineView::Down { reason, .. } => (format!("● engine down: {}", clean(reason.as_str())), Tone::Bad),
        EngineView::Connecting => ("● connecting to the engine".to_owned(), Tone::Busy),
    };
    let site = Span::styled(clean(&board.status.site), BOLD);
    Line::from(vec![site, Span::raw("  "), Span::styled(engine, look.tint(tone))])
}

fn tally(board: &Board, look: &Look) -> Line<'static> {
    let StatusView { calls, waiting, talking, agents_ready, agents, calls_today, .. } = &board.status;
    let waits = if *waiting > 0 { look.tint(Tone::Busy) } else { Style::new() };
    let talks = if *talking > 0 { look.tint(Tone::Good) } else { Style::new() };
    Line::from(vec![
        Span::raw(format!("{calls} calls: ")),
        Span::styled(format!("{waiting} waiting"), waits),
        Span::raw(", "),
        Span::styled(format!("{talking} talking"), talks),
        Span::raw(format!(" · {agents_ready} of {agents} agents ready · {calls_today} calls today")),
    ])
}

/// Why the board is stale, or what else is wrong.
fn trouble(board: &Board) -> Option<String> {
    let first = board.status.troubles.first().map(|trouble| format!("{}; {}", trouble.what, trouble.remedy));
    board.trouble.clone().or(first).map(|text| clean(&text))
}

/// A table with its title, before it has a place.
struct Pane {
    title: String,
    head: Row<'static>,
    rows: Vec<Row<'static>>,
    widths: Vec<Constraint>,
}

fn pane(frame: &mut Frame, area: Rect, look: &mut Look, index: usize, pane: Pane) {
    let room = usize::from(area.height.saturating_sub(3));
    let most = pane.rows.len().saturating_sub(room);
    look.offsets[index] = look.offsets[index].min(most);
    let offset = look.offsets[index];
    let below = most - offset;
    let more = if below > 0 { format!("{} ↓{below} ", pane.title) } else { pane.title };
    let border = match look.pane == index {
        true if look.colour => BOLD.fg(Color::Cyan),
        true => BOLD,
        false => DIM,
    };
    let block = Block::new().borders(Borders::TOP).border_style(border).title(more);
    let table = Table::new(pane.rows, pane.widths).header(pane.head.style(BOLD)).block(block);
    frame.render_stateful_widget(table, area, &mut TableState::new().with_offset(offset));
}

/// A cell that is aligned to the right.
fn right(text: impl ToString) -> Cell<'static> {
    Cell::new(Text::from(text.to_string()).right_aligned())
}

/// A number that is dim when it is nothing.
fn count(number: u64, some: Style) -> Cell<'static> {
    right(number).style(if number == 0 { DIM } else { some })
}

fn queue_pane(board: &Board, age: Duration, look: &Look) -> Pane {
    let rows = board.queues.iter().map(|queue| {
        let waits = queue.waiting > 0;
        let since = if waits { age.as_millis() as u64 } else { 0 };
        let longest = if waits { millis(queue.longest_wait_ms + since) } else { "–".to_owned() };
        let plain = Style::new();
        Row::new(vec![
            Cell::new(queue.name.to_string()),
            count(queue.waiting as u64, look.tint(Tone::Busy)),
            right(longest).style(if waits { look.tint(Tone::Busy) } else { DIM }),
            count((queue.talking + queue.taken) as u64, look.tint(Tone::Good)),
            count(queue.ready as u64, plain),
            count(queue.logged_in as u64, plain),
            count(queue.answered_today, plain),
            count(queue.abandoned_today, plain),
        ])
    });
    let mut widths = vec![Constraint::Fill(1)];
    widths.extend([7, 7, 7, 5, 5, 8, 5].map(Constraint::Length));
    let head = ["WAITING", "LONGEST", "IN HAND", "READY", "STAFF", "ANSWERED", "LOST"].map(right);
    Pane {
        title: format!(" Queues {} ", board.queues.len()),
        head: Row::new(std::iter::once(Cell::new("QUEUE")).chain(head)),
        rows: rows.collect(),
        widths,
    }
}

fn agent_pane(board: &Board, now: Stamp, look: &Look) -> Pane {
    let rows = board.agents.iter().map(|agent| {
        Row::new([
            Cell::new(clean(&agent.display)),
            Cell::new(clean(&agent.state)).style(look.tint(Tone::of(&agent.state))),
            right(span(now.since(agent.since))).style(DIM),
        ])
    });
    Pane {
        title: format!(" Agents {} ", board.agents.len()),
        head: Row::new([Cell::new("AGENT"), Cell::new("STATE"), right("FOR")]),
        rows: rows.collect(),
        widths: vec![Constraint::Fill(1), Constraint::Length(10), Constraint::Length(6)],
    }
}

fn call_pane(board: &Board, now: Stamp, look: &Look) -> Pane {
    let mut from = 4;
    let rows: Vec<_> = board
        .calls
        .iter()
        .map(|call| {
            let caller = Line::raw(clean(&caller(call.from.as_ref(), call.from_name.as_str())));
            from = from.max(u16::try_from(caller.width()).unwrap_or(u16::MAX));
            Row::new([
                Cell::new(caller),
                Cell::new(clean(&call.state)).style(look.tint(Tone::of(&call.state))),
                Cell::new(clean(&call.at)),
                right(span(now.since(call.since))).style(DIM),
            ])
        })
        .collect();
    Pane {
        title: format!(" Calls {} ", board.calls.len()),
        head: Row::new([Cell::new("FROM"), Cell::new("STATE"), Cell::new("AT"), right("FOR")]),
        rows,
        widths: vec![
            Constraint::Length(from.min(18)),
            Constraint::Length(9),
            Constraint::Fill(1),
            Constraint::Length(6),
        ],
    }
}

#[cfg(test)]
mod tests {
    use ratatui::{Terminal, backend::TestBackend};

    use super::*;
    use crate::base::{
        id::{CallId, Name},
        number::Number,
        text::Label,
    };

    const NOW: Stamp = Stamp(1_795_224_600_000_000);

    fn name(text: &str) -> Name {
        Name::new(text).expect("name")
    }

    fn agent(index: usize) -> AgentView {
        let (display, state) = [("李小龙", "talking"), ("Ann Smith", "ready"), ("王伟", "paused")][index % 3];
        AgentView {
            name: name(&format!("a{index}")),
            display: display.into(),
            extension: Number::new(format!("10{index:02}")).ok(),
            number: None,
            state: state.into(),
            since: NOW - Duration::from_secs(65 * index as u64),
            reason: None,
            call: None,
            queues: vec![name("sales")],
            calls_today: 3,
            until: None,
            messages: Vec::new(),
            owes: None,
            may_say: None,
            rated: crate::live::switchboard::view::RatedView::default(),
            lease_s: None,
        }
    }

    fn board(agents: usize) -> Board {
        Board {
            status: StatusView {
                version: "0.1.0".into(),
                site: "华星".into(),
                revision: "0123456789ab".into(),
                now: NOW,
                started: NOW - Duration::from_secs(7629),
                engine: EngineView::Up { engine: Label::new("Simulator"), since: NOW },
                calls: 2,
                waiting: 1,
                talking: 1,
                agents_ready: 1,
                agents,
                calls_today: 17,
                troubles: vec![],
            },
            queues: vec![QueueView {
                name: name("sales"),
                takes: "calls".into(),
                taken: 0,
                waiting: 1,
                callbacks: 0,
                longest_wait_ms: 65_000,
                expected_wait_ms: None,
                ready: 1,
                talking: 1,
                logged_in: 2,
                answered_today: 15,
                abandoned_today: 2,
                drained: None,
                expanded: false,
                silent: 0,
                heated: 0,
                undisposed_today: 0,
                service: crate::live::switchboard::view::ServiceView::default(),
                rated: crate::live::switchboard::view::RatedView::default(),
                repeats: None,
            }],
            agents: (0..agents).map(agent).collect(),
            calls: vec![CallView {
                id: CallId(7),
                from: Some(Number::new("13800138000").expect("number")),
                from_name: Label::new("张伟"),
                to: Number::new("95001").expect("number"),
                since: NOW - Duration::from_secs(65),
                state: "waiting".into(),
                at: "queue sales".into(),
                agent: None,
                attended: None,
                mood: None,
                trunks: vec![],
            }],
            trouble: None,
        }
    }

    fn picture(board: &Board, look: &mut Look) -> String {
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("terminal");
        terminal.draw(|frame| draw(frame, board, Duration::ZERO, look)).expect("drawn");
        let shown = terminal.backend().to_string();
        let lines =
            shown.lines().filter_map(|line| Some(line.strip_prefix('"')?.split_once('"')?.0.trim_end()));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_board_fits_80_by_24() {
        let mut look = Look::new(false, TimeZone::get("Asia/Shanghai").expect("zone"));
        insta::assert_snapshot!(picture(&board(3), &mut look), @r"
        华星  ● Simulator                                                       09:30:00
        2 calls: 1 waiting, 1 talking · 1 of 3 agents ready · 17 calls today

         Queues 1 ──────────────────────────────────────────────────────────────────────
        QUEUE                         WAITING LONGEST IN HAND READY STAFF ANSWERED  LOST
        sales                               1   1m05s       1     1     2       15     2

         Agents 3 ──────────────────────   Calls 1 ─────────────────────────────────────
        AGENT          STATE         FOR  FROM             STATE     AT              FOR
        李小龙         talking        0s  张伟 13800138000 waiting   queue sales   1m05s
        Ann Smith      ready       1m05s
        王伟           paused      2m10s











        ←/→ choose   ↑/↓ scroll   q end
        ");
    }

    #[test]
    fn arrows_choose_a_pane_and_scroll_it_to_its_end_and_no_further() {
        let mut look = Look::new(false, TimeZone::UTC);
        let crowd = board(40);
        assert!(picture(&crowd, &mut look).contains("Agents 40  ↓"), "more agents than fit");
        look.turn(1);
        look.scroll(1000);
        let end = picture(&crowd, &mut look);
        assert!(end.contains("Agents 40 ") && !end.contains("Agents 40  ↓"), "at the end nothing is below");
        let shown = look.offsets[1];
        look.scroll(-1);
        picture(&crowd, &mut look);
        assert_eq!(look.offsets[1], shown - 1, "one up from the end moves at once");
        look.turn(-2);
        assert_eq!(look.pane, 2, "left of the first pane is the last");
    }

    #[test]
    fn a_daemon_that_is_gone_is_told_on_the_board() {
        let mut look = Look::new(false, TimeZone::UTC);
        let stale = Board { trouble: Some("no daemon answers".to_owned()), ..board(3) };
        assert!(picture(&stale, &mut look).contains("no daemon answers"));
    }
}
