//! `==` and `!=` where no type declares them: values by value, objects by identity.

use super::conversions::Conversion;
use super::numeric::number;
use super::operators::Operation;
use super::{Binder, Typed};
use crate::ast::BinaryOperator as B;
use crate::dotnet::registry;
use crate::program::{Equality, Node};
use crate::run::fold;
use crate::types::Type;

impl Binder {
    pub(super) fn equality(&mut self, operation: Operation, left: Typed, right: Typed) -> Typed {
        let how = match self.comparison_of(&left, &right) {
            Some(how) => how,
            None => return self.no_operator(operation, &left.ty, &right.ty),
        };
        let is_null = left.ty == Type::Null || right.ty == Type::Null;
        let (how, left, right) = match how {
            Compared::Same(how) => (how, left.node, right.node),
            Compared::In(ty) => (Equality::Value, number(left, &ty), number(right, &ty)),
        };
        if how == Equality::Reference {
            self.uses.note_direct(&left);
            self.uses.note_direct(&right);
        }
        let negated = operation.operator == B::NotEqual;
        let node = Node::Equal { negated, how, operands: Box::new((left, right)) };
        // Of strings as objects it is known later whether they are one.
        let node = if how == Equality::Value || is_null { fold(node) } else { node };
        Typed { node, ty: Type::Boolean, place: operation.place }
    }

    fn comparison_of(&self, left: &Typed, right: &Typed) -> Option<Compared> {
        let by_value = Compared::Same(Equality::Value);
        let by_reference = Compared::Same(Equality::Reference);
        if left.ty == Type::Null || right.ty == Type::Null {
            let comparable = self.is_null_comparable(&left.ty) && self.is_null_comparable(&right.ty);
            return comparable.then_some(by_reference);
        }
        if let Some(promoted) = self.promoted(left, right) {
            return Some(Compared::In(promoted));
        }
        let (a, b) = (left.ty.without_nullable(), right.ty.without_nullable());
        if a == b && (matches!(a, Type::Boolean | Type::String) || self.is_enum(a)) {
            return Some(by_value);
        }
        let nullable = matches!(left.ty, Type::Nullable(_)) || matches!(right.ty, Type::Nullable(_));
        if a == b && nullable && self.declares_equality(a) {
            return Some(by_value);
        }
        for (own, ty, other) in [(left, a, right), (right, b, left)] {
            // A constant 0 stands for an enum's value.
            if self.is_enum(ty)
                && own.ty != other.ty
                && self.is_constant(other)
                && self.implicit_value(other, ty).is_some()
            {
                return Some(Compared::In(ty.clone()));
            }
        }
        let references = !self.is_value_type(a) && !self.is_value_type(b) && !nullable;
        (references && (self.is_related(left, &right.ty) || self.is_related(right, &left.ty)))
            .then_some(by_reference)
    }

    /// True when a reference of one type may be one of the other.
    fn is_related(&self, from: &Typed, to: &Type) -> bool {
        let value = Typed { node: Node::Load(0), ty: from.ty.clone(), place: from.place };
        matches!(self.explicit(&value, to), Some(Conversion::Identity | Conversion::Cast))
    }

    /// True when a value of the type may stand beside `== null`.
    pub(super) fn is_null_comparable(&self, ty: &Type) -> bool {
        match ty {
            Type::Error | Type::Void => false,
            _ if !self.is_value_type(ty) => true,
            _ => ty.is_numeric() || *ty == Type::Boolean || self.is_enum(ty) || self.declares_equality(ty),
        }
    }

    fn declares_equality(&self, ty: &Type) -> bool {
        registry().of(ty).is_some_and(|declared| declared.named("==").next().is_some())
    }
}

/// How two values are compared.
enum Compared {
    /// As they are.
    Same(Equality),
    /// After both are converted.
    In(Type),
}
