//! Reports of calls that no member takes.

use super::arguments::{Given, What};
use super::conversions::shown;
use super::overloads::{Applicable, Called, Candidate, Misfit};
use super::{Binder, Typed};
use crate::ast::ExpressionKind;
use crate::types::Type;

/// Signatures that a help text lists at most.
const SHOWN_SIGNATURES: usize = 4;

impl Binder {
    /// Reports that no overload takes the arguments: the argument that is wrong, else their number.
    pub(super) fn no_overload(
        &mut self,
        candidates: &[Candidate],
        given: Vec<Given<'_>>,
        called: &Called<'_>,
    ) -> Typed {
        let mut nearest: Option<((usize, bool), &Candidate, Misfit)> = None;
        for candidate in candidates {
            let Err(misfit) = self.applicable(candidate, &given, called) else { continue };
            // The candidate that takes most arguments is the one that was meant.
            let rank = match &misfit {
                Misfit::Shape => (0, false),
                Misfit::TypeArguments => (1, false),
                Misfit::Inference => (2, takes_lambdas(candidate, &given)),
                Misfit::Argument(at, _) => (3 + at, false),
            };
            if nearest.as_ref().is_none_or(|(best, ..)| rank > *best) {
                nearest = Some((rank, candidate, misfit));
            }
        }
        let what = describe(called);
        match nearest {
            Some((_, candidate, Misfit::Argument(at, to))) => {
                self.wrong_argument(candidate, candidates, given, at, &to, called);
            }
            Some((_, candidate, Misfit::Inference)) => self.not_inferred(candidate, given, called),
            Some((_, (member, _), Misfit::TypeArguments)) => {
                let count = member.type_parameters.len();
                let message = if count == 0 {
                    format!("{what} is not generic: it takes no type arguments")
                } else {
                    format!("{what} takes {} and not {}", counted(count, "type argument"), called.types.len())
                };
                self.report("wrong-arguments", called.at, message, forms(candidates, called));
            }
            _ => self.wrong_shape(candidates, &given, called),
        }
        self.error(called.place)
    }

    fn wrong_argument(
        &mut self,
        (member, _): &Candidate,
        candidates: &[Candidate],
        given: Vec<Given<'_>>,
        at: usize,
        to: &Type,
        called: &Called<'_>,
    ) {
        let number = at + 1 - usize::from(called.extends);
        let Some(argument) = given.into_iter().nth(at) else { return };
        let place = argument.place;
        let parameter = match &argument.name {
            Some(name) => member.parameters.iter().find(|parameter| *parameter.name == **name),
            None => member.parameters.get(at).or(member.parameters.last()),
        };
        let wants_out = parameter.is_some_and(|parameter| parameter.is_out);
        if wants_out && !argument.is_out() {
            let message = format!("argument {number} must be passed with the `out` keyword");
            // That it has no value yet is no mistake of its own: the call gives it one.
            self.mistakes.retain(|known| known.code != "unassigned-variable" || known.place != place);
            let written = self.text.get(place.range()).unwrap_or_default();
            let is_name = written.chars().all(|next| next.is_alphanumeric() || next == '_');
            let help =
                if is_name && !written.is_empty() && !written.starts_with(|next: char| next.is_numeric()) {
                    format!("write `out {written}`")
                } else {
                    format!("write `out var {}`", parameter.map_or("result", |parameter| parameter.name))
                };
            return self.report("wrong-arguments", place, message, Some(help));
        }
        if !wants_out && argument.is_out() {
            let message = format!("argument {number} cannot be passed with the `out` keyword");
            return self.report("wrong-arguments", place, message, forms(candidates, called));
        }
        let wants_ref = parameter.is_some_and(|parameter| parameter.is_ref);
        if wants_ref != argument.is_ref() {
            let must = if wants_ref { "must" } else { "cannot" };
            let message = format!("argument {number} {must} be passed with the `ref` keyword");
            return self.report("wrong-arguments", place, message, forms(candidates, called));
        }
        let before = self.mistakes.len();
        if let What::Waiting(expression) = &argument.what {
            // A lambda's own mistake says more than that it does not fit.
            let is_lambda = matches!(expression.kind, ExpressionKind::Lambda { .. });
            argument.bind(self, to);
            if self.mistakes.len() == before {
                let what = if is_lambda { "the lambda" } else { "the method group" };
                let message = format!("argument {number}: {what} does not fit `{}`", shown(to));
                self.report("no-conversion", place, message, forms(candidates, called));
            }
            return;
        }
        let from = match &argument.what {
            What::OutInferred(_, syntax) => {
                format!("out {}", self.text.get(syntax.place.range()).unwrap_or("var"))
            }
            _ => argument.shown(),
        };
        let to_shown = if wants_out { format!("out {}", shown(to)) } else { shown(to) };
        let value = if let What::Value(value) = argument.what { Some(value) } else { None };
        let help = match &value {
            Some(value) if candidates.len() == 1 || self.explicit(value, to).is_some() => {
                self.conversion_help(value, to).or_else(|| forms(candidates, called))
            }
            _ => forms(candidates, called),
        };
        let message = format!("argument {number}: cannot convert from `{from}` to `{to_shown}`");
        self.report("no-conversion", place, message, help);
    }

