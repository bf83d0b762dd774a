//! The OpenAPI document, made of the table of routes and the types of their bodies.

use axum::Json;
use utoipa::{
    ToSchema,
    openapi::{
        ComponentsBuilder, ContentBuilder, HttpMethod, InfoBuilder, OpenApi, OpenApiBuilder, Paths, RefOr,
        Required, ResponseBuilder, ResponsesBuilder, SecurityRequirement, ServerBuilder,
        path::{Operation, OperationBuilder, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
        schema::{ArrayBuilder, ObjectBuilder, Ref, Schema, Type},
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};

use super::{
    problem::Problem,
    routes::{Route, Verb, routes},
};

/// Parameters of queries that are numbers.
const INTEGERS: [&str; 8] =
    ["limit", "before", "after", "since", "until", "cause", "min_seconds", "max_seconds"];

/// Schemas by their names.
pub(super) type Schemas = Vec<(String, RefOr<Schema>)>;

/// What a route takes or gives; names the type's schema and puts it, and those that it needs, among all.
pub(super) type Form = fn(&mut Schemas) -> RefOr<Schema>;

/// A type.
pub(super) fn one<T: ToSchema>(all: &mut Schemas) -> RefOr<Schema> {
    all.push((T::name().into_owned(), T::schema()));
    T::schemas(all);
    RefOr::Ref(Ref::from_schema_name(T::name()))
}

/// A list of it.
pub(super) fn many<T: ToSchema>(all: &mut Schemas) -> RefOr<Schema> {
    RefOr::T(Schema::Array(ArrayBuilder::new().items(one::<T>(all)).build()))
}

/// What an answer is.
#[derive(Clone, Copy)]
pub(super) enum Gives {
    Json(Form),
    /// A page of a list.
    Page(Form),
    Text,
    /// A table for a spreadsheet, or a line of JSON for each.
    File(Form),
    /// Messages of a WebSocket.
    Stream(Form),
    /// This document.
    Document,
}

/// The whole document.
pub fn openapi() -> OpenApi {
    let mut schemas = Schemas::new();
    let mut paths = Paths::new();
    for route in routes() {
        paths.add_path_operation(route.path, vec![method(route.verb)], operation(route, &mut schemas));
    }
    one::<Problem>(&mut schemas);
    schemas.sort_by(|one, other| one.0.cmp(&other.0));
    schemas.dedup_by(|one, other| one.0 == other.0);
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.description =
        Some("A token of `tandem users token create`; the Unix socket needs none".to_owned());
    let parts = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .security_scheme("token", SecurityScheme::Http(bearer))
        .build();
    let info = InfoBuilder::new()
        .title("Tandem")
        .version("1")
        .description(Some("REST v1, on a Unix socket and by TLS. docs/api.md tells it in words."))
        .build();
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([ServerBuilder::new().url("https://localhost:8443").build()]))
        .paths(paths)
        .components(Some(parts))
        .build()
}

pub(super) async fn document() -> Json<OpenApi> {
    Json(openapi())
}

fn method(verb: Verb) -> HttpMethod {
    match verb {
        Verb::Get => HttpMethod::Get,
        Verb::Post => HttpMethod::Post,
        Verb::Delete => HttpMethod::Delete,
    }
}

fn operation(route: &Route, schemas: &mut Schemas) -> Operation {
    let verb = match route.verb {
        Verb::Get => "get",
        Verb::Post => "post",
        Verb::Delete => "delete",
    };
    let words = route.path.split(['/', '{', '}', '.']).filter(|word| !word.is_empty() && *word != "v1");
    let id = [verb].into_iter().chain(words).collect::<Vec<_>>().join("_");
    let mut operation = OperationBuilder::new()
        .operation_id(Some(id))
        .summary(Some(route.says))
        .description(Some(format!("Needs the scope `{}`.", route.needs)))
        .security(SecurityRequirement::new("token", [route.needs.word()]));
    for name in route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        operation = operation.parameter(parameter(name, ParameterIn::Path, Required::True, "", Type::String));
    }
    let paged = matches!(route.gives, Gives::Page(_));
    let page: &[(&str, &str)] = if paged {
        &[("limit", "rows of a page, 1 to 1000"), ("cursor", "where a page begins, from the Link before")]
    } else {
        &[]
    };
    for (name, says) in page.iter().chain(route.query.iter().copied().flatten()) {
        let kind = if INTEGERS.contains(name) { Type::Integer } else { Type::String };
        operation = operation.parameter(parameter(name, ParameterIn::Query, Required::False, says, kind));
    }
    if route.verb != Verb::Get {
        let says = "1 to 64 visible characters: the same change is made once a day";
        let key = parameter("Idempotency-Key", ParameterIn::Header, Required::False, says, Type::String);
        operation = operation.parameter(key);
    }
    if let Some(form) = route.takes {
        let content = ContentBuilder::new().schema(Some(form(schemas))).build();
        let body =
            RequestBodyBuilder::new().content("application/json", content).required(Some(Required::True));
        operation = operation.request_body(Some(body.build()));
    }
    operation.responses(responses(route, schemas)).build()
}

fn responses(route: &Route, schemas: &mut Schemas) -> ResponsesBuilder {
    let (status, kind, form) = match route.gives {
        Gives::Json(form) | Gives::Page(form) => ("200", "application/json", form(schemas)),
        Gives::File(form) => ("200", "application/x-ndjson", form(schemas)),
        Gives::Stream(form) => ("101", "application/json", form(schemas)),
        Gives::Text => {
            ("200", "text/plain", RefOr::T(ObjectBuilder::new().schema_type(Type::String).build().into()))
        }
        Gives::Document => (
            "200",
            "application/json",
            RefOr::T(ObjectBuilder::new().schema_type(Type::Object).build().into()),
        ),
    };
    let content = ContentBuilder::new().schema(Some(form)).build();
    let mut good = ResponseBuilder::new().description(route.says).content(kind, content);
    if let Gives::File(_) = route.gives {
        let table = ObjectBuilder::new().schema_type(Type::String);
        good = good.content("text/csv", ContentBuilder::new().schema(Some(table)).build());
    }
    let good = good.build();
    let problem = RefOr::Ref(Ref::from_schema_name("Problem"));
    let content = ContentBuilder::new().schema(Some(problem)).build();
    let bad = ResponseBuilder::new()
        .description("What went wrong, and the remedy (RFC 9457)")
        .content("application/problem+json", content)
        .build();
    ResponsesBuilder::new().response(status, good).response("default", bad)
}

fn parameter(
    name: &str,
    place: ParameterIn,
    required: Required,
    says: &str,
    kind: Type,
) -> utoipa::openapi::path::Parameter {
    let says = (!says.is_empty()).then(|| says.to_owned());
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(says)
        .schema(Some(ObjectBuilder::new().schema_type(kind)))
        .build()
}

#[cfg(test)]
mod tests {
    use utoipa::openapi::PathItem;

    use super::*;

    #[test]
    fn every_route_is_in_the_document_with_its_verb() {
        let document = openapi();
        for route in routes() {
            let item: &PathItem = document.paths.paths.get(route.path).expect(route.path);
            let there = match route.verb {
                Verb::Get => item.get.as_ref(),
                Verb::Post => item.post.as_ref(),
                Verb::Delete => item.delete.as_ref(),
            };
            assert!(there.is_some_and(|operation| operation.summary.is_some()), "{}", route.path);
        }
    }
}
