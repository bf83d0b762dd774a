//! The queue against a reference that anybody can check by eye: a plain list of callers in the order of joining
//! and a plain list of agents by idle time. Whatever comes, both must offer the same callers to the same agents.

use proptest::prelude::*;
use tandem::{
    base::{
        clock::Stamp,
        id::{LegId, Name},
        number::Key,
        text::Label,
    },
    live::switchboard::{
        Effect, Input, Switchboard,
        view::{Act, Actor},
    },
    ports::engine::{Command, Endpoint, Event, HangupCause},
};

use super::{
    cores,
    rig::{START, arrival, leg, name, secs, site},
};

const AGENTS: usize = 4;

#[derive(Clone, Debug)]
enum Move {
    /// A new caller joins the queue.
    Join,
    /// The n-th waiting or talking caller hangs up.
    CallerLeaves(usize),
    /// The n-th offer under way is declined.
    Decline(usize),
    /// The n-th offer under way is answered.
    Answer(usize),
    /// The n-th talking agent hangs up after a real talk.
    AgentLeaves(usize),
    Pause(usize),
    Unpause(usize),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        4 => Just(Move::Join),
        1 => (0usize..8).prop_map(Move::CallerLeaves),
        1 => (0usize..8).prop_map(Move::Decline),
        3 => (0usize..8).prop_map(Move::Answer),
        3 => (0usize..8).prop_map(Move::AgentLeaves),
        1 => (0..AGENTS).prop_map(Move::Pause),
        1 => (0..AGENTS).prop_map(Move::Unpause),
    ];
    prop::collection::vec(one, 1..60)
}

/// What the reference knows of an agent.
#[derive(Clone, Debug, PartialEq)]
enum Person {
    Idle { since: Stamp },
    Busy,
    Away { since: Stamp },
}

#[derive(Default)]
struct Reference {
    /// In the order of joining; a caller who is offered is not in it.
    waiting: Vec<(usize, LegId)>,
    offers: Vec<(usize, LegId, usize)>,
    talks: Vec<(usize, LegId, usize)>,
    people: Vec<Person>,
    pausing: Vec<usize>,
}

impl Reference {
    /// Who must be offered to whom now.
    fn due(&mut self) -> Offers {
        let mut due = Vec::new();
        loop {
            self.waiting.sort();
            let idle = self.people.iter().enumerate().filter_map(|(i, person)| match person {
                Person::Idle { since } => Some((*since, i)),
                _ => None,
            });
            let (Some((_, agent)), false) = (idle.min(), self.waiting.is_empty()) else { return due };
            let (number, caller) = self.waiting.remove(0);
            self.people[agent] = Person::Busy;
            self.offers.push((number, caller.clone(), agent));
            due.push((caller, agent));
        }
    }

    fn free(&mut self, agent: usize, since: Stamp) {
        let paused = self.pausing.iter().position(|pausing| *pausing == agent);
        self.people[agent] = match paused.map(|at| self.pausing.remove(at)) {
            Some(_) => Person::Away { since },
            None => Person::Idle { since },
        };
    }
}

struct Game {
    board: Switchboard,
    reference: Reference,
    now: Stamp,
    seq: u64,
    callers: usize,
    /// The leg that was dialled for a caller, by the switchboard's own choice.
    dialled: Vec<(LegId, LegId)>,
    /// Since when each agent counts as idle: the start, or the end of the last talk.
    idle: [Stamp; AGENTS],
}

/// Who is offered to whom: the caller's leg and the agent's number.
type Offers = Vec<(LegId, usize)>;

impl Game {
    fn new() -> Self {
        let mut site = site(AGENTS);
        for agent in site.agents.values_mut() {
            agent.wrap_up = secs(0);
        }
        for queue in site.queues.values_mut() {
            queue.rest = secs(0);
            queue.ring = secs(1_000_000);
            queue.max_wait = secs(1_000_000);
        }
        let people = vec![Person::Idle { since: START }; AGENTS];
        let reference = Reference { people, ..Reference::default() };
        let board = Switchboard::new(site.into(), START);
        let mut game = Self {
            board,
            reference,
            now: START,
            seq: 0,
            callers: 0,
            dialled: Vec::new(),
            idle: [START; AGENTS],
        };
        game.feed(Input::Started { version: "test".into() });
        game.event(Event::Up { engine: Label::new("test") });
        game.event(Event::Audit { asked: START, legs: vec![] });
        game
    }

    /// Handles one input and gives the offers it caused.
    fn feed(&mut self, input: Input) -> Offers {
        self.seq += 1;
        let mut offers = Vec::new();
        for effect in self.board.on(self.seq, self.now, input) {
            let Effect::Order(order) = effect else { continue };
            if let Command::Connect { to, endpoint: Endpoint::Phone(phone), .. } = order.command {
                let agent: usize = phone.as_str().parse::<usize>().expect("a phone") - 1000;
                self.dialled.push((order.leg.clone(), to));
                offers.push((order.leg, agent));
            }
        }
        self.board.check().expect("the invariants hold");
        offers
    }

    fn event(&mut self, event: Event) -> Offers {
        self.feed(Input::Engine(event))
    }

