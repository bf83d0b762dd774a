//! What can be refused before anything is written.
//!
//! Neither engine has a checker for a configuration that is not in force. So what a file alone can tell is told here
//! (`Target::sound`, `Target::join`), before the swap; what only the engine can tell, its answers after the reload
//! tell, and the files are put back when they are bad.

use super::{BlockError, Target};

/// Refuses a file that the engine could not read.
pub(super) fn file(target: &Target, bytes: &[u8]) -> Result<(), BlockError> {
    if let Some(at) = bytes.iter().position(|b| *b == 0) {
        let line = bytes[..at].iter().filter(|b| **b == b'\n').count() + 1;
        return Err(BlockError::Broken { line, what: "a NUL byte".to_owned() });
    }
    target.sound(bytes)
}
