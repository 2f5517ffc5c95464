//! Overload resolution: which member a call means.
//!
//! As the C# specification has it: every candidate that can take the arguments is applicable, in its normal form or with
//! its `params` spread; of those the one that is better for the arguments than every other is called ([`super::better`]).

use super::arguments::{Given, What};
use super::conversions::{Conversion, is_subtype};
use super::{Binder, Typed};
use crate::ast::Place;
use crate::dotnet::registry::{Declared, Parameter};
use crate::program::{CallNode, Node};
use crate::types::Type;

/// A member and the type through which it was found.
pub(super) type Candidate = (&'static Declared, Type);

/// A call as written.
pub(super) struct Called<'n> {
    /// The member's name; `new` and `this[]` for constructors and indexers.
    pub(super) name: &'n str,
    /// The type that is asked for it.
    pub(super) owner: &'n Type,
    /// Type arguments that are written.
    pub(super) types: &'n [Type],
    /// The member's name alone.
    pub(super) at: Place,
    pub(super) place: Place,
    /// True when the first argument is what stands before the dot.
    pub(super) extends: bool,
}

/// A candidate whose parameters take the arguments.
pub(super) struct Applicable {
    pub(super) member: &'static Declared,
    pub(super) owner: Type,
    /// For each argument: its parameter and that one's type.
    pub(super) parameters: Vec<(usize, Type)>,
    pub(super) expanded: bool,
    pub(super) inferred: Vec<Type>,
    pub(super) result: Type,
}

/// Why a candidate does not take the arguments.
pub(super) enum Misfit {
    /// Another number of arguments, or a name that no parameter has.
    Shape,
    /// Another number of type arguments.
    TypeArguments,
    /// Type arguments that cannot be inferred.
    Inference,
    /// The argument at this position.
    Argument(usize, Type),
}

