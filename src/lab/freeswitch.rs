//! A real FreeSWITCH on loopback: the one of this machine, configured from the site, in a folder of its own.

use std::{
    env, fs, io,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::net::TcpStream;

use super::{
    LabError,
    ports::Block,
    program::{self, Program},
};
use crate::{
    infra::site::{Site, secret},
    ports::media::music,
    provision::{
        Browsers, browsers,
        freeswitch::{FreeswitchTarget, Ports, machine, render},
    },
};

/// On a busy machine it takes its time to calibrate its clock.
const BOOT: Duration = Duration::from_secs(90);
const STOP: Duration = Duration::from_secs(8);

/// A running FreeSWITCH, killed when dropped.
#[derive(Debug)]
pub struct Freeswitch {
    program: Program,
    binary: PathBuf,
    ports: Ports,
}

impl Freeswitch {
    /// The program at `TANDEM_FREESWITCH`, or in `PATH`.
    pub fn find() -> Option<PathBuf> {
        let named = env::var_os("TANDEM_FREESWITCH").filter(|named| !named.is_empty()).map(PathBuf::from);
        let path = env::var_os("PATH").unwrap_or_default();
        let all = env::split_paths(&path).map(|dir| dir.join("freeswitch"));
        named.into_iter().chain(all).find(|file| file.is_file())
    }

    /// Writes the configuration into `run` and starts it there; returns when it takes calls.
    pub async fn start(site: &Site, run: &Path, block: &Block) -> Result<Self, LabError> {
        let binary = Self::find().ok_or(LabError::NoFreeswitch)?;
        let ports = Ports {
            event_socket: block.port(1),
            phones: block.port(0),
            trunks: block.port(2),
            rtp_from: block.port(10),
            rtp_to: block.port(400),
        };
        let folder = |why| LabError::Folder { path: run.to_owned(), why };
        let folders =
            ["conf", "log", "db", "run", "temp", "storage", "recordings", "music", "cache", "certs"];
        folders.iter().try_for_each(|name| fs::create_dir_all(run.join(name))).map_err(folder)?;
        fs::write(run.join("music/waiting.wav"), music::wav()).map_err(folder)?;
        for file in machine(ports)?.into_iter().chain(render(site, &target(site, run, ports)?)?) {
            write(&run.join("conf").join(&file.path), &file.alone(), file.mode).map_err(folder)?;
        }
        let mut freeswitch = program::command(&binary);
        freeswitch.args(["-nf", "-nc", "-nonat", "-np"]).current_dir(run);
        for name in ["conf", "log", "db", "run", "temp", "storage", "recordings", "cache", "certs"] {
            freeswitch.arg(format!("-{name}")).arg(run.join(name));
        }
        let program = Program::start("FreeSWITCH", freeswitch, &run.join("log/console.log"))?;
        let mut this = Self { program, binary, ports };
        let ready = async |_: &Program| {
            let taken = |port| UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_err();
            let listens = TcpStream::connect((Ipv4Addr::LOCALHOST, ports.event_socket)).await.is_ok();
            listens && taken(ports.phones) && taken(ports.trunks)
        };
        this.program.ready(BOOT, ready).await?;
        Ok(this)
    }

    pub fn binary(&self) -> &Path {
        &self.binary
    }

    pub fn pid(&self) -> i32 {
        self.program.pid()
    }

    pub fn event_socket(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.event_socket))
    }

    /// SIP of the phones in the house.
    pub fn sip(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.phones))
    }

    /// SIP of the outside.
    pub fn outside(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.trunks))
    }

    pub async fn stop(mut self) {
        self.program.stop(STOP).await;
    }
}

fn target(site: &Site, run: &Path, ports: Ports) -> Result<FreeswitchTarget, LabError> {
    let secrets = site
        .extensions
        .values()
        .map(|extension| Ok((extension.phone.clone(), secret::read(&extension.secret_file)?)))
        .collect::<Result<_, LabError>>()?;
    let password = secret::read(&site.engine.password_file)?;
    let config = run.join("conf");
    let browsers = browsers(&site.engine)?.map(|browsers| Browsers { config, ..browsers });
    Ok(FreeswitchTarget { browsers, ..FreeswitchTarget::local(ports, run.join("music"), password, secrets) })
}

fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    let mut file = fs::File::options().create(true).truncate(true).write(true).mode(mode).open(path)?;
    io::Write::write_all(&mut file, text.as_bytes())
}
