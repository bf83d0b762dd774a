//! One utterance while it lasts. Where a recogniser hears along, its words are looked for before the silence is long
//! enough to end the utterance: what the recogniser needs passes meanwhile, and words that are there end it sooner, most of all complete ones.
//! Nobody is cut off by looking: whoever speaks on is heard once more from the beginning.

use smol_str::SmolStr;

use super::turn::digits;
use crate::ports::engine::Ear;

/// Silence after which words are looked for: 300 ms.
const EARLY: u32 = 15;
/// Digits that a recogniser may be behind when they are looked for: sooner, whoever pauses between digits would be heard
/// anew at each pause.
const BEHIND: usize = 2;

#[derive(Debug, Default)]
enum Ahead {
    #[default]
    Not,
    /// The words are being looked for.
    Asked,
    There {
        text: SmolStr,
        complete: bool,
    },
}

/// What is known of its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Nothing,
    Words,
    /// They need no others after them.
    Complete,
}

/// What is to be done with a frame of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Feed,
    /// It is the last, perhaps.
    Finish,
    /// The words are looked for already.
    Keep,
    /// It was not the last: all of it is to be heard anew.
    Again,
}

#[derive(Debug, Default)]
pub(super) struct Utterance {
    sound: Vec<i16>,
    /// Its recogniser hears along, and has about as much as was asked for.
    forms: bool,
    ahead: Ahead,
}

impl Utterance {
    pub(super) fn new(sound: Vec<i16>) -> Self {
        Self { sound, ..Self::default() }
    }

    /// All that was heard of it.
    pub(super) fn sound(&self) -> Vec<i16> {
        self.sound.clone()
    }

    /// A frame more, after so many in which nobody spoke.
    pub(super) fn take(&mut self, frame: &[i16], silence: u32) -> Next {
        self.sound.extend(frame);
        match self.ahead {
            Ahead::Not if self.forms && silence >= EARLY => {
                self.ahead = Ahead::Asked;
                Next::Finish
            }
            Ahead::Not => Next::Feed,
            _ if silence == 0 => {
                (self.ahead, self.forms) = (Ahead::Not, false);
                Next::Again
            }
            _ => Next::Keep,
        }
    }

    /// What its recogniser has so far.
    pub(super) fn forms(&mut self, text: &str, ear: Ear) {
        self.forms |= match ear {
            Ear::Free => !text.is_empty(),
            Ear::Digits { min, .. } => !text.is_empty() && digits(text) + BEHIND >= usize::from(min),
        };
    }

    /// Its words are there before it is over.
    pub(super) fn words(&mut self, text: SmolStr, complete: bool) {
        self.ahead = Ahead::There { text, complete };
    }

    pub(super) fn known(&self) -> Known {
        match &self.ahead {
            Ahead::There { complete: true, .. } => Known::Complete,
            Ahead::There { text, .. } if !text.is_empty() => Known::Words,
            _ => Known::Nothing,
        }
    }

    /// It is over: its words, if they are there. `Err`: whether they are being looked for.
    pub(super) fn end(&mut self) -> Result<SmolStr, bool> {
        match std::mem::take(self).ahead {
            Ahead::There { text, .. } => Ok(text),
            Ahead::Asked => Err(true),
            Ahead::Not => Err(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: [i16; 160] = [0; 160];

    /// What is done with so many frames of silence.
    fn silent(utterance: &mut Utterance, frames: std::ops::Range<u32>) -> Vec<Next> {
        frames.map(|silence| utterance.take(&FRAME, silence)).collect()
    }

    #[test]
    fn words_are_looked_for_when_nobody_speaks() {
        let mut utterance = Utterance::new(vec![0; 10]);
        utterance.forms("where is my", Ear::Free);
        let all = silent(&mut utterance, 1..35);
        assert_eq!(all.iter().position(|next| *next == Next::Finish), Some(14));
        assert!(all[15..].iter().all(|next| *next == Next::Keep), "{all:?}");
        utterance.words("where is my".into(), false);
        assert_eq!(utterance.known(), Known::Words);
        utterance.words("where is my order".into(), true);
        assert_eq!(utterance.known(), Known::Complete);
        assert_eq!(utterance.end(), Ok("where is my order".into()));
    }

    #[test]
    fn a_recogniser_that_is_behind_or_tells_nothing_is_waited_for() {
        let mut behind = Utterance::default();
        silent(&mut behind, 1..19);
        behind.forms("where is my order", Ear::Free);
        let all = silent(&mut behind, 19..35);
        assert_eq!(all.first(), Some(&Next::Finish), "{all:?}");
        let mut whole = Utterance::default();
        assert!(!silent(&mut whole, 1..35).contains(&Next::Finish));
        assert_eq!(whole.end(), Err(false));
    }

    #[test]
    fn digits_are_looked_for_when_about_all_are_there() {
        let asked = |text: &str| {
            let mut utterance = Utterance::default();
            utterance.forms(text, Ear::Digits { min: 6, max: 8 });
            silent(&mut utterance, 1..75).contains(&Next::Finish)
        };
        assert!(!asked("") && !asked("it is one two three"));
        assert!(asked("one two three four") && asked("one two three four five six seven eight"));
    }

    #[test]
    fn whoever_speaks_on_is_heard_anew_from_the_beginning() {
        let mut utterance = Utterance::new(vec![1; 10]);
        utterance.forms("where is", Ear::Free);
        assert!(silent(&mut utterance, 1..25).contains(&Next::Finish));
        utterance.words("where is".into(), true);
        assert_eq!(utterance.take(&FRAME, 0), Next::Again);
        assert_eq!(utterance.sound().len(), 10 + 25 * FRAME.len(), "nothing of it is missing");
        assert_eq!(utterance.known(), Known::Nothing);
        assert_eq!(utterance.take(&FRAME, 0), Next::Feed);
        assert_eq!(utterance.end(), Err(false), "the words of a part count for nothing");
    }
}
