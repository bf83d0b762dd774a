//! `tandem completions`: a script that completes commands in a shell.

use clap_complete::Shell;

use super::{Exit, Fault, show::print};

/// Print a completion script, for example `tandem completions bash > /etc/bash_completion.d/tandem`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    shell: Shell,
}

pub(super) fn run(args: Args, command: &mut clap::Command) -> Result<Exit, Fault> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "tandem", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
