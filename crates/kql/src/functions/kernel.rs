//! Functions that are computed row by row, as DataFusion runs them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::cell::{Cell, Reader, Row, Writer, normalise};
use super::constant;
use crate::{Type, Typed};

/// How large a text may become where no function can make it larger than what it was given.
pub(crate) const UNBOUNDED: usize = i32::MAX as usize;

/// What a function does with a row.
pub(crate) type RowFunction = Arc<dyn for<'a> Fn(&Row<'_, 'a>) -> Cell<'a> + Send + Sync>;

/// A closure as a function of rows: what it gives lives as long as what it reads.
pub(crate) fn function<F>(function: F) -> RowFunction
where
    F: for<'a> Fn(&Row<'_, 'a>) -> Cell<'a> + Send + Sync + 'static,
{
    Arc::new(function)
}

/// What null arguments mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Nulls {
    /// The result is null when an argument is; a null string is an empty one.
    Propagate,
    /// The function looks at them.
    Seen,
}

/// A function of rows with all that DataFusion asks of it.
///
/// Two kernels are equal when their names, types and constants are: what a name does is decided by its table.
#[derive(Clone)]
pub(crate) struct Kernel {
    name: &'static str,
    inputs: Vec<Type>,
    output: Type,
    nulls: Nulls,
    limit: usize,
    function: RowFunction,
    signature: Signature,
}

impl Kernel {
    /// A function of these types.
    pub(crate) fn new(name: &'static str, inputs: Vec<Type>, output: Type, function: RowFunction) -> Self {
        let signature = match inputs.len() {
            0 => Signature::nullary(Volatility::Volatile),
            count => Signature::any(count, Volatility::Immutable),
        };
        Self { name, inputs, output, nulls: Nulls::Propagate, limit: UNBOUNDED, function, signature }
    }

    /// With a bound on the texts it makes, in bytes.
    pub(crate) fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// A function that looks at nulls itself.
    pub(crate) fn sees_nulls(mut self) -> Self {
        self.nulls = Nulls::Seen;
        self
    }

    /// Its call with these arguments, computed at once when all are constants.
    pub(crate) fn call(self, arguments: Vec<Typed>) -> Typed {
        let kind = self.output;
        let values = arguments.into_iter().map(|argument| argument.expr).collect();
        Typed::new(constant::fold(ScalarUDF::new_from_impl(self).call(values)), kind)
    }

    fn run(&self, arrays: &[ArrayRef], constant: &[bool], rows: usize) -> Result<ArrayRef> {
        let arrays = arrays
            .iter()
            .zip(&self.inputs)
            .map(|(array, kind)| normalise(array, *kind))
            .collect::<Result<Vec<_>>>()?;
        let readers = arrays.iter().map(Reader::new).collect::<Result<Vec<_>>>()?;
        let mut writer = Writer::new(self.output, rows);
        let mut cells = Vec::with_capacity(readers.len());
        for row in 0..rows {
            cells.clear();
            let mut missing = false;
            for ((reader, constant), kind) in readers.iter().zip(constant).zip(&self.inputs) {
                let mut cell = reader.cell(if *constant { 0 } else { row });
                if cell == Cell::Null {
                    match kind {
                        Type::String => cell = Cell::Text(""),
                        _ => missing = true,
                    }
                }
                cells.push(cell);
            }
            if missing && self.nulls == Nulls::Propagate {
                writer.push(&Cell::Null, self.limit)?;
            } else {
                writer.push(&(self.function)(&Row { cells: &cells, limit: self.limit }), self.limit)?;
            }
        }
        Ok(writer.finish())
    }
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kernel").field("name", &self.name).field("output", &self.output).finish()
    }
}

impl PartialEq for Kernel {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.output == other.output && self.inputs == other.inputs
    }
}

impl Eq for Kernel {}

impl Hash for Kernel {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.output.hash(state);
        self.inputs.hash(state);
    }
}

impl ScalarUDFImpl for Kernel {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(self.output.arrow())
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant: Vec<bool> =
            call.args.iter().map(|argument| matches!(argument, ColumnarValue::Scalar(_))).collect();
        let arrays = call
            .args
            .iter()
            .map(|argument| match argument {
                ColumnarValue::Array(array) => Ok(Arc::clone(array)),
                ColumnarValue::Scalar(value) => value.to_array(),
            })
            .collect::<Result<Vec<_>>>()?;
        let alone = !constant.is_empty() && constant.iter().all(|constant| *constant);
        if alone {
            let result = self.run(&arrays, &constant, 1)?;
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?));
        }
        Ok(ColumnarValue::Array(self.run(&arrays, &constant, call.number_rows)?))
    }
}
