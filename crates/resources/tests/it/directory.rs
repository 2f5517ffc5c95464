//! Service directories.

use std::time::Duration;

use sekisho_resources::model::{
    BackendKind, FailureThreshold, LoggerType, Protocol, StatusCodeRange, SubscriptionScope, VersioningScheme,
};

use crate::support::{assert_clean, folder, load_path, places};
use secrecy::ExposeSecret;

const SPECIFICATION: &str = "openapi: 3.0.1
info: {title: Chat, version: '1'}
servers: [{url: https://ignored.example.org/}]
paths:
  /deployments/{deployment-id}/chat/completions:
    parameters:
      - {name: deployment-id, in: path, required: true, schema: {type: string}}
    post:
      operationId: ChatCompletions_Create
      summary: Creates a completion
      parameters:
        - {name: api-version, in: query, required: true, schema: {type: string}}
";

fn extracted() -> Vec<(&'static str, &'static str)> {
    vec![
        ("policy.xml", "<policies/>"),
        (
            "apis/chat/apiInformation.json",
            r#"{"properties": {"displayName": "Chat", "path": "/openai/", "serviceUrl": "https://{{host}}/openai/",
                "protocols": ["https"], "subscriptionKeyParameterNames": {"header": "api-key", "query": "api-key"},
                "apiVersion": "v2", "apiVersionSetId": "/subscriptions/0/resourceGroups/g/providers/Microsoft.ApiManagement/service/s/apiVersionSets/models"}}"#,
        ),
        ("apis/chat/specification.yaml", SPECIFICATION),
        ("apis/chat/policy.xml", "<policies><inbound><base/></inbound></policies>"),
        ("apis/chat/operations/chatcompletions-create/policy.xml", "<policies/>"),
        (
            "apis/chat/diagnostics/azuremonitor/diagnosticInformation.json",
            r#"{"properties": {"loggerId": "/loggers/azuremonitor", "alwaysLog": "allErrors",
                "sampling": {"samplingType": "fixed", "percentage": 50},
                "largeLanguageModel": {"logs": "enabled", "requests": {"messages": "all", "maxSizeInBytes": 262144}}}}"#,
        ),
        ("apis/chat;rev=2/apiInformation.json", r#"{"properties": {"path": "openai"}}"#),
        (
            "apis/chat;rev=2/operations/ping/operationInformation.json",
            r#"{"properties": {"displayName": "Ping", "method": "get", "urlTemplate": "/ping/{*rest}"}}"#,
        ),
        (
            "backends/east/backendInformation.json",
            r#"{"properties": {"url": "https://${BACKEND_HOST}/", "protocol": "http",
                "credentials": {"header": {"api-key": ["{{key}}"]}, "managedIdentity": {"resource": "https://cognitiveservices.azure.com"}},
                "circuitBreaker": {"rules": [{"name": "r", "tripDuration": "PT1M", "acceptRetryAfter": true,
                  "failureCondition": {"count": "3", "interval": "PT5M", "statusCodeRanges": [{"min": 429, "max": 429}], "errorReasons": ["Server errors"]}}]}}}"#,
        ),
        (
            "backends/pool/backendInformation.yaml",
            "properties:\n  type: Pool\n  pool:\n    services:\n      - {id: /backends/east, priority: '1', weight: 50}\n    sessionAffinity: {sessionId: {source: Cookie, name: SessionId}}\n",
        ),
        (
            "named values/key-resource/namedValueInformation.json",
            r#"{"properties": {"displayName": "key", "value": "secret-of-east", "secret": true}}"#,
        ),
        (
            "named values/host/namedValueInformation.json",
            r#"{"properties": {"displayName": "host", "value": "api.example.org"}}"#,
        ),
        ("policy fragments/usage/policyFragmentInformation.json", r#"{"properties": {"description": "d"}}"#),
        ("policy fragments/usage/policy.xml", "<fragment/>"),
        (
            "products/starter/productInformation.json",
            r#"{"properties": {"displayName": "Starter", "state": "published"}}"#,
        ),
        ("products/starter/policy.xml", "<policies/>"),
        ("products/starter/apis/chat/productApiInformation.json", "{}"),
        (
            "subscriptions/team/subscriptionInformation.json",
            r#"{"properties": {"scope": "/products/starter", "primaryKey": "${TEAM_KEY}", "secondaryKey": {"file": "second.key"}}}"#,
        ),
        ("subscriptions/team/second.key", "from-a-file\n"),
        (
            "version sets/models/versionSetInformation.json",
            r#"{"properties": {"displayName": "Models", "versioningScheme": "Query", "versionQueryName": "v"}}"#,
        ),
        (
            "loggers/insights/loggerInformation.json",
            r#"{"properties": {"loggerType": "applicationInsights", "credentials": {"instrumentationKey": "{{key}}"}}}"#,
        ),
        (
            "diagnostics/applicationinsights/diagnosticInformation.json",
            r#"{"properties": {"loggerId": "/loggers/insights", "metrics": true, "frontend": {"request": {"body": {"bytes": 0}}}}}"#,
        ),
    ]
}

