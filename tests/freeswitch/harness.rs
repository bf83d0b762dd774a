//! Runs stories the way test runners expect it, and says when there was no FreeSWITCH to run them on.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    process::ExitCode,
    time::Instant,
};

/// A name and what runs.
pub struct Story {
    pub name: &'static str,
    pub tell: fn(),
}

macro_rules! story {
    ($room:ident :: $name:ident) => {
        crate::harness::Story {
            name: concat!(stringify!($room), "::", stringify!($name)),
            tell: || {
                tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(2)
                    .enable_all()
                    .build()
                    .expect("a runtime")
                    .block_on(crate::$room::$name());
            },
        }
    };
}
pub(crate) use story;

/// The FreeSWITCH to test on.
pub fn program() -> Option<PathBuf> {
    let named = env::var_os("TANDEM_FREESWITCH").map(PathBuf::from);
    let in_path = || {
        let path = env::var_os("PATH")?;
        env::split_paths(&path).map(|folder| folder.join("freeswitch")).find(runs)
    };
    named.filter(runs).or_else(in_path)
}

fn runs(file: &PathBuf) -> bool {
    fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Lists or runs the stories: `--list [--ignored]`, `--exact NAME`, or words that names contain.
pub fn run(stories: &[Story]) -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let has = |flag: &str| words.iter().any(|word| word == flag);
    let here = program();
    if has("--list") {
        // Without an engine all are ignored, so that the runner counts them as skipped.
        for story in stories.iter().filter(|_| has("--ignored") == here.is_none()) {
            println!("{}: test", story.name);
        }
        return ExitCode::SUCCESS;
    }
    let names: Vec<&String> = words.iter().filter(|word| !word.starts_with("--")).collect();
    let chosen = |story: &&Story| {
        names.is_empty()
            || names.iter().any(|n| if has("--exact") { story.name == *n } else { story.name.contains(&**n) })
    };
    let Some(here) = here else {
        println!(
            "NOT TESTED: there is no FreeSWITCH in PATH or at TANDEM_FREESWITCH; {} tests skipped",
            stories.iter().filter(chosen).count()
        );
        return ExitCode::SUCCESS;
    };
    let mut failed = Vec::new();
    for story in stories.iter().filter(chosen) {
        let start = Instant::now();
        let good = catch_unwind(AssertUnwindSafe(story.tell)).is_ok();
        println!(
            "{} {} ({:.1} s)",
            if good { "ok    " } else { "FAILED" },
            story.name,
            start.elapsed().as_secs_f64()
        );
        if !good {
            failed.push(story.name);
        }
    }
    println!("tested on {}: {} failed {failed:?}", here.display(), failed.len());
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
