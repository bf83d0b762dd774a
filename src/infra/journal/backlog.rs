//! What waits in memory while the disk takes nothing: whole records, in order, up to a limit.

use std::collections::VecDeque;

use super::record;
use crate::base::clock::Stamp;

/// Some records in a row, as they go to the disk.
#[derive(Debug, Default)]
pub struct Batch {
    pub bytes: Vec<u8>,
    pub first: u64,
    pub last: u64,
    pub count: u64,
    /// Stamp of the first one.
    pub at: Stamp,
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Notes a record that was just put at the end of `bytes`.
    pub fn added(&mut self, seq: u64, at: Stamp) {
        if self.count == 0 {
            (self.first, self.at) = (seq, at);
        }
        self.last = seq;
        self.count += 1;
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.count = 0;
    }
}

#[derive(Debug)]
pub struct Backlog {
    batches: VecDeque<Batch>,
    bytes: usize,
    limit: usize,
    /// What was dropped and not yet said in the journal.
    gap: Option<Lost>,
    dropped: u64,
}

#[derive(Clone, Copy, Debug)]
struct Lost {
    first: u64,
    last: u64,
    at: Stamp,
}

impl Backlog {
    pub fn new(limit: usize) -> Self {
        Self { batches: VecDeque::new(), bytes: 0, limit, gap: None, dropped: 0 }
    }

    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Inputs that were dropped since the backlog was last empty.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Takes over all of `batch`. The oldest go when there is no room.
    pub fn push(&mut self, batch: &mut Batch) {
        self.bytes += batch.bytes.len();
        match self.batches.back_mut() {
            Some(last) if last.bytes.len() + batch.bytes.len() <= self.limit / 16 => {
                last.bytes.extend_from_slice(&batch.bytes);
                last.last = batch.last;
                last.count += batch.count;
                batch.clear();
            }
            _ => self.batches.push_back(std::mem::take(batch)),
        }
        while self.bytes > self.limit && self.batches.len() > 1 {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some(lost) = self.batches.pop_front() else { return };
        self.bytes -= lost.bytes.len();
        self.dropped += lost.count;
        match &mut self.gap {
            Some(gap) => gap.last = lost.last,
            None => self.gap = Some(Lost { first: lost.first, last: lost.last, at: lost.at }),
        }
    }

    /// The record that tells of what was dropped; to be written before the oldest batch.
    pub fn gap(&self) -> Option<Vec<u8>> {
        self.gap.map(|gap| record::gap(gap.first, gap.last, gap.at))
    }

    pub fn gap_written(&mut self) {
        self.gap = None;
    }

    pub fn take_oldest(&mut self) -> Option<Batch> {
        let batch = self.batches.pop_front()?;
        self.bytes -= batch.bytes.len();
        Some(batch)
    }

    /// It could not be written after all.
    pub fn put_back(&mut self, batch: Batch) {
        self.bytes += batch.bytes.len();
        self.batches.push_front(batch);
    }

    /// Everything is on the disk again.
    pub fn emptied(&mut self) {
        *self = Self::new(self.limit);
    }
}
