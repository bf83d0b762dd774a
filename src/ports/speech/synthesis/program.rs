//! Any program that is run once for each text: the text on its standard input, a WAV file on its standard output.

use std::{ffi::OsString, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use smol_str::SmolStr;

use super::{
    super::child::{self, Trouble},
    Synthesizer, Unspoken,
    espeak::label,
    fingerprint,
};

/// Two minutes at 32 kHz.
pub(super) const MOST: usize = 8 << 20;

#[derive(Clone, Debug)]
pub struct SpokenByProgram {
    /// The program and its arguments; no shell reads them.
    pub command: Vec<String>,
    pub patience: Duration,
}

impl Synthesizer for SpokenByProgram {
    fn voice(&self) -> SmolStr {
        let parts: Vec<&str> = self.command.iter().map(String::as_str).collect();
        fingerprint("program", &parts)
    }

    fn speak(&self, text: &str) -> BoxFuture<'static, Result<Vec<u8>, Unspoken>> {
        let command: Vec<OsString> = self.command.iter().map(OsString::from).collect();
        let text = format!("{text}\n");
        async move {
            let (program, arguments) =
                command.split_first().ok_or_else(|| Unspoken::Missing(String::new()))?;
            let told = child::run(program, arguments, text.as_bytes(), MOST).await;
            let told = told.map_err(|trouble| match trouble {
                Trouble::Missing => Unspoken::Missing(program.display().to_string()),
                Trouble::Run(error) => Unspoken::Run(error),
                Trouble::TooLong => Unspoken::TooLong,
            })?;
            if told.fine { Ok(told.out) } else { Err(Unspoken::Failed(label(&told.log))) }
        }
        .boxed()
    }

    fn patience(&self) -> Duration {
        self.patience
    }
}
