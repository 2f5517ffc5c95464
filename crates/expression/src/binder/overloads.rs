//! Overload resolution and the inference of type arguments.

use std::collections::HashMap;

use super::arguments::{Given, What};
use super::conversions::{is_subtype, shown};
use super::lambdas::delegate_signature;
use super::{Binder, Typed};
use crate::ast::{ExpressionKind, Place};
use crate::dotnet::registry;
use crate::dotnet::registry::{Declared, Parameter};
use crate::lexer::Mistake;
use crate::program::{CallNode, Node};
use crate::types::Type;

/// A member and the type through which it was found.
pub(super) type Candidate = (&'static Declared, Type);

/// A candidate whose parameters take the arguments.
struct Applicable {
    member: &'static Declared,
    owner: Type,
    /// For each argument: its parameter and that one's type.
    parameters: Vec<(usize, Type)>,
    expanded: bool,
    inferred: Vec<Type>,
    result: Type,
}

impl Binder {
    pub(super) fn any_applicable(
        &mut self,
        candidates: &[Candidate],
        given: &[Given<'_>],
        types: &[Type],
    ) -> bool {
        candidates.iter().any(|candidate| self.applicable(candidate, given, types).is_some())
    }

    /// True when one of the extensions extends the receiver's type.
    pub(super) fn any_receiver(&self, extensions: &[Candidate], receiver: &Given<'_>) -> bool {
        let What::Value(value) = &receiver.what else { return false };
        extensions.iter().any(|(member, _)| {
            let Some(first) = member.parameters.first() else { return false };
            let mut bindings = HashMap::new();
            self.unify(&first.ty, &value.ty, &mut bindings);
            let ty = first.ty.substitute(&|name| Some(bindings.get(name).cloned().unwrap_or(Type::Object)));
            receiver.fits(self, &ty)
        })
    }

    /// Chooses the member and binds the arguments to it.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn resolve_call(
        &mut self,
        candidates: Vec<Candidate>,
        receiver: Option<Node>,
        owner: &Type,
        given: Vec<Given<'_>>,
        types: &[Type],
        name: &str,
        place: Place,
    ) -> Typed {
        if given.iter().any(|given| matches!(&given.what, What::Value(value) if value.ty == Type::Error)) {
            return self.error(place);
        }
        let mut found: Vec<Applicable> = Vec::new();
        for candidate in &candidates {
            found.extend(self.applicable(candidate, &given, types));
        }
        let Some(best) = self.best(found, &given) else {
            return self.no_overload(&candidates, owner, given, name, place);
        };
        self.finish_call(best, receiver, given, place)
    }

    fn finish_call(
        &mut self,
        best: Applicable,
        receiver: Option<Node>,
        given: Vec<Given<'_>>,
        place: Place,
    ) -> Typed {
        let declared = &best.member.parameters;
        let mut nodes: Vec<Option<Node>> = declared.iter().map(|_| None).collect();
        let mut rest = Vec::new();
        let mut outs = Vec::new();
        for (argument, (at, ty)) in given.into_iter().zip(&best.parameters) {
            let is_out = argument.is_out();
            let node = argument.bind(self, ty).node;
            if let (true, Node::Load(slot)) = (is_out, &node) {
                outs.push((*at, *slot));
            }
            if best.expanded && *at + 1 == declared.len() {
                rest.push(node);
            } else if let Some(slot) = nodes.get_mut(*at) {
                *slot = Some(node);
            }
        }
        let arguments = nodes
            .into_iter()
            .zip(declared)
            .enumerate()
            .map(|(at, (node, parameter))| {
                if best.expanded && at + 1 == declared.len() {
                    let ty = self.bound_type(&parameter.ty, &best);
                    let element = ty.arguments().first().cloned().unwrap_or(Type::Object);
                    return Node::ArrayItems { element, items: std::mem::take(&mut rest) };
                }
                node.unwrap_or_else(|| {
                    Self::default_node(parameter.default.as_ref(), &self.bound_type(&parameter.ty, &best))
                })
            })
            .collect();
        let type_arguments =
            if best.inferred.is_empty() { best.owner.arguments().to_vec() } else { best.inferred.clone() };
        let node = Node::Call(Box::new(CallNode {
            member: best.member,
            receiver: if best.member.is_static { None } else { receiver },
            arguments,
            type_arguments: type_arguments.into(),
            outs,
        }));
        Typed { node: crate::run::fold(node), ty: best.result, place }
    }

    fn bound_type(&self, ty: &Type, best: &Applicable) -> Type {
        let ty = self.in_owner(ty, &best.owner);
        let names = &best.member.type_parameters;
        ty.substitute(&|name| best.inferred.get(names.iter().position(|own| *own == name)?).cloned())
    }

    /// The ways in which a member takes the arguments: normal, else with `params` spread.
    fn applicable(
        &mut self,
        candidate: &Candidate,
        given: &[Given<'_>],
        types: &[Type],
    ) -> Option<Applicable> {
        self.applicable_form(candidate, given, types, false).or_else(|| {
            let spreads = candidate.0.parameters.last().is_some_and(|last| last.is_params);
            if spreads { self.applicable_form(candidate, given, types, true) } else { None }
        })
    }

    fn applicable_form(
        &mut self,
        (member, owner): &Candidate,
        given: &[Given<'_>],
        types: &[Type],
        expanded: bool,
    ) -> Option<Applicable> {
        if !types.is_empty() && types.len() != member.type_parameters.len() {
            return None;
        }
        let positions = positions(&member.parameters, given, expanded)?;
        let formal: Vec<Type> = positions
            .iter()
            .map(|at| {
                let parameter = member.parameters.get(*at);
                let ty = parameter.map_or(Type::Object, |parameter| self.in_owner(&parameter.ty, owner));
                if expanded && *at + 1 == member.parameters.len() {
                    ty.arguments().first().cloned().unwrap_or(Type::Object)
                } else {
                    ty
                }
            })
            .collect();
        for (at, argument) in positions.iter().zip(given) {
            if member.parameters.get(*at).is_some_and(|parameter| parameter.is_out) != argument.is_out() {
                return None;
            }
        }
        let mut bindings: HashMap<&'static str, Type> = HashMap::new();
        for (name, ty) in member.type_parameters.iter().zip(types) {
            bindings.insert(name, ty.clone());
        }
        if types.is_empty() && !member.type_parameters.is_empty() {
            self.infer(&formal, given, &mut bindings);
        }
        let inferred: Option<Vec<Type>> =
            member.type_parameters.iter().map(|name| bindings.get(name).cloned()).collect();
        let inferred = inferred?;
        let bind = |ty: &Type| ty.substitute(&|name| bindings.get(name).cloned());
        let bound: Vec<Type> = formal.iter().map(bind).collect();
        if !given.iter().zip(&bound).all(|(argument, ty)| argument.fits(self, ty)) {
            return None;
        }
        let result = bind(&self.in_owner(&member.return_type, owner));
        let parameters = positions.into_iter().zip(bound).collect();
        Some(Applicable { member, owner: owner.clone(), parameters, expanded, inferred, result })
    }

    /// Finds type arguments: from values first, then from what lambdas give.
    fn infer(&mut self, formal: &[Type], given: &[Given<'_>], bindings: &mut HashMap<&'static str, Type>) {
        for (ty, argument) in formal.iter().zip(given) {
            match &argument.what {
                What::Value(value) => self.unify(ty, &value.ty, bindings),
                What::Out(_, out) => self.unify(ty, out, bindings),
                _ => {}
            }
        }
        for (ty, argument) in formal.iter().zip(given) {
            let What::Waiting(expression) = &argument.what else { continue };
            let Some((parameters, result)) = delegate_signature(ty) else { continue };
            let known: Vec<Type> =
                parameters.iter().map(|ty| ty.substitute(&|name| bindings.get(name).cloned())).collect();
            if let ExpressionKind::Lambda { parameters: names, body } = &expression.kind {
                if names.len() != known.len() {
                    continue;
                }
                for (formal, name) in parameters.iter().zip(names) {
                    if !matches!(name.ty.kind, crate::ast::TypeSyntaxKind::Inferred) {
                        let written = self.resolve_type(&name.ty);
                        self.unify(formal, &written, bindings);
                    }
                }
                let known: Vec<Type> =
                    known.iter().map(|ty| ty.substitute(&|name| bindings.get(name).cloned())).collect();
                if known.iter().any(has_parameter) {
                    continue;
                }
                if let Some(given) = self.try_lambda(names, body, &known) {
                    self.unify(&result, &given, bindings);
                }
            } else if let Some(given) = self.group_result(expression, &known) {
                self.unify(&result, &given, bindings);
            }
        }
    }

    /// Binds type parameters of `formal` so that `actual` fits.
    pub(super) fn unify(&self, formal: &Type, actual: &Type, bindings: &mut HashMap<&'static str, Type>) {
        if matches!(actual, Type::Null | Type::Error | Type::Void) {
            return;
        }
        match formal {
            Type::Parameter(name) => {
                let wider = bindings.get(name).is_none_or(|bound| {
                    bound != actual
                        && self.implicit(bound, actual).is_some()
                        && self.implicit(actual, bound).is_none()
                });
                if wider {
                    bindings.insert(name, actual.clone());
                }
            }
            Type::Array(inner) => {
                if let Type::Array(element) = actual {
                    self.unify(inner, element, bindings);
                }
            }
            Type::Nullable(inner) => self.unify(inner, actual.without_nullable(), bindings),
            Type::Generic(name, formals) => {
                if let Some(actuals) = self.as_instance_of(actual, name, 0) {
                    for (formal, actual) in formals.iter().zip(&actuals) {
                        self.unify(formal, actual, bindings);
                    }
                }
            }
            _ => {}
        }
    }

    /// The arguments with which a type is an instance of a generic declaration.
    fn as_instance_of(&self, ty: &Type, name: &str, depth: u32) -> Option<Vec<Type>> {
        match ty {
            Type::Generic(own, arguments) if *own == name => Some(arguments.to_vec()),
            Type::Array(element) => {
                let list = Type::generic("System.Collections.Generic.IList", [(**element).clone()]);
                let sequence = Type::enumerable((**element).clone());
                (is_subtype(ty, &Type::generic(static_name(name)?, [(**element).clone()])) || {
                    list.declaration_name() == Some(name) || sequence.declaration_name() == Some(name)
                })
                .then(|| vec![(**element).clone()])
            }
            _ if depth > 8 => None,
            _ => {
                registry().parents(ty).iter().find_map(|parent| self.as_instance_of(parent, name, depth + 1))
            }
        }
    }

    /// The better of all applicable candidates; the first of equals.
    fn best(&mut self, found: Vec<Applicable>, given: &[Given<'_>]) -> Option<Applicable> {
        let mut best: Option<Applicable> = None;
        for candidate in found {
            best = Some(match best {
                None => candidate,
                Some(best) if self.is_better(&candidate, &best, given) => candidate,
                Some(best) => best,
            });
        }
        best
    }

    /// True when `a` is the better choice for the arguments.
    fn is_better(&mut self, a: &Applicable, b: &Applicable, given: &[Given<'_>]) -> bool {
        let (mut better, mut worse) = (0, 0);
        for ((argument, (_, to_a)), (_, to_b)) in given.iter().zip(&a.parameters).zip(&b.parameters) {
            match self.better_conversion(argument, to_a, to_b) {
                std::cmp::Ordering::Greater => better += 1,
                std::cmp::Ordering::Less => worse += 1,
                std::cmp::Ordering::Equal => {}
            }
        }
        if better != worse {
            return better > worse && worse == 0;
        }
        if better > 0 {
            return false;
        }
        let generic = |found: &Applicable| !found.member.type_parameters.is_empty();
        let rank = |found: &Applicable| {
            let missing = found.member.parameters.len().saturating_sub(found.parameters.len());
            (found.expanded, generic(found), missing)
        };
        rank(a) < rank(b)
    }

    fn better_conversion(&mut self, argument: &Given<'_>, to_a: &Type, to_b: &Type) -> std::cmp::Ordering {
        use std::cmp::Ordering::{Equal, Greater, Less};
        if to_a == to_b {
            return Equal;
        }
        let (from, to_a, to_b) = match &argument.what {
            What::Value(value) => (value.ty.clone(), to_a.clone(), to_b.clone()),
            What::Waiting(expression) => {
                // Lambdas prefer the delegate whose result is what the body gives.
                let (Some((known, result_a)), Some((_, result_b))) =
                    (delegate_signature(to_a), delegate_signature(to_b))
                else {
                    return Equal;
                };
                let ExpressionKind::Lambda { parameters, body } = &expression.kind else { return Equal };
                match self.try_lambda(parameters, body, &known) {
                    Some(result) => (result, result_a, result_b),
                    None => return Equal,
                }
            }
            _ => return Equal,
        };
        if from == to_a {
            return Greater;
        }
        if from == to_b {
            return Less;
        }
        match (self.implicit(&from, &to_a).is_some(), self.implicit(&from, &to_b).is_some()) {
            (true, false) => return Greater,
            (false, true) => return Less,
            _ => {}
        }
        match (self.implicit(&to_a, &to_b).is_some(), self.implicit(&to_b, &to_a).is_some()) {
            (true, false) => Greater,
            (false, true) => Less,
            _ => Equal,
        }
    }

    /// Reports that no overload takes the arguments.
    fn no_overload(
        &mut self,
        candidates: &[Candidate],
        owner: &Type,
        given: Vec<Given<'_>>,
        name: &str,
        place: Place,
    ) -> Typed {
        // A lambda's own mistake says more than that nothing fits.
        let before = self.mistakes.len();
        if let [(member, declaring)] = candidates {
            let count = given.len();
            let parameters = &member.parameters;
            if count == parameters.len() && member.type_parameters.is_empty() {
                for (argument, parameter) in given.into_iter().zip(parameters) {
                    let to = self.in_owner(&parameter.ty, declaring);
                    argument.bind(self, &to);
                }
                if self.mistakes.len() > before {
                    return self.error(place);
                }
                return self.wrong("wrong-arguments", place, "the arguments do not fit");
            }
        }
        let shown_types: Vec<String> = given
            .iter()
            .map(|given| match &given.what {
                What::Value(value) => shown(&value.ty),
                What::Waiting(_) => "a lambda".to_owned(),
                What::Out(_, ty) => format!("out {}", shown(ty)),
                What::OutInferred(..) => "out var".to_owned(),
            })
            .collect();
        let what = match name {
            "new" => format!("no constructor of `{}`", shown(owner)),
            "this[]" => format!("no indexer of `{}`", shown(owner)),
            _ => format!("no overload of `{}.{name}`", shown(owner)),
        };
        let message = format!("{what} takes ({})", shown_types.join(", "));
        let forms: Vec<&str> = candidates.iter().map(|(member, _)| member.member.signature).take(6).collect();
        let mistake = Mistake::new("wrong-arguments", place, message);
        self.mistakes.push(if forms.is_empty() {
            mistake
        } else {
            mistake.help(format!("there is: {}", forms.join("; ")))
        });
        self.error(place)
    }
}

/// The parameter of each argument: by position or name; surplus ones belong to `params`.
fn positions(parameters: &[Parameter], given: &[Given<'_>], expanded: bool) -> Option<Vec<usize>> {
    let mut taken = vec![false; parameters.len()];
    let mut out = Vec::new();
    for (position, argument) in given.iter().enumerate() {
        let at = match &argument.name {
            Some(name) => parameters.iter().position(|parameter| *parameter.name == **name)?,
            None if expanded => position.min(parameters.len().checked_sub(1)?),
            None => position,
        };
        let spread = expanded && at + 1 == parameters.len();
        let slot = taken.get_mut(at)?;
        if *slot && !spread {
            return None;
        }
        *slot = true;
        out.push(at);
    }
    let complete = taken.iter().zip(parameters).enumerate().all(|(at, (taken, parameter))| {
        *taken || parameter.default.is_some() || (expanded && at + 1 == parameters.len())
    });
    complete.then_some(out)
}

fn has_parameter(ty: &Type) -> bool {
    matches!(ty, Type::Parameter(_)) || ty.arguments().iter().any(has_parameter)
}

/// The declaration's own copy of a name.
fn static_name(name: &str) -> Option<&'static str> {
    registry().by_full_name(name).map(|found| found.source.full_name)
}
