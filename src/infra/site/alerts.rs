//! `alerts.yaml`: rules on figures of queues, and who is told.

use std::{collections::BTreeMap, net::SocketAddr, path::Path, time::Duration};

use smol_str::SmolStr;

use super::{
    decode::{self, Fields, Shape, shorten},
    model::{AlertRule, AlertTarget, Alerting, Escalation, Limit, Metric, Queue, Takes, Unit},
    names::{Known, Names},
    problem::Code,
    secret,
    source::Findings,
    tasks::address,
    tree::{Key, Node, Value},
};
use crate::base::id::Name;

const ALERTS: Shape = Shape {
    what: "alerts.yaml",
    keys: &[
        ("targets", "targets: { desk: { slack: secrets/slack } }"),
        ("rules", "rules: { crowd: { when: waiting, above: 10, tell: desk } }"),
    ],
};
const RULE: Shape = Shape {
    what: "a rule of alerts",
    keys: &[
        ("when", "when: waiting"),
        ("above", "above: 10"),
        ("below", "below: 80"),
        ("clear", "clear: 5"),
        ("for", "for: 30s"),
        ("queue", "queue: sales"),
        ("open", "open: office"),
        ("least", "least: 10"),
        ("within", "within: 7d"),
        ("tell", "tell: desk"),
        ("escalate", "escalate: [ { after: 5m, tell: boss } ]"),
        ("remind", "remind: 30m"),
    ],
};
const ESCALATION: Shape =
    Shape { what: "an escalation", keys: &[("after", "after: 5m"), ("tell", "tell: boss")] };
const TARGET: Shape = Shape {
    what: "a target of alerts",
    keys: &[
        ("slack", "slack: secrets/slack"),
        ("wecom", "wecom: secrets/wecom"),
        ("dingtalk", "dingtalk: secrets/dingtalk"),
        ("sign", "sign: secrets/dingtalk-sign"),
        ("json", "json: https://desk.example/alerts"),
        ("secret_file", "secret_file: secrets/alerts"),
        ("url", "url: https://proxy.example/robot"),
        ("mail", "mail: [ops@example.com]"),
        ("from", "from: tandem@example.com"),
        ("server", "server: 127.0.0.1:25"),
    ],
};
const KINDS: [&str; 5] = ["slack", "wecom", "dingtalk", "json", "mail"];

/// Fewer make any rate.
const LEAST: u16 = 10;
const DAY: Duration = Duration::from_hours(24);
/// Days after which nobody's next call counts.
const LONGEST: u32 = 90;

pub(super) fn read(root: &Path, node: &Node, names: &Names, to: &mut Findings) -> Alerting {
    let Some(fields) = Fields::open(node, node.place, &ALERTS, to) else { return Alerting::default() };
    let table = |key, example, to: &mut Findings| {
        fields.get(key).map(|node| decode::entries(node, key, example, to)).unwrap_or_default()
    };
    let targets = table("targets", "desk: { slack: secrets/slack }", to);
    let known = Known::of_table("target", "alerts.yaml", fields.get("targets"), true);
    let rules: BTreeMap<Name, AlertRule> = table("rules", "crowd: { when: waiting, above: 10 }", to)
        .iter()
        .filter_map(|(key, node)| {
            Some((decode::new_name(key, "a rule", to)?, rule(key, node, names, &known, to)?))
        })
        .collect();
    let targets = targets
        .iter()
        .filter_map(|(key, node)| {
            let name = decode::new_name(key, "a target", to)?;
            let told = |rule: &AlertRule| {
                rule.tell.contains(&name) || rule.escalate.iter().any(|step| step.tell.contains(&name))
            };
            if !to.has_errors() && !rules.values().any(told) {
                let message = format!("no rule tells the target `{name}`");
                to.warn(Code::Unreachable, key.place, message, "name it in `tell` of a rule, or remove it");
            }
            Some((name, target(root, key, node, to)?))
        })
        .collect();
    Alerting { targets, rules }
}

