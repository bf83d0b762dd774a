//! Legs whose language the engine itself hears, beside those that are heard here.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::super::{effect::Effect, lines::Lines};
use crate::{
    base::{
        id::{LegId, OrderId},
        locale::Locale,
        text::Label,
    },
    ports::{
        engine::{
            Command, Detector, Ear, Event, Forming, HangupCause, Hearing, Media, Order, Outcome, PromptId,
            Stream, Verdict, Wire,
        },
        speech::{Recognizer, Recognizers, Scripted},
    },
};

const NOW: Duration = Duration::from_secs(1);

fn leg() -> LegId {
    LegId::new("caller").expect("a leg")
}

fn detector() -> Detector {
    Detector {
        module: "unimrcp".into(),
        grammar: "builtin:speech/transcribe".into(),
        profile: None,
        params: BTreeMap::new(),
        patience: Duration::from_secs(15),
    }
}

fn hearing(locale: Locale) -> Hearing {
    Hearing { locale, flow: "shop".parse().expect("a name"), ear: Ear::Free }
}

fn prompt() -> Command {
    Command::Play { media: vec![Media::Prompt(PromptId::new([7; 16]))] }
}

fn detect() -> Command {
    Command::Detect { by: detector(), hearing: hearing(Locale::English) }
}

/// English is heard by the engine, Chinese here.
struct Bench {
    lines: Lines,
    who: Recognizers,
    next: u32,
}

impl Bench {
    fn new() -> Self {
        let here: Arc<dyn Recognizer> = Arc::new(Scripted::new([]));
        let who = Recognizers::new([(Locale::Chinese, here)]).and_by_engine([(Locale::English, detector())]);
        Self { lines: Lines::new(1), who, next: 0 }
    }

    fn listened() -> Self {
        let mut bench = Self::new();
        assert_eq!(bench.order(Command::Listen(hearing(Locale::English))).0, [detect()]);
        bench
    }

    /// Orders that went to the engine, and what the switchboard was told.
    fn out(&mut self) -> (Vec<Command>, Vec<Event>, Vec<Forming>) {
        let mut out = (Vec::new(), Vec::new(), Vec::new());
        loop {
            let effects = self.lines.effects();
            if effects.is_empty() {
                return out;
            }
            for effect in effects {
                match effect {
                    Effect::Order(order) => out.0.push(order.command),
                    Effect::Tell(event) => out.1.push(event),
                    Effect::Forming(forming) => out.2.push(forming),
                    Effect::Bind(leg) => {
                        self.lines.bound(&leg, Ok("127.0.0.1:5000".parse().expect("an address")), NOW);
                    }
                    _ => {}
                }
            }
        }
    }

    fn order(&mut self, command: Command) -> (Vec<Command>, Vec<Event>, Vec<Forming>) {
        self.next += 1;
        let id = OrderId { seq: 9, index: self.next };
        self.lines.order(Order { id, leg: leg(), command }, &self.who, NOW);
        self.out()
    }

    fn event(&mut self, event: Event) -> (Vec<Command>, Vec<Event>, Vec<Forming>) {
        self.lines.event(event, NOW);
        self.out()
    }

    fn outcome(&self, outcome: Outcome) -> Event {
        Event::Outcome { leg: leg(), order: OrderId { seq: 9, index: self.next }, outcome }
    }
}

#[test]
fn the_engine_is_told_who_hears_and_all_that_concerns_it() {
    let mut bench = Bench::listened();
    let done = bench.outcome(Outcome::Done);
    assert_eq!(bench.event(done.clone()).1, [done]);
    for command in [prompt(), Command::GoOn, Command::Stop, Command::Deaf] {
        let (orders, told, _) = bench.order(command.clone());
        assert_eq!((orders, told.len()), (vec![command], 0), "its outcome is the engine's");
    }
    // Nobody listens any more: nothing is left to go on with.
    let (orders, told, _) = bench.order(Command::GoOn);
    assert_eq!((orders.len(), told), (0, vec![bench.outcome(Outcome::Done)]));
}

