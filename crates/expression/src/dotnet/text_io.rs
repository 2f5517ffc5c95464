//! `System.IO.StringReader` and `StringWriter`.

use std::any::Any;

use parking_lot::{Mutex, MutexGuard};

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::types::Type;
use crate::value::{DotnetObject, Text, Value};

use super::chars::{char_array, part_of_array, range, write};
use super::encoding::Charset;
use super::format::composite;
use super::string_builder::builder;

static TEXT_READER: TypeDeclaration =
    TypeDeclaration::class("System.IO.TextReader").interfaces(&["System.IDisposable"]).members(&[
        impure("int Read()", |call| Ok(Value::Int32(unit(call, true)?))),
        impure("int Peek()", |call| Ok(Value::Int32(unit(call, false)?))),
        impure("int Read(char[] buffer, int index, int count)", read_into),
        impure("int ReadBlock(char[] buffer, int index, int count)", read_into),
        impure("string ReadLine()", |call| {
            let line = reader(call)?.open()?.line();
            call.budget().allocate(line.as_ref().map_or(0, |line| line.len()))?;
            Ok(Value::from(line))
        }),
        impure("string ReadToEnd()", |call| {
            let rest = reader(call)?.open()?.rest();
            call.budget().allocate(rest.len())?;
            Ok(Value::String(rest))
        }),
        impure("void Close()", close_reader),
        impure("void Dispose()", close_reader),
    ]);

static STRING_READER: TypeDeclaration = TypeDeclaration::class("System.IO.StringReader")
    .base("System.IO.TextReader")
    .members(&[impure("new(string s)", |call| {
        let units = call.text(0)?.units();
        call.budget().allocate(units.len().saturating_mul(2))?;
        Ok(Value::object(Reader(Mutex::new(Source { units, at: 0, closed: false }))))
    })]);

static TEXT_WRITER: TypeDeclaration =
    TypeDeclaration::class("System.IO.TextWriter").interfaces(&["System.IDisposable"]).members(&[
        impure("void Write(string value)", |call| write_value(call, false)),
        impure("void Write(char value)", |call| write_value(call, false)),
        impure("void Write(char[] buffer)", |call| write_chars(call, false)),
        impure("void Write(char[] buffer, int index, int count)", |call| write_part(call, false)),
        impure("void Write(object value)", |call| write_value(call, false)),
        impure("void Write(string format, params object[] arg)", |call| write_format(call, false)),
        impure("void WriteLine()", end_line),
        impure("void WriteLine(string value)", |call| write_value(call, true)),
        impure("void WriteLine(char value)", |call| write_value(call, true)),
        impure("void WriteLine(char[] buffer)", |call| write_chars(call, true)),
        impure("void WriteLine(char[] buffer, int index, int count)", |call| write_part(call, true)),
        impure("void WriteLine(object value)", |call| write_value(call, true)),
        impure("void WriteLine(string format, params object[] arg)", |call| write_format(call, true)),
        impure("string NewLine", |call| {
            Ok(Value::String(call.object::<Writer>()?.state.lock().new_line.clone()))
        }),
        impure("set string NewLine", |call| {
            let new_line = call.text_or_null(0).unwrap_or_else(|| Text::from("\n"));
            call.object::<Writer>()?.state.lock().new_line = new_line;
            Ok(Value::Null)
        }),
        impure("Encoding Encoding", |_| Ok(Charset::Utf16 { big_endian: false }.value())),
        impure("void Flush()", |_| Ok(Value::Null)),
        impure("void Close()", close_writer),
        impure("void Dispose()", close_writer),
    ]);

static STRING_WRITER: TypeDeclaration =
    TypeDeclaration::class("System.IO.StringWriter").base("System.IO.TextWriter").members(&[
        impure("new()", |_| Ok(writer(builder(Vec::new(), 16)))),
        impure("new(IFormatProvider formatProvider)", |_| Ok(writer(builder(Vec::new(), 16)))),
        impure("new(StringBuilder sb)", onto_builder),
        impure("new(StringBuilder sb, IFormatProvider formatProvider)", onto_builder),
        impure("StringBuilder GetStringBuilder()", |call| Ok(call.object::<Writer>()?.target.clone())),
        impure("string ToString()", |call| {
            let target = call.object::<Writer>()?.target.clone();
            call.text_of(&target).map(Value::String)
        }),
    ]);

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[&TEXT_READER, &STRING_READER, &TEXT_WRITER, &STRING_WRITER];

struct Reader(Mutex<Source>);

struct Source {
    units: Vec<u16>,
    at: usize,
    closed: bool,
}

