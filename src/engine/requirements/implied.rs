//! What a description cannot be built without although it does not name it.
//!
//! A rule is true of the field, not of one text: an upload needs somewhere to
//! put the file, an HTTP API in front of nothing needs a function behind it. A
//! rule adds nothing where a named service already does the job.

use super::mentions::{Named, Occurrence};
use super::phrases::Phrases;
use super::tokens::Reading;
use super::vocabulary;
use super::{Cloud, Mention, Stance};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Words and the services they call for, per cloud.
struct Rule {
    words: &'static str,
    services: [&'static [&'static str]; 3],
    /// Nothing is added where one of these is named.
    unless: &'static [&'static str],
}

const fn rule(
    words: &'static str,
    services: [&'static [&'static str]; 3],
    unless: &'static [&'static str],
) -> Rule {
    Rule { words, services, unless }
}

const RULES: &[Rule] = &[
    rule(
        "static website|static site|static web site|static content|single page application|single page app|spa|static web hosting|static assets|\
         static frontend|react app|react frontend|angular app|vue app|landing page|jamstack|documentation site|hugo site|jekyll site",
        [&["s3"], &["storage-account"], &["cloud-storage"]],
        &["amplify", "static-web-apps", "firebase", "app-service", "lightsail", "ecs", "ec2"],
    ),
    rule(
        "static website|static site|single page application|single page app|landing page|marketing site|documentation site",
        [&["cloudfront"], &[], &[]],
        &["amplify", "elb", "lightsail"],
    ),
    rule(
        "upload image|upload images|upload photo|upload photos|upload file|upload files|uploads files|uploads images|uploaded images|uploaded files|\
         uploaded documents|image upload|image uploads|file upload|file uploads|photo upload|upload documents|upload pdfs|document upload|user uploads|\
         upload videos|video uploads|uploaded videos|store files|store images|store documents|file storage|upload receipts|upload invoices|\
         media files|media storage|store photos|user uploaded media|profile pictures|attachments|stores files|save files",
        [&["s3"], &["storage-account"], &["cloud-storage"]],
        &["efs", "fsx"],
    ),
    rule(
        "thumbnail|thumbnails|image resizing|resize images|resizes images|images are resized|image processing|resized|generate thumbnails|\
         custom resource|custom resources|cloudformation macro|template macro|macro|transform macro|lambda backed",
        [&["lambda"], &["functions"], &["cloud-functions"]],
        &["ecs", "batch", "eks", "ec2", "mediaconvert", "cloud-run", "aks", "app-service"],
    ),
    rule(
        "serverless framework|serverless.yml|serverless express|serverless function triggered|http function|webhook receiver|webhook handler|\
         slack bot|telegram bot|discord bot|functions for business logic|on functions|with functions|using functions|cold start|cold starts|\
         event source mapping|provisioned concurrency|reserved concurrency|snapstart|response streaming",
        [&["lambda"], &["functions"], &["cloud-functions"]],
        &["ecs", "eks"],
    ),
    rule(
        "every night|every day at|nightly|every hour|hourly|every 5 minutes|every five minutes|every 10 minutes|every 15 minutes|every minute|cron|cron job|\
         cron jobs|cron expression|on a schedule|scheduled job|scheduled task|scheduled jobs|scheduled tasks|scheduled lambda|once a day|once a week|\
         daily job|daily report|weekly report|runs daily|run daily|each morning|every morning|daily at|periodically|recurring schedule|once daily|\
         every monday|each night|scheduled report|timer trigger|nightly batch|on schedule|schedule based|scheduled event|scheduled rule",
        [&["eventbridge"], &[], &["cloud-scheduler"]],
        &[
            "eventbridge",
            "eventbridge-scheduler",
            "mwaa",
            "glue",
            "composer",
            "data-factory",
            "logic-apps",
            "batch",
            "backup",
            "functions",
            "cloud-scheduler",
        ],
    ),
    rule(
        "dead letter|dead letter queue|dlq|dead lettering|message buffer|buffer requests|decouple|redrive|poison message|poison messages|background jobs|asynchronous processing queue",
        [&["sqs"], &["service-bus"], &["pub-sub"]],
        &["sqs", "mq", "service-bus", "pub-sub", "event-grid", "event-hubs"],
    ),
    rule(
        "load balanced web|load balanced application|auto scaled web|autoscaled web|scalable web servers|auto scaling web servers|fleet of web servers|\
         autoscaling web|fleet of instances|auto scaled application|autoscaling servers|auto scaling servers|scalable web application|auto scaling and load",
        [
            &["elb", "ec2-auto-scaling"],
            &["load-balancer", "vm-scale-sets"],
            &["load-balancing", "managed-instance-group"],
        ],
        &["ecs", "eks", "lambda", "app-service", "gke", "aks", "elastic-beanstalk"],
    ),
    rule(
        "auto scaling|autoscaling|auto scaled|autoscaled|scale out and in|autoscale",
        [&["ec2-auto-scaling"], &[], &["managed-instance-group"]],
        &[
            "ecs",
            "eks",
            "lambda",
            "dynamodb",
            "rds",
            "app-service",
            "gke",
            "aks",
            "elastic-beanstalk",
            "application-auto-scaling",
            "sagemaker",
            "cloud-run",
            "emr",
            "fargate",
            "mq",
            "msk",
            "kinesis-data-streams",
            "gamelift",
            "dataproc",
            "vm-scale-sets",
            "elasticache",
            "cloud-sql",
        ],
    ),
    rule(
        "user authentication|user sign in|sign up and sign in|user login|sign in with google|social login|user sign up|user pool|log in with|\
         jwt token management|user registration and login|authenticate users|user accounts|users log in|users can log in|users sign in|oauth2 login|login page",
        [&["cognito"], &[], &[]],
        &["cognito", "directory-service", "iam-identity-center"],
    ),
    rule(
        "push notification|push notifications|sms notification|sms notifications|text message notification|mobile push|email notification|email notifications|\
         notify by email|notify admins|notifies subscribers|sends a notification|send a notification|sends notification|alert by email|email alert|email alerts|send sms|sends an email notification",
        [&["sns"], &[], &[]],
        &["sns", "ses", "pinpoint", "notification-hubs", "firebase"],
    ),
    rule(
        "speech to text|transcription|transcribe audio|transcribe calls|call transcription|subtitle|subtitles",
        [&["transcribe"], &["cognitive-services"], &["speech-to-text"]],
        &["bedrock", "transcribe"],
    ),
    rule(
        "extract text from documents|ocr|optical character recognition|extract data from invoices|invoice extraction|form extraction|scanned documents|document extraction",
        [&["textract"], &["cognitive-services"], &["document-ai"]],
        &["bedrock", "textract"],
    ),
    rule(
        "face recognition|image labels|object detection in images|label detection|content moderation of images|facial recognition|detect faces|image moderation|image recognition",
        [&["rekognition"], &["cognitive-services"], &["vision-api"]],
        &["sagemaker", "bedrock", "rekognition"],
    ),
    rule(
        "sentiment analysis|entity extraction from text|detect sentiment|pii detection in text|key phrase extraction",
        [&["comprehend"], &["cognitive-services"], &["natural-language"]],
        &["bedrock", "comprehend", "sagemaker"],
    ),
    rule(
        "rag chatbot|chatbot over|retrieval augmented generation|rag|generative ai|genai|text generation|prompt to an llm|ai assistant|summarise documents with ai|\
         summarize documents with ai|chat with your documents|llm powered|ai chatbot|gpt|text summarization|ai agent|ai agents|prompt",
        [&["bedrock"], &["cognitive-services"], &["vertex-ai"]],
        &["bedrock", "sagemaker", "lex", "kendra", "vertex-ai", "machine-learning", "bot-service"],
    ),
    rule(
        "video transcoding|transcode video|transcode videos|transcoding|transcoded|hls packaging|video on demand|adaptive bitrate",
        [&["mediaconvert"], &["media-services"], &["transcoder"]],
        &["medialive", "kinesis-video", "ivs", "mediaconvert"],
    ),
    rule(
        "data lake|datalake|data lakehouse|lakehouse|raw zone",
        [&["s3"], &["data-lake"], &["cloud-storage"]],
        &[],
    ),
    rule(
        "iot devices|iot sensors|connected devices|sensor telemetry|device telemetry|telemetry from sensors|telemetry from devices|smart meters|iot telemetry|thousands of sensors|sensor readings",
        [&["iot-core"], &["iot-hub"], &["pub-sub"]],
        &["iot-core", "kinesis-data-streams", "msk", "iot-hub", "event-hubs"],
    ),
    rule(
        "graphql api|graphql",
        [&["appsync"], &[], &[]],
        &["appsync", "api-gateway", "ecs", "eks", "elb", "app-runner"],
    ),
    rule(
        "clickstream|real time events stream|event stream ingestion|streaming ingestion|ingest events in real time|real time data stream|real time streaming data",
        [&["kinesis-data-streams"], &["event-hubs"], &["pub-sub"]],
        &[
            "kinesis-data-streams",
            "msk",
            "kinesis-firehose",
            "event-hubs",
            "pub-sub",
            "iot-core",
            "appsync",
        ],
    ),
    rule(
        "query with sql on files|ad hoc sql queries|query the data lake|sql over s3|ad hoc queries",
        [&["athena"], &["synapse"], &["bigquery"]],
        &["athena", "redshift", "emr"],
    ),
    rule(
        "ci/cd|cicd|continuous delivery|continuous deployment pipeline|deployment pipeline|build pipeline|ci cd pipeline",
        [&["codepipeline", "codebuild"], &[], &["cloud-build"]],
        &["codepipeline", "codebuild", "github", "devops", "cloud-build"],
    ),
    rule(
        "virtual desktops|remote desktops for employees|desktop as a service|vdi|daas",
        [&["workspaces"], &["virtual-desktop"], &[]],
        &["appstream", "workspaces"],
    ),
    rule(
        "managed instance group|htcondor|autoscaled cluster|compute cluster|http load balanced|multi-client",
        [&[], &[], &["managed-instance-group"]],
        &["gke"],
    ),
];

