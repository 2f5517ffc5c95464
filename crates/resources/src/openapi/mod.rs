//! OpenAPI 2.0, 3.0 and 3.1 into operations, as API Management imports them.
//!
//! - names are normalised operation ids, made unique
//! - required query parameters become part of the URL template
//! - bodies and responses are read by [`contracts`](crate::contracts) when a policy needs them; security is not read

mod name;
mod parameters;
mod server;

pub(crate) use name::normalised;

use crate::model::{Operation, OperationSource, Spanned, TemplateParameter};
use crate::reading::Reading;
use crate::value::{self, Node, Value};
use name::{Names, shortened_title};
use parameters::Parameter;

/// Members of a path that are operations.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// What an API takes from its specification.
#[derive(Default)]
pub(crate) struct Specification {
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) server: Option<Spanned<String>>,
    pub(crate) operations: Vec<Operation>,
}

/// Reads a specification. `None` when it is none at all.
pub(crate) fn read(root: &Node, reading: &mut Reading<'_>) -> Option<Specification> {
    let version = root.get("openapi").or_else(|| root.get("swagger"));
    let supported = version.and_then(Node::scalar).is_some_and(|version| {
        version == "2" || ["2.0", "3.0", "3.1"].iter().any(|known| version.starts_with(known))
    });
    if !supported {
        let span = version.map_or(crate::fields::opening(root.span), |version| version.span);
        let message = "this is not an OpenAPI document of version 2.0, 3.0 or 3.1";
        let help = "set `openapi: 3.0.1` (or `swagger: \"2.0\"`) at the top";
        reading.error("unsupported-specification", span, message, help);
        return None;
    }
    let text = |node: Option<&Node>| node.and_then(Node::scalar).map(str::to_owned);
    let info = root.get("info");
    Some(Specification {
        title: text(info.and_then(|info| info.get("title"))).map(shortened_title),
        description: text(info.and_then(|info| info.get("description"))),
        server: server::server(root),
        operations: operations(root, reading),
    })
}

fn operations(root: &Node, reading: &mut Reading<'_>) -> Vec<Operation> {
    let mut out = Vec::new();
    let mut names = Names::default();
    let Some(paths) = root.get("paths") else { return out };
    if !matches!(paths.value, Value::Object(_)) {
        crate::fields::wrong_type("paths", "an object", paths, reading);
    }
    for path in paths.entries() {
        if !path.key.starts_with('/') {
            if !path.key.starts_with("x-") {
                let help = "start the path with a slash";
                reading.error("invalid-path", path.key_span, "a path must start with `/`", help);
            }
            continue;
        }
        for member in path.value.entries().iter().filter(|member| METHODS.contains(&member.key.as_str())) {
            let shared = parameters::read(root, path.value.get("parameters"), reading);
            let own = parameters::read(root, member.value.get("parameters"), reading);
            let all = parameters::joined(shared, own);
            out.push(operation(path, member, &all, &mut names));
        }
    }
    out
}

fn operation(
    path: &value::Entry,
    member: &value::Entry,
    parameters: &[Parameter],
    names: &mut Names,
) -> Operation {
    let id = member.value.get("operationId").filter(|id| id.scalar().is_some_and(|id| !id.is_empty()));
    let id_text = id.and_then(Node::scalar);
    let fallback = format!("{} {}", member.key, path.key);
    let name = names.unique(&normalised(id_text.unwrap_or(&fallback)));
    let summary = member.value.get("summary").and_then(Node::scalar).filter(|text| !text.is_empty());
    let display_name = summary.or(id_text).map_or_else(|| path.key.clone(), str::to_owned);
    let url_template = parameters::with_required_query(&path.key, parameters);
    let known = parameters.iter().map(|parameter| TemplateParameter {
        name: parameter.name.clone(),
        value_type: parameter.value_type.clone(),
        required: true,
    });
    Operation {
        name: Spanned::new(name, id.map_or(member.key_span, |id| id.span)),
        display_name: shortened_title(display_name),
        method: Spanned::new(member.key.to_ascii_uppercase(), member.key_span),
        template_parameters: crate::template::parameters(&url_template, known.collect()),
        url_template: Spanned::new(url_template, path.key_span),
        description: member.value.get("description").and_then(Node::scalar).map(str::to_owned),
        policy: None,
        source: Some(OperationSource { path: path.key.clone(), method: member.key.clone() }),
        given_contract: None,
    }
}
