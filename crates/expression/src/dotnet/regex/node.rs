//! A pattern of .NET, taken apart, and its writing for the engine.

use std::collections::BTreeMap;

/// A part of a pattern.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// Text in the engine's own syntax that stands for one atom.
    Atom(String),
    /// `$` without multiline, and `\Z`.
    End,
    Sequence(Vec<Node>),
    Alternatives(Vec<Node>),
    /// A capturing group by its place among all capturing parentheses.
    Capture(usize, Box<Node>),
    /// A balancing group: a capturing group, if it is one, and the group that loses its last capture.
    Balance(Option<usize>, GroupKey, Box<Node>),
    /// `(?:`, `(?=`, `(?<!`, `(?>` …
    Group(&'static str, Box<Node>),
    Repeat {
        inner: Box<Node>,
        least: u32,
        most: Option<u32>,
        lazy: bool,
    },
    Reference(GroupKey),
    /// `\12`: a group when there is one, else an octal character.
    Digits(String),
    /// `(?(name)yes|no)`.
    IfCaptured(GroupKey, Box<Node>, Box<Node>),
    /// `(?(expression)yes|no)`.
    IfAhead(Box<Node>, Box<Node>, Box<Node>),
}

/// How a pattern names a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum GroupKey {
    Number(u32),
    Name(String),
}

/// A group as .NET counts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// Its number.
    pub(super) number: u32,
    /// Its name; the number's digits when it has none.
    pub(super) name: String,
    /// The engine's captures that fill it: several when parentheses share a name.
    pub(super) captures: Vec<usize>,
    /// True inside a quantifier: only the last of its captures is known.
    pub(super) repeated: bool,
}

impl Group {
    /// True when a pattern means this group.
    pub(super) fn is(&self, key: &GroupKey) -> bool {
        match key {
            GroupKey::Number(number) => self.number == *number,
            GroupKey::Name(name) => self.name == *name,
        }
    }
}

impl Node {
    /// Digits that name no group: a character by its octal code, and the digits that are left.
    ///
    /// # Errors
    /// A message when they are no octal code either.
    pub(super) fn octal(digits: &str) -> Result<Vec<Node>, String> {
        let octal: String = digits.chars().take(3).take_while(|digit| digit.is_digit(8)).collect();
        if digits.len() == 1 && digits != "0" || octal.is_empty() {
            return Err(format!("Reference to undefined group number {digits}."));
        }
        let code = u32::from_str_radix(&octal, 8).unwrap_or(0) & 0xFF;
        let first = char::from_u32(code).unwrap_or('\0');
        let rest = digits.get(octal.len()..).unwrap_or("");
        Ok(std::iter::once(first).chain(rest.chars()).map(|scalar| Node::Atom(literal(scalar))).collect())
    }
}

/// Numbers the groups: unnamed ones first, then names in their order.
pub(super) fn number_groups(keys: &[GroupKey], root: &Node) -> Vec<Group> {
    let mut by_number: BTreeMap<u32, Group> = BTreeMap::new();
    let mut add = |number: u32, name: String, captures: Vec<usize>| {
        let group = by_number.entry(number).or_insert_with(|| Group {
            number,
            name,
            captures: Vec::new(),
            repeated: false,
        });
        group.captures.extend(captures);
    };
    add(0, "0".to_owned(), vec![0]);
    for (at, key) in keys.iter().enumerate() {
        if let GroupKey::Number(number) = key {
            add(*number, number.to_string(), vec![at + 1]);
        }
    }
    let mut names: Vec<(&str, Vec<usize>)> = Vec::new();
    for (at, key) in keys.iter().enumerate() {
        let GroupKey::Name(name) = key else { continue };
        match names.iter_mut().find(|(known, _)| known == name) {
            Some((_, captures)) => captures.push(at + 1),
            None => names.push((name, vec![at + 1])),
        }
    }
    let mut next = 1;
    for (name, captures) in names {
        while by_number.contains_key(&next) {
            next += 1;
        }
        by_number.insert(next, Group { number: next, name: name.to_owned(), captures, repeated: false });
    }
    let mut repeated = vec![false; keys.len() + 1];
    mark_repeated(root, false, &mut repeated);
    let mut groups: Vec<Group> = by_number.into_values().collect();
    for group in &mut groups {
        group.repeated = group.captures.iter().any(|at| repeated.get(*at).copied().unwrap_or(false));
    }
    groups
}

fn mark_repeated(node: &Node, inside: bool, repeated: &mut [bool]) {
    match node {
        Node::Sequence(items) | Node::Alternatives(items) => {
            items.iter().for_each(|item| mark_repeated(item, inside, repeated));
        }
        Node::Capture(at, inner) => {
            if let Some(slot) = repeated.get_mut(*at) {
                *slot = inside;
            }
            mark_repeated(inner, inside, repeated);
        }
        Node::Balance(at, _, inner) => {
            if let Some(slot) = at.and_then(|at| repeated.get_mut(at)) {
                *slot = inside;
            }
            mark_repeated(inner, inside, repeated);
        }
        Node::Group(_, inner) => mark_repeated(inner, inside, repeated),
        Node::Repeat { inner, most, .. } => mark_repeated(inner, inside || *most != Some(1), repeated),
        Node::IfCaptured(_, yes, no) => {
            [yes, no].iter().for_each(|part| mark_repeated(part, inside, repeated))
        }
        Node::IfAhead(test, yes, no) => {
            [test, yes, no].iter().for_each(|part| mark_repeated(part, inside, repeated));
        }
        Node::Atom(_) | Node::End | Node::Reference(_) | Node::Digits(_) => {}
    }
}

