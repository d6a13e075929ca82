//! `rule`: assignment rules.

use belfort_model::data_set::Relation;
use belfort_model::id::BatchId;
use clap::{Args, Subcommand};

use super::Context;
use super::assets::Paging;
use crate::app::rules::{NewAssigns, NewRule, RuleEdit};
use crate::clock;
use crate::failure::Failure;
use crate::view::{AppliedView, BatchView, List, PreviewView, RuleView, UndoneView};

/// What a rule assigns.
#[derive(Debug, Args)]
pub(super) struct Assigns {
    /// Code of the unit that owns the asset
    #[arg(long, value_name = "CODE")]
    owner: Option<String>,
    /// Function of the owner
    #[arg(long, default_value = "", requires = "owner")]
    function: String,
    /// Class that is proposed: B,I,V, for example 3,4,4
    #[arg(long, value_name = "B,I,V", value_delimiter = ',', num_args = 1..)]
    class: Vec<String>,
    /// Scheme of the class; the configured one when left out
    #[arg(long, default_value = "", requires = "class")]
    scheme: String,
    /// Data set or application the asset is linked to: name or id
    #[arg(long, value_name = "NAME")]
    data_set: Option<String>,
    /// What it does with it: `stores`, `processes`, `transmits` or `accesses`
    #[arg(long, requires = "data_set")]
    relation: Option<Relation>,
    /// Label to add; can be repeated
    #[arg(long, value_name = "LABEL")]
    label: Vec<String>,
    /// Site code
    #[arg(long)]
    site: Option<String>,
}

impl Assigns {
    fn is_empty(&self) -> bool {
        let one = self.owner.is_some() || self.data_set.is_some() || self.site.is_some();
        !one && self.class.is_empty() && self.label.is_empty()
    }

    fn read(self) -> Result<NewAssigns, Failure> {
        let class = match self.class.as_slice() {
            [] => None,
            [b, i, v] => Some([b.clone(), i.clone(), v.clone()]),
            _ => return Err(Failure::bad_input("--class: give three values, as 3,4,4")),
        };
        Ok(NewAssigns {
            owner: self.owner,
            function: self.function,
            class,
            scheme: self.scheme,
            data_set: self.data_set,
            relation: self.relation,
            labels: self.label,
            site: self.site,
        })
    }
}

/// Assignment rules.
#[derive(Debug, Subcommand)]
pub(super) enum Rule {
    /// Add a rule as a draft, last in the order
    #[command(after_help = "Examples:\n  \
        belfort-collector rule add financien 'device.hostname.startsWith(\"FIN-\")' --owner FIN --label financien\n  \
        belfort-collector rule add webservers '\"nginx\" in device.packages' --class 3,3,2")]
    Add {
        /// Short name, unique
        name: String,
        /// Condition over the asset, in CEL
        condition: String,
        /// What it is for
        #[arg(long, default_value = "")]
        description: String,
        #[command(flatten)]
        assigns: Box<Assigns>,
    },
    /// List rules, in their order
    List,
    /// Show one rule
    Show {
        /// Name or id
        rule: String,
    },
    /// Change a rule; another condition or assignment switches it off until its preview was looked at
    Edit {
        /// Name or id
        rule: String,
        /// Another name
        #[arg(long)]
        name: Option<String>,
        /// Condition over the asset, in CEL
        #[arg(long)]
        condition: Option<String>,
        /// What it is for
        #[arg(long)]
        description: Option<String>,
        /// All it assigns from now on, where anything is given
        #[command(flatten)]
        assigns: Box<Assigns>,
    },
    /// Show what a rule would do on the real assets; it can then be switched on
    #[command(after_help = "Example:\n  belfort-collector rule preview financien --limit 20")]
    Preview {
        /// Name or id
        rule: String,
        #[command(flatten)]
        paging: Paging,
    },
    /// Switch a rule on and apply it to every asset
    Enable {
        /// Name or id
        rule: String,
        /// Although nobody has looked at the preview of this version
        #[arg(long)]
        yes: bool,
    },
    /// Switch a rule off; what it assigned stays
    Disable {
        /// Name or id
        rule: String,
    },
    /// Remove a rule; what it assigned stays
    Remove {
        /// Name or id
        rule: String,
    },
    /// Put rules first in the order; the others follow as they were
    #[command(after_help = "Example:\n  belfort-collector rule order financien webservers")]
    Order {
        /// Names or ids
        #[arg(required = true)]
        rules: Vec<String>,
    },
    /// List runs of rules that assigned something, newest first
    Batches {
        #[command(flatten)]
        paging: Paging,
    },
    /// Put back what a run assigned, as far as nobody decided on it since, and switch its rules off
    Undo {
        /// Id of the run, from `rule batches`
        batch: BatchId,
    },
}

