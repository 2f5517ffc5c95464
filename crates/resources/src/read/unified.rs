//! Unified model APIs.

use std::collections::BTreeSet;

use sekisho_diagnostics::Span;

use super::breaker::{positive, status_code_ranges};
use super::{plain, reference};
use crate::fields::{Fields, Unknown, opening};
use crate::model::{
    ModelApiFormat, ModelTarget, Operation, Spanned, StatusCodeRange, UnifiedModel, UnifiedModelApi,
};
use crate::reading::Reading;
use crate::template;
use crate::value::Node;

/// The path of an API that gives none.
pub(super) const DEFAULT_PATH: &str = "llm/v1";

const FORMATS: [(&str, ModelApiFormat); 2] = [
    ("chatCompletions", ModelApiFormat::ChatCompletions),
    ("anthropicMessages", ModelApiFormat::AnthropicMessages),
];

/// Answers after which another model is tried, when the API names none.
const FAILOVER: [StatusCodeRange; 2] =
    [StatusCodeRange { min: 429, max: 429 }, StatusCodeRange { min: 500, max: 599 }];

/// Name, display name, method and template of the operations that every such API has.
const OPERATIONS: [(&str, &str, &str, &str); 3] = [
    ("chat-completions", "Create a chat completion", "POST", "/chat/completions"),
    ("list-models", "List the models", "GET", "/models"),
    ("get-model", "Get a model", "GET", "/models/{model}"),
];

/// Reads `unifiedModelApi` of an API.
pub(super) fn unified_model_api(api: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<UnifiedModelApi> {
    let mut fields = api.object("unifiedModelApi", reading)?;
    let nodes = fields.list("models", reading);
    let models: Vec<UnifiedModel> = nodes.iter().filter_map(|node| model(node, reading)).collect();
    if nodes.is_empty() {
        let help = "add `models`, each with `alias`, `apiFormat` and `backendId`";
        reading.error("no-models", opening(fields.span), "the unified model API has no models", help);
    }
    duplicates(&models, reading);
    let failover = fields.object("failover", reading).map(|mut failover| {
        let ranges = status_code_ranges(&mut failover, reading);
        failover.finish(Unknown::Refused, reading);
        ranges
    });
    fields.finish(Unknown::Refused, reading);
    Some(UnifiedModelApi { models, failover_status_codes: failover.unwrap_or_else(|| FAILOVER.to_vec()) })
}

fn model(node: &Node, reading: &mut Reading<'_>) -> Option<UnifiedModel> {
    let mut fields = Fields::of(node, "model", reading)?;
    let alias = fields.required_text("alias", reading);
    if let Some(alias) = &alias
        && alias.value.trim().is_empty()
    {
        reading.error("empty-alias", alias.span, "the alias is empty", "write the name that clients call");
        return None;
    }
    let first = target(&mut fields, alias.as_ref(), reading);
    let mut targets: Vec<ModelTarget> = first.into_iter().collect();
    for node in fields.list("fallbacks", reading) {
        let Some(mut fields) = Fields::of(node, "fallback", reading) else { continue };
        targets.extend(target(&mut fields, None, reading));
        fields.finish(Unknown::Refused, reading);
    }
    fields.finish(Unknown::Refused, reading);
    Some(UnifiedModel { alias: alias?, targets })
}

/// Reads a target. One without an alias to stand in for it must name its model.
fn target(
    fields: &mut Fields<'_>,
    alias: Option<&Spanned<String>>,
    reading: &mut Reading<'_>,
) -> Option<ModelTarget> {
    let model = plain(fields, "model", reading).or_else(|| alias.map(|alias| alias.value.clone()));
    let api_format = fields.choice("apiFormat", &FORMATS, reading);
    let backend = fields.required_text("backendId", reading);
    let path = plain(fields, "path", reading).map(template::rooted);
    let timeout = positive(fields, "timeout", reading);
    if fields.node("apiFormat").is_none() {
        fields.missing("apiFormat", reading);
    }
    if model.is_none() && alias.is_none() {
        fields.missing("model", reading);
    }
    let backend = reference(backend?, "backends", reading)?;
    Some(ModelTarget { model: model?, api_format: api_format?, backend, path, timeout })
}

fn duplicates(models: &[UnifiedModel], reading: &mut Reading<'_>) {
    let mut seen = BTreeSet::new();
    for UnifiedModel { alias, .. } in models {
        if !seen.insert(&alias.value) {
            let message = format!("alias `{}` is already that of another model", alias.value);
            let help = "give it another alias, or make it a fallback of the first";
            reading.error("duplicate-alias", alias.span, message, help);
        }
    }
}

/// Adds the operations that every unified model API has to those of its specification, for what it says of them one by
/// one.
pub(super) fn add_operations(operations: &mut Vec<Operation>, span: Span) {
    for (name, display_name, method, url_template) in OPERATIONS {
        if operations.iter().all(|known| known.name.value != name) {
            operations.push(operation(name, display_name, method, url_template, span));
        }
    }
}

fn operation(name: &str, display_name: &str, method: &str, url_template: &str, span: Span) -> Operation {
    Operation {
        name: Spanned::new(name.to_owned(), span),
        display_name: display_name.to_owned(),
        method: Spanned::new(method.to_owned(), span),
        url_template: Spanned::new(url_template.to_owned(), span),
        template_parameters: template::parameters(url_template, Vec::new()),
        description: None,
        policy: None,
        source: None,
        given_contract: None,
    }
}

/// Leaves out those of [`add_operations`] in whose place the API declares one of its own.
pub(super) fn remove_replaced(operations: &mut Vec<Operation>) {
    for (name, _, method, url_template) in OPERATIONS {
        let is_replacement = |known: &Operation| {
            known.name.value != name
                && known.method.value == method
                && is_same_shape(&known.url_template.value, url_template)
        };
        if operations.iter().any(is_replacement) {
            operations.retain(|known| known.name.value != name);
        }
    }
}

/// True for templates that differ in the names of their variables only.
fn is_same_shape(one: &str, other: &str) -> bool {
    let shape = |segment: &str| if segment.starts_with('{') { String::new() } else { segment.to_lowercase() };
    one.split('/').map(shape).eq(other.split('/').map(shape))
}
