//! `+` and `-` of delegates.

use super::lambdas::delegate_signature;
use super::{Binder, Typed};
use crate::ast::{BinaryOperator, Place};
use crate::dotnet::registry;
use crate::program::Node;
use crate::types::Type;

impl Binder {
    /// Two delegates of one type, or one and null, put together or taken apart; none for other operands.
    pub(super) fn combination(
        &self,
        operator: BinaryOperator,
        left: &mut Typed,
        right: &mut Typed,
        place: Place,
    ) -> Option<Typed> {
        let name = match operator {
            BinaryOperator::Add => "Combine",
            BinaryOperator::Subtract => "Remove",
            _ => return None,
        };
        let ty = match (&left.ty, &right.ty) {
            (Type::Null, ty) | (ty, Type::Null) => ty.clone(),
            (left, right) if left == right => left.clone(),
            _ => return None,
        };
        delegate_signature(&ty)?;
        let member = registry().by_full_name("System.Delegate")?.named(name).next()?;
        let take =
            |side: &mut Typed| std::mem::replace(&mut side.node, Node::Constant(crate::value::Value::Null));
        let operands = vec![take(left), take(right)];
        Some(Typed { node: self.call_node(member, None, operands, Vec::new()), ty, place })
    }
}
