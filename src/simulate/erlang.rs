//! Erlang's formulas. Erlang C: callers wait as long as it takes (A. K. Erlang, "Solution of some problems in the theory of
//! probabilities", 1917). Erlang A: callers lose patience (C. Palm, 1946; Garnett, Mandelbaum, Reiman, "Designing a call
//! center with impatient customers", 2002).

use std::time::Duration;

use serde::Serialize;

/// So many callers in the system are looked at beyond the agents; more than that are as good as never there.
const MOST: usize = 200_000;

/// What theory says of a queue in its steady state.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Expected {
    /// Of all who call, answered within the time: 0 to 1.
    pub within: f64,
    /// Mean wait of those who are answered, in seconds.
    pub mean_wait: f64,
    /// Of all who call, those who hang up waiting: 0 to 1.
    pub abandoned: f64,
    /// How much of their time agents talk: 0 to 1.
    pub occupancy: f64,
}

/// `rate` calls an hour, talks of mean `handling`, `agents`; nobody hangs up. `None` when the agents cannot do it: the
/// queue would grow without end.
pub fn erlang_c(rate: f64, handling: Duration, agents: u32, within: Duration) -> Option<Expected> {
    let load = rate / 3600.0 * handling.as_secs_f64();
    let n = f64::from(agents);
    if load >= n {
        return None;
    }
    // Erlang B by its recursion, which never overflows.
    let blocked = (1..=agents).fold(1.0, |b, k| load * b / (f64::from(k) + load * b));
    let waits = blocked / (1.0 - load / n * (1.0 - blocked));
    let drain = (n - load) / handling.as_secs_f64();
    Some(Expected {
        within: 1.0 - waits * (-drain * within.as_secs_f64()).exp(),
        mean_wait: waits / drain,
        abandoned: 0.0,
        occupancy: load / n,
    })
}

/// The same with callers who hang up after an exponential time of mean `patience`.
pub fn erlang_a(
    rate: f64,
    handling: Duration,
    agents: u32,
    patience: Duration,
    within: Duration,
) -> Expected {
    let (arrives, served) = (rate / 3600.0, 1.0 / handling.as_secs_f64());
    let (n, leaves) = (agents as usize, 1.0 / patience.as_secs_f64());
    // How likely so many are there, times an unknown factor; kept near 1 at the number of agents.
    let mut ahead = vec![1.0];
    for k in 1..MOST {
        let next = ahead[k - 1] * arrives / (n as f64 * served + k as f64 * leaves);
        ahead.push(next);
        if next < 1e-15 {
            break;
        }
    }
    let mut below = 0.0;
    let mut p = 1.0;
    for k in (1..=n).rev() {
        p *= k as f64 * served / arrives;
        below += p;
    }
    let whole: f64 = below + ahead.iter().sum::<f64>();
    let waiting: f64 = ahead.iter().enumerate().map(|(k, p)| k as f64 * p).sum::<f64>() / whole;
    let abandoned = leaves * waiting / arrives;
    // A caller who finds k waiting is served when k + 1 have gone, unless patience ends before.
    let (mut in_time, mut waited) = (below / whole, 0.0);
    for (k, p) in ahead.iter().enumerate() {
        let (soon, wait) = passage(k, n as f64 * served, leaves, within.as_secs_f64());
        in_time += p / whole * soon;
        waited += p / whole * wait;
    }
    Expected {
        within: in_time,
        mean_wait: waited / (1.0 - abandoned),
        abandoned,
        occupancy: arrives * (1.0 - abandoned) / (n as f64 * served),
    }
}

/// Of a caller who finds `ahead` waiting: how likely served within `time`, and the wait in seconds if served (0 else).
///
/// The line moves on with rate `serve + leave · (those ahead)`, the caller's own patience ends with rate `leave`. The
/// probability is found by uniformisation over the steps that are left.
fn passage(ahead: usize, serve: f64, leave: f64, time: f64) -> (f64, f64) {
    // Exactly: the wait of one who never leaves is a sum of independent exponential times.
    let served: f64 =
        (0..=ahead).map(|k| (serve + leave * k as f64) / (serve + leave * (k as f64 + 1.0))).product();
    let wait: f64 = (0..=ahead).map(|k| 1.0 / (serve + leave * (k as f64 + 1.0))).sum();
    let fastest = serve + leave * (ahead as f64 + 1.0);
    let steps = (fastest * time + 10.0 * (fastest * time).sqrt() + 20.0) as usize;
    if ahead > steps {
        return (0.0, served * wait);
    }
    // With the caller's own clock, each step takes rate serve + leave · (k + 1); all that counts is who moves on.
    let mut left = vec![0.0; ahead + 1];
    left[ahead] = 1.0;
    let (mut done, mut weight, mut soon) = (0.0, (-fastest * time).exp(), 0.0);
    for step in 0..=steps {
        soon += weight * done;
        weight *= fastest * time / (step as f64 + 1.0);
        let mut next = vec![0.0; ahead + 1];
        for (k, p) in left.iter().enumerate() {
            let on = (serve + leave * k as f64) / fastest;
            let stay = 1.0 - (serve + leave * (k as f64 + 1.0)) / fastest;
            match k.checked_sub(1) {
                Some(before) => next[before] += p * on,
                None => done += p * on,
            }
            next[k] += p * stay;
        }
        left = next;
    }
    (soon, served * wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_textbook_cases_of_erlang_c() {
        let ten = erlang_c(200.0, 180 * SECOND, 14, 20 * SECOND).expect("enough agents");
        assert!((ten.within - 0.888).abs() < 0.0005, "{ten:?}");
        assert!((ten.mean_wait - 7.8).abs() < 0.05, "{ten:?}");
        let more = erlang_c(360.0, 240 * SECOND, 29, 20 * SECOND).expect("enough agents");
        assert!((more.within - 0.840).abs() < 0.0005, "{more:?}");
        assert!((more.mean_wait - 11.6).abs() < 0.05, "{more:?}");
        assert_eq!(erlang_c(200.0, 180 * SECOND, 10, 20 * SECOND), None, "ten agents drown in ten erlangs");
    }

    #[test]
    fn patience_without_end_is_erlang_c_and_agents_without_need_wait_for_nobody() {
        let c = erlang_c(200.0, 180 * SECOND, 14, 20 * SECOND).expect("enough agents");
        let a = erlang_a(200.0, 180 * SECOND, 14, 100_000_000 * SECOND, 20 * SECOND);
        assert!(
            (c.within - a.within).abs() < 1e-4 && (c.mean_wait - a.mean_wait).abs() < 1e-2,
            "{c:?} {a:?}"
        );
        let idle = erlang_a(200.0, 180 * SECOND, 60, 60 * SECOND, 20 * SECOND);
        assert!(idle.abandoned < 1e-9 && idle.within > 1.0 - 1e-9, "{idle:?}");
        // With as many agents as callers leave in service, M/M/n+M with equal rates is M/M/∞: Poisson.
        let equal = erlang_a(100.0, 180 * SECOND, 5, 180 * SECOND, 20 * SECOND);
        let load: f64 = 5.0;
        let poisson = |k: u32| (-load).exp() * load.powi(k as i32) / (1..=k).map(f64::from).product::<f64>();
        let waiting: f64 = (6..60).map(|k| f64::from(k - 5) * poisson(k)).sum();
        assert!((equal.abandoned - waiting / load).abs() < 1e-9, "{equal:?}");
    }
}
