//! Frames on the wire: raw samples, or RTP (RFC 3550). Whatever is not a frame of the stream is passed over.

use crate::ports::engine::Wire;

/// What FreeSWITCH's unicast streams in each 20 ms in which no packet of the phone's came. Between packets that are
/// longer it is a hole in the sound, so it is none.
const FILLER: u8 = 0xFF;
/// Shorter and longer datagrams are no frames: 2 ms at 8 kHz to 60 ms at 32 kHz.
const SHORTEST: usize = 32;
const LONGEST: usize = 3840;
const VERSION: u8 = 2;

/// One frame as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// Of RTP alone: raw frames come in the order in which they come.
    pub sequence: Option<u16>,
    /// None: the engine lives, and has nothing of the phone's.
    pub samples: Vec<i16>,
}

/// The samples of a datagram; `None` when it is too short, too long, or of another payload (keys come as one, RFC 4733).
pub(super) fn read(wire: Wire, datagram: &[u8]) -> Option<Frame> {
    match wire {
        Wire::Raw { .. } => {
            let mut samples = samples(datagram, i16::from_le_bytes)?;
            if datagram.iter().all(|byte| *byte == FILLER) {
                samples.clear();
            }
            Some(Frame { sequence: None, samples })
        }
        Wire::Rtp { payload, .. } => {
            let (head, rest) = datagram.split_at_checked(12)?;
            if head[0] >> 6 != VERSION || head[1] & 0x7F != payload {
                return None;
            }
            let (padded, extended, sources) = (head[0] & 0x20 != 0, head[0] & 0x10 != 0, head[0] & 0x0F);
            let mut body = rest.get(4 * usize::from(sources)..)?;
            if extended {
                let words = u16::from_be_bytes([*body.get(2)?, *body.get(3)?]);
                body = body.get(4 + 4 * usize::from(words)..)?;
            }
            if padded {
                let padding = usize::from(*body.last()?);
                body = body.get(..body.len().checked_sub(padding)?)?;
            }
            let samples = samples(body, i16::from_be_bytes)?;
            Some(Frame { sequence: Some(u16::from_be_bytes([head[2], head[3]])), samples })
        }
    }
}

fn samples(bytes: &[u8], read: fn([u8; 2]) -> i16) -> Option<Vec<i16>> {
    let fits = (SHORTEST..=LONGEST).contains(&bytes.len()) && bytes.len().is_multiple_of(2);
    fits.then(|| bytes.chunks_exact(2).map(|pair| read([pair[0], pair[1]])).collect())
}

/// What we send: the frames of one stream in order.
#[derive(Debug)]
pub(super) struct Sender {
    wire: Wire,
    source: u32,
    sequence: u16,
    time: u32,
}

impl Sender {
    /// `source` tells this stream from others.
    pub(super) fn new(wire: Wire, source: u32) -> Self {
        Self { wire, source, sequence: source as u16, time: source.rotate_left(7) }
    }

    /// A datagram of these samples.
    pub(super) fn frame(&mut self, samples: &[i16]) -> Vec<u8> {
        let Wire::Rtp { payload, .. } = self.wire else {
            return samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        };
        let mut datagram = Vec::with_capacity(12 + 2 * samples.len());
        datagram.extend_from_slice(&[VERSION << 6, payload & 0x7F]);
        datagram.extend_from_slice(&self.sequence.to_be_bytes());
        datagram.extend_from_slice(&self.time.to_be_bytes());
        datagram.extend_from_slice(&self.source.to_be_bytes());
        datagram.extend(samples.iter().flat_map(|sample| sample.to_be_bytes()));
        self.sequence = self.sequence.wrapping_add(1);
        self.skip(samples.len());
        datagram
    }

    /// So many samples were not sent: time goes on without them.
    pub(super) fn skip(&mut self, samples: usize) {
        self.time = self.time.wrapping_add(samples as u32);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RTP: Wire = Wire::Rtp { payload: 11, rate: 8000 };
    const RAW: Wire = Wire::Raw { rate: 8000 };

    #[test]
    fn what_is_sent_is_read_back_on_both_wires() {
        let samples: Vec<i16> = (0..160).map(|n| n * 200 - 16_000).collect();
        for wire in [RTP, RAW] {
            let mut sender = Sender::new(wire, 0xFFFF);
            for n in 0..3u16 {
                let frame = read(wire, &sender.frame(&samples)).expect("a frame");
                assert_eq!(frame.samples, samples);
                assert_eq!(frame.sequence, (wire == RTP).then(|| 0xFFFFu16.wrapping_add(n)));
            }
        }
    }

    #[test]
    fn other_payloads_runts_and_giants_are_no_frames() {
        let mut key = Sender::new(Wire::Rtp { payload: 101, rate: 8000 }, 1);
        assert_eq!(read(RTP, &key.frame(&[0; 160])), None, "a key is no sound");
        for length in [0, 1, 11, 12, 13, 31, 3841, 4000, 65_507] {
            assert_eq!(read(RAW, &vec![0; length]), None, "{length} bytes");
            assert_eq!(read(RTP, &vec![0x80; length]), None, "{length} bytes");
        }
        let mut cut = Sender::new(RTP, 1).frame(&[7; 160]);
        cut[0] |= 0x20;
        *cut.last_mut().expect("bytes") = 255;
        cut.truncate(300);
        assert!(read(RTP, &cut).is_none_or(|frame| frame.samples.len() < 160));
    }

    #[test]
    fn what_fills_gaps_is_no_sound() {
        assert_eq!(read(RAW, &[0xFF; 320]), Some(Frame { sequence: None, samples: Vec::new() }));
        let mut sound = [0xFF; 320];
        sound[7] = 0;
        assert_eq!(read(RAW, &sound).expect("a frame").samples.len(), 160);
        let sent = Sender::new(RTP, 1).frame(&[-1; 160]);
        assert_eq!(read(RTP, &sent).expect("a frame").samples, [-1; 160], "nobody fills there");
    }

    #[test]
    fn extensions_sources_and_padding_are_no_sound() {
        let plain = Sender::new(RTP, 1).frame(&[513; 160]);
        let mut full = plain[..12].to_vec();
        full[0] |= 0x30 | 2;
        full.extend([9; 8]);
        full.extend([1, 2, 0, 1, 5, 5, 5, 5]);
        full.extend(&plain[12..]);
        full.extend([0, 0, 0, 4]);
        assert_eq!(read(RTP, &full).expect("a frame").samples, [513; 160]);
    }

    proptest! {
        #[test]
        fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(RTP, &bytes);
            let _ = read(RAW, &bytes);
        }
    }
}
