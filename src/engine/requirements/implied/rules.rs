//! Words that call for a service, and what makes it needless.

/// Words and the services they call for, per cloud.
pub(super) struct Rule {
    pub words: &'static str,
    pub services: [&'static [&'static str]; 3],
    /// Nothing is added where one of these is named.
    pub unless: &'static [&'static str],
}

const fn rule(
    words: &'static str,
    services: [&'static [&'static str]; 3],
    unless: &'static [&'static str],
) -> Rule {
    Rule { words, services, unless }
}

pub(super) const RULES: &[Rule] = &[
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
         on upload|on every upload|after upload|upload videos|video uploads|uploaded videos|store files|store images|store documents|file storage|upload receipts|upload invoices|\
         media files|media storage|store photos|user uploaded media|profile pictures|attachments|stores files|save files",
        [&["s3"], &["storage-account"], &["cloud-storage"]],
        &["efs", "fsx"],
    ),
    rule(
        "resize them|resizes them|resize photos|resize the|resizes the|thumbnail|thumbnails|image resizing|resize images|resizes images|images are resized|image processing|resized|generate thumbnails|\
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
        "notifications will be sent|notification is sent|notifications are sent|notified by email|operator email|email address that is notified|notify the operator|sns email|alarm notifications|push notification|push notifications|sms notification|sms notifications|text message notification|mobile push|email notification|email notifications|\
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
         summarize documents with ai|chat with your documents|llm powered|ai chatbot|gpt|text summarization|ai agent|ai agents|prompts|prompt engineering|prompt template|prompt templates|the prompt|a prompt|user prompt",
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
        "ci/cd pipeline|cicd pipeline|continuous deployment pipeline|deployment pipeline|build pipeline|continuous delivery pipeline",
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
