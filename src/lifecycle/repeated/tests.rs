//! When it is asked who called again.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

use super::keep_asking;
use crate::{
    base::{id::Name, number::Number},
    infra::site::{AlertRule, Limit, Metric, Site},
    live::switchboard::Repeated,
};

const MINUTE: Duration = Duration::from_mins(1);

fn bare() -> Site {
    Site::bare("house", Number::new("1000").expect("a number"))
}

/// A database that does not answer these questions, counted from the first one; and the minutes at which it was asked.
struct Asked {
    sites: watch::Sender<Arc<Site>>,
    tell: mpsc::Receiver<Repeated>,
    minutes: Arc<Mutex<Vec<u64>>>,
}

fn asked(silent: std::ops::Range<usize>) -> Asked {
    let (sites, taken) = watch::channel(Arc::new(bare()));
    let (told, tell) = mpsc::channel(1);
    let minutes = Arc::new(Mutex::new(Vec::new()));
    let (begun, seen) = (Instant::now(), minutes.clone());
    tokio::spawn(keep_asking(taken, told, move |wanted| {
        let mut seen = seen.lock().expect("whole");
        seen.push(begun.elapsed().as_secs() / 60);
        let fails = silent.contains(&(seen.len() - 1));
        let of = |within| (within, BTreeMap::new());
        let repeated = Repeated(wanted.within.into_iter().map(of).collect());
        async move { if fails { Err("no answer") } else { Ok(repeated) } }
    }));
    Asked { sites, tell, minutes }
}

impl Asked {
    async fn told(&mut self) -> Vec<u16> {
        let Repeated(all) = self.tell.recv().await.expect("it goes on");
        all.into_keys().collect()
    }

    fn minutes(&self) -> Vec<u64> {
        self.minutes.lock().expect("whole").clone()
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("whole").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_asked_every_hour_and_less_and_less_often_while_nobody_answers() {
    let log = Log::default();
    let lines = log.clone();
    let to = tracing_subscriber::fmt().with_ansi(false).with_writer(move || lines.clone()).finish();
    let _guard = tracing::subscriber::set_default(to);
    let mut asked = asked(2..11);
    for _ in 0..4 {
        asked.told().await;
    }
    let failed = [120, 121, 123, 127, 135, 151, 183, 243, 303];
    let all: Vec<u64> = [0, 60].into_iter().chain(failed).chain([363, 423]).collect();
    assert_eq!(asked.minutes(), all);
    let written = String::from_utf8(log.0.lock().expect("whole").clone()).expect("text");
    let lines = |word: &str| written.lines().filter(|line| line.contains(word)).count();
    assert_eq!((lines("not known now"), lines("known again")), (1, 1), "{written}");
}

#[tokio::test(start_paused = true)]
async fn a_new_site_is_asked_for_only_what_is_new() {
    let mut asked = asked(0..0);
    assert_eq!(asked.told().await, [7]);
    tokio::time::sleep(10 * MINUTE).await;
    let mut site = bare();
    site.name = "another".into();
    asked.sites.send_replace(Arc::new(site.clone()));
    tokio::time::sleep(10 * MINUTE).await;
    assert_eq!(asked.minutes(), [0], "nothing that is asked for has changed");
    let rule = AlertRule {
        metric: Metric::RepeatRate,
        limit: Limit { above: true, limit: 150, clear: 150 },
        queues: vec![],
        open: None,
        lasts: Duration::ZERO,
        least: 10,
        within_days: 3,
        tell: vec![],
        escalate: vec![],
        remind: None,
    };
    site.alerts.rules = [(Name::new("again").expect("a name"), rule)].into();
    asked.sites.send_replace(Arc::new(site));
    assert_eq!(asked.told().await, [3, 7]);
    assert_eq!(asked.told().await, [3, 7]);
    assert_eq!(asked.minutes(), [0, 20, 80]);
}
