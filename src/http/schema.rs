//! How the words of `base` look in JSON, for the OpenAPI document.

use std::borrow::Cow;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{KnownFormat, Object, ObjectBuilder, Schema, SchemaFormat, Type},
    },
};

use crate::{
    base::{
        attendance::Attendance,
        clock::Stamp,
        id::{CallId, LegId, Name, Reference},
        number::Number,
        text::Label,
    },
    desk::access::TokenId,
};

fn text(says: &str, pattern: Option<&str>) -> Object {
    ObjectBuilder::new().schema_type(Type::String).description(Some(says)).pattern(pattern).build()
}

fn words(says: &str, words: &'static [&'static str]) -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String).description(Some(says));
    text.enum_values(Some(words.iter().copied())).build()
}

fn number(says: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .description(Some(says))
        .build()
}

macro_rules! looks {
    ($($type:ident: $object:expr;)+) => {
        $(
            impl PartialSchema for $type {
                fn schema() -> RefOr<Schema> {
                    RefOr::T(Schema::Object($object))
                }
            }

            impl ToSchema for $type {
                fn name() -> Cow<'static, str> {
                    Cow::Borrowed(stringify!($type))
                }
            }
        )+
    };
}

looks! {
    Stamp: number("a moment: microseconds since 1970 in UTC");
    CallId: text("a call", Some("^[0-9A-Z]{13}$"));
    Reference: text("what whoever brought a message calls it", Some("^[A-Za-z0-9._-]{1,128}$"));
    LegId: text("a leg of a call", Some("^[A-Za-z0-9._-]{1,128}$"));
    Name: text("a name that the site or an admin gives", Some("^[A-Za-z0-9._-]{1,128}$"));
    Attendance: words("who hears whoever attends a talk", &["listen", "whisper", "barge"]);
    Number: text("a telephone number or extension", Some("^\\+?[0-9*#]{1,32}$"));
    Label: text("a text from people, at most 80 characters", None);
    TokenId: text("the part of a token that everybody may see", Some("^[a-z1-9]{12}$"));
}
