//! `System.String` with `StringComparison`, `StringComparer` and `StringSplitOptions`.

pub(crate) mod compare;
pub(crate) mod comparer;
mod edit;
mod join;
mod normal;
mod search;
mod split;

use compare::Comparison;
use edit::Ends;
use split::Options;

use crate::call::Call;
use crate::dotnet::chars;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::types::Type;
use crate::value::{Text, Value};

static STRING: TypeDeclaration = TypeDeclaration::class("System.String")
    .interfaces(&["System.IComparable", "System.IEquatable<string>", "System.Collections.Generic.IEnumerable<char>"])
    .members(&[
        pure("new(char c, int count)", edit::repeated),
        pure("new(char[] value)", edit::from_chars),
        pure("new(char[] value, int startIndex, int length)", edit::from_chars),
        pure("static string Empty", |_| Ok(Value::String(Text::empty()))),
        pure("int Length", |call| Ok(int(call.this_text()?.length()))),
        pure("char this[int index]", |call| {
            let at = usize::try_from(call.int(0)).map_err(|_| Exception::index_out_of_range())?;
            if !call.this_text()?.is_ascii_only() {
                // The units before it are counted.
                call.budget().work(at.saturating_mul(4))?;
            }
            call.this_text()?.unit_at(at).map(Value::Char).ok_or_else(Exception::index_out_of_range)
        }),
        pure("static bool IsNullOrEmpty(string value)", |call| {
            Ok(Value::Boolean(call.text_or_null(0).is_none_or(|text| text.is_empty())))
        }),
        pure("static bool IsNullOrWhiteSpace(string value)", |call| {
            Ok(Value::Boolean(call.text_or_null(0).is_none_or(|text| text.trim().is_empty())))
        }),
        // Split
        impure("string[] Split(params char[] separator)", |call| {
            let options = Options::new(call, None, None)?;
            split::by_chars(call, options)
        }),
        impure("string[] Split(char[] separator, int count)", |call| {
            let options = Options::new(call, Some(1), None)?;
            split::by_chars(call, options)
        }),
        impure("string[] Split(char[] separator, StringSplitOptions options)", split_chars),
        impure("string[] Split(char[] separator, int count, StringSplitOptions options)", split_chars_counted),
        impure("string[] Split(char separator, StringSplitOptions options)", split_chars),
        impure("string[] Split(char separator, int count)", |call| {
            let options = Options::new(call, Some(1), None)?;
            split::by_chars(call, options)
        }),
        impure("string[] Split(char separator, int count, StringSplitOptions options)", split_chars_counted),
        impure("string[] Split(string[] separator, StringSplitOptions options)", split_texts),
        impure("string[] Split(string[] separator, int count, StringSplitOptions options)", split_texts_counted),
        impure("string[] Split(string separator)", |call| {
            let options = Options::new(call, None, None)?;
            split::by_texts(call, options)
        }),
        impure("string[] Split(string separator, StringSplitOptions options)", split_texts),
        impure("string[] Split(string separator, int count)", |call| {
            let options = Options::new(call, Some(1), None)?;
            split::by_texts(call, options)
        }),
        impure("string[] Split(string separator, int count, StringSplitOptions options)", split_texts_counted),
        // Change
        pure("string Replace(char oldChar, char newChar)", edit::replace),
        pure("string Replace(string oldValue, string newValue)", edit::replace),
        pure("string Replace(string oldValue, string newValue, StringComparison comparisonType)", edit::replace),
        pure("string Substring(int startIndex)", |call| edit::substring(call, false)),
        pure("string Substring(int startIndex, int length)", |call| edit::substring(call, true)),
        pure("string Remove(int startIndex)", |call| edit::remove(call, false)),
        pure("string Remove(int startIndex, int count)", |call| edit::remove(call, true)),
        pure("string Insert(int startIndex, string value)", edit::insert),
        pure("string Trim()", |call| edit::trim(call, Ends::Both)),
        pure("string Trim(char trimChar)", |call| edit::trim(call, Ends::Both)),
        pure("string Trim(params char[] trimChars)", |call| edit::trim(call, Ends::Both)),
        pure("string TrimStart()", |call| edit::trim(call, Ends::Start)),
        pure("string TrimStart(char trimChar)", |call| edit::trim(call, Ends::Start)),
        pure("string TrimStart(params char[] trimChars)", |call| edit::trim(call, Ends::Start)),
        pure("string TrimEnd()", |call| edit::trim(call, Ends::End)),
        pure("string TrimEnd(char trimChar)", |call| edit::trim(call, Ends::End)),
        pure("string TrimEnd(params char[] trimChars)", |call| edit::trim(call, Ends::End)),
        pure("string PadLeft(int totalWidth)", |call| edit::pad(call, true)),
        pure("string PadLeft(int totalWidth, char paddingChar)", |call| edit::pad(call, true)),
        pure("string PadRight(int totalWidth)", |call| edit::pad(call, false)),
        pure("string PadRight(int totalWidth, char paddingChar)", |call| edit::pad(call, false)),
        pure("string ToLower()", edit::to_lower),
        pure("string ToLowerInvariant()", edit::to_lower),
        pure("string ToUpper()", edit::to_upper),
        pure("string ToUpperInvariant()", edit::to_upper),
        // Search
        pure("bool Contains(string value)", |call| search::contains(call, false)),
        pure("bool Contains(char value)", |call| search::contains(call, false)),
        pure("bool Contains(string value, StringComparison comparisonType)", |call| search::contains(call, true)),
        pure("bool Contains(char value, StringComparison comparisonType)", |call| search::contains(call, true)),
        pure("bool StartsWith(string value)", |call| search::starts_with(call, false)),
        pure("bool StartsWith(char value)", |call| search::starts_with(call, false)),
        pure("bool StartsWith(string value, StringComparison comparisonType)", |call| {
            search::starts_with(call, true)
        }),
        pure("bool EndsWith(string value)", |call| search::ends_with(call, false)),
        pure("bool EndsWith(char value)", |call| search::ends_with(call, false)),
        pure("bool EndsWith(string value, StringComparison comparisonType)", |call| search::ends_with(call, true)),
        pure("int IndexOf(char value)", |call| search::index_of(call, 0, false)),
        pure("int IndexOf(char value, int startIndex)", |call| search::index_of(call, 1, false)),
        pure("int IndexOf(char value, int startIndex, int count)", |call| search::index_of(call, 2, false)),
        pure("int IndexOf(char value, StringComparison comparisonType)", |call| search::index_of(call, 0, true)),
        pure("int IndexOf(string value)", |call| search::index_of(call, 0, false)),
        pure("int IndexOf(string value, int startIndex)", |call| search::index_of(call, 1, false)),
        pure("int IndexOf(string value, int startIndex, int count)", |call| search::index_of(call, 2, false)),
        pure("int IndexOf(string value, StringComparison comparisonType)", |call| search::index_of(call, 0, true)),
        pure("int IndexOf(string value, int startIndex, StringComparison comparisonType)", |call| {
            search::index_of(call, 1, true)
        }),
        pure("int IndexOf(string value, int startIndex, int count, StringComparison comparisonType)", |call| {
            search::index_of(call, 2, true)
        }),
        pure("int LastIndexOf(char value)", |call| search::last_index_of(call, 0, false)),
        pure("int LastIndexOf(char value, int startIndex)", |call| search::last_index_of(call, 1, false)),
        pure("int LastIndexOf(char value, int startIndex, int count)", |call| search::last_index_of(call, 2, false)),
        pure("int LastIndexOf(string value)", |call| search::last_index_of(call, 0, false)),
        pure("int LastIndexOf(string value, int startIndex)", |call| search::last_index_of(call, 1, false)),
        pure("int LastIndexOf(string value, int startIndex, int count)", |call| {
            search::last_index_of(call, 2, false)
        }),
        pure("int LastIndexOf(string value, StringComparison comparisonType)", |call| {
            search::last_index_of(call, 0, true)
        }),
        pure("int LastIndexOf(string value, int startIndex, StringComparison comparisonType)", |call| {
            search::last_index_of(call, 1, true)
        }),
        pure("int LastIndexOf(string value, int startIndex, int count, StringComparison comparisonType)", |call| {
            search::last_index_of(call, 2, true)
        }),
        pure("int IndexOfAny(char[] anyOf)", |call| search::index_of_any(call, 0, false)),
        pure("int IndexOfAny(char[] anyOf, int startIndex)", |call| search::index_of_any(call, 1, false)),
        pure("int IndexOfAny(char[] anyOf, int startIndex, int count)", |call| search::index_of_any(call, 2, false)),
        pure("int LastIndexOfAny(char[] anyOf)", |call| search::index_of_any(call, 0, true)),
        pure("int LastIndexOfAny(char[] anyOf, int startIndex)", |call| search::index_of_any(call, 1, true)),
        pure("int LastIndexOfAny(char[] anyOf, int startIndex, int count)", |call| search::index_of_any(call, 2, true)),
        // Combine
        pure("static string Concat(object arg0)", join::concat),
        pure("static string Concat(object arg0, object arg1)", join::concat),
        pure("static string Concat(object arg0, object arg1, object arg2)", join::concat),
        pure("static string Concat(params object[] args)", join::concat_elements),
        pure("static string Concat(string str0, string str1)", join::concat),
        pure("static string Concat(string str0, string str1, string str2)", join::concat),
        pure("static string Concat(string str0, string str1, string str2, string str3)", join::concat),
        pure("static string Concat(params string[] values)", join::concat_elements),
        impure("static string Concat(System.Collections.Generic.IEnumerable<string> values)", join::concat_elements),
        impure("static string Concat<T>(System.Collections.Generic.IEnumerable<T> values)", join::concat_elements),
        pure("static string Join(string separator, params string[] value)", join::join),
        pure("static string Join(string separator, params object[] values)", join::join),
        pure("static string Join(char separator, params string[] value)", join::join),
        pure("static string Join(char separator, params object[] values)", join::join),
        impure("static string Join(string separator, System.Collections.Generic.IEnumerable<string> values)", join::join),
        impure("static string Join<T>(string separator, System.Collections.Generic.IEnumerable<T> values)", join::join),
        impure("static string Join<T>(char separator, System.Collections.Generic.IEnumerable<T> values)", join::join),
        pure("static string Join(string separator, string[] value, int startIndex, int count)", join::join_part),
        pure("static string Join(char separator, string[] value, int startIndex, int count)", join::join_part),
        pure("static string Format(string format, object arg0)", |call| join::format_values(call, 0)),
        pure("static string Format(string format, object arg0, object arg1)", |call| join::format_values(call, 0)),
        pure("static string Format(string format, object arg0, object arg1, object arg2)", |call| {
            join::format_values(call, 0)
        }),
        pure("static string Format(string format, params object[] args)", |call| join::format_array(call, 0)),
        pure("static string Format(IFormatProvider provider, string format, params object[] args)", |call| {
            join::format_array(call, 1)
        }),
        // Compare
        pure("static bool operator ==(string a, string b)", |call| same(call, None).map(Value::Boolean)),
        pure("static bool operator !=(string a, string b)", |call| Ok(Value::Boolean(!same(call, None)?))),
        pure("static bool Equals(string a, string b)", |call| same(call, None).map(Value::Boolean)),
        pure("static bool Equals(string a, string b, StringComparison comparisonType)", |call| {
            same(call, Some(2)).map(Value::Boolean)
        }),
        pure("bool Equals(string value)", |call| {
            Ok(Value::Boolean(call.text_or_null(0).as_ref() == Some(call.this_text()?)))
        }),
        pure("bool Equals(object obj)", |call| {
            Ok(Value::Boolean(call.text_or_null(0).as_ref() == Some(call.this_text()?)))
        }),
        pure("bool Equals(string value, StringComparison comparisonType)", |call| {
            let comparison = Comparison::argument(call, 1)?;
            let text = call.this_text()?;
            Ok(Value::Boolean(call.text_or_null(0).is_some_and(|other| comparison.equal(text, &other))))
        }),
        pure("int CompareTo(string strB)", compare_to),
        pure("int CompareTo(object value)", compare_to),
        pure("static int Compare(string strA, string strB)", |call| Ok(order(call, Comparison::CULTURE))),
        pure("static int Compare(string strA, string strB, bool ignoreCase)", |call| {
            Ok(order(call, Comparison { culture: true, ignore_case: call.boolean(2) }))
        }),
        pure("static int Compare(string strA, string strB, StringComparison comparisonType)", |call| {
            Ok(order(call, Comparison::argument(call, 2)?))
        }),
        pure("static int Compare(string strA, int indexA, string strB, int indexB, int length)", |call| {
            compare_parts(call, Comparison::CULTURE)
        }),
        pure(
            "static int Compare(string strA, int indexA, string strB, int indexB, int length, bool ignoreCase)",
            |call| compare_parts(call, Comparison { culture: true, ignore_case: call.boolean(5) }),
        ),
        pure(
            "static int Compare(string strA, int indexA, string strB, int indexB, int length, StringComparison comparisonType)",
            |call| {
                let comparison = Comparison::argument(call, 5)?;
                compare_parts(call, comparison)
            },
        ),
        pure("static int CompareOrdinal(string strA, string strB)", |call| Ok(order(call, Comparison::ORDINAL))),
        pure("static int CompareOrdinal(string strA, int indexA, string strB, int indexB, int length)", |call| {
            compare_parts(call, Comparison::ORDINAL)
        }),
        // Others
        pure("string ToString()", |call| Ok(Value::String(call.this_text()?.clone()))),
        pure("string ToString(IFormatProvider provider)", |call| Ok(Value::String(call.this_text()?.clone()))),
        pure("object Clone()", |call| Ok(Value::String(call.this_text()?.clone()))),
        pure("static string Copy(string str)", |call| call.text(0).map(Value::String)),
        pure("static string Intern(string str)", |call| call.text(0).map(Value::String)),
        pure("static string IsInterned(string str)", |call| call.text(0).map(Value::String)),
        pure("string Normalize()", |call| normal::normalize(call, None)),
        pure("string Normalize(NormalizationForm normalizationForm)", |call| normal::normalize(call, Some(0))),
        pure("bool IsNormalized()", |call| normal::is_normalized(call, None)),
        pure("bool IsNormalized(NormalizationForm normalizationForm)", |call| normal::is_normalized(call, Some(0))),
        pure("int GetHashCode(StringComparison comparisonType)", |call| {
            let folded = Comparison::argument(call, 0)?.searchable(call.this_text()?);
            crate::dotnet::hash_code(&Value::from(folded), call.machine()).map(Value::Int32)
        }),
        impure("void CopyTo(int sourceIndex, char[] destination, int destinationIndex, int count)", |call| {
            let units = call.this_text()?.units();
            chars::copy_to(call, &units)
        }),
        impure("char[] ToCharArray()", |call| {
            let units = call.this_text()?.units();
            char_array(call, &units)
        }),
        impure("char[] ToCharArray(int startIndex, int length)", |call| {
            let units = call.this_text()?.units();
            let part = usize::try_from(call.int(0)).ok().zip(usize::try_from(call.int(1)).ok());
            let part = part.and_then(|(start, length)| units.get(start..start.checked_add(length)?));
            match part {
                Some(part) => char_array(call, part),
                None => Err(Exception::argument_out_of_range("startIndex", "")),
            }
        }),
    ]);

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[
    &STRING,
    &normal::NORMALIZATION_FORM,
    &comparer::STRING_COMPARISON,
    &comparer::STRING_SPLIT_OPTIONS,
    &comparer::STRING_COMPARER,
];

