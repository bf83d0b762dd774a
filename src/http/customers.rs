//! Customers: who is known, and by which numbers and mail addresses.

use axum::{
    Json,
    extract::State,
    response::Response,
    routing::{delete, get, post},
};
use serde::{Deserialize, Serialize};

use super::{
    Rooms,
    extract::{Asked, Body, Segment},
    gate::Acting,
    openapi::{Gives, many, one},
    page::{cursor, limit, page},
    problem::{Problem, Says},
    routes::{Route, acts, ends, reads},
};
use crate::{
    base::{id::Name, number::Number},
    desk::access::Scope::{Operate, Read},
    desk::customer::{Customer, CustomerError, Customers, Draft, Imported, Mail, Point, Wanted},
};

pub(super) const ROUTES: &[Route] = &[
    reads("/v1/customers", Read, || get(list), "Customers by id", Gives::Page(many::<Customer>))
        .asked(&[ASKED]),
    reads("/v1/customers/{id}", Read, || get(show), "A customer", Gives::Json(one::<Customer>)),
    acts(
        "/v1/customers",
        Operate,
        || post(set),
        "Make a customer, or change one into what is said",
        Gives::Json(one::<Customer>),
    )
    .taking(one::<Draft>),
    acts(
        "/v1/customers/import",
        Operate,
        || post(import),
        "The same with many, all or none",
        Gives::Json(one::<Imported>),
    )
    .taking(one::<ImportBody>),
    ends(
        "/v1/customers/{id}",
        Operate,
        || delete(remove),
        "Remove a customer; finished calls stay as they are",
        Gives::Json(one::<Customer>),
    ),
];

/// A page of customers; everything that is given must hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Window {
    limit: Option<u32>,
    cursor: Option<String>,
    class: Option<Name>,
    tag: Option<Name>,
    number: Option<Number>,
    mail: Option<Mail>,
}

/// What [`Window`] knows, in words.
const ASKED: &[(&str, &str)] = &[
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

async fn list(rooms: State<Rooms>, Asked(window): Asked<Window>) -> Result<Response, Problem> {
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

async fn show(rooms: State<Rooms>, Segment(id): Segment<Name>) -> Result<Json<Customer>, Problem> {
    Ok(Json(rooms.customers.get(&id).await?))
}

async fn set(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Body(draft): Body<Draft>,
) -> Result<Json<Customer>, Problem> {
    Ok(Json(rooms.customers.set(&actor.0, draft).await?))
}

async fn remove(
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

async fn import(
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
