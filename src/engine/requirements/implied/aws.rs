//! What services of AWS cannot do without.

use super::Gaps;

/// What can stand behind an API.
const BACKENDS: &[&str] = &[
    "lambda",
    "ecs",
    "eks",
    "ec2",
    "elb",
    "sqs",
    "sns",
    "step-functions",
    "eventbridge",
    "kinesis-data-streams",
    "app-runner",
    "elastic-beanstalk",
    "appsync",
    "kinesis-firehose",
    "ec2-auto-scaling",
    "sagemaker",
    "vpc-lattice",
    "outposts",
];

/// What is run or managed by itself, so that no machine is missing.
const SELF_CONTAINED: &[&str] = &[
    "rds",
    "elasticache",
    "documentdb",
    "neptune",
    "redshift",
    "opensearch",
    "emr",
    "msk",
    "mq",
    "lambda",
    "ecs",
    "eks",
    "ec2",
    "ec2-auto-scaling",
    "batch",
    "app-runner",
    "elastic-beanstalk",
    "lightsail",
    "sagemaker",
    "workspaces",
    "glue",
];

pub(super) fn complete(gaps: &mut Gaps) {
    functions(gaps);
    machines(gaps);
    storage(gaps);
    companions(gaps);
    movement(gaps);
}

/// What takes data out of a database while it is in use, and what delivers changes.
fn movement(gaps: &mut Gaps) {
    let tables = gaps.says(&[
        "oracle",
        "sql server",
        "mssql",
        "mysql",
        "postgres",
        "postgresql",
        "mariadb",
        "db2",
    ]);
    let moves = gaps.says(&[
        "replicate our",
        "replicates our",
        "replicate the",
        "replicate data from",
        "cdc from",
        "postgres cdc",
        "mysql cdc",
        "oracle cdc",
        "change data capture from",
        "replication from our",
        "sync from our",
    ]);
    if tables.is_some()
        && !gaps.has(&["dms", "rds", "datasync", "appflow", "msk"])
        && let Some(at) = moves
    {
        gaps.imply("dms", at, 0.65);
    }
    // Who begins with it asks for it: "CI/CD for our services on ECS".
    if let Some(at) = gaps.says(&["ci cd", "cicd"]).filter(|it| it.0 <= 3)
        && !gaps.has(&["codepipeline", "codebuild", "github", "amplify"])
    {
        gaps.imply("codepipeline", at, 0.7);
        gaps.imply("codebuild", at, 0.7);
    }
}

