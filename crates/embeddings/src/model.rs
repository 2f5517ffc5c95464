//! A model in the folder that model2vec writes: `model.safetensors` and `tokenizer.json`. Its `config.json` tells whether vectors
//! are brought to one length, which does not matter here: they are compared by their direction.
//!
//! The embedding of a text is the mean of the vectors of its tokens. Unknown tokens count for nothing. Texts are never cut: two
//! long ones that only begin alike must not become one.

use std::path::Path;
use std::sync::Arc;

use sekisho_policy::ports::{Embeddings, PortFuture, Vector};
use serde::Deserialize;
use tokenizers::Tokenizer;

use crate::table::Table;

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 1024 * 1024 * 1024;
/// Texts above this many bytes take milliseconds and are embedded apart from the threads that serve calls.
const SHORT: usize = 4 * 1024;

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file of the folder cannot be read.
    #[error("cannot read `{file}`: {cause}")]
    File {
        /// Its name.
        file: &'static str,
        /// Why.
        cause: std::io::Error,
    },
    /// A file of the folder holds something else.
    #[error("`{file}` cannot be used: {message}")]
    Content {
        /// Its name.
        file: &'static str,
        /// Why.
        message: String,
    },
}

/// A model in this process. Cheap to copy.
#[derive(Clone)]
pub struct LocalModel(Arc<Model>);

struct Model {
    tokenizer: Tokenizer,
    unknown: Option<u32>,
    table: Table,
}

impl LocalModel {
    /// Reads the model in a folder.
    ///
    /// # Errors
    /// A file is missing, or holds something else.
    pub fn open(folder: &Path) -> Result<LocalModel, ModelError> {
        let table = Table::read(&read(folder, "model.safetensors")?)?;
        let bytes = read(folder, "tokenizer.json")?;
        let unknown = unknown_token(&bytes);
        let mut tokenizer =
            Tokenizer::from_bytes(&bytes).map_err(|error| content("tokenizer.json", error))?;
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(|error| content("tokenizer.json", error))?;
        let unknown = unknown.and_then(|token| tokenizer.token_to_id(&token));
        Ok(LocalModel(Arc::new(Model { tokenizer, unknown, table })))
    }

    /// The embedding of a text; none when it has no known token.
    pub fn embedding(&self, text: &str) -> Option<Vector> {
        let Model { tokenizer, unknown, table } = &*self.0;
        let encoding = tokenizer.encode_fast(text, false).ok()?;
        let known = encoding.get_ids().iter().copied().filter(|token| Some(*token) != *unknown);
        Vector::new(&table.mean(known)?)
    }
}

fn read(folder: &Path, file: &'static str) -> Result<Vec<u8>, ModelError> {
    let failed = |cause| ModelError::File { file, cause };
    let path = folder.join(file);
    let size = std::fs::metadata(&path).map_err(failed)?.len();
    if size > MAX_FILE {
        return Err(content(file, format!("it is larger than {MAX_FILE} bytes")));
    }
    std::fs::read(&path).map_err(failed)
}

fn content(file: &'static str, error: impl std::fmt::Display) -> ModelError {
    ModelError::Content { file, message: error.to_string() }
}

/// The token that stands for what the tokenizer does not know.
fn unknown_token(tokenizer: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct File {
        model: Model,
    }
    #[derive(Deserialize)]
    struct Model {
        unk_token: Option<String>,
    }
    serde_json::from_slice::<File>(tokenizer).ok()?.model.unk_token
}

