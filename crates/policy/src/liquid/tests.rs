//! The cases of `conformance/liquid`, and the bounds.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use sekisho_diagnostics::Severity;
use sekisho_expression::budget::{Budget, Limits};
use sekisho_expression::dotnet::json::parse_with_repetitions;
use serde_json::Value as Json;

use super::{Failure, Roots, Value, bind, filters, parse, render};

/// 2026-01-15T10:30:00Z.
const NOW: i64 = 639_040_698_000_000_000;

struct Variables(BTreeMap<String, Value>);

impl Variables {
    fn of(case: &Json) -> Self {
        let mut budget = Budget::new(&Limits::DEFAULT);
        let variables = case["variables"].as_object().into_iter().flatten();
        let read = variables.map(|(name, value)| {
            let token = parse_with_repetitions(&value.to_string(), false, &mut budget).unwrap();
            (name.clone(), bind::tree::of_json(&token, &mut budget).unwrap())
        });
        Self(read.collect())
    }
}

impl Roots for Variables {
    fn root(&mut self, name: &str, _budget: &mut Budget) -> Result<Option<Value>, Failure> {
        Ok(self.0.get(name).cloned())
    }

    fn now_ticks(&self) -> i64 {
        NOW
    }
}

fn rendered(template: &str, roots: &mut dyn Roots, limits: &Limits) -> Result<String, Failure> {
    let (parsed, mistakes) = parse(template);
    let parsed = parsed.unwrap_or_else(|| panic!("{template}: {mistakes:?}"));
    render(&parsed, roots, limits, 10_000)
}

fn cases(file: &str) -> Vec<Json> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/liquid").join(file);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn check(case: &Json, template: &str) -> Option<String> {
    let expected = case["expected"].as_str().unwrap();
    let found = rendered(template, &mut Variables::of(case), &Limits::DEFAULT).unwrap();
    (found != expected).then(|| format!("{template}\n  expected {expected:?}\n  found    {found:?}"))
}

/// Filter names as Ruby spells them.
fn in_ruby(template: &str) -> String {
    let mut out = template.to_owned();
    for name in filters::names() {
        let mut ruby = String::new();
        for letter in name.chars() {
            if letter.is_uppercase() && !ruby.is_empty() {
                ruby.push('_');
            }
            ruby.extend(letter.to_lowercase());
        }
        for end in [" ", ":"] {
            out = out.replace(&format!("| {name}{end}"), &format!("| {ruby}{end}"));
        }
    }
    out
}

