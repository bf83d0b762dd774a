//! Which live calls hang on what would change. Only the daemon knows the calls.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::{
    cli::{
        context::Context,
        paint::{Paint, Tone, clean},
    },
    infra::site::Site,
    live::switchboard::view::CallView,
    provision::{Piece, Plan},
};

/// A live call and what it hangs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Touched {
    #[serde(flatten)]
    call: CallView,
    by: Vec<String>,
}

impl Touched {
    pub(super) fn line(&self, paint: &Paint) -> String {
        let CallView { id, from, to, at, .. } = &self.call;
        let from = from.as_ref().map_or_else(|| "withheld".to_owned(), ToString::to_string);
        let word = paint.word("live call", Tone::Bad);
        format!("{word} {id}: {from} to {to}, {}: hangs on {}\n", clean(at), self.by.join(", "))
    }
}

/// The live calls that hang on the plan; `None` when no daemon answers.
pub(super) async fn touched(cx: &Context, plan: &Plan, site: &Site) -> Option<Vec<Touched>> {
    let calls = cx.client.get::<Vec<CallView>>("/v1/calls").await.ok()?.value;
    let found = calls.into_iter().filter_map(|call| {
        let by: Vec<String> =
            plan.pieces.iter().filter(|piece| hangs(&call, piece, site)).map(ToString::to_string).collect();
        (!by.is_empty()).then_some(Touched { call, by })
    });
    Some(found.collect())
}

fn hangs(call: &CallView, piece: &Piece, site: &Site) -> bool {
    match piece {
        Piece::Socket => true,
        Piece::Phone(phone) => {
            let numbers: BTreeSet<&str> = site
                .extensions
                .iter()
                .filter(|(_, extension)| extension.phone == *phone)
                .map(|(number, _)| number.as_str())
                .chain([phone.as_str()])
                .collect();
            parties(call, site).iter().any(|party| numbers.contains(party.as_str()))
        }
        Piece::Trunk(trunk) => call.trunks.contains(trunk),
    }
}

/// The numbers at both ends.
fn parties(call: &CallView, site: &Site) -> Vec<String> {
    let agent = call.agent.as_ref().and_then(|name| site.agents.get(name));
    let agent = agent.and_then(|agent| agent.phone.extension()).map(ToString::to_string);
    let peer = call.at.strip_prefix("with ").or_else(|| call.at.strip_suffix(" rings")).map(str::to_owned);
    call.from.as_ref().map(ToString::to_string).into_iter().chain(agent).chain(peer).collect()
}
