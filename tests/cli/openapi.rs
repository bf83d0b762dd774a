//! The OpenAPI document that is committed is the one of the code, and hangs together.

use std::{collections::BTreeSet, env, fs};

use serde_json::Value;

use crate::double::{Daemon, LIVE, Mood};

const FILE: &str = "docs/openapi.json";

#[test]
fn the_committed_document_is_that_of_the_code() {
    let made = serde_json::to_string_pretty(&tandem::http::openapi()).expect("JSON") + "\n";
    if env::var_os("INSTA_UPDATE").is_some_and(|how| how == "always") {
        fs::write(FILE, &made).expect("written");
    }
    let committed = fs::read_to_string(FILE).unwrap_or_default();
    let differs = made.lines().zip(committed.lines()).position(|(made, committed)| made != committed);
    assert!(
        made == committed,
        "{FILE} is not that of the code (line {differs:?}); run the test with INSTA_UPDATE=always and look at the diff"
    );
}

fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_used() {
    let document = serde_json::to_value(tandem::http::openapi()).expect("JSON");
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for reference in &found {
        let pointer = reference.strip_prefix('#').expect("a reference within");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    for name in schemas.keys() {
        assert!(found.contains(format!("#/components/schemas/{name}").as_str()), "{name} is used by nobody");
    }
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for operation in item.as_object().expect("verbs").values() {
            assert!(ids.insert(operation["operationId"].as_str().expect("an id")), "{path}");
            let named = operation["parameters"].as_array().into_iter().flatten();
            let in_path = named.filter(|parameter| parameter["in"] == "path").count();
            assert_eq!(in_path, path.matches('{').count(), "{path}");
        }
    }
}

/// Whether everything in `value` is in the schema, and everything that must be there is.
fn check(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let schema = document.pointer(&reference[1..]).expect("a schema");
        return check(document, schema, value, at);
    }
    if let Some(items) = value.as_array() {
        assert_eq!(schema["type"], "array", "{at}: {schema}");
        return items.iter().for_each(|item| check(document, &schema["items"], item, at));
    }
    let Some(members) = value.as_object() else { return };
    let mut parts = vec![schema];
    parts.extend(schema["allOf"].as_array().into_iter().flatten());
    let parts: Vec<&Value> = parts
        .into_iter()
        .map(|part| {
            part["$ref"].as_str().map_or(part, |name| document.pointer(&name[1..]).expect("a schema"))
        })
        .collect();
    let choices = schema["oneOf"].as_array();
    if let Some(choices) = choices {
        let fits = |choice: &&Value| {
            let named = choice["$ref"].as_str().and_then(|name| document.pointer(&name[1..]));
            let choice = named.unwrap_or(choice);
            let required = choice["required"].as_array().into_iter().flatten();
            required.clone().all(|name| members.contains_key(name.as_str().unwrap_or_default()))
                && members.keys().all(|name| choice["properties"].get(name).is_some())
        };
        assert!(choices.iter().any(|choice| fits(&choice)), "{at}: {value} fits none of {schema}");
        return;
    }
    for (name, member) in members {
        let named = parts.iter().find_map(|part| part["properties"].get(name));
        let property = named.or_else(|| parts.iter().find_map(|part| part.get("additionalProperties")));
        let property = property.unwrap_or_else(|| panic!("{at}: the schema has no {name}: {schema}"));
        check(document, property, member, &format!("{at}/{name}"));
    }
    for required in parts.iter().flat_map(|part| part["required"].as_array().into_iter().flatten()) {
        assert!(members.contains_key(required.as_str().unwrap_or_default()), "{at}: {required} is missing");
    }
}

#[tokio::test]
async fn answers_are_as_the_document_says() {
    let daemon = Daemon::start(Mood::Well);
    let document = serde_json::to_value(tandem::http::openapi()).expect("JSON");
    let client = reqwest::Client::builder().unix_socket(daemon.socket.as_path()).build().expect("client");
    let user = serde_json::json!({ "name": "nina", "may": "read" });
    client.post("http://tandem/v1/users").json(&user).send().await.expect("added");
    let customer = serde_json::json!({ "id": LIVE, "numbers": ["13800138000"], "mails": ["a@b.cn"] });
    client.post("http://tandem/v1/customers").json(&customer).send().await.expect("added");
    let mut checked = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        let schema = &item["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        if schema.is_null() || path == "/v1/openapi.json" {
            continue;
        }
        let asked = path.replace("{id}", &LIVE.to_string());
        let answer = client.get(format!("http://tandem{asked}")).send().await.expect("answer");
        assert_eq!(answer.status(), 200, "{path}");
        check(&document, schema, &answer.json().await.expect("JSON"), path);
        checked += 1;
    }
    assert_eq!(checked, 24, "every route that gives JSON");
    let problem: Value =
        client.get("http://tandem/nowhere").send().await.expect("answer").json().await.expect("JSON");
    check(&document, &document["components"]["schemas"]["Problem"], &problem, "/nowhere");
}