impl Reader {
    fn open(&self) -> Result<MutexGuard<'_, Source>, Exception> {
        let source = self.0.lock();
        if source.closed { Err(closed("Cannot read from a closed TextReader.")) } else { Ok(source) }
    }
}

fn closed(message: &str) -> Exception {
    Exception::new("System.ObjectDisposedException", message)
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

    fn take(&mut self, count: usize) -> Vec<u16> {
        let end = (self.at.saturating_add(count)).min(self.units.len());
        let taken = self.units.get(self.at..end).unwrap_or_default().to_vec();
        self.at = end;
        taken
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
struct Writer {
    target: Value,
    state: Mutex<WriterState>,
}

struct WriterState {
    new_line: Text,
    closed: bool,
}

impl DotnetObject for Writer {
    fn type_of(&self) -> Type {
        Type::Named("System.IO.StringWriter")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn writer(target: Value) -> Value {
    Value::object(Writer {
        target,
        state: Mutex::new(WriterState { new_line: Text::from("\n"), closed: false }),
    })
}

fn onto_builder(call: &mut Call<'_>) -> Result<Value, Exception> {
    if call.argument(0).is_null() {
        return Err(call.null_argument(0));
    }
    Ok(writer(call.argument(0).clone()))
}

fn reader<'c>(call: &'c Call<'_>) -> Result<&'c Reader, Exception> {
    call.object::<Reader>()
}

fn close_reader(call: &mut Call<'_>) -> Result<Value, Exception> {
    reader(call)?.0.lock().closed = true;
    Ok(Value::Null)
}

fn close_writer(call: &mut Call<'_>) -> Result<Value, Exception> {
    call.object::<Writer>()?.state.lock().closed = true;
    Ok(Value::Null)
}

/// The next unit, or -1 at the end.
fn unit(call: &Call<'_>, take: bool) -> Result<i32, Exception> {
    let mut source = reader(call)?.open()?;
    let Some(unit) = source.units.get(source.at).copied() else { return Ok(-1) };
    source.at += usize::from(take);
    Ok(i32::from(unit))
}

/// Fills a part of a `char[]` and gives how many units there were.
fn read_into(call: &mut Call<'_>) -> Result<Value, Exception> {
    let Value::Array(buffer) = call.argument(0) else { return Err(call.null_argument(0)) };
    for at in [1, 2] {
        if call.int(at) < 0 {
            let message = "Non-negative number required.";
            return Err(Exception::argument_out_of_range(call.parameter_name(at), message));
        }
    }
    if range(call.int(1), call.int(2), buffer.items.lock().len()).is_none() {
        let message = "Offset and length were out of bounds for the array or count is greater than the number of elements from index to the end of the source collection.";
        return Err(Exception::argument(message, ""));
    }
    let taken = reader(call)?.open()?.take(usize::try_from(call.int(2)).unwrap_or(0));
    write(buffer, call.int(1), &taken);
    Ok(Value::Int32(i32::try_from(taken.len()).unwrap_or(i32::MAX)))
}

fn append(call: &mut Call<'_>, text: &str) -> Result<Value, Exception> {
    let writer = call.object::<Writer>()?;
    if writer.state.lock().closed {
        return Err(closed("Cannot write to a closed TextWriter."));
    }
    let target = writer.target.clone();
    super::virtual_call(&target, "Append", &[Type::String], &mut [Value::from(text)], call.machine())?;
    Ok(Value::Null)
}

fn end_line(call: &mut Call<'_>) -> Result<Value, Exception> {
    let new_line = call.object::<Writer>()?.state.lock().new_line.clone();
    append(call, &new_line)
}

/// Appends, and ends the line on demand.
fn written(call: &mut Call<'_>, text: &str, line: bool) -> Result<Value, Exception> {
    append(call, text)?;
    if line { end_line(call) } else { Ok(Value::Null) }
}

fn write_value(call: &mut Call<'_>, line: bool) -> Result<Value, Exception> {
    let value = call.argument(0).clone();
    let text = call.text_of(&value)?;
    written(call, &text, line)
}

fn write_chars(call: &mut Call<'_>, line: bool) -> Result<Value, Exception> {
    let units = if call.argument(0).is_null() { Vec::new() } else { char_array(call, 0)? };
    written(call, &Text::from_units(&units), line)
}

fn write_part(call: &mut Call<'_>, line: bool) -> Result<Value, Exception> {
    let units = part_of_array(call, 0)?;
    written(call, &Text::from_units(&units), line)
}

fn write_format(call: &mut Call<'_>, line: bool) -> Result<Value, Exception> {
    let format = call.text(0)?;
    let arguments = call.elements(1)?;
    let text = composite(&format, &arguments, call.machine())?;
    written(call, &text, line)
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
