//! `System.Exception` and its descendants.

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{Member, TypeDeclaration, impure, pure};
use crate::value::Value;

/// The members of the root.
static MEMBERS: &[Member] = &[
    pure("string Message", |call| Ok(Value::from(this(call)?.message()))),
    pure("Exception InnerException", |call| {
        Ok(this(call)?.inner().cloned().map_or(Value::Null, Value::Exception))
    }),
    pure("string StackTrace", |_| Ok(Value::Null)),
    pure("string ToString()", |call| {
        let exception = this(call)?;
        Ok(Value::from(format!("{}: {}", exception.type_name(), exception.message())))
    }),
    impure("new()", make),
    impure("new(string message)", make),
    impure("new(string message, Exception innerException)", make),
];

/// Constructors of every descendant.
static CONSTRUCTORS: &[Member] = &[
    impure("new()", make),
    impure("new(string message)", make),
    impure("new(string message, Exception innerException)", make),
];

fn this<'c>(call: &'c Call<'_>) -> Result<&'c Exception, Exception> {
    match call.receiver() {
        Value::Exception(exception) => Ok(exception),
        other => Err(call.mismatch(other)),
    }
}

fn make(call: &mut Call<'_>) -> Result<Value, Exception> {
    let type_name = call.member.declaring.declaration_name().unwrap_or("System.Exception");
    let message = match call.text_or_null(0) {
        Some(message) => message.to_string(),
        None => format!("Exception of type '{type_name}' was thrown."),
    };
    let exception = Exception::new(type_name, message);
    Ok(Value::Exception(match call.argument(1) {
        Value::Exception(inner) => exception.with_inner(inner.clone()),
        _ => exception,
    }))
}

static ROOT: TypeDeclaration = TypeDeclaration::class("System.Exception").members(MEMBERS);

macro_rules! descendants {
    ($($name:ident = $full:literal : $base:literal;)*) => {
        $(static $name: TypeDeclaration = TypeDeclaration::class($full).base($base).members(CONSTRUCTORS);)*
        /// The types of this family.
        pub(super) static TYPES: &[&TypeDeclaration] = &[&ROOT, $(&$name),*];
    };
}

descendants! {
    SYSTEM = "System.SystemException": "System.Exception";
    APPLICATION = "System.ApplicationException": "System.Exception";
    NULL_REFERENCE = "System.NullReferenceException": "System.SystemException";
    INVALID_CAST = "System.InvalidCastException": "System.SystemException";
    KEY_NOT_FOUND = "System.Collections.Generic.KeyNotFoundException": "System.SystemException";
    FORMAT = "System.FormatException": "System.SystemException";
    URI_FORMAT = "System.UriFormatException": "System.FormatException";
    ARGUMENT = "System.ArgumentException": "System.SystemException";
    ARGUMENT_NULL = "System.ArgumentNullException": "System.ArgumentException";
    ARGUMENT_OUT_OF_RANGE = "System.ArgumentOutOfRangeException": "System.ArgumentException";
    DECODER_FALLBACK = "System.Text.DecoderFallbackException": "System.ArgumentException";
    REGEX_PARSE = "System.Text.RegularExpressions.RegexParseException": "System.ArgumentException";
    REGEX_TIMEOUT = "System.Text.RegularExpressions.RegexMatchTimeoutException": "System.TimeoutException";
    TIMEOUT = "System.TimeoutException": "System.SystemException";
    INDEX_OUT_OF_RANGE = "System.IndexOutOfRangeException": "System.SystemException";
    INVALID_OPERATION = "System.InvalidOperationException": "System.SystemException";
    OBJECT_DISPOSED = "System.ObjectDisposedException": "System.InvalidOperationException";
    NOT_SUPPORTED = "System.NotSupportedException": "System.SystemException";
    NOT_IMPLEMENTED = "System.NotImplementedException": "System.SystemException";
    ARITHMETIC = "System.ArithmeticException": "System.SystemException";
    OVERFLOW = "System.OverflowException": "System.ArithmeticException";
    DIVIDE_BY_ZERO = "System.DivideByZeroException": "System.ArithmeticException";
    ARRAY_TYPE_MISMATCH = "System.ArrayTypeMismatchException": "System.SystemException";
    RANK = "System.RankException": "System.SystemException";
    CRYPTOGRAPHIC = "System.Security.Cryptography.CryptographicException": "System.SystemException";
    CRYPTOGRAPHIC_UNEXPECTED = "System.Security.Cryptography.CryptographicUnexpectedOperationException": "System.Security.Cryptography.CryptographicException";
    PLATFORM_NOT_SUPPORTED = "System.PlatformNotSupportedException": "System.NotSupportedException";
    XML = "System.Xml.XmlException": "System.SystemException";
    TIME_ZONE_NOT_FOUND = "System.TimeZoneNotFoundException": "System.Exception";
    JSON = "Newtonsoft.Json.JsonException": "System.Exception";
    JSON_READER = "Newtonsoft.Json.JsonReaderException": "Newtonsoft.Json.JsonException";
    JSON_SERIALIZATION = "Newtonsoft.Json.JsonSerializationException": "Newtonsoft.Json.JsonException";
    JSON_WRITER = "Newtonsoft.Json.JsonWriterException": "Newtonsoft.Json.JsonException";
    INSUFFICIENT_STACK = "System.InsufficientExecutionStackException": "System.SystemException";
}
