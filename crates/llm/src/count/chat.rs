//! The framing of a chat.

use super::text::Counter;
use super::tools;
use crate::prompt::{Message, Prompt, Role, ToolChoice};

/// Every message is framed by three tokens.
const MESSAGE: u64 = 3;
/// A name beside the role costs one more.
const NAME: u64 = 1;
/// The reply is primed with three tokens.
const REPLY: u64 = 3;
/// A call of a function: name and arguments are framed.
const CALL: u64 = 3;
/// The role `function` and the name share two tokens.
const FUNCTION_ROLE: u64 = 2;
/// Definitions of tools are a message of the system.
const TOOLS: u64 = 9;
/// Definitions of tools share the frame of a system message that is there.
const TOOLS_IN_SYSTEM: u64 = 4;
/// The word that no tool be called.
const CHOICE_NONE: u64 = 1;
/// The word that this tool be called, its name aside.
const CHOICE_NAMED: u64 = 4;

/// Adds messages and tools.
pub(super) fn count(prompt: &Prompt<'_>, counter: &mut Counter) {
    let has_tools = !prompt.tools.is_empty();
    let system = prompt.messages.iter().position(|message| message.role == Role::System);
    for (position, message) in prompt.messages.iter().enumerate() {
        let before_tools = has_tools && system == Some(position);
        add_message(message, before_tools, counter);
    }
    counter.add_tokens(REPLY);
    if has_tools {
        counter.mark_estimated();
        counter.add(&tools::render(&prompt.tools));
        counter.add_tokens(TOOLS);
        if system.is_some() {
            counter.discount(TOOLS_IN_SYSTEM);
        }
    }
    match &prompt.tool_choice {
        ToolChoice::Auto => {}
        ToolChoice::None => counter.add_tokens(CHOICE_NONE),
        ToolChoice::Named(name) => {
            counter.add(name);
            counter.add_tokens(CHOICE_NAMED);
        }
    }
}

/// The definitions of tools follow the first message of the system, on a line of their own.
fn add_message(message: &Message<'_>, before_tools: bool, counter: &mut Counter) {
    counter.add_tokens(MESSAGE);
    counter.add(&message.role_name);
    match message.texts.split_last() {
        Some((last, others)) if before_tools && !last.is_empty() && !last.ends_with('\n') => {
            others.iter().for_each(|text| counter.add(text));
            counter.add(&format!("{last}\n"));
        }
        _ => message.texts.iter().for_each(|text| counter.add(text)),
    }
    if let Some(name) = message.name.as_deref().filter(|name| !name.is_empty()) {
        counter.add(name);
        counter.add_tokens(NAME);
    }
    for call in &message.tool_calls {
        counter.mark_estimated();
        counter.add(&call.name);
        counter.add(&call.arguments);
        counter.add_tokens(CALL);
    }
    if message.role_name == "function" {
        counter.discount(FUNCTION_ROLE);
    }
}
