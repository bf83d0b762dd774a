//! Calls to the outside, trunk by trunk: one that fails is left alone for a while, and the call goes on to the next.

use std::time::Duration;

use smol_str::format_smolstr;

use super::state::Switchboard;
use crate::{
    base::{
        id::{CallId, Name},
        number::Number,
    },
    live::{
        call::{Dialled, Next, Party},
        routing::Goal,
    },
    ports::engine::{Endpoint, HangupCause},
};

/// How long somebody outside may ring.
pub(super) const RING: Duration = Duration::from_secs(60);
/// How long a trunk is left alone that failed a call, unless the engine hears of it before.
const SHUNNED: Duration = Duration::from_secs(30);
/// The same for one whose far end does not answer the engine's questions, until it does.
const SILENT: Duration = Duration::from_hours(24);

impl Switchboard {
    /// The trunk to begin with, and those after it: what failed lately comes last, what left the site not at all.
    pub(super) fn in_order(&self, trunks: &[Name]) -> Option<(Name, Vec<Name>)> {
        let now = self.now();
        let (mut order, shunned): (Vec<Name>, Vec<Name>) = trunks
            .iter()
            .filter(|trunk| self.site.trunks.contains_key(*trunk))
            .cloned()
            .partition(|trunk| self.shunned.get(trunk).is_none_or(|until| *until <= now));
        order.extend(shunned);
        let mut order = order.into_iter();
        Some((order.next()?, order.collect()))
    }

    pub(super) fn dial_out(&mut self, id: CallId, number: Number, trunks: &[Name], after: Next) {
        let Some((trunk, rest)) = self.in_order(trunks) else {
            return self.nowhere(id, after, HangupCause::NO_CIRCUIT, "no trunk leads outside");
        };
        let endpoint = Endpoint::Trunk { trunk: trunk.clone(), number: number.clone() };
        self.dial_by(id, Party::Outside(number), endpoint, RING, after, Some((trunk, rest)));
    }

    /// What comes after a trunk that failed, if the trunk and not whoever was called did.
    pub(super) fn after_trunk(
        &mut self,
        id: CallId,
        (trunk, rest): &(Name, Vec<Name>),
        cause: HangupCause,
    ) -> Option<(Name, Vec<Name>)> {
        if !is_trunks_fault(cause) {
            return None;
        }
        let until = self.now() + SHUNNED;
        let shunned = self.shunned.entry(trunk.clone()).or_default();
        *shunned = (*shunned).max(until);
        let next = self.in_order(rest)?;
        let call = self.calls.get_mut(&id)?;
        self.out.tell(call, format_smolstr!("trunk {trunk} failed ({cause}): on with {}", next.0));
        Some(next)
    }

    /// The same for whoever is dialled for the caller.
    pub(super) fn next_trunk(&mut self, id: CallId, dialled: &Dialled, cause: HangupCause) -> Option<Next> {
        let (way, Party::Outside(number)) = (dialled.trunk.as_ref()?, &dialled.party) else { return None };
        let (trunk, mut trunks) = self.after_trunk(id, way, cause)?;
        trunks.insert(0, trunk);
        let goal = Goal::Outside { number: number.clone(), trunks };
        Some(Next::Goal(Box::new((goal, dialled.otherwise.clone()))))
    }

    /// What the engine hears of a trunk's far end.
    pub(super) fn trunk(&mut self, trunk: Name, up: bool) {
        if up {
            self.shunned.remove(&trunk);
        } else {
            let until = self.now() + SILENT;
            self.shunned.insert(trunk, until);
        }
    }
}

/// The causes (Q.850) of a trunk that failed: another may do better. The number is not at fault, and nobody there has
/// decided anything.
const FAULTS: [(u8, &str); 18] = [
    (2, "no route to the transit network"),
    (3, "no route to the destination"),
    (6, "channel unacceptable"),
    (25, "exchange routing error"),
    (27, "destination out of order"),
    (34, "no circuit available"),
    (38, "network out of order"),
    (41, "temporary failure"),
    (42, "switching equipment congestion"),
    (43, "access information discarded"),
    (44, "requested circuit not available"),
    (47, "resource unavailable"),
    (58, "bearer capability not available now"),
    (63, "service not available"),
    (66, "channel type not implemented"),
    (102, "timer expired: nobody answers there"),
    (111, "protocol error"),
    (127, "interworking: no cause was told"),
];

pub(super) fn is_trunks_fault(cause: HangupCause) -> bool {
    FAULTS.iter().any(|(fault, _)| *fault == cause.0)
}
