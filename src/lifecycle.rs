//! Composition: builds the daemon from its rooms, keeps it running, and stops it cleanly.
//!
//! The order is that of trust: the site first (nothing starts on a site that `check` refuses), then the admin
//! socket (a second daemon is refused before it touches anything), the journal, the engine, and last the doors.

mod alerts;
pub mod backup;
mod callers;
mod change;
pub mod doctor;
mod drift;
mod engine;
mod hearing;
mod history;
mod notice;
mod outlet;
mod outside;
mod port;
mod reload;
mod repeated;
pub mod replay;
mod store;

use std::{
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    base::clock::{Clock, SystemClock},
    desk::{
        access::Access,
        audit::{Audit, Ledger},
        customer::Customers,
    },
    http::{self, BindError, Feed, Meters, Rooms, ServeError, Socket, TlsPort},
    infra::{
        db::Db,
        journal::{self, Journal, OpenError, Torn},
        log::Lost,
        site::{
            self, EngineKind, Problems, Site,
            secret::{self, SecretError},
        },
        spool::{Spool, SpoolError},
    },
    live::{
        record::store::{CallStore, Projection},
        switchboard::{self, RunError, Wiring, door::Door},
    },
    ports::{media, speech},
    provision,
};

pub use port::PortError;

/// Where a daemon lives.
#[derive(Clone)]
pub struct Options {
    /// The site's folder.
    pub site: PathBuf,
    /// Journal, database, prompts: everything that must survive.
    pub state: PathBuf,
    /// The admin socket.
    pub socket: PathBuf,
    /// How often the engine's files are compared with the site; zero: never.
    pub drift: Duration,
    /// Lines that the log has lost.
    pub log: Lost,
    /// Calls that come by themselves; only with the simulator.
    pub traffic: Option<Traffic>,
}

/// Calls of the simulated engine that come by themselves.
#[derive(Clone, Copy, Debug)]
pub struct Traffic {
    /// Mean time between two calls.
    pub every: Duration,
    /// The same seed gives the same callers.
    pub seed: u64,
}

