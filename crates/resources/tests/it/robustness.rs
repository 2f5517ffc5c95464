//! Nothing that can stand in a file makes the loader panic.

use proptest::prelude::*;

use crate::support::{folder, load_path, load_text};

/// Text that comes close to a configuration.
fn fragments() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "apis",
        "backends",
        "policy",
        "properties",
        "url",
        "pool",
        "services",
        ": ",
        "- ",
        "\n",
        "\n  ",
        "\n    ",
        "{",
        "}",
        "[",
        "]",
        "\"",
        "'",
        "|",
        ">",
        "&a ",
        "*a",
        "<<",
        "${",
        "}",
        "{{x}}",
        "\\u",
        "é",
        "\u{feff}",
        "\t",
        "#",
        "!!str ",
        "---",
        "...",
        "%",
        "1",
        "PT1M",
        "null",
        ",",
        "\r\n",
        "? ",
        "path",
        "x",
    ]);
    prop::collection::vec(words, 0..40).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_yaml_is_loaded_or_refused(text in fragments()) {
        load_text(&text);
    }

    #[test]
    fn any_text_is_loaded_or_refused(text in any::<String>()) {
        load_text(&text);
    }

    #[test]
    fn any_json_is_loaded_or_refused(text in fragments()) {
        let folder = folder(&[
            ("backends/a/backendInformation.json", text.as_str()),
            ("apis/a/apiInformation.yaml", "properties: {path: a}"),
            ("apis/a/specification.json", text.as_str()),
        ]);
        load_path(folder.path());
    }

    #[test]
    fn any_value_is_read_or_refused(value in fragments()) {
        let quoted = serde_json::Value::from(value).to_string();
        let text = format!(
            "backends: {{a: {{url: {quoted}, type: {quoted}, circuitBreaker: {{rules: [{{tripDuration: {quoted}}}]}}}}}}\n\
             apis: {{a: {{path: {quoted}, policy: {quoted}, specification: {quoted}}}}}\n\
             subscriptions: {{a: {{scope: {quoted}, primaryKey: {quoted}}}}}\nlisteners: {{http: {quoted}}}\n"
        );
        load_text(&text);
    }
}

#[test]
fn deep_nesting_is_refused() {
    let (_folder, loaded) = load_text(&"[".repeat(5000));
    assert!(loaded.has_errors());
    let folder = folder(&[("backends/a/backendInformation.json", "[".repeat(100_000).as_str())]);
    assert_eq!(load_path(folder.path()).diagnostics[0].code, "invalid-json");
}

#[test]
fn aliases_cannot_grow_without_bound() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = level - 1;
        let list = vec![format!("*a{before}"); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{list}]\n"));
    }
    let (_folder, loaded) = load_text(&text);
    assert_eq!(loaded.diagnostics[0].code, "invalid-yaml");
}
