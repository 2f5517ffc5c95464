//! What fits and what does not; what is hostile stays short.

use std::time::{Duration, Instant};

use sekisho_expression::Limits;
use sekisho_expression::budget::Budget;
use serde_json::{Value, json};

use super::*;

fn compiled(document: &Value) -> Schema {
    let mut builder = Builder::new();
    let draft = builder.schema(document, document, Dialect::Beside, "test");
    draft.finished(&builder.finish())
}

fn check(schema: &Value, value: &Value, options: Options) -> Result<Vec<Mistake>, Failure> {
    compiled(schema).check(value, options, &mut Budget::new(&Limits::DEFAULT))
}

fn messages(schema: &Value, value: &Value) -> Vec<String> {
    let mistakes = check(schema, value, Options::default()).unwrap();
    mistakes.into_iter().map(|mistake| mistake.message).collect()
}

/// Values of which the first group fits and the second does not.
fn fits(schema: Value, good: &[Value], bad: &[Value]) {
    for value in good {
        assert_eq!(messages(&schema, value), [""; 0], "{schema} {value}");
    }
    for value in bad {
        assert!(!messages(&schema, value).is_empty(), "{schema} {value}");
    }
}

#[test]
fn keywords_of_every_dialect_are_heeded() {
    fits(json!({"type": "integer"}), &[json!(1), json!(1.0)], &[json!(1.5), json!("1"), json!(null)]);
    fits(json!({"type": ["string", "null"]}), &[json!(null), json!("")], &[json!(1)]);
    fits(
        json!({"type": "string", "nullable": true, "enum": ["a"]}),
        &[json!(null), json!("a")],
        &[json!("b")],
    );
    fits(json!({"minimum": 1, "exclusiveMinimum": true}), &[json!(2), json!("x")], &[json!(1)]);
    fits(
        json!({"exclusiveMaximum": 5, "multipleOf": 0.1}),
        &[json!(0.3), json!(4)],
        &[json!(5), json!(0.25)],
    );
    fits(json!({"minLength": 2, "maxLength": 3}), &[json!("äöü")], &[json!("ä"), json!("abcd")]);
    fits(json!({"pattern": "^[a-z]+$"}), &[json!("abc")], &[json!("ABC")]);
    fits(json!({"const": {"a": [1]}}), &[json!({"a": [1.0]})], &[json!({"a": [2]})]);
    fits(json!({"const": 1, "enum": [1, 2]}), &[json!(1)], &[json!(2)]);
    fits(json!({"const": [], "enum": [null]}), &[], &[json!([]), json!(null)]);
    fits(
        json!({"items": false, "prefixItems": [{"type": "string"}]}),
        &[json!(["a"]), json!([])],
        &[json!(["a", 1]), json!([1])],
    );
    fits(
        json!({"items": [{"type": "string"}], "additionalItems": {"type": "integer"}}),
        &[json!(["a", 1])],
        &[json!(["a", "b"])],
    );
    fits(
        json!({"uniqueItems": true, "minItems": 1, "maxItems": 2}),
        &[json!([1, 2])],
        &[json!([1, 1.0]), json!([]), json!([1, 2, 3])],
    );
    fits(
        json!({"contains": {"type": "integer"}, "maxContains": 1}),
        &[json!(["a", 1])],
        &[json!(["a"]), json!([1, 2])],
    );
    fits(
        json!({"patternProperties": {"^x-": {"type": "integer"}}, "additionalProperties": {"type": "string"}, "maxProperties": 2}),
        &[json!({"x-a": 1, "b": "c"})],
        &[json!({"x-a": "1"}), json!({"b": 1}), json!({"a": "", "b": "", "c": ""})],
    );
    fits(json!({"propertyNames": {"maxLength": 2}}), &[json!({"ab": 1})], &[json!({"abc": 1})]);
    fits(
        json!({"dependentRequired": {"a": ["b"]}}),
        &[json!({"b": 1}), json!({"a": 1, "b": 1})],
        &[json!({"a": 1})],
    );
    fits(
        json!({"dependentSchemas": {"a": {"minProperties": 2}}}),
        &[json!({"a": 1, "b": 1})],
        &[json!({"a": 1})],
    );
    fits(json!({"allOf": [{"minimum": 1}, {"maximum": 2}]}), &[json!(1)], &[json!(0), json!(3)]);
    fits(json!({"anyOf": [{"type": "string"}, {"minimum": 2}]}), &[json!("a"), json!(2)], &[json!(1)]);
    fits(json!({"oneOf": [{"minimum": 1}, {"maximum": 2}]}), &[json!(0), json!(3)], &[json!(1)]);
    fits(json!({"not": {"type": "string"}}), &[json!(1)], &[json!("a")]);
    fits(
        json!({"if": {"minimum": 5}, "then": {"multipleOf": 5}, "else": {"maximum": 1}}),
        &[json!(10), json!(1)],
        &[json!(6), json!(2)],
    );
    fits(
        json!({"$ref": "#/$defs/a~1b", "maximum": 5, "$defs": {"a/b": {"minimum": 1}}}),
        &[json!(3)],
        &[json!(0), json!(6)],
    );
    fits(json!(false), &[], &[json!(1)]);
    fits(json!({"type": "file"}), &[json!(1)], &[]);
}

