//! How a .NET type is declared: one static table for each family, written in C#'s own words.

use crate::call::Call;
use crate::exception::Exception;
use crate::value::Value;

/// The body of a member.
pub type Run = fn(&mut Call<'_>) -> Result<Value, Exception>;

/// One member: a signature in C# and its body.
///
/// Signatures: `new(string g)` · `static Guid Parse(string input)` · `string ToString()` · `static Guid Empty`
/// (a property or field has no parentheses) · `int Length` · `JToken this[object key]` · `set JToken this[object key]`
/// (arguments: the keys, then the value) · `set int Capacity` · `static bool operator ==(Guid left, Guid right)` ·
/// `static implicit operator JToken(string value)` · `static explicit operator int(JToken value)` ·
/// `static int Count<T>(this IEnumerable<T> source, Func<T, bool> predicate)` (an extension) ·
/// `params object[] values` · `out int result` · `bool preserveContent = false`.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// The signature.
    pub signature: &'static str,
    /// True when the result depends on the arguments alone and nothing is changed: constants are folded through it.
    pub pure: bool,
    /// The body.
    pub run: Run,
    /// A sentence for the reference: when it is null, how it differs from what one may expect.
    pub note: Option<&'static str>,
    /// The version of Sekisho that has it first.
    pub since: &'static str,
}

/// The version of Sekisho with which the tables begin.
pub const FIRST_VERSION: &str = "0.1";

impl Member {
    const fn new(signature: &'static str, pure: bool, run: Run) -> Self {
        Self { signature, pure, run, note: None, since: FIRST_VERSION }
    }

    /// Adds a sentence for the reference.
    pub const fn note(mut self, note: &'static str) -> Self {
        self.note = Some(note);
        self
    }

    /// Names the version of Sekisho that has it first.
    pub const fn since(mut self, version: &'static str) -> Self {
        self.since = version;
        self
    }
}

/// A member that computes from its arguments alone.
pub const fn pure(signature: &'static str, run: Run) -> Member {
    Member::new(signature, true, run)
}

/// A member that makes or changes a mutable object, or asks the clock, randomness or the call.
pub const fn impure(signature: &'static str, run: Run) -> Member {
    Member::new(signature, false, run)
}

/// What kind of type it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum TypeKind {
    Class,
    Struct,
    Interface,
    Enum,
    Static,
    Delegate,
}

/// A .NET type.
#[derive(Clone, Copy, Debug)]
pub struct TypeDeclaration {
    /// Such as `System.Guid`; generic types without their parameters.
    pub full_name: &'static str,
    /// Class, struct, …
    pub kind: TypeKind,
    /// Names of the type parameters.
    pub type_parameters: &'static [&'static str],
    /// The base class as C# text.
    pub base: Option<&'static str>,
    /// Interfaces as C# text; they may use the type parameters.
    pub interfaces: &'static [&'static str],
    /// The members.
    pub members: &'static [Member],
    /// Values of an enum.
    pub values: &'static [(&'static str, i64)],
    /// A sentence for the reference.
    pub note: Option<&'static str>,
}

impl TypeDeclaration {
    const fn new(full_name: &'static str, kind: TypeKind) -> Self {
        Self {
            full_name,
            kind,
            type_parameters: &[],
            base: None,
            interfaces: &[],
            members: &[],
            values: &[],
            note: None,
        }
    }

    /// A class.
    pub const fn class(full_name: &'static str) -> Self {
        Self::new(full_name, TypeKind::Class)
    }

    /// A struct: never null.
    pub const fn structure(full_name: &'static str) -> Self {
        Self::new(full_name, TypeKind::Struct)
    }

    /// An interface.
    pub const fn interface(full_name: &'static str) -> Self {
        Self::new(full_name, TypeKind::Interface)
    }

    /// A static class.
    pub const fn statics(full_name: &'static str) -> Self {
        Self::new(full_name, TypeKind::Static)
    }

    /// A delegate. Its only member is `R Invoke(…)`, whose body is never run.
    pub const fn delegate(full_name: &'static str, type_parameters: &'static [&'static str]) -> Self {
        Self::new(full_name, TypeKind::Delegate).generic(type_parameters)
    }

    /// An enum with its values.
    pub const fn enumeration(full_name: &'static str, values: &'static [(&'static str, i64)]) -> Self {
        let mut declared = Self::new(full_name, TypeKind::Enum);
        declared.values = values;
        declared
    }

    /// Names the type parameters.
    pub const fn generic(mut self, names: &'static [&'static str]) -> Self {
        self.type_parameters = names;
        self
    }

    /// Names the base class.
    pub const fn base(mut self, base: &'static str) -> Self {
        self.base = Some(base);
        self
    }

    /// Names the interfaces.
    pub const fn interfaces(mut self, interfaces: &'static [&'static str]) -> Self {
        self.interfaces = interfaces;
        self
    }

    /// Gives the members.
    pub const fn members(mut self, members: &'static [Member]) -> Self {
        self.members = members;
        self
    }

    /// Adds a sentence for the reference.
    pub const fn note(mut self, note: &'static str) -> Self {
        self.note = Some(note);
        self
    }

    /// The name without its namespace.
    pub fn short_name(&self) -> &'static str {
        self.full_name.rsplit('.').next().unwrap_or(self.full_name)
    }
}
