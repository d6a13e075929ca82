//! How the device is protected, but for products, and what it hosts.

use belfort_model::facts::{AccessControlFacts, DeviceFacts, WorkloadFacts};
use belfort_proto::fields;
use belfort_proto::inventory::v1::{
    OutcomeStatus, ProtectionSection, Tristate, Workload, WorkloadsSection,
};

use super::known;

pub(super) fn posture(section: &ProtectionSection, facts: &mut DeviceFacts) {
    let off = |field: &str| fields::is_off(&section.outcomes, field);
    let control = section.mandatory_access_control.as_ref();
    let control = control.filter(|_| !off("mandatory_access_control.engine"));
    facts.access_control = control.map(|control| AccessControlFacts {
        engine: control.engine.clone(),
        mode: control.mode.clone(),
    });
    facts.kernel_lockdown.clone_from(&section.kernel_lockdown);
    facts.audit = known(section.audit());
    facts.logs_forwarded = known(section.logs_forwarded());
    facts.usb_storage_blocked = known(section.usb_storage_blocked());
}

/// A runtime that could not be read may host more: then nothing is known.
pub(super) fn workloads(section: &WorkloadsSection, facts: &mut DeviceFacts) {
    let unread = section
        .outcomes
        .iter()
        .any(|outcome| !matches!(outcome.status(), OutcomeStatus::Absent | OutcomeStatus::Off));
    if unread || fields::is_off(&section.outcomes, "workloads.name") {
        return;
    }
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let at_least = |is: fn(&Workload) -> Tristate| {
        let yes = section.workloads.iter().filter(|one| is(one) == Tristate::Yes).count();
        let all_known = section.workloads.iter().all(|one| is(one) != Tristate::Unspecified);
        (yes > 0 || all_known).then(|| count(yes))
    };
    facts.workloads = Some(WorkloadFacts {
        count: count(section.workloads.len()),
        running: at_least(Workload::running),
        // A virtual machine is none of its host's business: only a container can be privileged.
        privileged: at_least(|one| match one.r#type() {
            belfort_proto::inventory::v1::WorkloadType::VirtualMachine => Tristate::No,
            _ => one.privileged(),
        }),
    });
}

#[cfg(test)]
mod tests {
    use belfort_proto::inventory::v1::{MandatoryAccessControl, Outcome, WorkloadType};
    use belfort_proto::section::Section;

    use super::super::observe;
    use super::*;

    #[test]
    fn access_control_is_unknown_when_it_was_not_told() {
        let with = |control: Option<(&str, &str)>| {
            let control = control.map(|(engine, mode)| MandatoryAccessControl {
                engine: engine.to_owned(),
                mode: mode.to_owned(),
            });
            let section =
                ProtectionSection { mandatory_access_control: control, ..Default::default() };
            let facts = observe([Section::Protection(section)].iter()).facts;
            facts.access_control.and_then(|control| control.is_enforced())
        };
        assert_eq!(with(None), None);
        assert_eq!(with(Some(("selinux", ""))), None);
        assert_eq!(with(Some(("", ""))), Some(false));
        assert_eq!(with(Some(("selinux", "permissive"))), Some(false));
        assert_eq!(with(Some(("apparmor", "enforcing"))), Some(true));
    }

    #[test]
    fn what_runs_and_what_is_privileged_is_known_or_not() {
        let workload = |running: Tristate, privileged: Tristate, r#type: WorkloadType| Workload {
            running: running.into(),
            privileged: privileged.into(),
            r#type: r#type.into(),
            ..Workload::default()
        };
        let told = |workloads: Vec<Workload>, status: Option<OutcomeStatus>| {
            let outcome = |status: OutcomeStatus| Outcome {
                source: "/var/lib/docker/containers".to_owned(),
                status: status.into(),
                reason: String::new(),
            };
            let outcomes = status.map(outcome).into_iter().collect();
            let section = WorkloadsSection { outcomes, workloads };
            let facts = observe([Section::Workloads(section)].iter()).facts.workloads;
            facts.map(|facts| (facts.count, facts.running, facts.privileged))
        };
        let (yes, no, unknown) = (Tristate::Yes, Tristate::No, Tristate::Unspecified);
        let (container, machine) = (WorkloadType::Container, WorkloadType::VirtualMachine);
        assert_eq!(told(vec![], None), Some((0, Some(0), Some(0))));
        assert_eq!(told(vec![], Some(OutcomeStatus::Absent)), Some((0, Some(0), Some(0))));
        assert_eq!(told(vec![], Some(OutcomeStatus::Denied)), None);
        let vm = vec![workload(no, unknown, machine)];
        assert_eq!(told(vm, None), Some((1, Some(0), Some(0))));
        let some = vec![workload(yes, yes, container), workload(unknown, unknown, container)];
        assert_eq!(told(some, None), Some((2, Some(1), Some(1))));
        let none = vec![workload(unknown, unknown, container)];
        assert_eq!(told(none, None), Some((1, None, None)));
    }
}
