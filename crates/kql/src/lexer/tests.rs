use super::*;

fn kinds(text: &str) -> Vec<TokenKind> {
    let mut tokens: Vec<_> = tokens(text).unwrap().into_iter().map(|token| token.kind).collect();
    assert_eq!(tokens.pop(), Some(TokenKind::End));
    tokens
}

fn word(text: &str) -> TokenKind {
    TokenKind::Word(text.to_owned())
}

#[test]
fn numbers_and_spans_of_time() {
    assert_eq!(
        kinds("1 0x1F 1.5 1e3 2.5e-1"),
        [
            TokenKind::Long(1),
            TokenKind::Long(31),
            TokenKind::Real(1.5),
            TokenKind::Real(1000.0),
            TokenKind::Real(0.25),
        ]
    );
    assert_eq!(
        kinds("1d 2h 5m 10s 100ms 10us 10ticks 1.5h"),
        [
            TokenKind::TimeSpan(86_400_000_000),
            TokenKind::TimeSpan(7_200_000_000),
            TokenKind::TimeSpan(300_000_000),
            TokenKind::TimeSpan(10_000_000),
            TokenKind::TimeSpan(100_000),
            TokenKind::TimeSpan(10),
            TokenKind::TimeSpan(1),
            TokenKind::TimeSpan(5_400_000_000),
        ]
    );
}

#[test]
fn a_name_may_begin_with_a_digit() {
    assert_eq!(kinds("90th_Percentile"), [word("90th_Percentile")]);
}

#[test]
fn texts_in_all_their_forms() {
    let text = |text: &str| TokenKind::String(text.to_owned());
    assert_eq!(
        kinds(
            r#""a\"b" 'c\n' @"d\e""f" h"g" ```h
"i"```"#
        ),
        [text("a\"b"), text("c\n"), text("d\\e\"f"), text("g"), text("h\n\"i\"")]
    );
}

#[test]
fn quoted_names_are_told_from_other_brackets() {
    assert_eq!(
        kinds("['a b'] [1]"),
        [TokenKind::Quoted("a b".to_owned()), TokenKind::Sign("["), TokenKind::Long(1), TokenKind::Sign("]"),]
    );
}

#[test]
fn operators_of_words_are_one_word() {
    assert_eq!(kinds("!in in~ !in~ !has"), [word("!in"), word("in~"), word("!in~"), word("!has")]);
}

#[test]
fn typed_literals_keep_their_text() {
    assert_eq!(
        kinds(r#"dynamic({"a":")"}) datetime( 2024-01-01 ) // the rest"#),
        [
            TokenKind::Typed("dynamic".to_owned(), r#"{"a":")"}"#.to_owned()),
            TokenKind::Typed("datetime".to_owned(), "2024-01-01".to_owned()),
        ]
    );
}

#[test]
fn mistakes_have_their_place() {
    let error = tokens("T | where a == 'x").unwrap_err();
    assert_eq!((error.code, error.span), ("unterminated-text", Span { start: 15, end: 17 }));
    let error = tokens("a # b").unwrap_err();
    assert_eq!((error.code, error.span.start), ("unexpected-character", 2));
}
