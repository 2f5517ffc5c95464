//! Settings of the process.

use std::time::Duration;

use secrecy::ExposeSecret;
use sekisho_resources::process::{
    ClientCertificateMode, Destination, IdentitySource, InternalCache, LocalEmbeddings, OnSafetyFailure,
    OnStateFailure, SemanticCache, StatsdTags, TokenWindow,
};

use crate::support::{assert_clean, load_text, places};

#[test]
fn settings_are_read() {
    let (folder, loaded) = load_text(
        "gateway: {id: edge-1, region: West Europe}
listeners:
  http: 127.0.0.1:9080
  https: {certificateFile: tls/c.pem, keyFile: tls/k.pem, clientCertificate: request}
  clientCertificateHeader: X-ARR-ClientCert
management: {address: localhost:9090, accessToken: 0123456789abcdef, hosts: [gw.example]}
tracing: {legacyHeader: true}
dataDirectory: data
limits: {bufferedBodyBytes: 1048576}
drainTimeout: 5s
accessLog: on
upstream:
  connectTimeout: 500ms
  caFile: ca.pem
  destinations: {deny: ['*', 10.0.0.0/8], allow: ['*.example', 10.1.2.3]}
identity:
  kind: clientSecret
  endpoint: http://127.0.0.1:7000
  tenantId: t
  clientId: c
  clientSecret: ${TEAM_KEY}
  identities:
    11111111-1111-1111-1111-111111111111: {kind: imds, endpoint: 'http://169.254.169.254'}
authorizations:
  github:
    tokenEndpoint: https://login.example/token
    scopes: read write
    parameters: {audience: all, kind: a}
    connections:
      bot: {clientId: app, clientSecret: '${TEAM_KEY}', parameters: {kind: b}}
      other: {clientId: app2, clientSecret: x, scopes: [admin]}
resources: {}
",
    );
    assert_clean(&loaded);
    let [bot, other] = &loaded.process.connections[..] else { panic!("connections") };
    assert_eq!((bot.provider.as_str(), bot.name.as_str(), bot.client_id.as_str()), ("github", "bot", "app"));
    assert_eq!((bot.scopes.join(" ").as_str(), bot.parameters["kind"].as_str()), ("read write", "b"));
    assert_eq!((other.scopes.join(" ").as_str(), other.parameters["audience"].as_str()), ("admin", "all"));
    assert!(!format!("{bot:?}").contains("key-of-the-team"));
    let process = &loaded.process;
    assert_eq!((process.gateway.id.as_str(), process.gateway.region.as_str()), ("edge-1", "West Europe"));
    assert_eq!(process.listeners.http.unwrap().to_string(), "127.0.0.1:9080");
    let https = process.listeners.https.as_ref().unwrap();
    assert_eq!(https.address.port(), 8443);
    assert_eq!(https.tls.key, folder.path().join("tls/k.pem"));
    assert_eq!(process.management.address.unwrap().to_string(), "127.0.0.1:9090");
    let token = process.management.access_token.as_ref().unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(token), "0123456789abcdef");
    assert_eq!(process.management.hosts, ["gw.example"]);
    assert!(process.tracing.legacy_header);
    assert_eq!(process.data_directory, folder.path().join("data"));
    assert_eq!(process.limits.buffered_body_bytes, 1_048_576);
    assert_eq!(process.limits.url_bytes, 16_384);
    assert_eq!(process.drain_timeout, Duration::from_secs(5));
    assert_eq!(process.upstream.connect_timeout, Duration::from_millis(500));
    assert!(process.access_log);
    assert_eq!(https.client_certificate, ClientCertificateMode::Request);
    assert_eq!(process.listeners.client_certificate_header.as_deref(), Some("X-ARR-ClientCert"));
    let shown = |list: &[Destination]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(shown(&process.upstream.destinations.deny), ["*", "10.0.0.0/8"]);
    assert_eq!(shown(&process.upstream.destinations.allow), ["*.example", "10.1.2.3/32"]);
    let IdentitySource::ClientSecret { client_secret, .. } = &process.identity.source else { panic!("kind") };
    assert_eq!(client_secret.expose_secret(), "key-of-the-team");
    assert_eq!(process.identity.by_client_id.len(), 1);
}

