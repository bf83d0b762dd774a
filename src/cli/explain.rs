//! `tandem explain`: why a call went where it went, as a story.

use std::fmt::Write;

use super::{
    Exit, Fault,
    calls::{caller, finished_caller},
    context::Context,
    paint::{Paint, Tone, clean, faint, millis, number, span, text},
    show::{print, render},
};
use crate::{
    base::{
        clock::{Clock, Stamp, SystemClock},
        id::CallId,
        text::Label,
    },
    http::Explanation,
    live::{
        record::{CallRecord, EndedBy, LegRecord, Role},
        switchboard::view::{
            Assignment, CallDetail, Passed, Recording, SummaryView, SummedBy, SurveyView, Why,
        },
    },
};

/// Tell why a call, live or finished, went where it went
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The call's id, as `tandem calls list` and `tandem calls history` show it
    call: CallId,
}

pub(super) async fn run(cx: &Context, args: Args) -> Result<Exit, Fault> {
    let answer = cx.client.get(&format!("/v1/calls/{}/explain", args.call)).await?;
    print(&render(cx, &answer, |call| story(&cx.paint, call, SystemClock.now())))?;
    Ok(Exit::Done)
}

/// Facts first, then every decision with its time, counted from the arrival.
fn story(paint: &Paint, call: &Explanation, now: Stamp) -> String {
    let (steps, began) = match call {
        Explanation::Live { call } => (&call.steps, call.call.since),
        Explanation::Finished { call } => (&call.steps, call.arrived),
    };
    if steps.is_empty() {
        return facts(paint, call, now);
    }
    format!("{}\n{}", facts(paint, call, now), decisions(paint, steps, began, now))
}

/// Every decision with its time, counted from the first.
pub(super) fn decisions(paint: &Paint, steps: &[Why], began: Stamp, now: Stamp) -> String {
    let began = steps.first().map_or(began, |step| step.at);
    let rows = steps.iter().flat_map(|why| {
        let Why { at, what, assignment } = why;
        let after = format!("+{}.{:03}s", at.since(began).as_secs(), at.since(began).subsec_millis());
        let told = vec![faint(paint.time(*at, now)), number(after), text(what)];
        let passed = assignment.iter().flat_map(|assignment| others(assignment, *at));
        std::iter::once(told).chain(passed.map(|line| vec![text(""), text(""), faint(line)]))
    });
    paint.table(&["TIME", "AFTER", "WHAT AND WHY"], rows)
}

/// A line for each of those who were passed over: why, and what would have changed it.
fn others(assignment: &Assignment, at: Stamp) -> Vec<String> {
    let line = |passed: &Passed| {
        let (why, unless) = (assignment.why(passed, at), assignment.unless(passed));
        format!("  not {}: {why}; unless {unless}", passed.agent)
    };
    let more = (assignment.more > 0).then(|| format!("  nor {} more", assignment.more));
    assignment.passed.iter().map(line).chain(more).collect()
}

/// The call in a few lines, its legs in a table.
pub(super) fn facts(paint: &Paint, call: &Explanation, now: Stamp) -> String {
    match call {
        Explanation::Live { call } => live(paint, call, now),
        Explanation::Finished { call } => finished(paint, call, now),
    }
}

fn live(paint: &Paint, detail: &CallDetail, now: Stamp) -> String {
    let call = &detail.call;
    let from = clean(&caller(call.from.as_ref(), call.from_name.as_str()));
    let (at, state) = (clean(&call.at), clean(&call.state));
    let with = call.agent.as_ref().map_or(String::new(), |agent| format!(", agent {agent}"));
    let head = paint.label(&format!("Call {} from {from} to {}", call.id, call.to));
    let state = paint.word(&state, Tone::of(&state));
    let told = format!(
        "{head}\nLive for {}: {state}, {at}{with}; since {}\n",
        span(now.since(call.since)),
        paint.time(call.since, now)
    );
    told + &summary(detail.summary.as_ref()) + &recordings(paint, &detail.recordings, now)
}

