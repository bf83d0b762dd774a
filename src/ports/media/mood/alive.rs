//! Whether a pitched sound is a voice (or music), and not the line's own tone.
//!
//! Vocal cords never hold still: within half a second a voice moves in loudness or in pitch. Hum, the dial tone and the
//! busy tone repeat themselves exactly; they have edges, so only the inside of a pitched run is looked at.

use super::{
    ear::Heard,
    past::{Past, quantile},
};

/// Pitched frames of the last `NEAR`, from which something is more than a click: 200 ms of 500.
const ENOUGH: usize = 10;
const NEAR: usize = 25;
/// Frames in which the pitch may move: 1 s. A melody of steady notes moves in this time, or its notes fade.
const WIDE: usize = 50;
/// dB between the lower fifth of loudness, over 100 ms each, and the upper one, that make a voice,
const LOUDER: f32 = 1.2;
/// or semitones between the lower tenth and the upper one.
const HIGHER: f32 = 0.5;

/// Losses of the pitch within `NEAR`, from which a voice is rough: no tone of a line stutters so fast.
const ROUGH: usize = 2;
/// Frames in which a melody is told from speech: 8 s.
const LONG: usize = 400;
/// Semitones by which a held note's pitch moves in a frame, at most.
const HELD: f32 = 0.08;

/// A frame inside a pitched run of seven: mean level of five frames in dB, pitch in semitones.
type Inner = Option<(f32, f32)>;

/// Watches one side.
#[derive(Debug)]
pub(super) struct Alive {
    heard: Past<Heard, NEAR>,
    inner: Past<Inner, WIDE>,
    /// Frames for which there has been a pitch without a gap.
    run: usize,
    /// Whether the pitch was held from one frame to the next.
    held: Past<Option<bool>, LONG>,
}

impl Alive {
    pub(super) fn new() -> Self {
        Self { heard: Past::new(), inner: Past::new(), run: 0, held: Past::new() }
    }

    /// Whether a voice has spoken up to this frame, for 200 ms at least.
    pub(super) fn is_voice(&mut self, heard: Heard) -> bool {
        self.heard.push(heard);
        self.run = if heard.pitch.is_some() { self.run.saturating_add(1) } else { 0 };
        let level = self.heard.last(6).skip(1).map(|heard| heard.level).sum::<f32>() / 5.0;
        self.inner.push(self.heard.ago(3).pitch.filter(|_| self.run >= 7).map(|pitch| (level, pitch)));
        let pair = self.inner.ago(0).zip(self.inner.ago(1));
        self.held.push(pair.map(|((_, now), (_, before))| (now - before).abs() < HELD));
        let pitched = self.heard.all().filter(|heard| heard.pitch.is_some()).count();
        heard.pitch.is_some() && pitched >= ENOUGH && self.moves()
    }

    /// Share of held pitches, 0 to 1, and how many pitches were compared.
    pub(super) fn held(&self) -> (f32, usize) {
        let (held, all) =
            self.held.all().flatten().fold((0, 0), |(held, all), is| (held + usize::from(is), all + 1));
        (held as f32 / all.max(1) as f32, all)
    }

    fn moves(&self) -> bool {
        // What has been held for long does not become a melody by what was before it.
        let frames = if self.run > NEAR { NEAR } else { WIDE };
        let inner = |frames: usize| self.inner.last(frames).flatten();
        apart(inner(NEAR).map(|(level, _)| level), 0.2) > LOUDER
            || apart(inner(frames).map(|(_, pitch)| pitch), 0.1) > HIGHER
            || (self.breaks() >= ROUGH
                && apart(self.heard.all().filter_map(|heard| heard.pitch), 0.1) > HIGHER)
    }

    /// How often the pitch was lost lately: a rough voice has short runs only.
    fn breaks(&self) -> usize {
        (1..NEAR)
            .filter(|n| self.heard.ago(*n).pitch.is_some() && self.heard.ago(n - 1).pitch.is_none())
            .count()
    }
}

/// How far the values are apart without `share` of them at each end.
fn apart(of: impl Iterator<Item = f32>, share: f32) -> f32 {
    let (mut room, mut count) = ([0.0; WIDE], 0);
    for (room, value) in room.iter_mut().zip(of) {
        *room = value;
        count += 1;
    }
    quantile(&mut room[..count], 1.0 - share) - quantile(&mut room[..count], share)
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

    /// Frames with a voice.
    fn voices(sound: &[f32]) -> usize {
        let (mut ear, mut alive) = (Ear::new(), Alive::new());
        Line::telephone(sound).iter().filter(|frame| alive.is_voice(ear.hear(frame))).count()
    }

    fn hum(hertz: f32, noise: f32) -> Vec<f32> {
        let harmonics: Vec<f32> = (1..=7).map(|n| hertz * n as f32).collect();
        let quiet = Line::noise(11.0, noise, 3);
        Line::mixed(&Line::joined(&[Line::silence(1.0), Line::tones(&harmonics, 10.0, 500.0)]), &quiet)
    }

    #[test]
    fn hum_and_tones_of_the_line_are_no_voice_from_their_first_frame_on() {
        for hertz in [50.0, 60.0, 100.0, 120.0, 150.0] {
            for noise in [5.0, 60.0, 300.0] {
                assert_eq!(voices(&hum(hertz, noise)), 0, "{hertz} Hz in {noise}");
            }
        }
        let beep = Line::joined(&[Line::tones(&[425.0], 0.35, 3000.0), Line::silence(0.35)]);
        assert_eq!(voices(&beep.repeat(20)), 0, "busy");
        let ring = Line::joined(&[Line::tones(&[440.0, 480.0], 1.0, 3000.0), Line::silence(2.0)]);
        assert_eq!(voices(&ring.repeat(5)), 0, "ringing");
        assert_eq!(voices(&Line::tones(&[350.0, 440.0], 10.0, 3000.0)), 0, "dial tone");
    }

    #[test]
    fn a_voice_and_a_melody_of_even_tones_are_alive() {
        for hertz in [90.0, 180.0, 300.0] {
            let talk = Voice { hertz, ..Voice::default() }.says(5.0);
            assert!(voices(&talk) > 60, "{hertz} Hz: {}", voices(&talk));
            let dull = Voice { hertz, glide: 0.0, ..Voice::default() }.says(5.0);
            assert!(voices(&dull) > 60, "monotonous, {hertz} Hz: {}", voices(&dull));
        }
        let notes: Vec<f32> = [262.0, 294.0, 330.0, 349.0, 392.0, 330.0, 262.0]
            .iter()
            .flat_map(|hertz| Line::tones(&[*hertz, 2.0 * hertz, 3.0 * hertz], 0.5, 2000.0))
            .collect();
        assert!(voices(&notes) > 100, "{}", voices(&notes));
    }
}
