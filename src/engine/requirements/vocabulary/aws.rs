//! What people call the services of AWS.

use super::{Entry, named, with};

/// A name that is also an ordinary word is marked `^` (needs its capital) or `@`
/// (needs "AWS" or "Amazon" before it).
pub(super) const ENTRIES: &[Entry] = &[
    // Compute.
    named(
        "lambda",
        "lambda|lambda function|lambda functions|lamda|aws lambda|lambdas|function url|lambda layer|lambda edge|lambda@edge|lambda snapstart|lambda authorizer|lambda authoriser|lambda microvm|lambda web adapter|aws::lambda::function|chalice|powertools for aws|lambda powertools",
    ),
    with(
        "ec2",
        "ec2|ec2 instance|elastic compute cloud|ec2 server|ec2 fleet|ec2 spot|ec2 host|dedicated host|elastic ip|eip|amazon machine image|amazon linux|ami|graviton instance|nitro instance|aws instance|instance connect|ec2 spot fleet",
        &[],
    ),
    named(
        "ec2-auto-scaling",
        "ec2 auto scaling|ec2 autoscaling|auto scaling group|autoscaling group|asg|launch template|launch configuration|auto scaled instances|auto scaled ec2|auto scaling ec2",
    ),
    with(
        "ecs",
        "ecs|elastic container service|ecs cluster|ecs service|ecs task|ecs anywhere|ecs express",
        &[],
    ),
    with(
        "ecs",
        "fargate|ecs fargate|ecs on fargate|ecs with fargate|fargate task|fargate service|fargate container|ecs using fargate|ecs fargate service|ecs fargate task|ecs service on fargate|ecs cluster with fargate",
        &[("variant", "fargate")],
    ),
    with("ecs", "ecs on ec2|ecs ec2|ecs with ec2|ecs ec2 launch type", &[("variant", "ec2")]),
    with(
        "eks",
        "eks|elastic kubernetes service|eks cluster|eks node group|eks anywhere|karpenter|eks auto mode",
        &[],
    ),
    with(
        "eks",
        "eks on fargate|eks fargate|eks with fargate|fargate for eks",
        &[("variant", "fargate")],
    ),
    named(
        "batch",
        "^batch|aws batch|batch on fargate|batch with fargate|fargate batch|batch compute environment|batch job queue|batch job queues|batch job definition",
    ),
    named("app-runner", "app runner|apprunner"),
    named("elastic-beanstalk", "elastic beanstalk|beanstalk|elasticbeanstalk"),
    named("lightsail", "lightsail|light sail"),
    named("outposts", "outposts|outpost|outposts rack|aws outposts rack|s3 outposts"),
    named("gamelift", "gamelift|game lift|flexmatch|gamelift flexmatch|gamelift servers"),
    named("application-auto-scaling", "application auto scaling|application autoscaling"),
    // Edge, network and delivery.
    with(
        "api-gateway",
        "api gateway|apigw|api gw|apigateway|api-gateway|api gate way|execute api|amazon apigw|api gtw|apigatewayv2",
        &[],
    ),
    with(
        "api-gateway",
        "http api|api gateway http api|api gateway http apis|api gateway v2 http api|http api gateway|apigw http api|apigateway http api|api gateway http",
        &[("variant", "http")],
    ),
    with(
        "api-gateway",
        "rest api gateway|api gateway rest api|api gateway rest|apigw rest api|api gateway rest apis|usage plan",
        &[("variant", "rest")],
    ),
    with(
        "api-gateway",
        "websocket api|api gateway websocket|api gateway websockets|websocket api gateway|api gateway websocket api|api websocket|apigw websocket|web socket api",
        &[("variant", "websocket")],
    ),
    with("elb", "elb|elastic load balancer|elastic load balancing|elasticloadbalancing|elbv2", &[]),
    with(
        "elb",
        "alb|application load balancer|application loadbalancer|internal alb|public alb|app load balancer",
        &[("variant", "application")],
    ),
    with(
        "elb",
        "nlb|network load balancer|network loadbalancer|internal nlb",
        &[("variant", "network")],
    ),
    with("elb", "gateway load balancer|gwlb|glb", &[("variant", "gateway")]),
    with("elb", "classic load balancer|clb|classic elb", &[("variant", "classic")]),
    named(
        "cloudfront",
        "cloudfront|cloud front|^cf|cloudfront distribution|cloudfront function|lambda at edge|cloudfront cdn|origin access control|origin access identity",
    ),
    named(
        "route53",
        "route53|route 53|r53|route53 hosted zone|route 53 hosted zone|route 53 resolver",
    ),
    named(
        "acm",
        "acm|aws certificate manager|certificate manager|acm certificate|acm pca|private ca|private certificate authority",
    ),
    named("waf", "waf|web application firewall|aws wafv2|wafv2|web acl|webacl|waf web acl"),
    named("shield", "^shield|shield advanced|aws shield"),
    named("global-accelerator", "global accelerator|aga|globalaccelerator"),
    named("vpc", "vpc|virtual private cloud|security group|vpcs|nacl|internet gateway"),
    named("nat-gateway", "nat gateway|natgw|nat gw|nat gateways|natgateway"),
    named(
        "vpc-endpoint",
        "vpc endpoint|vpc endpoints|interface endpoint|gateway endpoint|privatelink|private link|vpce|aws privatelink|endpoint service",
    ),
    named("vpc-lattice", "vpc lattice|lattice service network|^lattice"),
    named("vpc-peering", "vpc peering|peered vpc|vpc peer|peering connection"),
    named(
        "vpn",
        "site to site vpn|aws vpn|client vpn|vpn connection|vpn tunnel|vpn backup|ipsec vpn|vpn gateway|s2s vpn|vpn",
    ),
    named("transit-gateway", "transit gateway|tgw|transitgateway"),
    named(
        "direct-connect",
        "direct connect|directconnect|dx|dx connection|dx gateway|direct connect gateway",
    ),
    named("network-firewall", "network firewall|aws network firewall|anfw|nfw"),
    named("cloud-map", "cloud map|cloudmap|service discovery namespace"),
    named("service-mesh", "app mesh|appmesh"),
    // Data.
    with(
        "rds",
        "rds|relational database service|rds instance|rds database|rds db|amazon rds instance|rds proxy",
        &[],
    ),
    with(
        "rds",
        "rds postgres|rds postgresql|rds for postgres|rds for postgresql|postgres rds|postgresql rds|postgres on rds|postgresql on rds|postgres in rds|postgresql in rds|rds (postgres)|rds pg|rds with postgres|rds with postgresql|rds running postgres",
        &[("engine", "postgres")],
    ),
    with(
        "rds",
        "rds mysql|rds for mysql|mysql rds|mysql on rds|mysql in rds|rds with mysql|rds running mysql",
        &[("engine", "mysql")],
    ),
    with("rds", "rds mariadb|rds for mariadb|mariadb on rds|mariadb rds", &[("engine", "mariadb")]),
    with(
        "rds",
        "rds sql server|rds for sql server|sql server on rds|rds mssql|rds for microsoft sql server|rds sqlserver",
        &[("engine", "sqlserver")],
    ),
    with(
        "rds",
        "rds oracle|rds for oracle|oracle on rds|rds custom for oracle",
        &[("engine", "oracle")],
    ),
    with(
        "rds",
        "aurora|amazon aurora|rds aurora|aurora cluster|aurora database|aurora db",
        &[("variant", "aurora")],
    ),
    with(
        "rds",
        "aurora postgres|aur pg|aurora postgresql|aurora pg|rds aurora postgresql|rds aurora postgres|aurora for postgresql|postgres aurora|postgresql aurora|aurora with postgresql|aurora postgresql compatible|postgres compatible aurora|aurora postgre",
        &[("variant", "aurora"), ("engine", "postgres")],
    ),
    with(
        "rds",
        "aurora mysql|rds aurora mysql|mysql aurora|aurora mysql compatible|aurora for mysql",
        &[("variant", "aurora"), ("engine", "mysql")],
    ),
    with(
        "rds",
        "aurora serverless|aurora serverless v2|aurora serverless v1|serverless aurora|aurora v2 serverless|aurora sv2",
        &[("variant", "aurora-serverless")],
    ),
    with(
        "rds",
        "aurora postgresql serverless|aurora postgresql serverless v2|aurora serverless postgresql|aurora serverless postgres|aurora serverless v2 postgres|aurora serverless v2 postgresql|aurora postgres serverless|aurora postgres serverless v2",
        &[("variant", "aurora-serverless"), ("engine", "postgres")],
    ),
    with(
        "rds",
        "aurora mysql serverless|aurora serverless mysql|aurora serverless v2 mysql|aurora mysql serverless v2",
        &[("variant", "aurora-serverless"), ("engine", "mysql")],
    ),
    with(
        "rds",
        "aurora global|aurora global database|aurora global db",
        &[("variant", "aurora-global")],
    ),
    with("rds", "aurora dsql|dsql", &[("variant", "aurora-dsql"), ("engine", "postgres")]),
    with(
        "dynamodb",
        "dynamodb|dynamo db|ddb|dynamo|dynamodb table|amazon dynamodb table|dynamodb tables|dynamodb on demand",
        &[],
    ),
    with(
        "dynamodb",
        "dynamodb stream|dynamodb streams|ddb stream|ddb streams|dynamodb change stream",
        &[("streams", "true")],
    ),
    with(
        "dynamodb",
        "dynamodb global table|dynamodb global tables|global tables|ddb global table",
        &[("variant", "global")],
    ),
    named("dax", "dax|dynamodb accelerator|dax cluster"),
    named("documentdb", "documentdb|document db|docdb|amazon documentdb"),
    named("neptune", "neptune|neptune cluster|neptune graph database"),
    named("keyspaces", "keyspaces|amazon keyspaces|managed cassandra service"),
    named("timestream", "timestream|time stream"),
    named("qldb", "qldb|quantum ledger database|quantum ledger"),
    with("elasticache", "elasticache|elastic cache|elasti cache|elasticache cluster", &[]),
    with(
        "elasticache",
        "elasticache redis|elasticache for redis|^ec redis|redis elasticache|elasticache (redis)|redis on elasticache|elasticache redis cluster|elasticache with redis|elasticache redis oss",
        &[("engine", "redis")],
    ),
    with(
        "elasticache",
        "elasticache valkey|elasticache for valkey|valkey on elasticache|elasticache serverless valkey",
        &[("engine", "valkey")],
    ),
    with(
        "elasticache",
        "elasticache memcached|elasticache for memcached|memcached on elasticache",
        &[("engine", "memcached")],
    ),
    with(
        "elasticache",
        "elasticache serverless|serverless elasticache",
        &[("variant", "serverless")],
    ),
    named("memorydb", "memorydb|memory db|memorydb for redis"),
    with(
        "opensearch",
        "opensearch|^es|open search|opensearch service|amazon es|amazon elasticsearch|amazon elasticsearch service|aws elasticsearch|opensearch domain|opensearch cluster",
        &[],
    ),
    with(
        "opensearch",
        "opensearch serverless|opensearch serverless collection|aoss|opensearch service serverless",
        &[("variant", "serverless")],
    ),
    named(
        "osis",
        "osis|opensearch ingestion|opensearch ingestion pipeline|opensearch ingestion service|opensearch service ingestion|data prepper",
    ),
    with("redshift", "redshift|redshift cluster|redshift spectrum|amazon redshift", &[]),
    with("redshift", "redshift serverless", &[("variant", "serverless")]),
    with(
        "s3",
        "s3|simple storage service|s3 bucket|amazon s3 bucket|s3 buckets|simple storage|s3 standard|s3 intelligent tiering|s3 object lambda|s3 access point|presigned url|pre signed url|presigned s3 url|s3 batch operations|s3 event|s3 event notification|aws s3 bucket|s3 storage",
        &[],
    ),
    with(
        "s3",
        "s3 glacier|glacier|glacier deep archive|s3 glacier deep archive|glacier vault",
        &[("variant", "archive")],
    ),
    named(
        "s3express",
        "s3 express|s3 express one zone|express one zone|s3 directory bucket|directory bucket|s3express",
    ),
    named("s3files", "s3 files|s3files|amazon s3 files|s3 file system"),
    named("s3-tables", "s3 table|s3 tables|s3tables|table bucket|s3 table bucket"),
    named("s3vectors", "s3 vector|s3 vectors|vector bucket"),
    named("efs", "efs|elastic file system|efs file system|elastic filesystem|efs access point"),
    with("fsx", "fsx|amazon fsx|fsx file system", &[]),
    with("fsx", "fsx for lustre|fsx lustre|^lustre", &[("variant", "lustre")]),
    with(
        "fsx",
        "fsx for windows|fsx windows|fsx for windows file server|fsx windows file server",
        &[("variant", "windows")],
    ),
    with(
        "fsx",
        "fsx for netapp ontap|fsx ontap|fsx netapp|fsx for ontap|fsxn",
        &[("variant", "ontap")],
    ),
    with("fsx", "fsx for openzfs|fsx openzfs", &[("variant", "openzfs")]),
    named("ebs", "ebs|elastic block store|ebs volume|ebs volumes|ebs gp3|gp3 volume|io2 volume"),
    named("ebs-dlm", "data lifecycle manager|dlm|ebs snapshot lifecycle"),
    named("backup", "@backup|aws backup|backup vault|backup plan"),
    named("storage-gateway", "storage gateway|file gateway|volume gateway|tape gateway"),
    named("snow-family", "snowball|snowball edge|snowmobile|snowcone|snow family"),
    // Messages, events and workflows.
    with(
        "sqs",
        "sqs|simple queue service|sqs queue|amazon sqs queue|sqs queues|sqs dlq|simple queueing service|simple queuing service",
        &[],
    ),
    with(
        "sqs",
        "sqs fifo|sqs fifo queue|fifo sqs|fifo queue|sqs fifo queues|fifo sqs queue",
        &[("variant", "fifo")],
    ),
    with(
        "sns",
        "sns|simple notification service|sns topic|sns topics|simple notifications service|sns notification|sns email",
        &[],
    ),
    with("sns", "sns fifo|sns fifo topic|fifo topic", &[("variant", "fifo")]),
    named(
        "eventbridge",
        "eventbridge|event bridge|cloudwatch events|cloudwatch event|eventbridge rule|eventbridge rules|event bus|eventbridge bus|eventbridge event bus|custom event bus|api destination|api destinations|eventbridge api destination|cloudwatch event rule|cloudwatch events rule|eventbridge api destinations|eventbridge archive|event bridge rule|custom bus|default event bus|eventbus",
    ),
    named(
        "eventbridge-scheduler",
        "eventbridge scheduler|event bridge scheduler|eventbridge schedule|eventbridge schedules|eventbridge scheduler schedule|one time schedule|scheduler schedule|aws scheduler|amazon scheduler",
    ),
    named(
        "eventbridge-pipes",
        "eventbridge pipe|eventbridge pipes|event bridge pipe|event bridge pipes|eb pipes|aws pipes|^pipes",
    ),
    with(
        "step-functions",
        "step function|step functions|stepfunction|stepfunctions|sfn|state machine|step functions workflow|step functions state machine|aws step function|amazon states language|step functions standard workflow",
        &[],
    ),
    with(
        "step-functions",
        "express workflow|step functions express|step functions express workflow|express state machine|express workflows",
        &[("variant", "express")],
    ),
    named(
        "kinesis-data-streams",
        "kinesis|kinesis data stream|kinesis data streams|kinesis stream|kinesis streams|kds|amazon kinesis|kinesis shard",
    ),
    named(
        "kinesis-firehose",
        "kinesis firehose|kinesis data firehose|kdf|data firehose|firehose|amazon data firehose|firehose delivery stream|kinesis delivery stream|delivery stream",
    ),
    named(
        "kinesis-analytics",
        "kinesis analytics|kinesis data analytics|kinesis data analytics for apache flink|managed service for apache flink|managed flink|managed apache flink|kda|msf flink",
    ),
    named("kinesis-video", "kinesis video|kinesis video stream|kinesis video streams|kvs"),
    named(
        "msk",
        "msk|managed streaming for apache kafka|managed streaming for kafka|msk cluster|msk serverless|amazon kafka|msk connect",
    ),
    with("mq", "amazon mq|aws mq|amazonmq|mq broker", &[]),
    with(
        "mq",
        "amazon mq for rabbitmq|amazon mq rabbitmq|rabbitmq on amazon mq|amazon mq (rabbitmq)",
        &[("engine", "rabbitmq")],
    ),
    with(
        "mq",
        "amazon mq for activemq|amazon mq activemq|amazon mq for apache activemq|amazon mq (activemq)",
        &[("engine", "activemq")],
    ),
    named(
        "appsync",
        "appsync|app sync|aws appsync graphql|appsync api|appsync events|appsync graphql api",
    ),
    named(
        "mwaa",
        "mwaa|managed workflows for apache airflow|amazon managed airflow|managed airflow",
    ),
    named("swf", "simple workflow service|swf"),
    named("appflow", "appflow|app flow"),
    // Analytics.
    named(
        "glue",
        "^glue|glue job|glue jobs|glue crawler|glue data catalog|glue catalog|glue etl|glue database|aws glue|glue data quality|glue streaming|glue data brew|databrew",
    ),
    named("athena", "athena|athena query|athena workgroup"),
    with("emr", "emr|elastic mapreduce|elastic map reduce|emr cluster|emr on ec2|emr studio", &[]),
    with("emr", "emr serverless", &[("variant", "serverless")]),
    with("emr", "emr on eks", &[("variant", "eks")]),
    named("lake-formation", "lake formation|lakeformation"),
    named("quicksight", "quicksight|quick sight|amazon quick suite"),
    named("datazone", "datazone|data zone"),
    named("data-exchange", "aws data exchange|data exchange"),
    named("clean-rooms", "clean rooms|aws clean rooms"),
    // Machine learning.
    named(
        "sagemaker",
        "sagemaker|sage maker|sagemaker endpoint|sagemaker pipelines|sagemaker feature store|sagemaker studio|sagemaker model|sagemaker ai|sagemaker notebook|sagemaker training job|sagemaker inference|sagemaker real time inference",
    ),
    named(
        "bedrock",
        "bedrock|amazon bedrock|bedrock agent|bedrock agents|bedrock knowledge base|knowledge base for amazon bedrock|knowledge bases for bedrock|bedrock agentcore|agentcore|bedrock runtime|bedrock guardrails|amazon nova|amazon titan|titan embeddings|nova canvas|nova micro|nova lite|nova pro",
    ),
    named("textract", "textract"),
    named("comprehend", "^comprehend|amazon comprehend|comprehend medical"),
    named("rekognition", "rekognition|recognition api"),
    named("transcribe", "^transcribe|amazon transcribe|transcribe medical"),
    named("translate", "@translate|^translate api|amazon translate"),
    named("polly", "polly|amazon polly"),
    named("lex", "^lex|amazon lex|lex bot|lex v2"),
    named("kendra", "kendra|amazon kendra"),
    named("personalize", "@personalize|amazon personalize"),
    named("forecast", "@forecast|amazon forecast"),
    named("fraud-detector", "fraud detector"),
    named("q-business", "amazon q|q business|amazon q business"),
    // Identity and security.
    named(
        "cognito",
        "cognito|cognito user pool|cognito user pools|cognito identity pool|cognito identity pools|amazon cognito user pool|cognito authorizer|cognito hosted ui",
    ),
    named(
        "iam",
        "iam|identity and access management|iam role|iam roles|iam policy|iam policies|iam user",
    ),
    named("iam-identity-center", "iam identity center|aws sso|identity center|aws single sign on"),
    named(
        "secrets-manager",
        "secrets manager|secret manager|aws secrets manager|secretsmanager|secrets manager secret",
    ),
    named(
        "kms",
        "kms|key management service|kms key|customer managed key|cmk|sse kms|kms cmk|kms encryption|customer managed keys|customer managed kms key",
    ),
    named("cloudhsm", "cloudhsm|cloud hsm"),
    named("cloudtrail", "cloudtrail|^ct|cloud trail|cloudtrail trail"),
    named("guardduty", "guardduty|^gd|guard duty|guardduty malware protection"),
    named(
        "config",
        "@config|config rule|config rules|aws config rules|aws config recorder|conformance pack",
    ),
    named("security-hub", "security hub|securityhub|security hub cspm"),
    named("inspector", "@inspector|^inspector"),
    named("macie", "macie"),
    named("detective", "@detective|amazon detective"),
    named("firewall-manager", "firewall manager"),
    named("audit-manager", "audit manager"),
    named("access-analyzer", "access analyzer|iam access analyzer"),
    named("verified-permissions", "verified permissions|cedar policies|cedar policy"),
    named(
        "directory-service",
        "aws directory service|aws managed microsoft ad|managed microsoft ad|aws managed ad|ad connector|simple ad|microsoft ad|managed ad",
    ),
    named("ram", "resource access manager|aws ram"),
    named(
        "organizations",
        "aws organizations|@organizations|aws organization|^organizations scp|service control policy|service control policies",
    ),
    named("control-tower", "control tower|landing zone accelerator|aws landing zone"),
    named("service-catalog", "service catalog|servicecatalog"),
    named("trusted-advisor", "trusted advisor"),
    named("artifact", "aws artifact"),
    // Operations.
    named(
        "cloudwatch",
        "cloudwatch|cloud watch|^cw|cloudwatch alarm|cloudwatch alarms|cloudwatch metric|cloudwatch metrics|cloudwatch dashboard|cloudwatch dashboards|cloudwatch agent|cloudwatch synthetics|cloudwatch evidently|cloudwatch rum|cloudwatchagent",
    ),
    named(
        "cloudwatch-logs",
        "cloudwatch logs|cloudwatch log|cloudwatch log group|cloudwatch log groups|cloudwatch logs insights|log group|log groups",
    ),
    named("x-ray", "xray|x ray|aws x ray|x ray tracing"),
    named("managed-grafana", "amazon managed grafana|aws managed grafana|managed grafana|amg"),
    named(
        "managed-prometheus",
        "amazon managed prometheus|managed prometheus|managed service for prometheus|amp workspace|amazon managed service for prometheus",
    ),
    named(
        "systems-manager",
        "systems manager|aws ssm|ssm|ssm document|session manager|ssm automation|ssm run command|ssm association|patch manager|ssm session manager|ssm agent|ssm documents|ssm doc",
    ),
    named(
        "ssm-parameter-store",
        "parameter store|ssm parameter store|ssm parameter|ssm parameters|systems manager parameter store",
    ),
    named("appconfig", "appconfig|app config"),
    named("cloudformation", "aws::cloudformation"),
    named("health", "@health|aws health|health dashboard"),
    named("cost-explorer", "cost explorer|aws budgets|cost and usage report"),
    named("resilience-hub", "resilience hub"),
    named("fis", "fault injection simulator|fault injection service|aws fis"),
    // Building and shipping.
    named(
        "ecr",
        "ecr|elastic container registry|elastic container repository|ecr repository|ecr repo|ecr public",
    ),
    named("codepipeline", "codepipeline|code pipeline"),
    named("codebuild", "codebuild|code build|codebuild project"),
    named("codedeploy", "codedeploy|code deploy"),
    named("codecommit", "codecommit|code commit|codecommit repository"),
    named("codeartifact", "codeartifact|code artifact"),
    named("cloud9", "cloud9|aws cloud 9"),
    named("device-farm", "device farm"),
    // Applications, people, things.
    named(
        "amplify",
        "^amplify|aws amplify|amplify hosting|amplify app|amplify gen 2|amplify console",
    ),
    named("ses", "^ses|simple email service|amazon ses|aws ses|ses email"),
    named(
        "pinpoint",
        "^pinpoint|amazon pinpoint|aws pinpoint|end user messaging|aws end user messaging",
    ),
    named(
        "connect",
        "@connect|amazon connect|connect contact center|connect contact flow|connect contact flows|connect instance|contact flow|contact flows",
    ),
    named("chime", "@chime|^chime|chime sdk|amazon chime sdk"),
    named(
        "workspaces",
        "amazon workspaces|aws workspaces|^workspaces|workspaces desktop|workspaces desktops|workspaces directory",
    ),
    named(
        "appstream",
        "appstream|appstream 2.0|appstream 2|amazon appstream|workspaces applications",
    ),
    named("workmail", "workmail|amazon workmail"),
    named(
        "iot-core",
        "iot core|aws iot|iot rule|iot rules|iot rules engine|iot topic rule|iot device shadow|iot thing|iot things|iot core rule|aws iot core mqtt|iot mqtt broker|device shadow|aws iot rule",
    ),
    named("iot-greengrass", "greengrass|iot greengrass"),
    named("iot-sitewise", "sitewise|iot sitewise"),
    named("iot-analytics", "iot analytics"),
    named("iot-device-management", "iot device management"),
    named("iot-twinmaker", "twinmaker|iot twinmaker"),
    named("location", "@location|amazon location|amazon location service|aws location"),
    named(
        "mediaconvert",
        "mediaconvert|media convert|elemental mediaconvert|aws elemental mediaconvert|elastic transcoder",
    ),
    named("medialive", "medialive|media live|elemental medialive"),
    named("mediapackage", "mediapackage|media package|elemental mediapackage"),
    named("mediastore", "mediastore"),
    named("ivs", "interactive video service|amazon ivs|ivs"),
    named("managed-blockchain", "managed blockchain|amazon managed blockchain"),
    named("ground-station", "ground station"),
    named("healthlake", "healthlake"),
    // Moving data and servers.
    named(
        "transfer-family",
        "transfer family|aws transfer|transfer for sftp|aws sftp|aws transfer for sftp|transfer server|aws transfer server",
    ),
    named("dms", "dms|database migration service|aws dms|dms task|schema conversion tool"),
    named("datasync", "datasync|data sync task|aws data sync"),
    named("mgn", "mgn|application migration service|aws application migration service|cloudendure"),
    named("migration-hub", "migration hub"),
    named("elastic-disaster-recovery", "elastic disaster recovery|aws drs"),
];
