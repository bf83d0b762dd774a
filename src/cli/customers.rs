//! `tandem customers`: who is known, and by which numbers and mail addresses.

mod import;

use std::path::PathBuf;

use jiff::civil::Date;
use serde_json::json;

use super::{
    Exit, Fault,
    calls::erased,
    client::Answer,
    context::Context,
    paint::{Paint, number, text},
    show::{encoded, print, render},
};
use crate::{
    base::{id::Name, number::Number, text::Label},
    desk::customer::{Customer, Draft, Mail, Note},
};

/// List customers, show, set, remove or import them
///
/// A customer has an id, which never changes, and is known by numbers and mail addresses, each of which belongs to one
/// customer at most.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List customers (what `tandem customers` alone does)
    List {
        /// Only those of this class
        #[arg(long)]
        class: Option<Name>,
        /// Only those with this tag
        #[arg(long)]
        tag: Option<Name>,
        /// At most so many
        #[arg(long, default_value_t = 1000)]
        limit: usize,
    },
    /// Show a customer
    Show {
        /// Id, number or mail address
        #[arg(value_name = "CUSTOMER")]
        who: String,
    },
    /// Make a customer, or change what is named here
    Set(Box<Set>),
    /// Remove a customer; finished calls stay as they are
    Remove {
        /// The id
        id: Name,
    },
    /// Remove a customer, and erase all its numbers from finished calls
    Erase {
        /// The id
        id: Name,
    },
    /// Make and change customers as a file says: CSV with a head, or JSON
    ///
    /// A customer of the same id becomes what the file says; nobody else is touched. The same file again changes nothing.
    Import {
        /// The file, .csv or .json
        file: PathBuf,
        /// Only tell what would come of it
        #[arg(long)]
        dry_run: bool,
    },
}

/// What is not named stays; an empty text takes away what was there.
#[derive(Debug, clap::Args)]
struct Set {
    /// The id
    id: Name,
    /// How the customer is called
    #[arg(long)]
    name: Option<String>,
    /// vip, regular, new, or another word of the house
    #[arg(long)]
    class: Option<String>,
    /// All tags, one by one
    #[arg(long = "tag", value_name = "TAG")]
    tags: Option<Vec<String>>,
    /// zh or en
    #[arg(long)]
    language: Option<String>,
    /// What the house has noted
    #[arg(long)]
    note: Option<String>,
    /// All numbers, one by one
    #[arg(long = "number", value_name = "NUMBER")]
    numbers: Option<Vec<String>>,
    /// All mail addresses, one by one
    #[arg(long = "mail", value_name = "MAIL")]
    mails: Option<Vec<String>>,
    /// How often the customer has complained
    #[arg(long)]
    complaints: Option<u32>,
    /// The day of the last complaint, such as 2026-11-01
    #[arg(long, value_name = "DAY")]
    complained: Option<Date>,
}

