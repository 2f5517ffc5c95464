//! Exceptions of .NET: what an expression throws and catches.

use std::fmt;
use std::sync::Arc;

use crate::types::Type;

/// A thrown exception.
#[derive(Clone)]
pub struct Exception(Arc<Data>);

struct Data {
    type_name: &'static str,
    message: String,
    /// `ParamName`, which the message ends with.
    parameter: Option<String>,
    inner: Option<Exception>,
    catchable: bool,
}

/// A chain of inner exceptions is taken apart in a loop: recursion would exhaust the stack.
impl Drop for Data {
    fn drop(&mut self) {
        let mut next = self.inner.take();
        while let Some(Exception(data)) = next {
            next = Arc::into_inner(data).and_then(|mut data| data.inner.take());
        }
    }
}

impl Exception {
    /// An exception of a type by its full .NET name.
    pub fn new(type_name: &'static str, message: impl Into<String>) -> Self {
        Self::made(type_name, message.into(), true)
    }

    fn made(type_name: &'static str, message: String, catchable: bool) -> Self {
        Self(Arc::new(Data { type_name, message, parameter: None, inner: None, catchable }))
    }

    /// The same about a parameter, which .NET names on a line of its own below the message.
    #[must_use]
    pub fn with_parameter(self, parameter: &str) -> Self {
        let data = &*self.0;
        Self(Arc::new(Data {
            type_name: data.type_name,
            message: format!("{}\nParameter name: {parameter}", data.message),
            parameter: Some(parameter.to_owned()),
            inner: data.inner.clone(),
            catchable: data.catchable,
        }))
    }

    /// The same with the wrong value on a further line of the message.
    #[must_use]
    pub fn with_actual_value(self, actual: &str) -> Self {
        let data = &*self.0;
        Self(Arc::new(Data {
            type_name: data.type_name,
            message: format!("{}\nActual value was {actual}.", data.message),
            parameter: data.parameter.clone(),
            inner: data.inner.clone(),
            catchable: data.catchable,
        }))
    }

    /// The same with an inner exception.
    #[must_use]
    pub fn with_inner(self, inner: Exception) -> Self {
        let data = &*self.0;
        Self(Arc::new(Data {
            type_name: data.type_name,
            message: data.message.clone(),
            parameter: data.parameter.clone(),
            inner: Some(inner),
            catchable: data.catchable,
        }))
    }

    /// An exceeded limit of nesting or size: no `catch` sees it.
    pub fn limit(message: impl Into<String>) -> Self {
        Self::limit_of("System.InsufficientExecutionStackException", message)
    }

    /// An exceeded limit, by the exception that .NET has for what ran out.
    pub fn limit_of(type_name: &'static str, message: impl Into<String>) -> Self {
        Self::made(type_name, message.into(), false)
    }

    /// The full .NET name of its type.
    pub fn type_name(&self) -> &'static str {
        self.0.type_name
    }

    /// `Message`.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// `ParamName`.
    pub fn parameter(&self) -> Option<&str> {
        self.0.parameter.as_deref()
    }

    /// `InnerException`.
    pub fn inner(&self) -> Option<&Exception> {
        self.0.inner.as_ref()
    }

    /// False for exceeded limits.
    pub fn is_catchable(&self) -> bool {
        self.0.catchable
    }

    /// Its identity.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// A member of null was used.
    pub fn null_reference() -> Self {
        Self::new("System.NullReferenceException", "Object reference not set to an instance of an object.")
    }

    /// A cast that the run-time type does not allow. To a value type it is an unboxing, whose text names no types.
    pub fn invalid_cast(from: &Type, to: &Type) -> Self {
        let message = if to.is_value_type() {
            "Specified cast is not valid.".to_owned()
        } else {
            let (from, to) = (from.reflection_name(), to.reflection_name());
            format!("Unable to cast object of type '{from}' to type '{to}'.")
        };
        Self::new("System.InvalidCastException", message)
    }

    /// A value stored in an array of another type.
    pub fn array_type_mismatch() -> Self {
        let message = "Attempted to access an element as a type incompatible with the array.";
        Self::new("System.ArrayTypeMismatchException", message)
    }

    /// A key that a dictionary lacks.
    pub fn key_not_found(key: &str) -> Self {
        let message = format!("The given key '{key}' was not present in the dictionary.");
        Self::new("System.Collections.Generic.KeyNotFoundException", message)
    }

    /// Text that cannot be read.
    pub fn format(message: impl Into<String>) -> Self {
        Self::new("System.FormatException", message)
    }

    /// A wrong argument; without a parameter when its name is empty.
    pub fn argument(message: impl Into<String>, parameter: &str) -> Self {
        Self::about("System.ArgumentException", message, parameter)
    }

    fn about(type_name: &'static str, message: impl Into<String>, parameter: &str) -> Self {
        let exception = Self::new(type_name, message);
        if parameter.is_empty() { exception } else { exception.with_parameter(parameter) }
    }

    /// An argument that must not be null.
    pub fn argument_null(parameter: &str) -> Self {
        Self::about("System.ArgumentNullException", "Value cannot be null.", parameter)
    }

    /// An argument out of range; an empty message stands for .NET's own.
    pub fn argument_out_of_range(parameter: &str, message: &str) -> Self {
        let own = "Specified argument was out of the range of valid values.";
        let message = if message.is_empty() { own } else { message };
        Self::about("System.ArgumentOutOfRangeException", message, parameter)
    }

    /// An array index out of range.
    pub fn index_out_of_range() -> Self {
        Self::new("System.IndexOutOfRangeException", "Index was outside the bounds of the array.")
    }

    /// An operation that the object's state does not allow.
    pub fn invalid_operation(message: impl Into<String>) -> Self {
        Self::new("System.InvalidOperationException", message)
    }

    /// A number that does not fit.
    pub fn overflow(message: impl Into<String>) -> Self {
        Self::new("System.OverflowException", message)
    }

    /// An arithmetic overflow in checked code.
    pub fn arithmetic_overflow() -> Self {
        Self::overflow("Arithmetic operation resulted in an overflow.")
    }

    /// An integer or decimal division by zero.
    pub fn divide_by_zero() -> Self {
        Self::new("System.DivideByZeroException", "Attempted to divide by zero.")
    }

    /// A feature that .NET has and this engine or this object lacks.
    pub fn not_supported(message: impl Into<String>) -> Self {
        Self::new("System.NotSupportedException", message)
    }
}

impl fmt::Debug for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.type_name(), self.message())
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for Exception {}
