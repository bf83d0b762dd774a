//! Frames of a stream as the wire has them, and how alike two sounds are.

use tandem::ports::engine::Wire;

pub fn rate(wire: Wire) -> u32 {
    match wire {
        Wire::Raw { rate } | Wire::Rtp { rate, .. } => rate,
    }
}

/// The samples of a datagram; none of one that is no sound of this stream, as keys in RTP are none, nor what
/// FreeSWITCH fills gaps with.
pub fn read(wire: Wire, datagram: &[u8]) -> Vec<i16> {
    match wire {
        Wire::Raw { .. } if datagram.iter().all(|byte| *byte == 0xFF) => Vec::new(),
        Wire::Raw { .. } => {
            datagram.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
        }
        Wire::Rtp { payload, .. } => {
            assert!(datagram.len() >= 12 && datagram[0] >> 6 == 2, "no RTP: {datagram:?}");
            if datagram[1] & 0x7F != payload {
                return Vec::new();
            }
            let body = &datagram[12 + 4 * usize::from(datagram[0] & 0x0F)..];
            body.chunks_exact(2).map(|pair| i16::from_be_bytes([pair[0], pair[1]])).collect()
        }
    }
}

/// A datagram with these samples of 8 kHz.
pub fn write(wire: Wire, samples: &[i16], number: u32) -> Vec<u8> {
    let step = rate(wire) / 8000;
    let wide = samples.iter().flat_map(|sample| std::iter::repeat_n(*sample, step as usize));
    match wire {
        Wire::Raw { .. } => wide.flat_map(i16::to_le_bytes).collect(),
        Wire::Rtp { payload, .. } => {
            let mut datagram = vec![0x80, payload];
            datagram.extend((number as u16).to_be_bytes());
            datagram.extend((number * 160 * step).to_be_bytes());
            datagram.extend(0x5EED_0001u32.to_be_bytes());
            datagram.extend(wide.flat_map(i16::to_be_bytes));
            datagram
        }
    }
}

/// Three seconds that sound as uneven as speech: syllables of noise and tone with pauses between, of 8 kHz.
pub fn speech(seed: u64) -> Vec<i16> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut samples: Vec<i16> = Vec::new();
    while samples.len() < 24_000 {
        let (length, loudness) = (random.usize(480..2400), random.f64() * 9000.0 + 1000.0);
        let pitch = random.f64() * 500.0 + 200.0;
        samples.extend((0..length).map(|n| {
            let swell = (std::f64::consts::PI * n as f64 / length as f64).sin();
            let tone = (std::f64::consts::TAU * pitch * n as f64 / 8000.0).sin();
            (loudness * swell * (0.8 * tone + 0.2 * (random.f64() - 0.5))) as i16
        }));
        samples.extend(std::iter::repeat_n(0, random.usize(160..1600)));
    }
    samples.truncate(24_000);
    samples
}

/// How alike the loudness of two sounds is over time, 20 ms by 20 ms: the best correlation of the first with any part of
/// the second.
pub fn likeness(said: &[i16], heard: &[i16]) -> f64 {
    let curve = |samples: &[i16]| -> Vec<f64> {
        let power = |frame: &[i16]| frame.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>();
        samples.chunks_exact(160).map(|frame| power(frame).sqrt()).collect()
    };
    let (said, heard) = (curve(said), curve(heard));
    heard.windows(said.len()).map(|part| correlation(&said, part)).fold(0.0, f64::max)
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |list: &[f64]| list.iter().sum::<f64>() / list.len() as f64;
    let (of_a, of_b) = (mean(a), mean(b));
    let product =
        |f: fn(f64, f64) -> f64| -> f64 { a.iter().zip(b).map(|(x, y)| f(x - of_a, y - of_b)).sum() };
    let scale = (product(|x, _| x * x) * product(|_, y| y * y)).sqrt();
    if scale > 0.0 { product(|x, y| x * y) / scale } else { 0.0 }
}

#[test]
fn only_the_same_speech_is_alike() {
    let (one, other) = (speech(1), speech(2));
    let mut heard = vec![0; 800];
    heard.extend(one.iter().map(|sample| sample / 2));
    heard.extend(vec![0; 800]);
    assert!(likeness(&one, &heard) > 0.95);
    assert!(likeness(&other, &heard) < 0.6, "{}", likeness(&other, &heard));
}
