//! Operators: C#'s promotions, string concatenation, comparisons, declared operators, assignments.

use super::conversions::{is_subtype, shown};
use super::{Binder, Typed};
use crate::ast::{BinaryOperator as B, Expression, ExpressionKind, Place, UnaryOperator};
use crate::dotnet::registry;
use crate::dotnet::registry::{Declared, MemberKind};
use crate::lexer::Mistake;
use crate::program::{Equality, Node};
use crate::run::fold;
use crate::types::Type;
use crate::value::Value;

impl Binder {
    pub(super) fn unary(&mut self, operator: UnaryOperator, operand: &Expression, place: Place) -> Typed {
        // The smallest int is written as a minus before a number that does not fit.
        if let (UnaryOperator::Minus, ExpressionKind::Literal(Value::UInt32(0x8000_0000))) =
            (operator, &operand.kind)
        {
            return Typed { node: Node::Constant(Value::Int32(i32::MIN)), ty: Type::Int32, place };
        }
        let value = self.value(operand);
        if matches!(value.ty, Type::Error) {
            return value;
        }
        if operator == UnaryOperator::Not {
            if let Some(member) =
                (value.ty != Type::Boolean).then(|| self.unary_operator("!", &value.ty)).flatten()
            {
                let node = self.call_node(member, None, vec![value.node], Vec::new());
                return Typed { node, ty: member.return_type.clone(), place };
            }
            let value = self.convert(value, &Type::Boolean);
            return Typed { node: fold(Node::Not(Box::new(value.node))), ty: Type::Boolean, place };
        }
        let symbol = match operator {
            UnaryOperator::Plus => "+",
            UnaryOperator::Minus => "-",
            _ => "~",
        };
        if let Some(member) = self.unary_operator(symbol, &value.ty) {
            let node = self.call_node(member, None, vec![value.node], Vec::new());
            return Typed { node, ty: member.return_type.clone(), place };
        }
        if self.is_enum(&value.ty) && operator == UnaryOperator::Complement {
            let ty = value.ty.clone();
            return Typed { node: Node::Complement(Box::new(value.node)), ty, place };
        }
        let bare = value.ty.without_nullable().clone();
        let promoted = match &bare {
            Type::UInt32 if operator == UnaryOperator::Minus => Type::Int64,
            Type::UInt32 | Type::Int64 | Type::Single | Type::Double | Type::Decimal => bare.clone(),
            Type::UInt64 if operator != UnaryOperator::Minus => bare.clone(),
            ty if ty.is_numeric() && *ty != Type::UInt64 => Type::Int32,
            _ => {
                let message = format!("`{symbol}` does not apply to `{}`", shown(&value.ty));
                return self.wrong("no-operator", place, message);
            }
        };
        if operator == UnaryOperator::Complement && !promoted.is_integer() {
            return self.wrong("no-operator", place, format!("`~` does not apply to `{}`", shown(&value.ty)));
        }
        let ty = if bare == value.ty { promoted.clone() } else { Type::nullable(promoted.clone()) };
        let value = number(value, &promoted);
        let node = match operator {
            UnaryOperator::Minus => Node::Negate(Box::new(value), self.checked),
            UnaryOperator::Complement => Node::Complement(Box::new(value)),
            _ => value,
        };
        Typed { node: fold(node), ty, place }
    }

    pub(super) fn binary(
        &mut self,
        operator: B,
        left: &Expression,
        right: &Expression,
        place: Place,
    ) -> Typed {
        match operator {
            B::AndAlso | B::OrElse => {
                let left = self.condition(left);
                let right = self.condition(right);
                let operands = (Box::new(left), Box::new(right));
                let node = if operator == B::AndAlso {
                    Node::And(operands.0, operands.1)
                } else {
                    Node::Or(operands.0, operands.1)
                };
                Typed { node, ty: Type::Boolean, place }
            }
            B::Coalesce => self.coalesce(left, right, place),
            _ => {
                let left = self.value(left);
                let right = self.value(right);
                self.operation(operator, left, right, place)
            }
        }
    }

