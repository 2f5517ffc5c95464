//! `JsonMergeSettings` and its enums.

use std::any::Any;

use parking_lot::Mutex;

use crate::call::Call;
use crate::dotnet::json::merge::{Arrays, Settings};
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::types::Type;
use crate::value::{DotnetObject, Value};

pub(super) static ARRAY_HANDLING: TypeDeclaration = TypeDeclaration::enumeration(
    "Newtonsoft.Json.Linq.MergeArrayHandling",
    &[("Concat", 0), ("Union", 1), ("Replace", 2), ("Merge", 3)],
);

pub(super) static NULL_HANDLING: TypeDeclaration = TypeDeclaration::enumeration(
    "Newtonsoft.Json.Linq.MergeNullValueHandling",
    &[("Ignore", 0), ("Merge", 1)],
);

pub(super) static SETTINGS: TypeDeclaration =
    TypeDeclaration::class("Newtonsoft.Json.Linq.JsonMergeSettings").members(&[
        impure("new()", |_| Ok(Value::object(MergeSettings::default()))),
        impure("MergeArrayHandling MergeArrayHandling", |call| {
            let arrays = call.object::<MergeSettings>()?.0.lock().arrays;
            Ok(Value::enumeration(&ARRAY_HANDLING, arrays as i64))
        }),
        impure("set MergeArrayHandling MergeArrayHandling", |call| {
            let arrays = match call.enumeration(0) {
                0 => Arrays::Concat,
                1 => Arrays::Union,
                2 => Arrays::Replace,
                3 => Arrays::Merge,
                _ => return Err(Exception::argument_out_of_range("value", "")),
            };
            call.object::<MergeSettings>()?.0.lock().arrays = arrays;
            Ok(Value::Null)
        }),
        impure("MergeNullValueHandling MergeNullValueHandling", |call| {
            let merge_nulls = call.object::<MergeSettings>()?.0.lock().merge_nulls;
            Ok(Value::enumeration(&NULL_HANDLING, i64::from(merge_nulls)))
        }),
        impure("set MergeNullValueHandling MergeNullValueHandling", |call| {
            call.object::<MergeSettings>()?.0.lock().merge_nulls = call.enumeration(0) == 1;
            Ok(Value::Null)
        }),
        impure("set StringComparison PropertyNameComparison", |call| {
            // The odd numbers of StringComparison ignore case.
            call.object::<MergeSettings>()?.0.lock().ignore_case = call.enumeration(0) % 2 == 1;
            Ok(Value::Null)
        }),
    ]);

/// `JsonMergeSettings`.
#[derive(Default)]
struct MergeSettings(Mutex<Settings>);

impl DotnetObject for MergeSettings {
    fn type_of(&self) -> Type {
        Type::Named("Newtonsoft.Json.Linq.JsonMergeSettings")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The settings of an argument; the usual ones for null.
pub(super) fn settings(call: &Call<'_>, at: usize) -> Settings {
    call.argument(at)
        .downcast::<MergeSettings>()
        .map_or_else(Settings::default, |settings| *settings.0.lock())
}
