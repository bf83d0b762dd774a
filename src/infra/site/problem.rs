//! What is wrong with a site: each problem with its place, its source line and its remedy.

use std::fmt;

use serde::{Serialize, Serializer};

/// Whether a site with it may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
}

/// Kinds of problems; the names are stable, scripts may rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    BadSyntax,
    BadValue,
    Contradiction,
    Duplicate,
    EmptyQueue,
    EndlessLoop,
    Lapsed,
    MissingFile,
    MissingKey,
    OpenSecret,
    RemoteEngine,
    TooDeep,
    TooLarge,
    Unreachable,
    Unreadable,
    UnknownFile,
    UnknownKey,
    UnknownName,
    Untranslated,
    WrongType,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// One problem at one place. Line and column count from 1, column and length in characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Relative to the site's folder.
    pub file: String,
    pub line: usize,
    pub column: usize,
    pub length: usize,
    pub severity: Severity,
    pub code: Code,
    pub message: String,
    pub help: Option<String>,
    /// The line as it stands in the file, if there is one.
    #[serde(skip)]
    pub source: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// All problems of a site, in the order of files and lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    pub fn errors(&self) -> usize {
        self.count(Severity::Error)
    }

    pub fn warnings(&self) -> usize {
        self.count(Severity::Warning)
    }

    fn count(&self, severity: Severity) -> usize {
        self.0.iter().filter(|p| p.severity == severity).count()
    }
}

impl Serialize for Problems {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(&self.0)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the site has {} error(s); `tandem check` shows each with its place:", self.errors())?;
        self.0.iter().filter(|p| p.severity == Severity::Error).try_for_each(|p| writeln!(f, "  {p}"))
    }
}

impl std::error::Error for Problems {}
