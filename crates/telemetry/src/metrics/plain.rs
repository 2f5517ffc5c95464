//! The page in the older text format of Prometheus (0.0.4), for whoever does not ask for OpenMetrics.

/// The content type of [`plain`].
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// An OpenMetrics page in the older format: counters are described under the names of their samples, `info` is a gauge,
/// and there are neither units nor an end. Samples stay as they are.
pub(super) fn plain(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    // The help of a family comes before its type, which decides the name that both are told under.
    let mut help = None;
    for line in page.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("HELP"), Some(name), Some(text)) => help = Some((name, text)),
            (Some("#"), Some("TYPE"), Some(name), Some(kind)) => {
                let (suffix, kind) = match kind {
                    "counter" => ("_total", kind),
                    "info" => ("_info", "gauge"),
                    other => ("", other),
                };
                if let Some((_, text)) = help.take().filter(|(described, _)| *described == name) {
                    out.extend(["# HELP ", name, suffix, " ", text, "\n"]);
                }
                out.extend(["# TYPE ", name, suffix, " ", kind, "\n"]);
            }
            (Some("#"), ..) => {}
            _ => out.extend([line, "\n"]),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_of_the_older_format() {
        let page = "# HELP a What a is.\n# TYPE a counter\na_total{x=\"# HELP\"} 7\n\
                    # HELP b B.\n# TYPE b info\nb_info{v=\"1\"} 1\n\
                    # HELP c_seconds C.\n# TYPE c_seconds histogram\n# UNIT c_seconds seconds\nc_seconds_sum 1\n# EOF\n";
        let expected = "# HELP a_total What a is.\n# TYPE a_total counter\na_total{x=\"# HELP\"} 7\n\
                        # HELP b_info B.\n# TYPE b_info gauge\nb_info{v=\"1\"} 1\n\
                        # HELP c_seconds C.\n# TYPE c_seconds histogram\nc_seconds_sum 1\n";
        assert_eq!(plain(page), expected);
    }
}
