//! Composite formatting: `string.Format("{0,-10:N2}", …)`.

use std::borrow::Cow;

use crate::call::Machine;
use crate::exception::Exception;
use crate::value::{Text, Value};

/// .NET's own limit of indexes and widths.
const LIMIT: i32 = 10_000_000;

/// Fills the holes of `format`.
///
/// # Errors
/// `FormatException` for a broken format or an index behind the arguments; what the arguments' formats throw.
pub(crate) fn composite(
    format: &str,
    arguments: &[Value],
    machine: &mut dyn Machine,
) -> Result<String, Exception> {
    let mut out = String::new();
    let mut rest = format;
    while let Some(at) = rest.find(['{', '}']) {
        let (head, tail) = rest.split_at(at);
        out.push_str(head);
        machine.budget().step()?;
        if let Some(after) = tail.strip_prefix("{{").or_else(|| tail.strip_prefix("}}")) {
            out.push_str(tail.get(..1).unwrap_or(""));
            rest = after;
            continue;
        }
        let inner = tail.strip_prefix('{').ok_or_else(broken)?;
        let (hole, after) = Hole::read(inner)?;
        rest = after;
        let value = arguments.get(hole.index).ok_or_else(|| {
            let message = "Index (zero based) must be greater than or equal to zero and less than the size of the argument list.";
            Exception::format(message)
        })?;
        let text = crate::dotnet::formatted(value, hole.format.as_deref(), machine)?;
        machine.budget().allocate(text.len() + hole.width.unsigned_abs() as usize)?;
        push_aligned(&mut out, &text, hole.width);
    }
    out.push_str(rest);
    machine.budget().allocate(out.len())?;
    Ok(out)
}

/// Appends text padded to a width: on the left for a positive one, on the right for a negative one.
fn push_aligned(out: &mut String, text: &Text, width: i32) {
    let missing = (width.unsigned_abs() as usize).saturating_sub(text.length());
    let spaces = || std::iter::repeat_n(' ', missing);
    if width > 0 {
        out.extend(spaces());
    }
    out.push_str(text);
    if width < 0 {
        out.extend(spaces());
    }
}

fn broken() -> Exception {
    Exception::format("Input string was not in a correct format.")
}

/// `index[,width][:format]`.
struct Hole<'f> {
    index: usize,
    width: i32,
    format: Option<Cow<'f, str>>,
}

impl<'f> Hole<'f> {
    /// Reads a hole behind its opening brace; gives what follows its closing one.
    fn read(text: &'f str) -> Result<(Self, &'f str), Exception> {
        let end = text.find([':', '{', '}']).ok_or_else(broken)?;
        let (head, rest) = text.split_at(end);
        let (format, rest) = match rest.strip_prefix(':') {
            Some(rest) => {
                let (format, rest) = read_format(rest)?;
                (Some(format), rest)
            }
            None => (None, rest.strip_prefix('}').ok_or_else(broken)?),
        };
        let (index, width) = match head.split_once(',') {
            Some((index, width)) => (index, Some(width.trim_matches(' '))),
            None => (head, None),
        };
        // Spaces may follow the index, but not come before it.
        let index = number(index.trim_end_matches(' '))?;
        let width = match width {
            None => 0,
            Some(width) => match width.strip_prefix('-') {
                Some(width) => -number(width)?,
                None => number(width)?,
            },
        };
        Ok((Self { index: usize::try_from(index).unwrap_or(usize::MAX), width, format }, rest))
    }
}

/// Reads a format up to the brace that closes its hole; braces inside are doubled.
fn read_format(text: &str) -> Result<(Cow<'_, str>, &str), Exception> {
    let mut format = Cow::Borrowed("");
    let mut rest = text;
    loop {
        let at = rest.find(['{', '}']).ok_or_else(broken)?;
        let (head, tail) = rest.split_at(at);
        format += head;
        let brace = tail.get(..1).unwrap_or("");
        let after = tail.get(1..).unwrap_or("");
        if let Some(behind) = after.strip_prefix(brace) {
            format += brace;
            rest = behind;
        } else if brace == "}" {
            return Ok((format, after));
        } else {
            return Err(broken());
        }
    }
}

fn number(digits: &str) -> Result<i32, Exception> {
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(broken());
    }
    digits.parse().ok().filter(|number| (0..LIMIT).contains(number)).ok_or_else(broken)
}
