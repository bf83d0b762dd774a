//! One step of a flow: its first key says what it does.

use std::{collections::BTreeMap, path::Path, time::Duration};

use super::{
    decode::{self, Fields, Shape, suggest},
    dialing::House,
    flows::HANGUP,
    model::{CollectStep, MenuStep, RateStep, Step, Takes, TransferTo},
    names::{Known, Names},
    problem::Code,
    prompt::Tongue,
    sound,
    source::Findings,
    tree::{Key, Node, Value},
};
use crate::base::{
    id::Name,
    number::{Key as PhoneKey, Number},
};

/// What the steps of one flow may refer to.
pub(super) struct Scope<'a> {
    pub root: &'a Path,
    pub names: &'a Names,
    pub house: &'a House<'a>,
    pub tongue: &'a Tongue,
    pub steps: Known,
    pub entries: &'a [(Key, Node)],
}

const KINDS: [&str; 12] = [
    "say",
    "play",
    "menu",
    "collect",
    "rate",
    "queue",
    "route",
    "transfer",
    "hours",
    "voicemail",
    "flow",
    "hangup",
];

const SAY: Shape = Shape {
    what: "a step that says something",
    keys: &[("say", "say: { zh: 您好。, en: Hello. }"), ("next", "next: menu")],
};
const PLAY: Shape = Shape {
    what: "a step that plays a recording",
    keys: &[("play", "play: sounds/jingle.wav"), ("next", "next: menu")],
};
const MENU: Shape = Shape {
    what: "a menu",
    keys: &[
        ("menu", "menu: { zh: 销售请按1。, en: For sales press 1. }"),
        ("keys", "keys: { 1: sales, 0: operator }"),
        ("otherwise", "otherwise: operator"),
        ("timeout", "timeout: 5s"),
        ("tries", "tries: 3"),
        ("invalid", "invalid: { zh: 输入有误。, en: That is not an option. }"),
    ],
};
const COLLECT: Shape = Shape {
    what: "a step that collects digits",
    keys: &[
        ("collect", "collect: { zh: 请输入分机号。, en: Enter the extension. }"),
        ("max", "max: 4"),
        ("next", "next: dial"),
        ("otherwise", "otherwise: operator"),
        ("min", "min: 4"),
        ("end_key", "end_key: \"#\""),
        ("timeout", "timeout: 5s"),
        ("tries", "tries: 3"),
        ("invalid", "invalid: { zh: 输入有误。, en: That is not valid. }"),
    ],
};
const RATE: Shape = Shape {
    what: "a step that asks how it was",
    keys: &[
        ("rate", "rate: { zh: 请按1到5打分。, en: Please press 1 to 5. }"),
        ("of", "of: 5"),
        ("next", "next: thanks"),
        ("otherwise", "otherwise: thanks"),
        ("timeout", "timeout: 5s"),
        ("tries", "tries: 2"),
        ("invalid", "invalid: { zh: 输入有误。, en: That is not an answer. }"),
    ],
};
const QUEUE: Shape = Shape {
    what: "a step that waits in a queue",
    keys: &[("queue", "queue: sales"), ("otherwise", "otherwise: operator")],
};
const ROUTE: Shape = Shape {
    what: "a step that lets a policy say the queue",
    keys: &[("route", "route: desk"), ("otherwise", "otherwise: operator")],
};
const TRANSFER: Shape = Shape {
    what: "a transfer",
    keys: &[("transfer", "transfer: 1001"), ("otherwise", "otherwise: sorry"), ("ring", "ring: 25s")],
};
const COLLECTED: Shape = Shape {
    what: "a transfer's target",
    keys: &[
        ("collected", "collected: STEP"),
        ("trunk", "trunk: carrier"),
        ("number", "number: +862161234567"),
        ("outside", "outside: +862161234567"),
    ],
};
const HOURS: Shape = Shape {
    what: "a step that looks at opening hours",
    keys: &[("hours", "hours: office"), ("open", "open: menu"), ("closed", "closed: night")],
};
const VOICEMAIL: Shape =
    Shape { what: "a step that takes a message", keys: &[("voicemail", "voicemail: 1001")] };
const FLOW: Shape = Shape { what: "a step to another flow", keys: &[("flow", "flow: welcome")] };
const END: Shape = Shape { what: "a hangup", keys: &[("hangup", "hangup:")] };

