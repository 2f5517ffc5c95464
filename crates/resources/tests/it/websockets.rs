//! WebSocket APIs and what bounds their connections.

use std::time::Duration;

use sekisho_resources::model::{ApiType, Protocol};

use crate::support::{assert_clean, folder, load_path, load_text, places};

#[test]
fn an_extracted_web_socket_api_has_its_handshake() {
    let folder = folder(&[
        (
            "apis/live/apiInformation.json",
            r#"{"properties": {"path": "openai", "type": "websocket", "serviceUrl": "wss://example.org/openai/", "protocols": ["wss"]}}"#,
        ),
        (
            "apis/live/operations/onHandshake/operationInformation.json",
            r#"{"properties": {"displayName": "On handshake", "method": "POST", "urlTemplate": "/"}}"#,
        ),
        ("apis/live/operations/onHandshake/policy.xml", "<policies/>"),
        (
            "apis/chat/apiInformation.json",
            r#"{"properties": {"path": "OpenAI", "serviceUrl": "https://example.org/openai"}}"#,
        ),
        (
            "apis/chat/operations/ping/operationInformation.json",
            r#"{"properties": {"method": "GET", "urlTemplate": "/ping"}}"#,
        ),
    ]);
    let loaded = load_path(folder.path());
    assert_clean(&loaded);
    let live = &loaded.configuration.apis["live"];
    assert_eq!((live.api_type, &live.protocols[..]), (ApiType::WebSocket, &[Protocol::Wss][..]));
    assert_eq!(live.service_url.as_ref().unwrap().value, "wss://example.org/openai");
    let [handshake] = &live.operations[..] else { panic!("{:?}", live.operations) };
    assert_eq!(handshake.name.value, "onHandshake");
    assert_eq!((handshake.method.as_str(), handshake.url_template.as_str()), ("GET", "/*"));
    assert_eq!(handshake.display_name, "On handshake");
    assert!(handshake.policy.is_some());
}

#[test]
fn the_handshake_is_there_without_being_written_and_alone() {
    let (folder, loaded) = load_text(
        "apis:
  live: {path: live, type: websocket, serviceUrl: 'ws://example.org'}
  other:
    path: live
    type: websocket
    serviceUrl: ws://example.org
    operations:
      send: {method: GET, urlTemplate: /send}
",
    );
    assert_eq!(
        places(&folder, &loaded),
        ["sekisho.yaml:4:11 duplicate-api-path", "sekisho.yaml:8:7 unknown-operation"]
    );
    let live = &loaded.configuration.apis["live"];
    assert_eq!(live.protocols, [Protocol::Wss, Protocol::Ws]);
    assert_eq!(live.operations.len(), 1);
}

#[test]
fn limits_of_web_sockets_are_read() {
    let (_folder, loaded) = load_text(
        "limits: {webSockets: {connections: 7, idleTimeout: off, maximumDuration: 1h}}\nresources: {}\n",
    );
    assert_clean(&loaded);
    let limits = loaded.process.limits.web_sockets;
    assert_eq!((limits.connections, limits.idle_timeout), (7, None));
    assert_eq!(limits.maximum_duration, Some(Duration::from_secs(3600)));
    let (folder, loaded) = load_text("limits: {webSockets: {idleTimeout: soon, pings: 3}}\nresources: {}\n");
    let mut found = places(&folder, &loaded);
    found.sort();
    assert_eq!(found, ["sekisho.yaml:1:36 invalid-duration", "sekisho.yaml:1:42 unknown-property"]);
    assert_eq!(loaded.process.limits.web_sockets.idle_timeout, Some(Duration::from_secs(600)));
}
