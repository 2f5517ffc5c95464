//! `??`.

use super::operators::Operation;
use super::{Binder, Typed};
use crate::ast::{Expression, ExpressionKind};
use crate::program::Node;
use crate::types::Type;

impl Binder {
    pub(super) fn coalesce(&mut self, operation: Operation, left: &Expression, right: &Expression) -> Typed {
        let place = operation.place;
        let left = self.operand(left, operation);
        if self.is_value_type(&left.ty) {
            let message = format!(
                "operator `??` cannot be applied to a value of type `{}`, which is never null",
                super::conversions::shown(&left.ty)
            );
            let help = "leave out `??` and what follows it".to_owned();
            self.report("no-operator", operation.at, message, Some(help));
            self.perhaps(|binder| binder.expression(right));
            return self.error(place);
        }
        let bare = left.ty.without_nullable().clone();
        let right = self.perhaps(|binder| match right.kind {
            ExpressionKind::Throw(_) => binder.expression(right),
            ExpressionKind::Lambda { .. } | ExpressionKind::Default(None) => {
                binder.expression_as(right, &bare)
            }
            _ if binder.is_method_group(right) => binder.expression_as(right, &bare),
            _ => binder.value(right),
        });
        let Some(ty) = self.coalesced_type(&left, &right) else {
            return self.no_operator(operation, &left.ty, &right.ty);
        };
        let right = self.convert(right, &ty);
        let converts = bare != *ty.without_nullable() && !matches!(left.ty, Type::Null | Type::Error);
        let target = if converts { self.convert_unless_null(left, &ty) } else { left.node };
        Typed { node: Node::Coalesce(Box::new(target), Box::new(right.node)), ty, place }
    }

    fn coalesced_type(&self, left: &Typed, right: &Typed) -> Option<Type> {
        let bare = left.ty.without_nullable();
        if left.ty == Type::Error {
            return Some(Type::Error);
        }
        if right.ty == Type::Error {
            return Some(bare.clone());
        }
        if left.ty != Type::Null {
            if right.ty != Type::Null && self.implicit_value(right, bare).is_some() {
                return Some(bare.clone());
            }
            if self.implicit_value(right, &left.ty).is_some() {
                return Some(left.ty.clone());
            }
        }
        let to_right = right.ty != Type::Null && self.implicit(bare, &right.ty).is_some();
        to_right.then(|| right.ty.clone())
    }

    /// Converts a value; its null is not converted.
    fn convert_unless_null(&mut self, value: Typed, to: &Type) -> Node {
        let slot = self.new_slot();
        let source = value.ty.without_nullable().clone();
        let converted = self.convert(Typed { node: Node::Load(slot), ty: source, place: value.place }, to);
        Node::ConditionalAccess { slot, target: Box::new(value.node), access: Box::new(converted.node) }
    }
}
