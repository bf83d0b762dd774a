//! A switchboard and a simulated engine, joined, with a small site; every input is followed by a check
//! of all invariants.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tandem::{
    base::{
        clock::Stamp,
        id::{CallId, LegId, Name, SoundId},
        number::{Key, Number},
        text::Label,
    },
    infra::site::{
        Agent, AgentPhone, Capacity, Extension, Flow, Locale, MenuStep, NumberEntry, Prompt, Queue, Site,
        Step,
    },
    live::{
        dialog::talk::{Ears, Hearsay},
        record::{CallRecord, Disposed},
        switchboard::{
            Effect, Input, Switchboard, handle,
            secrets::Secrets,
            view::{Act, Actor, AlertNews, Done, Known, Query, Refusal, View, Words},
        },
    },
    ports::{
        assistant::Turn,
        engine::{
            Arrival, Event, Order, Origin,
            simulator::{Answer, Caller, Faults, Phone, World},
        },
    },
};

pub fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

pub fn number(text: &str) -> Number {
    Number::new(text).expect("a number")
}

pub fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub const START: Stamp = Stamp(1_795_224_000_000_000);

fn prompt(text: &str) -> Prompt {
    Prompt([(Locale::English, text.into())].into())
}

fn flow() -> Flow {
    let queue = |queue: &str| Step::Queue { queue: name(queue), otherwise: name("bye") };
    let menu = MenuStep {
        prompt: prompt("One for sales, two for support."),
        keys: [('1', "sales"), ('2', "support")].map(|(k, s)| (Key::new(k).expect("key"), name(s))).into(),
        timeout: secs(5),
        tries: 3,
        invalid: Some(prompt("No such choice.")),
        otherwise: name("bye"),
    };
    Flow {
        start: name("menu"),
        steps: BTreeMap::from([
            (name("menu"), Step::Menu(menu)),
            (name("sales"), queue("sales")),
            (name("support"), queue("support")),
            (name("bye"), Step::Say { prompt: prompt("Good bye."), next: name("end") }),
            (name("end"), Step::Hangup),
        ]),
    }
}

/// Number 4000: a menu with 1 → queue sales, 2 → queue support; agents a0, a1, … on phones 1000, 1001, …
/// who serve both queues.
pub fn site(agents: usize) -> Site {
    let flow = flow();
    let rules = Queue { greeting: Some(prompt("Please wait.")), ..Queue::new(secs(15), secs(10), secs(300)) };
    let phone = |i: usize| {
        (
            number(&(1000 + i).to_string()),
            Extension::new(format!("Agent {i}"), name(&(1000 + i).to_string()), "/nonexistent"),
        )
    };
    let agent = |i: usize| {
        (
            name(&format!("a{i}")),
            Agent {
                display: format!("Agent {i}").into(),
                phone: AgentPhone::Extension(number(&(1000 + i).to_string())),
                queues: vec![name("sales"), name("support")],
                reserve: Vec::new(),
                skills: BTreeMap::new(),
                capacity: Capacity::default(),
                place: u32::try_from(i).expect("few agents"),
                wrap_up: secs(2),
                logged_in: true,
            },
        )
    };
    Site {
        numbers: [(
            number("4000"),
            NumberEntry { flow: name("main"), language: Locale::English, hours: None, closed: None },
        )]
        .into(),
        extensions: (0..agents).map(phone).collect(),
        agents: (0..agents).map(agent).collect(),
        queues: [(name("sales"), rules.clone()), (name("support"), rules)].into(),
        flows: [(name("main"), flow)].into(),
        ..Site::bare("test", number("1000"))
    }
}

pub fn phones(agents: usize, answer: Answer, talk: Duration) -> Vec<Phone> {
    (0..agents)
        .map(|i| Phone { extension: name(&(1000 + i).to_string()), registered: true, answer, talk })
        .collect()
}

pub fn arrival(to: &str) -> Arrival {
    Arrival {
        origin: Origin::Trunk,
        from: Some(number("13800138000")),
        from_name: Label::default(),
        to: number(to),
    }
}

pub fn leg(text: &str) -> LegId {
    LegId::new(text).expect("a leg id")
}

/// Presses `key` one second after the answer, then waits `patience` and talks `talk`.
pub fn caller(key: char, patience: Duration, talk: Duration) -> Caller {
    Caller { keys: vec![(secs(1), Key::new(key).expect("key"))], patience, talk }
}

