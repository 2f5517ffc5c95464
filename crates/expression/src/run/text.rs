//! Concatenation and interpolation: texts that are put together.

use smallvec::SmallVec;

use super::Frame;
use crate::dotnet::{formatted, text_of};
use crate::exception::Exception;
use crate::program::{Node, Part};
use crate::value::Value;

/// Text that is being put together: the usual length needs no heap of its own.
#[derive(Default)]
struct Gathered {
    bytes: SmallVec<[u8; 256]>,
}

impl Gathered {
    fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// The usual numbers without a text of their own.
    fn push_integer(&mut self, number: i32) {
        let mut digits = [0_u8; 10];
        let mut left = number.unsigned_abs();
        let mut used = 0;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + u8::try_from(left % 10).unwrap_or(0);
            left /= 10;
            used += 1;
            if left == 0 {
                break;
            }
        }
        if number < 0 {
            self.bytes.push(b'-');
        }
        self.bytes.extend_from_slice(digits.get(digits.len() - used..).unwrap_or_default());
    }

    fn pad(&mut self, count: usize) {
        self.bytes.resize(self.bytes.len() + count, b' ');
    }

    fn into_value(self) -> Value {
        // Only whole texts were added: it is always UTF-8.
        Value::from(std::str::from_utf8(&self.bytes).unwrap_or_default())
    }
}

impl<'f> Frame<'f> {
    #[inline(never)]
    pub(super) fn concat(&mut self, parts: &'f [Node]) -> Result<Value, Exception> {
        let mut out = Gathered::default();
        for part in parts {
            if let Node::Constant(Value::String(text)) = part {
                out.push(text);
                continue;
            }
            match self.eval(part)? {
                Value::String(text) => self.gather(&mut out, &text)?,
                Value::Int32(number) => out.push_integer(number),
                Value::Null => {}
                value => {
                    let text = text_of(&value, self.machine)?;
                    self.gather(&mut out, &text)?;
                }
            }
        }
        Ok(out.into_value())
    }

    fn gather(&mut self, out: &mut Gathered, text: &str) -> Result<(), Exception> {
        self.machine.budget().allocate(text.len())?;
        out.push(text);
        Ok(())
    }

    #[inline(never)]
    pub(super) fn interpolate(&mut self, parts: &'f [Part]) -> Result<Value, Exception> {
        let mut out = Gathered::default();
        for part in parts {
            if let (Node::Constant(Value::String(text)), 0) = (&part.value, part.alignment) {
                out.push(text);
                continue;
            }
            let value = self.eval(&part.value)?;
            if part.alignment == 0 && part.format.is_none() {
                match &value {
                    Value::String(text) => {
                        self.gather(&mut out, text)?;
                        continue;
                    }
                    Value::Int32(number) => {
                        out.push_integer(*number);
                        continue;
                    }
                    _ => {}
                }
            }
            let text = formatted(&value, part.format.as_deref(), self.machine)?;
            let width = part.alignment.unsigned_abs() as usize;
            let padding = width.saturating_sub(if width == 0 { 0 } else { text.length() });
            self.machine.budget().allocate(text.len() + padding)?;
            if part.alignment > 0 {
                out.pad(padding);
            }
            out.push(&text);
            if part.alignment < 0 {
                out.pad(padding);
            }
        }
        Ok(out.into_value())
    }
}
