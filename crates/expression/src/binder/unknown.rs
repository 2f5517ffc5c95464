//! Reports of names, types and members that do not exist, with what was probably meant.

use sekisho_diagnostics::closest;

use super::conversions::shown;
use super::unavailable::unavailable;
use super::{Binder, Typed};
use crate::ast::Place;
use crate::dotnet::registry;
use crate::dotnet::registry::{Declared, DeclaredType, MemberKind};
use crate::types::Type;

/// Members that other types, or other languages, call by another name.
const SYNONYMS: &[&[&str]] = &[
    &["Length", "Count", "Size", "length", "size"],
    &["Add", "Append", "Push", "append", "push"],
    &["Contains", "ContainsKey", "Has", "Includes", "includes"],
    &["ToLower", "ToLowerCase", "toLowerCase"],
    &["ToUpper", "ToUpperCase", "toUpperCase"],
    &["Substring", "Slice", "substr", "slice"],
    &["StatusCode", "Status"],
    &["IpAddress", "ClientIp", "RemoteIpAddress"],
];

/// Words of other languages for what C# has as a keyword.
const KEYWORDS_ELSEWHERE: &[(&str, &str)] = &[
    ("Null", "null"),
    ("NULL", "null"),
    ("nil", "null"),
    ("None", "null"),
    ("undefined", "null"),
    ("True", "true"),
    ("TRUE", "true"),
    ("False", "false"),
    ("FALSE", "false"),
    ("and", "&&"),
    ("or", "||"),
    ("not", "!"),
    ("Var", "var"),
    ("let", "var"),
    ("If", "if"),
    ("Return", "return"),
    ("elif", "else if"),
];

impl Binder {
    pub(super) fn unknown_name(&mut self, name: &str, place: Place) -> Typed {
        self.note_name(name);
        if self.upcoming.iter().any(|known| **known == *name) {
            let message = format!("cannot use local variable `{name}` before it is declared");
            self.mistake("unknown-name", place, message);
            return self.error(place);
        }
        if let Some(known) = unavailable(name) {
            let message = format!("`{name}` is not available to policy expressions: {}", known.reason);
            self.report("unknown-type", place, message, known.help.map(str::to_owned));
            return self.error(place);
        }
        let help = self.meant_name(name);
        self.report("unknown-name", place, format!("the name `{name}` does not exist here"), help);
        self.error(place)
    }

    fn meant_name(&self, name: &str) -> Option<String> {
        if let Some((_, keyword)) = KEYWORDS_ELSEWHERE.iter().find(|(word, _)| *word == name) {
            return Some(format!("in C# it is `{keyword}`"));
        }
        if matches!(name, "async" | "await") {
            return Some("nothing waits in a policy expression: leave it out".to_owned());
        }
        let context = registry().by_name("IContext").into_iter().flat_map(|declared| &declared.members);
        let mut members = context.map(|member| member.name);
        if let Some(member) = members.find(|member| member.eq_ignore_ascii_case(name)) {
            return Some(format!("write `context.{member}`"));
        }
        let own = self.symbols.iter().map(|symbol| &*symbol.name).filter(|known| !known.contains(' '));
        let types = registry().types().iter().map(|ty| ty.source.short_name());
        let known = own.chain(["context"]).chain(types);
        closest(name, known).map(|meant| format!("did you mean `{meant}`?"))
    }

