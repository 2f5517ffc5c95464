//! Which interfaces and delegates follow their type arguments.

/// How a type varies with one of its arguments.
pub(super) enum Variance {
    None,
    Out,
    In,
}

/// How the type of this name varies with its argument at this position.
pub(super) fn variance(name: &str, at: usize, count: usize) -> Variance {
    match name.rsplit('.').next().unwrap_or(name) {
        "IEnumerable"
        | "IEnumerator"
        | "IReadOnlyList"
        | "IReadOnlyCollection"
        | "IGrouping"
        | "IQueryable"
        | "IOrderedEnumerable" => Variance::Out,
        "Func" | "Converter" if at + 1 == count => Variance::Out,
        "Func" | "Converter" | "Action" | "Predicate" | "Comparison" | "IComparer" | "IEqualityComparer"
        | "IComparable" => Variance::In,
        _ => Variance::None,
    }
}
