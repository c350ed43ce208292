//! What lies in the region that takes over: copies of objects and of backups, and their key.
//!
//! Nothing here refers to the main region, so that in CloudFormation its stack
//! can be made first and tell the main one where the copies go.

use super::kit;
use crate::engine::bind::expr::{Expr, block, document, join, list, map};
use crate::engine::bind::stack::{Handle, Stack};
use crate::engine::graph::{Component, Graph, KeyValueStore, ObjectStore, Spec};

/// The key of the copies, one for all: keys do not leave their region. None
/// where the option has no key of its own.
pub fn key(stack: &mut Stack<'_>, it: &Component) -> Option<Handle> {
    stack.key_arn.as_ref()?;
    Some(own_key(stack, it))
}

/// The same for what needs one in any case.
pub fn own_key(stack: &mut Stack<'_>, it: &Component) -> Handle {
    if let Some(key) = stack.shared.get("recovery_key") {
        return key.clone();
    }
    let root: Expr = join!["arn:", Expr::Partition, ":iam::", Expr::AccountId, ":root"];
    let policy = map([
        ("Version", "2012-10-17".into()),
        (
            "Statement",
            list![kit::resource_policy(
                "AccountAdministers",
                map([("AWS", root)]),
                &["kms:*"],
                vec!["*".into()],
                None,
            )],
        ),
    ]);
    let text = format!("Copies of {}", kit::ascii(stack.graph.project.as_str()));
    let key = stack
        .add(it, "copy_key", "aws_kms_key", "AWS::KMS::Key")
        .recovery()
        .set("description", "Description", text)
        .set("enable_key_rotation", "EnableKeyRotation", true)
        .set("deletion_window_in_days", "PendingWindowInDays", 30)
        .set("policy", "KeyPolicy", document(policy))
        .retain()
        .done();
    stack.shared.insert("recovery_key", key.clone());
    key
}

/// Whether a design keeps something in the region that takes over, and so has a key there.
pub fn has_copies(graph: &Graph) -> bool {
    graph.recovery_region.is_some()
        && graph.components.iter().any(|it| match &it.spec {
            Spec::ObjectStore(it) => it.replicate,
            Spec::BackupPlan(it) => it.copy_to_region,
            Spec::RelationalDatabase(it) => it.global,
            Spec::KeyValueStore(it) => replicates_there(graph, it),
            _ => false,
        })
}

/// Whether a table's only other region is the one that takes over.
pub fn replicates_there(graph: &Graph, spec: &KeyValueStore) -> bool {
    matches!(&spec.replicas[..], [only] if graph.recovery_region.as_ref() == Some(only))
}

/// A vault for copies of backups: a region's default vault is only there once
/// somebody has opened the console.
pub fn vault(stack: &mut Stack<'_>, it: &Component) -> Handle {
    let key = key(stack, it).map(|it| it.arn());
    let name = stack.name_with(it, "copies");
    let mut draft = stack
        .add(it, "copies", "aws_backup_vault", "AWS::Backup::BackupVault")
        .recovery()
        .set("name", "BackupVaultName", name)
        .tf_maybe("kms_key_arn", key.clone())
        .cfn_maybe("EncryptionKeyArn", key.clone());
    if key.is_none() {
        draft = draft.skip(
            "CKV_AWS_166",
            "Sealed with the key of AWS Backup; a key of one's own is part of the better option",
        );
    }
    draft.retain().done()
}

