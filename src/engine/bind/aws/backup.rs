//! AWS Backup: one plan for the stores of an architecture.

use super::{kit, recovery};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, blocks, document, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{BackupPlan, Component};

binding! {
    BackupPlan {
        service: "backup",
        title: "AWS Backup",
        docs: "https://docs.aws.amazon.com/aws-backup/latest/devguide/whatisbackup.html",
        sla: Some(Sla {
            availability: 0.999,
            single: 0.999,
            source: "https://aws.amazon.com/backup/sla/",
        }),
        limits: &[Limit {
            what: "Resources that a selection names",
            value: "500",
            source: "https://docs.aws.amazon.com/aws-backup/latest/devguide/aws-backup-limits.html",
        }],
        latency_ms: None,
    }
}

/// The longest retention of the plan, in days.
fn longest(spec: &BackupPlan) -> u32 {
    spec.daily_retention_days.max(spec.monthly_retention_days).max(1)
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &BackupPlan) {
    let vault = vault(stack, it, spec);
    let role = kit::role(
        stack,
        it,
        "role",
        "backup.amazonaws.com",
        &[
            "service-role/AWSBackupServiceRolePolicyForBackup",
            "service-role/AWSBackupServiceRolePolicyForRestores",
            "AWSBackupServiceRolePolicyForS3Backup",
            "AWSBackupServiceRolePolicyForS3Restore",
        ],
    );
    let plan = plan(stack, it, spec, &vault);
    // The plan is lowered last: what it protects is there.
    let arns: Vec<Expr> = stack
        .graph
        .targets(&it.id)
        .filter_map(|(_, target)| stack.facets.get(&target.id)?.values.get("arn").cloned())
        .collect();
    let name = kit::short_name(it, "", 50);
    let mut selection = stack
        .add(it, "selection", "aws_backup_selection", "AWS::Backup::BackupSelection")
        .tf("name", name.clone())
        .set("plan_id", "BackupPlanId", plan.att("id", "BackupPlanId"))
        .tf("iam_role_arn", role.arn());
    let mut fields =
        vec![("SelectionName".to_owned(), name), ("IamRoleArn".to_owned(), role.arn())];
    if arns.is_empty() {
        let tag = it.id.as_str();
        selection = selection
            .tf(
                "selection_tag",
                block([
                    ("type", "STRINGEQUALS".into()),
                    ("key", "BackupPlan".into()),
                    ("value", tag.into()),
                ]),
            )
            .comment("Nothing in this stack is named: the plan takes what carries its tag.");
        fields.push((
            "ListOfTags".to_owned(),
            list![block([
                ("ConditionType", "STRINGEQUALS".into()),
                ("ConditionKey", "BackupPlan".into()),
                ("ConditionValue", tag.into()),
            ])],
        ));
    } else {
        selection = selection.tf("resources", Expr::List(arns.clone()));
        fields.push(("Resources".to_owned(), Expr::List(arns)));
    }
    selection.cfn("BackupSelection", Expr::Block(fields)).done();
    let facet = Facet::default()
        .handle("vault", &vault)
        .handle("plan", &plan)
        .value("arn", vault.att("arn", "BackupVaultArn"));
    stack.facet(it, facet);
}

fn vault(stack: &mut Stack<'_>, it: &Component, spec: &BackupPlan) -> Handle {
    let name = stack.name(it);
    let key = stack.key_arn.clone();
    let (min, max) = (spec.daily_retention_days.clamp(1, 7), longest(spec).max(7) + 30);
    let mut draft = stack
        .add(it, "", "aws_backup_vault", "AWS::Backup::BackupVault")
        .set("name", "BackupVaultName", name)
        .tf_maybe("kms_key_arn", key.clone())
        .cfn_maybe("EncryptionKeyArn", key.clone());
    if key.is_none() {
        draft = draft.skip(
            "CKV_AWS_166",
            "Sealed with the key of AWS Backup; a key of one's own is part of the better option",
        );
    }
    if spec.locked {
        draft = draft.cfn(
            "LockConfiguration",
            block([
                ("ChangeableForDays", 3.into()),
                ("MinRetentionDays", min.into()),
                ("MaxRetentionDays", max.into()),
            ]),
        );
    }
    let vault = draft.retain().done();
    if spec.locked {
        stack
            .tf_only(it, "lock", "aws_backup_vault_lock_configuration")
            .tf("backup_vault_name", vault.by_ref("name"))
            .tf("changeable_for_days", 3)
            .tf("min_retention_days", min)
            .tf("max_retention_days", max)
            .comment(
                "After three days nobody can shorten the retention, the account's root included.",
            )
            .done();
    }
    // Nobody deletes recovery points by hand.
    let policy = map([
        ("Version", "2012-10-17".into()),
        (
            "Statement",
            list![map([
                ("Sid", "KeepRecoveryPoints".into()),
                ("Effect", "Deny".into()),
                ("Principal", map([("AWS", "*".into())])),
                (
                    "Action",
                    list!["backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"],
                ),
                ("Resource", "*".into()),
            ])],
        ),
    ]);
    if kit::protect(stack) {
        stack
            .tf_only(it, "policy", "aws_backup_vault_policy")
            .tf("backup_vault_name", vault.by_ref("name"))
            .tf("policy", document(policy.clone()))
            .done();
        if let Some(draft) = stack.edit(&vault) {
            draft.cfn("AccessPolicy", document(policy)).done();
        }
    }
    vault
}

