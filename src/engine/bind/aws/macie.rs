//! Amazon Macie.

use super::house;
use super::kit;
use super::wire::Ends;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join, list, map};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, DataDiscovery};
use crate::engine::requirements::Intent;

binding! {
    DataDiscovery {
        service: "macie",
        title: "Amazon Macie",
        docs: "https://docs.aws.amazon.com/macie/latest/user/what-is-macie.html",
        sla: None,
        limits: &[],
        latency_ms: None,
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _: &DataDiscovery) {
    let session = stack
        .add(it, "", "aws_macie2_account", "AWS::Macie::Session")
        .set("finding_publishing_frequency", "FindingPublishingFrequency", "FIFTEEN_MINUTES")
        .set("status", "Status", "ENABLED")
        .comment("An account has one session per region. Import it, or leave this out, where it is on already.")
        .done();
    let jobs = kit::arn("macie2", join!["classification-job/*"]);
    let facet = Facet::default().handle("main", &session).value("arn", jobs.clone()).grant(
        &[Intent::Reads],
        &["macie2:DescribeClassificationJob"],
        vec![jobs],
    );
    stack.facet(it, facet);
}

/// Looks through a bucket on the first of every month.
pub fn job(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let bucket = ends.target.handles.get("bucket")?.id();
    let session = ends.source.handles.get("main")?.clone();
    let name = stack.name_with(ends.from, ends.to.id.as_str());
    stack
        .tf_only(ends.from, &ends.suffix(), "aws_macie2_classification_job")
        .tf("name", name.clone())
        .tf("job_type", "SCHEDULED")
        .tf("schedule_frequency", block([("monthly_schedule", 1.into())]))
        .tf(
            "s3_job_definition",
            block([(
                "bucket_definitions",
                block([("account_id", Expr::AccountId), ("buckets", list![bucket.clone()])]),
            )]),
        )
        .after(&session)
        .done();
    let parameters = map([
        ("name", name),
        ("jobType", "SCHEDULED".into()),
        ("clientToken", ends.to.id.as_str().into()),
        ("scheduleFrequency", map([("monthlySchedule", map([("dayOfMonth", 1.into())]))])),
        (
            "s3JobDefinition",
            map([(
                "bucketDefinitions",
                list![map([("accountId", Expr::AccountId), ("buckets", list![bucket])])],
            )]),
        ),
    ]);
    // Jobs get their ids when they are made: there is none to name yet.
    let allow = kit::allow(&["macie2:CreateClassificationJob"], vec!["*".into()]);
    let call = house::call(
        stack,
        ends.from,
        &format!("{}_job", ends.suffix()),
        ("macie2", "create_classification_job", parameters),
        None,
        &[allow],
    );
    stack.edit(&call)?.after(&session).done();
    Some(())
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &DataDiscovery) {
    bill.add(
        it,
        "Buckets watched",
        "macie",
        "bucket-month",
        Quantity::fixed(f64::from(spec.buckets)),
        "buckets",
    );
    bill.add(
        it,
        "Data inspected",
        "macie",
        "inspected-gb",
        Quantity::usage(spec.gb_scanned_per_month).beyond(1.0),
        "GB beyond 1 free",
    );
}
