//! The list of migrations, in order. A new file gets a new line at the end; old ones never change.

use crate::kernel::db::Migration;

macro_rules! migration {
    ($name:literal) => {
        Migration { name: $name, text: include_str!(concat!("../../migrations/", $name, ".sql")) }
    };
}

/// Every migration.
pub const ALL: &[Migration] = &[
    migration!("202611230900_kernel_foundation"),
    migration!("202611230910_customers_and_contacts"),
    migration!("202611230920_products_and_stock"),
    migration!("202611230930_visits_and_tasks"),
    migration!("202611230940_orders_payments_approvals"),
    migration!("202611230950_gateways_sms_calls"),
    migration!("202611231000_sms_threads"),
    migration!("202611231010_customers_lists_and_search"),
    migration!("202611232100_sms_rules"),
    migration!("202611232110_campaigns"),
    migration!("202611232120_decisions_by_sms"),
    migration!("202611232130_occasions"),
    migration!("202611240900_lists_of_a_team"),
    migration!("202611240910_gateways_commands"),
    migration!("202611240920_sms_recall"),
    migration!("202611240930_decisions_of_tasks"),
    migration!("202611240940_calls_settled"),
    migration!("202611240950_contacts_consents"),
    migration!("202611251030_lists_of_many"),
    migration!("202611260700_kernel_events_set_aside"),
    migration!("202611260710_gateways_events_by_age"),
    migration!("202611261000_clock_and_guesses"),
    migration!("202611261100_calls_closed"),
    migration!("202611261110_sms_opt_outs"),
    migration!("202611261120_gateways_failures"),
    migration!("202611261200_documents"),
    migration!("202611261210_approvals_undecided"),
    migration!("202611261210_search_in_order"),
    migration!("202611261220_indexes_of_lists_and_sweeps"),
    migration!("202611261300_quotes"),
    migration!("202611261310_stock_documents"),
    migration!("202611261400_events_of_visits"),
    migration!("202611261430_call_notes"),
    migration!("202611261500_workbench"),
    migration!("202611261510_documents_by_amount"),
    migration!("202611261800_documents_live"),
];
