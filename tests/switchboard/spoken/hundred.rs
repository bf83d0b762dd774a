//! A hundred callers speak at once and go the whole way: what an answer takes, what it costs, and that no frame is lost.

use std::{fs, sync::Arc, time::Duration};

use futures_util::future::join_all;

use super::{
    Led, SCRIPT, all_wait_for_support, converse,
    ears::Replays,
    house::{House, Learns},
    known,
};
use crate::{recognizer::THINKS, rig::millis};

const CALLERS: usize = 100;
/// From the end of speech to the first of the answer, of 95 in 100 turns.
const GOAL: Duration = Duration::from_millis(800);

/// Seconds of processor time that this process has used.
fn processor() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("this process");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
    let ticks = |n: usize| fields[n].parse::<f64>().expect("ticks");
    (ticks(11) + ticks(12)) / 100.0
}

/// Frames that should have come and did not.
fn lost(led: &Led) -> f64 {
    let (first, last) = led.came.first.zip(led.came.last).expect("the house spoke");
    (last - first).as_secs_f64() * 50.0 + 1.0 - led.came.many as f64
}

fn sorted(mut spans: Vec<Duration>) -> Vec<Duration> {
    spans.sort_unstable();
    spans
}

fn at(sorted: &[Duration], share: f64) -> Duration {
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures, on a machine that does nothing else: make test-long"]
async fn a_hundred_callers_are_heard_answered_and_handed_over_at_once_on_two_cores() {
    let known = known();
    let ears = Arc::new(Replays { known: known.clone(), thinks: THINKS });
    let house = House::open(CALLERS, millis(30), ears, Learns::Little, None).await;
    let (began, used) = (std::time::Instant::now(), processor());
    let all = house.mouths.iter().enumerate().map(|(n, mouth)| converse(mouth, &known, n % 2 == 1));
    let led = join_all(all).await;
    let (span, used) = (began.elapsed().as_secs_f64(), processor() - used);
    all_wait_for_support(&house, CALLERS).await;
    house.close().await;

    for (n, line) in SCRIPT.iter().enumerate().take(3) {
        let of = sorted(led.iter().map(|led| led.answers[n]).collect());
        println!("{line:?}: {:.0?} (p50), {:.0?} (p95)", at(&of, 0.5), at(&of, 0.95));
    }
    let answers = sorted(led.iter().flat_map(|led| led.answers.clone()).collect());
    let at = |share: f64| at(&answers, share);
    let frames: usize = led.iter().map(|led| led.came.many).sum();
    let worst = led.iter().map(lost).fold(f64::MIN, f64::max);
    println!(
        "{CALLERS} callers for {span:.1} s, both ends and the recogniser (a stand-in) in one process: {:.0} % of two cores; \
         from the end of speech to the answer {:.0?} (p50), {:.0?} (p95), {:.0?} (worst) of {} turns; {frames} frames heard, \
         at most {worst:.1} missed by one caller",
        50.0 * used / span,
        at(0.5),
        at(0.95),
        at(1.0),
        answers.len(),
    );
    assert_eq!(answers.len(), 3 * CALLERS);
    assert!(at(0.95) <= GOAL, "{:?}", at(0.95));
    // The first and the last may come up to two frames' time late or early.
    assert!(worst < 2.5, "{worst} frames are lost");
}
