//! The findings of the reader: codes, sentences and remedies.

use sekisho_diagnostics::{Diagnostic, Span};

use super::expression::Failure;

/// What an expression stands in, for the remedies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Attribute,
    Text,
}

impl Place {
    fn end(self) -> &'static str {
        match self {
            Place::Attribute => "the closing quotation mark",
            Place::Text => "the end tag",
        }
    }
}

pub(super) fn document_too_large(span: Span, bytes: usize, limit: usize) -> Diagnostic {
    Diagnostic::error(
        "document-too-large",
        span,
        format!("the document has {bytes} bytes, {limit} are allowed"),
    )
    .with_help("move parts of it to policy fragments and include them")
}

pub(super) fn too_many_mistakes(span: Span, limit: usize) -> Diagnostic {
    Diagnostic::error("too-many-mistakes", span, format!("reading stopped here after {limit} mistakes"))
        .with_help("correct the first ones and check again; one mistake can cause others")
}

pub(super) fn missing_root(span: Span) -> Diagnostic {
    Diagnostic::error("missing-root", span, "the document has no element").with_help(
        "a policy document is one `<policies>` element, a policy fragment one `<fragment>` element",
    )
}

pub(super) fn second_root(span: Span, name: &str, root: &str) -> Diagnostic {
    let message = format!("`<{name}>` stands after the root element `<{root}>`");
    Diagnostic::error("content-after-root", span, message)
        .with_help(format!("a document has one root element; move this into `<{root}>` or remove it"))
}

pub(super) fn text_outside_root(span: Span) -> Diagnostic {
    Diagnostic::error("text-outside-root", span, "text stands outside of the root element")
        .with_help("remove it, or make it a comment: `<!-- … -->`")
}

pub(super) fn too_deep(span: Span, limit: usize) -> Diagnostic {
    Diagnostic::error("nesting-too-deep", span, format!("elements are nested more than {limit} deep"))
        .with_help("close the elements above, or move inner parts to a policy fragment")
}

pub(super) fn unclosed_marker(span: Span, what: &str, closer: &str) -> Diagnostic {
    Diagnostic::error("unclosed-markup", span, format!("{what} is never closed"))
        .with_help(format!("end it with `{closer}`"))
}

pub(super) fn doctype_refused(span: Span) -> Diagnostic {
    Diagnostic::error("doctype-refused", span, "a document type with declarations is not accepted").with_help(
        "remove the DOCTYPE and write the values of its entities out; use named values for what repeats",
    )
}

pub(super) fn unknown_declaration(span: Span) -> Diagnostic {
    Diagnostic::error("unknown-declaration", span, "`<!` begins neither a comment nor a CDATA section")
        .with_help("write `<!--` for a comment, `<![CDATA[` for a CDATA section, `&lt;!` for the characters")
}

pub(super) fn unclosed_element(span: Span, names: &[&str]) -> Diagnostic {
    let tags = |count: usize, separator: &str, opener: &str| {
        let shown: Vec<String> = names.iter().take(count).map(|name| format!("{opener}{name}>")).collect();
        let more = if names.len() > count { "…" } else { "" };
        format!("{}{more}", shown.join(separator))
    };
    let message = match names {
        [name] => format!("`<{name}>` is never closed"),
        _ => format!("these elements are never closed: `{}`", tags(5, "`, `", "<")),
    };
    Diagnostic::error("unclosed-element", span, message).with_help(format!("add `{}`", tags(5, "", "</")))
}

pub(super) fn mismatched_end_tag(
    span: Span,
    found: &str,
    open: &str,
    line: usize,
    column: usize,
) -> Diagnostic {
    let message = format!(
        "the end tag `</{found}>` does not match `<{open}>`, which was opened on line {line}, column {column}"
    );
    Diagnostic::error("mismatched-end-tag", span, message).with_help(format!("close it with `</{open}>`"))
}

pub(super) fn stray_end_tag(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error("stray-end-tag", span, format!("the end tag `</{name}>` closes no open element"))
        .with_help(format!("remove it, or add the start tag `<{name}>`"))
}

