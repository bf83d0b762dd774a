//! The table of everything that this door answers.

use axum::routing::{MethodRouter, delete, get, post};

use super::{
    Rooms,
    acts::{
        self, AckBody, AttendBody, DisposeBody, ForwardBody, LeaseBody, ParkBody, PauseBody, SendBody,
        SwitchBody, TakeOverBody, TransferBody, WrapUpBody,
    },
    customers,
    erase::{self, Erased, Person},
    events,
    feed::Told,
    live, messages, meters,
    openapi::{self, Form, Gives, many, one},
    past::{self, Explanation},
    people::{self, Shown, TokenBody, UserBody},
    report::{self, DAYS},
    search,
};
use crate::{
    desk::{
        access::{
            Scope::{self, Admin, Metrics, Operate, Read},
            Token, User,
        },
        audit::{Entry, Sound},
    },
    live::{
        record::{CallRecord, DayReport, DispositionReport, RepeatReport, SurveyReport},
        switchboard::view::{
            Act, AgentView, AlertView, CallDetail, CallView, CallbackView, ConferenceView, ExtensionView,
            QueueView, Spot, StatusView,
        },
    },
};

/// No body that is asked for here comes near this.
pub(super) const LARGEST_BODY: usize = 16 * 1024;

/// The method of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    Get,
    Post,
    Delete,
}

/// Parameters of a query, with a word on each.
pub(super) type Parameters = &'static [(&'static str, &'static str)];

/// One route.
pub struct Route {
    pub verb: Verb,
    pub path: &'static str,
    /// What a token must have for it.
    pub needs: Scope,
    pub(super) answer: fn() -> MethodRouter<Rooms>,
    /// In a line, for the OpenAPI document.
    pub(super) says: &'static str,
    /// What its query may say; the parameters of pages are added.
    pub(super) query: &'static [Parameters],
    pub(super) takes: Option<Form>,
    pub(super) gives: Gives,
}

type Answer = fn() -> MethodRouter<Rooms>;

pub(super) const fn reads(
    path: &'static str,
    needs: Scope,
    answer: Answer,
    says: &'static str,
    gives: Gives,
) -> Route {
    Route { verb: Verb::Get, path, needs, answer, says, query: &[], takes: None, gives }
}

const fn reports(path: &'static str, answer: Answer, says: &'static str, form: Form) -> Route {
    reads(path, Read, answer, says, Gives::Json(form)).asked(&[DAYS])
}

pub(super) const fn acts(
    path: &'static str,
    needs: Scope,
    answer: Answer,
    says: &'static str,
    gives: Gives,
) -> Route {
    Route { verb: Verb::Post, path, needs, answer, says, query: &[], takes: None, gives }
}

pub(super) const fn ends(
    path: &'static str,
    needs: Scope,
    answer: Answer,
    says: &'static str,
    gives: Gives,
) -> Route {
    Route { verb: Verb::Delete, path, needs, answer, says, query: &[], takes: None, gives }
}

impl Route {
    pub(super) const fn asked(self, query: &'static [Parameters]) -> Self {
        Self { query, ..self }
    }

    pub(super) const fn taking(self, form: Form) -> Self {
        Self { takes: Some(form), ..self }
    }
}

pub(super) const DONE: Gives = Gives::Json(one::<Act>);

/// Every route there is: the router and the OpenAPI document are made of this table, and tests ask for a case for
/// each.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().chain(customers::ROUTES).chain(messages::ROUTES)
}

