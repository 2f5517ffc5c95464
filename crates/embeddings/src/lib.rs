//! Embeddings of texts by a model in this process: a table of vectors, one for each token.
//!
//! - [`model`]: the folder that model2vec writes, and the embedding of a text
//! - [`table`]: the vectors of tokens
//!
//! Such a model is small and fast, and judges less well than the large ones that services run: it looks at words and not
//! at their order.

pub mod model;
mod table;

pub use model::{LocalModel, ModelError};
