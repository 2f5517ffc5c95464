//! The C# policy-expression language: parsed, bound and run without a CLR.
//!
//! A text goes `lexer` → `parser` → `binder` (names and types against the tables in [`dotnet`]) → [`program`] → `run`.
//!
//! - [`compile`]: text to [`Program`], or diagnostics with exact places
//! - [`value`]: what expressions compute with; [`types`]: what the binder knows of it
//! - [`members`] and [`dotnet`]: the types of .NET, one table for each family
//! - [`context`]: the port to the live call; [`image`]: the same from a JSON file
//! - [`completion`]: what may be written at a place; [`reference`]: the page about the language
//! - [`framework`]: .NET's formats, encodings and XML, without an expression around them
//! - [`render`]: results as `sekisho eval` prints them
//! - [`budget`]: limits of one evaluation

pub mod ast;
mod binder;
pub mod budget;
pub mod call;
pub mod completion;
pub mod context;
pub mod dotnet;
pub mod exception;
pub mod framework;
#[doc(hidden)]
pub mod fuzzing;
pub mod image;
mod lexer;
pub mod members;
mod parser;
pub mod program;
pub mod reference;
pub mod render;
mod run;
#[cfg(test)]
mod testing;
pub mod types;
pub mod value;

pub use budget::Limits;
pub use exception::Exception;
pub use program::{Needs, Program};
pub use run::to_text;
pub use value::Value;

use sekisho_diagnostics::{Diagnostic, MappedText};

/// Compiles `@(…)` or `@{…}`, entities decoded and named values pasted in.
///
/// # Errors
/// All mistakes found, each at its place in the document.
pub fn compile(text: &MappedText) -> Result<Program, Vec<Diagnostic>> {
    compile_plain(text.text()).map_err(|mistakes| {
        let diagnostic = |mistake: lexer::Mistake| {
            let found = Diagnostic::error(mistake.code, text.span(mistake.place.range()), mistake.message);
            match mistake.help {
                Some(help) => found.with_help(help),
                None => found,
            }
        };
        mistakes.into_iter().map(diagnostic).collect()
    })
}

/// Compiles text that stands alone; places are bytes of it.
fn compile_plain(text: &str) -> Result<Program, Vec<lexer::Mistake>> {
    let (root, mistakes, shape) = parser::parse(text);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    binder::bind(text, &root, shape)
}
