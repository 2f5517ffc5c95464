//! `System.Char`.

mod numerals;

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory as Category;

use super::string::compare::{lower, upper};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, pure};
use crate::value::{Text, Value};

/// A question about a Char, in its two forms: of a Char, and of a position in a string.
macro_rules! predicates {
    ($($name:literal => $answer:expr;)*) => {
        static CHAR: TypeDeclaration = TypeDeclaration::structure("System.Char")
            .interfaces(&["System.IComparable", "System.IEquatable<char>"])
            .members(&[
                $(
                    pure(concat!("static bool ", $name, "(char c)"), |call| {
                        let answer: fn(u16) -> bool = $answer;
                        Ok(Value::Boolean(answer(call.char(0))))
                    }),
                    pure(concat!("static bool ", $name, "(string s, int index)"), |call| {
                        let answer: fn(u16) -> bool = $answer;
                        Ok(Value::Boolean(answer(unit_at(call)?)))
                    }),
                )*
                pure("static char MinValue", |_| Ok(Value::Char(0))),
                pure("static char MaxValue", |_| Ok(Value::Char(u16::MAX))),
                pure("static char ToUpper(char c)", |call| Ok(mapped(call.char(0), upper))),
                pure("static char ToUpperInvariant(char c)", |call| Ok(mapped(call.char(0), upper))),
                pure("static char ToLower(char c)", |call| Ok(mapped(call.char(0), lower))),
                pure("static char ToLowerInvariant(char c)", |call| Ok(mapped(call.char(0), lower))),
                pure("static double GetNumericValue(char c)", |call| {
                    Ok(Value::Double(numeric_value(call.char(0))))
                }),
                pure("static double GetNumericValue(string s, int index)", |call| {
                    Ok(Value::Double(numeric_value(unit_at(call)?)))
                }),
                pure("static char Parse(string s)", |call| {
                    let text = call.text(0)?;
                    let message = "String must be exactly one character long.";
                    single(&text).map(Value::Char).ok_or_else(|| Exception::format(message))
                }),
                pure("static bool TryParse(string s, out char result)", |call| {
                    let read = call.text_or_null(0).and_then(|text| single(&text));
                    call.set_out(1, Value::Char(read.unwrap_or(0)));
                    Ok(Value::Boolean(read.is_some()))
                }),
                pure("static string ConvertFromUtf32(int utf32)", |call| {
                    let character = u32::try_from(call.int(0)).ok().and_then(char::from_u32);
                    let message = "A valid UTF32 value is between 0x000000 and 0x10ffff, inclusive, and should not include surrogate codepoint values (0x00d800 ~ 0x00dfff).";
                    character
                        .map(|character| Value::from(character.to_string()))
                        .ok_or_else(|| Exception::argument_out_of_range("utf32", message))
                }),
                pure("static int ConvertToUtf32(char highSurrogate, char lowSurrogate)", |call| {
                    let pair = [call.char(0), call.char(1)];
                    let mut decoded = char::decode_utf16(pair);
                    match (decoded.next(), decoded.next()) {
                        (Some(Ok(one)), None) => Ok(Value::Int32(u32::from(one).cast_signed())),
                        _ => Err(Exception::argument_out_of_range("highSurrogate", "")),
                    }
                }),
                pure("static int ConvertToUtf32(string s, int index)", |call| scalar_at(call)),
                pure("static bool IsSurrogatePair(char highSurrogate, char lowSurrogate)", |call| {
                    Ok(Value::Boolean(is_pair(call.char(0), call.char(1))))
                }),
                pure("static bool IsSurrogatePair(string s, int index)", |call| {
                    let first = unit_at(call)?;
                    let next = usize::try_from(call.int(1)).ok().and_then(|at| call.text(0).ok()?.unit_at(at + 1));
                    Ok(Value::Boolean(next.is_some_and(|next| is_pair(first, next))))
                }),
                pure("static string ToString(char c)", |call| {
                    Ok(Value::String(Text::from_units(&[call.char(0)])))
                }),
                pure("string ToString()", |call| Ok(Value::String(Text::from_units(&[this(call)])))),
                pure("string ToString(IFormatProvider provider)", |call| {
                    Ok(Value::String(Text::from_units(&[this(call)])))
                }),
                pure("int GetHashCode()", |call| {
                    let unit = i32::from(this(call));
                    Ok(Value::Int32(unit | (unit << 16)))
                }),
                pure("bool Equals(char obj)", |call| Ok(Value::Boolean(this(call) == call.char(0)))),
                // The difference, not only its sign.
                pure("int CompareTo(char value)", |call| {
                    Ok(Value::Int32(i32::from(this(call)) - i32::from(call.char(0))))
                }),
                pure("int CompareTo(object value)", |call| match call.argument(0) {
                    Value::Null => Ok(Value::Int32(1)),
                    Value::Char(other) => Ok(Value::Int32(i32::from(this(call)) - i32::from(*other))),
                    _ => Err(Exception::argument("Object must be of type Char.", "")),
                }),
            ]);
    };
}

