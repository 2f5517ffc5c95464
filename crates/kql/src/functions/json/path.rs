//! Access to a path as a function of DataFusion. `tolong(parse_json(x)['a']['b'])` is one call that reads each text once.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

use super::scan::{Step, find};
use super::text;
use crate::functions::cell::Cell;
use crate::functions::constant;
use crate::functions::kernel::{Kernel, function};
use crate::{Type, Typed};

/// The function.
#[derive(Clone, Debug)]
struct JsonPath {
    steps: Arc<[Step]>,
    input: Type,
    output: Type,
    kernel: Kernel,
}

impl JsonPath {
    fn new(steps: Vec<Step>, input: Type, output: Type) -> Self {
        let steps: Arc<[Step]> = steps.into();
        let path = Arc::clone(&steps);
        let read = function(move |row| match row.json(0).and_then(|json| find(json, &path)) {
            Some(json) => text::to_cell(json, output),
            None => Cell::Null,
        });
        let kernel = Kernel::new("json_path", vec![input], output, read);
        Self { steps, input, output, kernel }
    }

    fn call(self, value: Expr) -> Typed {
        let kind = self.output;
        Typed::new(constant::fold(ScalarUDF::new_from_impl(self).call(vec![value])), kind)
    }

    /// The path as a query writes it, with the type of the result: two paths of one column are two names.
    fn text(&self) -> String {
        let mut path = String::from("$");
        for step in self.steps.iter() {
            path.push_str(&match step {
                Step::Name(name) => format!("['{name}']"),
                Step::Position(position) => format!("[{position}]"),
                Step::Parse => ".parse_json()".to_owned(),
            });
        }
        format!("{path}, {}", self.output.name())
    }
}

/// `parse_json(value)` of a text or a `dynamic`.
pub(crate) fn parse(value: Typed) -> Typed {
    match value.kind {
        Type::Dynamic => extend(value, Step::Parse),
        _ => JsonPath::new(Vec::new(), value.kind, Type::Dynamic).call(value.expr),
    }
}

/// A further step into a `dynamic`; chains of them are one call.
pub(crate) fn extend(value: Typed, step: Step) -> Typed {
    let (mut steps, input, expr) = apart(value);
    steps.push(step);
    JsonPath::new(steps, input, Type::Dynamic).call(expr)
}

/// A `dynamic` as another type.
pub(crate) fn convert(value: Typed, to: Type) -> Typed {
    let (steps, input, expr) = apart(value);
    JsonPath::new(steps, input, to).call(expr)
}

/// The path that an expression already is, and what it is a path of.
fn apart(value: Typed) -> (Vec<Step>, Type, Expr) {
    if let Expr::ScalarFunction(call) = &value.expr
        && let Some(path) = call.func.inner().downcast_ref::<JsonPath>()
        && path.output == Type::Dynamic
        && let [inner] = call.args.as_slice()
    {
        return (path.steps.to_vec(), path.input, inner.clone());
    }
    (Vec::new(), value.kind, value.expr)
}

impl PartialEq for JsonPath {
    fn eq(&self, other: &Self) -> bool {
        self.steps == other.steps && self.input == other.input && self.output == other.output
    }
}

impl Eq for JsonPath {}

impl Hash for JsonPath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.steps.hash(state);
        self.input.hash(state);
        self.output.hash(state);
    }
}

impl ScalarUDFImpl for JsonPath {
    fn name(&self) -> &str {
        "json_path"
    }

    fn display_name(&self, arguments: &[Expr]) -> Result<String> {
        self.schema_name(arguments)
    }

    fn schema_name(&self, arguments: &[Expr]) -> Result<String> {
        let inner: Vec<String> = arguments.iter().map(|inner| inner.schema_name().to_string()).collect();
        Ok(format!("json_path({}, {})", inner.join(", "), self.text()))
    }

    fn signature(&self) -> &Signature {
        self.kernel.signature()
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(self.output.arrow())
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.kernel.invoke_with_args(call)
    }
}
