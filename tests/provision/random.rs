//! A thousand random changes by site and by hand: a second apply never changes anything, what was written by hand
//! stays, and every revision can be had again to the byte.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use proptest::prelude::*;
use tandem::{
    base::{clock::Stamp, id::Name, number::Number},
    infra::site::{self, EngineKind, Extension, Site, Trunk, secret},
    provision::{How, apply, rollback},
};

use super::rig::{Rig, Snapshot, snapshot};

const CASES: u32 = 50;
const CHANGES: usize = 20;
/// Files in which we have a block, Asterisk's four first, and how a line of an admin looks there.
const SHARED: [(&str, &str, &str); 7] = [
    ("pjsip.conf", "; ", ""),
    ("extensions.conf", ";", ""),
    ("http.conf", "; ", ""),
    ("musiconhold.conf", ";; ", ""),
    ("autoload_configs/event_socket.conf.xml", "<!-- ", " -->"),
    ("autoload_configs/local_stream.conf.xml", "<!-- ", " -->"),
    ("autoload_configs/conference.conf.xml", "<!-- ", " -->"),
];

#[derive(Clone, Debug)]
enum Step {
    Phone(u16, String),
    NoPhone(u16),
    Trunk(u8, u16),
    NoTrunk(u8),
    Fallback(u16),
    Lease(u64),
    Music(bool),
    Port(u16),
    Secret(u16, String),
    ByHand(usize, bool, String),
    Mode(usize, u32),
}

fn step() -> impl Strategy<Value = Step> {
    let phone = 1001u16..1012;
    prop_oneof![
        (phone.clone(), "\\PC{1,30}").prop_map(|(n, name)| Step::Phone(n, name)),
        phone.clone().prop_map(Step::NoPhone),
        (0u8..4, 1024u16..9000).prop_map(|(n, port)| Step::Trunk(n, port)),
        (0u8..4).prop_map(Step::NoTrunk),
        phone.clone().prop_map(Step::Fallback),
        (10u64..600).prop_map(Step::Lease),
        any::<bool>().prop_map(Step::Music),
        (1024u16..9000).prop_map(Step::Port),
        (phone, "[!-~]{1,40}").prop_map(|(n, word)| Step::Secret(n, word)),
        (0..SHARED.len(), any::<bool>(), "[a-z0-9 \u{4e00}-\u{4eff}]{1,30}")
            .prop_map(|(file, above, text)| Step::ByHand(file, above, text)),
        (0..SHARED.len(), prop::sample::select(vec![0o600, 0o640, 0o644, 0o660]))
            .prop_map(|(file, mode)| Step::Mode(file, mode)),
    ]
}

fn number(n: u16) -> Number {
    Number::new(n.to_string()).expect("a number")
}

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

/// Changes site or files; what was written by hand is noted in `marks`.
fn take(step: &Step, site: &mut Site, rig: &Rig, marks: &mut Vec<(usize, String)>) {
    let file = |n: u16| rig.site().join(format!("secrets/phone-{n}"));
    match step {
        Step::Phone(n, shown) => {
            let phone = name(&n.to_string());
            site.extensions.insert(number(*n), Extension::new(shown.as_str(), phone, file(*n)));
            secret::make_missing(site).expect("made");
        }
        Step::NoPhone(n) if number(*n) != site.fallback => drop(site.extensions.remove(&number(*n))),
        Step::Trunk(n, port) => {
            site.trunks.insert(name(&format!("line{n}")), Trunk::to(format!("192.0.2.{n}:{port}")));
        }
        Step::NoTrunk(n) => drop(site.trunks.remove(&name(&format!("line{n}")))),
        Step::Fallback(n) if site.extensions.contains_key(&number(*n)) => site.fallback = number(*n),
        Step::Lease(seconds) => site.lease = std::time::Duration::from_secs(*seconds),
        Step::Music(on) => site.engine.music = on.then(|| "/srv/music".into()),
        Step::Port(port) => site.engine.sip.phones = *port,
        Step::Secret(n, word) if site.extensions.contains_key(&number(*n)) && fits(word) => {
            fs::write(file(*n), format!("{word}\n")).expect("written");
        }
        Step::ByHand(index, above, text) => {
            let (file, open, close) = SHARED[*index];
            let path = rig.etc().join(file);
            let line = format!("{open}{text}{close}\n");
            let Ok(standing) = fs::read_to_string(&path) else { return };
            let whole = if *above { line.clone() + &standing } else { standing + &line };
            fs::write(path, whole).expect("written");
            marks.push((*index, line));
        }
        Step::Mode(index, mode) => {
            let path = rig.etc().join(SHARED[*index].0);
            if path.exists() {
                fs::set_permissions(path, fs::Permissions::from_mode(*mode)).expect("chmod");
            }
        }
        Step::NoPhone(_) | Step::Fallback(_) | Step::Secret(..) => {}
    }
}

