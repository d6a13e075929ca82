//! Runs 100 assignment rules over 10,000 assets and prints how long it takes: `cargo xtask bench --rules`.

#![expect(clippy::print_stdout, reason = "a command-line program")]

use std::collections::BTreeSet;
use std::time::Instant;

use belfort_assess::evaluate::{Records, Subject};
use belfort_assess::rules::{RuleSet, Target};
use belfort_model::asset::{Asset, AssetKind, Source};
use belfort_model::classification::EffectiveClass;
use belfort_model::facts::DeviceFacts;
use belfort_model::id::{AssetId, RuleId, UnitId};
use belfort_model::rule::{AssignOwner, Assigns, Rule, RuleState};
use belfort_model::time::Timestamp;
use uuid::Uuid;

const ASSETS: u32 = 10_000;
const RULES: u32 = 100;

fn rule(number: u32) -> Rule {
    let condition = match number % 4 {
        0 => format!("device.hostname.startsWith(\"D{number:02}-\") && asset.kind == \"device\""),
        1 => format!("device.os == \"debian\" && device.hostname.endsWith(\"{number}\")"),
        2 => format!("class.v >= 3 && \"label-{number}\" in asset.labels"),
        _ => format!(
            "asset.labels.exists(l, l == \"label-{number}\") || asset.site == \"S{number}\""
        ),
    };
    let unit = UnitId(Uuid::from_u128(number.into()));
    Rule {
        id: RuleId(Uuid::from_u128(number.into())),
        name: format!("rule-{number}"),
        description: String::new(),
        position: number,
        state: RuleState::Enabled,
        condition,
        assigns: Assigns {
            owner: Some(AssignOwner { unit, function: String::new() }),
            labels: vec![format!("rule-{number}")],
            ..Assigns::default()
        },
        version: 1,
        previewed: Some(1),
        changed_by: String::new(),
        changed_at: Timestamp(0),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rules = RuleSet::new((0..RULES).map(rule).collect(), |_| false)?;
    let assets: Vec<(Asset, DeviceFacts)> = (0..ASSETS)
        .map(|number| {
            let id = AssetId(Uuid::from_u128(number.into()));
            let name = format!("D{:02}-{number}", number % 120);
            let mut asset = Asset::new(id, AssetKind::Device, &name, Source::Agent, Timestamp(0));
            asset.labels = vec![format!("label-{}", number % 150), "vast".to_owned()];
            let mut facts = DeviceFacts { host_name: name, ..DeviceFacts::default() };
            "debian".clone_into(&mut facts.os.id);
            (asset, facts)
        })
        .collect();
    let class = EffectiveClass::of(None, &[]);
    let none = BTreeSet::new();
    let start = Instant::now();
    let (mut holds, mut changes) = (0, 0);
    for (asset, facts) in &assets {
        let subject = Subject {
            asset,
            facts: Some(facts),
            owner: None,
            unit: None,
            classification: None,
            links: &[],
            class: &class,
            agent: None,
            shares_evidence_with: &[],
            software: None,
            decisions: &[],
            records: Records::default(),
            advised: None,
            now: Timestamp(0),
        };
        let plan = rules.plan(&Target { subject, proposal: None, links: &[], by_hand: &none });
        holds += plan.holds.len();
        changes += plan.changes.len();
    }
    let milliseconds = start.elapsed().as_millis();
    println!(
        "{ASSETS} assets, {RULES} rules: {milliseconds} ms on the clock; {holds} hold, {changes} values change"
    );
    Ok(())
}
