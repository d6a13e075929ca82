//! Generates what is committed: the protobuf code of `proto/` and the reference of the REST API. Checks
//! that it is current.
//!
//! The compiler is protox, in pure Rust, so that nobody needs `protoc`; the output is committed, so
//! that building Belfort needs neither.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use prost::Message as _;

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
    std::fs::write(root.join(OPENAPI), openapi(root)?)
        .context("write the reference of the REST API")
}

/// Where the description of the REST API is committed.
const OPENAPI: &str = "docs/reference/openapi.json";

/// What the collector says of its API. Built from the schema that was just generated.
fn openapi(root: &Path) -> Result<Vec<u8>> {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--package", "belfort-collector", "--", "openapi"])
        .current_dir(root)
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("run the collector")?;
    if !output.status.success() {
        bail!("the collector cannot describe its API");
    }
    Ok(output.stdout)
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
    if openapi(root)? != std::fs::read(root.join(OPENAPI))? {
        bail!("{OPENAPI} is not what the collector says: run `cargo xtask codegen`");
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

fn generate(root: &Path, target: &Path) -> Result<()> {
    let mut descriptors = protox::compile(FILES, [root.join("proto/proto")])
        .context("compile the schema in proto/proto")?;
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
