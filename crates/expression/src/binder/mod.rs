//! The tree with names and types resolved: source to [`Program`].

mod access;
mod arguments;
mod assignment;
mod better;
mod coalescing;
mod conditionals;
mod conversions;
mod convert;
mod creation;
mod declared;
mod deconstruction;
mod equality;
mod expressions;
mod flow;
mod folding;
mod function_calls;
mod functions;
mod groups;
mod inference;
mod jumps;
mod lambdas;
mod locals;
mod loops;
mod matrices;
mod mismatches;
mod multicast;
mod named;
mod names;
mod numeric;
mod operators;
mod overloads;
mod patterns;
mod probe;
mod statements;
mod switches;
mod tries;
mod tuples;
mod unavailable;
mod unknown;
mod variance;

use std::sync::Arc;

pub(crate) use conversions::{element_type, is_instance, is_subtype, shown};
pub(crate) use probe::{PROBE, Surroundings, VisibleName, available_members, surroundings};

use crate::ast::{Name, ParameterMode, Place, Root};
use crate::lexer::Mistake;
use crate::parser::Shape;
use crate::program::{Body, Code, Function, Needs, Node, Program};
use crate::types::Type;

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
    /// Why it cannot be assigned to, as `foreach iteration variable`.
    read_only: Option<&'static str>,
}

/// What a name stands for.
#[derive(Clone, Debug)]
enum Visible {
    Variable {
        slot: u32,
        ty: Type,
    },
    Constant(crate::value::Value, Type),
    /// Of a generic one, the types have placeholders in them, and `generic` says where it is kept.
    Function {
        index: u32,
        parameters: Arc<[FunctionParameter]>,
        result: Type,
        generic: Option<u32>,
    },
}

/// A parameter of a local function.
#[derive(Clone, Debug)]
struct FunctionParameter {
    name: Name,
    ty: Type,
    default: Option<crate::value::Value>,
    mode: ParameterMode,
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
        Needs {
            request_body: self.reads_request_body || kept(0),
            response_body: (self.reads_response_body && self.mentions_response()) || kept(1),
        }
    }

    fn mentions_response(&self) -> bool {
        self.mentions.get(1).is_some_and(|count| *count > 0)
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
    /// The expression's text, for the places of operators.
    text: String,
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
    /// Bodies that were bound to learn their types, with what came out.
    tries: std::collections::HashMap<lambdas::Tried, Option<Type>>,
    /// Types of the parameters of the lambdas around.
    around_types: Vec<Type>,
    /// Which variables have a value, and whether the present point can be reached.
    flow: flow::Flow,
    /// For each open block, the names declared in blocks inside that have ended: a name may not be declared around
    /// a block that used it for something else.
    inner_names: Vec<Vec<Name>>,
    /// Variables that the open blocks declare further down.
    upcoming: Vec<Name>,
    /// The `switch` statements around, and the jumps to their labels.
    switches: Vec<jumps::SwitchJumps>,
    /// The blocks around, by number; and how many there were so far.
    open_blocks: Vec<u32>,
    blocks: u32,
    /// Local functions with type parameters, and what type parameters mean inside them.
    generics: Vec<functions::GenericFunction>,
    type_names: Vec<(Name, Type)>,
    gotos: Vec<jumps::Mark>,
    labels: Vec<jumps::Mark>,
    /// What was found around the name at the cursor, when there is one.
    surroundings: Option<Surroundings>,
}

/// Binds a tree. A program comes out only without mistakes.
pub(crate) fn bind(text: &str, root: &Root, shape: Shape) -> Result<Program, Vec<Mistake>> {
    let mut binder = Binder { text: text.to_owned(), ..Binder::new() };
    let (mut body, ty) = binder.root(root);
    binder.check_gotos();
    if !binder.mistakes.is_empty() {
        return Err(binder.mistakes);
    }
    folding::fold_all(&mut body, &mut binder.functions);
    let slots = binder.scopes.last().map_or(0, |scope| scope.maximum_slots) as usize;
    let functions: Vec<Function> = binder.functions.into_iter().flatten().collect();
    let ty = if ty == Type::Null { Type::Object } else { ty };
    let cells = shape.has_functions || !functions.is_empty();
    let code = Code { body, slots, cells, nesting: shape.nesting, functions };
    let reads_response = binder.uses.mentions_response();
    Ok(Program { code: Arc::new(code), ty, needs: binder.uses.needs(), reads_response })
}

impl Binder {
    fn new() -> Self {
        Self {
            text: String::new(),
            mistakes: Vec::new(),
            symbols: Vec::new(),
            scopes: vec![Scope { result: None, returns: Vec::new(), slots: 0, maximum_slots: 0 }],
            functions: Vec::new(),
            receivers: Vec::new(),
            checked: false,
            wraps: false,
            uses: BodyUses::default(),
            tries: std::collections::HashMap::new(),
            around_types: Vec::new(),
            flow: flow::Flow::new(),
            inner_names: Vec::new(),
            upcoming: Vec::new(),
            switches: Vec::new(),
            open_blocks: Vec::new(),
            blocks: 0,
            generics: Vec::new(),
            type_names: Vec::new(),
            gotos: Vec::new(),
            labels: Vec::new(),
            surroundings: None,
        }
    }

