//! What a request path of a resource stands for.

use percent_encoding::percent_decode_str;
use url::form_urlencoded;

/// An operation of a surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Chat,
    Completions,
    Embeddings,
    Responses,
    Images,
    /// Audio to text, in its own language or in English.
    Transcription,
    /// Text to audio.
    Speech,
    Models,
    /// Anthropic: a message.
    Messages,
    /// Anthropic: the tokens of a message.
    CountTokens,
    /// A WebSocket.
    Realtime,
    /// Content Safety: categories and blocklists.
    AnalyzeText,
    /// Content Safety: attacks in prompts.
    ShieldPrompt,
    /// MCP over streamable HTTP.
    Mcp,
    /// MCP's older transport: the stream.
    McpSse,
    /// MCP's older transport: messages.
    McpMessages,
    /// The card of the A2A agent.
    AgentCard,
    /// A2A over JSON-RPC.
    Agent,
}

impl Operation {
    /// The operation's name in Azure's messages.
    pub(crate) fn azure_name(self) -> &'static str {
        match self {
            Self::Chat => "ChatCompletions_Create",
            Self::Completions => "Completions_Create",
            Self::Embeddings => "Embeddings_Create",
            Self::Responses => "Responses_Create",
            Self::Images => "ImageGenerations_Create",
            Self::Transcription => "Transcriptions_Create",
            Self::Speech => "Speech_Create",
            Self::Models => "Models_List",
            Self::Messages => "Messages_Create",
            Self::CountTokens => "Messages_CountTokens",
            Self::Realtime => "Realtime_Connect",
            Self::AnalyzeText => "Text_Analyze",
            Self::ShieldPrompt => "Text_ShieldPrompt",
            Self::Mcp | Self::McpSse | Self::McpMessages => "Mcp",
            Self::AgentCard | Self::Agent => "Agent",
        }
    }

    /// Whether a mark in the body may ask for a fault. Not where a gateway sends a caller's text to have it looked at:
    /// the mark is meant for the model.
    pub(crate) fn takes_fault_mark(self) -> bool {
        !matches!(self, Self::Embeddings | Self::CountTokens | Self::AnalyzeText | Self::ShieldPrompt)
    }

    /// What stands in statistics and faults for a deployment, where there is none.
    pub(crate) fn service(self) -> Option<&'static str> {
        match self {
            Self::AnalyzeText | Self::ShieldPrompt => Some("contentsafety"),
            Self::Mcp | Self::McpSse | Self::McpMessages => Some("mcp"),
            Self::AgentCard | Self::Agent => Some("a2a"),
            _ => None,
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
    /// `/v1/…` or nothing before the operation: OpenAI itself and what is compatible with it.
    OpenAi,
    /// `/models/…?api-version=` of Azure AI model inference.
    Inference,
    /// `/contentsafety/…?api-version=`.
    ContentSafety,
    /// `/v1/messages` and `/anthropic/v1/…`, version in a header.
    Anthropic,
    /// A protocol of agents, with a path of its own.
    Agents,
}

/// A recognised path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) operation: Operation,
    pub(crate) shape: Shape,
    /// The deployment, where the path names it (percent escapes decoded).
    pub(crate) deployment: Option<String>,
}

/// Operations below a prefix, with how they stand there.
struct Surface {
    prefix: &'static str,
    shape: Shape,
    operations: &'static [(&'static str, Operation)],
}

const OF_OPENAI: &[(&str, Operation)] = &[
    ("chat/completions", Operation::Chat),
    ("completions", Operation::Completions),
    ("embeddings", Operation::Embeddings),
    ("responses", Operation::Responses),
    ("images/generations", Operation::Images),
    ("audio/transcriptions", Operation::Transcription),
    ("audio/translations", Operation::Transcription),
    ("audio/speech", Operation::Speech),
    ("models", Operation::Models),
    ("realtime", Operation::Realtime),
];
const OF_DEPLOYMENTS: &[(&str, Operation)] = &[
    ("chat/completions", Operation::Chat),
    ("completions", Operation::Completions),
    ("embeddings", Operation::Embeddings),
    ("images/generations", Operation::Images),
    ("audio/transcriptions", Operation::Transcription),
    ("audio/translations", Operation::Transcription),
    ("audio/speech", Operation::Speech),
];
const OF_ANTHROPIC: &[(&str, Operation)] = &[
    ("messages", Operation::Messages),
    ("messages/count_tokens", Operation::CountTokens),
    ("models", Operation::Models),
];

