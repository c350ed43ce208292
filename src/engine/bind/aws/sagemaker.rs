//! Amazon SageMaker: a model behind an endpoint, and on demand a feature store
//! and a notebook.

use super::{house, kit};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, blocks, join};
use crate::engine::bind::stack::{Facet, Handle, Stack, Variable, VariableKind};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Component, ModelEndpoint, Tier};
use crate::engine::requirements::Intent;

binding! {
    ModelEndpoint {
        service: "sagemaker",
        title: "Amazon SageMaker",
        docs: "https://docs.aws.amazon.com/sagemaker/latest/dg/whatis.html",
        sla: None,
        limits: &[],
        latency_ms: Some((100.0, 400.0)),
    }
}

/// Burstable types are cheap and cannot scale; everything that scales is steady.
fn instance_type(spec: &ModelEndpoint, tier: Tier) -> String {
    spec.instance_type.clone().unwrap_or_else(|| {
        if scales(spec, tier) { "ml.m5.large" } else { "ml.t2.medium" }.to_owned()
    })
}

fn scales(spec: &ModelEndpoint, tier: Tier) -> bool {
    !spec.serverless && tier != Tier::Good && spec.instances_max > instances(spec, tier)
}

/// Two instances are put into two zones.
fn instances(spec: &ModelEndpoint, tier: Tier) -> u32 {
    spec.instances_min.max(if tier == Tier::Good { 1 } else { 2 })
}

const NOTEBOOK: &str = "ml.t2.medium";
const NOTEBOOK_GB: u32 = 20;

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &ModelEndpoint) {
    let role = kit::role(stack, it, "role", "sagemaker.amazonaws.com", &[]);
    let bucket = house::bucket(stack, it, "models", 365, |_| Vec::new());
    let mut statements = house::bucket_access(&bucket);
    statements.extend([
        // A login to a registry is for the whole registry.
        kit::allow(&["ecr:GetAuthorizationToken", "cloudwatch:PutMetricData"], vec!["*".into()]),
        kit::allow(
            &["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"],
            vec![join!["arn:", Expr::Partition, ":ecr:", Expr::Region, ":*:repository/*"]],
        ),
        kit::allow(
            &[
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:PutLogEvents",
                "logs:DescribeLogStreams",
            ],
            vec![kit::arn("logs", join!["log-group:/aws/sagemaker/*"])],
        ),
    ]);
    statements.extend(kit::key_statement(stack));
    let group = if house::reaches_network(stack, it) { house::group(stack, it) } else { None };
    if group.is_some() {
        // Network interfaces have no ARN before they are made.
        statements.push(kit::allow(
            &[
                "ec2:CreateNetworkInterface",
                "ec2:CreateNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
                "ec2:DeleteNetworkInterfacePermission",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeVpcs",
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeSubnets",
                "ec2:DescribeSecurityGroups",
            ],
            vec!["*".into()],
        ));
    }
    let access = kit::role_policy(stack, it, "access", &role, &statements);
    let endpoint = endpoint(stack, it, spec, &role, group.as_ref(), &access);
    let name = endpoint.att("name", "EndpointName");
    let arn = kit::arn("sagemaker", join!["endpoint/", name.clone()]);
    let mut facet = Facet::default()
        .handle("endpoint", &endpoint)
        .handle("models", &bucket)
        .value("arn", arn.clone())
        .value("name", name.clone())
        .reference("ENDPOINT_NAME", name)
        .grant(
            &[Intent::Invokes, Intent::Reads, Intent::Serves],
            &["sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointAsync"],
            vec![arn],
        )
        .principal(&role, group.as_ref().map(kit::group_id), false);
    if spec.feature_store {
        let features = feature_group(stack, it, &role, &bucket, &access);
        let name = features.by_ref("feature_group_name");
        let arn = kit::arn("sagemaker", join!["feature-group/", name.clone()]);
        facet = facet.handle("features", &features).reference("FEATURE_GROUP", name).grant(
            &[Intent::Reads, Intent::Invokes, Intent::Serves],
            &["sagemaker:GetRecord", "sagemaker:BatchGetRecord", "sagemaker:PutRecord"],
            vec![arn],
        );
    }
    if spec.notebook {
        notebook(stack, it, &role);
    }
    stack.facet(it, facet);
}

