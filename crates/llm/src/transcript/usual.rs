//! Requests and replies of Chat Completions in their usual shape, read without a tree of all that they hold. What has any
//! other shape is left to the readers that know all of them.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Answer, Joined, Said};
use crate::completion::{Part, Piece};

/// The largest body that is read here, in bytes: that bounds how many messages there can be.
const MAX_BYTES: usize = 256 * 1024;

/// A body, which holds more than is looked at.
#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    messages: Vec<Message<'a>>,
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow, default)]
    model: Cow<'a, str>,
    #[serde(borrow)]
    choices: Vec<Choice<'a>>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    index: u64,
    #[serde(borrow)]
    message: Message<'a>,
    text: Option<IgnoredAny>,
}

/// A message with nothing but a text.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    role: Cow<'a, str>,
    #[serde(borrow)]
    content: Cow<'a, str>,
    refusal: Option<IgnoredAny>,
    tool_calls: Option<IgnoredAny>,
    function_call: Option<IgnoredAny>,
}

impl Message<'_> {
    fn is_usual(&self) -> bool {
        let is_more = self.refusal.is_some() || self.tool_calls.is_some() || self.function_call.is_some();
        !is_more && !self.role.is_empty()
    }
}

impl<'a> From<Choice<'a>> for Piece<'a> {
    fn from(choice: Choice<'a>) -> Self {
        Piece { choice: choice.index, part: Part::Content, text: choice.message.content }
    }
}

/// The messages of a request.
pub(super) fn asked(body: &[u8]) -> Option<Vec<Said<'_>>> {
    let request: Request<'_> = read(body)?;
    if !request.messages.iter().all(Message::is_usual) {
        return None;
    }
    let said = |Message { role, content, .. }| Said { role, content, tool_calls: Vec::new() };
    Some(request.messages.into_iter().map(said).collect())
}

/// The model and the messages of a reply.
pub(super) fn answered(body: &[u8]) -> Option<Answer<'_>> {
    let reply: Reply<'_> = read(body)?;
    let is_usual = |choice: &Choice<'_>| choice.text.is_none() && choice.message.is_usual();
    if !reply.choices.iter().all(is_usual) {
        return None;
    }
    let pieces = reply.choices.into_iter().map(Piece::from).filter(|piece| !piece.text.is_empty());
    let model = Some(reply.model).filter(|model| !model.is_empty());
    Some(Answer { model, messages: Joined::of(pieces.collect()), is_usual: true })
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<T> {
    if body.len() > MAX_BYTES {
        return None;
    }
    serde_json::from_str(simdutf8::basic::from_utf8(body).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use crate::completion::read_named_completion;
    use crate::prompt::read_prompt;

    #[test]
    fn requests_are_read_as_the_other_reader_does() {
        let body = br#"{"model":"m","temperature":0.5,"tools":[{"type":"function"}],"messages":[
            {"role":"system","content":"Be brief.","name":"x"},{"role":"user","content":"a\n\u00e9"},{"role":"odd","content":""}]}"#;
        let other: Vec<Said<'_>> = read_prompt(Kind::ChatCompletions, body)
            .unwrap()
            .messages
            .into_iter()
            .map(super::super::said)
            .collect();
        assert_eq!(asked(body), Some(other));
    }

    #[test]
    fn replies_are_read_as_the_other_reader_does() {
        let body = br#"{"id":"1","model":"gpt-4o","choices":[
            {"index":1,"message":{"role":"assistant","content":"A\tgate.","refusal":null,"annotations":[]},"finish_reason":"stop"},
            {"index":0,"message":{"role":"assistant","content":""}}],"usage":{"prompt_tokens":1}}"#;
        let answer = answered(body).unwrap();
        let (model, pieces) = read_named_completion(Kind::ChatCompletions, body).unwrap();
        assert_eq!((&answer.model, answer.model.as_deref()), (&model, Some("gpt-4o")));
        assert_eq!((&answer.messages, answer.messages.len()), (&Joined::of(pieces), 1));
    }

    #[test]
    fn other_shapes_are_left_to_the_other_reader() {
        let is_read = |message: &str| asked(format!(r#"{{"messages":[{message}]}}"#).as_bytes()).is_some();
        assert!(is_read(r#"{"role":"user","content":"a"}"#));
        for other in [
            r#"{"role":"user","content":[{"type":"text","text":"a"}]}"#,
            r#"{"role":"assistant","content":null}"#,
            r#"{"role":"assistant","content":"","tool_calls":[]}"#,
            r#"{"role":"assistant","content":"","refusal":"no"}"#,
            r#"{"role":"assistant","content":"","function_call":{}}"#,
            r#"{"role":"user","role":"user","content":"a"}"#,
            r#"{"role":"","content":"a"}"#,
            r#"{"content":"a"}"#,
            r#"{"role":"user","content":"\ud800"}"#,
        ] {
            assert!(!is_read(other), "{other}");
        }
        assert_eq!(asked(b"{}"), None);
        assert!(answered(br#"{"error":{}}"#).is_none());
        assert!(
            answered(br#"{"choices":[{"index":0,"text":"a","message":{"role":"a","content":""}}]}"#)
                .is_none()
        );
        let long = format!(r#"{{"messages":[{{"role":"user","content":"{}"}}]}}"#, "x".repeat(MAX_BYTES));
        assert_eq!(asked(long.as_bytes()), None);
    }
}
