//! The command line: what can be asked, what is printed, how the program ends.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use belfort_agent_sys::files::Root;
use belfort_agent_sys::host;
use belfort_proto::inventory::v1::SectionKind;
use belfort_proto::section;
use clap::{Args, CommandFactory as _, Parser, Subcommand};

use crate::config::{self, Config};
use crate::policy::Policy;
use crate::probe::Host;
use crate::state;

mod doctor;
mod enroll;
mod exit;
mod once;
mod run;
mod show;
mod status;
mod yaml;

pub use exit::{Exit, Failure};

/// Reads this device's inventory and reports it to a Belfort collector
#[derive(Debug, Parser)]
#[command(
    name = "belfort-agent",
    version,
    after_help = exit::HELP,
    after_long_help = exit::HELP,
    propagate_version = true
)]
struct Cli {
    /// Directory of the agent's state
    #[arg(long, global = true, value_name = "DIR", default_value = state::PATH_DEFAULT)]
    state: PathBuf,
    /// Configuration of this device, optional: it can only restrict what is collected
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        long_help = "Configuration of this device, optional: it can only restrict what is collected \
                     [default: /etc/belfort/agent.toml]\n\n\
                     Keys:\n  ip_prefixes  = [\"10.0.0.0/8\"]  report addresses only inside these, and \
                     inside those of the collector\n  sections_off = [\"accounts\"]    do not collect \
                     these sections\n  fields_off   = [\"system.serial\"]  do not collect these \
                     fields\n  user_identity = \"off\"          name the last user at most so: \
                     off or pseudonym"
    )]
    config: Option<PathBuf>,
    /// For tools: read this directory instead of the running system; the kernel is not asked. Only
    /// where nothing is sent
    #[arg(long, global = true, hide = true, value_name = "DIR")]
    root: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print exactly what would be sent; needs no root and no enrolment
    #[command(after_help = "Examples:\n  belfort-agent show\n  belfort-agent show --section \
                            packages --section storage\n  belfort-agent show --json | jq \
                            .sections.system.content")]
    Show(ShowArgs),
    /// Get an identity from a collector with a token
    #[command(after_help = "Examples:\n  belfort-agent enroll --collector \
                            https://collector.example:8444 --token-file token.txt\n  \
                            BELFORT_TOKEN=bft1.… belfort-agent enroll --collector \
                            https://collector.example:8444 --if-needed\n\nA token on the command \
                            line is visible to other users of the machine: prefer the file or the \
                            environment.")]
    Enroll(EnrollArgs),
    /// Make one full pass and check in
    #[command(after_help = "Examples:\n  belfort-agent once\n  belfort-agent once --json\n  \
                            belfort-agent once --dry-run")]
    Once(OnceArgs),
    /// Check in again and again until stopped; this is what the service runs
    #[command(after_help = "Examples:\n  belfort-agent run\n  belfort-agent run --interval 60")]
    Run(RunArgs),
    /// Say whether the device is enrolled, how the last check-in went, and what the service costs
    #[command(after_help = "Examples:\n  belfort-agent status\n  belfort-agent status --json")]
    Status(StatusArgs),
    /// Run every probe once and explain what is missing, denied or slow, and what to do
    #[command(
        after_help = "Examples:\n  belfort-agent doctor\n  belfort-agent doctor --json | jq \
                            '.findings[] | select(.verdict == \"attention\")'\n\nEnds with exit code \
                            9 when something needs attention. Run it as root to see what the service \
                            sees."
    )]
    Doctor(DoctorArgs),
    /// Print the completion script of a shell
    #[command(after_help = "Example:\n  belfort-agent completion bash > \
                            /usr/share/bash-completion/completions/belfort-agent")]
    Completion {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    #[command(after_help = "Example:\n  belfort-agent man | man -l -")]
    Man,
}

