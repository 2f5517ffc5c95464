//! `ip-filter`: allows or forbids callers by address.

use std::net::IpAddr;

use sekisho_diagnostics::Diagnostic;

use crate::compile::{Compiler, Text};
use crate::declaration::{ALL_SCOPES, Attribute, Child, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunNow, Section};
use crate::xml::{Content, Element};

const RANGE: &[Attribute] = &[
    Attribute::required("from", Kind::Text, "First address."),
    Attribute::required("to", Kind::Text, "Last address."),
];

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["ip-filter"],
    summary: "Allows only the listed addresses, or forbids them.",
    sections: &[Section::Inbound],
    scopes: ALL_SCOPES,
    attributes: &[Attribute::required(
        "action",
        Kind::OneOf(&["allow", "forbid"]),
        "What happens to the listed addresses.",
    )],
    children: Children::Elements(&[
        Child::any("address", Children::Text, "One address."),
        Child::any("address-range", Children::None, "All addresses from one to another, both included.")
            .with(RANGE),
    ]),
    once: false,
    reference: Reference {
        behaviour: "Compares the address of the caller with the listed addresses and ranges, both ends included. `allow` lets only listed callers through, `forbid` all others. The address is that of the connection; `X-Forwarded-For` is believed from trusted proxies only.",
        errors: &[
            ErrorFact {
                reason: "CallerIpNotAllowed",
                status: "403",
                when: "`allow`, and the caller is not listed.",
            },
            ErrorFact {
                reason: "CallerIpBlocked",
                status: "403",
                when: "`forbid`, and the caller is listed.",
            },
            ErrorFact {
                reason: "InvalidAddress",
                status: "500",
                when: "An address comes from an expression and is none.",
            },
            ErrorFact {
                reason: "InvalidAction",
                status: "500",
                when: "The action comes from an expression and is neither `allow` nor `forbid`.",
            },
            ErrorFact::EXPRESSION,
        ],
        example: "allowed-address",
        differences: &["IPv4 addresses that are mapped into IPv6 are compared as IPv4."],
    },
    compile: Some(compile),
};

/// An address that is known at load, or comes from an expression.
enum Address {
    Known(IpAddr),
    Evaluated(Text),
}

struct IpFilter {
    action: Text,
    /// Single addresses are ranges of one.
    ranges: Vec<(Address, Address)>,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let mut ranges = Vec::new();
    for child in element.elements() {
        if child.name == "address" {
            let content = child.text()?;
            ranges.push((address(compiler, content)?, address(compiler, content)?));
        } else {
            let from = address(compiler, &child.attribute("from")?.value)?;
            let to = address(compiler, &child.attribute("to")?.value)?;
            ranges.push((from, to));
        }
    }
    if ranges.is_empty() {
        let finding = Diagnostic::error(
            "missing-element",
            element.name_span,
            "`ip-filter` needs an `address` or an `address-range`",
        );
        compiler.report(finding.with_help("list the addresses it is about"));
        return None;
    }
    Some(Run::now(IpFilter { action: compiler.text(element, "action")?, ranges }))
}

fn address(compiler: &mut Compiler<'_>, content: &Content) -> Option<Address> {
    if !content.is_literal() {
        return compiler.content_text(content).map(Address::Evaluated);
    }
    match content.text.text().trim().parse::<IpAddr>() {
        Ok(address) => Some(Address::Known(address.to_canonical())),
        Err(_) => {
            let message = format!("`{}` is not an IP address", compiler.written(content.span));
            compiler.report(
                Diagnostic::error("wrong-value", content.span, message)
                    .with_help("write an IPv4 or IPv6 address; ranges are `address-range`"),
            );
            None
        }
    }
}

impl RunNow for IpFilter {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let caller = exchange.request.ip_address.to_canonical();
        let forbids = match self.action.get(exchange)?.trim() {
            "forbid" => true,
            "allow" => false,
            other => {
                return Err(PolicyError::internal(
                    "InvalidAction",
                    format!("`{other}` is neither `allow` nor `forbid`"),
                ));
            }
        };
        let mut listed = false;
        for (from, to) in &self.ranges {
            let (from, to) = (from.get(exchange)?, to.get(exchange)?);
            listed |= from.is_ipv4() == caller.is_ipv4() && (from..=to).contains(&caller);
        }
        match (forbids, listed) {
            (true, true) => {
                Err(refusal("CallerIpBlocked", "Caller IP address is blocked. Access denied.".to_owned()))
            }
            (false, false) => Err(refusal(
                "CallerIpNotAllowed",
                format!("Caller IP address {caller} is not allowed. Access denied."),
            )),
            _ => Ok(Outcome::Continue),
        }
    }
}

fn refusal(reason: &'static str, message: String) -> PolicyError {
    PolicyError::refusal(403, reason, message).with_public("Forbidden")
}

impl Address {
    fn get(&self, exchange: &mut Exchange) -> Result<IpAddr, PolicyError> {
        match self {
            Address::Known(address) => Ok(*address),
            Address::Evaluated(text) => {
                let text = text.get(exchange)?;
                text.trim().parse::<IpAddr>().map(|address| address.to_canonical()).map_err(|_| {
                    PolicyError::internal("InvalidAddress", format!("`{text}` is not an IP address"))
                })
            }
        }
    }
}
