//! `sekisho eval` on a terminal: a prompt for expressions.

mod commands;
mod editor;
mod history;
mod input;
mod session;
mod show;

use std::process::ExitCode;

use anyhow::{Context, Result};
use rustyline::config::{BellStyle, ColorMode};
use rustyline::error::ReadlineError;
use rustyline::history::{FileHistory, History};
use rustyline::{CompletionType, Config, Editor};
use sekisho_policy::compile::Environment;
use serde_json::Value;

use self::commands::Next;
use self::editor::Assistant;
use self::session::Session;
use super::image_context;

/// Lines that are remembered.
const HISTORY: usize = 1000;
/// Completions that are listed without asking.
const LISTED: usize = 150;

const PROMPT: &str = "sekisho> ";

/// Reads, evaluates and shows until the input ends.
pub(super) fn run(environment: Environment, image: &Value) -> Result<ExitCode> {
    let colour = std::env::var_os("NO_COLOR").is_none();
    let mut session = Session { context: image_context(image)?, colour };
    let mut editor = editor(environment, colour).context("cannot edit lines on this terminal")?;
    let history = history::path();
    if let Some(path) = &history {
        // A missing or damaged file means an empty history.
        let _ = editor.load_history(path);
    }
    anstream::println!("Policy expressions of API Management. :help lists the commands, Ctrl-D leaves.");
    loop {
        let line = match editor.readline(PROMPT) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => return Ok(ExitCode::SUCCESS),
            Err(error) => return Err(error).context("cannot read from the terminal"),
        };
        if line.trim().is_empty() {
            continue;
        }
        let added = editor.add_history_entry(line.trim_end());
        if let (Ok(true), Some(path)) = (added, &history) {
            // A history that cannot be written is no reason to stop.
            let _ = editor.history_mut().append(path);
        }
        let Some(assistant) = editor.helper() else { continue };
        let next = match line.starts_with(':') {
            true => commands::run(line.trim(), &mut session, &assistant.environment),
            false => Next::Show(session.evaluate(&line, &assistant.environment)),
        };
        match next {
            Next::Show(text) => anstream::println!("{text}"),
            Next::Quit => return Ok(ExitCode::SUCCESS),
        }
    }
}

fn editor(environment: Environment, colour: bool) -> rustyline::Result<Editor<Assistant, FileHistory>> {
    let config = Config::builder()
        .max_history_size(HISTORY)?
        .history_ignore_dups(true)?
        .history_ignore_space(true)
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .completion_prompt_limit(LISTED)
        .bell_style(BellStyle::None)
        .color_mode(if colour { ColorMode::Enabled } else { ColorMode::Disabled })
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Assistant::new(environment)));
    Ok(editor)
}
