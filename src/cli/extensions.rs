//! `tandem extensions`: the phones of the house, and where their calls go.

use serde_json::json;

use super::{
    Exit, Fault,
    calls::dialled,
    context::Context,
    paint::{Paint, state, text},
    show::{Watch, print, render, show},
};
use crate::{
    base::number::Number,
    live::switchboard::view::{Act, ExtensionView},
};

/// List extensions, forward their calls, let them not be disturbed
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Extensions>,
    #[command(flatten)]
    watch: Watch,
}

#[derive(Debug, clap::Subcommand)]
enum Extensions {
    /// List extensions (what `tandem extensions` alone does)
    List(Watch),
    /// Forward an extension's calls
    Forward {
        /// The extension
        #[arg(value_parser = dialled)]
        extension: Number,
        /// Which calls
        #[arg(value_enum)]
        when: Which,
        /// Where; without it they are not forwarded any more
        #[arg(value_parser = dialled)]
        to: Option<Number>,
    },
    /// Do not ring an extension
    Quiet {
        /// The extension
        #[arg(value_parser = dialled)]
        extension: Number,
        /// Ring it again
        #[arg(long)]
        off: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Which {
    Always,
    Busy,
    NoAnswer,
}

pub(super) async fn run(cx: &Context, args: Args) -> Result<Exit, Fault> {
    match args.command.unwrap_or(Extensions::List(args.watch)) {
        Extensions::List(watch) => {
            show(cx, watch, "/v1/extensions", |all: &Vec<_>, _| list(&cx.paint, all)).await?;
        }
        Extensions::Forward { extension, when, to } => {
            let (word, words) = match when {
                Which::Always => ("always", "always"),
                Which::Busy => ("busy", "when it is busy"),
                Which::NoAnswer => ("no_answer", "when nobody answers"),
            };
            let said = match &to {
                Some(to) => format!("{extension} forwards to {to} {words}"),
                None => format!("{extension} does not forward any more {words}"),
            };
            act(cx, &extension, "forward", json!({ "when": word, "to": to }), &said).await?;
        }
        Extensions::Quiet { extension, off } => {
            let said = if off { "is rung again" } else { "is not disturbed" };
            act(cx, &extension, "quiet", json!({ "on": !off }), &format!("{extension} {said}")).await?;
        }
    }
    Ok(Exit::Done)
}

async fn act(
    cx: &Context,
    extension: &Number,
    verb: &str,
    body: serde_json::Value,
    said: &str,
) -> Result<(), Fault> {
    let done = cx.client.post::<Act>(&format!("/v1/extensions/{extension}/{verb}"), &body).await?;
    print(&render(cx, &done, |_| format!("{said}.\n")))
}

fn list(paint: &Paint, all: &[ExtensionView]) -> String {
    let to = |number: &Option<Number>| text(number.as_ref().map_or("", |number| number.as_str()));
    let rows = all.iter().map(|extension| {
        vec![
            text(extension.number.as_str()),
            text(&extension.name),
            state(if extension.quiet { "quiet" } else { "" }),
            to(&extension.forward_always),
            to(&extension.forward_busy),
            to(&extension.forward_no_answer),
            text(match (extension.new_messages, extension.old_messages) {
                (0, 0) => String::new(),
                (new, old) => format!("{new} new, {old} old"),
            }),
        ]
    });
    paint.table(&["EXTENSION", "NAME", "STATE", "ALWAYS TO", "BUSY TO", "NO ANSWER TO", "MESSAGES"], rows)
}
