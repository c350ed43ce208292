//! Amazon Bedrock: a foundation model with a guardrail, and on demand an agent
//! and a knowledge base over vectors in S3.

use super::kit;
use super::wire::Ends;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, blocks, join, json, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, FoundationModel};
use crate::engine::requirements::Intent;

binding! {
    FoundationModel {
        service: "bedrock",
        title: "Amazon Bedrock",
        docs: "https://docs.aws.amazon.com/bedrock/latest/userguide/what-is-bedrock.html",
        sla: None,
        limits: &[],
        latency_ms: Some((1500.0, 6000.0)),
    }
}

/// A model that texts name by its family, and whether it is called through an
/// inference profile of several regions.
fn model(family: &str) -> (&'static str, bool) {
    let family = family.to_lowercase();
    let known: &[(&str, &str, bool)] = &[
        ("haiku", "anthropic.claude-3-haiku-20240307-v1:0", true),
        ("claude", "anthropic.claude-sonnet-4-20250514-v1:0", true),
        ("nova pro", "amazon.nova-pro-v1:0", true),
        ("nova micro", "amazon.nova-micro-v1:0", true),
        ("nova", "amazon.nova-lite-v1:0", true),
        ("embed", "amazon.titan-embed-text-v2:0", false),
        ("titan", "amazon.titan-text-express-v1", false),
        ("mistral", "mistral.mistral-large-2402-v1:0", false),
        ("mixtral", "mistral.mixtral-8x7b-instruct-v0:1", false),
        ("llama", "meta.llama3-70b-instruct-v1:0", false),
    ];
    known
        .iter()
        .find(|(word, ..)| family.contains(word))
        .map_or(("anthropic.claude-sonnet-4-20250514-v1:0", true), |(_, id, profile)| {
            (*id, *profile)
        })
}

/// What an inference profile's name starts with in a region.
fn geography(region: &str) -> &'static str {
    match region.split('-').next() {
        Some("eu") => "eu",
        Some("ap") => "apac",
        _ => "us",
    }
}

/// The model of a family in this region.
pub fn model_arn(family: &str) -> Expr {
    let (id, _) = model(family);
    join!["arn:", Expr::Partition, ":bedrock:", Expr::Region, format!("::foundation-model/{id}")]
}

/// The id to call the model with, and what a caller must be allowed to use.
fn callable(region: &str, family: &str) -> (String, Vec<Expr>) {
    let (id, profile) = model(family);
    let model: Expr = join!["arn:", Expr::Partition, format!(":bedrock:*::foundation-model/{id}")];
    if !profile {
        let here: Expr = join![
            "arn:",
            Expr::Partition,
            ":bedrock:",
            Expr::Region,
            format!("::foundation-model/{id}")
        ];
        return (id.to_owned(), vec![here]);
    }
    let called = format!("{}.{id}", geography(region));
    let profile = kit::arn("bedrock", join![format!("inference-profile/{called}")]);
    (called, vec![profile, model])
}

const INVOKE: &[&str] = &["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"];
const EMBEDDING: &str = "amazon.titan-embed-text-v2:0";
/// Numbers per vector that the embedding model makes.
const DIMENSION: i64 = 1024;

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &FoundationModel) {
    let (id, models) = callable(&stack.graph.region, &spec.model);
    let calls = [Intent::Invokes, Intent::Reads, Intent::Serves];
    let mut facet = Facet::default()
        .value("model_id", id.as_str())
        .reference("MODEL_ID", id.as_str())
        .grant(&calls, INVOKE, models.clone());
    let guardrail = spec.guardrail.then(|| guardrail(stack, it, spec));
    if let Some(guardrail) = &guardrail {
        let arn = guardrail.att("guardrail_arn", "GuardrailArn");
        facet = facet
            .handle("guardrail", guardrail)
            .reference("GUARDRAIL_ID", guardrail.att("guardrail_id", "GuardrailId"))
            .reference("GUARDRAIL_VERSION", "DRAFT")
            .grant(&calls, &["bedrock:ApplyGuardrail"], vec![arn]);
    }
    if spec.knowledge_base {
        let base = knowledge_base(stack, it);
        let base_id = base.att("outputs[\"Id\"]", "KnowledgeBaseId");
        let arn = kit::arn("bedrock", join!["knowledge-base/", base_id.clone()]);
        facet = facet
            .handle("knowledge_base", &base)
            .value("knowledge_base_id", base_id.clone())
            .reference("KNOWLEDGE_BASE_ID", base_id)
            .grant(&calls, &["bedrock:Retrieve", "bedrock:RetrieveAndGenerate"], vec![arn]);
    }
    if spec.agent {
        let (agent, alias) = agent(stack, it, &id, models, guardrail.as_ref());
        let alias_id = alias.att("agent_alias_id", "AgentAliasId");
        facet = facet
            .handle("agent", &agent)
            .reference("AGENT_ID", agent.att("agent_id", "AgentId"))
            .reference("AGENT_ALIAS_ID", alias_id)
            .grant(
                &calls,
                &["bedrock:InvokeAgent"],
                vec![alias.att("agent_alias_arn", "AgentAliasArn")],
            );
    }
    stack.facet(it, facet);
}

