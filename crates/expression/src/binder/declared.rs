//! Operators that a type declares, such as `DateTime - TimeSpan`.

use std::cmp::Ordering;

use super::conversions::lineage;
use super::{Binder, Typed};
use crate::ast::{BinaryOperator as B, Place};
use crate::dotnet::registry;
use crate::dotnet::registry::{Declared, MemberKind};
use crate::program::Node;
use crate::types::Type;
use crate::value::Value;

impl Binder {
    pub(super) fn declared_unary(&self, symbol: &str, value: &Typed) -> Option<&'static Declared> {
        self.best_operator(symbol, &[value])
    }

    pub(super) fn declared_binary(
        &self,
        operator: B,
        left: &Typed,
        right: &Typed,
    ) -> Option<&'static Declared> {
        self.best_operator(operator.symbol(), &[left, right])
    }

    /// The operator that fits best of those that the operands' types declare.
    fn best_operator(&self, symbol: &str, operands: &[&Typed]) -> Option<&'static Declared> {
        let mut found: Vec<&'static Declared> = Vec::new();
        for owner in operands.iter().flat_map(|operand| lineage(&operand.ty)) {
            // Texts, numbers and Booleans have predefined operators.
            if owner == Type::String || owner.is_numeric() || owner == Type::Boolean {
                continue;
            }
            let Some(declared) = registry().of(&owner) else { continue };
            for member in declared.named(symbol) {
                let fits = member.kind == MemberKind::Operator
                    && member.parameters.len() == operands.len()
                    && member
                        .parameters
                        .iter()
                        .zip(operands)
                        .all(|(to, value)| self.fits_lifted(value, &to.ty));
                if fits && !found.iter().any(|known| std::ptr::eq(*known, member)) {
                    found.push(member);
                }
            }
        }
        let best = found.iter().find(|a| found.iter().all(|b| self.is_no_worse(a, b, operands)));
        best.copied()
    }

    /// True when a value converts to an operand's type, after its null is set apart when it may have one.
    fn fits_lifted(&self, value: &Typed, to: &Type) -> bool {
        match &value.ty {
            Type::Null => !self.is_value_type(to),
            Type::Nullable(inner) if self.is_value_type(to) => self.implicit(inner, to).is_some(),
            _ => self.implicit_value(value, to).is_some(),
        }
    }

    fn is_no_worse(&self, a: &Declared, b: &Declared, operands: &[&Typed]) -> bool {
        let types = a.parameters.iter().zip(&b.parameters);
        types.zip(operands).all(|((a, b), operand)| {
            let from = operand.ty.without_nullable();
            self.better_type(from, &a.ty, &b.ty) != Ordering::Less
        })
    }

    pub(super) fn call_unary(&mut self, member: &'static Declared, value: Typed, place: Place) -> Typed {
        self.call_lifted(member, vec![value], place)
    }

    /// Calls a declared operator; nullable operands lift it.
    pub(super) fn call_operator(
        &mut self,
        member: &'static Declared,
        left: Typed,
        right: Typed,
        place: Place,
    ) -> Typed {
        self.call_lifted(member, vec![left, right], place)
    }

    fn call_lifted(&mut self, member: &'static Declared, operands: Vec<Typed>, place: Place) -> Typed {
        let mut kept = Vec::new();
        let mut arguments = Vec::new();
        for (mut value, parameter) in operands.into_iter().zip(&member.parameters) {
            let to = &parameter.ty;
            if matches!(value.ty, Type::Nullable(_)) && self.is_value_type(to) {
                let slot = self.new_slot();
                let ty = value.ty.without_nullable().clone();
                kept.push((slot, value.node));
                value = Typed { node: Node::Load(slot), ty, place: value.place };
            }
            arguments.push(self.convert(value, to).node);
        }
        let mut node = self.call_node(member, None, arguments, Vec::new());
        let ty = member.return_type.clone();
        if kept.is_empty() {
            return Typed { node, ty, place };
        }
        for (slot, target) in kept.into_iter().rev() {
            node = Node::ConditionalAccess { slot, target: Box::new(target), access: Box::new(node) };
        }
        if ty == Type::Boolean {
            let without = Node::Constant(Value::Boolean(member.name == "!="));
            node = Node::Coalesce(Box::new(node), Box::new(without));
            return Typed { node, ty, place };
        }
        Typed { node, ty: Type::nullable(ty), place }
    }
}
