//! `tandem status`: is everything well?

use std::time::Duration;

use super::{
    Exit, Fault,
    context::Context,
    paint::{Paint, Tone, clean, span},
    show::{Watch, show},
};
use crate::{
    base::clock::Stamp,
    live::switchboard::view::{EngineView, StatusView},
};

/// Show whether the daemon is well, and how many calls and agents it has
///
/// Ends with 0 when the engine is connected, with 1 when it is not, with 4 when no daemon answers.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    watch: Watch,
}

pub(super) async fn run(cx: &Context, args: Args) -> Result<Exit, Fault> {
    let status = show(cx, args.watch, "/v1/status", |status, age| text(&cx.paint, status, age)).await?;
    let well = matches!(status.engine, EngineView::Up { .. }) && status.troubles.is_empty();
    Ok(if well { Exit::Done } else { Exit::Failed })
}

fn text(paint: &Paint, status: &StatusView, age: Duration) -> String {
    let StatusView { version, site, revision, now, started, calls, waiting, talking, .. } = status;
    let (ready, agents, today) = (status.agents_ready, status.agents, status.calls_today);
    let revision: String = clean(revision).chars().take(12).collect();
    let now = *now + age;
    let up = span(now.since(*started));
    let engine = engine(paint, status, now);
    let site = clean(site);
    let some = |many: usize, what: &str, tone| {
        paint.word(&format!("{many} {what}"), if many > 0 { tone } else { Tone::Plain })
    };
    let (waiting, talking) = (some(*waiting, "waiting", Tone::Busy), some(*talking, "talking", Tone::Good));
    let lines = [
        ("Tandem", format!("{version}, up {up}")),
        ("Site", format!("{site} (revision {revision})")),
        ("Engine", engine),
        ("Calls", format!("{calls} live, {waiting}, {talking}; {today} today")),
        ("Agents", some(ready, &format!("of {agents} ready"), Tone::Good)),
    ];
    let told = lines.map(|(label, what)| format!("{}{what}\n", paint.label(&format!("{label:<8}"))));
    let troubles = status.troubles.iter().map(|trouble| {
        let (word, what) = (paint.word("Trouble", Tone::Bad), clean(&trouble.what));
        format!("{word} {what}; {}\n", clean(&trouble.remedy))
    });
    told.into_iter().chain(troubles).collect()
}

fn engine(paint: &Paint, status: &StatusView, now: Stamp) -> String {
    match &status.engine {
        EngineView::Up { engine, since } => {
            let up = paint.word("up", Tone::Good);
            format!("{up}: {} since {}", clean(engine.as_str()), paint.time(*since, now))
        }
        EngineView::Down { reason, since, next_try } => {
            let (down, reason) = (paint.word("down", Tone::Bad), clean(reason.as_str()));
            let (since, next) = (paint.time(*since, now), span(next_try.since(now)));
            format!("{down} since {since}: {reason}; next try in {next}")
        }
        EngineView::Connecting => paint.word("connecting", Tone::Busy),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::base::text::Label;
    use crate::live::switchboard::view::Trouble;

    #[test]
    fn a_lost_engine_is_told_with_its_reason_and_the_next_try() {
        let now = Stamp(1_795_224_600_000_000);
        let status = StatusView {
            version: "0.1.0".into(),
            site: "华星 Huaxing\x1b[2J".into(),
            revision: "0123456789abcdef".into(),
            now,
            started: now - Duration::from_secs(7629),
            engine: EngineView::Down {
                reason: Label::new("connection refused"),
                since: now - Duration::from_mins(1),
                next_try: now + Duration::from_secs(4),
            },
            calls: 3,
            waiting: 1,
            talking: 1,
            agents_ready: 2,
            agents: 5,
            calls_today: 17,
            troubles: vec![Trouble {
                what: "the journal cannot be written: disk full".into(),
                remedy: "make room".into(),
            }],
        };
        let paint = Paint { colour: false, width: None, zone: TimeZone::UTC };
        insta::assert_snapshot!(text(&paint, &status, Duration::ZERO), @r"
        Tandem  0.1.0, up 2h07m
        Site    华星 Huaxing[2J (revision 0123456789ab)
        Engine  down since 01:29:00: connection refused; next try in 4s
        Calls   3 live, 1 waiting, 1 talking; 17 today
        Agents  2 of 5 ready
        Trouble the journal cannot be written: disk full; make room
        ");
    }
}
