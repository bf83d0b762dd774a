//! Whole talks, made of synthetic voices.

use std::time::Duration;

use super::{
    Listener, Mood, MoodLimits, Side,
    synthetic::{Line, Random, Voice},
};

/// Every mood with the second at which it was told.
fn moods(limits: MoodLimits, caller: &[f32], agent: &[f32]) -> Vec<(f32, Mood)> {
    heard(limits, caller, agent).0
}

fn heard(limits: MoodLimits, caller: &[f32], agent: &[f32]) -> (Vec<(f32, Mood)>, Listener) {
    let hiss =
        |sound: &[f32], seed| Line::mixed(sound, &Line::noise(sound.len() as f32 / 8000.0, 12.0, seed));
    let longest = caller.len().max(agent.len());
    let whole = |sound: &[f32]| [sound, &vec![0.0; longest - sound.len()]].concat();
    let (caller, agent) =
        (Line::telephone(&hiss(&whole(caller), 3)), Line::telephone(&hiss(&whole(agent), 4)));
    let mut listener = Listener::new(limits);
    let frames = caller.iter().zip(&agent).enumerate();
    let told = frames
        .filter_map(|(n, (caller, agent))| Some(((n + 1) as f32 / 50.0, listener.frame(caller, agent)?)))
        .collect();
    (told, listener)
}

fn silence(seconds: u64) -> MoodLimits {
    MoodLimits { silence: Some(Duration::from_secs(seconds)), heat: None }
}

fn heat() -> MoodLimits {
    MoodLimits { silence: None, heat: Some(60) }
}

fn is_heated(moods: &[(f32, Mood)]) -> bool {
    moods.iter().any(|(_, mood)| matches!(mood, Mood::Heated { .. }))
}

fn calm(seed: u64) -> Voice {
    Voice { seed, ..Voice::default() }
}

/// The same speaker, loud, pressed, higher and faster.
fn angry(seed: u64) -> Voice {
    Voice { hertz: 190.0, glide: 7.0, loud: 9000.0, pressed: 0.9, pace: 5.5, seed }
}

/// What a line may bring that is no voice, 10 s each.
fn noises() -> Vec<(&'static str, Vec<f32>)> {
    let clicks = |every: usize, long: usize, loud: f32| -> Vec<f32> {
        let mut random = Random(8);
        (0..80_000).map(|n| if n % every < long { random.next() * loud } else { 0.0 }).collect()
    };
    let keys = [[697.0, 1209.0], [770.0, 1336.0], [852.0, 1477.0], [941.0, 1336.0]];
    let dialled = keys
        .iter()
        .cycle()
        .take(30)
        .flat_map(|key| Line::joined(&[Line::tones(key, 0.12, 5000.0), Line::silence(0.2)]));
    let hum = |hertz: f32| Line::tones(&[hertz, 2.0 * hertz, 3.0 * hertz, 5.0 * hertz], 10.0, 400.0);
    vec![
        ("digital silence", Line::silence(10.0)),
        ("line noise", Line::noise(10.0, 400.0, 5)),
        ("loud noise", Line::noise(10.0, 6000.0, 5)),
        ("hum of 50 Hz", hum(50.0)),
        ("hum of 100 Hz", hum(100.0)),
        ("hum of 120 Hz", hum(120.0)),
        ("hum and clicks", Line::mixed(&hum(100.0), &clicks(9000, 40, 20_000.0))),
        ("clicks", clicks(4000, 4, 20_000.0)),
        ("keyboard", clicks(1300, 160, 4000.0)),
        ("bursts of noise", clicks(8000, 3000, 8000.0)),
        ("keys of the telephone", dialled.collect()),
        ("busy", Line::joined(&[Line::tones(&[425.0], 0.35, 3000.0), Line::silence(0.35)]).repeat(14)),
    ]
}

#[test]
fn a_silence_from_the_beginning_is_told_at_its_last_frame() {
    assert_eq!(moods(silence(3), &Line::silence(4.0), &[]), [(3.0, Mood::Silent)]);
    assert_eq!(moods(silence(60), &Line::silence(59.9), &[]), []);
}

