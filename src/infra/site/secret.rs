//! Secrets: one file each, mode 0600, never in the YAML. What is not there yet is made at the first start.
//!
//! A credential of systemd stands in a file's place: `secrets/engine` is the credential `tandem.engine`. It is in
//! memory, only this service can read it, and it may have been encrypted on the disk.

use std::{
    env,
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown},
    path::{Path, PathBuf},
};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret, SecretString};

use super::{
    decode::{self, shorten},
    model::Site,
    pin,
    problem::Code,
    source::{Findings, Place, read_bounded},
    tree::Node,
};

/// A password is no longer, and a key of somebody else's service.
const LONGEST: usize = 128;
const LONGEST_KEY: usize = 1024;

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("{path} can be read by others (mode {mode:o}): chmod 600 {path}", path = .path.display())]
    Open { path: PathBuf, mode: u32 },
    #[error(
        "{path} must hold one line of 1 to {longest} visible ASCII characters: write the password there and nothing else",
        path = .path.display()
    )]
    Content { path: PathBuf, longest: usize },
    #[error(
        "{path} cannot be {act}: {error}; the user that runs Tandem must own {path} and its folder",
        path = .path.display()
    )]
    Io { path: PathBuf, act: &'static str, error: io::Error },
}

/// The credential that stands in the place of a secret file, if the service was given one.
fn credential(path: &Path) -> Option<PathBuf> {
    let folder = env::var_os("CREDENTIALS_DIRECTORY").filter(|folder| !folder.is_empty())?;
    let given = Path::new(&folder).join(credential_name(path)?);
    given.is_file().then_some(given)
}

/// `…/secrets/phones/1001` is `tandem.phones.1001`.
fn credential_name(path: &Path) -> Option<String> {
    let parts: Vec<&str> = path.iter().map(|part| part.to_str()).collect::<Option<_>>()?;
    let folder = parts.iter().rposition(|part| *part == "secrets");
    let below = folder.map_or(&parts[parts.len().checked_sub(1)?..], |at| &parts[at + 1..]);
    (!below.is_empty()).then(|| format!("tandem.{}", below.join(".")))
}

/// The secret in `path`, or in the credential for it. Refused when others can read the file.
pub fn read(path: &Path) -> Result<SecretString, SecretError> {
    read_word(path, LONGEST)
}

/// The same of a key that somebody else made, which may be longer.
pub fn read_key(path: &Path) -> Result<SecretString, SecretError> {
    read_word(path, LONGEST_KEY)
}

fn read_word(path: &Path, longest: usize) -> Result<SecretString, SecretError> {
    let given = credential(path);
    // A credential's mode is systemd's: its access list looks like a group's right.
    if let Some(mode) = given.as_ref().map_or_else(|| open_mode(path), |_| None) {
        return Err(SecretError::Open { path: path.to_owned(), mode });
    }
    let path = given.as_deref().unwrap_or(path);
    let bytes = read_bounded(path, 4096).map_err(|error| io_error(path, "read", error))?;
    let content = || SecretError::Content { path: path.to_owned(), longest };
    let text = String::from_utf8(bytes).map_err(|_| content())?;
    let word = text.trim_end_matches(['\n', '\r']);
    if (1..=longest).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(SecretString::from(word.to_owned()))
    } else {
        Err(content())
    }
}

/// The secret in `path`, if there is such a file.
pub fn read_if_there(path: &Path) -> Result<Option<SecretString>, SecretError> {
    match read(path) {
        Err(SecretError::Io { error, .. }) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// The secret in `path`, or another one where there is none yet: for a look ahead.
pub fn read_or_invent(path: &Path) -> Result<SecretString, SecretError> {
    Ok(read_if_there(path)?.unwrap_or_else(|| SecretString::from(random_word())))
}

/// The site's secret files that are not there yet.
pub fn missing(site: &Site) -> Vec<&Path> {
    let mut paths: Vec<&Path> = words(site).chain(pins(site)).collect();
    paths.sort_unstable();
    paths.dedup();
    let none = |path: &Path| fs::symlink_metadata(path).is_err_and(|e| e.kind() == io::ErrorKind::NotFound);
    paths.retain(|path| none(path) && credential(path).is_none());
    paths
}

/// Files with passwords.
fn words(site: &Site) -> impl Iterator<Item = &Path> {
    let phones = site.extensions.values().map(|e| e.secret_file.as_path());
    phones.chain([site.engine.password_file.as_path()])
}

/// Files with PINs, which are keyed in at a telephone.
fn pins(site: &Site) -> impl Iterator<Item = &Path> {
    let mailboxes = site.extensions.values().filter_map(|e| Some(e.mailbox.as_ref()?.pin_file.as_path()));
    mailboxes.chain(site.dialing.conferences.values().filter_map(|c| c.pin_file.as_deref()))
}

/// Makes every secret that is not there: 24 random characters, a PIN 6 random digits; mode 0600. Returns how many.
pub fn make_missing(site: &Site) -> Result<usize, SecretError> {
    let paths = missing(site);
    for path in &paths {
        if let Some(folder) = path.parent() {
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|error| io_error(path, "made", error))?;
        }
        // A file that is both would be a password that anybody can guess.
        let pin = pins(site).any(|p| p == *path) && !words(site).any(|p| p == *path);
        let mut word = if pin { random_pin() } else { random_word() };
        word.push('\n');
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .and_then(|mut file| file.write_all(word.as_bytes()))
            .map_err(|error| io_error(path, "made", error))?;
        as_folder(path).map_err(|error| io_error(path, "given away", error))?;
    }
    Ok(paths.len())
}

/// Root makes a secret for whoever owns its folder: the daemon is somebody else.
fn as_folder(path: &Path) -> io::Result<()> {
    let (Some(folder), true) = (path.parent(), nix::unistd::geteuid().is_root()) else { return Ok(()) };
    let folder = fs::metadata(folder)?;
    chown(path, Some(folder.uid()), Some(folder.gid()))
}

/// 120 random bits in letters and digits that nobody mistakes for one another.
fn random_word() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";
    let mut bytes = [0u8; 24];
    SystemRandom::new().fill(&mut bytes).expect("the kernel gives random bytes");
    bytes.iter().map(|b| char::from(LETTERS[usize::from(b & 31)])).collect()
}

