//! Amazon FSx: file servers of Windows, Lustre, ONTAP and OpenZFS.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, list, map};
use crate::engine::bind::stack::{Facet, Stack, Variable, VariableKind};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, FileServer, FileServerKind, Kind};
use crate::engine::requirements::Intent;

binding! {
    FileServer {
        service: "fsx",
        title: "Amazon FSx",
        docs: "https://docs.aws.amazon.com/fsx/",
        sla: Some(Sla {
            availability: 0.9999,
            single: 0.995,
            source: "https://aws.amazon.com/fsx/sla/",
        }),
        limits: &[Limit {
            what: "Storage of a Windows file server",
            value: "64 TiB",
            source: "https://docs.aws.amazon.com/fsx/latest/WindowsGuide/limits.html",
        }],
        latency_ms: Some((1.0, 3.0)),
    }
}

/// What AWS makes of a size: each kind has its own steps.
fn storage(spec: &FileServer) -> i64 {
    let wanted = spec.storage_gb.ceil() as i64;
    match spec.kind {
        FileServerKind::Windows => wanted.max(32),
        // 1,200 GiB, then whole multiples of 2,400.
        FileServerKind::Lustre if wanted <= 1200 => 1200,
        FileServerKind::Lustre => (wanted as u64).next_multiple_of(2400) as i64,
        FileServerKind::Ontap => wanted.max(1024),
        FileServerKind::OpenZfs => wanted.max(64),
    }
}

