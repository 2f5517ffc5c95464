//! Expressions.

use std::sync::Arc;

use smallvec::SmallVec;

use super::arithmetic::{arithmetic, compare, complement, convert, negate};
use super::arrays::set_element;
use super::{Closure, Frame, call_function};
use crate::binder::is_instance;
use crate::call::Call;
use crate::dotnet::registry::MemberKind;
use crate::exception::Exception;
use crate::program::{CallNode, Equality, Node, Test};
use crate::types::Type;
use crate::value::{Anonymous, Delegate, Tuple, Value};

/// Arguments of a call, without the heap for the usual ones.
type Arguments = SmallVec<[Value; 4]>;

impl<'f> Frame<'f> {
    pub(super) fn eval(&mut self, node: &'f Node) -> Result<Value, Exception> {
        match node {
            Node::Constant(value) => Ok(value.clone()),
            Node::Load(slot) => Ok(self.load(*slot)),
            Node::Store(slot, value) => {
                let value = self.eval(value)?;
                self.store(*slot, value.clone())?;
                Ok(value)
            }
            Node::Call(call) => self.call(call),
            Node::And(left, right) => Ok(Value::Boolean(self.truth(left)? && self.truth(right)?)),
            Node::Or(left, right) => Ok(Value::Boolean(self.truth(left)? || self.truth(right)?)),
            Node::Not(value) => Ok(Value::Boolean(!self.truth(value)?)),
            Node::Ternary(parts) => {
                let (condition, then, otherwise) = &**parts;
                if self.truth(condition)? { self.eval(then) } else { self.eval(otherwise) }
            }
            Node::ConditionalAccess { slot, target, access } => match self.eval(target)? {
                Value::Null => Ok(Value::Null),
                value => {
                    self.store(*slot, value)?;
                    self.eval(access)
                }
            },
            Node::Coalesce(left, right) => match self.eval(left)? {
                Value::Null => self.eval(right),
                value => Ok(value),
            },
            Node::Equal { negated, how, operands } => {
                let left = self.eval(&operands.0)?;
                let equal = match &operands.1 {
                    Node::Constant(right) => is_equal(&left, right, *how),
                    right => {
                        let right = self.eval(right)?;
                        if let (Value::String(left), Value::String(right)) = (&left, &right) {
                            self.machine.budget().work(left.len().min(right.len()))?;
                        }
                        is_equal(&left, &right, *how)
                    }
                };
                Ok(Value::Boolean(equal != *negated))
            }
            Node::Compare { operator, operands } => {
                let left = self.eval(&operands.0)?;
                Ok(Value::Boolean(match &operands.1 {
                    Node::Constant(right) => compare(*operator, &left, right),
                    right => compare(*operator, &left, &self.eval(right)?),
                }))
            }
            Node::Arithmetic { operator, checked, operands } => {
                let left = self.eval(&operands.0)?;
                match &operands.1 {
                    Node::Constant(right) => arithmetic(*operator, *checked, &left, right),
                    right => arithmetic(*operator, *checked, &left, &self.eval(right)?),
                }
            }
            Node::Concat(parts) => self.concat(parts),
            Node::Convert { to, checked, value } => {
                let value = self.eval(value)?;
                convert(&value, to, *checked)
            }
            Node::Cast { to, value } => {
                let value = self.eval(value)?;
                cast(value, to)
            }
            _ => self.eval_rare(node),
        }
    }

