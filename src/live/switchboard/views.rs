//! What the doors may see: answers made from live state, as it is between two inputs.

use std::collections::BTreeSet;

use smol_str::{SmolStr, format_smolstr};

use super::{
    state::{Input, Link, Switchboard},
    view::{
        Act, AgentView, BriefView, CallDetail, CallSubject, CallView, ConferenceSubject, ConferenceView,
        EngineView, ExtensionView, FactView, ParticipantView, Query, QueueView, StatusView, Subject, View,
    },
};
use crate::{
    base::{
        clock::Stamp,
        id::{CallId, Name},
        number::Number,
        text::masked,
    },
    infra::site::AlertRule,
    live::{
        agent::{Agent, AgentState},
        call::{Call, Conferring, Party, Stage},
        dialog::{
            Brief,
            talk::{Known, Priority},
        },
    },
    ports::engine::Origin,
};

impl Switchboard {
    pub fn view(&self, query: &Query, now: Stamp) -> View {
        match query {
            Query::Status => View::Status(self.status(now)),
            Query::Calls => View::Calls(self.calls.values().map(|call| self.call_view(call)).collect()),
            Query::Call(id) => {
                View::Call(self.calls.get(id).map(|call| self.call_detail(call)).map(Box::new))
            }
            Query::Queues => {
                View::Queues(self.site.queues.keys().map(|name| self.queue_view(name, now)).collect())
            }
            Query::Callbacks => View::Callbacks(self.callback_views()),
            Query::Messages => View::Messages(self.message_views()),
            Query::Message(reference) => View::Message(self.message_detail(reference).map(Box::new)),
            Query::Conferences => View::Conferences(
                self.site
                    .dialing
                    .conferences
                    .keys()
                    .filter_map(|number| self.conference_view(number))
                    .collect(),
            ),
            Query::Extensions => View::Extensions(
                self.site.extensions.keys().filter_map(|number| self.extension_view(number)).collect(),
            ),
            Query::LeftBy(number) => View::Left(self.boxes.left_by(number)),
            Query::Alerts => View::Alerts(self.standing_alerts()),
            Query::Agents => View::Agents(
                self.agents.iter().map(|(name, agent)| self.agent_view(name, agent, now)).collect(),
            ),
        }
    }

    /// How that stands what an input changes, if it is one that is written down.
    pub(super) fn subject(&self, input: &Input, now: Stamp) -> Option<Subject> {
        match input {
            Input::Act {
                act:
                    Act::Invite { conference, .. }
                    | Act::Lock { conference, .. }
                    | Act::RecordConference { conference, .. },
                ..
            } => self.conference_subject(conference).map(Subject::Conference),
            Input::Act { act: Act::Extension { extension, .. }, .. } => {
                self.extension_view(extension).map(Subject::Extension)
            }
            Input::Act { act: Act::Drain { queue, .. }, .. } => {
                self.site.queues.contains_key(queue).then(|| Subject::Queue(self.queue_view(queue, now)))
            }
            Input::Act { act: Act::AcknowledgeAlert { rule, .. }, .. } => {
                let alerts = self.alerts.firing().filter(|alert| alert.rule == *rule).cloned().collect();
                Some(Subject::Alerts { alerts })
            }
            Input::Act { act: Act::ForgetMessages { .. }, .. } => {
                Some(Subject::Messages { messages: self.boxes.sounds().count() })
            }
            Input::Act { act: Act::CancelCallback { .. }, .. } => {
                Some(Subject::Callbacks { callbacks: self.callbacks.keys().copied().collect() })
            }
            Input::Act { act, .. } if act.message().is_some() => {
                let detail = act.message().and_then(|reference| self.message_detail(reference));
                detail.map(|detail| Subject::Message(detail.message))
            }
            Input::Act { act, .. } => {
                let call = act.call().and_then(|call| self.calls.get(&call));
                let agent = act.agent().and_then(|agent| Some((agent, self.agents.get(agent)?)));
                let call = call.map(|call| Subject::Call(self.call_subject(call)));
                call.or_else(|| agent.map(|(name, agent)| Subject::Agent(self.agent_view(name, agent, now))))
            }
            Input::Site(_) => {
                Some(Subject::Site { site: self.site.name.clone(), revision: self.site.revision.clone() })
            }
            _ => None,
        }
    }

    fn call_subject(&self, call: &Call) -> CallSubject {
        let tape = call.tape();
        CallSubject {
            call: self.call_view(call),
            recorded: tape.is_some(),
            paused: tape.is_some_and(|tape| tape.recording.paused()),
            muted: matches!(&call.stage, Stage::Conferring(conferring) if conferring.muted),
            decided: call.steps.last().map(|step| step.what.clone()),
        }
    }

    fn conference_subject(&self, number: &Number) -> Option<ConferenceSubject> {
        let reached = |call: &&Call| {
            matches!(call.stage, Stage::Reaching { .. })
                && call.arrival.origin == Origin::House
                && call.arrival.from.as_ref() == Some(number)
        };
        let invited = self.calls.values().filter(reached).map(|call| call.arrival.to.clone()).collect();
        Some(ConferenceSubject { conference: self.conference_view(number)?, invited })
    }

