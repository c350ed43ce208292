//! Amazon S3.

use super::{kit, recovery};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, blocks, document, join, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, Kind, ObjectPurpose, ObjectStore, Spec};
use crate::engine::requirements::Intent;

binding! {
    ObjectStore {
        service: "s3",
        title: "Amazon S3",
        docs: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html",
        sla: Some(Sla {
            availability: 0.999,
            single: 0.999,
            source: "https://aws.amazon.com/s3/sla/",
        }),
        limits: &[
            Limit {
                what: "Writes and reads a second, per prefix",
                value: "3,500 writes, 5,500 reads",
                source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html",
            },
            Limit {
                what: "Upload in one request",
                value: "5 GB",
                source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html",
            },
        ],
        latency_ms: Some((30.0, 120.0)),
    }
}

/// Bucket names are global and at most 63 characters: the account makes them
/// unique, and a long id is cut.
fn bucket_name(it: &Component) -> Expr {
    let id: String = it.id.as_str().chars().take(20).collect();
    let id = id.trim_end_matches('-');
    join![Expr::Var("name_prefix".to_owned()), format!("-{id}-"), Expr::AccountId]
}

/// The bucket that takes the access logs of others, when the graph has one.
fn log_bucket(stack: &Stack<'_>, it: &Component) -> Option<Handle> {
    let is_logs = |other: &&Component| {
        other.id != it.id
            && matches!(&other.spec, Spec::ObjectStore(spec) if spec.purpose == ObjectPurpose::Logs)
    };
    let logs = stack.graph.of_kind(Kind::ObjectStore).find(is_logs)?;
    Some(Handle(logs.id.snake()))
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &ObjectStore) {
    let protect = kit::protect(stack);
    let for_logs = spec.purpose == ObjectPurpose::Logs;
    let log_bucket = if spec.access_logs { log_bucket(stack, it) } else { None };
    // Log delivery cannot use a key of one's own.
    let key = if for_logs { None } else { stack.key_arn.clone() };
    let versioned = spec.versioned || spec.replicate || spec.lock_days.is_some();
    // A bucket is copied to one place only; a copy that is drawn is that place.
    let drawn = stack.graph.connections.iter().any(|line| {
        line.from == it.id
            && line.intent == Intent::Replicates
            && stack.graph.component(&line.to).is_some_and(|to| to.spec.kind() == Kind::ObjectStore)
    });
    let copied = spec.replicate && !drawn && stack.graph.recovery_region.is_some();
    let mut draft = stack
        .add(it, "", "aws_s3_bucket", "AWS::S3::Bucket")
        .set("bucket", "BucketName", bucket_name(it))
        .tf("force_destroy", !protect && spec.lock_days.is_none());
    if spec.lock_days.is_some() {
        draft = draft.set("object_lock_enabled", "ObjectLockEnabled", true);
    }
    if log_bucket.is_none() {
        draft = draft.skip(
            "CKV_AWS_18",
            if for_logs {
                "It holds logs itself: logging its own access would feed it without end"
            } else {
                "Who reads and writes is recorded by the audit trail where the design has one"
            },
        );
    }
    if key.is_none() {
        draft = draft.skip("CKV_AWS_145", "Sealed with the key that S3 manages (SSE-S3)");
    }
    if !versioned {
        draft = draft.skip("CKV_AWS_21", "What it holds can be made again from its source");
    }
    if !copied {
        draft = draft.skip(
            "CKV_AWS_144",
            "One region is what recovery needs here; versions keep what is overwritten",
        );
    }
    draft = draft.skip("CKV2_AWS_62", "Events go to EventBridge where something listens for them");
    let bucket = draft.retain().done();
    settings(stack, it, spec, &bucket, key.as_ref(), versioned, "");
    if copied {
        let (copy, versions) = recovery::bucket(stack, it, spec);
        let copy_key = recovery::key(stack, it).map(|it| it.arn());
        let rule = Copying {
            source: bucket.clone(),
            target: copy,
            key: copy_key,
            versions: [Handle(format!("{}_versions", it.id.snake())), versions],
        };
        rule.add(stack, it, "copied");
    }
    if let Some(logs) = &log_bucket {
        let prefix = format!("access/{}/", it.id);
        stack
            .tf_only(it, "access_logs", "aws_s3_bucket_logging")
            .tf("bucket", bucket.id())
            .tf("target_bucket", logs.id())
            .tf("target_prefix", prefix.as_str())
            .done();
        if let Some(draft) = stack.edit(&bucket) {
            draft
                .cfn(
                    "LoggingConfiguration",
                    block([("DestinationBucketName", logs.id()), ("LogFilePrefix", prefix.into())]),
                )
                .done();
        }
    }
    let below: Expr = join![bucket.arn(), "/*"];
    let mut policy = kit::tls_only("s3:*", vec![bucket.arn(), below.clone()]);
    if for_logs && let Expr::Map(fields) = &mut policy {
        for (name, value) in fields {
            if let (true, Expr::List(statements)) = (name == "Statement", value) {
                statements.extend(log_writers(&bucket));
            }
        }
    }
    let policy = stack
        .add(it, "tls", "aws_s3_bucket_policy", "AWS::S3::BucketPolicy")
        .set("bucket", "Bucket", bucket.id())
        .set("policy", "PolicyDocument", document(policy))
        .done();
    stack.output(
        &format!("{}_bucket", it.id.snake()),
        &format!("Bucket of {}.", kit::ascii(&it.title)),
        bucket.id(),
    );
    let facet = Facet::default()
        .handle("bucket", &bucket)
        .handle("policy", &policy)
        .value("arn", bucket.arn())
        .value("name", bucket.id())
        .value("domain", bucket.att("bucket_regional_domain_name", "RegionalDomainName"))
        .reference("BUCKET", bucket.id())
        .grant(
            &[Intent::Reads, Intent::Serves, Intent::Subscribes],
            &["s3:GetObject", "s3:GetObjectVersion"],
            vec![below.clone()],
        )
        .grant(
            &[Intent::Writes, Intent::Publishes, Intent::Streams, Intent::Replicates],
            &["s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            vec![below],
        )
        .grant(
            &[Intent::Reads, Intent::Writes, Intent::Replicates],
            &["s3:ListBucket", "s3:GetBucketLocation"],
            vec![bucket.arn()],
        );
    stack.facet(it, facet);
}

/// A bucket that belongs to another component: private, sealed, cleared after some days.
pub fn plain(
    stack: &mut Stack<'_>,
    it: &Component,
    suffix: &str,
    name: Expr,
    days: u32,
    policy: impl Fn(&Handle) -> Expr,
) -> Handle {
    let key = stack.key_arn.clone();
    let protect = kit::protect(stack);
    let under = |tail: &str| format!("{suffix}_{tail}");
    let mut draft = stack
        .add(it, suffix, "aws_s3_bucket", "AWS::S3::Bucket")
        .set("bucket", "BucketName", name)
        .tf("force_destroy", !protect)
        .skip("CKV_AWS_18", "Only one service writes here; who reads is recorded by the audit trail where the design has one")
        .skip("CKV_AWS_144", "One region is what recovery needs here")
        .skip("CKV2_AWS_62", "Nothing listens for its objects");
    if key.is_none() {
        draft = draft.skip("CKV_AWS_145", "Sealed with the key that S3 manages (SSE-S3)");
    }
    let bucket = draft.retain().done();
    let spec = ObjectStore {
        expire_after_days: Some(days),
        notify: false,
        cors: false,
        lock_days: None,
        ..ObjectStore::default()
    };
    settings(stack, it, &spec, &bucket, key.as_ref(), true, &format!("{suffix}_"));
    let policy = policy(&bucket);
    stack
        .add(it, &under("tls"), "aws_s3_bucket_policy", "AWS::S3::BucketPolicy")
        .set("bucket", "Bucket", bucket.id())
        .set("policy", "PolicyDocument", policy)
        .done();
    bucket
}

/// What Terraform has as resources of their own and CloudFormation inside the bucket.
fn settings(
    stack: &mut Stack<'_>,
    it: &Component,
    spec: &ObjectStore,
    bucket: &Handle,
    key: Option<&Expr>,
    versioned: bool,
    stem: &str,
) {
    stack
        .tf_only(it, &format!("{stem}private"), "aws_s3_bucket_public_access_block")
        .tf("bucket", bucket.id())
        .tf("block_public_acls", true)
        .tf("block_public_policy", true)
        .tf("ignore_public_acls", true)
        .tf("restrict_public_buckets", true)
        .done();
    stack
        .tf_only(it, &format!("{stem}owner"), "aws_s3_bucket_ownership_controls")
        .tf("bucket", bucket.id())
        .tf("rule", block([("object_ownership", "BucketOwnerEnforced".into())]))
        .done();
    let status = if versioned { "Enabled" } else { "Suspended" };
    let versioning = stack
        .tf_only(it, &format!("{stem}versions"), "aws_s3_bucket_versioning")
        .tf("bucket", bucket.id())
        .tf("versioning_configuration", block([("status", status.into())]))
        .done();
    let (by_default, cfn_default) = match key {
        Some(key) => (
            block([("sse_algorithm", "aws:kms".into()), ("kms_master_key_id", key.clone())]),
            block([("SSEAlgorithm", "aws:kms".into()), ("KMSMasterKeyID", key.clone())]),
        ),
        None => (
            block([("sse_algorithm", "AES256".into())]),
            block([("SSEAlgorithm", "AES256".into())]),
        ),
    };
    stack
        .tf_only(it, &format!("{stem}sealed"), "aws_s3_bucket_server_side_encryption_configuration")
        .tf("bucket", bucket.id())
        .tf(
            "rule",
            block([
                ("apply_server_side_encryption_by_default", by_default),
                ("bucket_key_enabled", key.is_some().into()),
            ]),
        )
        .done();
    if let Some(draft) = stack.edit(bucket) {
        let mut draft = draft
            .cfn(
                "PublicAccessBlockConfiguration",
                block([
                    ("BlockPublicAcls", true.into()),
                    ("BlockPublicPolicy", true.into()),
                    ("IgnorePublicAcls", true.into()),
                    ("RestrictPublicBuckets", true.into()),
                ]),
            )
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
            );
        if versioned {
            draft = draft.cfn("VersioningConfiguration", block([("Status", "Enabled".into())]));
        }
        draft.done();
    }
    lifecycle(stack, it, spec, bucket, &versioning, versioned, stem);
    if let Some(days) = spec.lock_days {
        let retention = block([("mode", "COMPLIANCE".into()), ("days", days.into())]);
        stack
            .tf_only(it, &format!("{stem}lock"), "aws_s3_bucket_object_lock_configuration")
            .tf("bucket", bucket.id())
            .tf("rule", block([("default_retention", retention)]))
            .after(&versioning)
            .done();
        if let Some(draft) = stack.edit(bucket) {
            let retention = block([("Mode", "COMPLIANCE".into()), ("Days", days.into())]);
            draft
                .cfn(
                    "ObjectLockConfiguration",
                    block([
                        ("ObjectLockEnabled", "Enabled".into()),
                        ("Rule", block([("DefaultRetention", retention)])),
                    ]),
                )
                .done();
        }
    }
    if spec.cors {
        cors(stack, it, bucket);
    }
    if spec.notify {
        notify(stack, it, bucket);
    }
}