predicates! {
    "IsDigit" => |unit| category(unit) == Category::DecimalNumber;
    "IsNumber" => |unit| {
        matches!(category(unit), Category::DecimalNumber | Category::LetterNumber | Category::OtherNumber)
    };
    "IsLetter" => |unit| is_letter(category(unit));
    "IsLetterOrDigit" => |unit| {
        let category = category(unit);
        is_letter(category) || category == Category::DecimalNumber
    };
    "IsUpper" => |unit| category(unit) == Category::UppercaseLetter;
    "IsLower" => |unit| category(unit) == Category::LowercaseLetter;
    "IsWhiteSpace" => |unit| char::from_u32(u32::from(unit)).is_some_and(char::is_whitespace);
    "IsControl" => |unit| category(unit) == Category::Control;
    "IsPunctuation" => |unit| {
        matches!(
            category(unit),
            Category::ConnectorPunctuation
                | Category::DashPunctuation
                | Category::OpenPunctuation
                | Category::ClosePunctuation
                | Category::InitialPunctuation
                | Category::FinalPunctuation
                | Category::OtherPunctuation
        )
    };
    "IsSeparator" => |unit| {
        matches!(
            category(unit),
            Category::SpaceSeparator | Category::LineSeparator | Category::ParagraphSeparator
        )
    };
    "IsSymbol" => |unit| {
        matches!(
            category(unit),
            Category::MathSymbol | Category::CurrencySymbol | Category::ModifierSymbol | Category::OtherSymbol
        )
    };
    "IsSurrogate" => |unit| (0xD800..0xE000).contains(&unit);
    "IsHighSurrogate" => |unit| (0xD800..0xDC00).contains(&unit);
    "IsLowSurrogate" => |unit| (0xDC00..0xE000).contains(&unit);
}

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[&CHAR];

fn this(call: &Call<'_>) -> u16 {
    if let Value::Char(unit) = call.receiver() { *unit } else { 0 }
}

fn is_pair(high: u16, low: u16) -> bool {
    (0xD800..0xDC00).contains(&high) && (0xDC00..0xE000).contains(&low)
}

fn category(unit: u16) -> Category {
    CodePointMapData::<Category>::new().get32(u32::from(unit))
}

fn is_letter(category: Category) -> bool {
    matches!(
        category,
        Category::UppercaseLetter
            | Category::LowercaseLetter
            | Category::TitlecaseLetter
            | Category::ModifierLetter
            | Category::OtherLetter
    )
}

/// The unit of argument 0 at the position of argument 1.
fn unit_at(call: &Call<'_>) -> Result<u16, Exception> {
    let text = call.text(0)?;
    let unit = usize::try_from(call.int(1)).ok().and_then(|at| text.unit_at(at));
    unit.ok_or_else(|| Exception::argument_out_of_range("index", ""))
}

fn mapped(unit: u16, map: fn(char) -> char) -> Value {
    let changed =
        char::from_u32(u32::from(unit)).map(map).and_then(|changed| u16::try_from(u32::from(changed)).ok());
    Value::Char(changed.unwrap_or(unit))
}

/// The value of a digit or another numeral; −1 for everything else.
fn numeric_value(unit: u16) -> f64 {
    if category(unit) != Category::DecimalNumber {
        return numerals::value(unit).unwrap_or(-1.0);
    }
    // Decimal digits stand in runs of ten.
    let before = (1..10).take_while(|back| {
        unit.checked_sub(*back).is_some_and(|earlier| category(earlier) == Category::DecimalNumber)
    });
    f64::from(u16::try_from(before.count()).unwrap_or(0))
}

/// The scalar value at the position of argument 1 in the text of argument 0.
fn scalar_at(call: &Call<'_>) -> Result<Value, Exception> {
    let first = unit_at(call)?;
    let text = call.text(0)?;
    let second = usize::try_from(call.int(1)).ok().and_then(|at| text.unit_at(at + 1));
    let units = [first, second.unwrap_or(0)];
    let wrong = |message: &str| Exception::argument(format!("{message} at index {}.", call.int(1)), "s");
    match char::decode_utf16(units).next() {
        Some(Ok(scalar)) => Ok(Value::Int32(u32::from(scalar).cast_signed())),
        _ if first < 0xDC00 => Err(wrong("Found a high surrogate char without a following low surrogate")),
        _ => Err(wrong("Found a low surrogate char without a preceding high surrogate")),
    }
}

fn single(text: &Text) -> Option<u16> {
    if text.length() == 1 { text.unit_at(0) } else { None }
}
