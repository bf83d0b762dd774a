//! Puts answers on standard output: once, or again whenever something changes.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::Duration,
};

use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::{
    Fault,
    client::Answer,
    context::Context,
    follow::{Follower, GAP},
    paint::Tone,
};

/// How often durations on a terminal grow; nobody is asked for it.
pub(super) const TICK: Duration = Duration::from_secs(1);

/// Options of commands whose answer moves.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Watch {
    /// Show it again whenever something changes, until Ctrl-C
    #[arg(long, short)]
    pub(super) watch: bool,
}

/// Shows what is at `path`: as it came with --json, else as `text` puts it, told how old the answer is. Returns the
/// answer.
pub(super) async fn show<T: DeserializeOwned>(
    cx: &Context,
    watch: Watch,
    path: &str,
    text: impl Fn(&T, Duration) -> String,
) -> Result<T, Fault> {
    if watch.watch {
        return Err(follow(cx, path, text).await);
    }
    let answer = cx.client.get(path).await?;
    print(&render(cx, &answer, |value| text(value, Duration::ZERO)))?;
    Ok(answer.value)
}

/// Until nobody reads any more. A daemon that is gone for a while leaves its last answer standing.
async fn follow<T: DeserializeOwned>(
    cx: &Context,
    path: &str,
    text: impl Fn(&T, Duration) -> String,
) -> Fault {
    let mut follower = Follower::new(&cx.client).await;
    let mut last: Option<(Answer<T>, Instant)> = None;
    let mut complained = None;
    loop {
        follower.seen();
        let looked = Instant::now();
        let mut trouble = follower.broken();
        let fresh = match (cx.client.get(path).await, &last) {
            (Ok(answer), _) => {
                last = Some((answer, looked));
                true
            }
            (Err(fault), None) => return fault,
            (Err(fault), Some(_)) => {
                trouble = Some(fault.to_string());
                false
            }
        };
        let Some((answer, at)) = &last else { continue };
        if !cx.terminal || cx.json {
            let drawn =
                if fresh { print(&render(cx, answer, |value| text(value, Duration::ZERO))) } else { Ok(()) };
            if let Err(fault) = drawn {
                return fault;
            }
            if trouble != complained {
                if let Some(why) = &trouble {
                    eprintln!("tandem: {why}");
                }
                complained = trouble;
            }
            follower.news().await;
        } else {
            loop {
                if let Err(fault) = redraw(cx, &text(&answer.value, at.elapsed()), trouble.as_deref()) {
                    return fault;
                }
                if timeout_at(Instant::now() + TICK, follower.news()).await.is_ok() {
                    break;
                }
            }
        }
        sleep_until(looked + GAP).await;
    }
}

/// Over what stood there, line by line, so that nothing flickers.
fn redraw(cx: &Context, text: &str, trouble: Option<&str>) -> Result<(), Fault> {
    let trouble = trouble.map_or(String::new(), |why| format!("\n{}\n", cx.paint.word(why, Tone::Bad)));
    let lines = format!("{text}{trouble}").replace('\n', "\x1b[K\r\n");
    print(&format!("\x1b[H{lines}\x1b[J"))
}

/// An answer as the reader wants it.
pub(super) fn render<T>(cx: &Context, answer: &Answer<T>, text: impl Fn(&T) -> String) -> String {
    if cx.json { format!("{}\n", answer.raw.trim_end()) } else { text(&answer.value) }
}

/// A value of a query.
pub(super) fn encoded(value: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    value.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// Brings what is at `path` into a file of its owner's, or to standard output, as it comes.
pub(super) async fn save(cx: &Context, path: &str, file: Option<&Path>) -> Result<(), Fault> {
    let mut answer = cx.client.open(path).await?;
    let Some(place) = file else {
        while let Some(part) = cx.client.part(&mut answer).await? {
            let mut out = io::stdout().lock();
            out.write_all(&part)?;
            out.flush()?;
        }
        return Ok(());
    };
    let unwritten = |why| Fault::Unwritten { file: place.to_owned(), why };
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(place);
    let mut made = made.map_err(unwritten)?;
    let written = async {
        while let Some(part) = cx.client.part(&mut answer).await? {
            made.write_all(&part).map_err(unwritten)?;
        }
        made.sync_all().map_err(unwritten)
    };
    // Half a file would be taken for a whole one.
    written.await.inspect_err(|_| drop(fs::remove_file(place)))
}

/// Writes to standard output at once; a reader that is gone is an error here, not a panic.
pub(super) fn print(text: &str) -> Result<(), Fault> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
