//! Arguments before overload resolution: values are bound, lambdas wait for their type.

use super::lambdas::delegate_signature;
use super::{Binder, Typed, Visible};
use crate::ast::{
    Argument, ArgumentMode, Expression, ExpressionKind, Name, Place, TypeSyntax, TypeSyntaxKind,
};
use crate::program::Node;
use crate::types::Type;
use crate::value::Value;

/// An argument.
pub(super) struct Given<'e> {
    pub(super) name: Option<Name>,
    pub(super) place: Place,
    pub(super) what: What<'e>,
}

/// What is passed.
pub(super) enum What<'e> {
    Value(Typed),
    /// A lambda, a method group, `default`, `new[] {…}` of unknown type: bound when the parameter is known.
    Waiting(&'e Expression),
    /// `out x` with its slot and type.
    Out(u32, Type),
    /// `out var x`.
    OutInferred(&'e Name, &'e TypeSyntax),
}

impl<'e> Given<'e> {
    pub(super) fn typed(value: Typed) -> Self {
        Self { name: None, place: value.place, what: What::Value(value) }
    }

    pub(super) fn into_node(self) -> Option<Node> {
        match self.what {
            What::Value(value) => Some(value.node),
            _ => None,
        }
    }

    /// True when it can be passed to a parameter of this type.
    pub(super) fn fits(&self, binder: &Binder, to: &Type) -> bool {
        match &self.what {
            What::Value(value) => {
                value.ty == Type::Error
                    || matches!(to, Type::Parameter(_))
                    || binder.implicit_value(value, to).is_some()
            }
            What::Waiting(expression) => match &expression.kind {
                ExpressionKind::Lambda { parameters, .. } => {
                    delegate_signature(to).is_some_and(|(types, _)| types.len() == parameters.len())
                }
                ExpressionKind::Default(None) => true,
                _ => delegate_signature(to).is_some(),
            },
            What::Out(_, ty) => ty == to || matches!(to, Type::Parameter(_)),
            What::OutInferred(..) => true,
        }
    }

    /// Binds it to its parameter's type.
    pub(super) fn bind(self, binder: &mut Binder, to: &Type) -> Typed {
        match self.what {
            What::Value(value) => binder.convert(value, to),
            What::Waiting(expression) => binder.expression_as(expression, to),
            What::Out(slot, ty) => Typed { node: Node::Load(slot), ty, place: self.place },
            What::OutInferred(name, syntax) => {
                let ty = match &syntax.kind {
                    TypeSyntaxKind::Inferred => to.clone(),
                    _ => binder.resolve_type(syntax),
                };
                let slot = binder.declare(name, ty.clone(), self.place);
                Typed { node: Node::Load(slot), ty, place: self.place }
            }
        }
    }

    pub(super) fn is_out(&self) -> bool {
        matches!(self.what, What::Out(..) | What::OutInferred(..))
    }
}

impl Binder {
    /// Binds arguments as far as that goes without knowing the parameters.
    pub(super) fn given<'e>(&mut self, arguments: &'e [Argument]) -> Vec<Given<'e>> {
        arguments.iter().map(|argument| self.give(argument)).collect()
    }

    fn give<'e>(&mut self, argument: &'e Argument) -> Given<'e> {
        let place = argument.value.place;
        let what = match &argument.mode {
            ArgumentMode::OutDeclaration(ty, name) => What::OutInferred(name, ty),
            ArgumentMode::Out => match &argument.value.kind {
                ExpressionKind::Name(name, _) => match self.lookup(name).cloned() {
                    Some(Visible::Variable { slot, ty }) => What::Out(slot, ty),
                    _ => What::Value(self.expression(&argument.value)),
                },
                _ => What::Value(self.wrong("wrong-arguments", place, "`out` takes a variable")),
            },
            ArgumentMode::Value if self.waits(&argument.value) => What::Waiting(&argument.value),
            ArgumentMode::Value => What::Value(self.value(&argument.value)),
        };
        Given { name: argument.name.clone(), place, what }
    }

    fn waits(&self, value: &Expression) -> bool {
        match &value.kind {
            ExpressionKind::Lambda { .. } | ExpressionKind::Default(None) => true,
            _ => self.is_method_group(value),
        }
    }

    /// `f(…)` of a local function.
    pub(super) fn call_function(
        &mut self,
        name: &str,
        index: u32,
        parameters: &[super::FunctionParameter],
        result: Type,
        arguments: &[Argument],
        place: Place,
    ) -> Typed {
        let given = self.given(arguments);
        let mut nodes: Vec<Option<Node>> = parameters.iter().map(|_| None).collect();
        for (position, argument) in given.into_iter().enumerate() {
            let at = match &argument.name {
                Some(wanted) => parameters.iter().position(|parameter| parameter.name == *wanted),
                None => Some(position),
            };
            let slot = at.and_then(|at| Some((nodes.get_mut(at)?, parameters.get(at)?.ty.clone())));
            let Some((slot, ty)) = slot else {
                let count = parameters.len();
                return self.wrong(
                    "wrong-arguments",
                    place,
                    format!("the function `{name}` takes {count} arguments"),
                );
            };
            *slot = Some(argument.bind(self, &ty).node);
        }
        let mut filled = Vec::new();
        for (node, parameter) in nodes.into_iter().zip(parameters) {
            match node.or_else(|| parameter.default.clone().map(Node::Constant)) {
                Some(node) => filled.push(node),
                None => {
                    let message = format!("the function `{name}` needs the argument `{}`", parameter.name);
                    return self.wrong("wrong-arguments", place, message);
                }
            }
        }
        Typed { node: Node::CallLocal { function: index, arguments: filled }, ty: result, place }
    }

    /// Runs a delegate.
    pub(super) fn invoke(&mut self, delegate: Typed, arguments: &[Argument], place: Place) -> Typed {
        if delegate.ty == Type::Error {
            self.given(arguments);
            return delegate;
        }
        let Some((types, result)) = delegate_signature(&delegate.ty) else {
            let message =
                format!("a value of type `{}` cannot be called", super::conversions::shown(&delegate.ty));
            return self.wrong("wrong-arguments", place, message);
        };
        if types.len() != arguments.len() {
            return self.wrong(
                "wrong-arguments",
                place,
                format!("the delegate takes {} arguments", types.len()),
            );
        }
        let given = self.given(arguments);
        let nodes = given.into_iter().zip(&types).map(|(given, ty)| given.bind(self, ty).node).collect();
        Typed {
            node: Node::Invoke { delegate: Box::new(delegate.node), arguments: nodes },
            ty: result,
            place,
        }
    }

    /// The value of an optional parameter as a node.
    pub(super) fn default_node(value: Option<&Value>, ty: &Type) -> Node {
        let value = value.cloned().unwrap_or(Value::Null);
        if value.is_null() { Node::Constant(ty.default_value()) } else { Node::Constant(value) }
    }
}