    /// The less usual forms, apart so that the usual ones use little stack.
    #[inline(never)]
    fn eval_rare(&mut self, node: &'f Node) -> Result<Value, Exception> {
        match node {
            Node::Sequence(steps) => {
                let mut last = Value::Null;
                for step in steps {
                    last = self.eval(step)?;
                }
                Ok(last)
            }
            Node::Declare(slot, value) => {
                let value = self.eval(value)?;
                self.declare(*slot, value.clone())?;
                Ok(value)
            }
            Node::CallLocal { function, arguments, references } => {
                let mut values = Vec::with_capacity(arguments.len());
                for argument in arguments {
                    values.push(self.eval(argument)?);
                }
                let cells = self.references(references);
                let seen = self.captured();
                call_function(self.code, *function, &seen, values.into_iter(), &cells, self.machine)
            }
            Node::Invoke { delegate, arguments } => {
                let Value::Delegate(delegate) = self.eval(delegate)? else {
                    return Err(Exception::null_reference());
                };
                let mut values = Vec::with_capacity(arguments.len());
                for argument in arguments {
                    values.push(self.eval(argument)?);
                }
                delegate.invoke(self.machine, &values)
            }
            Node::Lambda(index) => {
                let closure = Closure { code: Arc::clone(self.code), index: *index, seen: self.captured() };
                Ok(Value::Delegate(Delegate::new(closure)))
            }
            Node::Negate(value, checked) => negate(&self.eval(value)?, *checked),
            Node::Complement(value) => Ok(complement(&self.eval(value)?)),
            Node::Interpolate(parts) => self.interpolate(parts),
            Node::As { to, value } => {
                let value = self.eval(value)?;
                Ok(if is_instance(&value, to) { value } else { Value::Null })
            }
            Node::Matches { value, test } => {
                let value = self.eval(value)?;
                Ok(Value::Boolean(self.matches(&value, test)?))
            }
            Node::NewArray { .. } | Node::ArrayItems { .. } | Node::Length(_) | Node::Element(_) => {
                self.array(node)
            }
            Node::SetElement(parts) => {
                let (array, index, value) = &**parts;
                let array = self.eval(array)?;
                let index = self.eval(index)?;
                let value = self.eval(value)?;
                set_element(&array, &index, value)
            }
            Node::Anonymous { shape, values } => {
                let mut items = Vec::with_capacity(values.len());
                for value in values {
                    items.push(self.eval(value)?);
                }
                Ok(Value::Anonymous(Arc::new(Anonymous { shape: Arc::clone(shape), values: items })))
            }
            Node::Property { target, index } => match self.eval(target)? {
                Value::Anonymous(object) => Ok(object.values.get(*index).cloned().unwrap_or(Value::Null)),
                Value::Tuple(tuple) => Ok(tuple.items.get(*index).cloned().unwrap_or(Value::Null)),
                Value::KeyValuePair(pair) => {
                    Ok(if *index == 0 { pair.key.clone() } else { pair.value.clone() })
                }
                _ => Err(Exception::null_reference()),
            },
            Node::Tuple { types, items } => {
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    values.push(self.eval(item)?);
                }
                let tuple = Tuple { types: types.clone(), items: values, is_value_tuple: true };
                Ok(Value::Tuple(Arc::new(tuple)))
            }
            Node::Throw(value) => match self.eval(value)? {
                Value::Exception(exception) => Err(exception),
                _ => Err(Exception::null_reference()),
            },
            _ => Ok(Value::Null),
        }
    }

    pub(super) fn truth(&mut self, node: &'f Node) -> Result<bool, Exception> {
        Ok(matches!(self.eval(node)?, Value::Boolean(true)))
    }

    fn call(&mut self, call: &'f CallNode) -> Result<Value, Exception> {
        self.machine.budget().step()?;
        let receiver = match &call.receiver {
            Some(node) => self.eval(node)?,
            None => Value::Null,
        };
        if !call.arguments.is_empty() {
            return self.call_with_arguments(call, receiver);
        }
        check_receiver(call, &receiver)?;
        if let (Value::String(text), MemberKind::Method | MemberKind::Extension) =
            (&receiver, call.member.kind)
        {
            self.machine.budget().work(text.len())?;
        }
        (call.member.member.run)(&mut Call {
            receiver,
            arguments: &mut [],
            type_arguments: &call.type_arguments,
            member: call.member,
            machine: self.machine,
        })
    }

    #[inline(never)]
    fn call_with_arguments(&mut self, call: &'f CallNode, receiver: Value) -> Result<Value, Exception> {
        let mut arguments = Arguments::new();
        for argument in &call.arguments {
            arguments.push(self.eval(argument)?);
        }
        check_receiver(call, &receiver)?;
        // Members walk over the texts they are given, as a rule; what is looked up by position does not.
        if call.member.kind != MemberKind::Indexer {
            let bytes = |value: &Value| if let Value::String(text) = value { text.len() } else { 0 };
            let texts = arguments.iter().fold(bytes(&receiver), |sum, value| sum + bytes(value));
            self.machine.budget().work(texts)?;
        }
        let mut running = Call {
            receiver,
            arguments: &mut arguments,
            type_arguments: &call.type_arguments,
            member: call.member,
            machine: self.machine,
        };
        let result = (call.member.member.run)(&mut running)?;
        for (at, slot) in &call.outs {
            if let Some(value) = arguments.get_mut(*at) {
                let value = std::mem::replace(value, Value::Null);
                self.store(*slot, value)?;
            }
        }
        Ok(result)
    }

    /// True when the value fits the pattern; its variable is set then.
    pub(super) fn matches(&mut self, value: &Value, test: &'f Test) -> Result<bool, Exception> {
        match test {
            Test::Any(slot) => {
                self.declare(*slot, value.clone())?;
                Ok(true)
            }
            Test::Type(ty, slot) => {
                let fits = is_instance(value, ty);
                if let (true, Some(slot)) = (fits, slot) {
                    self.declare(*slot, value.clone())?;
                }
                Ok(fits)
            }
            Test::Constant(node) => {
                let constant = self.eval(node)?;
                Ok(constant.equals(value))
            }
        }
    }
}

