//! What many AWS bindings need: roles, security groups, log groups, key policies.

pub use crate::engine::bind::expr::pascal;
use crate::engine::bind::expr::{Expr, block, document, join, list, map, pascal_name};
use crate::engine::bind::stack::{Draft, Handle, Stack, Statement, Variable, VariableKind};
use crate::engine::graph::{Component, Kind, Tier};

/// A role that a service takes on, with the AWS-managed policies it needs.
pub fn role(
    stack: &mut Stack<'_>,
    it: &Component,
    suffix: &str,
    service: &str,
    managed: &[&str],
) -> Handle {
    let trust = map([
        ("Version", "2012-10-17".into()),
        (
            "Statement",
            list![map([
                ("Effect", "Allow".into()),
                ("Principal", map([("Service", service.into())])),
                ("Action", "sts:AssumeRole".into()),
            ])],
        ),
    ]);
    let name = stack.name_with(it, suffix);
    let arns: Vec<Expr> = managed
        .iter()
        .map(|policy| join!["arn:", Expr::Partition, ":iam::aws:policy/", *policy])
        .collect();
    let role = stack
        .add(it, suffix, "aws_iam_role", "AWS::IAM::Role")
        .set("name", "RoleName", name)
        .set("assume_role_policy", "AssumeRolePolicyDocument", document(trust));
    let role = if arns.is_empty() {
        role.done()
    } else {
        role.cfn("ManagedPolicyArns", Expr::List(arns.clone())).done()
    };
    for (policy, arn) in managed.iter().zip(arns) {
        let tail = policy.rsplit('/').next().unwrap_or(policy);
        let tail: String = tail
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
            .collect();
        stack
            .tf_only(it, &format!("{suffix}_{tail}"), "aws_iam_role_policy_attachment")
            .tf("role", role.att("name", "RoleName"))
            .tf("policy_arn", arn)
            .done();
    }
    role
}

/// An inline policy on a role, for permissions that the binding itself needs.
pub fn role_policy(
    stack: &mut Stack<'_>,
    it: &Component,
    suffix: &str,
    role: &Handle,
    statements: &[Statement],
) -> Handle {
    let name = stack.name_with(it, suffix);
    stack
        .add(it, suffix, "aws_iam_role_policy", "AWS::IAM::RolePolicy")
        .set("name", "PolicyName", name)
        .tf("role", role.id())
        .cfn("RoleName", role.id())
        .set("policy", "PolicyDocument", document(policy(statements)))
        .done()
}

/// A policy document of these statements.
pub fn policy(statements: &[Statement]) -> Expr {
    let statements = statements.iter().map(statement).collect();
    map([("Version", "2012-10-17".into()), ("Statement", Expr::List(statements))])
}

fn statement(it: &Statement) -> Expr {
    let actions: Vec<Expr> = it.actions.iter().map(|action| action.as_str().into()).collect();
    let mut fields = vec![
        ("Effect".to_owned(), Expr::from("Allow")),
        ("Action".to_owned(), Expr::List(actions)),
        ("Resource".to_owned(), Expr::List(it.resources.clone())),
    ];
    if let Some((operator, key, value)) = &it.condition {
        let test = Expr::Map(vec![(key.clone(), value.clone())]);
        fields.push(("Condition".to_owned(), Expr::Map(vec![(operator.clone(), test)])));
    }
    Expr::Map(fields)
}

pub fn allow(actions: &[&str], resources: Vec<Expr>) -> Statement {
    Statement {
        actions: actions.iter().map(|it| (*it).to_owned()).collect(),
        resources,
        condition: None,
    }
}

/// A resource policy that lets services or accounts act on one resource.
pub fn resource_policy(
    sid: &str,
    principal: Expr,
    actions: &[&str],
    resources: Vec<Expr>,
    condition: Option<(&str, &str, Expr)>,
) -> Expr {
    let actions: Vec<Expr> = actions.iter().map(|it| (*it).into()).collect();
    let mut fields = vec![
        ("Sid".to_owned(), Expr::from(sid)),
        ("Effect".to_owned(), "Allow".into()),
        ("Principal".to_owned(), principal),
        ("Action".to_owned(), Expr::List(actions)),
        ("Resource".to_owned(), Expr::List(resources)),
    ];
    if let Some((operator, key, value)) = condition {
        let test = Expr::Map(vec![(key.to_owned(), value)]);
        fields.push(("Condition".to_owned(), Expr::Map(vec![(operator.to_owned(), test)])));
    }
    Expr::Map(fields)
}