static PHRASES: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(RULES.iter().enumerate().map(|(at, it)| (it.words, at)), false));

/// Several rules may share a phrase, so each is looked for on its own words.
static TABLES: LazyLock<Vec<Phrases>> = LazyLock::new(|| {
    RULES.iter().map(|it| Phrases::new(std::iter::once((it.words, 0)), false)).collect()
});

pub(super) fn add(reading: &Reading, cloud: Cloud, serverless: bool, named: &mut Named) {
    // One pass tells whether anything matches at all; most texts match little.
    if !PHRASES.find(reading, |_| false).is_empty() {
        for (rule, table) in RULES.iter().zip(TABLES.iter()) {
            let Some(hit) =
                table.find(reading, |_| false).into_iter().find(|it| !denied(reading, it.from))
            else {
                continue;
            };
            if rule.unless.iter().any(|it| wanted(named, it)) {
                continue;
            }
            for service in rule.services[cloud as usize] {
                imply(reading, named, cloud, service, hit.from, hit.to, 0.7);
            }
        }
    }
    match cloud {
        Cloud::Aws => complete_aws(reading, serverless, named),
        Cloud::Azure => complete_azure(reading, named),
        Cloud::Gcp => complete_gcp(reading, named),
    }
}

fn denied(reading: &Reading, from: usize) -> bool {
    from > 0
        && !reading.gap(from).has(super::tokens::Gap::COMMA | super::tokens::Gap::SENTENCE)
        && matches!(reading.word(from - 1), "no" | "not" | "without" | "avoid" | "non")
}