/// Keeps harmful text, passwords and card numbers out of both directions.
fn guardrail(stack: &mut Stack<'_>, it: &Component, spec: &FoundationModel) -> Handle {
    let filters = ["SEXUAL", "VIOLENCE", "HATE", "INSULTS", "MISCONDUCT", "PROMPT_ATTACK"];
    let filters = filters
        .into_iter()
        .map(|name| {
            // An attack can only be in what people write.
            let output = if name == "PROMPT_ATTACK" { "NONE" } else { "HIGH" };
            block([
                ("type", name.into()),
                ("input_strength", "HIGH".into()),
                ("output_strength", output.into()),
            ])
        })
        .collect();
    let secrets =
        ["CREDIT_DEBIT_CARD_NUMBER", "CREDIT_DEBIT_CARD_CVV", "PASSWORD", "AWS_SECRET_KEY"];
    let secrets = secrets
        .into_iter()
        .map(|name| block([("type", name.into()), ("action", "ANONYMIZE".into())]))
        .collect();
    let name = stack.name(it);
    let key = stack.key_arn.clone();
    let mut draft = stack
        .add(it, "guardrail", "aws_bedrock_guardrail", "AWS::Bedrock::Guardrail")
        .set("name", "Name", name)
        .set("description", "Description", "Filters what goes to the model and what comes back.")
        .set("blocked_input_messaging", "BlockedInputMessaging", "This cannot be answered here.")
        .set(
            "blocked_outputs_messaging",
            "BlockedOutputsMessaging",
            "This cannot be answered here.",
        )
        .maybe("kms_key_arn", "KmsKeyArn", key);
    draft = kit::nest(draft, "content_policy_config", block([("filters_config", blocks(filters))]));
    draft = kit::nest(
        draft,
        "sensitive_information_policy_config",
        block([("pii_entities_config", blocks(secrets))]),
    );
    if spec.knowledge_base {
        let filters = ["GROUNDING", "RELEVANCE"]
            .into_iter()
            .map(|name| block([("type", name.into()), ("threshold", Expr::Float(0.7))]))
            .collect();
        draft = kit::nest(
            draft,
            "contextual_grounding_policy_config",
            block([("filters_config", blocks(filters))]),
        );
    }
    draft.done()
}