/// Which origins may call from a browser is for the deployer to say.
fn cors(stack: &mut Stack<'_>, it: &Component, bucket: &Handle) {
    let origin = kit::text_input(
        stack,
        "web_origin",
        "Origin of the web pages whose scripts upload and read files, such as https://www.example.com.",
        Some("https://localhost:3000"),
    );
    let headers = || list!["*"];
    let methods = || list!["GET", "HEAD", "PUT", "POST"];
    stack
        .tf_only(it, "cors", "aws_s3_bucket_cors_configuration")
        .tf("bucket", bucket.id())
        .tf(
            "cors_rule",
            block([
                ("allowed_headers", headers()),
                ("allowed_methods", methods()),
                ("allowed_origins", list![origin.clone()]),
                ("expose_headers", list!["ETag"]),
                ("max_age_seconds", 3600.into()),
            ]),
        )
        .done();
    if let Some(draft) = stack.edit(bucket) {
        let rule = map([
            ("AllowedHeaders", headers()),
            ("AllowedMethods", methods()),
            ("AllowedOrigins", list![origin]),
            ("ExposedHeaders", list!["ETag"]),
            ("MaxAge", 3600.into()),
        ]);
        draft.cfn("CorsConfiguration", block([("CorsRules", list![rule])])).done();
    }
}

