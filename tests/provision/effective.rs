//! A thousand random changes of a site of which each changes what the engine reads: taken back they leave the bytes as they
//! were, made again the bytes that they had made, and a second apply nothing at all.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt, path::PathBuf, time::Duration};

use tandem::{
    base::{clock::Stamp, id::Name, number::Number},
    infra::site::{self, Codec, Extension, Login, Site, Trunk, secret},
    provision::{How, apply, rollback},
};

use super::rig::{Rig, snapshot};

/// Of each engine's.
const WANTED: usize = 500;
/// So many by one site, then another one.
const CHAIN: usize = 25;
/// Changes that only the daemon takes note of come in between; more than this and the draw is wrong.
const DRAWS: usize = 4 * WANTED;

struct Draw {
    random: fastrand::Rng,
    secrets: PathBuf,
}

/// Changes a site, if there is something to change; the section that it is about.
type Change = (&'static str, fn(&mut Draw, &mut Site) -> bool);

const CHANGES: [Change; 18] = [
    ("people: a phone", Draw::phone),
    ("people: no phone", Draw::no_phone),
    ("people: a password", Draw::password),
    ("trunks: an address", Draw::trunk),
    ("trunks: no trunk", Draw::no_trunk),
    ("trunks: networks", |draw, site| {
        draw.trunk_with(site, |draw, trunk| trunk.from = vec![draw.text("198.51.", 99, ".0/24").into()])
    }),
    ("trunks: codecs", |draw, site| draw.trunk_with(site, |draw, trunk| trunk.codecs = draw.codecs())),
    ("trunks: a login", |draw, site| draw.trunk_with(site, |draw, trunk| trunk.login = Some(draw.login()))),
    ("site: fallback", Draw::fallback),
    ("site: lease", |draw, site| set(&mut site.lease, Duration::from_secs(draw.random.u64(10..600)))),
    ("engine: music", |draw, site| {
        let music = draw.random.bool().then(|| draw.text("/srv/music", 9, "").into());
        set(&mut site.engine.music, music)
    }),
    ("engine: the phones' port", |draw, site| set(&mut site.engine.sip.phones, draw.random.u16(1024..9000))),
    ("engine: the trunks' port", |draw, site| set(&mut site.engine.sip.trunks, draw.random.u16(9000..9999))),
    ("engine: its address for SIP", |draw, site| {
        let host = draw.random.u8(1..250);
        set(&mut site.engine.sip.listen, [127, 0, 0, host].into())
    }),
    ("engine: domain", |draw, site| {
        set(&mut site.engine.domain, draw.text("pbx", 999, ".example.test").into())
    }),
    ("queues", |draw, site| {
        let ring = Duration::from_secs(draw.random.u64(5..60));
        site.queues.values_mut().for_each(|queue| queue.ring = ring);
        true
    }),
    ("agents", |draw, site| {
        let wrap_up = Duration::from_secs(draw.random.u64(5..60));
        site.agents.values_mut().for_each(|agent| agent.wrap_up = wrap_up);
        true
    }),
    ("numbers", |draw, site| {
        let flow = site.numbers.values().next().expect("a number").clone();
        let number = number(draw.random.u16(4001..4999));
        site.numbers.insert(number, flow);
        true
    }),
];
/// The last of them are the daemon's alone.
const ENGINES: usize = 15;

fn set<T: PartialEq>(place: &mut T, value: T) -> bool {
    let changes = *place != value;
    *place = value;
    changes
}

fn number(n: u16) -> Number {
    Number::new(n.to_string()).expect("a number")
}

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

impl Draw {
    fn text(&mut self, before: &str, most: u16, after: &str) -> String {
        format!("{before}{}{after}", self.random.u16(1..=most))
    }

    fn words(&mut self) -> String {
        const LETTERS: [char; 16] =
            ['a', 'Z', '7', ' ', '-', '.', '"', '\'', '<', '&', ';', '$', '(', '\\', '张', 'é'];
        let length = self.random.usize(1..20);
        let inner: String = (0..length).map(|_| LETTERS[self.random.usize(..LETTERS.len())]).collect();
        format!("x{inner}x")
    }

    fn phone(&mut self, site: &mut Site) -> bool {
        let n = self.random.u16(1001..1012);
        let file = self.secrets.join(format!("phone-{n}"));
        let extension = Extension::new(self.words(), name(&n.to_string()), file);
        let before = site.extensions.insert(number(n), extension);
        secret::make_missing(site).expect("made");
        before.as_ref() != site.extensions.get(&number(n))
    }

    fn some_phone(&mut self, site: &Site) -> Option<Number> {
        let all: Vec<&Number> = site.extensions.keys().collect();
        (!all.is_empty()).then(|| all[self.random.usize(..all.len())].clone())
    }

    fn no_phone(&mut self, site: &mut Site) -> bool {
        let Some(gone) = self.some_phone(site).filter(|gone| *gone != site.fallback) else { return false };
        // An agent without a phone is refused.
        site.agents.retain(|_, agent| agent.phone.extension() != Some(&gone));
        site.extensions.remove(&gone).is_some()
    }

    fn password(&mut self, site: &mut Site) -> bool {
        let Some(of) = self.some_phone(site) else { return false };
        let word: String = (0..12).map(|_| self.random.alphanumeric()).collect();
        fs::write(&site.extensions[&of].secret_file, format!("{word}\n")).expect("written");
        true
    }

    fn fallback(&mut self, site: &mut Site) -> bool {
        let to = self.some_phone(site).expect("a phone");
        set(&mut site.fallback, to)
    }

    fn trunk(&mut self, site: &mut Site) -> bool {
        let line = name(&self.text("line", 4, ""));
        let address = format!("192.0.2.{}:{}", self.random.u8(1..250), self.random.u16(1024..9000));
        site.trunks.entry(line).or_insert_with(|| Trunk::to("")).address = address.into();
        true
    }

    fn some_trunk(&mut self, site: &Site) -> Option<Name> {
        let all: Vec<&Name> = site.trunks.keys().collect();
        (!all.is_empty()).then(|| all[self.random.usize(..all.len())].clone())
    }

    fn no_trunk(&mut self, site: &mut Site) -> bool {
        self.some_trunk(site).is_some_and(|gone| site.trunks.remove(&gone).is_some())
    }

    fn trunk_with(&mut self, site: &mut Site, change: fn(&mut Self, &mut Trunk)) -> bool {
        let Some(one) = self.some_trunk(site) else { return false };
        let trunk = site.trunks.get_mut(&one).expect("there");
        let before = trunk.clone();
        change(self, trunk);
        *trunk != before
    }

    fn codecs(&mut self) -> Vec<Codec> {
        let mut all = vec![Codec::Pcma, Codec::Pcmu, Codec::G722, Codec::G729, Codec::Opus];
        self.random.shuffle(&mut all);
        all.truncate(self.random.usize(1..=5));
        all
    }

    fn login(&mut self) -> Login {
        let secret_file = self.secrets.join("carrier");
        fs::write(&secret_file, "from-the-carrier\n").expect("written");
        fs::set_permissions(&secret_file, fs::Permissions::from_mode(0o600)).expect("chmod");
        Login { user: self.text("4000", 9999, "").into(), secret_file, register: self.random.bool() }
    }
}

/// A chain of changes; adds how many of each kind changed the bytes.
fn chain(kind: &str, seed: u64, done: &mut BTreeMap<&'static str, usize>) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let rig = Rig::new(&format!("{{ kind: {kind}, config: ETC }}"));
    let mut site = site::load(&rig.site()).expect("sound");
    secret::make_missing(&site).expect("made");
    let state = rig.state();
    let how = || How { state: &state, files_only: true, now: Stamp(1_795_000_000_000_000) };
    let applies = |site: &Site, what: &str| {
        let applied = runtime.block_on(apply(site, how(), |_| ()));
        applied.unwrap_or_else(|why| panic!("{kind}, seed {seed}, {what}: {why}")).revision
    };
    applies(&site, "the first");
    let (mut effective, mut draws) = (0, 0);
    let mut draw = Draw { random: fastrand::Rng::with_seed(seed), secrets: rig.site().join("secrets") };
    while effective < CHAIN {
        draws += 1;
        let which = draw.random.usize(..CHANGES.len());
        let (what, change) = CHANGES[which];
        let (mut next, before) = (site.clone(), snapshot(&rig.etc()));
        if !change(&mut draw, &mut next) {
            continue;
        }
        let revision = applies(&next, what);
        let after = snapshot(&rig.etc());
        let case = format!("{kind}, seed {seed}, change {draws}: {what}");
        assert_eq!(revision.is_some(), after != before, "{case}");
        assert_eq!(applies(&next, "again"), None, "{case}");
        site = next;
        let Some(number) = revision else { continue };
        assert!(which < ENGINES, "{case}: nothing of the engine's");
        runtime.block_on(rollback(number - 1, how(), |_| ())).expect("it goes back");
        assert!(snapshot(&rig.etc()) == before, "{case}: taken back, the bytes differ");
        assert!(applies(&site, what).is_some());
        assert!(snapshot(&rig.etc()) == after, "{case}: made again, the bytes differ");
        *done.entry(what).or_default() += 1;
        effective += 1;
    }
    draws
}

fn five_hundred(kind: &str) {
    let mut done = BTreeMap::new();
    let draws: usize = (0..WANTED / CHAIN).map(|seed| chain(kind, seed as u64, &mut done)).sum();
    println!("{kind}: {} of {draws} changes changed bytes: {done:#?}", done.values().sum::<usize>());
    assert_eq!(done.values().sum::<usize>(), WANTED);
    assert!(draws < DRAWS, "{draws} draws");
    // Asterisk has one port for phones and trunks, and no domain.
    let all = if kind == "asterisk" { ENGINES - 2 } else { ENGINES };
    let often = done.values().filter(|times| **times >= 5).count();
    assert!(often >= all, "only {often} kinds of {all}: {done:#?}");
}

#[test]
fn five_hundred_changes_that_asterisk_reads_are_taken_back_to_the_byte() {
    five_hundred("asterisk");
}

#[test]
fn five_hundred_changes_that_freeswitch_reads_are_taken_back_to_the_byte() {
    five_hundred("freeswitch");
}
