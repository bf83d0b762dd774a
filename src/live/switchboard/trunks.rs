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
const RING: Duration = Duration::from_secs(60);
/// How long a trunk is left alone that failed a call, unless the engine hears of it before.
const SHUNNED: Duration = Duration::from_secs(30);
/// The same for one whose far end does not answer the engine's questions, until it does.
const SILENT: Duration = Duration::from_hours(24);

impl Switchboard {
    pub(super) fn dial_out(&mut self, id: CallId, number: Number, trunks: &[Name], after: Next) {
        let now = self.now();
        let (mut order, shunned): (Vec<Name>, Vec<Name>) = trunks
            .iter()
            .filter(|trunk| self.site.trunks.contains_key(*trunk))
            .cloned()
            .partition(|trunk| self.shunned.get(trunk).is_none_or(|until| *until <= now));
        order.extend(shunned);
        if order.is_empty() {
            return self.nowhere(id, after, HangupCause::NO_CIRCUIT, "no trunk leads outside");
        }
        let trunk = order.remove(0);
        let endpoint = Endpoint::Trunk { trunk: trunk.clone(), number: number.clone() };
        self.dial_by(id, Party::Outside(number), endpoint, RING, after, Some((trunk, order)));
    }

    /// The trunk, not whoever was called, failed: on with the next one.
    pub(super) fn next_trunk(&mut self, id: CallId, dialled: &Dialled, cause: HangupCause) -> Option<Next> {
        let now = self.now();
        let ((trunk, rest), Party::Outside(number)) = (dialled.trunk.as_ref()?, &dialled.party) else {
            return None;
        };
        if !is_trunks_fault(cause) {
            return None;
        }
        let until = self.shunned.entry(trunk.clone()).or_default();
        *until = (*until).max(now + SHUNNED);
        let next = rest.first()?;
        let call = self.calls.get_mut(&id)?;
        self.out.tell(call, format_smolstr!("trunk {trunk} failed ({cause}): on with {next}"));
        let goal = Goal::Outside { number: number.clone(), trunks: rest.clone() };
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

/// Whether another trunk may do better: the number is not at fault, and nobody there has decided anything.
fn is_trunks_fault(cause: HangupCause) -> bool {
    matches!(cause.0, 2 | 3 | 6 | 25 | 27 | 34 | 38 | 41 | 42 | 43 | 44 | 47 | 58 | 63 | 66 | 102 | 111 | 127)
}
