//! One leg's stream, both ways: what comes is looked at for a voice, what goes is the prompt that plays.

use std::{collections::VecDeque, time::Duration};

use smol_str::SmolStr;

use super::{
    cadence::Cadence,
    echo::Echo,
    effect::{Effect, Step},
    pace::Pace,
    player::{Clip, Player},
    rate::{Cutter, Down, FRAME, TELEPHONE, frame_of},
    sequence::Sequence,
    turn::{IN_SILENCE, OVER_A_PROMPT, Turn, WARY, digits},
    utterance::{Known, Next, Utterance},
    voice::Voice,
    wire::{self, Sender},
};
use crate::{
    base::id::{LegId, OrderId},
    ports::engine::{Ear, Event, Hearing, Media, Stream, Verdict, Wire},
};

/// A leg that lives and sends nothing for so long is not heard: one-way audio.
const SILENT: Duration = Duration::from_secs(2);
/// After so long without a frame the clock goes on with silence, so that an utterance ends.
const STARVED: Duration = Duration::from_millis(100);
/// What is kept of the time before a voice counts: 300 ms, and what it takes to count.
const BEFORE: usize = 15 + 12;
/// Whoever speaks on while words are looked for is kept for so long: 10 s.
const KEPT: usize = 500;
/// Frames for which a prompt is harder to interrupt after an interruption by nothing: 1.5 s.
const WARINESS: u32 = 75;
/// A prompt that waits for nobody any more goes on by itself.
const FORGOTTEN: Duration = Duration::from_secs(3);
/// The span of a frame.
const SPAN: Duration = Duration::from_millis(20);

/// Why a stream cannot be used any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    Silent,
    OtherRate,
}

#[derive(Debug)]
enum Hears {
    Nobody,
    /// An utterance.
    Somebody(u64),
    /// Waits for the words of this one. Who speaks meanwhile is kept, and may have spoken already.
    Words {
        utterance: u64,
        next: Option<VecDeque<Vec<i16>>>,
        over: bool,
    },
}

/// The stream of one leg.
#[derive(Debug)]
pub(super) struct Duplex {
    leg: LegId,
    stream: Stream,
    rate: u32,
    sequence: Sequence,
    cutter: Cutter,
    down_in: Down,
    down_out: Down,
    voice: Voice,
    echo: Echo,
    turn: Turn,
    player: Player,
    sender: Sender,
    cadence: Cadence,
    hears: Hears,
    /// Of somebody who speaks.
    utterance: Utterance,
    pace: Pace,
    before: VecDeque<Vec<i16>>,
    wary: u32,
    came: Duration,
    filled: Duration,
    forgotten: Option<Duration>,
    hearing: Option<Hearing>,
}

fn rate_of(stream: Stream) -> u32 {
    match stream.wire {
        Wire::Raw { rate } | Wire::Rtp { rate, .. } => rate,
    }
}

/// What tells our frames from those of others in RTP.
fn source_of(leg: &LegId) -> u32 {
    leg.as_str().bytes().fold(17, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)))
}

impl Duplex {
    pub(super) fn new(leg: LegId, stream: Stream, hearing: Hearing, now: Duration) -> Self {
        let (rate, source) = (rate_of(stream), source_of(&leg));
        Self {
            leg,
            stream,
            rate,
            sequence: Sequence::default(),
            cutter: Cutter::new(rate),
            down_in: Down::new(rate),
            down_out: Down::new(rate),
            voice: Voice::new(),
            echo: Echo::new(),
            turn: Turn::default(),
            player: Player::default(),
            sender: Sender::new(stream.wire, source),
            cadence: Cadence::new(now),
            hears: Hears::Nobody,
            utterance: Utterance::default(),
            pace: Pace::default(),
            before: VecDeque::new(),
            wary: 0,
            came: now,
            filled: now,
            forgotten: None,
            hearing: Some(hearing),
        }
    }

    pub(super) fn engine(&self) -> std::net::SocketAddr {
        self.stream.engine
    }

    /// Listens in this way from now on.
    pub(super) fn listen(&mut self, hearing: Hearing) {
        self.hearing = Some(hearing);
    }

    /// Listens no more; what plays goes on.
    pub(super) fn deafen(&mut self, step: &mut Step) {
        self.hearing = None;
        self.forget(step);
        self.go_on();
    }

    /// Whoever speaks is not waited for any more.
    fn forget(&mut self, step: &mut Step) {
        if !matches!(std::mem::replace(&mut self.hears, Hears::Nobody), Hears::Nobody) {
            step.out.push(Effect::Forget(self.leg.clone()));
        }
    }

    pub(super) fn plays(&self) -> bool {
        self.player.plays()
    }

    /// Plays instead of what plays. While somebody speaks it waits, as what they interrupted does.
    pub(super) fn play(&mut self, order: OrderId, media: Vec<Media>, step: &mut Step) {
        self.stop(step);
        let waits = matches!(self.hears, Hears::Somebody(_) | Hears::Words { next: Some(_), .. });
        self.player.begin(order, media.clone(), waits);
        step.out.push(Effect::Find { leg: self.leg.clone(), order, media, rate: self.rate });
    }