fn endpoint(
    stack: &mut Stack<'_>,
    it: &Component,
    spec: &ModelEndpoint,
    role: &Handle,
    group: Option<&Handle>,
    access: &Handle,
) -> Handle {
    let tier = stack.tier();
    let stem = it.id.snake();
    let image = kit::text_input(
        stack,
        &format!("{stem}_image"),
        "Container image that serves the model, from Amazon ECR in this region.",
        None,
    );
    let data = stack.variable(
        &format!("{stem}_model_data_url"),
        Variable {
            kind: VariableKind::String,
            description: "S3 address of the trained model (model.tar.gz).".to_owned(),
            default: None,
            pattern: Some((
                "^s3://.+".to_owned(),
                "The address starts with s3:// and names a bucket and a key.".to_owned(),
            )),
        },
    );
    // A model that calls other services needs the way out.
    let isolated = !stack.graph.connections.iter().any(|connection| connection.from == it.id);
    let mut draft = stack
        .add(it, "model", "aws_sagemaker_model", "AWS::SageMaker::Model")
        .set("execution_role_arn", "ExecutionRoleArn", role.arn())
        .set("enable_network_isolation", "EnableNetworkIsolation", isolated)
        .after(access);
    draft =
        kit::nest(draft, "primary_container", block([("image", image), ("model_data_url", data)]));
    if !isolated {
        draft = draft.skip("CKV_AWS_370", "The model's code calls other services of this design");
    }
    let model = draft.done();
    if let (Some(group), Some(net)) = (group, stack.net.clone())
        && let Some(draft) = stack.edit(&model)
    {
        let config = block([
            ("security_group_ids", vec![kit::group_id(group)].into()),
            ("subnets", Expr::List(net.private)),
        ]);
        kit::nest(draft, "vpc_config", config).done();
    }
    let mut variant = vec![
        ("variant_name", Expr::from("main")),
        ("model_name", model.att("name", "ModelName")),
        ("initial_variant_weight", Expr::Int(1)),
    ];
    if spec.serverless {
        // Serverless memory comes in steps of 1 GB up to 6 GB.
        let memory = (spec.memory_mb.div_ceil(1024) * 1024).clamp(1024, 6144);
        let config = block([("max_concurrency", 20.into()), ("memory_size_in_mb", memory.into())]);
        variant.push(("serverless_config", config));
    } else {
        variant.push(("instance_type", instance_type(spec, tier).into()));
        variant.push(("initial_instance_count", instances(spec, tier).into()));
    }
    let variant: Vec<(String, Expr)> =
        variant.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    // CloudFormation writes units in capitals.
    let cfn: Vec<(String, Expr)> = variant
        .iter()
        .map(|(name, value)| match name.as_str() {
            "serverless_config" => (
                "ServerlessConfig".to_owned(),
                match value {
                    Expr::Block(fields) => Expr::Block(
                        fields
                            .iter()
                            .map(|(name, value)| {
                                let name = if name == "max_concurrency" {
                                    "MaxConcurrency"
                                } else {
                                    "MemorySizeInMB"
                                };
                                (name.to_owned(), value.clone())
                            })
                            .collect(),
                    ),
                    other => other.clone(),
                },
            ),
            name => (crate::engine::emit::cloudformation::camel(name), value.clone()),
        })
        .collect();
    // Serverless endpoints cannot have a key of their own.
    let key = if spec.serverless { None } else { stack.key_arn.clone() };
    let sealed = key.is_some();
    let mut draft = stack
        .add(it, "config", "aws_sagemaker_endpoint_configuration", "AWS::SageMaker::EndpointConfig")
        .tf("production_variants", blocks(vec![Expr::Block(variant)]))
        .cfn("ProductionVariants", blocks(vec![Expr::Block(cfn)]));
    draft = match key {
        Some(key) => draft.tf("kms_key_arn", key.clone()).cfn("KmsKeyId", key),
        None => draft,
    };
    if !sealed {
        draft = draft.skip(
            "CKV_AWS_98",
            "Its disks hold the model only, and are sealed with the key that AWS owns",
        );
    }
    let config = draft.done();
    let name = stack.name(it);
    let endpoint = stack
        .add(it, "", "aws_sagemaker_endpoint", "AWS::SageMaker::Endpoint")
        .set("name", "EndpointName", name)
        .set("endpoint_config_name", "EndpointConfigName", config.att("name", "EndpointConfigName"))
        .done();
    if scales(spec, tier) {
        scaling(stack, it, spec, &endpoint);
    }
    endpoint
}

