//! The model's file: a head with magic, version, length and checksum, then the parts one after the other, numbers as
//! little-endian bytes. Whatever is wrong with a file is said before anything of it is used.

use smol_str::SmolStr;

use super::{
    gate::{Gate, WEIGHTS},
    model::{Head, Model},
    origin::{Measured, Origin},
    sense::Senses,
    table::Table,
    vocabulary::Vocabulary,
};

const MAGIC: [u8; 8] = *b"TANDEMLM";
/// Rises with every change of the file or of what features are.
pub const VERSION: u32 = 4;
/// Magic, version, checksum, length.
const HEAD: usize = 8 + 4 + 4 + 8;
/// A file that says it is larger is no model.
pub const LARGEST: u64 = 512 << 20;

/// Why a model's file is not taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FileError {
    #[error("this is no model; make one with `tandem language train`")]
    NoModel,
    #[error(
        "this model is of version {found}, this program reads version {VERSION}; train it again with \
         `tandem language train`"
    )]
    OtherVersion { found: u32 },
    #[error(
        "this model was learned with another table of what words mean than this program has; train it again with \
         `tandem language train`"
    )]
    OtherSenses,
    #[error("the model is cut short: {found} bytes of {wanted}; copy it again, or train it again")]
    CutShort { found: u64, wanted: u64 },
    #[error("the model is damaged: its checksum is another; copy it again, or train it again")]
    Damaged,
    #[error("the model's {0} is not what a model has; train it again with `tandem language train`")]
    Nonsense(&'static str),
}

/// A model as the bytes of its file.
pub fn encode(model: &Model) -> Vec<u8> {
    let mut out = Writer(vec![0; HEAD]);
    out.count(model.intents.len());
    model.intents.iter().for_each(|intent| out.name(intent));
    out.origin(&model.origin);
    out.count(model.vocabulary.len());
    model.vocabulary.keys().iter().for_each(|key| out.0.extend_from_slice(&key.to_le_bytes()));
    out.floats(model.vocabulary.rarity());
    out.0.extend_from_slice(&model.vocabulary.senses.written().to_le_bytes());
    out.count(model.table.widths.len());
    model.table.widths.iter().for_each(|width| out.count(*width));
    out.0.extend(model.table.weights.iter().map(|weight| weight.cast_unsigned()));
    out.floats(&model.table.scales);
    out.floats(&model.bias);
    if let Some(head) = &model.head {
        for part in [&head.bias, &head.output, &head.output_bias] {
            out.floats(part);
        }
    }
    let gate = &model.gate;
    out.floats(&[gate.sharpness, gate.accept, gate.confirm]);
    out.floats(&gate.weights);
    out.sealed()
}

/// The model in a file's bytes.
pub fn decode(bytes: &[u8]) -> Result<Model, FileError> {
    let mut from = Reader(unsealed(bytes)?);
    let intents = from.names()?;
    let origin = from.origin()?;
    let size = from.count("vocabulary")?;
    let keys = from
        .take(size, 8, "vocabulary")?
        .as_chunks::<8>()
        .0
        .iter()
        .map(|key| u64::from_le_bytes(*key))
        .collect();
    let mut vocabulary = Vocabulary::new(keys, from.floats(size, "vocabulary")?);
    let mark = from.count("vocabulary")? as u32;
    vocabulary.senses = Senses::read(mark).ok_or(FileError::OtherSenses)?;
    let features = vocabulary.features();
    let (blocks, classes) = (from.count("table")?, intents.len());
    if !(1..=2).contains(&blocks) {
        return Err(FileError::Nonsense("table"));
    }
    let widths = (0..blocks).map(|_| from.count("table")).collect::<Result<Vec<_>, _>>()?;
    if widths[0] != classes || widths.contains(&0) {
        return Err(FileError::Nonsense("table"));
    }
    let width = widths.iter().try_fold(0_usize, |sum, width| sum.checked_add(*width));
    let width = width.ok_or(FileError::Nonsense("table"))?;
    let weights = from.take(features, width, "table")?.iter().map(|byte| byte.cast_signed()).collect();
    let scales = from.floats(features.saturating_mul(blocks), "table")?;
    let bias = from.floats(classes, "planes")?;
    let head = match widths.get(1) {
        None => None,
        Some(&hidden) => Some(Head {
            bias: from.floats(hidden, "net")?,
            output: from.floats(hidden.saturating_mul(classes), "net")?,
            output_bias: from.floats(classes, "net")?,
        }),
    };
    let [sharpness, accept, confirm] = from.few("gate")?;
    let gate = Gate { sharpness, weights: from.few::<WEIGHTS>("gate")?, accept, confirm };
    let table = Table { widths, weights, scales };
    if from.0.is_empty() {
        Ok(Model { intents, vocabulary, table, bias, head, gate, origin })
    } else {
        Err(FileError::Nonsense("end"))
    }
}

