//! What holds for every text, however broken or hostile: the bodies of the fuzz targets in `fuzz/` and of `tests/fuzz.rs`.
//!
//! Each gives what was broken, so that the callers may panic; that nothing panics, hangs or takes too much memory is
//! theirs to see.

use crate::context::Context;
use crate::lexer::{self, Mistake, Token};
use crate::{Exception, Limits, compile_plain, parser};

/// Places are within the text and between characters.
fn check_place(text: &str, mistake: &Mistake) -> Result<(), String> {
    let range = mistake.place.range();
    if text.get(range.clone()).is_none() {
        return Err(format!("the place {range:?} of {:?} is none of the text", mistake.message));
    }
    if mistake.message.is_empty() || mistake.code.is_empty() {
        return Err(format!("a mistake without a word at {range:?}"));
    }
    Ok(())
}

/// Tokens lie one behind the other, and are what the text has there.
///
/// # Errors
/// What is not so.
pub fn lexer(text: &str) -> Result<(), String> {
    let mut mistakes = Vec::new();
    let tokens = lexer::tokens(text, 0, text.len(), &mut mistakes);
    mistakes.iter().try_for_each(|mistake| check_place(text, mistake))?;
    let mut end = 0;
    for Token { kind, place } in &tokens {
        let range = place.range();
        if range.start < end || text.get(range.clone()).is_none() {
            return Err(format!("the token {kind:?} lies at {range:?}, behind {end}"));
        }
        end = range.end;
    }
    Ok(())
}

/// Reading gives a tree and mistakes at places of the text, the same every time.
///
/// # Errors
/// What is not so.
pub fn parser(text: &str) -> Result<(), String> {
    let (_, mistakes, shape) = parser::parse(text);
    mistakes.iter().try_for_each(|mistake| check_place(text, mistake))?;
    let (_, again, shape_again) = parser::parse(text);
    if mistakes.len() != again.len() || shape.nesting != shape_again.nesting {
        return Err("read differently a second time".to_owned());
    }
    Ok(())
}

/// A text compiles, or is refused with mistakes at places of the text.
///
/// # Errors
/// What is not so.
pub fn binder(text: &str) -> Result<(), String> {
    match compile_plain(text) {
        Ok(_) => Ok(()),
        Err(mistakes) if mistakes.is_empty() => Err("refused without a word".to_owned()),
        Err(mistakes) => mistakes.iter().try_for_each(|mistake| check_place(text, mistake)),
    }
}

/// What compiles ends in a value or an exception, the same every time as long as no clock decides. True when it ran.
///
/// # Errors
/// What is not so.
pub fn interpreter<C: Context>(
    text: &str,
    limits: &Limits,
    mut call: impl FnMut() -> C,
) -> Result<bool, String> {
    let Ok(program) = compile_plain(text) else { return Ok(false) };
    let mut run = || {
        let rendered = program.evaluate_rendered(&mut call(), limits);
        rendered.map(|rendered| (rendered.type_name, rendered.value)).map_err(Outcome)
    };
    let (first, second) = (run(), run());
    let is_time = |outcome: &Result<_, Outcome>| matches!(outcome, Err(thrown) if thrown.is_time());
    // Hashes of arrays and lists come from where they lie in memory, and RSA pads with random bytes of its own: a
    // library that took others could not be trusted.
    let is_repeatable = !["GetHashCode", "RSAEncryptionPadding", "RSASignaturePadding"]
        .iter()
        .any(|name| text.contains(name));
    if is_repeatable && first != second && !is_time(&first) && !is_time(&second) {
        return Err(format!("two runs differ: {first:?} and {second:?}"));
    }
    Ok(true)
}

/// An exception that is compared by what is seen of it.
struct Outcome(Exception);

impl Outcome {
    fn is_time(&self) -> bool {
        !self.0.is_catchable() && self.0.type_name() == "System.TimeoutException"
    }
}

impl PartialEq for Outcome {
    fn eq(&self, other: &Self) -> bool {
        (self.0.type_name(), self.0.message()) == (other.0.type_name(), other.0.message())
    }
}

impl std::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.0.type_name(), self.0.message())
    }
}
