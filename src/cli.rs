//! Door: the command line. One file per group of commands; each is a client of the daemon's REST v1, except those
//! that run the daemon itself.
//!
//! Every command has `--json` and one of the exit codes in [`Exit`], and says on standard error what to do next
//! when it cannot do what it was told.

mod agents;
mod alerts;
mod apply;
mod audit;
mod backup;
mod callbacks;
mod calls;
mod check;
mod client;
mod completions;
mod conferences;
mod context;
mod customers;
mod demo;
mod doctor;
mod events;
mod exit;
mod explain;
mod extensions;
mod flow;
mod follow;
mod init;
mod language;
mod man;
mod messages;
mod numbers;
mod paint;
mod plan;
mod queues;
mod replay;
mod report;
mod rollback;
mod serve;
mod show;
mod simulate;
mod speech;
mod status;
mod top;
mod transcript;
mod users;

pub use context::Common;
pub use exit::{Exit, Fault};

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use context::Context;

/// A company's phone and mail service desk, run in tandem with FreeSWITCH or Asterisk.
#[derive(Debug, Parser)]
#[command(name = "tandem", version, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = exit::CODES)]
pub struct Tandem {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Args),
    Init(init::Args),
    Check(check::Args),
    Plan(plan::Args),
    Apply(apply::Args),
    Rollback(rollback::Args),
    Status(status::Args),
    Doctor(doctor::Args),
    Calls(calls::Args),
    Queues(queues::Args),
    Callbacks(callbacks::Args),
    Messages(messages::Args),
    Alerts(alerts::Args),
    Agents(agents::Args),
    Conferences(conferences::Args),
    Extensions(extensions::Args),
    Explain(explain::Args),
    Replay(replay::Args),
    Simulate(simulate::Args),
    Report(report::Args),
    Events(events::Args),
    Transcript(transcript::Args),
    Users(users::Args),
    Audit(audit::Args),
    Customers(customers::Args),
    Numbers(numbers::Args),
    Flow(flow::Args),
    Language(language::Args),
    Speech(speech::Args),
    Top(top::Args),
    Demo(demo::Args),
    Backup(backup::Args),
    Restore(backup::RestoreArgs),
    Completions(completions::Args),
    Man(man::Args),
}

/// Runs the program's arguments.
pub fn main() -> ExitCode {
    let tandem = match Tandem::try_parse() {
        Ok(tandem) => tandem,
        Err(why) => {
            let shown = why.print();
            return if shown.is_ok() { Exit::of_usage(why.exit_code()).into() } else { Exit::Failed.into() };
        }
    };
    match tandem.run() {
        Ok(exit) => exit.into(),
        Err(fault) => {
            if !fault.is_silent() {
                eprintln!("tandem: {fault}");
            }
            fault.exit().into()
        }
    }
}

impl Tandem {
    fn run(self) -> Result<Exit, Fault> {
        let common = self.common;
        match self.command {
            Command::Init(args) => init::run(&common, &args),
            Command::Check(args) => check::run(&common, &args),
            Command::Plan(args) => alone(plan::run(common, args)),
            Command::Apply(args) => alone(apply::run(common, args)),
            Command::Rollback(args) => alone(rollback::run(common, args)),
            Command::Serve(args) => serve::run(&common, args),
            Command::Status(args) => ask(common, async |cx| status::run(cx, args).await),
            Command::Doctor(args) => alone(doctor::run(common, args)),
            Command::Calls(args) => ask(common, async |cx| calls::run(cx, args).await),
            Command::Queues(args) => ask(common, async |cx| queues::run(cx, args).await),
            Command::Callbacks(args) => ask(common, async |cx| callbacks::run(cx, args).await),
            Command::Messages(args) => ask(common, async |cx| messages::run(cx, args).await),
            Command::Alerts(args) => ask(common, async |cx| alerts::run(cx, args).await),
            Command::Agents(args) => ask(common, async |cx| agents::run(cx, args).await),
            Command::Conferences(args) => ask(common, async |cx| conferences::run(cx, args).await),
            Command::Extensions(args) => ask(common, async |cx| extensions::run(cx, args).await),
            Command::Explain(args) => ask(common, async |cx| explain::run(cx, args).await),
            Command::Replay(args) => replay::run(&common, args),
            Command::Simulate(args) => simulate::run(&common, &args),
            Command::Report(args) => ask(common, async |cx| report::run(cx, args).await),
            Command::Events(args) => ask(common, async |cx| events::run(cx, args).await),
            Command::Transcript(args) => ask(common, async |cx| transcript::run(cx, args).await),
            Command::Users(args) => ask(common, async |cx| users::run(cx, args).await),
            Command::Audit(args) => ask(common, async |cx| audit::run(cx, args).await),
            Command::Customers(args) => ask(common, async |cx| customers::run(cx, args).await),
            Command::Numbers(args) => numbers::run(&common, args),
            Command::Flow(args) => flow::run(&common, &args),
            Command::Language(args) => language::run(&common, args),
            Command::Speech(args) => speech::run(&common, &args),
            Command::Top(args) => ask(common, async |cx| top::run(cx, args).await),
            Command::Demo(args) => alone(demo::run(common, args)),
            Command::Backup(args) => alone(backup::run(common, args)),
            Command::Restore(args) => alone(backup::restore(common, args)),
            Command::Completions(args) => completions::run(args, &mut Self::command()),
            Command::Man(args) => man::run(args, Self::command()),
        }
    }
}

/// Runs a client of the daemon on this thread.
fn ask(common: Common, command: impl AsyncFnOnce(&Context) -> Result<Exit, Fault>) -> Result<Exit, Fault> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Fault::Runtime)?;
    let context = Context::new(common)?;
    runtime.block_on(command(&context))
}

/// Runs a command that makes its own surroundings, on this thread.
fn alone<T>(command: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Fault::Runtime)?;
    runtime.block_on(command)
}
