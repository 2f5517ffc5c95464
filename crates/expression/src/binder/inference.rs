//! The type arguments of a generic method that are not written.
//!
//! As the C# specification has it: values bound their types first; then the body of a lambda whose parameters are
//! known bounds the type that it gives, and so on until every type parameter is fixed.

use std::collections::HashMap;

use super::Binder;
use super::arguments::{Given, What};
use super::conversions::{Conversion, is_reference};
use super::lambdas::delegate_signature;
use super::variance::{Variance, variance};
use crate::ast::{ExpressionKind, TypeSyntaxKind};
use crate::dotnet::registry;
use crate::types::Type;

/// Types that a type parameter must be, must be wider than, or must be narrower than.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    Exact,
    Lower,
    Upper,
}

impl Bound {
    /// Inside a parameter of a delegate, the direction turns.
    fn turned(self) -> Self {
        match self {
            Bound::Exact => Bound::Exact,
            Bound::Lower => Bound::Upper,
            Bound::Upper => Bound::Lower,
        }
    }
}

/// What is known of the type parameters.
#[derive(Default)]
struct Inference {
    fixed: HashMap<&'static str, Type>,
    bounds: HashMap<&'static str, Vec<(Bound, Type)>>,
}

impl Inference {
    fn known(&self, ty: &Type) -> Type {
        ty.substitute(&|name| self.fixed.get(name).cloned())
    }

    /// The unfixed type parameters inside a type.
    fn unfixed(&self, ty: &Type, out: &mut Vec<&'static str>) {
        match ty {
            Type::Parameter(name) if !self.fixed.contains_key(name) => out.push(name),
            _ => ty.arguments().iter().for_each(|inner| self.unfixed(inner, out)),
        }
    }

    fn is_known(&self, types: &[Type]) -> bool {
        let mut unfixed = Vec::new();
        types.iter().for_each(|ty| self.unfixed(ty, &mut unfixed));
        unfixed.is_empty()
    }
}