/// A knowledge base whose vectors are in S3: no cluster that costs while idle.
///
/// Terraform's provider has no vector buckets in all of its supported versions,
/// so there this part is a CloudFormation stack of the same three resources.
fn knowledge_base(stack: &mut Stack<'_>, it: &Component) -> Handle {
    let role = kit::role(stack, it, "knowledge_role", "bedrock.amazonaws.com", &[]);
    let id: String = it.id.as_str().chars().take(16).collect();
    let name = |tail: &str| -> Expr {
        let id = id.trim_end_matches('-');
        join![Expr::Var("name_prefix".to_owned()), format!("-{id}-{tail}-"), Expr::AccountId]
    };
    let embedding: Expr = join![
        "arn:",
        Expr::Partition,
        ":bedrock:",
        Expr::Region,
        format!("::foundation-model/{EMBEDDING}")
    ];
    let bucket_arn = kit::arn("s3vectors", join!["bucket/", name("vectors")]);
    let index_arn: Expr = join![bucket_arn.clone(), "/index/knowledge"];
    let mut statements = vec![
        kit::allow(&["bedrock:InvokeModel"], vec![embedding.clone()]),
        kit::allow(
            &[
                "s3vectors:PutVectors",
                "s3vectors:GetVectors",
                "s3vectors:DeleteVectors",
                "s3vectors:QueryVectors",
                "s3vectors:GetIndex",
            ],
            vec![index_arn.clone()],
        ),
    ];
    statements.extend(kit::key_statement(stack));
    let policy = kit::role_policy(stack, it, "knowledge_policy", &role, &statements);
    let encryption =
        stack.key_arn.clone().map(|key| map([("SseType", "aws:kms".into()), ("KmsKeyArn", key)]));
    let mut bucket = vec![("VectorBucketName".to_owned(), name("vectors"))];
    bucket.extend(encryption.map(|it| ("EncryptionConfiguration".to_owned(), it)));
    let index = vec![
        ("VectorBucketName".to_owned(), name("vectors")),
        ("IndexName".to_owned(), "knowledge".into()),
        ("DataType".to_owned(), "float32".into()),
        ("Dimension".to_owned(), DIMENSION.into()),
        ("DistanceMetric".to_owned(), "cosine".into()),
        (
            "MetadataConfiguration".to_owned(),
            map([(
                "NonFilterableMetadataKeys",
                list!["AMAZON_BEDROCK_TEXT", "AMAZON_BEDROCK_METADATA"],
            )]),
        ),
    ];
    let base = vec![
        ("Name".to_owned(), stack.name(it)),
        ("RoleArn".to_owned(), role.arn()),
        (
            "KnowledgeBaseConfiguration".to_owned(),
            map([
                ("Type", "VECTOR".into()),
                ("VectorKnowledgeBaseConfiguration", map([("EmbeddingModelArn", embedding)])),
            ]),
        ),
        (
            "StorageConfiguration".to_owned(),
            map([
                ("Type", "S3_VECTORS".into()),
                ("S3VectorsConfiguration", map([("IndexArn", index_arn)])),
            ]),
        ),
    ];
    let part = |kind: &str, after: Option<&str>, fields: &[(String, Expr)]| {
        let mut part = vec![
            ("Type".to_owned(), Expr::from(kind)),
            ("Properties".to_owned(), Expr::Map(fields.to_vec())),
        ];
        part.extend(after.map(|it| ("DependsOn".to_owned(), it.into())));
        Expr::Map(part)
    };
    let template = map([
        (
            "Resources",
            map([
                ("Bucket", part("AWS::S3Vectors::VectorBucket", None, &bucket)),
                ("Index", part("AWS::S3Vectors::Index", Some("Bucket"), &index)),
                ("Base", part("AWS::Bedrock::KnowledgeBase", Some("Index"), &base)),
            ]),
        ),
        ("Outputs", map([("Id", map([("Value", map([("Ref", "Base".into())]))]))])),
    ]);
    let fill = |mut draft: crate::engine::bind::stack::Draft<'_>, fields: Vec<(String, Expr)>| {
        for (name, value) in fields {
            draft = draft.cfn(&name, value);
        }
        draft.done()
    };
    let draft = stack.cfn_only(it, "vector_bucket", "AWS::S3Vectors::VectorBucket").retain();
    let bucket = fill(draft, bucket);
    let draft = stack.cfn_only(it, "vector_index", "AWS::S3Vectors::Index").after(&bucket);
    let index = fill(draft, index);
    let name = stack.name_with(it, "knowledge");
    let draft = stack
        .add(it, "knowledge", "aws_cloudformation_stack", "AWS::Bedrock::KnowledgeBase")
        .tf("name", name)
        .tf("template_body", json(template))
        .comment("Vector buckets are a CloudFormation stack: not every supported version of the provider has them.")
        .skip("CKV_AWS_124", "Terraform waits for the stack itself; nobody else needs its events")
        .after(&index)
        .after(&policy);
    fill(draft, base)
}

