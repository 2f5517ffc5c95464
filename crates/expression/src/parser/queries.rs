//! Queries (`from x in …`), translated to method calls as the C# specification says (§12.20).
//!
//! Once a query has several range variables, its elements are anonymous objects with a property for each.

use std::sync::Arc;

use super::{MAXIMUM_CHAIN, Parser};
use crate::ast::{
    Argument, ArgumentMode, Expression, ExpressionKind, LambdaBody, LambdaParameter, Name, ParameterMode,
    Place, TypeSyntax, TypeSyntaxKind,
};

/// The part of a query that was read.
struct Query {
    value: Expression,
    /// The range variables.
    names: Vec<Name>,
    /// True after `from` alone: `select x` must not give the source itself.
    is_source: bool,
    /// The parameter that stands for all range variables. The space keeps it apart from names in source.
    parameter: Name,
}

impl Parser<'_> {
    /// A query, when one begins here.
    pub(super) fn query(&mut self) -> Option<Expression> {
        if !self.begins_query() {
            return None;
        }
        self.has_functions = true;
        self.queries += 1;
        let parameter = Arc::from(format!("range variables {}", self.at));
        let (name, value) = self.source_clause();
        let out = self.query_body(Query { value, names: vec![name], is_source: true, parameter });
        self.queries -= 1;
        Some(out)
    }

    fn begins_query(&mut self) -> bool {
        if !self.is_word("from") {
            return false;
        }
        if self.is_identifier_at(1) && self.word_at(2) == Some("in") {
            return true;
        }
        let (at, count) = (self.at, self.mistakes.len());
        self.at += 1;
        let typed = self.ty().is_some() && self.is_identifier_at(0) && self.word_at(1) == Some("in");
        self.at = at;
        self.mistakes.truncate(count);
        typed
    }

    /// `from [T] x in source` and `join [T] x in source`; a type becomes `Cast<T>()`.
    fn source_clause(&mut self) -> (Name, Expression) {
        self.at += 1;
        let ty = if self.word_at(1) == Some("in") { None } else { self.ty() };
        let name = self.query_name();
        if !self.eat_word("in") {
            self.mistake("`in` is missing in the query");
        }
        let source = self.expression();
        let source = match ty {
            Some(ty) => call(source, "Cast", vec![ty], Vec::new()),
            None => source,
        };
        (name, source)
    }

    fn query_name(&mut self) -> Name {
        self.identifier().map_or_else(|| Arc::from("?"), |(name, _)| name)
    }

    fn query_body(&mut self, mut query: Query) -> Expression {
        for link in 0..MAXIMUM_CHAIN {
            self.longest = self.longest.max(link);
            let start = self.place();
            match self.word_at(0) {
                Some("from") => {
                    let (name, source) = self.source_clause();
                    query.flatten(name, source);
                }
                Some("let") => {
                    self.at += 1;
                    let name = self.query_name();
                    self.expect("=");
                    let value = self.expression();
                    query.add(name, value);
                }
                Some("where") => {
                    self.at += 1;
                    let condition = self.expression();
                    query.then("Where", condition);
                }
                Some("orderby") => self.order_by(&mut query),
                Some("join") => self.join(&mut query),
                Some("select") => {
                    self.at += 1;
                    let value = self.expression();
                    query.select(value);
                    if !self.continues(&mut query) {
                        return query.value;
                    }
                }
                Some("group") => {
                    self.group(&mut query);
                    if !self.continues(&mut query) {
                        return query.value;
                    }
                }
                _ => {
                    self.mistake_at(start, "a query ends with `select` or `group`");
                    return query.value;
                }
            }
        }
        self.mistake("the query has too many clauses");
        self.at = self.tokens.len().saturating_sub(1);
        query.value
    }

    fn order_by(&mut self, query: &mut Query) {
        self.at += 1;
        let mut is_first = true;
        loop {
            let key = self.expression();
            let descending = self.eat_word("descending");
            if !descending {
                self.eat_word("ascending");
            }
            let method = match (is_first, descending) {
                (true, false) => "OrderBy",
                (true, true) => "OrderByDescending",
                (false, false) => "ThenBy",
                (false, true) => "ThenByDescending",
            };
            query.then(method, key);
            is_first = false;
            if !self.eat(",") {
                return;
            }
        }
    }

    /// `join y in inner on outerKey equals innerKey [into group]`.
    fn join(&mut self, query: &mut Query) {
        let (name, inner) = self.source_clause();
        if !self.eat_word("on") {
            self.mistake("`on` is missing in `join`");
        }
        let outer_key = self.expression();
        if !self.eat_word("equals") {
            self.mistake("`equals` is missing in `join`");
        }
        let inner_key = self.expression();
        let outer_key = query.lambda(outer_key);
        let inner_key = lambda(vec![Arc::clone(&name)], inner_key);
        let (method, added) =
            if self.eat_word("into") { ("GroupJoin", self.query_name()) } else { ("Join", name) };
        let result = query.lambda_with(&added);
        query.extend(method, vec![inner, outer_key, inner_key, result], added);
    }

    /// `group value by key`.
    fn group(&mut self, query: &mut Query) {
        self.at += 1;
        let value = self.expression();
        if !self.eat_word("by") {
            self.mistake("`by` is missing in `group`");
        }
        let key = self.expression();
        let mut arguments = vec![query.lambda(key)];
        if !query.is_element(&value) {
            arguments.push(query.lambda(value));
        }
        query.apply("GroupBy", arguments);
    }

    /// `into x`: the query so far is the source of another.
    fn continues(&mut self, query: &mut Query) -> bool {
        let continues = self.eat_word("into");
        if continues {
            query.names = vec![self.query_name()];
            query.is_source = true;
        }
        continues
    }
}

