//! One leg through its phases, without I/O: orders and events in, orders and events out.

use std::{sync::Arc, time::Duration};

use super::{
    super::{
        effect::{Effect, Found},
        lines::Lines,
        player::Clip,
    },
    rig::{spoken, white},
};
use crate::{
    base::{
        clock::Stamp,
        id::{LegId, OrderId, RoomId},
        locale::Locale,
        text::Label,
    },
    ports::{
        engine::{
            Command, Ear, Event, HangupCause, Hearing, LegSeen, Media, Order, Outcome, PromptId, Stream,
            Verdict, Wire,
        },
        speech::{Recognizer, Recognizers, Scripted},
    },
};

const ENGINE: &str = "127.0.0.1:4000";

fn leg() -> LegId {
    LegId::new("caller").expect("a leg")
}

fn id(index: u32) -> OrderId {
    OrderId { seq: 9, index }
}

fn hearing() -> Hearing {
    Hearing { locale: Locale::English, flow: "shop".parse().expect("a name"), ear: Ear::Free }
}

fn prompt() -> Command {
    Command::Play { media: vec![Media::Prompt(PromptId::new([7; 16]))] }
}

struct Bench {
    lines: Lines,
    who: Recognizers,
    now: Duration,
    next: u32,
    clip: Clip,
    /// Frames that went out.
    went: Vec<Vec<u8>>,
    /// Samples that a recogniser got.
    heard: usize,
}

/// What came out, in a few words each.
#[derive(Debug, Default)]
struct Out {
    ordered: Vec<(OrderId, Command)>,
    told: Vec<Event>,
    sent: usize,
    bound: bool,
    unbound: bool,
}

impl Out {
    fn orders(&self) -> Vec<&Command> {
        self.ordered.iter().map(|(_, command)| command).collect()
    }

    fn played(&self) -> Vec<(OrderId, Verdict)> {
        self.told
            .iter()
            .filter_map(|event| match event {
                Event::Played { order, verdict, .. } => Some((*order, *verdict)),
                _ => None,
            })
            .collect()
    }

    fn done(&self) -> Vec<u32> {
        self.told
            .iter()
            .filter_map(|event| match event {
                Event::Outcome { order, outcome: Outcome::Done, .. } => Some(order.index),
                _ => None,
            })
            .collect()
    }
}

impl Bench {
    fn new() -> Self {
        let clip = vec![1000; 8000].into();
        let english: Arc<dyn Recognizer> = Arc::new(Scripted::new([]));
        let who = Recognizers::new([(Locale::English, english)]);
        Self {
            lines: Lines::new(1),
            who,
            now: Duration::from_secs(1),
            next: 0,
            clip,
            went: Vec::new(),
            heard: 0,
        }
    }

    /// With a stream that flows.
    fn tapped() -> Self {
        let mut bench = Self::new();
        let out = bench.order(Command::Listen(hearing()));
        assert!(out.bound && matches!(out.orders()[..], [Command::Tap { .. }]), "{out:?}");
        bench.event(Event::Tapped { leg: leg(), stream: stream(8000) });
        bench
    }

    fn out(&mut self) -> Out {
        let mut out = Out::default();
        loop {
            let effects = self.lines.effects();
            if effects.is_empty() {
                return out;
            }
            for effect in effects {
                match effect {
                    Effect::Order(order) => out.ordered.push((order.id, order.command)),
                    Effect::Tell(event) => out.told.push(event),
                    Effect::Bind(leg) => {
                        out.bound = true;
                        let at = "127.0.0.1:5000".parse().expect("an address");
                        self.lines.bound(&leg, Ok(at), self.now);
                    }
                    Effect::Unbind(_) => out.unbound = true,
                    Effect::Send(_, frame) => {
                        out.sent += 1;
                        self.went.push(frame);
                    }
                    Effect::Find { leg, order, media, rate } => {
                        let clips = media.iter().map(|_| Some(self.clip.clone())).collect();
                        self.lines.found(Found { leg, order, rate, clips }, self.now);
                    }
                    Effect::Hear { samples, .. } | Effect::Feed(_, samples) => self.heard += samples.len(),
                    _ => {}
                }
            }
        }
    }

