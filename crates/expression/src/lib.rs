//! The C# policy-expression language: parsed, bound and run without a CLR.

pub mod context;
