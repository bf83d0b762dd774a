//! Random cases on all cores at once, with a line now and then that tells how far they are: a million take hours.

use std::{
    fmt::Debug,
    num::NonZero,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use proptest::{
    prelude::{ProptestConfig, Strategy},
    test_runner::{TestCaseError, TestRunner},
};

/// Cases that a core takes at once; each such portion has a seed of its own.
const PORTION: u32 = 100;
const TOLD_EVERY: Duration = Duration::from_secs(15);

/// How many cases are wanted (`TANDEM_CASES`).
pub fn wanted() -> u32 {
    std::env::var("TANDEM_CASES").ok().map_or(64, |text| text.parse().expect("TANDEM_CASES is a number"))
}

/// Checks `rule` with so many values of `strategy`. A failure is shrunk and ends the others.
pub fn check<S: Strategy>(
    name: &str,
    cases: u32,
    strategy: impl Fn() -> S + Sync,
    rule: impl Fn(S::Value) -> Result<(), TestCaseError> + Sync,
) where
    S::Value: Debug,
{
    let work = Work::new(name, cases);
    thread::scope(|scope| {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let core = || {
            while let Some(cases) = work.take() {
                let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
                if let Err(broken) = TestRunner::new(config).run(&strategy(), &rule) {
                    work.broken.store(true, Ordering::Relaxed);
                    panic!("{name}: {broken}");
                }
                work.done(cases);
            }
        };
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(core)).collect();
        for worker in workers {
            if let Err(panic) = worker.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
    work.end();
}

/// Does `work` with each of `all`, on all cores.
pub fn each<T: Sync>(all: &[T], work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let core = || {
            while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                work(one);
            }
        };
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(core)).collect();
        for worker in workers {
            if let Err(panic) = worker.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
}

struct Work<'a> {
    name: &'a str,
    all: u32,
    taken: AtomicU32,
    done: AtomicU32,
    broken: AtomicBool,
    begun: Instant,
    told: Mutex<Instant>,
}

impl<'a> Work<'a> {
    fn new(name: &'a str, all: u32) -> Self {
        let now = Instant::now();
        Self {
            name,
            all,
            taken: AtomicU32::new(0),
            done: AtomicU32::new(0),
            broken: AtomicBool::new(false),
            begun: now,
            told: Mutex::new(now),
        }
    }

    fn take(&self) -> Option<u32> {
        let taken = self.taken.fetch_add(PORTION, Ordering::Relaxed);
        let portion = self.all.saturating_sub(taken).min(PORTION);
        (portion > 0 && !self.broken.load(Ordering::Relaxed)).then_some(portion)
    }

    fn done(&self, cases: u32) {
        let done = self.done.fetch_add(cases, Ordering::Relaxed) + cases;
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.elapsed() < TOLD_EVERY {
            return;
        }
        *told = Instant::now();
        let each = self.begun.elapsed().as_secs_f64() / f64::from(done);
        let left = each * f64::from(self.all.saturating_sub(done)) / 60.0;
        eprintln!(
            "{}: {done} of {} cases, {:.0} a second, {left:.0} min left",
            self.name,
            self.all,
            1.0 / each
        );
    }

    fn end(&self) {
        assert_eq!(self.done.load(Ordering::Relaxed), self.all, "{}: cases were left out", self.name);
        let took = self.begun.elapsed().as_secs_f64();
        eprintln!(
            "{}: {} cases in {took:.0} s, {:.0} a second",
            self.name,
            self.all,
            f64::from(self.all) / took
        );
    }
}
