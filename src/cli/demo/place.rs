//! Where the demo plays: a folder, an engine, a daemon, phones. Closing it leaves nothing behind.

use std::{env, fs, io, path::PathBuf, time::Duration};

use serde_json::json;

use super::{Engine, Sip};
use crate::{
    cli::{
        Fault,
        context::Context,
        paint::{Paint, Tone},
        show::print,
    },
    infra::site::{self, Site, secret},
    lab::{
        LabError,
        asterisk::Asterisk,
        cast::{Agents, Caller},
        freeswitch::Freeswitch,
        ports::Block,
        program::{self, Program},
        rundir::RunDir,
        sample,
        softphone::Account,
        unpack,
    },
    live::switchboard::view::{EngineView, StatusView},
};

/// Places in the block of ports.
const CONTROL: u16 = 1;
const AGENTS: u16 = 420;
const CALLERS: u16 = 450;
/// The last phone is left to whoever watches.
const AT_WORK: usize = 3;
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Place {
    dir: RunDir,
    block: Block,
    site: Site,
    kind: Engine,
    json: bool,
    engine: Running,
    daemon: Option<Program>,
    agents: Option<Agents>,
    callers: Vec<Caller>,
}

enum Running {
    Nothing,
    Asterisk(Asterisk),
    Freeswitch(Freeswitch),
}

impl Place {
    /// Writes the site and makes its passwords.
    pub(super) fn build(kind: Engine, json: bool) -> Result<Self, Fault> {
        let (dir, block) = (RunDir::new("demo")?, Block::claim()?);
        let control = block.port(CONTROL);
        let engine = match kind {
            Engine::Simulator => "{ kind: simulator, password_file: secrets/engine }".to_owned(),
            Engine::Asterisk => format!(
                "{{ kind: asterisk, address: 127.0.0.1:{control}, user: tandem, password_file: secrets/engine }}"
            ),
            Engine::Freeswitch => format!(
                "{{ kind: freeswitch, address: 127.0.0.1:{control}, domain: tandem.local, password_file: secrets/engine }}"
            ),
        };
        sample::write(&dir.join("site"), &engine)?;
        let site = site::load(&dir.join("site")).map_err(LabError::Sample)?;
        secret::make_missing(&site).map_err(LabError::Password)?;
        let (engine, daemon, agents, callers) = (Running::Nothing, None, None, Vec::new());
        Ok(Self { dir, block, site, kind, json, engine, daemon, agents, callers })
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.dir.join("tandem.sock")
    }

    pub(super) fn sip(&self) -> Sip {
        match &self.engine {
            Running::Nothing => None,
            Running::Asterisk(asterisk) => Some(asterisk.sip()),
            Running::Freeswitch(freeswitch) => Some(freeswitch.sip()),
        }
    }

    /// Where calls from outside come in.
    pub(super) fn outside(&self) -> Sip {
        match &self.engine {
            Running::Freeswitch(freeswitch) => Some(freeswitch.outside()),
            _ => self.sip(),
        }
    }

    pub(super) fn callers(&mut self) -> Vec<Caller> {
        std::mem::take(&mut self.callers)
    }

    /// Starts everything, one after the other, and tells of each.
    pub(super) async fn open(&mut self, cx: &Context) -> Result<(), Fault> {
        self.tell(cx, "site", &format!("{} in {}", self.site.name, self.dir.join("site").display()))?;
        self.start_engine(cx).await?;
        self.start_daemon(cx).await?;
        if let (Some(sip), Some(outside)) = (self.sip(), self.outside()) {
            let people: Vec<_> = self.site.extensions.values().take(AT_WORK).collect();
            let domain = match self.kind {
                Engine::Freeswitch => self.site.engine.domain.to_string(),
                _ => sip.to_string(),
            };
            let account = |phone: &&site::Extension| -> Result<Account, Fault> {
                let secret = Some(secret::read(&phone.secret_file).map_err(LabError::Password)?);
                Ok(Account { user: phone.phone.to_string(), server: sip, domain: domain.clone(), secret })
            };
            let accounts = people.iter().map(account).collect::<Result<_, _>>()?;
            let names: Vec<_> = people.iter().map(|p| format!("{} {}", p.phone, p.name)).collect();
            let phones = self.dir.join("phones");
            fs::create_dir_all(&phones).map_err(|why| LabError::Folder { path: phones.clone(), why })?;
            self.agents = Some(Agents::start(accounts, &phones, self.block.port(AGENTS)).await?);
            self.callers = Caller::all(outside, &phones, self.block.port(CALLERS)).await?;
            self.tell(cx, "phones", &format!("{} (real SIP phones: baresip)", names.join(", ")))?;
        }
        self.invite(cx)
    }