    pub(super) fn stop(&mut self, step: &mut Step) {
        self.forgotten = None;
        if let Some(order) = self.player.stop() {
            step.played(&self.leg, order, Verdict::Stopped);
        }
    }

    pub(super) fn go_on(&mut self) {
        self.forgotten = None;
        self.player.go_on(frame_of(self.rate));
    }

    pub(super) fn found(&mut self, order: OrderId, rate: u32, clips: Vec<Option<Clip>>, step: &mut Step) {
        if rate == self.rate
            && let Some(verdict) = self.player.found(order, clips)
        {
            step.played(&self.leg, order, verdict);
        }
    }

    /// The stream is another one now.
    pub(super) fn streams(&mut self, stream: Stream, step: &mut Step) {
        let rate = rate_of(stream);
        (self.stream, self.came) = (stream, step.now);
        self.sequence = Sequence::default();
        self.sender = Sender::new(stream.wire, source_of(&self.leg));
        if rate != self.rate {
            self.rate = rate;
            self.cutter = Cutter::new(rate);
            (self.down_in, self.down_out) = (Down::new(rate), Down::new(rate));
            self.before.clear();
            self.cadence = Cadence::new(step.now);
            if let Some((order, media)) = self.player.wanted() {
                step.out.push(Effect::Find { leg: self.leg.clone(), order, media, rate });
            }
        }
    }

    /// It is over; what remains to be heard, and whether somebody waits for `Said`.
    pub(super) fn close(&mut self, step: &mut Step) -> (Option<(OrderId, Vec<Media>)>, bool) {
        let awaited = !matches!(self.hears, Hears::Nobody);
        self.forget(step);
        (self.player.rest(), awaited)
    }

    /// A datagram that came from the engine.
    pub(super) fn datagram(&mut self, bytes: &[u8], step: &mut Step) {
        let Some(frame) = wire::read(self.stream.wire, bytes) else { return };
        self.came = step.now;
        if frame.samples.is_empty() {
            return;
        }
        self.filled = step.now;
        self.cadence.came(frame.samples.len());
        for samples in self.sequence.take(frame) {
            for frame in self.cutter.cut(&samples) {
                self.hear(frame, step);
            }
        }
    }

    /// So many frames are due; says when the stream is of no use any more.
    pub(super) fn tick(&mut self, frames: u32, step: &mut Step) -> Option<Broken> {
        let length = frame_of(self.rate);
        for _ in 0..frames {
            if step.now.saturating_sub(self.filled) > STARVED {
                self.hear(vec![0; length], step);
            }
            self.send(length, step);
        }
        if self.forgotten.is_some_and(|at| step.now > at) {
            tracing::warn!(leg = %self.leg, "nobody decided whether a prompt goes on; it does");
            self.go_on();
        }
        if step.now.saturating_sub(self.came) > SILENT {
            return Some(Broken::Silent);
        }
        self.cadence.is_other(self.rate, step.now).then_some(Broken::OtherRate)
    }

    fn send(&mut self, length: usize, step: &mut Step) {
        let (frame, over) = self.player.frame(length);
        if frame.is_some() {
            self.pace.answered(&self.leg, step.now);
        }
        let frame = frame.unwrap_or_else(|| vec![0; length]);
        self.echo.went(&self.down_out.frame(&frame));
        step.out.push(Effect::Send(self.leg.clone(), self.sender.frame(&frame)));
        if let Some(order) = over {
            step.played(&self.leg, order, Verdict::Finished);
        }
    }

    /// Time passed in which nothing could be sent.
    pub(super) fn skip(&mut self, frames: u32) {
        self.sender.skip(frames as usize * frame_of(self.rate));
    }

    /// A frame of 20 ms at the stream's rate.
    fn hear(&mut self, frame: Vec<i16>, step: &mut Step) {
        let telephone = self.down_in.frame(&frame);
        debug_assert_eq!(telephone.len(), FRAME, "frames are cut to one length");
        self.turn.take(self.voice.sense(&telephone));
        self.echo.came(&telephone);
        self.wary = self.wary.saturating_sub(1);
        // Recognisers hear the wide band at 16 kHz or the telephone's.
        let frame = if self.heard_rate() == self.rate { frame } else { telephone };
        let Some(hearing) = self.hearing.clone() else { return };
        let ear = hearing.ear;
        if let Hears::Somebody(_) = self.hears {
            self.listen_on(hearing, frame, step);
            if self.turn.ends(ear, self.utterance.known()) {
                self.spoken(step);
            }
            return;
        }
        self.before.push_back(frame.clone());
        if self.before.len() > BEFORE {
            self.before.pop_front();
        }
        if let Hears::Words { next: Some(next), over, .. } = &mut self.hears {
            if next.len() < KEPT && !*over {
                next.push_back(frame);
            }
            *over |= self.turn.ends(ear, Known::Nothing);
        } else if self.somebody_begins() {
            self.turn.begun();
            let before = std::mem::take(&mut self.before);
            match &mut self.hears {
                Hears::Words { next, .. } => {
                    *next = Some(before);
                    self.player.pause();
                }
                _ => self.begin(hearing, before, step),
            }
        }
    }