impl Query {
    fn apply(&mut self, method: &str, arguments: Vec<Expression>) {
        let place = self.value.place;
        let source = std::mem::replace(&mut self.value, Expression { kind: ExpressionKind::Error, place });
        self.value = call(source, method, Vec::new(), arguments);
        self.is_source = false;
    }

    /// Applies a method to a lambda over the range variables.
    fn then(&mut self, method: &str, body: Expression) {
        let body = self.lambda(body);
        self.apply(method, vec![body]);
    }

    /// Applies a method whose result has one more range variable.
    fn extend(&mut self, method: &str, arguments: Vec<Expression>, added: Name) {
        self.apply(method, arguments);
        self.names.push(added);
    }

    /// Another `from`.
    fn flatten(&mut self, name: Name, source: Expression) {
        let inner = self.lambda(source);
        let result = self.lambda_with(&name);
        self.extend("SelectMany", vec![inner, result], name);
    }

    /// `let`.
    fn add(&mut self, name: Name, value: Expression) {
        let mut properties = self.properties(value.place);
        let place = value.place;
        properties.push((Arc::clone(&name), value));
        let all = Expression { kind: ExpressionKind::NewAnonymous(properties), place };
        let all = self.lambda(all);
        self.extend("Select", vec![all], name);
    }

    fn select(&mut self, value: Expression) {
        if self.is_source || !self.is_element(&value) {
            self.then("Select", value);
        }
    }

    /// True when the value is the only range variable itself.
    fn is_element(&self, value: &Expression) -> bool {
        match (&value.kind, self.names.as_slice()) {
            (ExpressionKind::Name(name, _), [only]) => name == only,
            _ => false,
        }
    }

    /// Properties that carry the range variables on.
    fn properties(&self, place: Place) -> Vec<(Name, Expression)> {
        self.names.iter().map(|name| (Arc::clone(name), name_expression(name, place))).collect()
    }

    /// The parameter that holds the range variables, and the body that sees them.
    fn parameter(&self, body: Expression) -> (Name, Expression) {
        if let [only] = self.names.as_slice() {
            return (Arc::clone(only), body);
        }
        let of = Arc::clone(&self.parameter);
        let place = body.place;
        let kind = ExpressionKind::RangeVariables {
            of: Arc::clone(&of),
            names: self.names.clone(),
            body: Box::new(body),
        };
        (of, Expression { kind, place })
    }

    fn lambda(&self, body: Expression) -> Expression {
        let (parameter, body) = self.parameter(body);
        lambda(vec![parameter], body)
    }

    /// `(range variables, added) => new { …, added }`.
    fn lambda_with(&self, added: &Name) -> Expression {
        let place = self.value.place;
        let mut properties = self.properties(place);
        properties.push((Arc::clone(added), name_expression(added, place)));
        let (parameter, body) =
            self.parameter(Expression { kind: ExpressionKind::NewAnonymous(properties), place });
        lambda(vec![parameter, Arc::clone(added)], body)
    }
}

fn name_expression(name: &Name, place: Place) -> Expression {
    Expression { kind: ExpressionKind::Name(Arc::clone(name), Vec::new()), place }
}

fn lambda(names: Vec<Name>, body: Expression) -> Expression {
    let place = body.place;
    let parameter = |name| LambdaParameter {
        ty: TypeSyntax { kind: TypeSyntaxKind::Inferred, place },
        name,
        default: None,
        mode: ParameterMode::Value,
    };
    let parameters = names.into_iter().map(parameter).collect();
    let kind = ExpressionKind::Lambda { parameters, body: LambdaBody::Expression(Box::new(body)) };
    Expression { kind, place }
}

fn call(target: Expression, method: &str, types: Vec<TypeSyntax>, arguments: Vec<Expression>) -> Expression {
    let place = target.place;
    let last = arguments.last().map_or(place, |argument| argument.place);
    let member = ExpressionKind::Member {
        target: Box::new(target),
        name: Arc::from(method),
        name_place: place,
        arguments: types,
    };
    let pass = |value| Argument { name: None, mode: ArgumentMode::Value, value };
    let kind = ExpressionKind::Call {
        target: Box::new(Expression { kind: member, place }),
        arguments: arguments.into_iter().map(pass).collect(),
    };
    Expression { kind, place: place.to(last) }
}