fn functions(gaps: &mut Gaps) {
    // An HTTP interface of something that has none of its own.
    let serverless = gaps.serverless
        || gaps.has(&[
            "lambda",
            "dynamodb",
            "cognito",
            "sqs",
            "kinesis-data-streams",
            "step-functions",
            "eventbridge",
        ]);
    if serverless
        && !gaps.has(&[
            "api-gateway",
            "appsync",
            "elb",
            "app-runner",
            "ecs",
            "eks",
            "ec2",
            "lightsail",
            "elastic-beanstalk",
            "amplify",
            "vpc-lattice",
        ])
        && gaps.says(&["function url", "function urls", "lambda url", "lambda urls"]).is_none()
        && let Some(at) = gaps.says(&[
            "rest api",
            "restful api",
            "rest endpoint",
            "http endpoint",
            "http endpoints",
            "crud api",
            "serverless api",
            "public api",
            "http requests",
            "http post request",
            "api endpoints",
            "webhook receiver",
            "webhook endpoint",
            "rest backend",
            "backend api",
        ])
    {
        gaps.imply("api-gateway", at, 0.65);
    }
    if !gaps.has(&["lambda", "ecs", "eks", "batch"])
        && let Some(at) = gaps.says(&[
            "triggers a function",
            "trigger a function",
            "invokes a function",
            "invoke a function",
            "a function that",
            "a function to",
            "a serverless function",
            "triggers the function",
            "function code",
        ])
    {
        gaps.imply("lambda", at, 0.65);
    }
    // An API with nothing behind it answers nobody: a function is the least,
    // unless the text leads from the API straight to what serves it.
    if let Some(at) = gaps.place("api-gateway")
        && !gaps.has(BACKENDS)
        && !gaps.leads_on("api-gateway")
        && gaps
            .says(&[
                "no compute",
                "direct integration",
                "service integration",
                "mock integration",
                "without lambda",
            ])
            .is_none()
    {
        gaps.imply("lambda", at, 0.7);
    }
    // A SAM template is made of functions unless it orchestrates services.
    if let Some(at) = gaps.says(&[
        "sam template",
        "aws sam",
        "serverless application model",
        "sam application",
        "with sam",
        "using sam",
    ]) && !gaps.has(&["ecs", "eks", "ec2", "batch", "emr", "app-runner"])
    {
        let language = gaps.says(&[
            "python",
            "node.js",
            "nodejs",
            "java",
            "typescript",
            ".net",
            "golang",
            "rust",
            "ruby",
            "function",
            "functions",
            "handler",
        ]);
        let alone = gaps.only(&["lambda", "iam", "cloudwatch", "cloudwatch-logs"]);
        if language.is_some() || alone {
            gaps.imply("lambda", at, 0.7);
        }
    }
    // A resolver, a bot or a pool trigger that runs code of its own.
    if let Some(at) = gaps.says(&[
        "event handler",
        "post confirmation trigger",
        "pre sign up trigger",
        "custom authorizer",
        "token authorizer",
        "handler function",
    ]) && !gaps.has_compute()
    {
        gaps.imply("lambda", at, 0.65);
    }
    // Code without a place to run runs in a function where serverless is meant.
    let placed = gaps.has(&[
        "step-functions",
        "appsync",
        "api-gateway",
        "glue",
        "emr",
        "eventbridge-pipes",
        "cloudfront",
        "outposts",
    ]);
    if !gaps.has_compute()
        && !placed
        && let Some(at) = gaps
            .says(&["function", "functions"])
            .or_else(|| if gaps.serverless { gaps.says(&["serverless"]) } else { None })
    {
        gaps.imply("lambda", at, 0.6);
    }
    // Code that templates call while they are deployed.
    if let Some(at) = gaps.says(&["cloudformation templates", "cloudformation template"])
        && gaps.says(&["macro", "macros", "python code", "custom resource", "transform"]).is_some()
        && !gaps.has_compute()
    {
        gaps.imply("lambda", at, 0.65);
    }
    // Messages that are processed are processed by something.
    if gaps.serverless
        || gaps
            .says(&[
                "process messages",
                "processes messages",
                "message processing",
                "consumer",
                "process records",
            ])
            .is_some()
    {
        for source in ["sqs", "kinesis-data-streams"] {
            if let Some(at) = gaps.place(source)
                && !gaps.has_compute()
                && !gaps.leads_on(source)
                && !gaps.has(&["step-functions", "eventbridge-pipes", "api-gateway"])
            {
                gaps.imply("lambda", at, 0.55);
            }
        }
    }
}

fn machines(gaps: &mut Gaps) {
    // "an instance in the private subnet": a machine that is not called one.
    if !gaps.has(SELF_CONTAINED)
        && let Some(at) = gaps.says(&[
            "an instance",
            "single instance",
            "ec2 instance",
            "the instance",
            "instances",
            "each instance",
            "windows instance",
            "linux instance",
            "web servers",
            "web server",
            "ssh",
            "user data",
            "userdata",
            "rdp",
            "cfn-init",
            "cfn init",
            "instance profile",
        ])
    {
        gaps.imply("ec2", at, 0.6);
    }
    if gaps.has(&["ec2", "ec2-auto-scaling"])
        && let Some(at) = gaps.says(&["load balanced", "load balancing", "load balance"])
    {
        gaps.imply("elb", at, 0.7);
    }
    // Servers that come and go with the load behind one address.
    if gaps.has(&["elb", "ec2"])
        && !gaps.has(&[
            "ecs",
            "eks",
            "lambda",
            "ec2-auto-scaling",
            "app-runner",
            "elastic-beanstalk",
        ])
        && let Some(at) =
            gaps.says(&["autoscaling", "auto scaling", "auto scaled", "autoscaled", "autoscale"])
    {
        gaps.imply("ec2-auto-scaling", at, 0.7);
    }
    // A service that is offered through PrivateLink stands behind a balancer.
    if gaps.has(&["vpc-endpoint"])
        && let Some(at) = gaps.says(&[
            "endpoint service",
            "privatelink infrastructure",
            "privatelink service",
            "service provider",
            "expose a service",
        ])
    {
        gaps.imply("elb", at, 0.6);
    }
}

