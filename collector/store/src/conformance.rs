//! What a store has to do: every test runs on both databases.

mod cluster;
mod fixture;
mod housekeeping;
mod lab;
mod people;

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
    housekeeping {
        a_new_database_is_healthy,
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
    people {
        users_are_found_by_name_whatever_its_case,
        api_tokens_live_and_end,
        units_have_one_code_whatever_its_case,
        a_unit_needs_an_existing_parent,
        a_change_that_fails_leaves_no_trace,
    }
}
