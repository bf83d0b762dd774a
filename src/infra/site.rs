//! The site: what the admin describes in YAML, checked as a whole and handed on as plain values.
//!
//! A site is a folder: `site.yaml`, `numbers.yaml`, `people.yaml` and `flows/*.yaml` (one flow a file), and
//! as needed `hours.yaml`, `queues.yaml`, `routing.yaml`, `trunks.yaml`, `dialing.yaml`, `alerts.yaml`; secrets are files of their own. Everything is read
//! before anything is said, so that all problems come at once, each with its place and remedy; a site with
//! an error is not handed on at all. `source` holds the files, `tree` the YAML with places, `names` what can
//! be referred to, `decode` the scalars; every section has a file of its own.

mod alerts;
mod assistant;
mod callback;
mod capacity;
mod conditions;
mod customers;
mod decode;
mod depth;
mod detector;
mod dialing;
mod dispositions;
mod engine;
mod extension;
mod features;
mod flows;
mod general;
mod graph;
mod hours;
mod messages;
mod model;
mod names;
mod numbers;
mod outside;
mod overflow;
mod pattern;
mod people;
pub mod pin;
mod port;
mod problem;
mod profile;
mod prompt;
mod queues;
mod routing;
pub mod samples;
pub mod scenario;
pub mod secret;
mod skills;
mod sound;
mod source;
mod speech;
mod steps;
mod store;
mod survey;
mod talks;
mod tasks;
mod tree;
pub mod trials;
mod trunks;
mod unused;
mod voices;
mod webrtc;

use std::{collections::BTreeMap, fs, path::Path};

pub use assistant::AssistantSettings;
pub use customers::CrmSettings;
pub use decode::parse_duration as duration;
pub use features::Feature;
pub use model::{
    Agent, AgentPhone, AlertRule, AlertTarget, Alerting, Ask, Beyond, Callback, Canary, Capacity, Choice,
    Class, Closed, Codec, Codes, CollectStep, Conference, Dialing, Dispositions, End, EngineKind,
    EngineSettings, Escalation, Expansion, Extension, First, Flow, Forward, Full, Group, Hearer, Hears,
    HttpSettings, Human, Jump, Lack, Limit, Lines, Locale, Login, Mailbox, MenuStep, Metric, NumberEntry,
    Outside, Overflow, Parking, Part, Passage, Prompt, Queue, RateStep, Relaxation, Relaxed, RingOrder, Rule,
    ServiceLevel, Shortcut, Silence, SipSettings, Site, Skills, Slot, Speaker, Speaks, Spot, Step, Store,
    Strategy, Survey, Takes, Talk, TalkFault, TaskSettings, Topic, TransferTo, Trunk, Unit, Webrtc, When,
    parts, skill_words,
};
pub use outside::Reached;
pub use pattern::{InvalidPattern, Pattern};
pub use pin::PinHash;
pub use problem::{Code, Problem, Problems, Severity};
pub use profile::Profile;

use self::{
    decode::suggest,
    dialing::House,
    names::{Known, Names},
    prompt::Tongue,
    source::{Findings, Place},
    tree::{Node, Value},
};
use crate::base::id::Name;

const SECTIONS: [&str; 9] = [
    "site.yaml",
    "numbers.yaml",
    "people.yaml",
    "hours.yaml",
    "queues.yaml",
    "trunks.yaml",
    "dialing.yaml",
    "routing.yaml",
    "alerts.yaml",
];
/// What a site cannot do without.
const NEEDED: usize = 3;
const MAX_FLOWS: usize = 1000;
/// How the files of conversations end that try a flow.
pub const TESTS: &str = ".test.yaml";

/// What a look at a site found: the site when it has no errors, and all problems, warnings too.
#[derive(Debug)]
pub struct Report {
    pub site: Option<Site>,
    pub problems: Problems,
    /// Files read.
    pub files: usize,
}

/// The site in `dir`, or everything that is wrong with it.
pub fn load(dir: &Path) -> Result<Site, Problems> {
    let report = check(dir);
    report.site.ok_or(report.problems)
}

/// Where the site in `dir` keeps its rows, whatever else is wrong with it.
pub fn store_of(dir: &Path) -> Result<Store, Problems> {
    let mut to = Findings::default();
    let root = fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned());
    let tree = read_tree(&root, SECTIONS[0], true, &mut to);
    let store = match tree.node().and_then(|site| under(site, "store")) {
        Some(node) => store::read(&root, node, &mut to),
        None => Some(Store::Sqlite),
    };
    store.filter(|_| !to.has_errors()).ok_or_else(|| to.into_problems())
}

/// Reads the site in `dir` and looks at everything.
pub fn check(dir: &Path) -> Report {
    let mut to = Findings::default();
    let root = match fs::canonicalize(dir) {
        Ok(root) if root.is_dir() => root,
        _ => {
            let place = to.absent(&dir.display().to_string());
            let help = "name the site's folder; a complete one is in examples/small";
            to.error(Code::MissingFile, place, "there is no such folder", help);
            return Report { site: None, problems: to.into_problems(), files: 0 };
        }
    };
    unknown_files(&root, &mut to);
    let trees = Trees::read(&root, &mut to);
    let files = trees.files();
    let site = trees.site(&root, &mut to).filter(|_| !to.has_errors());
    Report { site, problems: to.into_problems(), files }
}

