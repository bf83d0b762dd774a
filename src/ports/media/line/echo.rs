//! Whether what comes in is what went out: a prompt that comes back from the far end is no voice.
//!
//! Samples are compared, not loudness: an echo is the prompt itself, delayed by up to half a second, so some delay
//! explains it; whoever speaks says something else. A delay that was found once is looked at more leniently later: it
//! stays for the call, and frames that come unevenly tear an echo. Both sides are kept at half the telephone's rate; the delay
//! is looked for at a quarter of it.

/// Samples a millisecond that are kept.
const PER_MS: usize = 4;
/// What is compared: the last 160 ms.
const COMPARED: usize = 160 * PER_MS;
/// The longest delay.
const DELAY: usize = 500 * PER_MS;
/// Likeness of an echo, 1 at most. Two sentences of one synthetic voice came to 0.73.
const LIKE: f32 = 0.8;
/// The same near the delay that is known,
const LIKE_AGAIN: f32 = 0.65;
/// which is this near.
const NEAR: usize = 20 * PER_MS;
/// Fainter sound explains nothing: mean square.
const FAINT: i64 = 100;
/// Samples are compared with so many bits, so that sums of products stay small.
const BITS: u32 = 10;
/// A likeness at a quarter of the rate that is worth a closer look.
const WORTH: f32 = 0.6;

/// Both directions of one leg.
#[derive(Debug)]
pub(super) struct Echo {
    came: Vec<i16>,
    went: Vec<i16>,
    /// Where in what went out an echo was found.
    known: Option<usize>,
}

impl Echo {
    pub(super) fn new() -> Self {
        Self { came: vec![0; COMPARED], went: vec![0; COMPARED + DELAY], known: None }
    }

    /// A frame that came, at the telephone's rate.
    pub(super) fn came(&mut self, frame: &[i16]) {
        keep(&mut self.came, frame);
    }

    /// A frame that went out, at the telephone's rate.
    pub(super) fn went(&mut self, frame: &[i16]) {
        keep(&mut self.went, frame);
    }

    /// Whether what came last is what went out.
    pub(super) fn is_echo(&mut self) -> bool {
        let loud = |sound: &[i16]| {
            sound.iter().map(|x| i64::from(*x).pow(2)).sum::<i64>() >= FAINT * sound.len() as i64
        };
        if !loud(&self.went) || !loud(&self.came) {
            return false;
        }
        let (came, went) = (short(&self.came), short(&self.went));
        let again = self.known.is_some_and(|known| {
            let (from, to) = (known.saturating_sub(NEAR), (known + NEAR).min(DELAY));
            [0..COMPARED, 0..COMPARED / 2, COMPARED / 2..COMPARED].into_iter().any(|part| {
                likest(&came[part.clone()], &went[from + part.start..to + part.end]).1 > LIKE_AGAIN
            })
        });
        let found = if again { None } else { found(&came, &went) };
        self.known = found.or(self.known);
        again || found.is_some()
    }
}

/// The delay that explains what came, first seen from afar.
fn found(came: &[i16], went: &[i16]) -> Option<usize> {
    let far = |sound: &[i16]| -> Vec<i16> {
        sound.chunks_exact(2).map(|pair| i16::midpoint(pair[0], pair[1])).collect()
    };
    let (at, like) = likest(&far(came), &far(went));
    if like < WORTH {
        return None;
    }
    let (from, to) = ((2 * at).saturating_sub(4), (2 * at + 4).min(DELAY));
    let (near, like) = likest(came, &went[from..to + COMPARED]);
    (like > LIKE).then_some(from + near)
}

/// The samples in few bits, the loudest using all of them.
fn short(sound: &[i16]) -> Vec<i16> {
    let most = sound.iter().map(|x| i32::from(*x).abs()).max().unwrap_or(0).max(1);
    sound.iter().map(|x| (i32::from(*x) * (1 << BITS) / most) as i16).collect()
}

/// Where in `went` is what is most like `came`, and how much it is.
fn likest(came: &[i16], went: &[i16]) -> (usize, f32) {
    let product =
        |a: &[i16], b: &[i16]| a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum::<i32>();
    let own = product(came, came) as f32;
    let (mut other, mut best) = (product(&went[..came.len()], &went[..came.len()]), (0, 0.0));
    // A hundredth of the loudest is as good as silence.
    let least = came.len() as f32 * 100.0;
    for at in 0..=went.len() - came.len() {
        let like =
            product(came, &went[at..at + came.len()]).abs() as f32 / (own * (other as f32).max(least)).sqrt();
        if like > best.1 {
            best = (at, like);
        }
        let (leaves, enters) = (i32::from(went[at]), went.get(at + came.len()).map_or(0, |x| i32::from(*x)));
        other += enters * enters - leaves * leaves;
    }
    best
}

fn keep(past: &mut Vec<i16>, frame: &[i16]) {
    past.drain(..frame.len() / 2);
    past.extend(frame.chunks_exact(2).map(|pair| i16::midpoint(pair[0], pair[1])));
}
