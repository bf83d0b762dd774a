//! What callers, phones, admins, trunks and new sites do at random moments of a day in the house.

use std::{sync::Arc, time::Duration};

use tandem::{
    base::{
        attendance::Attendance,
        id::{CallId, LegId},
        number::Key,
        text::Label,
        urgency::Urgency,
    },
    infra::site::{Feature, Takes},
    live::switchboard::{
        Input,
        view::{Act, Keep, Setting, Spot, When},
    },
    ports::engine::{
        Arrival, Event, HangupCause, Origin,
        simulator::{Answer, Caller, Faults, Line, Outsider},
    },
};

use super::{
    in_hand,
    rig::{self, Rig, leg, millis, name, number},
    telephony::calls,
    town,
};

const PHONES: [&str; 5] = ["1000", "1001", "1002", "1003", "1004"];
/// Extensions, groups, a conference, slots, every feature code, a number of the house, and the world outside.
const DIALLED: [&str; 22] = [
    "1000",
    "1001",
    "1002",
    "1003",
    "1004",
    "6001",
    "6002",
    "7001",
    "7501",
    "7502",
    "*8",
    "*81002",
    "*501001",
    "*97",
    "*971002",
    "4000",
    "013800138000",
    "022345678",
    "*721003",
    "*73",
    "*78",
    "*79",
];
const KEYS: [&str; 15] =
    ["", "1", "2", "13", "13", "23", "31001", "31002", "4", "5", "6", "7", "8", "0", "9"];

/// A day and who came.
pub struct Day {
    pub rig: Rig,
    random: fastrand::Rng,
    pub callers: Vec<LegId>,
    /// Calls that somebody or Tandem began.
    pub begun: usize,
    /// The link was lost, or the process died.
    pub cut: bool,
    /// No new site comes.
    pub same_site: bool,
}

impl Day {
    pub fn new(seed: u64, faults: Faults) -> Self {
        let rig = Rig::new(town::site(), town::world(seed, faults));
        Self {
            rig,
            random: fastrand::Rng::with_seed(seed),
            callers: Vec::new(),
            begun: 0,
            cut: false,
            same_site: false,
        }
    }

