//! Operators: which operation C# means. The operations themselves stand in [`super::numeric`], [`super::equality`]
//! and [`super::declared`].

use super::conditionals::{default_beside, is_default};
use super::conversions::shown;
use super::{Binder, Typed};
use crate::ast::{BinaryOperator as B, Expression, ExpressionKind, Place, UnaryOperator};
use crate::program::Node;
use crate::run::fold;
use crate::types::Type;
use crate::value::Value;

/// A binary operator where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    pub(super) operator: B,
    /// The operator alone.
    pub(super) at: Place,
    /// With its operands.
    pub(super) place: Place,
}

impl Binder {
    pub(super) fn unary(&mut self, operator: UnaryOperator, operand: &Expression, place: Place) -> Typed {
        if let (UnaryOperator::Minus, ExpressionKind::Literal(value)) = (operator, &operand.kind)
            && let Some(smallest) = smallest(value)
        {
            return Typed { ty: smallest.type_of(), node: Node::Constant(smallest), place };
        }
        let value = self.value(operand);
        if value.ty == Type::Error {
            return value;
        }
        let symbol = symbol_of(operator);
        let at = Place { start: place.start, end: place.start + 1 };
        if let Some(member) = self.declared_unary(symbol, &value) {
            return self.call_unary(member, value, place);
        }
        let bare = value.ty.without_nullable().clone();
        let Some(ty) = self.unary_type(operator, &bare) else {
            return self.no_unary(symbol, &value, at, place);
        };
        let is_lifted = bare != value.ty;
        if operator == UnaryOperator::Not {
            let (when_true, when_false) = self.flow.branches();
            self.flow.set_branches(when_false, when_true);
            return self.negation(value, is_lifted, place);
        }
        let operand = super::numeric::number(value, &ty);
        let node = match operator {
            UnaryOperator::Minus => {
                let is_constant = matches!(operand, Node::Constant(_)) && !self.wraps;
                let negated = fold(Node::Negate(Box::new(operand), self.checked || is_constant));
                if is_constant && !matches!(negated, Node::Constant(_)) {
                    return self.constant_overflow(&ty, place);
                }
                negated
            }
            UnaryOperator::Complement => fold(Node::Complement(Box::new(operand))),
            _ => operand,
        };
        let ty = if is_lifted { Type::nullable(ty) } else { ty };
        Typed { node, ty, place }
    }

    /// The type in which a predefined unary operator computes.
    fn unary_type(&self, operator: UnaryOperator, operand: &Type) -> Option<Type> {
        let small = matches!(operand, Type::SByte | Type::Byte | Type::Int16 | Type::UInt16 | Type::Char);
        match (operator, operand) {
            (UnaryOperator::Not, Type::Boolean) => Some(Type::Boolean),
            (UnaryOperator::Not, _) => None,
            (UnaryOperator::Complement, ty) if self.is_enum(ty) => Some(ty.clone()),
            (UnaryOperator::Complement, Type::Single | Type::Double | Type::Decimal) => None,
            (UnaryOperator::Minus, Type::UInt32) => Some(Type::Int64),
            (UnaryOperator::Minus, Type::UInt64) => None,
            (_, _) if small => Some(Type::Int32),
            (_, ty) if ty.is_numeric() => Some(ty.clone()),
            _ => None,
        }
    }

    /// `!value`; of a `bool?` without a value, null.
    fn negation(&mut self, value: Typed, is_lifted: bool, place: Place) -> Typed {
        if !is_lifted {
            return Typed { node: fold(Node::Not(Box::new(value.node))), ty: Type::Boolean, place };
        }
        let slot = self.new_slot();
        let access = Box::new(Node::Not(Box::new(Node::Load(slot))));
        let node = Node::ConditionalAccess { slot, target: Box::new(value.node), access };
        Typed { node, ty: Type::nullable(Type::Boolean), place }
    }

