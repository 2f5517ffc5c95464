//! The tree with names and types resolved: source to [`Program`].

mod access;
mod arguments;
mod conversions;
mod creation;
mod expressions;
mod lambdas;
mod operators;
mod overloads;
mod statements;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub(crate) use conversions::{is_instance, is_subtype};

use crate::ast::{Name, Place, Root, TypeSyntax, TypeSyntaxKind};
use crate::dotnet::registry;
use crate::lexer::Mistake;
use crate::parser::Shape;
use crate::program::{Body, Code, Function, Needs, Node, Program};
use crate::types::{KEYWORDS, Type};
use sekisho_diagnostics::closest;

/// An expression with its type.
#[derive(Debug)]
pub(crate) struct Typed {
    pub(crate) node: Node,
    pub(crate) ty: Type,
    pub(crate) place: Place,
}

/// A name that is visible.
#[derive(Clone, Debug)]
struct Symbol {
    name: Name,
    what: Visible,
}

/// What a name stands for.
#[derive(Clone, Debug)]
enum Visible {
    Variable { slot: u32, ty: Type },
    Constant(crate::value::Value, Type),
    Function { index: u32, parameters: Arc<[FunctionParameter]>, result: Type },
}

/// A parameter of a local function.
#[derive(Clone, Debug)]
struct FunctionParameter {
    name: Name,
    ty: Type,
    default: Option<crate::value::Value>,
}

/// What is known of the function that is being bound.
#[derive(Debug)]
struct Scope {
    /// The declared result; none while it is inferred from the returns.
    result: Option<Type>,
    returns: Vec<Type>,
    slots: u32,
    maximum_slots: u32,
}

/// How an expression uses `context.Request` and `context.Response`.
#[derive(Debug, Default)]
struct BodyUses {
    reads_request_body: bool,
    /// Of any `IResponse`, also of one that `send-request` stored.
    reads_response_body: bool,
    /// Mentions of `context.Request`, and of `context.Response`.
    mentions: [u32; 2],
    /// Those of them that a member follows, or that are compared with null: the others may be kept and read later.
    direct: [u32; 2],
}

impl BodyUses {
    fn needs(&self) -> Needs {
        let kept = |side: usize| self.mentions.get(side) > self.direct.get(side);
        let mentions_response = self.mentions.get(1).is_some_and(|count| *count > 0);
        Needs {
            request_body: self.reads_request_body || kept(0),
            response_body: (self.reads_response_body && mentions_response) || kept(1),
        }
    }

    /// Counts a place that does not keep the message, when `target` is one.
    fn note_direct(&mut self, target: &Node) {
        if let Some(count) = message_side(target).and_then(|side| self.direct.get_mut(side)) {
            *count += 1;
        }
    }
}

/// 0 for `context.Request`, 1 for `context.Response`.
fn message_side(node: &Node) -> Option<usize> {
    let Node::Call(call) = node else { return None };
    if call.member.declaring != Type::Named("IContext") {
        return None;
    }
    match call.member.name {
        "Request" => Some(0),
        "Response" => Some(1),
        _ => None,
    }
}

pub(crate) struct Binder {
    pub(crate) mistakes: Vec<Mistake>,
    symbols: Vec<Symbol>,
    scopes: Vec<Scope>,
    functions: Vec<Option<Function>>,
    /// Receivers of enclosing conditional accesses.
    receivers: Vec<(u32, Type)>,
    checked: bool,
    /// True inside `unchecked`: constants may wrap too.
    wraps: bool,
    uses: BodyUses,
    /// Lambdas bound so far, tries included.
    tries: u32,
    /// Loops and `switch` around the statement: what `break` leaves.
    breakable: u32,
    loops: u32,
}

/// Binds a tree. A program comes out only without mistakes.
pub(crate) fn bind(root: &Root, shape: Shape) -> Result<Program, Vec<Mistake>> {
    let mut binder = Binder {
        mistakes: Vec::new(),
        symbols: Vec::new(),
        scopes: vec![Scope { result: None, returns: Vec::new(), slots: 0, maximum_slots: 0 }],
        functions: Vec::new(),
        receivers: Vec::new(),
        checked: false,
        wraps: false,
        uses: BodyUses::default(),
        tries: 0,
        breakable: 0,
        loops: 0,
    };
    let (body, ty) = match root {
        Root::Expression(value) => {
            let typed = binder.expression(value);
            if typed.ty == Type::Void {
                // `@(context.Trace(…))` has no value; API Management accepts it and sees null.
                (Body::Expression(typed.node), Type::Object)
            } else {
                (Body::Expression(typed.node), typed.ty)
            }
        }
        Root::Block(statements) => {
            let (steps, completes) = binder.block_statements(statements);
            if completes {
                let place = statements.last().map_or(Place::default(), |last| last.place);
                let mistake =
                    Mistake::new("missing-return", place, "not all paths of the block return a value");
                binder.mistakes.push(mistake.help("end the block with `return …;`"));
            }
            let returns = binder.scopes.last().map(|scope| scope.returns.clone()).unwrap_or_default();
            (Body::Block(steps), binder.common_type(&returns))
        }
    };
    if !binder.mistakes.is_empty() {
        return Err(binder.mistakes);
    }
    let slots = binder.scopes.last().map_or(0, |scope| scope.maximum_slots) as usize;
    let functions = binder.functions.into_iter().flatten().collect();
    let ty = if ty == Type::Null { Type::Object } else { ty };
    let code = Code { body, slots, cells: shape.has_functions, nesting: shape.nesting, functions };
    Ok(Program { code: Arc::new(code), ty, needs: binder.uses.needs() })
}