pub struct Rig {
    pub board: Switchboard,
    pub world: World,
    pub now: Stamp,
    seq: u64,
    /// Dies with the process.
    pub secrets: Secrets,
    pub records: Vec<CallRecord>,
    /// What became of calls whose records came before.
    pub disposed: Vec<Disposed>,
    /// Recordings that may go.
    pub forgotten: Vec<SoundId>,
    /// What callers' words mean.
    pub ears: Ears,
    /// Tasks that were begun.
    pub tasks: Vec<Effect>,
    /// What was said in conversations, for whoever reads along.
    pub words: Vec<Words>,
    /// Who is known by which number; `None`: nobody answers when asked.
    pub known: Option<BTreeMap<Number, Known>>,
    /// What a chat model was told to sum up.
    pub to_sum: Vec<(CallId, Vec<Turn>)>,
    /// What became of alerts.
    pub alerts: Vec<AlertNews>,
    /// Who acts.
    pub actor: Actor,
    pub replies: Vec<Result<(), Refusal>>,
    /// What the audit is told.
    pub done: Vec<Done>,
    pub orders: Vec<(Stamp, Order)>,
    /// Every input, as the journal would have it.
    pub journal: Vec<(u64, Stamp, Input)>,
    /// Look at all invariants after every input.
    pub watchful: bool,
    /// The process dies after the next input is written, before its effects leave.
    pub doomed: bool,
}

impl Rig {
    pub fn new(site: Site, world: World) -> Self {
        let board = Switchboard::new(Arc::new(site), START);
        let mut rig = Self {
            board,
            world,
            now: START,
            seq: 0,
            secrets: Secrets::default(),
            records: Vec::new(),
            disposed: Vec::new(),
            forgotten: Vec::new(),
            ears: Ears::default(),
            tasks: Vec::new(),
            known: Some(BTreeMap::new()),
            to_sum: Vec::new(),
            words: Vec::new(),
            alerts: Vec::new(),
            actor: Actor::admin(Label::new("admin")),
            replies: Vec::new(),
            done: Vec::new(),
            orders: Vec::new(),
            journal: Vec::new(),
            watchful: true,
            doomed: false,
        };
        rig.input(Input::Started { version: "test".into() });
        rig.run_until(START + millis(10));
        rig
    }

    pub fn simple(agents: usize) -> Self {
        let world = World::new(1, phones(agents, Answer::After(secs(3)), secs(60)), Faults::default(), START);
        Self::new(site(agents), world)
    }

    /// A caller to 4000 who presses 1.
    pub fn call(&mut self, id: &str, after: Duration) -> LegId {
        self.call_with(id, after, caller('1', secs(600), secs(600)))
    }

    pub fn call_with(&mut self, id: &str, after: Duration, caller: Caller) -> LegId {
        let leg = leg(id);
        self.world.expect(self.now + after, leg.clone(), arrival("4000"), caller);
        leg
    }

    pub fn input(&mut self, input: Input) {
        let input = match self.secrets.conceal(&self.board, input) {
            Input::Engine(Event::Said { leg, text }) => {
                let Some(hearsay) = self.board.hear(&self.ears, &leg, &text, self.now) else { return };
                let Hearsay { mut heard, hidden, .. } = hearsay;
                self.secrets.keep(&leg, &mut heard, hidden);
                Input::Understood { leg, heard }
            }
            input => input,
        };
        self.seq += 1;
        self.journal.push((self.seq, self.now, input.clone()));
        let (effects, done) = handle(&mut self.board, self.seq, self.now, input);
        self.done.extend(done);
        if self.doomed {
            return;
        }
        let mut checked = Vec::new();
        for effect in effects {
            match effect {
                Effect::Order(order) => {
                    self.orders.push((self.now, order.clone()));
                    self.world.order(order, self.now);
                }
                Effect::Record(record) => {
                    self.secrets.sweep(&self.board);
                    self.records.push(*record);
                }
                Effect::Reply { result, .. } => self.replies.push(result),
                Effect::Afresh(leg) => self.secrets.forget(&leg),
                Effect::Check { call, leg, pin } => {
                    let verdict = self.secrets.check(&leg, &pin);
                    checked.push(Input::Checked { call, verdict });
                }
                Effect::Reveal { call, leg, digits } => {
                    let typed = self.secrets.reveal(&leg, digits);
                    checked.push(Input::Typed { call, typed });
                }
                Effect::Forget(sound) => self.forgotten.push(sound),
                task @ Effect::Task { .. } => self.tasks.push(task),
                Effect::LookUp { call, from } => {
                    let known = self.known.as_ref().map(|known| known.get(&from).cloned().map(Box::new));
                    checked.extend(known.map(|known| Input::Known { call, known }));
                }
                Effect::SumUp { call, turns } => self.to_sum.push((call, turns)),
                Effect::Words(words) => self.words.push(words),
                Effect::Alert(news) => self.alerts.push(*news),
                Effect::Disposed(disposed) => self.disposed.push(disposed),
                Effect::Told { .. } => {}
            }
        }
        if !self.watchful {
            return self.inputs(checked);
        }
        if let Err(broken) = self.board.check() {
            panic!("after input {} ({:?}): {broken}", self.seq, self.journal.last());
        }
        self.inputs(checked);
    }