/// Why the daemon does not start, or ends.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("the site is refused")]
    Site(Problems),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error("the state folder {} cannot be used: {why}; name another with --state, or give it to the daemon's user", path.display())]
    State { path: PathBuf, why: io::Error },
    #[error(transparent)]
    Socket(#[from] BindError),
    #[error(transparent)]
    Journal(#[from] OpenError),
    #[error(transparent)]
    Spool(#[from] SpoolError),
    #[error(transparent)]
    Port(#[from] PortError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Doors(#[from] ServeError),
}

/// Runs the daemon until `stop`.
pub async fn serve(options: Options, stop: oneshot::Receiver<()>) -> Result<(), Failure> {
    let site = Arc::new(with_secrets(site::load(&options.site).map_err(Failure::Site)?)?);
    folders(&options.state)?;
    let socket = http::bind(&options.socket)?;
    let port = port::open(site.http.as_ref(), SystemClock.now()).await?;
    let (journal, recovered) = Journal::open(&options.state, journal::Options::default())?;
    tell_of(recovered.torn.as_ref());
    let (spool, rows) = Spool::open(&options.state)?;
    let db = store::open(&site.store, &options.state);
    let projection = Projection::start(rows, db.clone());

    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (ledger, bringing) = Ledger::open(&options.state, db.clone())?;
    let deep = spool.clone();
    let meters = Meters::new(move || deep.depth());
    let (drifted, drift) = watch::channel(None);
    let standing = projection.standing();
    let mut outlet = outlet::Outlet::new(spool, standing, drift, ledger, meters.clone(), clock.clone());
    let board = switchboard::recover(recovered, &site, clock.now(), &mut outlet)?;
    tracing::info!(calls = board.live_calls(), site = %site.name, revision = %site.revision, "live state is rebuilt");

    let feed = Feed::new(clock.now());
    let (taken, now_taken) = watch::channel(site.clone());
    let courier = alerts::start(now_taken.clone(), meters.clone());
    outlet.tell(feed.clone(), courier, options.state.join("recordings"), options.log);

    let prompts = options.state.join("prompts");
    prepare_prompts(&site, &prompts).await;
    let hearing = hearing::start(now_taken.clone(), options.state.join("speech")).await;
    let ((forms, forming), (asks, inbox)) = (mpsc::channel(256), mpsc::channel(256));
    let engine = engine::start(&site, &options.state, options.traffic, clock.clone(), &hearing, forms)?;
    let (learns, ears) = (hearing.learns, hearing.ears);
    let (sites, new_sites) = mpsc::channel(4);
    let _same_as_recovered = sites.try_send(site.clone());
    let looks = tokio::spawn(drift::look(now_taken.clone(), options.state.clone(), options.drift, drifted));
    let hears = tokio::spawn(reload::on_hangup(options.site, prompts, sites, taken));

    let (stop_doors, doors_stopped) = watch::channel(());
    let desk = desk(&db, &clock, now_taken.clone());
    let (callers, crm) = callers::of_site(&db, &desk.2, &clock, &meters, &now_taken);
    let stored = history::Stored {
        store: CallStore::new(db.clone()),
        eraser: projection.eraser(),
        state: options.state,
        journal: outlet.journal(),
        crm,
        site: now_taken.clone(),
    };
    let door = Door::new(asks);
    let tells = tokio::spawn(notice::keep(options.socket.clone(), door.clone()));
    let rooms = Rooms::new(door, Arc::new(stored), desk, (feed, meters));
    let doors = tokio::spawn(open_doors(socket, port, rooms, doors_stopped));
    let repeated = repeated::start(CallStore::new(db.clone()), now_taken.clone(), clock.clone());
    let (sites, outside) = (new_sites, outside::start(now_taken, callers, repeated));
    let wiring = Wiring { journal, engine, forming, asks: inbox, sites, outlet, clock, ears, outside };
    tracing::info!(socket = %options.socket.display(), tls = ?site.http.as_ref().map(|http| http.listen), "ready");
    let ran = switchboard::run(board, wiring, notice::of_stop(stop)).await;
    drop(stop_doors);
    [looks, hears, learns, tells].iter().for_each(tokio::task::JoinHandle::abort);
    projection.stop().await;
    bringing.stop().await;
    doors.await.unwrap_or(Ok(()))?;
    Ok(ran?)
}

/// What is written down of users, changes and customers.
fn desk(db: &Db, clock: &Arc<dyn Clock>, sites: watch::Receiver<Arc<Site>>) -> (Access, Audit, Customers) {
    let home = move || sites.borrow().home.clone();
    let customers = Customers::new(db.clone(), clock.clone(), home);
    (Access::new(db.clone(), clock.clone()), Audit::new(db.clone()), customers)
}

fn tell_of(torn: Option<&Torn>) {
    if let Some(torn) = torn {
        tracing::warn!(bytes = torn.bytes, "a record that a crash cut short was put aside");
    }
}

/// The site with its secrets made and its PINs known.
fn with_secrets(mut site: Site) -> Result<Site, SecretError> {
    let made = secret::make_missing(&site)?;
    if made > 0 {
        tracing::info!(made, "secrets that were not there have been made in the site's secrets folder");
    }
    site::pin::learn(&mut site)?;
    if let Err(why) = provision::browsers(&site.engine) {
        tracing::warn!("{why}; all other phones are served");
    }
    Ok(site)
}

/// Answers on the socket, and on the port if there is one, until the other end of `stopped` is dropped.
async fn open_doors(
    socket: Socket,
    port: Option<TlsPort>,
    rooms: Rooms,
    stopped: watch::Receiver<()>,
) -> Result<(), ServeError> {
    let stop = |mut stopped: watch::Receiver<()>| async move { while stopped.changed().await.is_ok() {} };
    let local = http::serve_on(socket, http::Admits::owner_and_root(), rooms.clone(), stop(stopped.clone()));
    let remote = async {
        match port {
            Some(port) => http::serve_tls(port, rooms, stop(stopped)).await,
            None => Ok(()),
        }
    };
    tokio::try_join!(local, remote).map(drop)
}

/// The engine, which is somebody else, goes through the state folder to the prompts. All else in it is closed.
fn folders(state: &Path) -> Result<(), Failure> {
    folder(state, 0o711)?;
    folder(&state.join("audit"), 0o700)?;
    folder(&state.join("prompts"), 0o755)?;
    folder(&state.join("recordings"), 0o700)
}

/// One that is there keeps its mode.
fn folder(path: &Path, mode: u32) -> Result<(), Failure> {
    let failed = |why| Failure::State { path: path.into(), why };
    if !path.is_dir() {
        DirBuilder::new().recursive(true).mode(mode).create(path).map_err(failed)?;
        // The umask is for what nobody thought of.
        fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed)?;
    }
    fs::read_dir(path).map(drop).map_err(failed)
}

/// Makes the prompts that are not there yet. A caller hears nothing rather than getting no service. The many words of
/// the house follow while calls run; the simulator's callers hear none.
async fn prepare_prompts(site: &Arc<Site>, folder: &Path) {
    notice::busy("speaking prompts");
    let (voices, faults) = speech::voices_of_site(site);
    for why in faults {
        tracing::error!(%why, "espeak-ng speaks in this synthesiser's place");
    }
    tell_prepared(&media::prepare(site, &voices, folder, |_| {}).await);
    if site.engine.kind != EngineKind::Simulator {
        let (site, folder) = (site.clone(), folder.to_owned());
        tokio::spawn(async move {
            tell_prepared(&media::prepare_phrases(&site, &voices, &folder, |_| {}).await);
        });
    }
}

fn tell_prepared(prepared: &media::Prepared) {
    if prepared.made > 0 {
        tracing::info!(made = prepared.made, "prompts have been spoken");
    }
    if let Some((_, why)) = prepared.instead.first() {
        let many = prepared.instead.len();
        tracing::warn!(many, %why, "espeak-ng speaks prompts in the place of the site's synthesiser");
    }
    for (prompt, why) in &prepared.failed {
        tracing::error!(%prompt, %why, "a prompt cannot be made; callers will not hear it");
    }
}
