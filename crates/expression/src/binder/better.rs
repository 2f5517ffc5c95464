//! Which of several applicable members is the better one.

use std::cmp::Ordering;

use super::Binder;
use super::arguments::{Given, What};
use super::lambdas::delegate_signature;
use super::overloads::Applicable;
use crate::ast::ExpressionKind;
use crate::types::Type;

impl Binder {
    /// The candidate that is better than every other; else two of which none is.
    pub(super) fn best(
        &mut self,
        first: Applicable,
        others: impl Iterator<Item = Applicable>,
        given: &[Given<'_>],
    ) -> Result<Applicable, Box<(Applicable, Applicable)>> {
        let mut best = first;
        let mut rivals: Vec<Applicable> = Vec::new();
        for candidate in others {
            match self.compare_members(&candidate, &best, given) {
                Ordering::Greater => best = candidate,
                Ordering::Less => {}
                Ordering::Equal => rivals.push(candidate),
            }
        }
        // A later winner must also beat those that stood against an earlier one.
        let mut against = None;
        for rival in rivals {
            if self.compare_members(&best, &rival, given) != Ordering::Greater {
                against = Some(rival);
                break;
            }
        }
        match against {
            // The same signature from two interfaces is one member.
            Some(rival) if !same_signature(&best, &rival) => Err(Box::new((best, rival))),
            _ => Ok(best),
        }
    }

    /// `Greater` when `a` is better for the arguments.
    fn compare_members(&mut self, a: &Applicable, b: &Applicable, given: &[Given<'_>]) -> Ordering {
        let (mut better, mut worse, mut identical) = (false, false, true);
        for ((argument, (_, to_a)), (_, to_b)) in given.iter().zip(&a.parameters).zip(&b.parameters) {
            identical &= to_a == to_b;
            match self.better_conversion(argument, to_a, to_b) {
                Ordering::Greater => better = true,
                Ordering::Less => worse = true,
                Ordering::Equal => {}
            }
        }
        match (better, worse) {
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (true, true) => Ordering::Equal,
            (false, false) if identical => tie_break(a, b),
            (false, false) => Ordering::Equal,
        }
    }

    fn better_conversion(&mut self, argument: &Given<'_>, to_a: &Type, to_b: &Type) -> Ordering {
        if to_a == to_b {
            return Ordering::Equal;
        }
        match &argument.what {
            What::Value(value) => {
                let from = value.ty.clone();
                self.better_type(&from, to_a, to_b)
            }
            What::Waiting(expression) => {
                // Lambdas prefer the delegate whose result is what the body gives.
                let (Some((known, result_a)), Some((others, result_b))) =
                    (delegate_signature(to_a), delegate_signature(to_b))
                else {
                    return Ordering::Equal;
                };
                if known != others {
                    return Ordering::Equal;
                }
                match (&result_a, &result_b) {
                    (Type::Void, Type::Void) => return Ordering::Equal,
                    (Type::Void, _) => return Ordering::Less,
                    (_, Type::Void) => return Ordering::Greater,
                    _ => {}
                }
                let ExpressionKind::Lambda { parameters, body } = &expression.kind else {
                    return self.better_type(&Type::Error, &result_a, &result_b);
                };
                let from = self.try_lambda(parameters, body, &known, expression.place).unwrap_or(Type::Error);
                self.better_type(&from, &result_a, &result_b)
            }
            _ => Ordering::Equal,
        }
    }

    /// Which of two types a value of the type `from` converts to better.
    pub(super) fn better_type(&self, from: &Type, to_a: &Type, to_b: &Type) -> Ordering {
        if to_a == to_b {
            return Ordering::Equal;
        }
        if from == to_a {
            return Ordering::Greater;
        }
        if from == to_b {
            return Ordering::Less;
        }
        match (self.implicit(to_a, to_b).is_some(), self.implicit(to_b, to_a).is_some()) {
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            _ => signed_first(to_a, to_b),
        }
    }
}

/// Of members that take the same types: not generic, not spread, more parameters of its own, nothing left out, more
/// specific as declared.
fn tie_break(a: &Applicable, b: &Applicable) -> Ordering {
    let is_generic = |found: &Applicable| !found.member.type_parameters.is_empty();
    let leaves_out = |found: &Applicable| {
        let count = found.member.parameters.len() - usize::from(found.expanded);
        found.parameters.iter().filter(|(at, _)| *at < count).count() < count
    };
    let declared = |found: &Applicable| found.member.parameters.len();
    // The smaller side wins, but for the number of parameters.
    is_generic(b)
        .cmp(&is_generic(a))
        .then(b.expanded.cmp(&a.expanded))
        .then(if a.expanded { declared(a).cmp(&declared(b)) } else { Ordering::Equal })
        .then(leaves_out(b).cmp(&leaves_out(a)))
        .then_with(|| more_specific(a, b))
}

/// A parameter's type says more than a bare type parameter.
fn more_specific(a: &Applicable, b: &Applicable) -> Ordering {
    let (mut better, mut worse) = (false, false);
    for ((at_a, _), (at_b, _)) in a.parameters.iter().zip(&b.parameters) {
        let declared =
            |found: &Applicable, at: usize| found.member.parameters.get(at).map(|one| one.ty.clone());
        let (Some(a), Some(b)) = (declared(a, *at_a), declared(b, *at_b)) else { continue };
        match specificity(&a, &b) {
            Ordering::Greater => better = true,
            Ordering::Less => worse = true,
            Ordering::Equal => {}
        }
    }
    better.cmp(&worse)
}

fn specificity(a: &Type, b: &Type) -> Ordering {
    match (a, b) {
        (Type::Parameter(_), Type::Parameter(_)) => Ordering::Equal,
        (Type::Parameter(_), _) => Ordering::Less,
        (_, Type::Parameter(_)) => Ordering::Greater,
        _ => {
            let parts = a.arguments().iter().zip(b.arguments());
            let found: Vec<Ordering> = parts.map(|(a, b)| specificity(a, b)).collect();
            let (better, worse) = (found.contains(&Ordering::Greater), found.contains(&Ordering::Less));
            better.cmp(&worse)
        }
    }
}

fn same_signature(a: &Applicable, b: &Applicable) -> bool {
    let types =
        |found: &Applicable| -> Vec<Type> { found.parameters.iter().map(|(_, ty)| ty.clone()).collect() };
    a.owner != b.owner && types(a) == types(b)
}

/// A signed number is better than an unsigned one that is no wider.
fn signed_first(a: &Type, b: &Type) -> Ordering {
    let better = |signed: &Type, unsigned: &Type| match signed {
        Type::SByte => matches!(unsigned, Type::Byte | Type::UInt16 | Type::UInt32 | Type::UInt64),
        Type::Int16 => matches!(unsigned, Type::UInt16 | Type::UInt32 | Type::UInt64),
        Type::Int32 => matches!(unsigned, Type::UInt32 | Type::UInt64),
        Type::Int64 => *unsigned == Type::UInt64,
        _ => false,
    };
    let (a, b) = (a.without_nullable(), b.without_nullable());
    if better(a, b) {
        Ordering::Greater
    } else if better(b, a) {
        Ordering::Less
    } else {
        Ordering::Equal
    }
}