    fn peer(&self, caller: &LegId) -> LegId {
        self.dialled.iter().rev().find(|(from, _)| from == caller).expect("dialled").1.clone()
    }

    fn act(&mut self, act: Act) -> Offers {
        self.feed(Input::Act { actor: Actor::admin(Label::new("test")), act, ask: 0 })
    }

    fn caller_leaves(&mut self, n: usize) -> Offers {
        let (waiting, offers, talks) =
            (self.reference.waiting.len(), self.reference.offers.len(), self.reference.talks.len());
        if waiting + offers + talks == 0 {
            return Vec::new();
        }
        let at = n % (waiting + offers + talks);
        let gone = |leg: &LegId| Event::Ended { leg: leg.clone(), cause: HangupCause::NORMAL_CLEARING };
        if at < waiting {
            let (_, caller) = self.reference.waiting.remove(at);
            return self.event(gone(&caller));
        }
        let (caller, agent) = if at < waiting + offers {
            let (_, caller, agent) = self.reference.offers.remove(at - waiting);
            (caller, agent)
        } else {
            let (_, caller, agent) = self.reference.talks.remove(at - waiting - offers);
            self.idle[agent] = self.now;
            (caller, agent)
        };
        let peer = self.peer(&caller);
        assert_eq!(
            self.event(gone(&caller)),
            vec![],
            "the agent's phone is not free before its leg has ended"
        );
        self.reference.free(agent, self.idle[agent]);
        self.event(gone(&peer))
    }

    fn decline(&mut self, n: usize) -> Offers {
        let at = n % self.reference.offers.len();
        let (number, caller, agent) = self.reference.offers.remove(at);
        let peer = self.peer(&caller);
        // The agent rests for no time at all, and is idle as long as before.
        self.reference.free(agent, self.idle[agent]);
        let first = self.event(Event::Ended { leg: peer, cause: HangupCause::CALL_REJECTED });
        let first = [first, self.feed(Input::Clock)].concat();
        assert_eq!(first, self.reference.due(), "while the declined caller's leg is still busy");
        self.reference.waiting.push((number, caller.clone()));
        self.event(Event::Returned { leg: caller })
    }

    /// Plays one move on both sides and gives what each offers.
    fn play(&mut self, one: &Move) -> (Offers, Offers) {
        self.now = self.now + secs(5);
        let mut offers = Vec::new();
        match one {
            Move::Join => {
                self.callers += 1;
                let caller = leg(&format!("c{}", self.callers));
                self.event(Event::Arrived { leg: caller.clone(), arrival: arrival("4000") });
                self.event(Event::Answered { leg: caller.clone() });
                self.reference.waiting.push((self.callers, caller.clone()));
                offers = self.event(Event::Key { leg: caller, key: Key::new('1').expect("a key") });
            }
            Move::CallerLeaves(n) => offers = self.caller_leaves(*n),
            Move::Decline(n) if !self.reference.offers.is_empty() => offers = self.decline(*n),
            Move::Answer(n) if !self.reference.offers.is_empty() => {
                let at = n % self.reference.offers.len();
                let (number, caller, agent) = self.reference.offers.remove(at);
                let peer = self.peer(&caller);
                self.reference.talks.push((number, caller.clone(), agent));
                offers = self.event(Event::Joined { leg: caller, peer });
            }
            Move::AgentLeaves(n) if !self.reference.talks.is_empty() => {
                let at = n % self.reference.talks.len();
                let (_, caller, agent) = self.reference.talks.remove(at);
                let peer = self.peer(&caller);
                self.reference.free(agent, self.now);
                self.idle[agent] = self.now;
                offers = self.event(Event::Ended { leg: peer, cause: HangupCause::NORMAL_CLEARING });
                self.event(Event::Ended { leg: caller, cause: HangupCause::NORMAL_CLEARING });
            }
            Move::Pause(agent) => {
                match self.reference.people[*agent].clone() {
                    Person::Idle { since } => self.reference.people[*agent] = Person::Away { since },
                    Person::Busy if !self.reference.pausing.contains(agent) => {
                        self.reference.pausing.push(*agent);
                    }
                    _ => {}
                }
                offers = self.act(Act::Pause { agent: agent_name(*agent), reason: Label::new("test") });
            }
            Move::Unpause(agent) => {
                self.reference.pausing.retain(|pausing| pausing != agent);
                if let Person::Away { since } = self.reference.people[*agent].clone() {
                    self.reference.people[*agent] = Person::Idle { since };
                }
                offers = self.act(Act::Unpause { agent: agent_name(*agent) });
            }
            Move::Decline(_) | Move::Answer(_) | Move::AgentLeaves(_) => {}
        }
        (offers, self.reference.due())
    }
}

fn agent_name(agent: usize) -> Name {
    name(&format!("a{agent}"))
}

#[test]
fn pain_03_the_same_callers_go_to_the_same_agents_as_on_a_plain_list() {
    cores::check("moves against the reference", cores::wanted(), moves, |moves| {
        let mut game = Game::new();
        for (at, one) in moves.iter().enumerate() {
            let (offers, due) = game.play(one);
            prop_assert_eq!(offers, due, "move {} ({:?}) of {:?}", at, one, moves);
        }
        Ok(())
    });
}
