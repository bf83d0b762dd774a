//! A real Asterisk on loopback: configured from the site, started from an unpacked folder, and really there.

use std::{
    collections::BTreeMap,
    fs, io,
    net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    time::Duration,
};

use secrecy::SecretString;
use smol_str::SmolStr;

use super::{
    LabError,
    ports::Block,
    program::{Program, command},
};
use crate::{
    base::id::Name,
    infra::site::Site,
    ports::media::music,
    provision::{
        Browsers,
        asterisk::{self, AsteriskTarget, Machine, Ports},
        browsers,
    },
};

const BOOT: Duration = Duration::from_secs(30);
const STOP: Duration = Duration::from_secs(5);
/// Folders that Asterisk writes to, below its run folder.
const FOLDERS: &[&str] = &[
    "etc",
    "cache",
    "data",
    "lib/agi-bin",
    "lib/keys",
    "log/cdr-csv",
    "music",
    "run",
    "spool/outgoing",
    "spool/recording",
    "spool/tmp",
];
/// Files that some module asks for although nothing has to be said in them.
const EMPTY: &[&str] = &[
    "acl.conf",
    "ccss.conf",
    "cdr.conf",
    "cel.conf",
    "cli_aliases.conf",
    "cli_permissions.conf",
    "codecs.conf",
    "dnsmgr.conf",
    "dsp.conf",
    "features.conf",
    "manager.conf",
    "pjproject.conf",
    "sorcery.conf",
    "stasis.conf",
    "udptl.conf",
    "websocket_client.conf",
];

/// A running Asterisk, killed when dropped.
#[derive(Debug)]
pub struct Asterisk {
    program: Program,
    run: PathBuf,
    pub ports: Ports,
}

impl Asterisk {
    /// Where `scripts/asterisk-unpack` puts it.
    pub fn default_tree() -> PathBuf {
        let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache");
        std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from).join("tandem/asterisk-22")
    }

    /// Writes the configuration into `run` and starts the Asterisk of `tree`; returns when it takes calls.
    /// Passwords are read from the files that the site names.
    pub async fn start(tree: &Path, site: &Site, run: &Path, ports: Ports) -> Result<Self, LabError> {
        let modules = modules(tree)?;
        for folder in FOLDERS {
            folder_of(&run.join(folder))?;
        }
        let data = data(tree, run)?;
        let machine = Machine { run: run.to_owned(), modules, data, ports };
        write_all(&machine, &target(site, run, ports)?, site)?;
        free(ports)?;
        // The log of an earlier run would say that it is ready.
        let _ = fs::remove_file(run.join("log/full.log"));
        let mut asterisk = command(tree.join("bin/asterisk"));
        asterisk
            .arg("-C")
            .arg(run.join("etc/asterisk.conf"))
            .args(["-f", "-n"])
            .env("HOME", run)
            .current_dir(run);
        let program = Program::start("Asterisk", asterisk, &run.join("log/console.log"))?;
        let mut this = Self { program, run: run.to_owned(), ports };
        this.wait().await?;
        Ok(this)
    }

    /// Until it says that it is ready, and its ports are bound by this very process: Asterisk starts happily
    /// without a port that somebody else holds.
    async fn wait(&mut self) -> Result<(), LabError> {
        let log = self.log();
        let ready = async |_: &Program| fs::read(&log).is_ok_and(|text| says(&text, b"Asterisk Ready."));
        self.program.ready(BOOT, ready).await?;
        for (port, what) in [(self.ports.sip, "SIP"), (self.ports.http, "ARI")] {
            if !holds(self.pid(), port) {
                return Err(LabError::Taken { port, what });
            }
        }
        Ok(())
    }

    /// The ports of a block that it is to have.
    pub fn ports_of(block: &Block) -> Ports {
        Ports { sip: block.port(0), http: block.port(1), rtp_from: block.port(10), rtp_to: block.port(400) }
    }

    pub fn pid(&self) -> i32 {
        self.program.pid()
    }

    pub fn ari(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.http))
    }

    pub fn sip(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.sip))
    }

    /// Its full log.
    pub fn log(&self) -> PathBuf {
        self.run.join("log/full.log")
    }

    pub async fn stop(mut self) {
        self.program.stop(STOP).await;
    }
}

fn modules(tree: &Path) -> Result<PathBuf, LabError> {
    let none = || LabError::NoTree { path: tree.to_owned() };
    let lib = tree.join("usr/lib");
    // Older packages have them beside the folders of the architectures.
    let places = fs::read_dir(&lib).map_err(|_| none())?.filter_map(|entry| Some(entry.ok()?.path()));
    places
        .chain([lib.clone()])
        .map(|place| place.join("asterisk/modules"))
        .find(|path| path.is_dir())
        .ok_or_else(none)
}

