use std::time::Duration;

use super::{
    super::{
        leg::Stage,
        legs::{Legs, Then},
        random::{Step, World, detector, hearing, leg},
        tag::Tag,
        translate::{Detected, Executed, Fact, Next},
    },
    LISTENS,
};
use crate::{
    base::{id::OrderId, text::Label},
    ports::engine::{Command, Event, HangupCause, Order, Outcome},
};

/// A leg at which a recogniser listens, or does not.
struct Bench {
    world: World,
    order: u32,
    number: u64,
}

impl Bench {
    fn asked(module: &str) -> (Self, OrderId) {
        let mut world = World::new();
        world.act(&Step::Park(0));
        world.legs.all.get_mut(&leg(0)).expect("it came").stage = Stage::Answered;
        let mut bench = Self { world, order: 0, number: 0 };
        bench.sent();
        let order = bench.orders(Command::Detect { by: detector(module), hearing: hearing() });
        (bench, order)
    }

    fn listens() -> Self {
        let (mut bench, order) = Self::asked("test");
        bench.sent();
        bench.begins(order, &format!("<media-bugs>\n{LISTENS}\n</media-bugs>\n"));
        bench.events();
        bench
    }

    fn legs(&mut self) -> &mut Legs {
        &mut self.world.legs
    }

    fn orders(&mut self, command: Command) -> OrderId {
        self.order += 1;
        let id = OrderId { seq: 2, index: self.order };
        let now = self.world.now;
        self.legs().on_order(Order { id, leg: leg(0), command }, now);
        id
    }

    fn begins(&mut self, order: OrderId, listeners: &str) {
        let tag = Tag::Detect(order);
        self.executed(tag, true);
        let (text, then) = self.sent().pop().expect("it is looked whether it listens");
        assert_eq!(text, "api uuid_buglist leg-0");
        let now = self.world.now;
        self.legs().on_reply(then, listeners.as_bytes(), now);
    }

    fn executed(&mut self, tag: Tag, played: bool) {
        let (cause, length) = (HangupCause::NORMAL_CLEARING, Duration::ZERO);
        let executed = Executed { leg: leg(0), tag, played, cause, length, next: Next::Park };
        let now = self.world.now;
        self.legs().on_fact(Fact::Executed(executed), now);
    }

    /// What the recogniser tells, which the engine tells twice.
    fn tells(&mut self, what: &Detected) {
        self.number += 1;
        for _ in 0..2 {
            let (number, now) = (self.number, self.world.now);
            self.legs().on_fact(Fact::Detected { leg: leg(0), number, what: what.clone() }, now);
        }
    }

    fn plays(&mut self) -> OrderId {
        let order = self.orders(Command::Play { media: vec![] });
        self.world.act(&Step::Started(0));
        order
    }

    fn sent(&mut self) -> Vec<(String, Then)> {
        let text = |send: super::super::legs::Send| {
            (String::from_utf8(send.bytes).expect("text").trim().to_owned(), send.then)
        };
        std::mem::take(&mut self.legs().out.sends).into_iter().map(text).collect()
    }

    fn lines(&mut self) -> Vec<String> {
        let short = |(text, _): (String, Then)| match text.split_once("execute-app-arg: ") {
            Some((_, argument)) => format!("detect_speech {argument}"),
            None => text,
        };
        self.sent().into_iter().map(short).collect()
    }

    fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.legs().out.events)
    }

    fn waits(&mut self, millis: u16) {
        self.world.act(&Step::Wait(millis));
    }
}

const PAUSE: &str = "api uuid_fileman leg-0 pause";

fn voice() -> Event {
    Event::Voice { leg: leg(0) }
}

fn said(text: &str) -> Event {
    Event::Said { leg: leg(0), text: text.into() }
}