fn storage(gaps: &mut Gaps) {
    // What queries, scans or converts files needs the files.
    for reader in ["athena", "macie", "lake-formation", "textract", "mediaconvert"] {
        if let Some(at) = gaps.place(reader)
            && !gaps.has(&["s3", "s3express", "s3-tables", "s3files"])
        {
            gaps.imply("s3", at, 0.65);
        }
    }
    // A delivery stream needs a destination; objects are its default.
    if let Some(at) = gaps.place("kinesis-firehose")
        && !gaps.has(&["s3", "redshift", "opensearch", "s3-tables"])
    {
        gaps.imply("s3", at, 0.7);
    }
    // A table that is indexed without code goes through an ingestion pipeline,
    // which keeps exports and failed records in a bucket.
    if gaps.has(&["opensearch"])
        && gaps.has(&["dynamodb", "documentdb"])
        && let Some(at) = gaps.says(&["zero etl"])
    {
        gaps.imply("osis", at, 0.7);
    }
    if let Some(at) = gaps.place("osis") {
        gaps.imply("s3", at, 0.6);
    }
    // Serverless Spark has no disk to keep scripts and logs on.
    if let Some(at) = gaps.says(&["emr serverless"])
        && gaps.has(&["emr"])
    {
        gaps.imply("s3", at, 0.6);
    }
    // Pipelines hand artifacts from stage to stage.
    if let Some(at) = gaps.place("codepipeline") {
        gaps.imply("s3", at, 0.6);
        if !gaps.has(&["codebuild", "codedeploy"]) {
            gaps.imply("codebuild", at, 0.55);
        }
    }
}

fn companions(gaps: &mut Gaps) {
    // Mail is accepted for a domain, whose records say where it goes.
    if let Some(at) = gaps.place("ses")
        && gaps
            .says(&[
                "domain",
                "receive email",
                "receives email",
                "receive emails",
                "incoming email",
                "inbound email",
                "mx record",
            ])
            .is_some()
    {
        gaps.imply("route53", at, 0.6);
    }
    // What a consumer cannot digest is put aside in a queue.
    if gaps.has(&["lambda", "eventbridge", "eventbridge-pipes", "kinesis-data-streams", "sns"])
        && let Some(at) = gaps.says(&[
            "poison pill",
            "consumer failure",
            "on failure destination",
            "failed invocations",
            "failed events",
            "failed records",
            "failed messages",
            "undelivered events",
            "undeliverable",
        ])
    {
        gaps.imply("sqs", at, 0.6);
    }
    // A person who answers by a link needs an address that the link leads to.
    if gaps.has(&["lambda", "step-functions"])
        && !gaps.has(&["elb", "appsync"])
        && let Some(at) = gaps.says(&[
            "clicking a link",
            "click a link",
            "clicks a link",
            "approval link",
            "approval links",
            "callback url",
        ])
    {
        gaps.imply("api-gateway", at, 0.6);
    }
    // Containers on machines of one's own: the machines are a group that scales.
    if gaps.has(&["ecs", "eks"])
        && let Some(at) = gaps.says(&[
            "cluster on ec2",
            "on ec2 instances",
            "ec2 launch type",
            "ecs on ec2",
            "eks on ec2",
            "self managed nodes",
            "worker nodes",
        ])
    {
        gaps.imply("ec2-auto-scaling", at, 0.6);
    }
    // A function that polls a broker signs in with a secret.
    if gaps.has(&["lambda", "eventbridge-pipes"])
        && let Some(at) = gaps.place("mq")
    {
        gaps.imply("secrets-manager", at, 0.6);
    }
    // A proxy in front of a database reads the password from a secret.
    if let Some(at) = gaps.says(&["rds proxy"])
        && gaps.has(&["rds"])
    {
        gaps.imply("secrets-manager", at, 0.6);
    }
    // A balancer that signs people in needs HTTPS and so a name of its own.
    if gaps.has(&["elb"])
        && let Some(at) = gaps.place("cognito")
        && !gaps.has(&["api-gateway", "appsync"])
    {
        gaps.imply("route53", at, 0.6);
        gaps.imply("acm", at, 0.6);
    }
    if let Some(at) = gaps.says(&[
        "custom domain",
        "custom domain name",
        "own domain",
        "domain name",
        "subdomain",
    ]) {
        gaps.imply("route53", at, 0.6);
        gaps.imply("acm", at, 0.6);
    }
    // Threats that are blocked at the edge are blocked by a firewall.
    if let Some(at) = gaps.says(&[
        "sql injection",
        "rate limiting by ip",
        "ip blocking",
        "bot protection",
        "owasp",
        "compliance checks",
    ]) && gaps.has(&["cloudfront", "elb", "api-gateway", "appsync"])
    {
        gaps.imply("waf", at, 0.6);
    }
    // Objects are scanned for malware by the threat detector.
    if let Some(at) = gaps.says(&[
        "malware protection",
        "malware scanning",
        "scan uploads for malware",
        "malware scan",
    ]) && gaps.has(&["s3"])
    {
        gaps.imply("guardduty", at, 0.65);
    }
    // Containers are pulled from a registry.
    if let Some(at) = gaps.place("ecs").or_else(|| gaps.place("eks")) {
        gaps.imply("ecr", at, 0.5);
    }
}
