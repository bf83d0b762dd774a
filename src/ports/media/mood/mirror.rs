//! Whether what one side brings is the other side's voice come back.
//!
//! An echo has the pitch of its source, some frames later and fainter; somebody who speaks at the same time has another.
//! Pitches are compared, not samples: those of a second are few, and what lies between two telephones does not change
//! them. A delay that was found stays for the talk.

use super::{ear::Heard, past::Past};

/// Longest delay, in frames: 600 ms.
const DELAY: usize = 30;
/// Frames in which a delay is looked for: a second.
const COMPARED: usize = 50;
/// So many of them have a pitch.
const ENOUGH: usize = 20;
/// Share of the pitched frames that have the pitch of the source.
const LIKE: f32 = 0.75;
/// Semitones within which two pitches are one.
const NEAR: f32 = 0.5;
/// dB by which an echo is fainter than its source, at least.
const FAINTER: f32 = 5.0;
/// Frames of which most decide: 300 ms.
const MOST: usize = 15;
/// A source this much louder explains a frame whatever its pitch.
const DROWNED: f32 = 25.0;

/// What both sides brought, and where in the source's past its echo was found.
#[derive(Debug)]
pub(super) struct Mirror {
    source: Past<Heard, { COMPARED + DELAY + 1 }>,
    back: Past<Heard, COMPARED>,
    delay: Option<usize>,
    /// 1 for an echo, -1 for a pitch of its own.
    lately: Past<i8, MOST>,
}

impl Mirror {
    pub(super) fn new() -> Self {
        Self { source: Past::new(), back: Past::new(), delay: None, lately: Past::new() }
    }

    /// Whether this frame of one side is an echo of the other's.
    pub(super) fn is_echo(&mut self, source: Heard, back: Heard) -> bool {
        self.source.push(source);
        self.back.push(back);
        let Some(delay) = self.delay else { return false };
        let echo = (delay.saturating_sub(1)..=delay + 1).any(|ago| {
            let source = self.source.ago(ago);
            is_reflection(source, back) || source.level > back.level + DROWNED
        });
        self.lately.push(if echo { 1 } else { -i8::from(back.pitch.is_some()) });
        self.lately.all().sum::<i8>() > 0
    }

    /// Looks for the delay; to be called some times a second.
    pub(super) fn look(&mut self) {
        let pitched = self.back.all().filter(|back| back.pitch.is_some()).count();
        if pitched < ENOUGH {
            return;
        }
        let like = |delay: &usize| {
            let pairs = (0..COMPARED).map(|n| (self.source.ago(n + delay), self.back.ago(n)));
            pairs.filter(|(source, back)| is_reflection(*source, *back)).count()
        };
        let best = (0..DELAY).map(|delay| (like(&delay), delay)).max().unwrap_or_default();
        if best.0 as f32 >= LIKE * pitched as f32 {
            self.delay = Some(best.1);
        }
    }
}

fn is_reflection(source: Heard, back: Heard) -> bool {
    let one = source.pitch.zip(back.pitch).is_some_and(|(a, b)| {
        let apart = (a - b).abs();
        // An octave apart is one pitch that was heard in two ways.
        apart < NEAR || (apart - 12.0).abs() < NEAR
    });
    one && source.level > back.level + FAINTER
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            ear::Ear,
            synthetic::{Line, Voice},
        },
        *,
    };

    /// Shares of the pitched frames of `back`, after two seconds, that are taken for an echo.
    fn echoes(source: &[f32], back: &[f32]) -> f32 {
        let (mut mirror, mut ears) = (Mirror::new(), [Ear::new(), Ear::new()]);
        let (mut pitched, mut echo) = (0, 0);
        for (n, (a, b)) in Line::telephone(source).iter().zip(&Line::telephone(back)).enumerate() {
            let (a, b) = (ears[0].hear(a), ears[1].hear(b));
            let is_echo = mirror.is_echo(a, b);
            if n % 10 == 0 {
                mirror.look();
            }
            if n > 100 && b.pitch.is_some() {
                pitched += 1;
                echo += usize::from(is_echo);
            }
        }
        assert!(pitched > 100, "{pitched}");
        echo as f32 / pitched as f32
    }

    #[test]
    fn an_echo_is_known_at_any_delay_and_another_voice_is_none() {
        let talk = Voice { loud: 12_000.0, ..Voice::default() }.says(10.0);
        for (delay, decibel) in [(0.005, 10.0), (0.073, 10.0), (0.2, 20.0), (0.41, 15.0), (0.55, 27.0)] {
            let faint = Line::scaled(&talk, 10.0_f32.powf(-decibel / 20.0));
            let share =
                echoes(&talk, &Line::mixed(&Line::delayed(&faint, delay), &Line::noise(10.0, 15.0, 9)));
            assert!(share > 0.85, "{delay} s, {decibel} dB: {share}");
        }
        for (hertz, seed) in [(120.0, 4), (125.0, 5), (200.0, 6)] {
            let other =
                Voice { hertz, seed, glide: 4.0, pace: 4.7, loud: 3000.0, ..Voice::default() }.says(10.0);
            let share = echoes(&talk, &Line::delayed(&other, 0.9));
            assert!(share < 0.2, "{hertz} Hz: {share}");
        }
    }
}