    pub fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.random.usize(..of.len())]
    }

    pub fn span(&mut self, most: u64) -> Duration {
        millis(self.random.u64(..most))
    }

    /// Something happens.
    pub fn something(&mut self, snapshot: &mut (u64, String)) {
        self.habits();
        match self.random.u8(..26) {
            0..=8 => self.somebody_calls(),
            9..=14 => self.somebody_commands(),
            15..=17 => self.somebody_refers(),
            18 => self.somebody_wishes(),
            19 => self.somebody_holds(),
            20 if !self.same_site => self.a_new_site_comes(),
            21 => self.something_of_the_engine(),
            22 => self.the_process_dies(snapshot),
            23 | 24 => self.something_of_messages(),
            _ => {}
        }
    }

    fn habits(&mut self) {
        for phone in PHONES {
            let answer = match self.random.u8(..8) {
                0 => Answer::Never,
                1 => Answer::Busy,
                2 => Answer::Reject,
                3 => Answer::After(self.span(50)),
                _ => Answer::After(self.span(6_000)),
            };
            let talk = self.span(40_000);
            let habits = self.rig.world.phone(&name(phone)).expect("a phone");
            (habits.answer, habits.talk) = (answer, talk);
        }
        for trunk in ["first", "second"] {
            let answer = match self.random.u8(..4) {
                0 => Answer::Fail(HangupCause::NO_CIRCUIT),
                1 => Answer::Busy,
                _ => Answer::After(self.span(4_000)),
            };
            let talk = self.span(40_000);
            self.rig.world.line(name(trunk), Line { answer, talk });
        }
        let answer = if self.random.u8(..4) == 0 { Answer::Never } else { Answer::After(self.span(6_000)) };
        let line = Line { answer, talk: self.span(40_000) };
        let keys = match self.random.u8(..4) {
            0 => Vec::new(),
            1 => vec![(self.span(6_000), Key::new('9').expect("a key"))],
            _ => vec![(self.span(15_000), Key::new('1').expect("a key"))],
        };
        self.rig.world.outsider(number("13900000077"), Outsider { line, keys });
    }

    fn somebody_calls(&mut self) {
        let id = leg(&format!("c{}", self.begun));
        let (patience, talk) = (self.span(200_000), self.span(60_000));
        let arrival = if self.random.bool() {
            let from = format!("1380013800{}", self.random.u8(..4));
            Arrival { from: Some(number(&from)), ..rig::arrival("4000") }
        } else {
            let (from, to) = (self.one(&PHONES), self.one(&DIALLED));
            Arrival { origin: Origin::Phone(name(from)), from: Some(number(from)), ..rig::arrival(to) }
        };
        let keys = self.one(&KEYS);
        self.begun += 1;
        self.callers.push(id.clone());
        let caller = Caller { patience, talk, ..town::presses(keys) };
        self.rig.world.expect(self.rig.now, id, arrival, caller);
    }

    /// A live call; most commands are about talks.
    fn some_call(&mut self) -> Option<CallId> {
        let (all, talks) = (calls(&self.rig), self.random.bool());
        let talking: Vec<_> =
            all.iter().filter(|call| ["talking", "consulting"].contains(&&*call.state)).cloned().collect();
        let all = if talks && !talking.is_empty() { talking } else { all };
        (!all.is_empty()).then(|| all[self.random.usize(..all.len())].id)
    }

    fn somebody_commands(&mut self) {
        let Some(call) = self.some_call() else { return };
        let on = self.random.bool();
        let to = number(self.one(&DIALLED));
        let conference = number("7001");
        let agent = name(self.one(&["a3", "a4", "far"]));
        let act = match self.random.u8(..28) {
            0 | 1 => Act::Transfer { call, to },
            2..=4 => {
                let to = if self.random.u8(..4) == 0 { to } else { number(self.one(&PHONES)) };
                Act::Consult { call, to }
            }
            5 => Act::Complete { call },
            6 => Act::Back { call },
            7 => Act::Join { call },
            8 => Act::Park { call, slot: None },
            9 => Act::Record { call, on },
            10 => Act::PauseRecording { call, on },
            11 => Act::Mute { call, on },
            12 => Act::Lock { conference, on: self.random.u8(..4) == 0 },
            13 => Act::RecordConference { conference, on },
            14 => Act::Hangup { call },
            15 if on => Act::Login { agent },
            27 => Act::Dispose { agent, disposition: name(self.one(&["solved", "later", "sold"])) },
            26 => Act::Lease { agent, seconds: self.one(&[0, 10, 30]) },
            15 => Act::Logout { agent },
            21..=23 => {
                let mode = self.one(&[Attendance::Listen, Attendance::Whisper, Attendance::Barge]);
                Act::Attend { call, by: number(self.one(&PHONES)), mode }
            }
            24 => Act::TakeOver { call, by: number(self.one(&PHONES)) },
            25 => Act::Unattend { call },
            17 => Act::Move { call, to: Spot::Place(u32::from(self.random.u8(1..4))) },
            18 => Act::TransferToAgent { call, agent },
            19 => Act::TransferToQueue { call, queue: name("sales") },
            20 => Act::Drain { queue: name("sales"), on: self.random.u8(..4) == 0 },
            16 if on => Act::Unpause { agent },
            16 => Act::Pause { agent, reason: Label::new("lunch") },
            _ => Act::Invite { conference, to },
        };
        let invites = matches!(act, Act::Invite { .. });
        let done = self.rig.act(act);
        self.begun += usize::from(invites && done.is_ok());
    }

    fn somebody_wishes(&mut self) {
        let extension = number(self.one(&PHONES));
        let to = self.random.bool().then(|| number(self.one(&DIALLED)));
        let setting = match self.random.u8(..5) {
            0 => Setting::Quiet(self.random.bool()),
            1 => Setting::ForwardOff,
            2 => Setting::Forward { when: When::Always, to },
            3 => Setting::Forward { when: When::Busy, to },
            _ => Setting::Forward { when: When::NoAnswer, to },
        };
        // What may not be is refused; that is as good a day.
        drop(self.rig.act(Act::Extension { extension, setting }));
    }

    fn talking(&self) -> Vec<LegId> {
        let talks = |leg: &&LegId| self.rig.world.peer(leg).is_some();
        self.rig.world.legs().filter(talks).cloned().collect()
    }

    fn somebody_refers(&mut self) {
        let talking = self.talking();
        if talking.is_empty() {
            return;
        }
        let (one, two) = (self.random.usize(..talking.len()), self.random.usize(..talking.len()));
        let (one, two) = (&talking[one], &talking[two]);
        let alone = |leg: &&LegId| self.rig.world.peer(leg).is_none();
        let asking: Vec<LegId> = self.rig.world.legs().filter(alone).cloned().collect();
        let kind = self.random.u8(..4);
        if kind == 0 && !asking.is_empty() {
            let asked = &asking[self.random.usize(..asking.len())];
            self.rig.world.refer_early(one, asked, self.rig.now);
        } else if kind == 1 || one == two || self.rig.world.peer(one) == Some(two) {
            let to = number(self.one(&DIALLED));
            self.rig.world.refer(one, to, self.rig.now);
        } else {
            self.rig.world.refer_attended(one, two, self.rig.now);
        }
    }

    fn somebody_holds(&mut self) {
        let legs: Vec<LegId> = self.rig.world.legs().cloned().collect();
        if !legs.is_empty() {
            let on = self.random.bool();
            self.rig.world.hold(&legs[self.random.usize(..legs.len())], on);
        }
    }

    fn a_new_site_comes(&mut self) {
        let mut site = town::site();
        match self.random.u8(..14) {
            11 => drop(site.queues.remove(&name("mail"))),
            12 => site.queues.get_mut(&name("mail")).expect("a queue").takes = Takes::Calls,
            0 => drop(site.queues.remove(&name("sales"))),
            1 => site.agents.clear(),
            2 => site.dialing.groups.clear(),
            3 => site.dialing.parking = None,
            4 => site.dialing.conferences.clear(),
            5 => drop(site.trunks.remove(&name("first"))),
            6 => site.trunks.clear(),
            7 => drop(site.extensions.remove(&number("1001"))),
            8 => site.extensions.get_mut(&number("1002")).expect("there").mailbox = None,
            9 => drop(site.flows.get_mut(&name("main")).expect("a flow").steps.remove(&name("digits"))),
            10 => site.without = [Feature::Recording, Feature::Forwarding].into(),
            _ => {}
        }
        self.rig.input(Input::Site(Arc::new(site)));
    }

    fn something_of_messages(&mut self) {
        let (queue, agent) = (name("mail"), name(self.one(&["a3", "a4"])));
        let reference = in_hand::reference(&format!("m{}", self.random.u8(..8)));
        let keep = self.random.bool().then(|| Keep { agent: agent.clone(), seconds: 20 });
        let act = match self.random.u8(..8) {
            0..=2 => Act::AddMessage { reference, queue, urgency: Urgency::Normal, keep },
            3..=5 => Act::TakeMessage { reference, agent },
            6 => Act::DeclineMessage { reference, agent },
            _ => Act::CloseMessage { reference },
        };
        drop(self.rig.act(act));
    }

    /// A phone or a trunk comes or goes, or the link is lost for a while.
    fn something_of_the_engine(&mut self) {
        let on = self.random.bool();
        match self.random.u8(..3) {
            0 => {
                let extension = name(self.one(&PHONES));
                self.rig.world.phone(&extension).expect("a phone").registered = on;
                self.rig.event(Event::Phone { extension, registered: on });
            }
            1 => {
                let trunk = name(self.one(&["first", "second"]));
                self.rig.event(Event::Trunk { trunk, up: on });
            }
            _ => {
                self.cut = true;
                self.rig.world.cut(self.rig.now);
                let away = self.span(3_000);
                self.rig.run_for(away);
                self.rig.world.link(self.rig.now);
            }
        }
    }

    /// Between two inputs, or after one was written and before its effects left.
    fn the_process_dies(&mut self, snapshot: &mut (u64, String)) {
        self.cut = true;
        self.rig.doomed = self.random.bool();
        if self.rig.doomed {
            let until = self.span(2_000);
            self.rig.run_for(until);
        }
        let away = self.span(2_500) + millis(10);
        self.rig.die_and_return(snapshot, away);
        *snapshot = self.rig.snapshot();
    }
}