fn wanted(named: &Named, service: &str) -> bool {
    named.mentions.iter().any(|it| {
        it.service == service
            && !matches!(it.stance, Stance::Excluded | Stance::Replaced | Stance::Passing)
    })
}

fn any(named: &Named, services: &[&str]) -> bool {
    services.iter().any(|it| wanted(named, it))
}

fn imply(
    reading: &Reading,
    named: &mut Named,
    cloud: Cloud,
    service: &'static str,
    from: usize,
    to: usize,
    confidence: f64,
) {
    // Whatever was said about it already stands, also a refusal.
    if named
        .mentions
        .iter()
        .any(|it| it.service == service && it.cloud == cloud && it.stance != Stance::Passing)
    {
        return;
    }
    let span = reading.span(from, to);
    named.mentions.push(Mention {
        service,
        cloud,
        stance: Stance::Implied,
        count: 1,
        details: BTreeMap::new(),
        span,
        confidence,
    });
    named.occurrences.push(Occurrence {
        from,
        to,
        service,
        cloud,
        stance: Stance::Implied,
        details: BTreeMap::new(),
        count: 1,
        confidence,
        by_kind: true,
        mention: named.mentions.len() - 1,
    });
}

/// The words that name a service, for what follows from it.
fn place(named: &Named, service: &str) -> Option<(usize, usize)> {
    let it = named.occurrences.iter().find(|it| it.service == service)?;
    Some((it.from, it.to))
}

/// Services that can stand behind an HTTP endpoint or receive an event.
const AWS_TARGETS: &[&str] = &[
    "lambda",
    "ecs",
    "eks",
    "ec2",
    "elb",
    "sqs",
    "sns",
    "dynamodb",
    "s3",
    "step-functions",
    "eventbridge",
    "appsync",
    "kinesis-data-streams",
    "kinesis-firehose",
    "batch",
    "app-runner",
    "elastic-beanstalk",
    "vpc-lattice",
    "mq",
    "bedrock",
    "ec2-auto-scaling",
    "sagemaker",
];

