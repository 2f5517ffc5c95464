//! The content of a message: a text, or parts.

use serde_json::{Value, json};

use crate::translate::ChatError;

/// Blocks of a content that is text and nothing else. Empty texts are left out, which the Messages API does not take.
pub(super) fn text_blocks(content: Option<&Value>) -> Result<Vec<Value>, ChatError> {
    blocks(content, |kind, part| match kind {
        "text" | "refusal" => Ok(text_of(kind, part)),
        _ => Err(unsupported(kind)),
    })
}

/// Blocks of a content that may have images.
pub(super) fn user_blocks(content: Option<&Value>) -> Result<Vec<Value>, ChatError> {
    blocks(content, |kind, part| match kind {
        "text" => Ok(text_of(kind, part)),
        "image_url" => image(part).map(Some),
        _ => Err(unsupported(kind)),
    })
}

fn blocks(
    content: Option<&Value>,
    block: impl Fn(&str, &Value) -> Result<Option<Value>, ChatError>,
) -> Result<Vec<Value>, ChatError> {
    match content {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(text_block(text).into_iter().collect()),
        Some(Value::Array(parts)) => {
            let mut blocks = Vec::with_capacity(parts.len());
            for (place, part) in parts.iter().enumerate() {
                let kind = part.get("type").and_then(Value::as_str).unwrap_or_default();
                let found = block(kind, part).map_err(|error| error.within(&format!("content[{place}]")))?;
                blocks.extend(found);
            }
            Ok(blocks)
        }
        Some(_) => {
            let message = "The content of a message must be a text or an array of parts.";
            Err(ChatError::invalid("content", "invalid_type", message))
        }
    }
}

/// The text of a part, which its member of the same name has.
fn text_of(kind: &str, part: &Value) -> Option<Value> {
    text_block(part.get(kind).and_then(Value::as_str).unwrap_or_default())
}

fn text_block(text: &str) -> Option<Value> {
    (!text.is_empty()).then(|| json!({ "type": "text", "text": text }))
}

/// `image_url`: the image itself in a `data:` URL with base64, or where it is.
fn image(part: &Value) -> Result<Value, ChatError> {
    let url = part.get("image_url").and_then(|image| image.get("url")?.as_str()).unwrap_or_default();
    let source = match url.strip_prefix("data:").map(|data| data.split_once(";base64,")) {
        Some(Some((media_type, data))) => json!({ "type": "base64", "media_type": media_type, "data": data }),
        None if url.starts_with("https://") => json!({ "type": "url", "url": url }),
        _ => {
            let message = "An image must be a `data:` URL with base64 or an `https:` URL.";
            return Err(ChatError::invalid("image_url.url", "invalid_image_url", message));
        }
    };
    Ok(json!({ "type": "image", "source": source }))
}

fn unsupported(kind: &str) -> ChatError {
    let message = format!("A part of type `{kind}` is not supported here for this model.");
    ChatError::invalid("type", "unsupported_value", message)
}
