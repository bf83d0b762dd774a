//! A model's place: what stands there, the one before it beside it, and the list of who put what there and why.
//!
//! A model gets there at once or not at all. `menu.model` has beside it `menu.model.former`, and `menu.model.history`: a
//! line of JSON for every model that was put there or kept out, each sealed with the line before it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::{SHA256, digest};
use nix::unistd::{Uid, User};
use serde_json::{Value, json};

use super::{LanguageFault, source};
use crate::{
    base::clock::{Clock, SystemClock},
    cli::Exit,
    language::{evaluate, file::encode, model::Model, sample::Sample},
};

/// So much less accurate than the model in place may a new one be: what chance alone does.
const TOLERATED: f64 = 0.005;

/// What became of a model that was to be put in place.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) promoted: bool,
    pub(super) accuracy: f64,
    pub(super) accuracy_in_place: Option<f64>,
    pub(super) bytes: usize,
}

/// Where a model serves from.
#[derive(Debug)]
pub(super) struct Place<'a> {
    file: &'a Path,
    /// Why a model is put there whatever it understands.
    force: Option<&'a str>,
    in_place: Option<Model>,
}

impl<'a> Place<'a> {
    /// Looks at what stands there; what cannot be read stops, unless it may be written over.
    pub(super) fn new(file: &'a Path, force: Option<&'a str>) -> Result<Self, LanguageFault> {
        let in_place = match file.exists().then(|| source::model(file)).transpose() {
            Err(_) if force.is_some() => None,
            model => model?,
        };
        Ok(Self { file, force, in_place })
    }

    /// Puts `model` there if it understands no less than what is there: of `test`, or else of what each was not told.
    pub(super) fn offer(&self, model: &Model, test: Option<&[Sample]>) -> Result<Judged, LanguageFault> {
        let accuracy = |model: &Model| match test {
            Some(test) => evaluate::evaluate(&evaluate::outcomes(model, test)).in_scope_accuracy,
            None => f64::from(model.origin().measured.accuracy),
        };
        let (before, now) = (self.in_place.as_ref().map(accuracy), accuracy(model));
        let worse = before.is_some_and(|before| now < before - TOLERATED);
        let promoted = !worse || self.force.is_some();
        let bytes = encode(model);
        if promoted {
            self.swap(&bytes)?;
        }
        let judged = Judged { promoted, accuracy: now, accuracy_in_place: before, bytes: bytes.len() };
        self.tell(model, &judged)?;
        Ok(judged)
    }

    /// The one that stood there becomes the former one; at no moment is the place empty.
    fn swap(&self, bytes: &[u8]) -> Result<(), LanguageFault> {
        let (new, leaving) = (self.beside("new"), self.beside("leaving"));
        let swapped = (|| {
            let mut file = File::create(&new)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            if self.file.exists() {
                let _ = fs::remove_file(&leaving);
                fs::hard_link(self.file, &leaving)?;
                fs::rename(&leaving, self.beside("former"))?;
            }
            fs::rename(&new, self.file)?;
            File::open(folder(self.file))?.sync_all()
        })();
        swapped.map_err(|why| {
            let _ = fs::remove_file(&new);
            self.unwritable(why)
        })
    }

    /// One line more in the history.
    fn tell(&self, model: &Model, judged: &Judged) -> Result<(), LanguageFault> {
        let file = self.beside("history");
        let before = match fs::read_to_string(&file) {
            Ok(text) => text.lines().last().map(sealed).unwrap_or_default(),
            Err(why) if why.kind() == io::ErrorKind::NotFound => String::new(),
            Err(why) => return Err(self.unwritable(why)),
        };
        let uid = Uid::effective();
        let who = User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name);
        let line = json!({
            "at": SystemClock.now().to_string(),
            "who": who,
            "promoted": judged.promoted,
            "accuracy": judged.accuracy,
            "accuracy_in_place": judged.accuracy_in_place,
            "reason": self.force,
            "model": model.origin(),
            "in_place": self.in_place.as_ref().map(Model::origin),
            "after": before,
        });
        let written = OpenOptions::new().create(true).append(true).open(&file).and_then(|mut file| {
            file.write_all(format!("{line}\n").as_bytes())?;
            file.sync_all()
        });
        written.map_err(|why| self.unwritable(why))
    }

    fn beside(&self, what: &str) -> PathBuf {
        let mut name = self.file.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{what}"));
        self.file.with_file_name(name)
    }

    fn unwritable(&self, why: io::Error) -> LanguageFault {
        LanguageFault::Unwritable { file: self.file.to_owned(), why }
    }
}

impl Judged {
    pub(super) fn exit(&self) -> Exit {
        if self.promoted { Exit::Done } else { Exit::RefusedByCheck }
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "promoted": self.promoted, "accuracy": self.accuracy, "accuracy_in_place": self.accuracy_in_place,
            "model_bytes": self.bytes,
        })
    }
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The seal of a line: the next one carries it.
fn sealed(line: &str) -> String {
    digest(&SHA256, line.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