/// Why a command about customers is not done.
#[derive(Debug, thiserror::Error)]
pub enum CustomerFault {
    #[error("no customer has {0}; see `tandem customers list`")]
    Nobody(String),
    #[error("--{what}: {why}")]
    Option { what: &'static str, why: String },
    #[error("{} cannot be read: {why}; name a .csv or .json file of at most {} MB", file.display(), import::LARGEST >> 20)]
    Unreadable { file: PathBuf, why: std::io::Error },
}

pub(super) async fn run(cx: &Context, args: Args) -> Result<Exit, Fault> {
    match args.command.unwrap_or(Command::List { class: None, tag: None, limit: 1000 }) {
        Command::List { class, tag, limit } => list(cx, class, tag, limit).await?,
        Command::Show { who } => {
            let answer = find(cx, &who).await?;
            print(&render(cx, &answer, |customer| facts(&cx.paint, customer)))?;
        }
        Command::Set(set) => {
            let draft = set.draft(cx).await?;
            let done = cx.client.post::<Customer>("/v1/customers", &draft).await?;
            print(&render(cx, &done, |customer| facts(&cx.paint, customer)))?;
        }
        Command::Remove { id } => {
            let done = cx.client.delete::<Customer>(&format!("/v1/customers/{id}")).await?;
            print(&render(cx, &done, |_| {
                format!(
                    "Customer {id} is no more. What finished calls tell of the numbers stays; `erase` would take that too.\n"
                )
            }))?;
        }
        Command::Erase { id } => {
            let done = cx.client.post(&format!("/v1/customers/{id}/erase"), &json!({})).await?;
            print(&render(cx, &done, |told| erased(&format!("Customer {id}"), *told)))?;
        }
        Command::Import { file, dry_run } => return import::run(cx, &file, dry_run).await,
    }
    Ok(Exit::Done)
}

async fn list(cx: &Context, class: Option<Name>, tag: Option<Name>, most: usize) -> Result<(), Fault> {
    let mut path = format!("/v1/customers?limit={}", most.clamp(1, 1000));
    for (key, value) in [("class", class), ("tag", tag)] {
        if let Some(value) = value {
            path = format!("{path}&{key}={value}");
        }
    }
    let (mut rows, mut next) = (Vec::<Customer>::new(), Some(path));
    while let Some(path) = next.filter(|_| rows.len() < most) {
        let mut page = cx.client.get::<Vec<Customer>>(&path).await?;
        rows.append(&mut page.value);
        next = page.next;
    }
    rows.truncate(most);
    print(&if cx.json { format!("{}\n", json!(rows)) } else { table(&cx.paint, &rows) })
}

/// By id, or by number or mail address.
async fn find(cx: &Context, who: &str) -> Result<Answer<Customer>, Fault> {
    if let Ok(id) = who.parse::<Name>() {
        match cx.client.get::<Customer>(&format!("/v1/customers/{id}")).await {
            Err(Fault::Refused(why)) if why.kind == "/problems/no-such-customer" => {}
            other => return other,
        }
    }
    let key = if who.contains('@') { "mail" } else { "number" };
    let mut found = cx.client.get::<Vec<Customer>>(&format!("/v1/customers?{key}={}", encoded(who))).await;
    if let Err(Fault::Refused(why)) = &found
        && why.kind == "/problems/bad-query"
    {
        return Err(CustomerFault::Nobody(who.to_owned()).into());
    }
    let one = found.as_mut().ok().and_then(|found| found.value.pop());
    match (one, found) {
        (Some(value), Ok(found)) => {
            let raw = found.raw.trim().trim_start_matches('[').trim_end_matches(']').to_owned();
            Ok(Answer { raw, value, next: None })
        }
        (_, Err(fault)) => Err(fault),
        _ => Err(CustomerFault::Nobody(who.to_owned()).into()),
    }
}

impl Set {
    /// What is there, with what is named here.
    async fn draft(self, cx: &Context) -> Result<Draft, Fault> {
        let known = match cx.client.get::<Customer>(&format!("/v1/customers/{}", self.id)).await {
            Ok(known) => Some(known.value.draft()),
            Err(Fault::Refused(why)) if why.kind == "/problems/no-such-customer" => None,
            Err(fault) => return Err(fault),
        };
        let new = Draft {
            id: self.id,
            name: Label::default(),
            class: None,
            tags: std::collections::BTreeSet::default(),
            language: None,
            note: Note::default(),
            numbers: Vec::new(),
            mails: Vec::new(),
            complaints: 0,
            complained: None,
        };
        let mut draft = known.unwrap_or(new);
        let option = |what, why: String| Fault::from(CustomerFault::Option { what, why });
        if let Some(name) = self.name {
            draft.name = Label::new(&name);
        }
        if let Some(class) = self.class {
            draft.class = parsed::<Name>(&[class]).map_err(|why| option("class", why))?.pop();
        }
        if let Some(tags) = self.tags {
            draft.tags = parsed(&tags).map_err(|why| option("tag", why))?.into_iter().collect();
        }
        if let Some(language) = self.language {
            let code = match language.as_str() {
                "zh" => "zh-CN",
                "en" => "en-US",
                other => other,
            };
            let read =
                Some(code).filter(|code| !code.is_empty()).map(|code| serde_json::from_value(json!(code)));
            draft.language = read.transpose().map_err(|_| option("language", "write zh or en".to_owned()))?;
        }
        if let Some(note) = self.note {
            draft.note = Note::new(&note);
        }
        if let Some(numbers) = self.numbers {
            let numbers = numbers.iter().filter(|one| !one.is_empty()).map(Number::new);
            draft.numbers =
                numbers.collect::<Result<_, _>>().map_err(|why| option("number", why.to_string()))?;
        }
        if let Some(mails) = self.mails {
            draft.mails = parsed::<Mail>(&mails).map_err(|why| option("mail", why))?;
        }
        draft.complaints = self.complaints.unwrap_or(draft.complaints);
        draft.complained = self.complained.or(draft.complained);
        Ok(draft)
    }
}

/// All that are not empty.
fn parsed<T: std::str::FromStr>(texts: &[String]) -> Result<Vec<T>, String>
where
    T::Err: std::fmt::Display,
{
    let texts = texts.iter().filter(|text| !text.is_empty());
    texts.map(|text| text.parse::<T>().map_err(|why| why.to_string())).collect()
}

fn table(paint: &Paint, customers: &[Customer]) -> String {
    if customers.is_empty() {
        return "No customer is known. Bring some with `tandem customers import FILE.csv`.\n".to_owned();
    }
    let rows = customers.iter().map(|customer| {
        vec![
            text(customer.id.as_str()),
            text(customer.name.as_str()),
            text(customer.class.as_ref().map_or("", Name::as_str)),
            text(words(customer.tags.iter())),
            text(words(customer.numbers.iter())),
            number(customer.complaints),
        ]
    });
    paint.table(&["CUSTOMER", "NAME", "CLASS", "TAGS", "NUMBERS", "COMPLAINTS"], rows)
}

fn words<T: ToString>(of: impl Iterator<Item = T>) -> String {
    of.map(|one| one.to_string()).collect::<Vec<_>>().join(" ")
}

fn facts(paint: &Paint, customer: &Customer) -> String {
    let complained = customer.complained.map_or(String::new(), |day| format!(", the last on {day}"));
    let language = customer.language.and_then(|language| json!(language).as_str().map(str::to_owned));
    let rows = [
        ("id", customer.id.to_string()),
        ("name", customer.name.to_string()),
        ("class", customer.class.as_ref().map_or(String::new(), Name::to_string)),
        ("tags", words(customer.tags.iter())),
        ("language", language.unwrap_or_default()),
        ("numbers", words(customer.numbers.iter())),
        ("mails", words(customer.mails.iter())),
        ("complaints", format!("{}{complained}", customer.complaints)),
        ("note", customer.note.as_str().to_owned()),
    ];
    let shown = rows.into_iter().filter(|(_, value)| !value.is_empty());
    shown
        .map(|(key, value)| {
            format!("{} {}\n", paint.label(&format!("{key:<10}")), super::paint::clean(&value))
        })
        .collect()
}
