//! What is said to a server and what its answers mean, without any network.

use serde_json::{Value, json};

use super::super::{Unheard, upsample::Upsampler};

/// How a server wants to be spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Vosk,
    Funasr,
}

impl Dialect {
    /// The beginning of an utterance of samples at `rate`.
    pub(super) fn start(self, rate: u32) -> Told {
        let up = (self == Self::Funasr && rate == 8000).then(Upsampler::new);
        Told {
            dialect: self,
            rate,
            up,
            sent: 0,
            answers: 0,
            ended: false,
            settled: String::new(),
            open: String::new(),
        }
    }
}

/// What an answer was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    More,
    PerhapsLast,
    Last,
}

/// One utterance: what was sent, and the words so far.
pub(super) struct Told {
    dialect: Dialect,
    rate: u32,
    /// FunASR's models hear 16 kHz.
    up: Option<Upsampler>,
    sent: u64,
    answers: u64,
    ended: bool,
    /// Words that change no more, and those that may.
    settled: String,
    open: String,
}

impl Told {
    pub fn hello(&self) -> String {
        match self.dialect {
            Dialect::Vosk => json!({ "config": { "sample_rate": self.rate } }),
            Dialect::Funasr => json!({
                "mode": "2pass", "wav_name": "call", "wav_format": "pcm", "is_speaking": true, "itn": true,
                "audio_fs": if self.up.is_some() { 16_000 } else { self.rate },
                "chunk_size": [5, 10, 5], "chunk_interval": 10,
            }),
        }
        .to_string()
    }

    pub fn frame(&mut self, samples: &[i16]) -> Vec<u8> {
        self.sent += 1;
        let wide = self.up.as_mut().map(|up| up.feed(samples));
        wide.as_deref().unwrap_or(samples).iter().flat_map(|sample| sample.to_le_bytes()).collect()
    }

    pub fn end(&mut self) -> &'static str {
        self.ended = true;
        match self.dialect {
            // Vosk's server knows it by this very text.
            Dialect::Vosk => r#"{"eof" : 1}"#,
            Dialect::Funasr => r#"{"is_speaking": false}"#,
        }
    }

    pub fn ended(&self) -> bool {
        self.ended
    }

    /// An answer; an empty one is none.
    pub fn take(&mut self, answer: &str) -> Result<Taken, Unheard> {
        if answer.is_empty() {
            return Ok(Taken::More);
        }
        let answer: Value = serde_json::from_str(answer).map_err(|_| Unheard::Nonsense)?;
        let said = |name: &str| answer.get(name).and_then(Value::as_str);
        match self.dialect {
            Dialect::Vosk => {
                // One for each frame, and one for the end.
                self.answers += 1;
                match (said("text"), said("partial")) {
                    (Some(text), _) => self.settle(text),
                    (None, Some(partial)) => partial.clone_into(&mut self.open),
                    (None, None) => return Err(Unheard::Nonsense),
                }
                Ok(if self.ended && self.answers > self.sent { Taken::Last } else { Taken::More })
            }
            Dialect::Funasr => {
                let text = said("text");
                match (said("mode"), text) {
                    (Some("2pass-offline" | "offline"), Some(text)) => self.settle(text),
                    (Some("2pass-online" | "online"), Some(text)) => self.open.push_str(text),
                    // An acknowledgement without words.
                    _ if answer.get("is_final").is_some() => {}
                    _ => return Err(Unheard::Nonsense),
                }
                let last = answer.get("is_final").and_then(Value::as_bool).unwrap_or_default();
                let second = said("mode").is_some_and(|mode| mode.ends_with("offline"));
                Ok(match (self.ended, last, second) {
                    (true, true, _) => Taken::Last,
                    // Some servers never say which answer is the last.
                    (true, false, true) => Taken::PerhapsLast,
                    _ => Taken::More,
                })
            }
        }
    }

    fn settle(&mut self, text: &str) {
        self.open.clear();
        self.settled.push(' ');
        self.settled.push_str(text);
    }

    pub fn length(&self) -> usize {
        self.settled.len() + self.open.len()
    }

    /// The words so far; between Chinese characters stands no space.
    pub fn words(&self) -> String {
        let all = format!("{} {}", self.settled, self.open);
        let mut joined = String::new();
        for word in all.split_whitespace() {
            let han = |c: Option<char>| c.is_some_and(|c| ('\u{2E80}'..='\u{9FFF}').contains(&c));
            if !(joined.is_empty() || han(joined.chars().next_back()) || han(word.chars().next())) {
                joined.push(' ');
            }
            joined.push_str(word);
        }
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vosk_answers_each_frame_and_the_last_answer_is_that_to_the_end() {
        let mut told = Dialect::Vosk.start(8000);
        assert_eq!(told.hello(), r#"{"config":{"sample_rate":8000}}"#);
        assert_eq!(told.frame(&[1, -1]), [1, 0, 255, 255]);
        told.frame(&[0; 160]);
        assert_eq!(told.take(r#"{"partial": "我 要"}"#).expect("fine"), Taken::More);
        assert_eq!(told.words(), "我要");
        assert_eq!(told.end(), r#"{"eof" : 1}"#);
        assert_eq!(told.take(r#"{"text": "我 要"}"#).expect("fine"), Taken::More);
        assert_eq!(told.take(r#"{"text": "退款 please now"}"#).expect("fine"), Taken::Last);
        assert_eq!(told.words(), "我要退款please now");
        assert!(told.take("[]").is_err() && told.take("{}").is_err() && told.take("<html>").is_err());
    }

    #[test]
    fn funasr_hears_wide_and_its_second_thoughts_count() {
        let mut told = Dialect::Funasr.start(8000);
        let hello: Value = serde_json::from_str(&told.hello()).expect("JSON");
        assert_eq!((&hello["mode"], &hello["audio_fs"]), (&json!("2pass"), &json!(16_000)));
        assert_eq!(told.frame(&[0; 160]).len(), 640);
        let mut take = |answer: Value, end: bool| {
            if end {
                told.end();
            }
            let taken = told.take(&answer.to_string());
            (taken.ok(), told.words())
        };
        let online = |text| json!({ "mode": "2pass-online", "text": text, "is_final": false });
        assert_eq!(take(online("我要"), false), (Some(Taken::More), "我要".into()));
        assert_eq!(take(online("腿款"), false), (Some(Taken::More), "我要腿款".into()));
        let offline = json!({ "mode": "2pass-offline", "text": "我要退款。", "is_final": false });
        assert_eq!(take(offline.clone(), false), (Some(Taken::More), "我要退款。".into()));
        let more = json!({ "mode": "2pass-offline", "text": "谢谢。", "is_final": false });
        assert_eq!(take(more, true), (Some(Taken::PerhapsLast), "我要退款。谢谢。".into()));
        assert_eq!(take(json!({ "is_final": true, "is_end": true }), true).0, Some(Taken::Last));
        assert_eq!(take(json!({ "error": "no" }), true).0, None);
    }
}
