//! Trees that are easy to get wrong, and hostile text.

use crate::ast::{Expression, ExpressionKind as E, Root};
use crate::parser::parse;

/// The tree in prefix form, small enough to read.
fn shape(expression: &Expression) -> String {
    match &expression.kind {
        E::Literal(value) => format!("{value:?}"),
        E::Name(name, arguments) if arguments.is_empty() => name.to_string(),
        E::Name(name, arguments) => format!("{name}<{}>", arguments.len()),
        E::TypeName(_) => "type".to_owned(),
        E::Receiver => "_".to_owned(),
        E::Member { target, name, arguments, .. } if arguments.is_empty() => {
            format!("{}.{name}", shape(target))
        }
        E::Member { target, name, arguments, .. } => format!("{}.{name}<{}>", shape(target), arguments.len()),
        E::Index { target, arguments } => format!("{}[{}]", shape(target), arguments.len()),
        E::Call { target, arguments } => {
            let arguments: Vec<String> = arguments.iter().map(|argument| shape(&argument.value)).collect();
            format!("{}({})", shape(target), arguments.join(" "))
        }
        E::ConditionalAccess { target, access } => format!("({} ? {})", shape(target), shape(access)),
        E::Unary(operator, operand) => format!("({operator:?} {})", shape(operand)),
        E::Binary(operator, left, right) => {
            format!("({} {} {})", shape(left), operator.symbol(), shape(right))
        }
        E::Conditional { condition, then, otherwise } => {
            format!("(if {} {} {})", shape(condition), shape(then), shape(otherwise))
        }
        E::Cast(_, operand) => format!("(cast {})", shape(operand)),
        E::Is(operand, _) => format!("(is {})", shape(operand)),
        E::As(operand, _) => format!("(as {})", shape(operand)),
        E::Lambda { parameters, .. } => format!("lambda{}", parameters.len()),
        other => format!("{other:?}").chars().take(12).collect(),
    }
}

fn tree(text: &str) -> String {
    let (root, mistakes, _) = parse(&format!("@({text})"));
    assert!(mistakes.is_empty(), "{text}: {mistakes:?}");
    match root {
        Root::Expression(value) => shape(&value),
        Root::Block(_) => panic!("no expression"),
    }
}

#[test]
fn precedence_is_that_of_csharp() {
    for (text, expected) in [
        ("a + x?.B", "(a + (x ? _.B))"),
        ("a ?? b?.C", "(a ?? (b ? _.C))"),
        ("!x?.B", "(Not (x ? _.B))"),
        ("(T)x?.B", "(cast (x ? _.B))"),
        ("p && q?[k]", "(p && (q ? _[1]))"),
        ("a?.b.c()?.d", "(a ? (_.b.c() ? _.d))"),
        ("a || b && c == d", "(a || (b && (c == d)))"),
        ("a ?? b ?? c", "(a ?? (b ?? c))"),
        ("a - b - c", "((a - b) - c)"),
        ("a ? b : c ? d : e", "(if a b (if c d e))"),
        ("a << b + c", "(a << (b + c))"),
        ("a >> b", "(a >> b)"),
        ("a & b == c", "(a & (b == c))"),
        ("x is int ? a : b", "(if (is x) a b)"),
        ("x as string ?? y", "((as x) ?? y)"),
    ] {
        assert_eq!(tree(text), expected, "{text}");
    }
}

#[test]
fn generics_casts_and_lambdas_are_told_from_comparisons_and_parentheses() {
    for (text, expected) in [
        ("a < b", "(a < b)"),
        ("f(a < b, c > d)", "f((a < b) (c > d))"),
        ("f(a<b, c>(d))", "f(a<2>(d))"),
        ("a.B<int>(c)", "a.B<1>(c)"),
        ("a.B<List<string>>(c)", "a.B<1>(c)"),
        ("(a) + b", "(a + b)"),
        ("(a) - b", "(a - b)"),
        ("(int)-b", "(cast (Minus b))"),
        ("(string)a[b]", "(cast a[1])"),
        ("(A.B)c.d", "(cast c.d)"),
        ("(a)(b)", "(cast b)"),
        ("(List<int>)a", "(cast a)"),
        ("f(x => x)", "f(lambda1)"),
        ("f((x, y) => x)", "f(lambda2)"),
        ("f(() => x)", "f(lambda0)"),
        ("((x) + (y))", "(x + y)"),
    ] {
        assert_eq!(tree(text), expected, "{text}");
    }
}