fn complete_aws(reading: &Reading, serverless: bool, named: &mut Named) {
    // An API with nothing behind it answers nobody: a function is the least.
    if wanted(named, "api-gateway")
        && !any(
            named,
            &[
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
                "s3",
                "kinesis-firehose",
                "ec2-auto-scaling",
                "sagemaker",
            ],
        )
        && (!wanted(named, "dynamodb") || serverless || any(named, &["cognito", "cloudfront"]))
        && let Some((from, to)) = place(named, "api-gateway")
    {
        imply(reading, named, Cloud::Aws, "lambda", from, to, 0.7);
    }
    // A schedule or a pattern of events has something that it starts.
    for trigger in
        ["eventbridge-scheduler", "appsync", "lex", "kinesis-data-streams", "sqs", "eventbridge"]
    {
        if wanted(named, trigger)
            && !any(
                named,
                &AWS_TARGETS.iter().copied().filter(|it| *it != trigger).collect::<Vec<_>>(),
            )
            && serverless
            && let Some((from, to)) = place(named, trigger)
        {
            imply(reading, named, Cloud::Aws, "lambda", from, to, 0.6);
        }
    }
    // Queries need data; crawled or queried data of a lake lies in objects.
    for reader in ["athena", "macie", "lake-formation", "textract", "rekognition", "mediaconvert"] {
        if wanted(named, reader)
            && !any(named, &["s3", "s3express", "s3-tables"])
            && let Some((from, to)) = place(named, reader)
        {
            imply(reading, named, Cloud::Aws, "s3", from, to, 0.65);
        }
    }
    // A delivery stream needs a destination; objects are its default.
    if wanted(named, "kinesis-firehose")
        && !any(named, &["s3", "redshift", "opensearch", "s3-tables"])
        && let Some((from, to)) = place(named, "kinesis-firehose")
    {
        imply(reading, named, Cloud::Aws, "s3", from, to, 0.7);
    }
    // Serverless Spark and ingestion pipelines keep scripts and failed records.
    for keeper in ["osis"] {
        if wanted(named, keeper)
            && let Some((from, to)) = place(named, keeper)
        {
            imply(reading, named, Cloud::Aws, "s3", from, to, 0.6);
        }
    }
    // A table that is indexed without code goes through an ingestion pipeline.
    if wanted(named, "opensearch")
        && any(named, &["dynamodb", "documentdb"])
        && let Some((from, to)) = phrase(reading, &["zero", "etl"])
    {
        imply(reading, named, Cloud::Aws, "osis", from, to, 0.7);
        imply(reading, named, Cloud::Aws, "s3", from, to, 0.6);
    }
    // Behind a network endpoint service stands a balancer.
    if any(named, &["ec2"]) && phrase(reading, &["load", "balanced"]).is_some() {
        let (from, to) = phrase(reading, &["load", "balanced"]).unwrap_or((0, 0));
        imply(reading, named, Cloud::Aws, "elb", from, to, 0.7);
    }
    // Brokers and databases in a template of functions get their password from a secret.
    if any(named, &["mq"])
        && wanted(named, "lambda")
        && let Some((from, to)) = place(named, "mq")
    {
        imply(reading, named, Cloud::Aws, "secrets-manager", from, to, 0.5);
    }
    // "an instance in the private subnet": a machine that is not called one.
    if !any(named, AWS_TARGETS)
        && !any(
            named,
            &[
                "rds",
                "elasticache",
                "documentdb",
                "neptune",
                "redshift",
                "opensearch",
                "emr",
                "msk",
                "mq",
            ],
        )
        && let Some((from, to)) = phrase(reading, &["an", "instance"])
            .or_else(|| phrase(reading, &["the", "instance"]))
            .or_else(|| phrase(reading, &["instances"]))
            .or_else(|| phrase(reading, &["web", "servers"]))
            .or_else(|| phrase(reading, &["web", "server"]))
            .or_else(|| phrase(reading, &["ssh"]))
    {
        imply(reading, named, Cloud::Aws, "ec2", from, to, 0.6);
    }
    // Code without a place to run runs in a function where serverless is meant.
    if serverless
        && !named.mentions.iter().any(|it| {
            !matches!(it.stance, Stance::Excluded | Stance::Replaced)
                && vocabulary::compute(it.service)
        })
        && !any(
            named,
            &[
                "step-functions",
                "appsync",
                "api-gateway",
                "glue",
                "emr",
                "eventbridge-pipes",
                "cloudfront",
            ],
        )
        && let Some((from, to)) = phrase(reading, &["function"])
            .or_else(|| phrase(reading, &["functions"]))
            .or_else(|| phrase(reading, &["serverless"]))
    {
        imply(reading, named, Cloud::Aws, "lambda", from, to, 0.6);
    }
}

