//! The checker of JSON Schema compared with another implementation, on small random schemas and values.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // Helpers of tests are no tests to clippy.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use sekisho_expression::Limits;
use sekisho_expression::budget::Budget;
use sekisho_policy::schema::{Builder, Dialect, Options};
use serde_json::{Value, json};

/// Small values that meet the keywords below often.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-4_i64..8).prop_map(Value::from),
        (-8_i64..16).prop_map(|half| Value::from(half as f64 / 2.0)),
        "[ab]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[abc]", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn keyword(schema: impl Strategy<Value = Value> + Clone + 'static) -> BoxedStrategy<(&'static str, Value)> {
    let small = || (0_u64..4).prop_map(Value::from);
    let number = || (-4_i64..8).prop_map(Value::from);
    let list = |schema: BoxedStrategy<Value>| prop::collection::vec(schema, 1..4).prop_map(Value::from);
    let boxed = schema.boxed();
    let members = || {
        prop::collection::btree_map("[abc]", boxed.clone(), 1..4)
            .prop_map(|members| Value::Object(members.into_iter().collect()))
    };
    let kind =
        || prop::sample::select(vec!["null", "boolean", "integer", "number", "string", "array", "object"]);
    prop_oneof![
        kind().prop_map(|kind| ("type", json!(kind))),
        prop::collection::btree_set(kind(), 1..4).prop_map(|kinds| ("type", json!(kinds))),
        prop::collection::vec(value(), 1..4).prop_map(|values| ("enum", json!(values))),
        value().prop_map(|value| ("const", value)),
        number().prop_map(|bound| ("minimum", bound)),
        number().prop_map(|bound| ("maximum", bound)),
        number().prop_map(|bound| ("exclusiveMinimum", bound)),
        number().prop_map(|bound| ("exclusiveMaximum", bound)),
        prop::sample::select(vec![0.5, 1.0, 2.0, 3.0]).prop_map(|factor| ("multipleOf", json!(factor))),
        small().prop_map(|bound| ("minLength", bound)),
        small().prop_map(|bound| ("maxLength", bound)),
        prop::sample::select(vec!["^a", "b$", "^(ab)*$", "[^b]"])
            .prop_map(|pattern| ("pattern", json!(pattern))),
        small().prop_map(|bound| ("minItems", bound)),
        small().prop_map(|bound| ("maxItems", bound)),
        any::<bool>().prop_map(|flag| ("uniqueItems", json!(flag))),
        boxed.clone().prop_map(|schema| ("items", schema)),
        list(boxed.clone()).prop_map(|schemas| ("prefixItems", schemas)),
        boxed.clone().prop_map(|schema| ("contains", schema)),
        small().prop_map(|bound| ("minContains", bound)),
        small().prop_map(|bound| ("maxContains", bound)),
        members().prop_map(|members| ("properties", members)),
        members().prop_map(|members| ("patternProperties", members)),
        boxed.clone().prop_map(|schema| ("additionalProperties", schema)),
        boxed.clone().prop_map(|schema| ("propertyNames", schema)),
        prop::collection::btree_set("[abc]", 1..3).prop_map(|names| ("required", json!(names))),
        small().prop_map(|bound| ("minProperties", bound)),
        small().prop_map(|bound| ("maxProperties", bound)),
        prop::collection::btree_set("[abc]", 1..3)
            .prop_map(|names| ("dependentRequired", json!({"a": names}))),
        members().prop_map(|members| ("dependentSchemas", members)),
        list(boxed.clone()).prop_map(|schemas| ("allOf", schemas)),
        list(boxed.clone()).prop_map(|schemas| ("anyOf", schemas)),
        list(boxed.clone()).prop_map(|schemas| ("oneOf", schemas)),
        boxed.clone().prop_map(|schema| ("not", schema)),
        boxed.clone().prop_map(|schema| ("if", schema)),
        boxed.clone().prop_map(|schema| ("then", schema)),
        boxed.prop_map(|schema| ("else", schema)),
        prop::sample::select(vec!["#", "#/$defs/d"]).prop_map(|reference| ("$ref", json!(reference))),
    ]
    .boxed()
}

fn schema() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![any::<bool>().prop_map(Value::from), Just(json!({}))];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop::collection::vec(keyword(inner), 1..4)
            .prop_map(|keywords| keywords.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    })
    .boxed()
}

/// True when a schema refers to itself without going into the value, which no checker can follow.
fn goes_round(schema: &Value) -> bool {
    schema.to_string().contains("\"$ref\":\"#\"")
}

fn seed() -> RngSeed {
    let given = std::env::var("PROPTEST_RNG_SEED").ok().and_then(|seed| seed.parse().ok());
    RngSeed::Fixed(given.unwrap_or(1))
}

proptest! {
    // The same schemas in every run; PROPTEST_RNG_SEED chooses others.
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, rng_seed: seed(), ..ProptestConfig::default() })]

    #[test]
    fn both_agree(mut schema in schema(), definition in schema(), values in prop::collection::vec(value(), 1..6)) {
        if let Value::Object(members) = &mut schema {
            let definition = if definition.to_string().contains("$ref") { json!({"type": "integer"}) } else { definition };
            members.insert("$defs".to_owned(), json!({"d": definition}));
        }
        prop_assume!(!goes_round(&schema) && (schema.is_object() || !schema.to_string().contains("$ref")));
        let oracle = jsonschema::draft202012::new(&schema);
        prop_assume!(oracle.is_ok());
        let oracle = oracle.unwrap();
        let mut builder = Builder::new();
        let draft = builder.schema(&schema, &schema, Dialect::Beside, "test");
        let ours = draft.finished(&builder.finish());
        for value in values {
            let mistakes = ours.check(&value, Options::default(), &mut Budget::new(&Limits::DEFAULT)).unwrap();
            prop_assert_eq!(mistakes.is_empty(), oracle.is_valid(&value), "{} {} {:?}", schema, value, mistakes);
        }
    }
}
