//! The Debian package: installed into a clean Debian, used, removed, and nothing left but what is the company's.

use std::{path::Path, process::Command};

use crate::house::err;

#[test]
fn a_clean_debian_takes_the_package_runs_it_and_is_clean_again() {
    let folder = tempfile::tempdir().expect("folder");
    let made = Command::new("scripts/package")
        .arg(env!("CARGO_BIN_EXE_tandem"))
        .arg(folder.path())
        .output()
        .expect("scripts/package");
    assert!(made.status.success(), "{}", err(&made));
    let package = String::from_utf8(made.stdout).expect("text");
    let package = Path::new(package.trim());
    assert!(package.is_file(), "{}", package.display());
    let tried = Command::new("scripts/package-try").arg(package).output().expect("scripts/package-try");
    let said = String::from_utf8_lossy(&tried.stdout);
    assert!(tried.status.success(), "{said}{}", err(&tried));
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.first().copied(), Some(concat!("tandem ", env!("CARGO_PKG_VERSION"))), "{said}");
    assert!(lines.last().is_some_and(|line| line.contains("ended")), "a call of the demo: {said}");
}
