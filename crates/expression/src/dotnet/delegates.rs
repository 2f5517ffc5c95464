//! Delegate types that lambdas convert to.

use crate::members::TypeDeclaration;

static ACTION: TypeDeclaration = TypeDeclaration::delegate("System.Action", &[]);
static FUNC: TypeDeclaration = TypeDeclaration::delegate("System.Func", &["TResult"]);
static PREDICATE: TypeDeclaration = TypeDeclaration::delegate("System.Predicate", &["T"]);
static COMPARISON: TypeDeclaration = TypeDeclaration::delegate("System.Comparison", &["T"]);
static CONVERTER: TypeDeclaration = TypeDeclaration::delegate("System.Converter", &["TInput", "TOutput"]);
static MATCH_EVALUATOR: TypeDeclaration =
    TypeDeclaration::delegate("System.Text.RegularExpressions.MatchEvaluator", &[]);

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] =
    &[&ACTION, &FUNC, &PREDICATE, &COMPARISON, &CONVERTER, &MATCH_EVALUATOR];
