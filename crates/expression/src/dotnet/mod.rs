//! The types of .NET that expressions may use: one file (or folder) for each family.
//!
//! How to write a family:
//!
//! 1. Make `dotnet/<family>.rs` with one `static` [`TypeDeclaration`] for each type: a constructor for its kind
//!    ([`TypeDeclaration::class`], `structure`, `statics`, `enumeration` …), then `.generic(..)`, `.base(..)`,
//!    `.interfaces(..)` in C#'s words, and `.members(&[..])`. `guid.rs` is the model.
//! 2. A member is `pure("<signature in C#>", run)` or `impure(..)`. [`crate::members::Member`] lists the forms of
//!    signatures. Overloads are separate entries. Extensions say `this` and are found for every receiver.
//! 3. `run` is `fn(&mut Call<'_>) -> Result<Value, Exception>` (a closure without captures will do). The binder has
//!    already converted arguments to the parameters' types, filled in defaults and packed `params` into an array,
//!    so `call.int(0)`, `call.text(0)?` just read; `call.receiver()` is the object, never null. Of a setter the
//!    last argument is the new value; of `out` parameters use `call.set_out(at, value)`.
//! 4. Throw with the constructors of [`crate::exception::Exception`]; other types by full name with `Exception::new`,
//!    and add that name to `exceptions.rs` so that `catch` knows its place in the hierarchy.
//! 5. Values of a class of its own: implement [`crate::value::DotnetObject`], make them with `Value::object(..)`, read
//!    them with `call.object::<MyClass>()?`. State that changes sits in a `parking_lot::Mutex`.
//! 6. Loops over input: `call.budget().step()?` each turn; before growing memory: `call.budget().allocate(bytes)?`.
//!    Clock and randomness come from `call.context()` alone. Never hold a lock while invoking a delegate.
//! 7. `ToString()`, `ToString(string format)`, `Equals(object)`, `CompareTo(object)` and `GetHashCode()` declared as
//!    instance members are also what concatenation, interpolation, `object.ToString()` and sorting use.
//! 8. Export `pub(super) static TYPES: &[&TypeDeclaration]` and add it to `TABLES` below.
//! 9. Test with `crate::testing::assert_evaluates("@(…)", "System.Int32", "5")` and `assert_throws`.

mod basic_auth;
mod bit_converter;
mod boolean;
mod character;
mod chars;
pub(crate) mod collections;
pub mod context;
mod convert;
pub mod crypto;
pub(crate) mod date;
mod delegates;
mod encoding;
mod enumeration;
mod exceptions;
pub(crate) mod format;
mod forms;
mod guid;
mod interfaces;
mod ip_address;
pub mod json;
pub mod jwt;
mod linq;
pub(crate) mod matrix;
pub(crate) mod number;
mod object;
mod random;
pub(crate) mod reflection;
pub(crate) mod regex;
pub mod registry;
mod signature;
pub(crate) mod string;
mod string_builder;
mod text_io;
mod uri;
pub(crate) mod web_utility;
pub(crate) mod xml;

use std::sync::LazyLock;

pub use object::{equals, formatted, hash_code, text_of, virtual_call};
pub use regex::Pattern;
pub use registry::Registry;

use crate::members::TypeDeclaration;

/// Every family.
static TABLES: &[&[&TypeDeclaration]] = &[
    // First: of equally close names the earlier one is suggested.
    guid::TYPES,
    basic_auth::TYPES,
    bit_converter::TYPES,
    boolean::TYPES,
    character::TYPES,
    // Before `interfaces`: `IEnumerable` alone means the generic one.
    collections::TYPES,
    context::TYPES,
    convert::TYPES,
    crypto::CERTIFICATES,
    crypto::CIPHERS,
    crypto::HASHES,
    crypto::NAMES,
    crypto::RANDOM,
    crypto::RSA,
    date::TYPES,
    delegates::TYPES,
    encoding::TYPES,
    exceptions::TYPES,
    forms::TYPES,
    interfaces::TYPES,
    ip_address::TYPES,
    json::TYPES,
    jwt::TYPES,
    linq::TYPES,
    matrix::TYPES,
    number::TYPES,
    object::TYPES,
    random::TYPES,
    reflection::TYPES,
    regex::TYPES,
    string::TYPES,
    string_builder::TYPES,
    text_io::TYPES,
    uri::TYPES,
    web_utility::TYPES,
    xml::ATTRIBUTES,
    xml::COMPARERS,
    xml::CONTAINERS,
    xml::DOM,
    xml::ELEMENTS,
    xml::LEAVES,
    xml::NAMES,
    xml::NODES,
    xml::READER,
    xml::SEQUENCES,
];

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::new(TABLES));

/// All types of .NET that expressions may use.
pub fn registry() -> &'static Registry {
    &REGISTRY
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_tables_have_no_mistakes() {
        assert_eq!(super::registry().mistakes, Vec::<String>::new());
    }
}
