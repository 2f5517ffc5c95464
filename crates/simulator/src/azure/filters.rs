//! Results of Azure's content filter: everything is safe, except a prompt that holds [`FILTERED_MARK`].

use serde_json::{Value, json};

/// A prompt with this text is refused as the content filter does it.
pub(crate) const FILTERED_MARK: &str = "[sim:content-filter]";

/// The results for a completion.
pub(crate) fn safe() -> Value {
    let safe = json!({"filtered": false, "severity": "safe"});
    json!({"hate": safe, "self_harm": safe, "sexual": safe, "violence": safe})
}

/// `prompt_filter_results`.
pub(crate) fn prompt() -> Value {
    let mut results = safe();
    if let Some(results) = results.as_object_mut() {
        results.insert("jailbreak".to_owned(), json!({"filtered": false, "detected": false}));
    }
    json!([{"prompt_index": 0, "content_filter_results": results}])
}
