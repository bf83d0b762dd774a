//! What may stand in Asterisk's configuration files, and how our part meets what an admin wrote there.

use std::{borrow::Cow, path::Path};

use crate::{
    base::id::Name,
    provision::{
        BlockError, Comment, RenderError,
        block::{self, Split},
        render::unfit,
    },
};

/// Sections that exist once; ours adds to the admin's. All others must be ours alone.
const SHARED: [&str; 3] = ["general", "globals", "modules"];

/// A value after `key =`: one line, `;` escaped, nothing that Asterisk would trim away.
pub(super) fn ini(value: &str, what: &str, file: &'static str) -> Result<String, RenderError> {
    let why = if value.is_empty() || value.len() > 1000 {
        "it must have 1 to 1000 bytes"
    } else if value.chars().any(char::is_control) {
        "it contains a control character"
    } else if value.trim() != value {
        "it begins or ends with a blank"
    } else if value.contains("\\;") {
        "a backslash before a semicolon is lost on Asterisk"
    } else {
        return Ok(value.replace(';', "\\;"));
    };
    Err(unfit(what, why, file))
}

/// A name in square brackets.
pub(super) fn section(value: &str, what: &str) -> Result<String, RenderError> {
    match Name::new(value) {
        Ok(name) if value != "general" => Ok(name.to_string()),
        _ => {
            Err(unfit(what, "letters, digits, '.', '_' and '-' are allowed, and not `general`", "site.yaml"))
        }
    }
}

/// A path on a line of its own.
pub(super) fn path(path: &Path) -> Result<String, RenderError> {
    const FILE: &str = "site.yaml or the command line";
    let text = path.to_str().ok_or_else(|| unfit(&path.display().to_string(), "it is not UTF-8", FILE))?;
    if text.contains('|') || text.contains(',') {
        return Err(unfit(text, "a path with ',' or '|' cannot be told to Asterisk", FILE));
    }
    ini(text, text, FILE)
}

/// A display name between quotation marks: what could end it becomes a blank.
pub(super) fn quoted(name: &str) -> String {
    let fit = |c: char| if c.is_control() || matches!(c, '"' | '\\' | ';' | '<' | '>') { ' ' } else { c };
    name.chars().take(80).map(fit).collect::<String>().trim().to_owned()
}

/// Our text beside what stands: sections that exist once are written as additions, any other that both have is
/// refused, since Asterisk would take one of them and not say which.
pub fn join(standing: &[u8], text: &str) -> Result<String, BlockError> {
    let Split { above, block, below } = block::split(standing, Comment::Semicolon)?;
    let lines = |bytes: &[u8]| bytes.split(|b| *b == b'\n').count().saturating_sub(1);
    let offset = lines(above) + block.map_or(0, |block| lines(block) + 2);
    let ours: Vec<&str> = text.lines().filter_map(head).collect();
    let (first, last) = (sections(above), sections(below));
    let mut shared = Vec::new();
    for (line, section) in &first {
        if SHARED.contains(&section.as_str()) {
            shared.push(section.as_str());
        } else if ours.contains(&section.as_str()) {
            return Err(BlockError::Clash { line: *line, section: section.clone() });
        }
    }
    for (line, section) in &last {
        let (line, section) = (offset + line, section.clone());
        if ours.contains(&section.as_str()) {
            return Err(if SHARED.contains(&section.as_str()) {
                BlockError::Below { line, section }
            } else {
                BlockError::Clash { line, section }
            });
        }
    }
    let add = |line: &str| match head(line) {
        Some(section) if shared.contains(&section) => format!("[{section}](+)\n"),
        _ => format!("{line}\n"),
    };
    Ok(text.lines().map(add).collect())
}

/// The section that a line opens.
pub(super) fn head(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix('[')?.split_once(']').map(|(name, _)| name)
}

/// Sections with their lines, comments left out.
fn sections(bytes: &[u8]) -> Vec<(usize, String)> {
    let text: Cow<str> = String::from_utf8_lossy(bytes);
    let mut commented = false;
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if commented || line.trim_start().starts_with(";--") {
            commented = !line.contains("--;");
        } else if let Some(section) = head(line).filter(|_| !line.contains("](+")) {
            found.push((index + 1, section.to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_that_exists_once_is_added_to_and_any_other_is_refused() {
        let ours = "[general]\nenabled = yes\n[1001]\ntype = endpoint\n";
        let theirs = b"; [1001]\n;--\n[1001]\n--;\n[general]\nenabled = no\n[other](+)\n";
        let joined = join(theirs, ours).expect("fits");
        assert_eq!(joined, "[general](+)\nenabled = yes\n[1001]\ntype = endpoint\n");
        assert_eq!(join(b"", ours).expect("fits"), ours);
        let clash = BlockError::Clash { line: 2, section: "1001".into() };
        assert_eq!(join(b"[a]\n[1001](!)\n", ours), Err(clash));
        let marks = b"x = 1\n; BEGIN TANDEM\n[general]\n; END TANDEM\n\n[general]\n";
        assert_eq!(join(marks, ours), Err(BlockError::Below { line: 6, section: "general".into() }));
    }
}