impl Rule {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        let (now, output) = (clock::now(), context.output);
        let view = |rule| Ok::<_, Failure>(RuleView::of(rule, &app.store.unit_list()?));
        match self {
            Self::Add { name, condition, description, assigns } => {
                let new = NewRule { name, description, condition, assigns: assigns.read()? };
                let rule = view(app.rule_add(&actor, &new, now)?)?;
                output.one(&rule, |rule| {
                    let name = &rule.name;
                    vec![format!("rule {name} is a draft: look at it with `rule preview {name}`")]
                })
            }
            Self::List => {
                let units = app.store.unit_list()?;
                let rules = List::all(app.rule_list(&actor)?, |rule| RuleView::of(rule, &units));
                print_rules(context, &rules)
            }
            Self::Show { rule } => output.one(&view(app.rule(&actor, &rule)?)?, lines),
            Self::Edit { rule, name, condition, description, assigns } => {
                let assigns = if assigns.is_empty() { None } else { Some(assigns.read()?) };
                let edit = RuleEdit { name, description, condition, assigns };
                output.one(&view(app.rule_edit(&actor, &rule, &edit, None, now)?)?, lines)
            }
            Self::Preview { rule, paging } => {
                let preview = app.rule_preview(&actor, &rule, paging.page(), now)?;
                print_preview(context, &preview.into())
            }
            Self::Enable { rule, yes } => {
                let applied = AppliedView::from(app.rule_enable(&actor, &rule, yes, now)?);
                app.evaluate_soon(now);
                output.one(&applied, |applied| {
                    let undo = applied
                        .batch
                        .as_ref()
                        .map(|batch| format!("; undo with `rule undo {batch}`"));
                    let (assets, undo) = (applied.assets, undo.unwrap_or_default());
                    vec![format!("rule {rule} is on and changed {assets} assets{undo}")]
                })
            }
            Self::Disable { rule } => {
                let rule = view(app.rule_disable(&actor, &rule, now)?)?;
                output.one(&rule, |rule| vec![format!("rule {} is off", rule.name)])
            }
            Self::Remove { rule } => {
                let rule = app.rule_remove(&actor, &rule, now)?;
                output.done(&format!("rule {} is removed", rule.name))
            }
            Self::Order { rules } => {
                let units = app.store.unit_list()?;
                let rules = app.rule_order(&actor, &rules, now)?;
                let rules = List::all(rules, |rule| RuleView::of(rule, &units));
                print_rules(context, &rules)
            }
            Self::Batches { paging } => {
                let batches = List::of(app.rule_batches(&actor, paging.page())?, BatchView::from);
                let head = ["AT", "BY", "RULES", "ASSETS", "VALUES", "UNDONE", "ID"];
                output.list(&batches, &head, |one| {
                    vec![
                        one.at.clone(),
                        one.by.clone(),
                        one.rules.join(", "),
                        one.assets.to_string(),
                        one.values.to_string(),
                        one.undone_at.clone().unwrap_or_default(),
                        one.id.clone(),
                    ]
                })
            }
            Self::Undo { batch } => {
                let undone = UndoneView::from(app.rule_undo(&actor, batch, now)?);
                app.evaluate_soon(now);
                output.one(&undone, |undone| {
                    let off = undone.disabled.join(", ");
                    let off = if off.is_empty() { "none".to_owned() } else { off };
                    vec![
                        format!("{} values are put back", undone.reverted),
                        format!("{} values stay: somebody decided on them since", undone.kept),
                        format!("switched off: {off}"),
                    ]
                })
            }
        }
    }
}

fn assigned(rule: &RuleView) -> String {
    let assigns = &rule.assigns;
    let mut parts = Vec::new();
    if let Some(owner) = &assigns.owner {
        parts.push(format!("owner {owner}"));
    }
    if let Some([b, i, v]) = assigns.class.as_deref() {
        parts.push(format!("class B{b} I{i} V{v}"));
    }
    if let (Some(relation), Some(data_set)) = (&assigns.relation, &assigns.data_set) {
        parts.push(format!("{relation} {data_set}"));
    }
    parts.extend(assigns.labels.iter().map(|label| format!("label {label}")));
    parts.extend(assigns.site.iter().map(|site| format!("site {site}")));
    parts.join(", ")
}

fn print_rules(context: &Context, rules: &List<RuleView>) -> Result<(), Failure> {
    let head = ["#", "NAME", "STATE", "CONDITION", "ASSIGNS", "VERSION", "PREVIEWED"];
    context.output.list(rules, &head, |rule| {
        vec![
            rule.position.to_string(),
            rule.name.clone(),
            rule.state.clone(),
            rule.condition.clone(),
            assigned(rule),
            rule.version.to_string(),
            if rule.previewed { "yes" } else { "no" }.to_owned(),
        ]
    })
}

fn lines(rule: &RuleView) -> Vec<String> {
    let mut lines = vec![
        format!(
            "{} ({}, number {}, version {})",
            rule.name, rule.state, rule.position, rule.version
        ),
        format!("  when     {}", rule.condition),
        format!("  assigns  {}", assigned(rule)),
        format!("  changed  {} by {}", rule.changed_at, rule.changed_by),
        format!("  id       {}", rule.id),
    ];
    if !rule.description.is_empty() {
        lines.push(format!("  {}", rule.description));
    }
    lines
}

fn print_preview(context: &Context, preview: &PreviewView) -> Result<(), Failure> {
    if context.output.is_json() {
        return super::output::json(preview);
    }
    super::output::line(&format!(
        "rule {} version {}: of {} assets it holds for {} and is unknown for {}; {} would change, \
         {} values stay because somebody decided them",
        preview.rule,
        preview.version,
        preview.assets,
        preview.holds,
        preview.unknown,
        preview.changed,
        preview.kept
    ))?;
    if preview.total == 0 {
        return Ok(());
    }
    super::output::line("")?;
    let shown: Vec<_> = preview.items.iter().collect();
    let list = List { total: preview.total, items: shown };
    context.output.list(&list, &["ASSET", "WHAT", "FROM", "TO"], |line| {
        vec![line.name.clone(), line.target.clone(), line.from.clone(), line.to.clone()]
    })
}
