//! What columns `bag_unpack` makes.

use std::sync::Arc;

use datafusion::arrow::array::{ListBuilder, StringBuilder};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use serde_json::{Map, Value};

use super::{returned, text_argument, texts};

/// The keys of a bag with the types of their values: `long:count`; without a type for null.
pub(crate) fn bag_keys(json: Expr) -> Expr {
    let signature = Signature::exact(vec![DataType::Utf8], Volatility::Immutable);
    ScalarUDF::new_from_impl(BagKeys { signature }).call(vec![json])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct BagKeys {
    signature: Signature,
}

impl ScalarUDFImpl for BagKeys {
    fn name(&self) -> &'static str {
        "kql_bag_keys"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let json = text_argument(&args)?;
        let mut lists = ListBuilder::new(StringBuilder::new());
        for json in texts(&json)? {
            let bag = json
                .and_then(|json| serde_json::from_str::<Map<String, Value>>(json).ok())
                .unwrap_or_default();
            for (key, value) in &bag {
                lists.values().append_value(format!("{}:{key}", type_name(value)));
            }
            lists.append(true);
        }
        returned(lists.finish())
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_i64() => "long",
        Value::Number(_) => "real",
        Value::String(_) => "string",
        Value::Array(_) | Value::Object(_) => "dynamic",
    }
}
