//! What a request path of an Azure OpenAI account stands for.

use percent_encoding::percent_decode_str;
use url::form_urlencoded;

/// An operation of Azure OpenAI or Content Safety.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Chat,
    Completions,
    Embeddings,
    Responses,
    Models,
    /// Content Safety: categories and blocklists.
    AnalyzeText,
    /// Content Safety: attacks in prompts.
    ShieldPrompt,
}

impl Operation {
    /// The operation's name in Azure's messages.
    pub(crate) fn azure_name(self) -> &'static str {
        match self {
            Self::Chat => "ChatCompletions_Create",
            Self::Completions => "Completions_Create",
            Self::Embeddings => "Embeddings_Create",
            Self::Responses => "Responses_Create",
            Self::Models => "Models_List",
            Self::AnalyzeText => "Text_Analyze",
            Self::ShieldPrompt => "Text_ShieldPrompt",
        }
    }
}

/// Which URL shape was used: they differ in how the version and the model are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `/openai/…?api-version=`.
    Dated,
    /// `/openai/v1/…`, version optional.
    V1,
    /// `/models/…?api-version=` of Azure AI model inference.
    Inference,
    /// `/contentsafety/…?api-version=`.
    ContentSafety,
}

/// A recognised path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) operation: Operation,
    pub(crate) shape: Shape,
    /// The deployment, where the path names it (percent escapes decoded).
    pub(crate) deployment: Option<String>,
}

/// The route of a path without query.
pub(crate) fn parse(path: &str) -> Option<Route> {
    let path = path.trim_matches('/');
    if let Some(operation) = strip_prefix(path, "openai/v1/") {
        return Some(Route { operation: operation_named(operation)?, shape: Shape::V1, deployment: None });
    }
    if let Some(deployed) = strip_prefix(path, "openai/deployments/") {
        let (name, operation) = deployed.split_once('/')?;
        let operation = operation_named(operation)?;
        let takes_deployment =
            matches!(operation, Operation::Chat | Operation::Completions | Operation::Embeddings);
        let deployment = Some(percent_decode_str(name).decode_utf8_lossy().into_owned());
        return takes_deployment.then_some(Route { operation, shape: Shape::Dated, deployment });
    }
    if let Some(name) = strip_prefix(path, "openai/") {
        let operation = operation_named(name)?;
        let stands_alone = matches!(operation, Operation::Responses | Operation::Models);
        return stands_alone.then_some(Route { operation, shape: Shape::Dated, deployment: None });
    }
    if let Some(name) = strip_prefix(path, "contentsafety/") {
        let is = |known: &str| known.eq_ignore_ascii_case(name);
        let analyze = is("text:analyze").then_some(Operation::AnalyzeText);
        let operation = analyze.or_else(|| is("text:shieldPrompt").then_some(Operation::ShieldPrompt))?;
        return Some(Route { operation, shape: Shape::ContentSafety, deployment: None });
    }
    let operation = operation_named(strip_prefix(path, "models/")?)?;
    let is_inference = matches!(operation, Operation::Chat | Operation::Embeddings);
    is_inference.then_some(Route { operation, shape: Shape::Inference, deployment: None })
}

fn strip_prefix<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = path.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn operation_named(name: &str) -> Option<Operation> {
    const NAMES: [(&str, Operation); 5] = [
        ("chat/completions", Operation::Chat),
        ("completions", Operation::Completions),
        ("embeddings", Operation::Embeddings),
        ("responses", Operation::Responses),
        ("models", Operation::Models),
    ];
    NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, operation)| *operation)
}

/// The first value of a query parameter.
pub(crate) fn query_value(query: &str, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_url_shape() {
        let route = |operation, shape, deployment: Option<&str>| {
            Some(Route { operation, shape, deployment: deployment.map(str::to_owned) })
        };
        assert_eq!(
            parse("/openai/deployments/a%20b+/chat/completions"),
            route(Operation::Chat, Shape::Dated, Some("a b+"))
        );
        assert_eq!(parse("/openai/responses"), route(Operation::Responses, Shape::Dated, None));
        assert_eq!(parse("/OpenAI/v1/embeddings/"), route(Operation::Embeddings, Shape::V1, None));
        assert_eq!(parse("/openai/models"), route(Operation::Models, Shape::Dated, None));
        assert_eq!(parse("/models/chat/completions"), route(Operation::Chat, Shape::Inference, None));
        for unknown in
            ["/", "/openai", "/openai/deployments/d/responses", "/openai/chat/completions", "/v1/models"]
        {
            assert_eq!(parse(unknown), None, "{unknown}");
        }
    }
}
