//! The one loop: number and stamp every input, write it into the journal, and only then let its effects go.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot, watch},
    time,
};

use super::{
    door::Ask,
    doubts::Doubts,
    outside::{Answers, Outside},
    secrets::Secrets,
    state::{Effect, Input, Switchboard},
    view::{Act, AlertNews, Deed, Done, Refusal, Trouble, View, Why, Words},
};
use crate::{
    base::{
        clock::{Clock, Stamp},
        id::{CallId, SoundId},
        number::Number,
    },
    infra::{
        journal::{AppendError, Entry, Health, Journal, OpenError, Payload, Recovered},
        site::Site,
    },
    live::{
        dialog::talk::{Ears, Hearsay},
        record::{CallRecord, Disposed},
    },
    ports::{
        assistant::{Doubt, Told},
        engine::{Command, Engine, Event, Forming, Order},
        tasks::Task,
    },
};

/// Inputs that are written together, at most.
const BATCH: usize = 512;
/// A snapshot is taken after so many inputs, or so much time.
const SNAPSHOT_INPUTS: u64 = 50_000;
const SNAPSHOT_EVERY: Duration = Duration::from_secs(60);

/// Where finished calls and told reasons go. None of these may wait.
pub trait Outlet: Send {
    /// A call is over: keep the record until it is in the database.
    fn record(&mut self, record: &CallRecord);
    /// What became of a call whose record was kept before.
    fn disposed(&mut self, disposed: &Disposed);
    /// Nobody will hear this recording any more: its file may go.
    fn forget(&mut self, sound: &SoundId);
    /// A decision, for whoever watches.
    fn told(&mut self, call: CallId, why: &Why);
    /// What is said in a conversation, for whoever watches: to be kept nowhere.
    fn words(&mut self, words: Words);
    /// A change was made: write it down. The same one may be told again after a crash.
    fn done(&mut self, done: Done);
    /// An alert began, goes on, or ended: tell whom it names.
    fn alert(&mut self, news: AlertNews);
    /// A batch has been handled and its effects are out.
    fn turned(&mut self, turn: Turn);
    /// Called after every batch.
    fn health(&mut self, health: Health);
    /// What is wrong, for `status`.
    fn troubles(&self) -> Vec<Trouble>;
}

/// What a batch of inputs took.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    pub inputs: usize,
    /// Until it was written into the journal.
    pub commit: Duration,
    /// Until its effects were out.
    pub whole: Duration,
    /// A phone was told to ring.
    pub offered: bool,
}

/// What the loop is joined to.
pub struct Wiring<O> {
    pub journal: Journal,
    pub engine: Engine,
    /// What callers say, as it forms.
    pub forming: mpsc::Receiver<Forming>,
    pub asks: mpsc::Receiver<Ask>,
    /// New revisions of the site; kept open by whoever may bring one.
    pub sites: mpsc::Receiver<Arc<Site>>,
    pub outlet: O,
    pub clock: Arc<dyn Clock>,
    /// What callers' words mean; learned anew for every revision of the site.
    pub ears: watch::Receiver<Arc<Ears>>,
    pub outside: Outside,
}

/// Why the loop ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("the engine's adapter is gone")]
    Engine,
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Journal(#[from] OpenError),
    #[error(
        "the snapshot of the live state cannot be read: {0}; move the folder journal/ away to start without it"
    )]
    Snapshot(serde_json::Error),
    #[error("journal entry {seq} cannot be read by this version: {why}")]
    Entry { seq: u64, why: serde_json::Error },
}

/// Rebuilds live state from snapshot and journal. Records of calls that ended since the snapshot are given out
/// again: whoever keeps them knows each by its id.
pub fn recover(
    recovered: Recovered,
    site: &Arc<Site>,
    now: Stamp,
    outlet: &mut impl Outlet,
) -> Result<Switchboard, RunError> {
    let mut board = match &recovered.snapshot {
        Some(snapshot) => Switchboard::saved(&snapshot.bytes).map_err(RunError::Snapshot)?,
        None => Switchboard::new(site.clone(), now),
    };
    for entry in recovered.entries {
        replay(&mut board, &entry?, outlet)?;
    }
    Ok(board)
}

fn replay(board: &mut Switchboard, entry: &Entry, outlet: &mut impl Outlet) -> Result<(), RunError> {
    if let Payload::Gap { first } | Payload::Damaged { first } = entry.payload {
        tracing::warn!(
            first,
            last = entry.seq,
            "journal entries are missing; the engine's own view will tell"
        );
    }
    let Some(input) = entry.input::<Input>() else { return Ok(()) };
    let input = input.map_err(|why| RunError::Entry { seq: entry.seq, why })?;
    let (effects, done) = handle(board, entry.seq, entry.at, input);
    for effect in effects {
        match effect {
            Effect::Record(record) => outlet.record(&record),
            Effect::Disposed(disposed) => outlet.disposed(&disposed),
            _ => {}
        }
    }
    if let Some(done) = done {
        outlet.done(done);
    }
    Ok(())
}