/// Follows the requests that each instance answers.
fn scaling(stack: &mut Stack<'_>, it: &Component, spec: &ModelEndpoint, endpoint: &Handle) {
    const DIMENSION: &str = "sagemaker:variant:DesiredInstanceCount";
    let resource: Expr = join!["endpoint/", endpoint.att("name", "EndpointName"), "/variant/main"];
    let least = instances(spec, stack.tier());
    let target = stack
        .add(
            it,
            "scaling",
            "aws_appautoscaling_target",
            "AWS::ApplicationAutoScaling::ScalableTarget",
        )
        .set("service_namespace", "ServiceNamespace", "sagemaker")
        .set("resource_id", "ResourceId", resource.clone())
        .set("scalable_dimension", "ScalableDimension", DIMENSION)
        .set("min_capacity", "MinCapacity", least)
        .set("max_capacity", "MaxCapacity", spec.instances_max)
        .done();
    // An instance is busy for 70 % of a minute.
    let per_minute = (60_000.0 / spec.duration_ms.max(1.0) * 0.7).max(1.0).round();
    let name = stack.name_with(it, "load");
    let draft = stack
        .add(
            it,
            "scaling_policy",
            "aws_appautoscaling_policy",
            "AWS::ApplicationAutoScaling::ScalingPolicy",
        )
        .set("name", "PolicyName", name)
        .set("policy_type", "PolicyType", "TargetTrackingScaling")
        .set("service_namespace", "ServiceNamespace", "sagemaker")
        .set("resource_id", "ResourceId", resource)
        .set("scalable_dimension", "ScalableDimension", DIMENSION)
        .after(&target);
    let metric =
        block([("predefined_metric_type", "SageMakerVariantInvocationsPerInstance".into())]);
    kit::nest(
        draft,
        "target_tracking_scaling_policy_configuration",
        block([
            ("target_value", per_minute.into()),
            ("scale_in_cooldown", 300.into()),
            ("scale_out_cooldown", 60.into()),
            ("predefined_metric_specification", metric),
        ]),
    )
    .done();
}

/// Features of records, online for answers and in the bucket for training.
fn feature_group(
    stack: &mut Stack<'_>,
    it: &Component,
    role: &Handle,
    bucket: &Handle,
    access: &Handle,
) -> Handle {
    let catalogue = kit::allow(
        &[
            "glue:CreateTable",
            "glue:GetTable",
            "glue:GetDatabase",
            "glue:CreateDatabase",
            "glue:UpdateTable",
        ],
        vec![
            kit::arn("glue", join!["catalog"]),
            kit::arn("glue", join!["database/sagemaker_featurestore"]),
            kit::arn("glue", join!["table/sagemaker_featurestore/*"]),
        ],
    );
    let acl = kit::allow(
        &["s3:GetBucketAcl", "s3:PutObjectAcl"],
        vec![bucket.arn(), join![bucket.arn(), "/*"]],
    );
    let policy = kit::role_policy(stack, it, "features_access", role, &[catalogue, acl]);
    let name = stack.name_with(it, "features");
    let key = stack.key_arn.clone();
    let features = [("record_id", "String"), ("event_time", "String"), ("value", "Fractional")]
        .into_iter()
        .map(|(name, kind)| block([("feature_name", name.into()), ("feature_type", kind.into())]))
        .collect();
    let address: Expr = join!["s3://", bucket.id(), "/features"];
    let seal = |tf: &'static str| key.clone().map(|key| (tf, key));
    let mut store = vec![("s3_uri", address.clone())];
    store.extend(seal("kms_key_id"));
    let mut cfn_store = vec![("S3Uri", address)];
    cfn_store.extend(seal("KmsKeyId"));
    let own = |fields: Vec<(&str, Expr)>| {
        Expr::Block(fields.into_iter().map(|(name, it)| (name.to_owned(), it)).collect())
    };
    let mut online = vec![("enable_online_store", Expr::Bool(true))];
    online.extend(seal("kms_key_id").map(|it| ("security_config", own(vec![it]))));
    let draft = stack
        .add(it, "features", "aws_sagemaker_feature_group", "AWS::SageMaker::FeatureGroup")
        .set("feature_group_name", "FeatureGroupName", name)
        .set("record_identifier_feature_name", "RecordIdentifierFeatureName", "record_id")
        .set("event_time_feature_name", "EventTimeFeatureName", "event_time")
        .set("role_arn", "RoleArn", role.arn())
        .tf("offline_store_config", block([("s3_storage_config", own(store))]))
        .cfn("OfflineStoreConfig", block([("S3StorageConfig", own(cfn_store))]))
        .tf("feature_definition", blocks(Clone::clone(&features)))
        .cfn(
            "FeatureDefinitions",
            blocks(
                features
                    .into_iter()
                    .map(|it| match it {
                        Expr::Block(fields) => Expr::Block(
                            fields
                                .into_iter()
                                .map(|(name, value)| {
                                    (crate::engine::emit::cloudformation::camel(&name), value)
                                })
                                .collect(),
                        ),
                        other => other,
                    })
                    .collect(),
            ),
        )
        .after(&policy)
        .after(access);
    kit::nest(draft, "online_store_config", own(online)).done()
}

