//! `tandem top`: the live board in a terminal. `board` draws; here are the keys, the clock and the daemon.

mod board;

use std::{ops::ControlFlow, time::Instant};

use ratatui::{
    DefaultTerminal,
    crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers},
};
use serde_json::json;

use self::board::{Board, Look, draw};
use super::{
    Exit, Fault,
    context::Context,
    show::{BEAT, print},
};

/// Show queues, agents and calls live: arrows choose and scroll, q ends
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) async fn run(cx: &Context, _: Args) -> Result<Exit, Fault> {
    let board = fetch(cx).await?;
    if cx.json {
        let Board { status, queues, agents, calls, .. } = board;
        let all = json!({ "status": status, "queues": queues, "agents": agents, "calls": calls });
        print(&format!("{all}\n"))?;
        return Ok(Exit::Done);
    }
    if !cx.terminal {
        return Err(Fault::NoTerminal);
    }
    let mut terminal = ratatui::try_init()?;
    let watched = watch(cx, board, &mut terminal).await;
    ratatui::try_restore()?;
    watched
}

async fn fetch(cx: &Context) -> Result<Board, Fault> {
    Ok(Board {
        status: cx.client.get("/v1/status").await?.value,
        queues: cx.client.get("/v1/queues").await?.value,
        agents: cx.client.get("/v1/agents").await?.value,
        calls: cx.client.get("/v1/calls").await?.value,
        trouble: None,
    })
}

/// Draws until the reader leaves. A daemon that is gone for a while leaves its last board standing.
async fn watch(cx: &Context, mut board: Board, terminal: &mut DefaultTerminal) -> Result<Exit, Fault> {
    let mut look = Look::new(cx.paint.colour, cx.paint.zone.clone());
    loop {
        let next = Instant::now() + BEAT;
        loop {
            terminal.draw(|frame| draw(frame, &board, &mut look))?;
            if !event::poll(next.saturating_duration_since(Instant::now()))? {
                break;
            }
            if let Event::Key(key) = event::read()?
                && key.kind == KeyEventKind::Press
                && press(&mut look, key).is_break()
            {
                return Ok(Exit::Done);
            }
        }
        match fetch(cx).await {
            Ok(fresh) => board = fresh,
            Err(fault) => board.trouble = Some(fault.to_string()),
        }
    }
}

fn press(look: &mut Look, key: KeyEvent) -> ControlFlow<()> {
    match key.code {
        KeyCode::Char('q') | KeyCode::Esc => return ControlFlow::Break(()),
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {
            return ControlFlow::Break(());
        }
        KeyCode::Right | KeyCode::Tab => look.turn(1),
        KeyCode::Left | KeyCode::BackTab => look.turn(-1),
        KeyCode::Down => look.scroll(1),
        KeyCode::Up => look.scroll(-1),
        KeyCode::PageDown => look.scroll(10),
        KeyCode::PageUp => look.scroll(-10),
        _ => {}
    }
    ControlFlow::Continue(())
}
