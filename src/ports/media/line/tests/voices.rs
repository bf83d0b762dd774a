//! Voices are told from noise, measured: speech of espeak-ng in noise of several kinds.

use super::super::{
    echo::Echo,
    rate::FRAME,
    turn::{IN_SILENCE, Need, OVER_A_PROMPT, Turn},
    voice::{Sense, Voice},
};
use super::rig::{spoken, white};
use crate::base::locale::Locale;

const SENTENCES: [(Locale, &str); 12] = [
    (Locale::English, "I would like to return something that I bought last week."),
    (Locale::English, "Yes."),
    (Locale::English, "No, the fourth."),
    (Locale::English, "Speak to a human please."),
    (Locale::English, "Six seven eight."),
    (Locale::English, "Where is my order?"),
    (Locale::Chinese, "我想退货"),
    (Locale::Chinese, "好的"),
    (Locale::Chinese, "四五六七"),
    (Locale::Chinese, "我的订单到哪里了"),
    (Locale::Chinese, "不是三,是四"),
    (Locale::Chinese, "转人工"),
];

fn energy(samples: &[i16]) -> f64 {
    samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / samples.len().max(1) as f64
}

/// Mean energy of the frames in which somebody speaks.
fn loudness(speech: &[i16]) -> f64 {
    let frames: Vec<f64> = speech.chunks_exact(FRAME).map(energy).collect();
    let most = frames.iter().copied().fold(0.0, f64::max);
    let loud: Vec<f64> = frames.into_iter().filter(|frame| *frame > most / 1000.0).collect();
    loud.iter().sum::<f64>() / loud.len().max(1) as f64
}

/// Where the speech begins: the first 10 ms that are as loud as the noise and within 25 dB of the loudest.
fn begin(speech: &[i16], noise: f64) -> usize {
    let most = speech.chunks_exact(80).map(energy).fold(0.0, f64::max);
    80 * speech.chunks_exact(80).position(|part| energy(part) > (most / 316.0).max(noise)).expect("speech")
}

/// Less and less of the high frequencies.
fn darker(noise: &[i16]) -> Vec<i16> {
    let mut last = 0.0;
    noise
        .iter()
        .map(|sample| {
            last = 0.85 * last + f64::from(*sample) * 0.4;
            last as i16
        })
        .collect()
}

fn mixed(speech: &[i16], noise: &[i16]) -> Vec<i16> {
    speech.iter().zip(noise).map(|(a, b)| a.saturating_add(*b)).collect()
}

/// Every frame, and the one in which a voice counts.
fn heard(samples: &[i16], need: Need) -> (Vec<Sense>, Option<usize>) {
    let (mut voice, mut turn) = (Voice::new(), Turn::default());
    let senses: Vec<Sense> = samples.chunks_exact(FRAME).map(|frame| voice.sense(frame)).collect();
    let counts = senses.iter().position(|sense| {
        turn.take(*sense);
        turn.begins(need)
    });
    (senses, counts)
}

/// Onsets and counts, in milliseconds from where the speech begins to rise out of the noise.
async fn measured(dark: bool, ratio: f64) -> (Vec<f64>, Vec<f64>) {
    const LEAD: usize = 2 * 8000;
    let (mut onsets, mut counts) = (Vec::new(), Vec::new());
    for (n, (locale, text)) in SENTENCES.into_iter().enumerate() {
        let speech = spoken(locale, text).await;
        let length = LEAD + speech.len() + 8000;
        let noise = white(n as u64, length, 3000.0);
        let noise = if dark { darker(&noise) } else { noise };
        let share = (loudness(&speech) / energy(&noise) / 10f64.powf(ratio / 10.0)).sqrt();
        let noise: Vec<i16> = noise.iter().map(|s| (f64::from(*s) * share) as i16).collect();
        let mut line = vec![0; LEAD];
        line.extend(&speech);
        line.resize(length, 0);
        let begun = (LEAD + begin(&speech, energy(&noise))) / 8;
        let (senses, counted) = heard(&mixed(&line, &noise), OVER_A_PROMPT);
        let from = begun / 20 - 5;
        let first =
            from + senses[from..].windows(2).position(|two| two[0].loud && two[1].loud).expect("a voice");
        let counted = counted.unwrap_or_else(|| panic!("{text} was not heard at {ratio} dB"));
        onsets.push((first * 20) as f64 - begun as f64);
        counts.push(((counted + 1) * 20) as f64 - begun as f64);
    }
    onsets.sort_by(f64::total_cmp);
    counts.sort_by(f64::total_cmp);
    (onsets, counts)
}

