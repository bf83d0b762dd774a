//! Frames in their order again: a few that come late are waited for, lost ones are made up for.

use std::collections::BTreeMap;

use super::wire::Frame;

/// So many frames are held while one before them is missing.
const DEPTH: usize = 3;
/// Made up for at most: after that a hole is just silence that the clock fills.
const MOST_LOST: u64 = 5;
/// A jump of more than this is another stream's numbering.
const JUMP: i16 = 50;

/// Puts the frames of one stream in order.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    /// The number that is due, made longer so that it does not wrap.
    due: Option<u64>,
    held: BTreeMap<u64, Vec<i16>>,
    last: Vec<i16>,
}

impl Sequence {
    /// What is to be heard now, in order.
    pub(super) fn take(&mut self, frame: Frame) -> Vec<Vec<i16>> {
        let Some(short) = frame.sequence else { return vec![frame.samples] };
        let due = self.due.unwrap_or_else(|| 0x1_0000 + u64::from(short));
        let ahead = short.wrapping_sub(due as u16) as i16;
        let mut heard = Vec::new();
        let due = if ahead.unsigned_abs() > JUMP.unsigned_abs() {
            heard.extend(std::mem::take(&mut self.held).into_values());
            0x1_0000 + u64::from(short)
        } else {
            due
        };
        let ahead = short.wrapping_sub(due as u16) as i16;
        self.due = Some(due);
        // Twice, or too late.
        let Ok(ahead) = u64::try_from(ahead) else { return heard };
        self.held.entry(due + ahead).or_insert(frame.samples);
        self.release(&mut heard);
        heard
    }

    fn release(&mut self, heard: &mut Vec<Vec<i16>>) {
        while let (Some(due), Some((first, _))) = (self.due, self.held.first_key_value()) {
            if *first != due {
                if self.held.len() < DEPTH {
                    return;
                }
                let lost = *first - due;
                for n in 0..lost.min(MOST_LOST) {
                    heard.push(self.faded(n));
                }
                self.due = Some(*first);
                continue;
            }
            let Some((_, samples)) = self.held.pop_first() else { return };
            self.due = Some(due + 1);
            self.last.clone_from(&samples);
            heard.push(samples);
        }
    }

    /// The first lost frame sounds as the one before it, but less; the others are silence.
    fn faded(&self, n: u64) -> Vec<i16> {
        let weight = i16::from(n == 0);
        self.last.iter().map(|sample| sample / 2 * weight).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(sequence: u16) -> Frame {
        Frame { sequence: Some(sequence), samples: vec![(sequence % 1000 + 1) as i16 * 2; 4] }
    }

    fn heard(numbers: &[u16]) -> Vec<i16> {
        let mut sequence = Sequence::default();
        numbers.iter().flat_map(|number| sequence.take(frame(*number))).map(|samples| samples[0]).collect()
    }

    #[test]
    fn late_frames_are_put_in_their_place_and_doubled_ones_dropped() {
        assert_eq!(heard(&[1, 2, 4, 3, 3, 5]), [4, 6, 8, 10, 12]);
        assert_eq!(heard(&[65_534, 0, 65_535, 1]).len(), 4, "over the end of the numbers");
    }

    #[test]
    fn lost_frames_fade_and_the_stream_goes_on() {
        assert_eq!(heard(&[1, 2, 5, 6, 7]), [4, 6, 3, 0, 12, 14, 16]);
    }

    #[test]
    fn another_numbering_begins_anew() {
        assert_eq!(heard(&[1, 2, 30_000, 30_001]).len(), 4);
        assert_eq!(heard(&[30_000, 30_001, 5, 6]).len(), 4);
    }

    proptest! {
        #[test]
        fn nothing_is_heard_twice_and_little_is_held(numbers in proptest::collection::vec(any::<u16>(), 0..200)) {
            let mut sequence = Sequence::default();
            for number in numbers {
                let most = DEPTH + MOST_LOST as usize;
                prop_assert!(sequence.take(frame(number)).len() <= most + 1);
                prop_assert!(sequence.held.len() < DEPTH);
            }
        }

        #[test]
        fn neighbours_that_change_places_come_out_in_order(swaps in proptest::collection::vec(any::<bool>(), 50)) {
            let mut numbers: Vec<u16> = (65_500..=65_535).chain(0..64).collect();
            for (n, swap) in swaps.iter().enumerate().skip(1) {
                if *swap {
                    numbers.swap(2 * n, 2 * n + 1);
                }
            }
            let mut sequence = Sequence::default();
            let out: Vec<_> = numbers.iter().flat_map(|number| sequence.take(frame(*number))).collect();
            let expected: Vec<_> = (65_500..=65_535).chain(0..64).map(|n| frame(n).samples).collect();
            prop_assert_eq!(out, expected);
        }
    }
}