/// Handles one input; when it was a change that is written down, says what it changed.
pub fn handle(board: &mut Switchboard, seq: u64, at: Stamp, input: Input) -> (Vec<Effect>, Option<Done>) {
    let deed = match &input {
        Input::Act { actor, act, .. } => Deed::Act { actor: actor.clone(), act: act.clone() },
        Input::Site(_) => Deed::Site,
        _ => return (board.on(seq, at, input), None),
    };
    let (before, same) = (board.subject(&input, at), input.clone());
    let effects = board.on(seq, at, input);
    let after = board.subject(&same, at);
    let refused = effects.iter().any(|effect| matches!(effect, Effect::Reply { result: Err(_), .. }));
    let idle = matches!(deed, Deed::Site | Deed::Act { act: Act::Lease { .. }, .. });
    let nothing = refused || (idle && before == after);
    (effects, (!nothing).then_some(Done { seq, at, deed, before, after }))
}

/// Runs until `stop`. The journal is closed cleanly with a last snapshot.
pub async fn run<O: Outlet>(
    board: Switchboard,
    wiring: Wiring<O>,
    mut stop: oneshot::Receiver<()>,
) -> Result<(), RunError> {
    let Wiring { journal, mut engine, mut forming, mut asks, mut sites, outlet, clock, ears, outside } =
        wiring;
    let Outside { tasks, opinions, summaries: sums, callers, repeated } = outside;
    let mut settled = opinions.settled;
    let mut answers = Answers { tasks: tasks.done, sums: sums.made, callers: callers.known, repeated };
    let mut core = Core {
        board,
        journal,
        outlet,
        clock,
        orders: engine.orders,
        replies: Vec::new(),
        since_snapshot: 0,
        snapshot_at: time::Instant::now(),
        batch: Vec::with_capacity(BATCH),
        secrets: Secrets::default(),
        ears,
        todo: tasks.todo,
        asked: opinions.asked,
        to_sum: sums.asked,
        who: callers.asked,
        doubts: Doubts::default(),
    };
    let mut events: Vec<Event> = Vec::with_capacity(BATCH);
    if core.journal.next_seq() == 1 {
        // What the very first inputs meet, so that they can be run again.
        core.snapshot();
    }
    core.batch.push(Input::Started { version: env!("CARGO_PKG_VERSION").into() });
    loop {
        // What was caused at once, as a check, makes a batch of its own.
        while !core.batch.is_empty() {
            core.turn()?;
        }
        let wait = core.board.next_deadline().map(|due| due.since(core.clock.now()));
        tokio::select! {
            biased;
            _ = &mut stop => break,
            // Before the whole of what it is the beginning of.
            Some(forming) = forming.recv() => core.tell_of(&forming),
            count = engine.events.recv_many(&mut events, BATCH) => {
                if count == 0 {
                    return Err(RunError::Engine);
                }
                core.batch.extend(events.drain(..).map(Input::Engine));
            }
            Some(ask) = asks.recv() => core.ask(ask),
            Some(answer) = answers.next() => core.batch.push(answer),
            Some(settled) = settled.recv() => core.batch.extend(core.doubts.settled(settled)),
            Some(site) = sites.recv() => core.batch.push(Input::Site(site)),
            () = time::sleep(wait.unwrap_or(SNAPSHOT_EVERY)) => core.batch.push(Input::Clock),
        }
    }
    core.snapshot();
    let health = core.journal.close();
    core.outlet.health(health);
    Ok(())
}

struct Core<O> {
    board: Switchboard,
    journal: Journal,
    outlet: O,
    clock: Arc<dyn Clock>,
    orders: mpsc::UnboundedSender<Order>,
    replies: Vec<(u64, oneshot::Sender<Result<(), Refusal>>)>,
    since_snapshot: u64,
    snapshot_at: time::Instant,
    batch: Vec<Input>,
    secrets: Secrets,
    ears: watch::Receiver<Arc<Ears>>,
    todo: mpsc::UnboundedSender<Task>,
    asked: mpsc::UnboundedSender<Doubt>,
    to_sum: mpsc::UnboundedSender<Told>,
    who: mpsc::UnboundedSender<(CallId, Number)>,
    doubts: Doubts,
}

impl<O: Outlet> Core<O> {
    /// What somebody is saying, for whoever watches.
    fn tell_of(&mut self, forming: &Forming) {
        if let Some(words) = self.board.words(&forming.leg, &forming.text, false) {
            self.outlet.words(words);
        }
    }

    /// Questions are answered at once; acts become inputs.
    fn ask(&mut self, ask: Ask) {
        match ask {
            Ask::Query { query, reply } => {
                let mut view = self.board.view(&query, self.clock.now());
                if let View::Status(status) = &mut view {
                    status.troubles = self.outlet.troubles();
                }
                let _gone = reply.send(view);
            }
            Ask::Act { act, reply, .. } if self.board.is_done_already(&act, self.clock.now()) => {
                let _gone = reply.send(Ok(()));
            }
            Ask::Act { actor, act, reply } => {
                let ask = self.journal.next_seq() + self.batch.len() as u64;
                self.replies.push((ask, reply));
                self.batch.push(Input::Act { actor, act, ask });
            }
        }
    }

