//! Erlang's formulas. Erlang C: callers wait as long as it takes (A. K. Erlang, "Solution of some problems in the theory of
//! probabilities", 1917). Erlang A: callers lose patience (C. Palm, 1946; Garnett, Mandelbaum, Reiman, "Designing a call
//! center with impatient customers", 2002).

use std::time::Duration;

use serde::Serialize;

/// Longer lines than this are no case for a formula.
const LONGEST_LINE: usize = 50_000;
/// So many steps of the line are computed at most.
const MOST_STEPS: f64 = 3e8;

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

/// The same with callers who hang up after an exponential time of mean `patience`. `None` without callers or agents, and
/// where it is too much to compute.
pub fn erlang_a(
    rate: f64,
    handling: Duration,
    agents: u32,
    patience: Duration,
    within: Duration,
) -> Option<Expected> {
    let line = Line {
        arrives: rate / 3600.0,
        serves: f64::from(agents) / handling.as_secs_f64(),
        leaves: 1.0 / patience.as_secs_f64(),
    };
    if rate <= 0.0 || agents == 0 || (line.arrives - line.serves) / line.leaves > LONGEST_LINE as f64 {
        return None;
    }
    let (free, waiting) = line.states(agents, handling);
    let mean: f64 = waiting.iter().enumerate().map(|(k, p)| k as f64 * p).sum();
    let abandoned = line.leaves * mean / line.arrives;
    let soon = line.soon(waiting.len(), within.as_secs_f64())?;
    let in_time: f64 = waiting.iter().zip(soon).map(|(p, soon)| p * soon).sum();
    // Who finds k waiting moves up k + 1 times, each time faster than patience ends or not at all.
    let (mut served, mut wait, mut waited) = (1.0, 0.0, 0.0);
    for (k, p) in waiting.iter().enumerate() {
        let moves = line.serves + line.leaves * k as f64;
        served *= moves / (moves + line.leaves);
        wait += 1.0 / (moves + line.leaves);
        waited += p * served * wait;
    }
    Some(Expected {
        within: free + in_time,
        mean_wait: waited / (1.0 - abandoned),
        abandoned,
        occupancy: line.arrives * (1.0 - abandoned) / line.serves,
    })
}

/// Rates a second: of callers, of all agents together, of each caller's patience.
struct Line {
    arrives: f64,
    serves: f64,
    leaves: f64,
}

impl Line {
    /// How likely an agent is free, and how likely all are busy and 0, 1, … wait.
    fn states(&self, agents: u32, handling: Duration) -> (f64, Vec<f64>) {
        let one = 1.0 / handling.as_secs_f64();
        // Logarithms, since thousands of agents make numbers beyond any.
        let mut ahead = vec![0.0_f64];
        let mut highest = 0.0_f64;
        for k in 1..=4 * LONGEST_LINE {
            let next = ahead[k - 1] + (self.arrives / (self.serves + k as f64 * self.leaves)).ln();
            ahead.push(next);
            highest = highest.max(next);
            if next < highest - 40.0 {
                break;
            }
        }
        let below: Vec<f64> = (1..=agents)
            .rev()
            .scan(0.0, |log, k| {
                *log += (f64::from(k) * one / self.arrives).ln();
                Some(*log)
            })
            .collect();
        let highest = below.iter().copied().fold(highest, f64::max);
        let weight = |log: &f64| (log - highest).exp();
        let free: f64 = below.iter().map(weight).sum();
        let waiting: Vec<f64> = ahead.iter().map(weight).collect();
        let whole = free + waiting.iter().sum::<f64>();
        (free / whole, waiting.into_iter().map(|weight| weight / whole).collect())
    }

    /// For callers who find 0, 1, … waiting: how likely each is served within `time`. By uniformisation: the line moves in
    /// steps of the fastest rate, as many as a Poisson variable says (Jensen 1953).
    fn soon(&self, places: usize, time: f64) -> Option<Vec<f64>> {
        let fastest = self.serves + self.leaves * places as f64;
        let mean = fastest * time;
        let steps = mean + 12.0 * mean.sqrt() + 30.0;
        if steps * places as f64 > MOST_STEPS {
            return None;
        }
        let (mut served, mut soon) = (vec![0.0; places], vec![0.0; places]);
        let mut log = -mean;
        for step in 0..steps as u64 {
            let weight = log.exp();
            log += (mean / (step as f64 + 1.0)).ln();
            for (sum, p) in soon.iter_mut().zip(&served) {
                *sum += weight * p;
            }
            // From the end, since each place looks at the one before it as it was.
            for k in (0..places).rev() {
                let moves = self.serves + self.leaves * k as f64;
                let before = if k == 0 { 1.0 } else { served[k - 1] };
                served[k] = (moves * before + (fastest - moves - self.leaves) * served[k]) / fastest;
            }
        }
        Some(soon)
    }
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
        let a = |patience| erlang_a(200.0, 180 * SECOND, 14, patience, 20 * SECOND).expect("few enough");
        let a = a(100_000_000 * SECOND);
        assert!(
            (c.within - a.within).abs() < 1e-4 && (c.mean_wait - a.mean_wait).abs() < 1e-2,
            "{c:?} {a:?}"
        );
        let idle = erlang_a(200.0, 180 * SECOND, 60, 60 * SECOND, 20 * SECOND).expect("few enough");
        assert!(idle.abandoned < 1e-9 && idle.within > 1.0 - 1e-9, "{idle:?}");
        // With as many agents as callers leave in service, M/M/n+M with equal rates is M/M/∞: Poisson.
        let equal = erlang_a(100.0, 180 * SECOND, 5, 180 * SECOND, 20 * SECOND).expect("few enough");
        let load: f64 = 5.0;
        let poisson = |k: u32| (-load).exp() * load.powi(k as i32) / (1..=k).map(f64::from).product::<f64>();
        let waiting: f64 = (6..60).map(|k| f64::from(k - 5) * poisson(k)).sum();
        assert!((equal.abandoned - waiting / load).abs() < 1e-9, "{equal:?}");
    }

    #[test]
    fn large_houses_and_long_times_have_figures_too_or_none() {
        let (minute, hour) = (Duration::from_mins(1), Duration::from_hours(1));
        let a = erlang_a(6000.0, 3 * minute, 250, 10 * minute, 10 * minute).expect("few enough");
        // 300 erlang at 250 agents: the sixth that is too much hangs up, nearly all others are answered by then.
        assert!((a.abandoned - 1.0 / 6.0).abs() < 0.01 && a.within > 0.75 && a.within < 0.84, "{a:?}");
        let idle = erlang_a(200.0, 3 * minute, 3000, minute, minute).expect("few enough");
        assert!(idle.within > 1.0 - 1e-9 && idle.mean_wait < 1e-9, "{idle:?}");
        let flooded = erlang_a(6000.0, minute, 1, 10 * minute, 20 * SECOND).expect("few enough");
        assert!((flooded.abandoned - 0.99).abs() < 1e-3 && flooded.occupancy > 0.999, "{flooded:?}");
        assert_eq!(erlang_a(0.0, minute, 1, minute, minute), None);
        assert_eq!(erlang_a(10.0, minute, 0, minute, minute), None);
        assert_eq!(erlang_a(60_000.0, minute, 1, 24 * hour, minute), None, "the line has no end");
        for value in [a, idle, flooded] {
            assert!(value.within.is_finite() && value.mean_wait.is_finite());
        }
    }
}
