//! Amazon EFS: files that many machines share.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, blocks, document, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, FileSystem};
use crate::engine::requirements::Intent;

binding! {
    FileSystem {
        service: "efs",
        title: "Amazon EFS",
        docs: "https://docs.aws.amazon.com/efs/latest/ug/whatisefs.html",
        sla: Some(Sla {
            availability: 0.9999,
            single: 0.999,
            source: "https://aws.amazon.com/efs/sla/",
        }),
        limits: &[Limit {
            what: "Connections of a file system",
            value: "25,000",
            source: "https://docs.aws.amazon.com/efs/latest/ug/limits.html",
        }],
        latency_ms: Some((2.0, 10.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &FileSystem) {
    let group = kit::security_group(stack, it, "");
    let key = stack.key_arn.clone();
    let name = stack.name(it);
    let mut draft = stack
        .add(it, "", "aws_efs_file_system", "AWS::EFS::FileSystem")
        .tf("creation_token", name.clone())
        .set("encrypted", "Encrypted", true)
        .maybe("kms_key_id", "KmsKeyId", key.clone())
        .set("performance_mode", "PerformanceMode", "generalPurpose")
        .tf(
            "lifecycle_policy",
            blocks(vec![
                block([("transition_to_ia", "AFTER_30_DAYS".into())]),
                block([("transition_to_primary_storage_class", "AFTER_1_ACCESS".into())]),
            ]),
        )
        .cfn(
            "LifecyclePolicies",
            list![
                block([("TransitionToIA", "AFTER_30_DAYS".into())]),
                block([("TransitionToPrimaryStorageClass", "AFTER_1_ACCESS".into())])
            ],
        )
        .cfn("BackupPolicy", block([("Status", "ENABLED".into())]))
        .tf("tags", map([("Name", name.clone())]))
        .cfn("FileSystemTags", kit::tag_list(&[("Name", name)]));
    draft = if spec.provisioned_mibps > 0.0 {
        draft.set("throughput_mode", "ThroughputMode", "provisioned").set(
            "provisioned_throughput_in_mibps",
            "ProvisionedThroughputInMibps",
            spec.provisioned_mibps,
        )
    } else {
        draft.set("throughput_mode", "ThroughputMode", "elastic")
    };
    if spec.one_zone {
        draft = draft.set("availability_zone_name", "AvailabilityZoneName", Expr::Zone(0));
    }
    if key.is_none() {
        draft = draft.skip(
            "CKV_AWS_184",
            "Sealed with the key of EFS; a key of one's own is part of the better option",
        );
    }
    let files = draft
        .skip(
            "CKV2_AWS_18",
            "Its own daily backups are on; a plan of AWS Backup is added where the design has one",
        )
        .retain()
        .done();
    policy(stack, it, &files);
    stack
        .tf_only(it, "backups", "aws_efs_backup_policy")
        .tf("file_system_id", files.id())
        .tf("backup_policy", block([("status", "ENABLED".into())]))
        .done();
    // Processes of any user write as this one, below one folder.
    let user = |id: i64| Expr::from(id);
    let point = stack
        .add(it, "access", "aws_efs_access_point", "AWS::EFS::AccessPoint")
        .set("file_system_id", "FileSystemId", files.id())
        .tf("posix_user", block([("uid", user(1000)), ("gid", user(1000))]))
        .cfn("PosixUser", block([("Uid", "1000".into()), ("Gid", "1000".into())]))
        .tf(
            "root_directory",
            block([
                ("path", "/data".into()),
                (
                    "creation_info",
                    block([
                        ("owner_uid", user(1000)),
                        ("owner_gid", user(1000)),
                        ("permissions", "0750".into()),
                    ]),
                ),
            ]),
        )
        .cfn(
            "RootDirectory",
            block([
                ("Path", "/data".into()),
                (
                    "CreationInfo",
                    block([
                        ("OwnerUid", "1000".into()),
                        ("OwnerGid", "1000".into()),
                        ("Permissions", "0750".into()),
                    ]),
                ),
            ]),
        )
        .done();
    let mut facet = Facet::default()
        .handle("file_system", &files)
        .handle("access_point", &point)
        .value("arn", files.arn())
        .value("id", files.id())
        .value("access_point_arn", point.arn())
        .reference("FILE_SYSTEM_ID", files.id())
        .reference("MOUNT_PATH", MOUNT_PATH)
        .grant(&[Intent::Reads], &["elasticfilesystem:ClientMount"], vec![files.arn()])
        .grant(
            &[Intent::Writes, Intent::Replicates],
            &["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
            vec![files.arn()],
        );
    if let (Some(group), Some(net)) = (&group, stack.net.clone()) {
        let zones = if spec.one_zone { 1 } else { net.private.len() };
        for (n, subnet) in net.private.iter().take(zones).enumerate() {
            let letter = char::from(b'a' + n as u8);
            let mount = stack
                .add(
                    it,
                    &format!("mount_{letter}"),
                    "aws_efs_mount_target",
                    "AWS::EFS::MountTarget",
                )
                .set("file_system_id", "FileSystemId", files.id())
                .set("subnet_id", "SubnetId", subnet)
                .set("security_groups", "SecurityGroups", list![kit::group_id(group)])
                .done();
            facet = facet.handle(MOUNTS[n.min(5)], &mount);
        }
        facet = facet.listener(kit::group_id(group), 2049);
    }
    stack.facet(it, facet);
}

/// Where whatever mounts the file system puts it.
pub const MOUNT_PATH: &str = "/mnt/data";

/// Names under which the file system offers its mount targets.
pub const MOUNTS: [&str; 6] = ["mount_a", "mount_b", "mount_c", "mount_d", "mount_e", "mount_f"];

/// Over TLS only, and only from where it is mounted.
fn policy(stack: &mut Stack<'_>, it: &Component, files: &Handle) {
    let condition = |value: &str| map([("Bool", map([("aws:SecureTransport", value.into())]))]);
    let account: Expr = crate::engine::bind::expr::join![
        "arn:",
        Expr::Partition,
        ":iam::",
        Expr::AccountId,
        ":root"
    ];
    let statements = |resource: Option<Expr>| {
        let mut allow = vec![
            ("Sid".to_owned(), Expr::from("RolesOfThisAccount")),
            ("Effect".to_owned(), "Allow".into()),
            ("Principal".to_owned(), map([("AWS", account.clone())])),
            (
                "Action".to_owned(),
                list!["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
            ),
            (
                "Condition".to_owned(),
                map([("Bool", map([("elasticfilesystem:AccessedViaMountTarget", "true".into())]))]),
            ),
        ];
        let mut deny = vec![
            ("Sid".to_owned(), Expr::from("RefusePlainText")),
            ("Effect".to_owned(), "Deny".into()),
            ("Principal".to_owned(), map([("AWS", "*".into())])),
            ("Action".to_owned(), "*".into()),
            ("Condition".to_owned(), condition("false")),
        ];
        let resource = resource.unwrap_or_else(|| "*".into());
        allow.push(("Resource".to_owned(), resource.clone()));
        deny.push(("Resource".to_owned(), resource));
        map([
            ("Version", "2012-10-17".into()),
            ("Statement", Expr::List(vec![Expr::Map(allow), Expr::Map(deny)])),
        ])
    };
    stack
        .tf_only(it, "policy", "aws_efs_file_system_policy")
        .tf("file_system_id", files.id())
        .tf("policy", document(statements(Some(files.arn()))))
        .done();
    // In CloudFormation the policy is part of the file system, which cannot name itself.
    let own = statements(None);
    if let Some(draft) = stack.edit(files) {
        draft.cfn("FileSystemPolicy", document(own)).done();
    }
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &FileSystem) {
    let cold = spec.infrequent_share.clamp(0.0, 1.0);
    let (hot_sku, cold_sku) = if spec.one_zone {
        ("one-zone-gb-month", "one-zone-ia-gb-month")
    } else {
        ("standard-gb-month", "standard-ia-gb-month")
    };
    bill.add(
        it,
        "Storage",
        "efs",
        hot_sku,
        Quantity::fixed(spec.storage_gb * (1.0 - cold)),
        "GB read in the last 30 days",
    );
    bill.add(
        it,
        "Infrequent storage",
        "efs",
        cold_sku,
        Quantity::fixed(spec.storage_gb * cold),
        "GB not read for 30 days",
    );
    if spec.provisioned_mibps > 0.0 {
        bill.add(
            it,
            "Reserved throughput",
            "efs",
            "provisioned-mibps-month",
            Quantity::fixed(spec.provisioned_mibps),
            "MiB/s",
        );
    } else {
        bill.add(
            it,
            "Data read and written",
            "efs",
            "elastic-read-gb",
            Quantity::usage(spec.gb_transferred_per_month),
            "GB of elastic throughput, at the rate for reads",
        );
    }
    bill.add(
        it,
        "Backups",
        "backup",
        "efs-warm-gb-month",
        Quantity::fixed(spec.storage_gb),
        "GB in the daily backup",
    );
}
