//! What the prompt remembers: the context, and the variables set by hand.

use sekisho_expression::image::JsonContext;
use sekisho_expression::{Limits, Value};
use sekisho_policy::compile::Environment;

use super::input;
use super::show;
use crate::commands::eval::compile::compile;
use crate::commands::eval::refresh;

/// One session.
pub(super) struct Session {
    pub(super) context: JsonContext,
    pub(super) colour: bool,
}

impl Session {
    /// Evaluates a text and gives what is shown.
    ///
    /// Each text sees the bodies unread and the variables of the session; objects in variables keep what was done to them.
    pub(super) fn evaluate(&self, text: &str, environment: &Environment) -> String {
        let (form, text) = input::form(text);
        let program = match compile(text, form, environment) {
            Ok(program) => program,
            Err(refused) => return refused.text(self.colour).trim_end().to_owned(),
        };
        let mut call = self.call();
        let outcome = program.evaluate_rendered(&mut call, &Limits::default());
        let mut lines: Vec<String> = call.traces.iter().map(|message| trace(message)).collect();
        lines.push(match outcome {
            Ok(rendered) => show::result(&rendered),
            Err(thrown) => show::exception(&thrown),
        });
        lines.join("\n")
    }

    /// The static type of a text, without running it.
    pub(super) fn static_type(&self, text: &str, environment: &Environment) -> String {
        let (form, text) = input::form(text);
        match compile(text, form, environment) {
            Ok(program) => program.static_type().to_string(),
            Err(refused) => refused.text(self.colour).trim_end().to_owned(),
        }
    }

    /// Sets a variable to the value of a text, as `set-variable` would.
    pub(super) fn set(&mut self, name: &str, text: &str, environment: &Environment) -> String {
        let (form, text) = input::form(text);
        let program = match compile(text, form, environment) {
            Ok(program) => program,
            Err(refused) => return refused.text(self.colour).trim_end().to_owned(),
        };
        match program.evaluate(&mut self.call(), &Limits::default()) {
            Ok(value) => {
                let shown = format!("{name}: {}", show::type_of(&value));
                self.context.set_variable(name, value);
                shown
            }
            Err(thrown) => show::exception(&thrown),
        }
    }

    /// Each variable with type and value.
    pub(super) fn variables(&self, environment: &Environment) -> String {
        let names = self.variable_names();
        if names.is_empty() {
            return "There are no variables; `:set NAME EXPRESSION` sets one.".to_owned();
        }
        let one = |name: &String| {
            let quoted = name.replace('"', "\"\"");
            let value = self.evaluate(&format!("@(context.Variables[@\"{quoted}\"])"), environment);
            format!("{name} = {value}")
        };
        names.iter().map(one).collect::<Vec<_>>().join("\n")
    }

    fn variable_names(&self) -> Vec<String> {
        use sekisho_expression::context::Context;
        let named = |(name, _): (std::sync::Arc<str>, Value)| name.to_string();
        self.context.variables().into_iter().map(named).collect()
    }

    /// The context for one text.
    fn call(&self) -> JsonContext {
        let mut call = self.context.clone();
        refresh(&mut call);
        call
    }
}

fn trace(message: &str) -> String {
    format!("{quiet}trace: {message}{quiet:#}", quiet = show::QUIET)
}
