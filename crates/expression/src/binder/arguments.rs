//! Arguments before overload resolution: values are bound, lambdas wait for their type.

use super::conversions::shown;
use super::lambdas::delegate_signature;
use super::mismatches::counted;
use super::{Binder, Typed, Visible};
use crate::ast::{
    Argument, ArgumentMode, Expression, ExpressionKind, Name, Place, TypeSyntax, TypeSyntaxKind,
};
use crate::program::Node;
use crate::types::Type;
use crate::value::Value;

/// The type of `out _`, which its parameter says.
static DISCARDED: TypeSyntax =
    TypeSyntax { kind: TypeSyntaxKind::Inferred, place: Place { start: 0, end: 0 } };

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
    /// `ref x` with its slot and type.
    Ref(u32, Type),
    /// `ref` before something else that can be assigned to.
    RefTo(&'e Expression),
    /// `out var x`.
    OutInferred(&'e Name, &'e TypeSyntax),
}

impl What<'_> {
    /// The type of a variable that is passed itself: its parameter has exactly that type.
    pub(super) fn variable_type(&self) -> Option<&Type> {
        match self {
            What::Out(_, ty) | What::Ref(_, ty) => Some(ty),
            _ => None,
        }
    }
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
    pub(super) fn fits(&self, binder: &mut Binder, to: &Type) -> bool {
        match &self.what {
            What::Value(value) => {
                value.ty == Type::Error
                    || matches!(to, Type::Parameter(_))
                    || binder.implicit_value(value, to).is_some()
            }
            What::Waiting(expression) => binder.waiting_fits(expression, to),
            What::Out(_, ty) | What::Ref(_, ty) => ty == to || matches!(to, Type::Parameter(_)),
            What::OutInferred(_, syntax) => binder.out_fits(syntax, to),
            // No member of the tables takes a reference.
            What::RefTo(_) => false,
        }
    }

    /// Binds it to its parameter's type.
    pub(super) fn bind(self, binder: &mut Binder, to: &Type) -> Typed {
        match self.what {
            What::Value(value) => binder.convert(value, to),
            What::Waiting(expression) => binder.expression_as(expression, to),
            What::Out(slot, ty) => {
                binder.flow.assign(slot);
                Typed { node: Node::Load(slot), ty, place: self.place }
            }
            What::Ref(slot, ty) => Typed { node: Node::Load(slot), ty, place: self.place },
            What::RefTo(target) => binder.misplaced_ref(target.place),
            What::OutInferred(name, syntax) => {
                let ty = match &syntax.kind {
                    TypeSyntaxKind::Inferred => to.clone(),
                    _ => binder.resolve_type(syntax),
                };
                let slot = binder.declare_designation(name, ty.clone(), self.place);
                Typed { node: Node::Load(slot), ty, place: self.place }
            }
        }
    }

    /// In C#'s words, for reports.
    pub(super) fn shown(&self) -> String {
        match &self.what {
            What::Value(value) => shown(&value.ty),
            What::Waiting(expression) => match &expression.kind {
                ExpressionKind::Default(None) => "default".to_owned(),
                ExpressionKind::Lambda { .. } | ExpressionKind::AnonymousMethod(_) => "lambda".to_owned(),
                _ => "method group".to_owned(),
            },
            What::Out(_, ty) => format!("out {}", shown(ty)),
            What::OutInferred(..) => "out".to_owned(),
            What::Ref(_, ty) => format!("ref {}", shown(ty)),
            What::RefTo(_) => "ref".to_owned(),
        }
    }

    pub(super) fn is_out(&self) -> bool {
        matches!(self.what, What::Out(..) | What::OutInferred(..))
    }

    pub(super) fn is_ref(&self) -> bool {
        matches!(self.what, What::Ref(..) | What::RefTo(_))
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
                ExpressionKind::Name(name, _) => match self.symbol(name).cloned() {
                    Some(symbol) => match &symbol.what {
                        Visible::Variable { slot, ty, .. } if self.check_writable(&symbol, place) => {
                            What::Out(*slot, ty.clone())
                        }
                        _ => What::Value(self.error(place)),
                    },
                    None if &**name == "_" => What::OutInferred(name, &DISCARDED),
                    None => What::Value(self.expression(&argument.value)),
                },
                _ => What::Value(self.wrong("wrong-arguments", place, "`out` takes a variable")),
            },
            ArgumentMode::Ref => self.reference_to(&argument.value),
            ArgumentMode::Value if self.waits(&argument.value) => What::Waiting(&argument.value),
            ArgumentMode::Value => What::Value(self.value(&argument.value)),
        };
        Given { name: argument.name.clone(), place, what }
    }

    fn reference_to<'e>(&mut self, value: &'e Expression) -> What<'e> {
        let ExpressionKind::Name(name, _) = &value.kind else { return What::RefTo(value) };
        let Some(symbol) = self.symbol(name).cloned() else { return What::Value(self.expression(value)) };
        match &symbol.what {
            Visible::Variable { slot, ty } if self.check_writable(&symbol, value.place) => {
                self.check_assigned(name, *slot, value.place);
                What::Ref(*slot, ty.clone())
            }
            _ => What::Value(self.error(value.place)),
        }
    }

    /// True when a variable declared as `out T x` has the parameter's type.
    fn out_fits(&mut self, syntax: &TypeSyntax, to: &Type) -> bool {
        if matches!(syntax.kind, TypeSyntaxKind::Inferred) || super::lambdas::has_parameter(to) {
            return true;
        }
        let mistakes = self.mistakes.len();
        let written = self.resolve_type(syntax);
        let known = self.mistakes.len() == mistakes;
        self.mistakes.truncate(mistakes);
        !known || written == *to
    }

    fn waits(&mut self, value: &Expression) -> bool {
        match &value.kind {
            ExpressionKind::Lambda { .. }
            | ExpressionKind::AnonymousMethod(_)
            | ExpressionKind::Default(None) => true,
            _ => self.is_method_group(value),
        }
    }

    /// Runs a delegate.
    pub(super) fn invoke(&mut self, delegate: Typed, arguments: &[Argument], place: Place) -> Typed {
        if delegate.ty == Type::Error {
            self.given(arguments);
            return delegate;
        }
        let Some((types, result)) = delegate_signature(&delegate.ty) else {
            self.given(arguments);
            let message = format!("a value of type `{}` cannot be called like a method", shown(&delegate.ty));
            self.report("wrong-arguments", delegate.place, message, Some("leave out the `(…)`".to_owned()));
            return self.error(place);
        };
        if types.len() != arguments.len() {
            self.given(arguments);
            let message = format!(
                "the delegate `{}` takes {}, not {}",
                shown(&delegate.ty),
                counted(types.len(), "argument"),
                arguments.len()
            );
            return self.wrong("wrong-arguments", delegate.place, message);
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