#[test]
fn formats_are_checked() {
    let of = |format: &str| json!({"type": "string", "format": format});
    fits(
        of("date-time"),
        &[json!("2024-02-29T23:59:60.5+01:00")],
        &[json!("2023-02-29T00:00:00Z"), json!("2024-01-01")],
    );
    fits(of("date"), &[json!("2000-02-29")], &[json!("1900-02-29"), json!("2024-1-1"), json!("äö24-01-01")]);
    fits(
        of("uuid"),
        &[json!("0f8fad5b-d9cb-469f-a165-70867728950e")],
        &[json!("0f8fad5bd9cb469fa16570867728950e")],
    );
    fits(of("email"), &[json!("a@b.example")], &[json!("a"), json!("a b@c")]);
    fits(of("ipv4"), &[json!("192.0.2.1")], &[json!("192.0.2.256")]);
    fits(of("ipv6"), &[json!("::1")], &[json!("1")]);
    fits(of("uri"), &[json!("urn:a"), json!("https://a/b?c")], &[json!("/a"), json!("a b:c")]);
    fits(of("byte"), &[json!("YQ==")], &[json!("a")]);
    fits(of("hostname"), &[json!("a-b.example")], &[json!("-a")]);
    fits(of("of-our-own"), &[json!("anything")], &[]);
    fits(json!({"format": "int32"}), &[json!(2_147_483_647)], &[json!(2_147_483_648_u64)]);
}

#[test]
fn mistakes_tell_where_they_are() {
    let schema = json!({"properties": {"a": {"items": {"type": "string"}}}});
    let text = "{\n  \"x\": \"}\\\"\",\n  \"a\": [\"b\",\n    12 ]\n}";
    let value = read_json(text.as_bytes()).unwrap();
    let mistakes = check(&schema, &value, Options::default()).unwrap();
    assert_eq!(mistakes.len(), 1);
    assert_eq!(mistakes[0].path, [PathPart::Name("a".to_owned()), PathPart::Index(1)]);
    assert_eq!(locate(text.as_bytes(), &mistakes[0].path), Position { line: 4, column: 6 });
    assert_eq!(mistakes[0].message, "Invalid type. Expected String but got Integer.");
}

#[test]
fn options_override_the_schema() {
    let schema =
        json!({"properties": {"Name": {"type": "string"}, "map": {"type": "object"}}, "required": ["Name"]});
    let strict = Options { additional_properties: Some(false), ..Options::default() };
    assert_eq!(check(&schema, &json!({"Name": "a", "map": {"any": 1}}), strict).unwrap(), []);
    assert_eq!(check(&schema, &json!({"Name": "a", "b": 1}), strict).unwrap().len(), 1);
    let ignoring = Options { ignore_case: true, ..Options::default() };
    assert_eq!(check(&schema, &json!({"NAME": 1}), ignoring).unwrap().len(), 1);
    assert_eq!(check(&schema, &json!({"name": "a"}), ignoring).unwrap(), []);
}

