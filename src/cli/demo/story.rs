//! What happens, line by line: every step that the daemon itself gives as the reason of a call's way.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use super::Sip;
use crate::{
    base::{
        clock::{Clock, Stamp, SystemClock},
        id::CallId,
    },
    cli::{
        Exit, Fault,
        context::Context,
        paint::{Tone, millis},
        show::print,
    },
    http::Explanation,
    lab::cast::{Caller, Cues},
    live::{
        record::{CallRecord, EndedBy},
        switchboard::view::{CallDetail, CallView, Why},
    },
};

/// How often the daemon is asked.
const BEAT: Duration = Duration::from_millis(250);
/// How long a caller listens to the menu before pressing a key.
const LISTEN: Duration = Duration::from_secs(2);
/// How long a talk lasts before the caller hangs up.
const TALK: Duration = Duration::from_secs(8);
/// A call that is over must be written down by then.
const WRITTEN: Duration = Duration::from_secs(10);

pub(super) struct Story<'a> {
    cx: &'a Context,
    sip: Sip,
    every: Duration,
    /// How many calls it shall have; without end when `None`.
    wanted: Option<usize>,
    idle: Vec<Caller>,
    busy: JoinSet<Caller>,
    /// By calling number.
    cues: HashMap<String, Arc<Cues>>,
    begun: usize,
    live: HashMap<CallId, Known>,
    ended: usize,
    lost: usize,
}

/// What has been told of a call.
struct Known {
    from: String,
    told: usize,
    menu_since: Option<Instant>,
    talking_since: Option<Instant>,
    gone_since: Option<Instant>,
}

impl<'a> Story<'a> {
    pub(super) fn new(
        cx: &'a Context,
        callers: Vec<Caller>,
        sip: Sip,
        every: Duration,
        wanted: Option<usize>,
    ) -> Self {
        Self {
            cx,
            sip,
            every,
            wanted,
            idle: callers,
            busy: JoinSet::new(),
            cues: HashMap::new(),
            begun: 0,
            live: HashMap::new(),
            ended: 0,
            lost: 0,
        }
    }

    /// Until all calls that were wanted are over; the exit code says whether one was lost.
    pub(super) async fn tell(mut self) -> Result<Exit, Fault> {
        let (mut beat, mut next) = (interval(BEAT), interval(self.every));
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !self.enough() {
            tokio::select! {
                _ = beat.tick() => self.look().await?,
                _ = next.tick() => self.call(),
                Some(caller) = self.busy.join_next() => self.idle.extend(caller.ok()),
            }
        }
        Ok(if self.lost == 0 { Exit::Done } else { Exit::Failed })
    }

    fn enough(&self) -> bool {
        self.wanted.is_some_and(|wanted| self.ended >= wanted)
    }

    /// The next caller who is free calls.
    fn call(&mut self) {
        let more = self.wanted.is_none_or(|wanted| self.begun < wanted);
        let Some(server) = self.sip.filter(|_| more && !self.idle.is_empty()) else { return };
        let caller = self.idle.remove(0);
        let cues = Arc::new(Cues::default());
        self.begun += 1;
        self.cues.insert(caller.part.number.to_owned(), cues.clone());
        self.busy.spawn(caller.call(server, cues));
    }

    async fn look(&mut self) -> Result<(), Fault> {
        let calls = self.cx.client.get::<Vec<CallView>>("/v1/calls").await?.value;
        let mut here = HashSet::new();
        for call in calls {
            here.insert(call.id);
            let path = format!("/v1/calls/{}", call.id);
            // Between two questions a call may end; then it is found below, written down.
            let Ok(detail) = self.cx.client.get::<CallDetail>(&path).await else { continue };
            self.follow(&detail.value)?;
        }
        let gone: Vec<CallId> = self.live.keys().filter(|id| !here.contains(id)).copied().collect();
        for id in gone {
            if self.enough() {
                break;
            }
            self.finish(id).await?;
        }
        Ok(())
    }

    fn follow(&mut self, detail: &CallDetail) -> Result<(), Fault> {
        let call = &detail.call;
        let from = call.from.as_ref().map_or_else(|| "somebody".to_owned(), ToString::to_string);
        let known = self.live.entry(call.id).or_insert_with(|| Known {
            from,
            told: 0,
            menu_since: None,
            talking_since: None,
            gone_since: None,
        });
        let told = std::mem::replace(&mut known.told, detail.steps.len());
        let for_long = |here: bool, since: &mut Option<Instant>, span: Duration| {
            here && since.get_or_insert_with(Instant::now).elapsed() >= span
        };
        let menu = for_long(call.at.ends_with("/ menu"), &mut known.menu_since, LISTEN);
        let enough = for_long(call.state == "talking", &mut known.talking_since, TALK);
        if let Some(cues) = self.cues.get(&known.from) {
            [(menu, &cues.menu), (enough, &cues.enough)]
                .iter()
                .filter(|(due, _)| *due)
                .for_each(|(_, cue)| cue.notify_one());
        }
        let from = known.from.clone();
        detail.steps.iter().skip(told).try_for_each(|why| self.line(call.id, &from, why))
    }

    /// A call that is not live any more: its last steps, and what was written down.
    async fn finish(&mut self, id: CallId) -> Result<(), Fault> {
        let Some(known) = self.live.get_mut(&id) else { return Ok(()) };
        let gone = *known.gone_since.get_or_insert_with(Instant::now);
        let answer = self.cx.client.get::<Explanation>(&format!("/v1/calls/{id}/explain")).await;
        let record = match answer.map(|answer| answer.value) {
            Ok(Explanation::Finished { call }) => call,
            Ok(Explanation::Live { .. }) => return Ok(()),
            Err(_) if gone.elapsed() < WRITTEN => return Ok(()),
            Err(fault) => return Err(fault),
        };
        let (from, told) = (known.from.clone(), known.told);
        self.live.remove(&id);
        record.steps.iter().skip(told).try_for_each(|why| self.line(id, &from, why))?;
        self.ended += 1;
        self.lost += usize::from(record.ended_by == EndedBy::Engine);
        self.sum(&from, &record)
    }

    fn line(&self, call: CallId, from: &str, why: &Why) -> Result<(), Fault> {
        if self.cx.json {
            return print(&format!(
                "{}\n",
                json!({ "call": call, "from": from, "at": why.at, "what": why.what })
            ));
        }
        self.row(from, why.at, Tone::Plain, &why.what)
    }

    fn sum(&self, from: &str, record: &CallRecord) -> Result<(), Fault> {
        if self.cx.json {
            return print(&format!("{}\n", json!({ "ended": record })));
        }
        let by = match record.ended_by {
            EndedBy::Caller => "the caller hung up",
            EndedBy::Callee => "the other side hung up",
            EndedBy::Tandem => "Tandem ended the call",
            EndedBy::Engine => "the engine lost the call",
        };
        let who = record.agent.as_ref().map_or(String::new(), |agent| format!(" with {agent}"));
        let text = format!("{by}; waited {}, talked {}{who}", millis(record.wait_ms), millis(record.talk_ms));
        let tone = if record.talk_ms > 0 { Tone::Good } else { Tone::Busy };
        self.row(from, record.ended, tone, &text)
    }

    fn row(&self, from: &str, at: Stamp, tone: Tone, text: &str) -> Result<(), Fault> {
        let paint = &self.cx.paint;
        print(&format!("{} {from:>14}  {}\n", paint.time(at, SystemClock.now()), paint.word(text, tone)))
    }
}
