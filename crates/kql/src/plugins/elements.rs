//! What `mv-expand` makes rows of.

use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, Int64Builder, ListBuilder, StringBuilder};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{arrays, returned, text_argument, texts};

/// The elements of an array, the properties of a bag as bags of one (or as arrays of name and value), or a scalar alone; as texts
/// of JSON. Null for null.
pub(crate) fn elements(json: Expr, is_array: bool, limit: usize) -> Expr {
    let signature = Signature::exact(vec![DataType::Utf8], Volatility::Immutable);
    ScalarUDF::new_from_impl(Elements { is_array, limit, signature }).call(vec![json])
}

/// The positions from 0 in the longest of the lists.
pub(crate) fn positions(lists: Vec<Expr>) -> Expr {
    let signature = Signature::variadic_any(Volatility::Immutable);
    ScalarUDF::new_from_impl(Positions { signature }).call(lists)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Elements {
    is_array: bool,
    limit: usize,
    signature: Signature,
}

impl ScalarUDFImpl for Elements {
    fn name(&self) -> &'static str {
        "kql_elements"
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
            let Some(elements) = json.and_then(|json| split(json, self.is_array)) else {
                lists.append_null();
                continue;
            };
            for element in elements.into_iter().take(self.limit) {
                lists.values().append_option(element);
            }
            lists.append(true);
        }
        returned(lists.finish())
    }
}

/// None for null.
fn split(json: &str, is_array: bool) -> Option<Vec<Option<String>>> {
    if let Ok(elements) = serde_json::from_str::<Vec<Box<RawValue>>>(json) {
        let text = |element: Box<RawValue>| Some(element.get().to_owned()).filter(|text| text != "null");
        return Some(elements.into_iter().map(text).collect());
    }
    if let Ok(bag) = serde_json::from_str::<Map<String, Value>>(json) {
        let property = |(name, value): (String, Value)| {
            let property = if is_array {
                Value::from(vec![Value::from(name), value])
            } else {
                Value::Object(Map::from_iter([(name, value)]))
            };
            Some(property.to_string())
        };
        return Some(bag.into_iter().map(property).collect());
    }
    let is_null = json.trim() == "null" || json.trim().is_empty();
    (!is_null).then(|| vec![Some(json.to_owned())])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Positions {
    signature: Signature,
}

impl ScalarUDFImpl for Positions {
    fn name(&self) -> &'static str {
        "kql_positions"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(Arc::new(Field::new("item", DataType::Int64, true))))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let lists = arrays(&args)?;
        let lists: Vec<_> = lists.iter().filter_map(|list| list.as_list_opt::<i32>()).collect();
        let mut positions = ListBuilder::new(Int64Builder::new());
        for row in 0..args.number_rows {
            let lengths =
                lists.iter().filter(|list| list.is_valid(row)).map(|list| i64::from(list.value_length(row)));
            match lengths.max() {
                Some(length) => {
                    positions.values().extend((0..length).map(Some));
                    positions.append(true);
                }
                None => positions.append_null(),
            }
        }
        returned(positions.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_bags_and_scalars_are_split() {
        let some =
            |texts: &[&str]| Some(texts.iter().map(|text| Some((*text).to_owned())).collect::<Vec<_>>());
        assert_eq!(split(r#"[1, "a", {"b": 2}]"#, false), some(&["1", "\"a\"", r#"{"b": 2}"#]));
        assert_eq!(split(r#"{"a":1,"b":2}"#, false), some(&[r#"{"a":1}"#, r#"{"b":2}"#]));
        assert_eq!(split(r#"{"a":1}"#, true), some(&[r#"["a",1]"#]));
        assert_eq!(split("5", false), some(&["5"]));
        assert_eq!(split("[]", false), Some(Vec::new()));
        assert_eq!(split("[null]", false), Some(vec![None]));
        assert_eq!(split("null", false), None);
    }
}
