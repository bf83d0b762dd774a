//! Reads the house's source as text: what is code, what is test, and which paths are named where.

use std::{fs, path::Path};

/// One source file without its tests.
pub struct Source {
    /// Relative to the crate's root, such as `src/live/call/model.rs`.
    pub file: String,
    /// As it stands, without tests.
    pub raw: String,
    /// Comments blanked; strings kept.
    pub code: String,
    /// Comments and strings blanked.
    pub bare: String,
}

/// A path that the code names, from the crate's root: `live::call::Call`.
pub struct Named {
    pub line: usize,
    pub path: Vec<String>,
}

impl Source {
    pub fn new(file: &str, text: &str) -> Self {
        let raw = without_tests(text);
        let (code, bare) = (blank(&raw, false), blank(&raw, true));
        Self { file: file.to_owned(), raw, code, bare }
    }

    /// The module that this file is: `["live", "call", "model"]`.
    pub fn module(&self) -> Vec<String> {
        let inner = self.file.trim_start_matches("src/").trim_end_matches(".rs");
        match inner {
            "lib" => Vec::new(),
            inner => inner.split('/').map(str::to_owned).collect(),
        }
    }

    /// All paths that begin with `crate`, `self`, `super`, or, in `main.rs`, with the crate's name.
    pub fn named(&self) -> Vec<Named> {
        let tokens = tokens(&self.bare);
        let mut found = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            let starts = matches!(tokens[at].1.as_str(), "crate" | "self" | "super" | "tandem")
                && tokens.get(at + 1).is_some_and(|next| next.1 == "::")
                && (at == 0 || tokens[at - 1].1 != "::");
            at = if starts { self.tree(&tokens, at, &[], &mut found) } else { at + 1 };
        }
        found
    }

    /// Follows one path or tree of paths; returns where it ends.
    fn tree(&self, tokens: &[Token], from: usize, prefix: &[String], found: &mut Vec<Named>) -> usize {
        let mut path = prefix.to_vec();
        let mut at = from;
        let line = tokens[from].0;
        while let Some((_, token)) = tokens.get(at) {
            match token.as_str() {
                "crate" => path.clear(),
                "tandem" if self.file == "src/main.rs" && path.is_empty() => {}
                "self" if path.is_empty() => path = self.module(),
                "self" => {}
                "super" if path.is_empty() => {
                    path = self.module();
                    path.pop();
                }
                "super" => drop(path.pop()),
                "{" => return self.group(tokens, at + 1, &path, found),
                word if is_word(word) => path.push(word.to_owned()),
                _ => break,
            }
            at += 1;
            if tokens.get(at).is_some_and(|next| next.1 == "::") { at += 1 } else { break }
        }
        found.push(Named { line, path });
        at
    }

    fn group(&self, tokens: &[Token], from: usize, prefix: &[String], found: &mut Vec<Named>) -> usize {
        let mut at = from;
        while let Some((_, token)) = tokens.get(at) {
            match token.as_str() {
                "}" => return at + 1,
                word if is_word(word) => at = self.tree(tokens, at, prefix, found),
                _ => at += 1,
            }
        }
        at
    }
}

/// Every Rust file below `src`.
pub fn house() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    walk(&root.join("src"), root, &mut sources);
    sources.sort_by(|a, b| a.file.cmp(&b.file));
    assert!(sources.len() > 20, "the house is not where it is looked for");
    sources
}

fn walk(folder: &Path, root: &Path, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            // A folder `tests` is the test half of the room beside it.
            if path.file_name().is_some_and(|name| name != "tests") {
                walk(&path, root, sources);
            }
        } else if path.extension().is_some_and(|ext| ext == "rs")
            && path.file_name().is_some_and(|name| name != "tests.rs")
        {
            let file = path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned();
            sources.push(Source::new(&file, &fs::read_to_string(&path).expect("text")));
        }
    }
}

/// The text without items under `#[cfg(test)]` in the first column; line numbers stay.
fn without_tests(text: &str) -> String {
    let mut kept = String::new();
    let (mut waiting, mut inside) = (false, false);
    for line in text.lines() {
        if line.starts_with("#[cfg(test)]") {
            waiting = true;
        } else if waiting && !line.starts_with("#[") {
            waiting = false;
            inside = line.ends_with('{');
        } else if inside {
            inside = !line.starts_with('}');
        } else if !waiting {
            kept.push_str(line);
        }
        kept.push('\n');
    }
    kept.truncate(kept.trim_end().len());
    kept
}

/// Blanks comments, and strings too if told so; newlines stay.
fn blank(text: &str, strings: bool) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let (end, hide) = match chars[at] {
            '/' if chars.get(at + 1) == Some(&'/') => (find(&chars, at, |c, _| c == '\n'), true),
            '/' if chars.get(at + 1) == Some(&'*') => (after_comment(&chars, at), true),
            '"' => (after_string(&chars, at), strings),
            'r' if raw_string(&chars, at).is_some() => (raw_string(&chars, at).unwrap_or(at + 1), strings),
            '\'' if chars.get(at + 1) == Some(&'\\') => (find(&chars, at + 3, |c, _| c == '\'') + 1, strings),
            '\'' if chars.get(at + 2) == Some(&'\'') => (at + 3, strings),
            _ => (at + 1, false),
        };
        let end = end.min(chars.len());
        out.extend(chars[at..end].iter().map(|c| if hide && *c != '\n' { ' ' } else { *c }));
        at = end;
    }
    out
}

fn find(chars: &[char], from: usize, stop: impl Fn(char, usize) -> bool) -> usize {
    (from..chars.len()).find(|at| stop(chars[*at], *at)).unwrap_or(chars.len())
}

fn after_comment(chars: &[char], from: usize) -> usize {
    let (mut depth, mut at) = (0, from);
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

fn after_string(chars: &[char], from: usize) -> usize {
    let mut at = from + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// Where the raw string that begins here ends, if one begins here.
fn raw_string(chars: &[char], from: usize) -> Option<usize> {
    let before = from.checked_sub(1).map(|at| chars[at]);
    if before.is_some_and(|c| c.is_alphanumeric() || c == '_') && before != Some('b') {
        return None;
    }
    let hashes = chars[from + 1..].iter().take_while(|c| **c == '#').count();
    let open = from + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return None;
    }
    let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let end = (open + 1..chars.len()).find(|at| chars[*at..].starts_with(&close))?;
    Some(end + close.len())
}

/// A token and its line, from 1.
pub type Token = (usize, String);

/// Words, `::`, and single characters.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let length = match first {
                _ if word > 0 => word,
                ':' if rest.starts_with("::") => 2,
                _ => first.len_utf8(),
            };
            if !first.is_whitespace() {
                tokens.push((index + 1, rest[..length].to_owned()));
            }
            rest = &rest[length..];
        }
    }
    tokens
}

pub fn is_word(token: &str) -> bool {
    token.chars().all(|c| c.is_alphanumeric() || c == '_')
}