pub(super) fn unclosed_tag(span: Span, tag: &str) -> Diagnostic {
    Diagnostic::error("unclosed-tag", span, format!("the tag `{tag}` has no `>`"))
        .with_help("end the tag with `>`, or with `/>` when the element has no content")
}

pub(super) fn unexpected_character(span: Span, character: char, tag: &str) -> Diagnostic {
    let message = format!("`{character}` has no meaning here, in the tag `<{tag}>`");
    Diagnostic::error("unexpected-character", span, message)
        .with_help("remove it; inside a quoted value a quotation mark is written `&quot;`")
}

pub(super) fn attribute_without_value(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error("attribute-without-value", span, format!("the attribute `{name}` has no value"))
        .with_help(format!("write `{name}=\"…\"`"))
}

pub(super) fn unquoted_attribute(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(
        "unquoted-attribute",
        span,
        format!("the value of the attribute `{name}` is not quoted"),
    )
    .with_help("put it into quotation marks")
}

pub(super) fn duplicate_attribute(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error("duplicate-attribute", span, format!("the attribute `{name}` is given twice"))
        .with_help("keep one of them; the first one is used for the other checks")
}

pub(super) fn unterminated_attribute(span: Span, name: &str, delimiter: char) -> Diagnostic {
    Diagnostic::error(
        "unterminated-attribute",
        span,
        format!("the value of the attribute `{name}` has no end"),
    )
    .with_help(format!("close it with `{delimiter}`"))
}

pub(super) fn missing_space(span: Span, name: &str) -> Diagnostic {
    let message = format!("white space is missing after the value of the attribute `{name}`");
    Diagnostic::error("missing-space", span, message).with_help("put a space before the next attribute")
}

pub(super) fn quote_in_value(span: Span, name: &str) -> Diagnostic {
    let message = format!("a quotation mark stands inside the value of the attribute `{name}`");
    Diagnostic::error("quote-in-value", span, message).with_help(
        "close the value before it, or write `&quot;` (`&apos;`) for one that belongs to the value",
    )
}

pub(super) fn text_after_expression(span: Span) -> Diagnostic {
    Diagnostic::error(
        "text-after-expression",
        span,
        "an expression must be the whole value, but text follows it",
    )
    .with_help("take the text into the expression, for instance `@($\"…{expression}…\")`, or remove it")
}

/// An expression that begins at `opener` and has no end. `span` makes a span of a range of bytes.
pub(super) fn expression(
    failure: Failure,
    opener: Span,
    block: bool,
    place: Place,
    span: impl Fn(usize, usize) -> Span,
) -> Diagnostic {
    let (begins, closer) = if block { ("@{", '}') } else { ("@(", ')') };
    match failure {
        Failure::Unbalanced { comment } => {
            let help = match comment {
                None => format!("add the missing `{closer}` before {}", place.end()),
                Some(_) => {
                    format!("the `//` comment hides the rest of its line; write `/* … */`, then `{closer}`")
                }
            };
            let message = format!("the expression that begins with `{begins}` is never closed");
            Diagnostic::error("unclosed-expression", opener, message).with_help(help)
        }
        Failure::String { at } => {
            let message = "the string that begins here has no end";
            Diagnostic::error("unterminated-string", span(at, at + 1), message).with_help(
                "close it with `\"` on the same line; only `@\"…\"` strings may run over several lines",
            )
        }
        Failure::Character { at } => {
            let message = "the character literal that begins here has no end";
            Diagnostic::error("unterminated-character", span(at, at + 1), message)
                .with_help("close it with `'`; text of several characters is written `\"…\"`")
        }
        Failure::Comment { at } => Diagnostic::error(
            "unterminated-comment",
            span(at, at + 2),
            "the comment that begins here has no end",
        )
        .with_help("end it with `*/`"),
        Failure::Mismatch { opener, closer, at, .. } => {
            let wanted = match opener {
                '(' => ')',
                '[' => ']',
                _ => '}',
            };
            let message = format!("`{closer}` does not close the `{opener}` before it");
            Diagnostic::error("mismatched-bracket", span(at, at + 1), message)
                .with_help(format!("close the `{opener}` with `{wanted}` first"))
        }
    }
}
