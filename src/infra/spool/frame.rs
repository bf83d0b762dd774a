//! One row in a file: length u32, crc32 u32, JSON.

use serde::Serialize;

const HEAD: usize = 8;
/// A longer row on the disk is damage.
const LONGEST: usize = 16 << 20;

pub fn pack(row: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut frame = vec![0; HEAD];
    serde_json::to_writer(&mut frame, row)?;
    let (len, crc) = ((frame.len() - HEAD) as u32, crc32fast::hash(&frame[HEAD..]));
    frame[..4].copy_from_slice(&len.to_le_bytes());
    frame[4..8].copy_from_slice(&crc.to_le_bytes());
    Ok(frame)
}

/// The row at the beginning of `bytes` and the length of its frame; `None` when no whole row stands there.
pub fn unpack(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    let (crc, rest) = rest.split_first_chunk::<4>()?;
    let len = u32::from_le_bytes(*len) as usize;
    let row = rest.get(..len).filter(|_| (1..=LONGEST).contains(&len))?;
    (crc32fast::hash(row) == u32::from_le_bytes(*crc)).then_some((row, HEAD + len))
}
