//! Which module may know which: the table that keeps data flowing one way.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Modules by rank, lowest first. A module may name those of lower ranks only; those of one rank do not know each
/// other.
const RANKS: &[&[&str]] = &[
    &["units"],
    &["progress", "routing", "source", "staging"],
    &["audio", "diag"],
    &["document", "dsp", "host"],
    &["script", "spool"],
    &["cache"],
    &["sound", "speech"],
    &["cuesheet"],
    &["timeline"],
    &["mix"],
    &["master"],
    &["export"],
    &["pipeline"],
    &["play"],
    &["cli"],
];

/// Every source file of the library, with the top-level module it belongs to.
fn files() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("src can be read") {
            let path = entry.expect("src can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let inside = path.strip_prefix(&root).expect("it lies in src").to_owned();
                let first = inside.components().next().expect("a path has a first part");
                let module = first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned();
                let text = std::fs::read_to_string(&path).expect("sources are UTF-8");
                found.push((module, inside, text));
            }
        }
    }
    found
}

fn ranks() -> BTreeMap<&'static str, usize> {
    RANKS
        .iter()
        .enumerate()
        .flat_map(|(rank, modules)| modules.iter().map(move |module| (*module, rank)))
        .collect()
}

#[test]
fn every_module_knows_only_lower_ones() {
    let ranks = ranks();
    let mut wrong = Vec::new();
    for (module, path, text) in files() {
        if module == "lib" || module == "main" {
            continue;
        }
        let own = *ranks.get(module.as_str()).unwrap_or_else(|| panic!("`{module}` is in no rank"));
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            for rest in code.split("crate::").skip(1) {
                let named: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                // `use crate::{a, b}` would hide names from this scan.
                let other = ranks.get(named.as_str());
                if other.is_none_or(|&rank| rank > own || (rank == own && named != module)) {
                    wrong.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
                }
            }
            if code.contains("super::super") {
                wrong.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "upward or sideways paths:\n{}", wrong.join("\n"));
}

#[test]
fn every_ranked_module_exists_and_no_other() {
    let modules: std::collections::BTreeSet<String> =
        files().into_iter().map(|file| file.0).filter(|module| module != "lib" && module != "main").collect();
    let ranked: std::collections::BTreeSet<String> =
        ranks().keys().map(|module| (*module).to_owned()).collect();
    assert_eq!(modules, ranked);
}

/// Only these name the file system, only this prints: everybody else asks them.
#[test]
fn only_the_doors_are_doors() {
    let doors: &[(&str, &[&str])] = &[
        ("File::open", &["cache", "host", "spool"]),
        ("OpenOptions", &["host"]),
        ("fs::read(", &["host"]),
        ("fs::read_to_string", &["host"]),
        ("fs::read_dir", &["cache", "host", "cli"]),
        ("fs::write", &["host", "cli", "speech"]),
        ("println!", &["cli"]),
        ("TcpStream", &[]),
        ("Command::new", &["cli", "host"]),
        ("rodio::", &["play"]),
    ];
    let mut wrong = Vec::new();
    for (module, path, text) in files() {
        let code = text.split("#[cfg(test)]").next().unwrap_or("");
        for (call, allowed) in doors {
            if code.contains(call) && !allowed.contains(&module.as_str()) {
                wrong.push(format!("{}: {call}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "calls outside their module:\n{}", wrong.join("\n"));
}
