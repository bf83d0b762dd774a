//! The way of audio: prompts are there and the engine may read them, and it may put recordings where they belong.

use std::{
    env, fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::Path,
};

use super::{
    Check, Findings, Patient,
    people::{self, Identity, Want},
};
use crate::infra::site::{EngineKind, Site};

const SILENT: &str = "callers hear silence where a menu should speak";
const UNKEPT: &str = "what callers say is not kept: no voice mail, no recordings";

pub(super) fn look(site: &Site, patient: &Patient<'_>, to: &mut Findings) {
    let (prompts, recordings) = (patient.state.join("prompts"), patient.state.join("recordings"));
    if !patient.state.is_dir() {
        let what = format!("{} is not there; it is made when the daemon starts", patient.state.display());
        return to.unseen(Check::Audio, what, "name the daemon's with --state, or start it");
    }
    let there = folder(&prompts, SILENT, patient.fix, to) & folder(&recordings, UNKEPT, patient.fix, to);
    if !speaker() {
        let what = "there is no espeak-ng in PATH, which speaks the prompts";
        to.fault(Check::Audio, what, SILENT, "apt-get install espeak-ng");
    }
    if !there {
        return;
    }
    let heard = fs::read_dir(&prompts).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let heard: Vec<_> = heard.filter(|path| path.extension().is_some_and(|end| end == "wav")).collect();
    if heard.is_empty() && !site.flows.is_empty() {
        let what = format!("{} holds no prompt", prompts.display());
        to.fault(Check::Audio, what, SILENT, "the daemon speaks them when it starts: look at its log");
    }
    if site.engine.kind == EngineKind::Simulator {
        return to.well(Check::Audio, format!("{} prompts; nobody else reads or writes them", heard.len()));
    }
    let Some(engine) = people::engine(site.engine.kind) else {
        let what = format!("no {} runs, and there is no such user", people::program(site.engine.kind));
        return to.unseen(Check::Audio, what, "start the engine and look again");
    };
    let before = to.0.len();
    open(&engine, patient, heard.first().unwrap_or(&prompts), to);
    keep(&engine, patient.fix, &recordings, to);
    if to.0.len() == before {
        let (name, many) = (&engine.name, heard.len());
        to.well(Check::Audio, format!("{name} may read {many} prompts and write recordings"));
    }
}

/// Makes a folder that is missing, for whoever owns the one above.
fn folder(path: &Path, why: &str, fix: bool, to: &mut Findings) -> bool {
    if path.is_dir() {
        return true;
    }
    let what = format!("{} is missing", path.display());
    let made = || -> io::Result<()> {
        fs::create_dir(path)?;
        fs::set_permissions(
            path,
            fs::Permissions::from_mode(if path.ends_with("prompts") { 0o755 } else { 0o700 }),
        )?;
        let above = fs::metadata(path.parent().unwrap_or(path))?;
        chown(path, Some(above.uid()), Some(above.gid()))
    };
    match fix.then(made) {
        Some(Ok(())) => to.fixed(Check::Audio, format!("{what}: made"), why),
        Some(Err(error)) => {
            to.fault(Check::Audio, format!("{what}, and cannot be made: {error}"), why, "make it");
        }
        None => {
            to.fault(
                Check::Audio,
                what,
                why,
                "`tandem doctor --fix` makes it, as does a start of the daemon",
            );
        }
    }
    fix && path.is_dir()
}

/// The engine may go through the state folder and read what is in `prompts`.
fn open(engine: &Identity, patient: &Patient<'_>, prompt: &Path, to: &mut Findings) {
    let Err(way) = engine.may(Want::Read, prompt) else { return };
    let what = format!("{} may not read the prompts: {way} is in the way", engine.name);
    let (state, prompts) = (patient.state, patient.state.join("prompts"));
    let remedy =
        format!("chmod a+x {0}; chmod a+rx {0}/prompts; chmod a+r {0}/prompts/*.wav", state.display());
    if patient.fix {
        add(state, 0o011);
        add(&prompts, 0o055);
        fs::read_dir(&prompts)
            .into_iter()
            .flatten()
            .filter_map(Result::ok)
            .for_each(|one| add(&one.path(), 0o044));
        if engine.may(Want::Read, prompt).is_ok() {
            return to.fixed(Check::Audio, format!("{what}: opened"), SILENT);
        }
    }
    to.fault(Check::Audio, what, SILENT, remedy);
}

fn keep(engine: &Identity, fix: bool, recordings: &Path, to: &mut Findings) {
    let Err(way) = engine.may(Want::Make, recordings) else { return };
    let what = format!("{} may not write recordings: {way} is in the way", engine.name);
    let remedy = format!("chgrp {} {1}; chmod 2770 {1}", engine.name, recordings.display());
    if fix && let Some(gid) = engine.group() {
        let given = chown(recordings, None, Some(gid))
            .and_then(|()| fs::set_permissions(recordings, fs::Permissions::from_mode(0o2770)));
        if given.is_ok() && engine.may(Want::Make, recordings).is_ok() {
            return to.fixed(Check::Audio, format!("{what}: given to its group"), UNKEPT);
        }
    }
    to.fault(Check::Audio, what, UNKEPT, remedy);
}

/// What cannot be changed shows when it is looked at again.
fn add(path: &Path, bits: u32) {
    if let Ok(meta) = fs::metadata(path) {
        let _denied = fs::set_permissions(path, fs::Permissions::from_mode(meta.permissions().mode() | bits));
    }
}

fn speaker() -> bool {
    let folders = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&folders).any(|folder| folder.join("espeak-ng").is_file())
}
