//! `System.Exception` and its descendants.

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::value::Value;

fn this<'c>(call: &'c Call<'_>) -> Result<&'c Exception, Exception> {
    match call.receiver() {
        Value::Exception(exception) => Ok(exception),
        other => Err(call.mismatch(other)),
    }
}

/// `new(message, innerException)`, both optional; `own` is the message of the constructor without arguments.
fn make(call: &mut Call<'_>, type_name: &'static str, own: &str) -> Result<Value, Exception> {
    let message = message(call, 0, type_name, own);
    Ok(Value::Exception(with_inner(call, 1, Exception::new(type_name, message))))
}

/// The message of argument `at`. Null is not the same as none: it says no more than the type.
fn message(call: &Call<'_>, at: usize, type_name: &str, own: &str) -> String {
    match call.text_or_null(at) {
        Some(message) => message.to_string(),
        None if call.arguments().is_empty() => own.to_owned(),
        None => format!("Exception of type '{type_name}' was thrown."),
    }
}

fn with_inner(call: &Call<'_>, at: usize, exception: Exception) -> Exception {
    match call.argument(at) {
        Value::Exception(inner) => exception.with_inner(inner.clone()),
        _ => exception,
    }
}

/// An exception about the parameter whose name is argument `at`, when it has one.
fn about(call: &Call<'_>, at: usize, exception: Exception) -> Exception {
    match call.text_or_null(at).filter(|name| !name.is_empty()) {
        Some(name) => exception.with_parameter(&name),
        None => exception,
    }
}

/// `ToString()`: type and message, with those of the inner exceptions. There is no stack to trace.
fn text(exception: &Exception) -> String {
    let mut out = String::new();
    let mut depth = 0;
    let mut next = Some(exception);
    while let Some(exception) = next {
        out.push_str(if depth == 0 { "" } else { " ---> " });
        out.push_str(exception.type_name());
        if !exception.message().is_empty() {
            out.push_str(": ");
            out.push_str(exception.message());
        }
        depth += 1;
        next = exception.inner();
    }
    for _ in 1..depth {
        out.push_str("\n   --- End of inner exception stack trace ---");
    }
    out
}

/// The innermost exception.
fn base(exception: &Exception) -> &Exception {
    let mut found = exception;
    while let Some(inner) = found.inner() {
        found = inner;
    }
    found
}

static ROOT: TypeDeclaration = TypeDeclaration::class("System.Exception").members(&[
    pure("string Message", |call| Ok(Value::from(this(call)?.message()))),
    pure("Exception InnerException", |call| {
        Ok(this(call)?.inner().cloned().map_or(Value::Null, Value::Exception))
    }),
    pure("string StackTrace", |_| Ok(Value::Null)),
    pure("string Source", |_| Ok(Value::Null)),
    pure("string HelpLink", |_| Ok(Value::Null)),
    pure("string ToString()", |call| {
        let text = text(this(call)?);
        call.budget().allocate(text.len())?;
        Ok(Value::from(text))
    }),
    pure("Exception GetBaseException()", |call| Ok(Value::Exception(base(this(call)?).clone()))),
    impure("new()", |call| {
        make(call, "System.Exception", "Exception of type 'System.Exception' was thrown.")
    }),
    impure("new(string message)", |call| make(call, "System.Exception", "")),
    impure("new(string message, Exception innerException)", |call| make(call, "System.Exception", "")),
]);

const ARGUMENT_NAME: &str = "System.ArgumentException";
const NULL_NAME: &str = "System.ArgumentNullException";
const RANGE_NAME: &str = "System.ArgumentOutOfRangeException";
const DISPOSED_NAME: &str = "System.ObjectDisposedException";

static ARGUMENT: TypeDeclaration =
    TypeDeclaration::class(ARGUMENT_NAME).base("System.SystemException").members(&[
        impure("new()", |call| make(call, ARGUMENT_NAME, "Value does not fall within the expected range.")),
        impure("new(string message)", |call| make(call, ARGUMENT_NAME, "")),
        impure("new(string message, Exception innerException)", |call| make(call, ARGUMENT_NAME, "")),
        impure("new(string message, string paramName)", |call| {
            let exception = Exception::new(ARGUMENT_NAME, message(call, 0, ARGUMENT_NAME, ""));
            Ok(Value::Exception(about(call, 1, exception)))
        }),
        impure("new(string message, string paramName, Exception innerException)", |call| {
            let exception = Exception::new(ARGUMENT_NAME, message(call, 0, ARGUMENT_NAME, ""));
            Ok(Value::Exception(with_inner(call, 2, about(call, 1, exception))))
        }),
        pure("string ParamName", |call| Ok(this(call)?.parameter().map_or(Value::Null, Value::from))),
    ]);

