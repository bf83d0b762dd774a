//! Feature codes: what a phone dials to have something done, with an extension or a number behind it.

use smol_str::format_smolstr;

use super::{
    model::{Decision, Goal},
    rules::Actor,
};
use crate::{
    base::number::Number,
    infra::site::{Codes, Extension, Site},
    live::switchboard::view::{Setting, When},
};

/// What a phone wants that dialled `to`; `None` when that is no feature code.
pub(super) fn dialled(actor: &Actor, to: &Number) -> Option<Decision> {
    let codes = &actor.site.dialing.codes;
    let behind = |code: &Option<Number>| to.as_str().strip_prefix(code.as_ref()?.as_str());
    let is = |code: &Option<Number>| behind(code) == Some("");
    let all = [
        &codes.pickup,
        &codes.forward_always,
        &codes.forward_busy,
        &codes.forward_no_answer,
        &codes.forward_off,
        &codes.quiet_on,
        &codes.quiet_off,
        &codes.intercom,
        &codes.voicemail,
    ];
    if !all.into_iter().any(|code| behind(code).is_some()) {
        return None;
    }
    let Some((number, extension)) = actor.by else {
        return Some(Decision::refused(format_smolstr!("{to} is for the phones of the house")));
    };
    if let Some(rest) = behind(&codes.pickup) {
        return Some(pick_up(actor.site, (number, extension), rest));
    }
    if let Some(rest) = behind(&codes.intercom) {
        return Some(intercom(actor.site, number, rest));
    }
    if let Some((when, rest)) = forward(codes, &behind) {
        return Some(forwarded(actor, number, when, rest));
    }
    let set =
        |setting, what| Decision::go(Goal::Setting(setting), format_smolstr!("extension {number} {what}"));
    Some(if is(&codes.forward_off) {
        set(Setting::ForwardOff, "ends its forwards")
    } else if is(&codes.quiet_on) {
        set(Setting::Quiet(true), "does not want to be disturbed")
    } else if is(&codes.quiet_off) {
        set(Setting::Quiet(false), "takes calls again")
    } else if is(&codes.voicemail) {
        if extension.mailbox.is_some() {
            Decision::go(
                Goal::Mailbox(number.clone()),
                format_smolstr!("extension {number} hears its messages"),
            )
        } else {
            Decision::refused(format_smolstr!("extension {number} has no mailbox"))
        }
    } else {
        message(actor.site, to).unwrap_or_else(|| {
            Decision::nothing(format_smolstr!("{to} has keys behind a feature code that takes none"))
        })
    })
}

/// A message for the extension behind the voicemail code; `None` when `to` is not that.
pub(super) fn message(site: &Site, to: &Number) -> Option<Decision> {
    let code = site.dialing.codes.voicemail.as_ref()?;
    let number = to.as_str().strip_prefix(code.as_str()).filter(|rest| !rest.is_empty())?;
    let found =
        Number::new(number).ok().filter(|n| site.extensions.get(n).is_some_and(|e| e.mailbox.is_some()));
    Some(match found {
        Some(number) => {
            let why = format_smolstr!("a message for extension {number}");
            Decision::go(Goal::Message(number), why)
        }
        None => Decision::nothing(format_smolstr!("{number} has no mailbox")),
    })
}

fn forward<'a>(
    codes: &Codes,
    behind: &impl Fn(&Option<Number>) -> Option<&'a str>,
) -> Option<(When, &'a str)> {
    let all = [
        (When::Always, &codes.forward_always),
        (When::Busy, &codes.forward_busy),
        (When::NoAnswer, &codes.forward_no_answer),
    ];
    all.into_iter().find_map(|(when, code)| Some((when, behind(code)?)))
}

/// A forward goes no further than the phone itself may call.
fn forwarded(actor: &Actor, number: &Number, when: When, rest: &str) -> Decision {
    let set = |to, why| Decision::go(Goal::Setting(Setting::Forward { when, to }), why);
    if rest.is_empty() {
        return set(None, format_smolstr!("extension {number} forwards no longer {}", when.word()));
    }
    let Ok(to) = Number::new(rest) else {
        return Decision::nothing(format_smolstr!("{rest} is no number to forward to"));
    };
    if to == *number {
        return Decision::refused(format_smolstr!("extension {number} would forward to itself"));
    }
    match actor.to(&to) {
        Decision::Go {
            goal:
                Goal::Extension(_) | Goal::Group(_) | Goal::Outside { .. } | Goal::Flow { .. } | Goal::Message(_),
            ..
        } => {
            let why = format_smolstr!("extension {number} forwards {} to {to}", when.word());
            set(Some(to), why)
        }
        Decision::Go { .. } => Decision::refused(format_smolstr!("calls cannot be forwarded to {to}")),
        no @ Decision::No { .. } => no,
    }
}

/// Only within one's pickup group.
fn pick_up(site: &Site, (number, extension): (&Number, &Extension), rest: &str) -> Decision {
    let Some(group) = &extension.pickup else {
        return Decision::refused(format_smolstr!("extension {number} is in no pickup group"));
    };
    if rest.is_empty() {
        let why = format_smolstr!("extension {number} picks up in group {group}");
        return Decision::go(Goal::PickUp(None), why);
    }
    let Some((other, found)) = extension_of(site, rest) else {
        return Decision::nothing(format_smolstr!("there is no extension {rest}"));
    };
    if found.pickup.as_ref() != Some(group) {
        return Decision::refused(format_smolstr!("extension {other} is not in pickup group {group}"));
    }
    let why = format_smolstr!("extension {number} picks up the call of {other}");
    Decision::go(Goal::PickUp(Some(other)), why)
}

fn intercom(site: &Site, number: &Number, rest: &str) -> Decision {
    match extension_of(site, rest) {
        Some((other, _)) if other == *number => {
            Decision::refused(format_smolstr!("extension {number} calls itself by intercom"))
        }
        Some((other, _)) => {
            let why = format_smolstr!("extension {number} calls {other} by intercom");
            Decision::go(Goal::Intercom(other), why)
        }
        None => Decision::nothing(format_smolstr!("there is no extension {rest}")),
    }
}

fn extension_of<'a>(site: &'a Site, text: &str) -> Option<(Number, &'a Extension)> {
    let number = Number::new(text).ok()?;
    let extension = site.extensions.get(&number)?;
    Some((number, extension))
}
