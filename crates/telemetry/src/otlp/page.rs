//! The page of metrics, read back: whoever is sent metrics sees exactly what a scraper sees.

/// A family with its samples.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Family<'p> {
    pub(super) name: &'p str,
    pub(super) help: &'p str,
    pub(super) unit: Option<&'p str>,
    /// `counter`, `gauge`, `histogram`, `summary` or `info`.
    pub(super) kind: &'p str,
    pub(super) samples: Vec<Sample<'p>>,
}

/// One line of a family.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Sample<'p> {
    /// What its name has behind that of the family, such as `_total`.
    pub(super) suffix: &'p str,
    pub(super) labels: Vec<(&'p str, String)>,
    /// The value as it is written.
    pub(super) value: &'p str,
}

/// Reads the OpenMetrics text that this process writes. Lines that are not understood are left out.
pub(super) fn families(page: &str) -> Vec<Family<'_>> {
    let mut families: Vec<Family<'_>> = Vec::new();
    for line in page.lines() {
        match line.strip_prefix("# ") {
            Some(comment) => describe(&mut families, comment),
            None => {
                let Some(family) = families.last_mut() else { continue };
                family.samples.extend(sample(family.name, line));
            }
        }
    }
    families
}

fn describe<'p>(families: &mut Vec<Family<'p>>, comment: &'p str) {
    let mut words = comment.splitn(3, ' ');
    let (Some(what), Some(name), Some(text)) = (words.next(), words.next(), words.next()) else { return };
    if families.last().is_none_or(|family| family.name != name) {
        families.push(Family { name, ..Family::default() });
    }
    let Some(family) = families.last_mut() else { return };
    match what {
        "HELP" => family.help = text,
        "TYPE" => family.kind = text,
        "UNIT" => family.unit = Some(text),
        _ => {}
    }
}

fn sample<'p>(family: &str, line: &'p str) -> Option<Sample<'p>> {
    let rest = line.strip_prefix(family)?;
    let (suffix, labels, value) = match rest.split_once('{') {
        Some((suffix, rest)) => {
            let (labels, rest) = labels(rest)?;
            (suffix, labels, rest)
        }
        None => {
            let (suffix, value) = rest.split_once(' ')?;
            (suffix, Vec::new(), value)
        }
    };
    let value = value.trim_start().split(' ').next()?;
    Some(Sample { suffix, labels, value })
}

/// The labels behind the opening brace, and what is behind the closing one.
fn labels(mut rest: &str) -> Option<(Vec<(&str, String)>, &str)> {
    let mut labels = Vec::new();
    loop {
        if let Some(rest) = rest.strip_prefix('}') {
            return Some((labels, rest));
        }
        let (name, quoted) = rest.strip_prefix(',').unwrap_or(rest).split_once("=\"")?;
        let (value, behind) = unescaped(quoted)?;
        labels.push((name, value));
        rest = behind;
    }
}

/// A value until its closing quote, and what is behind that.
fn unescaped(quoted: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, quoted.get(at + 1..)?)),
            '\\' => value.push(match characters.next()?.1 {
                'n' => '\n',
                other => other,
            }),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read() {
        let page = "# HELP a What a is.\n# TYPE a counter\na_total{x=\"1\\\"}\\\\\\n\",y=\"\"} 7\na_total 8\n\
                    # HELP b_seconds B.\n# TYPE b_seconds histogram\n# UNIT b_seconds seconds\n\
                    b_seconds_bucket{le=\"+Inf\"} 1\nnonsense{\n# EOF\n";
        let read = families(page);
        assert_eq!(
            (read[0].name, read[0].help, read[0].kind, read[0].unit),
            ("a", "What a is.", "counter", None)
        );
        let labels = vec![("x", "1\"}\\\n".to_owned()), ("y", String::new())];
        assert_eq!(read[0].samples[0], Sample { suffix: "_total", labels, value: "7" });
        assert_eq!(read[0].samples[1], Sample { suffix: "_total", labels: Vec::new(), value: "8" });
        assert_eq!((read[1].kind, read[1].unit, read[1].samples.len()), ("histogram", Some("seconds"), 1));
    }
}
