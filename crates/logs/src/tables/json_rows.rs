//! A function that takes the JSON of a column apart: an array of objects becomes a list of structures, which a view unnests.

use std::sync::Arc;

use datafusion::arrow::array::cast::AsArray;
use datafusion::arrow::array::{
    Array, ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, ListArray, StringBuilder, StructArray,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use serde_json::Value;

/// `json_rows(text) → list<struct>`, with the members that are asked for.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct JsonRows {
    name: &'static str,
    signature: Signature,
    fields: Fields,
}

impl JsonRows {
    /// Members are text, whole numbers, real numbers or Booleans; texts of other members are their JSON.
    pub(super) fn new(name: &'static str, members: &[(&str, DataType)]) -> JsonRows {
        let fields = members.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true));
        let signature = Signature::exact(vec![DataType::Utf8], Volatility::Immutable);
        JsonRows { name, signature, fields: fields.collect() }
    }

    fn item(&self) -> Arc<Field> {
        Arc::new(Field::new("item", DataType::Struct(self.fields.clone()), true))
    }

    fn rows(&self, texts: &ArrayRef) -> Result<ArrayRef> {
        let texts = texts.as_string::<i32>();
        let mut items: Vec<Value> = Vec::new();
        let mut lengths = Vec::with_capacity(texts.len());
        for text in texts {
            let before = items.len();
            if let Some(Ok(Value::Array(parsed))) = text.map(serde_json::from_str) {
                items.extend(parsed);
            }
            lengths.push(items.len() - before);
        }
        let columns = self.fields.iter().map(|field| column(field, &items)).collect();
        let structs = StructArray::try_new_with_length(self.fields.clone(), columns, None, items.len())?;
        let offsets = OffsetBuffer::from_lengths(lengths);
        let nulls = NullBuffer::new_valid(texts.len());
        Ok(Arc::new(ListArray::try_new(self.item(), offsets, Arc::new(structs), Some(nulls))?))
    }
}

fn column(field: &Field, items: &[Value]) -> ArrayRef {
    let members = items.iter().map(|item| item.get(field.name()).filter(|member| !member.is_null()));
    match field.data_type() {
        DataType::Int64 => {
            let mut array = Int64Builder::new();
            members.for_each(|member| array.append_option(member.and_then(Value::as_i64)));
            Arc::new(array.finish())
        }
        DataType::Float64 => {
            let mut array = Float64Builder::new();
            members.for_each(|member| array.append_option(member.and_then(Value::as_f64)));
            Arc::new(array.finish())
        }
        DataType::Boolean => {
            let mut array = BooleanBuilder::new();
            members.for_each(|member| array.append_option(member.and_then(Value::as_bool)));
            Arc::new(array.finish())
        }
        _ => {
            let mut array = StringBuilder::new();
            for member in members {
                match member {
                    Some(Value::String(text)) => array.append_value(text),
                    Some(other) => array.append_value(other.to_string()),
                    None => array.append_null(),
                }
            }
            Arc::new(array.finish())
        }
    }
}

impl ScalarUDFImpl for JsonRows {
    fn name(&self) -> &str {
        self.name
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
            [texts] => Ok(ColumnarValue::Array(self.rows(texts)?)),
            _ => exec_err!("{} takes one column", self.name),
        }
    }
}
