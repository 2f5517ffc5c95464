//! `System.IO.StringReader` and `StringWriter`.

use std::any::Any;

use parking_lot::Mutex;

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::types::Type;
use crate::value::{DotnetObject, Text, Value};

use super::chars::char_array;
use super::format::composite;
use super::string_builder::builder;

static TEXT_READER: TypeDeclaration =
    TypeDeclaration::class("System.IO.TextReader").interfaces(&["System.IDisposable"]).members(&[
        impure("int Read()", |call| Ok(Value::Int32(unit(call, true)?))),
        impure("int Peek()", |call| Ok(Value::Int32(unit(call, false)?))),
        impure("string ReadLine()", |call| {
            let line = reader(call)?.lock().line();
            call.budget().allocate(line.as_ref().map_or(0, |line| line.len()))?;
            Ok(Value::from(line))
        }),
        impure("string ReadToEnd()", |call| {
            let rest = reader(call)?.lock().rest();
            call.budget().allocate(rest.len())?;
            Ok(Value::String(rest))
        }),
        impure("void Close()", |_| Ok(Value::Null)),
        impure("void Dispose()", |_| Ok(Value::Null)),
    ]);

static STRING_READER: TypeDeclaration = TypeDeclaration::class("System.IO.StringReader")
    .base("System.IO.TextReader")
    .members(&[impure("new(string s)", |call| {
        let units = call.text(0)?.units();
        call.budget().allocate(units.len().saturating_mul(2))?;
        Ok(Value::object(Reader(Mutex::new(Source { units, at: 0 }))))
    })]);

static TEXT_WRITER: TypeDeclaration =
    TypeDeclaration::class("System.IO.TextWriter").interfaces(&["System.IDisposable"]).members(&[
        impure("void Write(string value)", |call| write_value(call, false)),
        impure("void Write(char value)", |call| write_value(call, false)),
        impure("void Write(char[] buffer)", |call| write_chars(call, false)),
        impure("void Write(object value)", |call| write_value(call, false)),
        impure("void Write(string format, params object[] arg)", |call| write_format(call, false)),
        impure("void WriteLine()", |call| append(call, "\n")),
        impure("void WriteLine(string value)", |call| write_value(call, true)),
        impure("void WriteLine(char value)", |call| write_value(call, true)),
        impure("void WriteLine(char[] buffer)", |call| write_chars(call, true)),
        impure("void WriteLine(object value)", |call| write_value(call, true)),
        impure("void WriteLine(string format, params object[] arg)", |call| write_format(call, true)),
        impure("string NewLine", |_| Ok(Value::from("\n"))),
        impure("void Flush()", |_| Ok(Value::Null)),
        impure("void Close()", |_| Ok(Value::Null)),
        impure("void Dispose()", |_| Ok(Value::Null)),
    ]);

static STRING_WRITER: TypeDeclaration =
    TypeDeclaration::class("System.IO.StringWriter").base("System.IO.TextWriter").members(&[
        impure("new()", |_| Ok(Value::object(Writer(builder(Vec::new(), 16))))),
        impure("new(StringBuilder sb)", |call| {
            if call.argument(0).is_null() {
                return Err(call.null_argument(0));
            }
            Ok(Value::object(Writer(call.argument(0).clone())))
        }),
        impure("StringBuilder GetStringBuilder()", |call| Ok(call.object::<Writer>()?.0.clone())),
        impure("string ToString()", |call| {
            let target = call.object::<Writer>()?.0.clone();
            call.text_of(&target).map(Value::String)
        }),
    ]);

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[&TEXT_READER, &STRING_READER, &TEXT_WRITER, &STRING_WRITER];

struct Reader(Mutex<Source>);

struct Source {
    units: Vec<u16>,
    at: usize,
}

impl Source {
    fn rest(&mut self) -> Text {
        let rest = Text::from_units(self.units.get(self.at..).unwrap_or_default());
        self.at = self.units.len();
        rest
    }

    /// Up to a line feed, a carriage return or both together.
    fn line(&mut self) -> Option<Text> {
        let rest = self.units.get(self.at..).filter(|rest| !rest.is_empty())?;
        let is_break = |unit: &u16| *unit == 10 || *unit == 13;
        let end = rest.iter().position(is_break).unwrap_or(rest.len());
        let line = Text::from_units(rest.get(..end).unwrap_or_default());
        let both = rest.get(end) == Some(&13) && rest.get(end + 1) == Some(&10);
        self.at = (self.at + end + if both { 2 } else { 1 }).min(self.units.len());
        Some(line)
    }
}

impl DotnetObject for Reader {
    fn type_of(&self) -> Type {
        Type::Named("System.IO.StringReader")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Writes into a `StringBuilder`.
struct Writer(Value);

impl DotnetObject for Writer {
    fn type_of(&self) -> Type {
        Type::Named("System.IO.StringWriter")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn reader<'c>(call: &'c Call<'_>) -> Result<&'c Mutex<Source>, Exception> {
    call.object::<Reader>().map(|reader| &reader.0)
}

/// The next unit, or -1 at the end.
fn unit(call: &Call<'_>, take: bool) -> Result<i32, Exception> {
    let mut source = reader(call)?.lock();
    let Some(unit) = source.units.get(source.at).copied() else { return Ok(-1) };
    source.at += usize::from(take);
    Ok(i32::from(unit))
}

fn append(call: &mut Call<'_>, text: &str) -> Result<Value, Exception> {
    let target = call.object::<Writer>()?.0.clone();
    super::virtual_call(&target, "Append", &[Type::String], &mut [Value::from(text)], call.machine())?;
    Ok(Value::Null)
}

fn write_value(call: &mut Call<'_>, line: bool) -> Result<Value, Exception> {
    let value = call.argument(0).clone();
    let text = call.text_of(&value)?;
    append(call, &text)?;
    if line { append(call, "\n") } else { Ok(Value::Null) }
}

fn write_chars(call: &mut Call<'_>, line: bool) -> Result<Value, Exception> {
    let units = if call.argument(0).is_null() { Vec::new() } else { char_array(call, 0)? };
    append(call, &Text::from_units(&units))?;
    if line { append(call, "\n") } else { Ok(Value::Null) }
}

fn write_format(call: &mut Call<'_>, line: bool) -> Result<Value, Exception> {
    let format = call.text(0)?;
    let arguments = call.elements(1)?;
    let text = composite(&format, &arguments, call.machine())?;
    append(call, &text)?;
    if line { append(call, "\n") } else { Ok(Value::Null) }
}

#[cfg(test)]
mod tests {
    use crate::testing::assert_evaluates;

    #[test]
    fn lines_and_units_of_a_reader() {
        let expression = r#"@{ var r = new StringReader("ab\r\nc\nd\re"); return r.Peek() + " " + r.Read() + " " + r.ReadLine() + "|"
            + r.ReadLine() + "|" + r.ReadLine() + "|" + r.ReadToEnd() + "|" + (r.ReadLine() == null) + r.Read() + r.Peek(); }"#;
        assert_evaluates(expression, "System.String", "97 97 b|c|d|e|True-1-1");
    }

    #[test]
    fn what_a_writer_holds() {
        let expression = r#"@{ var w = new StringWriter(); w.Write("a"); w.Write(1); w.Write('c'); w.WriteLine("x"); w.WriteLine();
            w.Write("{0}-{1}", 1, 2); w.WriteLine(2.5); return w.ToString() + "|" + w.GetStringBuilder().Length; }"#;
        assert_evaluates(expression, "System.String", "a1cx\n\n1-22.5\n|13");
    }
}
