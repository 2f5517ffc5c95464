//! Paths into JSON.

use super::scan::{Step, find};
use super::text;
use crate::functions::testing::{all, argument, collected, columns, d, l, shown, t, value_of};
use crate::functions::{self, index, member};
use crate::{Span, Type, Typed};

fn name(name: &str) -> Step {
    Step::Name(name.to_owned())
}

#[test]
fn a_path_is_found_in_one_pass() {
    let json = r#"{"a": {"b": [10, {"c": "x"}, 30]}, "n": null, "a\u0062": 1, "twice": 1, "twice": 2}"#;
    let at = |steps: &[Step]| find(json, steps).map(String::from);
    assert_eq!(at(&[name("a"), name("b"), Step::Position(0)]).as_deref(), Some("10"));
    assert_eq!(at(&[name("a"), name("b"), Step::Position(-1)]).as_deref(), Some("30"));
    assert_eq!(at(&[name("a"), name("b"), Step::Position(-2), name("c")]).as_deref(), Some("\"x\""));
    assert_eq!(at(&[name("a"), name("b"), Step::Position(3)]), None);
    assert_eq!(at(&[name("a"), name("b"), Step::Position(-4)]), None);
    assert_eq!(at(&[name("a"), name("b"), name("c")]), None);
    assert_eq!(at(&[name("ab")]).as_deref(), Some("1"));
    assert_eq!(at(&[name("twice")]).as_deref(), Some("2"));
    assert_eq!(at(&[name("n")]), None);
    assert_eq!(at(&[name("A")]), None);
    assert_eq!(at(&[name("twice"), name("x")]), None);
}

#[test]
fn what_is_not_json_is_a_string_without_properties() {
    assert_eq!(find("{\"a\": 1", &[name("a")]), None);
    assert_eq!(find("{\"a\": 1} x", &[name("a")]), None);
    assert_eq!(find("plain \"text\"", &[]).as_deref(), Some(r#""plain \"text\"""#));
    assert_eq!(find("  ", &[]), None);
    let deep = "[".repeat(100_000);
    assert_eq!(find(&deep, &[Step::Position(0)]), None);
}

#[test]
fn json_within_json_is_read_whether_it_is_text_or_not() {
    let steps = [name("usage"), Step::Parse, name("n")];
    assert_eq!(find(r#"{"usage": {"n": 7}}"#, &steps).as_deref(), Some("7"));
    assert_eq!(find(r#"{"usage": "{\"n\": 7}"}"#, &steps).as_deref(), Some("7"));
    assert_eq!(find(r#"{"usage": "nonsense"}"#, &steps), None);
    assert_eq!(find(r#"{"usage": "nonsense"}"#, &steps[..2]).as_deref(), Some("\"nonsense\""));
}

/// `tolong(parse_json(parse_json(x)['usage'])['prompt_tokens'])`.
fn prompt_tokens(value: Typed) -> Typed {
    let at = Span::default();
    let environment = functions::testing::environment();
    let call = |name, value| functions::call(name, vec![argument(value)], at, &environment).unwrap();
    let usage = index(argument(call("parse_json", value)), argument(t("usage")), at).unwrap();
    let tokens = index(argument(call("parse_json", usage)), argument(t("prompt_tokens")), at).unwrap();
    call("tolong", tokens)
}

#[test]
fn a_chain_is_one_call() {
    let value = t(r#"{"usage": {"prompt_tokens": 12}}"#);
    let (batch, column) = columns(std::slice::from_ref(&value));
    let chain = prompt_tokens(column[0].clone());
    let expected = "json_path(c0, $['usage'].parse_json()['prompt_tokens'], long)";
    assert_eq!(chain.expr.schema_name().to_string(), expected);
    let batches = collected(batch, vec![chain.expr], false);
    assert_eq!(shown(batches[0].column(0), Type::Long, 0), "12");
    assert_eq!(shown(batches[0].column(0), Type::Long, 1), "null");
    assert!(functions::constant::long_of(&prompt_tokens(value)) == Some(12));
}

#[test]
fn elements_are_found_by_columns_too() {
    let at = |value: Typed, by: Typed| {
        value_of(&[value, by], |mut arguments| {
            let by = arguments.pop().unwrap();
            index(arguments.pop().unwrap(), by, Span::default())
        })
        .unwrap()
    };
    assert_eq!(at(d("[1,2,3]"), l(-1)), "3");
    assert_eq!(at(d(r#"{"a": "x"}"#), t("a")), "\"x\"");
    assert_eq!(at(d(r#"{"a": "x"}"#), t("b")), "null");
    let found = member(argument(d(r#"{"a": {"b": 1}}"#)), "a", Span::default()).unwrap();
    assert_eq!(functions::constant::text_of(&found), Some(r#"{"b":1}"#));
    assert_eq!(member(argument(l(1)), "a", Span::default()).unwrap_err().code, "type-mismatch");
}

#[test]
fn text_is_quoted_and_compacted() {
    assert_eq!(text::compact(r#" { "a b" : [ 1 , "c \" d" ] } "#), r#"{"a b":[1,"c \" d"]}"#);
    assert_eq!(text::unquote(r#""a\u00e9\n""#).as_deref(), Some("aé\n"));
    assert_eq!(text::unquote("12"), None);
    assert_eq!(
        text::properties(r#"{"a":1,"b":2,"a":3}"#).unwrap(),
        [("a".to_owned(), "3"), ("b".to_owned(), "2")]
    );
    assert!(functions::dynamic_literal("{a:1}", Span::default()).is_err());
    all(&[("gettype", &[d("null")], "null"), ("gettype", &[d("1.5")], "double")]);
}
