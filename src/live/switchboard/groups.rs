//! Groups: several phones under one number, all at once or one after the other. Whoever answers first has the call.

use smol_str::format_smolstr;

use super::{goals::ending, state::Switchboard};
use crate::{
    base::{id::CallId, number::Number},
    infra::site::RingOrder,
    live::{
        call::{Next, Party, Turn},
        routing::Decision,
    },
    ports::engine::HangupCause,
};

impl Switchboard {
    pub(super) fn ring_group(&mut self, id: CallId, number: &Number, after: Next) {
        let Some(group) = self.site.dialing.groups.get(number).cloned() else {
            let why = "the group is no longer in the site";
            return self.nowhere(id, after, HangupCause::UNALLOCATED_NUMBER, why);
        };
        if let Some(call) = self.calls.get_mut(&id) {
            let how = match group.order {
                RingOrder::Together => "together",
                RingOrder::InTurn => "in turn",
            };
            let members = group.members.len();
            self.out.tell(call, format_smolstr!("group {}: {members} phones {how}", group.name));
        }
        match group.order {
            RingOrder::InTurn => {
                let turn = Turn { group: number.clone(), left: group.members, after };
                self.next_turn(id, turn);
            }
            RingOrder::Together => {
                let then = self.after_group(id, number, after);
                self.race(id, &group.members, group.ring, then);
            }
        }
    }

    /// The next of a group is rung.
    pub(super) fn next_turn(&mut self, id: CallId, mut turn: Turn) {
        while !turn.left.is_empty() {
            let member = turn.left.remove(0);
            if self.wishes(&member).quiet {
                continue;
            }
            let ring = self.site.dialing.groups.get(&turn.group).map_or(super::goals::RING, |g| g.ring);
            if let Some(endpoint) = self.extension(&member) {
                let otherwise = Next::Turn(Box::new(turn));
                return self.dial(id, Party::Extension(member), endpoint, ring, otherwise);
            }
        }
        let next = self.after_group(id, &turn.group, turn.after);
        self.go(id, ending(next, HangupCause::NO_ANSWER));
    }

    /// Where a call goes that nobody of the group took.
    fn after_group(&mut self, id: CallId, number: &Number, after: Next) -> Next {
        let otherwise = self.site.dialing.groups.get(number).and_then(|group| group.otherwise.clone());
        let by = self.calls.get(&id).and_then(|call| call.by.clone());
        match otherwise.map(|to| self.reach(by.as_ref(), &to)) {
            Some(Decision::Go { goal, .. }) => Next::Goal(Box::new((goal, after))),
            Some(Decision::No { .. }) | None => after,
        }
    }
}
