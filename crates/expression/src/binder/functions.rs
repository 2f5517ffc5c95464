//! Local functions: their names, bodies and type parameters.

use std::sync::Arc;

use super::{Binder, FunctionParameter, Symbol, Visible};
use crate::ast::{LambdaBody, LambdaParameter, Name, Place, StatementKind, TypeSyntax};
use crate::program::{Node, Step};
use crate::types::Type;

/// What type parameters are called while arguments are matched with them.
pub(super) const PLACEHOLDERS: &[&str] =
    &["type 1", "type 2", "type 3", "type 4", "type 5", "type 6", "type 7", "type 8"];

/// Bodies made of one generic function, at most.
const MAXIMUM_INSTANCES: usize = 32;

/// A local function with type parameters: it is bound anew for each choice of them.
#[derive(Debug)]
pub(super) struct GenericFunction {
    pub(super) type_parameters: Vec<Name>,
    result: TypeSyntax,
    parameters: Vec<LambdaParameter>,
    body: LambdaBody,
    place: Place,
    /// Chosen types and the function made for them.
    instances: Vec<(Vec<Type>, u32)>,
    /// What its body sees, once its statement was reached: names, and functions around it.
    seen: Option<(Vec<Symbol>, usize)>,
}

/// The parts of a function that a call needs.
pub(super) struct Signature {
    pub(super) index: u32,
    pub(super) parameters: Arc<[FunctionParameter]>,
    pub(super) result: Type,
}

impl Binder {
    /// Makes a local function's name visible in its whole block; its body is bound by [`Binder::define_function`].
    pub(super) fn announce_function(&mut self, function: &StatementKind, place: Place) {
        let StatementKind::LocalFunction { result, name, type_parameters, parameters, body } = function
        else {
            return;
        };
        self.check_new_name(name, place);
        let mut generic = None;
        let what = if type_parameters.is_empty() {
            let (parameters, result) = self.function_signature(parameters, result);
            Visible::Function { index: self.new_function(), parameters, result, generic }
        } else {
            if type_parameters.len() > PLACEHOLDERS.len() {
                self.mistake("unsupported", place, "a local function has eight type parameters at most");
            }
            generic = u32::try_from(self.generics.len()).ok();
            self.generics.push(GenericFunction {
                type_parameters: type_parameters.clone(),
                result: result.clone(),
                parameters: parameters.clone(),
                body: body.clone(),
                place,
                instances: Vec::new(),
                seen: None,
            });
            let types = PLACEHOLDERS.iter().map(|name| Type::Parameter(name)).collect();
            let named = type_parameters.clone();
            let (parameters, result) =
                self.with_type_names(&named, types, |binder| binder.function_signature(parameters, result));
            Visible::Function { index: 0, parameters, result, generic }
        };
        self.symbols.push(Symbol { name: Arc::clone(name), what, read_only: None });
    }

    fn new_function(&mut self) -> u32 {
        let index = u32::try_from(self.functions.len()).unwrap_or(u32::MAX);
        self.functions.push(None);
        index
    }

    fn function_signature(
        &mut self,
        parameters: &[LambdaParameter],
        result: &TypeSyntax,
    ) -> (Arc<[FunctionParameter]>, Type) {
        let result = self.resolve_type(result);
        let mut known = Vec::new();
        for parameter in parameters {
            let ty = self.resolve_type(&parameter.ty);
            let default = parameter.default.as_ref().and_then(|written| {
                let value = self.expression_as(written, &ty);
                match value.node {
                    Node::Constant(value) => Some(value),
                    _ => {
                        let message = format!("the default of `{}` must be a constant", parameter.name);
                        self.mistake("not-constant", written.place, message);
                        None
                    }
                }
            });
            let (name, mode) = (Arc::clone(&parameter.name), parameter.mode);
            known.push(FunctionParameter { name, ty, default, mode });
        }
        (known.into(), result)
    }