impl Binder {
    fn mistake(&mut self, code: &'static str, place: Place, message: impl Into<String>) {
        self.mistakes.push(Mistake::new(code, place, message));
    }

    fn error(&self, place: Place) -> Typed {
        Typed { node: Node::Constant(crate::value::Value::Null), ty: Type::Error, place }
    }

    /// Reports a mistake and gives a value that causes no further ones.
    fn wrong(&mut self, code: &'static str, place: Place, message: impl Into<String>) -> Typed {
        self.mistake(code, place, message);
        self.error(place)
    }

    fn new_slot(&mut self) -> u32 {
        let Some(scope) = self.scopes.last_mut() else { return 0 };
        let slot = scope.slots;
        scope.slots += 1;
        scope.maximum_slots = scope.maximum_slots.max(scope.slots);
        slot
    }

    /// Declares a variable in the current block.
    fn declare(&mut self, name: &Name, ty: Type, place: Place) -> u32 {
        if &**name != "_" && self.lookup(name).is_some() {
            self.mistake("duplicate-name", place, format!("a variable `{name}` is already declared"));
        }
        let slot = self.new_slot();
        self.symbols.push(Symbol { name: Arc::clone(name), what: Visible::Variable { slot, ty } });
        slot
    }

    fn lookup(&self, name: &str) -> Option<&Visible> {
        self.symbols.iter().rev().find(|symbol| &*symbol.name == name).map(|symbol| &symbol.what)
    }

    /// Runs `bind` in a block of its own: names declared inside end with it.
    fn in_block<T>(&mut self, bind: impl FnOnce(&mut Self) -> T) -> T {
        let visible = self.symbols.len();
        let out = bind(self);
        self.symbols.truncate(visible);
        out
    }

    /// The type that is written.
    fn resolve_type(&mut self, syntax: &TypeSyntax) -> Type {
        match &syntax.kind {
            TypeSyntaxKind::Inferred => Type::Error,
            TypeSyntaxKind::Array(element) => Type::array(self.resolve_type(element)),
            TypeSyntaxKind::Nullable(inner) => {
                let inner = self.resolve_type(inner);
                if self.is_value_type(&inner) { Type::nullable(inner) } else { inner }
            }
            TypeSyntaxKind::Name(name, arguments) => {
                let arguments: Vec<Type> =
                    arguments.iter().map(|argument| self.resolve_type(argument)).collect();
                self.named_type(name, arguments, syntax.place)
            }
        }
    }

    fn named_type(&mut self, name: &str, arguments: Vec<Type>, place: Place) -> Type {
        if let Some((_, keyword)) = KEYWORDS.iter().find(|(keyword, _)| *keyword == name) {
            return keyword.clone();
        }
        if name == "dynamic" {
            return Type::Object;
        }
        let Some(declared) = registry().by_name(name) else {
            let known = registry().types().iter().map(|ty| ty.source.short_name());
            let help = match closest(name, known) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "policy expressions may use a fixed list of .NET types only".to_owned(),
            };
            let message = format!("the type `{name}` cannot be used in policy expressions");
            self.mistakes.push(Mistake::new("unknown-type", place, message).help(help));
            return Type::Error;
        };
        let full = declared.source.full_name;
        let twin = |other: &&crate::dotnet::registry::DeclaredType| {
            other.source.short_name() == name && other.source.type_parameters.is_empty()
        };
        if arguments.is_empty()
            && !declared.source.type_parameters.is_empty()
            && let Some(twin) = registry().types().iter().find(twin)
        {
            return Type::from_full_name(twin.source.full_name);
        }
        if full == "System.Nullable" {
            return arguments.into_iter().next().map_or(Type::Error, Type::nullable);
        }
        if arguments.is_empty() { Type::from_full_name(full) } else { Type::generic(full, arguments) }
    }
}