fn agent(
    stack: &mut Stack<'_>,
    it: &Component,
    model: &str,
    models: Vec<Expr>,
    guardrail: Option<&Handle>,
) -> (Handle, Handle) {
    let role = kit::role(stack, it, "agent_role", "bedrock.amazonaws.com", &[]);
    let mut statements = vec![
        kit::allow(INVOKE, models),
        kit::allow(
            &["bedrock:GetInferenceProfile"],
            vec![kit::arn("bedrock", join!["inference-profile/*"])],
        ),
    ];
    if let Some(guardrail) = guardrail {
        let arn = guardrail.att("guardrail_arn", "GuardrailArn");
        statements.push(kit::allow(&["bedrock:ApplyGuardrail"], vec![arn]));
    }
    statements.extend(kit::key_statement(stack));
    let knowledge = Handle(format!("{}_knowledge", it.id.snake()));
    let base = stack
        .resources
        .iter()
        .any(|resource| resource.key == knowledge.0)
        .then(|| knowledge.att("outputs[\"Id\"]", "KnowledgeBaseId"));
    if let Some(base) = &base {
        let arn = kit::arn("bedrock", join!["knowledge-base/", base.clone()]);
        statements.push(kit::allow(&["bedrock:Retrieve"], vec![arn]));
    }
    let policy = kit::role_policy(stack, it, "agent_policy", &role, &statements);
    let name = stack.name_with(it, "agent");
    let key = stack.key_arn.clone();
    let no_key = key.is_none();
    let text = format!(
        "You answer questions for users of {}. Say so when you do not know an answer.",
        kit::ascii(stack.graph.project.as_str())
    );
    let mut draft = stack
        .add(it, "agent", "aws_bedrockagent_agent", "AWS::Bedrock::Agent")
        .set("agent_name", "AgentName", name)
        .set("agent_resource_role_arn", "AgentResourceRoleArn", role.arn())
        .set("foundation_model", "FoundationModel", model)
        .set("instruction", "Instruction", text)
        .tf("idle_session_ttl_in_seconds", 600)
        .cfn("IdleSessionTTLInSeconds", 600)
        .tf("prepare_agent", true)
        .cfn("AutoPrepare", true)
        .maybe("customer_encryption_key_arn", "CustomerEncryptionKeyArn", key)
        .after(&policy);
    if no_key {
        draft = draft.skip(
            "CKV_AWS_373",
            "Sealed with the key that AWS owns; sessions end after ten minutes",
        );
    }
    if let Some(guardrail) = guardrail {
        let id = guardrail.att("guardrail_id", "GuardrailId");
        draft = kit::nest(
            draft,
            "guardrail_configuration",
            block([("guardrail_identifier", id), ("guardrail_version", "DRAFT".into())]),
        );
    }
    if let Some(base) = &base {
        let row = map([
            ("KnowledgeBaseId", base.clone()),
            ("Description", "What the organisation knows.".into()),
            ("KnowledgeBaseState", "ENABLED".into()),
        ]);
        draft = draft.cfn("KnowledgeBases", list![row]);
    }
    let agent = draft.done();
    if let Some(base) = base {
        stack
            .tf_only(it, "agent_knowledge", "aws_bedrockagent_agent_knowledge_base_association")
            .tf("agent_id", agent.att("agent_id", "AgentId"))
            .tf("knowledge_base_id", base)
            .tf("description", "What the organisation knows.")
            .tf("knowledge_base_state", "ENABLED")
            .done();
    }
    let alias = stack
        .add(it, "agent_alias", "aws_bedrockagent_agent_alias", "AWS::Bedrock::AgentAlias")
        .set("agent_alias_name", "AgentAliasName", "live")
        .set("agent_id", "AgentId", agent.att("agent_id", "AgentId"))
        .done();
    (agent, alias)
}

/// Documents of a bucket, read into the knowledge base; without one, callers may
/// hand the bucket's files to the model.
pub fn read_bucket(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let Some(base) = ends.source.values.get("knowledge_base_id").cloned() else {
        return super::wire::services::lend(stack, ends);
    };
    let bucket = ends.target.handles.get("bucket")?.clone();
    let role = Handle(format!("{}_knowledge_role", ends.from.id.snake()));
    let mut statements = vec![
        kit::allow(&["s3:GetObject"], vec![join![bucket.arn(), "/*"]]),
        kit::allow(&["s3:ListBucket"], vec![bucket.arn()]),
    ];
    statements.extend(kit::key_statement(stack));
    let policy =
        kit::role_policy(stack, ends.from, &format!("{}_read", ends.suffix()), &role, &statements);
    let name = stack.name(ends.to);
    let key = stack.key_arn.clone();
    let source =
        block([("type", "S3".into()), ("s3_configuration", block([("bucket_arn", bucket.arn())]))]);
    let cfn =
        block([("Type", "S3".into()), ("S3Configuration", block([("BucketArn", bucket.arn())]))]);
    let mut draft = stack
        .add(ends.from, &ends.suffix(), "aws_bedrockagent_data_source", "AWS::Bedrock::DataSource")
        .set("knowledge_base_id", "KnowledgeBaseId", base)
        .set("name", "Name", name)
        .set("data_deletion_policy", "DataDeletionPolicy", "RETAIN")
        .tf("data_source_configuration", source)
        .cfn("DataSourceConfiguration", cfn)
        .after(&policy);
    if let Some(key) = key {
        draft =
            kit::nest(draft, "server_side_encryption_configuration", block([("kms_key_arn", key)]));
    }
    draft.done();
    Some(())
}