#[test]
fn what_is_not_there_is_missing_only_where_it_is_needed() {
    let schema = json!({"properties": {"a": {"$ref": "#/nowhere/A"}}});
    assert_eq!(messages(&schema, &json!({})), [""; 0]);
    assert_eq!(check(&schema, &json!({"a": 1}), Options::default()), Err(Failure::Missing("A".into())));
    let round = json!({"$ref": "#/a", "a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}});
    let mut builder = Builder::new();
    let draft = builder.schema(&round, &round, Dialect::Alone, "x");
    assert_eq!(builder.problems().len(), 1);
    assert!(draft.finished(&builder.finish()).missing().is_some());
}

/// An expression tree whose alternatives all lead back to it: the usual way to describe one.
fn expressions() -> Value {
    let branch = |kind: &str| {
        json!({"type": "object", "required": ["kind"], "properties": {
            "left": {"$ref": "#/$defs/e"}, "right": {"$ref": "#/$defs/e"}, "kind": {"const": kind}}})
    };
    json!({"$ref": "#/$defs/e", "$defs": {"e": {"oneOf": [branch("and"), branch("or"), branch("xor"), {"type": "integer"}]}}})
}

#[test]
fn recursive_alternatives_do_not_multiply() {
    let mut value = json!(1);
    for _ in 0..100 {
        value = json!({"left": value, "right": 2, "kind": "or"});
    }
    let started = Instant::now();
    assert_eq!(messages(&expressions(), &value), [""; 0]);
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[test]
fn doubled_schemas_run_out_of_steps() {
    let mut definitions = serde_json::Map::new();
    for index in 0..60 {
        let next = json!({"$ref": format!("#/$defs/d{}", index + 1)});
        definitions.insert(format!("d{index}"), json!({"allOf": [next, next]}));
    }
    definitions.insert("d60".to_owned(), json!({"type": "integer"}));
    let schema = json!({"$ref": "#/$defs/d0", "$defs": definitions});
    let started = Instant::now();
    assert!(matches!(check(&schema, &json!(1), Options::default()), Err(Failure::Exhausted(_))));
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_schema_that_is_itself_is_no_loop() {
    let schema = json!({"allOf": [{"$ref": "#"}]});
    assert!(matches!(check(&schema, &json!(1), Options::default()), Err(Failure::Exhausted(_))));
    assert_eq!(compiled(&schema).sample(), Value::Null);
}

#[test]
fn hostile_documents_are_built_quickly() {
    let mut deep = json!({"type": "string"});
    for _ in 0..60 {
        deep = json!({"properties": {"a": deep}, "items": {"not": {}}});
    }
    let wide: serde_json::Map<String, Value> = (0..50_000)
        .map(|index| (format!("p{index}"), json!({"enum": [index], "pattern": "^(\\w{50}){50}$"})))
        .collect();
    let large = json!({"allOf": [deep, {"properties": wide, "enum": (0..100_000).collect::<Vec<_>>()}]});
    let patterns: Vec<Value> = (0..1_500)
        .map(|index| json!({"pattern": format!("(x{{1,{index}}}\\w{{1,200}}){{1,200}}")}))
        .collect();
    let many = json!({"anyOf": patterns});
    let started = Instant::now();
    let mut builder = Builder::new();
    builder.schema(&large, &large, Dialect::Alone, "x");
    let until_patterns = started.elapsed();
    builder.schema(&many, &many, Dialect::Alone, "x");
    assert!(!builder.problems().is_empty());
    assert!(until_patterns < Duration::from_secs(5), "{until_patterns:?}");
    println!("large {until_patterns:?}, patterns {:?}", started.elapsed() - until_patterns);
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn samples_fit_their_schema() {
    let schemas = [
        json!({"type": "integer", "minimum": 5, "multipleOf": 4}),
        json!({"type": "number", "exclusiveMaximum": 0}),
        json!({"type": "string", "minLength": 20, "maxLength": 30}),
        json!({"type": "array", "minItems": 3, "items": {"type": "string", "format": "uuid"}}),
        json!({"allOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"properties": {"b": {"const": 1}}}]}),
        json!({"oneOf": [{"type": "string"}, {"type": "integer"}]}),
        json!({"type": ["null", "boolean"]}),
        json!({"type": "object", "required": ["child"], "properties": {"child": {"type": ["object", "null"], "properties": {"again": {"$ref": "#"}}}}}),
    ];
    for schema in schemas {
        let sample = compiled(&schema).sample();
        assert_eq!(messages(&schema, &sample), [""; 0], "{schema} {sample}");
    }
    assert_eq!(compiled(&expressions()).sample()["kind"], "and");
}

#[test]
fn members_that_stand_twice_are_refused() {
    assert!(read_json(br#"{"a":1,"b":{"c":1,"c":2}}"#).unwrap_err().contains("`c` stands twice"));
    assert!(read_json(b"[1] x").is_err());
    assert!(read_json("[".repeat(200).as_bytes()).is_err());
    assert_eq!(
        read_json("\u{feff}[1e3, 18446744073709551615]".as_bytes()).unwrap(),
        json!([1000.0, u64::MAX])
    );
}
