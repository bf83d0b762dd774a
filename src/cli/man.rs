//! `tandem man`: man pages, made from the same definition as the help.

use std::{fs, path::PathBuf};

use super::{Exit, Fault, show::print};

/// Print tandem(1), or write the man pages of all commands into a folder
///
/// For example `tandem man /usr/local/share/man/man1`; then `man tandem-calls`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder; it is made when it is not there
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

pub(super) fn run(args: Args, command: clap::Command) -> Result<Exit, Fault> {
    let Some(folder) = args.folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        print(&String::from_utf8_lossy(&page))?;
        return Ok(Exit::Done);
    };
    let failed = |why| Fault::NoPages { folder: folder.clone(), why };
    fs::create_dir_all(&folder).map_err(failed)?;
    clap_mangen::generate_to(command.disable_help_subcommand(true), &folder).map_err(failed)?;
    Ok(Exit::Done)
}