/// Rules on what no queue tells.
pub(super) fn check(node: &Node, alerting: &Alerting, queues: &BTreeMap<Name, Queue>, to: &mut Findings) {
    let Value::Table(entries) = &node.value else { return };
    let rules = entries.iter().find(|(key, _)| key.text == "rules").map(|(_, node)| &node.value);
    let Some(Value::Table(rules)) = rules else { return };
    for (key, _) in rules {
        let Some(rule) = Name::new(&key.text).ok().and_then(|name| alerting.rules.get(&name)) else {
            continue;
        };
        let told = |queue: &Queue| match rule.metric {
            Metric::SilentTalks => queue.mood.is_some_and(|mood| mood.silence.is_some()),
            Metric::HeatedTalks => queue.mood.is_some_and(|mood| mood.heat.is_some()),
            Metric::UndisposedToday => {
                queue.dispositions.as_ref().is_some_and(|dispositions| dispositions.required)
            }
            metric if metric.is_of_surveys() => queue.survey.is_some(),
            metric if metric.is_of_calls() => queue.takes == Takes::Calls,
            _ => true,
        };
        let mut watched =
            queues.iter().filter(|(name, _)| rule.queues.is_empty() || rule.queues.contains(name));
        if !watched.any(|(_, queue)| told(queue)) {
            let (what, help) = match rule.metric {
                Metric::SilentTalks | Metric::HeatedTalks => {
                    ("talks", "add `mood: { silence: 20s, heat: 70 }` to it in queues.yaml")
                }
                Metric::UndisposedToday => {
                    ("calls", "add `dispositions` with `required: true` to it in queues.yaml")
                }
                metric if metric.is_of_calls() => ("callers", "name a queue that takes calls"),
                _ => ("callers", "add `survey: { flow: rating }` to it in queues.yaml"),
            };
            let message = format!("no queue tells `{}` of its {what}", rule.metric.word());
            to.warn(Code::Unreachable, key.place, message, help);
        }
    }
}

fn rule(key: &Key, node: &Node, names: &Names, targets: &Known, to: &mut Findings) -> Option<AlertRule> {
    let fields = Fields::open(node, key.place, &RULE, to)?;
    let metric = fields.need("when", to).and_then(|node| metric(node, to));
    let limit = metric.and_then(|metric| limit(&fields, key, metric, to));
    let mut span = |key| fields.get(key).map(|node| decode::duration(node, Duration::ZERO, DAY, to));
    let (lasts, remind) = (span("for"), span("remind"));
    let queues = fields.get("queue").map(decode::list).unwrap_or_default();
    let queues = queues.iter().filter_map(|node| names.queues.name(node, to)).collect();
    let least = fields.get("least").map_or(Some(LEAST), |node| decode::amount(node, 1, 10_000, to));
    let within = within(&fields, metric, to);
    let tell = told(&fields, targets, to);
    let escalate = escalations(&fields, targets, &tell, to);
    Some(AlertRule {
        metric: metric?,
        limit: limit?,
        queues,
        open: fields.get("open").and_then(|node| names.hours.name(node, to)),
        lasts: lasts.unwrap_or(Some(Duration::ZERO))?,
        least: u64::from(least?),
        within_days: within?,
        tell,
        escalate,
        remind: remind.flatten().filter(|span| !span.is_zero()),
    })
}

fn metric(node: &Node, to: &mut Findings) -> Option<Metric> {
    let text = decode::scalar(node, "waiting", to)?;
    let found = Metric::ALL.into_iter().find(|(word, _)| *word == text);
    if found.is_none() {
        let known: Vec<&str> = Metric::ALL.iter().map(|(word, _)| *word).collect();
        let message = format!("`{}` is no figure that is watched", shorten(text));
        to.error(Code::BadValue, node.place, message, decode::suggest(text, &known, "allowed"));
    }
    found.map(|(_, metric)| metric)
}

