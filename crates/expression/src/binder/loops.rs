//! Loops.

use super::conversions::{element_type, shown};
use super::flow::{Around, State};
use super::{Binder, Typed};
use crate::ast::{Expression, Name, Place, Statement, TypeSyntax, TypeSyntaxKind};
use crate::program::{Node, Step};
use crate::types::Type;

impl Binder {
    pub(super) fn while_statement(&mut self, condition: &Expression, body: &Statement) -> Step {
        self.in_block(|binder| {
            let before = binder.condition(condition);
            let (when_true, when_false) = binder.flow.branches();
            binder.flow.set(when_true);
            let (body, breaks, _) = binder.around(Around::Loop, |binder| binder.embedded(body));
            binder.flow.set(when_false.join(&breaks));
            Step::Loop { before: Some(before), body: Box::new(body), update: Vec::new(), after: None }
        })
    }

    pub(super) fn do_statement(&mut self, body: &Statement, condition: &Expression) -> Step {
        let (body, breaks, continues) = self.around(Around::Loop, |binder| binder.embedded(body));
        let end = self.flow.state().join(&continues);
        self.flow.set(end);
        let after = self.condition(condition);
        let (_, when_false) = self.flow.branches();
        self.flow.set(when_false.join(&breaks));
        Step::Loop { before: None, body: Box::new(body), update: Vec::new(), after: Some(after) }
    }

    pub(super) fn for_statement(
        &mut self,
        initializer: &[Statement],
        condition: Option<&Expression>,
        update: &[Expression],
        body: &Statement,
    ) -> Step {
        self.in_block(|binder| {
            let mut steps: Vec<Step> =
                initializer.iter().map(|statement| binder.statement(statement).0).collect();
            let before = condition.map(|condition| binder.condition(condition));
            let (when_true, when_false) = match before {
                Some(_) => binder.flow.branches(),
                None => (binder.flow.state(), State::nowhere()),
            };
            binder.flow.set(when_true);
            let (body, breaks, continues) = binder.around(Around::Loop, |binder| binder.embedded(body));
            let end = binder.flow.state().join(&continues);
            binder.flow.set(end);
            let update = update.iter().map(|value| binder.discarded(value)).collect();
            binder.flow.set(when_false.join(&breaks));
            steps.push(Step::Loop { before, body: Box::new(body), update, after: None });
            Step::Block(steps)
        })
    }

    pub(super) fn foreach(
        &mut self,
        ty: &TypeSyntax,
        name: &Name,
        sequence: &Expression,
        body: &Statement,
        place: Place,
    ) -> Step {
        let sequence = self.value(sequence);
        if matches!(sequence.node, Node::Constant(crate::value::Value::Null)) && sequence.ty != Type::Error {
            self.mistake("no-conversion", sequence.place, "`foreach` cannot walk over null");
        }
        let pairs = sequence.ty == Type::Named("Newtonsoft.Json.Linq.JObject");
        let element = if pairs {
            let token = Type::Named("Newtonsoft.Json.Linq.JToken");
            Some(Type::generic("System.Collections.Generic.KeyValuePair", [Type::String, token]))
        } else {
            element_type(&sequence.ty)
        };
        let known =
            sequence.ty == Type::Error || sequence.ty == Type::Named("System.Collections.IEnumerable");
        if element.is_none() && !known {
            let message = format!("`foreach` cannot walk over `{}`: it is no sequence", shown(&sequence.ty));
            let help = match &sequence.ty {
                Type::Object => Some("cast it to what it is, as in `(JArray)…` or `(string[])…`".to_owned()),
                ty if ty.is_integer() => Some("count with `for (var i = 0; i < …; i++)`".to_owned()),
                _ => None,
            };
            self.report("no-conversion", sequence.place, message, help);
        }
        let element = element.unwrap_or(if sequence.ty == Type::Error { Type::Error } else { Type::Object });
        let before = self.flow.state();
        let step = self.in_block(|binder| {
            let declared = match ty.kind {
                TypeSyntaxKind::Inferred => element.clone(),
                _ => binder.resolve_type(ty),
            };
            // `foreach (JProperty p in jobject)` walks the properties themselves.
            let pairs = pairs && declared == element;
            let element = if declared == Type::Named("Newtonsoft.Json.Linq.JProperty") {
                declared.clone()
            } else {
                element
            };
            let slot =
                binder.declare_read_only(name, declared.clone(), place, "`foreach` iteration variable");
            let convert = (declared != element).then(|| {
                let value = Typed { node: Node::Load(slot), ty: element, place: ty.place };
                binder.cast(value, &declared, ty.place).node
            });
            let (body, ..) = binder.around(Around::Loop, |binder| binder.embedded(body));
            Step::ForEach { slot, sequence: sequence.node, convert, pairs, body: Box::new(body) }
        });
        // The body may never run.
        self.flow.set(before);
        step
    }
}
