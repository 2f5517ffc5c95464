//! `api` and `operation` elements: limits of their own for parts of a product or an API.
//!
//! Every level counts on its own. `id` beats `name`. A level without `renewal-period` has the one around it, as documents
//! leave it out.

use std::fmt;
use std::sync::Arc;

use sekisho_diagnostics::Diagnostic;

use crate::compile::Compiler;
use crate::exchange::{CallFacts, Exchange};
use crate::pipeline::Scope;
use crate::xml::Element;

/// A policy's own limit and those of its children.
pub(crate) struct Levels<L> {
    /// The scope of the document.
    scope: Scope,
    own: L,
    apis: Vec<Part<L>>,
}

/// An `api` or `operation` element.
struct Part<L> {
    id: Option<Arc<str>>,
    name: Option<Arc<str>>,
    limit: L,
    operations: Vec<Part<L>>,
}

/// A level that applies to a call; shown, it tells which part of the counter's name it is.
pub(crate) struct Level<'l, L> {
    facts: &'l CallFacts,
    scope: Scope,
    part: Place,
    /// Its limit.
    pub(crate) limit: &'l L,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Own,
    Api,
    Operation,
}

impl<L> Levels<L> {
    /// The levels of a policy; `limit` reads those of an element, given those around it. None after an error.
    pub(crate) fn new(
        compiler: &mut Compiler<'_>,
        element: &Element,
        limit: impl Fn(&mut Compiler<'_>, &Element, Option<&L>) -> Option<L>,
    ) -> Option<Self> {
        let own = limit(compiler, element, None)?;
        let apis = Part::children(compiler, element, &own, &limit)?;
        Some(Self { scope: compiler.scope(), own, apis })
    }

    /// The levels that apply to a call, the outermost first.
    pub(crate) fn of<'l>(&'l self, exchange: &'l Exchange) -> impl Iterator<Item = Level<'l, L>> {
        let facts = &exchange.facts;
        let api = facts.api.as_deref().and_then(|api| find(&self.apis, &api.id, &api.name));
        let operation = facts
            .operation
            .as_deref()
            .zip(api)
            .and_then(|(operation, api)| find(&api.operations, &operation.id, &operation.name));
        let level = move |part, limit| Level { facts, scope: self.scope, part, limit };
        let inner = [(Place::Api, api), (Place::Operation, operation)].into_iter();
        let inner = inner.filter_map(move |(place, part)| Some(level(place, &part?.limit)));
        std::iter::once(level(Place::Own, &self.own)).chain(inner)
    }

    /// The policy's own limit.
    pub(crate) fn own(&self) -> &L {
        &self.own
    }
}

impl<L> Part<L> {
    /// The `api` or `operation` children; none after an error.
    fn children(
        compiler: &mut Compiler<'_>,
        parent: &Element,
        outer: &L,
        limit: &impl Fn(&mut Compiler<'_>, &Element, Option<&L>) -> Option<L>,
    ) -> Option<Vec<Self>> {
        parent.elements().map(|element| Self::new(compiler, element, outer, limit)).collect()
    }

    fn new(
        compiler: &mut Compiler<'_>,
        element: &Element,
        outer: &L,
        limit: &impl Fn(&mut Compiler<'_>, &Element, Option<&L>) -> Option<L>,
    ) -> Option<Self> {
        let id = compiler.literal(element, "id");
        let name = compiler.literal(element, "name");
        if id.is_none() && name.is_none() {
            let message = format!("`{}` needs the attribute `id` or `name`", element.name);
            let finding = Diagnostic::error("missing-attribute", element.name_span, message);
            compiler.report(finding.with_help("say which one the limit is for"));
            return None;
        }
        let own = limit(compiler, element, Some(outer))?;
        let operations = Self::children(compiler, element, &own, limit)?;
        Some(Self { id, name, limit: own, operations })
    }
}

/// The first part that an API or operation goes by. Resource names compare without case, as Azure's do.
fn find<'p, L>(parts: &'p [Part<L>], id: &str, name: &str) -> Option<&'p Part<L>> {
    parts.iter().find(|part| match (&part.id, &part.name) {
        (Some(wanted), _) => wanted.eq_ignore_ascii_case(id),
        (None, Some(wanted)) => **wanted == *name,
        (None, None) => false,
    })
}

impl<L> fmt::Display for Level<'_, L> {
    /// Such as `product:starter/api:orders`: the document's own scope, then the part of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let api = self.facts.api.as_deref().map_or("", |api| &api.id);
        let operation = self.facts.operation.as_deref().map_or("", |operation| &operation.id);
        match self.scope {
            Scope::Global => f.write_str("global")?,
            Scope::Product => {
                write!(f, "product:{}", self.facts.product.as_deref().map_or("", |product| &product.id))?;
            }
            Scope::Api => write!(f, "api:{api}")?,
            Scope::Operation => write!(f, "api:{api}/operation:{operation}")?,
        }
        if self.part != Place::Own {
            write!(f, "/of:{api}")?;
        }
        if self.part == Place::Operation {
            write!(f, "/of:{operation}")?;
        }
        Ok(())
    }
}