    pub(super) fn unknown_type(&mut self, name: &str, place: Place) -> Type {
        self.note_type(name);
        let short = name.rsplit('.').next().unwrap_or(name);
        if let Some(known) = unavailable(short) {
            let message = format!("`{name}` is not available to policy expressions: {}", known.reason);
            self.report("unknown-type", place, message, known.help.map(str::to_owned));
            return Type::Error;
        }
        let keywords = crate::types::KEYWORDS.iter().map(|(keyword, _)| *keyword);
        let known = keywords.chain(registry().types().iter().map(|ty| ty.source.short_name()));
        let help = match closest(short, known) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "policy expressions may use a fixed list of .NET types only".to_owned(),
        };
        let message = format!("there is no type `{name}` that policy expressions can use");
        self.report("unknown-type", place, message, Some(help));
        Type::Error
    }

    pub(super) fn unknown_member(&mut self, ty: &Type, name: &str, place: Place, is_static: bool) -> Typed {
        self.note_member(name, ty, is_static);
        let (message, help) = self.member_report(ty, name, is_static);
        self.report("unknown-member", place, message, help);
        self.error(place)
    }

    fn member_report(&self, ty: &Type, name: &str, is_static: bool) -> (String, Option<String>) {
        let owner = shown(ty);
        let found: Vec<&'static Declared> = if is_static {
            let owners = super::probe::owners(ty);
            let declared = owners.iter().filter_map(|owner| registry().of(owner));
            declared.flat_map(|declared| declared.named(name)).collect()
        } else {
            self.members(ty, name).into_iter().map(|(member, _)| member).collect()
        };
        let is_method =
            |member: &&&Declared| matches!(member.kind, MemberKind::Method | MemberKind::Extension);
        if let Some(other) = found.iter().find(|member| member.is_static != is_static) {
            let call = if is_method(&other) { "(…)" } else { "" };
            return if is_static {
                let message = format!("`{name}` belongs to a value of type `{owner}`, not to the type");
                (message, Some(format!("write it after the value: `….{name}{call}`")))
            } else {
                let message = format!("`{owner}.{name}` is static: it belongs to the type, not to a value");
                (message, Some(format!("write `{owner}.{name}{call}`")))
            };
        }
        if found.iter().any(|member| is_method(&member)) || self.has_extension(ty, name, is_static) {
            let message = format!("`{name}` is a method and gives a value only when it is called");
            return (message, Some(format!("write `{name}(…)`")));
        }
        let word = if is_static { "static member" } else { "member" };
        let message = match ty {
            Type::Anonymous(_) => format!("the object has no property `{name}`"),
            _ => format!("`{owner}` has no {word} `{name}` in policy expressions"),
        };
        (message, self.meant_member(ty, name))
    }

    fn has_extension(&self, ty: &Type, name: &str, is_static: bool) -> bool {
        let value = Typed { node: crate::program::Node::Load(0), ty: ty.clone(), place: Place::default() };
        let found: Vec<_> =
            registry().extensions(name).map(|member| (member, member.declaring.clone())).collect();
        !is_static && self.any_receiver(&found, &super::arguments::Given::typed(value))
    }

    fn meant_member(&self, ty: &Type, name: &str) -> Option<String> {
        let names = |declared: &'static DeclaredType| {
            let values = declared.source.values.iter().map(|(name, _)| *name);
            declared.members.iter().map(|member| member.name).chain(values)
        };
        let owners = super::probe::owners(ty);
        let declared = owners.iter().filter_map(|owner| registry().of(owner)).flat_map(names);
        let is_name = |name: &&str| !matches!(*name, "new" | "this[]" | "op_Implicit" | "op_Explicit");
        let extensions = registry().types().iter().flat_map(|declared| &declared.members).filter(|member| {
            member.kind == MemberKind::Extension && self.has_extension(ty, member.name, false)
        });
        let own: Vec<&str> = match ty {
            Type::Anonymous(shape) => shape.iter().map(|(name, _)| &**name).collect(),
            Type::Array(_) => std::iter::once("Length").chain(declared.filter(is_name)).collect(),
            _ => declared.filter(is_name).collect(),
        };
        let exact = |wanted: &str| own.contains(&wanted).then(|| format!("did you mean `{wanted}`?"));
        let synonyms = SYNONYMS.iter().filter(|names| names.contains(&name)).flat_map(|names| names.iter());
        if let Some(meant) = synonyms.copied().find_map(exact) {
            return Some(meant);
        }
        if let Some(meant) = closest(name, own.iter().copied()) {
            return Some(format!("did you mean `{meant}`?"));
        }
        if let Some(meant) = closest(name, extensions.map(|member| member.name)) {
            return Some(format!("did you mean `{meant}`?"));
        }
        let mentions = |text: &str| shown(ty).contains(text);
        match ty {
            Type::Object => Some(format!("cast the value to what it is first: `((string)…).{name}`")),
            Type::Named("Newtonsoft.Json.Linq.JToken" | "Newtonsoft.Json.Linq.JObject") => {
                Some(format!("read a property with an indexer: `…[\"{name}\"]`"))
            }
            Type::Named(_) if self.is_enum(ty) => {
                let values = registry().of(ty).map(|declared| declared.source.values).unwrap_or_default();
                let names: Vec<String> = values.iter().take(8).map(|(name, _)| format!("`{name}`")).collect();
                Some(format!("its values are {}", names.join(", ")))
            }
            Type::Nullable(_) => Some(format!("read its value first: `….Value.{name}`")),
            _ if mentions("IHeaders") || mentions("Dictionary<string, string[]>") => {
                Some("read a header with `GetValueOrDefault(\"name\", \"default\")`".to_owned())
            }
            _ if mentions("IVariables") => Some(format!("read a variable with an indexer: `…[\"{name}\"]`")),
            _ if mentions("Dictionary<") => Some(format!("read an entry with an indexer: `…[\"{name}\"]`")),
            Type::Named("IMessageBody") => {
                Some("read the body with `As<string>()` or `As<JObject>()`".to_owned())
            }
            _ => None,
        }
    }
}