/// The step under `key`; `None` when something in it is wrong (and said so).
pub(super) fn read(key: &Key, node: &Node, scope: &Scope, to: &mut Findings) -> Option<Step> {
    let entries = match &node.value {
        Value::Table(entries) => entries.as_slice(),
        Value::Scalar { text, .. } if text == HANGUP => return Some(Step::Hangup),
        _ => {
            let place = if node.is_nothing() { key.place } else { node.place };
            let message = format!("a step is a table, but this is {}", node.kind());
            to.error(Code::WrongType, place, message, "write it like `{ say: Hello., next: hangup }`");
            return None;
        }
    };
    let kind = kind(key, entries, to)?;
    let open = |shape, to: &mut Findings| Fields::open(node, key.place, shape, to);
    match kind.text.as_str() {
        "say" => {
            let fields = open(&SAY, to)?;
            let prompt = fields.need("say", to).and_then(|n| scope.tongue.prompt(n, to));
            let next = scope.target(&fields, "next", to);
            Some(Step::Say { prompt: prompt?, next: next? })
        }
        "play" => {
            let fields = open(&PLAY, to)?;
            let file = fields.need("play", to).and_then(|n| sound::recording(scope.root, n, to));
            let next = scope.target(&fields, "next", to);
            Some(Step::Play { file: file?, next: next? })
        }
        "menu" => menu(&open(&MENU, to)?, scope, to).map(Step::Menu),
        "collect" => collect(&open(&COLLECT, to)?, scope, to).map(Step::Collect),
        "rate" => rate(&open(&RATE, to)?, scope, to).map(Step::Rate),
        "queue" => {
            let (queue, otherwise) = waiting(&open(&QUEUE, to)?, "queue", scope, to, |n, to| {
                scope.names.queue(n, Takes::Calls, to)
            })?;
            Some(Step::Queue { queue, otherwise })
        }
        "route" => {
            let (policy, otherwise) =
                waiting(&open(&ROUTE, to)?, "route", scope, to, |n, to| scope.names.policies.name(n, to))?;
            Some(Step::Route { policy, otherwise })
        }
        "transfer" => transfer(&open(&TRANSFER, to)?, scope, to),
        "hours" => {
            let fields = open(&HOURS, to)?;
            let hours = fields.need("hours", to).and_then(|n| scope.names.hours.name(n, to));
            let open = scope.target(&fields, "open", to);
            let closed = scope.target(&fields, "closed", to);
            Some(Step::Hours { hours: hours?, open: open?, closed: closed? })
        }
        "voicemail" => {
            let fields = open(&VOICEMAIL, to)?;
            let node = fields.need("voicemail", to)?;
            scope.house.mailbox(node, to).map(|mailbox| Step::Voicemail { mailbox })
        }
        "flow" => {
            open(&FLOW, to)?.need("flow", to).and_then(|n| scope.names.flows.name(n, to)).map(Step::Flow)
        }
        _ => open(&END, to).map(|_| Step::Hangup),
    }
}

/// The key that says what a step does.
fn kind<'a>(key: &Key, entries: &'a [(Key, Node)], to: &mut Findings) -> Option<&'a Key> {
    let mut kinds = entries.iter().filter(|(k, _)| KINDS.contains(&k.text.as_str()));
    let Some((kind, _)) = kinds.next() else {
        unknown_kind(key, entries, to);
        return None;
    };
    if let Some((second, _)) = kinds.next() {
        let message = format!("a step does one thing, but this has `{}` and `{}`", kind.text, second.text);
        to.error(Code::UnknownKey, second.place, message, "make two steps, joined by `next`");
        return None;
    }
    Some(kind)
}

/// Where callers wait, and where they go otherwise.
fn waiting(
    fields: &Fields,
    key: &str,
    scope: &Scope,
    to: &mut Findings,
    read: impl Fn(&Node, &mut Findings) -> Option<Name>,
) -> Option<(Name, Name)> {
    let name = fields.need(key, to).and_then(|n| read(n, to));
    let otherwise = scope.target(fields, "otherwise", to);
    Some((name?, otherwise?))
}

