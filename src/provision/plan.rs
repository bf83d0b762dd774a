//! What would change: every wanted file beside the one that stands. Nothing is written here.

use std::{
    collections::BTreeSet,
    fmt, fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use secrecy::SecretString;
use serde::Serialize;

use super::{
    Line, Part, PlanError, Rendered, Target,
    block::{self, Split},
    diff,
    render::SECRET,
    validate,
};
use crate::base::id::Name;

/// What becomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Create,
    Change,
}

/// A part of the configuration that calls hang on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Piece {
    Phone(Name),
    Trunk(Name),
    /// Where the engine listens: it takes that up when it starts.
    Socket,
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone(name) => write!(f, "phone {name}"),
            Self::Trunk(name) => write!(f, "trunk {name}"),
            Self::Socket => f.write_str("the engine's addresses and passwords"),
        }
    }
}

/// A file as it stands.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub bytes: Vec<u8>,
    pub mode: u32,
    pub owner: (u32, u32),
}

/// One file that is not as it shall be.
#[derive(Clone)]
pub struct Change {
    /// Relative to the configuration folder.
    pub file: PathBuf,
    pub kind: Kind,
    /// Where it is written: a link is followed.
    pub(super) path: PathBuf,
    pub(super) before: Option<Standing>,
    pub(super) bytes: Vec<u8>,
    pub(super) mode: u32,
    pub(super) owner: Option<(u32, u32)>,
    secrets: Vec<SecretString>,
}

impl Change {
    /// A file that changed, without what it became.
    pub(super) fn bare(file: PathBuf, kind: Kind, path: PathBuf, before: Option<Standing>) -> Self {
        Self { file, kind, path, before, bytes: Vec::new(), mode: 0, owner: None, secrets: Vec::new() }
    }

    /// What changes in it, secrets hidden.
    pub fn lines(&self) -> Vec<Line> {
        let before = self.before.as_ref().map_or(&[][..], |standing| &standing.bytes);
        diff::hunks(before, &self.bytes, &self.secrets)
    }

    /// Permissions before and after, when they change.
    pub fn modes(&self) -> Option<(u32, u32)> {
        let before = self.before.as_ref()?.mode;
        (before != self.mode).then_some((before, self.mode))
    }
}

/// All that would change.
#[derive(Clone)]
pub struct Plan {
    pub folder: PathBuf,
    pub changes: Vec<Change>,
    /// What of it was there before and is another thing now, or gone.
    pub pieces: BTreeSet<Piece>,
    /// What is new besides.
    pub(super) added: BTreeSet<Piece>,
}

impl Plan {
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    pub(super) fn has(&self, file: &str) -> bool {
        self.changes.iter().any(|change| change.file == Path::new(file))
    }

    /// Trunks that the engine has to take up anew.
    pub(super) fn trunks(&self) -> impl Iterator<Item = &Name> {
        self.pieces.iter().chain(&self.added).filter_map(|piece| match piece {
            Piece::Trunk(name) => Some(name),
            _ => None,
        })
    }

    /// Whether some of it takes effect only when the engine starts anew.
    pub fn needs_restart(&self) -> bool {
        self.pieces.contains(&Piece::Socket)
    }
}

/// Compares what is wanted with what stands, and refuses what the engine would not understand.
pub fn plan(target: &Target) -> Result<Plan, PlanError> {
    let folder = &target.folder;
    let home = fs::metadata(folder).ok().filter(fs::Metadata::is_dir);
    let home = home.ok_or_else(|| PlanError::NoFolder(folder.clone()))?;
    let mut plan =
        Plan { folder: folder.clone(), changes: Vec::new(), pieces: BTreeSet::new(), added: BTreeSet::new() };
    for rendered in &target.rendered {
        if let Some(change) = compare(target, rendered, (home.uid(), home.gid()))? {
            note_pieces(target, rendered, &change, &mut plan);
            plan.changes.push(change);
        }
    }
    Ok(plan)
}

fn compare(target: &Target, rendered: &Rendered, home: (u32, u32)) -> Result<Option<Change>, PlanError> {
    let named = target.folder.join(&rendered.path);
    let before = standing(&named).map_err(|why| PlanError::Unreadable { path: named.clone(), why })?;
    let path = if before.is_some() { fs::canonicalize(&named).unwrap_or(named) } else { named };
    let refused = |fault| PlanError::Block { path: path.clone(), fault };
    let bytes = match (&before, rendered.part) {
        (None, _) if rendered.text.is_empty() => return Ok(None),
        (None, _) => rendered.alone().into_bytes(),
        (Some(_), Part::Whole) => rendered.text.clone().into_bytes(),
        (Some(standing), Part::Block(frame)) => {
            let text = target.join(&standing.bytes, &rendered.text).map_err(refused)?;
            block::merge(&standing.bytes, frame, &text).map_err(refused)?
        }
    };
    validate::file(target, &bytes).map_err(refused)?;
    let secret = rendered.mode == SECRET;
    let (mode, owner) = match &before {
        // Whoever may read it besides us was decided by the admin, except everybody.
        Some(standing) => (if secret { standing.mode & !0o007 } else { standing.mode }, Some(standing.owner)),
        // An engine that runs as somebody else reads it by its group.
        None if secret && home.0 == 0 && home.1 != 0 => (0o640, Some(home)),
        None => (rendered.mode, Some(home)),
    };
    if before.as_ref().is_some_and(|standing| standing.bytes == bytes && standing.mode == mode) {
        return Ok(None);
    }
    let kind = if before.is_some() { Kind::Change } else { Kind::Create };
    let (file, secrets) = (rendered.path.clone(), target.secrets.clone());
    Ok(Some(Change { file, kind, path, before, bytes, mode, owner, secrets }))
}

pub(super) fn standing(path: &Path) -> io::Result<Option<Standing>> {
    let meta = match fs::metadata(path) {
        Ok(meta) if meta.is_file() => meta,
        Ok(_) => return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file")),
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(why),
    };
    let bytes = fs::read(path)?;
    Ok(Some(Standing { bytes, mode: meta.mode() & 0o7777, owner: (meta.uid(), meta.gid()) }))
}

fn note_pieces(target: &Target, rendered: &Rendered, change: &Change, plan: &mut Plan) {
    let file = rendered.path.to_string_lossy();
    let ours = |bytes: &[u8]| {
        let block = match rendered.part {
            Part::Whole => Some(bytes),
            Part::Block(frame) => {
                block::split(bytes, frame.comment).ok().and_then(|Split { block, .. }| block)
            }
        };
        target.link().pieces(&file, &String::from_utf8_lossy(block.unwrap_or_default()))
    };
    let before = change.before.as_ref().map(|standing| ours(&standing.bytes)).unwrap_or_default();
    let after = ours(&change.bytes);
    plan.pieces
        .extend(before.iter().filter(|(piece, said)| after.get(piece) != Some(said)).map(|(p, _)| p.clone()));
    plan.added.extend(after.keys().filter(|piece| !before.contains_key(piece)).cloned());
}
