//! Keys: one master key for the machine, one data key for every call in a segment.
//!
//! A segment has a file of slots beside it, 72 bytes each: call u64, kind u32, nonce, and the data key wrapped by
//! the master key. Zeros in place of the wrapped key mean that it was destroyed. Every start and every segment
//! uses fresh data keys, so that a nonce made of the input's number can never repeat under one key.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand,
};

use super::{
    error::{AppendError, OpenError},
    record::{u32_at, u64_at},
};
use crate::base::id::CallId;

pub const SLOT: usize = 72;
/// Where the nonce and the wrapped key stand in a slot: what `erase` overwrites.
pub const WRAPPED: std::ops::Range<usize> = 12..SLOT;
const KEY: usize = 32;
pub const TAG: usize = 16;

/// The key that wraps all others.
#[derive(Clone)]
pub struct Master(std::sync::Arc<LessSafeKey>);

impl Master {
    /// Reads the key, or makes one when there is none and nothing that was sealed with one.
    pub fn open(path: &Path, virgin: bool) -> Result<Self, OpenError> {
        match fs::read(path) {
            Ok(bytes) => {
                let mode = fs::metadata(path).map_err(OpenError::io("look at", path))?.permissions().mode();
                if mode & 0o077 != 0 {
                    return Err(OpenError::KeyExposed { path: path.into(), mode: mode & 0o777 });
                }
                let key: [u8; KEY] = bytes
                    .as_slice()
                    .try_into()
                    .map_err(|_| OpenError::KeyDamaged { path: path.into(), bytes: bytes.len() })?;
                Ok(Self(std::sync::Arc::new(data_key(&key))))
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound && virgin => Self::make(path),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Err(OpenError::KeyMissing { path: path.into() }),
            Err(e) => Err(OpenError::io("read", path)(e)),
        }
    }

    fn make(path: &Path) -> Result<Self, OpenError> {
        let make = || -> io::Result<Self> {
            let mut key = [0; KEY];
            random(&mut key).map_err(|_| io::Error::other("no random numbers"))?;
            let folder = path.parent().unwrap_or(path);
            fs::create_dir_all(folder)?;
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
            let fresh = path.with_extension("new");
            let mut file =
                OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
            file.write_all(&key)?;
            file.sync_all()?;
            fs::rename(&fresh, path)?;
            File::open(folder)?.sync_all()?;
            Ok(Self(std::sync::Arc::new(data_key(&key))))
        };
        make().map_err(OpenError::io("create the master key", path))
    }

    /// Seals `bytes` in place, tag at the end, and gives the random nonce.
    pub fn seal(&self, about: &[u8], bytes: &mut Vec<u8>) -> Result<[u8; NONCE_LEN], AppendError> {
        let mut nonce = [0; NONCE_LEN];
        random(&mut nonce)?;
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(about), bytes)
            .map_err(|_| AppendError::TooLong(bytes.len()))?;
        Ok(nonce)
    }

    pub fn unseal(&self, nonce: [u8; NONCE_LEN], about: &[u8], mut bytes: Vec<u8>) -> Option<Vec<u8>> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let plain = self.0.open_in_place(nonce, Aad::from(about), &mut bytes).ok()?.len();
        bytes.truncate(plain);
        Some(bytes)
    }
}

fn random(bytes: &mut [u8]) -> Result<(), AppendError> {
    rand::fill(bytes).map_err(|_| AppendError::NoRandom)
}

fn data_key(key: &[u8; KEY]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("a key of 32 bytes fits AES-256"))
}

fn nonce_of(seq: u64) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce[..8].copy_from_slice(&seq.to_le_bytes());
    Nonce::assume_unique_for_key(nonce)
}

/// What a wrapped key is bound to: its segment, its place, its call.
fn about(epoch: &[u8; 16], base: u64, number: u32, front: &[u8]) -> Vec<u8> {
    [b"slot", epoch.as_slice(), &base.to_le_bytes(), &number.to_le_bytes(), front].concat()
}

/// The keys of the segment that is being written, ready for use.
pub struct Writing {
    master: Master,
    epoch: [u8; 16],
    base: u64,
    next: u32,
    /// `None` is the house's key, for inputs of no call.
    ready: HashMap<Option<CallId>, (u32, LessSafeKey)>,
    /// Slots that are not in the file yet.
    pub unwritten: Vec<u8>,
}

impl Writing {
    pub fn new(master: Master, epoch: [u8; 16], base: u64) -> Self {
        Self { master, epoch, base, next: 0, ready: HashMap::new(), unwritten: Vec::new() }
    }