/// A security group without rules; wiring adds what connections need.
pub fn security_group(stack: &mut Stack<'_>, it: &Component, suffix: &str) -> Option<Handle> {
    let vpc_id = stack.net.as_ref()?.vpc_id.clone();
    let suffix = if suffix.is_empty() { "sg" } else { suffix };
    let name = stack.name_with(it, suffix);
    let text = format!("Traffic of {}", ascii(&it.title));
    Some(
        stack
            .add(it, suffix, "aws_security_group", "AWS::EC2::SecurityGroup")
            .set("name", "GroupName", name.clone())
            .set("description", "GroupDescription", text)
            .set("vpc_id", "VpcId", vpc_id)
            .tf("tags", map([("Name", name.clone())]))
            .cfn("Tags", tag_list(&[("Name", name)]))
            .done(),
    )
}

/// The id of a security group, in both formats.
pub fn group_id(group: &Handle) -> Expr {
    group.att("id", "GroupId")
}

/// One end of a security group rule.
pub enum Peer {
    Group(Expr),
    Cidr(Expr),
}

/// Lets traffic in on a port, or on all ports when there is none.
pub fn ingress(
    stack: &mut Stack<'_>,
    it: &Component,
    suffix: &str,
    group: &Expr,
    port: Option<(u16, u16)>,
    peer: Peer,
    text: &str,
) {
    rule(stack, it, suffix, group, port, peer, text, true);
}

/// Lets traffic out to a port, or to all ports when there is none.
pub fn egress(
    stack: &mut Stack<'_>,
    it: &Component,
    suffix: &str,
    group: &Expr,
    port: Option<(u16, u16)>,
    peer: Peer,
    text: &str,
) {
    rule(stack, it, suffix, group, port, peer, text, false);
}

#[expect(clippy::too_many_arguments, reason = "a rule has this many parts")]
fn rule(
    stack: &mut Stack<'_>,
    it: &Component,
    suffix: &str,
    group: &Expr,
    port: Option<(u16, u16)>,
    peer: Peer,
    text: &str,
    inward: bool,
) {
    let (tf, cfn) = if inward {
        ("aws_vpc_security_group_ingress_rule", "AWS::EC2::SecurityGroupIngress")
    } else {
        ("aws_vpc_security_group_egress_rule", "AWS::EC2::SecurityGroupEgress")
    };
    let text = ascii(text);
    // A group refuses the same rule twice, and reading and writing need but one.
    let (peer_field, other) = match &peer {
        Peer::Cidr(it) => ("cidr_ipv4", it),
        Peer::Group(it) => ("referenced_security_group_id", it),
    };
    let known = match port {
        Some((from, to)) => stack.has(
            tf,
            &[
                ("security_group_id", group),
                (peer_field, other),
                ("from_port", &from.into()),
                ("to_port", &to.into()),
            ],
        ),
        None => stack.has(
            tf,
            &[("security_group_id", group), (peer_field, other), ("ip_protocol", &"-1".into())],
        ),
    };
    if known {
        return;
    }
    let mut draft = stack.add(it, suffix, tf, cfn).set("security_group_id", "GroupId", group).set(
        "description",
        "Description",
        text,
    );
    draft = match port {
        Some((from, to)) => draft
            .set("ip_protocol", "IpProtocol", "tcp")
            .set("from_port", "FromPort", from)
            .set("to_port", "ToPort", to),
        None => draft.set("ip_protocol", "IpProtocol", "-1"),
    };
    draft = match peer {
        Peer::Cidr(cidr) => draft.set("cidr_ipv4", "CidrIp", cidr),
        Peer::Group(other) if inward => {
            draft.set("referenced_security_group_id", "SourceSecurityGroupId", other)
        }
        Peer::Group(other) => {
            draft.set("referenced_security_group_id", "DestinationSecurityGroupId", other)
        }
    };
    draft.done();
}

