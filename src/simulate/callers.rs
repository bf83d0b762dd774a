//! Callers, drawn before anybody decides anything: other rules meet the same ones.

use std::time::Duration;

use fastrand::Rng;
use jiff::tz::TimeZone;

use crate::{
    base::{
        clock::Stamp,
        id::LegId,
        number::{Key, Number},
        text::Label,
    },
    infra::site::scenario::{Arrivals, Came, Spread, Who},
    live::switchboard::view::{Known, LastContact},
    ports::engine::{
        Arrival, Origin,
        simulator::{Answer, Caller, Line},
    },
};

/// Nobody waits or talks longer.
pub(super) const ENDLESS: Duration = Duration::from_hours(24 * 365);
/// A number that belongs to no country, for those of whom the scenario names none.
const NOWHERE: &str = "+888";
/// The first key comes so long after the answer, and each next one so long after that.
const BETWEEN_KEYS: Duration = Duration::from_secs(2);
/// Whoever is called back answers so soon.
const TO_THE_PHONE: Duration = Duration::from_secs(6);

/// Somebody who will call.
pub(super) struct Coming {
    pub at: Stamp,
    pub leg: LegId,
    pub arrival: Arrival,
    pub caller: Caller,
    /// What becomes of it when the caller is called back; nothing: wants no such thing.
    pub back: Option<Line>,
    /// The caller's own chance: the same one under every change.
    pub chance: u64,
}

/// Callers of one kind, drawn one after the other.
pub(super) struct Stream<'a> {
    arrivals: &'a Arrivals,
    kind: usize,
    to: Number,
    /// Whether callers have numbers.
    known: bool,
    /// What callers press to be called back.
    back_keys: &'a [Key],
    zone: TimeZone,
    seed: u64,
    random: Rng,
    next: Stamp,
    drawn: u64,
}

impl<'a> Stream<'a> {
    pub fn new(
        arrivals: &'a Arrivals,
        (kind, to): (usize, Number),
        (known, back_keys): (bool, &'a [Key]),
        zone: &TimeZone,
        seed: u64,
        start: Stamp,
    ) -> Self {
        let random = Rng::with_seed(seed ^ ((kind as u64 + 1) << 32));
        let zone = zone.clone();
        let mut stream =
            Self { arrivals, kind, to, known, back_keys, zone, seed, random, next: start, drawn: 0 };
        stream.step();
        stream
    }

    /// To the next caller, if as many came all day as come at most.
    fn step(&mut self) {
        let most = f64::from(self.arrivals.rate.most()) / 3600.0;
        let gap = if most > 0.0 { self.exponential(1.0 / most) } else { ENDLESS };
        self.next = self.next + gap;
    }

    /// The next one who calls before `until`: of the possible callers, as many as the hour has (thinning; Lewis and
    /// Shedler 1979).
    pub fn draw(&mut self, until: Stamp) -> Option<Coming> {
        while self.next < until {
            let at = self.next;
            self.step();
            let rate = self.arrivals.rate.at(at.zoned(&self.zone).time());
            if self.random.f64() * f64::from(self.arrivals.rate.most()) < f64::from(rate) {
                return Some(self.caller(at));
            }
        }
        None
    }

    fn caller(&mut self, at: Stamp) -> Coming {
        let talk = self.span(self.arrivals.handling);
        let patience = self.arrivals.patience.map_or(Duration::MAX, |spread| self.span(spread));
        self.drawn += 1;
        let begins = self.arrivals.who.from.as_ref().map_or(NOWHERE, Number::as_str);
        let from = self.known.then(|| Number::new(format!("{begins}{:02}{:07}", self.kind, self.drawn)).ok());
        let chance = mixed(self.seed ^ ((self.kind as u64 + 1) << 32) ^ (self.drawn << 8));
        let mut keys: Vec<(Duration, Key)> =
            self.arrivals.keys.iter().zip(1..).map(|(key, n)| (BETWEEN_KEYS * n, *key)).collect();
        let back =
            self.arrivals.callback.filter(|back| share(mixed(chance ^ 1)) < f64::from(back.accept) / 100.0);
        let back = back.map(|back| {
            keys.extend(self.back_keys.iter().map(|key| (back.after, *key)));
            let there = share(mixed(chance ^ 2)) < f64::from(back.answer) / 100.0;
            Line { answer: if there { Answer::After(TO_THE_PHONE) } else { Answer::Never }, talk }
        });
        Coming {
            at,
            leg: leg(self.kind, &self.drawn.to_string()),
            arrival: Arrival {
                origin: Origin::Trunk,
                from: from.flatten(),
                from_name: Label::default(),
                to: self.to.clone(),
            },
            caller: Caller { keys, patience, talk },
            back,
            chance,
        }
    }

    fn span(&mut self, spread: Spread) -> Duration {
        span(spread, &mut self.random)
    }

    fn exponential(&mut self, mean: f64) -> Duration {
        exponential(mean, &mut self.random)
    }
}

pub(super) fn span(spread: Spread, random: &mut Rng) -> Duration {
    match spread {
        Spread::Always(span) => span,
        Spread::Exponential(mean) => exponential(mean.as_secs_f64(), random),
    }
}

fn exponential(mean: f64, random: &mut Rng) -> Duration {
    Duration::from_secs_f64((-mean * (1.0 - random.f64()).ln()).min(ENDLESS.as_secs_f64()))
}

/// Chance that is always the same for the same thing (`SplitMix64`).
pub(super) fn mixed(of: u64) -> u64 {
    let mut mixed = of.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// From 0 to 1.
pub(super) fn share(chance: u64) -> f64 {
    (chance >> 11) as f64 / (1u64 << 53) as f64
}

/// Somebody who came once, and comes again to this number.
pub(super) fn again(came: &Came, n: usize, to: Number) -> Coming {
    let origin = Origin::Trunk;
    Coming {
        at: came.at,
        leg: leg(came.kind, &format!("r{n}")),
        arrival: Arrival { origin, from: None, from_name: Label::default(), to },
        caller: Caller { keys: Vec::new(), patience: came.patience, talk: came.talk },
        back: None,
        chance: 0,
    }
}

pub(super) fn leg(kind: usize, which: &str) -> LegId {
    LegId::new(format!("caller-{kind}-{which}")).expect("letters and digits")
}

/// Which kind of callers a leg is of.
pub(super) fn kind(leg: &LegId) -> Option<usize> {
    leg.as_str().strip_prefix("caller-")?.split_once('-')?.0.parse().ok()
}

/// What the house knows of such callers, and of this one.
pub(super) fn known(who: &Who, contacts: u32, last: Option<LastContact>) -> Option<Box<Known>> {
    let Who { from: _, class, tags, language, complaints, contacts: before } = who;
    let known = Known {
        class: class.clone(),
        tags: tags.clone(),
        language: *language,
        complaints: *complaints,
        contacts: *before + contacts,
        last,
        ..Known::default()
    };
    (known != Known::default()).then(|| Box::new(Known { by: "scenario".into(), ..known }))
}
