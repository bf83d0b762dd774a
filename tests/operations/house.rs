//! A daemon on a copy of an example, as a service manager would run it. It dies with the test.

use std::{
    fs::{self, File},
    io::{Read, Write},
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;

pub const PATIENCE: Duration = Duration::from_secs(60);

/// Site, state, socket and log in one folder, and the daemon that lives there.
pub struct House {
    folder: TempDir,
    child: Option<Child>,
}

impl House {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        copy(Path::new("examples/small"), &folder.path().join("site"));
        Self { folder, child: None }
    }

    /// Nothing is there yet.
    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("folder"), child: None }
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Changes a file of the site.
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.at("site").join(file);
        let text = fs::read_to_string(&path).expect("read");
        assert!(text.contains(from), "{file} has no {from:?}");
        fs::write(path, text.replace(from, to)).expect("written");
    }

    /// Writes a secret of the site.
    pub fn secret(&self, name: &str, word: &str) {
        let path = self.at("site/secrets").join(name);
        let folder = path.parent().expect("a folder");
        fs::create_dir_all(folder).expect("made");
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).expect("closed");
        fs::write(&path, format!("{word}\n")).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("closed");
    }

    /// `tandem` against this house, nothing of the outside in its surroundings.
    pub fn tandem(&self, words: &[&str]) -> Output {
        let mut command = program();
        command.arg("--socket").arg(self.at("tandem.sock")).args(words);
        command.output().expect("the program runs")
    }

    /// Its output when all went well.
    pub fn said(&self, words: &[&str]) -> String {
        let done = self.tandem(words);
        assert_eq!(done.status.code(), Some(0), "{words:?}: {}{}", err(&done), self.log());
        String::from_utf8(done.stdout).expect("text")
    }

    /// Starts the daemon without waiting for it.
    pub fn start(&mut self, environment: &[(&str, &str)], more: &[&str]) {
        let log = File::options().create(true).append(true).open(self.at("log")).expect("log");
        self.start_into(log.into(), environment, more);
    }

    /// The shell knows the number of the process that it becomes.
    pub fn start_into(&mut self, log: Stdio, environment: &[(&str, &str)], more: &[&str]) {
        let mut command = Command::new("setpriv");
        let script = r#"WATCHDOG_PID=$$ exec "$0" "$@""#;
        command.args(["--pdeathsig", "KILL", "--", "sh", "-c", script]).arg(env!("CARGO_BIN_EXE_tandem"));
        command.arg("--socket").arg(self.at("tandem.sock")).arg("serve").arg("--site").arg(self.at("site"));
        command.arg("--state").arg(self.at("state")).args(more);
        clean(&mut command);
        command.envs(environment.iter().copied()).stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().expect("the daemon starts"));
    }

    /// What Prometheus is told.
    pub fn metrics(&self) -> String {
        let mut door = UnixStream::connect(self.at("tandem.sock")).expect("the daemon listens");
        door.write_all(b"GET /metrics HTTP/1.0\r\nHost: tandem\r\n\r\n").expect("asked");
        let mut figures = String::new();
        door.read_to_string(&mut figures).expect("answered");
        figures
    }

    pub fn ready(&self) {
        self.until("the daemon answers", |house| {
            String::from_utf8_lossy(&house.tandem(&["status", "--json"]).stdout).contains(r#""state":"up""#)
        });
    }

    pub fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("it runs");
        kill(Pid::from_raw(i32::try_from(child.id()).expect("pid")), signal).expect("signalled");
    }

    pub fn end(&mut self, signal: Signal) {
        self.signal(signal);
        if let Some(mut child) = self.child.take() {
            child.wait().expect("ended");
        }
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.at("log")).unwrap_or_default()
    }

    pub fn until(&self, what: &str, mut is: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is(self) {
            assert!(Instant::now() < deadline, "{what}: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ended = child.kill();
            let _status = child.wait();
        }
    }
}

pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tandem"));
    clean(&mut command);
    command.stdin(Stdio::null());
    command
}

fn clean(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let ours =
            ["TANDEM_", "XDG_", "RUST_", "NO_COLOR", "COLUMNS", "NOTIFY_", "WATCHDOG_", "CREDENTIALS_"];
        if ours.iter().any(|start| text.starts_with(start)) && text != "XDG_CACHE_HOME" {
            command.env_remove(name);
        }
    }
}

pub fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("folder");
    for entry in fs::read_dir(from).expect("folder") {
        let entry = entry.expect("entry");
        let target = to.join(entry.file_name());
        if !entry.file_type().expect("type").is_dir() {
            fs::copy(entry.path(), target).expect("copied");
        } else if entry.file_name() != "secrets" {
            copy(&entry.path(), &target);
        }
    }
}
