//! What a model request says to the model: its messages, tools and images, whatever the wire format.
//!
//! Unknown members and shapes are passed over. Texts are borrowed from the body unless they hold escapes.

mod anthropic;
mod chat;
mod plain;
mod responses;
#[cfg(test)]
mod tests;
mod tools;

use std::borrow::Cow;

use crate::json::{self, Json};
use crate::kind::Kind;

pub use tools::{Tool, ToolCall, ToolChoice};

/// A model request as far as the model reads it.
#[derive(Debug, Default, PartialEq)]
pub struct Prompt<'a> {
    /// `model` of the body; absent, `null` or not a string is `None`.
    pub model: Option<Cow<'a, str>>,
    /// Whether the body asks for a stream.
    pub stream: bool,
    /// Whether the body asks for the usage at the end of the stream (`stream_options.include_usage`).
    pub include_usage: bool,
    /// The messages in their order. Of Completions and Embeddings, each input is one message of the user.
    pub messages: Vec<Message<'a>>,
    /// Token ids given in place of text (Completions, Embeddings).
    pub token_ids: u64,
    /// The tools the model may call.
    pub tools: Vec<Tool<'a>>,
    /// Which tool the model is told to call.
    pub tool_choice: ToolChoice<'a>,
    /// Whether the model reads more than messages, images and tools: a schema of the reply, a stored conversation.
    pub more: bool,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The instructions of the application.
    System,
    /// The instructions of the application, as newer models name them.
    Developer,
    /// The user.
    User,
    /// The model.
    Assistant,
    /// The result of a tool call (`function` in its older form).
    Tool,
    /// A role of another name, or none.
    Other,
}

impl Role {
    /// The role of this name.
    pub fn from_name(name: &str) -> Self {
        match name {
            "system" => Self::System,
            "developer" => Self::Developer,
            "user" => Self::User,
            "assistant" => Self::Assistant,
            "tool" | "function" => Self::Tool,
            _ => Self::Other,
        }
    }
}

/// One message.
#[derive(Debug, PartialEq)]
pub struct Message<'a> {
    /// Who speaks.
    pub role: Role,
    /// The role as the body writes it, or as Chat Completions would.
    pub role_name: Cow<'a, str>,
    /// `name`: of the participant, or of the function that a result comes from.
    pub name: Option<Cow<'a, str>>,
    /// The texts in their order: the content, or its text parts; also a refusal and the text of thinking.
    pub texts: Vec<Cow<'a, str>>,
    /// The images in their order.
    pub images: Vec<Image<'a>>,
    /// Parts that are neither text nor image: audio, files, documents.
    pub attachments: u64,
    /// Tool calls the assistant made.
    pub tool_calls: Vec<ToolCall<'a>>,
}

impl<'a> Message<'a> {
    /// An empty message.
    fn new(role: Role, role_name: impl Into<Cow<'a, str>>) -> Self {
        Self {
            role,
            role_name: role_name.into(),
            name: None,
            texts: Vec::new(),
            images: Vec::new(),
            attachments: 0,
            tool_calls: Vec::new(),
        }
    }

    /// A message of the role this object names.
    fn of(object: &mut Json<'a>) -> Self {
        let name = object.take_text("role").unwrap_or_default();
        Self::new(Role::from_name(&name), name)
    }

    /// A message of one text.
    fn text(role: Role, role_name: &'static str, text: Cow<'a, str>) -> Self {
        Self { texts: vec![text], ..Self::new(role, role_name) }
    }
}

/// An image of a message.
#[derive(Debug, PartialEq)]
pub struct Image<'a> {
    /// Where it is.
    pub source: ImageSource<'a>,
    /// `detail`: `low`, `high`, `auto`; `None` when not given.
    pub detail: Option<Cow<'a, str>>,
}

/// Where an image is.
#[derive(Debug, PartialEq)]
pub enum ImageSource<'a> {
    /// A URL, `data:` included.
    Url(Cow<'a, str>),
    /// Its bytes in base64.
    Base64(Cow<'a, str>),
    /// A file stored at the service.
    Stored,
}

type Reader = for<'a> fn(&mut Json<'a>, &mut Prompt<'a>);

/// Reads a request of this kind. `None` when the body is no JSON object (a form with a file, for example), or when the
/// kind has no prompt.
pub fn read_prompt(kind: Kind, body: &[u8]) -> Option<Prompt<'_>> {
    let read: Reader = match kind {
        Kind::ChatCompletions => chat::read,
        Kind::Completions => plain::completions,
        Kind::Embeddings => plain::embeddings,
        Kind::Responses => responses::read,
        Kind::AnthropicMessages => anthropic::read,
        Kind::ImageGenerations | Kind::ImageEdits => plain::images,
        Kind::AudioSpeech => plain::speech,
        Kind::AudioTranscriptions | Kind::AudioTranslations => return None,
        Kind::Realtime | Kind::Models | Kind::Other => return None,
    };
    let mut root = json::read_object(body)?;
    let mut prompt = Prompt {
        model: root.take_text("model"),
        stream: root.take("stream").is_true(),
        include_usage: root.take("stream_options").take("include_usage").is_true(),
        ..Prompt::default()
    };
    read(&mut root, &mut prompt);
    Some(prompt)
}
