//! When somebody begins to speak, and when they have spoken.
//!
//! All in frames of 20 ms. What has to be seen before a voice counts depends on what it would interrupt; the end
//! depends on what is asked for: between digits people pause.

use super::{utterance::Known, voice::Sense};
use crate::ports::engine::Ear;

/// How much of a voice must be there: `loud` and `voiced` frames of the last `of`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Need {
    loud: u32,
    voiced: u32,
    of: u32,
}

/// While nothing plays: 120 ms.
pub(super) const IN_SILENCE: Need = Need { loud: 6, voiced: 3, of: 10 };
/// Over a prompt: 140 ms, nearly half of it with a pitch, so that a click stops nothing.
pub(super) const OVER_A_PROMPT: Need = Need { loud: 7, voiced: 3, of: 12 };
/// Over a prompt that was interrupted by nothing a moment ago: 260 ms.
pub(super) const WARY: Need = Need { loud: 13, voiced: 7, of: 18 };

/// Silence that ends an utterance: 700 ms, 640 if its words are there, 500 if they are complete, and 1.5 s where digits
/// are collected.
const END_FREE: u32 = 35;
const END_KNOWN: u32 = 32;
const END_COMPLETE: u32 = 25;
const END_DIGITS: u32 = 75;
/// The longest utterance: 30 s.
const LONGEST: u32 = 1500;

/// Silence after which whoever is heard begins anew, once an utterance was ended before its last sound: 200 ms; and
/// what such a rest may have at most: 600 ms.
const PARTED: u32 = 10;
const LONGEST_REST: u32 = 30;

/// The last frames of one leg.
#[derive(Debug, Default)]
pub(super) struct Turn {
    loud: u64,
    voiced: u64,
    /// Since the utterance began.
    length: u32,
    /// Since somebody was heard last.
    silence: u32,
    /// Frames that may still be the rest of an utterance that was ended before its last sound.
    rest: u32,
}

impl Turn {
    pub(super) fn take(&mut self, sense: Sense) {
        self.loud = self.loud << 1 | u64::from(sense.loud);
        self.voiced = self.voiced << 1 | u64::from(sense.voiced);
        self.length += 1;
        // A click is nobody.
        self.silence = if seen(self.loud, 3) >= 2 { 0 } else { self.silence + 1 };
        self.rest = if self.silence >= PARTED { 0 } else { self.rest.saturating_sub(1) };
    }

    /// Whether somebody speaks.
    pub(super) fn begins(&self, need: Need) -> bool {
        self.rest == 0 && seen(self.loud, need.of) >= need.loud && seen(self.voiced, need.of) >= need.voiced
    }

    /// Frames since somebody was heard last.
    pub(super) fn silence(&self) -> u32 {
        self.silence
    }

    /// The utterance begins.
    pub(super) fn begun(&mut self) {
        self.length = 0;
        self.silence = 0;
    }

    /// Whether they have spoken, by the silence and what is known of their words.
    pub(super) fn ends(&self, ear: Ear, known: Known) -> bool {
        let end = match (ear, known) {
            (Ear::Free, Known::Nothing) => END_FREE,
            (Ear::Free, Known::Words) => END_KNOWN,
            (Ear::Free, Known::Complete) => END_COMPLETE,
            (Ear::Digits { .. }, _) => END_DIGITS,
        };
        self.silence >= end || self.length >= LONGEST
    }

    /// What was seen so far does not count.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// The same, and what is still to be heard of it does not either.
    pub(super) fn cut(&mut self) {
        *self = Self { rest: LONGEST_REST, ..Self::default() };
    }
}

fn seen(frames: u64, of: u32) -> u32 {
    (frames & ((1 << of) - 1)).count_ones()
}

/// How many digits are in a text that forms.
pub(super) fn digits(text: &str) -> usize {
    const WORDS: [&str; 11] =
        ["zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    let written = |c: char| c.is_ascii_digit() || "零〇一二三四五六七八九幺两".contains(c);
    let mut times = 1;
    text.split(|c: char| !c.is_alphanumeric())
        .map(|word| match word.to_ascii_lowercase().as_str() {
            "double" => {
                times = 2;
                0
            }
            "triple" => {
                times = 3;
                0
            }
            word if WORDS.contains(&word) => std::mem::replace(&mut times, 1),
            word => word.chars().filter(|c| written(*c)).count(),
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOICE: Sense = Sense { loud: true, voiced: true };
    const HISS: Sense = Sense { loud: true, voiced: false };
    const QUIET: Sense = Sense { loud: false, voiced: false };

    fn begins_after(frame: Sense, need: Need) -> Option<usize> {
        let mut turn = Turn::default();
        (1..100).find(|_| {
            turn.take(frame);
            turn.begins(need)
        })
    }

    #[test]
    fn a_voice_counts_sooner_in_silence_than_over_a_prompt_and_hiss_never() {
        assert_eq!(begins_after(VOICE, IN_SILENCE), Some(6));
        assert_eq!(begins_after(VOICE, OVER_A_PROMPT), Some(7));
        assert_eq!(begins_after(VOICE, WARY), Some(13));
        assert_eq!(begins_after(HISS, IN_SILENCE), None);
    }

    #[test]
    fn digits_may_have_longer_pauses_and_nobody_speaks_for_ever() {
        let ends = |ear, noise: Sense, known| {
            let mut turn = Turn::default();
            (0..20).for_each(|_| turn.take(VOICE));
            turn.begun();
            (1..2000).find(|_| {
                turn.take(noise);
                turn.ends(ear, known)
            })
        };
        // The first frame of silence comes after two that count as heard.
        assert_eq!(ends(Ear::Free, QUIET, Known::Nothing), Some(36));
        assert_eq!(ends(Ear::Free, QUIET, Known::Words), Some(33));
        assert_eq!(ends(Ear::Free, QUIET, Known::Complete), Some(26));
        assert_eq!(ends(Ear::Digits { min: 4, max: 4 }, QUIET, Known::Complete), Some(76));
        assert_eq!(ends(Ear::Free, HISS, Known::Nothing), Some(1500));
    }

    #[test]
    fn the_rest_of_an_utterance_that_was_cut_begins_none() {
        let after = |frames: &[Sense]| {
            let mut turn = Turn::default();
            turn.cut();
            frames.iter().position(|frame| {
                turn.take(*frame);
                turn.begins(IN_SILENCE)
            })
        };
        // The end of a word, and silence; whoever speaks after that begins anew, and so does who never stops.
        let rest = [vec![VOICE; 12], vec![QUIET; 20]].concat();
        assert_eq!(after(&rest), None);
        assert_eq!(after(&[rest, vec![VOICE; 20]].concat()), Some(37));
        assert_eq!(after(&[VOICE; 60]), Some(29));
    }

    #[test]
    fn digits_are_counted_as_they_are_said() {
        for (text, many) in [
            ("one two double three oh", 5),
            ("Four-Five 67", 4),
            ("幺三八零零", 5),
            ("我的订单是二零二六", 4),
            ("someone went to tenerife", 0),
            ("triple seven", 3),
        ] {
            assert_eq!(digits(text), many, "{text}");
        }
    }
}