static ARGUMENT_NULL: TypeDeclaration =
    TypeDeclaration::class(NULL_NAME).base("System.ArgumentException").members(&[
        impure("new()", |call| make(call, NULL_NAME, NULL_MESSAGE)),
        impure("new(string paramName)", |call| {
            Ok(Value::Exception(about(call, 0, Exception::new(NULL_NAME, NULL_MESSAGE))))
        }),
        impure("new(string message, Exception innerException)", |call| make(call, NULL_NAME, "")),
        impure("new(string paramName, string message)", |call| {
            let exception = Exception::new(NULL_NAME, message(call, 1, NULL_NAME, ""));
            Ok(Value::Exception(about(call, 0, exception)))
        }),
    ]);

const NULL_MESSAGE: &str = "Value cannot be null.";

static ARGUMENT_OUT_OF_RANGE: TypeDeclaration =
    TypeDeclaration::class(RANGE_NAME).base("System.ArgumentException").members(&[
        impure("new()", |call| make(call, RANGE_NAME, RANGE_MESSAGE)),
        impure("new(string paramName)", |call| {
            Ok(Value::Exception(about(call, 0, Exception::new(RANGE_NAME, RANGE_MESSAGE))))
        }),
        impure("new(string message, Exception innerException)", |call| make(call, RANGE_NAME, "")),
        impure("new(string paramName, string message)", |call| {
            let exception = Exception::new(RANGE_NAME, message(call, 1, RANGE_NAME, ""));
            Ok(Value::Exception(about(call, 0, exception)))
        }),
        impure("new(string paramName, object actualValue, string message)", |call| {
            let exception = Exception::new(RANGE_NAME, message(call, 2, RANGE_NAME, ""));
            let actual = call.argument(1).clone();
            let exception = about(call, 0, exception);
            if actual.is_null() {
                return Ok(Value::Exception(exception));
            }
            let actual = call.text_of(&actual)?;
            Ok(Value::Exception(exception.with_actual_value(&actual)))
        }),
    ]);

const RANGE_MESSAGE: &str = "Specified argument was out of the range of valid values.";

static OBJECT_DISPOSED: TypeDeclaration =
    TypeDeclaration::class(DISPOSED_NAME).base("System.InvalidOperationException").members(&[
        impure("new(string objectName)", |call| {
            let exception = Exception::new(DISPOSED_NAME, "Cannot access a disposed object.");
            Ok(Value::Exception(of_object(call, exception)))
        }),
        impure("new(string objectName, string message)", |call| {
            let exception = Exception::new(DISPOSED_NAME, message(call, 1, DISPOSED_NAME, ""));
            Ok(Value::Exception(of_object(call, exception)))
        }),
        impure("new(string message, Exception innerException)", |call| make(call, DISPOSED_NAME, "")),
    ]);

/// Adds the object's name, argument 0, to the message.
fn of_object(call: &Call<'_>, exception: Exception) -> Exception {
    match call.text_or_null(0).filter(|name| !name.is_empty()) {
        Some(name) => {
            Exception::new(DISPOSED_NAME, format!("{}\nObject name: '{name}'.", exception.message()))
        }
        None => exception,
    }
}

/// Those with the usual constructors: name, base class, message of the constructor without arguments.
macro_rules! descendants {
    ($($name:ident = $full:literal : $base:literal, $own:literal;)*) => {
        $(static $name: TypeDeclaration = TypeDeclaration::class($full).base($base).members(&[
            impure("new()", |call| make(call, $full, $own)),
            impure("new(string message)", |call| make(call, $full, $own)),
            impure("new(string message, Exception innerException)", |call| make(call, $full, $own)),
        ]);)*
        /// The types of this family.
        pub(super) static TYPES: &[&TypeDeclaration] = &[
            &ROOT, &ARGUMENT, &ARGUMENT_NULL, &ARGUMENT_OUT_OF_RANGE, &OBJECT_DISPOSED, $(&$name),*
        ];
    };
}

