//! What the conventions for generative AI say of a call.
//!
//! Source: OpenTelemetry semantic conventions, `docs/gen-ai/gen-ai-spans.md` and `gen-ai-metrics.md`.

use sekisho_llm::Kind;
use sekisho_llm::usage::Provenance;
use sekisho_llm::usage::Usage;
use sekisho_policy::ports::{Attempt, CallRecord};

/// A call of a model, or of a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GenAi<'r> {
    /// `gen_ai.operation.name`.
    pub(super) operation: &'static str,
    /// `gen_ai.provider.name`; none where nothing tells, as for tools.
    pub(super) provider: Option<&'static str>,
    /// `gen_ai.request.model`.
    pub(super) model: Option<&'r str>,
    /// The path that the client called.
    called: &'r str,
}

impl<'r> GenAi<'r> {
    /// Of a call; none for one that is neither.
    pub(super) fn of(record: &'r CallRecord) -> Option<Self> {
        if record.mcp.as_ref().is_some_and(|mcp| mcp.tool_name.is_some()) {
            return Some(Self { operation: "execute_tool", provider: None, model: None, called: "" });
        }
        if record.model.is_none() && record.usage.is_none() {
            return None;
        }
        let kind = kind(&record.url, record.query.as_deref());
        let called = path_of(&record.url);
        let provider = match record.attempts.last() {
            Some(attempt) => provider(&attempt.authority, &attempt.path, called),
            None => provider("", "", called),
        };
        let operation = operation(kind)?;
        Some(Self { operation, provider: Some(provider), model: record.model.as_deref(), called })
    }

    /// Of one call of a backend, as part of a call of a model.
    pub(super) fn of_attempt(self, attempt: &Attempt) -> Self {
        Self {
            provider: self.provider.map(|_| provider(&attempt.authority, &attempt.path, self.called)),
            ..self
        }
    }
}

/// Prompt and completion, as far as they are known.
pub(crate) fn tokens(usage: &Usage) -> (Option<u64>, Option<u64>) {
    let known = |count: Option<u64>, from| count.filter(|_| from != Provenance::Unknown);
    (known(usage.prompt, usage.prompt_provenance), known(usage.completion, usage.completion_provenance))
}

/// The path of a URL.
pub(super) fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
}

fn kind(url: &str, query: Option<&str>) -> Kind {
    let path = path_of(url);
    match sekisho_llm::classify(path) {
        Kind::Other => sekisho_llm::classify(&format!("{path}?{}", query.unwrap_or_default())),
        known => known,
    }
}

/// Well-known names where there is one; the others are those of the wire formats.
fn operation(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::ChatCompletions | Kind::Responses | Kind::AnthropicMessages => Some("chat"),
        Kind::Completions => Some("text_completion"),
        Kind::Embeddings => Some("embeddings"),
        Kind::Models | Kind::Other => None,
        other => Some(other.as_str()),
    }
}

/// Whose format it is, by host and path of the backend, and then by the path that the client called; the format of OpenAI
/// where none tells.
fn provider(authority: &str, path: &str, called: &str) -> &'static str {
    let host = authority.split_once("://").map_or(authority, |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    const HOSTS: [(&str, &str); 11] = [
        (".openai.azure.com", "azure.ai.openai"),
        (".cognitiveservices.azure.com", "azure.ai.openai"),
        ("api.openai.com", "openai"),
        ("api.anthropic.com", "anthropic"),
        (".amazonaws.com", "aws.bedrock"),
        ("generativelanguage.googleapis.com", "gcp.gemini"),
        ("aiplatform.googleapis.com", "gcp.vertex_ai"),
        ("api.mistral.ai", "mistral_ai"),
        ("api.groq.com", "groq"),
        ("api.deepseek.com", "deepseek"),
        ("api.cohere.com", "cohere"),
    ];
    if let Some((_, provider)) = HOSTS.iter().find(|(end, _)| host.ends_with(end)) {
        return provider;
    }
    if sekisho_llm::classify(path) == Kind::AnthropicMessages {
        return "anthropic";
    }
    let is_azure_inference = host.ends_with(".services.ai.azure.com") && path.contains("/models/");
    match () {
        () if is_azure_inference => "azure.ai.inference",
        () if [path, called].iter().any(|path| path.contains("/openai/")) || host.ends_with(".azure.com") => {
            "azure.ai.openai"
        }
        () => "openai",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_told_by_host_and_path() {
        for (authority, path, expected) in [
            ("https://a.openai.azure.com", "/openai/deployments/d/chat/completions", "azure.ai.openai"),
            ("https://api.openai.com", "/v1/chat/completions", "openai"),
            ("http://127.0.0.1:4000", "/openai/v1/chat/completions", "azure.ai.openai"),
            ("http://127.0.0.1:4000", "/v1/chat/completions", "openai"),
            ("http://127.0.0.1:4000", "/anthropic/v1/messages", "anthropic"),
            ("https://a.services.ai.azure.com", "/models/chat/completions", "azure.ai.inference"),
        ] {
            assert_eq!(provider(authority, path, ""), expected, "{authority}{path}");
        }
        assert_eq!(provider("http://127.0.0.1", "/chat/completions", "/a/openai/v1/chat"), "azure.ai.openai");
    }

    #[test]
    fn operations_have_the_names_of_the_conventions() {
        let of = |path: &str| {
            let url = format!("https://gateway.example{path}");
            let record = CallRecord { url, model: Some("m".into()), ..CallRecord::default() };
            GenAi::of(&record).map(|gen_ai| gen_ai.operation)
        };
        assert_eq!(of("/a/openai/deployments/d/chat/completions"), Some("chat"));
        assert_eq!(of("/a/v1/messages"), Some("chat"));
        assert_eq!(of("/a/openai/v1/embeddings"), Some("embeddings"));
        assert_eq!(of("/a/completions"), Some("text_completion"));
        assert_eq!(of("/a/audio/speech"), Some("audio_speech"));
        assert_eq!(of("/a/pets"), None);
    }
}
