//! A function that makes the rows of a model call: the first without messages, then one for each part of what was asked, then
//! one for each part of what was answered.

use std::sync::Arc;

use datafusion::arrow::array::cast::AsArray;
use datafusion::arrow::array::{ArrayRef, Int32Builder, ListArray, StringBuilder, StructArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, Fields, Int32Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use sekisho_llm::transcript::chat::{reply_messages, request_messages};

/// The member of a row that counts.
pub(super) const SEQUENCE: &str = "sequence_number";
/// The members of a row that hold messages.
pub(super) const MESSAGES: [&str; 2] = ["request_messages", "response_messages"];

/// `model_rows(request parts, response parts[, request messages, response messages, request body, response body]) → list<struct>`
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ModelRows {
    signature: Signature,
    fields: Fields,
}

impl ModelRows {
    /// Rows that only count.
    pub(super) fn counted() -> ModelRows {
        Self::of(&[])
    }

    /// Rows with messages, which are given as lines, or are in the body.
    pub(super) fn whole() -> ModelRows {
        Self::of(&MESSAGES)
    }

    fn of(messages: &[&str]) -> ModelRows {
        let texts = messages.iter().map(|name| Field::new(*name, DataType::Utf8, true));
        let texts_of = messages.iter().flat_map(|_| [DataType::Utf8, DataType::Utf8]);
        let kinds = [DataType::Int32, DataType::Int32].into_iter().chain(texts_of);
        let signature = Signature::exact(kinds.collect(), Volatility::Immutable);
        let fields = [Field::new(SEQUENCE, DataType::Int32, false)].into_iter().chain(texts);
        ModelRows { signature, fields: fields.collect() }
    }

    fn item(&self) -> Arc<Field> {
        Arc::new(Field::new("item", DataType::Struct(self.fields.clone()), false))
    }

    fn rows(&self, counts: [&ArrayRef; 2], texts: &[ArrayRef]) -> Result<ArrayRef> {
        let [asked, answered] = counts.map(parts);
        let lengths: Vec<usize> =
            asked.iter().zip(&answered).map(|(asked, answered)| 1 + asked + answered).collect();
        let count = lengths.iter().sum();
        let mut sequence = Int32Builder::with_capacity(count);
        for length in &lengths {
            (0_i32..).take(*length).for_each(|number| sequence.append_value(number));
        }
        let mut columns: Vec<ArrayRef> = vec![Arc::new(sequence.finish())];
        if let [asked_lines, answered_lines, requests, responses] = texts {
            // The first row and the rows of the other side have none.
            let sides = || asked.iter().zip(&answered);
            let places = sides().map(|(asked, answered)| (1, *asked, *answered));
            columns.push(said(count, places, asked_lines, requests, request_messages));
            let places = sides().map(|(asked, answered)| (1 + asked, *answered, 0));
            columns.push(said(count, places, answered_lines, responses, reply_messages));
        }
        let rows = StructArray::try_new(self.fields.clone(), columns, None)?;
        let offsets = OffsetBuffer::from_lengths(lengths);
        Ok(Arc::new(ListArray::try_new(self.item(), offsets, Arc::new(rows), None)?))
    }
}

/// How many parts a side has in each call.
fn parts(counts: &ArrayRef) -> Vec<usize> {
    let counts = counts.as_primitive::<Int32Type>().iter();
    counts.map(|count| count.and_then(|count| usize::try_from(count).ok()).unwrap_or(0)).collect()
}

/// The messages of one side in `count` rows. `places` tells of each call how many rows are empty, then have a part, then are empty; parts
/// are lines, or there is one that is in the body.
fn said(
    count: usize,
    places: impl Iterator<Item = (usize, usize, usize)>,
    lines: &ArrayRef,
    bodies: &ArrayRef,
    in_body: fn(&str) -> Option<String>,
) -> ArrayRef {
    let (lines, bodies) = (lines.as_string::<i32>(), bodies.as_string::<i32>());
    let mut said = StringBuilder::with_capacity(count, lines.value_data().len());
    for ((before, own, after), (lines, body)) in places.zip(lines.iter().zip(bodies)) {
        said.append_nulls(before);
        match lines {
            Some(lines) => {
                let mut lines = lines.split('\n');
                (0..own).for_each(|_| said.append_option(lines.next()));
            }
            None if own == 1 => said.append_option(body.and_then(in_body)),
            None => said.append_nulls(own),
        }
        said.append_nulls(after);
    }
    Arc::new(said.finish())
}

impl ScalarUDFImpl for ModelRows {
    fn name(&self) -> &str {
        "model_rows"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(self.item()))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        match arrays.as_slice() {
            [asked, answered, texts @ ..] => Ok(ColumnarValue::Array(self.rows([asked, answered], texts)?)),
            _ => exec_err!("model_rows takes two counts"),
        }
    }
}
