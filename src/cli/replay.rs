//! `tandem replay`: recorded calls run again, decision by decision, also under another site.

use std::{fmt::Write, path::PathBuf, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use jiff::tz::TimeZone;
use tokio::runtime;

use super::{
    Common, Exit, Fault, check,
    context::{paint, state_folder},
    paint::{Paint, Tone, number, span, text},
    show::print,
};
use crate::{
    base::{
        clock::{Clock, SystemClock},
        id::CallId,
    },
    lifecycle::replay::{Answer, Comparison, Question, ReplayError, replay},
    live::switchboard::view::Why,
};

/// So many calls are told one by one.
const SHOWN: usize = 20;

/// Run recorded calls again and show where they would go another way
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The call's id; without one, every call that the journal keeps is run again
    call: Option<CallId>,
    /// Lead arriving calls by the site in this folder instead of the one they met
    #[arg(long, value_name = "DIR")]
    site: Option<PathBuf>,
    /// The daemon's state folder; it may run meanwhile
    #[arg(long, value_name = "DIR", env = "TANDEM_STATE", hide_env_values = true)]
    state: Option<PathBuf>,
}

/// Exit code 1 when a call does not reproduce, 5 when another site leads one another way.
pub(super) fn run(common: &Common, args: Args) -> Result<Exit, Fault> {
    let question =
        Question { state: args.state.unwrap_or_else(state_folder), call: args.call, site: args.site.clone() };
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(Fault::Runtime)?;
    let bar = ProgressBar::new_spinner()
        .with_style(ProgressStyle::with_template("{spinner} {pos} journal entries").expect("a fixed text"));
    let answer = runtime.block_on(replay(&question, |entries| bar.set_position(entries)));
    bar.finish_and_clear();
    let answer = match (answer, args.site) {
        (Ok(answer), _) => answer,
        (Err(ReplayError::Site(_)), Some(site)) => return check::run(common, &check::Args { site }),
        (Err(why), _) => return Err(Fault::Replay(Box::new(why))),
    };
    if common.json {
        print(&format!("{}\n", serde_json::to_string(&answer).map_err(std::io::Error::other)?))?;
    } else {
        let zone = TimeZone::system();
        print(&told(&Paint { zone, ..paint() }, &question, &answer))?;
    }
    Ok(match (answer.differing, question.site) {
        (0, _) => Exit::Done,
        (_, None) => Exit::Failed,
        (_, Some(_)) => Exit::Changes,
    })
}

fn told(paint: &Paint, question: &Question, answer: &Answer) -> String {
    let mut text: String = answer.shown.iter().take(SHOWN).map(|shown| comparison(paint, shown)).collect();
    if answer.shown.len() > SHOWN {
        let _ = writeln!(text, "… and {} more; --json has them all\n", answer.shown.len() - SHOWN);
    }
    let verdict = match (answer.differing, &question.site) {
        (0, None) => paint.word("all decisions are the same", Tone::Good),
        (0, Some(_)) => paint.word("the new site decides the same", Tone::Good),
        (1, _) => paint.word("1 call goes another way", Tone::Busy),
        (n, _) => paint.word(&format!("{n} calls go another way"), Tone::Busy),
    };
    let _ = writeln!(text, "{} calls, {} decisions: {verdict}", answer.calls, answer.decisions);
    if answer.unrecorded > 0 {
        let _ = writeln!(text, "{} more are not over, or not in the database yet", answer.unrecorded);
    }
    if answer.missing > 0 {
        let _ = writeln!(
            text,
            "{} journal entries are missing, erased or damaged: calls beside them may differ for that reason",
            answer.missing
        );
    }
    let speed = answer.recorded_ms / answer.took_ms.max(1);
    let recorded = span(Duration::from_millis(answer.recorded_ms));
    let _ = writeln!(
        text,
        "{} entries of {recorded} in {} ms, {speed} × as fast as they came",
        answer.entries, answer.took_ms
    );
    text
}

/// The common way, then where it parts: what was, and what would be.
fn comparison(paint: &Paint, call: &Comparison) -> String {
    let parted = call.differs_at.unwrap_or(call.recorded.len());
    let began = call.recorded.first().map(|why| why.at).unwrap_or_default();
    let now = SystemClock.now();
    let row = |mark: &str, why: &Why| {
        let after = why.at.since(began);
        let after = format!("+{}.{:03}s", after.as_secs(), after.subsec_millis());
        vec![text(mark), text(paint.time(why.at, now)), number(after), text(&why.what)]
    };
    let same = call.recorded[..parted].iter().map(|why| row("=", why));
    let was = call.recorded[parted..].iter().map(|why| row("-", why));
    let is = call.replayed[parted.min(call.replayed.len())..].iter().map(|why| row("+", why));
    let table = paint.table(&["", "TIME", "AFTER", "WHAT AND WHY"], same.chain(was).chain(is));
    format!("Call {}\n{table}\n", call.call)
}
