//! Specifications.

use sekisho_resources::Loaded;
use tempfile::TempDir;

use crate::support::{assert_clean, folder, load_path, places};

fn api(file: &str, specification: &str) -> (TempDir, Loaded) {
    let folder = folder(&[
        ("apis/a/apiInformation.json", r#"{"properties": {"path": "a"}}"#),
        (&format!("apis/a/{file}"), specification),
    ]);
    let loaded = load_path(folder.path());
    (folder, loaded)
}

#[test]
fn names_templates_and_parameters_are_those_of_an_import() {
    let (_folder, loaded) = api(
        "specification.json",
        r##"{"openapi": "3.1.0", "info": {"title": "T"},
        "servers": [{"url": "/relative"}, {"url": "http://plain.example.org"},
                    {"url": "https://{endpoint}/openai", "variables": {"endpoint": {"default": "e.example.org"}}}],
        "components": {"parameters": {"version": {"name": "api-version", "in": "query", "required": true, "schema": {"type": "string"}}}},
        "paths": {
          "/items/{id}": {
            "parameters": [{"name": "id", "in": "path", "schema": {"type": "integer"}}, {"$ref": "#/components/parameters/version"}],
            "get": {"operationId": "Items_Get", "summary": "One item", "parameters": [{"name": "top", "in": "query"}]},
            "put": {"operationId": "items--get"},
            "delete": {"parameters": [{"name": "api-version", "in": "query", "required": false}]}
          }}}"##,
    );
    assert_clean(&loaded);
    let api = &loaded.configuration.apis["a"];
    assert_eq!(api.display_name, "T");
    assert_eq!(api.service_url.as_ref().unwrap().value, "https://e.example.org/openai");
    let shown: Vec<_> = api
        .operations
        .iter()
        .map(|one| {
            format!(
                "{} | {} | {} {}",
                one.name.value, one.display_name, one.method.value, one.url_template.value
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "items-get | One item | GET /items/{id}?api-version={api-version}",
            "items-get-1 | items--get | PUT /items/{id}?api-version={api-version}",
            "delete-items-id | /items/{id} | DELETE /items/{id}",
        ]
    );
    let parameters = &api.operations[0].template_parameters;
    let shown: Vec<_> = parameters.iter().map(|one| (one.name.as_str(), one.value_type.as_str())).collect();
    assert_eq!(shown, [("id", "integer"), ("api-version", "string")]);
}

#[test]
fn what_is_no_specification_is_refused() {
    let (folder, loaded) = api("specification.yaml", "info: {}\nopenapi: 4.0.0\n");
    let found = places(&folder, &loaded);
    assert!(
        found.contains(&"apis/a/specification.yaml:2:10 unsupported-specification".to_owned()),
        "{found:?}"
    );
}

#[test]
fn references_that_lead_nowhere_are_found() {
    let text = "openapi: 3.0.0\npaths:\n  /a:\n    get:\n      parameters:\n        - $ref: other.yaml#/x\n";
    let (folder, loaded) = api("specification.yaml", text);
    assert_eq!(places(&folder, &loaded), ["apis/a/specification.yaml:6:17 unresolved-reference"]);
}