    /// The slot of the call's key, made at its first record in the segment.
    pub fn slot(&mut self, call: Option<CallId>) -> Result<u32, AppendError> {
        if let Some((slot, _)) = self.ready.get(&call) {
            return Ok(*slot);
        }
        let number = self.next;
        let mut key = [0; KEY];
        random(&mut key)?;
        let mut slot = [0; SLOT];
        slot[..8].copy_from_slice(&call.map_or(0, |c| c.0).to_le_bytes());
        slot[8..12].copy_from_slice(&(1 + u32::from(call.is_some())).to_le_bytes());
        let mut wrapped = key.to_vec();
        let nonce = self.master.seal(&about(&self.epoch, self.base, number, &slot[..12]), &mut wrapped)?;
        slot[12..24].copy_from_slice(&nonce);
        slot[24..].copy_from_slice(&wrapped);
        self.unwritten.extend_from_slice(&slot);
        self.ready.insert(call, (number, data_key(&key)));
        self.next += 1;
        Ok(number)
    }

    /// Seals `body` in place under the call's key, which [`slot`](Self::slot) made ready, and gives the tag.
    pub fn seal(&self, call: Option<CallId>, seq: u64, head: &[u8], body: &mut [u8]) -> Option<[u8; TAG]> {
        let (_, key) = self.ready.get(&call)?;
        let tag = key.seal_in_place_separate_tag(nonce_of(seq), Aad::from(head), body).ok()?;
        tag.as_ref().try_into().ok()
    }

    /// The call is over, or erased: its key leaves memory.
    pub fn forget(&mut self, call: CallId) {
        self.ready.remove(&Some(call));
    }

    /// Destroys the call's keys among the slots that are not in the file yet.
    pub fn erase(&mut self, call: CallId) -> u32 {
        self.forget(call);
        let mut erased = 0;
        for slot in self.unwritten.chunks_exact_mut(SLOT).filter(|slot| slot_is(slot, call)) {
            slot[WRAPPED].fill(0);
            erased += 1;
        }
        erased
    }
}

pub fn slot_is(slot: &[u8], call: CallId) -> bool {
    u64_at(slot, 0) == call.0 && u32_at(slot, 8) == 2
}

/// What became of a key.
pub enum Found {
    Key(Box<LessSafeKey>),
    Erased,
    /// Never came to the disk, or came damaged.
    Lost,
}

/// The keys of a segment that is being read.
pub struct Reading {
    master: Master,
    epoch: [u8; 16],
    base: u64,
    file: Option<File>,
    found: HashMap<u32, Found>,
}

impl Reading {
    /// A missing file makes every record of the segment unreadable, not the segment.
    pub fn open(master: Master, epoch: [u8; 16], base: u64, path: &Path) -> io::Result<Self> {
        let file = match File::open(path) {
            Ok(file) => Some(file),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(e),
        };
        Ok(Self { master, epoch, base, file, found: HashMap::new() })
    }

    pub fn key(&mut self, number: u32, call: Option<CallId>) -> io::Result<&Found> {
        if !self.found.contains_key(&number) {
            let found = self.load(number, call)?;
            self.found.insert(number, found);
        }
        Ok(&self.found[&number])
    }

    fn load(&self, number: u32, call: Option<CallId>) -> io::Result<Found> {
        let mut slot = [0; SLOT];
        let Some(file) = &self.file else { return Ok(Found::Lost) };
        match file.read_exact_at(&mut slot, u64::from(number) * SLOT as u64) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(Found::Lost),
            Err(e) => return Err(e),
        }
        if u64_at(&slot, 0) != call.map_or(0, |c| c.0) {
            return Ok(Found::Lost);
        }
        if slot[WRAPPED].iter().all(|b| *b == 0) {
            return Ok(Found::Erased);
        }
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&slot[12..24]);
        let about = about(&self.epoch, self.base, number, &slot[..12]);
        let plain = self.master.unseal(nonce, &about, slot[24..].to_vec());
        let key: Option<[u8; KEY]> = plain.and_then(|p| p.try_into().ok());
        Ok(key.map_or(Found::Lost, |key| Found::Key(Box::new(data_key(&key)))))
    }
}

/// Opens a payload. `None` when it is not what was sealed.
pub fn open(key: &LessSafeKey, seq: u64, head: &[u8], mut body: Vec<u8>) -> Option<Vec<u8>> {
    let plain = key.open_in_place(nonce_of(seq), Aad::from(head), &mut body).ok()?.len();
    body.truncate(plain);
    Some(body)
}
