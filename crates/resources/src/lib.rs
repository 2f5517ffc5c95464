//! The resources of a gateway in ARM's own names and shapes, and the loaders that read them.
//!
//! - [`model`]: the resources of one service
//! - [`contracts`]: what specifications say of messages, read when it is asked for
//! - [`process`]: how the process runs (`sekisho.yaml`)
//! - [`load()`]: from a path to both, with all findings
//!
//! Inside: `value` (JSON and YAML as a tree with places) → `fields` (typed access) → `read` (one file per kind of
//! resource) ← `directory`, `document` (the two layouts); `openapi` (specifications to operations); `check`
//! (references and uniqueness over the whole).
//!
//! # Values
//!
//! `${NAME}` and `${NAME:-default}` in a value are replaced by environment variables, except in policies and
//! specifications; `$${` writes a `${`. A value that may be secret (`value` of a named value, `primaryKey`,
//! `secondaryKey`, credentials, `password`, `clientSecret`, `token`, `header`) may also be `{file: path}`, relative to
//! the file it is written in. Findings never show an expanded value.

mod check;
pub mod contracts;
mod directory;
mod document;
mod duration;
mod environment;
mod fields;
mod identifier;
mod load;
pub mod model;
mod openapi;
pub mod process;
mod read;
mod reading;
mod sections;
mod template;
mod value;

pub use load::{Loaded, load, load_directory, load_text, load_yaml};
pub use model::Configuration;
pub use process::Process;