    fn no_unary(&mut self, symbol: &str, value: &Typed, at: Place, place: Place) -> Typed {
        let ty = shown(&value.ty);
        let message = format!("operator `{symbol}` cannot be applied to operand of type `{ty}`");
        let help = match (symbol, &value.ty) {
            ("!", Type::String) => Some("write `string.IsNullOrEmpty(…)`".to_owned()),
            ("!", Type::Object | Type::Named("Newtonsoft.Json.Linq.JToken")) => {
                Some("cast it: `!(bool)…`".to_owned())
            }
            ("!", ty) if ty.is_numeric() => Some("write `… == 0`".to_owned()),
            ("!", ty) if !self.is_value_type(ty) => Some("write `… == null`".to_owned()),
            ("-", Type::UInt64) => Some("cast it: `-(long)…`, or `-(decimal)…`".to_owned()),
            _ => None,
        };
        self.report("no-operator", at, message, help);
        self.error(place)
    }

    pub(super) fn binary(
        &mut self,
        operator: B,
        left: &Expression,
        right: &Expression,
        place: Place,
    ) -> Typed {
        let at = self.operator_place(operator, left.place, right.place);
        let operation = Operation { operator, at, place };
        match operator {
            B::AndAlso | B::OrElse => self.short_circuit(operation, left, right),
            B::Coalesce => self.coalesce(operation, left, right),
            _ => {
                let defaults = (is_default(left), is_default(right));
                let left = self.operand(left, operation);
                let right = self.operand(right, operation);
                match defaults {
                    (true, false) => self.operation(operation, default_beside(left, &right), right),
                    (false, true) => {
                        let right = default_beside(right, &left);
                        self.operation(operation, left, right)
                    }
                    _ => self.operation(operation, left, right),
                }
            }
        }
    }

    /// An operand: lambdas and method groups are none.
    pub(super) fn operand(&mut self, value: &Expression, operation: Operation) -> Typed {
        let what = match &value.kind {
            ExpressionKind::Lambda { .. } => "a lambda",
            _ if self.is_method_group(value) => "a method group",
            _ => return self.value(value),
        };
        let symbol = operation.operator.symbol();
        let message = format!("operator `{symbol}` cannot be applied to {what}");
        let help = (what != "a lambda").then(|| "call the method: `…()`".to_owned());
        self.report("no-operator", value.place, message, help);
        self.error(value.place)
    }

    /// Where the operator stands between its operands.
    fn operator_place(&self, operator: B, left: Place, right: Place) -> Place {
        let symbol = operator.symbol();
        let between = self.text.get(left.end as usize..right.start as usize);
        match between.and_then(|text| text.rfind(symbol)) {
            Some(found) => {
                let start = left.end as usize + found;
                Place::new(start, start + symbol.len())
            }
            None => left.to(right),
        }
    }

    fn short_circuit(&mut self, operation: Operation, left: &Expression, right: &Expression) -> Typed {
        let is_and = operation.operator == B::AndAlso;
        let left = self.operand(left, operation);
        let left_ty = left.ty.clone();
        let left = self.truth_operand(left);
        let (when_true, when_false) = self.flow.branches();
        self.flow.set(if is_and { when_true.clone() } else { when_false.clone() });
        let right = self.operand(right, operation);
        let right_ty = right.ty.clone();
        let right = self.truth_operand(right);
        let (true_too, false_too) = self.flow.branches();
        if is_and {
            self.flow.set_branches(true_too, when_false.join(&false_too));
        } else {
            self.flow.set_branches(when_true.join(&true_too), false_too);
        }
        let (Some(left), Some(right)) = (left, right) else {
            return self.no_operator(operation, &left_ty, &right_ty);
        };
        let node = match (is_and, left, right) {
            (true, Node::Constant(Value::Boolean(a)), Node::Constant(Value::Boolean(b))) => {
                Node::Constant(Value::Boolean(a && b))
            }
            (false, Node::Constant(Value::Boolean(a)), Node::Constant(Value::Boolean(b))) => {
                Node::Constant(Value::Boolean(a || b))
            }
            (true, left, right) => Node::And(Box::new(left), Box::new(right)),
            (false, left, right) => Node::Or(Box::new(left), Box::new(right)),
        };
        Typed { node, ty: Type::Boolean, place: operation.place }
    }

