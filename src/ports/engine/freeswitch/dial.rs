//! Dial strings: whom to dial for whom, and how.

use std::time::Duration;

use crate::{
    base::{
        id::{LegId, OrderId},
        number::Number,
        text::Label,
    },
    ports::engine::Endpoint,
};

use super::{
    command::{CONTEXT, DIALLED, GIVES_BACK, REFER, RESUME, background, execute, seconds},
    escape::{self, Unspeakable, Variables},
    tag::Tag,
};

/// How jobs begin that dial.
const JOB: &str = "tandem-dial-";

/// Whom to dial, and how.
#[derive(Debug)]
pub struct Dial<'a> {
    pub to: &'a LegId,
    pub endpoint: &'a Endpoint,
    pub timeout: Duration,
    pub caller: &'a Number,
    pub caller_name: &'a Label,
    pub domain: &'a str,
}

impl Dial<'_> {
    fn endpoint(&self) -> Result<String, Unspeakable> {
        Ok(match self.endpoint {
            Endpoint::Phone(user) | Endpoint::Intercom(user) => {
                format!("user/{user}@{}", escape::domain(self.domain)?)
            }
            Endpoint::Trunk { trunk, number } => format!("sofia/gateway/{trunk}/{number}"),
        })
    }

    fn variables(&self) -> Result<Variables, Unspeakable> {
        let timeout = seconds(self.timeout).to_string();
        let variables = Variables::new()
            .word("origination_uuid", self.to.as_str())
            .word("tandem_dialled", "true")
            .word("tandem_mix", "true")
            .word("originate_timeout", &timeout)
            .word("leg_timeout", &timeout)
            .word("ignore_early_media", "true")
            .word("force_transfer_context", REFER)
            .place(GIVES_BACK, RESUME, CONTEXT)
            .number("origination_caller_id_number", self.caller)
            .text("origination_caller_id_name", self.caller_name.as_str());
        Ok(match self.endpoint {
            Endpoint::Intercom(_) => variables.answers_by_itself(escape::domain(self.domain)?),
            _ => variables,
        })
    }
}

/// Dials for a leg, and joins the two.
pub fn connect(order: OrderId, leg: &LegId, dial: &Dial<'_>) -> Result<Vec<u8>, Unspeakable> {
    let argument = dial
        .variables()?
        .word("tandem_for", leg.as_str())
        .word("instant_ringback", "true")
        .mixing_as_the_caller()
        .dial(&dial.endpoint()?);
    Ok(execute(leg, "bridge", &argument, &Tag::Connect(order, dial.to.clone())).bytes())
}

/// Dials for nobody. Whoever answers is parked, and ends unless it is wanted within `lease`.
pub fn originate(dial: &Dial<'_>, lease: Duration) -> Result<Vec<u8>, Unspeakable> {
    let string = dial
        .variables()?
        .word("tandem_alone", "true")
        .word("tandem_lease", &seconds(lease).to_string())
        .dial(&dial.endpoint()?);
    Ok(background(&format!("originate {string} {DIALLED} XML {CONTEXT}"), &job(dial.to)))
}

fn job(leg: &LegId) -> String {
    format!("{JOB}{leg}")
}

/// The leg that a job dials.
pub fn dialled_by(job: &str) -> Option<LegId> {
    job.strip_prefix(JOB).and_then(|leg| LegId::new(leg).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::id::Name;

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).expect("utf-8")
    }

    proptest! {
        #[test]
        fn a_callers_name_stays_a_name(name in any::<String>()) {
            let (leg, to) = (LegId::new("a-leg").expect("id"), LegId::new("b-leg").expect("id"));
            let dial = Dial {
                to: &to,
                endpoint: &Endpoint::Phone(Name::new("1001").expect("name")),
                timeout: Duration::from_secs(20),
                caller: &Number::new("+8613800138000").expect("number"),
                caller_name: &Label::new(&name),
                domain: "pbx.example",
            };
            let line = text(connect(OrderId { seq: 1, index: 2 }, &leg, &dial).expect("plain"));
            prop_assert_eq!(line.lines().count(), 6);
            prop_assert!(line.starts_with("sendmsg a-leg\ncall-command: execute\nexecute-app-name: bridge\n"));
            let argument = line.lines().find_map(|l| l.strip_prefix("execute-app-arg: ")).expect("argument");
            prop_assert_eq!(argument.matches(['{', '}', '[', ']', '<', '>', '$', '%', '|', '^', ':', '&']).count(), 7);
            prop_assert_eq!(argument.matches('\'').count(), 2);
            prop_assert_eq!(argument.matches(',').count(), 12);
            let ends_well = argument.ends_with("true,media_mix_inbound_outbound_codecs=${tandem_mix}}user/1001@pbx.example");
            prop_assert!(ends_well, "{}", argument);
        }
    }
}