/// What the caller's conversations were about.
fn summary(summary: Option<&SummaryView>) -> String {
    let Some(SummaryView { text, promises, by }) = summary else { return String::new() };
    let by = match by {
        SummedBy::BuiltIn => "in the caller's words",
        SummedBy::Remote => "by the chat model",
    };
    let mut told = format!("About, {by}: {}\n", clean(text));
    for promise in promises {
        let _ = writeln!(told, "Promised: {}", clean(promise));
    }
    told
}

fn finished(paint: &Paint, call: &CallRecord, now: Stamp) -> String {
    let from = clean(&finished_caller(call));
    let (arrived, lasted) = (paint.time(call.arrived, now), span(call.ended.since(call.arrived)));
    let by = match call.ended_by {
        EndedBy::Caller => "the caller",
        EndedBy::Callee => "the called party",
        EndedBy::Tandem => "Tandem",
        EndedBy::Engine => "the engine",
    };
    let head = paint.label(&format!("Call {} from {from} to {}", call.id, call.to));
    let mut told = format!("{head}\nArrived {arrived}, lasted {lasted}, ended by {by}: {}\n", call.cause);
    let queue = call.queue.as_ref().map_or(String::new(), |queue| format!(" in queue {queue}"));
    let agent = call.agent.as_ref().map_or(String::new(), |agent| format!(" with agent {agent}"));
    let _ = writeln!(told, "Waited {}{queue}, talked {}{agent}", millis(call.wait_ms), millis(call.talk_ms));
    if let Some(at) = call.erased {
        let _ = writeln!(told, "The caller and the way through the flow were erased {}", paint.time(at, now));
    }
    told += &summary(call.summary.as_ref());
    if let Some(disposition) = &call.disposition {
        let _ = writeln!(told, "Disposition: {disposition}");
    }
    if let Some(SurveyView { queue, agent, of, rating }) = &call.survey {
        let with = agent.as_ref().map_or(String::new(), |agent| format!(" about agent {agent}"));
        let answer = rating.map_or("no answer".to_owned(), |rating| format!("answered {rating} of {of}"));
        let _ = writeln!(told, "Asked how it was{with}, queue {queue}: {answer}");
    }
    told + "\n" + &legs(paint, &call.legs, now) + &recordings(paint, &call.recordings, now)
}

/// What was recorded: nothing of it where nothing was.
fn recordings(paint: &Paint, recordings: &[Recording], now: Stamp) -> String {
    if recordings.is_empty() {
        return String::new();
    }
    let rows = recordings.iter().map(|recording| {
        let by = |by: Option<&Label>| by.map_or("the site".to_owned(), |by| by.as_str().to_owned());
        let pauses = recording.pauses.iter().map(|pause| {
            let to = pause.to.or(recording.ended).unwrap_or(now);
            let (from, long) = (paint.time(pause.from, now), span(to.since(pause.from)));
            format!("{from} for {long} by {}", by(pause.by.as_ref()))
        });
        vec![
            text(format!("{}.wav", recording.sound)),
            text(by(recording.by.as_ref())),
            text(paint.time(recording.began, now)),
            text(recording.ended.map_or("not yet".to_owned(), |at| paint.time(at, now))),
            text(pauses.collect::<Vec<_>>().join("; ")),
        ]
    });
    format!("\n{}", paint.table(&["RECORDING", "BY", "BEGAN", "ENDED", "PAUSED"], rows))
}

fn legs(paint: &Paint, legs: &[LegRecord], now: Stamp) -> String {
    let time = |at: Option<Stamp>| at.map_or("never".to_owned(), |at| paint.time(at, now));
    let rows = legs.iter().map(|leg| {
        let role = match leg.role {
            Role::Caller => "caller",
            Role::Agent => "agent",
            Role::Extension => "extension",
            Role::Outside => "outside",
        };
        let cause = leg.cause.map_or(String::new(), |cause| cause.to_string());
        vec![
            text(role),
            text(leg.party.as_str()),
            text(time(Some(leg.began))),
            text(time(leg.answered)),
            text(time(leg.ended)),
            text(cause),
        ]
    });
    paint.table(&["LEG", "PARTY", "BEGAN", "ANSWERED", "ENDED", "CAUSE"], rows)
}
