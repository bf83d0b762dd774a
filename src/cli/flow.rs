//! `tandem flow`: the flows of a site looked over, talked to, tried and drawn, without a daemon.

mod chat;
mod check;
mod graph;
mod order;
mod rehearsal;
mod report;
mod test;

use std::path::PathBuf;

use super::{Common, Exit, Fault, check as site_check, show::print};
use crate::{
    base::id::Name,
    infra::site::{self, Flow, Site, Step},
    live::dialog::talk::Ears,
};

/// Look flows over, talk to them, try them, and draw them
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    Check(check::Args),
    Chat(chat::Args),
    Test(test::Args),
    Graph(graph::Args),
    Order(order::Args),
}

/// Which site.
#[derive(Debug, clap::Args)]
struct Where {
    /// The site's folder
    #[arg(long, value_name = "DIR", default_value = ".")]
    site: PathBuf,
}

/// Why a flow is not led.
#[derive(Debug, thiserror::Error)]
pub enum FlowFault {
    #[error("`{0}` is no time; write it like 2026-11-20T10:00")]
    Now(String),
    #[error(
        "`{0}` is nothing that a caller does; write words, or /keys 123#, /silence, /done name=value, /failed"
    )]
    Deed(String),
    #[error("the flow {0} has no `topics`: its order is that of its menus")]
    NoTalk(Name),
    #[error("{} cannot be read: {why}; name a file that is there and that you may read", file.display())]
    Told { file: PathBuf, why: std::io::Error },
}

impl From<FlowFault> for Fault {
    fn from(why: FlowFault) -> Self {
        Self::Flow(Box::new(why))
    }
}

pub(super) fn run(common: &Common, args: &Args) -> Result<Exit, Fault> {
    match &args.act {
        Act::Check(args) => check::run(common, args),
        Act::Chat(args) => chat::run(common, args),
        Act::Test(args) => test::run(common, args),
        Act::Graph(args) => graph::run(common, args),
        Act::Order(args) => order::run(common, args),
    }
}

impl Where {
    /// The site; the exit code when it was refused, and said so.
    fn load(&self, common: &Common) -> Result<Result<Site, Exit>, Fault> {
        match site::check(&self.site).site {
            Some(site) => Ok(Ok(site)),
            None => site_check::run(common, &site_check::Args { site: self.site.clone() }).map(Err),
        }
    }
}

fn flow<'s>(site: &'s Site, name: &str) -> Result<(&'s Name, &'s Flow), Fault> {
    let found = site.flows.iter().find(|(flow, _)| flow.as_str() == name);
    found.ok_or_else(|| Fault::NoSuch {
        what: "flow",
        name: name.to_owned(),
        among: site.flows.keys().map(ToString::to_string).collect(),
    })
}

/// What is needed to understand the callers of these flows, and of those that they lead to.
fn ears(site: &Site, flows: &[&Name]) -> Ears {
    let mut some = site.clone();
    let leads = |flow: &Flow| flow.steps.values().any(|step| matches!(step, Step::Flow(_)));
    if !flows.iter().filter_map(|name| site.flows.get(*name)).any(leads) {
        some.flows.retain(|name, _| flows.contains(&name));
    }
    let (ears, deaf) = Ears::learned(&some);
    for why in deaf {
        eprintln!("tandem: {why}");
    }
    ears
}

fn say(text: &str) -> Result<(), Fault> {
    print(text)
}
