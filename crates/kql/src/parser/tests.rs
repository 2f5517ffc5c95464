use proptest::prelude::*;

use super::*;
use crate::ast::{Kind, OperatorKind, Value};

fn operators(text: &str) -> Vec<OperatorKind> {
    match parse(text).unwrap().result.kind {
        Kind::Pipe(_, operators) => operators.into_iter().map(|operator| operator.kind).collect(),
        other => panic!("no pipe: {other:?}"),
    }
}

#[test]
fn every_part_has_its_place() {
    let text = "T | where a == 'x' | take 5";
    let query = parse(text).unwrap();
    let Kind::Pipe(source, operators) = query.result.kind else { panic!() };
    assert_eq!(&text[source.span.start..source.span.end], "T");
    let pieces: Vec<&str> =
        operators.iter().map(|operator| &text[operator.span.start..operator.span.end]).collect();
    assert_eq!(pieces, ["where a == 'x'", "take 5"]);
}

#[test]
fn names_with_dashes_are_told_from_subtraction() {
    assert!(matches!(operators("T | project-away a")[0], OperatorKind::ProjectAway(_)));
    assert!(matches!(operators("T | project a -b")[0], OperatorKind::Project(_)));
}

#[test]
fn functions_are_told_from_parentheses() {
    let query = parse("let a = (1 + 2); let f = (x: long) { x }; let g = () { T }; T").unwrap();
    let kinds: Vec<bool> =
        query.statements.iter().map(|statement| matches!(statement.value, Value::Function(_))).collect();
    assert_eq!(kinds, [false, true, true]);
}

#[test]
fn patterns_match_names() {
    let pattern = |text: &str| Pattern { text: text.to_owned(), span: Span::default() };
    assert!(pattern("a*").matches("abc") && pattern("*c").matches("abc") && pattern("a*c").matches("abc"));
    assert!(pattern("*").matches("") && pattern("abc").matches("abc") && pattern("*b*").matches("abc"));
    assert!(!pattern("a*b").matches("abc") && !pattern("ab").matches("abc") && !pattern("a*a").matches("a"));
}

/// Queries that use all of the language, to be changed at random.
const SEEDS: [&str; 6] = [
    "let f = (a: string, t: (x: long) = T) { let b = a; t | where y has b }; f('x', T) | render timechart with (title='x')",
    "T | summarize sum(a) / count(), b = avg(c) by bin(t, 1h), d | top 5 by sum_a desc nulls last | project-away d*",
    "union kind=inner withsource=s A*, (B | join kind=leftouter (C) on $left.a == $right.b, c) | mv-expand a to typeof(long)",
    "T | parse kind=relaxed x with * 'a=' a:long ' ' b | make-series avg(a) default=0 on t from ago(1d) to now() step 1h by b",
    "datatable (a: long, b: dynamic) [1, dynamic({\"x\": [1, ')']}), -2, dynamic(null)] | extend c = b.x[0]['y'], d = a !between (1 .. 2)",
    "search in (T, U*) 'x' and not(a: 'y*') or b in~ ('z', @'\\d', h\"e\", ```f```) // end",
];

proptest! {
    #[test]
    fn no_text_makes_the_parser_fall(text in ".{0,200}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_words_make_the_parser_fall(words in proptest::collection::vec(
        prop_oneof![
            proptest::sample::select(SEEDS.iter().flat_map(|seed| seed.split(' ')).collect::<Vec<_>>()),
            proptest::sample::select(OPERATORS.to_vec()),
        ],
        0..60,
    )) {
        let _ = parse(&words.join(" "));
    }

    #[test]
    fn errors_of_changed_queries_have_a_place_in_them(
        seed in 0..SEEDS.len(),
        at in any::<prop::sample::Index>(),
        length in 0_usize..12,
        with in "[a-z0-9'\"()\\[\\]|=.,;:*! -]{0,4}",
    ) {
        let mut text: Vec<char> = SEEDS[seed].chars().collect();
        let start = at.index(text.len());
        let end = (start + length).min(text.len());
        text.splice(start..end, with.chars());
        let text: String = text.into_iter().collect();
        if let Err(errors) = parse(&text) {
            for error in errors {
                prop_assert!(error.span.start <= error.span.end && error.span.end <= text.len(), "{error:?}");
            }
        }
    }
}
