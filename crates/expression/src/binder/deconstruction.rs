//! Deconstruction: `(a, b) = value`, `var (a, b) = value`.

use super::conversions::shown;
use super::tuples::{Element, part};
use super::{Binder, Typed};
use crate::ast::{Expression, ExpressionKind, Name, Place, TypeSyntax, TypeSyntaxKind};
use crate::program::Node;
use crate::types::Type;
use crate::value::Value;

/// Where a part of a tuple goes.
enum Destination<'e> {
    /// `_`.
    Nowhere,
    Declared(&'e TypeSyntax, &'e Name),
    Assigned(&'e Expression),
    Parts(&'e [Element]),
}

impl<'e> Destination<'e> {
    fn of(target: &'e Expression, binder: &Binder) -> Self {
        match &target.kind {
            ExpressionKind::Declaration(_, name) if &**name == "_" => Destination::Nowhere,
            ExpressionKind::Declaration(ty, name) => Destination::Declared(ty, name),
            ExpressionKind::Name(name, _) if &**name == "_" && binder.lookup("_").is_none() => {
                Destination::Nowhere
            }
            ExpressionKind::Tuple(parts) => Destination::Parts(parts),
            _ => Destination::Assigned(target),
        }
    }
}

impl Binder {
    /// `(a, b) = value`, `var (a, b) = value`. Gives the tuple of what was assigned when it is `used`.
    pub(super) fn deconstruct(
        &mut self,
        targets: &[Element],
        value: &Expression,
        used: bool,
        place: Place,
    ) -> Typed {
        let mut steps = Vec::new();
        let mut writes = Vec::new();
        let parts = match &value.kind {
            ExpressionKind::Tuple(items) if items.len() == targets.len() => {
                self.literal_parts(targets, items, &mut steps)
            }
            _ => {
                let value = self.value(value);
                self.value_parts(value, targets.len(), place, &mut steps)
            }
        };
        let Some(parts) = parts else { return self.error(place) };
        let types: Vec<Type> = parts.iter().map(|part| part.ty.clone()).collect();
        let slots: Vec<Node> = parts.iter().map(|part| copy(&part.node)).collect();
        self.distribute(targets, parts, &mut writes);
        steps.extend(writes);
        if used {
            steps.push(Node::Tuple { types: types.clone(), items: slots });
        }
        Typed { node: Node::Sequence(steps), ty: Type::generic("System.ValueTuple", types), place }
    }

    /// The elements of a literal on the right side, each kept in a slot before anything is assigned.
    fn literal_parts(
        &mut self,
        targets: &[Element],
        items: &[Element],
        steps: &mut Vec<Node>,
    ) -> Option<Vec<Typed>> {
        let mut parts = Vec::new();
        for ((_, target), (_, item)) in targets.iter().zip(items) {
            let wanted = match Destination::of(target, self) {
                Destination::Declared(ty, _) if !matches!(ty.kind, TypeSyntaxKind::Inferred) => {
                    Some(self.resolve_type(ty))
                }
                _ => None,
            };
            let value = match wanted {
                Some(to) => self.expression_as(item, &to),
                None => self.value(item),
            };
            parts.push(self.kept(value, steps));
        }
        Some(parts)
    }

    /// The parts of a value that can be taken apart.
    fn value_parts(
        &mut self,
        value: Typed,
        count: usize,
        place: Place,
        steps: &mut Vec<Node>,
    ) -> Option<Vec<Typed>> {
        if value.ty == Type::Error {
            return None;
        }
        let types = match &value.ty {
            Type::Tuple(types, _) => types.to_vec(),
            // .NET has `Deconstruct` for these.
            Type::Generic("System.Tuple" | "System.Collections.Generic.KeyValuePair", types) => {
                types.to_vec()
            }
            _ => Vec::new(),
        };
        if types.len() != count {
            let message = format!("`{}` cannot be taken apart into {count} variables", shown(&value.ty));
            self.mistake("no-conversion", place, message);
            return None;
        }
        let whole = self.kept(value, steps);
        let Node::Load(slot) = whole.node else { return None };
        let place = whole.place;
        let parts = types.into_iter().enumerate().map(|(at, ty)| Typed { node: part(slot, at), ty, place });
        Some(parts.collect())
    }

    /// Evaluates once into a slot.
    fn kept(&mut self, value: Typed, steps: &mut Vec<Node>) -> Typed {
        let slot = self.new_slot();
        steps.push(Node::Store(slot, Box::new(value.node)));
        Typed { node: Node::Load(slot), ..value }
    }

    /// Assigns each part.
    fn distribute(&mut self, targets: &[Element], parts: Vec<Typed>, writes: &mut Vec<Node>) {
        for ((_, target), value) in targets.iter().zip(parts) {
            match Destination::of(target, self) {
                Destination::Nowhere => {}
                Destination::Declared(ty, name) => {
                    let to = match ty.kind {
                        TypeSyntaxKind::Inferred => value.ty.clone(),
                        _ => self.resolve_type(ty),
                    };
                    if to == Type::Null {
                        let message = format!("the type of `{name}` cannot be read from `null`");
                        self.mistake("no-conversion", value.place, message);
                    }
                    let value = self.convert(value, &to);
                    let slot = self.declare(name, to, target.place);
                    writes.push(Node::Declare(slot, Box::new(value.node)));
                }
                Destination::Assigned(target) => {
                    let Some(mut assignable) = self.assignable(target, false) else { continue };
                    let to = assignable.ty.clone();
                    let value = self.convert(value, &to);
                    writes.push(assignable.write(self, value.node));
                }
                Destination::Parts(inner) => {
                    let place = target.place;
                    if let Some(parts) = self.value_parts(value, inner.len(), place, writes) {
                        self.distribute(inner, parts, writes);
                    }
                }
            }
        }
    }
}

/// Reads the same part again.
fn copy(node: &Node) -> Node {
    match node {
        Node::Load(slot) => Node::Load(*slot),
        Node::Property { target, index } => match **target {
            Node::Load(slot) => part(slot, *index),
            _ => Node::Constant(Value::Null),
        },
        _ => Node::Constant(Value::Null),
    }
}