    fn conference_view(&self, number: &Number) -> Option<ConferenceView> {
        let settings = self.site.dialing.conferences.get(number)?;
        let member = |id: CallId, conferring: &Conferring| {
            let call = self.calls.get(&id)?;
            let number = match call.arrival.origin {
                Origin::House => Some(call.arrival.to.clone()),
                Origin::Phone(_) | Origin::Trunk => call.arrival.from.clone(),
            };
            Some(ParticipantView { call: id, number, since: conferring.since, muted: conferring.muted })
        };
        let members: Vec<_> = self.participants(number).filter_map(|(id, here)| member(id, here)).collect();
        let taped =
            |view: &ParticipantView| self.calls.get(&view.call).is_some_and(|call| call.tape().is_some());
        let session = self.conferences.get(number);
        Some(ConferenceView {
            number: number.clone(),
            name: settings.name.clone(),
            locked: session.is_some_and(|session| session.locked),
            recorded: session.is_some_and(|session| session.recorder.is_some()) || members.iter().any(taped),
            members,
        })
    }

    fn extension_view(&self, number: &Number) -> Option<ExtensionView> {
        let extension = self.site.extensions.get(number)?;
        let wishes = self.wishes(number);
        let (new_messages, old_messages) = self.boxes.counts(number);
        Some(ExtensionView {
            number: number.clone(),
            name: extension.name.clone(),
            forward_always: wishes.always,
            forward_busy: wishes.busy,
            forward_no_answer: wishes.no_answer,
            quiet: wishes.quiet,
            new_messages,
            old_messages,
        })
    }

    fn status(&self, now: Stamp) -> StatusView {
        let stage = |test: fn(&Stage) -> bool| self.calls.values().filter(|call| test(&call.stage)).count();
        StatusView {
            version: self.version.clone(),
            site: self.site.name.clone(),
            revision: self.site.revision.clone(),
            now,
            started: self.started,
            engine: match &self.link {
                Link::Connecting => EngineView::Connecting,
                Link::Up { engine, since, .. } => EngineView::Up { engine: engine.clone(), since: *since },
                Link::Down { reason, since, next_try } => {
                    EngineView::Down { reason: reason.clone(), since: *since, next_try: *next_try }
                }
            },
            calls: self.calls.len(),
            waiting: stage(|stage| stage.waiting().is_some()),
            talking: stage(|stage| stage.talks_since().is_some()),
            agents_ready: self.agents.iter().filter(|(_, agent)| agent.free()).count(),
            agents: self.agents.iter().count(),
            calls_today: self.calls_today,
            troubles: Vec::new(),
        }
    }

    fn queue_view(&self, name: &Name, now: Stamp) -> QueueView {
        let members = || self.agents.iter().filter(|(agent, _)| self.agents.queues(agent).contains(name));
        let service = self.service(name, now);
        let [silent, heated] = self.moods(name);
        QueueView {
            name: name.clone(),
            takes: self.site.queues.get(name).map(|queue| queue.takes).unwrap_or_default().word().into(),
            taken: self.taken_messages(name),
            waiting: self.queues.waiting(name),
            callbacks: self.queues.promised(name),
            longest_wait_ms: self.queues.oldest(name).map_or(0, |joined| super::stages::millis(now, joined)),
            expected_wait_ms: self
                .queues
                .expected_at_the_end(name, now)
                .map(|expected| u64::try_from(expected.mean.as_millis()).unwrap_or(u64::MAX)),
            ready: self.agents.free_in(name),
            talking: self
                .calls
                .values()
                .filter(|call| call.stage.talks_since().is_some() && call.queue.as_ref() == Some(name))
                .count(),
            logged_in: members().filter(|(_, agent)| agent.state != AgentState::LoggedOut).count(),
            answered_today: service.today.answered,
            abandoned_today: service.today.abandoned + service.today.short,
            drained: self.queues.drained(name).cloned(),
            expanded: self.agents.is_expanded(name),
            silent,
            heated,
            undisposed_today: self.undisposed_today(name, now),
            service,
            rated: self.rated_today(name, now),
            repeats: self.repeats(name, AlertRule::WEEK, now),
        }
    }

    fn agent_view(&self, name: &Name, agent: &Agent, now: Stamp) -> AgentView {
        let settings = self.site.agents.get(name);
        AgentView {
            name: name.clone(),
            display: settings.map(|settings| settings.display.clone()).unwrap_or_default(),
            extension: settings.and_then(|settings| settings.phone.extension().cloned()),
            number: settings.and_then(|settings| settings.phone.outside()).map(|n| masked(n.as_str())),
            state: agent.words(),
            since: agent.since,
            reason: agent.reason(),
            call: agent.call(),
            queues: self.agents.queues(name).to_vec(),
            calls_today: agent.calls_today,
            until: agent.deadline(),
            messages: self.references(&agent.messages),
            owes: self.owes_view(agent),
            may_say: self.may_say_view(agent, now),
            rated: self.ratings.agents.get(name).copied().unwrap_or_default().into(),
            lease_s: agent.lease.map(|lease| lease.span.as_secs()),
        }
    }

