//! What `make-series` collects.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray};
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Expr, Signature, Volatility};

/// A `dynamic` array of so many values, each an array of JSON of which it is the only element, at its place; the default elsewhere.
pub(crate) fn series(place: Expr, value: Expr, count: i64, default: String) -> Expr {
    let signature = Signature::exact(vec![DataType::Int64, DataType::Utf8], Volatility::Immutable);
    AggregateUDF::new_from_impl(Series { count, default: default.into(), signature }).call(vec![place, value])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Series {
    count: i64,
    default: Arc<str>,
    signature: Signature,
}

impl AggregateUDFImpl for Series {
    fn name(&self) -> &'static str {
        "kql_series"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Values {
            count: self.count,
            default: self.default.clone(),
            values: BTreeMap::new(),
            bytes: 0,
        }))
    }
}

#[derive(Debug)]
struct Values {
    count: i64,
    default: Arc<str>,
    values: BTreeMap<i64, String>,
    bytes: usize,
}

impl Values {
    fn put(&mut self, place: i64, value: &str) {
        self.bytes += value.len() + size_of::<(i64, String)>();
        self.values.insert(place, value.to_owned());
    }
}

/// `[value]` without its brackets.
fn element(array: &str) -> &str {
    array.strip_prefix('[').and_then(|array| array.strip_suffix(']')).unwrap_or(array)
}

impl Accumulator for Values {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [places, values] = values else { return Err(wrong()) };
        let places = places.as_primitive_opt::<Int64Type>().ok_or_else(wrong)?;
        let values = values.as_string_opt::<i32>().ok_or_else(wrong)?;
        for (place, value) in places.iter().zip(values) {
            if let Some(place) = place {
                self.put(place, value.map_or("null", element));
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let default = element(&self.default);
        let values = (0..self.count).map(|place| self.values.get(&place).map_or(default, String::as_str));
        let values: Vec<&str> = values.collect();
        Ok(ScalarValue::from(format!("[{}]", values.join(","))))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.bytes
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let state = serde_json::to_string(&self.values)
            .map_err(|error| DataFusionError::External(Box::new(error)))?;
        Ok(vec![ScalarValue::from(state)])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [states] = states else { return Err(wrong()) };
        for state in states.as_string_opt::<i32>().ok_or_else(wrong)?.iter().flatten() {
            let values: BTreeMap<i64, String> =
                serde_json::from_str(state).map_err(|error| DataFusionError::External(Box::new(error)))?;
            for (place, value) in values {
                self.put(place, &value);
            }
        }
        Ok(())
    }
}

fn wrong() -> DataFusionError {
    DataFusionError::Internal("a series is of places and texts".to_owned())
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{Int64Array, StringArray};

    use super::*;

    fn values() -> Values {
        Values { count: 3, default: "[0]".into(), values: BTreeMap::new(), bytes: 0 }
    }

    #[test]
    fn places_without_a_value_have_the_default() {
        let mut part = values();
        let places: ArrayRef = Arc::new(Int64Array::from(vec![2, 0]));
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("[5]"), None]));
        part.update_batch(&[places, texts]).unwrap();
        let state = part.state().unwrap().pop().unwrap().to_array().unwrap();
        let mut whole = values();
        whole.merge_batch(&[state]).unwrap();
        assert_eq!(whole.evaluate().unwrap(), ScalarValue::from("[null,0,5]"));
    }
}
