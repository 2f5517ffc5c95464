//! The C# policy-expression language: parsed, bound and run without a CLR.
//!
//! - [`value`]: what expressions compute with; [`types`]: what the binder knows of it
//! - [`members`] and [`dotnet`]: the types of .NET, one table for each family
//! - [`context`]: the port to the live call
//! - [`budget`]: limits of one evaluation

pub mod ast;
pub mod budget;
pub mod call;
pub mod context;
pub mod dotnet;
pub mod exception;
pub(crate) mod lexer;
pub mod members;
pub(crate) mod parser;
#[cfg(test)]
#[allow(dead_code)]
mod testing;
pub mod types;
pub mod value;