#[test]
fn whatever_a_line_brings_without_a_voice_is_silence_and_a_voice_ends_it() {
    let talk = calm(1).says(5.3);
    for (n, (name, noise)) in noises().into_iter().enumerate() {
        let one = Line::joined(&[talk.clone(), noise, talk.clone()]);
        let other = Line::joined(&[Line::silence(2.0), Line::noise(3.0, 20.0, 6)]);
        let (caller, agent) = if n % 2 == 0 { (&one, &other) } else { (&other, &one) };
        let told = moods(silence(4), caller, agent);
        let [(from, Mood::Silent), (to, Mood::Calm)] = told[..] else { panic!("{name}: {told:?}") };
        assert!((9.1..10.2).contains(&from), "{name}: silent at {from}");
        let end = (one.len() - talk.len()) as f32 / 8000.0;
        assert!((end + 0.05..end + 0.8).contains(&to), "{name}: over at {to}, the voice came at {end}");
    }
}

#[test]
fn music_and_a_talk_with_pauses_are_not_silent() {
    let music: Vec<f32> = super::super::music::samples().iter().map(|x| f32::from(*x)).collect();
    assert_eq!(moods(silence(4), &[], &music), []);
    assert_eq!(moods(silence(4), &[], &Line::scaled(&music, 0.2)), []);
    assert_eq!(moods(silence(3), &calm(1).says(30.0), &[]), []);
}

#[test]
fn a_talk_that_becomes_heated_is_told_with_its_side_and_cools_down_again() {
    let agent = Voice { hertz: 210.0, ..calm(2) };
    for side in [Side::Caller, Side::Agent] {
        let hot = Line::joined(&[calm(1).says(22.0), angry(3).says(15.0), calm(4).says(30.0)]);
        let other = Line::joined(&[Line::delayed(&agent.says(4.0), 2.0).repeat(14)]);
        let told = match side {
            Side::Caller => moods(heat(), &hot, &other),
            Side::Agent => moods(heat(), &other, &hot),
        };
        let [(from, Mood::Heated { score, side: told_side }), (to, Mood::Calm)] = told[..] else {
            panic!("{told:?}")
        };
        assert_eq!(told_side, side);
        assert!(score >= 60 && (22.0..30.0).contains(&from), "{score} at {from}");
        assert!((38.0..55.0).contains(&to), "calm at {to}");
    }
}

#[test]
fn what_is_only_loud_or_high_or_strange_is_not_heated() {
    let talk = calm(1).says(42.0);
    let agent = Line::delayed(&Voice { hertz: 200.0, ..calm(2) }.says(4.0), 3.0).repeat(6);
    let after = |first: &Voice, then: Vec<f32>| Line::joined(&[first.says(22.0), then]);
    let music: Vec<f32> = super::super::music::samples().iter().map(|x| f32::from(*x)).collect();
    let melody: Vec<f32> = (0..40)
        .flat_map(|n| {
            let hertz = 262.0 * 2.0_f32.powf([0.0, 4.0, 7.0, 12.0, 9.0][n % 5] / 12.0);
            Line::tones(&[hertz, 2.0 * hertz, 3.0 * hertz], 0.5, 3000.0)
        })
        .collect();
    let cases = [
        ("loud from the beginning", Voice { loud: 25_000.0, ..angry(1) }.says(42.0)),
        ("a child", Voice { hertz: 330.0, glide: 8.0, ..calm(1) }.says(42.0)),
        ("louder alone", after(&calm(1), Line::scaled(&calm(5).says(22.0), 5.0))),
        ("higher alone", after(&calm(1), Voice { hertz: 190.0, ..calm(5) }.says(22.0))),
        ("another telephone", after(&calm(1), Voice { pressed: 0.9, ..calm(5) }.says(22.0))),
        ("music on hold", after(&calm(1), music.clone())),
        ("a melody", after(&calm(1), melody)),
        ("bursts", after(&calm(1), noises()[9].1.repeat(2))),
        ("monotonous", after(&calm(1), Voice { glide: 0.0, ..calm(5) }.says(22.0))),
        ("faster", after(&calm(1), Voice { pace: 6.5, ..calm(5) }.says(22.0))),
    ];
    for (n, (name, strange)) in cases.into_iter().enumerate() {
        let (caller, agent) = if n % 2 == 0 { (&strange, &agent) } else { (&agent, &strange) };
        let (told, listener) = heard(heat(), caller, agent);
        assert!(listener.speakers[n % 2].temper.is_known(), "{name}: the speaker is known");
        assert!(!is_heated(&told), "{name}: {told:?}");
    }
    // A line that becomes louder for both.
    let louder = |sound: &[f32]| [&sound[..176_000], &Line::scaled(&sound[176_000..], 3.0)[..]].concat();
    assert!(!is_heated(&moods(heat(), &louder(&talk), &louder(&agent))));
}