/// The bucket that takes the copies of another one's objects.
pub fn bucket(stack: &mut Stack<'_>, it: &Component, spec: &ObjectStore) -> (Handle, Handle) {
    // The least room that the name of a bucket leaves beside prefix and account.
    let id: String = it.id.as_str().chars().take(15).collect();
    let name: Expr = join![
        Expr::Var("name_prefix".to_owned()),
        format!("-{}-copy-", id.trim_end_matches('-')),
        Expr::AccountId
    ];
    let key = key(stack, it).map(|it| it.arn());
    let protect = kit::protect(stack);
    let private = [
        ("block_public_acls", true.into()),
        ("block_public_policy", true.into()),
        ("ignore_public_acls", true.into()),
        ("restrict_public_buckets", true.into()),
    ];
    let by_default = match &key {
        Some(key) => {
            block([("sse_algorithm", "aws:kms".into()), ("kms_master_key_id", key.clone())])
        }
        None => block([("sse_algorithm", "AES256".into())]),
    };
    let cfn_default = match &key {
        Some(key) => block([("SSEAlgorithm", "aws:kms".into()), ("KMSMasterKeyID", key.clone())]),
        None => block([("SSEAlgorithm", "AES256".into())]),
    };
    let mut draft = stack
        .add(it, "copy", "aws_s3_bucket", "AWS::S3::Bucket")
        .recovery()
        .set("bucket", "BucketName", name)
        .tf("force_destroy", !protect && spec.lock_days.is_none())
        .cfn("PublicAccessBlockConfiguration", kit::pascal(block(private.clone())))
        .cfn(
            "OwnershipControls",
            block([("Rules", list![map([("ObjectOwnership", "BucketOwnerEnforced".into())])])]),
        )
        .cfn(
            "BucketEncryption",
            block([(
                "ServerSideEncryptionConfiguration",
                list![map([
                    ("ServerSideEncryptionByDefault", cfn_default),
                    ("BucketKeyEnabled", key.is_some().into()),
                ])],
            )]),
        )
        .cfn("VersioningConfiguration", block([("Status", "Enabled".into())]))
        .comment("Takes a copy of every object, in the region that takes over.")
        .skip("CKV_AWS_18", "Only replication writes here; the original logs who reads and writes")
        .skip("CKV_AWS_144", "It is the copy in the other region")
        .skip("CKV2_AWS_61", "The original decides how long objects live; deletions are copied")
        .skip("CKV2_AWS_62", "Nothing listens for copies");
    if spec.lock_days.is_some() {
        draft = draft.set("object_lock_enabled", "ObjectLockEnabled", true);
    }
    if key.is_none() {
        draft = draft.skip("CKV_AWS_145", "Sealed with the key that S3 manages (SSE-S3)");
    }
    let bucket = draft.retain().done();
    stack
        .tf_only(it, "copy_private", "aws_s3_bucket_public_access_block")
        .recovery()
        .tf("bucket", bucket.id())
        .tf("block_public_acls", true)
        .tf("block_public_policy", true)
        .tf("ignore_public_acls", true)
        .tf("restrict_public_buckets", true)
        .done();
    stack
        .tf_only(it, "copy_owner", "aws_s3_bucket_ownership_controls")
        .recovery()
        .tf("bucket", bucket.id())
        .tf("rule", block([("object_ownership", "BucketOwnerEnforced".into())]))
        .done();
    let versions = stack
        .tf_only(it, "copy_versions", "aws_s3_bucket_versioning")
        .recovery()
        .tf("bucket", bucket.id())
        .tf("versioning_configuration", block([("status", "Enabled".into())]))
        .done();
    stack
        .tf_only(it, "copy_sealed", "aws_s3_bucket_server_side_encryption_configuration")
        .recovery()
        .tf("bucket", bucket.id())
        .tf(
            "rule",
            block([
                ("apply_server_side_encryption_by_default", by_default),
                ("bucket_key_enabled", key.is_some().into()),
            ]),
        )
        .done();
    let policy = kit::tls_only("s3:*", vec![bucket.arn(), join![bucket.arn(), "/*"]]);
    stack
        .add(it, "copy_tls", "aws_s3_bucket_policy", "AWS::S3::BucketPolicy")
        .recovery()
        .set("bucket", "Bucket", bucket.id())
        .set("policy", "PolicyDocument", document(policy))
        .done();
    (bucket, versions)
}

#[cfg(test)]
mod tests {
    use crate::engine::bind::testing::{graph, terraform_of};
    use crate::engine::bind::{binding_of, lower};
    use crate::engine::cost::bill::Bill;
    use crate::engine::emit::cloudformation;
    use crate::engine::graph::{
        BackupPlan, EncryptionKey, Graph, KeyValueStore, Network, ObjectStore, Reason,
        RelationalDatabase, RelationalStyle,
    };
    use std::collections::BTreeMap;

    fn abroad(mut graph: Graph) -> Graph {
        graph.recovery_region = Some("eu-west-1".to_owned());
        graph
    }