#[test]
fn a_recogniser_begins_by_one_command_and_ends_by_another() {
    let (mut bench, order) = Bench::asked("test");
    let sent = bench.sent();
    let [.., (note, _), (begin, then)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(note, "api uuid_setvar_multi leg-0 fire_asr_events=true;tandem_detects=true");
    assert!(begin.contains("execute-app-name: detect_speech"), "{begin}");
    let line = "execute-app-arg: test {start-input-timers=false}builtin:speech/transcribe tandem";
    assert!(begin.contains(line) && begin.contains(&Tag::Detect(order).to_string()), "{begin}");
    let (then, now) = (then.clone(), bench.world.now);
    bench.legs().on_reply(then, b"+OK", now);
    assert_eq!(bench.events().last(), Some(&Event::Outcome { leg: leg(0), order, outcome: Outcome::Done }));
    // The same again changes nothing.
    bench.orders(Command::Detect { by: detector("test"), hearing: hearing() });
    assert!(bench.sent().is_empty());
    bench.orders(Command::Detect { by: detector("other"), hearing: hearing() });
    let lines = bench.lines();
    assert_eq!(lines[0], "detect_speech stop");
    assert!(lines.iter().any(|line| line.starts_with("detect_speech other ")), "{lines:?}");
    for ends in [Command::Deaf, Command::Music, Command::Fallback] {
        let mut bench = Bench::listens();
        bench.orders(ends.clone());
        let lines = bench.lines();
        assert_eq!(
            lines[..2],
            ["detect_speech stop", "api uuid_setvar_multi leg-0 fire_asr_events=true;tandem_detects="],
            "{ends:?}"
        );
        bench.tells(&Detected::Closed);
        bench.tells(&Detected::Words("late".into()));
        assert!(
            !bench.events().iter().any(|event| matches!(event, Event::Voice { .. } | Event::Deafened { .. }))
        );
    }
}

#[test]
fn a_prompt_pauses_for_a_voice_and_goes_on_when_told_to() {
    let mut bench = Bench::listens();
    bench.plays();
    bench.sent();
    bench.events();
    bench.tells(&Detected::Voice);
    assert_eq!((bench.lines(), bench.events()), (vec![PAUSE.into()], vec![voice()]));
    bench.tells(&Detected::Part("uh".into()));
    assert!(matches!(&bench.events()[..], [Event::Forming(forming)] if forming.text == "uh"));
    bench.tells(&Detected::Words("uh-huh".into()));
    assert_eq!((bench.lines(), bench.events()), (vec!["detect_speech resume".into()], vec![said("uh-huh")]));
    bench.orders(Command::GoOn);
    assert_eq!(bench.lines(), [PAUSE]);
    // Told twice it would pause again.
    bench.orders(Command::GoOn);
    assert!(bench.lines().is_empty());
    bench.waits(2900);
    assert!(bench.lines().is_empty());
}

#[test]
fn a_prompt_that_nobody_decides_about_goes_on_by_itself_and_one_ordered_meanwhile_waits() {
    let mut bench = Bench::listens();
    bench.plays();
    bench.tells(&Detected::Voice);
    bench.tells(&Detected::Words("hm".into()));
    bench.sent();
    bench.waits(2900);
    assert!(bench.lines().is_empty());
    bench.waits(200);
    assert_eq!(bench.lines(), [PAUSE]);

    let mut bench = Bench::listens();
    bench.tells(&Detected::Voice);
    bench.plays();
    assert_eq!(bench.lines().last().map(String::as_str), Some(PAUSE), "somebody speaks");
    let mut bench = Bench::listens();
    bench.tells(&Detected::Voice);
    bench.tells(&Detected::Words("a refund".into()));
    bench.plays();
    assert_ne!(bench.lines().last().map(String::as_str), Some(PAUSE), "this is the answer");
    bench.waits(2900);
    bench.waits(2900);
    assert!(bench.lines().is_empty());
}

#[test]
fn a_recogniser_that_tells_no_beginning_is_heard_and_silence_is_no_voice() {
    let mut bench = Bench::listens();
    bench.tells(&Detected::Words("".into()));
    assert_eq!((bench.lines(), bench.events()), (vec!["detect_speech resume".into()], vec![]));
    bench.tells(&Detected::Words("a refund".into()));
    assert_eq!(bench.events(), [voice(), said("a refund")]);
}

#[test]
fn a_voice_without_words_ends_within_its_patience() {
    let mut bench = Bench::listens();
    bench.tells(&Detected::Voice);
    bench.events();
    bench.waits(1900);
    // A sign of life.
    bench.tells(&Detected::Part("i".into()));
    bench.waits(1900);
    assert!(!bench.events().contains(&said("")));
    bench.sent();
    bench.waits(200);
    assert_eq!(bench.events(), [said("")]);
    assert_eq!(bench.lines(), ["detect_speech pause", "detect_speech resume"]);
    // One that never ends.
    bench.tells(&Detected::Voice);
    for _ in 0..31 {
        bench.waits(1000);
        bench.tells(&Detected::Part("i".into()));
    }
    assert!(!bench.events().contains(&said("")));
    bench.waits(1000);
    assert!(bench.events().contains(&said("")));
}

#[test]
fn a_module_that_is_not_there_is_told_and_the_leg_obeys() {
    let (mut bench, order) = Bench::asked("nosuch");
    bench.sent();
    bench.begins(order, "<media-bugs>\n</media-bugs>\n");
    let why = Label::new("`nosuch` does not listen: is it loaded, and is the grammar right?");
    assert_eq!(bench.events().last(), Some(&Event::Deafened { leg: leg(0), why }));
    bench.plays();
    bench.tells(&Detected::Voice);
    assert!(!bench.events().contains(&voice()));
    // A leg that is gone has no list.
    let (mut bench, order) = Bench::asked("test");
    bench.sent();
    bench.events();
    bench.begins(order, "");
    assert_eq!(bench.events(), []);
}

#[test]
fn one_that_ends_by_itself_is_told_and_whoever_spoke_has_no_words() {
    let mut bench = Bench::listens();
    bench.plays();
    bench.tells(&Detected::Voice);
    bench.sent();
    bench.tells(&Detected::Closed);
    let (_, then) = bench.sent().pop().expect("it is looked whether it listens");
    bench.events();
    let now = bench.world.now;
    bench.legs().on_reply(then, b"<media-bugs>\n</media-bugs>\n", now);
    let events = bench.events();
    assert!(
        matches!(&events[..], [Event::Said { text, .. }, Event::Deafened { .. }] if text.is_empty()),
        "{events:?}"
    );
    assert!(bench.lines().contains(&PAUSE.to_owned()), "what it interrupted goes on");
}

#[test]
fn after_a_break_of_the_link_it_begins_anew() {
    let mut bench = Bench::listens();
    bench.tells(&Detected::Voice);
    bench.events();
    bench.legs().on_down();
    bench.sent();
    let now = bench.world.now;
    bench.legs().detect_anew(&leg(0), now);
    assert_eq!(bench.events(), [said("")]);
    let lines = bench.lines();
    assert_eq!(lines.first().map(String::as_str), Some("detect_speech stop"));
    assert!(lines.last().is_some_and(|line| line.starts_with("detect_speech test {")), "{lines:?}");
    // What the old one still tells is nobody's.
    bench.tells(&Detected::Words("late".into()));
    assert_eq!(bench.events(), []);
    bench.begins(OrderId { seq: 2, index: 1 }, LISTENS);
    bench.tells(&Detected::Voice);
    assert_eq!(bench.events(), [voice()]);
}

#[test]
fn what_would_be_obeyed_is_refused_before_anything_is_sent() {
    for (module, grammar) in
        [("stop", "builtin:a"), ("a b", "builtin:a"), ("test", "a b"), ("test", "{x=y}a")]
    {
        let (mut bench, _) = Bench::asked("test");
        bench.sent();
        bench.events();
        let by = crate::ports::engine::Detector { grammar: grammar.into(), ..detector(module) };
        let order = bench.orders(Command::Detect { by, hearing: hearing() });
        let events = bench.events();
        assert!(
            matches!(&events[..], [Event::Outcome { order: it, outcome: Outcome::Refused(_), .. }] if *it == order),
            "{events:?}"
        );
        assert!(bench.sent().is_empty(), "{module} {grammar}");
    }
}

#[test]
fn what_a_tandem_before_this_one_began_is_ended() {
    for (detects, wanted) in [("variable_tandem_detects: true\n", true), ("", false)] {
        let mut bench = Bench { world: World::new(), order: 0, number: 0 };
        let now = bench.world.now;
        bench.legs().ask(now, "job".into(), true);
        let text = r#"{"rows":[{"uuid":"leg-9","state":"CS_EXECUTE","callstate":"ACTIVE"}]}"#.into();
        bench.legs().on_fact(Fact::Answer { job: "job".into(), text }, now);
        let (_, then) = bench.sent().pop().expect("it is portrayed");
        let dump = format!(
            "Unique-ID: leg-9\nAnswer-State: answered\nvariable_tandem_origin: trunk\nvariable_tandem_to: 8000\n\
             variable_tandem_taken: true\n{detects}"
        );
        bench.legs().on_reply(then, dump.as_bytes(), now);
        let stopped = bench.lines().contains(&"detect_speech stop".to_owned());
        assert_eq!(stopped, wanted, "{detects}");
    }
}

#[test]
fn what_a_break_makes_the_engine_forget_is_told_again() {
    let mut bench = Bench::listens();
    bench.plays();
    bench.tells(&Detected::Voice);
    bench.tells(&Detected::Words("a refund".into()));
    bench.sent();
    // The answer is so quick that the recogniser has not resumed yet.
    bench.orders(Command::Play { media: vec![] });
    assert_eq!(bench.lines(), ["api uuid_break leg-0 all", "detect_speech resume"]);
    bench.executed(Tag::Redetect(OrderId { seq: 0, index: 1 }), false);
    bench.legs().break_off(&leg(0));
    assert_eq!(bench.lines(), ["api uuid_break leg-0 all"], "it was carried out");
}

#[test]
fn who_opens_slowly_is_waited_for_by_one_caller_and_no_other() {
    let (mut bench, first) = Bench::asked("test");
    bench.sent();
    let calls_in = |bench: &mut Bench, number: usize, module: &str| {
        bench.world.act(&Step::Park(number));
        bench.legs().all.get_mut(&leg(number)).expect("it came").stage = Stage::Answered;
        bench.sent();
        bench.events();
        let (id, now) = (OrderId { seq: 3, index: number as u32 }, bench.world.now);
        let command = Command::Detect { by: detector(module), hearing: hearing() };
        bench.legs().on_order(Order { id, leg: leg(number), command }, now);
        let refused = bench.events().iter().any(|event| {
            matches!(event, Event::Outcome { order, outcome: Outcome::Refused(_), .. } if *order == id)
        });
        let asked = bench.lines().iter().any(|line| line.starts_with("detect_speech"));
        assert_ne!(refused, asked, "{number}");
        asked
    };
    // So long is nothing.
    bench.waits(900);
    assert!(calls_in(&mut bench, 1, "test"));
    bench.waits(200);
    assert!(!calls_in(&mut bench, 2, "test"), "two wait already");
    assert!(calls_in(&mut bench, 3, "other"), "another one is not waited for");
    // It listens after all, and is known to be slow for a while.
    bench.begins(first, &format!("<media-bugs>\n{LISTENS}\n</media-bugs>\n"));
    bench.world.act(&Step::HungUp(1));
    assert!(!calls_in(&mut bench, 2, "test"));
    for _ in 0..31 {
        bench.waits(1000);
    }
    assert!(calls_in(&mut bench, 2, "test"));
}
