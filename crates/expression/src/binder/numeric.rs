//! Predefined operators of numbers, Booleans and enums, with C#'s promotions; all of them lifted to `T?`.

use super::operators::Operation;
use super::{Binder, Typed};
use crate::ast::{BinaryOperator as B, Place};
use crate::program::Node;
use crate::run::fold;
use crate::types::Type;
use crate::value::Value;

/// The types for which C# has the arithmetic operators, in the order in which one is better than the next.
const OPERAND_TYPES: &[Type] =
    &[Type::Int32, Type::UInt32, Type::Int64, Type::UInt64, Type::Single, Type::Double, Type::Decimal];

impl Binder {
    pub(super) fn arithmetic(&mut self, operation: Operation, left: Typed, right: Typed) -> Typed {
        let operator = operation.operator;
        let logical = matches!(operator, B::And | B::Or | B::Xor);
        let is_lifted = matches!(left.ty, Type::Nullable(_)) || matches!(right.ty, Type::Nullable(_));
        let lifted = |ty: Type| if is_lifted { Type::nullable(ty) } else { ty };
        let both = |ty: &Type| left.ty.without_nullable() == ty && right.ty.without_nullable() == ty;
        if logical && both(&Type::Boolean) {
            return self.computed(operation, left.node, right.node, lifted(Type::Boolean));
        }
        if matches!(operator, B::ShiftLeft | B::ShiftRight) {
            return self.shift(operation, left, right, is_lifted);
        }
        let compares = matches!(operator, B::Less | B::Greater | B::LessOrEqual | B::GreaterOrEqual);
        if self.is_enum(left.ty.without_nullable()) || self.is_enum(right.ty.without_nullable()) {
            return self.enum_operation(operation, left, right, is_lifted);
        }
        let Some(ty) = self.promoted(&left, &right).filter(|ty| !logical || ty.is_integer()) else {
            return self.no_operator(operation, &left.ty, &right.ty);
        };
        let (left, right) = (number(left, &ty), number(right, &ty));
        if compares {
            return compared(operation, left, right);
        }
        self.computed(operation, left, right, lifted(ty))
    }

    /// The type in which C# computes two numbers: the best one that both convert to, constants by their value.
    pub(super) fn promoted(&self, left: &Typed, right: &Typed) -> Option<Type> {
        if !left.ty.without_nullable().is_numeric() || !right.ty.without_nullable().is_numeric() {
            return None;
        }
        let takes = |value: &Typed, ty: &Type| match &value.ty {
            Type::Nullable(inner) => self.implicit(inner, ty).is_some(),
            _ => self.implicit_value(value, ty).is_some(),
        };
        let both = |ty: &&Type| takes(left, ty) && takes(right, ty);
        let found = OPERAND_TYPES.iter().find(both)?;
        // A fraction in binary or in decimal digits: C# does not choose.
        let ambiguous = matches!(found, Type::Single | Type::Double) && both(&&Type::Decimal);
        (!ambiguous).then(|| found.clone())
    }

    /// An operation whose operands have its type.
    fn computed(&mut self, operation: Operation, left: Node, right: Node, ty: Type) -> Typed {
        let (operator, place) = (operation.operator, operation.place);
        let divides = matches!(operator, B::Divide | B::Remainder);
        if divides && is_constant_zero(&right) {
            let help = "a divisor that is not constant is checked when the expression runs".to_owned();
            self.report("division-by-zero", operation.at, "division by constant zero", Some(help));
            return self.error(place);
        }
        let is_constant = matches!((&left, &right), (Node::Constant(_), Node::Constant(_)));
        let checked = self.checked || (is_constant && !self.wraps);
        if operator == B::Remainder && is_constant && is_constant_minus_one(&right) {
            // Of constants C# takes the remainder, even where a running program would throw: 0.
            let zero = Node::Constant(Value::Int32(0));
            return Typed {
                node: fold(Node::Convert { to: ty.clone(), checked, value: Box::new(zero) }),
                ty,
                place,
            };
        }
        let node = fold(Node::Arithmetic { operator, checked, operands: Box::new((left, right)) });
        let exact = ty.is_integer() || ty == Type::Decimal;
        if is_constant && (checked || ty == Type::Decimal) && exact && !matches!(node, Node::Constant(_)) {
            return self.constant_overflow(&ty, place);
        }
        Typed { node, ty, place }
    }