    /// Somebody speaks, or has just spoken.
    fn listen_on(&mut self, hearing: Hearing, frame: Vec<i16>, step: &mut Step) {
        let leg = self.leg.clone();
        match self.utterance.take(&frame, self.turn.silence()) {
            Next::Feed => step.out.push(Effect::Feed(leg, frame)),
            Next::Finish => {
                self.pace.asked(step.now);
                step.out.extend([Effect::Feed(leg.clone(), frame), Effect::Finish(leg)]);
            }
            Next::Keep => {}
            Next::Again => {
                let (utterance, rate) = (step.ids.utterance(), self.heard_rate());
                self.hears = Hears::Somebody(utterance);
                let samples = self.utterance.sound();
                step.out.push(Effect::Hear { leg, utterance, hearing, rate, samples });
            }
        }
    }

    fn heard_rate(&self) -> u32 {
        if self.rate == 2 * TELEPHONE { self.rate } else { TELEPHONE }
    }

    fn somebody_begins(&mut self) -> bool {
        let speaks = self.player.plays() && !self.player.is_paused();
        let need = match (speaks, self.wary > 0) {
            (true, true) => WARY,
            (true, false) => OVER_A_PROMPT,
            (false, _) => IN_SILENCE,
        };
        if !self.turn.begins(need) {
            return false;
        }
        let echo = self.echo.is_echo();
        if echo {
            self.turn.forget();
        }
        !echo
    }

    fn begin(&mut self, hearing: Hearing, before: VecDeque<Vec<i16>>, step: &mut Step) {
        let utterance = step.ids.utterance();
        self.player.pause();
        self.forgotten = None;
        self.hears = Hears::Somebody(utterance);
        let samples: Vec<i16> = before.into_iter().flatten().collect();
        self.utterance = Utterance::new(samples.clone());
        self.pace.forget();
        let (leg, rate) = (self.leg.clone(), self.heard_rate());
        step.tell(Event::Voice { leg: leg.clone() });
        step.out.push(Effect::Hear { leg, utterance, hearing, rate, samples });
    }

    /// The utterance is over.
    fn spoken(&mut self, step: &mut Step) {
        if let Hears::Somebody(utterance) = self.hears {
            self.hears = Hears::Words { utterance, next: None, over: false };
            self.before.clear();
            self.pace.over(SPAN * self.turn.silence(), step.now);
            self.turn.forget();
            match self.utterance.end() {
                Ok(text) => self.tell(text, step),
                Err(true) => {}
                Err(false) => {
                    self.pace.asked(step.now);
                    step.out.push(Effect::Finish(self.leg.clone()));
                }
            }
        }
    }

    /// What a recogniser has so far: all digits that are asked for are the end.
    pub(super) fn partial(&mut self, text: &str, step: &mut Step) {
        let Some(hearing) = &self.hearing else { return };
        self.utterance.forms(text, hearing.ear);
        if self.has_all_digits(text) {
            self.spoken(step);
            self.turn.cut();
        }
    }

    fn has_all_digits(&self, text: &str) -> bool {
        let ear = self.hearing.as_ref().map(|hearing| hearing.ear);
        matches!(ear, Some(Ear::Digits { max, .. }) if digits(text) >= usize::from(max))
    }

    /// The words of an utterance, none if nothing was made of it.
    pub(super) fn words(&mut self, of: u64, text: SmolStr, complete: bool, step: &mut Step) {
        match self.hears {
            Hears::Words { utterance, .. } if utterance == of => {
                self.pace.words(step.now);
                self.tell(text, step);
            }
            Hears::Somebody(utterance) if utterance == of => {
                self.pace.words(step.now);
                let all = self.has_all_digits(&text);
                self.utterance.words(text, complete);
                if all {
                    self.spoken(step);
                    self.turn.cut();
                }
            }
            _ => {}
        }
    }

    /// The utterance is over and its words are there.
    fn tell(&mut self, text: SmolStr, step: &mut Step) {
        if text.is_empty() {
            self.wary = WARINESS;
        }
        self.pace.told(step.now);
        step.tell(Event::Said { leg: self.leg.clone(), text });
        self.forgotten = self.player.is_paused().then(|| step.now + FORGOTTEN);
        if let Hears::Words { next: Some(next), over, .. } = std::mem::replace(&mut self.hears, Hears::Nobody)
            && let Some(hearing) = self.hearing.clone()
        {
            self.begin(hearing, next, step);
            if over {
                self.spoken(step);
            }
        }
    }
}
