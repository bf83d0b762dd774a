//! Customers: who is known, and by which numbers and mail addresses.

use axum::{Json, extract::State, response::Response};
use serde::{Deserialize, Serialize};

use super::{
    Rooms,
    extract::{Asked, Body, Segment},
    gate::Acting,
    page::{cursor, limit, page},
    problem::{Problem, Says},
};
use crate::{
    base::{id::Name, number::Number},
    desk::customer::{Customer, CustomerError, Customers, Draft, Imported, Mail, Point, Wanted},
};

/// A page of customers; everything that is given must hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Window {
    limit: Option<u32>,
    cursor: Option<String>,
    class: Option<Name>,
    tag: Option<Name>,
    number: Option<Number>,
    mail: Option<Mail>,
}

/// What [`Window`] knows, in words.
pub(super) const ASKED: &[(&str, &str)] = &[
    ("class", "only those of this class"),
    ("tag", "only those with this tag"),
    ("number", "only the one who has this number, as it is dialled where the site is or with `+`"),
    ("mail", "only the one who has this mail address; not together with `number`"),
];

/// The contact point that is asked for.
fn point(customers: &Customers, window: &Window) -> Result<Option<Point>, Problem> {
    match (&window.number, &window.mail) {
        (Some(_), Some(_)) => Err(Problem::new(Says::BadQuery, "number or mail, not both")),
        (None, mail) => Ok(mail.clone().map(Point::Mail)),
        (Some(number), None) => {
            let why =
                || Problem::new(Says::BadQuery, format!("{number} is no whole number, like +8613800138000"));
            customers.whole(number).map(|number| Some(Point::Number(number))).ok_or_else(why)
        }
    }
}

pub(super) async fn list(rooms: State<Rooms>, Asked(window): Asked<Window>) -> Result<Response, Problem> {
    let limit = limit(window.limit)?;
    let after = cursor(window.cursor.as_deref(), |text| Name::new(text).ok())?;
    let point = point(&rooms.customers, &window)?;
    let other = [
        ("class", window.class.as_ref().map(Name::to_string)),
        ("tag", window.tag.as_ref().map(Name::to_string)),
    ];
    let wanted = Wanted { class: window.class, tag: window.tag, point };
    let customers = rooms.customers.list(&wanted, after.as_ref(), limit + 1).await?;
    Ok(page("/v1/customers", &other, customers, limit, |customer: &Customer| customer.id.to_string()))
}

pub(super) async fn show(rooms: State<Rooms>, Segment(id): Segment<Name>) -> Result<Json<Customer>, Problem> {
    Ok(Json(rooms.customers.get(&id).await?))
}

pub(super) async fn set(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Body(draft): Body<Draft>,
) -> Result<Json<Customer>, Problem> {
    Ok(Json(rooms.customers.set(&actor.0, draft).await?))
}

pub(super) async fn remove(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(id): Segment<Name>,
) -> Result<Json<Customer>, Problem> {
    Ok(Json(rooms.customers.remove(&actor.0, &id).await?))
}

/// Many customers at once.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportBody {
    pub customers: Vec<Draft>,
    /// Only tell what would come of it.
    #[serde(default)]
    pub dry_run: bool,
}

pub(super) async fn import(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Body(ImportBody { customers, dry_run }): Body<ImportBody>,
) -> Result<Json<Imported>, Problem> {
    Ok(Json(rooms.customers.import(&actor.0, customers, dry_run).await?))
}

impl From<CustomerError> for Problem {
    fn from(why: CustomerError) -> Self {
        let says = match &why {
            CustomerError::NoSuchCustomer(_) => Says::NoSuchCustomer,
            CustomerError::Invalid { .. } | CustomerError::Twice(_) => Says::BadBody,
            CustomerError::Taken { .. } => Says::ContactTaken,
            CustomerError::Store(_) => Says::NoDatabase,
        };
        Self::new(says, why.to_string())
    }
}
