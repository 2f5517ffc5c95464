//! A `content` element: which bodies it is for and what they must be.

use std::sync::Arc;

use sekisho_diagnostics::{Diagnostic, closest};

use super::super::validation::ActionSetting;
use crate::compile::{Compiler, Flag, ServiceSchema};
use crate::schema::{Builder, Dialect, Options, Schema};
use crate::xml::Element;

/// A `content` element.
pub(super) struct Content {
    content_type: Option<Arc<str>>,
    /// The schema of `schema-id`.
    pub(super) schema: Option<Schema>,
    pub(super) action: ActionSetting,
    pub(super) options: Options,
}

impl Content {
    pub(super) fn new(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        if let Some(engine) = element.attribute("validate-as")
            && engine.value.text.text().trim() != "json"
        {
            let message = format!("`validate-as` `{}` is not supported", compiler.written(engine.value.span));
            let finding = Diagnostic::error("value-not-supported-yet", engine.value.span, message);
            compiler
                .report(finding.with_help("only JSON is checked: there is no checker of XML Schema here"));
            return None;
        }
        let literal_flag = |compiler: &mut Compiler<'_>, name: &str| {
            element
                .attribute(name)
                .map(|_| matches!(compiler.flag(element, name, false), Flag::Constant(true)))
        };
        let additional_properties = literal_flag(compiler, "allow-additional-properties");
        let ignore_case = literal_flag(compiler, "case-insensitive-property-names").unwrap_or(false);
        let has_schema = element.attribute("schema-id").is_some();
        Some(Content {
            content_type: compiler
                .literal(element, "type")
                .filter(|content_type| !content_type.trim().is_empty()),
            schema: if has_schema { Some(service_schema(compiler, element)?) } else { None },
            action: ActionSetting::new(compiler, element, "action")?,
            options: Options { additional_properties, ignore_case },
        })
    }

    /// True for a content type.
    pub(super) fn is_for(&self, content_type: &str) -> bool {
        self.content_type.as_ref().is_none_or(|own| own.trim().eq_ignore_ascii_case(content_type))
    }
}

/// The schema that `schema-id` and `schema-ref` name; none after an error, and for one that may be elsewhere.
fn service_schema(compiler: &mut Compiler<'_>, element: &Element) -> Option<Schema> {
    let attribute = element.attribute("schema-id")?;
    let id = attribute.value.text.text().trim();
    let Some(schema) = compiler.environment().schemas.get(id) else {
        let message = format!("schema `{}` does not exist", compiler.written(attribute.value.span));
        let mut finding = Diagnostic::error("unknown-schema", attribute.value.span, message);
        if let Some(known) = closest(id, compiler.environment().schemas.keys().map(String::as_str)) {
            finding = finding.with_help(format!("did you mean `{known}`?"));
        }
        compiler.report_unresolved(finding);
        return None;
    };
    let ServiceSchema::Json(document) = schema else {
        let message = format!("schema `{}` is not a JSON schema", compiler.written(attribute.value.span));
        let finding = Diagnostic::error("wrong-schema", attribute.value.span, message);
        compiler.report(finding.with_help("`validate-as` `json` needs a schema of type `json`"));
        return None;
    };
    let reference = element.attribute("schema-ref");
    let path = reference.map_or("#", |reference| reference.value.text.text().trim());
    let Some(target) = crate::schema::follow(document, path) else {
        let span = reference.map_or(attribute.value.span, |reference| reference.value.span);
        let message = format!("schema `{id}` has no `{}`", compiler.written(span));
        let finding = Diagnostic::error("unknown-schema", span, message);
        compiler.report(finding.with_help("name a definition such as `#/components/schemas/address`"));
        return None;
    };
    let mut builder = Builder::new();
    let name = path.rsplit('/').next().filter(|name| *name != "#").unwrap_or(id);
    let draft = builder.schema(document, target, Dialect::Beside, name);
    for problem in builder.problems() {
        let message = format!("schema `{id}`: {}", problem.message);
        compiler.report(Diagnostic::warning("unchecked-schema", attribute.value.span, message));
    }
    let set = builder.finish();
    Some(draft.finished(&set))
}
