//! Operations: those of a specification, and those given or amended one by one.

use std::sync::Arc;

use sekisho_diagnostics::closest;

use super::{GivenContract, plain, policy};
use crate::contracts::is_silent;
use crate::fields::{Fields, Unknown, quoted, shortened};
use crate::model::{Operation, PolicyDocument, Spanned, TemplateParameter};
use crate::openapi::normalised;
use crate::reading::Reading;
use crate::template;
use crate::value::Node;

/// How many operation names a message lists.
const LISTED_NAMES: usize = 8;

/// One operation as a loader found it: a folder or a member of `operations`.
pub(crate) struct OperationParts {
    pub(crate) name: Spanned<String>,
    /// Its properties.
    pub(crate) node: Option<Node>,
    pub(crate) policy: Option<PolicyDocument>,
}

/// Joins the operations of a specification with those given one by one. They are matched by name, as normalised on
/// import, then by display name; one that matches nothing and has no method and template of its own is an error.
pub(crate) fn merge_operations(
    mut operations: Vec<Operation>,
    parts: Vec<OperationParts>,
    api: &str,
    reading: &mut Reading<'_>,
) -> Vec<Operation> {
    for part in parts {
        let wanted = normalised(&part.name.value);
        let by_name = operations.iter().position(|operation| normalised(&operation.name.value) == wanted);
        // Early extractors named the folder after the display name.
        let found = by_name
            .or_else(|| operations.iter().position(|operation| operation.display_name == part.name.value));
        let given = match &part.node {
            Some(node) => Given::read(node, reading),
            None => Some(Given::default()),
        };
        let Some(given) = given else { continue };
        let document = part.policy.or(given.policy);
        if let Some(operation) = found.and_then(|at| operations.get_mut(at)) {
            given.amend(operation);
            operation.policy = document.or(operation.policy);
            continue;
        }
        let is_refused = given.is_refused;
        match given.into_operation(&part.name) {
            None if is_refused => {}
            Some(operation) => operations.push(Operation { policy: document, ..operation }),
            None => unknown(&part.name, api, &operations, reading),
        }
    }
    operations
}

fn unknown(name: &Spanned<String>, api: &str, operations: &[Operation], reading: &mut Reading<'_>) {
    let names = || operations.iter().map(|operation| operation.name.value.as_str());
    let message = format!("api `{api}` has no operation `{}`", shortened(&name.value));
    let help = match closest(&name.value, names()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if operations.is_empty() => {
            "give it `method` and `urlTemplate`, or add a specification".to_owned()
        }
        None => {
            let listed = quoted(names().take(LISTED_NAMES));
            let more = if operations.len() > LISTED_NAMES { ", …" } else { "" };
            format!("its operations are {listed}{more}; a new one needs `method` and `urlTemplate`")
        }
    };
    reading.error("unknown-operation", name.span, message, help);
}

/// Properties of an operation, each perhaps missing.
#[derive(Default)]
struct Given {
    display_name: Option<String>,
    method: Option<Spanned<String>>,
    url_template: Option<Spanned<String>>,
    template_parameters: Option<Vec<TemplateParameter>>,
    description: Option<String>,
    policy: Option<PolicyDocument>,
    contract: Option<Arc<GivenContract>>,
    /// True when what makes an operation is there but wrong, which has its own finding.
    is_refused: bool,
}

impl Given {
    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let mut fields = Fields::of_resource(node, "operation", reading)?;
        let mut given = Self {
            is_refused: false,
            display_name: plain(&mut fields, "displayName", reading),
            method: method(&mut fields, reading),
            url_template: fields.filled_text("urlTemplate", reading).map(|text| text.map(template::rooted)),
            template_parameters: parameters(&mut fields, reading),
            description: plain(&mut fields, "description", reading),
            policy: policy(&mut fields, reading),
            contract: Some(GivenContract::read(node)).filter(|given| !is_silent(given)).map(Arc::new),
        };
        let is_wrong = |is_read: bool, is_given: bool| is_given && !is_read;
        given.is_refused = is_wrong(given.method.is_some(), fields.node("method").is_some())
            || is_wrong(given.url_template.is_some(), fields.node("urlTemplate").is_some());
        fields.also_known(&["request", "responses", "policies"]);
        fields.finish(Unknown::Tolerated, reading);
        Some(given)
    }

    fn amend(self, operation: &mut Operation) {
        if let Some(display_name) = self.display_name {
            operation.display_name = display_name;
        }
        if let Some(method) = self.method {
            operation.method = method;
        }
        if let Some(url_template) = self.url_template {
            operation.template_parameters = template::parameters(&url_template.value, Vec::new());
            operation.url_template = url_template;
        }
        if let Some(parameters) = self.template_parameters {
            operation.template_parameters = template::parameters(&operation.url_template.value, parameters);
        }
        operation.description = self.description.or(operation.description.take());
        operation.given_contract = self.contract;
    }

    fn into_operation(self, name: &Spanned<String>) -> Option<Operation> {
        let url_template = self.url_template?;
        let given = self.template_parameters.unwrap_or_default();
        Some(Operation {
            name: name.clone(),
            display_name: self.display_name.unwrap_or_else(|| name.value.clone()),
            method: self.method?,
            template_parameters: template::parameters(&url_template.value, given),
            url_template,
            description: self.description,
            policy: None,
            source: None,
            given_contract: self.contract,
        })
    }
}

/// `method` in upper case: any token of HTTP, or `*`.
fn method(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<Spanned<String>> {
    let method = fields.filled_text("method", reading)?;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !method.value.bytes().all(is_token) {
        let help = "write a method such as `GET` or `POST`";
        reading.error("invalid-method", method.span, "this is not an HTTP method", help);
        return None;
    }
    Some(method.map(|method| method.to_ascii_uppercase()))
}

fn parameters(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<Vec<TemplateParameter>> {
    fields.node("templateParameters")?;
    let nodes = fields.list("templateParameters", reading);
    let read = nodes.iter().filter_map(|node| {
        let mut fields = Fields::of(node, "template parameter", reading)?;
        let name = fields.required_text("name", reading);
        let value_type = plain(&mut fields, "type", reading).unwrap_or_else(|| "string".to_owned());
        let required = fields.boolean("required", reading).unwrap_or(true);
        fields.also_known(&["description", "values", "defaultValue", "schemaId", "typeName", "examples"]);
        fields.finish(Unknown::Tolerated, reading);
        Some(TemplateParameter { name: name?.value, value_type, required })
    });
    Some(read.collect())
}