    fn comes(&mut self, datagram: &[u8]) {
        self.lines.datagram(&leg(), ENGINE.parse().expect("an address"), datagram, self.now);
    }

    fn order(&mut self, command: Command) -> Out {
        self.next += 1;
        let order = Order { id: id(self.next), leg: leg(), command };
        self.lines.order(order, &self.who, self.now);
        self.out()
    }

    fn event(&mut self, event: Event) -> Out {
        self.lines.event(event, self.now);
        self.out()
    }

    /// Frames come and go for so long.
    fn flows(&mut self, span: Duration, comes: bool) -> Out {
        let mut all = Out::default();
        for _ in 0..span.as_millis() / 20 {
            self.now += Duration::from_millis(20);
            if comes {
                self.comes(&[0; 320]);
            }
            self.lines.tick(1, 0, self.now);
            let out = self.out();
            all.ordered.extend(out.ordered);
            all.told.extend(out.told);
            all.sent += out.sent;
            all.bound |= out.bound;
            all.unbound |= out.unbound;
        }
        all
    }
}

fn stream(rate: u32) -> Stream {
    Stream { engine: ENGINE.parse().expect("an address"), wire: Wire::Raw { rate } }
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn prompts_are_heard_through_the_stream_and_reported_once() {
    let mut bench = Bench::tapped();
    let out = bench.order(prompt());
    assert_eq!((out.done(), out.ordered.len()), (vec![2], 0), "the engine hears nothing of it");
    let out = bench.flows(SECOND + SECOND / 2, true);
    assert_eq!(out.played(), [(id(2), Verdict::Finished)]);
    assert_eq!(out.sent, 75, "a frame is sent every 20 ms, prompt or not");

    bench.order(prompt());
    let out = bench.order(prompt());
    assert_eq!(out.played(), [(id(3), Verdict::Stopped)], "another takes its place");
    let out = bench.order(Command::Stop);
    assert_eq!((out.played(), out.done()), (vec![(id(4), Verdict::Stopped)], vec![5]));
    assert!(bench.flows(SECOND, true).played().is_empty());
}

#[test]
fn a_prompt_that_comes_before_the_stream_waits_for_it() {
    let mut bench = Bench::new();
    bench.order(Command::Listen(hearing()));
    let out = bench.order(prompt());
    assert!(out.ordered.is_empty() && out.told.is_empty(), "{out:?}");
    let out = bench.event(Event::Tapped { leg: leg(), stream: stream(8000) });
    assert_eq!((out.done(), out.told.len()), (vec![2], 1), "nobody else hears of the tap");
    assert_eq!(bench.flows(2 * SECOND, true).played(), [(id(2), Verdict::Finished)]);
}

#[test]
fn where_no_stream_is_to_be_had_the_engine_plays() {
    let mut bench = Bench::new();
    let out = bench.order(Command::Listen(hearing()));
    let (tap, _) = out.ordered[0].clone();
    bench.order(prompt());
    let refused = Outcome::Refused(Label::new("no"));
    let out = bench.event(Event::Outcome { leg: leg(), order: tap, outcome: refused });
    assert_eq!(out.ordered, [(id(2), prompt())], "as it was ordered");
    assert!(out.told.is_empty(), "the switchboard never ordered a tap: {out:?}");
    let out = bench.event(Event::Outcome { leg: leg(), order: id(2), outcome: Outcome::Done });
    assert_eq!(out.done(), [2]);
    let out = bench.event(Event::Played { leg: leg(), order: id(2), verdict: Verdict::Finished });
    assert_eq!(out.played(), [(id(2), Verdict::Finished)]);
    assert!(bench.order(Command::Listen(hearing())).ordered.is_empty(), "it is not asked again");

    let mut silent = Bench::new();
    silent.order(Command::Listen(hearing()));
    silent.order(prompt());
    let out = silent.flows(3 * SECOND, false);
    assert_eq!(out.orders(), [&Command::Untap, &prompt()], "nothing was said of the tap");
    let out = silent.event(Event::Tapped { leg: leg(), stream: stream(8000) });
    assert!(out.ordered.is_empty() && out.told.is_empty(), "too late: {out:?}");
}

#[test]
fn a_language_that_nobody_understands_is_not_listened_to() {
    let mut bench = Bench::new();
    let out = bench.order(Command::Listen(Hearing { locale: Locale::Chinese, ..hearing() }));
    assert_eq!((out.done(), out.ordered.len()), (vec![1], 0));
    assert_eq!(bench.order(prompt()).orders(), [&prompt()]);

    let mut bench = Bench::tapped();
    let out = bench.order(Command::Listen(Hearing { locale: Locale::Chinese, ..hearing() }));
    assert_eq!(out.orders(), [&Command::Untap]);
}

#[test]
fn what_the_engine_plays_already_is_not_cut_off_but_replaced() {
    let mut bench = Bench::new();
    bench.order(prompt());
    assert!(bench.order(Command::Listen(hearing())).ordered.is_empty());
    let out = bench.event(Event::Played { leg: leg(), order: id(1), verdict: Verdict::Finished });
    assert!(matches!(out.orders()[..], [Command::Tap { .. }]), "{out:?}");

    let mut bench = Bench::new();
    bench.order(prompt());
    bench.order(Command::Listen(hearing()));
    let out = bench.order(prompt());
    assert!(matches!(out.orders()[..], [Command::Stop, Command::Tap { .. }]), "{out:?}");

    let mut music = Bench::new();
    music.order(Command::Music);
    let out = music.order(Command::Listen(hearing()));
    assert!(matches!(out.orders()[..], [Command::Stop, Command::Tap { .. }]), "{out:?}");
}

#[test]
fn nobody_listens_any_more_and_the_prompt_is_heard_to_its_end() {
    let mut bench = Bench::tapped();
    bench.order(prompt());
    let out = bench.order(Command::Deaf);
    assert_eq!((out.done(), out.ordered.len()), (vec![3], 0));
    let out = bench.flows(2 * SECOND, true);
    assert_eq!(out.played(), [(id(2), Verdict::Finished)]);
    assert_eq!((out.orders(), out.unbound), (vec![&Command::Untap], true));
    assert_eq!(bench.order(prompt()).orders(), [&prompt()], "the engine has the leg again");
}

#[test]
fn whatever_ends_listening_ends_the_stream_first() {
    let hangup = Command::Hangup { cause: HangupCause::NORMAL_CLEARING };
    for command in [
        Command::Music,
        Command::Fallback,
        Command::Meet { room: RoomId::new("r").expect("a room"), muted: false },
    ] {
        let mut bench = Bench::tapped();
        bench.order(prompt());
        let out = bench.order(command.clone());
        assert_eq!(out.orders(), [&Command::Untap, &command]);
        assert_eq!(out.played(), [(id(2), Verdict::Stopped)]);
    }
    let mut bench = Bench::tapped();
    assert_eq!(bench.order(hangup.clone()).orders(), [&hangup]);
    // What does not touch the sound passes by.
    let mut bench = Bench::tapped();
    let lease = Command::Lease { span: SECOND };
    assert_eq!(bench.order(lease.clone()).orders(), [&lease]);
    assert_eq!(bench.flows(SECOND, true).sent, 50);
}

#[test]
fn a_leg_that_ends_hears_no_more_and_its_prompt_is_over_before_it() {
    let mut bench = Bench::tapped();
    bench.order(prompt());
    let ended = Event::Ended { leg: leg(), cause: HangupCause::NORMAL_CLEARING };
    let out = bench.event(ended.clone());
    assert_eq!(out.told, [Event::Played { leg: leg(), order: id(2), verdict: Verdict::Stopped }, ended]);
    assert!(out.ordered.is_empty() && out.unbound);
    assert!(!bench.lines.is_busy());
    assert_eq!(bench.flows(SECOND, true).sent, 0);
}

#[test]
fn legs_that_went_while_the_link_was_down_are_forgotten() {
    let mut bench = Bench::tapped();
    bench.order(prompt());
    bench.event(Event::Down { reason: Label::new("gone"), retry: SECOND });
    assert_eq!(bench.flows(SECOND / 2, true).sent, 25, "the stream does not need the link");
    bench.event(Event::Up { engine: Label::new("engine") });
    let seen = LegSeen { leg: leg(), up: true, peer: None, room: None, arrival: None };
    let audit = |legs: Vec<LegSeen>| Event::Audit { asked: Stamp(1), legs };
    for legs in [vec![], vec![seen], vec![], vec![]] {
        assert!(bench.lines.is_busy());
        bench.event(audit(legs));
    }
    assert!(!bench.lines.is_busy());
}

#[test]
fn a_leg_of_which_nothing_is_heard_has_its_prompt_from_the_engine() {
    let mut bench = Bench::tapped();
    bench.flows(SECOND, true);
    bench.order(prompt());
    bench.flows(SECOND / 2, true);
    bench.order(prompt());
    let out = bench.flows(SECOND, false);
    assert_eq!((out.ordered.len(), out.played()), (0, vec![(id(3), Verdict::Finished)]));
    bench.order(Command::Play { media: vec![Media::Prompt(PromptId::new([7; 16])); 20] });
    let out = bench.flows(3 * SECOND / 2, false);
    let [(_, Command::Untap), (ours, Command::Play { media })] = &out.ordered[..] else { panic!("{out:?}") };
    assert_eq!(media.len(), 19, "from the prompt on that was being heard: {out:?}");
    assert!(out.played().is_empty());
    let out = bench.event(Event::Outcome { leg: leg(), order: *ours, outcome: Outcome::Done });
    assert!(out.told.is_empty(), "it was told already");
    let out = bench.event(Event::Played { leg: leg(), order: *ours, verdict: Verdict::Finished });
    assert_eq!(out.played(), [(id(4), Verdict::Finished)], "under the id by which it was ordered");
    assert!(matches!(out.orders()[..], [Command::Tap { .. }]), "and the next try follows: {out:?}");
}

#[test]
fn streams_that_fail_again_and_again_are_given_up() {
    let mut bench = Bench::tapped();
    let mut taps = 1;
    for _ in 0..10 {
        let out = bench.flows(3 * SECOND, false);
        if out.orders().iter().any(|command| matches!(command, Command::Tap { .. })) {
            taps += 1;
            bench.event(Event::Tapped { leg: leg(), stream: stream(8000) });
        }
    }
    assert_eq!(taps, 3);
    assert_eq!(bench.order(prompt()).orders(), [&prompt()]);
}

#[test]
fn frames_of_strangers_are_not_heard() {
    let mut bench = Bench::tapped();
    for _ in 0..150 {
        bench.now += Duration::from_millis(20);
        let stranger = "127.0.0.1:4001".parse().expect("an address");
        bench.lines.datagram(&leg(), stranger, &[0; 320], bench.now);
        bench.lines.tick(1, 0, bench.now);
    }
    let out = bench.out();
    assert!(out.orders().contains(&&Command::Untap), "only the engine's frames keep a stream: {out:?}");
}

#[test]
fn another_rate_in_mid_call_is_streamed_anew_and_the_prompt_goes_on() {
    let mut bench = Bench::tapped();
    bench.order(Command::Play { media: vec![Media::Prompt(PromptId::new([7; 16])); 20] });
    let mut out = Out::default();
    for _ in 0..200 {
        bench.now += Duration::from_millis(20);
        let from = ENGINE.parse().expect("an address");
        bench.lines.datagram(&leg(), from, &[0; 640], bench.now);
        bench.lines.tick(1, 0, bench.now);
        out = bench.out();
        if !out.ordered.is_empty() {
            break;
        }
    }
    assert!(matches!(out.orders()[..], [Command::Untap, Command::Tap { .. }]), "{out:?}");
    let out = bench.event(Event::Tapped { leg: leg(), stream: stream(16_000) });
    assert!(out.told.is_empty(), "its outcome was told before: {out:?}");
    assert!(bench.lines.is_busy());
    bench.order(Command::Stop);
}

#[tokio::test]
async fn longer_packets_are_heard_without_holes_and_a_phone_that_sends_nothing_is_silent() {
    let voice = spoken(Locale::English, "I would like to return something.").await;
    let bytes: Vec<u8> = voice.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let filler = [0xFF; 320];
    let mut bench = Bench::tapped();
    let tick = |bench: &mut Bench, datagram: &[u8]| {
        bench.now += Duration::from_millis(20);
        bench.comes(datagram);
        bench.lines.tick(1, 0, bench.now);
        bench.out()
    };
    for packet in bytes.chunks_exact(960) {
        tick(&mut bench, packet);
        tick(&mut bench, &filler);
        tick(&mut bench, &filler);
    }
    assert!(
        (voice.len() / 2..voice.len() + 4000).contains(&bench.heard),
        "{} of {}",
        bench.heard,
        voice.len()
    );
    let (before, mut ordered) = (bench.heard, Vec::new());
    for _ in 0..250 {
        ordered.extend(tick(&mut bench, &filler).ordered);
    }
    assert!(ordered.is_empty(), "nobody says that this leg is not heard: {ordered:?}");
    // No more of five seconds than the silence that ends an utterance.
    assert!((1..=8 * 700).contains(&(bench.heard - before)), "{}", bench.heard - before);
}

#[test]
fn prompts_that_are_not_there_fail() {
    let mut bench = Bench::tapped();
    let order = Order { id: id(50), leg: leg(), command: prompt() };
    bench.lines.order(order, &bench.who, bench.now);
    bench.lines.effects();
    bench.lines.found(Found { leg: leg(), order: id(50), rate: 8000, clips: vec![None] }, bench.now);
    assert_eq!(bench.out().played(), [(id(50), Verdict::Failed)]);
}

/// What a caller hears comes back, or the caller speaks, frame by frame in virtual time: the time from the first frame
/// of speech to the last one of the prompt, if it was interrupted.
async fn interrupted(echo: f32, speech: &[i16]) -> Option<Duration> {
    let mut bench = Bench::tapped();
    bench.clip =
        spoken(Locale::English, "Please tell me in a few words what I can do for you today.").await.into();
    bench.order(prompt());
    let noise = white(1, 400 * 160, 60.0);
    let begins = bench.now + 2 * SECOND;
    let mut said = speech.chunks_exact(160);
    for frame in noise.chunks_exact(160) {
        bench.now += Duration::from_millis(20);
        let said = if bench.now > begins { said.next() } else { None };
        let back = bench.went.len().checked_sub(9).map(|n| bench.went[n].clone());
        let came: Vec<u8> = (0..160)
            .flat_map(|n| {
                let back = back.as_ref().map_or(0, |back| i16::from_le_bytes([back[2 * n], back[2 * n + 1]]));
                let said = said.map_or(0, |said| said[n]);
                (frame[n] + said / 2 + (f32::from(back) * echo) as i16).to_le_bytes()
            })
            .collect();
        bench.lines.datagram(&leg(), ENGINE.parse().expect("an address"), &came, bench.now);
        bench.lines.tick(1, 0, bench.now);
        if bench.out().told.iter().any(|event| matches!(event, Event::Voice { .. })) {
            return Some(bench.now.saturating_sub(begins));
        }
    }
    None
}

#[tokio::test]
async fn a_caller_interrupts_within_three_tenths_of_a_second_and_an_echo_never() {
    for echo in [0.05, 0.2, 0.4] {
        assert_eq!(interrupted(echo, &[]).await, None, "its own prompt at {echo}");
    }
    let mut spans = Vec::new();
    for (locale, text) in [
        (Locale::English, "I would like to return something."),
        (Locale::English, "Speak to a human please."),
        (Locale::English, "No, the fourth."),
        (Locale::Chinese, "我想退货"),
        (Locale::Chinese, "转人工"),
    ] {
        for echo in [0.0, 0.1] {
            let speech = spoken(locale, text).await;
            spans.push(
                interrupted(echo, &speech).await.unwrap_or_else(|| panic!("{text} over an echo of {echo}")),
            );
        }
    }
    spans.sort();
    println!("from the first frame of speech to the last of the prompt: {spans:?}");
    assert!(
        spans.iter().all(|span| *span > Duration::ZERO && *span <= Duration::from_millis(300)),
        "{spans:?}"
    );
}