fn notebook(stack: &mut Stack<'_>, it: &Component, role: &Handle) {
    let group = stack.net.is_some().then(|| {
        let known = Handle(format!("{}_sg", it.id.snake()));
        if stack.resources.iter().any(|resource| resource.key == known.0) {
            Some(known)
        } else {
            house::group(stack, it)
        }
    });
    let name = stack.name_with(it, "notebook");
    let key = stack.key_arn.clone();
    let subnet = stack.net.as_ref().and_then(|net| net.private.first().cloned());
    let mut draft = stack
        .add(it, "notebook", "aws_sagemaker_notebook_instance", "AWS::SageMaker::NotebookInstance")
        .set("name", "NotebookInstanceName", name)
        .set("role_arn", "RoleArn", role.arn())
        .set("instance_type", "InstanceType", NOTEBOOK)
        .set("platform_identifier", "PlatformIdentifier", "notebook-al2-v3")
        .set("root_access", "RootAccess", "Disabled")
        .tf("volume_size", NOTEBOOK_GB)
        .cfn("VolumeSizeInGB", NOTEBOOK_GB)
        .maybe("kms_key_id", "KmsKeyId", key);
    draft = match (subnet, group.flatten()) {
        (Some(subnet), Some(group)) => draft
            .set("subnet_id", "SubnetId", subnet)
            .tf("security_groups", vec![kit::group_id(&group)])
            .cfn("SecurityGroupIds", vec![kit::group_id(&group)])
            .set("direct_internet_access", "DirectInternetAccess", "Disabled"),
        _ => draft
            .set("direct_internet_access", "DirectInternetAccess", "Enabled")
            .skip("CKV_AWS_122", "The design has no network to put it into")
            .skip("CKV_AWS_306", "The design has no network to put it into"),
    };
    let metadata = block([("minimum_instance_metadata_service_version", "2".into())]);
    kit::nest(draft, "instance_metadata_service_configuration", metadata).done();
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &ModelEndpoint) {
    let tier = bill.graph.tier;
    if spec.serverless {
        let seconds = spec.requests_per_month * spec.duration_ms / 1000.0;
        let gb_seconds = seconds * f64::from(spec.memory_mb) / 1024.0;
        bill.unpriced(it, "Serverless inference", gb_seconds, "sagemaker serverless-gb-second");
    } else {
        let count = f64::from(instances(spec, tier));
        bill.add(
            it,
            "Endpoint instances",
            "sagemaker",
            &instance_type(spec, tier),
            Quantity::range(count, count, f64::from(spec.instances_max).max(count)).times(HOURS),
            "instances × 730 h",
        );
    }
    if spec.notebook {
        bill.add(
            it,
            "Notebook",
            "sagemaker",
            NOTEBOOK,
            Quantity::fixed(160.0),
            "hours: eight on each of 20 working days",
        );
        bill.add(
            it,
            "Notebook disk",
            "ebs",
            "gp2-gb-month",
            Quantity::fixed(f64::from(NOTEBOOK_GB)),
            "GB",
        );
    }
    if spec.training_hours_per_month > 0.0 {
        bill.add(
            it,
            "Training",
            "sagemaker",
            "ml.m5.xlarge",
            Quantity::usage(spec.training_hours_per_month),
            "hours of training",
        );
    }
    if spec.feature_store {
        bill.unpriced(
            it,
            "Feature store",
            spec.requests_per_month,
            "sagemaker feature-store-request",
        );
    }
}
