//! `rewrite-uri`: changes path and query of the request to the backend.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::set_query_parameter::{is_named, pairs, push};
use crate::compile::{Compiler, Flag, Text};
use crate::declaration::{ALL_SCOPES, Attribute, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyResult, Run, RunNow, Section};
use crate::xml::Element;

/// What stays as it is when a matched parameter is put into a path; a wildcard's slashes stay slashes.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/')
    .remove(b'@')
    .remove(b':')
    .remove(b'!')
    .remove(b'$')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b',')
    .remove(b';');

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["rewrite-uri"],
    summary: "Changes the path and the query of the request to the backend; `{name}` stands for a parameter of the operation's template.",
    sections: &[Section::Inbound],
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required("template", Kind::Text, "The new path, with an optional query."),
        Attribute::optional(
            "copy-unmatched-params",
            Kind::Boolean,
            "Keeps query parameters that the operation's template does not name.",
        )
        .or("true"),
    ],
    children: Children::None,
    once: false,
    reference: Reference {
        behaviour: "Replaces the path behind the base URL of the backend, and the query. `{name}` in the template becomes the parameter that the template of the operation matched, escaped for a URL; a wildcard keeps its slashes.\n\
\n\
With `copy-unmatched-params` the query parameters of the request that neither the template of the operation nor the new template names are appended; without it they are dropped.",
        errors: &[ErrorFact::EXPRESSION],
        example: "copies-other-parameters",
        differences: &[
            "A template without a slash at its start gets one.",
            "Braces that name no parameter stay as they are.",
        ],
    },
    compile: Some(compile),
};

struct RewriteUri {
    template: Text,
    copy_unmatched: Flag,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let template = compiler.text(element, "template")?;
    let copy_unmatched = compiler.flag(element, "copy-unmatched-params", true);
    Some(Run::now(RewriteUri { template, copy_unmatched }))
}

impl RunNow for RewriteUri {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let template = self.template.get(exchange)?;
        let copy = self.copy_unmatched.get(exchange)?;
        let operation_query = exchange
            .facts
            .operation
            .as_ref()
            .and_then(|operation| operation.url_template.split_once('?'))
            .map_or("", |(_, query)| query);
        let filled = fill(template.trim(), &exchange.request.matched_parameters);
        let (path, mut query) = match filled.split_once('?') {
            Some((path, query)) => (path.to_owned(), query.to_owned()),
            None => (filled, String::new()),
        };
        if copy {
            let set_by_template = query.clone();
            let is_known = |key: &str| {
                [operation_query, &set_by_template]
                    .iter()
                    .any(|known| pairs(known).any(|(name, _)| is_named(key, name)))
            };
            for (_, whole) in pairs(exchange.request.query()).filter(|(key, _)| !is_known(key)) {
                push(&mut query, whole);
            }
        }
        exchange.request.set_path(if path.starts_with('/') { path } else { format!("/{path}") });
        exchange.request.set_query(query);
        Ok(Outcome::Continue)
    }
}

/// Puts the matched parameters into a template. Braces that name none stay as they are.
fn fill(template: &str, parameters: &[(std::sync::Arc<str>, std::sync::Arc<str>)]) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let (before, from_brace) = rest.split_at(open);
        out.push_str(before);
        let Some(close) = from_brace.find('}') else {
            rest = from_brace;
            break;
        };
        let (braced, after) = from_brace.split_at(close + 1);
        let name = braced.trim_start_matches('{').trim_end_matches('}').trim_start_matches('*');
        match parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, value)) => out.extend(utf8_percent_encode(value, ESCAPED)),
            None => out.push_str(braced),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn parameters_are_put_in_escaped() {
        let parameters = [(Arc::from("id"), Arc::from("a b")), (Arc::from("path"), Arc::from("x/y"))];
        assert_eq!(fill("/items/{id}/{*path}?q={id}", &parameters), "/items/a%20b/x/y?q=a%20b");
        assert_eq!(fill("/{other}/{open", &parameters), "/{other}/{open");
    }
}
