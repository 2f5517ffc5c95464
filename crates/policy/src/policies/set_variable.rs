//! `set-variable`: writes a context variable.

use std::sync::Arc;

use crate::compile::Compiler;
use crate::compile::setting::AnyValue;
use crate::declaration::{
    ALL_SCOPES, ANYWHERE, Attribute, Children, Declaration, ErrorFact, Kind, Reference,
};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyResult, Run, RunNow};
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["set-variable"],
    summary: "Sets `context.Variables[name]` to a text or to the result of an expression, of whatever type.",
    sections: ANYWHERE,
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required("name", Kind::Text, "Name of the variable; case-sensitive.").literal(),
        Attribute::required("value", Kind::Text, "The value; a literal is always a string."),
    ],
    children: Children::None,
    once: false,
    reference: Reference {
        behaviour: "Sets `context.Variables[name]`. A literal is always a string; the result of an expression keeps its type and identity, so that an object changed later is changed for every policy that holds it. Variables live to the end of the call, in all sections and fragments.",
        errors: &[ErrorFact::EXPRESSION],
        example: "values-keep-their-type",
        differences: &["A value may be of any type."],
    },
    compile: Some(compile),
};

struct SetVariable {
    name: Arc<str>,
    value: AnyValue,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let name = compiler.literal(element, "name")?;
    let value = compiler.any_value(element, "value")?;
    Some(Run::now(SetVariable { name, value }))
}

impl RunNow for SetVariable {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let value = self.value.get(exchange)?;
        exchange.variables.set(&self.name, value);
        Ok(Outcome::Continue)
    }
}