    /// The whole, and the type of its value.
    fn root(&mut self, root: &Root) -> (Body, Type) {
        match root {
            Root::Expression(value) => {
                let typed = self.expression(value);
                if typed.ty == Type::Void {
                    // `@(context.Trace(…))` has no value; API Management accepts it and sees null.
                    (Body::Expression(typed.node), Type::Object)
                } else {
                    (Body::Expression(typed.node), typed.ty)
                }
            }
            Root::Block(statements) => {
                let (steps, completes) = self.block_statements(statements);
                if completes {
                    let end = self.text.trim_end().len();
                    self.missing_return(Place::new(0, end));
                }
                let returns = self.scopes.last().map(|scope| scope.returns.clone()).unwrap_or_default();
                (Body::Block(steps), self.common_type(&returns))
            }
        }
    }

    fn mistake(&mut self, code: &'static str, place: Place, message: impl Into<String>) {
        self.report(code, place, message, None);
    }

    /// Reports a mistake, with its remedy when there is one.
    fn report(&mut self, code: &'static str, place: Place, message: impl Into<String>, help: Option<String>) {
        let mistake = Mistake::new(code, place, message);
        self.mistakes.push(match help {
            Some(help) => mistake.help(help),
            None => mistake,
        });
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
        let level = self.scopes.len().saturating_sub(1);
        let Some(scope) = self.scopes.last_mut() else { return 0 };
        let slot = crate::program::slot(level, scope.slots);
        scope.slots += 1;
        scope.maximum_slots = scope.maximum_slots.max(scope.slots);
        slot
    }

    /// Declares a variable in the current block.
    fn declare(&mut self, name: &Name, ty: Type, place: Place) -> u32 {
        self.check_new_name(name, place);
        let slot = self.new_slot();
        self.symbols.push(Symbol {
            name: Arc::clone(name),
            what: Visible::Variable { slot, ty },
            read_only: None,
        });
        slot
    }

    /// Declares a variable that only its statement assigns, such as that of `foreach`.
    fn declare_read_only(&mut self, name: &Name, ty: Type, place: Place, what: &'static str) -> u32 {
        let slot = self.declare(name, ty, place);
        if let Some(symbol) = self.symbols.last_mut() {
            symbol.read_only = Some(what);
        }
        slot
    }

    /// Reports a name that already means something here, around here, or in a block inside.
    fn check_new_name(&mut self, name: &Name, place: Place) {
        if &**name == "_" || self.check_visible_name(name, place) {
            return;
        }
        if self.inner_names.last().is_some_and(|names| names.contains(name)) {
            let message = format!(
                "`{name}` cannot be declared here: a block before it uses the name for something else"
            );
            self.report("duplicate-name", place, message, Some("choose another name".to_owned()));
        }
    }

    /// Reports a name that already means something; true when it does.
    fn check_visible_name(&mut self, name: &Name, place: Place) -> bool {
        let is_taken = &**name != "_" && (&**name == "context" || self.lookup(name).is_some());
        if is_taken {
            let message = format!("a local variable named `{name}` is already declared in this scope");
            self.report("duplicate-name", place, message, Some("choose another name".to_owned()));
        }
        is_taken
    }

    /// Declares a parameter, whose name was checked where it is written.
    fn declare_parameter(&mut self, name: &Name, ty: Type) {
        let slot = self.new_slot();
        let what = Visible::Variable { slot, ty };
        self.symbols.push(Symbol { name: Arc::clone(name), what, read_only: None });
    }

    fn lookup(&self, name: &str) -> Option<&Visible> {
        self.symbol(name).map(|symbol| &symbol.what)
    }

    fn symbol(&self, name: &str) -> Option<&Symbol> {
        self.symbols.iter().rev().find(|symbol| &*symbol.name == name)
    }

    /// Reports a function or block whose end can be reached; `place` ends with its closing brace.
    fn missing_return(&mut self, place: Place) {
        let brace = Place { start: place.end.saturating_sub(1), end: place.end };
        let help = "end the block with `return …;`, or `return null;` when there is no value".to_owned();
        self.report("missing-return", brace, "not all code paths return a value", Some(help));
    }

    /// Runs `bind` in a block of its own: names declared inside end with it.
    fn in_block<T>(&mut self, bind: impl FnOnce(&mut Self) -> T) -> T {
        let visible = self.symbols.len();
        self.inner_names.push(Vec::new());
        let out = bind(self);
        let own = self.symbols.split_off(visible.min(self.symbols.len()));
        let inner = self.inner_names.pop().unwrap_or_default();
        if let Some(around) = self.inner_names.last_mut() {
            around.extend(inner);
            around.extend(own.into_iter().map(|symbol| symbol.name));
        }
        out
    }
}
