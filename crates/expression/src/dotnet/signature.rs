//! Reads the signatures of the declaration tables.

use std::collections::HashMap;

use super::registry::{Declared, MemberKind, Parameter};
use crate::members::{Member, TypeDeclaration};
use crate::types::{KEYWORDS, Type};
use crate::value::Value;

/// Full names by short and full name.
pub(super) struct Names(HashMap<&'static str, &'static str>);

impl Names {
    pub(super) fn new(sources: &[&'static TypeDeclaration]) -> Self {
        let mut names = HashMap::new();
        for source in sources {
            names.insert(source.full_name, source.full_name);
        }
        for source in sources {
            names.entry(source.short_name()).or_insert(source.full_name);
        }
        Self(names)
    }
}

/// A type's table, read.
pub(super) struct ReadType {
    pub(super) ty: Type,
    pub(super) base: Option<Type>,
    pub(super) interfaces: Vec<Type>,
    pub(super) members: Vec<Declared>,
}

/// Reads one type.
pub(super) fn read_type(
    source: &'static TypeDeclaration,
    names: &Names,
    mistakes: &mut Vec<String>,
) -> ReadType {
    let ty = match source.type_parameters {
        [] => Type::from_full_name(source.full_name),
        parameters => Type::generic(source.full_name, parameters.iter().map(|name| Type::Parameter(name))),
    };
    let mut read = |text: &'static str| {
        let mut reader = Reader::new(text, names, source.type_parameters);
        let read = reader.ty();
        if read.is_none() || !reader.mistakes.is_empty() {
            mistakes.push(format!("{}: `{text}`: {}", source.full_name, reader.mistakes.join(", ")));
        }
        read
    };
    let base = source.base.and_then(&mut read);
    let interfaces = source.interfaces.iter().filter_map(|text| read(text)).collect();
    let mut members = Vec::new();
    for member in source.members {
        let mut reader = Reader::new(member.signature, names, source.type_parameters);
        match reader.member(member, &ty) {
            Some(declared) if reader.mistakes.is_empty() => members.push(declared),
            found => {
                mistakes.push(format!(
                    "{}: `{}`: {}",
                    source.full_name,
                    member.signature,
                    reader.mistakes.join(", ")
                ));
                // An unknown type name still leaves a usable member.
                members.extend(found);
            }
        }
    }
    ReadType { ty, base, interfaces, members }
}

struct Reader<'n> {
    rest: &'static str,
    names: &'n Names,
    parameters: Vec<&'static str>,
    mistakes: Vec<String>,
}

impl<'n> Reader<'n> {
    fn new(text: &'static str, names: &'n Names, parameters: &[&'static str]) -> Self {
        Self { rest: text.trim(), names, parameters: parameters.to_vec(), mistakes: Vec::new() }
    }

    fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    /// Takes a keyword that is followed by something else than a letter.
    fn eat_word(&mut self, word: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(word) else { return false };
        if rest.starts_with(|next: char| next.is_alphanumeric() || next == '_') {
            return false;
        }
        self.rest = rest.trim_start();
        true
    }

    fn word(&mut self, also: &[char]) -> Option<&'static str> {
        let end = self
            .rest
            .find(|next: char| !(next.is_alphanumeric() || next == '_' || also.contains(&next)))
            .unwrap_or(self.rest.len());
        if end == 0 {
            return None;
        }
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        Some(word)
    }

    fn ty(&mut self) -> Option<Type> {
        let name = self.word(&['.', '+'])?;
        let mut arguments = Vec::new();
        if self.eat("<") {
            loop {
                arguments.push(self.ty()?);
                if !self.eat(",") {
                    break;
                }
            }
            if !self.eat(">") {
                return None;
            }
        }
        let mut ty = self.named(name, arguments);
        loop {
            if self.eat("[]") {
                ty = Type::array(ty);
            } else if self.eat("?") {
                ty = Type::nullable(ty);
            } else {
                return Some(ty);
            }
        }
    }

    fn named(&mut self, name: &'static str, arguments: Vec<Type>) -> Type {
        if let Some(parameter) = self.parameters.iter().find(|parameter| **parameter == name) {
            return Type::Parameter(parameter);
        }
        if let Some((_, keyword)) = KEYWORDS.iter().find(|(keyword, _)| *keyword == name) {
            return keyword.clone();
        }
        let full = self.names.0.get(name).copied().unwrap_or_else(|| {
            self.mistakes.push(format!("unknown type {name}"));
            name
        });
        match full {
            "System.Nullable" => arguments.into_iter().next().map_or(Type::Object, Type::nullable),
            _ if arguments.is_empty() => Type::from_full_name(full),
            _ => Type::generic(full, arguments),
        }
    }