    /// An operand of `&&` or `||` as a Boolean; none when it is something else.
    fn truth_operand(&mut self, value: Typed) -> Option<Node> {
        let conversion = self.implicit_value(&value, &Type::Boolean)?;
        let node = self.apply(value, conversion, &Type::Boolean).node;
        self.note_constant_condition(&node);
        Some(node)
    }

    /// A binary operation on values.
    pub(super) fn operation(&mut self, operation: Operation, left: Typed, right: Typed) -> Typed {
        if left.ty == Type::Error || right.ty == Type::Error {
            return self.error(operation.place);
        }
        let is_equality = matches!(operation.operator, B::Equal | B::NotEqual);
        if is_equality && matches!((&left.ty, &right.ty), (Type::Tuple(..), Type::Tuple(..))) {
            return self.tuple_equality(operation, left, right);
        }
        let texts = left.ty == Type::String || right.ty == Type::String;
        let (left, right) =
            if texts || is_equality { (left, right) } else { self.with_typed_null(left, right) };
        let is_null = |value: &Typed| value.ty == Type::Null;
        let null_test = is_equality
            && (is_null(&left) || is_null(&right))
            && self.is_null_comparable(&left.ty)
            && self.is_null_comparable(&right.ty);
        let same_nullable = is_equality
            && (matches!(left.ty, Type::Nullable(_)) || matches!(right.ty, Type::Nullable(_)))
            && left.ty.without_nullable() == right.ty.without_nullable();
        let (mut left, mut right) = (left, right);
        if let Some(combined) = self.combination(operation.operator, &mut left, &mut right, operation.place) {
            return combined;
        }
        if !null_test
            && !same_nullable
            && let Some(found) = self.declared_binary(operation.operator, &left, &right)
        {
            return self.call_operator(found, left, right, operation.place);
        }
        if operation.operator == B::Add && texts {
            return concatenation(left, right, operation.place);
        }
        if is_equality {
            self.equality(operation, left, right)
        } else {
            self.arithmetic(operation, left, right)
        }
    }

    /// `null` beside a number, Boolean or other value is a null of that one's nullable type.
    fn with_typed_null(&self, mut left: Typed, mut right: Typed) -> (Typed, Typed) {
        let other = match (&left.ty, &right.ty) {
            (Type::Null, other) | (other, Type::Null) => other.without_nullable().clone(),
            _ => return (left, right),
        };
        if self.is_value_type(&other) {
            for side in [&mut left, &mut right] {
                if side.ty == Type::Null {
                    side.ty = Type::nullable(other.clone());
                }
            }
        }
        (left, right)
    }

    /// Reports that an operator does not exist for two types.
    pub(super) fn no_operator(&mut self, operation: Operation, left: &Type, right: &Type) -> Typed {
        if *left != Type::Error && *right != Type::Error {
            let symbol = operation.operator.symbol();
            let message = format!(
                "operator `{symbol}` cannot be applied to operands of type `{}` and `{}`",
                shown(left),
                shown(right)
            );
            let help = self.operator_help(operation.operator, left, right);
            self.report("no-operator", operation.at, message, help);
        }
        self.error(operation.place)
    }