    fn coalesce(&mut self, left: &Expression, right: &Expression, place: Place) -> Typed {
        let left = self.value(left);
        if self.is_value_type(&left.ty) {
            let message =
                format!("`??` does nothing after a value of type `{}`, which is never null", shown(&left.ty));
            return self.wrong("no-conversion", place, message);
        }
        if let ExpressionKind::Throw(_) = &right.kind {
            let right = self.expression(right);
            let ty = left.ty.without_nullable().clone();
            return Typed { node: Node::Coalesce(Box::new(left.node), Box::new(right.node)), ty, place };
        }
        let right = if matches!(right.kind, ExpressionKind::Lambda { .. } | ExpressionKind::Default(None)) {
            self.expression_as(right, left.ty.without_nullable())
        } else {
            self.value(right)
        };
        let bare = left.ty.without_nullable().clone();
        let ty = if left.ty != Type::Null
            && self.implicit_value(&right, &bare).is_some()
            && right.ty != Type::Null
        {
            bare
        } else if left.ty != Type::Null && self.implicit_value(&right, &left.ty).is_some() {
            left.ty.clone()
        } else if self.implicit(left.ty.without_nullable(), &right.ty).is_some() {
            right.ty.clone()
        } else {
            let message = format!("`??` cannot combine `{}` and `{}`", shown(&left.ty), shown(&right.ty));
            return self.wrong("no-conversion", place, message);
        };
        let right = self.convert(right, &ty);
        if left.ty.without_nullable() != ty.without_nullable() {
            // The left side's own conversion must not see null.
            let slot = self.new_slot();
            let source = left.ty.without_nullable().clone();
            let converted =
                self.convert(Typed { node: Node::Load(slot), ty: source, place: left.place }, &ty);
            let access = Node::ConditionalAccess {
                slot,
                target: Box::new(left.node),
                access: Box::new(converted.node),
            };
            return Typed { node: Node::Coalesce(Box::new(access), Box::new(right.node)), ty, place };
        }
        Typed { node: Node::Coalesce(Box::new(left.node), Box::new(right.node)), ty, place }
    }

