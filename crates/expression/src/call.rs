//! One call of a member: receiver, arguments, and what the body may use.

use std::sync::Arc;

use parking_lot::Mutex;
use rust_decimal::Decimal;

use crate::budget::Budget;
use crate::context::Context;
use crate::dotnet::registry::Declared;
use crate::exception::Exception;
use crate::types::Type;
use crate::value::{DateTime, DateTimeOffset, Delegate, Iterate, Text, Value, collect, iterate};

/// What runs an expression, as members and delegates see it.
pub trait Machine {
    /// The live call.
    fn context(&mut self) -> &mut dyn Context;
    /// What is left of the limits.
    fn budget(&mut self) -> &mut Budget;
    /// Notes a shared variable that holds a delegate, so that a cycle through it ends with the evaluation.
    ///
    /// # Errors
    /// An exceeded limit.
    fn remember(&mut self, _cell: &Arc<Mutex<Value>>) -> Result<(), Exception> {
        Ok(())
    }
}

/// A call in progress. The binder has converted every argument to its parameter's type, filled in defaults
/// and packed `params`; instance members are never called on null.
pub struct Call<'c> {
    pub(crate) receiver: Value,
    pub(crate) arguments: &'c mut [Value],
    pub(crate) type_arguments: &'c [Type],
    pub(crate) member: &'static Declared,
    pub(crate) machine: &'c mut dyn Machine,
}

static NULL: Value = Value::Null;

impl<'c> Call<'c> {
    /// The object before the dot; null for static members. Of an extension, it is argument 0.
    pub fn receiver(&self) -> &Value {
        &self.receiver
    }

