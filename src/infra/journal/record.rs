//! One record on the disk: 40 bytes of head, then the sealed payload. All numbers are little-endian.
//!
//! ```text
//!  0 crc u32     over everything after it        24 call u64   0 for none
//!  4 len u32     of the payload with its tag     32 slot u32   whose key seals the payload
//!  8 seq u64     strictly increasing             36 kind u8    input or gap
//! 16 at  i64     microseconds since 1970         37 three zero bytes
//! ```

use crate::base::{clock::Stamp, id::CallId};

pub const HEAD: usize = 40;
/// Longest payload with its tag; a longer one on the disk is damage.
pub const MAX_BODY: usize = 16 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An input that belongs to no call.
    House,
    /// An input of a call.
    Call(CallId),
    /// Inputs up to this number were lost; the payload is the number of the first one, unsealed.
    Gap,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub len: u32,
    pub seq: u64,
    pub at: Stamp,
    pub slot: u32,
    pub kind: Kind,
}

impl Head {
    /// Everything but the checksum, which [`finish`] adds.
    pub fn put(&self, to: &mut [u8]) {
        let (kind, call) = match self.kind {
            Kind::House => (1, 0),
            Kind::Call(call) => (2, call.0),
            Kind::Gap => (3, 0),
        };
        to[4..8].copy_from_slice(&self.len.to_le_bytes());
        to[8..16].copy_from_slice(&self.seq.to_le_bytes());
        to[16..24].copy_from_slice(&self.at.0.to_le_bytes());
        to[24..32].copy_from_slice(&call.to_le_bytes());
        to[32..36].copy_from_slice(&self.slot.to_le_bytes());
        to[36..40].copy_from_slice(&[kind, 0, 0, 0]);
    }

    fn get(from: &[u8; HEAD]) -> Option<Self> {
        let call = u64_at(from, 24);
        let kind = match (u32_at(from, 36), call) {
            (1, 0) => Kind::House,
            (2, call) => Kind::Call(CallId(call)),
            (3, 0) => Kind::Gap,
            _ => return None,
        };
        let (len, seq) = (u32_at(from, 4), u64_at(from, 8));
        Some(Self { len, seq, at: Stamp(u64_at(from, 16) as i64), slot: u32_at(from, 32), kind })
    }

    pub fn total(&self) -> usize {
        HEAD + self.len as usize
    }
}

/// Puts the checksum in front of a whole record.
pub fn finish(record: &mut [u8]) {
    let crc = crc32fast::hash(&record[4..]);
    record[..4].copy_from_slice(&crc.to_le_bytes());
}

/// The record that says that the inputs `first..=last` were lost.
pub fn gap(first: u64, last: u64, at: Stamp) -> Vec<u8> {
    let mut record = vec![0; HEAD + 8];
    Head { len: 8, seq: last, at, slot: 0, kind: Kind::Gap }.put(&mut record);
    record[HEAD..].copy_from_slice(&first.to_le_bytes());
    finish(&mut record);
    record
}

/// What stands at the beginning of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Parsed {
    Whole(Head),
    /// More bytes are needed to tell: this many in all.
    Short(usize),
    /// Not what was written.
    Bad,
}

/// Reads the record at the beginning of `bytes`, which must come after number `after`.
pub fn parse(bytes: &[u8], after: u64) -> Parsed {
    let Some(head) = bytes.first_chunk::<HEAD>() else { return Parsed::Short(HEAD) };
    let len = u32_at(head, 4) as usize;
    let Some(told) = Head::get(head).filter(|told| told.seq > after) else { return Parsed::Bad };
    if len == 0 || len > MAX_BODY {
        return Parsed::Bad;
    }
    let Some(record) = bytes.get(..HEAD + len) else { return Parsed::Short(HEAD + len) };
    // Last, since it looks at every byte.
    if crc32fast::hash(&record[4..]) != u32_at(head, 0) {
        return Parsed::Bad;
    }
    Parsed::Whole(told)
}

pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
}

pub fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
}
