//! Amazon Timestream for LiveAnalytics: measurements over time.

use crate::engine::bind::binding;
use crate::engine::bind::expr::block;
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::diag::{Diagnostic, Severity};
use crate::engine::graph::{Component, TimeSeriesStore};
use crate::engine::requirements::Intent;

binding! {
    TimeSeriesStore {
        service: "timestream",
        title: "Amazon Timestream",
        docs: "https://docs.aws.amazon.com/timestream/latest/developerguide/what-is-timestream.html",
        sla: Some(Sla {
            availability: 0.9999,
            single: 0.9999,
            source: "https://aws.amazon.com/timestream/sla/",
        }),
        limits: &[Limit {
            what: "Records in one write",
            value: "100",
            source: "https://docs.aws.amazon.com/timestream/latest/developerguide/ts-limits.html",
        }],
        latency_ms: Some((30.0, 200.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &TimeSeriesStore) {
    stack.diagnose(
        Diagnostic::new(
            "timestream-for-known-customers",
            Severity::Note,
            format!(
                "{}: AWS takes no new customers for Timestream for LiveAnalytics since June 2025.",
                it.title
            ),
        )
        .help("In an account that does not use it yet, choose PostgreSQL, or Timestream for InfluxDB by hand.")
        .on(it.id.as_str()),
    );
    let name = stack.name(it);
    let key = stack.key_arn.clone();
    let sealed = key.is_some();
    let mut draft = stack
        .add(it, "", "aws_timestreamwrite_database", "AWS::Timestream::Database")
        .set("database_name", "DatabaseName", name)
        .maybe("kms_key_id", "KmsKeyId", key)
        .skip("W3697", "A diagnostic tells new customers what to choose instead");
    if !sealed {
        draft = draft.skip(
            "CKV_AWS_160",
            "Sealed with the key of Timestream; a key of one's own is part of the better option",
        );
    }
    let database = draft.retain().done();
    let hours = spec.memory_hours.clamp(1, 8766);
    let days = spec.magnetic_days.clamp(1, 73_000);
    let table = stack
        .add(it, "measures", "aws_timestreamwrite_table", "AWS::Timestream::Table")
        .set("database_name", "DatabaseName", database.by_ref("database_name"))
        .set("table_name", "TableName", "measures")
        .tf(
            "retention_properties",
            block([
                ("memory_store_retention_period_in_hours", hours.into()),
                ("magnetic_store_retention_period_in_days", days.into()),
            ]),
        )
        .cfn(
            "RetentionProperties",
            block([
                ("MemoryStoreRetentionPeriodInHours", hours.to_string().into()),
                ("MagneticStoreRetentionPeriodInDays", days.to_string().into()),
            ]),
        )
        // Late data goes straight to the magnetic store.
        .tf(
            "magnetic_store_write_properties",
            block([("enable_magnetic_store_writes", true.into())]),
        )
        .cfn("MagneticStoreWriteProperties", block([("EnableMagneticStoreWrites", true.into())]))
        .skip("W3697", "A diagnostic tells new customers what to choose instead")
        .retain()
        .done();
    let arn = table.arn();
    let facet = Facet::default()
        .handle("database", &database)
        .handle("table", &table)
        .value("arn", arn.clone())
        .value("database", database.by_ref("database_name"))
        .value("table", "measures")
        .reference("DATABASE", database.by_ref("database_name"))
        .reference("TABLE", "measures")
        .grant(
            &[Intent::Reads],
            &["timestream:Select", "timestream:DescribeTable", "timestream:ListMeasures"],
            vec![arn.clone()],
        )
        .grant(
            &[Intent::Writes, Intent::Streams, Intent::Publishes, Intent::Replicates],
            &["timestream:WriteRecords"],
            vec![arn],
        )
        .grant(
            &[
                Intent::Reads,
                Intent::Writes,
                Intent::Streams,
                Intent::Publishes,
                Intent::Replicates,
            ],
            // Every client asks first where to go; that has no resource.
            &["timestream:DescribeEndpoints"],
            vec!["*".into()],
        );
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &TimeSeriesStore) {
    bill.add(
        it,
        "Writes",
        "timestream",
        "write-million",
        Quantity::usage(spec.writes_per_month / 1e6),
        "writes of 1 KB",
    );
    bill.add(
        it,
        "Storage",
        "timestream",
        "magnetic-gb-month",
        Quantity::fixed(spec.storage_gb),
        "GB in the magnetic store",
    );
    let written = spec.writes_per_month / 1e6 / 730.0 * f64::from(spec.memory_hours);
    bill.unpriced(it, "Memory store", written, "timestream memory-gb-hour");
    bill.unpriced(it, "Queries", spec.queries_per_month, "timestream tcu-hour");
}