    async fn start_engine(&mut self, cx: &Context) -> Result<(), Fault> {
        let run = self.dir.join("engine");
        let what = match self.kind {
            Engine::Simulator => "simulated, in memory".to_owned(),
            Engine::Asterisk => {
                let tree = unpack::asterisk(&self.dir).await?;
                let ports = Asterisk::ports_of(&self.block);
                self.engine = Running::Asterisk(Asterisk::start(&tree, &self.site, &run, ports).await?);
                format!("Asterisk from {}", tree.display())
            }
            Engine::Freeswitch => {
                let freeswitch = Freeswitch::start(&self.site, &run, &self.block).await?;
                let what = format!("FreeSWITCH, {}", freeswitch.binary().display());
                self.engine = Running::Freeswitch(freeswitch);
                what
            }
        };
        let sip = self.sip().map_or(String::new(), |sip| format!(", SIP on {sip}"));
        self.tell(cx, "engine", &format!("{what}{sip}"))
    }

    async fn start_daemon(&mut self, cx: &Context) -> Result<(), Fault> {
        let refused = |why: io::Error| LabError::Start {
            program: "tandem serve".to_owned(),
            why,
            remedy: "run `tandem serve` by hand to see why".to_owned(),
        };
        let mut serve = program::command(env::current_exe().map_err(refused)?);
        serve
            .arg("serve")
            .arg("--site")
            .arg(self.dir.join("site"))
            .arg("--state")
            .arg(self.dir.join("state"));
        serve.env("TANDEM_SOCKET", self.socket());
        if self.kind == Engine::Simulator {
            serve.args(["--traffic", "2500"]);
        }
        let mut daemon = Program::start("tandem serve", serve, &self.dir.join("daemon.log"))?;
        let up = daemon
            .ready(PATIENCE, async |_| {
                let status = cx.client.get::<StatusView>("/v1/status").await;
                status.is_ok_and(|answer| matches!(answer.value.engine, EngineView::Up { .. }))
            })
            .await;
        let said = daemon.said();
        self.daemon = Some(daemon);
        up.inspect_err(|_| eprint!("{said}"))?;
        self.tell(cx, "daemon", &format!("tandem serve, socket {}", self.socket().display()))
    }

    /// How to take part.
    fn invite(&self, cx: &Context) -> Result<(), Fault> {
        let socket = self.socket();
        let (Some(sip), Some(outside)) = (self.sip(), self.outside()) else {
            return self.tell(cx, "look", &format!("TANDEM_SOCKET={} tandem top", socket.display()));
        };
        let free = self.site.extensions.values().nth(AT_WORK);
        if self.json {
            let secret = free.map(|f| json!({ "user": f.phone.as_str(), "password_file": f.secret_file }));
            return print(&format!(
                "{}\n",
                json!({ "ready": true, "socket": socket, "sip": sip, "outside": outside, "account": secret })
            ));
        }
        self.tell(cx, "look", &format!("TANDEM_SOCKET={} tandem top", socket.display()))?;
        self.tell(
            cx,
            "call",
            &format!("sip:4000@{outside} (English) or sip:4001@{outside} (中文), with any softphone here"),
        )?;
        if let Some(free) = free {
            let (user, domain) = (&free.phone, &self.site.engine.domain);
            let domain =
                if self.kind == Engine::Freeswitch { format!(", domain {domain}") } else { String::new() };
            let text = format!(
                "be {}: user {user}, server {sip}{domain}, password in {}",
                free.name,
                free.secret_file.display()
            );
            self.tell(cx, "answer", &text)?;
        }
        print(&format!("\n{}\n\n", cx.paint.word("Ctrl-C ends it and cleans up.", Tone::Plain)))
    }

    fn tell(&self, cx: &Context, what: &str, text: &str) -> Result<(), Fault> {
        if self.json {
            return print(&format!("{}\n", json!({ "stage": what, "text": text })));
        }
        print(&format!("{} {text}\n", label(&cx.paint, what)))
    }

    /// Ends everything, callers first.
    pub(super) async fn close(mut self) {
        self.agents = None;
        self.callers.clear();
        if let Some(mut daemon) = self.daemon.take() {
            daemon.stop(Duration::from_secs(5)).await;
        }
        match self.engine {
            Running::Nothing => {}
            Running::Asterisk(asterisk) => asterisk.stop().await,
            Running::Freeswitch(freeswitch) => freeswitch.stop().await,
        }
    }
}

fn label(paint: &Paint, what: &str) -> String {
    paint.word(&format!("{what:>8}"), Tone::Good)
}