#[test]
fn an_extracted_service_is_read_as_a_whole() {
    let folder = folder(&extracted());
    let loaded = load_path(folder.path());
    // Not even the file that lies among the resources: a property names it.
    assert_clean(&loaded);
    let configuration = &loaded.configuration;

    let api = &configuration.apis["chat"];
    assert_eq!((api.path.value.as_str(), api.protocols.as_slice()), ("openai", [Protocol::Https].as_slice()));
    assert_eq!(api.service_url.as_ref().unwrap().value, "https://{{host}}/openai");
    assert_eq!(api.subscription_key_parameter_names.header, "api-key");
    assert_eq!(api.api_version_set.as_ref().unwrap().value, "models");
    assert!(api.is_current && api.subscription_required && api.policy.is_some());
    let operation = api.operation("chatcompletions-create").unwrap();
    let template = "/deployments/{deployment-id}/chat/completions?api-version={api-version}";
    assert_eq!(operation.url_template.value, template);
    assert_eq!(operation.template_parameters.len(), 2);
    assert!(operation.policy.is_some());
    let logging = &api.diagnostics["azuremonitor"];
    let requests = logging.large_language_model.as_ref().unwrap().requests.unwrap();
    assert_eq!((logging.sampling_percentage, requests.maximum_bytes), (50.0, 262_144));

    let revision = &configuration.apis["chat;rev=2"];
    assert_eq!(
        (revision.root_name(), revision.api_revision.as_str(), revision.is_current),
        ("chat", "2", false)
    );
    assert_eq!(revision.operations[0].method.value, "GET");
    assert_eq!(revision.operations[0].template_parameters[0].name, "rest");

    let subscription = &configuration.subscriptions["team"];
    assert_eq!(subscription.scope.value, SubscriptionScope::Product("starter".to_owned()));
    let keys: Vec<_> = subscription.keys().map(|key| key.value.expose_secret()).collect();
    assert_eq!(keys, ["key-of-the-team", "from-a-file"]);

    assert_eq!(configuration.version_sets["models"].scheme, VersioningScheme::Query("v".to_owned()));
    assert_eq!(configuration.products["starter"].apis[0].value, "chat");
    assert_eq!(configuration.loggers["insights"].logger_type, LoggerType::ApplicationInsights);
    assert_eq!(configuration.diagnostics["applicationinsights"].frontend_request.body_bytes, 0);
    assert_eq!(loaded.sources.text(configuration.policy_fragments["usage"].policy.file), "<fragment/>");
    assert!(configuration.policy.is_some());
}