/// A log group with the option's retention, sealed with its key where it has one.
pub fn log_group(stack: &mut Stack<'_>, it: &Component, suffix: &str, name: Expr) -> Handle {
    let days = retention_days(stack);
    let key = stack.key_arn.clone();
    let draft = stack
        .add(it, suffix, "aws_cloudwatch_log_group", "AWS::Logs::LogGroup")
        .set("name", "LogGroupName", name)
        .set("retention_in_days", "RetentionInDays", days);
    match key {
        Some(key) => draft.set("kms_key_id", "KmsKeyId", key).done(),
        None => {
            draft.skip("CKV_AWS_158", "Sealed with the key that CloudWatch Logs manages").done()
        }
    }
}

/// Days that logs are kept: what the graph's log store says, else 365.
pub fn retention_days(stack: &Stack<'_>) -> u32 {
    /// What CloudWatch Logs accepts.
    const ALLOWED: [u32; 17] =
        [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 731, 1827, 2192, 3653];
    let wanted = stack
        .graph
        .of_kind(Kind::LogStore)
        .find_map(|it| match &it.spec {
            crate::engine::graph::Spec::LogStore(spec) => Some(spec.retention_days),
            _ => None,
        })
        .unwrap_or(365);
    ALLOWED.into_iter().find(|days| *days >= wanted).unwrap_or(3653)
}

/// Tags as CloudFormation lists them.
pub fn tag_list(tags: &[(&str, Expr)]) -> Expr {
    let tags = tags
        .iter()
        .map(|(key, value)| map([("Key", (*key).into()), ("Value", value.clone())]))
        .collect();
    Expr::List(tags)
}

/// Text with the characters that AWS descriptions take.
pub fn ascii(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || " ._-:/()".contains(c) { c } else { ' ' })
        .collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect()
}

/// Declares an input of text.
pub fn text_input(
    stack: &mut Stack<'_>,
    name: &str,
    description: &str,
    default: Option<&str>,
) -> Expr {
    stack.variable(
        name,
        Variable {
            kind: VariableKind::String,
            description: description.to_owned(),
            default: default.map(Expr::from),
            pattern: None,
        },
    )
}

/// An ARN of the stack's account and region: `arn:aws:sqs:eu-west-1:123:name`.
pub fn arn(service: &str, tail: Expr) -> Expr {
    join![
        "arn:",
        Expr::Partition,
        format!(":{service}:"),
        Expr::Region,
        ":",
        Expr::AccountId,
        ":",
        tail
    ]
}

/// Whether the option protects data against deletion by mistake.
pub fn protect(stack: &Stack<'_>) -> bool {
    stack.tier() != Tier::Good
}

/// Permission to use the stack's key, for principals that touch what it seals.
pub fn key_statement(stack: &Stack<'_>) -> Option<Statement> {
    let key = stack.key_arn.clone()?;
    Some(allow(&["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"], vec![key]))
}

/// The subnets and group that put something into the network's private tier.
pub fn vpc_config(stack: &Stack<'_>, group: &Handle) -> Option<Expr> {
    let net = stack.net.as_ref()?;
    Some(block([
        ("subnet_ids", Expr::List(net.private.clone())),
        ("security_group_ids", list![group_id(group)]),
    ]))
}

/// A physical name for services that allow fewer characters than
/// [`Stack::name`] may have. Ids that do not fit keep their beginning and get
/// four digits of their hash, so that two of them stay apart.
pub fn short_name(it: &Component, suffix: &str, max: usize) -> Expr {
    /// Project, hyphen and environment at their longest.
    const PREFIX: usize = 28;
    let id = it.id.as_str();
    let tail = if suffix.is_empty() { String::new() } else { format!("-{suffix}") };
    let room = max.saturating_sub(PREFIX + 1 + tail.len()).max(6);
    let id = if id.len() <= room {
        id.to_owned()
    } else {
        let hash = id
            .bytes()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let head: String = id.chars().take(room - 5).collect();
        format!("{}-{:04x}", head.trim_end_matches('-'), hash & 0xffff)
    };
    join![Expr::Var("name_prefix".to_owned()), format!("-{id}{tail}")]
}

