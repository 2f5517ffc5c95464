//! Messages held against a specification, from the file of an API to the answer of the gateway.

use std::net::SocketAddr;

use crate::bench::{Backend, Bench, findings, nobody};

const SPECIFICATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/specifications/orders.yaml");
const CONTENT: &str = "<validate-content unspecified-content-type-action='prevent' max-size='1000' \
                       size-exceeded-action='prevent'><content validate-as='json' action='prevent' /></validate-content>";

/// The API of the specification at `/shop` with these policies.
fn shop(backend: SocketAddr, policies: &str, more: &str) -> String {
    format!(
        "apis:
  shop:
    path: shop
    serviceUrl: http://{backend}
    subscriptionRequired: false
    specificationFile: {SPECIFICATION}
    policy: |
      <policies>{policies}</policies>
{more}"
    )
}

async fn post(bench: &Bench, body: &str) -> (u16, String) {
    let length = body.len();
    let request = format!(
        "POST /shop/orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let response = bench.call(&request).await;
    (response.status(), response.body)
}

#[tokio::test]
async fn a_request_is_held_against_the_specification() {
    let policies = format!(
        "<inbound><validate-parameters specified-parameter-action='prevent' unspecified-parameter-action='prevent'>\
         <headers unspecified-parameter-action='ignore' /></validate-parameters>{CONTENT}\
         <return-response><set-status code='299' /></return-response></inbound>"
    );
    let bench = Bench::start(&shop(nobody(), &policies, "")).await;
    let (status, _) =
        post(&bench, r#"{"item":"tea","note":null,"price":0.5,"replaces":{"item":"ink"}}"#).await;
    assert_eq!(status, 299);
    for (body, told) in [
        (r#"{"item":"t"}"#, "String 't' is less than minimum length of 2. Line: 1, Position: 11"),
        (
            r#"{"item":"tea","replaces":{}}"#,
            "Required properties are missing from object: item. Line: 1, Position: 27",
        ),
        (r#"{"item":"tea","price":0}"#, "Integer 0 is less than or equal to exclusive minimum value of 0."),
        (r#"{"item":"tea","more":1}"#, "Property 'more' has not been defined"),
        ("[", "The request could not be processed due to an internal error. Contact the API owner."),
    ] {
        let (status, answer) = post(&bench, body).await;
        assert!(status == 400 && answer.contains(told), "{body}: {status} {answer}");
    }
    for (target, status, told) in [
        ("/shop/orders?limit=50&state=open,done", 299, ""),
        ("/shop/orders?limit=51", 400, "Integer 51 exceeds maximum value of 50."),
        ("/shop/orders?state=open,lost", 400, "Value \\\"lost\\\" is not defined in enum."),
        ("/shop/orders?x=1", 400, "Unspecified query parameter x is not allowed."),
        ("/shop/orders/7", 299, ""),
        ("/shop/orders/7x", 400, "couldn't be parsed according to the definition"),
        ("/shop/orders/3000000000", 400, "does not validate against format 'int32'"),
    ] {
        let response = bench.call(&format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        assert!(response.status() == status && response.body.contains(told), "{target}: {}", response.body);
    }
    let trace = bench.call("GET /shop/orders HTTP/1.1\r\nHost: a\r\nX-Trace: x\r\n\r\n").await;
    assert!(trace.body.contains("The value of the header X-Trace does not conform"), "{}", trace.body);
}

#[tokio::test]
async fn a_response_is_held_against_the_specification() {
    let backend = Backend::start().await;
    let policies = format!(
        "<outbound><validate-status-code unspecified-status-code-action='prevent' />\
         <validate-headers specified-header-action='prevent' unspecified-header-action='ignore' />{CONTENT}</outbound>"
    );
    let bench = Bench::start(&shop(backend.address, &policies, "")).await;
    let with = async |answer: &str| {
        let serve = async {
            let mut wire = backend.accept().await;
            wire.message().await;
            wire.send(answer).await;
        };
        tokio::join!(serve, post(&bench, r#"{"item":"tea"}"#)).1
    };
    let created = "HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Type: application/json\r\n";
    let good = format!("{created}Location: /7\r\nContent-Length: 21\r\n\r\n{{\"id\":7,\"item\":\"tea\"}}");
    assert_eq!(with(&good).await, (201, r#"{"id":7,"item":"tea"}"#.to_owned()));
    let hidden = "{ \"statusCode\": 502, \"message\": \"The request could not be processed due to an internal error. Contact the API owner.\" }";
    for bad in [
        "HTTP/1.1 500 Oops\r\nConnection: close\r\nContent-Length: 5\r\n\r\nstack".to_owned(),
        format!("{created}Content-Length: 14\r\n\r\n{{\"item\":\"tea\"}}"),
        format!("{created}Location: /7\r\nContent-Length: 12\r\n\r\n{{\"item\":\"t\"}}"),
    ] {
        assert_eq!(with(&bad).await, (502, hidden.to_owned()), "{bad}");
    }
}

#[tokio::test]
async fn a_mocked_response_is_the_example_or_made_after_the_schema() {
    let bench = Bench::start(&shop(
        nobody(),
        "<inbound><choose><when condition='@(context.Request.Method == &quot;POST&quot;)'>\
         <mock-response status-code='201' /></when></choose><mock-response /></inbound>",
        "",
    ))
    .await;
    assert_eq!(post(&bench, "{}").await, (201, r#"{"id":7,"item":"tea"}"#.to_owned()));
    let made = bench.call("GET /shop/orders HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(made.header("content-type"), Some("application/json"));
    assert_eq!(made.body, r#"[{"id":1,"item":"string","note":"string","price":0.5}]"#);
}

#[tokio::test]
async fn operations_bring_their_own_messages_and_schemas_of_the_api() {
    let yaml = format!(
        "apis:
  api:
    path: api
    serviceUrl: http://{}
    subscriptionRequired: false
    policy: |
      <policies><inbound>{CONTENT}<mock-response status-code='202' content-type='application/json' /></inbound></policies>
    schemas:
      definitions:
        properties:
          contentType: application/vnd.oai.openapi.components+json
          document: {{components: {{schemas: {{Pet: {{type: object, required: [name], properties: {{name: {{$ref: '#/components/schemas/Name'}}}}}}, Name: {{type: string}}}}}}}}
    operations:
      feed:
        method: POST
        urlTemplate: /pets/{{id}}
        templateParameters: [{{name: id, type: integer, required: true}}]
        request:
          representations: [{{contentType: application/json, schemaId: definitions, typeName: Pet}}]
        responses:
          - statusCode: 202
            representations: [{{contentType: application/json, examples: {{default: {{value: '{{\"fed\": true}}'}}}}}}]
",
        nobody()
    );
    let bench = Bench::start(&yaml).await;
    let feed = async |body: &str| {
        let length = body.len();
        bench
            .call(&format!("POST /api/pets/7 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"))
            .await
    };
    let fed = feed(r#"{"name":"cat"}"#).await;
    assert_eq!((fed.status(), fed.body.as_str()), (202, r#"{"fed": true}"#));
    let refused = feed(r#"{"name":1}"#).await;
    assert!(refused.status() == 400 && refused.body.contains("the definition Pet"), "{}", refused.body);
}

#[tokio::test]
async fn schemas_that_cannot_be_checked_are_told_of_once_they_are_needed() {
    let specification = "    specification: {openapi: 3.0.0, info: {title: t, version: '1'}, paths: {/a: {post: {operationId: a, \
                         requestBody: {content: {application/json: {schema: {properties: {x: {$ref: '#/components/schemas/X'}, \
                         y: {type: string, pattern: '('}}}}}}, responses: {}}}}}\n";
    let yaml = |policies: &str| {
        format!(
            "apis:\n  api:\n    path: api\n    serviceUrl: http://a.example\n    policy: |\n      <policies>{policies}</policies>\n{specification}"
        )
    };
    assert_eq!(findings(&yaml("")), [""; 0]);
    assert_eq!(findings(&yaml(&format!("<inbound>{CONTENT}</inbound>"))), ["unchecked-schema"; 2]);
}