descendants! {
    SYSTEM = "System.SystemException": "System.Exception", "System error.";
    APPLICATION = "System.ApplicationException": "System.Exception", "Error in the application.";
    NULL_REFERENCE = "System.NullReferenceException": "System.SystemException", "Object reference not set to an instance of an object.";
    INVALID_CAST = "System.InvalidCastException": "System.SystemException", "Specified cast is not valid.";
    KEY_NOT_FOUND = "System.Collections.Generic.KeyNotFoundException": "System.SystemException", "The given key was not present in the dictionary.";
    FORMAT = "System.FormatException": "System.SystemException", "One of the identified items was in an invalid format.";
    URI_FORMAT = "System.UriFormatException": "System.FormatException", "One of the identified items was in an invalid format.";
    DECODER_FALLBACK = "System.Text.DecoderFallbackException": "System.ArgumentException", "Value does not fall within the expected range.";
    REGEX_PARSE = "System.Text.RegularExpressions.RegexParseException": "System.ArgumentException", "Exception of type 'System.Text.RegularExpressions.RegexParseException' was thrown.";
    REGEX_TIMEOUT = "System.Text.RegularExpressions.RegexMatchTimeoutException": "System.TimeoutException", "Exception of type 'System.Text.RegularExpressions.RegexMatchTimeoutException' was thrown.";
    TIMEOUT = "System.TimeoutException": "System.SystemException", "The operation has timed out.";
    INDEX_OUT_OF_RANGE = "System.IndexOutOfRangeException": "System.SystemException", "Index was outside the bounds of the array.";
    INVALID_OPERATION = "System.InvalidOperationException": "System.SystemException", "Operation is not valid due to the current state of the object.";
    NOT_SUPPORTED = "System.NotSupportedException": "System.SystemException", "Specified method is not supported.";
    NOT_IMPLEMENTED = "System.NotImplementedException": "System.SystemException", "The method or operation is not implemented.";
    ARITHMETIC = "System.ArithmeticException": "System.SystemException", "Overflow or underflow in the arithmetic operation.";
    OVERFLOW = "System.OverflowException": "System.ArithmeticException", "Arithmetic operation resulted in an overflow.";
    DIVIDE_BY_ZERO = "System.DivideByZeroException": "System.ArithmeticException", "Attempted to divide by zero.";
    ARRAY_TYPE_MISMATCH = "System.ArrayTypeMismatchException": "System.SystemException", "Attempted to access an element as a type incompatible with the array.";
    RANK = "System.RankException": "System.SystemException", "Attempted to operate on an array with the incorrect number of dimensions.";
    CRYPTOGRAPHIC = "System.Security.Cryptography.CryptographicException": "System.SystemException", "Error occurred during a cryptographic operation.";
    CRYPTOGRAPHIC_UNEXPECTED = "System.Security.Cryptography.CryptographicUnexpectedOperationException": "System.Security.Cryptography.CryptographicException", "Exception of type 'System.Security.Cryptography.CryptographicUnexpectedOperationException' was thrown.";
    PLATFORM_NOT_SUPPORTED = "System.PlatformNotSupportedException": "System.NotSupportedException", "Exception of type 'System.PlatformNotSupportedException' was thrown.";
    XML = "System.Xml.XmlException": "System.SystemException", "An XML error has occurred.";
    XPATH = "System.Xml.XPath.XPathException": "System.SystemException", "Exception of type 'System.Xml.XPath.XPathException' was thrown.";
    TIME_ZONE_NOT_FOUND = "System.TimeZoneNotFoundException": "System.Exception", "Exception of type 'System.TimeZoneNotFoundException' was thrown.";
    JSON = "Newtonsoft.Json.JsonException": "System.Exception", "Exception of type 'Newtonsoft.Json.JsonException' was thrown.";
    JSON_READER = "Newtonsoft.Json.JsonReaderException": "Newtonsoft.Json.JsonException", "Exception of type 'Newtonsoft.Json.JsonReaderException' was thrown.";
    JSON_SERIALIZATION = "Newtonsoft.Json.JsonSerializationException": "Newtonsoft.Json.JsonException", "Exception of type 'Newtonsoft.Json.JsonSerializationException' was thrown.";
    JSON_WRITER = "Newtonsoft.Json.JsonWriterException": "Newtonsoft.Json.JsonException", "Exception of type 'Newtonsoft.Json.JsonWriterException' was thrown.";
    INSUFFICIENT_STACK = "System.InsufficientExecutionStackException": "System.SystemException", "Insufficient stack to continue executing the program safely. This can happen from having too many functions on the call stack or function on the stack using too much stack space.";
}