    /// What to write instead.
    fn operator_help(&self, operator: B, left: &Type, right: &Type) -> Option<String> {
        let pair = [(left, right), (right, left)];
        let (bare_left, bare_right) = (left.without_nullable(), right.without_nullable());
        let orders = matches!(operator, B::Less | B::Greater | B::LessOrEqual | B::GreaterOrEqual);
        let equals = matches!(operator, B::Equal | B::NotEqual);
        if matches!(operator, B::AndAlso | B::OrElse) {
            let is_maybe = |ty: &Type| matches!(ty, Type::Nullable(inner) if **inner == Type::Boolean);
            return Some(if is_maybe(left) || is_maybe(right) {
                "write `… == true` for the `bool?`: it may also be null".to_owned()
            } else {
                "both sides must be `bool`".to_owned()
            });
        }
        if orders && (*bare_left == Type::String || *bare_right == Type::String) && left == right {
            return Some(format!("write `string.CompareOrdinal(a, b) {} 0`", operator.symbol()));
        }
        let loose = |ty: &Type| *ty == Type::Object || shown(ty).starts_with('J');
        for (a, b) in pair {
            if loose(a) && !loose(b) && *b != Type::Null {
                return Some(format!("cast the `{}` to what it holds: `({})…`", shown(a), shown(b)));
            }
        }
        for (a, b) in pair {
            if *a.without_nullable() == Type::Decimal
                && matches!(b.without_nullable(), Type::Double | Type::Single)
            {
                return Some(format!("cast one side: `(decimal)…` or `({})…`", shown(b)));
            }
            if *a.without_nullable() == Type::UInt64 && b.is_numeric() {
                return Some("cast one side: `(long)…` or `(ulong)…`".to_owned());
            }
            if *a == Type::String && b.is_numeric() {
                let keyword = shown(b);
                return Some(match b {
                    Type::Char => {
                        "write the character in double quotes, or compare with `text[0]`".to_owned()
                    }
                    _ => format!("convert one side: `{keyword}.Parse(…)`, or `….ToString()`"),
                });
            }
            if self.is_enum(a.without_nullable()) && (b.is_numeric() || self.is_enum(b)) {
                return Some(format!("cast one side: `(int)…` or `({})…`", shown(a)));
            }
        }
        if equals && left == right {
            return Some("write `….Equals(…)`".to_owned());
        }
        let value = |ty: &Type| Typed { node: Node::Load(0), ty: ty.clone(), place: Place::default() };
        let castable = pair
            .iter()
            .find(|(a, b)| **b != Type::Object && **b != Type::Null && self.explicit(&value(a), b).is_some());
        if let Some((from, to)) = castable {
            return Some(format!("cast the `{}`: `({})…`", shown(from), shown(to)));
        }
        equals.then(|| "the two types have nothing in common, so they are never equal".to_owned())
    }
}

/// The smallest int and long are written as a minus before a number that does not fit.
fn smallest(literal: &Value) -> Option<Value> {
    match literal {
        Value::UInt32(0x8000_0000) => Some(Value::Int32(i32::MIN)),
        Value::UInt64(0x8000_0000_0000_0000) => Some(Value::Int64(i64::MIN)),
        _ => None,
    }
}

fn symbol_of(operator: UnaryOperator) -> &'static str {
    match operator {
        UnaryOperator::Plus => "+",
        UnaryOperator::Minus => "-",
        UnaryOperator::Not => "!",
        UnaryOperator::Complement => "~",
    }
}

fn concatenation(left: Typed, right: Typed, place: Place) -> Typed {
    let joins = left.ty == Type::String;
    let mut parts = match left.node {
        Node::Concat(parts) if joins => parts,
        node => vec![node],
    };
    match (parts.last_mut(), right.node) {
        (Some(Node::Constant(Value::String(last))), Node::Constant(Value::String(next))) if joins => {
            *last = format!("{last}{next}").into();
        }
        (_, node) => parts.push(node),
    }
    let node = match parts.len() {
        1 => parts.pop().unwrap_or(Node::Constant(Value::Null)),
        _ => Node::Concat(parts),
    };
    Typed { node, ty: Type::String, place }
}
