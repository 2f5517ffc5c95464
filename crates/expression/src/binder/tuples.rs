//! Tuples: their types, literals, conversions and comparison.

use std::sync::Arc;

use super::conversions::shown;
use super::operators::Operation;
use super::{Binder, Typed};
use crate::ast::{BinaryOperator, Expression, ExpressionKind, Name, Place, TypeSyntax};
use crate::program::Node;
use crate::types::{ElementNames, Type};
use crate::value::Value;

/// An element of a tuple as written.
pub(super) type Element = (Option<Name>, Expression);

/// The element of a tuple (or pair) that a name means, and its type.
pub(super) fn element_of(ty: &Type, name: &str) -> Option<(usize, Type)> {
    let items = match ty {
        Type::Tuple(items, names) => {
            if let Some(at) = names.position(name) {
                return Some((at, items.get(at)?.clone()));
            }
            items
        }
        Type::Generic("System.Tuple", items) => {
            if let ("Rest", Some(rest)) = (name, items.get(7)) {
                return Some((7, rest.clone()));
            }
            items
        }
        _ => return None,
    };
    let at = name.strip_prefix("Item")?.parse::<usize>().ok()?.checked_sub(1)?;
    Some((at, items.get(at)?.clone()))
}

/// The name that C# gives an element of a literal by itself: `(a, b.C)` has `a` and `C`.
fn projected_name(value: &Expression) -> Option<Name> {
    let name = match &value.kind {
        ExpressionKind::Name(name, _) | ExpressionKind::Member { name, .. } => name,
        ExpressionKind::ConditionalAccess { access, .. } => return projected_name(access),
        _ => return None,
    };
    let reserved = matches!(&**name, "_" | "Rest" | "ToString" | "GetHashCode" | "Equals" | "CompareTo")
        || (name.starts_with("Item") && name.get(4..).is_some_and(|rest| rest.parse::<u32>().is_ok()));
    (!reserved && !name.contains(' ')).then(|| Arc::clone(name))
}

fn names_of(elements: &[Element]) -> ElementNames {
    let names: Vec<Option<Name>> =
        elements.iter().map(|(name, value)| name.clone().or_else(|| projected_name(value))).collect();
    let count = |wanted: &Name| names.iter().flatten().filter(|name| *name == wanted).count();
    let written = |at: usize| elements.get(at).is_some_and(|(name, _)| name.is_some());
    // A name that two elements would have by themselves belongs to neither.
    let kept = names
        .iter()
        .enumerate()
        .map(|(at, name)| name.clone().filter(|name| written(at) || count(name) == 1));
    ElementNames::new(kept)
}

impl Binder {
    /// `(T, U name)`.
    pub(super) fn tuple_type(&mut self, elements: &[(TypeSyntax, Option<Name>)]) -> Type {
        let types: Vec<Type> = elements.iter().map(|(ty, _)| self.resolve_type(ty)).collect();
        self.check_element_names(elements.iter().map(|(ty, name)| (name.as_ref(), ty.place)));
        Type::Tuple(types.into(), ElementNames::new(elements.iter().map(|(_, name)| name.clone())))
    }

