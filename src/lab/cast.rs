//! The people of the demo: agents who take calls after a moment, callers who go through the menu and talk.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use secrecy::SecretString;
use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{
    LabError,
    softphone::{Account, Event, Softphone},
    voice,
};

/// How long an agent looks at the ringing phone.
const LOOK: Duration = Duration::from_millis(1800);
/// A caller who hears no menu by then tries a key all the same.
const LISTEN: Duration = Duration::from_secs(20);
/// A caller who has not been served by then goes.
const PATIENCE: Duration = Duration::from_secs(120);
/// Ports that a phone takes.
const PORTS: u16 = 8;

/// Who calls, which number, and what they say.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    pub number: &'static str,
    pub dials: &'static str,
    /// Keys pressed in turn, a call each.
    pub keys: &'static [char],
    voice: &'static str,
    says: &'static str,
}

/// The callers.
pub const CALLERS: &[Part] = &[
    Part {
        number: "13800138001",
        dials: "4001",
        keys: &['1', '2'],
        voice: "cmn",
        says: "您好，我想问一下上个月的订单，什么时候可以发货？",
    },
    Part {
        number: "15550100",
        dials: "4000",
        keys: &['2', '1'],
        voice: "en-us",
        says: "Hello, the container that I ordered has not arrived. Could you have a look for me?",
    },
    Part {
        number: "442079460018",
        dials: "4000",
        keys: &['1', '1', '2'],
        voice: "en-gb",
        says: "Good afternoon. I would like a quotation for two hundred crates, please.",
    },
    Part {
        number: "13900139002",
        dials: "4001",
        keys: &['2'],
        voice: "cmn",
        says: "您好，我们的系统登录不上去了，请帮忙看一下。",
    },
];

/// Agents at their phones. They end when dropped.
pub struct Agents(Vec<JoinHandle<()>>);

impl Agents {
    /// A phone for each of `accounts`, from `ports` on, which takes every call.
    pub async fn start(accounts: Vec<Account>, dir: &Path, ports: u16) -> Result<Self, LabError> {
        let mut agents = Self(Vec::new());
        for (index, account) in (0u16..).zip(accounts) {
            let file = dir.join(format!("{}.wav", account.user));
            let (voice, says) = match index % 2 {
                0 => ("cmn", "您好，港湾贸易。好的，请稍等，我马上为您查询。"),
                _ => {
                    ("en-us", "Harbour Trading, good morning. One moment please, I am looking it up for you.")
                }
            };
            voice::record(voice, says, &file).await?;
            let home = dir.join(&account.user);
            let phone = Softphone::start(&home, &account, ports + index * PORTS, &file).await?;
            agents.0.push(tokio::spawn(take_calls(phone)));
        }
        Ok(agents)
    }
}

impl Drop for Agents {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

async fn take_calls(mut phone: Softphone) {
    while let Some(event) = phone.events.recv().await {
        if event == Event::Incoming {
            sleep(LOOK).await;
            phone.accept().await;
        }
    }
}

/// What a caller is told by whoever watches the call: an ear of its own the phone has not.
#[derive(Debug, Default)]
pub struct Cues {
    /// The menu has been heard for a moment.
    pub menu: Notify,
    /// It has been talked enough.
    pub enough: Notify,
}

/// Somebody outside with a phone.
pub struct Caller {
    pub part: Part,
    phone: Softphone,
    calls: usize,
}

impl Caller {
    /// The callers' phones, from `ports` on.
    pub async fn all(server: SocketAddr, dir: &Path, ports: u16) -> Result<Vec<Self>, LabError> {
        let mut callers = Vec::new();
        for (index, &part) in (0u16..).zip(CALLERS) {
            let file = dir.join(format!("{}.wav", part.number));
            voice::record(part.voice, part.says, &file).await?;
            let account = Account {
                user: part.number.to_owned(),
                server,
                domain: server.to_string(),
                secret: None::<SecretString>,
            };
            let phone =
                Softphone::start(&dir.join(part.number), &account, ports + index * PORTS, &file).await?;
            callers.push(Self { part, phone, calls: 0 });
        }
        Ok(callers)
    }

    /// One call: dials, listens, presses a key, talks, and hangs up.
    pub async fn call(mut self, server: SocketAddr, cues: Arc<Cues>) -> Self {
        let key = self.part.keys[self.calls % self.part.keys.len()];
        self.calls += 1;
        while self.phone.events.try_recv().is_ok() {}
        self.phone.dial(self.part.dials, server).await;
        let way = async {
            while self.phone.events.recv().await? == Event::Incoming {}
            let _heard_or_not = timeout(LISTEN, cues.menu.notified()).await;
            self.phone.press(key).await;
            tokio::select! {
                () = cues.enough.notified() => {}
                event = self.phone.events.recv() => return event.filter(|e| *e != Event::Closed),
            }
            Some(Event::Established)
        };
        if !matches!(timeout(PATIENCE, way).await, Ok(None)) {
            self.phone.hang_up().await;
        }
        self
    }
}
