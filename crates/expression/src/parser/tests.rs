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
    ] {
        let (_, mistakes, _) = parse(&text);
        assert!(!mistakes.is_empty(), "{}", &text[..20]);
    }
}
