//! Lambdas, method groups and local functions.

use std::sync::Arc;

use super::{Binder, FunctionParameter, Scope, Symbol, Typed, Visible};
use crate::ast::{
    Expression, ExpressionKind, LambdaBody, LambdaParameter, Name, Place, TypeSyntax, TypeSyntaxKind,
};
use crate::dotnet::registry;
use crate::dotnet::registry::MemberKind;
use crate::program::{Body, Function, Node, Step};
use crate::types::Type;

/// Bodies bound while types are inferred, at most.
const MAXIMUM_TRIES: u32 = 3000;

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
            let message = format!("a lambda does not convert to `{}`", super::conversions::shown(to));
            return self.wrong("no-conversion", place, message);
        };
        if parameters.len() != names.len() {
            return self.wrong(
                "no-conversion",
                place,
                format!("the lambda must have {} parameters", parameters.len()),
            );
        }
        let named: Vec<(Name, Type)> =
            names.iter().zip(parameters).map(|(parameter, ty)| (Arc::clone(&parameter.name), ty)).collect();
        let (index, _) = self.function(&named, body, Some(result), to.clone(), place);
        Typed { node: Node::Lambda(index), ty: to.clone(), place }
    }

    /// A lambda without a target: its parameters must say their types.
    pub(super) fn untyped_lambda(
        &mut self,
        names: &[LambdaParameter],
        body: &LambdaBody,
        place: Place,
    ) -> Typed {
        if names.iter().any(|parameter| matches!(parameter.ty.kind, TypeSyntaxKind::Inferred)) {
            let message = "the type of the lambda is not known here";
            return self.wrong("no-conversion", place, message);
        }
        let types: Vec<Type> = names.iter().map(|parameter| self.resolve_type(&parameter.ty)).collect();
        let result = self.try_lambda(names, body, &types).unwrap_or(Type::Void);
        let ty = if result == Type::Void {
            Type::generic("System.Action", types)
        } else {
            Type::generic("System.Func", types.into_iter().chain([result]))
        };
        self.lambda_as(names, body, &ty, place)
    }

    /// The type a lambda's body gives for these parameters; none when it does not bind.
    pub(super) fn try_lambda(
        &mut self,
        names: &[LambdaParameter],
        body: &LambdaBody,
        types: &[Type],
    ) -> Option<Type> {
        self.tries += 1;
        if self.tries > MAXIMUM_TRIES {
            return None;
        }
        let named: Vec<(Name, Type)> = names
            .iter()
            .zip(types)
            .map(|(parameter, ty)| (Arc::clone(&parameter.name), ty.clone()))
            .collect();
        let (mistakes, functions) = (self.mistakes.len(), self.functions.len());
        let (_, result) = self.function(&named, body, None, Type::Object, Place::default());
        let failed = self.mistakes.len() > mistakes;
        self.mistakes.truncate(mistakes);
        self.functions.truncate(functions);
        (!failed).then_some(result)
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
        let (function, given) = self.function_body(parameters, body, result, ty, place);
        if let Some(slot) = self.functions.get_mut(index) {
            *slot = Some(function);
        }
        (u32::try_from(index).unwrap_or(u32::MAX), given)
    }

    fn function_body(
        &mut self,
        parameters: &[(Name, Type)],
        body: &LambdaBody,
        result: Option<Type>,
        ty: Type,
        place: Place,
    ) -> (Function, Type) {
        let captured = self.scopes.last().map_or(0, |scope| scope.slots);
        self.scopes.push(Scope {
            result: result.clone(),
            returns: Vec::new(),
            slots: captured,
            maximum_slots: captured,
        });
        let outer = (std::mem::take(&mut self.breakable), std::mem::take(&mut self.loops));
        let visible = self.symbols.len();
        for (name, ty) in parameters {
            self.declare(name, ty.clone(), place);
        }
        let (body, given) = match body {
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
                    None => self.common_type(&returns),
                };
                if completes && given != Type::Void {
                    let place = statements.last().map_or(place, |last| last.place);
                    self.mistake("missing-return", place, "not all paths of the function return a value");
                }
                (Body::Block(steps), given)
            }
        };
        self.symbols.truncate(visible);
        (self.breakable, self.loops) = outer;
        let slots = self.scopes.pop().map_or(captured, |scope| scope.maximum_slots);
        let function = Function {
            captured: captured as usize,
            parameters: parameters.len(),
            slots: slots as usize,
            body,
            ty,
        };
        (function, given)
    }

    /// Makes a local function's name visible; its body is bound by [`Binder::define_function`].
    pub(super) fn announce_function(
        &mut self,
        result: &TypeSyntax,
        name: &Name,
        parameters: &[LambdaParameter],
    ) {
        let index = u32::try_from(self.functions.len()).unwrap_or(u32::MAX);
        self.functions.push(None);
        let result = self.resolve_type(result);
        let mut known = Vec::new();
        for parameter in parameters {
            let ty = self.resolve_type(&parameter.ty);
            let default = parameter.default.as_ref().map(|value| self.expression_as(value, &ty));
            let default = default.and_then(|value| match value.node {
                Node::Constant(value) => Some(value),
                _ => None,
            });
            known.push(FunctionParameter { name: Arc::clone(&parameter.name), ty, default });
        }
        let what = Visible::Function { index, parameters: known.into(), result };
        self.symbols.push(Symbol { name: Arc::clone(name), what });
    }

    /// Binds the body of a local function that was announced.
    pub(super) fn define_function(&mut self, name: &Name, body: &LambdaBody, place: Place) -> Step {
        if let Some(Visible::Function { index, parameters, result }) = self.lookup(name).cloned() {
            let named: Vec<(Name, Type)> = parameters
                .iter()
                .map(|parameter| (Arc::clone(&parameter.name), parameter.ty.clone()))
                .collect();
            let types = named.iter().map(|(_, ty)| ty.clone());
            let ty = if result == Type::Void {
                Type::generic("System.Action", types)
            } else {
                Type::generic("System.Func", types.chain([result.clone()]))
            };
            let (function, _) = self.function_body(&named, body, Some(result), ty, place);
            if let Some(slot) = self.functions.get_mut(index as usize) {
                *slot = Some(function);
            }
        }
        Step::Block(Vec::new())
    }

    /// True for `int.Parse`, `f` and the like without a call.
    pub(super) fn is_method_group(&self, expression: &Expression) -> bool {
        match &expression.kind {
            ExpressionKind::Name(name, _) => matches!(self.lookup(name), Some(Visible::Function { .. })),
            ExpressionKind::Member { target, name, .. } => {
                let path = match &target.kind {
                    ExpressionKind::Name(first, _) if self.lookup(first).is_none() => Some(first.to_string()),
                    ExpressionKind::TypeName(ty) => match &ty.kind {
                        TypeSyntaxKind::Name(name, _) => Some(name.to_string()),
                        _ => None,
                    },
                    _ => None,
                };
                let keyword = path.as_deref().and_then(|path| {
                    crate::types::KEYWORDS.iter().find(|(keyword, _)| *keyword == path).map(|(_, ty)| ty)
                });
                let declared = match keyword {
                    Some(ty) => registry().of(ty),
                    None => path.as_deref().and_then(|path| registry().by_name(path)),
                };
                declared.is_some_and(|declared| {
                    declared.named(name).any(|member| member.is_static && member.kind == MemberKind::Method)
                })
            }
            _ => false,
        }
    }

    /// A method group as a lambda that calls it.
    pub(super) fn method_group_as(&mut self, expression: &Expression, to: &Type) -> Option<Typed> {
        if !self.is_method_group(expression) {
            return None;
        }
        let (types, _) = delegate_signature(to)?;
        let (names, body) = group_lambda(expression, types.len());
        Some(self.lambda_as(&names, &body, to, expression.place))
    }

    /// What a method group gives for these parameters.
    pub(super) fn group_result(&mut self, expression: &Expression, types: &[Type]) -> Option<Type> {
        if !self.is_method_group(expression) || types.iter().any(|ty| matches!(ty, Type::Parameter(_))) {
            return None;
        }
        let (names, body) = group_lambda(expression, types.len());
        self.try_lambda(&names, &body, types)
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
        })
        .collect();
    let arguments = names
        .iter()
        .map(|name| crate::ast::Argument {
            name: None,
            mode: crate::ast::ArgumentMode::Value,
            value: Expression { kind: ExpressionKind::Name(Arc::clone(name), Vec::new()), place },
        })
        .collect();
    let call = ExpressionKind::Call { target: Box::new(expression.clone()), arguments };
    (parameters, LambdaBody::Expression(Box::new(Expression { kind: call, place })))
}
