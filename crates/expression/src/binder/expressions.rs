//! Expressions: one function for each form that is not an operator, an access or a creation.

use std::sync::Arc;

use super::conversions::{Conversion, shown};
use super::switches::test_slot;
use super::{Binder, Typed, Visible};
use crate::ast::{BinaryOperator, Expression, ExpressionKind, InterpolationPart, Place, UnaryOperator};
use crate::dotnet::registry;
use crate::program::{Node, Part};
use crate::types::Type;
use crate::value::Value;

impl Binder {
    /// An expression that has a value (or is a call without one).
    pub(super) fn expression(&mut self, expression: &Expression) -> Typed {
        self.flow.merge();
        let typed = self.expression_kind(expression);
        let tells_apart = match &expression.kind {
            ExpressionKind::Binary(operator, ..) => {
                matches!(operator, BinaryOperator::AndAlso | BinaryOperator::OrElse)
            }
            ExpressionKind::Unary(operator, _) => *operator == UnaryOperator::Not,
            ExpressionKind::Conditional { .. } | ExpressionKind::Is(..) | ExpressionKind::Checked(..) => true,
            _ => false,
        };
        if !tells_apart {
            self.flow.merge();
        }
        typed
    }

    fn expression_kind(&mut self, expression: &Expression) -> Typed {
        let place = expression.place;
        match &expression.kind {
            ExpressionKind::Error => self.error(place),
            ExpressionKind::Literal(value) => {
                Typed { ty: value.type_of(), node: Node::Constant(value.clone()), place }
            }
            ExpressionKind::Interpolated(parts) => self.interpolated(parts, place),
            ExpressionKind::Name(name, types) if !types.is_empty() && self.lookup(name).is_some() => self
                .wrong(
                    "expression-syntax",
                    place,
                    format!("`{name}` is no type and takes no type arguments"),
                ),
            ExpressionKind::Name(name, _) => self.name(name, place),
            ExpressionKind::TypeName(ty) => {
                let ty = self.resolve_type(ty);
                self.type_as_value(&shown(&ty), place)
            }
            ExpressionKind::Receiver => match self.receivers.last().cloned() {
                Some((slot, ty)) => Typed { node: Node::Load(slot), ty, place },
                None => self.error(place),
            },
            ExpressionKind::Member { target, name, name_place, .. } => {
                self.member(target, name, *name_place, place)
            }
            ExpressionKind::Index { target, arguments } => self.index(target, arguments, place),
            ExpressionKind::Call { target, arguments } => self.call(target, arguments, place),
            ExpressionKind::ConditionalAccess { target, access } => {
                self.conditional_access(target, access, place)
            }
            ExpressionKind::Unary(operator, operand) => self.unary(*operator, operand, place),
            ExpressionKind::Increment { target, by, prefix } => self.increment(target, *by, *prefix, place),
            ExpressionKind::Binary(operator, left, right) => self.binary(*operator, left, right, place),
            ExpressionKind::Assign { operator, target, value } => {
                self.assign(*operator, target, value, place)
            }
            ExpressionKind::Conditional { condition, then, otherwise } => {
                self.ternary(condition, then, otherwise, place)
            }
            ExpressionKind::Cast(ty, operand) => {
                let to = self.resolve_type(ty);
                if matches!(operand.kind, ExpressionKind::Lambda { .. } | ExpressionKind::Default(None)) {
                    return self.expression_as(operand, &to);
                }
                let value = self.expression(operand);
                self.cast(value, &to, place)
            }
            ExpressionKind::Is(operand, pattern) => {
                let value = self.expression(operand);
                let ty = value.ty.clone();
                let test = self.pattern(pattern, &ty, place);
                if let Some(slot) = test_slot(&test) {
                    let when_true = self.flow.state();
                    self.flow.declare_unassigned(slot);
                    let when_false = self.flow.state();
                    self.flow.set_branches(when_true, when_false);
                }
                let node = Node::Matches { value: Box::new(value.node), test: Box::new(test) };
                Typed { node, ty: Type::Boolean, place }
            }
            ExpressionKind::As(operand, ty) => {
                let to = self.resolve_type(ty);
                let value = self.value(operand);
                self.as_type_test(value, &to, ty.place, place)
            }
            ExpressionKind::New { ty, arguments, initializer } => {
                self.creation(ty, arguments, initializer.as_ref(), place)
            }
            ExpressionKind::NewArray { element, length, items } => {
                self.array_creation(element.as_ref(), length.as_deref(), items.as_deref(), place)
            }
            ExpressionKind::NewAnonymous(properties) => self.anonymous(properties, place),
            ExpressionKind::Lambda { .. } => self.untyped_lambda(place),
            ExpressionKind::Tuple(items) => self.tuple(items, place),
            ExpressionKind::NewMatrix { element, rank, lengths, items } => {
                self.matrix(element.as_ref(), *rank, lengths, items.as_deref(), place)
            }
            ExpressionKind::TypeOf(ty) => self.type_of(ty, place),
            ExpressionKind::SizeOf(ty) => self.size_of(ty, place),
            ExpressionKind::NameOf(argument) => self.name_of(argument, place),
            ExpressionKind::RangeVariables { of, names, body } => {
                self.with_range_variables(of, names, place, |binder| binder.expression(body))
            }
            ExpressionKind::AnonymousMethod(_) => {
                self.wrong("no-conversion", place, "the type of the anonymous method is not known here")
            }
            ExpressionKind::Row(_) => {
                self.wrong("expression-syntax", place, "braces alone are no value: write `new[] {…}`")
            }
            ExpressionKind::Declaration(..) => {
                self.wrong("expression-syntax", place, "a variable cannot be declared here")
            }
            ExpressionKind::Ref(_) => self.misplaced_ref(place),
            ExpressionKind::Default(Some(ty)) => {
                let ty = self.resolve_type(ty);
                Typed { node: Node::Constant(ty.default_value()), ty, place }
            }
            ExpressionKind::Default(None) => {
                Typed { node: Node::Constant(Value::Null), ty: Type::Null, place }
            }
            ExpressionKind::Checked(checked, operand) => {
                let before = (self.checked, self.wraps);
                (self.checked, self.wraps) = (*checked, !*checked);
                let value = self.expression(operand);
                (self.checked, self.wraps) = before;
                value
            }
            ExpressionKind::Throw(operand) => {
                let value = self.expression_as(operand, &Type::Named("System.Exception"));
                self.flow.stop();
                Typed { node: Node::Throw(Box::new(value.node)), ty: Type::Error, place }
            }
        }
    }

