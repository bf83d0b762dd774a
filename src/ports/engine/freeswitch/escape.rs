//! What may stand on the command line of the engine. Everything that Tandem sends is built here.
//!
//! Identities, numbers and keys are checked where they are made (`base::id`, `base::number`); texts from
//! callers and paths are not, so they pass through the functions of this file. The rule is a list of what is
//! allowed, not of what is dangerous: the engine's commands have too many meanings of `{ } [ ] < > ' , | : $ ^ &`.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use crate::{
    base::{
        detector::{GRAMMAR, MODULE, PARAM, VALUE, Words},
        number::Number,
    },
    ports::engine::Detector,
};

/// A text that the engine cannot be given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{what} {text:?} has characters that FreeSWITCH would misread; use letters, digits, '/', '.', '_', '-' only"
)]
pub struct Unspeakable {
    what: &'static str,
    text: String,
}

/// Some text for a display name within a dial string. Letters and digits of any script stay, and a few
/// harmless signs; the rest becomes a blank.
pub fn display(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|c| match c {
            '\'' => '\u{2019}',
            '.' | '-' | '_' => c,
            c if c.is_alphanumeric() => c,
            '\u{2019}' => c,
            _ => ' ',
        })
        .collect();
    clean.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A host name or address, as of the site's SIP domain.
pub fn domain(text: &str) -> Result<&str, Unspeakable> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    if !text.is_empty() && text.bytes().all(plain) {
        Ok(text)
    } else {
        Err(Unspeakable { what: "the SIP domain", text: text.into() })
    }
}

/// The argument of `playback` for files played one after the other.
pub fn playlist(files: &[PathBuf]) -> Result<String, Unspeakable> {
    let mut list = String::new();
    for file in files {
        list.push_str(if list.is_empty() { "" } else { "!" });
        list.push_str(sound(file)?);
    }
    Ok(if files.len() > 1 { format!("file_string://{list}") } else { list })
}

/// A file that is played or written.
pub fn sound(file: &Path) -> Result<&str, Unspeakable> {
    path("the folder of prompts or recordings", file)
}

fn path<'a>(what: &'static str, path: &'a Path) -> Result<&'a str, Unspeakable> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
    match path.to_str() {
        Some(text) if path.is_absolute() && text.chars().all(plain) => Ok(text.trim_end_matches('/')),
        _ => Err(Unspeakable { what, text: path.display().to_string() }),
    }
}

/// A source of music as the engine's own configuration names it: a file, a stream, a tone.
pub fn music(text: &str) -> Option<&str> {
    let plain = |c: char| c.is_alphanumeric() || "/.-_:%(),;=+".contains(c);
    let text = text.trim();
    (!text.is_empty() && text.chars().all(plain)).then_some(text)
}

/// The argument of `detect_speech` by which a recogniser begins. Silence is counted by the conversation, so the recogniser's
/// own clock does not run unless the site wants it to.
pub fn detector(by: &Detector) -> Result<String, Unspeakable> {
    let word = |words: Words, text: &str| {
        let what = "the engine's recogniser";
        if words.allows(text) { Ok(()) } else { Err(Unspeakable { what, text: text.into() }) }
    };
    let Detector { module, grammar, profile, params, .. } = by;
    word(MODULE, module)?;
    word(GRAMMAR, grammar)?;
    let mut told = String::new();
    if !params.contains_key("start-input-timers") {
        told.push_str("start-input-timers=false");
    }
    for (name, value) in params {
        word(PARAM, name)?;
        word(VALUE, value)?;
        let comma = if told.is_empty() { "" } else { "," };
        let _ = write!(told, "{comma}{name}={value}");
    }
    let mut line = format!("{module} {{{told}}}{grammar} tandem");
    if let Some(profile) = profile {
        word(MODULE, profile)?;
        let _ = write!(line, " {profile}");
    }
    Ok(line)
}

/// The password of the event socket, if it can be sent at all.
pub fn password(text: &str) -> Option<&str> {
    (!text.is_empty() && !text.contains(['\r', '\n', '\0'])).then_some(text)
}

/// The variables of a dial string, `{name=value,…}`.
#[derive(Debug)]
pub struct Variables(String);

impl Variables {
    pub fn new() -> Self {
        Self(String::from("{"))
    }

    /// A value that cannot hold anything but letters, digits, `.`, `_`, `-`.
    pub fn word(self, name: &'static str, value: &str) -> Self {
        let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let value: String = value.chars().filter(plain).collect();
        self.put(name, &value)
    }