fn target(site: &Site, run: &Path, ports: Ports) -> Result<AsteriskTarget, LabError> {
    let secrets = site
        .extensions
        .values()
        .map(|extension| Ok((extension.phone.clone(), secret(&extension.secret_file)?)))
        .collect::<Result<BTreeMap<Name, SecretString>, LabError>>()?;
    let config = run.join("etc");
    let browsers = browsers(&site.engine)?.map(|browsers| Browsers { config, ..browsers });
    Ok(AsteriskTarget {
        sip: Ports::at(ports.sip),
        http: Ports::at(ports.http),
        user: SmolStr::new(&site.engine.user),
        password: secret(&site.engine.password_file)?,
        secrets,
        lines: BTreeMap::new(),
        music: Some(run.join("music")),
        outside: vec!["127.0.0.0/8".into()],
        browsers,
    })
}

/// The folder of its shipped data.
fn data(tree: &Path, run: &Path) -> Result<PathBuf, LabError> {
    let data = run.join("data");
    for shipped in ["documentation", "rest-api"] {
        let link = data.join(shipped);
        let _ = fs::remove_file(&link);
        symlink(tree.join("usr/share/asterisk").join(shipped), &link)
            .map_err(|why| LabError::Folder { path: link, why })?;
    }
    Ok(data)
}

fn secret(path: &Path) -> Result<SecretString, LabError> {
    let text = fs::read_to_string(path).map_err(|why| LabError::Secret { path: path.to_owned(), why })?;
    Ok(SecretString::from(text.trim_end_matches(['\n', '\r']).to_owned()))
}

fn folder_of(path: &Path) -> Result<(), LabError> {
    fs::create_dir_all(path).map_err(|why| LabError::Folder { path: path.to_owned(), why })
}

fn write_all(machine: &Machine, target: &AsteriskTarget, site: &Site) -> Result<(), LabError> {
    let etc = machine.run.join("etc");
    let put = |path: PathBuf, bytes: &[u8], mode: u32| -> Result<(), LabError> {
        let write = || -> io::Result<()> {
            fs::write(&path, [])?;
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
            fs::write(&path, bytes)
        };
        write().map_err(|why| LabError::Folder { path: path.clone(), why })
    };
    for name in EMPTY {
        put(etc.join(name), b"", 0o644)?;
    }
    let machine_files = asterisk::machine(machine)?;
    for file in &machine_files {
        put(etc.join(&file.path), file.alone().as_bytes(), file.mode)?;
    }
    for file in asterisk::render(site, target)?.into_iter().filter(|file| !file.text.is_empty()) {
        folder_of(etc.join(&file.path).parent().unwrap_or(&etc))?;
        let standing = machine_files.iter().find(|other| other.path == file.path);
        let bytes = match standing {
            Some(standing) => file.beside(standing.alone().as_bytes())?,
            None => file.alone().into_bytes(),
        };
        put(etc.join(&file.path), &bytes, file.mode)?;
    }
    put(machine.run.join("music/waiting.wav"), &music::wav(), 0o644)
}

/// Refuses before anything is started, with the reason, what would otherwise fail silently inside.
fn free(ports: Ports) -> Result<(), LabError> {
    let sip = UdpSocket::bind((Ipv4Addr::LOCALHOST, ports.sip)).is_ok();
    let http = TcpListener::bind((Ipv4Addr::LOCALHOST, ports.http)).is_ok();
    for (free, port, what) in [(sip, ports.sip, "SIP"), (http, ports.http, "ARI")] {
        if !free {
            return Err(LabError::Taken { port, what });
        }
    }
    Ok(())
}

fn says(text: &[u8], what: &[u8]) -> bool {
    text.windows(what.len()).any(|window| window == what)
}

/// Whether the process has a socket on this port of 127.0.0.1 (`/proc/net`, `/proc/PID/fd`).
fn holds(pid: i32, port: u16) -> bool {
    let local = format!("0100007F:{port:04X}");
    let sockets: Vec<String> = ["/proc/net/udp", "/proc/net/tcp"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| {
            let mine = |line: &str| {
                let words: Vec<&str> = line.split_whitespace().collect();
                let listens = matches!(words.get(3), Some(&("07" | "0A")));
                (words.get(1) == Some(&local.as_str()) && listens)
                    .then(|| format!("socket:[{}]", words.get(9).unwrap_or(&"")))
            };
            table.lines().filter_map(mine).collect::<Vec<_>>()
        })
        .collect();
    fs::read_dir(format!("/proc/{pid}/fd")).is_ok_and(|fds| {
        fds.filter_map(|fd| fs::read_link(fd.ok()?.path()).ok())
            .any(|link| sockets.iter().any(|socket| link.as_os_str() == socket.as_str()))
    })
}
