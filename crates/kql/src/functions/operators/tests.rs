//! Operators give what Kusto's documentation says of them.

use crate::functions::testing::{
    argument, b, collected, columns, d, dec, dt, environment, i, l, null, r, t, ts, value_of,
};
use crate::functions::{Binary, InList, Unary, between, binary, call, in_list, unary};
use crate::{Error, Span, Type, Typed};

use Binary::{
    Add, Contains, ContainsCs, Divide, EndsWith, Equal, EqualIgnoringCase, Greater, Has, HasCs, HasPrefix,
    HasSuffix, Less, LessOrEqual, MatchesRegex, Modulo, Multiply, NotContains, NotEqual, NotHas,
    NotStartsWith, StartsWith, StartsWithCs, Subtract,
};

fn tried(op: Binary, left: &Typed, right: &Typed) -> Result<String, Error> {
    value_of(&[left.clone(), right.clone()], |mut sides| {
        let right = sides.pop().unwrap();
        binary(op, sides.pop().unwrap(), right, Span::default(), &environment())
    })
}

fn all(cases: &[(Typed, Binary, Typed, &str)]) {
    for (left, op, right, expected) in cases {
        let given = tried(*op, left, right).unwrap_or_else(|error| error.to_string());
        assert_eq!(given, *expected, "{} {op:?} {}", left.expr, right.expr);
    }
}

#[test]
fn arithmetic() {
    all(&[
        (l(1), Divide, l(2), "0"),
        (r(1.0), Divide, l(2), "0.5"),
        (l(1), Divide, l(0), "null"),
        (l(i64::MIN), Divide, l(-1), "null"),
        (l(14), Modulo, l(12), "2"),
        (l(-14), Modulo, l(12), "10"),
        (l(14), Modulo, l(-12), "2"),
        (l(-14), Modulo, l(-12), "10"),
        (l(5), Modulo, l(0), "null"),
        (i(2), Add, l(3), "5"),
        (i(2), Multiply, r(1.5), "3"),
        (dec("0.1"), Add, dec("0.2"), "0.3"),
        (dec("0.000002"), Multiply, l(1500), "0.003"),
        (dec("1"), Divide, dec("3"), "0.333333333333"),
        (dec("1"), Divide, dec("0"), "null"),
        (dt("2020-01-02"), Subtract, dt("2020-01-01"), "1.00:00:00"),
        (dt("2020-01-02"), Add, ts("1h"), "2020-01-02T01:00:00.0000000Z"),
        (dt("2020-01-02"), Subtract, ts("1d"), "2020-01-01T00:00:00.0000000Z"),
        (ts("1s"), Multiply, l(5), "00:00:05"),
        (r(1.5), Multiply, ts("1h"), "01:30:00"),
        (ts("10m"), Divide, ts("1s"), "600"),
        (ts("1h"), Divide, l(4), "00:15:00"),
        (d("5"), Add, l(1), "6"),
        (null(Type::Long), Add, l(1), "null"),
    ]);
    let error = tried(Add, &t("a"), &t("b")).unwrap_err();
    assert_eq!(
        (error.code, error.help.as_deref()),
        ("type-mismatch", Some("texts are joined by `strcat()`"))
    );
    let negated = unary(Unary::Negate, argument(ts("1h")), Span::default()).unwrap();
    assert_eq!(crate::functions::constant::long_of(&negated), Some(-3_600_000_000));
}

#[test]
fn comparison() {
    all(&[
        (l(1), Equal, r(1.0), "true"),
        (i(200), Equal, t("200"), "true"),
        (t("200"), Equal, i(200), "true"),
        (t("a"), Equal, t("A"), "false"),
        (null(Type::String), Equal, t(""), "true"),
        (null(Type::String), NotEqual, t("x"), "true"),
        (null(Type::Long), Equal, l(1), "null"),
        (d("\"x\""), Equal, t("x"), "true"),
        (d("5"), Equal, l(5), "true"),
        (d("5.5"), Equal, l(5), "false"),
        (d("\"2020-01-01\""), Equal, dt("2020-01-01"), "true"),
        (dt("2020-01-01"), Less, t("2020-01-02"), "true"),
        (ts("1m"), Greater, ts("1s"), "true"),
        (t("a"), Less, t("b"), "true"),
        (l(1 << 40), Greater, i(5), "true"),
        (dec("0.10"), Equal, r(0.1), "true"),
        (b(true), Equal, l(1), "true"),
    ]);
    assert_eq!(tried(Equal, &i(200), &t("abc")).unwrap_err().code, "type-mismatch");
    assert_eq!(tried(Less, &dt("2020-01-01"), &l(1)).unwrap_err().code, "type-mismatch");
}

#[test]
fn a_null_is_not_equal_to_a_value() {
    let (batch, column) = columns(&[l(5)]);
    let differs =
        binary(NotEqual, argument(column[0].clone()), argument(l(5)), Span::default(), &environment())
            .unwrap();
    let equal =
        binary(Equal, argument(column[0].clone()), argument(l(5)), Span::default(), &environment()).unwrap();
    let both =
        binary(Binary::And, argument(equal.clone()), argument(b(true)), Span::default(), &environment());
    let not_both = call("not", vec![argument(both.unwrap())], Span::default(), &environment()).unwrap();
    let not = call("not", vec![argument(equal)], Span::default(), &environment()).unwrap();
    let batches =
        collected(batch, vec![differs.expr.alias("a"), not.expr.alias("b"), not_both.expr.alias("c")], false);
    for column in batches[0].columns() {
        assert_eq!(crate::functions::testing::shown(column, Type::Bool, 0), "false");
        assert_eq!(crate::functions::testing::shown(column, Type::Bool, 1), "true");
    }
}

