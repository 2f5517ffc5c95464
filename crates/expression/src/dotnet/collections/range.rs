//! Ranges of lists and arrays as arguments: what .NET checks, in its order, and what it throws.

use std::ops::Range;

use crate::call::Call;
use crate::exception::Exception;

const NEGATIVE: &str = "Non-negative number required.";
const BAD_INDEX: &str =
    "Index was out of range. Must be non-negative and less than the size of the collection.";
const BAD_COUNT: &str =
    "Count must be positive and count must refer to a location within the string/array/collection.";
const BAD_SPAN: &str = "Offset and length were out of bounds for the array or count is greater than the number of \
                        elements from index to the end of the source collection.";

/// An index that no element has.
pub(super) fn index_out_of_range(parameter: &str) -> Exception {
    Exception::argument_out_of_range(parameter, BAD_INDEX)
}

/// A range that does not lie within the elements.
pub(super) fn span_out_of_range() -> Exception {
    Exception::argument(BAD_SPAN, "")
}

/// A number that is not negative.
pub(super) fn not_negative(call: &Call<'_>, at: usize) -> Result<usize, Exception> {
    let negative = |_| Exception::argument_out_of_range(call.parameter_name(at), NEGATIVE);
    usize::try_from(call.long(at)).map_err(negative)
}

/// The arguments `index` and `count` of members that change or copy a range of `length` elements.
pub(super) fn span(call: &Call<'_>, index: usize, length: usize) -> Result<Range<usize>, Exception> {
    let start = not_negative(call, index)?;
    let count = not_negative(call, index + 1)?;
    let end = start.checked_add(count).filter(|end| *end <= length).ok_or_else(span_out_of_range)?;
    Ok(start..end)
}

/// The optional arguments `startIndex` and `count` of a search forward.
pub(super) fn forward(call: &Call<'_>, first: usize, length: usize) -> Result<Range<usize>, Exception> {
    forward_among(call, first, length, call.arguments().len())
}

/// As [`forward`], of the first `given` arguments.
pub(super) fn forward_among(
    call: &Call<'_>,
    first: usize,
    length: usize,
    given: usize,
) -> Result<Range<usize>, Exception> {
    if given <= first {
        return Ok(0..length);
    }
    let start = usize::try_from(call.int(first)).ok().filter(|start| *start <= length);
    let start = start.ok_or_else(|| index_out_of_range(call.parameter_name(first)))?;
    if given <= first + 1 {
        return Ok(start..length);
    }
    let count = usize::try_from(call.int(first + 1)).ok().filter(|count| *count <= length - start);
    let count =
        count.ok_or_else(|| Exception::argument_out_of_range(call.parameter_name(first + 1), BAD_COUNT))?;
    Ok(start..start + count)
}

/// The optional arguments `startIndex` and `count` of a search backward, which begins at the index.
pub(super) fn backward(call: &Call<'_>, first: usize, length: usize) -> Result<Range<usize>, Exception> {
    backward_among(call, first, length, call.arguments().len())
}

/// As [`backward`], of the first `given` arguments.
pub(super) fn backward_among(
    call: &Call<'_>,
    first: usize,
    length: usize,
    given: usize,
) -> Result<Range<usize>, Exception> {
    if given <= first {
        return Ok(0..length);
    }
    let index = i64::from(call.int(first));
    let last = length as i64 - 1;
    // An empty one is searched from -1 or from 0.
    let allowed = if length == 0 { (-1..=0).contains(&index) } else { (0..=last).contains(&index) };
    if !allowed {
        return Err(index_out_of_range(call.parameter_name(first)));
    }
    let end = if length == 0 { 0 } else { usize::try_from(index + 1).unwrap_or(0) };
    if given <= first + 1 {
        return Ok(0..end);
    }
    let count = usize::try_from(call.int(first + 1)).ok().filter(|count| *count <= end);
    let count =
        count.ok_or_else(|| Exception::argument_out_of_range(call.parameter_name(first + 1), BAD_COUNT))?;
    Ok(end - count..end)
}
