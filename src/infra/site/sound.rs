//! Recordings that a flow plays.

use std::path::{Path, PathBuf};

use super::{
    decode::{self, shorten},
    problem::Code,
    source::{Findings, read_bounded},
    tree::Node,
};
use crate::base::wav::Wav;

/// Half an hour at 8 kHz.
const MAX_SOUND: u64 = 32 << 20;

/// The absolute path of a recording that is there and can be played.
pub(super) fn recording(root: &Path, node: &Node, to: &mut Findings) -> Option<PathBuf> {
    let text = decode::scalar(node, "sounds/jingle.wav", to)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/');
    if text.len() > 256 || !text.bytes().all(plain) || text.split('/').any(|part| part == "..") {
        let message = format!("`{}` is no name of a recording", shorten(text));
        let help = "a path below the site's folder of letters, digits, `.`, `_`, `-`: `sounds/jingle.wav`";
        to.error(Code::BadValue, node.place, message, help);
        return None;
    }
    let path = root.join(text);
    let bytes = match read_bounded(&path, MAX_SOUND) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let message = format!("there is no file {text}");
            to.error(
                Code::MissingFile,
                node.place,
                message,
                "put the recording there, below the site's folder",
            );
            return None;
        }
        Err(error) => {
            let message = format!("{text} cannot be read: {error}");
            to.error(Code::Unreadable, node.place, message, "a WAV of at most 32 MiB, readable for Tandem");
            return None;
        }
    };
    if let Err(error) = Wav::parse(&bytes) {
        let message = format!("{text} cannot be played: {error}");
        let help = format!("convert it: ffmpeg -i {text} -ar 8000 -ac 1 -c:a pcm_s16le new.wav");
        to.error(Code::BadValue, node.place, message, help);
        return None;
    }
    to.add_to_revision(text, &bytes);
    Some(path)
}