/// Sends the bucket's events to the account's default event bus. Rules there
/// refer to the bucket, never the bucket to who listens, so nothing goes round in a circle.
pub fn notify(stack: &mut Stack<'_>, it: &Component, bucket: &Handle) {
    let key = format!("{}_events", it.id.snake());
    if stack.resources.iter().any(|resource| resource.key == key) {
        return;
    }
    stack
        .tf_only(it, "events", "aws_s3_bucket_notification")
        .tf("bucket", bucket.id())
        .tf("eventbridge", true)
        .done();
    if let Some(draft) = stack.edit(bucket) {
        draft
            .cfn(
                "NotificationConfiguration",
                block([("EventBridgeConfiguration", block([("EventBridgeEnabled", true.into())]))]),
            )
            .done();
    }
}

/// Moves and removes objects as they age; always clears abandoned uploads.
fn lifecycle(
    stack: &mut Stack<'_>,
    it: &Component,
    spec: &ObjectStore,
    bucket: &Handle,
    versioning: &Handle,
    versioned: bool,
    stem: &str,
) {
    let mut moves: Vec<(u32, &str)> = Vec::new();
    if spec.tiering {
        moves.push((0, "INTELLIGENT_TIERING"));
    } else {
        // S3 keeps objects in the standard class for at least 30 days before this one.
        moves.extend(spec.infrequent_after_days.map(|days| (days.max(30), "STANDARD_IA")));
    }
    moves.extend(spec.archive_after_days.map(|days| (days.max(1), "GLACIER")));
    let mut rule = vec![
        ("id".to_owned(), Expr::from("age")),
        ("status".to_owned(), "Enabled".into()),
        ("filter".to_owned(), block([("prefix", "".into())])),
        (
            "abort_incomplete_multipart_upload".to_owned(),
            block([("days_after_initiation", 7.into())]),
        ),
    ];
    let mut cfn = vec![
        ("Id".to_owned(), Expr::from("age")),
        ("Status".to_owned(), "Enabled".into()),
        ("AbortIncompleteMultipartUpload".to_owned(), map([("DaysAfterInitiation", 7.into())])),
    ];
    if !moves.is_empty() {
        let step = |(days, class): &(u32, &str)| {
            map([("days", (*days).into()), ("storage_class", (*class).into())])
        };
        rule.push(("transition".to_owned(), blocks(moves.iter().map(step).collect())));
        let step = |(days, class): &(u32, &str)| {
            map([("TransitionInDays", (*days).into()), ("StorageClass", (*class).into())])
        };
        cfn.push(("Transitions".to_owned(), Expr::List(moves.iter().map(step).collect())));
    }
    if let Some(days) = spec.expire_after_days {
        rule.push(("expiration".to_owned(), block([("days", days.into())])));
        cfn.push(("ExpirationInDays".to_owned(), days.into()));
    }
    if versioned {
        let days = spec.lock_days.unwrap_or(0).max(90);
        rule.push((
            "noncurrent_version_expiration".to_owned(),
            block([("noncurrent_days", days.into())]),
        ));
        cfn.push((
            "NoncurrentVersionExpiration".to_owned(),
            map([("NoncurrentDays", days.into())]),
        ));
    }
    stack
        .tf_only(it, &format!("{stem}age"), "aws_s3_bucket_lifecycle_configuration")
        .tf("bucket", bucket.id())
        .tf("rule", Expr::Block(rule))
        .after(versioning)
        .done();
    if let Some(draft) = stack.edit(bucket) {
        draft.cfn("LifecycleConfiguration", block([("Rules", list![Expr::Map(cfn)])])).done();
    }
}