    /// The receiver as an object of the family.
    ///
    /// # Errors
    /// `InvalidCastException` when the table names another type than the value has.
    pub fn object<T: 'static>(&self) -> Result<&T, Exception> {
        self.receiver.downcast().ok_or_else(|| self.mismatch(&self.receiver))
    }

    /// An argument as an object of a family.
    ///
    /// # Errors
    /// `ArgumentNullException` for null.
    pub fn object_argument<T: 'static>(&self, at: usize) -> Result<&T, Exception> {
        let value = self.argument(at);
        if value.is_null() {
            return Err(self.null_argument(at));
        }
        value.downcast().ok_or_else(|| self.mismatch(value))
    }

    /// An argument; null when there is none.
    pub fn argument(&self, at: usize) -> &Value {
        self.arguments.get(at).unwrap_or(&NULL)
    }

    /// All arguments.
    pub fn arguments(&self) -> &[Value] {
        self.arguments
    }

    /// An argument, moved out.
    pub fn take(&mut self, at: usize) -> Value {
        self.arguments.get_mut(at).map(|value| std::mem::replace(value, Value::Null)).unwrap_or(Value::Null)
    }

    /// Sets an `out` parameter.
    pub fn set_out(&mut self, at: usize, value: Value) {
        if let Some(slot) = self.arguments.get_mut(at) {
            *slot = value;
        }
    }

    /// A type argument of the method; of the class when the method has none of its own.
    pub fn type_argument(&self, at: usize) -> Type {
        self.type_arguments.get(at).cloned().unwrap_or(Type::Object)
    }

    /// A string that must not be null.
    ///
    /// # Errors
    /// `ArgumentNullException`.
    pub fn text(&self, at: usize) -> Result<Text, Exception> {
        match self.argument(at) {
            Value::String(text) => Ok(text.clone()),
            Value::Null => Err(self.null_argument(at)),
            other => Err(self.mismatch(other)),
        }
    }

    /// A string that may be null.
    pub fn text_or_null(&self, at: usize) -> Option<Text> {
        self.argument(at).as_text().cloned()
    }

    /// The receiver's text.
    ///
    /// # Errors
    /// `InvalidCastException` when the receiver is no string.
    pub fn this_text(&self) -> Result<&Text, Exception> {
        self.receiver.as_text().ok_or_else(|| self.mismatch(&self.receiver))
    }

    /// A Boolean argument.
    pub fn boolean(&self, at: usize) -> bool {
        matches!(self.argument(at), Value::Boolean(true))
    }

    /// A Char argument.
    pub fn char(&self, at: usize) -> u16 {
        if let Value::Char(value) = self.argument(at) { *value } else { 0 }
    }

    /// An Int32 (or narrower) argument.
    pub fn int(&self, at: usize) -> i32 {
        i32::try_from(self.argument(at).as_integer().unwrap_or(0)).unwrap_or(0)
    }

    /// An Int64 (or narrower) argument.
    pub fn long(&self, at: usize) -> i64 {
        i64::try_from(self.argument(at).as_integer().unwrap_or(0)).unwrap_or(0)
    }

    /// A Double (or Single) argument.
    pub fn double(&self, at: usize) -> f64 {
        match self.argument(at) {
            Value::Double(value) => *value,
            Value::Single(value) => f64::from(*value),
            _ => 0.0,
        }
    }

    /// A Decimal argument.
    pub fn decimal(&self, at: usize) -> Decimal {
        if let Value::Decimal(value) = self.argument(at) { *value } else { Decimal::ZERO }
    }

    /// A Guid argument.
    pub fn guid(&self, at: usize) -> [u8; 16] {
        if let Value::Guid(value) = self.argument(at) { *value } else { [0; 16] }
    }

    /// A DateTime argument.
    pub fn date_time(&self, at: usize) -> DateTime {
        if let Value::DateTime(value) = self.argument(at) { *value } else { DateTime::default() }
    }

    /// A DateTimeOffset argument.
    pub fn date_time_offset(&self, at: usize) -> DateTimeOffset {
        if let Value::DateTimeOffset(value) = self.argument(at) { *value } else { DateTimeOffset::default() }
    }

    /// A TimeSpan argument in ticks.
    pub fn time_span(&self, at: usize) -> i64 {
        if let Value::TimeSpan(value) = self.argument(at) { *value } else { 0 }
    }

    /// The number of an enum argument.
    pub fn enumeration(&self, at: usize) -> i64 {
        if let Value::Enum(value) = self.argument(at) { value.value } else { 0 }
    }

    /// A `byte[]` that must not be null.
    ///
    /// # Errors
    /// `ArgumentNullException`.
    pub fn bytes(&self, at: usize) -> Result<Arc<Mutex<Vec<u8>>>, Exception> {
        match self.argument(at) {
            Value::Bytes(bytes) => Ok(Arc::clone(bytes)),
            Value::Null => Err(self.null_argument(at)),
            other => Err(self.mismatch(other)),
        }
    }

    /// A delegate that must not be null.
    ///
    /// # Errors
    /// `ArgumentNullException`.
    pub fn delegate(&self, at: usize) -> Result<Delegate, Exception> {
        match self.argument(at) {
            Value::Delegate(delegate) => Ok(delegate.clone()),
            Value::Null => Err(self.null_argument(at)),
            other => Err(self.mismatch(other)),
        }
    }

    /// Runs a delegate.
    ///
    /// # Errors
    /// What its body throws, and exceeded limits.
    pub fn invoke(&mut self, delegate: &Delegate, arguments: &[Value]) -> Result<Value, Exception> {
        delegate.invoke(self.machine, arguments)
    }

    /// Starts a walk over an argument that can be enumerated.
    ///
    /// # Errors
    /// `ArgumentNullException` for null.
    pub fn walk(&mut self, at: usize) -> Result<Box<dyn Iterate>, Exception> {
        let value = self.argument(at).clone();
        if value.is_null() {
            return Err(self.null_argument(at));
        }
        iterate(&value, self.machine)
    }

    /// All elements of an argument that can be enumerated.
    ///
    /// # Errors
    /// `ArgumentNullException` for null; what the sequence throws.
    pub fn elements(&mut self, at: usize) -> Result<Vec<Value>, Exception> {
        let value = self.argument(at).clone();
        if value.is_null() {
            return Err(self.null_argument(at));
        }
        collect(&value, self.machine)
    }

    /// `ToString()` of any value; null gives empty text.
    ///
    /// # Errors
    /// What the type's `ToString` throws.
    pub fn text_of(&mut self, value: &Value) -> Result<Text, Exception> {
        crate::dotnet::text_of(value, self.machine)
    }

    /// `ToString(format)` of any value, as in `string.Format` and interpolation; null gives empty text.
    ///
    /// # Errors
    /// `FormatException`.
    pub fn formatted(&mut self, value: &Value, format: Option<&str>) -> Result<Text, Exception> {
        crate::dotnet::formatted(value, format, self.machine)
    }

    /// The live call: clock, randomness, request, response, variables.
    pub fn context(&mut self) -> &mut dyn Context {
        self.machine.context()
    }

    /// What is left of the limits: `step()` for each turn of a loop, `allocate(bytes)` before growing.
    pub fn budget(&mut self) -> &mut Budget {
        self.machine.budget()
    }

    /// What runs the expression, for walks and delegates.
    pub fn machine(&mut self) -> &mut dyn Machine {
        self.machine
    }

    /// `ArgumentNullException` for a parameter by its declared name.
    pub fn null_argument(&self, at: usize) -> Exception {
        Exception::argument_null(self.parameter_name(at))
    }

    /// The declared name of a parameter.
    pub fn parameter_name(&self, at: usize) -> &'static str {
        self.member.parameters.get(at).map_or("", |parameter| parameter.name)
    }

    /// `InvalidCastException` for a value of an unexpected type.
    pub fn mismatch(&self, value: &Value) -> Exception {
        if value.is_null() {
            return Exception::null_reference();
        }
        Exception::invalid_cast(&value.type_of(), &self.member.declaring)
    }
}
