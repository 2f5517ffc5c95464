//! Lambdas and method groups.

use std::sync::Arc;

use super::conversions::shown;
use super::mismatches::counted;
use super::{Binder, Scope, Typed};
use crate::ast::{Expression, ExpressionKind, LambdaBody, LambdaParameter, Name, Place, TypeSyntaxKind};
use crate::program::{Body, Function, Node};
use crate::types::Type;

/// Bodies bound while types are inferred, at most.
const MAXIMUM_TRIES: usize = 3000;

/// A body that was bound to learn its type.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Tried {
    address: usize,
    place: (u32, u32),
    types: Vec<Type>,
    has_result: bool,
    around: Vec<Type>,
}

pub(super) fn has_parameter(ty: &Type) -> bool {
    matches!(ty, Type::Parameter(_)) || ty.arguments().iter().any(has_parameter)
}

/// True for a body that may stand where no value is wanted.
fn is_statement(body: &LambdaBody) -> bool {
    match body {
        LambdaBody::Block(_) => true,
        LambdaBody::Expression(value) => matches!(
            value.kind,
            ExpressionKind::Assign { .. }
                | ExpressionKind::Call { .. }
                | ExpressionKind::Increment { .. }
                | ExpressionKind::New { .. }
                | ExpressionKind::ConditionalAccess { .. }
                | ExpressionKind::Throw(_)
                | ExpressionKind::Error
        ),
    }
}

/// Parameters and result of a delegate type.
pub(crate) fn delegate_signature(ty: &Type) -> Option<(Vec<Type>, Type)> {
    match ty {
        Type::Generic("System.Func", arguments) => {
            let (result, parameters) = arguments.split_last()?;
            Some((parameters.to_vec(), result.clone()))
        }
        Type::Generic("System.Action", arguments) => Some((arguments.to_vec(), Type::Void)),
        Type::Named("System.Action") => Some((Vec::new(), Type::Void)),
        Type::Generic("System.Predicate", arguments) => Some((arguments.to_vec(), Type::Boolean)),
        Type::Generic("System.Comparison", arguments) => {
            let element = arguments.first()?;
            Some((vec![element.clone(), element.clone()], Type::Int32))
        }
        Type::Generic("System.Converter", arguments) => match &**arguments {
            [from, to] => Some((vec![from.clone()], to.clone())),
            _ => None,
        },
        Type::Named("System.Text.RegularExpressions.MatchEvaluator") => {
            Some((vec![Type::Named("System.Text.RegularExpressions.Match")], Type::String))
        }
        _ => None,
    }
}

impl Binder {
    /// A lambda whose delegate type is known.
    pub(super) fn lambda_as(
        &mut self,
        names: &[LambdaParameter],
        body: &LambdaBody,
        to: &Type,
        place: Place,
    ) -> Typed {
        if *to == Type::Error {
            return self.error(place);
        }
        let Some((parameters, result)) = delegate_signature(to) else {
            let message = format!("a lambda is no `{}`: it needs a delegate type", shown(to));
            let help = "delegate types are `Func<…>` and `Action<…>`".to_owned();
            self.report("no-conversion", place, message, Some(help));
            return self.error(place);
        };
        if parameters.len() != names.len() {
            let message = format!(
                "the delegate `{}` takes {}, not {}",
                shown(to),
                counted(parameters.len(), "argument"),
                names.len()
            );
            return self.wrong("no-conversion", place, message);
        }
        if let Some((at, written)) = self.differing_parameter(names, &parameters) {
            let parameter = names.get(at).map_or(place, |parameter| parameter.ty.place);
            let wanted = parameters.get(at).map_or_else(String::new, shown);
            let message = format!(
                "the parameter has the type `{}`, but the delegate `{}` gives it `{wanted}`",
                shown(&written),
                shown(to)
            );
            return self.wrong("no-conversion", parameter, message);
        }
        if result == Type::Void && !is_statement(body) {
            let message = format!("a lambda for `{}` must do something: call, assign or `new`", shown(to));
            return self.wrong("no-conversion", place, message);
        }
        for parameter in names.iter().filter(|parameter| !parameter.name.contains(' ')) {
            self.check_visible_name(&parameter.name, parameter.ty.place);
        }
        let named: Vec<(Name, Type)> =
            names.iter().zip(parameters).map(|(parameter, ty)| (Arc::clone(&parameter.name), ty)).collect();
        let (index, _) = self.function(&named, body, Some(result), to.clone(), place);
        Typed { node: Node::Lambda(index), ty: to.clone(), place }
    }

