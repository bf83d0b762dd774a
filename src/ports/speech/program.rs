//! Any program that is run once for each utterance: a WAV file on its standard input, the words on its standard output.

use std::{ffi::OsString, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};

use super::{
    Partial, Recognizer, Sound, Unheard,
    child::{self, Trouble},
};
use crate::{base::wav::Wav, ports::engine::Hearing};

/// More than this is no utterance.
const MOST: usize = 64 << 10;

#[derive(Clone, Debug)]
pub struct Program {
    /// The program and its arguments; no shell reads them.
    pub command: Vec<OsString>,
    pub patience: Duration,
}

impl Recognizer for Program {
    fn recognise(
        &self,
        _: &Hearing,
        sound: Sound,
        _: Partial,
    ) -> BoxFuture<'static, Result<String, Unheard>> {
        let command = self.command.clone();
        async move {
            let rate = sound.rate();
            let samples = sound.all().await;
            if samples.is_empty() {
                return Ok(String::new());
            }
            run(&command, &Wav { rate, channels: 1, samples }.to_bytes()).await
        }
        .boxed()
    }

    fn patience(&self) -> Duration {
        self.patience
    }
}

async fn run(command: &[OsString], wav: &[u8]) -> Result<String, Unheard> {
    let (program, arguments) = command.split_first().ok_or_else(|| Unheard::Missing(String::new()))?;
    let told = child::run(program, arguments, wav, MOST).await.map_err(|trouble| match trouble {
        Trouble::Missing => Unheard::Missing(program.display().to_string()),
        Trouble::Run(error) => Unheard::Run(error),
        Trouble::TooLong => Unheard::TooLong,
    })?;
    if !told.fine {
        return Err(Unheard::Gone);
    }
    String::from_utf8(told.out).map_err(|_| Unheard::Nonsense)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Listener, scripted::hearing},
        *,
    };

    async fn heard(script: &str) -> Result<String, Unheard> {
        let command = ["sh", "-c", script].map(OsString::from).to_vec();
        let program =
            Program { command, patience: Duration::from_secs(if script.contains("sleep") { 1 } else { 20 }) };
        let mut listener = Listener::new(&program, &hearing(), 8000);
        (0..500).for_each(|_| listener.feed(&[7; 160]));
        listener.finish().await.map(String::from)
    }

    #[tokio::test]
    async fn it_hears_a_wav_file_and_its_words_come_back() {
        // 500 frames of 160 samples of 2 bytes, and the header.
        assert_eq!(heard("wc -c").await.expect("words"), "160044");
        assert_eq!(heard("head -c 4").await.expect("words"), "RIFF");
    }

    #[tokio::test]
    async fn what_a_hostile_one_does_is_told_and_bounded() {
        assert!(matches!(heard("sleep 1000").await, Err(Unheard::TimedOut)));
        assert!(matches!(heard("cat > /dev/null; exit 3").await, Err(Unheard::Gone)));
        assert!(matches!(heard("kill -9 $$").await, Err(Unheard::Gone)));
        assert!(matches!(heard("yes yes").await, Err(Unheard::TooLong)));
        assert!(matches!(heard(r"printf '\377\376'").await, Err(Unheard::Nonsense)));
        let missing = Program { command: vec!["/no/such".into()], patience: Duration::from_secs(20) };
        let mut listener = Listener::new(&missing, &hearing(), 8000);
        listener.feed(&[1; 160]);
        assert!(matches!(listener.finish().await, Err(Unheard::Missing(_))));
    }
}