#[test]
fn a_time_against_a_constant_stays_a_plain_comparison() {
    let (_, column) = columns(&[dt("2020-01-01"), i(5), t("x")]);
    let environment = environment();
    let ago = call("ago", vec![argument(ts("1h"))], Span::default(), &environment).unwrap();
    let plain = |op, at: usize, right: Typed| {
        let given = binary(op, argument(column[at].clone()), argument(right), Span::default(), &environment);
        given.unwrap().expr.to_string()
    };
    assert_eq!(plain(Greater, 0, ago), r#"c0 > TimestampMicrosecond(1767319445678901, Some("UTC"))"#);
    assert_eq!(plain(LessOrEqual, 1, l(7)), "c1 <= Int32(7)");
    assert_eq!(plain(Equal, 2, t("x")), "c2 = Utf8(\"x\")");
    let [low, high] = [dt("2020-01-01"), ts("1d")];
    let range = between(
        argument(column[0].clone()),
        argument(low),
        argument(high),
        false,
        Span::default(),
        &environment,
    );
    let expected = r#"c0 >= TimestampMicrosecond(1577836800000000, Some("UTC")) AND c0 <= TimestampMicrosecond(1577923200000000, Some("UTC"))"#;
    assert_eq!(range.unwrap().expr.to_string(), expected);
}

#[test]
fn texts() {
    all(&[
        (t("aBc"), EqualIgnoringCase, t("AbC"), "true"),
        (t("North America"), Has, t("america"), "true"),
        (t("North America"), NotHas, t("amer"), "true"),
        (t("North America"), HasCs, t("America"), "true"),
        (t("North America"), HasCs, t("america"), "false"),
        (t("North America"), HasPrefix, t("ame"), "true"),
        (t("North America"), HasPrefix, t("mer"), "false"),
        (t("North America"), HasSuffix, t("ica"), "true"),
        (t("KustoExplorerQueryRun;ad67d136-c1db"), Has, t("ad67d136-c1db"), "true"),
        (t("gpt_4o"), Has, t("gpt"), "true"),
        (t("aaa aaaa"), HasCs, t("aaaa"), "true"),
        (t("überall"), Has, t("berall"), "false"),
        (t("FabriKam"), Contains, t("BRik"), "true"),
        (t("FabriKam"), ContainsCs, t("BRik"), "false"),
        (t("FabriKam"), NotContains, t("xyz"), "true"),
        (t("FabriKam"), StartsWith, t("fab"), "true"),
        (t("FabriKam"), StartsWithCs, t("fab"), "false"),
        (t("FabriKam"), NotStartsWith, t("kam"), "true"),
        (t("FabriKam"), EndsWith, t("Kam"), "true"),
        (t("é"), EndsWith, t("xé"), "false"),
        (null(Type::String), NotContains, t("x"), "true"),
        (t("FabriKam"), MatchesRegex, t("b.*k"), "false"),
        (t("FabriKam"), MatchesRegex, t("b.*K"), "true"),
        (d(r#"{"a": "word here"}"#), Has, t("word"), "true"),
    ]);
}

fn listed(op: InList, value: Typed, list: &[Typed]) -> String {
    let mut values = vec![value];
    values.extend(list.iter().cloned());
    let given = value_of(&values, |mut arguments| {
        let list = arguments.split_off(1);
        in_list(op, arguments.pop().unwrap(), list, Span::default(), &environment())
    });
    given.unwrap_or_else(|error| error.to_string())
}

#[test]
fn lists() {
    use InList::{HasAll, HasAny, In, InIgnoringCase, NotIn, NotInIgnoringCase};
    let cases: &[(InList, Typed, &[Typed], &str)] = &[
        (In, t("a"), &[t("b"), t("a")], "true"),
        (In, t("a"), &[t("A")], "false"),
        (In, i(3), &[l(1), l(3)], "true"),
        (In, i(200), &[t("200"), t("404")], "true"),
        (In, t("a"), &[d(r#"["a","b"]"#)], "true"),
        (In, d("\"a\""), &[t("a")], "true"),
        (In, null(Type::String), &[t(""), t("x")], "true"),
        (NotIn, t("a"), &[t("b")], "true"),
        (NotIn, null(Type::String), &[t("b")], "true"),
        (InIgnoringCase, t("a"), &[t("A"), t("B")], "true"),
        (NotInIgnoringCase, t("a"), &[d(r#"["A"]"#)], "false"),
        (HasAny, t("north america"), &[t("south"), t("North")], "true"),
        (HasAny, t("north america"), &[d(r#"["amer"]"#)], "false"),
        (HasAll, t("Spectacular snow"), &[t("snow"), t("spectacular")], "true"),
        (HasAll, t("Spectacular snow"), &[t("snow"), t("rain")], "false"),
    ];
    for (op, value, list, expected) in cases {
        assert_eq!(listed(*op, value.clone(), list), *expected, "{} {op:?}", value.expr);
    }
}

#[test]
fn ranges() {
    let given = |value: Typed, low: Typed, high: Typed, negated| {
        let at = Span::default();
        value_of(&[value, low, high], |all| {
            let [value, low, high] = all.try_into().map_err(|_| Error::new("", at, "")).unwrap();
            between(value, low, high, negated, at, &environment())
        })
        .unwrap()
    };
    assert_eq!(given(l(5), l(1), l(5), false), "true");
    assert_eq!(given(l(6), l(1), l(5), false), "false");
    assert_eq!(given(l(6), l(1), l(5), true), "true");
    assert_eq!(given(dt("2007-07-28"), dt("2007-07-27"), ts("3d"), false), "true");
    assert_eq!(given(ts("2h"), ts("1h"), ts("3h"), false), "true");
}
