//! The shipped example site, written out for one run with the engine of that run.

use std::{fs, path::Path};

use super::LabError;
use crate::infra::site::Profile;

/// Writes `examples/small` into `dir`. `engine` is the value of `engine:` in `site.yaml`, on one line.
pub fn write(dir: &Path, engine: &str) -> Result<(), LabError> {
    for (name, text) in Profile::Small.files() {
        let path = dir.join(name);
        let text = if *name == "site.yaml" { with_engine(text, engine) } else { (*text).to_owned() };
        let write = || {
            fs::create_dir_all(path.parent().unwrap_or(dir))?;
            fs::write(&path, text)
        };
        write().map_err(|why| LabError::Folder { path: path.clone(), why })?;
    }
    Ok(())
}

/// The text with another `engine:`: that line and the indented ones below it are replaced.
fn with_engine(text: &str, engine: &str) -> String {
    let mut inside = false;
    let kept = text.lines().filter(|line| {
        inside = line.starts_with("engine:") || (inside && line.starts_with(' '));
        !inside
    });
    kept.chain([format!("engine: {engine}").as_str()]).flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        infra::site::{self, EngineKind},
        lab::rundir::RunDir,
    };

    #[test]
    fn the_example_is_whole_and_has_the_engine_of_the_run() {
        let dir = RunDir::new("sample").expect("a folder");
        write(
            &dir,
            "{ kind: asterisk, address: 127.0.0.1:12345, user: tandem, password_file: secrets/engine }",
        )
        .expect("written");
        let site = site::load(&dir).expect("a good site");
        assert_eq!((site.engine.kind, site.engine.address.port()), (EngineKind::Asterisk, 12345));
        let shipped = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/small")).expect("a folder");
        for entry in shipped.map(|e| e.expect("an entry").file_name()) {
            assert!(dir.join(&entry).exists(), "{} is not written out", entry.display());
        }
    }
}