#[test]
fn filters_give_what_dotliquid_documents() {
    let cases = cases("filters.json");
    let mut counts: BTreeMap<&str, usize> = filters::names().map(|name| (name, 0)).collect();
    let mut wrong = Vec::new();
    for case in &cases {
        *counts.get_mut(case["filter"].as_str().unwrap()).unwrap() += 1;
        let template = case["template"].as_str().unwrap();
        wrong.extend(check(case, template));
        wrong.extend(check(case, &in_ruby(template)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(counts.values().all(|count| *count >= 3), "{counts:?}");
}

#[test]
fn tags_do_what_dotliquid_documents() {
    let wrong: Vec<String> = cases("tags.json")
        .iter()
        .filter_map(|case| check(case, case["template"].as_str().unwrap()))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn mistakes_have_places() {
    let errors = [
        ("a {{ b", "{{"),
        ("a {% if b", "{%"),
        ("{% if a %}x", "{% if a %}"),
        ("x{% endif %}", "{% endif %}"),
        ("{% frobnicate %}", "{% frobnicate %}"),
        ("{% for a of b %}{% endfor %}", "{% for a of b %}"),
        ("{% if %}{% endif %}", "{% if %}"),
        ("{% if a like b %}{% endif %}", "{% if a like b %}"),
        ("{% case a %}{% when %}{% endcase %}", "{% when %}"),
        ("{% include 'a' %}", "{% include 'a' %}"),
        ("{% raw %}", "{% raw %}"),
        ("{% assign x %}", "{% assign x %}"),
        ("{% cycle %}", "{% cycle %}"),
        ("{% %}", "{% %}"),
    ];
    for (template, place) in errors {
        let (parsed, mistakes) = parse(template);
        assert!(parsed.is_none(), "{template}");
        let found: Vec<&str> = mistakes.iter().map(|mistake| &template[mistake.place.clone()]).collect();
        assert_eq!(found, [place], "{template}");
    }
    let (parsed, mistakes) = parse("{{ a | Upcas }}{{ a | Append }}");
    assert!(parsed.is_some());
    assert!(mistakes.iter().all(|mistake| mistake.severity == Severity::Warning));
    assert_eq!(mistakes.len(), 2);
    assert!(mistakes[0].help.contains("`Upcase`"), "{mistakes:?}");
}

#[test]
fn templates_end_at_their_bounds() {
    let limits = Limits { steps: 10_000, allocated_bytes: 1 << 20, ..Limits::DEFAULT };
    for template in [
        "{% for i in (1..1000000000) %}{% endfor %}",
        "{% for i in (1..100000) %}xxxxxxxxxx{% endfor %}",
        "{% assign a = 'xxxxxxxx' %}{% for i in (1..1000) %}{% assign a = a | Append: a %}{% endfor %}",
        "{% assign a = 'x' | Times: 1000000000 %}",
        "{{ (1..1000000000) | Join }}",
        "{{ (1..1000000000) }}",
        "{{ (1..1000000000) | Slice: 0, 1000000000 | Size }}",
        "{% if a contains 7 %}{% endif %}{% assign r = (1..1000000000) %}{% if r contains -1 %}x{% endif %}",
        "{% assign a = 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' %}{{ a | Times: 1000 }}",
        "{% assign a = 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' | Times: 1000 | Join: '' %}",
        "{% capture a %}{% for i in (1..100000) %}xxxxxxxxxx{% endfor %}{% endcapture %}",
    ] {
        let ended = rendered(template, &mut Variables(BTreeMap::new()), &limits);
        assert!(matches!(ended, Err(Failure::Ended(_))), "{template}: {ended:?}");
    }
    let deep = "{% if true %}".repeat(100) + &"{% endif %}".repeat(100);
    assert!(parse(&deep).0.is_none());
}

/// Pieces of templates, whole and broken.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{{"),
        Just("}}"),
        Just("{%"),
        Just("%}"),
        Just("{%-"),
        Just("-%}"),
        Just("if "),
        Just("endif"),
        Just("for x in a"),
        Just("endfor"),
        Just("case a"),
        Just("when 1"),
        Just("else"),
        Just("assign b = a"),
        Just("a.b[0]"),
        Just("'"),
        Just("\""),
        Just(" | Slice: -1, 3"),
        Just(" | Split: ''"),
        Just(" | Truncate: 2"),
        Just("(1..3)"),
        Just("ä😀"),
        Just("\n"),
        Just("&lt;"),
        Just("raw"),
        Just("endraw"),
        Just("cycle 1, 2"),
        Just("tablerow x in a cols:2"),
        Just("["),
        Just("]"),
        Just(" "),
        Just("==")
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_template_breaks_the_engine(template in pieces()) {
        let (parsed, mistakes) = parse(&template);
        for mistake in &mistakes {
            prop_assert!(template.get(mistake.place.clone()).is_some(), "{template:?} {mistake:?}");
        }
        prop_assert!(parsed.is_some() || !mistakes.is_empty(), "{template:?}");
        if let Some(parsed) = parsed {
            let mut roots = Variables(BTreeMap::from([("a".to_owned(), Value::text("xäy"))]));
            prop_assert!(render(&parsed, &mut roots, &Limits::DEFAULT, 10_000).is_ok(), "{template:?}");
        }
    }
}
