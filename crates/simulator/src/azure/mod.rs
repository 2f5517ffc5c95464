//! Azure OpenAI, and what else speaks OpenAI's formats: one file for each operation.

pub(crate) mod audio;
pub(crate) mod chat;
pub(crate) mod completions;
pub(crate) mod embeddings;
mod filters;
pub(crate) mod images;
pub(crate) mod models;
pub(crate) mod prompt;
pub(crate) mod responses;
pub(crate) mod tools;
