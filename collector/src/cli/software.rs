//! `software`: the catalogue, and what the organisation says of it.

use belfort_model::software::{Approval, LicenceType};
use belfort_store::record::SoftwareFilter;
use clap::{Args, Subcommand};

use super::Context;
use super::assets::Paging;
use crate::app::software::{SoftwareChange, VersionFilter};
use crate::clock;
use crate::failure::Failure;
use crate::view::{List, SoftwareFull, SoftwareView};

/// Software.
#[derive(Debug, Subcommand)]
pub(super) enum Software {
    /// List the catalogue, by name
    #[command(after_help = "Examples:\n  \
        belfort-collector software list --text openssl\n  \
        belfort-collector software list --approval denied --json")]
    List {
        /// Whose name or publisher contains this
        #[arg(long)]
        text: Option<String>,
        /// With this approval: approved, tolerated, denied or unknown
        #[arg(long)]
        approval: Option<Approval>,
        /// Of this ecosystem, for example deb
        #[arg(long)]
        ecosystem: Option<String>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show one entry, with the assets that have it
    #[command(after_help = "Examples:\n  \
        belfort-collector software show openssl\n  \
        belfort-collector software show deb:openssl --software-version '<3.0.15'\n  \
        belfort-collector software show deb:openssl --limit 1000 --json")]
    Show {
        /// Name, `ecosystem:name` or id
        software: String,
        /// Only assets with these versions: <3.0.15, <=, >=, > or one version exactly
        #[arg(long, value_name = "FILTER")]
        software_version: Option<VersionFilter>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Enter software that no device has yet, for example to deny it beforehand
    #[command(after_help = "Example:\n  belfort-collector software add deb anydesk")]
    Add {
        /// Ecosystem, for example deb
        ecosystem: String,
        /// Name in the ecosystem
        name: String,
    },
    /// Say that software may be used
    #[command(after_help = "Example:\n  \
        belfort-collector software approve deb:openssl --reason \"basisinstallatie\"")]
    Approve(Decide),
    /// Say that software may stay where it is for now
    #[command(after_help = "Example:\n  \
        belfort-collector software tolerate vlc --reason \"tot de migratie\"")]
    Tolerate(Decide),
    /// Say that software may not be used
    #[command(after_help = "Example:\n  \
        belfort-collector software deny anydesk --reason \"CI 2026-03: beheer op afstand\"")]
    Deny(Decide),
    /// Take back what was said
    #[command(after_help = "Example:\n  belfort-collector software undecide vlc")]
    Undecide(Decide),
    /// Say who makes it, what it is for, who looks after it
    #[command(after_help = "Example:\n  \
        belfort-collector software set postgresql-15 --purpose databank --responsible ICT \
        --licence open_source --eol postgresql")]
    Set(Set),
}

/// A decision.
#[derive(Debug, Args)]
pub(super) struct Decide {
    /// Name, `ecosystem:name` or id
    software: String,
    /// Why; needed for a denial
    #[arg(long, default_value = "")]
    reason: String,
}

/// What people say of software.
#[derive(Debug, Args)]
pub(super) struct Set {
    /// Name, `ecosystem:name` or id
    software: String,
    /// Who makes it
    #[arg(long)]
    publisher: Option<String>,
    /// What it is used for
    #[arg(long)]
    purpose: Option<String>,
    /// Kind of licence: `open_source`, `freeware`, `commercial`, `subscription`, `in_house` or `unknown`
    #[arg(long, value_name = "KIND")]
    licence: Option<LicenceType>,
    /// Code of the unit that looks after it; empty for none
    #[arg(long, value_name = "UNIT")]
    responsible: Option<String>,
    /// Code of the unit that answers for it; empty for none
    #[arg(long, value_name = "UNIT")]
    accountable: Option<String>,
    /// Its product in end-of-life data; empty for none
    #[arg(long, value_name = "PRODUCT")]
    eol: Option<String>,
}

