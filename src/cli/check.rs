//! `tandem check`: everything that is wrong with a site, each with its place and its remedy.

mod picture;

pub(super) use picture::draw;

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{
    Common, Exit, Fault,
    context::paint,
    paint::{Paint, Tone},
    show::print,
};
use crate::infra::site::{self, Report, secret};

/// Report all errors of a site at once, with file, line and column
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The site's folder
    #[arg(value_name = "DIR", default_value = ".")]
    pub(super) site: PathBuf,
}

pub(super) fn run(common: &Common, args: &Args) -> Result<Exit, Fault> {
    let report = site::check(&args.site);
    if common.json {
        print(&format!("{}\n", json!(report.problems)))?;
    } else {
        print(&text(&paint(), &args.site, &report))?;
    }
    Ok(if report.problems.errors() == 0 { Exit::Done } else { Exit::RefusedByCheck })
}

/// All problems and a summary.
fn text(paint: &Paint, dir: &Path, report: &Report) -> String {
    let mut text = String::new();
    for problem in &report.problems.0 {
        text.push_str(&draw(paint, dir, problem));
        text.push('\n');
    }
    text + &summary(paint, dir, report)
}

fn summary(paint: &Paint, dir: &Path, report: &Report) -> String {
    let (errors, warnings) = (report.problems.errors(), report.problems.warnings());
    let files = counted(report.files, "file");
    let dir = dir.display();
    let Some(site) = &report.site else {
        let refused = paint.word("refused", Tone::Bad);
        let found = match warnings {
            0 => counted(errors, "error"),
            _ => format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")),
        };
        return format!("{dir}: {refused}: {found} in {files}\n");
    };
    let good = match warnings {
        0 => paint.word("good", Tone::Good),
        _ => paint.word(&format!("usable, {}", counted(warnings, "warning")), Tone::Busy),
    };
    let found = format!("{dir}: {good}: {} in {files}, revision {}\n", site.name, site.revision);
    let secrets = match secret::missing(site).len() {
        0 => return found,
        1 => "1 secret file is".to_owned(),
        n => format!("{n} secret files are"),
    };
    found + &secrets + " not there yet; the first `tandem serve` makes them, readable for its user alone\n"
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
