//! Conditions, and `?:`.

use super::conversions::shown;
use super::{Binder, Typed};
use crate::ast::{Expression, ExpressionKind, Place};
use crate::program::Node;
use crate::types::Type;
use crate::value::Value;

impl Binder {
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

    pub(super) fn ternary(
        &mut self,
        condition: &Expression,
        then: &Expression,
        otherwise: &Expression,
        place: Place,
    ) -> Typed {
        let defaults = (is_default(then), is_default(otherwise));
        let condition = self.condition(condition);
        let (when_true, when_false) = self.flow.branches();
        self.flow.set(when_true);
        let then = self.expression(then);
        let after_then = self.flow.branches();
        self.flow.set(when_false);
        let otherwise = self.expression(otherwise);
        let after_otherwise = self.flow.branches();
        self.flow.set_branches(after_then.0.join(&after_otherwise.0), after_then.1.join(&after_otherwise.1));
        let (then, otherwise) = match defaults {
            (true, false) => (default_beside(then, &otherwise), otherwise),
            (false, true) => {
                let otherwise = default_beside(otherwise, &then);
                (then, otherwise)
            }
            _ => (then, otherwise),
        };
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
                if *chosen {
                    then.node
                } else {
                    otherwise.node
                }
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
                let message =
                    format!("the type of `?:` cannot be determined: `{a}` and `{b}` convert to each other");
                return Err((message, Some(format!("cast one branch, as in `({b})…`"))));
            }
            (false, false) => {}
        }
        let message = format!(
            "the type of `?:` cannot be determined: there is no implicit conversion between `{a}` and `{b}`"
        );
        let nullable = |null: &Typed, value: &Typed| null.ty == Type::Null && self.is_value_type(&value.ty);
        let help = if nullable(then, otherwise) {
            format!("cast the null: `({b}?)null`")
        } else if nullable(otherwise, then) {
            format!("cast the null: `({a}?)null`")
        } else {
            "cast one branch to the type of the other, or both to `object`".to_owned()
        };
        Err((message, Some(help)))
    }
}

/// True for `default` without a type.
pub(super) fn is_default(expression: &Expression) -> bool {
    matches!(expression.kind, ExpressionKind::Default(None))
}

/// `default` beside a value has that one's type.
pub(super) fn default_beside(literal: Typed, other: &Typed) -> Typed {
    let node = Node::Constant(other.ty.default_value());
    Typed { node, ty: other.ty.clone(), place: literal.place }
}