/// What is behind a head that is right.
fn unsealed(bytes: &[u8]) -> Result<&[u8], FileError> {
    if !bytes.starts_with(&MAGIC) {
        return Err(FileError::NoModel);
    }
    let short = FileError::CutShort { found: bytes.len() as u64, wanted: HEAD as u64 };
    let Some((head, body)) = bytes.split_at_checked(HEAD) else { return Err(short) };
    let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    if word(8) != VERSION {
        return Err(FileError::OtherVersion { found: word(8) });
    }
    let wanted = u64::from(word(16)) | u64::from(word(20)) << 32;
    match (body.len() as u64).cmp(&wanted) {
        std::cmp::Ordering::Less => {
            Err(FileError::CutShort { found: bytes.len() as u64, wanted: wanted.saturating_add(HEAD as u64) })
        }
        std::cmp::Ordering::Equal if crc32fast::hash(body) == word(12) => Ok(body),
        _ => Err(FileError::Damaged),
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn count(&mut self, count: usize) {
        self.0.extend_from_slice(&(count as u32).to_le_bytes());
    }

    fn name(&mut self, name: &str) {
        self.count(name.len());
        self.0.extend_from_slice(name.as_bytes());
    }

    fn origin(&mut self, origin: &Origin) {
        self.name(&origin.program);
        self.name(&origin.digest);
        let measured = &origin.measured;
        for count in [origin.samples, origin.outside, measured.held_out, measured.held_out_outside] {
            self.0.extend_from_slice(&count.to_le_bytes());
        }
        let Measured { accuracy, macro_f1, in_scope_loss, oos_recall, calibration_error, .. } = *measured;
        self.floats(&[accuracy, macro_f1, in_scope_loss, oos_recall, calibration_error]);
    }

    fn floats(&mut self, floats: &[f32]) {
        for float in floats {
            self.0.extend_from_slice(&float.to_le_bytes());
        }
    }

    fn sealed(mut self) -> Vec<u8> {
        let (checksum, length) = (crc32fast::hash(&self.0[HEAD..]), (self.0.len() - HEAD) as u64);
        self.0[..8].copy_from_slice(&MAGIC);
        self.0[8..12].copy_from_slice(&VERSION.to_le_bytes());
        self.0[12..16].copy_from_slice(&checksum.to_le_bytes());
        self.0[16..24].copy_from_slice(&length.to_le_bytes());
        self.0
    }
}

/// Reads from the front; what is not there is an error, never a panic, and nothing is allocated for it.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize, size: usize, what: &'static str) -> Result<&'a [u8], FileError> {
        let taken = count.checked_mul(size).and_then(|bytes| self.0.split_at_checked(bytes));
        let (taken, rest) = taken.ok_or(FileError::Nonsense(what))?;
        self.0 = rest;
        Ok(taken)
    }

    fn count(&mut self, what: &'static str) -> Result<usize, FileError> {
        let bytes = self.take(1, 4, what)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize)
    }

    /// Numbers; one that is none, such as infinity, is nonsense.
    fn floats(&mut self, count: usize, what: &'static str) -> Result<Vec<f32>, FileError> {
        let read =
            self.take(count, 4, what)?.as_chunks::<4>().0.iter().map(|float| f32::from_le_bytes(*float));
        let floats: Vec<f32> = read.collect();
        if floats.iter().all(|float| float.is_finite()) { Ok(floats) } else { Err(FileError::Nonsense(what)) }
    }

    fn few<const N: usize>(&mut self, what: &'static str) -> Result<[f32; N], FileError> {
        let floats = self.floats(N, what)?;
        floats.try_into().map_err(|_| FileError::Nonsense(what))
    }

    fn name(&mut self, what: &'static str) -> Result<SmolStr, FileError> {
        let length = self.count(what)?;
        let bytes = self.take(length, 1, what)?;
        std::str::from_utf8(bytes).map(SmolStr::new).map_err(|_| FileError::Nonsense(what))
    }

    fn names(&mut self) -> Result<Vec<SmolStr>, FileError> {
        const WHAT: &str = "list of intents";
        let count = self.count(WHAT)?;
        let mut names = Vec::new();
        for _ in 0..count {
            names.push(self.name(WHAT)?);
        }
        if names.len() < 2 { Err(FileError::Nonsense(WHAT)) } else { Ok(names) }
    }

    fn origin(&mut self) -> Result<Origin, FileError> {
        const WHAT: &str = "origin";
        let (program, digest) = (self.name(WHAT)?, self.name(WHAT)?);
        let mut count = || self.count(WHAT).map(|count| count as u32);
        let (samples, outside, held_out, held_out_outside) = (count()?, count()?, count()?, count()?);
        let [accuracy, macro_f1, in_scope_loss, oos_recall, calibration_error] = self.few(WHAT)?;
        let measured = Measured {
            held_out,
            held_out_outside,
            accuracy,
            macro_f1,
            in_scope_loss,
            oos_recall,
            calibration_error,
        };
        Ok(Origin { program, samples, outside, digest, measured })
    }
}
