//! The answer of this project.

use sekisho_diagnostics::{MappedText, SourceMap};
use sekisho_expression::image::JsonContext;
use sekisho_expression::{Limits, compile};

use crate::answer::Answer;
use crate::case::Case;

/// Evaluates a case.
pub fn answer(case: &Case) -> Answer {
    let file = SourceMap::new().add("expression", case.expression.as_str());
    let program = match compile(&MappedText::verbatim(&case.expression, file, 0)) {
        Ok(program) => program,
        Err(found) => return Answer::refused(found.first().map_or("", |first| first.message.as_str())),
    };
    let mut context = match JsonContext::from_json(&case.image) {
        Ok(context) => context,
        Err(wrong) => return Answer::thrown("ContextError", wrong.to_string()),
    };
    // A moment in 2026, so that what asks the clock gets a plausible answer.
    context.now_ticks = 639_000_000_000_000_000;
    match program.evaluate_rendered(&mut context, &Limits::default()) {
        Ok(shown) => Answer::Given { type_name: shown.type_name, value: shown.value },
        Err(thrown) => Answer::thrown(thrown.type_name(), thrown.message()),
    }
}
