//! Expressions: one function for each form that is not an operator, an access or a creation.

use std::sync::Arc;

use super::conversions::{Conversion, is_subtype, shown};
use super::switches::test_slot;
use super::{Binder, Typed, Visible};
use crate::ast::{
    BinaryOperator, Expression, ExpressionKind, InterpolationPart, Pattern, Place, TypeSyntaxKind, UnaryOperator,
};
use crate::dotnet::registry;
use crate::program::{Node, Part, Test};
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
                self.with_range_variables(of, names, expression.place, |binder| binder.expression_as(body, to))
            }
            ExpressionKind::Tuple(items) => self.tuple_as(items, to, expression.place),
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
                    let message = format!("the constant value does not fit into `{}`", shown(to));
                    let help = "write `unchecked(…)` around it to keep the low bits".to_owned();
                    self.report("constant-overflow", place, message, Some(help));
                    return self.error(place);
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

    /// A condition of `if`, `while`, `?:` …; [`super::flow::Flow::branches`] knows what holds after it.
    pub(super) fn condition(&mut self, expression: &Expression) -> Node {
        let value = self.expression(expression);
        let place = value.place;
        let node = match self.implicit_value(&value, &Type::Boolean) {
            Some(conversion) => self.apply(value, conversion, &Type::Boolean).node,
            None => self.no_condition(expression, value, place),
        };
        self.note_constant_condition(&node);
        node
    }

    fn no_condition(&mut self, expression: &Expression, value: Typed, place: Place) -> Node {
        let message = format!("a condition must be a `bool`, and this is `{}`", shown(&value.ty));
        let help = match (&expression.kind, &value.ty) {
            (ExpressionKind::Assign { operator: None, .. }, _) => Some("compare with `==`".to_owned()),
            (_, Type::Nullable(inner)) if **inner == Type::Boolean => {
                Some("write `… == true`: it may also be null".to_owned())
            }
            (_, Type::Object | Type::Named("Newtonsoft.Json.Linq.JToken")) => {
                Some("cast it: `(bool)…`".to_owned())
            }
            (_, Type::String) => Some("write `bool.Parse(…)`, or compare it with a text".to_owned()),
            (_, ty) if !self.is_value_type(ty) => Some("write `… != null`".to_owned()),
            (_, ty) if ty.is_numeric() => Some("write `… != 0`".to_owned()),
            _ => None,
        };
        self.report("no-conversion", place, message, help);
        Node::Constant(Value::Null)
    }

    fn ternary(
        &mut self,
        condition: &Expression,
        then: &Expression,
        otherwise: &Expression,
        place: Place,
    ) -> Typed {
        let condition = self.condition(condition);
        let (when_true, when_false) = self.flow.branches();
        self.flow.set(when_true);
        let then = self.expression(then);
        let after_then = self.flow.branches();
        self.flow.set(when_false);
        let otherwise = self.expression(otherwise);
        let after_otherwise = self.flow.branches();
        self.flow.set_branches(after_then.0.join(&after_otherwise.0), after_then.1.join(&after_otherwise.1));
        let ty = match self.ternary_type(&then, &otherwise) {
            Ok(ty) => ty,
            Err((message, help)) => {
                self.report("no-conversion", place, message, help);
                return self.error(place);
            }
        };
        let then = self.convert(then, &ty);
        let otherwise = self.convert(otherwise, &ty);
        let node = match (&condition, &then.node, &otherwise.node) {
            (Node::Constant(Value::Boolean(chosen)), Node::Constant(_), Node::Constant(_)) => {
                if *chosen { then.node } else { otherwise.node }
            }
            _ => Node::Ternary(Box::new((condition, then.node, otherwise.node))),
        };
        Typed { node, ty, place }
    }

    /// One branch must convert to the type of the other, and not the other way round.
    fn ternary_type(&self, then: &Typed, otherwise: &Typed) -> Result<Type, (String, Option<String>)> {
        if then.ty == otherwise.ty && then.ty != Type::Null {
            return Ok(then.ty.clone());
        }
        let convertible = |from: &Typed, to: &Typed| {
            to.ty != Type::Null && to.ty != Type::Void && self.implicit_value(from, &to.ty).is_some()
        };
        match (&then.ty, &otherwise.ty) {
            (Type::Error, other) | (other, Type::Error) => return Ok(other.clone()),
            _ => {}
        }
        let (a, b) = (shown(&then.ty), shown(&otherwise.ty));
        match (convertible(then, otherwise), convertible(otherwise, then)) {
            (true, false) => return Ok(otherwise.ty.clone()),
            (false, true) => return Ok(then.ty.clone()),
            (true, true) if then.ty.widens_to(&otherwise.ty) => return Ok(otherwise.ty.clone()),
            (true, true) if otherwise.ty.widens_to(&then.ty) => return Ok(then.ty.clone()),
            (true, true) => {
                let message = format!(
                    "the type of `?:` cannot be determined: `{a}` and `{b}` convert to each other"
                );
                return Err((message, Some(format!("cast one branch, as in `({b})…`"))));
            }
            (false, false) => {}
        }
        let message = format!(
            "the type of `?:` cannot be determined: there is no implicit conversion between `{a}` and `{b}`"
        );
        let nullable = |null: &Typed, value: &Typed| {
            null.ty == Type::Null && self.is_value_type(&value.ty)
        };
        let help = if nullable(then, otherwise) {
            format!("cast the null: `({b}?)null`")
        } else if nullable(otherwise, then) {
            format!("cast the null: `({a}?)null`")
        } else {
            "cast one branch to the type of the other, or both to `object`".to_owned()
        };
        Err((message, Some(help)))
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

    /// The constant width of a hole.
    fn alignment(&mut self, width: &Expression) -> i32 {
        let width = self.expression_as(width, &Type::Int32);
        match &width.node {
            Node::Constant(Value::Int32(constant)) => *constant,
            _ if width.ty == Type::Error => 0,
            _ => {
                self.mistake("not-constant", width.place, "the width in an interpolated string is a constant");
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
        self.note_name(name);
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
            Pattern::Var(name) => Test::Any(self.declare_designation(name, ty.clone(), place)),
            Pattern::Type(syntax, name) => {
                // A plain name may also be a constant or an enum's value.
                if let (TypeSyntaxKind::Name(text, arguments), None) = (&syntax.kind, name)
                    && arguments.is_empty()
                    && self.is_value_path(text)
                {
                    let value = self.path_value(text, syntax.place);
                    return self.constant_test(value, ty);
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
                let slot = name.as_ref().map(|name| self.declare_designation(name, test_type.clone(), place));
                Test::Type(test_type, slot)
            }
            Pattern::Constant(value) => self.constant_pattern(value, ty),
        }
    }
}