/// In the order of their trial: of two that fit, the first counts.
const SURFACES: &[Surface] = &[
    Surface { prefix: "openai/v1/", shape: Shape::V1, operations: OF_OPENAI },
    Surface {
        prefix: "openai/",
        shape: Shape::Dated,
        operations: &[
            ("responses", Operation::Responses),
            ("models", Operation::Models),
            ("realtime", Operation::Realtime),
        ],
    },
    Surface {
        prefix: "contentsafety/",
        shape: Shape::ContentSafety,
        operations: &[
            ("text:analyze", Operation::AnalyzeText),
            ("text:shieldPrompt", Operation::ShieldPrompt),
        ],
    },
    Surface {
        prefix: "models/",
        shape: Shape::Inference,
        operations: &[("chat/completions", Operation::Chat), ("embeddings", Operation::Embeddings)],
    },
    Surface { prefix: "anthropic/v1/", shape: Shape::Anthropic, operations: OF_ANTHROPIC },
    Surface { prefix: "v1/", shape: Shape::OpenAi, operations: OF_OPENAI },
    Surface { prefix: "v1/", shape: Shape::Anthropic, operations: OF_ANTHROPIC },
    Surface {
        prefix: "",
        shape: Shape::Agents,
        operations: &[
            ("mcp", Operation::Mcp),
            ("sse", Operation::McpSse),
            ("messages", Operation::McpMessages),
            (".well-known/agent-card.json", Operation::AgentCard),
            ("a2a", Operation::Agent),
        ],
    },
    Surface { prefix: "", shape: Shape::OpenAi, operations: OF_OPENAI },
];

/// The route of a path without query.
pub(crate) fn parse(path: &str) -> Option<Route> {
    let path = path.trim_matches('/');
    if let Some(deployed) = strip_prefix(path, "openai/deployments/") {
        let (name, operation) = deployed.split_once('/')?;
        let operation = named(OF_DEPLOYMENTS, operation)?;
        let deployment = Some(percent_decode_str(name).decode_utf8_lossy().into_owned());
        return Some(Route { operation, shape: Shape::Dated, deployment });
    }
    SURFACES.iter().find_map(|surface| {
        let operation = named(surface.operations, strip_prefix(path, surface.prefix)?)?;
        Some(Route { operation, shape: surface.shape, deployment: None })
    })
}

fn strip_prefix<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = path.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn named(operations: &[(&str, Operation)], name: &str) -> Option<Operation> {
    operations.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, operation)| *operation)
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
        let route = |operation, shape| Some(Route { operation, shape, deployment: None });
        let deployed = parse("/openai/deployments/a%20b+/chat/completions").unwrap();
        assert_eq!((deployed.operation, deployed.shape), (Operation::Chat, Shape::Dated));
        assert_eq!(deployed.deployment.as_deref(), Some("a b+"));
        assert_eq!(parse("/openai/responses"), route(Operation::Responses, Shape::Dated));
        assert_eq!(parse("/OpenAI/v1/embeddings/"), route(Operation::Embeddings, Shape::V1));
        assert_eq!(parse("/openai/models"), route(Operation::Models, Shape::Dated));
        assert_eq!(parse("/models/chat/completions"), route(Operation::Chat, Shape::Inference));
        assert_eq!(parse("/v1/models"), route(Operation::Models, Shape::OpenAi));
        assert_eq!(parse("/chat/completions"), route(Operation::Chat, Shape::OpenAi));
        assert_eq!(parse("/v1/messages"), route(Operation::Messages, Shape::Anthropic));
        assert_eq!(
            parse("/anthropic/v1/messages/count_tokens"),
            route(Operation::CountTokens, Shape::Anthropic)
        );
        for unknown in
            ["/", "/openai", "/openai/deployments/d/responses", "/openai/chat/completions", "/v2/models"]
        {
            assert_eq!(parse(unknown), None, "{unknown}");
        }
    }
}
