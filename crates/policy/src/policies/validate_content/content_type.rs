//! Which content type a body counts as.

use std::sync::Arc;

use sekisho_diagnostics::Diagnostic;

use crate::compile::{Compiler, Flag};
use crate::exchange::Exchange;
use crate::pipeline::PolicyError;
use crate::xml::Element;

/// A `content-type-map` element.
#[derive(Default)]
pub(super) struct ContentTypeMap {
    any: Option<Arc<str>>,
    missing: Option<Arc<str>>,
    types: Vec<(Condition, Arc<str>)>,
}

/// When a `type` element holds.
enum Condition {
    /// For this content type.
    From(Arc<str>),
    /// When this is true.
    When(Flag),
}

impl ContentTypeMap {
    pub(super) fn new(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let mut map = ContentTypeMap {
            any: compiler.literal(element, "any-content-type-value").filter(|value| !value.trim().is_empty()),
            missing: compiler
                .literal(element, "missing-content-type-value")
                .filter(|value| !value.trim().is_empty()),
            types: Vec::new(),
        };
        for child in element.elements() {
            let condition = match (child.attribute("from"), child.attribute("when")) {
                (Some(_), None) => Condition::From(compiler.literal(child, "from")?),
                (None, Some(_)) => Condition::When(compiler.flag(child, "when", false)),
                _ => {
                    let message = "`type` needs one of the attributes `from` and `when`";
                    let finding = Diagnostic::error("wrong-attributes", child.name_span, message);
                    compiler.report(
                        finding.with_help("write `from` for one content type, `when` for a condition"),
                    );
                    return None;
                }
            };
            map.types.push((condition, compiler.literal(child, "to")?));
        }
        Some(map)
    }

    /// What the content type of a message counts as; empty when it has none and nothing stands for it.
    pub(super) fn mapped(
        &self,
        own: Option<Arc<str>>,
        exchange: &mut Exchange,
    ) -> Result<Arc<str>, PolicyError> {
        for (condition, to) in &self.types {
            let holds = match condition {
                Condition::From(from) => {
                    own.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(from.trim()))
                }
                Condition::When(flag) => flag.get(exchange)?,
            };
            if holds {
                return Ok(Arc::clone(to));
            }
        }
        if let Some(any) = &self.any {
            return Ok(Arc::clone(any));
        }
        Ok(own.or_else(|| self.missing.clone()).unwrap_or_default())
    }
}