#[tokio::test]
async fn voices_are_heard_in_noise_within_a_tenth_of_a_second() {
    for (kind, dark) in [("white", false), ("dark", true)] {
        for ratio in [30.0, 20.0, 10.0] {
            let (onsets, counts) = measured(dark, ratio).await;
            println!(
                "{kind} noise, {ratio} dB below the speech: onset after {:.0} ms (median), {:.0} (worst); counts as a voice \
                 after {:.0} ms (median), {:.0} (10 of 12), {:.0} (worst)",
                onsets[6], onsets[11], counts[6], counts[9], counts[11]
            );
            assert!(onsets[11] <= 100.0, "{kind} {ratio}: {onsets:?}");
            assert!(counts[0] > 0.0, "nobody is heard before speaking: {counts:?}");
            // In loud noise a short first syllable is lost now and then; the second is heard.
            let sure = if ratio > 10.0 { 11 } else { 9 };
            assert!(counts[sure] <= 300.0, "{kind} {ratio}: {counts:?}");
        }
    }
}

#[test]
fn noise_alone_is_nobody() {
    const MINUTE: usize = 60 * 8000;
    for (n, loud) in [30.0, 300.0, 3000.0, 12_000.0].into_iter().enumerate() {
        let noise = white(n as u64, MINUTE, loud);
        assert_eq!(heard(&noise, IN_SILENCE).1, None, "white noise of {loud}");
        assert_eq!(heard(&darker(&noise), IN_SILENCE).1, None, "dark noise of {loud}");
        // Comfort noise that comes and goes with the far end's own voice detection.
        let comes_and_goes: Vec<i16> =
            noise.iter().enumerate().map(|(n, s)| if n / 12_000 % 2 == 0 { *s } else { s / 10 }).collect();
        assert_eq!(heard(&comes_and_goes, IN_SILENCE).1, None, "comfort noise of {loud}");
    }
    let hum: Vec<i16> = white(9, MINUTE, 40.0)
        .iter()
        .enumerate()
        .map(|(n, noise)| {
            let at = n as f64 / 8000.0;
            let hum: f64 = [50.0, 150.0, 250.0].iter().map(|f| (std::f64::consts::TAU * f * at).sin()).sum();
            (hum * 150.0) as i16 + noise
        })
        .collect();
    assert_eq!(heard(&hum, IN_SILENCE).1, None, "the mains");
}

#[tokio::test]
async fn a_prompt_that_comes_back_is_an_echo_and_a_caller_is_not() {
    let prompt = spoken(Locale::English, "Please tell me in a few words what I can do for you today.").await;
    let caller = spoken(Locale::English, "I want to speak with somebody about my order.").await;
    let (mut echoes, mut callers, mut both) = (0, 0, 0);
    for delay in [240, 1234, 3200] {
        let late = |n: usize| n.checked_sub(delay).map_or(0, |n| prompt[n]);
        let judge = |came: &dyn Fn(usize) -> i16| -> (usize, usize) {
            let mut echo = Echo::new();
            let mut seen = Vec::new();
            for n in 0..prompt.len() / FRAME {
                let range = n * FRAME..(n + 1) * FRAME;
                let frame: Vec<i16> = range.clone().map(came).collect();
                echo.came(&frame);
                if n >= 40 && n % 10 == 0 && energy(&frame) > 4000.0 {
                    seen.push(echo.is_echo());
                }
                echo.went(&prompt[range]);
            }
            assert!(seen.len() >= 3, "somebody was heard");
            (seen.iter().filter(|echo| **echo).count(), seen.len())
        };
        let noise = white(3, prompt.len(), 60.0);
        let (yes, of) = judge(&|n| late(n) / 5 + noise[n]);
        echoes += usize::from(yes == of);
        let own = |n: usize| caller.get(n).copied().unwrap_or(0) + noise[n];
        callers += usize::from(judge(&own).0 == 0);
        let (yes, of) = judge(&|n| own(n) / 2 + late(n) / 8);
        both += usize::from(yes < of / 2);
    }
    assert_eq!((echoes, callers, both), (3, 3, 3), "echoes, callers, callers over an echo");
}
