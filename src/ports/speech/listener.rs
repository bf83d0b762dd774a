//! One utterance on its way to words, held within bounds.

use std::time::Duration;

use smol_str::SmolStr;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{Instant, timeout_at},
};

use super::{Recognizer, Unheard};
use crate::{base::text::one_line, ports::engine::Hearing};

/// Of longer utterances the beginning is heard.
pub const LONGEST: Duration = Duration::from_secs(60);
/// Of longer texts the beginning counts.
const MOST: usize = 1000;

/// What a recogniser hears: mono samples, frame by frame as they come.
#[derive(Debug)]
pub struct Sound {
    rate: u32,
    frames: mpsc::UnboundedReceiver<Vec<i16>>,
}

impl Sound {
    /// A whole utterance that is there already.
    pub(super) fn of(rate: u32, samples: Vec<i16>) -> Self {
        let (to, frames) = mpsc::unbounded_channel();
        let _ = to.send(samples);
        Self { rate, frames }
    }

    /// Samples a second: 8000 or 16000.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// The next frame; `None` when the utterance is over.
    pub async fn next(&mut self) -> Option<Vec<i16>> {
        self.frames.recv().await
    }

    /// The whole utterance.
    pub async fn all(mut self) -> Vec<i16> {
        let mut all = Vec::new();
        while let Some(frame) = self.next().await {
            all.extend(frame);
        }
        all
    }
}

/// Where a recogniser tells what it has so far.
#[derive(Debug)]
pub struct Partial(watch::Sender<SmolStr>);

impl Partial {
    pub fn tell(&self, text: &str) {
        let text = one_line(text, MOST);
        self.0.send_if_modified(|told| {
            let news = *told != text;
            *told = text;
            news
        });
    }
}

/// One utterance. Dropped, it stops its recogniser.
#[derive(Debug)]
pub struct Listener {
    frames: Option<mpsc::UnboundedSender<Vec<i16>>>,
    /// Samples that it still takes.
    room: usize,
    partial: watch::Receiver<SmolStr>,
    work: JoinHandle<Result<String, Unheard>>,
    patience: Duration,
    until: Option<Instant>,
}

impl Listener {
    /// Begins to hear samples at `rate`. Within a runtime only.
    pub fn new(recognizer: &dyn Recognizer, hearing: &Hearing, rate: u32) -> Self {
        let (frames, heard) = mpsc::unbounded_channel();
        let (told, partial) = watch::channel(SmolStr::default());
        let sound = Sound { rate, frames: heard };
        Self {
            frames: Some(frames),
            room: LONGEST.as_secs() as usize * rate as usize,
            partial,
            work: tokio::spawn(recognizer.recognise(hearing, sound, Partial(told))),
            patience: recognizer.patience(),
            until: None,
        }
    }

    /// More of the utterance. Never waits.
    pub fn feed(&mut self, samples: &[i16]) {
        let samples = &samples[..samples.len().min(self.room)];
        if let Some(frames) = self.frames.as_ref().filter(|_| !samples.is_empty()) {
            self.room -= samples.len();
            // A recogniser that is gone says so at the end.
            let _ = frames.send(samples.to_vec());
        }
    }

    /// What it has made of the utterance so far; empty with recognisers that want the whole.
    pub fn so_far(&self) -> SmolStr {
        self.partial.borrow().clone()
    }

    /// The next partial text; `None` when there will be no more. Cancel-safe.
    pub async fn partial(&mut self) -> Option<SmolStr> {
        self.partial.changed().await.ok()?;
        Some(self.partial.borrow_and_update().clone())
    }

    /// The caller has spoken: the words, in one line of at most a thousand characters, or why there are none.
    /// Cancel-safe: asked again, it goes on waiting. Once it has answered, it is done.
    pub async fn finish(&mut self) -> Result<SmolStr, Unheard> {
        self.frames = None;
        let until = *self.until.get_or_insert_with(|| Instant::now() + self.patience);
        match timeout_at(until, &mut self.work).await {
            Err(_) => {
                self.work.abort();
                Err(Unheard::TimedOut)
            }
            Ok(Err(_)) => Err(Unheard::Gone),
            Ok(Ok(told)) => told.map(|text| one_line(&text, MOST)),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.work.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::scripted::{Act, Scripted, hearing},
        *,
    };

    fn listener(act: Act) -> Listener {
        Listener::new(&Scripted::new([act]), &hearing(), 8000)
    }

    #[tokio::test(start_paused = true)]
    async fn words_come_when_the_utterance_is_over_and_partial_ones_before() {
        let mut heard = listener(Act::Says("where is my order".into()));
        assert_eq!(heard.so_far(), "");
        heard.feed(&[0; 160]);
        assert_eq!(heard.partial().await.as_deref(), Some("where"));
        heard.feed(&[0; 160]);
        assert_eq!(heard.partial().await.as_deref(), Some("where is"));
        assert_eq!(heard.so_far(), "where is");
        assert_eq!(heard.finish().await.expect("words"), "where is my order");
    }

    #[tokio::test(start_paused = true)]
    async fn whatever_a_recogniser_does_the_utterance_ends_in_time() {
        let began = Instant::now();
        let mut hangs = listener(Act::Hangs);
        hangs.feed(&[0; 160]);
        // Asked and dropped and asked again: the time runs from the first.
        assert!(tokio::time::timeout(Duration::from_secs(3), hangs.finish()).await.is_err());
        assert!(matches!(hangs.finish().await, Err(Unheard::TimedOut)));
        assert_eq!(began.elapsed().as_secs(), 5);

        assert!(matches!(listener(Act::Panics).finish().await, Err(Unheard::Gone)));
        assert!(matches!(listener(Act::Fails).finish().await, Err(Unheard::Gone)));
        let long = "yes\u{202E}\n ".repeat(3_000_000);
        let text = listener(Act::Says(long)).finish().await.expect("words");
        assert_eq!(text.chars().count(), 999);
        assert!(text.starts_with("yes yes yes "), "{text}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_endless_utterance_takes_no_more_memory_than_a_long_one() {
        let mut heard = listener(Act::Counts);
        for _ in 0..100_000 {
            heard.feed(&[0; 160]);
        }
        assert_eq!(heard.finish().await.expect("a count"), "480000");
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_listener_stops_its_recogniser() {
        let (sign, mut gone) = mpsc::channel(1);
        let heard = listener(Act::HangsWith(sign));
        tokio::task::yield_now().await;
        drop(heard);
        assert_eq!(gone.recv().await, None::<()>, "it was dropped with the listener");
    }
}
