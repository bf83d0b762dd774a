//! WAV files of 16-bit PCM: what prompts, recordings and music are kept in.

use thiserror::Error;

/// Sound: 16-bit samples, the channels interleaved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wav {
    pub rate: u32,
    pub channels: u16,
    pub samples: Vec<i16>,
}

/// Why bytes are no such sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WavError {
    #[error("it is no WAV file")]
    NoWav,
    #[error("it is coded as format {format} with {bits} bits, not as 16-bit PCM")]
    NoPcm16 { format: u16, bits: u16 },
    #[error("{channels} channels at {rate} Hz are out of bounds (1 or 2 channels, 8000 to 96000 Hz)")]
    OutOfBounds { channels: u16, rate: u32 },
    #[error("it holds no sound")]
    Empty,
}

/// `WAVE_FORMAT_EXTENSIBLE`: the format proper is in the extension.
const EXTENSIBLE: u16 = 0xFFFE;
const HEADER: usize = 44;
/// From this length on a head says that it does not know.
const UNKNOWN: usize = 0x7000_0000;

impl Wav {
    /// One channel at 8 kHz, as telephones have it.
    pub fn telephone(samples: Vec<i16>) -> Self {
        Self { rate: 8000, channels: 1, samples }
    }

    /// Reads a RIFF file. A length that runs past the end (as of a stream of unknown length) is cut.
    pub fn parse(bytes: &[u8]) -> Result<Self, WavError> {
        if bytes.len() < 12 || &bytes[..4] != b"RIFF" || &bytes[8..12] != b"WAVE" {
            return Err(WavError::NoWav);
        }
        let mut format = None;
        let mut rest = &bytes[12..];
        while let Some((head, body)) = rest.split_at_checked(8) {
            let length = u32_at(head, 4) as usize;
            let chunk = &body[..length.min(body.len())];
            match &head[..4] {
                b"fmt " if chunk.len() >= 16 => format = Some(pcm(chunk)?),
                b"data" => {
                    let (channels, rate) = format.ok_or(WavError::NoWav)?;
                    let frame = 2 * usize::from(channels);
                    let whole = chunk.len() / frame * frame;
                    let samples: Vec<i16> =
                        chunk[..whole].chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
                    if samples.is_empty() {
                        return Err(WavError::Empty);
                    }
                    return Ok(Self { rate, channels, samples });
                }
                _ => {}
            }
            rest = body.get(length.saturating_add(length & 1)..).unwrap_or_default();
        }
        Err(if format.is_some() { WavError::Empty } else { WavError::NoWav })
    }

    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.written(&[])
    }

    /// The file's bytes, with who made it.
    pub fn to_bytes_by(&self, maker: &str) -> Vec<u8> {
        let mut text = maker.as_bytes().to_vec();
        text.resize((text.len() + 1).next_multiple_of(2), 0);
        let length = |of: usize| u32::try_from(of).unwrap_or_default().to_le_bytes();
        let head = [b"LIST", &length(text.len() + 12)[..], b"INFOISFT", &length(text.len())].concat();
        self.written(&[head, text].concat())
    }

    fn written(&self, about: &[u8]) -> Vec<u8> {
        let size = u32::try_from(self.samples.len() * 2).unwrap_or(u32::MAX - 4096);
        let frame = 2 * self.channels;
        let mut out = Vec::with_capacity(HEADER + about.len() + self.samples.len() * 2);
        out.extend_from_slice(b"RIFF");
        out.extend_from_slice(&(size + 36 + about.len() as u32).to_le_bytes());
        out.extend_from_slice(b"WAVEfmt ");
        out.extend_from_slice(&16u32.to_le_bytes());
        out.extend_from_slice(&1u16.to_le_bytes());
        out.extend_from_slice(&self.channels.to_le_bytes());
        out.extend_from_slice(&self.rate.to_le_bytes());
        out.extend_from_slice(&(self.rate * u32::from(frame)).to_le_bytes());
        out.extend_from_slice(&frame.to_le_bytes());
        out.extend_from_slice(&16u16.to_le_bytes());
        out.extend_from_slice(about);
        out.extend_from_slice(b"data");
        out.extend_from_slice(&size.to_le_bytes());
        out.extend(self.samples.iter().flat_map(|s| s.to_le_bytes()));
        out
    }
}