/// Whole days.
fn within(fields: &Fields, metric: Option<Metric>, to: &mut Findings) -> Option<u16> {
    let Some(node) = fields.get("within") else { return Some(AlertRule::WEEK) };
    if let Some(metric) = metric.filter(|metric| !metric.is_of_repeats()) {
        let message = format!("`{}` is not of callers who called again", metric.word());
        let help = "remove it; it is for repeat_rate and first_contact_resolution";
        to.error(Code::Contradiction, node.place, message, help);
    }
    let span = decode::duration(node, DAY, DAY * LONGEST, to)?;
    let days = span.as_secs() / DAY.as_secs();
    if DAY.as_secs() * days != span.as_secs() {
        to.error(Code::BadValue, node.place, "these are not whole days", "write it like `7d`");
    }
    u16::try_from(days).ok()
}

fn limit(fields: &Fields, key: &Key, metric: Metric, to: &mut Findings) -> Option<Limit> {
    let (above, node) = match (fields.get("above"), fields.get("below")) {
        (Some(node), None) => (true, node),
        (None, Some(node)) => (false, node),
        (Some(_), Some(node)) => {
            let message = "above and below in one rule";
            to.error(Code::Contradiction, node.place, message, "make two of it");
            return None;
        }
        (None, None) => {
            to.error(Code::MissingKey, key.place, "a rule without a limit", "add `above: 10` or `below: 80`");
            return None;
        }
    };
    let limit = value(node, metric, to)?;
    let clear = match fields.get("clear") {
        Some(node) => {
            let clear = value(node, metric, to)?;
            if if above { clear > limit } else { clear < limit } {
                let side = if above { "above" } else { "below" };
                let message = format!("the alert would end while the figure is {side} its limit");
                let help = if above { "make it the limit or less" } else { "make it the limit or more" };
                to.error(Code::Contradiction, node.place, message, help);
                return None;
            }
            clear
        }
        None => limit,
    };
    Some(Limit { above, limit, clear })
}

fn value(node: &Node, metric: Metric, to: &mut Findings) -> Option<u64> {
    match metric.unit() {
        Unit::Count => decode::amount(node, 0, 60_000, to).map(u64::from),
        Unit::Permille => decode::amount(node, 0, 100, to).map(|percent| u64::from(percent) * 10),
        Unit::Millis => decode::duration(node, Duration::ZERO, DAY, to)
            .and_then(|span| u64::try_from(span.as_millis()).ok()),
    }
}

fn told(fields: &Fields, targets: &Known, to: &mut Findings) -> Vec<Name> {
    let list = fields.get("tell").map(decode::list).unwrap_or_default();
    list.iter().filter_map(|node| targets.name(node, to)).collect()
}

fn escalations(fields: &Fields, targets: &Known, first: &[Name], to: &mut Findings) -> Vec<Escalation> {
    let (mut steps, mut before) = (Vec::<Escalation>::new(), first.to_vec());
    for node in fields.get("escalate").map(decode::list).unwrap_or_default() {
        let Some(fields) = Fields::open(node, node.place, &ESCALATION, to) else { continue };
        let after =
            fields.need("after", to).and_then(|node| decode::duration(node, Duration::from_secs(1), DAY, to));
        let _needed = fields.need("tell", to);
        let tell = told(&fields, targets, to);
        let Some(after) = after else { continue };
        if steps.last().is_some_and(|last| after <= last.after) {
            let message = "this step does not come after the one before";
            to.error(Code::Contradiction, node.place, message, "put them in the order of `after`");
        }
        if let Some(again) = tell.iter().find(|name| before.contains(name)) {
            let message = format!("`{again}` has been told already: the escalation goes in a circle");
            to.error(Code::EndlessLoop, node.place, message, "tell somebody else, or use `remind`");
        }
        before.extend(tell.clone());
        steps.push(Escalation { after, tell });
    }
    steps
}