impl Binder {
    pub(super) fn any_applicable(
        &mut self,
        candidates: &[Candidate],
        given: &[Given<'_>],
        called: &Called<'_>,
    ) -> bool {
        candidates.iter().any(|candidate| self.applicable(candidate, given, called).is_ok())
    }

    /// True when one of the extensions extends the receiver's type.
    pub(super) fn any_receiver(&self, extensions: &[Candidate], receiver: &Given<'_>) -> bool {
        let What::Value(value) = &receiver.what else { return false };
        extensions
            .iter()
            .any(|(member, _)| member.parameters.first().is_some_and(|first| self.extends(&first.ty, value)))
    }

    /// True when `this T` takes the value, whatever its type parameters are.
    fn extends(&self, first: &Type, value: &Typed) -> bool {
        let bindings = self.bindings_of(first, &value.ty);
        let ty = first.substitute(&|name| Some(bindings.get(name).cloned().unwrap_or(Type::Object)));
        self.is_receiver(value, &ty)
    }

    /// The receiver of an extension is never converted by an operator, and no number becomes another.
    fn is_receiver(&self, value: &Typed, to: &Type) -> bool {
        value.ty == Type::Error || matches!(self.implicit(&value.ty, to), Some(Conversion::Identity))
    }

    /// Chooses the member and binds the arguments to it.
    pub(super) fn resolve_call(
        &mut self,
        candidates: Vec<Candidate>,
        receiver: Option<Node>,
        given: Vec<Given<'_>>,
        called: &Called<'_>,
    ) -> Typed {
        if given.iter().any(|given| matches!(&given.what, What::Value(value) if value.ty == Type::Error)) {
            return self.error(called.place);
        }
        let mut found: Vec<Applicable> = Vec::new();
        for candidate in &candidates {
            found.extend(self.applicable(candidate, &given, called));
        }
        let mut nearest = hidden_by_nearer(found).into_iter();
        let Some(first) = nearest.next() else {
            return self.no_overload(&candidates, given, called);
        };
        match self.best(first, nearest, &given) {
            Ok(best) => self.finish_call(best, receiver, given, called.place),
            Err(rivals) => self.ambiguous(&rivals.0, &rivals.1, &given, called),
        }
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
            let is_written = argument.is_out() || argument.is_ref();
            let node = argument.bind(self, ty).node;
            if let (true, Node::Load(slot)) = (is_written, &node) {
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
        Typed { node, ty: best.result, place }
    }

    fn bound_type(&self, ty: &Type, best: &Applicable) -> Type {
        let ty = self.in_owner(ty, &best.owner);
        let names = &best.member.type_parameters;
        ty.substitute(&|name| best.inferred.get(names.iter().position(|own| *own == name)?).cloned())
    }

    /// The form in which a member takes the arguments: normal, else with `params` spread.
    pub(super) fn applicable(
        &mut self,
        candidate: &Candidate,
        given: &[Given<'_>],
        called: &Called<'_>,
    ) -> Result<Applicable, Misfit> {
        let spreads = candidate.0.parameters.last().is_some_and(|last| last.is_params);
        match self.applicable_form(candidate, given, called, false) {
            Err(misfit) if spreads => {
                let expanded = self.applicable_form(candidate, given, called, true);
                // The first reason is the better one when neither form has the shape.
                expanded.map_err(|other| if matches!(other, Misfit::Shape) { misfit } else { other })
            }
            found => found,
        }
    }

    fn applicable_form(
        &mut self,
        (member, owner): &Candidate,
        given: &[Given<'_>],
        called: &Called<'_>,
        expanded: bool,
    ) -> Result<Applicable, Misfit> {
        let positions = positions(&member.parameters, given, expanded).ok_or(Misfit::Shape)?;
        if !called.types.is_empty() && called.types.len() != member.type_parameters.len() {
            return Err(Misfit::TypeArguments);
        }
        let formal: Vec<Type> =
            positions.iter().map(|at| self.formal_type(member, owner, *at, expanded)).collect();
        for (position, ((at, ty), argument)) in positions.iter().zip(&formal).zip(given).enumerate() {
            let parameter = member.parameters.get(*at);
            let wants = parameter.map_or((false, false), |parameter| (parameter.is_out, parameter.is_ref));
            if wants != (argument.is_out(), argument.is_ref()) {
                return Err(Misfit::Argument(position, ty.clone()));
            }
        }
        let inferred = if called.types.is_empty() && !member.type_parameters.is_empty() {
            self.infer(&member.type_parameters, &formal, given).ok_or(Misfit::Inference)?
        } else {
            called.types.to_vec()
        };
        let names = &member.type_parameters;
        let bind = |ty: &Type| {
            ty.substitute(&|name| inferred.get(names.iter().position(|own| *own == name)?).cloned())
        };
        let bound: Vec<Type> = formal.iter().map(bind).collect();
        for (position, (argument, ty)) in given.iter().zip(&bound).enumerate() {
            let fits = match &argument.what {
                What::Value(value) if called.extends && position == 0 => self.is_receiver(value, ty),
                _ => argument.fits(self, ty),
            };
            if !fits {
                return Err(Misfit::Argument(position, ty.clone()));
            }
        }
        let result = bind(&self.in_owner(&member.return_type, owner));
        let parameters = positions.into_iter().zip(bound).collect();
        Ok(Applicable { member, owner: owner.clone(), parameters, expanded, inferred, result })
    }

    /// The type of a parameter; of spread `params`, that of an element.
    fn formal_type(&self, member: &Declared, owner: &Type, at: usize, expanded: bool) -> Type {
        let parameter = member.parameters.get(at);
        let ty = parameter.map_or(Type::Object, |parameter| self.in_owner(&parameter.ty, owner));
        if expanded && at + 1 == member.parameters.len() {
            ty.arguments().first().cloned().unwrap_or(Type::Object)
        } else {
            ty
        }
    }
}

/// A method of a class hides those of its bases when it can take the arguments itself.
fn hidden_by_nearer(found: Vec<Applicable>) -> Vec<Applicable> {
    let owners: Vec<Type> = found.iter().map(|found| found.owner.clone()).collect();
    let is_hidden = |candidate: &Applicable| {
        owners.iter().any(|owner| *owner != candidate.owner && is_subtype(owner, &candidate.owner))
    };
    found.into_iter().filter(|candidate| !is_hidden(candidate)).collect()
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