#[derive(Debug, Args)]
struct ShowArgs {
    /// Only this section; can be given several times
    #[arg(long, value_name = "S", value_parser = section_kind)]
    section: Vec<SectionKind>,
    /// As JSON instead of YAML
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct EnrollArgs {
    /// The collector's enrolment address
    #[arg(long, value_name = "https://HOST:PORT")]
    collector: String,
    /// The token, as the collector printed it
    #[arg(long, env = "BELFORT_TOKEN", hide_env_values = true, conflicts_with = "token_file")]
    token: Option<String>,
    /// A file with the token
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Do nothing when the device is enrolled already
    #[arg(long, conflicts_with = "again")]
    if_needed: bool,
    /// Enrol although the device is enrolled already: a new key replaces the old one
    #[arg(long)]
    again: bool,
}

#[derive(Debug, Args)]
struct OnceArgs {
    /// As JSON
    #[arg(long)]
    json: bool,
    /// Make the pass, encode and compress every section, and print sizes and what the pass cost; nothing is sent
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
struct RunArgs {
    /// Check in this often instead of as the collector says
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    interval: Option<u64>,
}

#[derive(Debug, Args)]
struct StatusArgs {
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct DoctorArgs {
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// What every command needs.
struct Context<'a> {
    state: &'a Path,
    config: Config,
    /// Read instead of the running system.
    root: Option<&'a Path>,
}

impl Context<'_> {
    /// What a pass reads: the running system, or the directory that was asked for.
    fn host(&self, policy: Policy) -> Result<Host, Failure> {
        let Some(root) = self.root else {
            return Ok(Host::system(policy));
        };
        let opened = Root::at(root)
            .map_err(|error| Failure::new(Exit::Input, format!("{}: {error}", root.display())))?;
        Ok(Host::at(opened, host::names(), policy))
    }
}

/// Runs the program and gives its exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse_from(std::env::args_os().collect::<Vec<OsString>>()) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; they go to standard output.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Ok.into() };
        }
    };
    match dispatch(&cli) {
        Ok(()) => Exit::Ok.into(),
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "belfort-agent: {failure}");
            failure.exit.into()
        }
    }
}

fn dispatch(cli: &Cli) -> Result<(), Failure> {
    match &cli.command {
        Command::Completion { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "belfort-agent", &mut script);
            return print(&script);
        }
        Command::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(Failure::output)?;
            return print(&page);
        }
        _ => {}
    }
    let path = cli.config.as_deref().unwrap_or(Path::new(config::PATH_DEFAULT));
    let config = Config::load(path, cli.config.is_some())?;
    let context = Context { state: &cli.state, config, root: cli.root.as_deref() };
    let sends = match &cli.command {
        Command::Show(_) => false,
        Command::Once(args) => !args.dry_run,
        _ => true,
    };
    if sends && cli.root.is_some() {
        return Err(Failure::new(Exit::Usage, "--root goes with `show` and `once --dry-run` only"));
    }
    match &cli.command {
        Command::Show(args) => show::show(&context, args),
        Command::Enroll(args) => enroll::enroll(&context, args),
        Command::Once(args) => once::once(&context, args),
        Command::Run(args) => run::run(&context, args.interval.map(Duration::from_secs)),
        Command::Status(args) => status::status(&context, args),
        Command::Doctor(args) => doctor::doctor(&context, args),
        Command::Completion { .. } | Command::Man => Ok(()),
    }
}

/// Writes to standard output. A reader that has gone away is no failure of ours.
fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::output(error)),
        _ => Ok(()),
    }
}

/// Prints a value as JSON in lines, or as YAML.
fn print_value(value: &serde_json::Value, json: bool) -> Result<(), Failure> {
    let text = if json {
        let mut text = serde_json::to_vec_pretty(value).map_err(Failure::output)?;
        text.push(b'\n');
        text
    } else {
        yaml::render(value).into_bytes()
    };
    print(&text)
}

/// A runtime for the commands that talk to the collector, on this thread alone.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::output)
}

fn section_kind(name: &str) -> Result<SectionKind, String> {
    section::kind_by_name(name).ok_or_else(|| {
        let names: Vec<_> =
            section::Section::KINDS.iter().map(|kind| section::name(*kind)).collect();
        format!("there is no such section; there are {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }
}
