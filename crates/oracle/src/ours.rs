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
    context.now_ticks = now_ticks();
    match program.evaluate_rendered(&mut context, &Limits::default()) {
        Ok(shown) => Answer::Given { type_name: shown.type_name, value: shown.value },
        Err(thrown) => Answer::thrown(thrown.type_name(), thrown.message()),
    }
}

/// The clock that mono sees, in ticks: dates without a year are of this year.
fn now_ticks() -> i64 {
    const UNIX_EPOCH: i64 = 621_355_968_000_000_000;
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + i64::try_from(since.as_nanos() / 100).unwrap_or(0)
}