    pub fn number(self, name: &'static str, value: &Number) -> Self {
        self.put(name, value.as_str())
    }

    /// A text from anywhere; see [`display`].
    pub fn text(self, name: &'static str, value: &str) -> Self {
        let quoted = format!("'{}'", display(value));
        self.put(name, &quoted)
    }

    /// Offers more than what the caller speaks, unless that is only passed on (`tandem_mix` of the caller).
    pub fn mixing_as_the_caller(self) -> Self {
        self.put("media_mix_inbound_outbound_codecs", "${tandem_mix}")
    }

    /// A place in our dialplan.
    pub fn place(self, name: &'static str, extension: &'static str, context: &'static str) -> Self {
        self.put(name, &format!("{extension}:XML:{context}"))
    }

    /// Asks a phone to answer by itself, in the two ways that phones know.
    pub fn answers_by_itself(self, domain: &str) -> Self {
        self.put("sip_h_Call-Info", &format!("<sip:{domain}>;answer-after=0"))
            .put("sip_h_Alert-Info", &format!("<http://{domain}>;info=alert-autoanswer;delay=0"))
    }

    fn put(mut self, name: &'static str, value: &str) -> Self {
        let comma = if self.0.len() > 1 { "," } else { "" };
        let _ = write!(self.0, "{comma}{name}={value}");
        self
    }

    /// Closes the block and appends whom to dial.
    pub fn dial(self, endpoint: &str) -> String {
        format!("{}}}{endpoint}", self.0)
    }
}

/// One message to the engine: a command line and headers. Whatever comes in, CR, LF and NUL do not get out.
#[derive(Debug)]
pub struct Message(Vec<u8>);

impl Message {
    pub fn new(line: &str) -> Self {
        let mut message = Self(Vec::with_capacity(256));
        message.put(line);
        message.0.push(b'\n');
        message
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.put(name);
        self.0.extend_from_slice(b": ");
        self.put(value);
        self.0.push(b'\n');
        self
    }

    fn put(&mut self, text: &str) {
        self.0.extend(text.bytes().filter(|b| !matches!(b, b'\r' | b'\n' | 0)));
    }

    pub fn bytes(mut self) -> Vec<u8> {
        self.0.push(b'\n');
        self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_people_stay_readable() {
        assert_eq!(display("O'Brien, Zoë"), "O\u{2019}Brien Zoë");
        assert_eq!(display("王小明 13800"), "王小明 13800");
        assert_eq!(display("${strftime()}'},loopback/9999"), "strftime \u{2019} loopback 9999");
    }

    #[test]
    fn a_folder_that_the_engine_would_misread_is_refused_with_the_remedy() {
        assert!(playlist(&["/var/a!b/0707.wav".into()]).is_err());
        assert!(playlist(&["relative/0707.wav".into()]).is_err());
        let file = PathBuf::from("/var/lib/t/0707.wav");
        let two = playlist(&[file.clone(), file]).expect("plain");
        assert!(two.starts_with("file_string:///var/lib/t/0707"), "{two}");
        assert_eq!(two.matches('!').count(), 1);
    }

    proptest! {
        #[test]
        fn no_text_adds_a_line_to_a_message(line in any::<String>(), value in any::<String>()) {
            let bytes = Message::new(&line).header("x", &value).bytes();
            prop_assert_eq!(bytes.iter().filter(|b| **b == b'\n').count(), 3);
            prop_assert!(!bytes.contains(&0) && !bytes.contains(&b'\r'));
        }

        #[test]
        fn no_text_ends_a_value_of_a_dial_string(name in any::<String>(), word in any::<String>()) {
            let dial = Variables::new().text("n", &name).word("w", &word).dial("user/1@x");
            let inner = dial.strip_prefix("{n='").and_then(|d| d.strip_suffix("}user/1@x")).expect("frame");
            let (text, rest) = inner.split_once("',w=").expect("quote");
            let special = text.chars().find(|c| c.is_ascii() && !c.is_ascii_alphanumeric() && !" .-_".contains(*c));
            prop_assert_eq!(special, None);
            prop_assert!(rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)));
        }

        #[test]
        fn no_folder_adds_a_file(folder in "[ -~]{0,40}") {
            if let Ok(list) = playlist(&[Path::new(&folder).join("0101.wav")]) {
                let special = list.chars().find(|c| !c.is_ascii_alphanumeric() && !"/.-_".contains(*c));
                prop_assert_eq!(special, None);
            }
        }
    }
}
