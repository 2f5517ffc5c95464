//! Aggregates that are computed row by row, as DataFusion runs them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Expr, Signature, Volatility};

use crate::functions::cell::{Cell, Reader, Row, Writer, normalise};
use crate::{Type, Typed};

/// What is gathered of some rows. The state is bytes of its own making, which only it reads.
pub(super) trait Gather: fmt::Debug + Send + Sync {
    /// One more row.
    fn row(&mut self, row: &Row<'_, '_>) -> Result<()>;

    /// What has been gathered, for another to merge.
    fn state(&self) -> Vec<u8>;

    /// What another has gathered.
    fn merge(&mut self, state: &[u8]) -> Result<()>;

    /// The result.
    fn result(&mut self) -> Result<Cell<'static>>;

    /// The memory it holds beyond itself, in bytes.
    fn size(&self) -> usize;
}

/// Begins to gather.
type Begin = Arc<dyn Fn() -> Box<dyn Gather> + Send + Sync>;

/// An aggregate of rows.
#[derive(Clone)]
pub(super) struct Gathering {
    name: &'static str,
    inputs: Vec<Type>,
    output: Type,
    limit: usize,
    begin: Begin,
    signature: Signature,
}

impl Gathering {
    /// An aggregate of these types. Whatever else decides the result has to be an argument too, since two calls with the same
    /// arguments are one.
    pub(super) fn new<G: Gather + 'static>(
        name: &'static str,
        inputs: Vec<Type>,
        output: Type,
        limit: usize,
        begin: impl Fn() -> G + Send + Sync + 'static,
    ) -> Self {
        let signature = Signature::any(inputs.len(), Volatility::Immutable);
        Self { name, inputs, output, limit, begin: Arc::new(move || Box::new(begin())), signature }
    }

    /// Its call.
    pub(super) fn call(self, arguments: Vec<Typed>, filter: Option<Expr>) -> Expr {
        let arguments = arguments.into_iter().map(|argument| argument.expr).collect();
        let filter = filter.map(Box::new);
        let function = Arc::new(AggregateUDF::new_from_impl(self));
        Expr::AggregateFunction(AggregateFunction::new_udf(
            function,
            arguments,
            false,
            filter,
            Vec::new(),
            None,
        ))
    }
}

impl fmt::Debug for Gathering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gathering").field("name", &self.name).field("output", &self.output).finish()
    }
}

impl PartialEq for Gathering {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.inputs == other.inputs && self.output == other.output
    }
}

impl Eq for Gathering {}

impl Hash for Gathering {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.inputs.hash(state);
        self.output.hash(state);
    }
}

impl AggregateUDFImpl for Gathering {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(self.output.arrow())
    }

    fn accumulator(&self, _arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let gather = (self.begin)();
        Ok(Box::new(Rows { gather, inputs: self.inputs.clone(), output: self.output, limit: self.limit }))
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        Ok(vec![Field::new(format!("{}[state]", arguments.name), DataType::Binary, true).into()])
    }
}

/// Feeds rows to what gathers them.
#[derive(Debug)]
struct Rows {
    gather: Box<dyn Gather>,
    inputs: Vec<Type>,
    output: Type,
    limit: usize,
}

impl Accumulator for Rows {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let arrays = values
            .iter()
            .zip(&self.inputs)
            .map(|(array, kind)| normalise(array, *kind))
            .collect::<Result<Vec<_>>>()?;
        let readers = arrays.iter().map(Reader::new).collect::<Result<Vec<_>>>()?;
        let count = arrays.first().map_or(0, |array| array.len());
        let mut cells = Vec::with_capacity(readers.len());
        for row in 0..count {
            cells.clear();
            cells.extend(readers.iter().zip(&self.inputs).map(|(reader, kind)| {
                match (reader.cell(row), kind) {
                    (Cell::Null, Type::String) => Cell::Text(""),
                    (cell, _) => cell,
                }
            }));
            self.gather.row(&Row { cells: &cells, limit: self.limit })?;
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let mut writer = Writer::new(self.output, 1);
        writer.push(&self.gather.result()?, self.limit)?;
        ScalarValue::try_from_array(&writer.finish(), 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.gather.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Binary(Some(self.gather.state()))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let Some(states) = states.first().and_then(|states| states.as_binary_opt::<i32>()) else {
            return exec_err!("the state of an aggregate is not of its own making");
        };
        states.iter().flatten().try_for_each(|state| self.gather.merge(state))
    }
}

/// A state that cannot be read.
pub(super) fn broken<T>() -> Result<T> {
    exec_err!("the state of an aggregate cannot be read")
}
