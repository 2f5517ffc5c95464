//! `set-query-parameter`: sets, adds or removes a query parameter of the request.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::set_header::{ATTRIBUTES, CHILDREN, Edit, ExistsAction};
use crate::compile::Compiler;
use crate::declaration::{ALL_SCOPES, ANYWHERE, Declaration, ErrorFact, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyResult, Run, RunNow};
use crate::xml::Element;

/// What stays as it is in a query: the unreserved characters of RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["set-query-parameter"],
    summary: "Sets, adds or removes a query parameter of the request to the backend.",
    sections: ANYWHERE,
    scopes: ALL_SCOPES,
    attributes: ATTRIBUTES,
    children: CHILDREN,
    once: false,
    reference: Reference {
        behaviour: "Edits a query parameter of the request to the backend. `override` replaces all of that name, `skip` adds only when there is none, `append` adds, `delete` removes and takes no value. Several values become several parameters. Values are escaped; parameters that are not touched stay byte for byte.",
        errors: &[
            ErrorFact {
                reason: "InvalidExistsAction",
                status: "500",
                when: "The action comes from an expression and is none.",
            },
            ErrorFact::EXPRESSION,
        ],
        example: "override",
        differences: &["Names are case-sensitive, like those that expressions read."],
    },
    compile: Some(compile),
};

struct SetQueryParameter(Edit);

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    Some(Run::now(SetQueryParameter(Edit::new(compiler, element)?)))
}

impl RunNow for SetQueryParameter {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let edit = self.0.evaluate(exchange)?;
        let values: Vec<&str> = edit.values.iter().map(|value| &**value).collect();
        let query = edited(exchange.request.query(), &edit.name, edit.action, &values);
        exchange.request.set_query(query);
        Ok(Outcome::Continue)
    }
}

/// The query after the edit. What is not touched stays byte for byte.
fn edited(query: &str, name: &str, action: ExistsAction, values: &[&str]) -> String {
    let exists = pairs(query).any(|(key, _)| is_named(key, name));
    let removes = matches!(action, ExistsAction::Override | ExistsAction::Delete);
    let adds = match action {
        ExistsAction::Delete => false,
        ExistsAction::Skip => !exists,
        ExistsAction::Override | ExistsAction::Append => true,
    };
    let mut out = String::with_capacity(query.len() + 32);
    for (_, whole) in pairs(query).filter(|(key, _)| !(removes && is_named(key, name))) {
        push(&mut out, whole);
    }
    for value in values.iter().filter(|_| adds) {
        push(
            &mut out,
            &format!("{}={}", utf8_percent_encode(name, ESCAPED), utf8_percent_encode(value, ESCAPED)),
        );
    }
    out
}

/// The parts of a query: each key as written, and the whole part.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| (part.split('=').next().unwrap_or(part), part))
}

/// True when a key of a query, as written, means this name.
pub(crate) fn is_named(key: &str, name: &str) -> bool {
    key == name || percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy() == name
}

pub(crate) fn push(query: &mut String, part: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(part);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_parameter_changes() {
        let query = "api-version=2024-10-21&x=%20y";
        assert_eq!(edited(query, "x", ExistsAction::Override, &["a b"]), "api-version=2024-10-21&x=a%20b");
        assert_eq!(
            edited(query, "x", ExistsAction::Append, &["1", "2"]),
            "api-version=2024-10-21&x=%20y&x=1&x=2"
        );
        assert_eq!(edited(query, "x", ExistsAction::Skip, &["1"]), query);
        assert_eq!(edited(query, "api%2Dversion", ExistsAction::Skip, &[]), query);
        assert_eq!(edited(query, "api-version", ExistsAction::Delete, &[]), "x=%20y");
        assert_eq!(edited("", "x", ExistsAction::Skip, &["1"]), "x=1");
    }
}
