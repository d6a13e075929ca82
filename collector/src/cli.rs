//! The command line. The only room that prints; every command calls a function of [`crate::app`] and
//! shows what it gives, as a table or, with `--json`, as the JSON of REST.

mod access;
mod advisories;
mod api_tokens;
mod assets;
mod audit;
mod check;
mod classes;
mod data_sets;
mod export;
mod filter;
mod findings;
mod imports;
mod init;
mod output;
mod owners;
mod reports;
mod risks;
mod rules;
mod server;
mod software;
mod units;
mod users;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::app::App;
use crate::app::access::{self as rights, Actor};
use crate::config::Config;
use crate::failure::{Exit, Failure};
use crate::{clock, data_directory};
use output::Output;

/// What can be done.
#[derive(Debug, Parser)]
#[command(
    name = "belfort-collector",
    version,
    about = "Belfort's collector: assets, owners, classes, findings and risks",
    long_about = "Belfort's collector takes the reports of agents and keeps the register: every asset \
        with its owner and class, what is not as it should be, and what that means as a risk.",
    after_help = "Examples:\n  \
        belfort-collector init --name collector.example\n  \
        belfort-collector serve\n  \
        belfort-collector token create --label \"laptops Burgerzaken\" --unit BZ --uses 50 --expires 48h\n  \
        belfort-collector asset list --json\n\n\
        Exit codes: 0 done, 1 unexpected, 2 wrong command line, 3 wrong configuration, 4 keys or data \
        damaged or insecure, 5 not set up yet, 6 database not available, 7 refused, 8 wrong value."
)]
struct Cli {
    /// Where configuration, keys and (with SQLite) the database lie
    #[arg(
        long,
        global = true,
        value_name = "DIRECTORY",
        env = "BELFORT_COLLECTOR_DATA",
        default_value = "/var/lib/belfort-collector"
    )]
    data: PathBuf,
    /// Use this database instead of the configured one: `sqlite:PATH` or `postgres://…`
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "BELFORT_DATABASE",
        hide_env_values = true
    )]
    database: Option<String>,
    /// Act as the user of an API token instead of as the machine's administrator: a file with the token
    #[arg(long, global = true, value_name = "FILE", env = "BELFORT_TOKEN_FILE")]
    token_file: Option<PathBuf>,
    /// Print JSON instead of a table
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Set up a collector: keys, certificate authority, database and first administrator
    Init(init::Init),
    /// Serve agents and people until told to stop
    Serve,
    /// Say whether configuration, keys and database are in order
    Check,
    /// Enrolment tokens: what admits devices
    #[command(subcommand)]
    Token(access::Token),
    /// Agents: identities on devices
    #[command(subcommand)]
    Agent(access::Agent),
    /// Users of the collector
    #[command(subcommand)]
    User(users::User),
    /// API tokens: what programs identify themselves with
    #[command(subcommand, name = "api-token")]
    ApiToken(api_tokens::ApiToken),
    /// Organisational units
    #[command(subcommand)]
    Unit(units::Unit),
    /// Assets
    #[command(subcommand)]
    Asset(assets::Asset),
    /// Who answers for an asset
    #[command(subcommand)]
    Owner(owners::Owner),
    /// Classify an asset or a data set by availability, integrity and confidentiality
    Classify(classes::Classify),
    /// Classifications: confirmed, reviewed, and the schemes they are worded in
    #[command(subcommand)]
    Class(classes::Class),
    /// Data sets, and where they live
    #[command(subcommand)]
    Dataset(data_sets::Dataset),
    /// Assignment rules: what gives assets their owner, class, data, labels and site
    #[command(subcommand)]
    Rule(rules::Rule),
    /// Import assets, units or inventories from files, with a preview
    #[command(subcommand)]
    Import(imports::Import),
    /// Findings: what is not as it should be
    #[command(subcommand)]
    Finding(findings::Finding),
    /// Software: what is installed, and what may be
    #[command(subcommand)]
    Software(software::Software),
    /// The risk register
    #[command(subcommand)]
    Risk(risks::Risk),
    /// Actions against risks
    #[command(subcommand)]
    Action(work::Action),
    /// Meetings that take decisions
    #[command(subcommand)]
    Meeting(work::Meeting),
    /// Exceptions: findings that are let be until a date
    #[command(subcommand)]
    Exception(work::Exception),
    /// Key figures K1 to K16
    #[command(subcommand)]
    Kpi(reports::Kpi),
    /// Monthly reports for the CI meeting
    #[command(subcommand)]
    Report(reports::Report),
    /// Write assets, findings or risks to a file
    #[command(subcommand)]
    Export(export::Export),
    /// Advisory data: known vulnerabilities and the end of support
    #[command(subcommand)]
    Advisories(advisories::Advisories),
    /// The audit log
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Evaluate what is due now, as the server does by itself
    Evaluate(findings::Evaluate),
    /// Print the description of the REST API (OpenAPI)
    Openapi,
    /// Print a completion script
    #[command(
        after_help = "Example:\n  belfort-collector completion bash > /etc/bash_completion.d/belfort-collector"
    )]
    Completion {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    #[command(after_help = "Example:\n  belfort-collector man | man -l -")]
    Man,
}

