//! How well it does on recordings that are not part of Tandem: a table for a folder of WAV files.
//!
//! The files are mono, 16 bit, 8 kHz, one utterance each, named `SPEAKER-KIND-ANYTHING.wav`; `neutral…` and `calm…` are
//! how a speaker sounds at first, every other one of them for the talk's beginning, the rest as a negative.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{Listener, MoodLimits, Side, heat::Heat, synthetic::Random};

/// 16-bit samples after the header.
pub(super) fn wav(path: &Path) -> Vec<i16> {
    let bytes = std::fs::read(path).expect("a file");
    let at = bytes.windows(4).position(|four| four == b"data").expect("samples") + 8;
    bytes[at..].as_chunks::<2>().0.iter().map(|two| i16::from_le_bytes(*two)).collect()
}

/// By speaker and kind.
type Found = BTreeMap<(String, String), Vec<PathBuf>>;
/// The highest score, and after how many seconds each limit was told.
type Told = (u8, [Option<f32>; 6]);

/// Utterances with 0.4 s between, repeated until they are long enough (in seconds).
fn talk(files: &[PathBuf], least: usize) -> Vec<i16> {
    let mut sound = Vec::new();
    while sound.len() < least * 8000 {
        for file in files {
            sound.extend(wav(file));
            sound.extend([0; 3200]);
        }
    }
    sound
}

/// Speaker, kind and path of each file.
fn files(folder: &str) -> Found {
    let mut found: Found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        let mut parts = name.split('-');
        if let (Some(speaker), Some(kind)) = (parts.next(), parts.next()) {
            found.entry((speaker.to_owned(), kind.to_owned())).or_default().push(path);
        }
    }
    for paths in found.values_mut() {
        paths.sort();
    }
    found
}

/// Every other utterance of a speaker who is calm, from the first or the second one on.
fn plain(found: &Found, speaker: &str, from: usize) -> Vec<PathBuf> {
    let is = |kind: &str| kind.starts_with("neutral") || kind.starts_with("calm");
    let of = found.iter().filter(|((one, kind), _)| one == speaker && is(kind));
    of.flat_map(|(_, paths)| paths.iter().skip(from).step_by(2).cloned()).collect()
}

/// Plays the beginning and what is tested; the other side says a little, or talks over all that is tested.
fn run(first: &[i16], then: &[i16], other: &[i16], noise: f32, over: bool) -> Told {
    let (mut told, mut most) = ([None; 6], 0);
    let mut heats: [Heat; 6] = std::array::from_fn(|n| Heat::new(40 + 10 * n as u8));
    let mut listener = Listener::new(MoodLimits { silence: None, heat: Some(60) });
    let mut random = Random(11);
    for (at, frame) in [first, then].concat().as_chunks::<160>().0.iter().enumerate() {
        let tested = at * 160 >= first.len();
        let quiet = if at % 400 < 100 || (over && tested) { 1 } else { 1000 };
        let agent: [i16; 160] = std::array::from_fn(|n| other[(at * 160 + n) % other.len()] / quiet);
        let mut noisy = |sample: &i16| sample.saturating_add((random.next() * noise) as i16);
        let (caller, agent) = (frame.each_ref().map(&mut noisy), agent.each_ref().map(&mut noisy));
        listener.frame(&caller, &agent);
        for (heat, told) in heats.iter_mut().zip(&mut told) {
            let hot = heat.frame(listener.score(), Side::Caller);
            if tested && told.is_none() && hot.is_some() {
                *told = Some((at * 160 - first.len()) as f32 / 8000.0);
            }
        }
        if tested {
            most = most.max(listener.score());
        }
    }
    (most, told)
}

#[test]
#[ignore = "recordings that are not shipped: TANDEM_VOICES is a folder of them, SPEAKERS whose (all, when absent)"]
fn measure() {
    let found = files(&std::env::var("TANDEM_VOICES").expect("TANDEM_VOICES: a folder"));
    let whose = std::env::var("SPEAKERS").unwrap_or_default();
    let noise = std::env::var("NOISE").map_or(20.0, |noise| noise.parse().expect("a peak"));
    let over = std::env::var("OVERLAP").is_ok();
    let mut speakers: Vec<&String> = found.keys().map(|(speaker, _)| speaker).collect();
    speakers.dedup();
    speakers.retain(|speaker| whose.is_empty() || whose.split(' ').any(|one| one == speaker.as_str()));
    let mut table: BTreeMap<String, Vec<Told>> = BTreeMap::new();
    for (n, speaker) in speakers.iter().enumerate() {
        let first = talk(&plain(&found, speaker, 0), 25);
        let other = talk(&plain(&found, speakers[(n + 1) % speakers.len()], 0), 20);
        let mut kinds: Vec<(&str, Vec<PathBuf>)> = vec![("plain", plain(&found, speaker, 1))];
        kinds.extend(found.iter().filter_map(|((one, kind), paths)| {
            let other = one == *speaker && !kind.starts_with("neutral") && !kind.starts_with("calm");
            if other { Some((kind.as_str(), paths.clone())) } else { None }
        }));
        for (kind, paths) in kinds {
            let told = run(&first, &talk(&paths, 15), &other, noise, over);
            table.entry(format!("{} {kind}", &speaker[..1])).or_default().push(told);
        }
    }
    println!(
        "kind, talks; told at a limit of 40, 50, 60, 70, 80, 90; median seconds at 60; median of the highest score"
    );
    for (kind, talks) in &table {
        let told = |n: usize| talks.iter().filter(|(_, told)| told[n].is_some()).count();
        let mut late: Vec<f32> = talks.iter().filter_map(|(_, told)| told[2]).collect();
        late.sort_by(f32::total_cmp);
        let mut most: Vec<u8> = talks.iter().map(|(most, _)| *most).collect();
        most.sort_unstable();
        let counts: Vec<String> = (0..6).map(|n| format!("{:3}", told(n))).collect();
        let late = late.get(late.len() / 2).map_or("-".to_owned(), |late| format!("{late:.1}"));
        println!("{kind:14} {:3}: {}  {late:>5} s  {}", talks.len(), counts.join(" "), most[most.len() / 2]);
    }
}

#[test]
#[ignore = "recordings that are not shipped: TANDEM_VOICES; prints the share of frames in which a speaker is heard"]
fn voiced() {
    use super::{alive::Alive, ear::Ear};
    let found = files(&std::env::var("TANDEM_VOICES").expect("TANDEM_VOICES: a folder"));
    let mut speakers: Vec<&String> = found.keys().map(|(speaker, _)| speaker).collect();
    speakers.dedup();
    for speaker in speakers {
        let talk = talk(&plain(&found, speaker, 0), 25);
        let (mut ear, mut alive, mut random) = (Ear::new(), Alive::new(), Random(7));
        let (mut voices, mut longest, mut quiet) = (0, 0, 0);
        for frame in talk.as_chunks::<160>().0 {
            let noisy = frame.map(|sample| sample.saturating_add((random.next() * 20.0) as i16));
            let voice = alive.is_voice(ear.hear(&noisy));
            quiet = if voice { 0 } else { quiet + 1 };
            longest = longest.max(quiet);
            voices += usize::from(voice);
        }
        println!(
            "V {speaker} {:.2} longest gap {:.2} s",
            voices as f32 * 160.0 / talk.len() as f32,
            longest as f32 / 50.0
        );
    }
}
