//! `tandem serve`: the daemon.

use std::{env, io, path::PathBuf, time::Duration};

use serde_json::json;
use tokio::sync::oneshot;
use tracing::{Level, Metadata};
use tracing_subscriber::{EnvFilter, Layer, filter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use super::{Common, Exit, Fault, check, context::state_folder};
use crate::{
    base::clock::{Clock, SystemClock},
    infra::log::Log,
    lifecycle::{self, Failure, Options, Traffic},
};

/// How long the log's last lines may take; nobody may read them.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Run the daemon on a site
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The site's folder
    #[arg(long, value_name = "DIR")]
    site: PathBuf,
    /// Where journal, database and prompts are kept
    #[arg(long, value_name = "DIR", env = "TANDEM_STATE", hide_env_values = true)]
    state: Option<PathBuf>,
    /// Compare the engine's files with the site every so many seconds (0: never)
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    drift: u64,
    /// How the log is written
    #[arg(long, value_name = "FORM", value_enum, env = "TANDEM_LOG_FORMAT", hide_env_values = true, default_value_t = Form::Text)]
    log: Form,
    /// Let a call come by itself every so many milliseconds (simulator only)
    #[arg(long, value_name = "MS")]
    traffic: Option<u64>,
    /// Seed of the traffic
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// How a line of the log looks: for people, or an object for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    Text,
    Json,
}

pub(super) fn run(common: &Common, args: Args) -> Result<Exit, Fault> {
    let log = tell(args.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Fault::Runtime)?;
    let site = args.site.clone();
    let options = Options {
        traffic: args.traffic.map(|every| Traffic { every: Duration::from_millis(every), seed: args.seed }),
        state: args.state.unwrap_or_else(state_folder),
        drift: Duration::from_secs(args.drift),
        site: args.site,
        socket: common.socket(),
        log: log.lost(),
    };
    let (stop, stopped) = oneshot::channel();
    runtime.spawn(async move {
        terminated().await;
        let _gone = stop.send(());
    });
    let ended = runtime.block_on(lifecycle::serve(options, stopped));
    log.flush(LAST_LINES);
    match ended {
        Ok(()) => Ok(Exit::Done),
        Err(Failure::Site(_)) => check::run(common, &check::Args { site }),
        Err(failure) => Err(Fault::Daemon(Box::new(failure))),
    }
}

/// The log goes to standard error, so that journald has it; `RUST_LOG` chooses how much.
fn tell(form: Form) -> Result<Log, Fault> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colour = io::IsTerminal::is_terminal(&io::stderr()) && env::var_os("NO_COLOR").is_none();
    let log = Log::new(io::stderr(), confession(form)).map_err(Fault::Runtime)?;
    let to = log.clone();
    let to = move || to.clone();
    let lines = match form {
        Form::Text => fmt::layer().with_writer(to).with_ansi(colour).boxed(),
        Form::Json => fmt::layer().json().flatten_event(true).with_writer(to).boxed(),
    };
    let all = tracing_subscriber::registry().with(filter).with(filter::filter_fn(discreet)).with(lines);
    let _twice = all.try_init();
    Ok(log)
}

/// In the form of the other lines.
fn confession(form: Form) -> fn(u64) -> String {
    match form {
        Form::Text => |lost| format!("{}  WARN tandem: {lost} lines of the log are lost: {UNREAD}\n", now()),
        Form::Json => |lost| {
            let message = format!("{lost} lines of the log are lost: {UNREAD}");
            let line = json!({ "timestamp": now(), "level": "WARN", "target": "tandem", "message": message });
            format!("{line}\n")
        },
    }
}

const UNREAD: &str = "whoever reads it did not keep up";

fn now() -> jiff::Timestamp {
    SystemClock.now().zoned(&jiff::tz::TimeZone::UTC).timestamp()
}

/// Libraries that carry our bytes could write them out in their finer levels: passwords, digits and all.
fn discreet(about: &Metadata<'_>) -> bool {
    let ours = about.target() == "call" || about.target().split("::").next() == Some("tandem");
    ours || *about.level() <= Level::INFO
}

async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}
