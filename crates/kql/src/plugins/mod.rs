//! What tabular operators compute that DataFusion does not know.

mod bag;
mod elements;
mod pattern;
mod series;

pub(crate) use bag::bag_keys;
pub(crate) use elements::{elements, positions};
pub(crate) use pattern::{captured, is_matched};
pub(crate) use series::series;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

/// The arguments of a function as arrays of as many rows as it is asked for.
fn arrays(args: &ScalarFunctionArgs) -> Result<Vec<ArrayRef>> {
    args.args.iter().map(|value| value.to_array(args.number_rows)).collect()
}

/// The only argument, which is a text.
fn text_argument(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let array = arrays(args)?.into_iter().next();
    array
        .filter(|array| *array.data_type() == DataType::Utf8)
        .ok_or_else(|| DataFusionError::Internal("a text is expected".to_owned()))
}

fn texts(array: &ArrayRef) -> Result<&StringArray> {
    array.as_string_opt().ok_or_else(|| DataFusionError::Internal("a text is expected".to_owned()))
}

fn returned(array: impl Array + 'static) -> Result<ColumnarValue> {
    Ok(ColumnarValue::Array(std::sync::Arc::new(array)))
}
