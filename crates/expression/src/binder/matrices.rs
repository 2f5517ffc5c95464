//! Arrays of several dimensions.

use super::{Binder, Typed};
use crate::ast::{Expression, ExpressionKind, Place, TypeSyntax};
use crate::dotnet::matrix::{MAXIMUM_RANK, matrix_type};
use crate::dotnet::registry;
use crate::program::Node;
use crate::types::Type;
use crate::value::Value;

impl Binder {
    /// `T[,]` as a type.
    pub(super) fn matrix_type(&mut self, element: &TypeSyntax, rank: usize) -> Type {
        let place = element.place;
        let element = self.resolve_type(element);
        matrix_type(element, rank).unwrap_or_else(|| {
            let message = format!("arrays have {MAXIMUM_RANK} dimensions at most in policy expressions");
            self.mistake("unsupported", place, message);
            Type::Error
        })
    }

    /// `new T[n, m]`, `new T[,] { {…}, {…} }`, `new[,] {…}`.
    pub(super) fn matrix(
        &mut self,
        element: Option<&TypeSyntax>,
        rank: usize,
        lengths: &[Expression],
        items: Option<&[Expression]>,
        place: Place,
    ) -> Typed {
        let lengths: Vec<Typed> =
            lengths.iter().map(|length| self.expression_as(length, &Type::Int32)).collect();
        let mut rows = Vec::new();
        let mut shape = vec![None; rank];
        if let Some(items) = items {
            self.collect_rows(items, 0, &mut shape, &mut rows, place);
        }
        let (element, items) = match element {
            Some(element) => {
                let element = self.resolve_type(element);
                let items = rows.iter().map(|item| self.expression_as(item, &element).node).collect();
                (element, items)
            }
            None => {
                let values: Vec<Typed> = rows.iter().map(|item| self.value(item)).collect();
                let types: Vec<Type> = values.iter().map(|value| value.ty.clone()).collect();
                if types.is_empty() {
                    let message =
                        "the type of the elements cannot be read from none: write it, as in `new int[,]`";
                    return self.wrong("no-conversion", place, message);
                }
                let common = self.common_type(&types);
                let items = values.into_iter().map(|value| self.convert(value, &common).node).collect();
                (common, items)
            }
        };
        let Some(ty) = matrix_type(element.clone(), rank) else {
            let message = format!("arrays have {MAXIMUM_RANK} dimensions at most in policy expressions");
            return self.wrong("unsupported", place, message);
        };
        let has_items = !shape.iter().all(Option::is_none) || lengths.is_empty();
        let arguments = if has_items {
            self.check_lengths(&lengths, &shape, place);
            let count = |length: &Option<usize>| i32::try_from(length.unwrap_or(0)).unwrap_or(i32::MAX);
            let counts = shape.iter().map(|length| Node::Constant(Value::Int32(count(length))));
            counts.chain([Node::ArrayItems { element: element.clone(), items }]).collect()
        } else {
            lengths.into_iter().map(|length| length.node).collect::<Vec<Node>>()
        };
        let constructor = registry().of(&ty).and_then(|declared| {
            declared.named("new").find(|member| member.parameters.len() == arguments.len())
        });
        match constructor {
            Some(constructor) => {
                let node = self.call_node(constructor, None, arguments, vec![element]);
                Typed { node, ty, place }
            }
            None => self.error(place),
        }
    }

    /// The elements in order; the rows of each dimension must be equally long.
    fn collect_rows<'e>(
        &mut self,
        items: &'e [Expression],
        depth: usize,
        shape: &mut [Option<usize>],
        rows: &mut Vec<&'e Expression>,
        place: Place,
    ) {
        let innermost = depth + 1 == shape.len();
        match shape.get_mut(depth) {
            Some(known @ None) => *known = Some(items.len()),
            Some(Some(known)) if *known != items.len() => {
                let message = format!("all rows must have the same length, which is {known} here");
                self.mistake("wrong-arguments", place, message);
            }
            _ => {}
        }
        for item in items {
            match &item.kind {
                ExpressionKind::Row(inner) if !innermost => {
                    self.collect_rows(inner, depth + 1, shape, rows, item.place);
                }
                ExpressionKind::Row(_) => {
                    self.mistake("expression-syntax", item.place, "there are more braces than dimensions");
                }
                _ if innermost => rows.push(item),
                _ => self.mistake("expression-syntax", item.place, "a row in braces is expected: `{…}`"),
            }
        }
    }

    /// Lengths beside elements are constants and say how many there are.
    fn check_lengths(&mut self, lengths: &[Typed], shape: &[Option<usize>], place: Place) {
        for (length, count) in lengths.iter().zip(shape) {
            let said = match &length.node {
                Node::Constant(value) => value.as_integer(),
                _ => None,
            };
            let counted = count.and_then(|count| i128::try_from(count).ok());
            if length.ty != Type::Error && said != counted {
                let message = "the length beside the elements must be a constant and their number";
                self.mistake("wrong-arguments", place, message);
                return;
            }
        }
    }
}
