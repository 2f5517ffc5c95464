//! The commands of the prompt: `:help` and its like.

use std::path::Path;

use sekisho_expression::completion::{Candidate, complete, members_of_type};
use sekisho_policy::compile::Environment;

use super::session::Session;
use super::show;
use crate::commands::eval::{MAX_LINE, image_context, read_json};

/// What follows a line.
pub(super) enum Next {
    /// This is shown, and the prompt comes again.
    Show(String),
    /// The session ends.
    Quit,
}

/// A command: its name, what it takes, and what it does.
pub(super) struct Command {
    pub(super) name: &'static str,
    pub(super) takes: Takes,
    argument: &'static str,
    help: &'static str,
}

/// What completion offers after a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    File,
    Expression,
    /// A name, then an expression.
    Named,
}

pub(super) const COMMANDS: [Command; 8] = [
    Command { name: ":help", takes: Takes::Nothing, argument: "", help: "this list" },
    Command {
        name: ":context",
        takes: Takes::File,
        argument: " FILE.json",
        help: "read another image of `context`; variables begin anew",
    },
    Command {
        name: ":type",
        takes: Takes::Expression,
        argument: " EXPRESSION",
        help: "its static type, without running it",
    },
    Command {
        name: ":members",
        takes: Takes::Expression,
        argument: " TYPE | EXPRESSION",
        help: "what may follow a dot: `:members JObject`, `:members context.Request`",
    },
    Command { name: ":variables", takes: Takes::Nothing, argument: "", help: "context.Variables" },
    Command {
        name: ":set",
        takes: Takes::Named,
        argument: " NAME EXPRESSION",
        help: "set a variable of `context`",
    },
    Command { name: ":load", takes: Takes::File, argument: " FILE", help: "evaluate what a file holds" },
    Command { name: ":quit", takes: Takes::Nothing, argument: "", help: "leave; so does Ctrl-D" },
];

/// Runs a line that begins with a colon.
pub(super) fn run(line: &str, session: &mut Session, environment: &Environment) -> Next {
    let (name, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let argument = argument.trim();
    Next::Show(match (name, argument) {
        (":quit" | ":q" | ":exit", _) => return Next::Quit,
        (":help" | ":h" | ":?", _) => help(),
        (":variables", _) => session.variables(environment),
        (":context" | ":type" | ":members" | ":load", "") => usage(name),
        (":context", path) => read_context(path, session),
        (":type", text) => session.static_type(text, environment),
        (":members", text) => members(text),
        (":load", path) => load(path, session, environment),
        (":set", argument) => match argument.split_once(char::is_whitespace) {
            Some((name, text)) => session.set(name, text, environment),
            None => usage(name),
        },
        _ => format!("There is no command `{name}`; `:help` lists them."),
    })
}

fn usage(name: &str) -> String {
    let found = COMMANDS.iter().find(|command| command.name == name);
    found.map_or_else(String::new, |command| format!("Write `{name}{}`: {}.", command.argument, command.help))
}

fn help() -> String {
    let mut out = String::from(
        "A value (`1 + 1`), statements that return (`var x = 2; return x;`), `@(…)` or `@{…}`.\n\
         A text goes on in the next line while brackets are open or until it returns; an empty line ends it.\n\n",
    );
    for command in &COMMANDS {
        let usage = format!("{}{}", command.name, command.argument);
        out.push_str(&format!("  {usage:<28} {}\n", command.help));
    }
    out.push_str("\nTab completes. Ctrl-C drops the line, Ctrl-D leaves. A line that begins with a space is not remembered.");
    out
}

fn read_context(path: &str, session: &mut Session) -> String {
    match read_json(Path::new(path)).and_then(|image| image_context(&image)) {
        Ok(context) => {
            session.context = context;
            format!("`context` is {path}.")
        }
        Err(error) => format!("error: {error:#}"),
    }
}

fn load(path: &str, session: &Session, environment: &Environment) -> String {
    match std::fs::read_to_string(path) {
        Ok(text) if text.len() > MAX_LINE => format!("error: {path} is longer than {MAX_LINE} bytes"),
        Ok(text) => session.evaluate(&text, environment),
        Err(error) => format!("error: cannot read {path}: {error}"),
    }
}

/// The members of a type, or of what an expression gives.
fn members(text: &str) -> String {
    if let Some((of_type, of_value)) = members_of_type(text) {
        let heading = |text: &str| format!("{quiet}{text}{quiet:#}", quiet = show::QUIET);
        let mut lines = Vec::new();
        if !of_type.is_empty() {
            lines.push(heading("static"));
            lines.extend(of_type.iter().map(member));
        }
        if !of_type.is_empty() && !of_value.is_empty() {
            lines.push(heading("of a value"));
        }
        lines.extend(of_value.iter().map(member));
        return lines.join("\n");
    }
    let dotted = format!("@({text}.");
    let found = complete(&dotted, dotted.len()).candidates;
    if found.is_empty() {
        return format!("`{text}` is neither a type nor a value with members.");
    }
    found.iter().map(member).collect::<Vec<_>>().join("\n")
}

fn member(found: &Candidate) -> String {
    let overloads = super::editor::overloads(found);
    let note =
        found.note.map_or_else(String::new, |note| format!("  {quiet}{note}{quiet:#}", quiet = show::QUIET));
    format!("  {}{overloads}{note}", found.signature)
}