/// Six digits, each as likely as any other.
fn random_pin() -> String {
    let mut pin = String::new();
    while pin.len() < 6 {
        let mut byte = [0u8; 1];
        SystemRandom::new().fill(&mut byte).expect("the kernel gives random bytes");
        if byte[0] < 250 {
            pin.push(char::from(b'0' + byte[0] % 10));
        }
    }
    pin
}

fn io_error(path: &Path, act: &'static str, error: io::Error) -> SecretError {
    SecretError::Io { path: path.to_owned(), act, error }
}

/// The mode of a file that others than its owner can read.
fn open_mode(path: &Path) -> Option<u32> {
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o7777;
    (mode & 0o077 != 0).then_some(mode)
}

/// The secret file that a key names.
pub(super) fn place(root: &Path, node: &Node, example: &str, to: &mut Findings) -> Option<PathBuf> {
    let text = named(node, example, to)?;
    checked(root.join(text), text, node.place, LONGEST, to)
}

/// The same of a key that somebody else made.
pub(super) fn key_place(root: &Path, node: &Node, example: &str, to: &mut Findings) -> Option<PathBuf> {
    let text = named(node, example, to)?;
    checked(root.join(text), text, node.place, LONGEST_KEY, to)
}

/// A file of the site that holds more than a word: a certificate, or its key, which nobody else may read.
pub(super) fn file(
    root: &Path,
    node: Option<&Node>,
    at: Place,
    (name, private): (&str, bool),
    to: &mut Findings,
) -> Option<PathBuf> {
    let (name, at) = match node {
        Some(node) => (named(node, name, to)?, node.place),
        None => (name, at),
    };
    let path = root.join(name);
    if let Some(given) = credential(&path) {
        return Some(given);
    }
    if let Some(mode) = open_mode(&path).filter(|_| private) {
        let message = format!("{name} can be read by others (mode {mode:04o})");
        to.error(Code::OpenSecret, at, message, format!("chmod 600 {}", path.display()));
        return None;
    }
    Some(path)
}

fn named<'a>(node: &'a Node, example: &str, to: &mut Findings) -> Option<&'a str> {
    let text = decode::scalar(node, example, to)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/');
    if text.len() > 256 || !text.bytes().all(plain) || Path::new(text).file_name().is_none() {
        let message = format!("`{}` is no name of a secret file", shorten(text));
        let help = format!("the secret itself never stands here: name a file, like `{example}`");
        to.error(Code::BadValue, node.place, message, help);
        return None;
    }
    Some(text)
}

/// The secret file where no key names one.
pub(super) fn default(root: &Path, name: &str, at: Place, to: &mut Findings) -> Option<PathBuf> {
    checked(root.join(name), name, at, LONGEST, to)
}

/// The file of a PIN, whether a key names it or not.
pub(super) fn pin_file(
    root: &Path,
    node: Option<&Node>,
    at: Place,
    example: &str,
    to: &mut Findings,
) -> Option<PathBuf> {
    let (name, at) = match node {
        Some(node) => (named(node, example, to)?, node.place),
        None => (example, at),
    };
    let path = checked(root.join(name), name, at, LONGEST, to)?;
    let keyed = |word: &str| pin::DIGITS.contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit());
    if read(&path).is_ok_and(|word| !keyed(word.expose_secret())) {
        let message = format!("{name} holds no PIN");
        let help = format!(
            "one line of {} to {} digits, or remove it to have a new one",
            pin::DIGITS.start(),
            pin::DIGITS.end()
        );
        to.error(Code::BadValue, at, message, help);
        return None;
    }
    Some(path)
}

fn checked(path: PathBuf, name: &str, at: Place, longest: usize, to: &mut Findings) -> Option<PathBuf> {
    if let Some(mode) = open_mode(&path) {
        let message = format!("{name} can be read by others (mode {mode:04o})");
        to.error(Code::OpenSecret, at, message, format!("chmod 600 {}", path.display()));
        return None;
    }
    match read_word(&path, longest) {
        Ok(_) => Some(path),
        Err(SecretError::Io { error, .. }) if error.kind() == io::ErrorKind::NotFound => Some(path),
        Err(SecretError::Content { .. }) => {
            let message = format!("{name} holds no usable secret");
            let help = format!("one line of 1 to {longest} visible ASCII characters");
            to.error(Code::BadValue, at, message, help);
            None
        }
        Err(error) => {
            to.error(
                Code::Unreadable,
                at,
                error.to_string(),
                "check its owner, or remove it to have a new one",
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_file_has_the_name_of_one_credential() {
        for (path, name) in [
            ("/etc/tandem/site/secrets/engine", Some("tandem.engine")),
            ("/etc/tandem/site/secrets/phones/1001", Some("tandem.phones.1001")),
            ("/srv/secrets/site/secrets/store", Some("tandem.store")),
            ("/etc/tandem/site/keys/http.key", Some("tandem.http.key")),
            ("/etc/tandem/site/secrets", None),
            ("", None),
        ] {
            assert_eq!(credential_name(Path::new(path)).as_deref(), name, "{path}");
        }
    }
}