/// By revision: the files just before it and just after, and which of them it touched.
#[derive(Default)]
struct Past(Vec<(Snapshot, Snapshot, BTreeSet<PathBuf>)>);

impl Past {
    fn note(&mut self, before: Snapshot, after: Snapshot, touched: impl Iterator<Item = PathBuf>) {
        self.0.push((before, after, touched.collect()));
    }

    /// How revision `to` left the files, as far as any later one touched them.
    fn left_by(&self, to: usize, now: &Snapshot) -> Snapshot {
        let mut all = now.clone();
        for path in self.0.iter().skip(to).flat_map(|(.., touched)| touched) {
            let touches = |(.., touched): &&(_, _, BTreeSet<PathBuf>)| touched.contains(path);
            let wrote = self.0[..to].iter().rev().find(touches).map(|(_, after, _)| after);
            let found = wrote.or_else(|| self.0.iter().find(touches).map(|(before, ..)| before));
            match found.and_then(|files| files.get(path)) {
                Some(kept) => drop(all.insert(path.clone(), kept.clone())),
                None => drop(all.remove(path)),
            }
        }
        all
    }
}

/// Whether a step is about a file of this engine.
fn concerns(step: &Step, asterisk: bool) -> bool {
    match step {
        Step::ByHand(file, ..) | Step::Mode(file, _) => (*file < 4) == asterisk,
        _ => true,
    }
}

/// What a renderer refuses in a password is another test's.
fn fits(word: &str) -> bool {
    !word.contains("\\;") && !word.contains("${")
}

fn how(state: &Path) -> How<'_> {
    How { state, files_only: true, now: Stamp(1_795_000_000_000_000) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_thousand_random_changes_can_all_be_taken_back_to_the_byte(
        asterisk in any::<bool>(),
        steps in prop::collection::vec(step(), CHANGES),
        foreign in prop::collection::vec(any::<bool>(), SHARED.len()),
        back in prop::collection::vec(any::<prop::sample::Index>(), 3),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let kind = if asterisk { "asterisk" } else { "freeswitch" };
        let rig = Rig::new(&format!("{{ kind: {kind}, config: ETC }}"));
        let mut site = site::load(&rig.site()).expect("sound");
        prop_assert_eq!(site.engine.kind == EngineKind::Asterisk, asterisk);
        secret::make_missing(&site).expect("made");
        for ((file, open, close), there) in SHARED.iter().zip(&foreign) {
            if *there {
                let whole = if file.ends_with("xml") {
                    let inner = if file.contains("conference") { "profiles" } else { "settings" };
                    format!("{open}mine{close}\n<configuration>\n<{inner}>\n</{inner}>\n</configuration>\n")
                } else {
                    format!("{open}mine{close}\n[general]\nx = y")
                };
                rig.write(file, &whole);
            }
        }
        let state = rig.state();
        let mut marks = Vec::new();
        let mut past = Past::default();
        for step in steps.iter().filter(|step| concerns(step, asterisk)) {
            take(step, &mut site, &rig, &mut marks);
            let by_hand = snapshot(&rig.etc());
            let applied = runtime.block_on(apply(&site, how(&state), |_| ()))
                .map_err(|error| TestCaseError::fail(format!("{step:?}: {error}")))?;
            let now = snapshot(&rig.etc());
            if let Some(number) = applied.revision {
                past.note(by_hand, now.clone(), applied.files.iter().map(|file| rig.etc().join(file)));
                prop_assert_eq!(number as usize, past.0.len());
            } else {
                prop_assert_eq!(&now, &by_hand);
            }
            for (index, line) in &marks {
                let (file, ..) = SHARED[*index];
                prop_assert!(rig.read(file).contains(line), "{line:?} is gone from {file}");
            }
            let again = runtime.block_on(apply(&site, how(&state), |_| ())).expect("nothing to do");
            prop_assert_eq!(again.revision, None);
            prop_assert_eq!(snapshot(&rig.etc()), now);
        }
        for index in back {
            let to = index.index(past.0.len() + 1);
            let before = snapshot(&rig.etc());
            let wanted = past.left_by(to, &before);
            let done = runtime.block_on(rollback(to as u32, how(&state), |_| ())).expect("it goes back");
            prop_assert_eq!(&snapshot(&rig.etc()), &wanted);
            if done.revision.is_some() {
                past.note(before, wanted, done.files.into_iter());
            }
        }
    }
}