/// A nested block that both formats have: Terraform's names in snake case, and
/// CloudFormation's the same words in camel case.
pub fn nest<'a>(draft: Draft<'a>, name: &str, value: Expr) -> Draft<'a> {
    draft.nested(name, &pascal_name(name), value)
}

/// Adds a statement to a resource policy that is written already.
pub fn extend_policy(stack: &mut Stack<'_>, policy: &Handle, statement: &Expr) {
    let Some(resource) = stack.resources.iter_mut().find(|it| it.key == policy.0) else { return };
    for side in [&mut resource.tf, &mut resource.cfn].into_iter().flatten() {
        for (name, value) in &mut side.fields {
            let is_policy = matches!(name.as_str(), "policy" | "PolicyDocument");
            let Expr::Document(document) = value else { continue };
            let Expr::Map(fields) = document.as_mut() else { continue };
            let held = fields.iter_mut().find(|it| it.0 == "Statement");
            if let (true, Some((_, Expr::List(statements)))) = (is_policy, held)
                && !statements.contains(statement)
            {
                statements.push(statement.clone());
            }
        }
    }
}

/// A policy that refuses everybody who does not use TLS; more can be added to it.
pub fn tls_only(actions: &str, resources: Vec<Expr>) -> Expr {
    map([
        ("Version", "2012-10-17".into()),
        (
            "Statement",
            list![map([
                ("Sid", "RefusePlainHttp".into()),
                ("Effect", "Deny".into()),
                ("Principal", "*".into()),
                ("Action", actions.into()),
                ("Resource", Expr::List(resources)),
                ("Condition", map([("Bool", map([("aws:SecureTransport", "false".into())]))])),
            ])],
        ),
    ])
}

/// A queue for what could not be delivered, kept for two weeks.
pub fn dead_letters(stack: &mut Stack<'_>, it: &Component, suffix: &str) -> Handle {
    let name = stack.name_with(it, &suffix.replace('_', "-"));
    let key = stack.key_arn.clone();
    let draft = stack
        .add(it, suffix, "aws_sqs_queue", "AWS::SQS::Queue")
        .set("name", "QueueName", name)
        .set("message_retention_seconds", "MessageRetentionPeriod", 14 * 86_400);
    match key {
        Some(key) => draft.set("kms_master_key_id", "KmsMasterKeyId", key).done(),
        None => draft
            .set("sqs_managed_sse_enabled", "SqsManagedSseEnabled", true)
            .skip("CKV_AWS_27", "Encrypted at rest with the key that SQS manages (SSE-SQS)")
            .done(),
    }
}

/// Lets a service put messages into a queue that has no policy yet.
pub fn queue_policy(
    stack: &mut Stack<'_>,
    it: &Component,
    suffix: &str,
    queue: &Handle,
    service: &str,
    condition: (&str, &str, Expr),
) -> Handle {
    let url = queue.by_ref("url");
    let mut policy = tls_only("sqs:*", vec![queue.arn()]);
    let statement = resource_policy(
        "Service",
        map([("Service", service.into())]),
        &["sqs:SendMessage"],
        vec![queue.arn()],
        Some(condition),
    );
    if let Expr::Map(fields) = &mut policy
        && let Some((_, Expr::List(statements))) = fields.get_mut(1)
    {
        statements.push(statement);
    }
    stack
        .add(it, suffix, "aws_sqs_queue_policy", "AWS::SQS::QueuePolicy")
        .tf("queue_url", url.clone())
        .cfn("Queues", list![url])
        .set("policy", "PolicyDocument", document(policy))
        .done()
}

/// The remark about something that cannot stand outside a network.
pub fn needs_network(it: &Component) -> crate::engine::diag::Diagnostic {
    use crate::engine::diag::{Diagnostic, Severity};
    Diagnostic::new(
        "network-missing",
        Severity::Error,
        format!("{} has to be inside a network, and the design has none.", it.title),
    )
    .help("Add a network to the design.")
    .on(it.id.as_str())
}
