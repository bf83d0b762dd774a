//! Dialogs with audio at once, up to a hundred: what they cost, and how late their frames are.

use std::{fs, sync::Arc, time::Instant};

use super::rig::{RAW, Rig, hearing, millis, spoken};
use crate::{
    base::locale::Locale,
    ports::{
        engine::{Command, Ear, Event, Verdict, simulator::Frame},
        speech::{Act, Scripted},
    },
};

/// Seconds of processor time that this process has used.
fn processor() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("this process");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
    let ticks = |n: usize| fields[n].parse::<f64>().expect("ticks");
    (ticks(11) + ticks(12)) / 100.0
}

/// What it took.
struct Figures {
    /// Share of the frames that were due.
    heard: f64,
    /// Milliseconds from one frame to the next, of 99 in 100.
    gap: f64,
}

async fn dialogs(many: usize) -> Figures {
    let acts = std::iter::repeat_n(Act::Says("I want to return something".into()), many);
    let mut rig = Rig::start(many, RAW, Arc::new(Scripted::new(acts))).await;
    let text = "Please tell me in a few words what I can do for you. ";
    let prompt = spoken(Locale::English, &text.repeat(6)).await;
    let question = spoken(Locale::English, "I would like to return something.").await;
    let (long, short) = (rig.prompt(1, &prompt), rig.prompt(2, &prompt[..24_000]));

    let (began, used) = (Instant::now(), processor());
    let mut first = Vec::new();
    for n in 0..many {
        rig.mouths[n].noise(60.0);
        rig.order(n, Command::Listen(hearing(Ear::Free)));
        first.push(rig.order(n, Command::Play { media: vec![long.clone()] }));
    }
    tokio::time::sleep(millis(2000)).await;
    for n in 0..many {
        rig.mouths[n].say(&question);
        // Twenty interruptions a second: far more than a hundred callers make.
        tokio::time::sleep(millis(50)).await;
    }
    let mut second = Vec::new();
    while second.len() < many {
        let (_, said) = rig.until("words", |event| matches!(event, Event::Said { .. })).await;
        let n: usize = said.leg().and_then(|leg| leg.as_str()[7..].parse().ok()).expect("a caller");
        second.push(rig.order(n, Command::Play { media: vec![short.clone()] }));
    }
    for order in &second {
        let over = |event: &Event| matches!(event, Event::Played { order: this, .. } if this == order);
        if rig.count(over) == 0 {
            rig.until("end of the second prompt", over).await;
        }
    }
    let (span, used) = (began.elapsed().as_secs_f64(), processor() - used);

    let finished = |event: &Event| matches!(event, Event::Played { verdict: Verdict::Finished, order, .. } if second.contains(order));
    let stopped = |event: &Event| matches!(event, Event::Played { verdict: Verdict::Stopped, order, .. } if first.contains(order));
    let voices = rig.count(|event| matches!(event, Event::Voice { .. }));
    assert_eq!((voices, rig.count(stopped), rig.count(finished)), (many, many, many));

    let (mut gaps, mut frames) = (Vec::new(), 0);
    for mouth in &rig.mouths {
        let heard = mouth.heard();
        frames += heard.len();
        let gap = |two: &[Frame]| (two[1].at - two[0].at).as_secs_f64() * 1000.0;
        gaps.extend(heard.windows(2).map(gap));
    }
    gaps.sort_by(f64::total_cmp);
    let at = |share: f64| gaps[((gaps.len() - 1) as f64 * share) as usize];
    let due = 50.0 * span * many as f64;
    println!(
        "{many} dialogs for {span:.1} s, both ends in one process: {:.0} % of one core; {:.1} % of all frames heard; from one \
         frame to the next {:.1} ms (median), {:.1} (p99), {:.1} (worst)",
        100.0 * used / span,
        100.0 * frames as f64 / due,
        at(0.5),
        at(0.99),
        at(1.0)
    );
    Figures { heard: frames as f64 / due, gap: at(0.99) }
}

/// A machine that others keep busy leaves frames out, but no word and no prompt is lost, and no clock runs ahead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_dialogs_hear_speak_and_are_interrupted() {
    assert!(dialogs(20).await.heard < 1.02);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures, on a machine that does nothing else: make test-long"]
async fn a_hundred_dialogs_have_their_frames_in_time_on_two_cores() {
    let figures = dialogs(100).await;
    assert!(figures.heard > 0.98, "{} of all frames", figures.heard);
    assert!(figures.gap < 40.0, "{} ms", figures.gap);
}
