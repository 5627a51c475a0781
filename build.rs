//! Copies the voices of the crate `ttspico-sys` to where `src/speech/pico/lingware.rs` embeds them.
//!
//! That crate ships the voice files beside its C sources, but its build script does not say where, so cargo is
//! asked where it keeps the crate: in its registry or in a vendor folder. It is asked offline, and about a package
//! that needs nothing but this crate: about this package it could not answer on a machine that has only fetched what
//! a build needs, and not what the tests need. Where cargo cannot answer, the environment variable
//! `RADIOPLAY_PICO_VOICES` names the folder instead.

//!
//! It also tells the program apart from other builds of it, workshop by workshop: the cache must not hand out what
//! another version made ([`MAKERS`]).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The folder that holds the voice files, for builds in which cargo cannot be asked.
const OVERRIDE: &str = "RADIOPLAY_PICO_VOICES";

/// Every voice: its text analysis (`ta`) and its signal generation (`sg`).
const FILES: [&str; 12] = [
    "de-DE_gl0_sg.bin",
    "de-DE_ta.bin",
    "en-GB_kh0_sg.bin",
    "en-GB_ta.bin",
    "en-US_lh0_sg.bin",
    "en-US_ta.bin",
    "es-ES_ta.bin",
    "es-ES_zl0_sg.bin",
    "fr-FR_nk0_sg.bin",
    "fr-FR_ta.bin",
    "it-IT_cm0_sg.bin",
    "it-IT_ta.bin",
];

/// What decides how something sounds: the variable that holds its digest, the modules that make it, and the crates.
/// `src/cache/key.rs` reads them.
const MAKERS: [(&str, &[&str], &[&str]); 4] = [
    ("RADIOPLAY_SPEECH", &["audio", "cuesheet", "dsp", "speech", "units"], &["libm", "ttspico-sys"]),
    ("RADIOPLAY_SOUND", &["audio", "cuesheet", "dsp", "document", "sound", "units"], &["libm", "symphonia"]),
    ("RADIOPLAY_MIX", &["audio", "dsp", "mix", "routing", "staging", "timeline", "units"], &["libm"]),
    (
        "RADIOPLAY_MASTER",
        &["audio", "dsp", "export", "master", "mix", "routing", "staging", "timeline", "units"],
        &["flac-codec", "hound", "id3", "libm", "mp3lame", "opus-pure", "quick-xml", "serde_json", "zip"],
    ),
];

/// The package cargo is asked about.
const ASKING: &str = r#"
[package]
name = "asking"
version = "0.0.0"
edition = "2024"

[dependencies]
ttspico-sys = "=0.1.5"

[workspace]
"#;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=Cargo.lock");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-env-changed={OVERRIDE}");
    for (variable, modules, crates) in MAKERS {
        match digest(modules, crates) {
            Ok(digest) => println!("cargo::rustc-env={variable}={digest:016x}"),
            Err(why) => println!("cargo::error=the sources cannot be read: {why}"),
        }
    }
    if let Err(why) = copy_voices() {
        println!("cargo::error=the voices of `ttspico-sys` were not found: {why}");
        println!("cargo::error=set {OVERRIDE} to the folder `build/pico/lang` of that crate's sources");
    }
}

/// A digest of the modules' sources, and of the versions of all crates whose names begin with those of `crates`.
fn digest(modules: &[&str], crates: &[&str]) -> Result<u64, String> {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let mut files = Vec::new();
    let mut open: Vec<PathBuf> = modules
        .iter()
        .flat_map(|module| [root.join("src").join(module), root.join("src").join(format!("{module}.rs"))])
        .collect();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let listed = fs::read_dir(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            open.extend(listed.flatten().map(|entry| entry.path()));
        } else if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    // FNV-1a, by G. Fowler, L. C. Noll and K.-P. Vo: telling builds apart asks for no more.
    let mut add = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    };
    for file in files {
        let name = file.strip_prefix(&root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        add(name.as_bytes());
        // Whether lines end as on Windows makes no difference.
        let text = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        add(text.replace("\r\n", "\n").as_bytes());
    }
    let lock = fs::read_to_string(root.join("Cargo.lock")).unwrap_or_default();
    for package in lock.replace("\r\n", "\n").split("\n\n") {
        let name = package.lines().find_map(|line| line.strip_prefix("name = \""));
        if name.is_some_and(|name| crates.iter().any(|wanted| name.starts_with(wanted))) {
            package.lines().filter(|line| !line.starts_with("source")).for_each(|line| add(line.as_bytes()));
        }
    }
    Ok(hash)
}

fn copy_voices() -> Result<(), String> {
    let from = match env::var_os(OVERRIDE) {
        Some(folder) => PathBuf::from(folder),
        None => crate_folder()?.join("build").join("pico").join("lang"),
    };
    let to = PathBuf::from(variable("OUT_DIR")?);
    for file in FILES {
        let source = from.join(file);
        // Read and written rather than copied: a copy would keep the read-only flag of a vendored file, and the
        // next run could not replace it.
        let bytes = fs::read(&source).map_err(|e| format!("{}: {e}", source.display()))?;
        fs::write(to.join(file), bytes).map_err(|e| format!("{}: {e}", to.join(file).display()))?;
    }
    Ok(())
}

/// Asks cargo where the sources of `ttspico-sys` are.
fn crate_folder() -> Result<PathBuf, String> {
    let asking = Path::new(&variable("OUT_DIR")?).join("asking");
    let write = |path: &str, text: &str| {
        let path = asking.join(path);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| fs::write(&path, text)).map_err(|e| format!("{}: {e}", path.display()))
    };
    write("Cargo.toml", ASKING)?;
    write("src/lib.rs", "")?;
    let output = Command::new(variable("CARGO")?)
        .args(["metadata", "--format-version=1", "--offline", "--filter-platform"])
        .arg(variable("TARGET")?)
        .arg("--manifest-path")
        .arg(asking.join("Cargo.toml"))
        // Where a configuration with vendored sources would be found.
        .current_dir(variable("CARGO_MANIFEST_DIR")?)
        .output()
        .map_err(|e| format!("`cargo metadata` did not start: {e}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`cargo metadata` said: {}", said.trim().replace('\n', "; ")));
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)
        .map_err(|e| format!("`cargo metadata` answered with something unreadable: {e}"))?;
    let packages = metadata["packages"].as_array().ok_or("`cargo metadata` lists no packages")?;
    packages
        .iter()
        .find(|package| package["name"] == "ttspico-sys")
        .and_then(|package| package["manifest_path"].as_str())
        .and_then(|path| Path::new(path).parent())
        .map(Path::to_path_buf)
        .ok_or_else(|| "`cargo metadata` does not list it".to_owned())
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|e| format!("{name}: {e}"))
}