fn unknown_kind(key: &Key, entries: &[(Key, Node)], to: &mut Findings) {
    let near = entries.iter().find(|(k, _)| suggest(&k.text, &KINDS, "").starts_with("did"));
    if let Some((wrong, _)) = near {
        let message = format!("a step has no key `{}`", wrong.text);
        to.error(Code::UnknownKey, wrong.place, message, suggest(&wrong.text, &KINDS, "a step does one of"));
    } else {
        let message = format!("nothing says what the step `{}` does", key.text);
        to.error(Code::MissingKey, key.place, message, format!("add one of: {}", KINDS.join(", ")));
    }
}

impl Scope<'_> {
    /// A step that a key leads to.
    fn target(&self, fields: &Fields, key: &str, to: &mut Findings) -> Option<Name> {
        let node = fields.need(key, to)?;
        self.step(node, to)
    }

    fn step(&self, node: &Node, to: &mut Findings) -> Option<Name> {
        match &node.value {
            Value::Scalar { text, .. } if text == HANGUP => Name::new(HANGUP).ok(),
            _ => self.steps.name(node, to),
        }
    }
}

/// The values that steps share which wait for keys: timeout and tries.
fn patience(fields: &Fields, usual: u8, to: &mut Findings) -> Option<(Duration, u8)> {
    let (least, most) = (Duration::from_millis(500), Duration::from_mins(1));
    let timeout =
        fields.get("timeout").map_or(Some(Duration::from_secs(5)), |n| decode::duration(n, least, most, to));
    let tries = fields.get("tries").map_or(Some(usual), |n| decode::count(n, 1, 10, to));
    Some((timeout?, tries?))
}

fn menu(fields: &Fields, scope: &Scope, to: &mut Findings) -> Option<MenuStep> {
    let prompt = fields.need("menu", to).and_then(|n| scope.tongue.prompt(n, to));
    let keys = fields.need("keys", to).and_then(|n| keys(n, fields, scope, to));
    let patience = patience(fields, 3, to);
    let invalid = fields.get("invalid").map(|n| scope.tongue.prompt(n, to));
    let otherwise = scope.target(fields, "otherwise", to);
    let (timeout, tries) = patience?;
    Some(MenuStep {
        prompt: prompt?,
        keys: keys?,
        timeout,
        tries,
        invalid: invalid.unwrap_or_default(),
        otherwise: otherwise?,
    })
}

fn keys(node: &Node, fields: &Fields, scope: &Scope, to: &mut Findings) -> Option<BTreeMap<PhoneKey, Name>> {
    let entries = decode::entries(node, "a menu's keys", "{ 1: sales, 0: operator }", to);
    if entries.is_empty() {
        let place = fields.key_place("keys").unwrap_or(node.place);
        to.error(Code::MissingKey, place, "a menu without keys", "add a key, like `1: sales`");
        return None;
    }
    let read: Vec<_> = entries
        .iter()
        .map(|(key, node)| (decode::phone_key(&key.text, key.place, to), scope.step(node, to)))
        .collect();
    read.into_iter().map(|(key, step)| Some((key?, step?))).collect()
}

fn collect(fields: &Fields, scope: &Scope, to: &mut Findings) -> Option<CollectStep> {
    let prompt = fields.need("collect", to).and_then(|n| scope.tongue.prompt(n, to));
    let max = fields.need("max", to).and_then(|n| decode::count(n, 1, 32, to));
    let min = fields.get("min").map_or(Some(1), |n| decode::count(n, 1, 32, to));
    if let (Some(node), Some(low), Some(high)) = (fields.get("min"), min, max)
        && low > high
    {
        let message = format!("at least {low} digits, but at most {high}: nobody can enter that");
        to.error(Code::BadValue, node.place, message, format!("`min` may be {high} at most, or raise `max`"));
    }
    let end_key = end_key(fields, to);
    let patience = patience(fields, 3, to);
    let invalid = fields.get("invalid").map(|n| scope.tongue.prompt(n, to));
    let next = scope.target(fields, "next", to);
    let otherwise = scope.target(fields, "otherwise", to);
    let (timeout, tries) = patience?;
    Some(CollectStep {
        prompt: prompt?,
        min: min?,
        max: max?,
        end_key,
        timeout,
        tries,
        invalid: invalid.unwrap_or_default(),
        next: next?,
        otherwise: otherwise?,
    })
}

