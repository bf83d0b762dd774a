//! Lists in pages: at most `limit` rows, and a header `Link` with the way to the next ones. Where a page ends is the
//! cursor; nobody outside needs to know what it is made of.

use axum::{
    Json,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::problem::{Problem, Says};

/// Rows of a page unless asked otherwise.
pub(super) const LIMIT: u32 = 50;
pub(super) const MOST: u32 = 1000;

/// `limit` as it may be.
pub(super) fn limit(asked: Option<u32>) -> Result<u32, Problem> {
    let limit = asked.unwrap_or(LIMIT);
    if (1..=MOST).contains(&limit) {
        return Ok(limit);
    }
    Err(Problem::new(Says::BadQuery, format!("limit must be 1 to {MOST}, not {limit}")))
}

/// `cursor` as it was given out.
pub(super) fn cursor<T>(
    text: Option<&str>,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let bad = || Problem::new(Says::BadQuery, "the cursor is not one that an answer's Link gave");
    text.map(|text| parse(text).ok_or_else(bad)).transpose()
}

/// One row more was read than shall be shown, so that it is known whether there are more. `other` are the filters
/// that the next page has too.
pub(super) fn page<T: Serialize>(
    path: &str,
    other: &[(&str, Option<String>)],
    mut rows: Vec<T>,
    limit: u32,
    cursor: impl FnOnce(&T) -> String,
) -> Response {
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(cursor);
    let mut response = Json(rows).into_response();
    if let Some(next) = next {
        let mut link = format!("<{path}?limit={limit}&cursor={}", encoded(&next));
        for (key, value) in other {
            if let Some(value) = value {
                link = link + "&" + key + "=" + &encoded(value);
            }
        }
        if let Ok(value) = HeaderValue::from_str(&(link + ">; rel=\"next\"")) {
            response.headers_mut().insert(header::LINK, value);
        }
    }
    response
}

/// Everything but letters and digits as `%xx`.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}