    /// Writes the batch, then handles it and lets its effects go.
    fn turn(&mut self) -> Result<(), RunError> {
        let begun = time::Instant::now();
        let batch = std::mem::take(&mut self.batch);
        let inputs = batch.len();
        let now = self.clock.now();
        let mut effects = Vec::new();
        let mut changes = Vec::new();
        for input in batch {
            let input = self.secrets.conceal(&self.board, input);
            let before = self.doubts.overtaken(&input);
            for input in before.into_iter().chain([input]) {
                let Some(input) = self.understand(input, now) else { continue };
                let seq = self.journal.next_seq();
                let call = self.board.call_of(&input, seq, now);
                self.journal.append(now, call, &input)?;
                let (mut caused, done) = handle(&mut self.board, seq, now, input);
                effects.append(&mut caused);
                changes.extend(done);
                self.since_snapshot += 1;
            }
        }
        self.outlet.health(self.journal.commit());
        let commit = begun.elapsed();
        let offered = effects.iter().any(|effect| match effect {
            Effect::Order(order) => matches!(order.command, Command::Connect { .. }),
            _ => false,
        });
        for done in changes {
            self.outlet.done(done);
        }
        for effect in effects {
            self.release(effect);
        }
        self.outlet.turned(Turn { inputs, commit, whole: begun.elapsed(), offered });
        if self.since_snapshot >= SNAPSHOT_INPUTS || self.snapshot_at.elapsed() >= SNAPSHOT_EVERY {
            self.snapshot();
        }
        Ok(())
    }

    /// What was said, as the conversation understands it; `None` when nobody who may listen has asked, somebody else is to
    /// have a say first, or nobody waits for an answer any more.
    fn understand(&mut self, input: Input, now: Stamp) -> Option<Input> {
        if self.board.is_late(&input) {
            return None;
        }
        let Input::Engine(Event::Said { leg, text }) = input else { return Some(input) };
        let Hearsay { mut heard, doubt, hidden } = self.board.hear(&self.ears.borrow(), &leg, &text, now)?;
        self.secrets.keep(&leg, &mut heard, hidden);
        match doubt.filter(|_| self.board.site().assistant.is_some()) {
            Some(doubt) => {
                let _gone = self.asked.send(self.doubts.ask(leg, heard, doubt));
                None
            }
            None => Some(Input::Understood { leg, heard }),
        }
    }

    fn release(&mut self, effect: Effect) {
        match effect {
            Effect::Order(order) => {
                let _gone = self.orders.send(order);
            }
            Effect::Record(record) => {
                self.secrets.sweep(&self.board);
                self.outlet.record(&record);
                self.journal.forget(record.id);
            }
            Effect::Disposed(disposed) => self.outlet.disposed(&disposed),
            Effect::Afresh(leg) => self.secrets.forget(&leg),
            Effect::Check { call, leg, pin } => {
                let verdict = self.secrets.check(&leg, &pin);
                self.batch.push(Input::Checked { call, verdict });
            }
            Effect::Reveal { call, leg, digits } => {
                let typed = self.secrets.reveal(&leg, digits);
                self.batch.push(Input::Typed { call, typed });
            }
            Effect::Task { call, leg, task, facts, hidden } => {
                match self.secrets.unveil(&leg, facts, &hidden) {
                    Some(facts) => drop(self.todo.send(Task { call, task, facts })),
                    None => self.batch.push(Input::TaskDone { call, outcome: None }),
                }
            }
            Effect::LookUp { call, from } => {
                let _gone = self.who.send((call, from));
            }
            Effect::SumUp { call, turns } => {
                let _gone = self.to_sum.send(Told { call, turns });
            }
            Effect::Forget(sound) => self.outlet.forget(&sound),
            Effect::Told { call, why } => self.outlet.told(call, &why),
            Effect::Words(words) => self.outlet.words(words),
            Effect::Alert(news) => self.outlet.alert(*news),
            Effect::Reply { ask, result } => {
                if let Some(place) = self.replies.iter().position(|(number, _)| *number == ask) {
                    let _gone = self.replies.swap_remove(place).1.send(result);
                }
            }
        }
    }

    fn snapshot(&mut self) {
        self.since_snapshot = 0;
        self.snapshot_at = time::Instant::now();
        let seq = self.journal.next_seq() - 1;
        match serde_json::to_vec(&self.board) {
            Ok(bytes) => {
                if !self.journal.snapshot(seq, bytes) {
                    tracing::warn!("the snapshot before this one is still being written; the next will do");
                }
            }
            Err(why) => tracing::error!(%why, "the live state cannot be saved"),
        }
    }
}
