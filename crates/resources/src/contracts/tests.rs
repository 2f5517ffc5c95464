use sekisho_diagnostics::SourceMap;

use super::*;
use crate::model::{SchemaSource, SpecificationSource};

/// The contracts of the operations of an API whose specification is this YAML, by operation.
fn contracts(specification: &str, operations: &str) -> Vec<(String, OperationContract)> {
    let indented = specification.replace('\n', "\n      ");
    let yaml = format!(
        "apis:\n  api:\n    path: api\n    serviceUrl: http://a.example\n    specification: |\n      {indented}\n    operations: {operations}\n"
    );
    let loaded = crate::load_text(std::path::Path::new("sekisho.yaml"), &yaml, &|_| None);
    assert!(!loaded.has_errors(), "{:#?}", loaded.diagnostics);
    let api = &loaded.configuration.apis["api"];
    assert!(matches!(api.specification, Some(SpecificationSource::File { is_inner: true, .. })));
    let read = ApiContracts::read(api, &loaded.sources);
    api.operations.iter().map(|operation| (operation.name.value.clone(), read.operation(operation))).collect()
}

fn told(parameters: &[ContractParameter]) -> Vec<String> {
    parameters
        .iter()
        .map(|parameter| {
            let schema = match &parameter.schema {
                Some(SchemaSource::Specification(pointer)) => pointer.clone(),
                Some(SchemaSource::Inline(schema)) => schema.to_string(),
                Some(SchemaSource::Definition { schema, name }) => format!("{schema}:{name}"),
                None => "-".to_owned(),
            };
            let required = if parameter.required { "!" } else { "" };
            format!("{:?} {}{required} {:?} {schema}", parameter.place, parameter.name, parameter.separator)
        })
        .collect()
}

#[test]
fn openapi_2_has_bodies_as_parameters() {
    let found = contracts(
        "swagger: '2.0'
info: {title: t, version: '1'}
consumes: [application/json, text/json]
parameters: {Limit: {name: limit, in: query, type: integer}}
paths:
  /a/{id}:
    parameters: [{name: id, in: path, type: string, required: true}]
    post:
      operationId: a
      produces: [text/plain]
      parameters:
        - $ref: '#/parameters/Limit'
        - {name: tags, in: query, type: array, collectionFormat: multi, items: {type: string}}
        - {name: body, in: body, schema: {type: object}}
      responses:
        '200': {description: d, schema: {type: string}, examples: {text/plain: hello}, headers: {X-A: {type: integer}}}
        default: {description: d}",
        "{}",
    );
    let (_, contract) = &found[0];
    assert_eq!(
        told(&contract.parameters),
        [
            "Path id! Some(',') /paths/~1a~1{id}/parameters/0",
            "Query limit Some(',') /parameters/Limit",
            "Query tags None /paths/~1a~1{id}/post/parameters/1",
        ]
    );
    let bodies: Vec<_> = contract.requests.iter().map(|body| body.content_type.as_str()).collect();
    assert_eq!(bodies, ["application/json", "text/json"]);
    assert_eq!(
        contract.requests[0].schema,
        Some(SchemaSource::Specification("/paths/~1a~1{id}/post/parameters/2/schema".to_owned()))
    );
    let statuses: Vec<_> = contract.responses.iter().map(|response| response.status.as_str()).collect();
    assert_eq!(statuses, ["200", "default"]);
    assert_eq!(contract.responses[0].bodies[0].examples, [crate::model::Example::Value("hello".into())]);
    assert_eq!(
        told(&contract.responses[0].headers),
        ["Header X-A Some(',') /paths/~1a~1{id}/post/responses/200/headers/X-A"]
    );
}

#[test]
fn openapi_3_follows_references_and_styles() {
    let found = contracts(
        "openapi: 3.1.0
info: {title: t, version: '1'}
paths:
  /a:
    get:
      operationId: a
      parameters:
        - {name: Accept, in: header, schema: {type: string}}
        - {name: q, in: query, style: pipeDelimited, required: true, schema: {type: array}}
        - {name: c, in: cookie, schema: {type: string}}
        - {name: j, in: query, content: {application/json: {schema: {type: object}}}}
      responses: {'200': {$ref: '#/components/responses/Ok'}}
components:
  responses:
    Ok:
      description: d
      content: {application/json: {schema: {$ref: '#/components/schemas/A'}, example: 1, examples: {b: {value: 2}}}}
  schemas: {A: {type: integer}}",
        "{}",
    );
    let (_, contract) = &found[0];
    assert_eq!(
        told(&contract.parameters),
        ["Query q! Some('|') /paths/~1a/get/parameters/1/schema", "Query j None -"]
    );
    let body = &contract.responses[0].bodies[0];
    assert_eq!(body.examples.len(), 2);
    assert_eq!(
        body.schema,
        Some(SchemaSource::Specification(
            "/components/responses/Ok/content/application~1json/schema".to_owned()
        ))
    );
}

#[test]
fn properties_of_an_operation_stand_in_place_of_its_specification() {
    let specification = "openapi: 3.0.0
info: {title: t, version: '1'}
paths:
  /a/{id}:
    get:
      operationId: a
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}, {name: q, in: query, schema: {type: integer}}]
      responses: {'200': {description: d}}";
    let found = contracts(
        specification,
        "{a: {request: {queryParameters: [{name: p, type: string, values: [x, y], required: true}], headers: [{name: h, schemaId: s, typeName: T}], \
         representations: [{contentType: text/plain, sample: hi}]}, responses: [{statusCode: 204}]}, \
         b: {method: GET, urlTemplate: '/b/{name}?v={v}', templateParameters: [{name: v, type: integer, required: true}]}}",
    );
    let (_, contract) = &found[0];
    assert_eq!(
        told(&contract.parameters),
        [
            "Path id! Some(',') /paths/~1a~1{id}/get/parameters/0/schema",
            "Query p! None {\"type\":\"string\",\"enum\":[\"x\",\"y\"]}",
            "Header h Some(',') s:T",
        ]
    );
    assert_eq!(contract.requests[0].examples, [crate::model::Example::Text("hi".to_owned())]);
    assert_eq!(contract.responses[0].status, "204");
    let (name, contract) = &found[1];
    assert_eq!(name, "b");
    assert_eq!(
        told(&contract.parameters),
        ["Query v! Some(',') {\"type\":\"integer\"}", "Path name! Some(',') {\"type\":\"string\"}"]
    );
}

#[test]
fn an_operation_without_a_specification_has_the_parameters_of_its_template() {
    let yaml = "apis: {api: {path: api, serviceUrl: 'http://a.example', operations: {o: {method: GET, urlTemplate: '/{a}/{b}'}}}}";
    let loaded = crate::load_text(std::path::Path::new("sekisho.yaml"), yaml, &|_| None);
    let api = &loaded.configuration.apis["api"];
    let contract = ApiContracts::read(api, &SourceMap::new()).operation(&api.operations[0]);
    assert_eq!(told(&contract.parameters).len(), 2);
}