    /// An expression whose target type is known: lambdas and `default` take their type from it.
    pub(super) fn expression_as(&mut self, expression: &Expression, to: &Type) -> Typed {
        match &expression.kind {
            ExpressionKind::Lambda { parameters, body } => {
                self.lambda_as(parameters, body, to, expression.place)
            }
            ExpressionKind::Default(None) => {
                Typed { node: Node::Constant(to.default_value()), ty: to.clone(), place: expression.place }
            }
            ExpressionKind::AnonymousMethod(body) => self.anonymous_method_as(body, to, expression.place),
            ExpressionKind::RangeVariables { of, names, body } => {
                self.with_range_variables(of, names, expression.place, |binder| {
                    binder.expression_as(body, to)
                })
            }
            ExpressionKind::Tuple(items) => self.tuple_as(items, to, expression.place),
            _ => {
                if let Some(delegate) = self.method_group_as(expression, to) {
                    return delegate;
                }
                let value = self.expression(expression);
                self.convert(value, to)
            }
        }
    }

    pub(super) fn cast(&mut self, value: Typed, to: &Type, place: Place) -> Typed {
        let value = if self.is_value_type(to) { self.unwrapped(value) } else { value };
        match self.explicit(&value, to) {
            Some(conversion) => {
                // A decimal never wraps.
                let is_decimal = value.ty == Type::Decimal || *to == Type::Decimal;
                let wraps = self.wraps && !is_decimal;
                let constant = matches!(&value.node, Node::Constant(_)) && !wraps;
                let before = self.checked;
                self.checked |= constant;
                let is_number = matches!(&conversion, Conversion::Number(_));
                let mut out = self.apply(value, conversion, to);
                self.checked = before;
                if constant && is_number && !matches!(out.node, Node::Constant(_)) {
                    let message = format!("the constant value does not fit into `{}`", shown(to));
                    let help = "write `unchecked(…)` around it to keep the low bits".to_owned();
                    self.report("constant-overflow", place, message, (!is_decimal).then_some(help));
                    return self.error(place);
                }
                out.place = place;
                out
            }
            None => {
                let message = format!("cannot convert type `{}` to `{}`", shown(&value.ty), shown(to));
                let help = self.conversion_help(&value, to);
                self.report("no-conversion", place, message, help);
                self.error(place)
            }
        }
    }