/// Copies every new object of one bucket to another.
pub fn replicate(stack: &mut Stack<'_>, ends: &super::wire::Ends<'_>) -> Option<()> {
    let copying = Copying {
        source: ends.source.handles.get("bucket")?.clone(),
        target: ends.target.handles.get("bucket")?.clone(),
        key: stack.key_arn.clone(),
        versions: [ends.from, ends.to].map(|it| Handle(format!("{}_versions", it.id.snake()))),
    };
    copying.add(stack, ends.from, &ends.suffix());
    Some(())
}

/// Two buckets of which one takes what the other gets.
struct Copying {
    source: Handle,
    target: Handle,
    /// What the copies are sealed with, where there is a key of one's own.
    key: Option<Expr>,
    /// Both have to keep versions first.
    versions: [Handle; 2],
}

impl Copying {
    fn add(self, stack: &mut Stack<'_>, it: &Component, suffix: &str) {
        let Self { source, target, key, versions } = self;
        let role = kit::role(stack, it, "copy_role", "s3.amazonaws.com", &[]);
        let mut statements = vec![
            kit::allow(&["s3:GetReplicationConfiguration", "s3:ListBucket"], vec![source.arn()]),
            kit::allow(
                &[
                    "s3:GetObjectVersionForReplication",
                    "s3:GetObjectVersionAcl",
                    "s3:GetObjectVersionTagging",
                ],
                vec![join![source.arn(), "/*"]],
            ),
            kit::allow(
                &["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"],
                vec![join![target.arn(), "/*"]],
            ),
        ];
        statements.extend(kit::key_statement(stack));
        if let Some(key) = key.as_ref().filter(|it| stack.key_arn.as_ref() != Some(*it)) {
            statements.push(kit::allow(&["kms:Encrypt", "kms:GenerateDataKey"], vec![key.clone()]));
        }
        kit::role_policy(stack, it, "copy_policy", &role, &statements);
        let sealed = |name: &str, key: &Expr| block([(name, key.clone())]);
        let mut destination = vec![("bucket".to_owned(), target.arn())];
        let mut cfn_destination = vec![("Bucket".to_owned(), target.arn())];
        let mut rule = vec![
            ("id".to_owned(), Expr::from("copy")),
            ("priority".to_owned(), 1.into()),
            ("status".to_owned(), "Enabled".into()),
            ("filter".to_owned(), block([("prefix", "".into())])),
            ("delete_marker_replication".to_owned(), block([("status", "Enabled".into())])),
        ];
        if let Some(key) = &key {
            destination
                .push(("encryption_configuration".to_owned(), sealed("replica_kms_key_id", key)));
            // CloudFormation writes this id with capitals.
            cfn_destination
                .push(("EncryptionConfiguration".to_owned(), sealed("ReplicaKmsKeyID", key)));
            rule.push((
                "source_selection_criteria".to_owned(),
                block([("sse_kms_encrypted_objects", block([("status", "Enabled".into())]))]),
            ));
        }
        let mut cfn_rule = match kit::pascal(Expr::Block(rule.clone())) {
            Expr::Block(fields) => fields,
            _ => Vec::new(),
        };
        rule.push(("destination".to_owned(), Expr::Block(destination)));
        cfn_rule.push(("Destination".to_owned(), Expr::Block(cfn_destination)));
        stack
            .tf_only(it, suffix, "aws_s3_bucket_replication_configuration")
            .tf("bucket", source.id())
            .tf("role", role.arn())
            .tf("rule", Expr::Block(rule))
            .after(&versions[0])
            .after(&versions[1])
            .done();
        if let Some(draft) = stack.edit(&source) {
            draft
                .cfn(
                    "ReplicationConfiguration",
                    block([("Role", role.arn()), ("Rules", list![Expr::Map(cfn_rule)])]),
                )
                .done();
        }
    }
}

