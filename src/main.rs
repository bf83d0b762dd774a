//! Hands the arguments to the command line's door.

use std::process::ExitCode;

fn main() -> ExitCode {
    tandem::cli::main()
}