    fn check_element_names<'n>(&mut self, names: impl Iterator<Item = (Option<&'n Name>, Place)>) {
        let mut known: Vec<&Name> = Vec::new();
        for (at, (name, place)) in names.enumerate() {
            let Some(name) = name else { continue };
            let number = name.strip_prefix("Item").and_then(|text| text.parse::<usize>().ok());
            if known.contains(&name) {
                self.mistake("duplicate-name", place, format!("the tuple has two elements `{name}`"));
            } else if number.is_some_and(|number| number != at + 1) {
                let message = format!("`{name}` is the name of another element of the tuple");
                self.mistake("duplicate-name", place, message);
            }
            known.push(name);
        }
    }

    /// `(a, b)`.
    pub(super) fn tuple(&mut self, elements: &[Element], place: Place) -> Typed {
        self.check_element_names(elements.iter().map(|(name, value)| (name.as_ref(), value.place)));
        let items: Vec<Typed> = elements.iter().map(|(_, value)| self.value(value)).collect();
        if let Some(null) = items.iter().find(|item| item.ty == Type::Null) {
            let message = "the type of the tuple's element cannot be read from `null`";
            return self.wrong("no-conversion", null.place, message);
        }
        self.tuple_of(items, names_of(elements), place)
    }

    /// `(a, b)` where a tuple type is wanted: each element converts for itself.
    pub(super) fn tuple_as(&mut self, elements: &[Element], to: &Type, place: Place) -> Typed {
        match to.without_nullable() {
            Type::Tuple(types, names) if types.len() == elements.len() => {
                let convert = |((_, value), ty): (&Element, &Type)| self.expression_as(value, ty);
                let items = elements.iter().zip(types.iter()).map(convert).collect();
                let mut made = self.tuple_of(items, names.clone(), place);
                made.ty = to.clone();
                made
            }
            _ => {
                let value = self.tuple(elements, place);
                self.convert(value, to)
            }
        }
    }

    fn tuple_of(&mut self, items: Vec<Typed>, names: ElementNames, place: Place) -> Typed {
        let types: Vec<Type> = items.iter().map(|item| item.ty.clone()).collect();
        if types.contains(&Type::Error) {
            return self.error(place);
        }
        let node =
            Node::Tuple { types: types.clone(), items: items.into_iter().map(|item| item.node).collect() };
        Typed { node, ty: Type::Tuple(types.into(), names), place }
    }

    /// True when a tuple converts to another, element by element.
    pub(super) fn tuple_converts(&self, from: &[Type], to: &[Type], explicit: bool) -> bool {
        from.len() == to.len()
            && from.iter().zip(to).all(|(from, to)| {
                let value = Typed { node: Node::Load(0), ty: from.clone(), place: Place::default() };
                let found = if explicit { self.explicit(&value, to) } else { self.implicit(from, to) };
                found.is_some()
            })
    }

    /// Converts a tuple element by element.
    pub(super) fn converted_tuple(&mut self, value: Typed, to: &Type) -> Typed {
        let place = value.place;
        let slot = self.new_slot();
        let store = Node::Store(slot, Box::new(value.node));
        let (from, types) = (value.ty.arguments().to_vec(), to.arguments().to_vec());
        let mut items = Vec::new();
        for (at, (from, to)) in from.into_iter().zip(&types).enumerate() {
            let part = Typed { node: part(slot, at), ty: from, place };
            items.push(self.cast(part, to, place).node);
        }
        let node = Node::Sequence(vec![store, Node::Tuple { types, items }]);
        Typed { node, ty: to.clone(), place }
    }

    /// `==` and `!=` compare the elements one by one.
    pub(super) fn tuple_equality(&mut self, operation: Operation, left: Typed, right: Typed) -> Typed {
        let (operator, place) = (operation.operator, operation.place);
        let (left_types, right_types) = (left.ty.arguments().to_vec(), right.ty.arguments().to_vec());
        if left_types.len() != right_types.len() {
            let (left, right) = (shown(&left.ty), shown(&right.ty));
            let message = format!("`{}` does not apply to `{left}` and `{right}`", operator.symbol());
            return self.wrong("no-operator", place, message);
        }
        let (left_slot, right_slot) = (self.new_slot(), self.new_slot());
        let mut steps =
            vec![Node::Store(left_slot, Box::new(left.node)), Node::Store(right_slot, Box::new(right.node))];
        let mut all: Option<Node> = None;
        for (at, (left, right)) in left_types.into_iter().zip(right_types).enumerate() {
            let left = Typed { node: part(left_slot, at), ty: left, place };
            let right = Typed { node: part(right_slot, at), ty: right, place };
            let one = self.operation(operation, left, right).node;
            all = Some(match (all, operator) {
                (None, _) => one,
                (Some(before), BinaryOperator::Equal) => Node::And(Box::new(before), Box::new(one)),
                (Some(before), _) => Node::Or(Box::new(before), Box::new(one)),
            });
        }
        steps.push(all.unwrap_or(Node::Constant(Value::Boolean(true))));
        Typed { node: Node::Sequence(steps), ty: Type::Boolean, place }
    }
}

/// Reads an element of the tuple in a slot.
pub(super) fn part(slot: u32, index: usize) -> Node {
    Node::Property { target: Box::new(Node::Load(slot)), index }
}
