//! What a policy asks for: its settings, and what they come to for one call.

use std::sync::Arc;

use sekisho_diagnostics::Diagnostic;

use super::windows::{MOST_CHARACTERS, WindowSize};
use crate::compile::setting::failure;
use crate::compile::{Choice, Compiler, Flag, Number, Text};
use crate::exchange::Exchange;
use crate::pipeline::PolicyError;
use crate::policies::set_backend_service::known_backend;
use crate::xml::Element;

/// A category of harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Category {
    Hate,
    SelfHarm,
    Sexual,
    Violence,
}

/// The names of the categories.
pub(super) const CATEGORIES: &[(&str, Category)] = &[
    ("Hate", Category::Hate),
    ("SelfHarm", Category::SelfHarm),
    ("Sexual", Category::Sexual),
    ("Violence", Category::Violence),
];

impl Category {
    /// As the service names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Category::Hate => "Hate",
            Category::SelfHarm => "SelfHarm",
            Category::Sexual => "Sexual",
            Category::Violence => "Violence",
        }
    }
}

/// The scale of severities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Levels {
    /// 0, 2, 4, 6.
    Four,
    /// 0 to 7.
    Eight,
}

/// The names of the scales.
pub(super) const LEVELS: &[(&str, Levels)] =
    &[("FourSeverityLevels", Levels::Four), ("EightSeverityLevels", Levels::Eight)];

impl Levels {
    /// As the service names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Levels::Four => "FourSeverityLevels",
            Levels::Eight => "EightSeverityLevels",
        }
    }
}

/// The largest severity.
pub(super) const MOST_SEVERE: u8 = 7;

/// What is asked for in one call.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) backend_id: Arc<str>,
    /// Whether prompts are looked through for attacks.
    pub(super) shields: bool,
    pub(super) levels: Levels,
    /// Categories, each with the severity from which on it blocks.
    pub(super) categories: Vec<(Category, u8)>,
    pub(super) blocklists: Vec<Arc<str>>,
    /// Windows on requests.
    pub(super) request_window: WindowSize,
    /// Windows on responses.
    pub(super) response_window: WindowSize,
}

impl Rules {
    /// True when texts are analyzed at all.
    pub(super) fn analyzes(&self) -> bool {
        !self.categories.is_empty() || !self.blocklists.is_empty()
    }
}

/// The attributes and children, compiled.
pub(super) struct RuleSettings {
    backend_id: Text,
    shields: Flag,
    levels: Choice<Levels>,
    categories: Vec<(Choice<Category>, Number)>,
    blocklists: Vec<Text>,
    window_size: Number,
    overlap: Number,
}

impl RuleSettings {
    pub(super) fn new(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let mut settings = Self {
            backend_id: known_backend(compiler, element, "backend-id")?,
            shields: compiler.flag(element, "shield-prompt", false),
            levels: Choice::Constant(Levels::Four),
            categories: Vec::new(),
            blocklists: Vec::new(),
            window_size: compiler.number(element, "window-size").unwrap_or(DEFAULT_SIZE),
            overlap: compiler.number(element, "window-overlap-size").unwrap_or(Number::Constant(0.0)),
        };
        for child in element.elements() {
            settings.add(compiler, child)?;
        }
        settings.check(compiler, element)?;
        Some(settings)
    }

    fn add(&mut self, compiler: &mut Compiler<'_>, child: &Element) -> Option<()> {
        if child.name == "blocklists" {
            for id in child.elements() {
                self.blocklists.push(compiler.element_text(id)?);
            }
            return Some(());
        }
        self.levels = compiler.choice(child, "output-type", LEVELS, Levels::Four);
        for category in child.elements() {
            let name = compiler.choice(category, "name", CATEGORIES, Category::Hate);
            self.categories.push((name, compiler.number(category, "threshold")?));
        }
        Some(())
    }

    /// Reports what cannot work, and what does nothing.
    fn check(&self, compiler: &mut Compiler<'_>, element: &Element) -> Option<()> {
        if let (Number::Constant(size), Number::Constant(overlap)) = (&self.window_size, &self.overlap)
            && window(*size, *overlap).is_none()
        {
            let place =
                element.attribute("window-overlap-size").map_or(element.name_span, |at| at.value.span);
            let finding =
                Diagnostic::error("wrong-value", place, "the overlap is not smaller than the window");
            compiler.report(finding.with_help("make `window-overlap-size` smaller than `window-size`"));
            return None;
        }
        let shields = !matches!(self.shields, Flag::Constant(false));
        if self.categories.is_empty() && self.blocklists.is_empty() && !shields {
            let message = format!("`{}` asks for no check", element.name);
            let finding = Diagnostic::warning("no-effect", element.name_span, message);
            compiler.report(finding.with_help("add `categories`, `blocklists` or `shield-prompt=\"true\"`"));
        }
        Some(())
    }

    /// What they come to for this call.
    pub(super) fn evaluate(&self, exchange: &mut Exchange) -> Result<Rules, PolicyError> {
        let overlap = self.overlap.get(exchange)?;
        let size = self.window_size.get(exchange)?;
        let too_wide = || failure("the overlap is not smaller than the window.");
        let mut rules = Rules {
            backend_id: self.backend_id.get(exchange)?,
            shields: self.shields.get(exchange)?,
            levels: self.levels.get(exchange)?,
            categories: Vec::with_capacity(self.categories.len()),
            blocklists: Vec::with_capacity(self.blocklists.len()),
            request_window: window(DEFAULT_CHARACTERS, overlap).ok_or_else(too_wide)?,
            response_window: window(size, overlap).ok_or_else(too_wide)?,
        };
        for (category, threshold) in &self.categories {
            rules.add_category(category.get(exchange)?, threshold.get(exchange)?)?;
        }
        for blocklist in &self.blocklists {
            let name = blocklist.get(exchange)?;
            if !name.trim().is_empty() {
                rules.blocklists.push(Arc::from(name.trim()));
            }
        }
        Ok(rules)
    }
}

impl Rules {
    /// Adds a category. One that stands twice has the lower threshold.
    fn add_category(&mut self, category: Category, threshold: f64) -> Result<(), PolicyError> {
        if !(0.0..=f64::from(MOST_SEVERE)).contains(&threshold) {
            return Err(failure(&format!("the threshold is not between 0 and {MOST_SEVERE}.")));
        }
        // A severity is whole: it reaches 3.5 with 4.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Between 0 and 7.
        let threshold = threshold.ceil() as u8;
        match self.categories.iter_mut().find(|(known, _)| *known == category) {
            Some((_, known)) => *known = threshold.min(*known),
            None => self.categories.push((category, threshold)),
        }
        Ok(())
    }
}

const DEFAULT_CHARACTERS: f64 = 10_000.0;
const DEFAULT_SIZE: Number = Number::Constant(DEFAULT_CHARACTERS);

/// A window; none when the overlap is as large as it.
fn window(size: f64, overlap: f64) -> Option<WindowSize> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates.
    let (size, overlap) = (size as usize, overlap as usize);
    WindowSize::new(size.min(MOST_CHARACTERS), overlap)
}
