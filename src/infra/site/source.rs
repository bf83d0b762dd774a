//! The files of a site as read, and places in them.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use aws_lc_rs::digest;
use smol_str::SmolStr;

use super::problem::{Code, Problem, Problems, Severity};

/// Larger than any site's file is by hand; what is larger is refused unread.
pub(super) const MAX_FILE: u64 = 1 << 20;

/// Longer lines are not shown: no hand wrote them, and each problem carries its line.
const MAX_SHOWN: usize = 4096;

/// Nobody reads further, and each costs a look through its file.
const MAX_PROBLEMS: usize = 1000;

/// A range of bytes in one of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub file: usize,
    pub start: usize,
    pub end: usize,
}

/// One file, or the place where a file should be.
#[derive(Debug)]
pub(super) struct Source {
    pub name: String,
    pub text: String,
}

/// All files, and what was found wrong in them so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    files: Vec<Source>,
    problems: Vec<(Place, Problem)>,
    hash: Vec<u8>,
}

impl Findings {
    /// Reads `name` below `root`; `None` when it is not there or is no readable text.
    pub fn read(&mut self, root: &Path, name: &str) -> Option<usize> {
        let file = self.files.len();
        let bytes = match read_bounded(&root.join(name), MAX_FILE) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                let place = self.absent(name);
                let (code, help) = match error.kind() {
                    io::ErrorKind::FileTooLarge => (Code::TooLarge, "split it, or remove what is no YAML"),
                    io::ErrorKind::PermissionDenied => {
                        (Code::Unreadable, "let the user that runs Tandem read it: chmod, chown")
                    }
                    _ => (Code::Unreadable, "it must be a regular, readable file"),
                };
                self.error(code, place, format!("{name} cannot be read: {error}"), help);
                return None;
            }
        };
        self.add_to_revision(name, &bytes);
        match String::from_utf8(bytes) {
            Ok(text) => {
                self.files.push(Source { name: name.to_owned(), text });
                Some(file)
            }
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                self.files.push(Source { name: name.to_owned(), text });
                self.error(
                    Code::BadSyntax,
                    Place { file, start: at, end: at + '\u{FFFD}'.len_utf8() },
                    format!("{name} is not UTF-8 from here on"),
                    "save it as UTF-8; for GBK: iconv -f GBK -t UTF-8",
                );
                None
            }
        }
    }

    /// A place in a file that is not there.
    pub fn absent(&mut self, name: &str) -> Place {
        self.files.push(Source { name: name.to_owned(), text: String::new() });
        Place { file: self.files.len() - 1, start: 0, end: 0 }
    }

    pub fn text(&self, file: usize) -> &str {
        &self.files[file].text
    }

    pub fn error(&mut self, code: Code, at: Place, message: impl Into<String>, help: impl Into<String>) {
        self.note(Severity::Error, code, at, message.into(), help.into());
    }

    pub fn warn(&mut self, code: Code, at: Place, message: impl Into<String>, help: impl Into<String>) {
        self.note(Severity::Warning, code, at, message.into(), help.into());
    }

    /// How many problems were found so far.
    pub fn count(&self) -> usize {
        self.problems.len()
    }

    /// Nothing more is noted.
    pub fn full(&self) -> bool {
        self.problems.len() >= MAX_PROBLEMS && self.has_errors()
    }

    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|(_, p)| p.severity == Severity::Error)
    }

    /// Where a place is, in words for another message.
    pub fn whereabouts(&self, at: Place) -> String {
        let (line, column, _) = self.line_of(at);
        format!("{}:{line}:{column}", self.files[at.file].name)
    }

    /// The line of a place, counted from 1.
    pub fn line(&self, at: Place) -> usize {
        self.line_of(at).0
    }

    /// What the file's bytes add to the name of this revision.
    pub fn add_to_revision(&mut self, name: &str, bytes: &[u8]) {
        for part in [name.as_bytes(), bytes] {
            self.hash.extend_from_slice(digest::digest(&digest::SHA256, part).as_ref());
        }
    }

    /// First 16 hex digits of SHA-256 over the names and contents of all files in the order read.
    pub fn revision(&self) -> SmolStr {
        let hash = digest::digest(&digest::SHA256, &self.hash);
        let short = hash.as_ref().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        SmolStr::new(format!("{short:016x}"))
    }

    pub fn into_problems(mut self) -> Problems {
        self.problems.sort_by_key(|(at, p)| (at.file, at.start, p.severity));
        Problems(self.problems.into_iter().map(|(_, p)| p).collect())
    }

    fn note(&mut self, severity: Severity, code: Code, at: Place, message: String, help: String) {
        if self.full() || (self.problems.len() >= MAX_PROBLEMS && severity == Severity::Warning) {
            return;
        }
        let (line, column, source) = self.line_of(at);
        let text = self.text(at.file);
        let rest = text.get(at.start.min(text.len())..at.end.min(text.len())).unwrap_or_default();
        let problem = Problem {
            file: self.files[at.file].name.clone(),
            line,
            column,
            length: rest.lines().next().map_or(0, |l| l.trim_end().chars().count()).max(1),
            severity,
            code,
            message,
            help: (!help.is_empty()).then_some(help),
            source,
        };
        self.problems.push((at, problem));
    }

    fn line_of(&self, at: Place) -> (usize, usize, Option<String>) {
        let text = self.text(at.file);
        let before = text.get(..at.start).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |i| i + 1);
        let line = text[start..].lines().next().unwrap_or_default();
        let number = before.matches('\n').count() + 1;
        let column = before[start..].chars().count() + 1;
        (number, column, (1..=MAX_SHOWN).contains(&line.len()).then(|| line.to_owned()))
    }
}

/// Reads a regular file of at most `limit` bytes.
pub(super) fn read_bounded(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let kind = fs::metadata(path)?;
    if !kind.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it is larger than {} KiB", limit >> 10),
        ));
    }
    Ok(bytes)
}
