//! Seeded mistakes: each has one finding with code and exact place.

use crate::support::{folder, load_path, load_text, places};

const MISTAKES: &str = r#"apis:
  chat:
    path: chat
    subscriptionRequird: true
    apiVersion: v1
    apiVersionSetId: /apiVersionSets/model
    operations: {a: {method: GET, urlTemplate: /a}, b: {displayName: B}, c: {method: get, urlTemplate: /A}}
  chat2:
    path: Chat
    apiVersionSetId: /apiVersionSets/models
    operations: {a: {method: "G T", urlTemplate: /a}}
    protocols: [https, htpp]
    serviceUrl: example.org
versionSets:
  models: {versioningScheme: Segmen}
  headers: {versioningScheme: Header}
products:
  one: {subscriptionRequired: false, apis: [chat]}
  two: {subscriptionRequired: "false", apis: [chat, chatt]}
subscriptions:
  a: {scope: /products/on, primaryKey: same-key}
  b: {scope: /apis/chat, primaryKey: same-key, state: actve}
  c: {scope: /users/1}
  d: {scope: [1]}
namedValues:
  first: {displayName: key, value: v}
  second: {displayName: key, value: v}
  vault: {keyVault: {secretIdentifier: https://v.example.org/secrets/x}}
backends:
  none: {protocol: http}
  east:
    url: https://{{hots}}/x
    credentials:
      header: {api-key: ["Bearer {{kee}}"]}
      query: {sig: "{{vault}}"}
    tls: {validateCertificateChain: maybe}
    circuitBreaker:
      rules:
        - failureCondition:
            count: 0
            percentage: 10
            interval: 5 minutes
            statusCodeRanges: [{min: 100, max: 599}, {min: 503, max: 429}]
          tripDuration: PT0S
        - {name: second}
  pool:
    type: Pool
    pool:
      services:
        - {id: /backends/eas}
        - {id: /backends/pool}
        - {id: /loggers/east}
        - {id: east, priority: high, weight: 101}
  empty: {type: Pool, pool: {services: []}}
  unset: {url: "https://${NO_SUCH_HOST}/"}
loggers:
  hub: {loggerType: eventHub}
diagnostics:
  applicationinsights: {loggerId: /loggers/insights, verbosity: loud, sampling: {percentage: 120}}
policyFragments:
  usage: {}
"#;

#[test]
fn every_mistake_is_found_at_its_place() {
    let (folder, loaded) = load_text(MISTAKES);
    let expected = [
        "4:5 unknown-property",
        "6:38 unknown-version-set",
        "7:53 unknown-operation",
        "7:104 duplicate-operation",
        "9:11 duplicate-api-path",
        "11:30 invalid-method",
        "12:24 invalid-value",
        "13:17 invalid-url",
        "15:30 invalid-value",
        "16:12 missing-property",
        "19:47 two-open-products",
        "19:53 unknown-api",
        "21:24 unknown-product",
        "22:3 duplicate-subscription-key",
        "22:55 invalid-value",
        "23:14 invalid-scope",
        "24:14 wrong-type",
        "27:25 duplicate-display-name",
        "30:9 missing-property",
        "32:18 unknown-named-value",
        "34:34 unknown-named-value",
        "35:21 named-value-without-value",
        "36:37 wrong-type",
        "40:20 number-out-of-range",
        "41:25 conflicting-properties",
        "42:23 invalid-duration",
        "43:38 number-out-of-range",
        "43:70 empty-status-code-range",
        "44:25 invalid-duration",
        "45:11 too-many-breaker-rules",
        "50:26 unknown-backend",
        "51:26 nested-pool",
        "52:16 invalid-reference",
        "53:32 wrong-type",
        "53:46 number-out-of-range",
        "54:29 empty-pool",
        "55:25 unset-environment-variable",
        "57:21 invalid-value",
        "59:44 unknown-logger",
        "59:65 invalid-value",
        "59:94 number-out-of-range",
        "61:3 missing-policy",
    ];
    let mut found: Vec<String> =
        places(&folder, &loaded).iter().map(|place| place.replace("sekisho.yaml:", "")).collect();
    let mut expected: Vec<String> = expected.iter().map(|place| (*place).to_owned()).collect();
    found.sort();
    expected.sort();
    let missing: Vec<_> = expected.iter().filter(|place| !found.contains(place)).collect();
    let surplus: Vec<_> = found.iter().filter(|place| !expected.contains(place)).collect();
    let mut marked: Vec<_> =
        loaded.diagnostics.iter().map(|finding| loaded.sources.slice(finding.span)).collect();
    marked.retain(|text| ["{{hots}}", "{{kee}}", "chatt", "eas", "${NO_SUCH_HOST}", "PT0S"].contains(text));
    assert_eq!(marked, ["chatt", "{{hots}}", "{{kee}}", "PT0S", "eas", "${NO_SUCH_HOST}"]);
    assert!(missing.is_empty() && surplus.is_empty(), "missing {missing:#?}\nsurplus {surplus:#?}");
}

#[test]
fn remedies_name_what_is_right() {
    let (_folder, loaded) = load_text(MISTAKES);
    let help = |code: &str, word: &str| {
        let found = loaded.diagnostics.iter().filter(|finding| finding.code == code);
        found.into_iter().any(|finding| finding.help.as_ref().is_some_and(|help| help.contains(word)))
    };
    assert!(help("unknown-property", "did you mean `subscriptionRequired`?"));
    assert!(help("unknown-backend", "did you mean `east`?"));
    assert!(help("unknown-named-value", "did you mean `key`?"));
    assert!(help("invalid-value", "allowed are `http`, `https`, `ws`, `wss`"));
    assert!(help("wrong-type", "expected a number"));
    assert!(help("unset-environment-variable", "${NO_SUCH_HOST:-default}"));
}

#[test]
fn no_finding_shows_a_key_or_an_expanded_value() {
    let (_folder, loaded) = load_text(
        "subscriptions:\n  a: {scope: /apis, primaryKey: \"${TEAM_KEY}\", state: \"${TEAM_KEY}\"}\n  \
         b: {scope: /apis, primaryKey: \"${TEAM_KEY}\"}\nbackends:\n  x: {url: \"${TEAM_KEY}\"}\n",
    );
    assert_eq!(loaded.diagnostics.len(), 3);
    let shown = sekisho_diagnostics::render::text(&loaded.diagnostics, &loaded.sources, false);
    assert!(!shown.contains("key-of-the-team"), "{shown}");
}

#[test]
fn json_mistakes_have_places_too() {
    let cases = [
        ("{\"properties\": {\"url\": 5,}}", "1:26 invalid-json"),
        ("{\"properties\": {\"url\": \"https://x.example.org\" \"protocol\": 1}}", "1:48 invalid-json"),
        ("{\"properties\":\n {\"url\": {\"a\": 1}}}", "2:10 wrong-type"),
        ("{\"properties\":\n {\"url\": \"https://x\",\n  \"url\": \"https://y\"}}", "3:3 duplicate-key"),
        ("{\"properties\": {\"url\": \"https://x\", \"type\": \"Sinle\"}}", "1:45 invalid-value"),
        ("[]", "1:1 wrong-type"),
    ];
    for (text, expected) in cases {
        let folder = folder(&[("backends/a/backendInformation.json", text)]);
        let loaded = load_path(folder.path());
        let expected = format!("backends/a/backendInformation.json:{expected}");
        assert_eq!(places(&folder, &loaded), [expected], "{text}");
    }
}

#[test]
fn a_missing_path_is_a_finding() {
    let folder = folder(&[]);
    let loaded = load_path(&folder.path().join("nowhere"));
    assert_eq!(places(&folder, &loaded), ["nowhere:1:1 unreadable-file"]);
    let loaded = load_path(folder.path());
    assert_eq!(loaded.diagnostics[0].code, "empty-configuration");
}

#[test]
fn diagnostics_write_to_loggers_of_their_own_type() {
    let (folder, loaded) = load_text(
        "loggers:
  hub: {loggerType: azureEventHub}
  insights: {loggerType: applicationInsights}
  monitor: {loggerType: azureMonitor}
diagnostics:
  applicationinsights: {loggerId: /loggers/hub}
  azuremonitor: {loggerId: /loggers/insights}
apis:
  built-in:
    path: a
    diagnostics:
      applicationinsights: {loggerId: /loggers/azuremonitor}
      azuremonitor: {loggerId: /loggers/azuremonitor}
  right:
    path: b
    diagnostics:
      applicationinsights: {loggerId: /loggers/insights}
      azuremonitor: {loggerId: /loggers/monitor}
",
    );
    let found = places(&folder, &loaded);
    let wrong: Vec<_> = found.iter().filter(|place| place.ends_with("wrong-logger-type")).collect();
    assert_eq!(
        wrong,
        [
            "sekisho.yaml:6:44 wrong-logger-type",
            "sekisho.yaml:7:37 wrong-logger-type",
            "sekisho.yaml:12:48 wrong-logger-type",
        ]
    );
    let message =
        &loaded.diagnostics.iter().find(|finding| finding.code == "wrong-logger-type").unwrap().message;
    assert_eq!(message, "`hub` is not a logger of the type `applicationInsights`");
}
