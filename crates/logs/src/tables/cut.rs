//! A function that cuts texts to a number of bytes, between characters, as the cloud cuts bodies.

use std::sync::Arc;

use datafusion::arrow::array::StringArray;
use datafusion::arrow::array::cast::AsArray;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Cut {
    signature: Signature,
    bytes: usize,
}

impl Cut {
    pub(super) fn new(bytes: u64) -> Cut {
        let signature = Signature::exact(vec![DataType::Utf8], Volatility::Immutable);
        Cut { signature, bytes: usize::try_from(bytes).unwrap_or(usize::MAX) }
    }
}

impl ScalarUDFImpl for Cut {
    fn name(&self) -> &str {
        "cut_bytes"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let [texts] = arrays.as_slice() else { return exec_err!("cut_bytes takes one column") };
        let cut = |text: &'_ str| text.get(..text.floor_char_boundary(self.bytes)).map(str::to_owned);
        let texts: StringArray = texts.as_string::<i32>().iter().map(|text| text.and_then(cut)).collect();
        Ok(ColumnarValue::Array(Arc::new(texts)))
    }
}
