//! `tandem init`: a complete site to begin with, passwords included.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use serde_json::json;

use super::{Common, Exit, Fault, check, show::print};
use crate::infra::site::{self, Profile, secret};

/// Write a complete, commented site into a new folder
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder; it must be empty, or not there
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The size of the company
    #[arg(long, value_enum, default_value_t = Size::Small)]
    profile: Size,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Size {
    /// 5 to 20 seats, under 500 calls a day
    Small,
    /// 20 to 100 seats, up to 2,000 calls a day
    Medium,
    /// More than 100 seats, over 2,000 calls a day
    Large,
}

impl From<Size> for Profile {
    fn from(size: Size) -> Self {
        match size {
            Size::Small => Self::Small,
            Size::Medium => Self::Medium,
            Size::Large => Self::Large,
        }
    }
}

pub(super) fn run(common: &Common, args: &Args) -> Result<Exit, Fault> {
    let profile = Profile::from(args.profile);
    let dir = &args.dir;
    write(dir, profile).map_err(|why| Fault::NoSite { dir: dir.clone(), why })?;
    let Some(site) = site::check(dir).site else {
        return check::run(common, &check::Args { site: dir.clone() });
    };
    let secrets = secret::make_missing(&site)?;
    let files = profile.files().len();
    if common.json {
        let answer = json!({ "site": dir, "profile": profile.name(), "files": files, "secrets": secrets });
        print(&format!("{answer}\n"))?;
        return Ok(Exit::Done);
    }
    let dir = dir.display();
    print(&format!(
        "{dir}: {} in {files} files, {secrets} passwords in {dir}/secrets\n\
         next: look it over, `tandem check {dir}`, and run it: `tandem serve --site {dir}`\n",
        site.name
    ))?;
    Ok(Exit::Done)
}

/// Nothing that is there is ever written over.
fn write(dir: &Path, profile: Profile) -> io::Result<()> {
    match fs::read_dir(dir) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Err(io::Error::new(io::ErrorKind::DirectoryNotEmpty, "it is not empty"));
            }
        }
        Err(why) if why.kind() == io::ErrorKind::NotFound => fs::create_dir_all(dir)?,
        Err(why) => return Err(why),
    }
    for (name, text) in profile.files() {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap_or(dir))?;
        io::Write::write_all(&mut fs::File::create_new(path)?, text.as_bytes())?;
    }
    fs::DirBuilder::new().mode(0o700).create(dir.join("secrets"))
}