#[test]
fn an_echo_is_no_overlap() {
    let talk = Voice { loud: 12_000.0, ..calm(1) }.says(25.0);
    let most = |agent: &[f32]| {
        let (caller, agent) = (Line::telephone(&talk), Line::telephone(agent));
        let mut listener = Listener::new(heat());
        let frames = caller.iter().zip(&agent);
        let scores = frames.map(|(caller, agent)| {
            listener.frame(caller, agent);
            listener.score()
        });
        scores.max().unwrap_or_default()
    };
    let alone = most(&Line::noise(25.0, 12.0, 4));
    for (delay, decibel) in [(0.02, 10.0), (0.15, 15.0), (0.33, 25.0)] {
        let echo = Line::scaled(&Line::delayed(&talk, delay), 10.0_f32.powf(-decibel / 20.0));
        let echoed = most(&Line::mixed(&echo, &Line::noise(25.0, 12.0, 4)));
        assert!(echoed <= alone + 5, "{delay} s, {decibel} dB: {echoed}, alone {alone}");
    }
    let both = most(&Voice { hertz: 210.0, loud: 6000.0, ..calm(7) }.says(25.0));
    assert!(both > alone + 5, "two who talk at once: {both}, alone {alone}");
}

#[test]
fn the_same_sound_gives_the_same_moods() {
    let hot = Line::joined(&[calm(1).says(30.0), angry(3).says(12.0), Line::silence(10.0)]);
    let limits = MoodLimits { silence: Some(Duration::from_secs(5)), heat: Some(60) };
    let told = moods(limits, &hot, &[]);
    assert_eq!(told, moods(limits, &hot, &[]));
    let kinds: Vec<_> = told.iter().map(|(_, mood)| std::mem::discriminant(mood)).collect();
    assert!(matches!(told[..], [(_, Mood::Heated { .. }), (_, Mood::Silent)]), "{kinds:?} {told:?}");
}

#[test]
fn hostile_samples_are_borne() {
    let mut listener = Listener::new(MoodLimits { silence: Some(Duration::from_secs(3)), heat: Some(1) });
    let mut random = Random(99);
    for n in 0..5000 {
        let frame: [i16; 160] = std::array::from_fn(|at| match n / 500 % 4 {
            0 => i16::MIN,
            1 => {
                if (at / 40) % 2 == 0 {
                    i16::MAX
                } else {
                    i16::MIN
                }
            }
            2 => (random.next() * 32_767.0) as i16,
            _ => 0,
        });
        listener.frame(&frame, &[i16::MAX; 160]);
        assert!(listener.score() <= 100);
    }
}

#[test]
#[ignore = "a measurement: prints the time a frame takes, both sides; run it optimised on a quiet machine"]
fn time() {
    let sound = Line::joined(&[calm(1).says(30.0), angry(3).says(30.0)]);
    let caller = Line::telephone(&Line::mixed(&sound, &Line::noise(60.0, 12.0, 3)));
    let agent = Line::telephone(&Line::delayed(&Voice { hertz: 210.0, ..calm(2) }.says(60.0), 0.7));
    let limits = MoodLimits { silence: Some(Duration::from_secs(5)), heat: Some(60) };
    let mut slowest = Duration::ZERO;
    let begun = std::time::Instant::now();
    for _ in 0..10 {
        let mut listener = Listener::new(limits);
        for (caller, agent) in caller.iter().zip(&agent) {
            let frame = std::time::Instant::now();
            std::hint::black_box(listener.frame(caller, agent));
            slowest = slowest.max(frame.elapsed());
        }
    }
    let each = begun.elapsed() / (10 * caller.len() as u32);
    println!("{each:?} a frame, {slowest:?} the slowest; {} bytes a talk", size_of::<Listener>());
}
