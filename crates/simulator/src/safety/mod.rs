//! Azure AI Content Safety. Marks in the text decide the verdict:
//!
//! | mark | verdict |
//! |---|---|
//! | `[sim:hate=4]`, likewise `selfharm`, `sexual`, `violence`, 0 to 7 | severity of that category |
//! | `[sim:blocklist=NAME]` | a hit in the blocklist NAME, when the request asks for it |
//! | `[sim:attack]` | a prompt attack |
//!
//! A mark that a window cuts in two is no mark. Delays, errors and calls that hang come as faults of the service
//! `contentsafety`, see [`crate::faults`]; what was judged is in [`crate::ResourceStats::checks`].

use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::body::Body;
use crate::call::ApiError;
use crate::control::json_reply;
use crate::stats::{Check, Recorder};

/// Characters of a text at most, as with Azure.
const MOST_CHARACTERS: usize = 10_000;
const CATEGORIES: [&str; 4] = ["Hate", "SelfHarm", "Sexual", "Violence"];
const ATTACK_MARK: &str = "[sim:attack]";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Analyze {
    text: String,
    #[serde(default)]
    categories: Option<Vec<String>>,
    #[serde(default)]
    blocklist_names: Option<Vec<String>>,
    #[serde(default)]
    output_type: Option<String>,
}

/// `text:analyze`: a severity for each category asked for (all when none is named), and hits of the blocklists.
pub(crate) fn analyze(recorder: &Recorder, body: &[u8]) -> Result<Response<Body>, ApiError> {
    let request: Analyze =
        serde_json::from_slice(body).map_err(|error| ApiError::invalid_body(&error.to_string()))?;
    check_length(&request.text)?;
    recorder.checked(Check::new("analyze", &request.text));
    let wanted = request.categories.unwrap_or_else(|| CATEGORIES.map(str::to_owned).to_vec());
    if let Some(unknown) = wanted.iter().find(|name| !CATEGORIES.contains(&name.as_str())) {
        return Err(ApiError::invalid_body(&format!("category {unknown:?} is not known")));
    }
    let eight_levels = request.output_type.as_deref() == Some("EightSeverityLevels");
    let categories: Vec<Value> = wanted
        .iter()
        .map(|name| {
            let severity = severity(&request.text, name);
            let shown = if eight_levels { severity } else { severity - severity % 2 };
            json!({"category": name, "severity": shown})
        })
        .collect();
    let lists = request.blocklist_names.unwrap_or_default();
    let hits: Vec<Value> = lists
        .iter()
        .filter(|list| request.text.contains(&format!("[sim:blocklist={list}]")))
        .map(|list| json!({"blocklistName": list, "blocklistItemId": "simulated", "blocklistItemText": list}))
        .collect();
    Ok(json_reply(StatusCode::OK, &json!({"blocklistsMatch": hits, "categoriesAnalysis": categories})))
}

/// The severity a mark gives a category: 0 without one, at most 7.
fn severity(text: &str, category: &str) -> u8 {
    let mark = format!("[sim:{}=", category.to_lowercase());
    let level = text.split_once(&mark).and_then(|(_, rest)| rest.split_once(']'));
    level.and_then(|(level, _)| level.parse().ok()).unwrap_or(0).min(7)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shield {
    #[serde(default)]
    user_prompt: Option<String>,
    #[serde(default)]
    documents: Option<Vec<String>>,
}

/// `text:shieldPrompt`: whether the prompt and each document hold an attack.
pub(crate) fn shield(recorder: &Recorder, body: &[u8]) -> Result<Response<Body>, ApiError> {
    let request: Shield =
        serde_json::from_slice(body).map_err(|error| ApiError::invalid_body(&error.to_string()))?;
    let documents = request.documents.unwrap_or_default();
    let prompt = request.user_prompt.iter().map(|text| ("userPrompt", text));
    let texts: Vec<(&str, &String)> = prompt.chain(documents.iter().map(|text| ("document", text))).collect();
    texts.iter().try_for_each(|(_, text)| check_length(text))?;
    texts.iter().for_each(|(kind, text)| recorder.checked(Check::new(kind, text)));
    let verdict = |text: &String| json!({"attackDetected": text.contains(ATTACK_MARK)});
    let reply = json!({"userPromptAnalysis": request.user_prompt.as_ref().map(verdict),
        "documentsAnalysis": documents.iter().map(verdict).collect::<Vec<_>>()});
    Ok(json_reply(StatusCode::OK, &reply))
}

fn check_length(text: &str) -> Result<(), ApiError> {
    if text.chars().count() <= MOST_CHARACTERS {
        return Ok(());
    }
    Err(ApiError::invalid_body("The text is longer than 10000 characters."))
}
