//! What backends are sent to prove who calls.

use crate::bench::{Backend, Bench, Message, entity_api};

const CALL: &str =
    "GET /api/x?a=1&CODE=client HTTP/1.1\r\nHost: a\r\nX-Key: client\r\nAuthorization: Basic client\r\n\r\n";

/// Sets everything that credentials set, after the backend was chosen.
const OWN: &str = "<set-header name=\"x-key\" exists-action=\"override\"><value>policy</value></set-header>\
    <set-header name=\"Authorization\" exists-action=\"override\"><value>Bearer policy</value></set-header>\
    <set-query-parameter name=\"code\" exists-action=\"append\"><value>policy</value></set-query-parameter>";

/// What a backend with these credentials sees of a call.
async fn seen(credentials: &str) -> Message {
    let backend = Backend::start().await;
    let url = format!("http://{}", backend.address);
    let properties = format!("credentials: {{{credentials}}}");
    let named = "\nnamedValues: {key: {displayName: key, value: hidden, secret: true}}\n";
    let bench = Bench::start(&(entity_api(&url, &properties, OWN, "") + named)).await;
    let serve = async {
        let mut wire = backend.accept().await;
        let request = wire.message().await;
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        request
    };
    let (request, response) = tokio::join!(serve, bench.call(CALL));
    assert_eq!(response.status(), 200);
    request
}

fn all<'m>(message: &'m Message, name: &str) -> Vec<&'m str> {
    let named = message.headers.iter().filter(|(known, _)| known == name);
    named.map(|(_, value)| value.as_str()).collect()
}

#[tokio::test]
async fn without_credentials_the_policys_are_sent() {
    let request = seen("").await;
    assert_eq!(all(&request, "x-key"), ["policy"]);
    assert_eq!(all(&request, "authorization"), ["Bearer policy"]);
    assert!(request.start.contains("code=policy"), "{}", request.start);
}

#[tokio::test]
async fn headers_replace_the_policys() {
    let request = seen("header: {X-Key: ['{{key}}', second]}").await;
    assert_eq!(all(&request, "x-key"), ["hidden", "second"]);
    assert_eq!(all(&request, "authorization"), ["Bearer policy"]);
}

#[tokio::test]
async fn query_parameters_replace_the_policys() {
    let request = seen("query: {code: ['{{key}}', 'a b&c']}").await;
    assert_eq!(request.start, "GET /x?a=1&code=hidden&code=a%20b%26c HTTP/1.1");
}

#[tokio::test]
async fn the_authorization_replaces_the_policys() {
    let request = seen("authorization: {scheme: Basic, parameter: '{{key}}'}").await;
    assert_eq!(all(&request, "authorization"), ["Basic hidden"]);
    assert_eq!(all(&request, "x-key"), ["policy"]);
}

#[tokio::test]
async fn the_token_of_an_identity_replaces_every_authorization() {
    let request = seen("managedIdentity: {resource: 'urn:cached'}").await;
    assert_eq!(all(&request, "authorization"), ["Bearer the-token"]);
    let request = seen("managedIdentity: {resource: 'urn:fetched'}").await;
    assert_eq!(all(&request, "authorization"), ["Bearer fetched-for-system"]);
    let both = "managedIdentity: {resource: 'urn:fetched', clientId: mine}, authorization: {scheme: Basic, parameter: x}";
    assert_eq!(all(&seen(both).await, "authorization"), ["Bearer fetched-for-mine"]);
}

#[tokio::test]
async fn a_missing_token_is_an_error_that_policies_see() {
    let backend = Backend::start().await;
    let url = format!("http://{}", backend.address);
    let policies = "<on-error><set-header name=\"x-reason\" exists-action=\"override\">\
        <value>@(context.LastError.Source + \" \" + context.LastError.Reason)</value>\
      </set-header></on-error>";
    let properties = "credentials: {managedIdentity: {resource: 'urn:failing'}}";
    let mut bench = Bench::start(&entity_api(&url, properties, "", policies)).await;
    let response = bench.call(CALL).await;
    assert_eq!(response.status(), 500);
    assert_eq!(response.header("x-reason"), Some("forward-request ManagedIdentityTokenFailure"));
    assert!(!response.body.contains("identity endpoint"), "the cause is not the client's: {}", response.body);
    let record = bench.record().await;
    let error = record.last_error.unwrap();
    assert_eq!(error.reason.as_deref(), Some("ManagedIdentityTokenFailure"));
    assert!(record.attempts.is_empty(), "nothing was sent: {:?}", record.attempts);
}
