//! `tandem events`: what happens, as it happens.

use futures_util::{SinkExt, StreamExt};
use reqwest::Upgraded;
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use super::{
    Exit, Fault,
    context::Context,
    paint::{Paint, clean},
    show::print,
    transcript,
};
use crate::{
    base::clock::{Clock, SystemClock},
    http::{Event, Told},
    live::switchboard::view::EngineView,
};

/// Follow what happens until Ctrl-C
///
/// One line for each event; with --json as the daemon tells it. Ends with 1 when the daemon ends it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Begin behind the event of this number; what is no longer there is told as a gap
    #[arg(long, value_name = "SEQ")]
    after: Option<u64>,
    /// Tell as well what is said in conversations, as it forms; a token needs the scope operate for it
    #[arg(long)]
    words: bool,
}

pub(super) async fn run(cx: &Context, args: Args) -> Result<Exit, Fault> {
    let after = args.after.map(|seq| format!("after={seq}"));
    let asked: Vec<String> = after.into_iter().chain(args.words.then(|| "words=all".to_owned())).collect();
    let mut stream = cx.client.stream(&format!("/v1/events?{}", asked.join("&"))).await?;
    loop {
        let (text, told) = next(&mut stream).await?;
        print(&if cx.json { text + "\n" } else { line(&cx.paint, &told) })?;
    }
}

/// The next event, as it came and understood. Ends with the stream.
pub(super) async fn next(stream: &mut WebSocketStream<Upgraded>) -> Result<(String, Told), Fault> {
    while let Some(message) = stream.next().await {
        match message {
            Ok(Message::Text(text)) => {
                let path = "/v1/events".to_owned();
                let told = serde_json::from_str(text.as_str());
                return Ok((text.to_string(), told.map_err(|why| Fault::Garbled { path, why })?));
            }
            Ok(Message::Close(why)) => {
                let why =
                    why.map_or_else(|| "the daemon ended it".to_owned(), |frame| frame.reason.to_string());
                let _answered = stream.close(None).await;
                return Err(Fault::Ended(why));
            }
            // Pings are answered when the next message is looked for.
            Ok(_) => stream.flush().await.map_err(|why| Fault::Ended(why.to_string()))?,
            Err(why) => return Err(Fault::Ended(why.to_string())),
        }
    }
    Err(Fault::Ended("the connection was closed".to_owned()))
}

fn line(paint: &Paint, told: &Told) -> String {
    let what = match &told.event {
        Event::CallTold { call, what } => format!("call {call}: {}", clean(what)),
        Event::CallChanged { call } => format!("call {} is {}: {}", call.id, call.state, clean(&call.at)),
        Event::CallGone { call } => format!("call {call} is no longer live"),
        Event::CallEnded { call } => format!("call {} is over: {}", call.id, call.cause.words()),
        Event::CallDisposed { call, disposition } => format!("call {call} became {disposition}"),
        Event::AgentChanged { agent } => format!("agent {} is {}", agent.name, agent.state),
        Event::AgentGone { agent } => format!("agent {agent} is no longer in the site"),
        Event::QueueChanged { queue } => {
            format!("queue {}: {} wait, {} agents free", queue.name, queue.waiting, queue.ready)
        }
        Event::AlertChanged { turn, alert } => {
            format!("alert {} {}: {}", alert.rule, turn.word(), clean(&alert.words))
        }
        Event::MessageChanged { message } => {
            let who = message.agent.as_ref().map(|agent| format!(", {agent}")).unwrap_or_default();
            format!("message {} is {} in queue {}{who}", message.reference, message.state, message.queue)
        }
        Event::MessageGone { message } => format!("message {message} is done with"),
        Event::EngineChanged { engine } => match engine {
            EngineView::Up { engine, .. } => format!("the engine is up: {}", clean(engine.as_str())),
            EngineView::Down { reason, .. } => format!("the engine is down: {}", clean(reason.as_str())),
            EngineView::Connecting => "the engine is being connected".to_owned(),
        },
        Event::ConferenceChanged { conference } => {
            format!("conference {}: {} are in it", conference.number, conference.members.len())
        }
        Event::ConferenceGone { conference } => format!("conference {conference} is over"),
        Event::ExtensionChanged { extension } => format!("extension {} is set otherwise", extension.number),
        Event::ExtensionGone { extension } => format!("extension {extension} is no longer in the site"),
        Event::TroublesChanged { troubles } if troubles.is_empty() => {
            "there is no trouble any more".to_owned()
        }
        Event::TroublesChanged { troubles } => {
            let all: Vec<String> = troubles.iter().map(|trouble| clean(&trouble.what)).collect();
            format!("trouble: {}", all.join("; "))
        }
        Event::CallWords { words } => {
            let open = if words.whole { "" } else { " …" };
            format!("call {}, {}: {}{open}", words.call, transcript::side(words.by), clean(&words.text))
        }
        Event::Hello {} => format!("follows from event {}", told.seq),
        Event::Gap { after, oldest } => format!("events between {after} and {oldest} are gone"),
    };
    format!("{}  {what}\n", paint.time(told.at, SystemClock.now()))
}
