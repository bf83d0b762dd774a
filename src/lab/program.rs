//! Programs that die with us, however we end: the kernel kills each when the thread that started it is gone
//! (`setpriv --pdeathsig`). So start them on a thread that lives as long as they shall.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::process::{Child, Command};

use super::LabError;

/// A running program, killed when dropped.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    pid: Pid,
    log: PathBuf,
}

/// A command whose process dies with this thread and does not share our terminal's signals.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command.stdin(Stdio::null()).process_group(0).kill_on_drop(true);
    command
}

impl Program {
    /// Starts it; what it prints goes to `log`.
    pub fn start(name: &str, mut command: Command, log: &Path) -> Result<Self, LabError> {
        let refused = |why: io::Error| LabError::Start {
            program: name.to_owned(),
            why,
            remedy: "`make setup` installs what is missing".to_owned(),
        };
        let out = File::options().create(true).append(true).open(log).map_err(refused)?;
        let both = out.try_clone().map_err(refused)?;
        let child = command.stdout(out).stderr(both).spawn().map_err(refused)?;
        let pid = Pid::from_raw(child.id().map_or(0, |id| id as i32));
        Ok(Self { name: name.to_owned(), child, pid, log: log.to_owned() })
    }

    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    pub fn log(&self) -> &Path {
        &self.log
    }

    /// What it printed so far.
    pub fn said(&self) -> String {
        fs::read(&self.log).map(|text| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default()
    }

    /// Its exit status once it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Waits until `is_ready`, which is asked every 20 ms, unless the program ends before.
    pub async fn ready(
        &mut self,
        patience: Duration,
        mut is_ready: impl AsyncFnMut(&Self) -> bool,
    ) -> Result<(), LabError> {
        let deadline = Instant::now() + patience;
        while !is_ready(self).await {
            let (program, log) = (self.name.clone(), self.log.clone());
            if let Some(status) = self.ended() {
                return Err(LabError::Died { program, status: status.to_string(), log });
            }
            if Instant::now() > deadline {
                return Err(LabError::NotReady { program, patience, log });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Asks it to end (SIGTERM), and kills it if it has not after `patience`.
    pub async fn stop(&mut self, patience: Duration) {
        if self.ended().is_none() {
            let _ = kill(self.pid, Signal::SIGTERM);
            if tokio::time::timeout(patience, self.child.wait()).await.is_err() {
                self.kill().await;
            }
        }
    }

    /// Kills it (SIGKILL) and returns when it is gone.
    pub async fn kill(&mut self) {
        let _ = self.child.kill().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::rundir::RunDir;

    fn sleeper(dir: &RunDir) -> Program {
        let mut sleep = command("sleep");
        sleep.arg("60");
        Program::start("sleep", sleep, &dir.join("log")).expect("sleep starts")
    }

    fn lives(pid: i32) -> bool {
        fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
    }

    #[tokio::test]
    async fn a_program_is_gone_when_dropped_and_when_stopped() {
        let dir = RunDir::new("program").expect("a folder");
        let mut one = sleeper(&dir);
        assert!(one.ended().is_none());
        one.stop(Duration::from_secs(5)).await;
        assert!(one.ended().is_some());
        let pid = sleeper(&dir).pid();
        let gone = async {
            while lives(pid) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), gone).await.expect("killed when dropped");
    }

    #[test]
    fn a_program_dies_with_the_thread_that_started_it() {
        let dir = RunDir::new("program").expect("a folder");
        let log = dir.join("log");
        let start = move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let pid = runtime.block_on(async {
                let mut sleep = command("sleep");
                sleep.arg("60").kill_on_drop(false);
                let program = Program::start("sleep", sleep, &log).expect("sleep starts");
                // Until then it is still `setpriv`, or our own copy.
                while fs::read_to_string(format!("/proc/{}/comm", program.pid())).unwrap_or_default()
                    != "sleep\n"
                {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                program.pid()
            });
            assert!(lives(pid));
            pid
        };
        let pid = std::thread::spawn(start).join().expect("it starts");
        let deadline = Instant::now() + Duration::from_secs(5);
        while lives(pid) {
            assert!(Instant::now() < deadline, "{pid} outlived its thread");
            std::thread::yield_now();
        }
    }
}