/// MB/s in the steps of each kind.
fn throughput(spec: &FileServer) -> u32 {
    let wanted = spec.throughput_mbps.max(1).next_power_of_two();
    match spec.kind {
        FileServerKind::Windows => wanted.clamp(32, 2048),
        FileServerKind::Ontap => wanted.clamp(128, 4096),
        // OpenZFS in several zones starts higher than in one.
        FileServerKind::OpenZfs if spec.multi_zone => {
            (wanted.max(160) / 160 * 160).clamp(160, 3840)
        }
        FileServerKind::OpenZfs => wanted.clamp(64, 4096),
        FileServerKind::Lustre => 125,
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &FileServer) {
    let Some(net) = stack.net.clone() else {
        stack.facet(it, Facet::default());
        return;
    };
    let Some(group) = kit::security_group(stack, it, "") else { return };
    let multi = spec.multi_zone && spec.kind != FileServerKind::Lustre && net.private.len() > 1;
    let subnets: Vec<Expr> = net.private.iter().take(if multi { 2 } else { 1 }).cloned().collect();
    let first = subnets.first().cloned().unwrap_or_else(|| "".into());
    let days = spec.backup_days.min(90);
    let key = stack.key_arn.clone();
    let name = stack.name(it);
    let directory = (spec.kind == FileServerKind::Windows).then(|| directory(stack, it));
    let (tf, word, section, port, deployment) = match spec.kind {
        FileServerKind::Windows => (
            "aws_fsx_windows_file_system",
            "WINDOWS",
            "WindowsConfiguration",
            445,
            if multi { "MULTI_AZ_1" } else { "SINGLE_AZ_2" },
        ),
        FileServerKind::Lustre => {
            ("aws_fsx_lustre_file_system", "LUSTRE", "LustreConfiguration", 988, "PERSISTENT_2")
        }
        FileServerKind::Ontap => (
            "aws_fsx_ontap_file_system",
            "ONTAP",
            "OntapConfiguration",
            2049,
            if multi { "MULTI_AZ_1" } else { "SINGLE_AZ_1" },
        ),
        FileServerKind::OpenZfs => (
            "aws_fsx_openzfs_file_system",
            "OPENZFS",
            "OpenZFSConfiguration",
            2049,
            if multi { "MULTI_AZ_1" } else { "SINGLE_AZ_1" },
        ),
    };
    let mut fields = vec![
        ("DeploymentType".to_owned(), Expr::from(deployment)),
        ("AutomaticBackupRetentionDays".to_owned(), days.into()),
    ];
    let mut draft = stack
        .add(it, "", tf, "AWS::FSx::FileSystem")
        .cfn("FileSystemType", word)
        .set("storage_capacity", "StorageCapacity", storage(spec))
        .set("storage_type", "StorageType", "SSD")
        .set("subnet_ids", "SubnetIds", Expr::List(subnets))
        .set("security_group_ids", "SecurityGroupIds", list![kit::group_id(&group)])
        .maybe("kms_key_id", "KmsKeyId", key.clone())
        .tf("deployment_type", deployment)
        .tf("automatic_backup_retention_days", days)
        .tf("tags", map([("Name", name.clone())]))
        .cfn("Tags", kit::tag_list(&[("Name", name)]));
    if spec.kind == FileServerKind::Lustre {
        draft = draft
            .tf("per_unit_storage_throughput", throughput(spec))
            .set("file_system_type_version", "FileSystemTypeVersion", "2.15")
            .tf("data_compression_type", "LZ4");
        fields.push(("PerUnitStorageThroughput".to_owned(), throughput(spec).into()));
        fields.push(("DataCompressionType".to_owned(), "LZ4".into()));
    } else {
        draft = draft.tf("throughput_capacity", throughput(spec));
        fields.push(("ThroughputCapacity".to_owned(), throughput(spec).into()));
        if multi || spec.kind == FileServerKind::Ontap {
            draft = draft.tf("preferred_subnet_id", first.clone());
        }
        if multi {
            fields.push(("PreferredSubnetId".to_owned(), first));
        }
    }
    if let Some(directory) = directory {
        draft = draft.tf("active_directory_id", directory.clone());
        fields.push(("ActiveDirectoryId".to_owned(), directory));
    }
    if matches!(spec.kind, FileServerKind::Windows | FileServerKind::OpenZfs) {
        draft = draft.tf("copy_tags_to_backups", true);
        fields.push(("CopyTagsToBackups".to_owned(), true.into()));
    }
    if key.is_none() {
        const REASON: &str =
            "Sealed with the key of FSx; a key of one's own is part of the better option";
        let check = match spec.kind {
            FileServerKind::Windows => "CKV_AWS_179",
            FileServerKind::Lustre => "CKV_AWS_190",
            FileServerKind::Ontap => "CKV_AWS_178",
            FileServerKind::OpenZfs => "CKV_AWS_203",
        };
        draft = draft.skip(check, REASON);
    }
    let server = draft.cfn(section, Expr::Block(fields)).retain().done();
    let host = server.att("dns_name", "DNSName");
    let facet = Facet::default()
        .handle("file_server", &server)
        .value("arn", server.att("arn", "ResourceARN"))
        .value("id", server.id())
        .reference("HOST", host)
        .reference("FILE_SYSTEM_ID", server.id())
        .grant(
            &[Intent::Reads, Intent::Writes, Intent::Replicates],
            // Describing has no resource of its own.
            &["fsx:DescribeFileSystems"],
            vec!["*".into()],
        )
        .listener(kit::group_id(&group), port);
    stack.facet(it, facet);
}

/// The directory that a Windows file server joins: the graph's, or one that is there.
fn directory(stack: &mut Stack<'_>, it: &Component) -> Expr {
    let own = stack
        .graph
        .first(Kind::Directory)
        .and_then(|it| stack.facets.get(&it.id))
        .and_then(|it| it.values.get("id").cloned());
    own.unwrap_or_else(|| {
        stack.variable(
            &format!("{}_directory_id", it.id.snake()),
            Variable {
                kind: VariableKind::String,
                description: "Id of the AWS Managed Microsoft AD that the file server joins."
                    .to_owned(),
                default: None,
                pattern: Some((
                    "^d-[0-9a-f]{10}$".to_owned(),
                    "The directory's id looks like d-0123456789.".to_owned(),
                )),
            },
        )
    })
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &FileServer) {
    let gb = storage(spec) as f64;
    let zones = if spec.multi_zone { "multi-az" } else { "single-az" };
    let fixed = Quantity::fixed(gb);
    let rate = f64::from(throughput(spec));
    match spec.kind {
        FileServerKind::Windows => {
            bill.add(it, "Storage", "fsx", &format!("windows-ssd-gb-month|{zones}"), fixed, "GB");
            bill.add(
                it,
                "Throughput",
                "fsx",
                &format!("windows-mbps-month|{zones}"),
                Quantity::fixed(rate),
                "MB/s",
            );
        }
        FileServerKind::Lustre => bill.add(it, "Storage", "fsx", "lustre-gb-month", fixed, "GB"),
        FileServerKind::Ontap => {
            bill.add(it, "Storage", "fsx", &format!("ontap-ssd-gb-month|{zones}"), fixed, "GB");
            bill.unpriced(it, "Throughput", rate, "fsx ontap-mbps-month");
        }
        FileServerKind::OpenZfs => {
            bill.add(it, "Storage", "fsx", "openzfs-ssd-gb-month", fixed, "GB");
            bill.add(it, "Throughput", "fsx", "openzfs-mbps-month", Quantity::fixed(rate), "MB/s");
        }
    }
    let backup = match spec.kind {
        FileServerKind::Windows => "windows-backup-gb-month",
        FileServerKind::Lustre => "lustre-backup-gb-month",
        FileServerKind::OpenZfs => "openzfs-backup-gb-month",
        FileServerKind::Ontap => {
            bill.unpriced(it, "Backups", gb, "fsx ontap-backup-gb-month");
            return;
        }
    };
    if spec.backup_days > 0 {
        bill.add(it, "Backups", "fsx", backup, Quantity::fixed(gb), "GB of the first full copy");
    }
}
