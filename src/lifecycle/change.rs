//! What the switchboard did, in the words of the audit.

use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};

use crate::{
    base::{
        id::Name,
        text::{Label, without_outsiders},
    },
    desk::audit::{Change, What},
    live::switchboard::view::{Act, Actor, AgentView, Deed, Done, Subject},
};

/// Who brings a new site: whoever may write its folder and end the daemon.
const OWNER: &str = "the site's owner";

pub(super) fn of(done: &Done) -> Change {
    let (who, what, subject) = match &done.deed {
        Deed::Act { actor: Actor(who, _), act } => {
            let (what, subject) = deed(act);
            (who.clone(), what, subject)
        }
        Deed::Site => (Label::new(OWNER), What::SiteTake, site(done)),
    };
    let mut after = done.after.as_ref().map(value);
    if let Deed::Act { act: Act::Dispose { disposition, .. }, .. } = &done.deed {
        said(disposition, done.before.as_ref(), after.as_mut());
    }
    Change {
        id: format_smolstr!("{}-{}", done.at.0, done.seq),
        at: done.at,
        who,
        what,
        subject,
        before: done.before.as_ref().map(|before| value(before).to_string()),
        after: after.map(|after| after.to_string()),
    }
}

/// An agent who has said what became of a call owes nothing, and does not tell any more of which call it was, and what.
fn said(disposition: &Name, before: Option<&Subject>, after: Option<&mut Value>) {
    let (Some(Subject::Agent(AgentView { owes, may_say, .. })), Some(Value::Object(after))) = (before, after)
    else {
        return;
    };
    let Some(owes) = owes.as_ref().or(may_say.as_ref()) else { return };
    after.insert("disposed".to_owned(), json!({ "call": owes.call, "disposition": disposition }));
}

fn deed(act: &Act) -> (What, SmolStr) {
    match act {
        Act::Login { agent } => (What::AgentLogin, agent.as_str().into()),
        Act::Logout { agent } => (What::AgentLogout, agent.as_str().into()),
        Act::Pause { agent, .. } => (What::AgentPause, agent.as_str().into()),
        Act::WrapUp { agent, .. } => (What::AgentWrapUp, agent.as_str().into()),
        Act::Lease { agent, .. } => (What::AgentLease, agent.as_str().into()),
        Act::Dispose { agent, .. } => (What::AgentDispose, agent.as_str().into()),
        Act::Unpause { agent } => (What::AgentUnpause, agent.as_str().into()),
        Act::Hangup { call } => (What::CallHangup, format_smolstr!("{call}")),
        Act::Move { call, .. } => (What::CallMove, format_smolstr!("{call}")),
        Act::CancelCallback { call } => (What::CallbackCancel, format_smolstr!("{call}")),
        Act::Attend { call, .. } => (What::CallAttend, format_smolstr!("{call}")),
        Act::Unattend { call } => (What::CallUnattend, format_smolstr!("{call}")),
        Act::TakeOver { call, .. } => (What::CallTakeOver, format_smolstr!("{call}")),
        Act::Drain { queue, .. } => (What::QueueDrain, queue.as_str().into()),
        Act::AcknowledgeAlert { rule, .. } => (What::AlertAcknowledge, rule.as_str().into()),
        Act::Transfer { call, .. }
        | Act::TransferToAgent { call, .. }
        | Act::TransferToQueue { call, .. } => (What::CallTransfer, format_smolstr!("{call}")),
        Act::Consult { call, .. } => (What::CallConsult, format_smolstr!("{call}")),
        Act::Complete { call } => (What::CallComplete, format_smolstr!("{call}")),
        Act::Back { call } => (What::CallBack, format_smolstr!("{call}")),
        Act::Join { call } => (What::CallJoin, format_smolstr!("{call}")),
        Act::Park { call, .. } => (What::CallPark, format_smolstr!("{call}")),
        Act::Record { call, .. } => (What::CallRecord, format_smolstr!("{call}")),
        Act::PauseRecording { call, .. } => (What::CallPauseRecording, format_smolstr!("{call}")),
        Act::Mute { call, .. } => (What::CallMute, format_smolstr!("{call}")),
        Act::Invite { conference, .. } => (What::ConferenceInvite, conference.as_str().into()),
        Act::Lock { conference, .. } => (What::ConferenceLock, conference.as_str().into()),
        Act::RecordConference { conference, .. } => (What::ConferenceRecord, conference.as_str().into()),
        Act::AddMessage { reference, .. } => (What::MessageAdd, reference.as_str().into()),
        Act::TakeMessage { reference, .. } => (What::MessageTake, reference.as_str().into()),
        Act::DeclineMessage { reference, .. } => (What::MessageDecline, reference.as_str().into()),
        Act::CloseMessage { reference } => (What::MessageClose, reference.as_str().into()),
        Act::MoveMessage { reference, .. } => (What::MessageMove, reference.as_str().into()),
        Act::ForgetMessages { .. } => (What::MessagesForget, SmolStr::default()),
        Act::Extension { extension, .. } => (What::ExtensionSet, extension.as_str().into()),
    }
}