fn complete_azure(reading: &Reading, named: &mut Named) {
    // A function app cannot exist without its storage account.
    for keeper in ["functions", "machine-learning", "hdinsight", "batch", "data-lake"] {
        if wanted(named, keeper)
            && keeper != "data-lake"
            && let Some((from, to)) = place(named, keeper)
        {
            imply(reading, named, Cloud::Azure, "storage-account", from, to, 0.8);
        }
    }
    // It runs on an App Service plan, and is one of its sites.
    if wanted(named, "functions")
        && let Some((from, to)) = place(named, "functions")
    {
        imply(reading, named, Cloud::Azure, "app-service", from, to, 0.6);
    }
    // A workspace comes with its vault, insights and storage.
    if wanted(named, "machine-learning")
        && let Some((from, to)) =
            phrase(reading, &["workspace"]).or_else(|| phrase(reading, &["end", "to", "end"]))
    {
        for service in ["key-vault", "application-insights", "container-registry"] {
            imply(reading, named, Cloud::Azure, service, from, to, 0.6);
        }
    }
    // A private endpoint is found by name only through a private zone.
    if wanted(named, "private-endpoint")
        && let Some((from, to)) = place(named, "private-endpoint")
    {
        imply(reading, named, Cloud::Azure, "private-dns", from, to, 0.75);
    }
    if any(named, &["vm-scale-sets"])
        && let Some((from, to)) = place(named, "vm-scale-sets")
    {
        imply(reading, named, Cloud::Azure, "load-balancer", from, to, 0.6);
    }
    let has_compute = named.mentions.iter().any(|it| {
        !matches!(it.stance, Stance::Excluded | Stance::Replaced) && vocabulary::compute(it.service)
    });
    // What is installed on an operating system needs a machine to stand on.
    if !has_compute {
        for words in [
            &["cluster"][..],
            &["node"],
            &["nodes"],
            &["server"],
            &["appliance"],
            &["virtual", "appliance"],
            &["linux"],
            &["ssh"],
            &["rdp"],
            &["desktop"],
            &["domain", "controller"],
            &["farm"],
        ] {
            if let Some((from, to)) = phrase(reading, words)
                && named.mentions.iter().all(|it| {
                    matches!(
                        it.service,
                        "storage-account"
                            | "virtual-network"
                            | "public-ip"
                            | "network-security-group"
                            | "managed-disks"
                            | "load-balancer"
                            | "availability-sets"
                    )
                })
            {
                imply(reading, named, Cloud::Azure, "virtual-machines", from, to, 0.6);
                break;
            }
        }
    }
}

fn complete_gcp(reading: &Reading, named: &mut Named) {
    // Containers that run are pulled from somewhere.
    if any(named, &["cloud-run"])
        && let Some((from, to)) = place(named, "cloud-run")
    {
        imply(reading, named, Cloud::Gcp, "artifact-registry", from, to, 0.6);
    }
    // Source archives of functions and staging of pipelines lie in a bucket.
    for keeper in ["cloud-functions", "dataflow", "dataproc", "composer"] {
        if wanted(named, keeper)
            && let Some((from, to)) = place(named, keeper)
        {
            imply(reading, named, Cloud::Gcp, "cloud-storage", from, to, 0.65);
        }
    }
    // A balancer spreads over a group of instances where no other backend is named.
    if wanted(named, "load-balancing")
        && !any(
            named,
            &[
                "gke",
                "cloud-run",
                "app-engine",
                "cloud-functions",
                "managed-instance-group",
                "cloud-storage",
            ],
        )
        && let Some((from, to)) = place(named, "load-balancing")
    {
        imply(reading, named, Cloud::Gcp, "managed-instance-group", from, to, 0.65);
    }
}

/// The first place where these words follow each other.
fn phrase(reading: &Reading, words: &[&str]) -> Option<(usize, usize)> {
    (0..reading.len().saturating_sub(words.len() - 1))
        .find(|at| words.iter().enumerate().all(|(nth, word)| reading.word(at + nth) == *word))
        .map(|at| (at, at + words.len() - 1))
}