/// What every command works with.
struct Context {
    data: PathBuf,
    database: Option<String>,
    token_file: Option<PathBuf>,
    output: Output,
}

impl Context {
    fn config(&self) -> Result<Config, Failure> {
        let mut config = Config::read(&self.data)?;
        if let Some(database) = &self.database {
            config.database.clone_from(database);
        }
        Ok(config)
    }

    fn app(&self) -> Result<App, Failure> {
        data_directory::open_app(&self.data, &self.config()?)
    }

    /// The application and whoever runs the command: the user of the API token, where one is given.
    fn acting(&self) -> Result<(App, Actor), Failure> {
        let app = self.app()?;
        let Some(path) = &self.token_file else {
            return Ok((app, rights::local()));
        };
        let token = std::fs::read_to_string(path).map_err(|error| {
            Failure::bad_input(format!("--token-file {}: {error}", path.display()))
        })?;
        let Some(actor) = app.actor_by_api_token(token.trim(), clock::now())? else {
            let reason = format!(
                "the API token in {} is not valid: it is unknown, revoked or past its end, \
                 or its user did not log in at the identity provider for too long; \
                 `belfort-collector api-token create` makes one",
                path.display()
            );
            return Err(Failure::new(Exit::Refused, anyhow::anyhow!(reason)));
        };
        Ok((app, actor))
    }
}

/// Runs the command line; the exit codes are those of [`crate::failure::Exit`].
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let context = Context {
        data: cli.data,
        database: cli.database,
        token_file: cli.token_file,
        output: Output::new(cli.json),
    };
    match run(&context, cli.command) {
        Ok(code) => code,
        Err(failure) => {
            output::failure(&failure);
            ExitCode::from(failure.exit as u8)
        }
    }
}

fn run(context: &Context, command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Init(init) => init.run(context)?,
        Command::Serve => server::run(context)?,
        Command::Check => return check::run(context),
        Command::Token(token) => token.run(context)?,
        Command::Agent(agent) => agent.run(context)?,
        Command::User(user) => user.run(context)?,
        Command::ApiToken(token) => token.run(context)?,
        Command::Unit(unit) => unit.run(context)?,
        Command::Asset(asset) => asset.run(context)?,
        Command::Owner(owner) => owner.run(context)?,
        Command::Classify(classify) => classify.run(context)?,
        Command::Class(class) => class.run(context)?,
        Command::Dataset(dataset) => dataset.run(context)?,
        Command::Rule(rule) => rule.run(context)?,
        Command::Import(import) => import.run(context)?,
        Command::Finding(finding) => finding.run(context)?,
        Command::Software(software) => software.run(context)?,
        Command::Risk(risk) => risk.run(context)?,
        Command::Kpi(kpi) => kpi.run(context)?,
        Command::Report(report) => return report.run(context),
        Command::Action(action) => action.run(context)?,
        Command::Meeting(meeting) => meeting.run(context)?,
        Command::Exception(exception) => exception.run(context)?,
        Command::Export(export) => export.run(context)?,
        Command::Advisories(advisories) => advisories.run(context)?,
        Command::Audit(audit) => return audit.run(context),
        Command::Evaluate(evaluate) => evaluate.run(context)?,
        Command::Openapi => {
            let description = crate::rest::openapi_json()
                .ok_or_else(|| anyhow::anyhow!("the description cannot be written as JSON"))?;
            output::bytes(format!("{description}\n").as_bytes())?;
        }
        Command::Completion { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "belfort-collector", &mut script);
            output::bytes(&script)?;
        }
        Command::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command())
                .render(&mut page)
                .map_err(|error| anyhow::anyhow!(error))?;
            output::bytes(&page)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What only shows when a command is used.
    #[test]
    fn every_command_is_well_formed() {
        Cli::command().debug_assert();
    }
}
