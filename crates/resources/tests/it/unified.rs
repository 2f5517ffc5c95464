//! Unified model APIs.

use std::time::Duration;

use sekisho_resources::model::{ModelApiFormat, StatusCodeRange};

use crate::support::{assert_clean, folder, load_path, load_text, places};

const API: &str = r#"{"properties": {"displayName": "Models", "unifiedModelApi": {
  "models": [
    {"alias": "gpt", "apiFormat": "chatCompletions", "backendId": "/backends/openai"},
    {"alias": "claude-sonnet", "model": "claude-sonnet-4-5", "apiFormat": "AnthropicMessages", "backendId": "anthropic",
     "timeout": "PT30S", "fallbacks": [
       {"model": "gpt-4o", "apiFormat": "chatCompletions", "backendId": "openai", "path": "v2/chat"}]}],
  "failover": {"statusCodeRanges": [{"min": 500, "max": 504}]}}}}"#;

const BACKEND: &str = r#"{"properties": {"url": "https://example.org", "protocol": "http"}}"#;

#[test]
fn unified_model_api_of_a_service_directory() {
    let folder = folder(&[
        ("apis/models/apiInformation.json", API),
        ("apis/models/operations/chat-completions/policy.xml", "<policies/>"),
        ("backends/openai/backendInformation.json", BACKEND),
        ("backends/anthropic/backendInformation.json", BACKEND),
    ]);
    let loaded = load_path(folder.path());
    assert_clean(&loaded);
    let api = &loaded.configuration.apis["models"];
    assert_eq!(api.path.value, "llm/v1");
    assert!(api.subscription_key_parameter_names.bearer);
    let operations: Vec<_> =
        api.operations.iter().map(|one| (&*one.name.value, &*one.url_template.value)).collect();
    assert_eq!(
        operations,
        [
            ("chat-completions", "/chat/completions"),
            ("list-models", "/models"),
            ("get-model", "/models/{model}")
        ]
    );
    assert!(api.operations[0].policy.is_some());

    let unified = api.unified_models.as_ref().unwrap();
    assert_eq!(unified.failover_status_codes, [StatusCodeRange { min: 500, max: 504 }]);
    let [gpt, claude] = &unified.models[..] else { panic!("two models") };
    assert_eq!((&*gpt.alias.value, &*gpt.targets[0].model), ("gpt", "gpt"));
    let [first, second] = &claude.targets[..] else { panic!("two targets") };
    assert_eq!((&*first.model, first.api_format), ("claude-sonnet-4-5", ModelApiFormat::AnthropicMessages));
    assert_eq!((&*first.backend.value, first.timeout), ("anthropic", Some(Duration::from_secs(30))));
    assert_eq!((&*second.model, second.path.as_deref()), ("gpt-4o", Some("/v2/chat")));
}

#[test]
fn declared_operations_and_paths_win() {
    let (_folder, loaded) = load_text(
        "apis:
  models:
    path: ai
    subscriptionKeyParameterNames: {bearer: disabled}
    operations:
      chat: {method: post, urlTemplate: /chat/completions}
      list-models: {displayName: Aliases}
      one: {method: get, urlTemplate: '/models/{id}'}
    unifiedModelApi:
      models: [{alias: a, apiFormat: chatCompletions, backendId: b}]
backends:
  b: {url: 'https://example.org', protocol: http}
",
    );
    assert_clean(&loaded);
    let api = &loaded.configuration.apis["models"];
    let names: Vec<_> = api.operations.iter().map(|one| &*one.name.value).collect();
    assert_eq!(names, ["list-models", "chat", "one"]);
    assert_eq!((&*api.path.value, api.subscription_key_parameter_names.bearer), ("ai", false));
    assert_eq!(api.unified_models.as_ref().unwrap().failover_status_codes.len(), 2);
}

#[test]
fn mistakes_have_places() {
    let (folder, loaded) = load_text(
        "apis:
  models:
    unifiedModelApi:
      models:
        - {alias: a, apiFormat: chatCompletions, backendId: openai}
        - {alias: a, apiFormat: chatCompletions, backendId: opnai}
        - {alias: b, apiFormat: responses, backendId: openai}
        - {alias: c, backendId: openai}
        - {alias: d, apiFormat: chatCompletions, backendId: openai, fallbacks: [{apiFormat: chatCompletions, backendId: openai}]}
        - {alias: ' ', apiFormat: chatCompletions, backendId: openai}
        - {alias: e, apiFormat: chatCompletions, backendId: openai, weight: 3}
        - {alias: f, apiFormat: chatCompletions, backendId: openai, timeout: PT0S}
      failover: {statusCodeRanges: [{min: 600, max: 700}]}
  empty:
    path: empty
    unifiedModelApi: {models: []}
backends:
  openai: {url: 'https://example.org', protocol: http}
",
    );
    let mut found = places(&folder, &loaded);
    found.sort();
    let mut expected = [
        "sekisho.yaml:6:19 duplicate-alias",
        "sekisho.yaml:6:61 unknown-backend",
        "sekisho.yaml:7:33 invalid-value",
        "sekisho.yaml:8:11 missing-property",
        "sekisho.yaml:9:81 missing-property",
        "sekisho.yaml:10:19 empty-alias",
        "sekisho.yaml:11:69 unknown-property",
        "sekisho.yaml:12:78 invalid-duration",
        "sekisho.yaml:13:43 number-out-of-range",
        "sekisho.yaml:13:53 number-out-of-range",
        "sekisho.yaml:16:22 no-models",
    ];
    expected.sort();
    assert_eq!(found, expected);
}