#[test]
fn backends_and_pools_keep_their_numbers() {
    let folder = folder(&extracted());
    let configuration = load_path(folder.path()).configuration;
    let BackendKind::Single(east) = &configuration.backends["east"].kind else { panic!("not single") };
    assert_eq!(east.url.value, "https://models.example.org/");
    let breaker = east.circuit_breaker.as_ref().unwrap();
    assert_eq!(breaker.threshold, FailureThreshold::Count(3));
    assert_eq!(breaker.interval, Duration::from_secs(300));
    assert_eq!(breaker.trip_duration, Duration::from_secs(60));
    assert_eq!(breaker.status_code_ranges, [StatusCodeRange { min: 429, max: 429 }]);
    let BackendKind::Pool(pool) = &configuration.backends["pool"].kind else { panic!("not a pool") };
    assert_eq!(pool.services[0].backend.value, "east");
    assert_eq!((pool.services[0].priority, pool.services[0].weight), (1, Some(50)));
    assert_eq!(pool.session_affinity_cookie.as_deref(), Some("SessionId"));
}

#[test]
fn secrets_do_not_show_in_debug_output() {
    let folder = folder(&extracted());
    let loaded = load_path(folder.path());
    let shown = format!("{:?}", loaded.configuration);
    for secret in ["secret-of-east", "key-of-the-team", "from-a-file"] {
        assert!(!shown.contains(secret), "{secret} is shown");
    }
    let expanded = loaded.configuration.named_values.expand("Bearer {{key}}").unwrap();
    assert_eq!(expanded.expose(), "Bearer secret-of-east");
    assert!(!format!("{expanded:?}").contains("secret-of-east"));
}

#[test]
fn the_names_of_arm_are_taken_for_folders() {
    let folder =
        folder(&[("namedValues/a/namedValueInformation.yml", "properties: {displayName: a, value: 1}\n")]);
    let loaded = load_path(folder.path());
    assert_clean(&loaded);
    assert!(loaded.configuration.named_values.get("a").is_some());
}

