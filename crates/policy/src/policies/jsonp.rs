//! `jsonp`: wraps the response in a call of a JavaScript function that the client names.

use bytes::Bytes;
use http::HeaderValue;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use sekisho_expression::Needs;
use sekisho_expression::framework::url_decode;

use crate::body::Body;
use crate::compile::{Compiler, Text};
use crate::declaration::{ALL_SCOPES, Attribute, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunNow, Section};
use crate::xml::Element;

/// The longest name of a function in bytes.
const LONGEST: usize = 512;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["jsonp"],
    summary: "Wraps the response in a call of the JavaScript function that a query parameter names.",
    sections: &[Section::Outbound],
    scopes: ALL_SCOPES,
    attributes: &[Attribute::required(
        "callback-parameter-name",
        Kind::Text,
        "The query parameter that names the function.",
    )],
    children: Children::None,
    once: true,
    reference: Reference {
        behaviour: "\
When the client's URL has the query parameter, the response body becomes `function(<body>);` and `Content-Type` becomes \
`application/javascript`. Without the parameter, or with an empty one, the response is left as it is. The parameter is looked for in \
the URL as the client sent it, whatever the policies did to it; of several the first counts. The body is buffered.\n\n\
The function is a JavaScript identifier, or a path of them: `cb`, `my.handler`, `handlers[0]`, `$.cb_1`. Words that JavaScript keeps for \
itself are none.",
        errors: &[ErrorFact {
            reason: "CallbackParameterInvalid",
            status: "400",
            when: "the parameter is no identifier, no path of identifiers, or longer than 512 bytes",
        }],
        example: "wraps-json",
        differences: &[
            "The documentation does not give the content type and the status of a wrong name: `application/javascript` and 400 were chosen.",
            "A compressed body (`Content-Encoding`) is left as it is, since it cannot be wrapped.",
        ],
    },
    compile: Some(compile),
};

struct Jsonp {
    parameter: Text,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let parameter = compiler.text(element, "callback-parameter-name")?;
    compiler.add_needs(Needs { request_body: false, response_body: true });
    Some(Run::now(Jsonp { parameter }))
}

impl RunNow for Jsonp {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let parameter = self.parameter.get(exchange)?;
        let query = exchange.request.original_url.query.trim_start_matches('?');
        let mut values = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let found = values.find(|(name, _)| url_decode(name) == *parameter);
        let Some(callback) =
            found.map(|(_, value)| url_decode(value)).filter(|callback| !callback.is_empty())
        else {
            return Ok(Outcome::Continue);
        };
        if !is_function_path(&callback) {
            let message =
                format!("Value of callback parameter {parameter} is not a valid JavaScript identifier.");
            return Err(PolicyError::refusal(400, "CallbackParameterInvalid", message));
        }
        let response = exchange.response_mut();
        if response.headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
            return Ok(Outcome::Continue);
        }
        let body = match &response.body {
            Body::Full(bytes) => bytes.clone(),
            _ => Bytes::new(),
        };
        let mut wrapped = Vec::with_capacity(callback.len() + body.len() + 3);
        wrapped.extend_from_slice(callback.as_bytes());
        wrapped.push(b'(');
        wrapped.extend_from_slice(&body);
        wrapped.extend_from_slice(b");");
        response.body = Body::full(wrapped);
        response.headers.remove(CONTENT_LENGTH);
        response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/javascript"));
        Ok(Outcome::Continue)
    }
}

/// `a`, `a.b`, `a[0].b`.
fn is_function_path(text: &str) -> bool {
    text.len() <= LONGEST
        && text.split('.').all(|part| {
            let (name, indexes) = part.split_at(part.find('[').unwrap_or(part.len()));
            is_identifier(name) && are_indexes(indexes)
        })
}

/// Any number of `[0]`.
fn are_indexes(text: &str) -> bool {
    let mut rest = text;
    while let Some((index, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        if index.is_empty() || !index.bytes().all(|digit| digit.is_ascii_digit()) {
            return false;
        }
        rest = after;
    }
    rest.is_empty()
}

fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    let starts = letters.next().is_some_and(|first| first.is_alphabetic() || matches!(first, '_' | '$'));
    starts
        && letters.all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '$'))
        && !RESERVED.contains(&name)
}

/// Words that are no identifiers (ECMAScript, section "Keywords and Reserved Words").
const RESERVED: &[&str] = &[
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "import",
    "in",
    "instanceof",
    "new",
    "null",
    "return",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "var",
    "void",
    "while",
    "with",
    "yield",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_paths_of_identifiers() {
        for good in ["cb", "_", "$", "my.handler", "a[0]", "a[0][12].b", "jQuery1_2", "größe"] {
            assert!(is_function_path(good), "{good}");
        }
        for bad in [
            "",
            "1a",
            "a-b",
            "a(",
            "alert(1)",
            "a.",
            ".a",
            "a..b",
            "a[",
            "a[x]",
            "a[]",
            "a]",
            "a[0]b",
            "a b",
            "delete",
            "a;b",
            "a\u{2028}",
            "<script>",
        ] {
            assert!(!is_function_path(bad), "{bad}");
        }
        assert!(!is_function_path(&"a".repeat(600)));
    }
}
