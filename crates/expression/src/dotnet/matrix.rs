//! Arrays of two and three dimensions: `int[,]`. Their types are declared under names that nobody can write.

use std::any::Any;

use parking_lot::Mutex;

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::types::Type;
use crate::value::{DotnetObject, Value, release};

/// The most dimensions.
pub(crate) const MAXIMUM_RANK: usize = 3;

static PLANE: TypeDeclaration = TypeDeclaration::class("System.Array[,]")
    .note("An array of two dimensions, written `T[,]`.")
    .generic(&["T"])
    .interfaces(&["System.Collections.IEnumerable"])
    .members(&[
        impure("new(int length0, int length1)", |call| made(call, 2)),
        impure("new(int length0, int length1, T[] items)", |call| made(call, 2)),
        impure("T this[int index0, int index1]", |call| element(call, 2)),
        impure("set T this[int index0, int index1]", |call| set_element(call, 2)),
        impure("object GetValue(int index1, int index2)", |call| element(call, 2)),
        impure("void SetValue(object value, int index1, int index2)", set_value),
        impure("int Length", length),
        impure("int Rank", rank),
        impure("int GetLength(int dimension)", |call| Ok(Value::Int32(dimension(call)?))),
        impure("int GetLowerBound(int dimension)", |call| dimension(call).map(|_| Value::Int32(0))),
        impure("int GetUpperBound(int dimension)", |call| Ok(Value::Int32(dimension(call)? - 1))),
        impure("object Clone()", clone),
    ]);

static SPACE: TypeDeclaration = TypeDeclaration::class("System.Array[,,]")
    .note("An array of three dimensions, written `T[,,]`.")
    .generic(&["T"])
    .interfaces(&["System.Collections.IEnumerable"])
    .members(&[
        impure("new(int length0, int length1, int length2)", |call| made(call, 3)),
        impure("new(int length0, int length1, int length2, T[] items)", |call| made(call, 3)),
        impure("T this[int index0, int index1, int index2]", |call| element(call, 3)),
        impure("set T this[int index0, int index1, int index2]", |call| set_element(call, 3)),
        impure("int Length", length),
        impure("int Rank", rank),
        impure("int GetLength(int dimension)", |call| Ok(Value::Int32(dimension(call)?))),
        impure("int GetLowerBound(int dimension)", |call| dimension(call).map(|_| Value::Int32(0))),
        impure("int GetUpperBound(int dimension)", |call| Ok(Value::Int32(dimension(call)? - 1))),
        impure("object Clone()", clone),
    ]);

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[&PLANE, &SPACE];

/// The type of an array with `rank` dimensions; none when there are too many.
pub(crate) fn matrix_type(element: Type, rank: usize) -> Option<Type> {
    match rank {
        2 => Some(Type::generic("System.Array[,]", [element])),
        3 => Some(Type::generic("System.Array[,,]", [element])),
        _ => None,
    }
}

/// An array of several dimensions, row by row.
struct Matrix {
    element: Type,
    lengths: Vec<usize>,
    items: Mutex<Vec<Value>>,
}

impl DotnetObject for Matrix {
    fn type_of(&self) -> Type {
        matrix_type(self.element.clone(), self.lengths.len()).unwrap_or(Type::Object)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn to_text(&self) -> String {
        self.type_of().reflection_name()
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some(self.items.lock().clone())
    }
}

impl Drop for Matrix {
    fn drop(&mut self) {
        release(std::mem::take(self.items.get_mut()));
    }
}

fn made(call: &mut Call<'_>, rank: usize) -> Result<Value, Exception> {
    let element = call.type_argument(0);
    let mut lengths = Vec::with_capacity(rank);
    let mut count = 1_usize;
    for at in 0..rank {
        let length = usize::try_from(call.int(at))
            .map_err(|_| Exception::overflow("Array dimensions exceeded supported range."))?;
        count = count.saturating_mul(length);
        lengths.push(length);
    }
    let given = match call.argument(rank) {
        Value::Null => None,
        _ => Some(call.elements(rank)?),
    };
    call.budget().allocate(count.saturating_mul(size_of::<Value>()))?;
    let items = given.unwrap_or_else(|| vec![element.default_value(); count]);
    Ok(Value::object(Matrix { element, lengths, items: Mutex::new(items) }))
}

/// The position of the element that the arguments from `first` on name.
fn position(call: &Call<'_>, matrix: &Matrix, first: usize) -> Result<usize, Exception> {
    let mut position = 0;
    for (at, length) in matrix.lengths.iter().enumerate() {
        let index = usize::try_from(call.int(first + at)).ok().filter(|index| index < length);
        position = position * length + index.ok_or_else(Exception::index_out_of_range)?;
    }
    Ok(position)
}

fn element(call: &mut Call<'_>, rank: usize) -> Result<Value, Exception> {
    let matrix = call.object::<Matrix>()?;
    debug_assert_eq!(matrix.lengths.len(), rank);
    let at = position(call, matrix, 0)?;
    let found = matrix.items.lock().get(at).cloned();
    found.ok_or_else(Exception::index_out_of_range)
}

fn set_element(call: &mut Call<'_>, rank: usize) -> Result<Value, Exception> {
    let value = call.take(rank);
    store(call, 0, value)
}

fn set_value(call: &mut Call<'_>) -> Result<Value, Exception> {
    let value = call.take(0);
    let element = call.object::<Matrix>()?.element.clone();
    if !value.is_null() && !crate::binder::is_instance(&value, &element) {
        return Err(Exception::invalid_cast(&value.type_of(), &element));
    }
    let value = if value.is_null() { element.default_value() } else { value };
    store(call, 1, value)
}

fn store(call: &Call<'_>, first: usize, value: Value) -> Result<Value, Exception> {
    let matrix = call.object::<Matrix>()?;
    let at = position(call, matrix, first)?;
    let before = matrix.items.lock().get_mut(at).map(|slot| std::mem::replace(slot, value));
    drop(before);
    Ok(Value::Null)
}

fn length(call: &mut Call<'_>) -> Result<Value, Exception> {
    let count = call.object::<Matrix>()?.items.lock().len();
    Ok(Value::Int32(i32::try_from(count).unwrap_or(i32::MAX)))
}

fn rank(call: &mut Call<'_>) -> Result<Value, Exception> {
    let rank = call.object::<Matrix>()?.lengths.len();
    Ok(Value::Int32(i32::try_from(rank).unwrap_or(i32::MAX)))
}

/// The length of the dimension that argument 0 names.
fn dimension(call: &mut Call<'_>) -> Result<i32, Exception> {
    let matrix = call.object::<Matrix>()?;
    let length = usize::try_from(call.int(0)).ok().and_then(|at| matrix.lengths.get(at));
    let length = length.ok_or_else(Exception::index_out_of_range)?;
    Ok(i32::try_from(*length).unwrap_or(i32::MAX))
}

fn clone(call: &mut Call<'_>) -> Result<Value, Exception> {
    let matrix = call.object::<Matrix>()?;
    let items = matrix.items.lock().clone();
    let (element, lengths) = (matrix.element.clone(), matrix.lengths.clone());
    call.budget().allocate(items.len().saturating_mul(size_of::<Value>()))?;
    Ok(Value::object(Matrix { element, lengths, items: Mutex::new(items) }))
}