#[test]
fn defaults_stand_without_a_file() {
    let (_folder, loaded) = load_text("resources: {}\n");
    assert_eq!(loaded.process.listeners.http.unwrap().to_string(), "127.0.0.1:8080");
    assert_eq!(loaded.process.management.address.unwrap().to_string(), "127.0.0.1:8090");
    assert_eq!(loaded.process.limits.buffered_body_bytes, 2 * 1024 * 1024);
}

#[test]
fn mistakes_are_found_at_their_place() {
    let (folder, loaded) = load_text(
        "listenrs: {}
listeners: {http: example, htps: 1}
management: {address: 0.0.0.0:8090}
limits: {urlBytes: 2.5}
drainTimeout: soon
identity: {kind: imds, endpoint: 'http://token.example.org'}
upstream: {insecureSkipVerify: 1, destinations: {deny: [10.0.0.0/33], allow: ['*']}}
resources: {apis: {}, backend: {}}
colour: red
authorizations: {a: {connections: {b: {clientId: c}}}, d: {tokenEndpoint: 'http://login.example'}}
",
    );
    assert_eq!(
        places(&folder, &loaded),
        [
            "sekisho.yaml:1:1 unknown-property",
            "sekisho.yaml:2:19 invalid-address",
            "sekisho.yaml:2:28 unknown-property",
            "sekisho.yaml:3:23 insecure-management",
            "sekisho.yaml:4:20 number-out-of-range",
            "sekisho.yaml:5:15 invalid-duration",
            "sekisho.yaml:6:34 insecure-endpoint",
            "sekisho.yaml:7:32 wrong-type",
            "sekisho.yaml:7:57 invalid-destination",
            "sekisho.yaml:7:79 invalid-destination",
            "sekisho.yaml:8:23 unknown-property",
            "sekisho.yaml:9:1 unknown-property",
            "sekisho.yaml:10:21 missing-property",
            "sekisho.yaml:10:39 missing-property",
            "sekisho.yaml:10:75 insecure-endpoint",
        ]
    );
}

#[test]
fn state_is_read() {
    let (folder, loaded) = load_text(
        "state:
  redis:
    urls: ['rediss://a.example.org:7000', 'rediss://[::1]']
    cluster: true
    username: gateway
    password: ${TEAM_KEY}
    caFile: ca.pem
    keyPrefix: 'team:'
    timeout: 250ms
  onStateFailure: deny
  internalCache: local
  memory: {counters: 500, valueBytes: 1048576}
  tokenWindow: sliding
",
    );
    assert_clean(&loaded);
    let state = &loaded.process.state;
    let redis = state.redis.as_ref().unwrap();
    let servers: Vec<_> =
        redis.connection.servers.iter().map(|server| (server.host.as_str(), server.port)).collect();
    assert_eq!(servers, [("a.example.org", 7000), ("::1", 6379)]);
    assert!(redis.connection.is_cluster && redis.connection.uses_tls);
    assert_eq!(redis.connection.username.as_deref(), Some("gateway"));
    assert_eq!(redis.connection.password.as_ref().unwrap().expose_secret(), "key-of-the-team");
    assert_eq!(redis.ca_file, Some(folder.path().join("ca.pem")));
    assert_eq!((redis.key_prefix.as_str(), redis.timeout), ("team:", Duration::from_millis(250)));
    assert_eq!((state.on_failure, state.internal_cache), (OnStateFailure::Deny, InternalCache::Local));
    assert_eq!((state.memory.counters, state.memory.values), (500, 100_000));
    assert_eq!(state.token_window, TokenWindow::Sliding);
    assert_eq!(state.memory.value_bytes, 1_048_576);
    assert!(!format!("{:?}", loaded.process).contains("key-of-the-team"));
}