#[test]
fn what_has_no_effect_is_reported() {
    let folder = folder(&[
        ("apis/chat/apiInformaton.json", r#"{"properties": {"path": "a"}}"#),
        ("apis/chat/polcy.xml", "<policies/>"),
        ("backend/east/backendInformation.json", "{}"),
        ("tags/a/tagInformation.json", "{}"),
        ("docs/readme.txt", ""),
    ]);
    let loaded = load_path(folder.path());
    assert_eq!(
        places(&folder, &loaded),
        [
            "apis/chat:1:1 missing-information",
            "apis/chat/apiInformaton.json:1:1 unknown-file",
            "apis/chat/polcy.xml:1:1 unknown-file",
            "backend:1:1 unknown-folder",
            "tags:1:1 ignored-folder",
        ]
    );
    assert_eq!(
        loaded.diagnostics[0].help.as_deref(),
        Some("rename `apiInformaton.json` to `apiInformation.json`")
    );
    assert_eq!(loaded.diagnostics[2].help.as_deref(), Some("did you mean `policy.xml`?"));
}

#[test]
fn a_folder_of_an_operation_must_match() {
    let folder = folder(&[
        ("apis/chat/apiInformation.json", r#"{"properties": {"path": "a"}}"#),
        ("apis/chat/specification.yaml", SPECIFICATION),
        ("apis/chat/operations/chatcompletion-create/policy.xml", "<policies/>"),
    ]);
    let loaded = load_path(folder.path());
    let expected = "apis/chat/operations/chatcompletion-create/policy.xml:1:1 unknown-operation";
    assert_eq!(places(&folder, &loaded), [expected]);
    assert_eq!(loaded.diagnostics[0].help.as_deref(), Some("did you mean `chatcompletions-create`?"));
}

#[test]
fn everything_that_was_read_is_to_be_watched() {
    let folder = folder(&extracted());
    let loaded = load_path(folder.path());
    for path in
        ["policy.xml", "apis", "apis/chat", "apis/chat/specification.yaml", "subscriptions/team/second.key"]
    {
        assert!(loaded.files.contains(&folder.path().join(path)), "{path}");
    }
}

#[test]
fn a_logger_whose_secret_was_left_out_is_a_warning() {
    let folder = folder(&[
        (
            "loggers/insights/loggerInformation.json",
            "{\"properties\": {\"loggerType\": \"applicationInsights\",\n\"credentials\": {\"instrumentationKey\": \"{{Logger-Credentials--1}}\"}}}",
        ),
        (
            "named values/1/namedValueInformation.json",
            r#"{"properties": {"displayName": "Logger-Credentials--1", "secret": true}}"#,
        ),
    ]);
    let loaded = load_path(folder.path());
    let place = "loggers/insights/loggerInformation.json:2:40 named-value-without-value";
    assert_eq!(places(&folder, &loaded), [place]);
    assert!(!loaded.has_errors());
}

#[test]
fn the_layout_of_early_extractors_is_read() {
    let folder = folder(&[
        (
            "apis/v2/apiInformation.json",
            r#"{"properties": {"path": "a", "apiVersion": "v2", "apiVersionSetId": "/apiVersionSets/1"}}"#,
        ),
        (
            "apis/v2/specification.yaml",
            "openapi: 3.0.1\nservers: [{url: 'https://apim.azure-api.net/a'}]\npaths: {/x: {get: {operationId: x, summary: Get X}}}\n",
        ),
        ("apis/v2/operations/Get X/policy.xml", "<policies/>"),
        ("apis/v2/tags.json", "[]"),
        ("products/starter/productInformation.json", r#"{"properties": {"displayName": "Starter"}}"#),
        ("products/starter/apis.json", "[\n  {\"name\": \"v2\"},\n  {\"name\": \"v3\"}\n]"),
        (
            "version sets/1/apiVersionSetInformation.json",
            r#"{"properties": {"versioningScheme": "Segment"}}"#,
        ),
    ]);
    let loaded = load_path(folder.path());
    assert_eq!(
        places(&folder, &loaded),
        ["apis/v2/tags.json:1:1 ignored-file", "products/starter/apis.json:3:13 unknown-api"]
    );
    let api = &loaded.configuration.apis["v2"];
    assert!(api.operations[0].policy.is_some());
    assert!(api.service_url.is_none(), "the gateway itself is not what stands behind it");
}

#[test]
fn certificates_are_read_and_not_shown() {
    let folder = folder(&[
        (
            "certificates/arm/certificateInformation.json",
            r#"{"properties": {"data": "c2VjcmV0LWRhdGE=", "password": "secret-password"}}"#,
        ),
        (
            "certificates/files/certificateInformation.yaml",
            "properties: {certificateFile: chain.pem, keyFile: key.pem}",
        ),
        ("certificates/files/chain.pem", "the chain"),
        ("certificates/files/key.pem", "secret-key"),
        (
            "certificates/vault/certificateInformation.json",
            r#"{"properties": {"thumbprint": "AB", "keyVault": {"secretIdentifier": "https://v/secrets/c"}}}"#,
        ),
    ]);
    let loaded = load_path(folder.path());
    assert_clean(&loaded);
    let certificates = &loaded.configuration.certificates;
    let material = |name: &str| certificates[name].material.as_ref();
    use sekisho_resources::model::CertificateMaterial::{Data, Pem};
    assert!(
        matches!(material("arm"), Some(Data { password, .. }) if password.expose_secret() == "secret-password")
    );
    assert!(
        matches!(material("files"), Some(Pem { key: Some(key), .. }) if key.expose_secret() == "secret-key")
    );
    assert!(material("vault").is_none());
    assert_eq!(certificates["vault"].key_vault_secret.as_deref(), Some("https://v/secrets/c"));
    let shown = format!("{certificates:?} {:?}", loaded.diagnostics);
    assert!(!shown.contains("secret-") && !shown.contains("c2VjcmV0"), "{shown}");
    assert!(loaded.files.iter().any(|file| file.ends_with("certificates/files/chain.pem")));
}

#[test]
fn external_caches_are_read() {
    let folder = folder(&[
        (
            "caches/default/cacheInformation.json",
            r#"{"properties": {"connectionString": "{{cache}}", "useFromLocation": "default", "resourceId": "/x"}}"#,
        ),
        (
            "caches/west/cacheInformation.json",
            r#"{"properties": {"connectionString": "c:6380,password=${TEAM_KEY},ssl=True", "useFromLocation": "West Europe"}}"#,
        ),
        (
            "named values/cache/namedValueInformation.json",
            r#"{"properties": {"displayName": "cache", "secret": true, "value": "cache.example.org:6380,password=p=,ssl=True,abortConnect=False"}}"#,
        ),
    ]);
    let loaded = load_path(folder.path());
    assert_clean(&loaded);
    let configuration = &loaded.configuration;
    let of =
        |name: &str| configuration.caches[name].connection(&configuration.named_values).unwrap().unwrap();
    let default = of("default");
    assert_eq!((default.servers[0].host.as_str(), default.servers[0].port), ("cache.example.org", 6380));
    assert_eq!(of("west").password.unwrap().expose_secret(), "key-of-the-team");
    assert!(
        configuration.caches["west"].is_for("westeurope") && !configuration.caches["default"].is_for("west")
    );
    assert!(!format!("{configuration:?}").contains("key-of-the-team"));
}

#[test]
fn mistakes_of_caches_are_found_at_their_place() {
    for (text, expected) in [
        (r#"{"properties": {"useFromLocation": "default"}}"#, "1:1 missing-property"),
        (r#"{"properties": {"connectionString": "password=secret"}}"#, "1:37 invalid-connection-string"),
        (r#"{"properties": {"connectionString": "{{nothing}}"}}"#, "1:38 unknown-named-value"),
    ] {
        let folder = folder(&[("caches/default/cacheInformation.json", text)]);
        let loaded = load_path(folder.path());
        assert_eq!(
            places(&folder, &loaded),
            [format!("caches/default/cacheInformation.json:{expected}")],
            "{text}"
        );
        assert!(!loaded.diagnostics[0].message.contains("secret"));
    }
}

#[test]
fn schemas_of_the_service_and_of_an_api_are_read() {
    let folder = folder(&[
        (
            "schemas/address/schemaInformation.json",
            r#"{"properties": {"schemaType": "json", "document": {"type": "object"}}}"#,
        ),
        (
            "schemas/legacy/globalSchemaInformation.json",
            r#"{"properties": {"schemaType": "xml", "value": "<xs:schema/>"}}"#,
        ),
        (
            "schemas/text/schemaInformation.yaml",
            "properties:\n  contentType: application/json\n  document: {value: '{\"definitions\": {\"A\": {}}}'}\n",
        ),
        ("apis/a/apiInformation.json", r#"{"properties": {"path": "a", "serviceUrl": "https://a.example"}}"#),
        (
            "apis/a/operations/o/operationInformation.json",
            r#"{"properties": {"method": "GET", "urlTemplate": "/"}}"#,
        ),
        (
            "apis/a/schemas/b/schemaInformation.json",
            r#"{"properties": {"contentType": "application/vnd.oai.openapi.components+json", "document": {"components": {"schemas": {"B": {"type": "string"}}}}}}"#,
        ),
        ("apis/a/schemas/c.json", r#"{"definitions": {"C": {"type": "integer"}}}"#),
    ]);
    let loaded = load_path(folder.path());
    assert_clean(&loaded);
    let configuration = &loaded.configuration;
    let schemas: Vec<&str> = configuration.schemas.keys().map(String::as_str).collect();
    assert_eq!(schemas, ["address", "legacy", "text"]);
    assert!(configuration.schemas["text"].definition("A").is_some());
    assert!(configuration.schemas["legacy"].definition("A").is_none());
    let api = &configuration.apis["a"].schemas;
    assert_eq!(api["b"].definition("B").unwrap().1["type"], "string");
    assert_eq!(api["c"].definition("C").unwrap().1["type"], "integer");
}