    /// Binds the body of a local function that was announced.
    pub(super) fn define_function(&mut self, name: &Name, body: &LambdaBody, place: Place) -> Step {
        match self.lookup(name).cloned() {
            Some(Visible::Function { generic: Some(at), .. }) => {
                let seen = (self.symbols.clone(), self.scopes.len());
                let Some(function) = self.generics.get_mut(at as usize) else {
                    return Step::Block(Vec::new());
                };
                function.seen = Some(seen);
                let waiting = function.instances.clone();
                for (types, index) in waiting {
                    self.bind_instance(at, types, index);
                }
            }
            Some(Visible::Function { index, parameters, result, .. }) => {
                self.bind_function(index, &parameters, result, body, place);
            }
            _ => {}
        }
        Step::Block(Vec::new())
    }

    fn bind_function(
        &mut self,
        index: u32,
        parameters: &[FunctionParameter],
        result: Type,
        body: &LambdaBody,
        place: Place,
    ) {
        let named: Vec<(Name, Type)> =
            parameters.iter().map(|parameter| (Arc::clone(&parameter.name), parameter.ty.clone())).collect();
        let types = named.iter().map(|(_, ty)| ty.clone());
        let ty = if result == Type::Void {
            Type::generic("System.Action", types)
        } else {
            Type::generic("System.Func", types.chain([result.clone()]))
        };
        let (function, _) = self.function_body(&named, body, Some(result), ty, true, place);
        if let Some(slot) = self.functions.get_mut(index as usize) {
            *slot = Some(function);
        }
    }

    /// Runs `bind` while type parameters mean `types`.
    fn with_type_names<T>(
        &mut self,
        names: &[Name],
        types: Vec<Type>,
        bind: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let known = self.type_names.len();
        self.type_names.extend(names.iter().cloned().zip(types));
        let out = bind(self);
        self.type_names.truncate(known);
        out
    }

    /// The function that a generic one becomes with these types.
    pub(super) fn instance(&mut self, at: u32, types: Vec<Type>, place: Place) -> Option<Signature> {
        let function = self.generics.get(at as usize)?;
        let known = function.instances.iter().find(|(known, _)| *known == types).map(|(_, index)| *index);
        let too_many = function.instances.len() >= MAXIMUM_INSTANCES;
        let (names, parameters, result) =
            (function.type_parameters.clone(), function.parameters.clone(), function.result.clone());
        let is_defined = function.seen.is_some();
        let (parameters, result) = self
            .with_type_names(&names, types.clone(), |binder| binder.function_signature(&parameters, &result));
        if let Some(index) = known {
            return Some(Signature { index, parameters, result });
        }
        if too_many {
            self.mistake("unsupported", place, "the function is called with too many different types");
            return None;
        }
        let index = self.new_function();
        if let Some(function) = self.generics.get_mut(at as usize) {
            function.instances.push((types.clone(), index));
        }
        if is_defined {
            self.bind_instance(at, types, index);
        }
        Some(Signature { index, parameters, result })
    }

    /// Binds the body for chosen types where the function stands, wherever the call is.
    fn bind_instance(&mut self, at: u32, types: Vec<Type>, index: u32) {
        let Some(function) = self.generics.get(at as usize) else { return };
        let Some((symbols, depth)) = function.seen.clone() else { return };
        let (names, parameters, result, body, place) = (
            function.type_parameters.clone(),
            function.parameters.clone(),
            function.result.clone(),
            function.body.clone(),
            function.place,
        );
        let outside = std::mem::replace(&mut self.symbols, symbols);
        let inner = self.scopes.split_off(depth.min(self.scopes.len()));
        self.with_type_names(&names, types, |binder| {
            let (parameters, result) = binder.function_signature(&parameters, &result);
            binder.bind_function(index, &parameters, result, &body, place);
        });
        self.scopes.extend(inner);
        self.symbols = outside;
    }

    /// Forgets functions that were made while types were tried out.
    pub(super) fn forget_functions(&mut self, known: usize) {
        self.functions.truncate(known);
        for function in &mut self.generics {
            function.instances.retain(|(_, index)| (*index as usize) < known);
        }
    }
}
