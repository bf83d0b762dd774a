//! How well callers are heard, measured: what was said is compared with the words that came of it.

use std::time::Duration;

use smol_str::SmolStr;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{Recognizers, Unheard, primer};
use crate::ports::engine::Hearing;

const FRAME: Duration = Duration::from_millis(20);
/// What a line gives to a recogniser around an utterance.
const BEFORE: Duration = Duration::from_millis(300);
const AFTER: Duration = Duration::from_millis(700);

/// What came of one utterance.
#[derive(Debug)]
pub struct Heard {
    pub words: Result<SmolStr, Unheard>,
    /// From its end, with the silence that ends it, to the words.
    pub delay: Duration,
}

/// Has an utterance heard: as fast as it is spoken, or, `hurried`, at once.
pub async fn hear(
    recognizers: &Recognizers,
    hearing: &Hearing,
    spoken: &[i16],
    rate: u32,
    hurried: bool,
) -> Result<Heard, Unheard> {
    let mut listener = recognizers.listen(hearing, rate)?;
    let sound = [quiet(BEFORE, rate), spoken.to_vec(), quiet(AFTER, rate)].concat();
    let mut clock = interval(FRAME);
    clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for frame in sound.chunks(rate as usize / 50) {
        if !hurried {
            clock.tick().await;
        }
        listener.feed(frame);
    }
    let ended = Instant::now();
    let words = listener.finish().await;
    Ok(Heard { words, delay: ended.elapsed() })
}

/// Has nothing heard, not even noise, which recognisers would take for a voice's mean: whoever hears has loaded its models
/// then.
pub async fn warm(recognizers: &Recognizers, hearing: &Hearing, rate: u32) -> Result<(), Unheard> {
    let mut listener = recognizers.listen(hearing, rate)?;
    listener.feed(&vec![0; rate as usize / 10]);
    // Whatever comes of it comes of the sentences too, and counts there.
    let _ = listener.finish().await;
    Ok(())
}

/// A line without a voice, which is never without any noise.
fn quiet(length: Duration, rate: u32) -> Vec<i16> {
    let mut state: u32 = 1;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 16) % 17) as i16 - 8
    };
    (0..length.as_millis() as u32 * rate / 1000).map(|_| next()).collect()
}

/// Words that were heard wrong, left out or added, and how many were said. Of Chinese each character is a word.
pub fn errors(said: &str, heard: &str) -> (usize, usize) {
    let (said, heard) = (tokens(said), tokens(heard));
    let mut row: Vec<usize> = (0..=heard.len()).collect();
    for (at, word) in said.iter().enumerate() {
        let mut before = row[0];
        row[0] = at + 1;
        for (to, other) in heard.iter().enumerate() {
            let change = before + usize::from(word != other);
            before = row[to + 1];
            row[to + 1] = change.min(before + 1).min(row[to] + 1);
        }
    }
    (row[heard.len()], said.len())
}

fn tokens(text: &str) -> Vec<String> {
    let mut apart = String::new();
    let mut wide = Vec::new();
    for c in text.chars() {
        if c >= '\u{2E80}' && c.is_alphanumeric() {
            wide.extend(primer::words(&apart));
            apart.clear();
            wide.push(c.to_string());
        } else {
            apart.push(c);
        }
    }
    wide.extend(primer::words(&apart));
    wide
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        infra::site::Locale,
        ports::speech::{
            Recognizer,
            scripted::{Act, Scripted, hearing},
        },
    };

    #[test]
    fn every_wrong_word_counts_once() {
        for (said, heard, wrong, of) in [
            ("Where’s my order?", "where's my order", 0, 3),
            ("order 55", "order five nine", 1, 3),
            ("where is my order", "is my old order", 2, 4),
            ("refund", "", 1, 1),
            ("", "a b", 2, 0),
            ("我要退款", "我要腿款", 1, 4),
            ("订单A7", "订单a seven", 0, 4),
        ] {
            assert_eq!(errors(said, heard), (wrong, of), "{said} | {heard}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_utterance_takes_as_long_as_it_is_and_the_delay_is_what_comes_after() {
        let of = |act| {
            let scripted: std::sync::Arc<dyn Recognizer> = std::sync::Arc::new(Scripted::new([act]));
            Recognizers::new([(Locale::English, scripted)])
        };
        let began = Instant::now();
        let heard = hear(&of(Act::Counts), &hearing(), &vec![9; 16_000], 16_000, false).await.expect("heard");
        assert_eq!(heard.words.expect("words"), "32000", "with 300 ms before and 700 after");
        assert_eq!((began.elapsed().as_millis(), heard.delay.as_millis()), (1980, 0));
        let began = Instant::now();
        let heard = hear(&of(Act::Hangs), &hearing(), &vec![9; 8000], 8000, true).await.expect("heard");
        assert!(matches!(heard.words, Err(Unheard::TimedOut)));
        assert_eq!((began.elapsed().as_secs(), heard.delay.as_secs()), (5, 5));
    }
}