    /// Binds the lambdas to what is known, as their own mistakes may be the reason.
    fn not_inferred(&mut self, (member, owner): &Candidate, given: Vec<Given<'_>>, called: &Called<'_>) {
        let before = self.mistakes.len();
        let mut bindings = std::collections::HashMap::new();
        for (argument, parameter) in given.iter().zip(&member.parameters) {
            if let What::Value(value) = &argument.what {
                bindings.extend(self.bindings_of(&self.in_owner(&parameter.ty, owner), &value.ty));
            }
        }
        for (argument, parameter) in given.into_iter().zip(&member.parameters) {
            let formal = self.in_owner(&parameter.ty, owner);
            let formal = formal.substitute(&|name| bindings.get(name).cloned());
            if let What::Waiting(expression) = &argument.what
                && let ExpressionKind::Lambda { parameters, body } = &expression.kind
                && let Some((formals, _)) = super::lambdas::delegate_signature(&formal)
                && formals.len() == parameters.len()
                && !formals.iter().any(super::lambdas::has_parameter)
            {
                self.report_lambda(parameters, body, &formals);
            }
        }
        if self.mistakes.len() > before {
            return;
        }
        let what = describe(called);
        let message = format!("the type arguments for {what} cannot be inferred from the usage");
        let written: Vec<&str> = member.type_parameters.iter().map(|_| "…").collect();
        let help = format!("write them: `{}<{}>(…)`", called.name, written.join(", "));
        self.report("wrong-arguments", called.at, message, Some(help));
    }

    fn wrong_shape(&mut self, candidates: &[Candidate], given: &[Given<'_>], called: &Called<'_>) {
        let what = describe(called);
        let skipped = usize::from(called.extends);
        let unknown = given.iter().find(|argument| {
            argument.name.as_ref().is_some_and(|name| {
                let has = |(member, _): &Candidate| member.parameters.iter().any(|own| *own.name == **name);
                !candidates.iter().any(has)
            })
        });
        if let Some(Given { name: Some(name), place, .. }) = unknown {
            let known = candidates.iter().flat_map(|(member, _)| &member.parameters).map(|own| own.name);
            let help = match sekisho_diagnostics::closest(name, known) {
                Some(meant) => Some(format!("did you mean `{meant}`?")),
                None => forms(candidates, called),
            };
            let message = format!("{what} has no parameter named `{name}`");
            return self.report("wrong-arguments", *place, message, help);
        }
        let missing = match candidates {
            [(member, _)] => member.parameters.get(given.len()).filter(|next| next.default.is_none()),
            _ => None,
        };
        let message = match missing {
            Some(parameter) if given.iter().all(|argument| argument.name.is_none()) => {
                format!("the argument `{}` of {what} is missing", parameter.name)
            }
            _ => {
                let count = counted(given.len() - skipped.min(given.len()), "argument");
                format!("no overload for {what} takes {count}")
            }
        };
        self.report("wrong-arguments", called.at, message, forms(candidates, called));
    }

    pub(super) fn ambiguous(
        &mut self,
        first: &Applicable,
        second: &Applicable,
        given: &[Given<'_>],
        called: &Called<'_>,
    ) -> Typed {
        let signature = |found: &Applicable| found.member.member.signature;
        let message =
            format!("the call is ambiguous between `{}` and `{}`", signature(first), signature(second));
        let null = given
            .iter()
            .position(|argument| matches!(&argument.what, What::Value(value) if value.ty == Type::Null));
        let help = match null.and_then(|at| first.parameters.get(at)) {
            Some((_, ty)) => format!("say which `null` is meant, as in `({})null`", shown(ty)),
            None => "cast an argument to the type that is meant".to_owned(),
        };
        self.report("wrong-arguments", called.at, message, Some(help));
        self.error(called.place)
    }
}

/// Whether each lambda has as many parameters as its delegate.
fn takes_lambdas((member, _): &Candidate, given: &[Given<'_>]) -> bool {
    given.iter().zip(&member.parameters).all(|(argument, parameter)| {
        let What::Waiting(expression) = &argument.what else { return true };
        let ExpressionKind::Lambda { parameters, .. } = &expression.kind else { return true };
        super::lambdas::delegate_signature(&parameter.ty)
            .is_none_or(|(formals, _)| formals.len() == parameters.len())
    })
}

fn describe(called: &Called<'_>) -> String {
    match called.name {
        "new" => format!("the constructor of `{}`", shown(called.owner)),
        "this[]" => format!("the indexer of `{}`", shown(called.owner)),
        name => format!("`{}.{name}`", shown(called.owner)),
    }
}

pub(super) fn counted(count: usize, what: &str) -> String {
    match count {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

/// The signatures that exist.
fn forms(candidates: &[Candidate], called: &Called<'_>) -> Option<String> {
    let mut forms: Vec<String> = Vec::new();
    for (member, _) in candidates {
        let signature = member.member.signature.trim_start_matches("static ");
        let form = match signature.strip_prefix("new(") {
            Some(rest) => format!("new {}({rest}", shown(called.owner)),
            None => signature.to_owned(),
        };
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    let more = forms.len().saturating_sub(SHOWN_SIGNATURES);
    forms.truncate(SHOWN_SIGNATURES);
    if forms.is_empty() {
        return None;
    }
    let list: Vec<String> = forms.into_iter().map(|form| format!("`{form}`")).collect();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Some(format!("there is {}{more}", list.join(", ")))
}
