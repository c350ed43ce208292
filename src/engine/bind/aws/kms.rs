//! AWS KMS: a customer-managed key for the data of the whole option.

use super::{kit, recovery};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, document, join, list, map};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, EncryptionKey};
use crate::engine::requirements::Intent;

binding! {
    EncryptionKey {
        service: "kms",
        title: "AWS KMS key",
        docs: "https://docs.aws.amazon.com/kms/latest/developerguide/overview.html",
        sla: Some(Sla {
            availability: 0.99999,
            single: 0.99999,
            source: "https://aws.amazon.com/kms/sla/",
        }),
        limits: &[Limit {
            what: "Symmetric requests a second, in most regions",
            value: "20,000 (100,000 in the largest)",
            source: "https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html",
        }],
        latency_ms: None,
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &EncryptionKey) {
    let root: Expr = join!["arn:", Expr::Partition, ":iam::", Expr::AccountId, ":root"];
    // Services that write with the key on their own account's behalf; everything
    // else uses it through the permissions of its role.
    let services = list![
        join!["logs.", Expr::Region, ".amazonaws.com"],
        "sns.amazonaws.com",
        "sqs.amazonaws.com",
        "events.amazonaws.com",
        "cloudwatch.amazonaws.com",
        "s3.amazonaws.com",
        "cloudtrail.amazonaws.com",
        "delivery.logs.amazonaws.com",
        "backup.amazonaws.com",
        "ses.amazonaws.com"
    ];
    let policy = map([
        ("Version", "2012-10-17".into()),
        (
            "Statement",
            list![
                kit::resource_policy(
                    "AccountAdministers",
                    map([("AWS", root)]),
                    &["kms:*"],
                    vec!["*".into()],
                    None,
                ),
                kit::resource_policy(
                    "ServicesOfThisAccountUse",
                    map([("Service", services)]),
                    &[
                        "kms:Encrypt",
                        "kms:Decrypt",
                        "kms:ReEncrypt*",
                        "kms:GenerateDataKey*",
                        "kms:DescribeKey"
                    ],
                    vec!["*".into()],
                    None,
                ),
                kit::resource_policy(
                    "DistributionReads",
                    map([("Service", "cloudfront.amazonaws.com".into())]),
                    &["kms:Decrypt"],
                    vec!["*".into()],
                    Some(("StringEquals", "aws:SourceAccount", Expr::AccountId)),
                )
            ],
        ),
    ]);
    let text = format!("Data of {}", kit::ascii(stack.graph.project.as_str()));
    let key = stack
        .add(it, "", "aws_kms_key", "AWS::KMS::Key")
        .set("description", "Description", text)
        .set("enable_key_rotation", "EnableKeyRotation", true)
        .set("deletion_window_in_days", "PendingWindowInDays", 30)
        .maybe("multi_region", "MultiRegion", spec.multi_region.then_some(true))
        .set("policy", "KeyPolicy", document(policy))
        .retain()
        .done();
    let alias: Expr = join!["alias/", stack.name(it)];
    stack
        .add(it, "alias", "aws_kms_alias", "AWS::KMS::Alias")
        .set("name", "AliasName", alias)
        .set("target_key_id", "TargetKeyId", key.by_ref("key_id"))
        .done();
    stack.key_arn = Some(key.arn());
    let facet = Facet::default()
        .handle("key", &key)
        .value("arn", key.arn())
        .reference("KEY_ARN", key.arn())
        .grant(
            &[Intent::Reads],
            &["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"],
            vec![key.arn()],
        );
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &EncryptionKey) {
    bill.add(it, "Key", "kms", "key-month", Quantity::fixed(1.0), "one key");
    if let (true, Some(region)) =
        (recovery::has_copies(bill.graph), bill.graph.recovery_region.clone())
    {
        let one = Quantity::fixed(1.0);
        bill.add_in(&region, it, "Key of the second region", "kms", "key-month", one, "one key");
    }
    bill.add(
        it,
        "Requests",
        "kms",
        "requests",
        Quantity::usage(spec.requests_per_month).beyond(20_000.0),
        "requests beyond 20,000 free",
    );
}
