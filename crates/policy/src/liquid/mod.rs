//! Liquid templates as DotLiquid runs them in C# mode: `set-body template="liquid"`.
//!
//! A template is parsed once, at load ([`parse`]), and rendered for each call ([`render`]) within the bounds of an expression:
//! steps, memory, time. An engine of its own, because DotLiquid differs from Shopify's Liquid where it shows: what is not there
//! is empty and never an error, dates and numbers are .NET's, `Replace` takes patterns, dashes trim less.
//!
//! - [`scan`]: text, `{{ … }}` and `{% … %}`; [`markup`]: what stands in them; [`parse`]: blocks
//! - [`node`]: the compiled template; [`value`]: what it computes with
//! - [`render`]: runs it; [`lookup`]: paths; [`condition`]: comparisons; [`filters`]: one file for each kind
//! - [`bind`]: the body and `context` of a call
//!
//! The source for behaviour is DotLiquid's documentation and tests at its compatibility level 2.0, which is its default and the
//! one whose filters the documentation of `set-body` lists.

pub(crate) mod bind;
mod condition;
mod filters;
mod lookup;
mod markup;
mod node;
mod parse;
mod render;
mod scan;
#[cfg(test)]
mod tests;
mod value;

pub(crate) use bind::{Input, Reading};
pub(crate) use parse::{Mistake, parse};
pub(crate) use render::{Roots, render};
#[cfg(test)]
use value::Value;

use sekisho_expression::Exception;

/// A template that was parsed.
#[derive(Debug)]
pub(crate) struct Template {
    nodes: Vec<node::Node>,
    /// True when it names `body`.
    pub(crate) reads_body: bool,
}

/// What ends a filter, a tag or the whole template.
#[derive(Debug)]
pub(crate) enum Failure {
    /// DotLiquid shows it in the output and goes on.
    Shown(String),
    /// A bound was exceeded.
    Ended(Exception),
}

impl From<Exception> for Failure {
    fn from(exception: Exception) -> Self {
        match exception.is_catchable() {
            true => Failure::Shown(exception.message().to_owned()),
            false => Failure::Ended(exception),
        }
    }
}
