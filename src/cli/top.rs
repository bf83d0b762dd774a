//! `tandem top`: the live board in a terminal. `board` draws; here are the keys and the daemon's news.

mod board;

use std::{ops::ControlFlow, thread};

use ratatui::{
    DefaultTerminal,
    crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers},
};
use serde_json::json;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until},
};

use self::board::{Board, Look, draw};
use super::{
    Exit, Fault,
    context::Context,
    follow::{Follower, GAP},
    show::{TICK, print},
};

/// Show queues, agents and calls live: arrows choose and scroll, q ends
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) async fn run(cx: &Context, _: Args) -> Result<Exit, Fault> {
    if cx.json {
        let Board { status, queues, agents, calls, .. } = fetch(cx).await?;
        let all = json!({ "status": status, "queues": queues, "agents": agents, "calls": calls });
        print(&format!("{all}\n"))?;
        return Ok(Exit::Done);
    }
    if !cx.terminal {
        return Err(Fault::NoTerminal);
    }
    let follower = Follower::new(&cx.client).await;
    let board = fetch(cx).await?;
    let mut terminal = ratatui::try_init()?;
    let watched = watch(cx, board, follower, &mut terminal).await;
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
async fn watch(
    cx: &Context,
    mut board: Board,
    mut follower: Follower,
    terminal: &mut DefaultTerminal,
) -> Result<Exit, Fault> {
    let mut look = Look::new(cx.paint.colour, cx.paint.zone.clone());
    let mut keyboard = keyboard();
    let (mut looked, mut fresh) = (Instant::now(), Instant::now());
    // When to look at the daemon again, once it has told something.
    let mut due = None;
    loop {
        terminal.draw(|frame| draw(frame, &board, fresh.elapsed(), &mut look))?;
        tokio::select! {
            pressed = keyboard.recv() => match pressed {
                Some(Event::Key(key)) if key.kind == KeyEventKind::Press && press(&mut look, key).is_break() => {
                    return Ok(Exit::Done);
                }
                Some(_) => {}
                None => return Ok(Exit::Done),
            },
            () = follower.news(), if due.is_none() => due = Some(looked + GAP),
            () = sleep_until(due.unwrap_or(looked)), if due.is_some() => {
                due = None;
                looked = Instant::now();
                follower.seen();
                match fetch(cx).await {
                    Ok(new) => (board, fresh) = (Board { trouble: follower.broken(), ..new }, looked),
                    Err(fault) => board.trouble = Some(fault.to_string()),
                }
            }
            () = sleep(TICK) => {}
        }
    }
}

/// Keys and changes of the terminal's size. The thread that waits for them ends with the program.
fn keyboard() -> mpsc::UnboundedReceiver<Event> {
    let (tell, keys) = mpsc::unbounded_channel();
    thread::spawn(move || {
        while let Ok(event) = event::read() {
            if tell.send(event).is_err() {
                break;
            }
        }
    });
    keys
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
