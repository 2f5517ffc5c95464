//! Method groups: `int.Parse`, `list.Contains` or a local function where a delegate is wanted.
//!
//! A group becomes a lambda that calls it, so that its overloads are resolved like those of any call. What stands before
//! the dot is evaluated once, when the delegate is made.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use super::conversions::{Conversion, shown};
use super::lambdas::delegate_signature;
use super::{Binder, Symbol, Typed, Visible};
use crate::ast::{
    Argument, ArgumentMode, Expression, ExpressionKind, LambdaBody, LambdaParameter, Name, ParameterMode,
    TypeSyntax, TypeSyntaxKind,
};
use crate::dotnet::registry;
use crate::dotnet::registry::MemberKind;
use crate::program::{Node, Test};
use crate::types::Type;

/// Names that some type has a method of: the others need no closer look.
static METHOD_NAMES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let members = registry().types().iter().flat_map(|declared| &declared.members);
    members.filter(|member| is_method(member.kind)).map(|member| member.name).collect()
});

fn is_method(kind: MemberKind) -> bool {
    matches!(kind, MemberKind::Method | MemberKind::Extension)
}

impl Binder {
    /// True for a method that is named and not called.
    pub(super) fn is_method_group(&mut self, expression: &Expression) -> bool {
        match &expression.kind {
            ExpressionKind::Name(name, _) => matches!(self.lookup(name), Some(Visible::Function { .. })),
            ExpressionKind::Member { target, name, .. } if METHOD_NAMES.contains(&**name) => {
                if let Some((_, declared)) = self.as_type(target) {
                    return declared.named(name).any(|member| member.is_static && is_method(member.kind));
                }
                match self.receiver_type(target) {
                    Some(ty) => self.has_method(&ty, name),
                    None => false,
                }
            }
            _ => false,
        }
    }

    fn has_method(&self, ty: &Type, name: &str) -> bool {
        if super::names::has_own_property(ty, name) {
            return false;
        }
        let members = self.members(ty, name);
        if members.iter().any(|(member, _)| member.kind == MemberKind::Property && !member.is_static) {
            return false;
        }
        let is_own = members.iter().any(|(member, _)| member.kind == MemberKind::Method && !member.is_static);
        is_own || registry().extensions(name).next().is_some()
    }

    /// The type of what stands before a dot, without reports; remembered, as it is asked again and again.
    fn receiver_type(&mut self, target: &Expression) -> Option<Type> {
        let key = self.tried(target as *const Expression as usize, target.place, &[], None);
        if let Some(known) = self.tries.get(&key) {
            return known.clone();
        }
        let typed = self.attempted(|binder| binder.expression(target).ty);
        let found = typed.filter(|ty| !matches!(ty, Type::Error | Type::Void | Type::Null));
        self.tries.insert(key, found.clone());
        found
    }

    /// A method group as a delegate.
    pub(super) fn method_group_as(&mut self, expression: &Expression, to: &Type) -> Option<Typed> {
        if !self.is_method_group(expression) {
            return None;
        }
        let place = expression.place;
        let Some((types, result)) = delegate_signature(to) else {
            let message = format!("cannot convert a method group to `{}`", shown(to));
            let help = "call the method: `…()`".to_owned();
            self.report("no-conversion", place, message, Some(help));
            return Some(self.error(place));
        };
        if !self.group_fits(expression, &types, &result) {
            let message = format!("no overload of the method matches the delegate `{}`", shown(to));
            let help = "write a lambda that calls it, as in `x => …(x)`".to_owned();
            self.report("no-conversion", place, message, Some(help));
            return Some(self.error(place));
        }
        Some(self.with_receiver(expression, |binder, group| {
            let (names, body) = group_lambda(group, types.len());
            binder.lambda_as(&names, &body, to, place)
        }))
    }

    /// Binds what stands before the dot into a variable, and then the group of that variable.
    fn with_receiver(
        &mut self,
        expression: &Expression,
        bind: impl FnOnce(&mut Self, &Expression) -> Typed,
    ) -> Typed {
        let ExpressionKind::Member { target, name, name_place, arguments } = &expression.kind else {
            return bind(self, expression);
        };
        if self.as_type(target).is_some() {
            return bind(self, expression);
        }
        let receiver = self.value(target);
        let slot = self.new_slot();
        // The space keeps the name apart from those in source.
        let hidden: Name = Arc::from(format!("receiver {slot}"));
        let what = Visible::Variable { slot, ty: receiver.ty };
        let visible = self.symbols.len();
        self.symbols.push(Symbol { name: Arc::clone(&hidden), what, read_only: None });
        let kind = ExpressionKind::Name(hidden, Vec::new());
        let group = Expression {
            kind: ExpressionKind::Member {
                target: Box::new(Expression { kind, place: target.place }),
                name: Arc::clone(name),
                name_place: *name_place,
                arguments: arguments.clone(),
            },
            place: expression.place,
        };
        let delegate = bind(self, &group);
        self.symbols.truncate(visible);
        // A delegate that was made earlier keeps the receiver that it was made with.
        let keep = Node::Matches { value: Box::new(receiver.node), test: Box::new(Test::Any(slot)) };
        Typed { node: Node::Sequence(vec![keep, delegate.node]), ..delegate }
    }

    /// True when an overload takes the delegate's parameters and gives what it gives.
    pub(super) fn group_fits(&mut self, expression: &Expression, types: &[Type], result: &Type) -> bool {
        let Some(given) = self.group_result(expression, types) else { return false };
        match (&given, result) {
            (given, result) if given == result => true,
            (Type::Void, _) | (_, Type::Void) => false,
            // A delegate's result is never boxed or made another number.
            _ => {
                matches!(self.implicit(&given, result), Some(Conversion::Identity))
                    && !self.is_value_type(&given)
            }
        }
    }

    /// What a method group gives for these parameters; none when no overload takes them.
    pub(super) fn group_result(&mut self, expression: &Expression, types: &[Type]) -> Option<Type> {
        if types.iter().any(super::lambdas::has_parameter) {
            return None;
        }
        let key = self.tried(expression as *const Expression as usize, expression.place, types, None);
        if let Some(known) = self.tries.get(&key) {
            return known.clone();
        }
        let (names, body) = group_lambda(expression, types.len());
        let found = self.attempted(|binder| binder.lambda_result(&names, &body, types, None));
        self.tries.insert(key, found.clone());
        found
    }
}

/// `(p0, p1) => group(p0, p1)`.
fn group_lambda(expression: &Expression, count: usize) -> (Vec<LambdaParameter>, LambdaBody) {
    let place = expression.place;
    // The space keeps the names apart from those in source.
    let names: Vec<Name> = (0..count).map(|at| Arc::from(format!("argument {at}"))).collect();
    let parameters = names
        .iter()
        .map(|name| LambdaParameter {
            ty: TypeSyntax { kind: TypeSyntaxKind::Inferred, place },
            name: Arc::clone(name),
            default: None,
            mode: ParameterMode::Value,
        })
        .collect();
    let arguments = names
        .iter()
        .map(|name| Argument {
            name: None,
            mode: ArgumentMode::Value,
            value: Expression { kind: ExpressionKind::Name(Arc::clone(name), Vec::new()), place },
        })
        .collect();
    let call = ExpressionKind::Call { target: Box::new(expression.clone()), arguments };
    (parameters, LambdaBody::Expression(Box::new(Expression { kind: call, place })))
}