impl Embeddings for LocalModel {
    fn embed<'a>(&'a self, text: &'a str) -> PortFuture<'a, Option<Vector>> {
        Box::pin(async move {
            if text.len() <= SHORT {
                return self.embedding(text);
            }
            let (model, text) = (self.clone(), text.to_owned());
            tokio::task::spawn_blocking(move || model.embedding(&text)).await.ok().flatten()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use safetensors::Dtype;
    use safetensors::tensor::TensorView;
    use serde_json::json;

    use super::*;

    fn floats(numbers: &[f32]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    /// A model of four words in two dimensions.
    fn write(folder: &Path, tensors: Vec<(&str, Dtype, Vec<usize>, Vec<u8>)>) {
        let tokenizer = json!({
            "version": "1.0", "truncation": {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0},
            "padding": null, "added_tokens": [], "normalizer": {"type": "Lowercase"},
            "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
            "model": {"type": "WordLevel", "unk_token": "[UNK]",
                "vocab": {"[UNK]": 0, "east": 1, "north": 2, "west": 3}},
        });
        let views: HashMap<&str, TensorView<'_>> = tensors
            .iter()
            .map(|(name, kind, shape, data)| (*name, TensorView::new(*kind, shape.clone(), data).unwrap()))
            .collect();
        std::fs::write(folder.join("model.safetensors"), safetensors::serialize(views, None).unwrap())
            .unwrap();
        std::fs::write(folder.join("tokenizer.json"), tokenizer.to_string()).unwrap();
    }

    fn rows() -> (&'static str, Dtype, Vec<usize>, Vec<u8>) {
        ("embeddings", Dtype::F32, vec![4, 2], floats(&[9.0, 9.0, 1.0, 0.0, 0.0, 1.0, -1.0, 0.0]))
    }

    #[tokio::test]
    async fn the_embedding_is_the_mean_of_known_words() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), vec![rows()]);
        let model = LocalModel::open(folder.path()).unwrap();
        assert_eq!(model.embedding("East"), Vector::new(&[1.0, 0.0]));
        assert_eq!(model.embedding("east nowhere NORTH"), Vector::new(&[1.0, 1.0]));
        // Texts are not cut where the tokenizer would.
        assert_eq!(model.embedding("east north north north"), Vector::new(&[1.0, 3.0]));
        for none in ["", "nowhere", "east west"] {
            assert_eq!(model.embedding(none), None, "{none:?}");
        }
        let long = "east north ".repeat(1000);
        assert_eq!(model.embed(&long).await, Vector::new(&[1.0, 1.0]));
    }

    #[test]
    fn tokens_may_share_rows_and_weigh_differently() {
        let folder = tempfile::tempdir().unwrap();
        let mapping: Vec<u8> = [0_i64, 1, 0, 0].iter().flat_map(|row| row.to_le_bytes()).collect();
        let tensors = vec![
            ("embeddings", Dtype::I8, vec![2, 2], vec![0, 1, 1, 0]),
            ("mapping", Dtype::I64, vec![4], mapping),
            ("weights", Dtype::F32, vec![4], floats(&[1.0, 1.0, 3.0, 1.0])),
        ];
        write(folder.path(), tensors);
        let model = LocalModel::open(folder.path()).unwrap();
        assert_eq!(model.embedding("east north"), Vector::new(&[1.0, 3.0]));
    }

    #[test]
    fn a_wrong_folder_says_what_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let error = |folder: &Path| LocalModel::open(folder).err().unwrap().to_string();
        assert!(error(folder.path()).starts_with("cannot read `model.safetensors`"));
        write(folder.path(), vec![("other", Dtype::F32, vec![1], floats(&[1.0]))]);
        assert!(
            error(folder.path()).starts_with("`model.safetensors` cannot be used"),
            "{}",
            error(folder.path())
        );
        write(folder.path(), vec![rows(), ("weights", Dtype::F32, vec![1], floats(&[1.0]))]);
        assert!(error(folder.path()).contains("differ in length"));
        write(folder.path(), vec![("embeddings", Dtype::F32, vec![1, 1], floats(&[f32::NAN]))]);
        assert!(error(folder.path()).contains("not finite"));
        write(folder.path(), vec![rows()]);
        std::fs::write(folder.path().join("tokenizer.json"), "{}").unwrap();
        assert!(error(folder.path()).starts_with("`tokenizer.json` cannot be used"));
    }
}
