//! The wire format of a call, told by its path.

use std::fmt;

/// The wire format of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Kind {
    /// `…/chat/completions`, of Azure OpenAI, Azure AI model inference and every compatible service.
    ChatCompletions,
    /// `…/completions`, the older text completion.
    Completions,
    /// `…/embeddings`.
    Embeddings,
    /// `…/responses`, creation only: reading a stored response uses no tokens.
    Responses,
    /// `…/v1/messages` of Anthropic.
    AnthropicMessages,
    /// `…/audio/transcriptions`: speech to text. The request is a form with a file.
    AudioTranscriptions,
    /// `…/audio/translations`: speech to English text. The request is a form with a file.
    AudioTranslations,
    /// `…/audio/speech`: text to speech.
    AudioSpeech,
    /// `…/images/generations`.
    ImageGenerations,
    /// `…/images/edits`.
    ImageEdits,
    /// `…/realtime`: a WebSocket of events; the handshake is a `GET`.
    Realtime,
    /// `…/models` and `…/models/{id}`: the list of models.
    Models,
    /// Everything else: passes through, is not counted, cached or checked.
    #[default]
    Other,
}

impl Kind {
    /// The name used in logs and metrics, in lower snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat_completions",
            Self::Completions => "completions",
            Self::Embeddings => "embeddings",
            Self::Responses => "responses",
            Self::AnthropicMessages => "anthropic_messages",
            Self::AudioTranscriptions => "audio_transcriptions",
            Self::AudioTranslations => "audio_translations",
            Self::AudioSpeech => "audio_speech",
            Self::ImageGenerations => "image_generations",
            Self::ImageEdits => "image_edits",
            Self::Realtime => "realtime",
            Self::Models => "models",
            Self::Other => "other",
        }
    }

    /// Whether a call of this kind runs a model and so uses tokens.
    pub fn uses_tokens(self) -> bool {
        !matches!(self, Self::Models | Self::Other)
    }

    /// Whether the stream of such a call brings text of the model.
    pub(crate) fn streams_text(self) -> bool {
        matches!(
            self,
            Self::ChatCompletions
                | Self::Completions
                | Self::Responses
                | Self::AnthropicMessages
                | Self::AudioTranscriptions
        )
    }

    /// The method a call of this kind is made with.
    pub fn method(self) -> &'static str {
        if matches!(self, Self::Models | Self::Realtime) { "GET" } else { "POST" }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Paths told by their last segment alone.
const BY_LAST_SEGMENT: [(&str, Kind); 5] = [
    ("embeddings", Kind::Embeddings),
    ("responses", Kind::Responses),
    ("completions", Kind::Completions),
    ("realtime", Kind::Realtime),
    ("models", Kind::Models),
];

/// Paths told by their last two segments; these win over the last segment alone.
const BY_LAST_SEGMENTS: [(&str, &str, Kind); 7] = [
    ("chat", "completions", Kind::ChatCompletions),
    ("v1", "messages", Kind::AnthropicMessages),
    ("audio", "transcriptions", Kind::AudioTranscriptions),
    ("audio", "translations", Kind::AudioTranslations),
    ("audio", "speech", Kind::AudioSpeech),
    ("images", "generations", Kind::ImageGenerations),
    ("images", "edits", Kind::ImageEdits),
];

/// The wire format a path stands for, whatever its prefix. Letter case and trailing slashes do not matter.
/// Allocates nothing.
pub fn classify(path: &str) -> Kind {
    let segments = without_query(path).as_bytes().rsplit(|byte| *byte == b'/');
    let mut from_end = segments.filter(|segment| !segment.is_empty());
    let last = from_end.next().unwrap_or_default();
    let before = from_end.next().unwrap_or_default();
    let is = |segment: &[u8], name: &str| segment.eq_ignore_ascii_case(name.as_bytes());

    let by_two = BY_LAST_SEGMENTS.iter().find(|(first, second, _)| is(last, second) && is(before, first));
    let by_one = || BY_LAST_SEGMENT.iter().find(|(name, _)| is(last, name));
    if let Some(kind) = by_two.map(|found| found.2).or_else(|| by_one().map(|found| found.1)) {
        return kind;
    }
    let collection = from_end.next().unwrap_or_default();
    let one_model = is(before, "models") && (is(collection, "v1") || is(collection, "openai"));
    if one_model { Kind::Models } else { Kind::Other }
}