#[test]
fn the_semantic_cache_is_read() {
    let (folder, loaded) = load_text(
        "semanticCache:
  embeddingTimeout: 250ms
  replayStreams: false
  markHits: true
  waitForFirst: 10s
  localEmbeddings: [{backend: embeddings, model: models/small}]
state: {memory: {vectors: 7, vectorBytes: 2097152}}
",
    );
    assert_clean(&loaded);
    let model =
        LocalEmbeddings { backend: "embeddings".to_owned(), model: folder.path().join("models/small") };
    let expected = SemanticCache {
        embedding_timeout: Duration::from_millis(250),
        replays_streams: false,
        marks_hits: true,
        wait_for_first: Some(Duration::from_secs(10)),
        local_embeddings: vec![model],
    };
    assert_eq!(loaded.process.semantic_cache, expected);
    assert_eq!(
        (loaded.process.state.memory.vectors, loaded.process.state.memory.vector_bytes),
        (7, 2_097_152)
    );
    let (_folder, loaded) =
        load_text("semanticCache: {embeddingTimeout: 2m, localEmbeddings: [{backend: a}]}\n");
    let codes: Vec<_> = loaded.diagnostics.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["number-out-of-range", "missing-property"]);
    assert_eq!(loaded.process.semantic_cache, SemanticCache::default());
}

#[test]
fn content_safety_is_read() {
    let text =
        "contentSafety: {onFailure: allow, policies: {strict: deny}, timeout: 2s, longestHold: 500ms}\n";
    let (_folder, loaded) = load_text(text);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    let read = &loaded.process.content_safety;
    assert_eq!(read.on_failure, OnSafetyFailure::Allow);
    assert_eq!(read.policies.get("strict"), Some(&OnSafetyFailure::Deny));
    assert_eq!((read.timeout, read.longest_hold), (Duration::from_secs(2), Duration::from_millis(500)));
    let (_folder, loaded) = load_text("contentSafety: {timeout: 2h, policies: {a: maybe}}\n");
    let codes: Vec<&str> = loaded.diagnostics.iter().map(|finding| finding.code).collect();
    assert_eq!(codes.len(), 2, "{codes:?}");
    assert!(codes.contains(&"number-out-of-range"), "{codes:?}");
}

#[test]
fn exporters_are_read() {
    let (_folder, loaded) = load_text(
        "openTelemetry:
  endpoint: https://collector.example/otlp
  headers: {api-key: '${TEAM_KEY}'}
  logs: true
  content: true
  interval: 5s
  sampling: 0.25
  resourceAttributes: {service.name: edge}
statsd: {address: 'localhost:8125', prefix: gateway, tags: datadog}
",
    );
    assert_clean(&loaded);
    let read = loaded.process.open_telemetry.unwrap();
    assert_eq!(read.endpoint.as_ref().unwrap().as_str(), "https://collector.example/otlp");
    assert!(read.traces && read.metrics && read.logs && read.content);
    assert_eq!((read.interval, read.sampling), (Duration::from_secs(5), 0.25));
    assert_eq!(read.resource_attributes, [("service.name".to_owned(), "edge".to_owned())]);
    assert_eq!(read.headers[0].1.expose_secret(), "key-of-the-team");
    assert!(!format!("{read:?}").contains("key-of-the-team"));
    let statsd = loaded.process.statsd.unwrap();
    assert_eq!((statsd.address.as_str(), statsd.prefix.as_str()), ("localhost:8125", "gateway"));
    assert_eq!(statsd.tags, StatsdTags::Datadog);

    let (_folder, loaded) = load_text(
        "openTelemetry: {endpoint: 'ftp://a', headers: {'a b': c}, sampling: 2, interval: 1ms}\nstatsd: {address: a}\n",
    );
    let mut codes: Vec<&str> = loaded.diagnostics.iter().map(|finding| finding.code).collect();
    codes.sort_unstable();
    let expected = [
        "invalid-address",
        "invalid-header-name",
        "invalid-url",
        "number-out-of-range",
        "number-out-of-range",
    ];
    assert_eq!(codes, expected);
}