    /// The value of a `T?`, which throws for null.
    fn unwrapped(&mut self, value: Typed) -> Typed {
        let Type::Nullable(inner) = &value.ty else { return value };
        let inner = (**inner).clone();
        let getter = registry().of(&value.ty).and_then(|declared| declared.named("Value").next());
        match getter {
            Some(getter) => {
                let node = self.call_node(getter, Some(value.node), Vec::new(), vec![inner.clone()]);
                Typed { node, ty: inner, place: value.place }
            }
            None => value,
        }
    }

    fn conditional_access(&mut self, target: &Expression, access: &Expression, place: Place) -> Typed {
        let target = self.expression(target);
        if self.is_value_type(&target.ty) {
            let message = format!(
                "operator `?` cannot be applied to a value of type `{}`, which is never null",
                shown(&target.ty)
            );
            let at = Place { start: target.place.end, end: target.place.end + 1 };
            self.report("no-operator", at, message, Some("leave out the `?`".to_owned()));
            return self.error(place);
        }
        self.uses.note_direct(&target.node);
        let slot = self.new_slot();
        self.receivers.push((slot, target.ty.without_nullable().clone()));
        let access = self.perhaps(|binder| binder.expression(access));
        self.receivers.pop();
        let ty = if self.is_value_type(&access.ty) { Type::nullable(access.ty) } else { access.ty };
        let node =
            Node::ConditionalAccess { slot, target: Box::new(target.node), access: Box::new(access.node) };
        Typed { node, ty, place }
    }

    fn interpolated(&mut self, parts: &[InterpolationPart], place: Place) -> Typed {
        let mut out = Vec::new();
        for part in parts {
            out.push(match part {
                InterpolationPart::Text(text) => {
                    Part { value: Node::Constant(Value::from(text.as_str())), alignment: 0, format: None }
                }
                InterpolationPart::Hole { value, alignment, format } => {
                    let value = self.value(value);
                    let format = format.as_deref().map(Arc::from);
                    let alignment = alignment.as_ref().map_or(0, |width| self.alignment(width));
                    Part { value: value.node, alignment, format }
                }
            });
        }
        // C# 7 knows no constant of this kind, whatever stands in it.
        Typed { node: Node::Interpolate(out), ty: Type::String, place }
    }

    /// The constant width of a hole.
    fn alignment(&mut self, width: &Expression) -> i32 {
        let width = self.expression_as(width, &Type::Int32);
        match &width.node {
            Node::Constant(Value::Int32(constant)) => *constant,
            _ if width.ty == Type::Error => 0,
            _ => {
                self.mistake(
                    "not-constant",
                    width.place,
                    "the width in an interpolated string is a constant",
                );
                0
            }
        }
    }

    /// An expression that must have a value.
    pub(super) fn value(&mut self, expression: &Expression) -> Typed {
        let value = self.expression(expression);
        if value.ty == Type::Void {
            return self.wrong("no-conversion", expression.place, "the call gives no value");
        }
        value
    }

    fn name(&mut self, name: &Arc<str>, place: Place) -> Typed {
        if let Some(found) = self.lookup(name).cloned() {
            return match found {
                Visible::Variable { slot, ty, .. } => {
                    self.check_assigned(name, slot, place);
                    Typed { node: Node::Load(slot), ty, place }
                }
                Visible::Constant(value, ty) => Typed { node: Node::Constant(value), ty, place },
                Visible::Function { .. } => {
                    let message = format!("`{name}` is a function and gives a value only when it is called");
                    self.report("unknown-member", place, message, Some(format!("write `{name}(…)`")));
                    self.error(place)
                }
            };
        }
        if &**name == "context" {
            let context = crate::value::HostReference::Context;
            let ty = context.type_of();
            return Typed { node: Node::Constant(Value::Host(context)), ty, place };
        }
        if registry().by_name(name).is_some() {
            return self.type_as_value(name, place);
        }
        self.unknown_name(name, place)
    }

    fn type_as_value(&mut self, name: &str, place: Place) -> Typed {
        let message = format!("`{name}` is a type, and a value is wanted here");
        let help = format!("write one of its members, as in `{name}.…`, or `new {name}(…)`");
        self.report("type-as-value", place, message, Some(help));
        self.error(place)
    }
}