/// One file's YAML: there and understood, there and broken, or not there.
enum Tree {
    Read(Node),
    Broken,
    Absent,
}

impl Tree {
    fn node(&self) -> Option<&Node> {
        match self {
            Self::Read(node) => Some(node),
            Self::Broken | Self::Absent => None,
        }
    }

    fn complete(&self) -> bool {
        !matches!(self, Self::Broken)
    }
}

/// The whole site as YAML.
struct Trees {
    sections: [Tree; SECTIONS.len()],
    flows: Vec<(Name, Tree)>,
}

impl Trees {
    fn read(root: &Path, to: &mut Findings) -> Self {
        let mut needed = 0..SECTIONS.len();
        let sections = SECTIONS.map(|name| {
            let required = needed.next().is_some_and(|i| i < NEEDED);
            read_tree(root, name, required, to)
        });
        let flows = flow_files(root, to)
            .into_iter()
            .map(|(name, file)| {
                let tree = read_tree(root, &file, true, to);
                (name, tree)
            })
            .collect();
        Self { sections, flows }
    }

    fn files(&self) -> usize {
        self.sections.iter().chain(self.flows.iter().map(|f| &f.1)).filter(|t| t.node().is_some()).count()
    }

    fn names(&self, to: &mut Findings) -> Names {
        let [_, numbers, people, hours, queues, trunks, dialing, routing, _] = &self.sections;
        let extensions = people.node().and_then(|n| under(n, "extensions"));
        let flow = |(name, tree): &(Name, Tree)| {
            let place = tree.node().map_or_else(|| to.absent("flows"), |n| n.place);
            tree::Key { text: name.as_str().to_owned(), place }
        };
        let flows = self.flows.iter().map(flow).collect();
        let table = |what, home, tree: &Tree| Known::of_table(what, home, tree.node(), tree.complete());
        let complete = people.complete() && people.node().is_some();
        let dialled = |what, key| {
            let section = dialing.node().and_then(|n| under(n, key));
            Known::of_table(what, "dialing.yaml", section, dialing.complete())
        };
        let parking = dialing.node().and_then(|n| under(n, "parking"));
        Names {
            extensions: Known::of_table("extension", "people.yaml", extensions, complete),
            queues: table("queue", "queues.yaml", queues),
            for_messages: names::for_messages(queues.node()),
            policies: table("policy", "routing.yaml", routing),
            hours: table("calendar", "hours.yaml", hours),
            trunks: table("trunk", "trunks.yaml", trunks),
            flows: Known::new("flow", "flows/", flows, true),
            numbers: table("number", "numbers.yaml", numbers),
            groups: dialled("group", "groups"),
            conferences: dialled("conference", "conferences"),
            slots: Known::new(
                "parking slot",
                "dialing.yaml",
                dialing::slot_keys(parking),
                dialing.complete(),
            ),
            short_codes: dialled("short code", "short_codes"),
        }
    }

    fn site(&self, root: &Path, to: &mut Findings) -> Option<Site> {
        let names = self.names(to);
        let [general, numbers, people, hours, queues, trunks, dialing, routing, alert_tree] =
            self.sections.each_ref().map(Tree::node);
        let (people_tree, queue_tree, dialing_tree, routing_tree) = (people, queues, dialing, routing);
        let tongue = Tongue { languages: general.map(|n| general::languages(n, to)).unwrap_or_default() };
        let general = general.and_then(|n| general::read(root, n, &names, to));
        let numbers = numbers.map(|n| numbers::read(n, &names, &tongue, to)).unwrap_or_default();
        let (extensions, agents) =
            people.map(|n| people::read(root, n, &names, &tongue, to)).unwrap_or_default();
        let hours = hours.map(|n| hours::read(n, to)).unwrap_or_default();
        let queues = queues.map(|n| queues::read(n, &names, &tongue, to)).unwrap_or_default();
        let routing = routing.map(|n| routing::read(n, &names, &queues, &agents, to)).unwrap_or_default();
        let alerts = alert_tree.map(|n| alerts::read(root, n, &names, to)).unwrap_or_default();
        alert_tree.inspect(|tree| alerts::check(tree, &alerts, &queues, to));
        let engine = general.as_ref().map(|g| g.engine.kind);
        let trunks = trunks.map(|n| trunks::read(root, n, engine, to)).unwrap_or_default();
        let without = general.as_ref().map(|general| general.without.clone()).unwrap_or_default();
        let dialing = dialing.map(|n| dialing::read(root, n, &names, &without, to)).unwrap_or_default();
        queue_tree.inspect(|tree| queues::check(tree, &queues, people.map(|_| &agents), &dialing, to));
        features::leave_out(&without, dialing_tree, people_tree, to);
        webrtc::check(self.sections[0].node(), general.as_ref(), (people_tree, &extensions), to);
        let complete = self.sections.iter().all(Tree::complete);
        let deepest = general.as_ref().and_then(|general| general.profile).and_then(Profile::deepest_menu);
        let house = House::new(&names, &extensions, &dialing, dialing_tree, complete, deepest);
        let home = general.as_ref().map_or(crate::base::area::CHINA, |general| general.home.as_str());
        dialing::check(people_tree, dialing_tree, &house, home, to);
        let flows = self.read_flows(root, &house, &tongue, to);
        graph::across(&flows, to);
        survey::check(queue_tree, &queues, &flows, to);
        unused::check(&flows, (queue_tree, &queues), (routing_tree, &routing), to);
        let flows = flows.into_iter().map(|(name, (flow, _))| (name, flow)).collect();
        let general = general?;
        Some(Site {
            name: general.name,
            revision: to.revision(),
            time_zone: general.time_zone,
            home: general.home,
            languages: tongue.languages,
            engine: general.engine,
            store: general.store,
            http: general.http,
            speech: general.speech.hearers,
            voices: general.speech.voices,
            crm: general.crm,
            tasks: general.tasks,
            assistant: general.assistant,
            numbers,
            hours,
            extensions,
            agents,
            queues,
            routing,
            flows,
            trunks,
            dialing,
            fallback: general.fallback,
            lease: general.lease,
            alerts,
            without,
        })
    }

