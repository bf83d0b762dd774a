//! One decision for every call that wants to go somewhere.

use std::fmt;

use smol_str::{SmolStr, format_smolstr};

use super::{
    codes,
    model::{Decision, Goal},
};
use crate::{
    base::{clock::Stamp, number::Number},
    infra::site::{Class, Extension, Reached, Site},
    ports::engine::{Arrival, Origin},
};

/// Who wants to get somewhere, and how far that may be.
pub(super) struct Actor<'a> {
    pub site: &'a Site,
    pub now: Stamp,
    pub class: Class,
    pub by: Option<(&'a Number, &'a Extension)>,
}

impl fmt::Display for Actor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.by {
            Some((number, _)) => write!(f, "extension {number}"),
            None => f.write_str("this caller"),
        }
    }
}

/// Decides for a new call.
pub fn route(site: &Site, arrival: &Arrival, now: Stamp) -> Decision {
    let to = &arrival.to;
    match &arrival.origin {
        // Tandem's own calls know where they go.
        Origin::Trunk | Origin::House => our_number(site, to, now)
            .unwrap_or_else(|| Decision::nothing(format_smolstr!("{to} is no number of this site"))),
        Origin::Phone(phone) => {
            let by = site.extensions.iter().find(|(_, extension)| extension.phone == *phone);
            let class = by.map(|(_, extension)| extension.class).unwrap_or_default();
            let actor = Actor { site, now, class, by };
            actor
                .anywhere(to, true)
                .or_else(|| codes::dialled(&actor, to))
                .unwrap_or_else(|| actor.unknown(to))
        }
    }
}

/// Decides for a call that stands: may somebody of `class` get it to `to`? If an extension acts (`by`), its own class
/// holds too; one that is not in the site may call the house alone.
pub fn reach(site: &Site, class: Class, by: Option<&Number>, to: &Number, now: Stamp) -> Decision {
    let extension = by.map(|number| site.extensions.get_key_value(number));
    let class = match &extension {
        None => class,
        Some(found) => found.map(|(_, extension)| extension.class).unwrap_or_default().min(class),
    };
    let actor = Actor { site, now, class, by: extension.flatten() };
    actor.to(to)
}

impl Actor<'_> {
    /// Where `to` leads, feature codes left out that only a phone can dial.
    pub fn to(&self, to: &Number) -> Decision {
        self.anywhere(to, true).or_else(|| codes::message(self.site, to)).unwrap_or_else(|| self.unknown(to))
    }

    /// What `to` is, if it is anything but a feature code. Emergency calls come first, whoever calls.
    fn anywhere(&self, to: &Number, short: bool) -> Option<Decision> {
        let outside = self.site.dialing.outside.as_ref().map(|outside| outside.reached(to));
        if let Some(Reached::Emergency(number)) = outside {
            let why = format_smolstr!("{number} is an emergency number");
            return Some(Decision::go(self.on_trunks(number), why));
        }
        our_number(self.site, to, self.now)
            .or_else(|| self.inside(to))
            .or_else(|| self.short_code(to).filter(|_| short))
            .or_else(|| self.beyond(to, outside?))
    }

    fn inside(&self, to: &Number) -> Option<Decision> {
        let dialing = &self.site.dialing;
        let (goal, what) = if let Some(extension) = self.site.extensions.get(to) {
            (Goal::Extension(to.clone()), format_smolstr!("extension {to}, {}", extension.name))
        } else if let Some(group) = dialing.groups.get(to) {
            (Goal::Group(to.clone()), format_smolstr!("group {to}, {}", group.name))
        } else if let Some(conference) = dialing.conferences.get(to) {
            (Goal::Conference(to.clone()), format_smolstr!("conference {to}, {}", conference.name))
        } else if dialing.parking.as_ref().is_some_and(|parking| parking.slots.contains(to)) {
            (Goal::Park(to.clone()), format_smolstr!("parking slot {to}"))
        } else {
            return None;
        };
        Some(Decision::go(goal, format_smolstr!("{self} reaches {what}")))
    }

    /// A short code leads one step on, and no further than its number would.
    fn short_code(&self, code: &Number) -> Option<Decision> {
        let to = self.site.dialing.short_codes.get(code)?;
        let decision = self.anywhere(to, false).unwrap_or_else(|| self.unknown(to));
        let also = |why: SmolStr| format_smolstr!("short code {code} is {to}: {why}");
        Some(match decision {
            Decision::Go { goal, why } => Decision::Go { goal, why: also(why) },
            Decision::No { cause, why } => Decision::No { cause, why: also(why) },
        })
    }

    fn beyond(&self, to: &Number, outside: Reached) -> Option<Decision> {
        match outside {
            Reached::Class { class, number } if class <= self.class => {
                let why = format_smolstr!("{self} may call {} numbers: {number} on a trunk", class.word());
                Some(Decision::go(self.on_trunks(number), why))
            }
            Reached::Class { class, number } => Some(Decision::refused(format_smolstr!(
                "{number} is {}, and {self} may call {} only",
                class.word(),
                allowed(self.class),
            ))),
            Reached::Blocked(pattern) => {
                Some(Decision::refused(format_smolstr!("{to} is blocked for everybody by {pattern}")))
            }
            Reached::Emergency(_) | Reached::Inside | Reached::Unknown => None,
        }
    }

    fn on_trunks(&self, number: Number) -> Goal {
        let outside = self.site.dialing.outside.as_ref();
        Goal::Outside { number, trunks: outside.map(|o| o.trunks.clone()).unwrap_or_default() }
    }

    fn unknown(&self, to: &Number) -> Decision {
        let outside = if self.site.dialing.outside.is_some() { ", nor outside by any pattern" } else { "" };
        Decision::nothing(format_smolstr!("{to} is neither an extension nor a number of this site{outside}"))
    }
}

fn allowed(class: Class) -> &'static str {
    match class {
        Class::Internal => "the house",
        Class::Local => "local numbers",
        Class::National => "local and national numbers",
        Class::International => "all numbers",
    }
}

/// One of our numbers, open or closed.
fn our_number(site: &Site, to: &Number, now: Stamp) -> Option<Decision> {
    let entry = site.numbers.get(to)?;
    let closed = entry
        .hours
        .as_ref()
        .zip(entry.closed.as_ref())
        .filter(|(name, _)| site.hours.get(*name).is_some_and(|hours| !hours.open(now, &site.time_zone)));
    let (flow, why) = match (closed, &entry.hours) {
        (Some((hours, closed)), _) => {
            (&closed.flow, format_smolstr!("number {to} is closed by {hours}: flow {}", closed.flow))
        }
        (None, Some(hours)) => {
            (&entry.flow, format_smolstr!("number {to} is open by {hours}: flow {}", entry.flow))
        }
        (None, None) => (&entry.flow, format_smolstr!("number {to}: flow {}", entry.flow)),
    };
    Some(Decision::go(Goal::Flow { flow: flow.clone(), language: entry.language }, why))
}
