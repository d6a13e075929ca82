//! What a store has to do: every test of the suite runs on both databases; `files` and `server` hold what
//! only one of them has.

mod advisories;
mod cluster;
mod edits;
mod enrolment;
mod erasure;
mod evaluation;
mod files;
mod fixture;
mod housekeeping;
mod idempotency;
mod lab;
mod links;
mod migrations;
mod monthly;
mod people;
mod registry;
mod reports;
mod retention;
mod risks;
mod rules;
mod search;
mod server;
mod software;
mod units;
mod ways_in;
mod workflow;

/// Runs every test on both databases.
macro_rules! suite {
    ($($room:ident { $($name:ident),+ $(,)? })+) => {
        mod sqlite {$($(
            #[test]
            fn $name() {
                super::$room::$name(&super::lab::Lab::sqlite());
            }
        )+)+}

        mod postgresql {$($(
            #[test]
            fn $name() {
                super::$room::$name(&super::lab::Lab::postgres());
            }
        )+)+}
    };
}

suite! {
    advisories {
        an_import_is_there_whole_when_it_is_finished,
        new_data_takes_the_place_of_the_old,
        older_data_needs_force,
        a_load_that_was_given_up_leaves_nothing,
        suppressions_are_kept_and_ended,
    }
    housekeeping {
        a_new_database_is_healthy,
        the_database_looks_at_what_has_grown,
        what_was_written_is_there_after_reopening,
        the_audit_log_is_a_chain,
        a_record_that_was_changed_is_found,
        a_record_that_was_removed_is_found,
        the_audit_log_is_append_only,
        records_written_at_once_stay_a_chain,
        a_newer_schema_is_refused,
        a_database_without_tables_is_not_opened,
        a_read_only_database_says_so,
        creating_twice_keeps_everything,
        broken_connections_are_replaced,
    }
    idempotency {
        a_repeated_call_gets_the_first_answer,
        an_interrupted_or_failed_call_can_be_repeated,
        a_call_that_takes_long_is_not_interrupted,
    }
    people {
        users_are_found_by_name_whatever_its_case,
        api_tokens_live_and_end,
        units_have_one_code_whatever_its_case,
        a_unit_needs_an_existing_parent,
        a_change_that_fails_leaves_no_trace,
        views_are_ones_own_or_everybodys,
    }
    ways_in {
        a_password_is_set_and_taken_back,
        a_reset_revokes_the_api_tokens,
        a_second_factor_counts_once_it_is_confirmed,
        attempts_are_counted_before_they_are_judged,
        sessions_begin_and_end,
        the_last_administrator_stays,
        an_identity_is_one_user,
        the_last_login_at_a_provider_is_known,
        an_api_token_keeps_its_rights_and_its_use,
        a_view_is_recorded_once_in_a_while,
        the_audit_log_is_searched,
        records_of_a_batch_are_found,
        records_that_were_swapped_or_forged_are_found,
    }
    enrolment {
        a_new_machine_gets_an_asset,
        the_same_key_again_gives_the_same_agent,
        a_repeated_call_is_admitted_after_the_last_use,
        tokens_that_do_not_admit_say_why,
        the_last_use_is_given_once,
        a_known_machine_supersedes_its_agent,
        a_doubtful_machine_is_a_new_asset,
        the_same_machine_at_once_is_one_asset,
        the_token_proposes_the_unit,
        tokens_are_listed_and_revoked,
        agents_are_found_listed_and_revoked,
        a_certificate_is_renewed_only_for_an_active_agent,
        a_check_in_notes_what_it_says,
    }
    reports {
        a_report_is_there_when_it_was_committed,
        the_same_report_again_changes_nothing,
        a_report_that_came_second_is_superseded,
        sections_that_nobody_sent_are_named,
        sections_are_stored_once_for_all,
        sections_that_end_are_kept_with_their_time,
        reports_at_once_on_one_asset_are_one_after_the_other,
        a_superseded_agent_reports_nothing,
        evidence_follows_the_report,
        history_is_newest_first,
        a_form_that_a_person_gave_stays,
        texts_with_nul_are_kept_readable,
    }
    registry {
        assets_are_listed_by_name,
        pages_cover_the_list_once,
        filters_agree_with_the_list,
        searches_ignore_the_case_of_every_script,
        search_signs_are_ordinary_letters,
        an_asset_is_found_by_name_and_by_id,
        one_owner_is_active,
        an_asset_is_added_once,
        an_unknown_asset_is_not_found,
        the_overview_counts,
    }
    edits {
        an_edit_is_on_the_version_that_was_seen,
        moves_are_kept_and_personal_sections_erased,
        units_move_end_and_are_never_part_of_themselves,
        units_are_imported_in_any_order,
        owners_are_confirmed_ended_and_kept,
        classes_keep_their_history,
        data_sets_say_what_they_are_about,
        lists_are_filtered_and_sorted,
        an_import_is_written_whole_or_not_at_all,
    }
    units {
        units_are_counted_with_what_they_own,
        what_moves_with_a_unit_is_evaluated_anew,
    }
    erasure {
        what_facts_and_findings_say_of_people_is_erased,
    }
    rules {
        rules_have_an_order_and_versions,
        rules_see_assets_as_they_are,
        what_rules_assign_is_kept_and_can_be_undone,
        an_asset_that_changed_is_passed_over,
        an_undoing_leaves_what_people_decided,
        a_rule_that_is_off_assigns_nothing_any_more,
    }
    links {
        a_class_counts_through_applications,
        a_link_that_only_looks_lends_nothing,
        circles_are_refused,
        links_lead_to_data_sets_or_applications,
        a_link_is_added_once,
        a_proposal_does_not_lower_a_class,
        a_class_reaches_everything_above_it,
    }
    evaluation {
        a_new_asset_is_due_at_once,
        an_evaluation_waits_for_its_next_time,
        a_change_meanwhile_keeps_the_asset_due,
        findings_are_opened_and_resolved,
        an_asset_out_of_service_is_due_while_findings_are_open,
        only_a_different_result_makes_risks_due,
        everything_can_be_made_due,
        shared_identity_makes_both_due,
        two_evaluations_at_once_make_one_finding,
        findings_are_listed_open_first,
    }
    retention {
        what_is_past_is_erased_and_what_is_current_stays,
        findings_are_kept_two_years_after_their_end,
        an_archived_asset_goes_with_all_that_was_its_own,
        every_table_that_refers_to_assets_is_known,
    }
    risks {
        assets_are_found_by_the_risks_on_them,
        a_scope_holds_the_unit_and_no_other,
        references_count_within_the_year,
        a_stale_version_is_refused,
        two_collectors_cannot_add_the_same_entry,
        what_the_system_does_with_an_entry_of_people_is_audited,
        the_unit_of_the_risk_owner_sees_the_entry,
        a_change_meanwhile_keeps_the_unit_due,
        the_register_is_sorted_and_filtered,
        every_version_is_kept,
        entries_of_assets_follow_their_owner,
        commits_at_once_number_without_gaps,
    }
    workflow {
        what_a_person_said_of_a_finding_is_kept,
        an_older_version_of_a_finding_is_refused,
        an_exception_reaches_what_it_concerns,
        exceptions_are_listed_and_changed_once,
        meetings_have_one_reference_whatever_its_case,
        incidents_and_their_risks_are_written_together,
        an_incident_that_changed_meanwhile_is_a_conflict,
        incidents_are_seen_by_the_units_they_concern,
        actions_follow_their_risk,
        the_history_is_whole_and_small,
        the_register_is_read_as_of_any_moment,
        versions_of_one_risk_are_written_together,
    }
    migrations {
        what_schema_1_held_is_kept,
        incidents_of_schema_8_are_linked_to_their_risks,
    }
    monthly {
        a_day_keeps_its_last_figures,
        assets_are_counted_once_with_what_they_have,
        findings_are_told_as_of_a_moment,
        a_finding_has_the_priority_of_its_risk_then,
        a_frozen_report_never_changes,
    }
    search {
        assets_are_found_by_serial_number_and_address,
        open_findings_are_found_by_what_they_name,
    }
    software {
        packages_are_listed_once_for_all_machines,
        a_new_list_takes_the_place_of_the_old,
        the_same_list_at_once_is_one_list,
        a_decision_reaches_the_assets_that_have_it,
        assets_are_found_by_what_is_installed,
        software_is_entered_before_anybody_has_it,
        software_is_found_and_counted_within_what_one_may_see,
        counts_follow_what_assets_have_and_who_owns_them,
    }
}