    fn read_flows(
        &self,
        root: &Path,
        house: &House,
        tongue: &Tongue,
        to: &mut Findings,
    ) -> BTreeMap<Name, (Flow, Place)> {
        let learned = samples::of_site(root, &tongue.languages, to);
        let flow = |(name, tree): &(Name, Tree)| {
            let node = tree.node()?;
            let flow = flows::read(root, node, house, tongue, &learned, to)?;
            Some((name.clone(), (flow, Place { end: node.place.start, ..node.place })))
        };
        self.flows.iter().filter_map(flow).collect()
    }
}

fn under<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    match &node.value {
        Value::Table(entries) => entries.iter().find(|(k, _)| k.text == key).map(|(_, node)| node),
        _ => None,
    }
}

fn read_tree(root: &Path, name: &str, required: bool, to: &mut Findings) -> Tree {
    let errors = to.count();
    if let Some(file) = to.read(root, name) {
        return tree::parse(file, to).map_or(Tree::Broken, Tree::Read);
    }
    if to.count() > errors {
        return Tree::Broken;
    }
    if required {
        let place = to.absent(name);
        let help = "every site has one; see examples/small for a complete site";
        to.error(Code::MissingFile, place, format!("{name} is missing"), help);
        return Tree::Broken;
    }
    Tree::Absent
}

/// The flows by name, in the order of their names.
fn flow_files(root: &Path, to: &mut Findings) -> Vec<(Name, String)> {
    let mut found = Vec::new();
    for file in yaml_files(&root.join("flows")) {
        // Conversations that try a flow stand beside it.
        if file.ends_with(TESTS) {
            continue;
        }
        let path = format!("flows/{file}");
        let name = file.strip_suffix(".yaml").map(Name::new);
        match name {
            Some(Ok(name)) => found.push((name, path)),
            Some(Err(_)) => {
                let place = to.absent(&path);
                let help = "rename the file: letters, digits, `.`, `_`, `-`";
                to.error(Code::BadValue, place, "this file's name cannot name a flow", help);
            }
            None => {
                let place = to.absent(&path);
                to.error(
                    Code::UnknownFile,
                    place,
                    format!("{path} is not read"),
                    "rename it to end in `.yaml`",
                );
            }
        }
    }
    if found.is_empty() {
        let place = to.absent("flows");
        to.error(
            Code::MissingFile,
            place,
            "there is no flow",
            "write one, as flows/welcome.yaml in examples/small",
        );
    }
    if found.len() > MAX_FLOWS {
        let place = to.absent("flows");
        to.error(Code::TooLarge, place, format!("more than {MAX_FLOWS} flows"), "split the site");
        found.truncate(MAX_FLOWS);
    }
    found
}

/// A misspelt file would otherwise be left out silently.
fn unknown_files(root: &Path, to: &mut Findings) {
    for file in yaml_files(root).into_iter().filter(|f| !SECTIONS.contains(&f.as_str())) {
        let place: Place = to.absent(&file);
        let help = suggest(&file, &SECTIONS, "a site has");
        to.error(Code::UnknownFile, place, format!("{file} is no file of a site"), help);
    }
}

/// Names of YAML files in a folder, sorted; hidden files left out.
fn yaml_files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.') && is_yaml(name))
        .collect();
    names.sort_unstable();
    names
}

fn is_yaml(name: &str) -> bool {
    let ending = Path::new(name).extension().unwrap_or_default();
    ["yaml", "yml"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}
