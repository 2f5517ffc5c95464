//! A function that makes JSON objects of columns, without those that are null.

use std::sync::Arc;

use datafusion::arrow::array::StringBuilder;
use datafusion::arrow::array::cast::AsArray;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use serde_json::{Map, Value};

/// `object(columns…) → text`, with a name for each column.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Object {
    signature: Signature,
    names: Vec<&'static str>,
}

impl Object {
    pub(super) fn new(names: Vec<&'static str>) -> Object {
        let kinds = vec![DataType::Utf8; names.len()];
        Object { signature: Signature::exact(kinds, Volatility::Immutable), names }
    }
}

impl ScalarUDFImpl for Object {
    fn name(&self) -> &str {
        "json_object_of"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let mut columns = Vec::with_capacity(arguments.args.len());
        for column in &arguments.args {
            columns.push(column.to_array(arguments.number_rows)?);
        }
        let mut texts = StringBuilder::new();
        for row in 0..arguments.number_rows {
            let mut object = Map::new();
            for (name, column) in self.names.iter().zip(&columns) {
                let column = column.as_string::<i32>();
                if datafusion::arrow::array::Array::is_valid(column, row) {
                    object.insert((*name).to_owned(), Value::from(column.value(row)));
                }
            }
            texts.append_value(Value::Object(object).to_string());
        }
        Ok(ColumnarValue::Array(Arc::new(texts.finish())))
    }
}