fn target(root: &Path, key: &Key, node: &Node, to: &mut Findings) -> Option<AlertTarget> {
    let fields = Fields::open(node, key.place, &TARGET, to)?;
    let kinds: Vec<&str> = KINDS.into_iter().filter(|kind| fields.get(kind).is_some()).collect();
    let [kind] = kinds[..] else {
        let message = if kinds.is_empty() { "a target that is nobody" } else { "a target that is several" };
        to.error(Code::MissingKey, key.place, message, format!("write one of {}", KINDS.join(", ")));
        return None;
    };
    let node = fields.get(kind)?;
    if kind == "mail" {
        return mail(&fields, node, to);
    }
    if kind == "json" {
        let secret_file = match fields.get("secret_file") {
            Some(node) => Some(secret::key_place(root, node, "secrets/alerts", to)?),
            None => None,
        };
        let url = address(node, "https://desk.example/alerts", "secret_file", to)?;
        return Some(AlertTarget::Json { url, secret_file });
    }
    let secret_file = secret::key_place(root, node, "secrets/robot", to);
    let url = |usual: &'static str, to: &mut Findings| match fields.get("url") {
        Some(node) => address(node, usual, kind, to),
        None => Some(SmolStr::new_static(usual)),
    };
    match kind {
        "wecom" => {
            let url = url("https://qyapi.weixin.qq.com/cgi-bin/webhook/send", to)?;
            Some(AlertTarget::Wecom { url, secret_file: secret_file? })
        }
        "dingtalk" => {
            let sign_file = match fields.get("sign") {
                Some(node) => Some(secret::key_place(root, node, "secrets/dingtalk-sign", to)?),
                None => None,
            };
            let url = url("https://oapi.dingtalk.com/robot/send", to)?;
            Some(AlertTarget::Dingtalk { url, secret_file: secret_file?, sign_file })
        }
        _ => {
            let url = url("https://hooks.slack.com/services", to)?;
            Some(AlertTarget::Slack { url, secret_file: secret_file? })
        }
    }
}

fn mail(fields: &Fields, node: &Node, to: &mut Findings) -> Option<AlertTarget> {
    let addresses: Vec<_> = decode::list(node).iter().map(|node| mail_address(node, to)).collect();
    let from = fields.need("from", to).and_then(|node| mail_address(node, to));
    let server = match fields.get("server") {
        Some(node) => {
            let text = decode::scalar(node, "127.0.0.1:25", to)?;
            let server = text.parse::<SocketAddr>().ok().filter(|server| server.ip().is_loopback());
            if server.is_none() {
                let message = format!("`{}` is no mail server on this machine", shorten(text));
                let help = "mail goes to one here, which takes it further with TLS: `127.0.0.1:25`";
                to.error(Code::BadValue, node.place, message, help);
            }
            server?
        }
        None => SocketAddr::from(([127, 0, 0, 1], 25)),
    };
    let addresses: Vec<SmolStr> = addresses.into_iter().collect::<Option<_>>()?;
    if addresses.is_empty() {
        to.error(Code::MissingKey, node.place, "mail to nobody", "write `mail: [ops@example.com]`");
        return None;
    }
    Some(AlertTarget::Mail { to: addresses, from: from?, server })
}

fn mail_address(node: &Node, to: &mut Findings) -> Option<SmolStr> {
    let text = decode::scalar(node, "ops@example.com", to)?;
    let plain = |part: &str, also: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || also.contains(char::from(b)))
    };
    let fits = text.len() <= 254
        && text.split_once('@').is_some_and(|(who, host)| plain(who, "._%+-") && plain(host, ".-"));
    if !fits {
        let message = format!("`{}` is no mail address", shorten(text));
        to.error(Code::BadValue, node.place, message, "write it like `ops@example.com`");
    }
    fits.then(|| text.into())
}