fn int(value: usize) -> Value {
    Value::Int32(i32::try_from(value).unwrap_or(i32::MAX))
}

fn char_array(call: &mut Call<'_>, units: &[u16]) -> Result<Value, Exception> {
    call.budget().allocate(size_of_val(units) + units.len() * size_of::<Value>())?;
    Ok(Value::array(Type::Char, units.iter().map(|unit| Value::Char(*unit)).collect()))
}

fn split_chars(call: &mut Call<'_>) -> Result<Value, Exception> {
    let options = Options::new(call, None, Some(1))?;
    split::by_chars(call, options)
}

fn split_chars_counted(call: &mut Call<'_>) -> Result<Value, Exception> {
    let options = Options::new(call, Some(1), Some(2))?;
    split::by_chars(call, options)
}

fn split_texts(call: &mut Call<'_>) -> Result<Value, Exception> {
    let options = Options::new(call, None, Some(1))?;
    split::by_texts(call, options)
}

fn split_texts_counted(call: &mut Call<'_>) -> Result<Value, Exception> {
    let options = Options::new(call, Some(1), Some(2))?;
    split::by_texts(call, options)
}

/// True when arguments 0 and 1 are equal; `comparison` is the argument that says how.
fn same(call: &Call<'_>, comparison: Option<usize>) -> Result<bool, Exception> {
    let comparison = match comparison {
        Some(at) => Comparison::argument(call, at)?,
        None => Comparison::ORDINAL,
    };
    Ok(match (call.argument(0).as_text(), call.argument(1).as_text()) {
        (Some(left), Some(right)) => comparison.equal(left, right),
        (left, right) => left.is_none() && right.is_none(),
    })
}