/// Who made a file, if that stands where [`Wav::to_bytes_by`] writes it.
pub fn maker(bytes: &[u8]) -> Option<&str> {
    let text = bytes.get(36..)?.strip_prefix(b"LIST")?.get(4..)?.strip_prefix(b"INFOISFT")?;
    let length = u32_at(text.get(..4)?, 0) as usize;
    let text = std::str::from_utf8(text[4..].get(..length)?).ok()?;
    Some(text.trim_end_matches('\0'))
}

/// Whether the file ends before the sound that its head promises. The head of a stream promises none.
pub fn is_cut(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(12..).unwrap_or_default();
    while let Some((head, body)) = rest.split_at_checked(8) {
        let length = u32_at(head, 4) as usize;
        if &head[..4] == b"data" {
            return length < UNKNOWN && body.len() < length;
        }
        rest = body.get(length.saturating_add(length & 1)..).unwrap_or_default();
    }
    false
}

fn pcm(chunk: &[u8]) -> Result<(u16, u32), WavError> {
    let (channels, rate, bits) = (u16_at(chunk, 2), u32_at(chunk, 4), u16_at(chunk, 14));
    let format = match u16_at(chunk, 0) {
        EXTENSIBLE if chunk.len() >= 26 => u16_at(chunk, 24),
        format => format,
    };
    if format != 1 || bits != 16 {
        return Err(WavError::NoPcm16 { format, bits });
    }
    if !(1..=2).contains(&channels) || !(8000..=96_000).contains(&rate) {
        return Err(WavError::OutOfBounds { channels, rate });
    }
    Ok((channels, rate))
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            rate in 8000u32..=96_000, channels in 1u16..=2, samples in proptest::collection::vec(any::<i16>(), 2..200)
        ) {
            let samples = samples[..samples.len() / 2 * 2].to_vec();
            let wav = Wav { rate, channels, samples };
            prop_assert_eq!(Wav::parse(&wav.to_bytes()), Ok(wav));
        }

        #[test]
        fn no_bytes_bring_it_down(noise in proptest::collection::vec(any::<u8>(), 0..200), cut in 0usize..60) {
            let _ = Wav::parse(&noise);
            let mut file = Wav::telephone(vec![1, 2, 3]).to_bytes();
            file.truncate(cut.min(file.len()));
            file.extend(noise);
            let _ = Wav::parse(&file);
        }
    }

    #[test]
    fn a_file_says_who_made_it_and_whether_it_is_whole() {
        let wav = Wav::telephone(vec![1, 2, 3]);
        for name in ["espeak-ng en-us", "odd", ""] {
            let bytes = wav.to_bytes_by(name);
            assert_eq!((maker(&bytes), Wav::parse(&bytes)), (Some(name), Ok(wav.clone())));
            assert_eq!(u32_at(&bytes, 4) as usize + 8, bytes.len());
            assert!(!is_cut(&bytes) && is_cut(&bytes[..bytes.len() - 1]));
            for end in 0..bytes.len() {
                let _ = maker(&bytes[..end]);
            }
        }
        assert_eq!(maker(&wav.to_bytes()), None);
        let mut stream = wav.to_bytes();
        stream[40..44].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(!is_cut(&stream) && Wav::parse(&stream) == Ok(wav));
    }

    #[test]
    fn other_codings_are_refused_by_name() {
        let mut file = Wav::telephone(vec![0; 4]).to_bytes();
        file[20] = 6;
        file[34] = 8;
        assert_eq!(Wav::parse(&file), Err(WavError::NoPcm16 { format: 6, bits: 8 }));
        assert_eq!(Wav::parse(b"ID3 something"), Err(WavError::NoWav));
        assert_eq!(Wav::parse(&Wav::telephone(vec![]).to_bytes()), Err(WavError::Empty));
    }
}