    #[test]
    fn copies_of_objects_lie_in_the_other_region() {
        let graph =
            abroad(graph("files", ObjectStore { replicate: true, ..ObjectStore::default() }));
        let text = terraform_of(&graph);
        assert!(text.contains("alias  = \"recovery\"\n  region = \"eu-west-1\""), "{text}");
        for part in [
            "resource \"aws_s3_bucket\" \"files_copy\" {\n",
            "aws_s3_bucket_replication_configuration",
            "provider = aws.recovery",
            "bucket = aws_s3_bucket.files_copy.arn",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let stack = lower(&graph);
        let files: BTreeMap<String, String> = cloudformation::files(&stack, &BTreeMap::new())
            .into_iter()
            .map(|it| (it.path, String::from_utf8(it.content).unwrap()))
            .collect();
        let (main, copy) = (&files["template.yaml"], &files["recovery.yaml"]);
        assert!(copy.contains("FilesCopy:") && !main.contains("FilesCopy:"), "{copy}");
        assert!(copy.contains("RecoveryFilesCopyArn:"), "the copy tells where it is: {copy}");
        assert!(main.contains("RecoveryFilesCopyArn"), "and the original asks: {main}");
        assert!(main.contains("of the stack made of recovery.yaml in eu-west-1"), "{main}");
    }

    #[test]
    fn copies_of_backups_have_a_vault_that_is_there() {
        let plan = BackupPlan { copy_to_region: true, ..BackupPlan::default() };
        let text = terraform_of(&abroad(graph("backup", plan.clone())));
        assert!(
            text.contains("destination_vault_arn = aws_backup_vault.backup_copies.arn"),
            "{text}"
        );
        let text = terraform_of(&graph("backup", plan));
        assert!(!text.contains("recovery"), "without another region nothing is copied: {text}");
    }

    /// Both formats make what the bill has: a second member, with network and key there.
    #[test]
    fn a_global_database_has_a_second_member() {
        let spec = RelationalDatabase {
            style: RelationalStyle::Cluster,
            global: true,
            ..RelationalDatabase::default()
        };
        let mut graph = abroad(graph("db", spec));
        graph.add("network", "Network", Network::default(), Reason::rule("It is needed."));
        let text = terraform_of(&graph);
        for part in [
            "resource \"aws_rds_cluster\" \"db_standby\" {\n",
            "global_cluster_identifier           = aws_rds_global_cluster.db_world.id",
            "kms_key_id                          = aws_kms_key.db_copy_key.arn",
            "data \"aws_availability_zones\" \"recovery\" {\n",
            "ignore_changes = [replication_source_identifier]",
            "cidr_block           = \"10.1.0.0/16\"",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let stack = lower(&graph);
        assert!(stack.diagnostics.iter().all(|it| it.code != "second-region-unknown"));
        let files: BTreeMap<String, String> = cloudformation::files(&stack, &BTreeMap::new())
            .into_iter()
            .map(|it| (it.path, String::from_utf8(it.content).unwrap()))
            .collect();
        let (main, standby) = (&files["template.yaml"], &files["standby.yaml"]);
        assert!(standby.contains("  DbStandby:\n") && !main.contains("DbStandby"), "{standby}");
        assert!(files["recovery.yaml"].contains("RecoveryDbCopyKeyArn:"), "the key is told");
        assert!(standby.contains("!Ref RecoveryDbCopyKeyArn"), "and asked for: {standby}");
        assert!(standby.contains("${Project}-${Environment}-db-world"), "{standby}");
        assert!(!standby.contains("Output Main"), "it needs no value of the main one: {standby}");
        assert!(standby.contains("DbStandbyHost:") && !main.contains("DbStandbyHost"));
        let mut bill = Bill::new(&graph);
        for component in &graph.components {
            (binding_of(&component.spec).unwrap().cost)(&mut bill, component);
        }
        for item in ["Instance of the second region", "Storage of the second region"] {
            assert!(bill.lines.iter().any(|it| it.item == item && it.monthly > 0.0), "{item}");
        }
        graph.recovery_region = None;
        let stack = lower(&graph);
        assert!(stack.diagnostics.iter().any(|it| it.code == "second-region-unknown"));
        assert!(stack.resources.iter().all(|it| !it.key.contains("standby")));
    }

    #[test]
    fn a_replicated_table_is_sealed_in_both_regions() {
        let table =
            KeyValueStore { replicas: vec!["eu-west-1".to_owned()], ..KeyValueStore::default() };
        let mut graph = graph("key", EncryptionKey::default());
        graph.add("table", "Table", table, Reason::rule("A test asks for it."));
        let graph = abroad(graph);
        let text = terraform_of(&graph);
        assert!(text.contains("kms_key_arn            = aws_kms_key.table_copy_key.arn"), "{text}");
        let stack = lower(&graph);
        let files = cloudformation::files(&stack, &BTreeMap::new());
        let main = String::from_utf8(files[0].content.clone()).unwrap();
        assert!(main.contains("AWS::DynamoDB::GlobalTable"), "{main}");
        assert!(main.contains("KMSMasterKeyId: !Ref RecoveryTableCopyKeyArn"), "{main}");
        assert!(
            main.contains("- Region: eu-west-1") && main.contains("- Region: !Ref AWS::Region")
        );
    }
}