/// Members are called on objects, once their arguments are known; `T?` answers for null itself.
fn check_receiver(call: &CallNode, receiver: &Value) -> Result<(), Exception> {
    let missing = receiver.is_null()
        && call.receiver.is_some()
        && !matches!(call.member.declaring, Type::Generic("System.Nullable", _));
    if missing { Err(Exception::null_reference()) } else { Ok(()) }
}

fn is_equal(left: &Value, right: &Value, how: Equality) -> bool {
    if how == Equality::Reference {
        return left.is_same_reference(right);
    }
    match (left, right) {
        // Usual ones first.
        (Value::String(left), Value::String(right)) => left == right,
        (Value::Null, other) | (other, Value::Null) => other.is_null(),
        (Value::Int32(left), Value::Int32(right)) => left == right,
        (Value::Boolean(left), Value::Boolean(right)) => left == right,
        // Not as `Equals`, to which NaN is equal to itself.
        (Value::Double(left), Value::Double(right)) => left == right,
        (Value::Single(left), Value::Single(right)) => left == right,
        _ => left.equals(right),
    }
}

/// A cast that is checked: null passes for types that may be null.
fn cast(value: Value, to: &Type) -> Result<Value, Exception> {
    match (&value, to) {
        (Value::String(_), Type::String)
        | (Value::Int32(_), Type::Int32)
        | (Value::Boolean(_), Type::Boolean) => {
            return Ok(value);
        }
        _ => {}
    }
    if value.is_null() {
        return if to.default_value().is_null() { Ok(value) } else { Err(Exception::null_reference()) };
    }
    if is_instance(&value, to) {
        return Ok(value);
    }
    // An enum and its number unbox into each other.
    match (&value, to) {
        (Value::Enum(number), Type::Int32) => Ok(Value::Int32(i32::try_from(number.value).unwrap_or(0))),
        (Value::Int32(_), Type::Named(_)) => match convert(&value, to, false)? {
            Value::Null => Err(Exception::invalid_cast(&value.type_of(), to)),
            number => Ok(number),
        },
        _ => Err(Exception::invalid_cast(&value.type_of(), to)),
    }
}