const ROUTES: &[Route] = &[
    reads("/v1/status", Read, || get(live::status), "Whether all is well", Gives::Json(one::<StatusView>)),
    reads("/v1/calls", Read, || get(live::calls), "The live calls", Gives::Page(many::<CallView>)),
    reads(
        "/v1/calls/{id}",
        Read,
        || get(live::call),
        "A live call and its way",
        Gives::Json(one::<CallDetail>),
    ),
    reads(
        "/v1/calls/{id}/explain",
        Read,
        || get(past::explain),
        "Why a call, live or finished, went where it went",
        Gives::Json(one::<Explanation>),
    ),
    reads("/v1/queues", Read, || get(live::queues), "The queues", Gives::Page(many::<QueueView>)),
    reads("/v1/agents", Read, || get(live::agents), "The agents", Gives::Page(many::<AgentView>)),
    reads(
        "/v1/history",
        Read,
        || get(past::history),
        "Finished calls, newest first",
        Gives::Page(many::<CallRecord>),
    )
    .asked(&[&[
        ("before", "only those that ended before this moment"),
        ("before_call", "of those of the very moment only the ones behind this call"),
    ]]),
    reads(
        "/v1/history/search",
        Read,
        || get(search::search),
        "Finished calls that fit, newest arrival first",
        Gives::Page(many::<CallRecord>),
    )
    .asked(&[search::ASKED]),
    reads(
        "/v1/history/export",
        Read,
        || get(search::export),
        "Finished calls that fit, as one file",
        Gives::File(one::<CallRecord>),
    )
    .asked(&[search::ASKED, search::WRITTEN]),
    reports(
        "/v1/reports/daily",
        || get(report::daily),
        "What came from outside on each day, and what became of it",
        many::<DayReport>,
    ),
    reports(
        "/v1/reports/surveys",
        || get(report::surveys),
        "What callers answered on each day who were asked how it was, by queue and by agent",
        many::<SurveyReport>,
    ),
    reports(
        "/v1/reports/repeats",
        || get(report::repeats),
        "Of those who were answered on each day: who called the same queue again",
        many::<RepeatReport>,
    )
    .asked(&[DAYS, &[("within", "so many days later; 1 to 90, 7 unless told")]]),
    reports(
        "/v1/reports/dispositions",
        || get(report::dispositions),
        "What agents said became of the calls of each day, by queue",
        many::<DispositionReport>,
    ),
    acts(
        "/v1/history/erase",
        Admin,
        || post(erase::erase),
        "Erase a person from finished calls",
        Gives::Json(one::<Erased>),
    )
    .taking(one::<Person>),
    reads(
        "/v1/events",
        Read,
        || get(events::events),
        "What happens, as it happens, by WebSocket",
        Gives::Stream(one::<Told>),
    )
    .asked(&[&[
        ("after", "begin behind the event of this number"),
        (
            "words",
            "tell as well what is said in conversations: `all`, or a call's id; needs the scope `operate`",
        ),
    ]]),
    acts("/v1/agents/{name}/login", Operate, || post(acts::login), "Start an agent's work", DONE),
    acts("/v1/agents/{name}/logout", Operate, || post(acts::logout), "End an agent's work", DONE),
    acts(
        "/v1/agents/{name}/pause",
        Operate,
        || post(acts::pause),
        "Offer an agent no calls for a while",
        DONE,
    )
    .taking(one::<PauseBody>),
    acts(
        "/v1/agents/{name}/wrap-up",
        Operate,
        || post(acts::wrap_up),
        "Make a wrap-up longer, or shorter",
        DONE,
    )
    .taking(one::<WrapUpBody>),
    acts(
        "/v1/agents/{name}/lease",
        Operate,
        || post(acts::lease),
        "Hold an agent at work for a while more, as a client does that is there",
        DONE,
    )
    .taking(one::<LeaseBody>),
    acts("/v1/agents/{name}/dispose", Operate, || post(acts::dispose), "Say what became of a call", DONE)
        .taking(one::<DisposeBody>),
    acts("/v1/agents/{name}/unpause", Operate, || post(acts::unpause), "Offer calls again", DONE),
    acts("/v1/calls/{id}/hangup", Operate, || post(acts::hangup), "End a live call", DONE),
    acts(
        "/v1/calls/{id}/transfer",
        Operate,
        || post(acts::transfer),
        "Move a live call to another number, to an agent or into a queue",
        DONE,
    )
    .taking(one::<SendBody>),
    acts(
        "/v1/calls/{id}/move",
        Operate,
        || post(acts::move_caller),
        "Give a caller who waits another place",
        DONE,
    )
    .taking(one::<Spot>),
    acts(
        "/v1/calls/{id}/attend",
        Operate,
        || post(acts::attend),
        "Let a supervisor listen to a talk, whisper or speak into it",
        DONE,
    )
    .taking(one::<AttendBody>),
    acts("/v1/calls/{id}/unattend", Operate, || post(acts::unattend), "Let that one leave", DONE),
    acts(
        "/v1/calls/{id}/take-over",
        Operate,
        || post(acts::take_over),
        "Let a supervisor take a call over",
        DONE,
    )
    .taking(one::<TakeOverBody>),
    acts(
        "/v1/queues/{name}/drain",
        Operate,
        || post(acts::drain),
        "Let nobody new into a queue, or do",
        DONE,
    )
    .taking(one::<SwitchBody>),
    reads("/v1/alerts", Read, || get(live::alerts), "The alerts that stand", Gives::Page(many::<AlertView>)),
    acts(
        "/v1/alerts/{name}/ack",
        Operate,
        || post(acts::acknowledge),
        "Say that somebody sees to an alert",
        DONE,
    )
    .taking(one::<AckBody>),
    acts(
        "/v1/calls/{id}/consult",
        Operate,
        || post(acts::consult),
        "Put the caller aside and let the other side ask somebody first",
        DONE,
    )
    .taking(one::<TransferBody>),
    acts(
        "/v1/calls/{id}/complete",
        Operate,
        || post(acts::complete),
        "Hand the caller on to whoever was asked",
        DONE,
    ),
    acts("/v1/calls/{id}/back", Operate, || post(acts::back), "Take the caller back after asking", DONE),
    acts("/v1/calls/{id}/join", Operate, || post(acts::join), "Let all three talk", DONE),
    acts("/v1/calls/{id}/park", Operate, || post(acts::park), "Let a call wait on a slot", DONE)
        .taking(one::<ParkBody>),
    acts("/v1/calls/{id}/record", Operate, || post(acts::record), "Record a call, or no more", DONE)
        .taking(one::<SwitchBody>),
    acts(
        "/v1/calls/{id}/pause-recording",
        Operate,
        || post(acts::pause_recording),
        "Record silence for a while, or go on",
        DONE,
    )
    .taking(one::<SwitchBody>),
    acts("/v1/calls/{id}/mute", Operate, || post(acts::mute), "Mute a participant of a conference", DONE)
        .taking(one::<SwitchBody>),
    reads(
        "/v1/callbacks",
        Read,
        || get(live::callbacks),
        "Who has hung up, keeps a place in a queue and will be called back",
        Gives::Page(many::<CallbackView>),
    ),
    acts(
        "/v1/callbacks/{id}/cancel",
        Operate,
        || post(acts::cancel_callback),
        "Let somebody not be called back",
        DONE,
    ),
    reads(
        "/v1/conferences",
        Read,
        || get(live::conferences),
        "The conferences and who is in them",
        Gives::Page(many::<ConferenceView>),
    ),
    acts(
        "/v1/conferences/{number}/invite",
        Operate,
        || post(acts::invite),
        "Call somebody into a conference",
        DONE,
    )
    .taking(one::<TransferBody>),
    acts(
        "/v1/conferences/{number}/lock",
        Operate,
        || post(acts::lock),
        "Let nobody else into a conference, or do",
        DONE,
    )
    .taking(one::<SwitchBody>),
    acts(
        "/v1/conferences/{number}/record",
        Operate,
        || post(acts::record_conference),
        "Record a conference, or no more",
        DONE,
    )
    .taking(one::<SwitchBody>),
    reads(
        "/v1/extensions",
        Read,
        || get(live::extensions),
        "The extensions and their forwards",
        Gives::Page(many::<ExtensionView>),
    ),
    acts(
        "/v1/extensions/{number}/forward",
        Operate,
        || post(acts::forward),
        "Forward an extension's calls, or no more",
        DONE,
    )
    .taking(one::<ForwardBody>),
    acts(
        "/v1/extensions/{number}/quiet",
        Operate,
        || post(acts::quiet),
        "Let an extension not be disturbed, or be",
        DONE,
    )
    .taking(one::<SwitchBody>),
    acts(
        "/v1/customers/{id}/erase",
        Admin,
        || post(erase::erase_customer),
        "Remove a customer, and erase all its numbers from finished calls",
        Gives::Json(one::<Erased>),
    ),
    reads("/v1/users", Admin, || get(people::users), "Users by name", Gives::Page(many::<User>)),
    acts("/v1/users", Admin, || post(people::add_user), "Add a user", Gives::Json(one::<User>))
        .taking(one::<UserBody>),
    ends(
        "/v1/users/{name}",
        Admin,
        || delete(people::remove_user),
        "Remove a user with all tokens",
        Gives::Json(one::<User>),
    ),
    acts(
        "/v1/users/{name}/tokens",
        Admin,
        || post(people::make_token),
        "Make a token; its secret is shown this once",
        Gives::Json(one::<Shown>),
    )
    .taking(one::<TokenBody>),
    reads(
        "/v1/tokens",
        Admin,
        || get(people::tokens),
        "Tokens without their secrets",
        Gives::Page(many::<Token>),
    )
    .asked(&[&[("user", "only those of this user")]]),
    ends("/v1/tokens/{id}", Admin, || delete(people::revoke), "Revoke a token", Gives::Json(one::<Token>)),
    reads(
        "/v1/audit",
        Admin,
        || get(people::audit),
        "Who changed what, newest first",
        Gives::Page(many::<Entry>),
    )
    .asked(&[&[("who", "only changes by this one"), ("subject", "only changes of this")]]),
    reads(
        "/v1/audit/verify",
        Admin,
        || get(people::verify),
        "Whether the audit is as it was written",
        Gives::Json(one::<Sound>),
    ),
    reads("/v1/openapi.json", Read, || get(openapi::document), "This document", Gives::Document),
    reads("/metrics", Metrics, || get(meters::metrics), "Figures for Prometheus", Gives::Text),
];
