//! The proof that expressions do what .NET does: each is run here and by mono with Newtonsoft.Json, and the answers
//! (type, value, or type of the exception, or that it does not compile) must agree.
//!
//! - [`case`]: the files of `conformance/expressions/`
//! - [`answer`]: what an expression gives, and when two answers agree
//! - [`ours`]: the answer of this project; [`mono`]: the answer of .NET, asked in batches
//! - [`record`]: answers of mono kept beside the cases, so that every test run compares without mono
//! - [`difference`]: the accepted differences with their reasons
//! - [`compare`]: cases and answers side by side
//! - [`conversions`]: XML to JSON and back, compared in the same way

pub mod answer;
pub mod case;
pub mod compare;
pub mod conversions;
pub mod difference;
pub mod generate;
pub mod mono;
pub mod ours;
pub mod record;
