//! The page for users says what is.

use crate::{Config, Fault, TokenCounting};

const PAGE: &str = include_str!("../../../../docs/simulator.md");

#[test]
fn configuration_of_the_page_is_one() {
    let (_, rest) = PAGE.split_once("```yaml\n").unwrap();
    let (yaml, _) = rest.split_once("```").unwrap();
    let config: Config = serde_saphyr::from_str(yaml).unwrap();
    assert_eq!(config.check(), Ok(()));
    assert_eq!(config.resources[0].deployments[0].tokens, TokenCounting::Bpe);
}

#[test]
fn faults_of_the_page_are_known_by_both_names() {
    let (_, rest) = PAGE.split_once("| part | member | effect |").unwrap();
    let rows = rest.lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut parts = 0;
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        if let Some(part) = cells[1].strip_prefix('`').and_then(|cell| cell.strip_suffix('`')) {
            let part = part.replace("=N", "=1").replace("=SEED", "=1");
            assert!(part.parse::<Fault>().is_ok(), "{part}");
            parts += 1;
        }
        for member in cells[2].split(", ").filter_map(|cell| cell.strip_prefix('`')?.strip_suffix('`')) {
            let value = match member {
                "deployment" => "\"x\"",
                "reset" | "hang" | "noUsage" | "alwaysUsage" => "true",
                _ => "1",
            };
            let fault = serde_json::from_str::<Fault>(&format!("{{\"{member}\":{value}}}"));
            assert!(fault.is_ok(), "{member}");
        }
    }
    assert_eq!(parts, 14);
}
