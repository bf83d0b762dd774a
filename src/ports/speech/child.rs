//! A program that is run once: bytes on its standard input, and what it says on its standard output, within bounds.

use std::{
    ffi::{OsStr, OsString},
    io,
    process::Stdio,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::Command,
};

/// Of its log the beginning is kept.
const MOST_LOG: u64 = 4096;

/// What it said before it ended.
#[derive(Debug)]
pub(super) struct Told {
    pub out: Vec<u8>,
    pub log: Vec<u8>,
    /// It ended well.
    pub fine: bool,
}

#[derive(Debug)]
pub(super) enum Trouble {
    /// There is no such program.
    Missing,
    Run(io::Error),
    /// It said more than `most` bytes.
    TooLong,
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Run(error)
    }
}

/// Runs it to its end. Dropped, it ends the program. No shell reads the arguments.
pub(super) async fn run(
    program: &OsStr,
    arguments: &[OsString],
    input: &[u8],
    most: usize,
) -> Result<Told, Trouble> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Trouble::Missing,
            _ => Trouble::Run(error),
        })?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        // Who has enough closes early; the exit status says whether that was meant.
        if let Some(mut stdin) = stdin {
            let _ = stdin.write_all(input).await;
        }
        Ok(())
    };
    let mut out = Vec::new();
    let read = async {
        if let Some(stdout) = stdout {
            stdout.take(most as u64 + 1).read_to_end(&mut out).await?;
        }
        // Who says too much is not waited for.
        if out.len() > most { Err(Trouble::TooLong) } else { Ok(out) }
    };
    let listen = async {
        let mut log = Vec::new();
        if let Some(stderr) = stderr {
            let mut rest = stderr.take(MOST_LOG);
            rest.read_to_end(&mut log).await?;
            tokio::io::copy(&mut rest.into_inner(), &mut tokio::io::sink()).await?;
        }
        Ok(log)
    };
    let ((), out, log) = tokio::try_join!(write, read, listen)?;
    let fine = child.wait().await?.success();
    Ok(Told { out, log, fine })
}