    /// Constants are computed with overflow checks, as nobody wants them to wrap.
    pub(super) fn constant_overflow(&mut self, ty: &Type, place: Place) -> Typed {
        let shown = super::conversions::shown(ty);
        let message = format!("the constant overflows at compile time: it does not fit into `{shown}`");
        let help = if *ty == Type::Decimal {
            "no larger type is exact: compute with `double`".to_owned()
        } else {
            "compute in a larger type, as with `1L` or `1m`, or write `unchecked(…)` to keep the low bits"
                .to_owned()
        };
        self.report("constant-overflow", place, message, Some(help));
        self.error(place)
    }

    fn shift(&mut self, operation: Operation, left: Typed, right: Typed, is_lifted: bool) -> Typed {
        let promoted = match left.ty.without_nullable() {
            ty @ (Type::UInt32 | Type::Int64 | Type::UInt64) => ty.clone(),
            ty if ty.is_integer() || *ty == Type::Char => Type::Int32,
            _ => return self.no_operator(operation, &left.ty, &right.ty),
        };
        let by = right.ty.without_nullable();
        if !by.is_numeric() || self.implicit(by, &Type::Int32).is_none() {
            return self.no_operator(operation, &left.ty, &right.ty);
        }
        let operands = Box::new((number(left, &promoted), number(right, &Type::Int32)));
        let node = fold(Node::Arithmetic { operator: operation.operator, checked: false, operands });
        let ty = if is_lifted { Type::nullable(promoted) } else { promoted };
        Typed { node, ty, place: operation.place }
    }

    /// An enum beside its like, or beside the number that it stands for.
    fn enum_operation(&mut self, operation: Operation, left: Typed, right: Typed, is_lifted: bool) -> Typed {
        let sides = [left.ty.without_nullable(), right.ty.without_nullable()];
        let Some(ty) = sides.into_iter().find(|ty| self.is_enum(ty)).cloned() else {
            return self.no_operator(operation, &left.ty, &right.ty);
        };
        let is_member = |value: &Typed| {
            *value.ty.without_nullable() == ty
                || (self.is_constant(value) && self.implicit_value(value, &ty).is_some())
        };
        let is_number = |value: &Typed| {
            let bare = value.ty.without_nullable();
            bare.is_numeric() && self.implicit(bare, &Type::Int32).is_some()
        };
        let of_type = |value: &Typed| *value.ty.without_nullable() == ty;
        let members = is_member(&left) && is_member(&right);
        let with_number = (of_type(&left) && is_number(&right)) || (is_number(&left) && of_type(&right));
        let lifted = |ty: Type| if is_lifted { Type::nullable(ty) } else { ty };
        match operation.operator {
            B::And | B::Or | B::Xor if members => {
                let (left, right) = (number(left, &ty), number(right, &ty));
                self.computed(operation, left, right, lifted(ty))
            }
            B::Less | B::Greater | B::LessOrEqual | B::GreaterOrEqual if members => {
                compared(operation, left.node, right.node)
            }
            B::Subtract if of_type(&left) && of_type(&right) => {
                let (left, right) = (number(left, &Type::Int32), number(right, &Type::Int32));
                self.computed(operation, left, right, lifted(Type::Int32))
            }
            B::Add | B::Subtract if with_number => {
                let (left, right) = (number(left, &Type::Int32), number(right, &Type::Int32));
                let sum = self.computed(operation, left, right, lifted(Type::Int32));
                let node = fold(Node::Convert { to: ty.clone(), checked: false, value: Box::new(sum.node) });
                Typed { node, ty: lifted(ty), place: operation.place }
            }
            _ => self.no_operator(operation, &left.ty, &right.ty),
        }
    }
}

fn is_constant_zero(node: &Node) -> bool {
    match node {
        Node::Constant(Value::Decimal(value)) => value.is_zero(),
        Node::Constant(value) => value.as_integer() == Some(0),
        _ => false,
    }
}

fn is_constant_minus_one(node: &Node) -> bool {
    matches!(node, Node::Constant(Value::Int32(-1) | Value::Int64(-1)))
}

fn compared(operation: Operation, left: Node, right: Node) -> Typed {
    let operands = Box::new((left, right));
    let node = fold(Node::Compare { operator: operation.operator, operands });
    Typed { node, ty: Type::Boolean, place: operation.place }
}

/// A value in the type of the operation.
pub(super) fn number(value: Typed, to: &Type) -> Node {
    if value.ty.without_nullable() == to {
        return value.node;
    }
    fold(Node::Convert { to: to.clone(), checked: false, value: Box::new(value.node) })
}
