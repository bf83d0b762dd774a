//! `tandem customers import`: the file is read whole first, so that nothing is done while a line is wrong; then it goes to
//! the daemon in parts that a request can hold, each done whole or not at all.

use std::{
    fs::File,
    io::{self, IsTerminal, Read},
    path::Path,
};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::CustomerFault;
use crate::{
    cli::{Exit, Fault, context::Context, show::print},
    desk::customer::{FileFault, Imported, Row, read_csv, read_json},
    http::{ImportBody, Problem},
};

/// Of a file.
pub(super) const LARGEST: u64 = 64 << 20;
/// Of the JSON of a part, in bytes: a request holds 16 KiB.
const PART: usize = 12 << 10;

pub(super) async fn run(cx: &Context, file: &Path, dry_run: bool) -> Result<Exit, Fault> {
    let bytes = read(file).map_err(|why| CustomerFault::Unreadable { file: file.to_owned(), why })?;
    let json = file
        .extension()
        .is_some_and(|kind| ["json", "jsonl"].iter().any(|json| kind.eq_ignore_ascii_case(json)));
    let rows = match if json { read_json(&bytes) } else { read_csv(&bytes) } {
        Ok(rows) => rows,
        Err(faults) => return refused(cx, file, &faults, Imported::default()),
    };
    let many = rows.len();
    let (mut imported, mut faults) = (Imported::default(), Vec::new());
    let bar = bar(many as u64);
    for part in parts(rows) {
        let (lines, customers): (Vec<_>, Vec<_>) =
            part.into_iter().map(|row| ((row.draft.id.clone(), row.line), row.draft)).unzip();
        let body = ImportBody { customers, dry_run };
        match cx.client.post::<Imported>("/v1/customers/import", &body).await {
            Ok(part) => {
                imported.made += part.value.made;
                imported.changed += part.value.changed;
                imported.same += part.value.same;
            }
            Err(Fault::Refused(problem)) if problem.status < 500 => {
                let named =
                    lines.iter().find(|(id, _)| problem.detail.starts_with(&format!("customer {id}:")));
                let line = named.or(lines.first()).map_or(0, |(_, line)| *line);
                faults.push(FileFault { line, why: said(&problem) });
                if !dry_run {
                    break;
                }
            }
            Err(fault) => {
                bar.abandon();
                return Err(fault);
            }
        }
        bar.inc(lines.len() as u64);
    }
    bar.finish_and_clear();
    if !faults.is_empty() {
        return refused(cx, file, &faults, imported);
    }
    let told = json!({ "file": file, "dry_run": dry_run, "done": imported });
    print(&if cx.json { format!("{told}\n") } else { sum(imported, dry_run) })?;
    Ok(Exit::Done)
}

fn said(problem: &Problem) -> String {
    format!("{}; {}", problem.detail, problem.remedy)
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match File::open(file)?.take(LARGEST + 1).read_to_end(&mut bytes)? as u64 {
        many if many > LARGEST => Err(io::ErrorKind::FileTooLarge.into()),
        _ => Ok(bytes),
    }
}

/// As many rows together as a request holds.
fn parts(rows: Vec<Row>) -> Vec<Vec<Row>> {
    let mut parts = vec![Vec::new()];
    let mut size = 0;
    for row in rows {
        let own = serde_json::to_string(&row.draft).map_or(PART, |text| text.len());
        let last = parts.len() - 1;
        if size + own > PART && !parts[last].is_empty() {
            parts.push(Vec::new());
            size = 0;
        }
        size += own + 1;
        let last = parts.len() - 1;
        parts[last].push(row);
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn refused(cx: &Context, file: &Path, faults: &[FileFault], done: Imported) -> Result<Exit, Fault> {
    let file = file.display();
    for FileFault { line, why } in faults {
        eprintln!("tandem: {file}:{line}: {why}");
    }
    let before = done.made + done.changed;
    let told = json!({
        "done": done,
        "faults": faults.iter().map(|fault| json!({ "line": fault.line, "why": fault.why })).collect::<Vec<_>>(),
    });
    print(&match (cx.json, before) {
        (true, _) => format!("{told}\n"),
        (false, 0) => "Nothing was done. Correct these lines and import the file again.\n".to_owned(),
        (false, _) => format!(
            "{} Correct these lines and import the file again: what is done stays.\n",
            sum(done, false).trim_end()
        ),
    })?;
    Ok(Exit::Failed)
}

fn sum(Imported { made, changed, same }: Imported, dry_run: bool) -> String {
    let would = if dry_run { "would be " } else { "" };
    format!("{made} customers {would}new, {changed} {would}changed, {same} as they were.\n")
}

/// How far it is; drawn on a terminal alone.
fn bar(rows: u64) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} customers, {eta} left");
    ProgressBar::new(rows).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