#[test]
fn voices_and_words_go_through_and_words_on_their_way_to_who_watches() {
    let mut bench = Bench::listened();
    let voice = Event::Voice { leg: leg() };
    let said = Event::Said { leg: leg(), text: "a refund".into() };
    assert_eq!(bench.event(voice.clone()).1, [voice]);
    let forming = Forming { leg: leg(), text: "a".into() };
    let (orders, told, seen) = bench.event(Event::Forming(forming.clone()));
    assert_eq!((orders.len(), told.len(), seen), (0, 0, vec![forming]));
    assert_eq!(bench.event(said.clone()).1, [said]);
}

#[test]
fn who_is_not_heard_uses_keys_and_is_not_asked_again() {
    let deafened = |_: &Bench| Event::Deafened { leg: leg(), why: Label::new("no such module") };
    let refused = |bench: &Bench| bench.outcome(Outcome::Refused(Label::new("no such module")));
    let both: [&dyn Fn(&Bench) -> Event; 2] = [&deafened, &refused];
    for (n, how) in both.into_iter().enumerate() {
        let mut bench = Bench::listened();
        let event = how(&bench);
        let told = bench.event(event).1;
        let done = bench.outcome(Outcome::Done);
        assert_eq!(told, if n == 0 { vec![] } else { vec![done] }, "the switchboard hears nothing of it");
        for again in 0..2 {
            let (orders, told, _) = bench.order(Command::Listen(hearing(Locale::English)));
            assert_eq!((orders, told), (vec![], vec![bench.outcome(Outcome::Done)]), "{again}");
            assert_eq!(bench.order(prompt()).0, [prompt()]);
        }
        // The next caller is.
        bench.event(Event::Ended { leg: leg(), cause: HangupCause::NORMAL_CLEARING });
        assert_eq!(bench.order(Command::Listen(hearing(Locale::English))).0, [detect()]);
    }
}

#[test]
fn a_caller_who_changes_the_language_is_heard_by_whom_the_other_has() {
    let mut bench = Bench::listened();
    let (orders, ..) = bench.order(Command::Listen(hearing(Locale::Chinese)));
    assert!(matches!(&orders[..], [Command::Deaf, Command::Tap { .. }]), "{orders:?}");
    let stream =
        Stream { engine: "127.0.0.1:4000".parse().expect("an address"), wire: Wire::Raw { rate: 8000 } };
    bench.event(Event::Tapped { leg: leg(), stream });
    let (orders, told, _) = bench.order(prompt());
    let played = OrderId { seq: 9, index: bench.next };
    assert_eq!((orders.len(), told.len()), (0, 1), "it is played here");
    let (orders, told, _) = bench.order(Command::Listen(hearing(Locale::English)));
    assert_eq!(orders, [Command::Untap, detect()]);
    assert_eq!(told, [Event::Played { leg: leg(), order: played, verdict: Verdict::Stopped }]);
    assert_eq!(bench.order(prompt()).0, [prompt()]);
}

#[test]
fn whoever_comes_to_talk_is_not_heard_after_it_unless_asked_for_anew() {
    let peer = LegId::new("agent").expect("a leg");
    for event in [
        Event::Joined { leg: leg(), peer: peer.clone() },
        Event::Joined { leg: peer, peer: leg() },
        Event::Returned { leg: leg() },
        Event::Audit { asked: crate::base::clock::Stamp(1), legs: vec![] },
    ] {
        let mut bench = Bench::listened();
        bench.event(event.clone());
        assert_eq!(bench.order(Command::GoOn).0, [], "after {event:?}");
        assert_eq!(bench.order(Command::Listen(hearing(Locale::English))).0, [detect()]);
    }
    let mut bench = Bench::listened();
    assert_eq!(bench.order(Command::Music).0, [Command::Music]);
    assert_eq!(bench.order(Command::GoOn).0, []);
}
