//! Declarations of local variables and constants.

use std::sync::Arc;

use super::conversions::shown;
use super::{Binder, Symbol, Typed, Visible};
use crate::ast::{Expression, ExpressionKind, Name, Place, TypeSyntax, TypeSyntaxKind};
use crate::program::{Node, Step};
use crate::types::Type;

/// A declared name, its place and its first value.
type Declarator = (Name, Place, Option<Expression>);

impl Binder {
    pub(super) fn local(&mut self, ty: &TypeSyntax, is_const: bool, variables: &[Declarator]) -> Step {
        let inferred = matches!(ty.kind, TypeSyntaxKind::Inferred);
        if inferred && is_const {
            let message = "a constant cannot be declared with `var`";
            let help = "write its type, as in `const int …` or `const string …`".to_owned();
            self.report("expression-syntax", ty.place, message, Some(help));
        } else if inferred && let Some((_, second, _)) = variables.get(1) {
            let message = "`var` declares one variable only";
            self.report("expression-syntax", *second, message, Some("write a statement for each".to_owned()));
        }
        let declared = if inferred { None } else { Some(self.resolve_type(ty)) };
        if declared == Some(Type::Void) {
            self.mistake("no-conversion", ty.place, "a variable cannot have the type `void`");
        }
        let mut steps = Vec::new();
        for declarator in variables {
            if is_const {
                self.constant(declared.as_ref(), declarator);
            } else {
                steps.push(self.variable(declared.as_ref(), declarator));
            }
            self.upcoming.retain(|name| *name != declarator.0);
        }
        Step::Block(steps)
    }

    fn variable(&mut self, declared: Option<&Type>, (name, place, value): &Declarator) -> Step {
        let typed = match (declared, value) {
            (Some(ty), Some(value)) => self.expression_as(value, ty),
            (Some(ty), None) => {
                Typed { node: Node::Constant(ty.default_value()), ty: ty.clone(), place: *place }
            }
            (None, Some(value)) => self.inferred_value(name, value),
            (None, None) => {
                let message = format!("`var {name}` has no value that its type could be read from");
                let help = format!("give it one, or write its type, as in `string {name};`");
                self.report("expression-syntax", *place, message, Some(help));
                self.error(*place)
            }
        };
        let ty = declared.cloned().unwrap_or_else(|| typed.ty.clone());
        let slot = self.declare(name, ty, *place);
        if value.is_none() && declared.is_some() {
            self.flow.declare_unassigned(slot);
        }
        Step::Declare(slot, typed.node)
    }

    /// The value of `var name = …`, which must have a type of its own.
    fn inferred_value(&mut self, name: &Name, value: &Expression) -> Typed {
        let refused = match &value.kind {
            ExpressionKind::Lambda { .. } => Some("a lambda"),
            ExpressionKind::Default(None) => Some("`default`"),
            _ if self.is_method_group(value) => Some("a method group"),
            _ => None,
        };
        if let Some(what) = refused {
            let message = format!("cannot assign {what} to `var {name}`: it has no type of its own");
            let help = match &value.kind {
                ExpressionKind::Lambda { .. } => {
                    format!("write the type, as in `Func<int, int> {name} = …`")
                }
                ExpressionKind::Default(_) => "write `default(…)` with the type".to_owned(),
                _ => "call it with `(…)`, or write the delegate's type, as in `Func<string, int>`".to_owned(),
            };
            self.report("no-conversion", value.place, message, Some(help));
            return self.error(value.place);
        }
        let typed = self.expression(value);
        let nothing = match typed.ty {
            Type::Null => "`null`",
            Type::Void => "the result of a call that gives no value",
            _ => return typed,
        };
        let message = format!("cannot assign {nothing} to `var {name}`: it has no type");
        let help = (typed.ty == Type::Null).then(|| format!("write the type, as in `string {name} = null;`"));
        self.report("no-conversion", value.place, message, help);
        self.error(value.place)
    }

    fn constant(&mut self, declared: Option<&Type>, (name, place, value): &Declarator) {
        self.check_new_name(name, *place);
        let Some(value) = value else {
            self.mistake("expression-syntax", *place, format!("the constant `{name}` needs a value"));
            self.declare(name, Type::Error, *place);
            return;
        };
        let typed = match declared {
            Some(ty) => self.expression_as(value, ty),
            None => self.value(value),
        };
        let ty = declared.cloned().unwrap_or_else(|| typed.ty.clone());
        let allowed = typed.ty == Type::Error || self.is_constant(&typed);
        let node = if allowed {
            typed.node
        } else {
            let is_object = !self.is_value_type(&ty) && ty != Type::String;
            let message = if is_object {
                format!("a constant of type `{}` can only be `null`", shown(&ty))
            } else {
                format!("the value of the constant `{name}` must be a constant")
            };
            let help = "declare a variable instead: leave `const` out".to_owned();
            self.report("not-constant", value.place, message, Some(help));
            Node::Constant(ty.default_value())
        };
        let constant = match node {
            Node::Constant(constant) => constant,
            _ => ty.default_value(),
        };
        let what = Visible::Constant(constant, ty);
        self.symbols.push(Symbol { name: Arc::clone(name), what, read_only: None });
    }
}
