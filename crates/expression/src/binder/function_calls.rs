//! Calls of local functions: which argument belongs to which parameter, and what is passed by reference.

use super::arguments::{Given, What};
use super::conversions::shown;
use super::functions::{PLACEHOLDERS, Signature};
use super::{Binder, FunctionParameter, Typed, Visible};
use crate::ast::{Argument, ArgumentMode, ParameterMode, Place, TypeSyntax};
use crate::program::Node;
use crate::types::Type;

impl Binder {
    /// `f(…)` of a local function.
    pub(super) fn call_function(
        &mut self,
        name: &str,
        function: Visible,
        types: &[TypeSyntax],
        arguments: &[Argument],
        place: Place,
    ) -> Typed {
        let Visible::Function { index, parameters, result, generic } = function else {
            return self.error(place);
        };
        let types: Vec<Type> = types.iter().map(|ty| self.resolve_type(ty)).collect();
        let given = self.given(arguments);
        let failed = |given: &Given<'_>| matches!(&given.what, What::Value(value) if value.ty == Type::Error);
        if given.iter().any(failed) {
            return self.error(place);
        }
        let Some(positions) = self.positions(name, &parameters, &given, place) else {
            return self.error(place);
        };
        let signature = match generic {
            None => Signature { index, parameters, result },
            Some(at) => {
                let Some(types) = self.chosen_types(at, &parameters, &positions, &given, types, place) else {
                    return self.error(place);
                };
                let Some(signature) = self.instance(at, types, place) else { return self.error(place) };
                signature
            }
        };
        self.finish_function_call(name, &signature, given, arguments, &positions, place)
    }

