//! Puts answers on standard output: once, or again every second.

use std::{
    io::{self, Write},
    time::Duration,
};

use serde::de::DeserializeOwned;

use super::{Fault, client::Answer, context::Context};

/// How often a watched command looks again.
pub(super) const BEAT: Duration = Duration::from_secs(1);

/// Options of commands whose answer moves.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Watch {
    /// Look again every second until Ctrl-C
    #[arg(long, short)]
    pub(super) watch: bool,
}

/// Shows what is at `path`: as it came with --json, else as `text` puts it. Returns the last answer.
pub(super) async fn show<T: DeserializeOwned>(
    cx: &Context,
    watch: Watch,
    path: &str,
    text: impl Fn(&T) -> String,
) -> Result<T, Fault> {
    loop {
        let answer = cx.client.get(path).await?;
        let shown = render(cx, &answer, &text);
        if !watch.watch {
            print(&shown)?;
            return Ok(answer.value);
        }
        let clear = if cx.terminal && !cx.json { "\x1b[2J\x1b[H" } else { "" };
        print(&format!("{clear}{shown}"))?;
        tokio::time::sleep(BEAT).await;
    }
}

/// An answer as the reader wants it.
pub(super) fn render<T>(cx: &Context, answer: &Answer<T>, text: impl Fn(&T) -> String) -> String {
    if cx.json { format!("{}\n", answer.raw.trim_end()) } else { text(&answer.value) }
}

/// Writes to standard output at once; a reader that is gone is an error here, not a panic.
pub(super) fn print(text: &str) -> Result<(), Fault> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