/// Compares two texts of which null comes first.
fn compared(left: Option<&Text>, right: Option<&Text>, number: impl FnOnce(&str, &str) -> i32) -> Value {
    Value::Int32(match (left, right) {
        (Some(left), Some(right)) => number(left, right),
        (left, right) => i32::from(left.is_some()) - i32::from(right.is_some()),
    })
}

fn order(call: &Call<'_>, comparison: Comparison) -> Value {
    let (left, right) = (call.argument(0).as_text(), call.argument(1).as_text());
    compared(left, right, |left, right| comparison.number(left, right))
}

fn compare_to(call: &mut Call<'_>) -> Result<Value, Exception> {
    match call.argument(0) {
        Value::Null | Value::String(_) => {
            let (left, right) = (Some(call.this_text()?), call.argument(0).as_text());
            Ok(compared(left, right, |left, right| Comparison::CULTURE.number(left, right)))
        }
        _ => Err(Exception::argument("Object must be of type String.", "")),
    }
}

fn compare_parts(call: &mut Call<'_>, comparison: Comparison) -> Result<Value, Exception> {
    let length = usize::try_from(call.int(4)).map_err(|_| Exception::argument_out_of_range("length", ""))?;
    let part = |text: usize, index: usize| -> Result<Option<Text>, Exception> {
        let Some(whole) = call.text_or_null(text) else { return Ok(None) };
        let out_of_range = || Exception::argument_out_of_range(call.parameter_name(index), "");
        let start = usize::try_from(call.int(index)).map_err(|_| out_of_range())?;
        let left = whole.length().checked_sub(start).ok_or_else(out_of_range)?;
        Ok(whole.substring(start, length.min(left)))
    };
    let (left, right) = (part(0, 1)?, part(2, 3)?);
    Ok(compared(left.as_ref(), right.as_ref(), |left, right| comparison.number_of_parts(left, right)))
}

#[cfg(test)]
mod tests;
