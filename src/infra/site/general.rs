//! `site.yaml`: who we are, which engine, and what happens when Tandem is not there.

use std::{collections::BTreeSet, path::Path, time::Duration};

use jiff::tz::{TimeZone, db};
use smol_str::SmolStr;

use super::{
    assistant::{self, AssistantSettings},
    customers::{self, CrmSettings},
    decode::{self, Fields, Shape, shorten, suggest},
    engine,
    features::{self, Feature},
    model::{EngineSettings, HttpSettings, Locale, Store, TaskSettings},
    names::Names,
    port,
    problem::Code,
    profile::Profile,
    source::{Findings, Place},
    speech::{self, Speech},
    store, tasks,
    tree::{Node, Value},
};
use crate::base::{area, number::Number};

const SITE: Shape = Shape {
    what: "site.yaml",
    keys: &[
        ("name", "name: Harbour Trading"),
        ("languages", "languages: [zh, en]"),
        ("time_zone", "time_zone: Asia/Shanghai"),
        ("country_code", "country_code: +86"),
        ("engine", "engine: { kind: simulator }"),
        ("fallback", "fallback: 1001"),
        ("store", "store: sqlite"),
        ("http", "http: { listen: 127.0.0.1:8443 }"),
        ("speech", "speech: { en: { recognizer: pocketsphinx } }"),
        ("customers", "customers: { crm: { url: https://crm.example/who } }"),
        ("tasks", "tasks: { url: https://desk.example/tandem }"),
        ("assistant", "assistant: { url: https://models.example/v1, model: NAME }"),
        ("lease", "lease: 30s"),
        ("profile", "profile: small"),
        ("without", "without: [recording]"),
    ],
};

/// What `site.yaml` says.
pub(super) struct General {
    pub name: SmolStr,
    pub time_zone: TimeZone,
    pub home: SmolStr,
    pub engine: EngineSettings,
    pub store: Store,
    pub http: Option<HttpSettings>,
    pub crm: Option<CrmSettings>,
    pub tasks: Option<TaskSettings>,
    pub assistant: Option<AssistantSettings>,
    pub speech: Speech,
    pub fallback: Number,
    pub lease: Duration,
    pub profile: Option<Profile>,
    pub without: BTreeSet<Feature>,
}

/// The languages come first: every prompt is read by them.
pub(super) fn languages(node: &Node, to: &mut Findings) -> Vec<Locale> {
    let listed = match &node.value {
        Value::Table(entries) => entries.iter().find(|(k, _)| k.text == "languages").map(|e| &e.1),
        _ => None,
    };
    let mut languages = Vec::new();
    for node in listed.map_or(&[][..], decode::list) {
        if let Some(locale) = language(node, to) {
            if languages.contains(&locale) {
                to.error(Code::Duplicate, node.place, "this language is here twice", "remove one of them");
            } else {
                languages.push(locale);
            }
        }
    }
    languages
}

/// `zh` or `en`, or their long forms.
pub(super) fn language(node: &Node, to: &mut Findings) -> Option<Locale> {
    let text = decode::scalar(node, "zh", to)?;
    let locale = locale(text);
    if locale.is_none() {
        let message = format!("Tandem speaks no `{}`", shorten(text));
        to.error(Code::BadValue, node.place, message, suggest(text, &["zh", "en"], "allowed"));
    }
    locale
}

pub(super) fn locale(text: &str) -> Option<Locale> {
    match text {
        "zh" | "zh-CN" => Some(Locale::Chinese),
        "en" | "en-US" => Some(Locale::English),
        _ => None,
    }
}

