//! Variables of URL templates.

use crate::model::TemplateParameter;

/// The template with a slash at its start.
pub(crate) fn rooted(template: String) -> String {
    if template.starts_with('/') { template } else { format!("/{template}") }
}

/// The names of the variables in a template, in their order: `{name}` and `{*name}`.
pub(crate) fn variables(template: &str) -> impl Iterator<Item = &str> {
    let mut rest = template;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once('{')?;
        let (name, tail) = after.split_once('}')?;
        rest = tail;
        Some(name.trim_start_matches('*'))
    })
}

/// One parameter for each variable of the template, with what is known about it from `given`.
pub(crate) fn parameters(template: &str, given: Vec<TemplateParameter>) -> Vec<TemplateParameter> {
    let mut out: Vec<TemplateParameter> = Vec::new();
    for name in variables(template) {
        if out.iter().any(|parameter| parameter.name == name) {
            continue;
        }
        let known = given.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name)).cloned();
        out.push(known.unwrap_or_else(|| TemplateParameter {
            name: name.to_owned(),
            value_type: "string".to_owned(),
            required: true,
        }));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_gets_a_parameter() {
        let given = vec![TemplateParameter {
            name: "id".to_owned(),
            value_type: "integer".to_owned(),
            required: true,
        }];
        let found = parameters("/a/{id}/{*rest}?v={v}&x={id}", given);
        let names: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.value_type.as_str())).collect();
        assert_eq!(names, [("id", "integer"), ("rest", "string"), ("v", "string")]);
    }
}