fn site(done: &Done) -> SmolStr {
    match &done.after {
        Some(Subject::Site { site, .. }) => site.clone(),
        _ => SmolStr::default(),
    }
}

/// The audit is never changed, so nobody could be erased from it: whoever calls from outside, or is called there, is not
/// in it. The call's id leads to them as long as they are known.
fn value(subject: &Subject) -> Value {
    let mut value = serde_json::to_value(subject).unwrap_or_default();
    if matches!(subject, Subject::Call(_) | Subject::Conference(_)) {
        without_persons(&mut value);
    }
    value
}

fn without_persons(value: &mut Value) {
    match value {
        Value::String(text) => *text = without_outsiders(text),
        Value::Array(all) => all.iter_mut().for_each(without_persons),
        Value::Object(all) => {
            let house = |from: &Value| from.as_str().is_some_and(|from| without_outsiders(from) == from);
            if !all.get("from").is_some_and(house) {
                all.remove("from_name");
            }
            all.values_mut().for_each(without_persons);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{of, without_persons};
    use crate::{
        base::{clock::Stamp, id::Name, text::Label},
        live::switchboard::view::{Act, Actor, AgentView, Deed, Done, Subject},
    };

    #[test]
    fn what_was_said_of_a_call_is_in_the_audit_also_when_nothing_is_owed_any_more() {
        let agent = |state: &str, owes| -> AgentView {
            let view = json!({
                "name": "li", "display": "Li", "state": state, "since": 1, "queues": ["sales"], "calls_today": 1,
                "owes": owes,
            });
            serde_json::from_value(view).expect("an agent")
        };
        let owes =
            json!({ "call": "1M7ZAWV8C6ZB1", "queue": "sales", "required": true, "codes": ["solved"] });
        let (agent_name, disposition) =
            (Name::new("li").expect("a name"), Name::new("solved").expect("a name"));
        let act = Act::Dispose { agent: agent_name, disposition };
        let done = Done {
            seq: 1,
            at: Stamp(1),
            deed: Deed::Act { actor: Actor::admin(Label::new("nina")), act },
            before: Some(Subject::Agent(agent("wrap-up", owes))),
            after: Some(Subject::Agent(agent("ready", json!(null)))),
        };
        let row: serde_json::Value = serde_json::from_str(&of(&done).after.expect("a row")).expect("JSON");
        assert_eq!(row["disposed"], json!({ "call": "1M7ZAWV8C6ZB1", "disposition": "solved" }));
        assert_eq!(row["state"], "ready");
    }

    #[test]
    fn nobody_from_outside_is_kept() {
        for (from, kept) in [
            (json!("+8613800138000"), json!({ "from": "•", "to": "4001", "at": "with •" })),
            (json!(null), json!({ "from": null, "to": "4001", "at": "with •" })),
            (json!("1001"), json!({ "from": "1001", "from_name": "Eve", "to": "4001", "at": "with •" })),
        ] {
            let mut call =
                json!({ "from": from, "from_name": "Eve", "to": "4001", "at": "with 013800138000" });
            without_persons(&mut call);
            assert_eq!(call, kept);
        }
    }
}