    fn inputs(&mut self, inputs: Vec<Input>) {
        for input in inputs {
            self.input(input);
        }
    }

    pub fn event(&mut self, event: Event) {
        self.input(Input::Engine(event));
    }

    pub fn act(&mut self, act: Act) -> Result<(), Refusal> {
        self.input(Input::Act { actor: self.actor.clone(), act, ask: 1 });
        self.replies.pop().expect("every act is answered")
    }

    /// The process dies; after `away` a new one rebuilds itself from a snapshot and the journal after it.
    pub fn die_and_return(&mut self, snapshot: &(u64, String), away: Duration) {
        let state = |board: &Switchboard| serde_json::to_string(board).expect("JSON");
        let before = state(&self.board);
        self.doomed = false;
        self.secrets = Secrets::default();
        self.world.cut(self.now);
        self.board = Switchboard::saved(snapshot.1.as_bytes()).expect("a snapshot");
        for (seq, at, input) in self.journal.iter().filter(|(seq, ..)| *seq > snapshot.0) {
            for effect in self.board.on(*seq, *at, input.clone()) {
                match effect {
                    Effect::Record(record) if !self.records.iter().any(|known| known.id == record.id) => {
                        self.records.push(*record);
                    }
                    Effect::Disposed(disposed) if !self.disposed.contains(&disposed) => {
                        self.disposed.push(disposed);
                    }
                    _ => {}
                }
            }
        }
        assert_eq!(state(&self.board), before, "what was rebuilt is not what was lost");
        let back = self.now + away;
        for event in self.world.run(back) {
            assert!(matches!(event, Event::Down { .. }), "told nobody: {event:?}");
        }
        self.now = back;
        self.input(Input::Started { version: "test".into() });
        self.world.link(back);
    }

    /// The caller hears the prompt to its end, then speaks.
    pub fn says(&mut self, leg: &LegId, text: &str) {
        self.run_for(secs(4));
        self.world.say(leg, text, self.now);
        self.run_for(millis(100));
    }

    /// The caller presses one key after the other.
    pub fn presses(&mut self, leg: &LegId, keys: &str) {
        for key in keys.chars() {
            self.world.press(leg, Key::new(key).expect("a key"), self.now);
            self.run_for(millis(400));
        }
    }

    /// The live calls.
    pub fn board_calls(&self) -> Vec<CallId> {
        let View::Calls(calls) = self.board.view(&Query::Calls, self.now) else { panic!("no calls") };
        calls.iter().map(|call| call.id).collect()
    }

    /// The legs of those who wait in a queue, in the order of their places.
    pub fn board_line(&self, queue: &str) -> Vec<String> {
        let board: serde_json::Value = serde_json::from_str(&self.snapshot().1).expect("JSON");
        let line = board["queues"]["lines"][queue]["members"].as_array().expect("places").clone();
        let leg = |place: &serde_json::Value| {
            let call = &board["calls"][place["call"].as_str().expect("a call")];
            call["leg"].as_str().expect("a leg").to_owned()
        };
        line.iter().map(leg).collect()
    }

    /// The live state as a snapshot keeps it.
    pub fn snapshot(&self) -> (u64, String) {
        (self.seq, serde_json::to_string(&self.board).expect("JSON"))
    }

    /// Lets everything up to `end` happen.
    pub fn run_until(&mut self, end: Stamp) {
        loop {
            let next = [self.world.next(), self.board.next_deadline()].into_iter().flatten().min();
            let Some(at) = next.filter(|at| *at <= end) else { break };
            self.now = self.now.max(at);
            for event in self.world.run(self.now) {
                self.event(event);
                if self.doomed {
                    return;
                }
            }
            if self.board.next_deadline().is_some_and(|due| due <= self.now) {
                self.input(Input::Clock);
            }
        }
        self.now = end;
    }

    pub fn run_for(&mut self, span: Duration) {
        self.run_until(self.now + span);
    }

    /// The stage of the only call, in the words of the doors.
    pub fn states(&self) -> Vec<String> {
        let View::Calls(calls) = self.board.view(&Query::Calls, self.now) else {
            panic!("calls were asked for")
        };
        calls.iter().map(|call| call.state.to_string()).collect()
    }

    pub fn agent_state(&self, agent: &str) -> String {
        let View::Agents(agents) = self.board.view(&Query::Agents, self.now) else {
            panic!("agents were asked for")
        };
        agents.iter().find(|view| view.name.as_str() == agent).expect("the agent").state.to_string()
    }

    pub fn only_call(&self) -> tandem::base::id::CallId {
        let View::Calls(calls) = self.board.view(&Query::Calls, self.now) else {
            panic!("calls were asked for")
        };
        assert_eq!(calls.len(), 1, "{calls:?}");
        calls[0].id
    }
}
