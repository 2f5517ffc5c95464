//! Resources in one YAML file.

use sekisho_diagnostics::{Diagnostic, Span};
use sekisho_resources::model::PolicyFormat;

use crate::support::{assert_clean, folder, load_path, load_text, places};

const COMPACT: &str = "# Übung
backends:
  east:
    url: https://east.example.org
apis:
  chat:
    path: chat
    subscriptionRequired: false
    policy: |
      <policies>
        <inbound>
          <set-backend-service backend-id=\"east\" />
        </inbound>
      </policies>
    operations:
      complete:
        method: POST
        urlTemplate: /completions
        policy: \"<policies>\\n<oops/></policies>\"
policy: <policies/>
";

#[test]
fn sections_may_stand_at_the_top() {
    let (_folder, loaded) = load_text(COMPACT);
    assert_clean(&loaded);
    let api = &loaded.configuration.apis["chat"];
    assert!(!api.subscription_required);
    let policy = api.policy.unwrap();
    assert_eq!(policy.format, PolicyFormat::RawXml);
    let text = loaded.sources.text(policy.file);
    assert!(text.starts_with("<policies>\n  <inbound>\n"), "{text}");
    assert!(text.ends_with("</policies>\n"), "{text}");
}

#[test]
fn findings_in_an_inline_policy_point_into_the_yaml_file() {
    for text in [COMPACT.to_owned(), COMPACT.replace('\n', "\r\n")] {
        let (folder, loaded) = load_text(&text);
        assert_clean(&loaded);
        let api = &loaded.configuration.apis["chat"];
        let finding = |file, part: &str| {
            let start = loaded.sources.text(file).find(part).unwrap();
            Diagnostic::error("example", Span::new(file, start, start + part.len()), "example")
        };
        let block = finding(api.policy.unwrap().file, "backend-id");
        let quoted = finding(api.operations[0].policy.unwrap().file, "<oops/>");
        let mut findings = vec![block, quoted];
        loaded.configuration.origins.relocate(&mut findings);
        let written: Vec<_> = findings.iter().map(|finding| loaded.sources.slice(finding.span)).collect();
        assert_eq!(written, ["backend-id", "<oops/>"]);
        let place = loaded.sources.locate(findings[0].span);
        assert_eq!(place.file.as_ref(), folder.path().join("sekisho.yaml").to_string_lossy());
        assert_eq!((place.line, place.column), (12, 32));
    }
}

#[test]
fn policies_and_specifications_may_be_files_beside() {
    let folder = folder(&[
        (
            "deploy/sekisho.yaml",
            "resources:\n  apis:\n    chat: {path: chat, policyFile: ../p.xml, specificationFile: s.json}\n",
        ),
        ("p.xml", "<policies/>"),
        (
            "deploy/s.json",
            r#"{"swagger": "2.0", "host": "h.example.org", "basePath": "/v1", "paths": {"/a": {"get": {}}}}"#,
        ),
    ]);
    let loaded = load_path(&folder.path().join("deploy/sekisho.yaml"));
    assert_clean(&loaded);
    let api = &loaded.configuration.apis["chat"];
    assert_eq!(api.service_url.as_ref().unwrap().value, "https://h.example.org/v1");
    assert_eq!(api.operations[0].name.value, "get-a");
    assert_eq!(loaded.sources.text(api.policy.unwrap().file), "<policies/>");
}

#[test]
fn resources_may_be_a_directory_or_a_file() {
    let api = r#"{"properties": {"path": "a", "type": "graphql"}}"#;
    let folder = folder(&[
        ("one.yaml", "resources: service\n"),
        ("two.yaml", "resources: parts.yaml\n"),
        ("three.yaml", "resources: servcie\n"),
        ("service/apis/x/apiInformation.json", api),
        ("parts.yaml", "apis: {x: {path: a, type: graphql}}\n"),
        ("nested/sekisho.yaml", "accessLog: true\n"),
        ("nested/apis/x/apiInformation.json", api),
    ]);
    for path in ["one.yaml", "two.yaml", "nested"] {
        let loaded = load_path(&folder.path().join(path));
        assert_clean(&loaded);
        assert!(loaded.configuration.apis.contains_key("x"), "{path}");
    }
    let loaded = load_path(&folder.path().join("three.yaml"));
    assert_eq!(places(&folder, &loaded), ["three.yaml:1:12 unreadable-file"]);
    assert_eq!(loaded.diagnostics[0].help.as_deref(), Some("did you mean `service`?"));
}

#[test]
fn an_api_may_hold_its_specification() {
    let text = "apis:
  chat:
    properties:
      path: chat
      displayName: Mine
    specification:
      openapi: 3.1.0
      info: {title: Theirs}
      paths:
        /a: {get: {operationId: List}}
    operations:
      list: {displayName: Everything}
";
    let (_folder, loaded) = load_text(text);
    assert_clean(&loaded);
    let api = &loaded.configuration.apis["chat"];
    assert_eq!(api.display_name, "Mine");
    assert_eq!((api.operations.len(), api.operations[0].display_name.as_str()), (1, "Everything"));
}

#[test]
fn a_dollar_in_a_policy_stays() {
    let (_folder, loaded) = load_text("policy: '<policies><!-- ${NOT_SET} --></policies>'\n");
    assert_clean(&loaded);
    let policy = loaded.configuration.policy.unwrap();
    assert_eq!(loaded.sources.text(policy.file), "<policies><!-- ${NOT_SET} --></policies>");
}

#[test]
fn broken_yaml_is_one_finding_at_its_place() {
    let (folder, loaded) = load_text("apis:\n  chat: {path: [a\n");
    assert_eq!(places(&folder, &loaded).len(), 1);
    assert_eq!(loaded.diagnostics[0].code, "invalid-yaml");
    let (folder, loaded) = load_text("");
    assert_eq!(places(&folder, &loaded), ["sekisho.yaml:1:1 empty-configuration"]);
}