/// Reads all of `site.yaml` but the languages.
pub(super) fn read(root: &Path, node: &Node, names: &Names, to: &mut Findings) -> Option<General> {
    let top = Place { end: node.place.start, ..node.place };
    let fields = Fields::open(node, top, &SITE, to)?;
    let name = fields.need("name", to).and_then(|n| decode::line(n, 80, "Harbour Trading", to));
    if let Some(node) = fields.need("languages", to)
        && decode::list(node).is_empty()
    {
        to.error(
            Code::BadValue,
            node.place,
            "at least one language is needed",
            "write `languages: [zh, en]`",
        );
    }
    let time_zone = fields.need("time_zone", to).and_then(|n| zone(n, to));
    let home = fields.get("country_code").map_or(Some(area::CHINA.into()), |n| country_code(n, to));
    let engine = fields
        .need("engine", to)
        .and_then(|n| engine::read(root, n, fields.key_place("engine").unwrap_or(n.place), to));
    let store = fields.get("store").map_or(Some(Store::Sqlite), |n| store::read(root, n, to));
    let http = part(&fields, "http", |node, at| port::read(root, node, at, to)).ok()?;
    let speech = match fields.get("speech") {
        Some(node) => speech(root, node, &fields, engine.as_ref(), to)?,
        None => Speech::default(),
    };
    let crm = part(&fields, "customers", |node, at| customers::read(root, node, at, to)).ok()?;
    let tasks = part(&fields, "tasks", |node, at| tasks::read(root, node, at, to)).ok()?;
    let assistant = part(&fields, "assistant", |node, at| assistant::read(root, node, at, to)).ok()?;
    let fallback = fields.need("fallback", to).and_then(|n| names.extensions.number(n, to));
    let (least, most) = (Duration::from_secs(10), Duration::from_mins(10));
    let lease =
        fields.get("lease").map_or(Some(Duration::from_secs(30)), |n| decode::duration(n, least, most, to));
    let profile = match fields.get("profile") {
        Some(node) => Some(profile(node, to)?),
        None => None,
    };
    let without = fields.get("without").map(|n| features::read(n, to)).unwrap_or_default();
    Some(General {
        name: name?.into(),
        time_zone: time_zone?,
        home: home?,
        engine: engine?,
        store: store?,
        http,
        crm,
        tasks,
        assistant,
        speech,
        fallback: fallback?,
        lease: lease?,
        profile,
        without,
    })
}

/// A part that is there and wrong; it has been told.
struct Wrong;

/// A part that may be left out.
fn part<T>(
    fields: &Fields,
    key: &str,
    read: impl FnOnce(&Node, Place) -> Option<T>,
) -> Result<Option<T>, Wrong> {
    match fields.get(key) {
        Some(node) => read(node, fields.key_place(key).unwrap_or(node.place)).map(Some).ok_or(Wrong),
        None => Ok(None),
    }
}

fn speech(
    root: &Path,
    node: &Node,
    fields: &Fields,
    engine: Option<&EngineSettings>,
    to: &mut Findings,
) -> Option<Speech> {
    let place = fields.key_place("speech").unwrap_or(node.place);
    speech::read(root, node, place, engine.map(|engine| engine.kind), to)
}

/// The size of the company, by which flows are judged.
fn profile(node: &Node, to: &mut Findings) -> Option<Profile> {
    let text = decode::scalar(node, "small", to)?;
    let profile = Profile::ALL.into_iter().find(|profile| profile.name() == text);
    if profile.is_none() {
        let message = format!("there is no profile `{}`", shorten(text));
        to.error(
            Code::BadValue,
            node.place,
            message,
            suggest(text, &Profile::ALL.map(Profile::name), "allowed"),
        );
    }
    profile
}

/// With its `+`, as it is written before a number.
fn country_code(node: &Node, to: &mut Findings) -> Option<SmolStr> {
    let text = decode::scalar(node, "+86", to)?;
    let known = text.strip_prefix('+').filter(|code| area::is_country_code(code));
    if known.is_none() {
        let message = format!("`{}` is no country code", shorten(text));
        to.error(Code::BadValue, node.place, message, "write it as before a number: `+86`, `+1`, `+852`");
    }
    known.map(|_| text.into())
}

fn zone(node: &Node, to: &mut Findings) -> Option<TimeZone> {
    let text = decode::scalar(node, "Asia/Shanghai", to)?;
    if let Ok(zone) = TimeZone::get(text)
        && zone.iana_name().is_some()
    {
        return Some(zone);
    }
    let all: Vec<String> = db().available().map(|name| name.to_string()).collect();
    let near = all
        .iter()
        .map(|z| (strsim::damerau_levenshtein(&z.to_lowercase(), &text.to_lowercase()), z))
        .filter(|(distance, _)| *distance <= 4)
        .min_by_key(|(distance, _)| *distance);
    let help = match near {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None => "write its IANA name: `Asia/Shanghai`, `Europe/London`, `America/New_York`".to_owned(),
    };
    to.error(Code::BadValue, node.place, format!("there is no time zone `{}`", shorten(text)), help);
    None
}
