//! A site, a configuration folder and a state folder of one test, and `tandem` run on them.

use std::{
    collections::BTreeMap,
    fs,
    net::{SocketAddr, UdpSocket},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use tandem::lab::sample;
use tempfile::TempDir;

/// Gone with its folders when dropped.
pub struct Rig {
    temp: TempDir,
}

/// How a command ended, and what it said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Rig {
    /// `engine` is the value of `engine:` in site.yaml; in it `ETC` is the configuration folder, `RUN` the one above.
    pub fn new(engine: &str) -> Self {
        // Flushing to a disk a thousand times is the disk's test, not ours.
        let memory = Path::new("/dev/shm");
        let temp = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let this = Self { temp: temp.expect("a folder") };
        fs::create_dir(this.etc()).expect("a folder");
        let etc = this.etc().display().to_string();
        let run = this.folder().display().to_string();
        sample::write(&this.site(), &engine.replace("ETC", &etc).replace("RUN", &run)).expect("a site");
        this
    }

    pub fn folder(&self) -> &Path {
        self.temp.path()
    }

    pub fn site(&self) -> PathBuf {
        self.folder().join("site")
    }

    pub fn etc(&self) -> PathBuf {
        self.folder().join("etc")
    }

    pub fn state(&self) -> PathBuf {
        self.folder().join("state")
    }

    pub fn socket(&self) -> PathBuf {
        self.folder().join("tandem.sock")
    }

    /// A phone's password.
    pub fn secret(&self, phone: &str) -> String {
        let text = fs::read_to_string(self.site().join(format!("secrets/phone-{phone}"))).expect("made");
        text.trim_end().to_owned()
    }

    /// Writes a carrier's password and a trunk that logs in at `address` and speaks PCMA alone.
    pub fn carrier(&self, address: SocketAddr) {
        let file = self.site().join("secrets/trunk-carrier");
        fs::write(&file, "from-the-carrier\n").expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("chmod");
        let trunk = format!(
            "carrier: {{ address: \"{address}\", codecs: [pcma], user: \"4000123\", register: true }}\n"
        );
        fs::write(self.site().join("trunks.yaml"), trunk).expect("written");
    }

    /// Runs `tandem` with these words.
    pub fn tandem(&self, words: &[&str]) -> Said {
        let output = Command::new(env!("CARGO_BIN_EXE_tandem"))
            .args(words)
            .current_dir(self.folder())
            .env("TANDEM_SOCKET", self.socket())
            .env("TANDEM_STATE", self.state())
            .env_remove("NO_COLOR")
            .output()
            .expect("it runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Said { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.etc().join(file)).unwrap_or_else(|why| panic!("{file}: {why}"))
    }

    pub fn write(&self, file: &str, text: &str) {
        let path = self.etc().join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("written");
    }

    /// Replaces `from`, which must be there, in a file of the site.
    pub fn edit_site(&self, file: &str, from: &str, to: &str) {
        let path = self.site().join(file);
        let text = fs::read_to_string(&path).expect("a file");
        assert!(text.contains(from), "{file} has no {from:?}");
        fs::write(path, text.replacen(from, to, 1)).expect("written");
    }
}

/// Files with their bytes and permissions.
pub type Snapshot = BTreeMap<PathBuf, (Vec<u8>, u32)>;

/// All files below a folder: their bytes and permissions.
pub fn snapshot(folder: &Path) -> Snapshot {
    let mut all = BTreeMap::new();
    let mut left = vec![folder.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                left.push(entry);
            } else {
                let mode = fs::metadata(&entry).expect("there").permissions().mode() & 0o7777;
                all.insert(entry.clone(), (fs::read(&entry).expect("readable"), mode));
            }
        }
    }
    all
}

/// The next message of this kind that comes to a carrier's socket; what registers is welcome.
pub fn hears(carrier: &UdpSocket, method: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(30);
    carrier.set_read_timeout(Some(Duration::from_secs(1))).expect("a socket");
    let mut bytes = [0u8; 4096];
    loop {
        if let Ok((count, from)) = carrier.recv_from(&mut bytes) {
            let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
            if text.starts_with("REGISTER ") {
                let kept = ["Via:", "From:", "To:", "Call-ID:", "CSeq:", "Contact:"];
                let kept = text.lines().filter(|line| kept.iter().any(|name| line.starts_with(name)));
                let kept: String = kept.flat_map(|line| [line, "\r\n"]).collect();
                let welcome = format!("SIP/2.0 200 OK\r\n{kept}Expires: 600\r\nContent-Length: 0\r\n\r\n");
                carrier.send_to(welcome.as_bytes(), from).expect("sent");
            }
            if text.starts_with(method) {
                return text;
            }
        }
        assert!(Instant::now() < deadline, "no {method} came");
    }
}
