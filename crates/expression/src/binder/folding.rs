//! After binding: what depends on constants alone is computed once.
//!
//! C# knows fewer constants than can be computed here (`"a".Length` is none, so that `1 / "".Length` compiles), so this
//! comes last and changes no rule of the language.

use std::collections::HashSet;
use std::sync::Arc;

use crate::program::{Body, Function, Node, Part, Step, Test};
use crate::run::fold;
use crate::value::{Text, Value};

/// Folds the body of a program and of its functions. Equal constant strings become one object, as literals of one
/// assembly are in .NET: `==` on objects tells them from strings that were computed.
pub(super) fn fold_all(body: &mut Body, functions: &mut [Option<Function>]) {
    let mut texts = Texts::default();
    fold_body(body, &mut texts);
    for function in functions.iter_mut().flatten() {
        fold_body(&mut function.body, &mut texts);
    }
}

/// The constant strings of a program.
#[derive(Default)]
struct Texts(HashSet<Arc<str>>);

impl Texts {
    /// The one object for all equal texts.
    fn share(&mut self, text: &mut Text) {
        match self.0.get(text.as_str()) {
            Some(known) => *text = Text::from(Arc::clone(known)),
            None => {
                self.0.insert(Arc::clone(text.shared()));
            }
        }
    }
}

fn fold_body(body: &mut Body, texts: &mut Texts) {
    match body {
        Body::Expression(node) => fold_node(node, texts),
        Body::Block(steps) => steps.iter_mut().for_each(|step| fold_step(step, texts)),
    }
}

fn fold_node(node: &mut Node, texts: &mut Texts) {
    for_each_part(node, &mut |part| fold_node(part, texts));
    if let Node::Interpolate(parts) = node
        && let Some(text) = only_text(parts)
    {
        *node = Node::Constant(text);
    }
    if let Node::Constant(Value::String(text)) = node {
        texts.share(text);
    }
    let foldable = matches!(
        node,
        Node::Call(_)
            | Node::Arithmetic { .. }
            | Node::Compare { .. }
            | Node::Equal { .. }
            | Node::Convert { .. }
            | Node::Not(_)
            | Node::Complement(_)
            | Node::Negate(..)
    );
    if foldable {
        let taken = std::mem::replace(node, Node::Constant(Value::Null));
        *node = fold(taken);
    }
}

/// The text of an interpolated string that has nothing but text in it.
fn only_text(parts: &[Part]) -> Option<Value> {
    match parts {
        [] => Some(Value::from("")),
        [Part { value: Node::Constant(text @ Value::String(_)), alignment: 0, .. }] => Some(text.clone()),
        _ => None,
    }
}

/// Visits what a node is made of.
fn for_each_part(node: &mut Node, visit: &mut dyn FnMut(&mut Node)) {
    match node {
        Node::Call(call) => {
            call.receiver.iter_mut().for_each(&mut *visit);
            call.arguments.iter_mut().for_each(visit);
        }
        Node::Store(_, value)
        | Node::Declare(_, value)
        | Node::Not(value)
        | Node::Negate(value, _)
        | Node::Complement(value)
        | Node::Convert { value, .. }
        | Node::Cast { value, .. }
        | Node::As { value, .. }
        | Node::NewArray { length: value, .. }
        | Node::Length(value)
        | Node::Property { target: value, .. }
        | Node::Throw(value) => visit(value),
        Node::Sequence(nodes)
        | Node::CallLocal { arguments: nodes, .. }
        | Node::Concat(nodes)
        | Node::ArrayItems { items: nodes, .. }
        | Node::Anonymous { values: nodes, .. }
        | Node::Tuple { items: nodes, .. } => nodes.iter_mut().for_each(visit),
        Node::Invoke { delegate, arguments } => {
            visit(delegate);
            arguments.iter_mut().for_each(visit);
        }
        Node::Coalesce(left, right) | Node::And(left, right) | Node::Or(left, right) => {
            visit(left);
            visit(right);
        }
        Node::ConditionalAccess { target, access, .. } => {
            visit(target);
            visit(access);
        }
        Node::Arithmetic { operands, .. } | Node::Compare { operands, .. } | Node::Equal { operands, .. } => {
            visit(&mut operands.0);
            visit(&mut operands.1);
        }
        Node::Element(parts) => {
            visit(&mut parts.0);
            visit(&mut parts.1);
        }
        Node::Ternary(parts) | Node::SetElement(parts) => {
            visit(&mut parts.0);
            visit(&mut parts.1);
            visit(&mut parts.2);
        }
        Node::Interpolate(parts) => parts.iter_mut().for_each(|part| visit(&mut part.value)),
        Node::Matches { value, test } => {
            visit(value);
            if let Test::Constant(constant) = &mut **test {
                visit(constant);
            }
        }
        _ => {}
    }
}

fn fold_step(step: &mut Step, texts: &mut Texts) {
    match step {
        Step::Evaluate(node) | Step::Declare(_, node) | Step::Return(node) => fold_node(node, texts),
        Step::Block(steps) => steps.iter_mut().for_each(|step| fold_step(step, texts)),
        Step::Labeled(_, step) => fold_step(step, texts),
        Step::If(condition, then, otherwise) => {
            fold_node(condition, texts);
            fold_step(then, texts);
            otherwise.iter_mut().for_each(|step| fold_step(step, texts));
        }
        Step::Loop { before, body, update, after } => {
            before.iter_mut().chain(update).chain(after).for_each(|node| fold_node(node, texts));
            fold_step(body, texts);
        }
        Step::ForEach { sequence, body, .. } => {
            fold_node(sequence, texts);
            fold_step(body, texts);
        }
        Step::Switch { value, cases, .. } => {
            fold_node(value, texts);
            for case in cases {
                case.tests
                    .iter_mut()
                    .filter_map(|(_, guard)| guard.as_mut())
                    .for_each(|node| fold_node(node, texts));
                case.body.iter_mut().for_each(|step| fold_step(step, texts));
            }
        }
        Step::Throw(value) => value.iter_mut().for_each(|node| fold_node(node, texts)),
        Step::Try { body, catches, finally } => {
            body.iter_mut().chain(finally).for_each(|step| fold_step(step, texts));
            for found in catches {
                found.filter.iter_mut().for_each(|node| fold_node(node, texts));
                found.body.iter_mut().for_each(|step| fold_step(step, texts));
            }
        }
        _ => {}
    }
}
