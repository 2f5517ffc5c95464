//! A multipart form, as transcriptions come in.

use std::collections::BTreeMap;
use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, header};
use multer::{Constraints, Multipart, SizeLimit};

/// Fields of a form at most, and the largest that is not a file.
const MOST_FIELDS: usize = 64;
const MAX_FIELD_BYTES: usize = 64 * 1024;

/// A form's texts and what is known of its file.
#[derive(Debug, Default)]
pub(crate) struct Form {
    fields: BTreeMap<String, String>,
    pub(crate) file: Option<File>,
}

/// A file that was sent.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) bytes: u64,
}

impl Form {
    /// Reads a body that the headers call a form; `None` when it is none, or a broken one.
    pub(super) async fn read(headers: &HeaderMap, body: &Bytes) -> Option<Self> {
        let boundary = multer::parse_boundary(headers.get(header::CONTENT_TYPE)?.to_str().ok()?).ok()?;
        let whole = stream::iter([Ok::<_, Infallible>(body.clone())]);
        let limits = Constraints::new().size_limit(SizeLimit::new().whole_stream(body.len() as u64));
        let mut parts = Multipart::with_constraints(whole, boundary, limits);
        let mut form = Self::default();
        let mut seen = 0;
        while let Some(part) = parts.next_field().await.ok()? {
            seen += 1;
            if seen > MOST_FIELDS {
                return None;
            }
            let name = part.name().unwrap_or_default().to_owned();
            match part.file_name().map(str::to_owned) {
                Some(file) => {
                    form.file = Some(File { name: file, bytes: part.bytes().await.ok()?.len() as u64 })
                }
                None => {
                    let text = part.text().await.ok().filter(|text| text.len() <= MAX_FIELD_BYTES)?;
                    form.fields.insert(name, text);
                }
            }
        }
        Some(form)
    }

    /// The text of a field.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}