    /// A binary operation on values.
    pub(super) fn operation(&mut self, operator: B, left: Typed, right: Typed, place: Place) -> Typed {
        if left.ty == Type::Error || right.ty == Type::Error {
            return self.error(place);
        }
        let strings = left.ty == Type::String || right.ty == Type::String;
        let equality = matches!(operator, B::Equal | B::NotEqual);
        let (left, right) =
            if strings || equality { (left, right) } else { self.with_typed_null(left, right) };
        let nullable = matches!(left.ty, Type::Nullable(_)) || matches!(right.ty, Type::Nullable(_));
        if equality && nullable && left.ty.without_nullable() == right.ty.without_nullable() {
            return self.equality(operator, left, right, place);
        }
        if operator == B::Add && strings {
            // A type's own operator comes first: a namespace and a string make an XName.
            return match self.declared_operation(operator, &left, &right) {
                Some(found) if left.ty != right.ty => self.call_operator(found, left, right, place),
                _ => concatenation(left, right, place),
            };
        }
        let numeric = |ty: &Type| ty.without_nullable().is_numeric();
        if !(numeric(&left.ty) && numeric(&right.ty))
            && let Some(found) = self.declared_operation(operator, &left, &right)
        {
            return self.call_operator(found, left, right, place);
        }
        match operator {
            B::Equal | B::NotEqual => self.equality(operator, left, right, place),
            B::Less | B::Greater | B::LessOrEqual | B::GreaterOrEqual => {
                self.comparison(operator, left, right, place)
            }
            B::ShiftLeft | B::ShiftRight => self.shift(operator, left, right, place),
            _ => self.arithmetic(operator, left, right, place),
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

    fn arithmetic(&mut self, operator: B, left: Typed, right: Typed, place: Place) -> Typed {
        let logical = matches!(operator, B::And | B::Or | B::Xor);
        let both = |ty: &Type| *left.ty.without_nullable() == *ty && *right.ty.without_nullable() == *ty;
        if logical && both(&Type::Boolean) {
            let ty = if left.ty == right.ty { left.ty.clone() } else { Type::nullable(Type::Boolean) };
            return self.arithmetic_node(operator, left.node, right.node, ty, place);
        }
        let (left_enum, right_enum) = (self.is_enum(&left.ty), self.is_enum(&right.ty));
        if logical && left_enum && left.ty == right.ty {
            let ty = left.ty.clone();
            return self.arithmetic_node(operator, left.node, right.node, ty, place);
        }
        if left_enum || right_enum {
            // Enum and number: the result is the enum for + and -, a number for the difference of two.
            let ty = if left_enum && right_enum {
                Type::Int32
            } else if left_enum {
                left.ty.clone()
            } else {
                right.ty.clone()
            };
            if matches!(operator, B::Add | B::Subtract) {
                let left = Node::Convert { to: Type::Int64, checked: false, value: Box::new(left.node) };
                let right = Node::Convert { to: Type::Int64, checked: false, value: Box::new(right.node) };
                let sum = self.arithmetic_node(operator, left, right, Type::Int64, place);
                let node = Node::Convert { to: ty.clone(), checked: false, value: Box::new(sum.node) };
                return Typed { node, ty, place };
            }
        }
        let Some(promoted) = promote(&left, &right).filter(|ty| !logical || ty.is_integer()) else {
            return self.no_operator(operator, &left, &right, place);
        };
        let lifted = matches!(left.ty, Type::Nullable(_)) || matches!(right.ty, Type::Nullable(_));
        let ty = if lifted { Type::nullable(promoted.clone()) } else { promoted.clone() };
        let (left, right) = (number(left, &promoted), number(right, &promoted));
        self.arithmetic_node(operator, left, right, ty, place)
    }

    fn arithmetic_node(&mut self, operator: B, left: Node, right: Node, ty: Type, place: Place) -> Typed {
        let constant_zero = matches!(&right, Node::Constant(value) if value.as_integer() == Some(0));
        if matches!(operator, B::Divide | B::Remainder) && constant_zero && ty.without_nullable().is_integer()
        {
            return self.wrong("division-by-zero", place, "the constant divisor is zero");
        }
        let is_constant = matches!((&left, &right), (Node::Constant(_), Node::Constant(_)));
        let checked = self.checked || (is_constant && !self.wraps);
        let node = fold(Node::Arithmetic { operator, checked, operands: Box::new((left, right)) });
        if is_constant && checked && ty.is_integer() && !matches!(node, Node::Constant(_)) {
            return self.constant_overflow(place);
        }
        Typed { node, ty, place }
    }

    /// Constants are computed with overflow checks, as nobody wants them to wrap.
    pub(super) fn constant_overflow(&mut self, place: Place) -> Typed {
        let mistake = Mistake::new("constant-overflow", place, "the constant does not fit into its type");
        self.mistakes.push(mistake.help("write `unchecked(…)` around it to keep the low bits"));
        self.error(place)
    }

    fn shift(&mut self, operator: B, left: Typed, right: Typed, place: Place) -> Typed {
        let promoted = match left.ty.without_nullable() {
            ty @ (Type::UInt32 | Type::Int64 | Type::UInt64) => ty.clone(),
            ty if ty.is_integer() || *ty == Type::Char => Type::Int32,
            _ => return self.no_operator(operator, &left, &right, place),
        };
        if self.implicit(right.ty.without_nullable(), &Type::Int32).is_none() {
            return self.no_operator(operator, &left, &right, place);
        }
        let left = number(left, &promoted);
        let right = number(right, &Type::Int32);
        let node = Node::Arithmetic { operator, checked: false, operands: Box::new((left, right)) };
        Typed { node: fold(node), ty: promoted, place }
    }

    fn comparison(&mut self, operator: B, left: Typed, right: Typed, place: Place) -> Typed {
        let (left, right) = if self.is_enum(&left.ty) && self.implicit_value(&right, &left.ty).is_some() {
            (left.node, right.node)
        } else if let Some(promoted) = promote(&left, &right) {
            (number(left, &promoted), number(right, &promoted))
        } else {
            return self.no_operator(operator, &left, &right, place);
        };
        let node = fold(Node::Compare { operator, operands: Box::new((left, right)) });
        Typed { node, ty: Type::Boolean, place }
    }

    fn equality(&mut self, operator: B, left: Typed, right: Typed, place: Place) -> Typed {
        let negated = operator == B::NotEqual;
        let null = left.ty == Type::Null || right.ty == Type::Null;
        let node = |how, left, right| fold(Node::Equal { negated, how, operands: Box::new((left, right)) });
        let done = |node| Typed { node, ty: Type::Boolean, place };
        if null {
            self.uses.note_direct(&left.node);
            self.uses.note_direct(&right.node);
            return done(node(Equality::Reference, left.node, right.node));
        }
        if let Some(promoted) = promote(&left, &right) {
            return done(node(Equality::Value, number(left, &promoted), number(right, &promoted)));
        }
        let bare = left.ty.without_nullable();
        let same = bare == right.ty.without_nullable();
        if same && (matches!(bare, Type::Boolean | Type::String) || self.is_value_type(bare)) {
            return done(node(Equality::Value, left.node, right.node));
        }
        if self.is_enum(bare) && self.implicit_value(&right, bare).is_some() {
            let to = bare.clone();
            let right = self.convert(right, &to);
            return done(node(Equality::Value, left.node, right.node));
        }
        if self.is_enum(right.ty.without_nullable())
            && self.implicit_value(&left, right.ty.without_nullable()).is_some()
        {
            let to = right.ty.without_nullable().clone();
            let left = self.convert(left, &to);
            return done(node(Equality::Value, left.node, right.node));
        }
        let references = !self.is_value_type(bare) && !self.is_value_type(right.ty.without_nullable());
        let related = is_subtype(&left.ty, &right.ty) || is_subtype(&right.ty, &left.ty);
        if references && related {
            return done(node(Equality::Reference, left.node, right.node));
        }
        self.no_operator(operator, &left, &right, place)
    }

    fn no_operator(&mut self, operator: B, left: &Typed, right: &Typed, place: Place) -> Typed {
        let symbol = operator.symbol();
        let message =
            format!("`{symbol}` does not apply to `{}` and `{}`", shown(&left.ty), shown(&right.ty));
        let mut mistake = Mistake::new("no-operator", place, message);
        // Such as a JToken beside a string: `==` looks for no conversion, and a cast says what is compared.
        for (from, to) in [(left, right), (right, left)] {
            if operator != B::Coalesce && to.ty != Type::Object && self.explicit(from, &to.ty).is_some() {
                mistake = mistake.help(format!("cast one side: `({}) …`", shown(&to.ty)));
                break;
            }
        }
        self.mistakes.push(mistake);
        self.error(place)
    }

    fn unary_operator(&self, symbol: &str, ty: &Type) -> Option<&'static Declared> {
        let declared = registry().of(ty.without_nullable())?;
        declared
            .named(symbol)
            .find(|member| member.kind == MemberKind::Operator && member.parameters.len() == 1)
    }

    /// An operator declared by the type of either operand.
    fn declared_operation(&self, operator: B, left: &Typed, right: &Typed) -> Option<&'static Declared> {
        for owner in [&left.ty, &right.ty] {
            let Some(declared) = registry().of(owner.without_nullable()) else { continue };
            let mut members = declared.named(operator.symbol());
            let found = members.find(|member| match member.parameters.as_slice() {
                [first, second] => {
                    let fits = |value: &Typed, to: &Type| {
                        value.ty != Type::Null && self.implicit_value(value, to).is_some()
                            || matches!(&value.ty, Type::Nullable(inner) if self.implicit(inner, to).is_some())
                            || (value.ty == Type::Null && !self.is_value_type(to))
                    };
                    member.kind == MemberKind::Operator && fits(left, &first.ty) && fits(right, &second.ty)
                }
                _ => false,
            });
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// Calls a declared operator; nullable operands lift it.
    fn call_operator(&mut self, member: &'static Declared, left: Typed, right: Typed, place: Place) -> Typed {
        let types: Vec<Type> = member.parameters.iter().map(|parameter| parameter.ty.clone()).collect();
        let lifted = |value: &Typed, to: &Type| {
            matches!(value.ty, Type::Nullable(_)) && !matches!(to, Type::Nullable(_))
        };
        let mut slots = Vec::new();
        let mut targets = Vec::new();
        let mut arguments = Vec::new();
        for (mut value, to) in [left, right].into_iter().zip(&types) {
            if lifted(&value, to) && self.is_value_type(to) {
                let slot = self.new_slot();
                slots.push(slot);
                let ty = value.ty.without_nullable().clone();
                targets.push(value.node);
                value = Typed { node: Node::Load(slot), ty, place: value.place };
            }
            arguments.push(self.convert(value, to).node);
        }
        let node = self.call_node(member, None, arguments, Vec::new());
        let mut ty = member.return_type.clone();
        if slots.is_empty() {
            return Typed { node: fold(node), ty, place };
        }
        let mut node = node;
        for (slot, target) in slots.into_iter().zip(targets).rev() {
            node = Node::ConditionalAccess { slot, target: Box::new(target), access: Box::new(node) };
        }
        if ty == Type::Boolean {
            let without = Node::Constant(Value::Boolean(member.name == "!="));
            node = Node::Coalesce(Box::new(node), Box::new(without));
        } else {
            ty = Type::nullable(ty);
        }
        Typed { node, ty, place }
    }

    pub(super) fn increment(&mut self, target: &Expression, by: i32, prefix: bool, place: Place) -> Typed {
        let one = Typed { node: Node::Constant(Value::Int32(by.abs())), ty: Type::Int32, place };
        let operator = if by > 0 { B::Add } else { B::Subtract };
        let Some(mut assignable) = self.assignable(target, true) else { return self.error(place) };
        let ty = assignable.ty.clone();
        let read = assignable.read(self);
        if prefix {
            let sum = self.operation(operator, read, one, place);
            let sum = self.cast(sum, &ty, place);
            let node = assignable.write(self, sum.node);
            return Typed { node, ty, place };
        }
        let slot = self.new_slot();
        let old = Typed { node: Node::Load(slot), ty: ty.clone(), place };
        let sum = self.operation(operator, old, one, place);
        let sum = self.cast(sum, &ty, place);
        let mut steps = std::mem::take(&mut assignable.prepare);
        steps.push(Node::Store(slot, Box::new(read.node)));
        steps.push(assignable.write(self, sum.node));
        steps.push(Node::Load(slot));
        Typed { node: Node::Sequence(steps), ty, place }
    }

    pub(super) fn assign(
        &mut self,
        operator: Option<B>,
        target: &Expression,
        value: &Expression,
        place: Place,
    ) -> Typed {
        let Some(mut assignable) = self.assignable(target, operator.is_some()) else {
            self.expression(value);
            return self.error(place);
        };
        let ty = assignable.ty.clone();
        let value = match operator {
            None => self.expression_as(value, &ty),
            Some(operator) => {
                let value = self.value(value);
                let read = assignable.read(self);
                let result = self.operation(operator, read, value, place);
                if result.ty.is_numeric() { self.cast(result, &ty, place) } else { self.convert(result, &ty) }
            }
        };
        let node = assignable.write(self, value.node);
        Typed { node, ty, place }
    }
}

/// The type in which C# computes two numbers.
fn promote(left: &Typed, right: &Typed) -> Option<Type> {
    let (a, b) = (left.ty.without_nullable(), right.ty.without_nullable());
    if !a.is_numeric() || !b.is_numeric() {
        return None;
    }
    let either = |ty: &Type| a == ty || b == ty;
    if either(&Type::Decimal) {
        return (!either(&Type::Double) && !either(&Type::Single)).then_some(Type::Decimal);
    }
    for ty in [Type::Double, Type::Single] {
        if either(&ty) {
            return Some(ty);
        }
    }
    let signed = |ty: &Type| matches!(ty, Type::SByte | Type::Int16 | Type::Int32 | Type::Int64);
    let positive = |value: &Typed| matches!(&value.node, Node::Constant(constant) if constant.as_integer().is_some_and(|n| n >= 0));
    if either(&Type::UInt64) {
        let other = if *a == Type::UInt64 { right } else { left };
        return (!signed(other.ty.without_nullable()) || positive(other)).then_some(Type::UInt64);
    }
    if either(&Type::Int64) {
        return Some(Type::Int64);
    }
    if either(&Type::UInt32) {
        let other = if *a == Type::UInt32 { right } else { left };
        let wide = signed(other.ty.without_nullable()) && !positive(other);
        return Some(if wide { Type::Int64 } else { Type::UInt32 });
    }
    Some(Type::Int32)
}

fn number(value: Typed, to: &Type) -> Node {
    if value.ty.without_nullable() == to {
        return value.node;
    }
    fold(Node::Convert { to: to.clone(), checked: false, value: Box::new(value.node) })
}

fn concatenation(left: Typed, right: Typed, place: Place) -> Typed {
    let mut parts = match left.node {
        Node::Concat(parts) if left.ty == Type::String => parts,
        node => vec![node],
    };
    match (parts.last_mut(), right.node) {
        (Some(Node::Constant(Value::String(last))), Node::Constant(Value::String(next)))
            if parts_join(&left.ty) =>
        {
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

/// Constants are joined only when the left side is text.
fn parts_join(left: &Type) -> bool {
    *left == Type::String
}
