//! Interfaces that belong to no single family.

use crate::members::TypeDeclaration;

static DISPOSABLE: TypeDeclaration = TypeDeclaration::interface("System.IDisposable");
static COMPARABLE: TypeDeclaration = TypeDeclaration::interface("System.IComparable");
static EQUATABLE: TypeDeclaration = TypeDeclaration::interface("System.IEquatable").generic(&["T"]);
static FORMATTABLE: TypeDeclaration = TypeDeclaration::interface("System.IFormattable");
static FORMAT_PROVIDER: TypeDeclaration = TypeDeclaration::interface("System.IFormatProvider");
static ENUMERABLE: TypeDeclaration = TypeDeclaration::interface("System.Collections.IEnumerable");

/// The types of this family. The generic collection interfaces stand with the collections.
pub(super) static TYPES: &[&TypeDeclaration] =
    &[&DISPOSABLE, &COMPARABLE, &EQUATABLE, &FORMATTABLE, &FORMAT_PROVIDER, &ENUMERABLE];