/// Services of this account that write logs into a bucket for logs.
fn log_writers(bucket: &Handle) -> Vec<Expr> {
    let services = list![
        "logging.s3.amazonaws.com",
        "delivery.logs.amazonaws.com",
        "logdelivery.elasticloadbalancing.amazonaws.com"
    ];
    vec![
        kit::resource_policy(
            "LogsAreWritten",
            map([("Service", services.clone())]),
            &["s3:PutObject"],
            vec![join![bucket.arn(), "/*"]],
            Some(("StringEquals", "aws:SourceAccount", Expr::AccountId)),
        ),
        kit::resource_policy(
            "LogsAreChecked",
            map([("Service", services)]),
            &["s3:GetBucketAcl", "s3:ListBucket"],
            vec![bucket.arn()],
            Some(("StringEquals", "aws:SourceAccount", Expr::AccountId)),
        ),
    ]
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &ObjectStore) {
    // Overwritten and deleted versions stay for 90 days.
    let versions = if spec.versioned { 1.1 } else { 1.0 };
    let stored = spec.storage_gb * versions;
    let (sku, what) = match spec.purpose {
        ObjectPurpose::Archive => ("glacier-gb-month", "GB in the archive class"),
        _ if spec.tiering => ("intelligent-frequent-gb-month", "GB with automatic tiering"),
        _ => ("standard-gb-month", "GB"),
    };
    let formula =
        if spec.versioned { format!("{what} + 10 % of older versions") } else { what.to_owned() };
    bill.add(it, "Storage", "s3", sku, Quantity::fixed(stored), formula);
    bill.add(
        it,
        "Writes",
        "s3",
        "put-1000",
        Quantity::usage(spec.writes_per_month / 1000.0),
        "thousands of PUT, COPY, POST and LIST requests",
    );
    bill.add(
        it,
        "Reads",
        "s3",
        "get-1000",
        Quantity::usage(spec.reads_per_month / 1000.0),
        "thousands of GET requests",
    );
    if spec.tiering {
        bill.add(
            it,
            "Tiering",
            "s3",
            "intelligent-monitoring-1000",
            Quantity::fixed(spec.storage_gb),
            "thousands of objects, at 1 MB each",
        );
    }
    if let (true, Some(region)) = (spec.replicate, bill.graph.recovery_region.clone()) {
        bill.add_in(
            &region,
            it,
            "Copy in the recovery region",
            "s3",
            "standard-gb-month",
            Quantity::fixed(stored),
            "the same GB again",
        );
        bill.add_in(
            &region,
            it,
            "Writes to the copy",
            "s3",
            "put-1000",
            Quantity::usage(spec.writes_per_month / 1000.0),
            "thousands of PUT requests",
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::bind::testing::{cloudformation, terraform};
    use crate::engine::graph::{ObjectPurpose, ObjectStore};

    #[test]
    fn a_bucket_is_private_and_sealed_whatever_it_is_for() {
        for purpose in [ObjectPurpose::Website, ObjectPurpose::Logs, ObjectPurpose::Lake] {
            let spec = ObjectStore { purpose, notify: true, ..ObjectStore::default() };
            let text = terraform("files", spec.clone());
            assert!(text.contains("restrict_public_buckets = true"), "{text}");
            assert!(text.contains("\"aws:SecureTransport\""), "{text}");
            let text = cloudformation("files", spec);
            assert!(text.contains("RestrictPublicBuckets: true"), "{text}");
            assert!(text.contains("EventBridgeEnabled: true"), "{text}");
        }
    }
}
