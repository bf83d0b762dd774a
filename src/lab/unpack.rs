//! Has a real Asterisk ready: unpacked once from Debian's packages by `scripts/asterisk-unpack`, then kept.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use super::{LabError, program};

const SCRIPT: &str = include_str!("../../scripts/asterisk-unpack");

/// The folder of the unpacked Asterisk. The script, which tells its progress on standard error, is put in `dir`.
pub async fn asterisk(dir: &Path) -> Result<PathBuf, LabError> {
    let script = dir.join("asterisk-unpack");
    let refused = |why| LabError::Start {
        program: "asterisk-unpack".to_owned(),
        why,
        remedy: "it needs bash, apt and dpkg-deb of a Debian or Ubuntu machine".to_owned(),
    };
    std::fs::write(&script, SCRIPT).map_err(refused)?;
    let mut bash = program::command("bash");
    let output = bash.arg(&script).stderr(Stdio::inherit()).output().await.map_err(refused)?;
    if !output.status.success() {
        return Err(LabError::Unpack { status: output.status.to_string() });
    }
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim_end()))
}