/// Writes a pattern for the engine.
pub(super) struct Writer<'g> {
    /// The groups.
    pub(super) groups: &'g [Group],
    /// What [`Node::End`] becomes.
    pub(super) end: &'static str,
    /// The text so far.
    pub(super) out: String,
}

impl Writer<'_> {
    /// Writes a node.
    ///
    /// # Errors
    /// A message when a group is undefined.
    pub(super) fn write(&mut self, node: &Node) -> Result<(), String> {
        match node {
            Node::Atom(text) => self.out.push_str(text),
            Node::End => self.out.push_str(self.end),
            Node::Sequence(items) => items.iter().try_for_each(|item| self.write(item))?,
            Node::Alternatives(items) => self.alternatives(items)?,
            Node::Capture(_, inner) => self.bracketed("(", inner)?,
            // Only [`super::walk`] keeps the captures that this needs.
            Node::Balance(_, _, inner) => self.bracketed("(", inner)?,
            Node::Group(open, inner) => self.bracketed(open, inner)?,
            Node::Repeat { inner, least, most, lazy } => {
                let atomic =
                    matches!(**inner, Node::Atom(_) | Node::Capture(..) | Node::Group("(?:" | "(?>", _));
                if atomic {
                    self.write(inner)?
                } else {
                    self.bracketed("(?:", inner)?
                }
                self.quantifier(*least, *most, *lazy);
            }
            Node::Reference(key) => {
                let group = self.find(key).ok_or_else(|| undefined(key))?;
                self.reference(&group.captures.clone());
            }
            Node::Digits(digits) => self.digits(digits)?,
            Node::IfCaptured(key, yes, no) => {
                let group = self.find(key).ok_or_else(|| undefined(key))?;
                let first = group.captures.first().copied().unwrap_or(0);
                self.out.push_str(&format!("(?({first})"));
                self.bracketed("(?:", yes)?;
                self.out.push('|');
                self.bracketed("(?:", no)?;
                self.out.push(')');
            }
            Node::IfAhead(test, yes, no) => {
                self.out.push_str("(?:");
                self.bracketed("(?=", test)?;
                self.bracketed("(?:", yes)?;
                self.out.push('|');
                self.bracketed("(?!", test)?;
                self.bracketed("(?:", no)?;
                self.out.push(')');
            }
        }
        Ok(())
    }

    fn find(&self, key: &GroupKey) -> Option<&Group> {
        self.groups.iter().find(|group| group.is(key))
    }

    fn bracketed(&mut self, open: &str, inner: &Node) -> Result<(), String> {
        self.out.push_str(open);
        self.write(inner)?;
        self.out.push(')');
        Ok(())
    }

    fn alternatives(&mut self, items: &[Node]) -> Result<(), String> {
        for (at, item) in items.iter().enumerate() {
            self.out.push_str(if at == 0 { "" } else { "|" });
            self.write(item)?;
        }
        Ok(())
    }

    fn quantifier(&mut self, least: u32, most: Option<u32>, lazy: bool) {
        match (least, most) {
            (0, None) => self.out.push('*'),
            (1, None) => self.out.push('+'),
            (0, Some(1)) => self.out.push('?'),
            (least, None) => self.out.push_str(&format!("{{{least},}}")),
            (least, Some(most)) if least == most => self.out.push_str(&format!("{{{least}}}")),
            (least, Some(most)) => self.out.push_str(&format!("{{{least},{most}}}")),
        }
        if lazy {
            self.out.push('?');
        }
    }

    /// A reference matches what any of the captures holds; the latest in the pattern goes first.
    fn reference(&mut self, captures: &[usize]) {
        let parts: Vec<String> = captures.iter().rev().map(|at| format!("\\{at}")).collect();
        self.out.push_str(&format!("(?:{})", parts.join("|")));
    }

    fn digits(&mut self, digits: &str) -> Result<(), String> {
        let number = digits.parse::<u32>().ok();
        if let Some(group) = number.and_then(|number| self.find(&GroupKey::Number(number))) {
            self.reference(&group.captures.clone());
            return Ok(());
        }
        Node::octal(digits)?.iter().try_for_each(|atom| self.write(atom))
    }
}

/// .NET's message.
pub(super) fn undefined(key: &GroupKey) -> String {
    match key {
        GroupKey::Number(number) => format!("Reference to undefined group number {number}."),
        GroupKey::Name(name) => format!("Reference to undefined group name {name}."),
    }
}

/// A character outside a class.
pub(super) fn literal(scalar: char) -> String {
    if "\\.+*?()|[]{}^$#".contains(scalar) { format!("\\{scalar}") } else { coded(scalar) }
}

/// A character inside a class.
pub(super) fn in_class(scalar: char) -> String {
    if "\\[]{}^-&~".contains(scalar) { format!("\\{scalar}") } else { coded(scalar) }
}

fn coded(scalar: char) -> String {
    if scalar.is_control() { format!("\\x{{{:X}}}", u32::from(scalar)) } else { scalar.to_string() }
}