impl Binder {
    /// The type arguments; none when they do not follow from the arguments.
    pub(super) fn infer(
        &mut self,
        names: &[&'static str],
        formal: &[Type],
        given: &[Given<'_>],
    ) -> Option<Vec<Type>> {
        let mut inference = Inference::default();
        for (ty, argument) in formal.iter().zip(given) {
            match &argument.what {
                What::Value(value) => self.bound(&mut inference, ty, &value.ty, Bound::Lower),
                What::Waiting(expression) => {
                    if let (ExpressionKind::Lambda { parameters, .. }, Some((formals, _))) =
                        (&expression.kind, delegate_signature(ty))
                    {
                        for (formal, parameter) in formals.iter().zip(parameters) {
                            if !matches!(parameter.ty.kind, TypeSyntaxKind::Inferred) {
                                let written = self.resolve_type(&parameter.ty);
                                self.bound(&mut inference, formal, &written, Bound::Exact);
                            }
                        }
                    }
                }
                other => {
                    if let Some(written) = other.variable_type() {
                        self.bound(&mut inference, ty, written, Bound::Exact);
                    }
                }
            }
        }
        // Each turn fixes one type parameter at least.
        for _ in names {
            if !self.fix_next(&mut inference, names, formal, given) {
                break;
            }
            self.bound_by_results(&mut inference, formal, given);
        }
        self.bound_by_results(&mut inference, formal, given);
        while self.fix_next(&mut inference, names, formal, given) {}
        names.iter().map(|name| inference.fixed.get(name).cloned()).collect()
    }

    /// Fixes what depends on nothing that is not fixed; else what something depends on. False when nothing was.
    fn fix_next(
        &self,
        inference: &mut Inference,
        names: &[&'static str],
        formal: &[Type],
        given: &[Given<'_>],
    ) -> bool {
        let bounded = |name: &&&'static str| {
            !inference.fixed.contains_key(**name) && inference.bounds.contains_key(**name)
        };
        let ready: Vec<&'static str> = names.iter().filter(bounded).copied().collect();
        let depends = |name: &'static str| depends_on_unfixed(inference, name, formal, given);
        let independent: Vec<&'static str> = ready.iter().copied().filter(|name| !depends(name)).collect();
        let chosen = if independent.is_empty() { ready } else { independent };
        let mut any = false;
        for name in chosen {
            let bounds = inference.bounds.remove(name).unwrap_or_default();
            if let Some(ty) = self.fixed_type(&bounds) {
                inference.fixed.insert(name, ty);
                any = true;
            }
        }
        any
    }

    /// The one type among the bounds that satisfies all of them, the most specific of those.
    fn fixed_type(&self, bounds: &[(Bound, Type)]) -> Option<Type> {
        let converts = |from: &Type, to: &Type| {
            from == to
                || matches!(self.implicit(from, to), Some(Conversion::Identity | Conversion::Number(_)))
        };
        let satisfies = |candidate: &Type| {
            bounds.iter().all(|(bound, ty)| match bound {
                Bound::Exact => ty == candidate,
                Bound::Lower => converts(ty, candidate),
                Bound::Upper => converts(candidate, ty),
            })
        };
        let mut candidates: Vec<&Type> = Vec::new();
        for (_, ty) in bounds {
            if satisfies(ty) && !candidates.contains(&ty) {
                candidates.push(ty);
            }
        }
        let best = candidates.iter().find(|from| candidates.iter().all(|to| converts(from, to)));
        best.map(|ty| (**ty).clone())
    }

    /// Bounds from the results of lambdas and method groups whose parameters are known.
    fn bound_by_results(&mut self, inference: &mut Inference, formal: &[Type], given: &[Given<'_>]) {
        for (ty, argument) in formal.iter().zip(given) {
            let What::Waiting(expression) = &argument.what else { continue };
            let Some((parameters, result)) = delegate_signature(ty) else { continue };
            let mut unfixed = Vec::new();
            inference.unfixed(&result, &mut unfixed);
            if unfixed.is_empty() || !inference.is_known(&parameters) {
                continue;
            }
            let known: Vec<Type> = parameters.iter().map(|ty| inference.known(ty)).collect();
            let given = match &expression.kind {
                ExpressionKind::Lambda { parameters, body } if parameters.len() == known.len() => {
                    self.try_lambda(parameters, body, &known, expression.place)
                }
                ExpressionKind::Lambda { .. } | ExpressionKind::Default(None) => None,
                _ => self.group_result(expression, &known),
            };
            if let Some(given) = given {
                self.bound(inference, &result, &given, Bound::Lower);
            }
        }
    }

    /// Bounds the type parameters of `formal` so that `actual` fits.
    fn bound(&self, inference: &mut Inference, formal: &Type, actual: &Type, bound: Bound) {
        if matches!(actual, Type::Null | Type::Error | Type::Void) {
            return;
        }
        match formal {
            Type::Parameter(name) => {
                if inference.fixed.contains_key(name) {
                    return;
                }
                let bounds = inference.bounds.entry(name).or_default();
                if !bounds.iter().any(|(known, ty)| *known == bound && ty == actual) {
                    bounds.push((bound, actual.clone()));
                }
            }
            Type::Array(inner) => {
                if let Type::Array(element) = actual {
                    self.bound(
                        inference,
                        inner,
                        element,
                        if is_reference(element) { bound } else { Bound::Exact },
                    );
                }
            }
            Type::Nullable(inner) => self.bound(inference, inner, actual.without_nullable(), Bound::Exact),
            Type::Generic(name, formals) => {
                let Some(actuals) = self.as_instance_of(actual, name, 0) else { return };
                for (at, (formal, actual)) in formals.iter().zip(&actuals).enumerate() {
                    let inner = match variance(name, at, formals.len()) {
                        _ if !is_reference(actual) => Bound::Exact,
                        Variance::Out => bound,
                        Variance::In => bound.turned(),
                        Variance::None => Bound::Exact,
                    };
                    self.bound(inference, formal, actual, inner);
                }
            }
            _ => {}
        }
    }

    /// The type parameters of `formal` for a value of type `actual` alone.
    pub(super) fn bindings_of(&self, formal: &Type, actual: &Type) -> HashMap<&'static str, Type> {
        let mut inference = Inference::default();
        self.bound(&mut inference, formal, actual, Bound::Lower);
        let first = |bounds: Vec<(Bound, Type)>| bounds.into_iter().next().map(|(_, ty)| ty);
        inference.bounds.into_iter().filter_map(|(name, bounds)| Some((name, first(bounds)?))).collect()
    }

    /// The arguments with which a type is an instance of a generic declaration.
    fn as_instance_of(&self, ty: &Type, name: &str, depth: u32) -> Option<Vec<Type>> {
        match ty {
            Type::Generic(own, arguments) if *own == name => Some(arguments.to_vec()),
            Type::Array(element) => {
                let declared = registry().by_full_name(name)?.source.full_name;
                let instance = Type::generic(declared, [(**element).clone()]);
                super::is_subtype(ty, &instance).then(|| vec![(**element).clone()])
            }
            _ if depth > 8 => None,
            _ => {
                registry().parents(ty).iter().find_map(|parent| self.as_instance_of(parent, name, depth + 1))
            }
        }
    }
}

/// True when a lambda's result, which bounds `name`, waits for a parameter type that is not fixed.
fn depends_on_unfixed(
    inference: &Inference,
    name: &'static str,
    formal: &[Type],
    given: &[Given<'_>],
) -> bool {
    formal.iter().zip(given).any(|(ty, argument)| {
        let What::Waiting(_) = &argument.what else { return false };
        let Some((parameters, result)) = delegate_signature(ty) else { return false };
        let mut outputs = Vec::new();
        inference.unfixed(&result, &mut outputs);
        let mut inputs = Vec::new();
        parameters.iter().for_each(|ty| inference.unfixed(ty, &mut inputs));
        inputs.retain(|input| *input != name);
        outputs.contains(&name) && !inputs.is_empty()
    })
}