fn rate(fields: &Fields, scope: &Scope, to: &mut Findings) -> Option<RateStep> {
    let prompt = fields.need("rate", to).and_then(|n| scope.tongue.prompt(n, to));
    let of = fields.get("of").map_or(Some(5), |n| decode::count(n, 2, 9, to));
    let patience = patience(fields, 2, to);
    let invalid = fields.get("invalid").map(|n| scope.tongue.prompt(n, to));
    let next = scope.target(fields, "next", to);
    let otherwise = fields.get("otherwise").map_or_else(|| next.clone(), |n| scope.step(n, to));
    let (timeout, tries) = patience?;
    Some(RateStep {
        prompt: prompt?,
        of: of?,
        timeout,
        tries,
        invalid: invalid.unwrap_or_default(),
        next: next?,
        otherwise: otherwise?,
    })
}

/// A key, `none`, or `#` where nothing is said.
fn end_key(fields: &Fields, to: &mut Findings) -> Option<PhoneKey> {
    let Some(node) = fields.get("end_key") else { return Some(PhoneKey::POUND) };
    match decode::scalar(node, "\"#\"", to)? {
        "none" => None,
        text => decode::phone_key(text, node.place, to),
    }
}

fn transfer(fields: &Fields, scope: &Scope, to: &mut Findings) -> Option<Step> {
    let target = fields.need("transfer", to).and_then(|n| transfer_to(n, scope, to));
    let (least, most) = (Duration::from_secs(5), Duration::from_mins(5));
    let ring =
        fields.get("ring").map_or(Some(Duration::from_secs(25)), |n| decode::duration(n, least, most, to));
    let otherwise = scope.target(fields, "otherwise", to);
    Some(Step::Transfer { to: target?, ring: ring?, otherwise: otherwise? })
}

fn transfer_to(node: &Node, scope: &Scope, to: &mut Findings) -> Option<TransferTo> {
    if !matches!(node.value, Value::Table(_)) {
        return inside(node, scope, to);
    }
    let fields = Fields::open(node, node.place, &COLLECTED, to)?;
    let others = |keys: [&str; 2]| keys.into_iter().find_map(|key| fields.key_place(key));
    if let Some(node) = fields.get("outside") {
        if let Some(place) = fields.key_place("collected").or(others(["trunk", "number"])) {
            let message = "`outside` says the number, and dialing.yaml the trunks";
            to.error(Code::UnknownKey, place, message, "remove this key");
            return None;
        }
        return scope
            .house
            .outside(node, ", or name a trunk: `{ trunk: carrier, number: … }`", to)
            .map(TransferTo::Outside);
    }
    if let Some(step) = fields.get("collected") {
        if let Some(place) = others(["trunk", "number"]) {
            let message = "what was collected is dialled as an extension, not on a trunk";
            to.error(Code::UnknownKey, place, message, "remove this key");
            return None;
        }
        return collected(step, scope, to).map(TransferTo::Collected);
    }
    let trunk = fields.need("trunk", to).and_then(|n| scope.names.trunks.name(n, to));
    let number: Option<Number> = fields.need("number", to).and_then(|n| {
        let text = decode::scalar(n, "+862161234567", to)?;
        decode::number(text, n.place, to)
    });
    Some(TransferTo::Trunk { trunk: trunk?, number: number? })
}

/// An extension, a ring group or a conference.
fn inside(node: &Node, scope: &Scope, to: &mut Findings) -> Option<TransferTo> {
    let known = |known: &Known| decode::text(node).is_some_and(|text| known.has(text));
    let number = || Number::new(decode::text(node)?).ok();
    if known(&scope.names.groups) {
        return number().map(TransferTo::Group);
    }
    if known(&scope.names.conferences) {
        return number().map(TransferTo::Conference);
    }
    scope.names.extensions.number(node, to).map(TransferTo::Extension)
}

/// The name of a step in this flow that collects digits openly.
fn collected(node: &Node, scope: &Scope, to: &mut Findings) -> Option<Name> {
    let name = scope.steps.name(node, to)?;
    let step = scope.entries.iter().find(|(k, _)| k.text == name.as_str()).map(|(_, node)| &node.value);
    let fields = match step {
        Some(Value::Table(fields)) => fields.as_slice(),
        _ => &[],
    };
    let has = |key: &str| fields.iter().find(|(k, _)| k.text == key).map(|(_, node)| &node.value);
    if has("collect").is_none() {
        let message = format!("the step `{name}` collects no digits");
        to.error(Code::UnknownName, node.place, message, "name a step with `collect`");
        return None;
    }
    Some(name)
}
