//! What extensions wish: forwards and quiet, as the site has them until a phone or an admin changes them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

use super::{
    state::Switchboard,
    view::{Refusal, Setting, When},
};
use crate::{
    base::{id::CallId, number::Number},
    infra::site::{Feature, Locale},
    live::{
        call::{Next, Stage},
        routing::Decision,
    },
    ports::{
        engine::{Command, HangupCause, Media},
        media,
    },
};

/// How long the words of the house may take to be heard.
const HEARING_GUARD: Duration = Duration::from_secs(10);

/// Where calls are forwarded, against the site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wish {
    #[default]
    AsInTheSite,
    Nowhere,
    To(Number),
}

impl Wish {
    fn or(&self, site: Option<Number>) -> Option<Number> {
        match self {
            Self::AsInTheSite => site,
            Self::Nowhere => None,
            Self::To(number) => Some(number.clone()),
        }
    }
}

/// What was changed against the site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    pub always: Wish,
    pub busy: Wish,
    pub no_answer: Wish,
    pub quiet: bool,
}

/// What holds for an extension now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wishes {
    pub always: Option<Number>,
    pub busy: Option<Number>,
    pub no_answer: Option<Number>,
    pub ring: Option<Duration>,
    pub quiet: bool,
}

impl Switchboard {
    pub(super) fn wishes(&self, of: &Number) -> Wishes {
        if self.site.without.contains(&Feature::Forwarding) {
            return Wishes::default();
        }
        let site =
            self.site.extensions.get(of).map(|extension| extension.forward.clone()).unwrap_or_default();
        let changed = self.changed.get(of).cloned().unwrap_or_default();
        Wishes {
            always: changed.always.or(site.always),
            busy: changed.busy.or(site.busy),
            no_answer: changed.no_answer.or(site.no_answer),
            ring: site.ring,
            quiet: changed.quiet,
        }
    }

    /// An admin or the phone itself changes what an extension wishes.
    pub(super) fn set_extension(&mut self, of: &Number, setting: &Setting) -> Result<(), Refusal> {
        if !self.site.extensions.contains_key(of) {
            return Err(Refusal::NoSuchExtension { to: of.clone() });
        }
        if let Setting::Forward { to: Some(to), .. } = setting
            && let Decision::No { why, .. } = self.reach(Some(of), to)
        {
            return Err(Refusal::NotAllowed { to: to.clone(), why });
        }
        let changed = self.changed.entry(of.clone()).or_default();
        match setting {
            Setting::Forward { when, to } => {
                *match when {
                    When::Always => &mut changed.always,
                    When::Busy => &mut changed.busy,
                    When::NoAnswer => &mut changed.no_answer,
                } = to.clone().map_or(Wish::Nowhere, Wish::To);
            }
            Setting::ForwardOff => {
                (changed.always, changed.busy, changed.no_answer) =
                    (Wish::Nowhere, Wish::Nowhere, Wish::Nowhere);
            }
            Setting::Quiet(on) => changed.quiet = *on,
        }
        Ok(())
    }

    /// A phone dialled a feature code: it is done, and a tone says so.
    pub(super) fn dial_setting(&mut self, id: CallId, setting: &Setting) {
        let Some(of) = self.calls.get(&id).and_then(|call| self.dialled_by(&call.arrival)) else {
            return self.refuse(id, HangupCause::FACILITY_REJECTED, "only a phone of the house can do that");
        };
        if let Err(why) = self.set_extension(&of, setting) {
            return self.refuse(id, HangupCause::FACILITY_REJECTED, &why.to_string());
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        self.out.tell(call, format_smolstr!("{of}: {}", words(setting)));
        self.say_then(id, |_| vec![media::confirmation()], Next::Hangup);
    }

    /// The caller hears something, and goes on.
    pub(super) fn say_then(&mut self, id: CallId, what: impl Fn(Locale) -> Vec<Media>, next: Next) {
        let now = self.now();
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.stage = Stage::Hearing { next };
        call.playing = Some(self.out.order(&call.leg, Command::Play { media: what(call.language) }));
        self.timers.set(crate::live::call::Timer::Stage(id), now + HEARING_GUARD);
    }

    /// It has been heard.
    pub(super) fn told(&mut self, id: CallId) {
        let next = match self.calls.get_mut(&id).map(|call| &mut call.stage) {
            Some(Stage::Hearing { next }) => std::mem::replace(next, Next::Hangup),
            _ => Next::Hangup,
        };
        match next {
            Next::Wait(waiting) => self.keep_promise(id, *waiting),
            next => self.go(id, next),
        }
    }
}

fn words(setting: &Setting) -> SmolStr {
    match setting {
        Setting::Forward { when, to } => {
            let when = when.word();
            if let Some(to) = to {
                return format_smolstr!("forwards {when} to {to}");
            }
            format_smolstr!("forwards no more {when}")
        }
        Setting::ForwardOff => SmolStr::new_static("forwards nothing"),
        Setting::Quiet(true) => SmolStr::new_static("wants not to be disturbed"),
        Setting::Quiet(false) => SmolStr::new_static("may be rung again"),
    }
}