    fn member(&mut self, member: &'static Member, declaring: &Type) -> Option<Declared> {
        let setter = self.eat_word("set");
        let is_static = self.eat_word("static");
        let mut declared = Declared {
            name: "",
            kind: MemberKind::Method,
            is_static,
            declaring: declaring.clone(),
            return_type: declaring.clone(),
            type_parameters: Vec::new(),
            parameters: Vec::new(),
            member,
        };
        if self.eat_word("new") {
            declared.name = "new";
            declared.kind = MemberKind::Constructor;
            declared.is_static = true;
            declared.parameters = self.parameter_list("(", ")")?.0;
            return self.ended(declared);
        }
        let conversion = [("implicit", MemberKind::Implicit), ("explicit", MemberKind::Explicit)];
        for (word, kind) in conversion {
            if self.eat_word(word) {
                self.eat_word("operator");
                declared.name = word_static(kind);
                declared.kind = kind;
                declared.return_type = self.ty()?;
                declared.parameters = self.parameter_list("(", ")")?.0;
                return self.ended(declared);
            }
        }
        // Type parameters of a generic method stand after its name, but its return type may use them.
        self.declare_method_parameters(&mut declared);
        declared.return_type = self.ty()?;
        if self.eat_word("operator") {
            let end = self.rest.find('(')?;
            let (symbol, rest) = self.rest.split_at(end);
            declared.name = symbol.trim();
            declared.kind = MemberKind::Operator;
            self.rest = rest;
            declared.parameters = self.parameter_list("(", ")")?.0;
            return self.ended(declared);
        }
        declared.name = self.word(&[])?;
        if declared.name == "this" {
            declared.name = "this[]";
            declared.kind = if setter { MemberKind::IndexSetter } else { MemberKind::Indexer };
            declared.parameters = self.parameter_list("[", "]")?.0;
            return self.ended(declared);
        }
        if self.eat("<") {
            while !self.eat(">") {
                self.word(&[])?;
                self.eat(",");
            }
        }
        if self.rest.starts_with('(') {
            let (parameters, extension) = self.parameter_list("(", ")")?;
            declared.parameters = parameters;
            if extension {
                declared.kind = MemberKind::Extension;
            }
        } else {
            declared.kind = if setter { MemberKind::PropertySetter } else { MemberKind::Property };
        }
        self.ended(declared)
    }

    /// Finds `Name<T, U>(` and brings T and U into scope.
    fn declare_method_parameters(&mut self, declared: &mut Declared) {
        let Some(open) = self.rest.find('(') else { return };
        let head = self.rest.get(..open).unwrap_or("").trim_end();
        let Some(head) = head.strip_suffix('>') else { return };
        let Some(start) = matching_angle(head) else { return };
        for name in head.get(start + 1..).unwrap_or("").split(',') {
            declared.type_parameters.push(name.trim());
            self.parameters.push(name.trim());
        }
    }

    /// The list, and whether its first parameter says `this`.
    fn parameter_list(&mut self, open: &str, close: &str) -> Option<(Vec<Parameter>, bool)> {
        let mut parameters = Vec::new();
        let mut extension = false;
        if !self.eat(open) {
            return None;
        }
        while !self.eat(close) {
            extension |= self.eat_word("this");
            let is_params = self.eat_word("params");
            let is_out = self.eat_word("out");
            let is_ref = self.eat_word("ref");
            let ty = self.ty()?;
            let name = self.word(&[])?;
            let default = if self.eat("=") { Some(self.literal(&ty)?) } else { None };
            parameters.push(Parameter { name, ty, is_params, is_out, is_ref, default });
            self.eat(",");
        }
        Some((parameters, extension))
    }

    fn literal(&mut self, ty: &Type) -> Option<Value> {
        if self.eat("\"") {
            let end = self.rest.find('"')?;
            let (text, rest) = self.rest.split_at(end);
            self.rest = rest.get(1..)?.trim_start();
            return Some(Value::from(text));
        }
        let word = self.word(&['-', '.'])?;
        Some(match word {
            "true" => Value::Boolean(true),
            "false" => Value::Boolean(false),
            "null" => Value::Null,
            "default" => ty.default_value(),
            number => match ty {
                Type::Int64 => Value::Int64(number.parse().ok()?),
                Type::Double => Value::Double(number.parse().ok()?),
                _ => Value::Int32(number.parse().ok()?),
            },
        })
    }

    fn ended(&mut self, declared: Declared) -> Option<Declared> {
        if !self.rest.is_empty() {
            self.mistakes.push(format!("unread text `{}`", self.rest));
            return None;
        }
        Some(declared)
    }
}

fn word_static(kind: MemberKind) -> &'static str {
    if kind == MemberKind::Implicit { "op_Implicit" } else { "op_Explicit" }
}

/// The `<` that belongs to the `>` cut off the end of a method's head.
fn matching_angle(head: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in head.bytes().enumerate().rev() {
        match byte {
            b'>' => depth += 1,
            b'<' if depth == 0 => return Some(at),
            b'<' => depth -= 1,
            _ => {}
        }
    }
    None
}
