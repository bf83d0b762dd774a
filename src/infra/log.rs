//! The log's way out. Whoever logs never waits: lines go through a queue to a thread of their own, and when nobody reads
//! them in time they are lost, counted and told.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

/// Lines that wait.
const QUEUE: usize = 2_000;
/// How often whoever waits for the end looks whether there is room in the queue.
const ROOM: Duration = Duration::from_millis(5);

/// A way to the log. Clones share it.
#[derive(Clone)]
pub struct Log {
    lines: SyncSender<Job>,
    lost: Lost,
}

enum Job {
    Line(Vec<u8>),
    /// All that came before is written.
    Written(SyncSender<()>),
}

/// Lines that could not be written, until they are told of.
#[derive(Clone, Default)]
pub struct Lost(Arc<AtomicU64>);

impl Lost {
    pub fn lines(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Log {
    /// A log into `out`; `confess` makes the line that tells how many were lost.
    pub fn new(out: impl Write + Send + 'static, confess: fn(u64) -> String) -> io::Result<Self> {
        let (lines, queue) = sync_channel(QUEUE);
        let lost = Lost::default();
        let known = lost.clone();
        thread::Builder::new().name("log".to_owned()).spawn(move || write(out, &queue, &known, confess))?;
        Ok(Self { lines, lost })
    }

    pub fn lost(&self) -> Lost {
        self.lost.clone()
    }

    /// Waits until everything is written, but no longer than this.
    pub fn flush(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let (tell, written) = sync_channel(1);
        let mut job = Job::Written(tell);
        while let Err(TrySendError::Full(again)) = self.lines.try_send(job) {
            if Instant::now() >= deadline {
                return;
            }
            job = again;
            thread::sleep(ROOM);
        }
        let _late = written.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    }
}

impl Write for Log {
    /// Takes a whole line, or loses it.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.lines.try_send(Job::Line(line.to_vec())).is_err() {
            self.lost.0.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write(mut out: impl Write, queue: &Receiver<Job>, lost: &Lost, confess: fn(u64) -> String) {
    while let Ok(job) = queue.recv() {
        match job {
            Job::Line(line) => {
                let told = lost.lines();
                let confession = if told > 0 { confess(told) } else { String::new() };
                match out.write_all(&line).and_then(|()| out.write_all(confession.as_bytes())) {
                    Ok(()) => lost.0.fetch_sub(told, Ordering::Relaxed),
                    Err(_) => lost.0.fetch_add(1, Ordering::Relaxed),
                };
            }
            Job::Written(tell) => drop(tell.send(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    /// A pipe holds 64 KiB; what is written beyond it would wait for ever.
    #[test]
    fn a_log_that_nobody_reads_holds_up_nobody_and_tells_what_was_lost() {
        let (mut reader, writer) = io::pipe().expect("a pipe");
        let mut log = Log::new(writer, |lost| format!("{lost} lost\n")).expect("a thread");
        let begun = Instant::now();
        let many = 100_000_u64;
        for number in 0..many {
            log.write_all(format!("line {number:>20}\n").as_bytes()).expect("never refused");
        }
        log.flush(Duration::from_millis(10));
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
        let lost = log.lost();
        assert!(lost.lines() > many / 2, "{}", lost.lines());
        let reading = thread::spawn(move || {
            let mut text = String::new();
            reader.read_to_string(&mut text).expect("text");
            text
        });
        log.write_all(b"the last\n").expect("never refused");
        log.flush(Duration::from_secs(20));
        log.write_all(b"after all\n").expect("never refused");
        log.flush(Duration::from_secs(20));
        assert_eq!(lost.lines(), 0);
        drop(log);
        let text = reading.join().expect("read");
        let whole = text.lines().filter(|line| line.starts_with("line ")).count() as u64;
        let confessed = text.lines().filter_map(|line| line.strip_suffix(" lost")?.parse::<u64>().ok());
        let last = u64::from(!text.contains("the last\n"));
        assert_eq!(whole + confessed.sum::<u64>(), many + last, "each line is there or told of");
        assert!(text.contains("after all"));
    }
}
