//! The board as a picture: a pure function of what the daemon answered and where the reader looks.

use std::time::Duration;

use jiff::tz::TimeZone;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style},
    text::{Line, Span},
    widgets::{Block, Borders, Paragraph, Row, Table, TableState},
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
    let [head, queues, middle, foot] = Layout::vertical([
        Constraint::Length(2),
        Constraint::Length(queues_height),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    let [agents, calls] = Layout::horizontal([Constraint::Percentage(42), Constraint::Fill(1)]).areas(middle);
    frame.render_widget(Paragraph::new(headline(board, now, look)), head);
    pane(frame, queues, look, 0, queue_pane(board, age));
    pane(frame, agents, look, 1, agent_pane(board, now, look));
    pane(frame, calls, look, 2, call_pane(board, now, look));
    let keys = "←/→ choose   ↑/↓ scroll   q end";
    let dim = Style::new().add_modifier(Modifier::DIM);
    frame.render_widget(Paragraph::new(Line::styled(keys, dim)), foot);
}

fn headline(board: &Board, now: Stamp, look: &Look) -> Vec<Line<'static>> {
    let status = &board.status;
    let time = now.zoned(&look.zone).strftime("%H:%M:%S");
    let (engine, tone) = match &status.engine {
        EngineView::Up { engine, .. } => (format!("up: {}", clean(engine.as_str())), Tone::Good),
        EngineView::Down { reason, .. } => (format!("down: {}", clean(reason.as_str())), Tone::Bad),
        EngineView::Connecting => ("connecting".to_owned(), Tone::Busy),
    };
    let first = Line::from(vec![
        Span::raw(format!("{time}  {}  engine ", clean(&status.site))),
        Span::styled(engine, look.tint(tone)),
    ]);
    let second = match &board.trouble {
        Some(trouble) => Line::styled(clean(trouble), look.tint(Tone::Bad)),
        None => Line::raw(format!(
            "{} calls, {} waiting, {} talking; {} of {} agents ready; {} calls today",
            status.calls,
            status.waiting,
            status.talking,
            status.agents_ready,
            status.agents,
            status.calls_today
        )),
    };
    vec![first, second]
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
    let chosen = look.pane == index;
    let border = if chosen {
        Style::new().add_modifier(Modifier::BOLD)
    } else {
        Style::new().add_modifier(Modifier::DIM)
    };
    let block = Block::new().borders(Borders::TOP).border_style(border).title(more);
    let head = pane.head.style(Style::new().add_modifier(Modifier::BOLD));
    let table = Table::new(pane.rows, pane.widths).header(head).block(block);
    frame.render_stateful_widget(table, area, &mut TableState::new().with_offset(offset));
}

fn queue_pane(board: &Board, age: Duration) -> Pane {
    let rows = board.queues.iter().map(|queue| {
        let since = if queue.waiting > 0 { age.as_millis() as u64 } else { 0 };
        Row::new(vec![
            queue.name.to_string(),
            queue.waiting.to_string(),
            millis(queue.longest_wait_ms + since),
            queue.ready.to_string(),
            queue.talking.to_string(),
            queue.logged_in.to_string(),
            queue.answered_today.to_string(),
            queue.abandoned_today.to_string(),
        ])
    });
    let mut widths = vec![Constraint::Fill(1)];
    widths.extend([7, 8, 6, 8, 6, 9, 9].map(Constraint::Length));
    Pane {
        title: format!(" Queues {} ", board.queues.len()),
        head: Row::new(["QUEUE", "WAITING", "LONGEST", "READY", "TALKING", "STAFF", "ANSWERED", "LOST"]),
        rows: rows.collect(),
        widths,
    }
}

fn agent_pane(board: &Board, now: Stamp, look: &Look) -> Pane {
    let rows = board.agents.iter().map(|agent| {
        let cells = [clean(&agent.display), clean(&agent.state), span(now.since(agent.since))];
        Row::new(cells).style(look.tint(Tone::of(&agent.state)))
    });
    Pane {
        title: format!(" Agents {} ", board.agents.len()),
        head: Row::new(["AGENT", "STATE", "FOR"]),
        rows: rows.collect(),
        widths: vec![Constraint::Fill(1), Constraint::Length(10), Constraint::Length(6)],
    }
}

fn call_pane(board: &Board, now: Stamp, look: &Look) -> Pane {
    let rows = board.calls.iter().map(|call| {
        let from = clean(&caller(call.from.as_ref(), call.from_name.as_str()));
        let cells = [from, clean(&call.state), clean(&call.at), span(now.since(call.since))];
        Row::new(cells).style(look.tint(Tone::of(&call.state)))
    });
    Pane {
        title: format!(" Calls {} ", board.calls.len()),
        head: Row::new(["FROM", "STATE", "AT", "FOR"]),
        rows: rows.collect(),
        widths: vec![Constraint::Fill(3), Constraint::Length(9), Constraint::Fill(2), Constraint::Length(6)],
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
            extension: Number::new(format!("10{index:02}")).expect("number"),
            state: state.into(),
            since: NOW - Duration::from_secs(65 * index as u64),
            reason: None,
            call: None,
            queues: vec![name("sales")],
            calls_today: 3,
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
                waiting: 1,
                longest_wait_ms: 65_000,
                ready: 1,
                talking: 1,
                logged_in: 2,
                answered_today: 15,
                abandoned_today: 2,
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
        09:30:00  华星  engine up: Simulator
        2 calls, 1 waiting, 1 talking; 1 of 3 agents ready; 17 calls today
         Queues 1 ──────────────────────────────────────────────────────────────────────
        QUEUE                WAITING LONGEST  READY  TALKING  STAFF  ANSWERED  LOST
        sales                1       1m05s    1      1        2      15        2

         Agents 3 ──────────────────────── Calls 1 ─────────────────────────────────────
        AGENT            STATE      FOR   FROM              STATE     AT          FOR
        李小龙           talking    0s    张伟 13800138000  waiting   queue sales 1m05s
        Ann Smith        ready      1m05s
        王伟             paused     2m10s












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
