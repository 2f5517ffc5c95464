//! Whatever comes in, conversions end in well-formed JSON or XML, or in an error.
#![allow(clippy::unwrap_used)] // A test fails by panicking.

use proptest::prelude::*;
use sekisho_expression::budget::{Budget, Limits};
use sekisho_policy::convert::{JsonToXml, XmlToJson, json_to_xml, xml_to_json};
use serde_json::Value;

/// XML, well-formed or not.
fn markup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<a>"),
        Just("</a>"),
        Just("<b x='1'>"),
        Just("</b>"),
        Just("<c/>"),
        Just("text"),
        Just("&amp;"),
        Just("&#x1F600;"),
        Just("<![CDATA[x]]>"),
        Just("<!-- c -->"),
        Just("<?t d?>"),
        Just("<?xml version='1.0'?>"),
        Just("<p:d xmlns:p='u'>"),
        Just("</p:d>"),
        Just(" "),
        Just("\n"),
        Just("<"),
        Just("&"),
        Just("<!DOCTYPE a>"),
        Just("\u{1}")
    ];
    proptest::collection::vec(piece, 0..16).prop_map(|pieces| format!("<r>{}</r>", pieces.concat()))
}

/// Any JSON, with names that XML knows and names that it does not.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let name = prop_oneof![
            Just("a".to_owned()),
            Just("@b".to_owned()),
            Just("#text".to_owned()),
            Just("x:y".to_owned()),
            Just("@xmlns:x".to_owned()),
            Just("@xmlns".to_owned()),
            Just("?pi".to_owned()),
            Just("$id".to_owned()),
            Just("#cdata-section".to_owned()),
            any::<String>()
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((name, inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn json_comes_of_xml(text in markup(), javascript_friendly: bool, always_arrays: bool) {
        let mut budget = Budget::new(&Limits::DEFAULT);
        if let Ok(found) = xml_to_json(&text, XmlToJson { javascript_friendly, always_arrays }, &mut budget) {
            prop_assert!(serde_json::from_str::<Value>(&found).is_ok(), "{text}\n{found}");
        }
    }

    #[test]
    fn xml_comes_of_json(value in json()) {
        let options = JsonToXml { root: Some("Document".to_owned()), marks_null: true, ..JsonToXml::default() };
        let text = value.to_string();
        if let Ok(found) = json_to_xml(&text, &options, &mut Budget::new(&Limits::DEFAULT)) {
            let again = xml_to_json(&found, XmlToJson::default(), &mut Budget::new(&Limits::DEFAULT));
            prop_assert!(again.is_ok(), "{text}\n{found}\n{again:?}");
        }
    }
}

#[test]
fn a_list_of_nothing_without_a_name_is_refused() {
    let options = JsonToXml { root: Some("Document".to_owned()), marks_null: true, ..JsonToXml::default() };
    let refused = json_to_xml(r#"{"":[]}"#, &options, &mut Budget::new(&Limits::DEFAULT));
    assert!(refused.is_err(), "{refused:?}");
    let found = json_to_xml(r#"{"a":[]}"#, &options, &mut Budget::new(&Limits::DEFAULT));
    assert_eq!(found.unwrap(), "<Document><a /></Document>");
}

#[test]
fn a_name_behind_a_colon_has_no_prefix() {
    let options = JsonToXml { root: Some("Document".to_owned()), ..JsonToXml::default() };
    let found = json_to_xml(r#"{":a":{"@xmlns":"urn:x"}}"#, &options, &mut Budget::new(&Limits::DEFAULT));
    assert_eq!(found.unwrap(), r#"<a xmlns="urn:x" />"#);
}