/// The deployment of `/openai/deployments/{id}/…`, also under a prefix, percent escapes untouched.
/// Allocates nothing.
pub fn deployment(path: &str) -> Option<&str> {
    let mut previous: &[u8] = &[];
    let segments = without_query(path).as_bytes().split(|byte| *byte == b'/');
    let mut segments = segments.filter(|segment| !segment.is_empty());
    while let Some(segment) = segments.next() {
        if segment.eq_ignore_ascii_case(b"deployments") && previous.eq_ignore_ascii_case(b"openai") {
            return std::str::from_utf8(segments.next()?).ok();
        }
        previous = segment;
    }
    None
}

/// The deployment or model that the query of a Realtime handshake names: `deployment=` with an api-version, `model=`
/// on the v1 path. Percent escapes untouched. Allocates nothing.
pub(crate) fn realtime_deployment(path: &str) -> Option<&str> {
    let (_, query) = path.split_once('?')?;
    let value_of = |name: &str| {
        let mut parameters = query.split('&').filter_map(|parameter| parameter.split_once('='));
        parameters.find(|(found, value)| found.eq_ignore_ascii_case(name) && !value.is_empty())
    };
    value_of("deployment").or_else(|| value_of("model")).map(|(_, value)| value)
}

fn without_query(path: &str) -> &str {
    path.split_once('?').map_or(path, |(path, _)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_every_import_shape_are_told_apart() {
        let cases = [
            ("/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21", Kind::ChatCompletions),
            ("/openai/deployments/gpt-4o/chat/completions?api-version=2023-05-15", Kind::ChatCompletions),
            ("/openai/v1/chat/completions?api-version=preview", Kind::ChatCompletions),
            ("/team/a/openai/deployments/d/completions", Kind::Completions),
            ("/OpenAI/Deployments/d/Embeddings/", Kind::Embeddings),
            ("/openai/v1/responses", Kind::Responses),
            ("/openai/responses?api-version=preview", Kind::Responses),
            ("/openai/v1/responses/resp_1", Kind::Other),
            ("/models/chat/completions", Kind::ChatCompletions),
            ("/chat/completions", Kind::ChatCompletions),
            ("/anthropic/v1/messages", Kind::AnthropicMessages),
            ("/v1/messages/count_tokens", Kind::Other),
            ("/openai/v1/threads/t/messages", Kind::Other),
            (
                "/openai/deployments/whisper/audio/transcriptions?api-version=2024-06-01",
                Kind::AudioTranscriptions,
            ),
            ("/openai/v1/audio/translations", Kind::AudioTranslations),
            ("/v1/audio/speech", Kind::AudioSpeech),
            ("/openai/deployments/dalle/images/generations?api-version=2024-02-01", Kind::ImageGenerations),
            ("/openai/v1/images/edits", Kind::ImageEdits),
            ("/images/variations", Kind::Other),
            ("/speech", Kind::Other),
            ("/openai/realtime?api-version=2024-10-01-preview&deployment=rt", Kind::Realtime),
            ("/openai/v1/realtime?model=gpt-realtime", Kind::Realtime),
            ("/openai/v1/realtime/client_secrets", Kind::Other),
            ("/openai/models?api-version=2024-10-21", Kind::Models),
            ("/openai/v1/models/gpt-4o", Kind::Models),
            ("/orders/models/17", Kind::Other),
            ("/", Kind::Other),
            ("", Kind::Other),
        ];
        for (path, kind) in cases {
            assert_eq!(classify(path), kind, "{path}");
        }
    }

    #[test]
    fn deployment_is_found_under_any_prefix() {
        assert_eq!(deployment("/openai/deployments/gpt-4o/chat/completions?x=/a"), Some("gpt-4o"));
        assert_eq!(deployment("/p/q/openai/deployments/a%20b/embeddings"), Some("a%20b"));
        assert_eq!(deployment("/OPENAI//deployments/d"), Some("d"));
        assert_eq!(deployment("/openai/deployments"), None);
        assert_eq!(deployment("/deployments/d/chat/completions"), None);
        assert_eq!(deployment("/x?to=/openai/deployments/d"), None);
    }

    #[test]
    fn realtime_names_its_deployment_in_the_query() {
        assert_eq!(realtime_deployment("/openai/realtime?api-version=1&deployment=rt"), Some("rt"));
        assert_eq!(realtime_deployment("/openai/v1/realtime?model=gpt-realtime"), Some("gpt-realtime"));
        assert_eq!(realtime_deployment("/openai/v1/realtime?model="), None);
        assert_eq!(realtime_deployment("/openai/v1/realtime"), None);
    }
}