    /// A parameter whose written type is not the delegate's.
    fn differing_parameter(&mut self, names: &[LambdaParameter], types: &[Type]) -> Option<(usize, Type)> {
        for (at, (parameter, ty)) in names.iter().zip(types).enumerate() {
            if matches!(parameter.ty.kind, TypeSyntaxKind::Inferred) {
                continue;
            }
            let written = self.resolve_type(&parameter.ty);
            if written != *ty && written != Type::Error {
                return Some((at, written));
            }
        }
        None
    }

    /// A lambda without a target has no type.
    pub(super) fn untyped_lambda(&mut self, place: Place) -> Typed {
        let message = "a lambda has no type of its own: its type is not known here";
        let help =
            "assign it to a variable with a delegate type first, as in `Func<int, int> f = …`".to_owned();
        self.report("no-conversion", place, message, Some(help));
        self.error(place)
    }

    /// True when a lambda, a method group or `default` can become a delegate of this type.
    pub(super) fn waiting_fits(&mut self, expression: &Expression, to: &Type) -> bool {
        if let ExpressionKind::Default(None) = &expression.kind {
            return true;
        }
        let Some((types, result)) = delegate_signature(to) else { return false };
        match &expression.kind {
            ExpressionKind::Lambda { parameters, body } => {
                if parameters.len() != types.len() || (result == Type::Void && !is_statement(body)) {
                    return false;
                }
                let mistakes = self.mistakes.len();
                let differs = self.differing_parameter(parameters, &types).is_some();
                self.mistakes.truncate(mistakes);
                let open = has_parameter(&result) || types.iter().any(has_parameter);
                !differs
                    && (open
                        || self.try_body(parameters, body, &types, Some(&result), expression.place).is_some())
            }
            ExpressionKind::AnonymousMethod(_) => true,
            _ => self.group_fits(expression, &types, &result),
        }
    }

    /// The type a lambda's body gives for these parameters; none when it does not bind.
    pub(super) fn try_lambda(
        &mut self,
        names: &[LambdaParameter],
        body: &LambdaBody,
        types: &[Type],
        place: Place,
    ) -> Option<Type> {
        self.try_body(names, body, types, None, place)
    }

    fn try_body(
        &mut self,
        names: &[LambdaParameter],
        body: &LambdaBody,
        types: &[Type],
        result: Option<&Type>,
        place: Place,
    ) -> Option<Type> {
        let key = self.tried(std::ptr::from_ref(body) as usize, place, types, result);
        if let Some(known) = self.tries.get(&key) {
            return known.clone();
        }
        let found = if self.tries.len() < MAXIMUM_TRIES {
            self.attempted(|binder| binder.lambda_result(names, body, types, result))
        } else {
            None
        };
        self.tries.insert(key, found.clone());
        found
    }

    /// What a try depends on: the text, the types it is tried with, and the types around it.
    pub(super) fn tried(&self, address: usize, place: Place, types: &[Type], result: Option<&Type>) -> Tried {
        let around = self.around_types.iter().chain(self.type_names.iter().map(|(_, ty)| ty));
        Tried {
            address,
            place: (place.start, place.end),
            types: types.iter().chain(result).cloned().collect(),
            has_result: result.is_some(),
            around: around.cloned().collect(),
        }
    }

    /// Runs `bind` and takes back everything it left; none when it reported a mistake.
    pub(super) fn attempted<T>(&mut self, bind: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let (mistakes, functions) = (self.mistakes.len(), self.functions.len());
        let (visible, flow) = (self.symbols.len(), self.flow.state());
        let out = bind(self);
        let failed = self.mistakes.len() > mistakes;
        self.mistakes.truncate(mistakes);
        self.forget_functions(functions);
        self.symbols.truncate(visible);
        self.flow.set(flow);
        (!failed).then_some(out)
    }

