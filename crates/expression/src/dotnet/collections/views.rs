//! `Keys` and `Values` of a dictionary: they show what it holds now.

use std::any::Any;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::exception::Exception;
use crate::types::Type;
use crate::value::{Dictionary, DotnetObject, Entries, Iterate, SeenEntries, Value, walk_entries};

/// Which half of the entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Keys,
    Values,
}

/// One half of a dictionary.
#[derive(Clone)]
struct View {
    dictionary: Arc<Dictionary>,
    half: Half,
}

/// A view of one half of a dictionary.
pub(super) fn view(dictionary: &Arc<Dictionary>, half: Half) -> Value {
    Value::object(View { dictionary: Arc::clone(dictionary), half })
}

/// What a change of such a view throws; none for other values.
pub(super) fn unchangeable(value: &Value) -> Option<Exception> {
    let view = value.downcast::<View>()?;
    let half = if view.half == Half::Keys { "key" } else { "value" };
    let message = format!("Mutating a {half} collection derived from a dictionary is not allowed.");
    Some(Exception::not_supported(message))
}

impl DotnetObject for View {
    fn type_of(&self) -> Type {
        // The nested classes of .NET have no names that an expression could use.
        let element = if self.half == Half::Keys { &self.dictionary.key } else { &self.dictionary.value };
        Type::generic("System.Collections.Generic.ICollection", [element.clone()])
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn to_text(&self) -> String {
        let dictionary = Type::generic(
            "System.Collections.Generic.Dictionary",
            [self.dictionary.key.clone(), self.dictionary.value.clone()],
        );
        let name = if self.half == Half::Keys { "`2+KeyCollection" } else { "`2+ValueCollection" };
        dictionary.reflection_name().replacen("`2", name, 1)
    }
    fn items(&self) -> Option<Vec<Value>> {
        let entries = self.dictionary.entries.lock();
        Some(entries.iter().map(|(key, value)| self.show(key, value)).collect())
    }
    fn walk(&self) -> Option<Box<dyn Iterate>> {
        Some(walk_entries(self.clone()))
    }
}

impl SeenEntries for View {
    fn entries(&self) -> &Mutex<Entries> {
        &self.dictionary.entries
    }
    fn show(&self, key: &Value, value: &Value) -> Value {
        if self.half == Half::Keys { key.clone() } else { value.clone() }
    }
}
