//! One decision for every arriving call.

use smol_str::{SmolStr, format_smolstr};

use crate::{
    base::{clock::Stamp, id::Name, number::Number},
    infra::site::{Locale, Site},
    ports::engine::{Arrival, HangupCause, Origin},
};

/// Where a call goes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    Flow { flow: Name, language: Locale, why: SmolStr },
    Extension { to: Number, why: SmolStr },
    Nobody { cause: HangupCause, why: SmolStr },
}

/// Decides by the dialled number, the hours, and (for calls from our own phones) the extensions.
pub fn route(site: &Site, arrival: &Arrival, now: Stamp) -> Route {
    let to = &arrival.to;
    if let Some(entry) = site.numbers.get(to) {
        let closed =
            entry.hours.as_ref().zip(entry.closed.as_ref()).filter(|(name, _)| {
                site.hours.get(*name).is_some_and(|hours| !hours.open(now, &site.time_zone))
            });
        return match (closed, &entry.hours) {
            (Some((hours, closed)), _) => Route::Flow {
                flow: closed.flow.clone(),
                language: entry.language,
                why: format_smolstr!("number {to} is closed by {hours}: flow {}", closed.flow),
            },
            (None, Some(hours)) => Route::Flow {
                flow: entry.flow.clone(),
                language: entry.language,
                why: format_smolstr!("number {to} is open by {hours}: flow {}", entry.flow),
            },
            (None, None) => Route::Flow {
                flow: entry.flow.clone(),
                language: entry.language,
                why: format_smolstr!("number {to}: flow {}", entry.flow),
            },
        };
    }
    match &arrival.origin {
        Origin::Phone(phone) if site.extensions.contains_key(to) => {
            Route::Extension { to: to.clone(), why: format_smolstr!("phone {phone} dialled extension {to}") }
        }
        Origin::Phone(_) => Route::Nobody {
            cause: HangupCause::UNALLOCATED_NUMBER,
            why: format_smolstr!("{to} is neither an extension nor a number of this site"),
        },
        Origin::Trunk => Route::Nobody {
            cause: HangupCause::UNALLOCATED_NUMBER,
            why: format_smolstr!("{to} is no number of this site"),
        },
    }
}