#[test]
fn state_is_in_memory_when_nothing_is_said() {
    let (_folder, loaded) = load_text("state: {redis: {url: 'redis://localhost/2'}}\n");
    assert_clean(&loaded);
    let redis = loaded.process.state.redis.unwrap();
    assert_eq!((redis.connection.database, redis.connection.servers[0].port), (2, 6379));
    assert_eq!((redis.key_prefix.as_str(), redis.timeout), ("sekisho:", Duration::from_millis(100)));
    let (_folder, loaded) = load_text("resources: {}\n");
    assert!(loaded.process.state.redis.is_none());
}

#[test]
fn mistakes_of_state_are_found_at_their_place() {
    let mistakes = [
        ("redis: {}", "2:10 missing-property"),
        ("redis: {url: 'http://a'}", "2:16 invalid-url"),
        ("redis: {url: 'redis://user:secret@a'}", "2:16 invalid-url"),
        ("redis: {url: 'redis://a/first'}", "2:16 invalid-url"),
        ("redis: {urls: ['redis://a', 'rediss://b'], cluster: true}", "2:31 invalid-url"),
        ("redis: {urls: ['redis://a', 'redis://b']}", "2:10 invalid-value"),
        ("redis: {url: 'redis://a/1', cluster: true}", "2:10 invalid-url"),
        ("redis: {url: 'redis://a', username: b}", "2:10 missing-property"),
        ("redis: {url: 'redis://a', keyPrefix: 'a{b}'}", "2:40 invalid-value"),
        ("redis: {url: 'redis://a', timeout: 1m}", "2:38 number-out-of-range"),
        ("redis: {url: 'redis://a', pasword: b}", "2:29 unknown-property"),
        ("onStateFailure: allow", "2:19 invalid-value"),
        ("internalCache: redis", "2:18 invalid-value"),
        ("tokenWindow: classic", "2:16 invalid-value"),
        ("memory: {counters: 1}", "2:22 number-out-of-range"),
    ];
    for (text, expected) in mistakes {
        let (folder, loaded) = load_text(&format!("state:\n  {text}\n"));
        assert_eq!(places(&folder, &loaded), [format!("sekisho.yaml:{expected}")], "{text}");
        let shown = sekisho_diagnostics::render::text(&loaded.diagnostics, &loaded.sources, false);
        let message = &loaded.diagnostics[0].message;
        assert!(!message.contains("secret"), "{shown}");
    }
}

#[test]
fn rows_go_to_streams_of_a_rule() {
    let (_folder, loaded) = load_text(
        "azureMonitor:
  endpoint: https://team.westeurope-1.ingest.monitor.azure.com/
  ruleId: dcr-1
  streams: {gatewayLogs: Custom-Gateway, llmLogs: Custom-Llm}
  identityClientId: SystemAssigned
",
    );
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    let monitor = loaded.process.azure_monitor.unwrap();
    assert_eq!(monitor.endpoint, "https://team.westeurope-1.ingest.monitor.azure.com");
    assert_eq!((&*monitor.rule_id, monitor.client_id), ("dcr-1", None));
    assert_eq!(monitor.streams.llm_logs.as_deref(), Some("Custom-Llm"));
}

#[test]
fn tokens_go_nowhere_in_plain_text() {
    for endpoint in
        ["http://collector.example", "https://collector.example/path", "https://u:p@x.example", "x"]
    {
        let text = format!("azureMonitor: {{endpoint: '{endpoint}', ruleId: r, streams: {{llmLogs: s}}}}\n");
        let (folder, loaded) = load_text(&text);
        assert_eq!(places(&folder, &loaded), ["sekisho.yaml:1:26 invalid-url"], "{endpoint}");
    }
    let (folder, loaded) = load_text("azureMonitor: {endpoint: 'http://127.0.0.1:1', ruleId: r}\n");
    assert_eq!(places(&folder, &loaded), ["sekisho.yaml:1:15 missing-property"]);
}
