//! What changes in a file, line by line, with every secret hidden.

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use similar::{ChangeTag, TextDiff};

/// What stands for a secret.
const HIDDEN: &str = "•••";
/// Lines shown around a change.
const AROUND: usize = 3;
/// Keys end like this whose value is nobody's business.
const SECRET_KEYS: [&str; 7] = ["password", "passwd", "secret", "pass", "cred", "a1-hash", "pin"];

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// `@@ -1,3 +1,4 @@`
    Head,
    Same,
    Gone,
    New,
}

/// A line of a unified diff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    pub side: Side,
    pub text: String,
}

impl Line {
    /// The sign that a unified diff puts before it.
    pub fn sign(&self) -> &'static str {
        match self.side {
            Side::Head => "",
            Side::Same => " ",
            Side::Gone => "-",
            Side::New => "+",
        }
    }
}

/// The changed places of a text with their surroundings. The comparison sees secrets, its outcome does not.
pub fn hunks(before: &[u8], after: &[u8], secrets: &[SecretString]) -> Vec<Line> {
    let (before, after) = (String::from_utf8_lossy(before), String::from_utf8_lossy(after));
    let diff = TextDiff::from_lines(before.as_ref(), after.as_ref());
    // By the lines as they are compared: a lone carriage return ends one, too.
    let keys = [in_keys(diff.old_slices()), in_keys(diff.new_slices())];
    let mut lines = Vec::new();
    for hunk in diff.unified_diff().context_radius(AROUND).iter_hunks() {
        lines.push(Line { side: Side::Head, text: hunk.header().to_string() });
        for change in hunk.iter_changes() {
            let side = match change.tag() {
                ChangeTag::Equal => Side::Same,
                ChangeTag::Delete => Side::Gone,
                ChangeTag::Insert => Side::New,
            };
            let places = [change.old_index(), change.new_index()];
            let key = places.iter().zip(&keys).any(|(at, keys)| at.is_some_and(|at| keys[at]));
            let line = change.value().trim_end_matches(['\n', '\r']);
            let text = if key { HIDDEN.to_owned() } else { hide(line, secrets) };
            lines.push(Line { side, text });
        }
    }
    lines
}

/// Which lines are within a private key in PEM. One that has no end goes on to the end.
fn in_keys(lines: &[&str]) -> Vec<bool> {
    let mut within = false;
    let keys = lines.iter().map(|line| {
        let mark = line.contains("PRIVATE KEY-----");
        within = if mark { line.contains("-----BEGIN ") } else { within };
        within && !mark
    });
    keys.collect()
}

/// A line without secrets: those that we know wherever they stand, and the values of keys that name one.
fn hide(line: &str, secrets: &[SecretString]) -> String {
    let mut line = line.to_owned();
    for secret in secrets.iter().map(ExposeSecret::expose_secret).filter(|secret| secret.len() >= 4) {
        line = line.replace(secret, HIDDEN);
    }
    let names = |key: &str| SECRET_KEYS.iter().any(|end| key.trim().to_ascii_lowercase().ends_with(end));
    if let Some((head, value)) = line.split_once("value=\"")
        && let Some((_, name)) = head.split_once("name=\"")
        && names(name.split('"').next().unwrap_or_default())
    {
        let tail = value.split_once('"').map_or("", |(_, tail)| tail);
        return format!("{head}value=\"{HIDDEN}\"{tail}");
    }
    match line.split_once('=') {
        Some((key, value)) if names(key.trim_start_matches([';', ' ', '\t'])) && !value.trim().is_empty() => {
            format!("{key}= {HIDDEN}")
        }
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: &str, after: &str, secrets: &[&str]) -> String {
        let secrets: Vec<SecretString> =
            secrets.iter().map(|s| SecretString::from((*s).to_owned())).collect();
        let lines = hunks(before.as_bytes(), after.as_bytes(), &secrets);
        lines.iter().map(|line| format!("{}{}\n", line.sign(), line.text)).collect()
    }

    #[test]
    fn a_changed_line_is_shown_with_its_surroundings() {
        let before: String = (1..=9).map(|n| format!("line {n}\n")).collect();
        let after = before.replace("line 6", "line six");
        let diff =
            "@@ -3,7 +3,7 @@\n line 3\n line 4\n line 5\n-line 6\n+line six\n line 7\n line 8\n line 9\n";
        assert_eq!(shown(&before, &after, &[]), diff);
        assert_eq!(shown(&before, &before, &[]), "");
    }

    #[test]
    fn no_line_of_a_private_key_is_shown_old_or_new() {
        let pem = |kind: &str, text: &str| format!("-----BEGIN {kind}-----\n{text}-----END {kind}-----\n");
        let of = |name: &str| {
            let lines: String = (0..12).map(|line| format!("{name}{line}\n")).collect();
            pem("CERTIFICATE", "MIIB\n") + &pem("EC PRIVATE KEY", &lines) + "after\n"
        };
        // So long that no hunk has the line with which the key begins.
        let diff = shown(&of("old").replace("old6", "same6"), &of("old").replace("old6", "mine6"), &[]);
        assert!(diff.starts_with("@@") && !diff.contains("BEGIN"), "{diff}");
        assert!(!["old", "same", "mine"].iter().any(|word| diff.contains(word)), "{diff}");
        let diff = shown("after\n", &of("new"), &[]);
        assert!(diff.contains("+MIIB") && diff.contains(" after") && !diff.contains("new"), "{diff}");
    }

    #[test]
    fn a_lone_carriage_return_neither_shows_a_key_nor_loses_a_line() {
        let key = "-----BEGIN EC PRIVATE KEY-----\nfirst\nlast\n-----END EC PRIVATE KEY-----\n";
        let text = |end: &str| format!("; by hand\r; and\r; so on\n{key}{end}\n");
        let diff = shown(&text("old"), &text("new"), &[]);
        assert!(diff.contains("-old\n+new") && !diff.contains("first") && !diff.contains("last"), "{diff}");
    }

    #[test]
    fn no_secret_is_shown_old_or_new_ours_or_the_admins() {
        let before =
            "password = old123\n<param name=\"vm-password\" value=\"4711xx\"/>\n;secret=abcd1\nx = y\n";
        let after =
            "password = hunter2\nuser = hunter2\n<param name=\"a1-hash\" value=\"feed1\" x=\"1\"/>\nx = y\n";
        let diff = shown(before, after, &["hunter2"]);
        for secret in ["old123", "4711xx", "abcd1", "hunter2", "feed1"] {
            assert!(!diff.contains(secret), "{secret} in {diff}");
        }
        assert!(
            diff.contains("+user = •••")
                && diff.contains("value=\"•••\" x=\"1\"/>")
                && diff.contains(" x = y")
        );
    }
}