    /// Binds a body and gives the type of its result.
    pub(super) fn lambda_result(
        &mut self,
        names: &[LambdaParameter],
        body: &LambdaBody,
        types: &[Type],
        result: Option<&Type>,
    ) -> Type {
        let named: Vec<(Name, Type)> = names
            .iter()
            .zip(types)
            .map(|(parameter, ty)| (Arc::clone(&parameter.name), ty.clone()))
            .collect();
        self.function(&named, body, result.cloned(), Type::Object, Place::default()).1
    }

    /// Reports the mistakes in a lambda's body.
    pub(super) fn report_lambda(&mut self, names: &[LambdaParameter], body: &LambdaBody, types: &[Type]) {
        self.lambda_result(names, body, types, None);
    }

    /// Binds a body as a function; gives its index and the type of its result.
    fn function(
        &mut self,
        parameters: &[(Name, Type)],
        body: &LambdaBody,
        result: Option<Type>,
        ty: Type,
        place: Place,
    ) -> (u32, Type) {
        let index = self.functions.len();
        self.functions.push(None);
        let (function, given) = self.function_body(parameters, body, result, ty, false, place);
        if let Some(slot) = self.functions.get_mut(index) {
            *slot = Some(function);
        }
        (u32::try_from(index).unwrap_or(u32::MAX), given)
    }

    pub(super) fn function_body(
        &mut self,
        parameters: &[(Name, Type)],
        body: &LambdaBody,
        result: Option<Type>,
        ty: Type,
        is_local: bool,
        place: Place,
    ) -> (Function, Type) {
        let level = self.scopes.len();
        self.scopes.push(Scope { result: result.clone(), returns: Vec::new(), slots: 0, maximum_slots: 0 });
        let (body, given) = self.in_function(is_local, |binder| {
            binder.in_block(|binder| binder.inner_body(parameters, body, result, place))
        });
        let slots = self.scopes.pop().map_or(0, |scope| scope.maximum_slots);
        let function = Function { level, parameters: parameters.len(), slots: slots as usize, body, ty };
        (function, given)
    }

    /// The body of a function in its own scope, and the type it gives.
    fn inner_body(
        &mut self,
        parameters: &[(Name, Type)],
        body: &LambdaBody,
        result: Option<Type>,
        place: Place,
    ) -> (Body, Type) {
        let around = self.around_types.len();
        for (at, (name, ty)) in parameters.iter().enumerate() {
            if parameters.iter().take(at).any(|(known, _)| known == name && &**name != "_") {
                self.mistake("duplicate-name", place, format!("two parameters have the name `{name}`"));
            }
            self.declare_parameter(name, ty.clone());
            self.around_types.push(ty.clone());
        }
        let bound = self.body(body, result, place);
        self.around_types.truncate(around);
        bound
    }

    fn body(&mut self, body: &LambdaBody, result: Option<Type>, place: Place) -> (Body, Type) {
        match body {
            LambdaBody::Expression(value) => match &result {
                Some(Type::Void) => (Body::Expression(self.expression(value).node), Type::Void),
                Some(result) => (Body::Expression(self.expression_as(value, result).node), result.clone()),
                None => {
                    let value = self.expression(value);
                    (Body::Expression(value.node), value.ty)
                }
            },
            LambdaBody::Block(statements) => {
                let (steps, completes) = self.block_statements(statements);
                let returns = self.scopes.last().map(|scope| scope.returns.clone()).unwrap_or_default();
                let given = match &result {
                    Some(result) => result.clone(),
                    None if returns.is_empty() => Type::Void,
                    None => self.best_common_type(&returns).unwrap_or_else(|| {
                        let place = statements.last().map_or(place, |last| last.place);
                        let message = "the values that the lambda returns have no common type";
                        let help = "cast them to one type, as in `return (object)…;`".to_owned();
                        self.report("no-conversion", place, message, Some(help));
                        Type::Error
                    }),
                };
                if completes && given != Type::Void {
                    self.missing_return(place);
                }
                (Body::Block(steps), given)
            }
        }
    }
}
