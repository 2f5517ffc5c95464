//! Sums that are zero without rows, as Kusto has them: DataFusion's sum, whose result is never null.

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Expr, GroupsAccumulator, Signature, Volatility,
};

/// The sum of values that are never null.
pub(super) fn total(values: Expr) -> Expr {
    AggregateUDF::new_from_impl(Total { signature: Signature::any(1, Volatility::Immutable) })
        .call(vec![values])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Total {
    signature: Signature,
}

impl AggregateUDFImpl for Total {
    fn name(&self) -> &str {
        "total"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The type of the values, so that decimals keep their scale.
    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        sum_udaf().return_type(arguments)
    }

    fn accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let zero = ScalarValue::new_zero(arguments.return_type())?;
        Ok(Box::new(OrZero { sum: sum_udaf().accumulator(arguments)?, zero }))
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        sum_udaf().state_fields(arguments)
    }

    fn groups_accumulator_supported(&self, arguments: AccumulatorArgs<'_>) -> bool {
        sum_udaf().groups_accumulator_supported(arguments)
    }

    fn create_groups_accumulator(
        &self,
        arguments: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        sum_udaf().create_groups_accumulator(arguments)
    }
}

/// A sum that is zero where it would be null.
#[derive(Debug)]
struct OrZero {
    sum: Box<dyn Accumulator>,
    zero: ScalarValue,
}

impl Accumulator for OrZero {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.sum.update_batch(values)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let sum = self.sum.evaluate()?;
        Ok(if sum.is_null() { self.zero.clone() } else { sum })
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.sum.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.sum.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.sum.merge_batch(states)
    }
}