fn plan(stack: &mut Stack<'_>, it: &Component, spec: &BackupPlan, vault: &Handle) -> Handle {
    let copy = (stack.graph.recovery_region.is_some() && spec.copy_to_region)
        .then(|| recovery::vault(stack, it).att("arn", "BackupVaultArn"));
    let mut rules = vec![("daily", "cron(0 3 * * ? *)", spec.daily_retention_days.max(1))];
    if spec.monthly_retention_days > 0 {
        rules.push(("monthly", "cron(0 4 1 * ? *)", spec.monthly_retention_days));
    }
    let mut tf = Vec::new();
    let mut cfn = Vec::new();
    for (name, schedule, days) in rules {
        let mut fields = vec![
            ("rule_name".to_owned(), Expr::from(name)),
            ("target_vault_name".to_owned(), vault.by_ref("name")),
            ("schedule".to_owned(), schedule.into()),
            ("start_window".to_owned(), 60.into()),
            ("completion_window".to_owned(), 360.into()),
            ("lifecycle".to_owned(), block([("delete_after", days.into())])),
        ];
        let mut props = vec![
            ("RuleName".to_owned(), Expr::from(name)),
            ("TargetBackupVault".to_owned(), vault.by_ref("name")),
            ("ScheduleExpression".to_owned(), schedule.into()),
            ("StartWindowMinutes".to_owned(), 60.into()),
            ("CompletionWindowMinutes".to_owned(), 360.into()),
            ("Lifecycle".to_owned(), block([("DeleteAfterDays", days.into())])),
        ];
        if let Some(copy) = &copy {
            fields.push((
                "copy_action".to_owned(),
                block([
                    ("destination_vault_arn", copy.clone()),
                    ("lifecycle", block([("delete_after", days.into())])),
                ]),
            ));
            props.push((
                "CopyActions".to_owned(),
                list![block([
                    ("DestinationBackupVaultArn", copy.clone()),
                    ("Lifecycle", block([("DeleteAfterDays", days.into())])),
                ])],
            ));
        }
        tf.push(Expr::Block(fields));
        cfn.push(Expr::Block(props));
    }
    let name = stack.name(it);
    let draft = stack
        .add(it, "plan", "aws_backup_plan", "AWS::Backup::BackupPlan")
        .tf("name", name.clone())
        .tf("rule", blocks(tf))
        .cfn("BackupPlan", block([("BackupPlanName", name), ("BackupPlanRule", Expr::List(cfn))]));
    draft.done()
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &BackupPlan) {
    // A full copy, then what changes: about 2 % a day, a fifth a month.
    let days = f64::from(spec.daily_retention_days.max(1));
    let months = f64::from(spec.monthly_retention_days) / 30.0;
    let kept = spec.storage_gb * (1.0 + 0.02 * (days - 1.0) + 0.2 * months);
    bill.add(
        it,
        "Recovery points",
        "backup",
        "ebs-gb-month",
        Quantity::fixed(kept),
        format!("GB, with 2 % change a day over {days} days"),
    );
    if spec.copy_to_region {
        bill.add(
            it,
            "Copies in the recovery region",
            "backup",
            "ebs-gb-month",
            Quantity::fixed(kept),
            "GB kept there too",
        );
        bill.add(
            it,
            "Transfer to the recovery region",
            "egress",
            "inter-region-gb",
            Quantity::fixed(spec.storage_gb * 0.02 * 30.0),
            "GB that change in a month",
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::bind::testing::{empty, terraform_of};
    use crate::engine::graph::{BackupPlan, KeyValueStore, Reason, Tier};
    use crate::engine::requirements::Intent;

    #[test]
    fn a_plan_names_the_stores_that_it_protects() {
        let mut graph = empty(Tier::Best);
        let reason = || Reason::rule("A test asks for it.");
        let plan = BackupPlan { locked: true, ..BackupPlan::default() };
        let plan = graph.add("backup", "Backup", plan, reason());
        let store = graph.add("orders", "Orders", KeyValueStore::default(), reason());
        graph.connect(&plan, &store, Intent::Reads, reason());
        let text = terraform_of(&graph);
        assert!(text.contains("resources    = [aws_dynamodb_table.orders.arn]"), "{text}");
        assert!(text.contains("aws_backup_vault_lock_configuration"), "{text}");
    }
}
