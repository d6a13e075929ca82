//! Generates what is committed: the protobuf code of `proto/` and the reference of the REST API. Checks
//! that it is current.
//!
//! The compiler is protox, in pure Rust, so that nobody needs `protoc`; the output is committed, so
//! that building Belfort needs neither.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use prost::Message as _;
use prost_types::FileDescriptorSet;

mod sections;

const FILES: &[&str] = &[
    "belfort/enrolment/v1/enrolment.proto",
    "belfort/inventory/v1/hardware.proto",
    "belfort/inventory/v1/section.proto",
    "belfort/inventory/v1/software.proto",
    "belfort/report/v1/report.proto",
];

/// Writes the generated files into `proto/src/gen`.
pub(crate) fn write(root: &Path) -> Result<()> {
    let target = root.join("proto/src/gen");
    std::fs::create_dir_all(&target).context("create proto/src/gen")?;
    generate(root, &target)?;
    for (path, content) in reference(root)? {
        std::fs::write(root.join(path), content).with_context(|| format!("write {path}"))?;
    }
    Ok(())
}

/// The reference pages that are generated, with what they should hold. What the collector says of
/// itself is asked of it, built from the schema that was just generated.
fn reference(root: &Path) -> Result<Vec<(&'static str, Vec<u8>)>> {
    Ok(vec![
        ("docs/reference/sections.md", sections::page(&compile(root)?)?.into_bytes()),
        ("docs/reference/openapi.json", collector(root, &["openapi"])?),
        ("docs/reference/findings.md", findings(root)?.into_bytes()),
        ("docs/reference/conditions.md", conditions(root)?.into_bytes()),
    ])
}

/// What the collector prints. The data directory does not exist, so that no machine's own set-up shows.
fn collector(root: &Path, arguments: &[&str]) -> Result<Vec<u8>> {
    let nowhere = root.join("target/codegen/nowhere");
    let output = std::process::Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--package", "belfort-collector", "--"])
        .args(arguments)
        .current_dir(root)
        .env("BELFORT_COLLECTOR_DATA", nowhere)
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("run the collector")?;
    if !output.status.success() {
        bail!("`belfort-collector {}` failed", arguments.join(" "));
    }
    Ok(output.stdout)
}

/// The catalogue as a page.
fn findings(root: &Path) -> Result<String> {
    let json = collector(root, &["finding", "kinds", "--json"])?;
    let json: serde_json::Value = serde_json::from_slice(&json).context("read the catalogue")?;
    let mut page = "# Findings\n\nGenerated from `collector/assess/data/*.toml` by \
        `cargo xtask codegen`. L is the suggested likelihood, 1 to 5; CyFun 2023 is cited by subcategory.\n\n\
        | code | title | L | BIV | scenario | CyFun 2025 | CyFun 2023 | ISO 27001 | other |\n\
        | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    let kinds = json.get("items").and_then(serde_json::Value::as_array);
    for kind in kinds.context("the catalogue has no items")? {
        let text = |key| kind.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
        let list = |key| {
            let list = kind.get(key).and_then(serde_json::Value::as_array);
            let list = list.into_iter().flatten().filter_map(serde_json::Value::as_str);
            list.collect::<Vec<_>>().join(", ")
        };
        let likelihood = kind.get("likelihood").and_then(serde_json::Value::as_u64);
        let cells = [
            format!("`{}`", text("code")),
            text("title_nl").to_owned(),
            likelihood.unwrap_or_default().to_string(),
            text("dimensions").to_owned(),
            text("scenario").to_owned(),
            list("cyfun_2025"),
            list("cyfun_2023"),
            list("iso_27001"),
            list("other"),
        ];
        page.push_str("| ");
        page.push_str(&cells.join(" | "));
        page.push_str(" |\n");
    }
    Ok(page)
}

/// What a condition can name, as a page.
fn conditions(root: &Path) -> Result<String> {
    let json = collector(root, &["finding", "fields", "--json"])?;
    let json: serde_json::Value = serde_json::from_slice(&json).context("read the fields")?;
    let mut page = "# What a condition can name\n\nGenerated from `collector/assess/src/condition/fields.rs` \
        by `cargo xtask codegen`. A field whose value is not known makes what needs it unknown; \
        `has(device.model)` asks whether it is known. `docs/guides/add-a-finding.md` shows conditions.\n\n\
        | field | value | what |\n| --- | --- | --- |\n"
        .to_owned();
    let fields = json.get("items").and_then(serde_json::Value::as_array);
    for field in fields.context("there are no fields")? {
        let text = |key| field.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
        let (name, sort, about) = (text("field"), text("sort"), text("about"));
        page.push_str(&["| `", name, "` | ", sort, " | ", about, " |\n"].concat());
    }
    Ok(page)
}

/// Fails when the committed files differ from what the schema gives.
pub(crate) fn check(root: &Path) -> Result<()> {
    let fresh = root.join("target/codegen");
    if fresh.exists() {
        std::fs::remove_dir_all(&fresh).context("clear target/codegen")?;
    }
    std::fs::create_dir_all(&fresh).context("create target/codegen")?;
    generate(root, &fresh)?;
    let committed = root.join("proto/src/gen");
    let (fresh_names, committed_names) = (names(&fresh)?, names(&committed)?);
    if fresh_names != committed_names {
        bail!("proto/src/gen holds other files than the schema gives: run `cargo xtask codegen`");
    }
    for name in fresh_names {
        if std::fs::read(fresh.join(&name))? != std::fs::read(committed.join(&name))? {
            bail!(
                "proto/src/gen/{} is not what the schema gives: run `cargo xtask codegen`",
                name.display()
            );
        }
    }
    for (path, content) in reference(root)? {
        if content != std::fs::read(root.join(path)).with_context(|| format!("read {path}"))? {
            bail!("{path} is not current: run `cargo xtask codegen`");
        }
    }
    Ok(())
}

fn names(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut names = std::fs::read_dir(directory)
        .with_context(|| format!("list {}", directory.display()))?
        .map(|entry| Ok(PathBuf::from(entry?.file_name())))
        .collect::<Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

fn compile(root: &Path) -> Result<FileDescriptorSet> {
    protox::compile(FILES, [root.join("proto/proto")]).context("compile the schema in proto/proto")
}

fn generate(root: &Path, target: &Path) -> Result<()> {
    let mut descriptors = compile(root)?;
    tonic_prost_build::configure()
        .out_dir(target)
        .build_client(true)
        .build_server(true)
        .build_transport(false)
        .client_mod_attribute(".", "#[cfg(feature = \"client\")]")
        .server_mod_attribute(".", "#[cfg(feature = \"server\")]")
        .compile_fds(descriptors.clone())
        .context("generate Rust code from the schema")?;
    // Comments are for the generated code; at run time only names and types are needed.
    for file in &mut descriptors.file {
        file.source_code_info = None;
    }
    std::fs::write(target.join("descriptors.bin"), descriptors.encode_to_vec())
        .context("write the descriptors")
}
