//! `context` and what hangs on it.

use crate::context::Context;
use crate::exception::Exception;
use crate::members::TypeDeclaration;
use crate::value::{HostReference, Text, Value};

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[];

/// The elements of a dictionary of `context`, as pairs.
pub(crate) fn elements(host: &HostReference, context: &mut dyn Context) -> Result<Vec<Value>, Exception> {
    use crate::types::Type;
    match host {
        HostReference::Variables => {
            let pair = |(name, value)| Value::pair(Type::String, Type::Object, Value::string(name), value);
            Ok(context.variables().into_iter().map(pair).collect())
        }
        _ => Err(Exception::invalid_cast(&host.type_of(), &Type::Named("System.Collections.IEnumerable"))),
    }
}

/// `ToString()`.
pub(crate) fn text_of(host: &HostReference, _context: &mut dyn Context) -> Text {
    Text::from(host.type_of().to_string())
}
