//! `try`, `catch`, `finally` and `using`.

use super::conversions::{is_subtype, shown};
use super::{Binder, Visible};
use crate::ast::{Catch, Place, Statement, StatementKind};
use crate::program::{CatchStep, Step};
use crate::types::Type;

const EXCEPTION: Type = Type::Named("System.Exception");

impl Binder {
    pub(super) fn try_statement(
        &mut self,
        body: &[Statement],
        catches: &[Catch],
        finally: Option<&[Statement]>,
    ) -> Step {
        // An exception may come before anything was assigned.
        let before = self.flow.state();
        let (body, _) = self.block_statements(body);
        let mut after = self.flow.state();
        let mut bound: Vec<CatchStep> = Vec::new();
        for (at, found) in catches.iter().enumerate() {
            let ty = self.caught_type(found, &bound, at + 1 == catches.len());
            self.flow.set(before.clone());
            let step = self.in_block(|binder| binder.in_catch(|binder| binder.catch(found, ty)));
            after = after.join(&self.flow.state());
            bound.push(step);
        }
        self.flow.set(after.clone());
        let finally = match finally {
            Some(finally) => self.in_finally(&before, after, |binder| binder.block_statements(finally).0),
            None => Vec::new(),
        };
        Step::Try { body, catches: bound, finally }
    }

    fn caught_type(&mut self, found: &Catch, before: &[CatchStep], is_last: bool) -> Type {
        let Some(syntax) = &found.ty else {
            if !is_last {
                let place = found.body.first().map_or(Place::default(), |first| first.place);
                self.mistake("duplicate-case", place, "a `catch` without a type must be the last one");
            }
            return EXCEPTION;
        };
        let ty = self.resolve_type(syntax);
        if ty != Type::Error && !is_subtype(&ty, &EXCEPTION) {
            let message = format!("only exceptions can be caught, and `{}` is none", shown(&ty));
            self.mistake("no-conversion", syntax.place, message);
        }
        let earlier = before.iter().find(|earlier| earlier.filter.is_none() && is_subtype(&ty, &earlier.ty));
        if let Some(earlier) = earlier {
            let message = format!("a `catch` before this one already catches every `{}`", shown(&earlier.ty));
            let help = "put the `catch` of the more specific exception first".to_owned();
            self.report("duplicate-case", syntax.place, message, Some(help));
        }
        ty
    }

    fn catch(&mut self, found: &Catch, ty: Type) -> CatchStep {
        let place = found.ty.as_ref().map_or(Place::default(), |syntax| syntax.place);
        let slot = found.name.as_ref().map(|name| self.declare(name, ty.clone(), place));
        let filter = found.filter.as_ref().map(|filter| {
            let filter = self.condition(filter);
            let (when_true, _) = self.flow.branches();
            self.flow.set(when_true);
            filter
        });
        let (body, _) = self.block_statements(&found.body);
        CatchStep { ty, slot, filter, body }
    }

    /// `using`: what it holds is released after the body, the last one first.
    pub(super) fn using_statement(&mut self, resource: &Statement, body: &Statement) -> Step {
        self.in_block(|binder| {
            let visible = binder.symbols.len();
            let mut held = Vec::new();
            let step = match &resource.kind {
                StatementKind::Expression(value) => {
                    let value = binder.value(value);
                    binder.check_disposable(&value.ty, value.place);
                    let slot = binder.new_slot();
                    held.push((slot, value.ty));
                    Step::Declare(slot, value.node)
                }
                _ => binder.statement(resource).0,
            };
            if let StatementKind::Local { variables, .. } = &resource.kind {
                for (name, place, _) in variables {
                    if let Some(Visible::Variable { ty, slot }) = binder.lookup(name).cloned() {
                        binder.check_disposable(&ty, *place);
                        held.push((slot, ty));
                    }
                }
            }
            for symbol in binder.symbols.iter_mut().skip(visible) {
                symbol.read_only = Some("`using` variable");
            }
            let mut body = binder.embedded(body);
            for (slot, ty) in held.into_iter().rev() {
                if let Some(release) = binder.dispose(slot, &ty) {
                    body = Step::Try { body: vec![body], catches: Vec::new(), finally: vec![release] };
                }
            }
            Step::Block(vec![step, body])
        })
    }

    fn check_disposable(&mut self, ty: &Type, place: Place) {
        let known =
            matches!(ty, Type::Error | Type::Null) || is_subtype(ty, &Type::Named("System.IDisposable"));
        if !known {
            let message =
                format!("`using` needs something to dispose of, and `{}` is no `IDisposable`", shown(ty));
            self.report("no-conversion", place, message, Some("declare it without `using`".to_owned()));
        }
    }
}