    /// The parameter of each argument; surplus ones belong to `params`.
    fn positions(
        &mut self,
        name: &str,
        parameters: &[FunctionParameter],
        given: &[Given<'_>],
        place: Place,
    ) -> Option<Vec<usize>> {
        let last = parameters.len().checked_sub(1);
        let spreads = parameters.last().is_some_and(|last| last.mode == ParameterMode::Params);
        let mut out = Vec::new();
        for (position, argument) in given.iter().enumerate() {
            let at = match &argument.name {
                Some(wanted) => parameters.iter().position(|parameter| parameter.name == *wanted),
                None if spreads => last.map(|last| position.min(last)),
                None => Some(position).filter(|at| *at < parameters.len()),
            };
            let twice = at.is_some_and(|at| out.contains(&at) && !(spreads && Some(at) == last));
            match at {
                Some(at) if !twice => out.push(at),
                _ => {
                    let count = parameters.len();
                    let message = format!("the function `{name}` takes {count} arguments");
                    self.mistake("wrong-arguments", place, message);
                    return None;
                }
            }
        }
        Some(out)
    }

    /// Type arguments, written or inferred.
    fn chosen_types(
        &mut self,
        at: u32,
        parameters: &[FunctionParameter],
        positions: &[usize],
        given: &[Given<'_>],
        types: Vec<Type>,
        place: Place,
    ) -> Option<Vec<Type>> {
        let count = self.generics.get(at as usize)?.type_parameters.len();
        if types.len() == count {
            return Some(types);
        }
        if !types.is_empty() {
            self.mistake("wrong-arguments", place, format!("the function has {count} type parameters"));
            return None;
        }
        let spread = |at: usize| {
            let parameter = parameters.get(at)?;
            let arrays = given
                .iter()
                .any(|given| matches!(&given.what, What::Value(value) if matches!(value.ty, Type::Array(_))));
            match (&parameter.mode, &parameter.ty) {
                (ParameterMode::Params, Type::Array(element)) if !arrays => Some((**element).clone()),
                (_, ty) => Some(ty.clone()),
            }
        };
        let formal: Vec<Type> = positions.iter().filter_map(|at| spread(*at)).collect();
        let names = PLACEHOLDERS.get(..count).unwrap_or(PLACEHOLDERS);
        let chosen = self.infer(names, &formal, given);
        if chosen.is_none() {
            let message = "the type arguments of the function cannot be inferred from its arguments";
            let help = "write them: `name<int>(…)`".to_owned();
            self.report("wrong-arguments", place, message, Some(help));
        }
        chosen
    }

    fn finish_function_call(
        &mut self,
        name: &str,
        signature: &Signature,
        given: Vec<Given<'_>>,
        arguments: &[Argument],
        positions: &[usize],
        place: Place,
    ) -> Typed {
        let parameters = &signature.parameters;
        let reorders = given.iter().any(|given| given.name.is_some());
        let spread = self.spreads(parameters, &given, positions);
        let mut before = Vec::new();
        let mut after = Vec::new();
        let mut nodes: Vec<Option<Node>> = parameters.iter().map(|_| None).collect();
        let mut references = Vec::new();
        let mut rest = Vec::new();
        for ((argument, written), at) in given.into_iter().zip(arguments).zip(positions) {
            let Some(parameter) = parameters.get(*at) else { continue };
            if !self.check_mode(parameter, written) {
                return self.error(place);
            }
            if matches!(parameter.mode, ParameterMode::Ref | ParameterMode::Out) {
                let slot = self.reference(argument, parameter, &mut before, &mut after);
                references.push((*at, slot));
                continue;
            }
            let is_spread = spread && at + 1 == parameters.len();
            let to = match (&parameter.ty, is_spread) {
                (Type::Array(element), true) => (**element).clone(),
                (ty, _) => ty.clone(),
            };
            let mut node = argument.bind(self, &to).node;
            if reorders && !matches!(node, Node::Constant(_)) {
                // Arguments run in the order in which they are written.
                let slot = self.new_slot();
                before.push(Node::Store(slot, Box::new(node)));
                node = Node::Load(slot);
            }
            if is_spread {
                rest.push(node);
            } else if let Some(slot) = nodes.get_mut(*at) {
                *slot = Some(node);
            }
        }
        let mut filled = Vec::new();
        for (at, (node, parameter)) in nodes.into_iter().zip(parameters.iter()).enumerate() {
            let is_reference = references.iter().any(|(known, _)| *known == at);
            let node = match (node, &parameter.default) {
                (Some(node), _) => node,
                (None, _) if is_reference => Node::Constant(crate::value::Value::Null),
                (None, Some(default)) => Node::Constant(default.clone()),
                (None, None) if parameter.mode == ParameterMode::Params => {
                    let element = parameter.ty.arguments().first().cloned().unwrap_or(Type::Object);
                    Node::ArrayItems { element, items: std::mem::take(&mut rest) }
                }
                (None, None) => {
                    let message = format!("the function `{name}` needs the argument `{}`", parameter.name);
                    return self.wrong("wrong-arguments", place, message);
                }
            };
            filled.push(node);
        }
        let call = Node::CallLocal { function: signature.index, arguments: filled, references };
        let node = self.surrounded(before, call, after);
        Typed { node, ty: signature.result.clone(), place }
    }

    /// True when surplus arguments become the elements of a `params` array.
    fn spreads(
        &mut self,
        parameters: &[FunctionParameter],
        given: &[Given<'_>],
        positions: &[usize],
    ) -> bool {
        let Some(last) = parameters.last().filter(|last| last.mode == ParameterMode::Params) else {
            return false;
        };
        let own: Vec<&Given<'_>> = given
            .iter()
            .zip(positions)
            .filter(|(_, at)| *at + 1 == parameters.len())
            .map(|(given, _)| given)
            .collect();
        match own.as_slice() {
            [only] => !only.fits(self, &last.ty),
            _ => true,
        }
    }

    /// `ref` and `out` stand at the call as they stand at the parameter.
    fn check_mode(&mut self, parameter: &FunctionParameter, argument: &Argument) -> bool {
        let (fits, wanted) = match parameter.mode {
            ParameterMode::Ref => (matches!(argument.mode, ArgumentMode::Ref), "`ref`"),
            ParameterMode::Out => {
                (matches!(argument.mode, ArgumentMode::Out | ArgumentMode::OutDeclaration(..)), "`out`")
            }
            _ => (matches!(argument.mode, ArgumentMode::Value), "neither `ref` nor `out`"),
        };
        if !fits {
            let message = format!("the argument for `{}` is passed with {wanted}", parameter.name);
            self.mistake("wrong-arguments", argument.value.place, message);
        }
        fits
    }

    /// The slot that a parameter shares. Elements and members are copied there and back.
    fn reference(
        &mut self,
        argument: Given<'_>,
        parameter: &FunctionParameter,
        before: &mut Vec<Node>,
        after: &mut Vec<Node>,
    ) -> u32 {
        let place = argument.place;
        let (slot, ty) = match argument.what {
            What::Out(slot, ty) | What::Ref(slot, ty) => {
                self.flow.assign(slot);
                (slot, ty)
            }
            What::RefTo(target) => {
                let slot = self.new_slot();
                let Some(mut assignable) = self.assignable(target, true) else { return slot };
                let read = assignable.read(self);
                before.append(&mut assignable.prepare);
                before.push(Node::Store(slot, Box::new(read.node)));
                after.push(assignable.write(self, Node::Load(slot)));
                (slot, read.ty)
            }
            _ => {
                let bound = argument.bind(self, &parameter.ty);
                match bound.node {
                    Node::Load(slot) => {
                        let fresh = Node::Constant(bound.ty.default_value());
                        before.push(Node::Declare(slot, Box::new(fresh)));
                        (slot, bound.ty)
                    }
                    _ => (self.new_slot(), bound.ty),
                }
            }
        };
        if ty != parameter.ty && ty != Type::Error {
            let message = format!(
                "the variable for `{}` must be of type `{}`, not `{}`",
                parameter.name,
                shown(&parameter.ty),
                shown(&ty)
            );
            self.mistake("no-conversion", place, message);
        }
        slot
    }

    fn surrounded(&mut self, mut before: Vec<Node>, call: Node, after: Vec<Node>) -> Node {
        if after.is_empty() {
            if before.is_empty() {
                return call;
            }
            before.push(call);
            return Node::Sequence(before);
        }
        let result = self.new_slot();
        before.push(Node::Store(result, Box::new(call)));
        before.extend(after);
        before.push(Node::Load(result));
        Node::Sequence(before)
    }
}