#[test]
fn hostile_text_ends_in_mistakes() {
    let deep = |open: &str, close: &str| format!("@({}1{})", open.repeat(20_000), close.repeat(20_000));
    for text in [
        deep("(", ")"),
        deep("!", ""),
        deep("f(", ")"),
        deep("new[]{", "}"),
        deep("$\"{", "}\""),
        format!("@(1{})", "+1".repeat(20_000)),
        format!("@(a{})", ".b".repeat(20_000)),
        format!("@{{{}}}", "if(a)".repeat(20_000)),
        format!("@({}a)", "x=>".repeat(20_000)),
        format!("@({}a)", "a?b:".repeat(20_000)),
        format!("@({}int{} x)", "List<".repeat(20_000), ">".repeat(20_000)),
        deep("(a, ", ")"),
        deep("(int, (", ")"),
        deep("new int[,] {", "}"),
        deep("delegate {", "}"),
        format!("@(a is {}b)", "not ".repeat(20_000)),
        format!("@(a is b{})", " and c".repeat(20_000)),
        format!("@(from x in a {} select x)", "where x ".repeat(20_000)),
        format!("@({} select x)", "from x in ".repeat(20_000)),
        format!("@{{{}}}", "var (a, b) = ".repeat(20_000)),
        format!("@{{{}}}", "a: ".repeat(20_000)),
        format!("@{{ switch (1) {{ case {}1: }} }}", "(".repeat(20_000)),
        format!("@({})", "a switch { ".repeat(20_000)),
        format!("@({})", "^".repeat(20_000)),
        format!("@(int{} x)", "[]".repeat(100_000)),
        format!("@{{ {} x; }}", format_args!("int{}", "[]".repeat(100_000))),
        format!("@(new int{}{{}})", "[]".repeat(100_000)),
        format!("@(1{})", "..1".repeat(20_000)),
    ] {
        let (_, mistakes, _) = parse(&text);
        assert!(!mistakes.is_empty(), "{}", &text[..20]);
    }
}

/// `(expression, text at the place of each mistake)`.
const PLACES: &[(&str, &[&str])] = &[
    ("@(1 +)", &[""]),
    ("@(a b)", &["b"]),
    ("@{ int x = ; return y z; }", &[";", "y"]),
    ("@{ var a = 1 var b = 2; return 3 }", &["1", "3"]),
    ("@{ foo(; return 1; }", &[";"]),
    ("@{ else { } return a b; }", &["else", "a"]),
    ("@{\n  var a = f(1\n  var b = 2;\n  return c d;\n}", &["var", "c"]),
    ("@(\"a\"[^1] + b[1..2] + (c ??= d))", &["^1", "1..2", "??="]),
    ("@(x switch { 1 => 2 } + y!)", &["x switch { 1 => 2 }", "!"]),
    (
        "@{ List<int> l = new(); using var r = f(); static int F() => 1; }",
        &["new()", "using var r = f();", "static"],
    ),
    ("@(o is not null && o is > 5 and < 9 && o is { A: 1 })", &["not null", "> 5 and < 9", "{ A: 1 }"]),
    ("@{ yield return 1; await f(); unsafe { } }", &["yield", "await", "unsafe"]),
    ("@(\"\"\"raw\"\"\" + @$\"{1}\")", &["\"\"\"raw\"\"\"", "@$\""]),
    ("@{\n#if A\n return 1;\n#endif\n}", &["#if A", "#endif"]),
    ("@{ throw new Exception(); f(throw null); }", &["throw"]),
];

#[test]
fn each_mistake_has_its_own_place() {
    let differing: Vec<String> = PLACES
        .iter()
        .filter_map(|(text, wanted)| {
            let (_, mistakes, _) = parse(text);
            let found: Vec<&str> = mistakes.iter().map(|mistake| &text[mistake.place.range()]).collect();
            (found != *wanted)
                .then(|| format!("{text}\n    wanted {wanted:?}\n    found  {found:?}\n    {mistakes:?}"))
        })
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn queries_become_calls() {
    for (text, expected) in [
        ("from x in a select x", "a.Select(lambda1)"),
        ("from x in a where x select x", "a.Where(lambda1)"),
        (
            "from x in a orderby x, y descending select z",
            "a.OrderBy(lambda1).ThenByDescending(lambda1).Select(lambda1)",
        ),
        ("from x in a from y in b select x", "a.SelectMany(lambda1 lambda2).Select(lambda1)"),
        ("from int x in a group x by y", "a.Cast<1>().GroupBy(lambda1)"),
        ("from x in a group y by x into g select g", "a.GroupBy(lambda1 lambda1).Select(lambda1)"),
        (
            "from x in a join y in b on x equals y into g select x",
            "a.GroupJoin(b lambda1 lambda1 lambda2).Select(lambda1)",
        ),
        ("from + select", "(from + select)"),
    ] {
        assert_eq!(tree(text), expected, "{text}");
    }
}