/// A function that an agent may call while it answers.
pub fn action(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let agent = ends.source.handles.get("agent")?.clone();
    let function = ends.target.handles.get("function")?.arn();
    let source = agent.att("agent_arn", "AgentArn");
    stack
        .add(
            ends.to,
            &format!("from_{}", ends.from.id.snake()),
            "aws_lambda_permission",
            "AWS::Lambda::Permission",
        )
        .set("action", "Action", "lambda:InvokeFunction")
        .set("function_name", "FunctionName", function.clone())
        .set("principal", "Principal", "bedrock.amazonaws.com")
        .set("source_arn", "SourceArn", source)
        .done();
    let text = format!("Asks {} for what only it knows.", kit::ascii(&ends.to.title));
    let verb = format!("ask_{}", ends.to.id.snake());
    stack
        .tf_only(ends.from, &ends.suffix(), "aws_bedrockagent_agent_action_group")
        .tf("action_group_name", ends.to.id.as_str())
        .tf("agent_id", agent.att("agent_id", "AgentId"))
        .tf("agent_version", "DRAFT")
        .tf("action_group_executor", block([("lambda", function.clone())]))
        .tf(
            "function_schema",
            block([(
                "member_functions",
                block([(
                    "functions",
                    block([
                        ("name", verb.as_str().into()),
                        ("description", text.as_str().into()),
                        (
                            "parameters",
                            block([
                                ("map_block_key", "question".into()),
                                ("type", "string".into()),
                                ("description", "What to ask".into()),
                                ("required", true.into()),
                            ]),
                        ),
                    ]),
                )]),
            )]),
        )
        .done();
    let group = map([
        ("ActionGroupName", ends.to.id.as_str().into()),
        ("ActionGroupExecutor", map([("Lambda", function)])),
        (
            "FunctionSchema",
            map([(
                "Functions",
                list![map([
                    ("Name", verb.into()),
                    ("Description", text.into()),
                    (
                        "Parameters",
                        map([(
                            "question",
                            map([
                                ("Type", "string".into()),
                                ("Description", "What to ask".into()),
                                ("Required", true.into()),
                            ]),
                        )]),
                    ),
                ])],
            )]),
        ),
    ]);
    let resource = stack.resources.iter_mut().find(|it| it.key == agent.0)?;
    let side = resource.cfn.as_mut()?;
    match side.fields.iter_mut().find(|it| it.0 == "ActionGroups") {
        Some((_, Expr::List(groups))) => groups.push(group),
        _ => side.fields.push(("ActionGroups".to_owned(), list![group])),
    }
    Some(())
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &FoundationModel) {
    let (id, _) = model(&spec.model);
    bill.unpriced(it, "Input tokens", spec.input_tokens_per_month, &format!("bedrock {id} input"));
    bill.unpriced(
        it,
        "Output tokens",
        spec.output_tokens_per_month,
        &format!("bedrock {id} output"),
    );
    if spec.guardrail {
        // Counted in units of 1,000 characters, about 250 tokens.
        let units = (spec.input_tokens_per_month + spec.output_tokens_per_month) / 250.0;
        bill.unpriced(it, "Guardrail text units", units, "bedrock guardrail-text-unit");
    }
    if spec.knowledge_base {
        bill.unpriced(it, "Vector storage and queries", 1.0, "s3vectors");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::bind::testing::{cloudformation, terraform};

    #[test]
    fn a_profile_of_the_region_is_called_and_only_its_model_is_allowed() {
        let (id, models) = callable("eu-central-1", "Claude");
        assert_eq!(id, "eu.anthropic.claude-sonnet-4-20250514-v1:0");
        assert_eq!(models.len(), 2);
        let (id, models) = callable("us-east-1", "mistral");
        assert_eq!(id, "mistral.mistral-large-2402-v1:0");
        assert_eq!(models.len(), 1);
    }

    #[test]
    fn both_formats_have_the_knowledge_base_and_the_agent_that_uses_it() {
        let spec = FoundationModel { knowledge_base: true, agent: true, ..Default::default() };
        let text = terraform("assistant", spec.clone());
        assert!(text.contains("AWS::Bedrock::KnowledgeBase"), "{text}");
        assert!(
            text.contains("aws_cloudformation_stack.assistant_knowledge.outputs[\"Id\"]"),
            "{text}"
        );
        let text = cloudformation("assistant", spec);
        assert!(text.contains("Type: AWS::S3Vectors::Index"), "{text}");
        assert!(
            text.contains("KnowledgeBaseId: !GetAtt AssistantKnowledge.KnowledgeBaseId"),
            "{text}"
        );
    }
}
