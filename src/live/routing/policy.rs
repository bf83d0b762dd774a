//! Which queue takes a caller: the first rule of a policy of which everything is true (`docs/routing.md`).

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use smol_str::{SmolStr, format_smolstr};

use crate::{
    base::{area, clock::Stamp, id::Name, number::Number},
    infra::site::{Canary, Locale, Rule, Site, When},
    live::switchboard::view::Known,
};

/// The class in rules for callers who have none.
const NONE: &str = "none";

/// What can be asked about a caller.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    pub from: Option<&'a Number>,
    pub to: &'a Number,
    pub language: Locale,
    pub known: Option<&'a Known>,
    /// What the caller wants, as a conversation found out.
    pub topics: &'a [Name],
    pub facts: &'a BTreeMap<Name, SmolStr>,
}

/// The first rule of a policy that fits, and why it does, in words.
pub fn decide<'a>(site: &'a Site, policy: &Name, caller: &Caller, now: Stamp) -> Option<(&'a Rule, SmolStr)> {
    let rules = site.routing.get(policy)?;
    rules.iter().find_map(|rule| Some((rule, fits(site, &rule.when, caller, now)?)))
}

/// Why all of `when` is true, if it is.
fn fits(site: &Site, when: &When, caller: &Caller, now: Stamp) -> Option<SmolStr> {
    let mut why = Why::default();
    why.known(when, caller.known, now)?;
    why.numbers(when, site, caller)?;
    why.told(when, caller)?;
    why.time(when, site, now)?;
    if let Some(canary) = &when.canary {
        let Canary { department, percent } = canary;
        let words = || format_smolstr!("one of the {percent} of 100 for whom {department} tries it");
        why.is(chosen(canary, caller.from?).then(words))?;
    }
    Some(if why.0.is_empty() { SmolStr::new_static("for everybody") } else { why.0.join(", ").into() })
}

/// What is true of a caller; each part ends with `None` where something is not.
#[derive(Default)]
struct Why(Vec<SmolStr>);

impl Why {
    fn is(&mut self, fact: Option<SmolStr>) -> Option<()> {
        self.0.push(fact?);
        Some(())
    }

    fn known(&mut self, when: &When, known: Option<&Known>, now: Stamp) -> Option<()> {
        if !when.class.is_empty() {
            let class = known.and_then(|known| known.class.as_ref()).map_or(NONE, Name::as_str);
            let fits = when.class.iter().any(|one| one.as_str() == class);
            self.is(fits.then(|| format_smolstr!("class {class}")))?;
        }
        if !when.tags.is_empty() {
            let tag = known?.tags.iter().find(|tag| when.tags.contains(*tag));
            self.is(tag.map(|tag| format_smolstr!("tag {tag}")))?;
        }
        for (least, has, what) in [
            (when.complaints, known.map_or(0, |known| known.complaints), "complaints"),
            (when.contacts, known.map_or(0, |known| known.contacts), "calls in 30 days"),
        ] {
            if let Some(least) = least {
                self.is((has >= least).then(|| format_smolstr!("{has} {what}")))?;
            }
        }
        if let Some(span) = when.again_within {
            let ago = now.since(known?.last.as_ref()?.at);
            self.is((ago <= span).then(|| format_smolstr!("called {} h ago", ago.as_secs() / 3600)))?;
        }
        Some(())
    }

    fn numbers(&mut self, when: &When, site: &Site, caller: &Caller) -> Option<()> {
        if !when.from.is_empty() {
            let from = caller.from?;
            let pattern = when.from.iter().find(|pattern| pattern.matches(from.as_str()));
            self.is(pattern.map(|pattern| format_smolstr!("from {pattern}")))?;
        }
        if !when.to.is_empty() {
            self.is(when.to.contains(caller.to).then(|| format_smolstr!("to {}", caller.to)))?;
        }
        if !when.area.is_empty() {
            let area = area::of(caller.from?, &site.home)?;
            let word = when.area.iter().find(|word| area.is(word));
            self.is(word.map(|word| format_smolstr!("from {word}")))?;
        }
        Some(())
    }

    fn told(&mut self, when: &When, caller: &Caller) -> Option<()> {
        if let Some(language) = when.language {
            self.is((language == caller.language).then(|| match language {
                Locale::Chinese => SmolStr::new_static("speaks Chinese"),
                Locale::English => SmolStr::new_static("speaks English"),
            }))?;
        }
        if !when.topic.is_empty() {
            let topic = caller.topics.iter().rev().find(|topic| when.topic.contains(*topic));
            self.is(topic.map(|topic| format_smolstr!("wants {topic}")))?;
        }
        for (slot, value) in &when.facts {
            let told = caller.facts.get(slot).is_some_and(|told| told == value);
            self.is(told.then(|| format_smolstr!("{slot} is {value}")))?;
        }
        Some(())
    }

    fn time(&mut self, when: &When, site: &Site, now: Stamp) -> Option<()> {
        let open = |hours: &Name| site.hours.get(hours).is_some_and(|hours| hours.open(now, &site.time_zone));
        if let Some(hours) = &when.open {
            self.is(open(hours).then(|| format_smolstr!("{hours} is open")))?;
        }
        if let Some(hours) = &when.closed {
            self.is((!open(hours)).then(|| format_smolstr!("{hours} is closed")))?;
        }
        Some(())
    }
}

/// Whether the caller is among those for whom something is tried: always the same ones, others for each department,
/// and whoever is in it stays in it while the percentage rises.
fn chosen(canary: &Canary, from: &Number) -> bool {
    let text = format!("{}\0{}", canary.department, from);
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let first = hash.as_ref().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    first % 100 < u64::from(canary.percent)
}