    fn call_detail(&self, call: &Call) -> CallDetail {
        CallDetail {
            call: self.call_view(call),
            recordings: call.recorded.iter().map(|tape| tape.recording.clone()).collect(),
            steps: call.steps.clone(),
            known: call.caller.known().cloned().map(Box::new),
            brief: call.brief.as_deref().map(brief),
            summary: call.spoken.as_ref().and_then(|spoken| spoken.summary.clone()),
        }
    }

    fn call_view(&self, call: &Call) -> CallView {
        CallView {
            id: call.id,
            from: call.arrival.from.clone(),
            from_name: call.arrival.from_name.clone(),
            to: call.arrival.to.clone(),
            since: call.began,
            state: call.stage.word(),
            at: super::attending::besides(call, whereabouts(call)),
            agent: match &call.stage {
                Stage::Talking { .. } | Stage::Dialling(_) => {
                    call.stage.peer().and_then(|dialled| super::legs::agent_of(&dialled.party)).cloned()
                }
                _ => None,
            },
            attended: super::attending::attended(call),
            mood: super::moods::mood(call),
            trunks: self.trunks_of(call),
        }
    }

    /// Those on which its legs went out; all of them when one of its legs came in or is known no more by its trunk.
    fn trunks_of(&self, call: &Call) -> Vec<Name> {
        /// Whether it is outside, and on which trunk.
        type Way<'a> = (bool, Option<&'a Name>);
        fn way<'a>(party: &Party, trunk: Option<&'a (Name, Vec<Name>)>) -> Way<'a> {
            (trunk.is_some() || matches!(party, Party::Outside(_)), trunk.map(|(name, _)| name))
        }
        let others: Vec<Way> = match &call.stage {
            Stage::Dialling(with) | Stage::Talking { with, .. } => {
                vec![way(&with.party, with.trunk.as_ref())]
            }
            Stage::Meeting(meeting) => {
                meeting.others.iter().map(|one| way(&one.party, one.trunk.as_ref())).collect()
            }
            _ => Vec::new(),
        };
        let own: Way = match (&call.arrival.origin, &call.stage) {
            (_, Stage::Reaching { trunk, .. }) => (trunk.is_some(), trunk.as_ref().map(|(name, _)| name)),
            (Origin::House, _) => {
                let whom = call.arrival.from.as_ref().filter(|_| call.promised_in.is_some());
                (!self.site.extensions.contains_key(whom.unwrap_or(&call.arrival.to)), None)
            }
            (Origin::Trunk, _) => (true, None),
            (Origin::Phone(_), _) => (false, None),
        };
        let legs = || others.iter().chain([&own]).filter(|(outside, _)| *outside);
        if legs().any(|(_, trunk)| trunk.is_none()) {
            return self.site.trunks.keys().cloned().collect();
        }
        let names: BTreeSet<_> = legs().filter_map(|(_, trunk)| trunk.cloned()).collect();
        names.into_iter().collect()
    }
}

fn whereabouts(call: &Call) -> SmolStr {
    match &call.stage {
        Stage::Answering { .. } => SmolStr::new_static("being answered"),
        Stage::Dialog(dialog) => format_smolstr!("{} / {}", dialog.flow, dialog.step),
        Stage::Dialling(dialled) => format_smolstr!("{} rings", dialled.party.words()),
        Stage::Talking { with, .. } => format_smolstr!("with {}", with.party.words()),
        Stage::Meeting(meeting) => {
            let who: Vec<_> = meeting.others.iter().map(|member| member.party.words().to_string()).collect();
            let how = if meeting.since.is_some() { "with" } else { "rings" };
            format_smolstr!("{how} {}", who.join(", "))
        }
        Stage::AtMailbox(at) => format_smolstr!("mailbox or door {}", at.session.place),
        Stage::Parked(parked) => format_smolstr!("slot {}", parked.slot),
        Stage::Conferring(conferring) => format_smolstr!("conference {}", conferring.number),
        Stage::Reaching { .. } => SmolStr::new_static("being called"),
        stage => match stage.waiting() {
            Some(waiting) => format_smolstr!("queue {}", waiting.queue),
            None => SmolStr::new_static("leaving"),
        },
    }
}

fn brief(brief: &Brief) -> BriefView {
    let Brief { priority, context } = brief;
    let fact = |(slot, known): (&Name, &Known)| FactView {
        slot: slot.clone(),
        value: known.text.clone(),
        confirmed: known.settled,
    };
    BriefView {
        language: context.language,
        priority: SmolStr::new_static(match priority {
            Priority::Normal => "normal",
            Priority::Raised => "raised",
            Priority::Urgent => "emergency",
        }),
        topics: context.topics.clone(),
        facts: context.facts.iter().map(fact).collect(),
        last: context.last.clone(),
    }
}
