//! Expressions: one function for each form that is not an operator, an access or a creation.

use std::sync::Arc;

use super::conversions::{Conversion, is_subtype, shown};
use super::{Binder, Typed, Visible};
use crate::ast::{Expression, ExpressionKind, InterpolationPart, Pattern, Place, TypeSyntaxKind};
use crate::dotnet::registry;
use crate::program::{Node, Part, Test};
use crate::types::Type;
use crate::value::Value;

impl Binder {
    /// An expression that has a value (or is a call without one).
    pub(super) fn expression(&mut self, expression: &Expression) -> Typed {
        let place = expression.place;
        match &expression.kind {
            ExpressionKind::Error => self.error(place),
            ExpressionKind::Literal(value) => {
                Typed { ty: value.type_of(), node: Node::Constant(value.clone()), place }
            }
            ExpressionKind::Interpolated(parts) => self.interpolated(parts, place),
            ExpressionKind::Name(name, _) => self.name(name, place),
            ExpressionKind::TypeName(ty) => {
                let ty = self.resolve_type(ty);
                self.wrong("expression-syntax", place, format!("`{}` is a type and no value", shown(&ty)))
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
                let node = Node::Matches { value: Box::new(value.node), test: Box::new(test) };
                Typed { node, ty: Type::Boolean, place }
            }
            ExpressionKind::As(operand, ty) => {
                let to = self.resolve_type(ty);
                let value = self.expression(operand);
                if self.is_value_type(&to) {
                    return self.wrong(
                        "no-conversion",
                        place,
                        format!("`as` needs a type that may be null, not `{}`", shown(&to)),
                    );
                }
                Typed { node: Node::As { to: to.clone(), value: Box::new(value.node) }, ty: to, place }
            }
            ExpressionKind::New { ty, arguments, initializer } => {
                self.creation(ty, arguments, initializer.as_ref(), place)
            }
            ExpressionKind::NewArray { element, length, items } => {
                self.array_creation(element.as_ref(), length.as_deref(), items.as_deref(), place)
            }
            ExpressionKind::NewAnonymous(properties) => {
                let mut shape = Vec::new();
                let mut values = Vec::new();
                for (name, value) in properties {
                    let value = self.expression(value);
                    shape.push((
                        Arc::clone(name),
                        if value.ty == Type::Null { Type::Object } else { value.ty },
                    ));
                    values.push(value.node);
                }
                let shape: Arc<[(Arc<str>, Type)]> = shape.into();
                Typed {
                    node: Node::Anonymous { shape: Arc::clone(&shape), values },
                    ty: Type::Anonymous(shape),
                    place,
                }
            }
            ExpressionKind::Lambda { parameters, body } => self.untyped_lambda(parameters, body, place),
            ExpressionKind::Tuple(items) => {
                let items: Vec<Typed> = items.iter().map(|item| self.expression(item)).collect();
                let types: Vec<Type> = items.iter().map(|item| item.ty.clone()).collect();
                let node = Node::Tuple {
                    types: types.clone(),
                    items: items.into_iter().map(|item| item.node).collect(),
                };
                Typed { node, ty: Type::generic("System.ValueTuple", types), place }
            }
            ExpressionKind::TypeOf(_) => {
                self.wrong("unsupported", place, "reflection is not available in policy expressions")
            }
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
            ExpressionKind::Conditional { condition, then, otherwise }
                if *to != Type::Object && !matches!(to, Type::Error) =>
            {
                let condition = self.condition(condition);
                let then = self.expression_as(then, to);
                let otherwise = self.expression_as(otherwise, to);
                Typed {
                    node: Node::Ternary(Box::new((condition, then.node, otherwise.node))),
                    ty: to.clone(),
                    place: expression.place,
                }
            }
            ExpressionKind::NewArray { element: None, length: None, items: Some(items) } => match to {
                Type::Array(element) => self.array_items(element, items, expression.place),
                _ => {
                    let value = self.expression(expression);
                    self.convert(value, to)
                }
            },
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
                let constant = matches!(&value.node, Node::Constant(_)) && !self.wraps;
                let before = self.checked;
                self.checked |= constant;
                let is_number = matches!(&conversion, Conversion::Number(_));
                let mut out = self.apply(value, conversion, to);
                self.checked = before;
                if constant && is_number && !matches!(out.node, Node::Constant(_)) {
                    return self.constant_overflow(place);
                }
                out.place = place;
                out
            }
            None => {
                let message = format!("`{}` cannot be cast to `{}`", shown(&value.ty), shown(to));
                self.wrong("no-conversion", place, message)
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

    /// A condition of `if`, `while`, `?:` …
    pub(super) fn condition(&mut self, expression: &Expression) -> Node {
        self.expression_as(expression, &Type::Boolean).node
    }

    fn ternary(
        &mut self,
        condition: &Expression,
        then: &Expression,
        otherwise: &Expression,
        place: Place,
    ) -> Typed {
        let condition = self.condition(condition);
        let then = self.expression(then);
        let otherwise = self.expression(otherwise);
        let ty = match (&then.ty, &otherwise.ty) {
            (Type::Error, other) | (other, Type::Error) => other.clone(),
            _ if self.implicit_value(&otherwise, &then.ty).is_some() && then.ty != Type::Null => {
                then.ty.clone()
            }
            _ if self.implicit_value(&then, &otherwise.ty).is_some() => otherwise.ty.clone(),
            (a, b) => {
                let message =
                    format!("the branches of `?:` have different types: `{}` and `{}`", shown(a), shown(b));
                return self.wrong("no-conversion", place, message);
            }
        };
        // A wider branch decides: `true ? 1 : 2.0` is a double.
        let ty = if then.ty != otherwise.ty
            && self.implicit_value(&then, &otherwise.ty).is_some()
            && otherwise.ty != Type::Null
            && self.implicit_value(&otherwise, &then.ty).is_none()
        {
            otherwise.ty.clone()
        } else {
            ty
        };
        let then = self.convert(then, &ty);
        let otherwise = self.convert(otherwise, &ty);
        Typed { node: Node::Ternary(Box::new((condition, then.node, otherwise.node))), ty, place }
    }

    fn conditional_access(&mut self, target: &Expression, access: &Expression, place: Place) -> Typed {
        let target = self.expression(target);
        if self.is_value_type(&target.ty) {
            let message = format!(
                "`?` does nothing after a value of type `{}`, which is never null",
                shown(&target.ty)
            );
            return self.wrong("no-conversion", place, message);
        }
        self.uses.note_direct(&target.node);
        let slot = self.new_slot();
        self.receivers.push((slot, target.ty.without_nullable().clone()));
        let access = self.expression(access);
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
                    Part { value: value.node, alignment: alignment.unwrap_or(0), format }
                }
            });
        }
        let constant = matches!(
            out.as_slice(),
            [] | [Part { value: Node::Constant(Value::String(_)), alignment: 0, .. }]
        );
        let node = match out.pop() {
            None => Node::Constant(Value::from("")),
            Some(only) if constant => only.value,
            Some(last) => {
                out.push(last);
                Node::Interpolate(out)
            }
        };
        Typed { node, ty: Type::String, place }
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
                Visible::Variable { slot, ty } => Typed { node: Node::Load(slot), ty, place },
                Visible::Constant(value, ty) => Typed { node: Node::Constant(value), ty, place },
                Visible::Function { .. } => {
                    self.wrong("expression-syntax", place, format!("the function `{name}` must be called"))
                }
            };
        }
        if &**name == "context" {
            let context = crate::value::HostReference::Context;
            let ty = context.type_of();
            return Typed { node: Node::Constant(Value::Host(context)), ty, place };
        }
        if registry().by_name(name).is_some() {
            return self.wrong("expression-syntax", place, format!("`{name}` is a type and no value"));
        }
        let symbols = self.symbols.clone();
        let known = symbols.iter().map(|symbol| &*symbol.name).chain(["context"]);
        let mut mistake = crate::lexer::Mistake::new(
            "unknown-name",
            place,
            format!("the name `{name}` does not exist here"),
        );
        if let Some(meant) = sekisho_diagnostics::closest(name, known) {
            mistake = mistake.help(format!("did you mean `{meant}`?"));
        }
        self.mistakes.push(mistake);
        self.error(place)
    }

    /// What follows `is` or `case`; `ty` is the type of the tested value.
    pub(super) fn pattern(&mut self, pattern: &Pattern, ty: &Type, place: Place) -> Test {
        match pattern {
            Pattern::Var(name) => Test::Any(self.declare(name, ty.clone(), place)),
            Pattern::Type(syntax, name) => {
                // A plain name may also be a constant or an enum's value.
                if let (TypeSyntaxKind::Name(text, arguments), None) = (&syntax.kind, name)
                    && arguments.is_empty()
                    && self.is_value_path(text)
                {
                    let value = self.path_value(text, syntax.place);
                    return Test::Constant(self.convert(value, ty).node);
                }
                let to = self.resolve_type(syntax);
                let test_type = to.without_nullable().clone();
                let impossible = !is_subtype(&test_type, ty)
                    && !is_subtype(ty, &test_type)
                    && (self.is_value_type(ty) || *ty == Type::String);
                // Without a variable the answer is just `false`.
                if name.is_some()
                    && impossible
                    && !matches!(to, Type::Error)
                    && *ty != Type::Error
                    && *ty.without_nullable() != test_type
                {
                    let message =
                        format!("a value of type `{}` is never of type `{}`", shown(ty), shown(&to));
                    self.mistake("no-conversion", syntax.place, message);
                }
                let slot = name.as_ref().map(|name| self.declare(name, test_type.clone(), place));
                Test::Type(test_type, slot)
            }
            Pattern::Constant(value) => {
                let value = self.expression(value);
                if *ty == Type::Object || (value.ty == Type::Null && !self.is_value_type(ty)) {
                    return Test::Constant(value.node);
                }
                Test::Constant(self.convert(value, &ty.without_nullable().clone()).node)
            }
        }
    }
}