impl Software {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::List { text, approval, ecosystem, paging } => {
                let filter =
                    SoftwareFilter { text, approval, ecosystem, ..SoftwareFilter::default() };
                list(context, filter, paging)
            }
            Self::Show { software, software_version, paging } => {
                let (app, actor) = context.acting()?;
                let id = app.software_by_text(&actor, &software)?.id;
                let shown = app.software(&actor, id, software_version.as_ref(), paging.page())?;
                let full = SoftwareFull::of(shown, &app.store.unit_list()?);
                context.output.one(&full, lines)
            }
            Self::Add { ecosystem, name } => {
                let (app, actor) = context.acting()?;
                let made = app.software_create(&actor, &ecosystem, &name, clock::now())?;
                context.output.done(&format!("entered {}:{}", made.ecosystem, made.name))
            }
            Self::Approve(decide) => decide.run(context, Approval::Approved),
            Self::Tolerate(decide) => decide.run(context, Approval::Tolerated),
            Self::Deny(decide) => decide.run(context, Approval::Denied),
            Self::Undecide(decide) => decide.run(context, Approval::Unknown),
            Self::Set(set) => set.run(context),
        }
    }
}

fn list(context: &Context, filter: SoftwareFilter, paging: Paging) -> Result<(), Failure> {
    let (app, actor) = context.acting()?;
    let found = app.software_list(&actor, filter, paging.page())?;
    let units = app.store.unit_list()?;
    let software = List::of(found, |one| SoftwareView::of(one, &units));
    let head = ["SOFTWARE", "PUBLISHER", "APPROVAL", "ASSETS", "VERSIONS", "RESPONSIBLE"];
    context.output.list(&software, &head, |one| {
        vec![
            format!("{}:{}", one.ecosystem, one.name),
            one.publisher.clone(),
            one.approval.clone(),
            one.assets.to_string(),
            one.versions.to_string(),
            one.responsible.clone().unwrap_or_default(),
        ]
    })
}

impl Decide {
    fn run(self, context: &Context, approval: Approval) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        let (software, now) = (app.software_by_text(&actor, &self.software)?, clock::now());
        let version = Some(software.version);
        let id = software.id;
        let made = app.software_approve(&actor, id, approval, &self.reason, version, now)?;
        app.evaluate_soon(now);
        context.output.done(&format!("{}:{} is {}", made.ecosystem, made.name, made.approval))
    }
}

impl Set {
    fn run(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        let software = app.software_by_text(&actor, &self.software)?;
        let change = SoftwareChange {
            version: Some(software.version),
            publisher: self.publisher,
            purpose: self.purpose,
            licence_type: self.licence,
            responsible: self.responsible,
            accountable: self.accountable,
            eol_product: self.eol,
        };
        let made = app.software_change(&actor, software.id, &change, clock::now())?;
        context.output.done(&format!("changed {}:{}", made.ecosystem, made.name))
    }
}

fn lines(full: &SoftwareFull) -> Vec<String> {
    let one = &full.software;
    let or = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    let unit = |code: &Option<String>| code.clone().unwrap_or_else(|| "-".to_owned());
    let mut lines = vec![
        format!("{}:{}  {}", one.ecosystem, one.name, one.id),
        format!("  {:<12} {}", "publisher", or(&one.publisher)),
        format!("  {:<12} {}", "purpose", or(&one.purpose)),
        format!("  {:<12} {}", "licence", one.licence_type),
        format!("  {:<12} {}", "responsible", unit(&one.responsible)),
        format!("  {:<12} {}", "accountable", unit(&one.accountable)),
        format!("  {:<12} {}  {}", "approval", one.approval, one.reason),
        format!("  {:<12} {}", "end of life", or(&one.eol_product)),
        format!("  {:<12} {}", "first seen", one.first_seen),
        format!("  {:<12} {} in {} versions", "on assets", one.assets, one.versions),
    ];
    lines.extend(full.installed.items.iter().map(|on| {
        format!(
            "    {:<24} {:<8} {} {}",
            on.asset_name,
            unit(&on.unit),
            on.version,
            on.architecture
        )
    }));
    let shown = full.installed.items.len() as u64;
    if shown < full.installed.total {
        let total = full.installed.total;
        lines.push(format!("    {shown} of {total}; --limit and --offset show others"));
    }
    lines
}
