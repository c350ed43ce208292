//! Parts of the system that are described by what they do.

use super::context::{
    foreign, habit, ingested, is_data_warehouse, is_database, is_listed, is_product, is_search,
    model, needs_game_servers, works,
};
use super::mentions::Named;
use super::phrases::Phrases;
use super::tokens::{Gap, Reading};
use super::{Workload, WorkloadKind as W};
use std::sync::LazyLock;

const TABLE: &[(W, &str)] = &[
    (
        W::WebApp,
        "web app|web application|webapp|website|web site|web portal|portal|customer portal|patient portal|saas|saas application|saas platform|\
        saas product|web server|web servers|web tier|three tier|three tier application|3 tier|3 tier application|two tier|crm|erp|booking system|\
        reservation system|admin panel|back office|dashboard application|intranet|django app|rails app|laravel app|php application|java application|\
        spring boot application|node.js application|monolith|social network|marketplace|ticketing system|forum|wiki|lamp stack|lamp application|\
        application server|application servers|webanwendung|web anwendung|online banking|telehealth|learning management system|lms|job board|web frontend|web shop frontend",
    ),
    (
        W::StaticSite,
        "static website|static marketing website|static marketing site|marketing website|static company website|static site|static web site|single page application|single page app|spa|landing page|documentation site|jamstack|\
        static content|static frontend|react frontend|react front end|angular front end|angular frontend|vue front end|vue frontend|react app|angular app|vue app|marketing site|portfolio site|brochure site|hugo site|static assets|blog",
    ),
    (
        W::RestApi,
        "contact form|web form|form submissions|survey|feedback form|rest api|restful api|rest apis|rest backend|restful backend|http api|api backend|backend api|json api|public api|api service|\
        crud api|crud application|crud app|crud|web api|apis|api endpoint|api endpoints|rest endpoint|rest service|backend service|rest interface|\
        webhook|webhooks|webhook receiver|api first|banking api|payment api|payments api|booking api|order api|orders api|search api|api server|backend for frontend|url shortener|link shortener",
    ),
    (W::GraphqlApi, "graphql|graphql api|graphql endpoint"),
    (
        W::Realtime,
        "websocket|websockets|real time chat|chat app|chat application|live chat|presence|live updates|live dashboard|real time updates|\
        real time collaboration|collaborative editing|lobby chat|chat system|messaging app|live scores|real time notifications|realtime chat|multiplayer state|\
        live map|live on a map|live tracking|real time tracking|live location|live positions|see them live",
    ),
    (
        W::MobileBackend,
        "mobile app|mobile application|mobile backend|ios app|android app|ios and android|mobile apps|flutter app|react native app|mobile client|mobile clients|mobile game|mobile games|casual game|mobile game backend",
    ),
    (
        W::Microservices,
        "microservice|microservices|micro services|service mesh|service oriented|grpc services|grpc",
    ),
    (
        W::Worker,
        "background worker|background workers|background job|background jobs|async processing|asynchronous processing|async task processing|\
        async tasks|async jobs|worker|workers|task processing|job processing|order processing|queue consumer|celery|sidekiq|asynchronously",
    ),
    (
        W::Scheduled,
        "nightly|overnight|every night|every hour|hourly|cron|cron job|cron jobs|scheduled|on a schedule|daily job|daily report|weekly report|once a day|\
        every day|every morning|runs daily|every minute|every 5 minutes|every five minutes|every 15 minutes|schedule based|recurring|periodic|periodically|scheduler|once a week|monthly report",
    ),
    (
        W::Batch,
        "batch job|batch jobs|batch processing|batch workload|batch workloads|hpc|high performance computing|simulation|simulations|render farm|\
        genomics|monte carlo|risk calculation|compute cluster|nightly batch|embarrassingly parallel|scientific computing",
    ),
    (
        W::EventDriven,
        "event driven|event driven architecture|triggered by|on upload|when a file|when a new file|whenever a|reacts to|event sourcing|cqrs|\
        when an object|when a user uploads|on every upload|change data capture|cdc|event notifications|choreography",
    ),
    (
        W::StreamProcessing,
        "stream processing|streaming data|real time analytics|realtime analytics|clickstream|event streaming|streaming pipeline|\
        real time data|real time processing|data streams|streaming analytics|fraud detection in real time|real time fraud detection|streaming ingestion|real time cheating detection|\
        product analytics|web analytics|user analytics|click events|click stream|event ingestion|event pipeline|stream of events|event stream|event streams|streams of events",
    ),
    (
        W::DataLake,
        "analysts with sql|sql for analysts|sql to analysts|analytics platform|data platform|analytics stack|ad hoc sql|data lake|datalake|lakehouse|data lakehouse|raw zone|data mesh|medallion architecture",
    ),
    (
        W::Warehouse,
        "data warehouse|data warehousing|dwh|star schema|analytical warehouse|data mart",
    ),
    (
        W::Etl,
        "etl|elt|data pipeline|data pipelines|data ingestion pipeline|feature materialization|data integration|extract transform|transform data|data transformation|cleanse data",
    ),
    (
        W::Dashboards,
        "bi dashboard|bi dashboards|business intelligence|dashboards|reporting dashboard|kpi dashboard|bi reports|data visualization|analytics dashboard|analytics dashboards|reporting layer",
    ),
    (
        W::MlTraining,
        "model training|train models|train a model|training jobs|ml training|fine tuning|fine tune|training pipeline|ml platform|machine learning platform|ml pipeline|machine learning pipeline|\
        feature store|mlops|hyperparameter|train machine learning",
    ),
    (
        W::MlInference,
        "inference|inference endpoint|model serving|recommendation engine|recommendations|recommender|predictions|ml model|serve predictions|\
        machine learning model|scoring service|churn prediction|fraud detection model|personalized recommendations|personalised recommendations|predictive maintenance|anomaly detection|demand forecasting",
    ),
    (
        W::GenAi,
        "generative ai|genai|llm|large language model|chatbot|rag|retrieval augmented generation|ai assistant|ai agent|ai agents|gpt|text generation|\
        summarization|copilot|virtual assistant|question answering|foundation model|claude|chat assistant|\
        assistant that answers|assistant which answers|assistant answering|assistant to answer|bot that answers|answers questions|answer questions over|answer questions about|answer questions from|questions over our|\
        knowledge assistant|support assistant|virtual agent|chat bot|chat with our|chat with your|chat with their",
    ),
    (
        W::DocumentProcessing,
        "document processing|ocr|invoice processing|extract text|scanned documents|document extraction|pdf processing|form extraction|claims documents|contract analysis|document summarization",
    ),
    (
        W::ImageAnalysis,
        "image analysis|image recognition|face recognition|object detection|computer vision|image classification|image moderation|moderation of images|moderation of photos|content moderation|label detection|facial recognition",
    ),
    (
        W::SpeechToText,
        "speech to text|transcription|transcribe|subtitles|subtitle generation|voice recognition|call transcripts",
    ),
    (
        W::Search,
        "full text search|product search|search engine|search index|site search|search functionality|searchable|log search|semantic search|vector search|faceted search|search across|log analytics platform|log platform|log management|log aggregation|centralized logging|centralised logging|central logging|logging platform|siem",
    ),
    (
        W::IotIngest,
        "iot|sensor|sensors|connected devices|telemetry|smart meters|fleet tracking|gps trackers|connected cars|connected vehicles|industrial sensors|mqtt|device data|wearables|smart home",
    ),
    (
        W::VideoProcessing,
        "video transcoding|transcode|transcoding|video processing|video streaming|live streaming|vod|video on demand|video platform|streaming platform for video|hls|live video",
    ),
    (
        W::FileTransfer,
        "sftp|ftp|file transfer|managed file transfer|partners upload files|edi files|b2b file exchange",
    ),
    (
        W::FileShare,
        "file share|shared file system|shared drive|network drive|nfs|smb|home directories|file server|file servers",
    ),
    (
        W::Email,
        "transactional email|transactional emails|newsletter|newsletters|email campaign|send emails|sends emails|send email|welcome emails|bulk email|order confirmation emails|email sending|marketing emails|\
        email it|emails it|email them|emails them|emailed|send it by email|sends it by email|send them by email|sends them by email|sent by email|\
        sends an email|send an email|e mails to|e mail to|emails to|sent by e mail|by e mail|by email|via email|e mail notifications|email reminders|confirmation e mail|confirmation e mails|e mail a report|email a report|e mails a report|confirmation email|confirmation emails|email confirmation|email confirmations|email receipts|mail invoices|mails invoices|email invoices|email reports",
    ),
    (
        W::PushNotification,
        "push notification|push notifications|mobile push|sms|sms notifications|text messages|notifications|notification service|alerts when|alert when|alerts if|alert if|send alerts|sends alerts|raise alerts|raises alerts|alerts for operators|reminders",
    ),
    (
        W::Workflow,
        "workflow|workflows|orchestration|orchestrate|saga|saga pattern|approval process|human approval|state machine|business process|long running process|multi step process",
    ),
    (
        W::CiCd,
        "ci/cd|cicd|ci cd|deployment pipeline|build pipeline|continuous delivery|continuous integration|continuous deployment|blue green deployment|gitops|devops pipeline",
    ),
    (
        W::Cms,
        "cms|content management|content management system|wordpress|drupal|joomla|strapi|ghost blog|magazine site|news site|publishing platform|umbraco|moodle|headless cms",
    ),
    (
        W::Ecommerce,
        "e commerce|ecommerce|online shop|online store|web shop|webshop|shopping cart|checkout|magento|shopify like|product catalog|product catalogue|storefront|retail site|order management",
    ),
    (
        W::GameServer,
        "game server|game servers|multiplayer game|multiplayer|battle royale|matchmaking|leaderboard|leaderboards|game backend|gaming backend|minecraft server|mmo",
    ),
    (
        W::Migration,
        "migrate|migration|lift and shift|rehost|replatform|cut over|cutover|cloud migration|data center exit|datacenter exit|server migration|move to the cloud|move to aws",
    ),
    (
        W::BackupArchive,
        "archive|archival|tape backup|tape backups|tape library|long term storage|backup storage|cold storage|off site backup|offsite backup|backups of|backup target|tape replacement|disaster recovery copy",
    ),
    (
        W::Desktop,
        "virtual desktop|virtual desktops|vdi|remote desktop|desktop as a service|daas|remote desktops",
    ),
    (
        W::VirtualMachine,
        "single server|ssh access|bastion|jump host|jumpbox|self managed server|dedicated server|minecraft|jenkins server|gitlab server|single instance",
    ),
    (
        W::ContainerPlatform,
        "containers|containerized|containerised|docker|container platform|dockerized|docker compose|container workloads|platform team|internal developer platform|service mesh",
    ),
    (
        W::UserSignIn,
        "user authentication|user login|sign in|sign up|login|log in|user accounts|social login|sso|single sign on|user registration|oauth|oidc|saml|mfa|multi factor authentication|authentication|user management|identity provider|passwordless",
    ),
    (W::MessageQueue, "messaging between|asynchronous messaging|async messaging"),
    (W::Cdn, "static asset delivery|global content delivery|image delivery|edge caching"),
];

static PHRASES: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(TABLE.iter().enumerate().map(|(at, it)| (it.1, at)), false));

/// One workload per kind, at its first place.
pub(super) fn find(reading: &Reading, named: &Named) -> Vec<Workload> {
    let mut workloads: Vec<Workload> = Vec::new();
    let mut found: Vec<(W, usize, usize)> =
        named.kinds.iter().filter(|it| !it.negated).map(|it| (it.kind, it.from, it.to)).collect();
    for hit in PHRASES.find(reading, |_| false) {
        if !denied(reading, hit.from) {
            found.push((TABLE[hit.entry].0, hit.from, hit.to));
        }
    }
    for at in 0..reading.len() {
        match reading.word(at) {
            "search" if is_search(reading, at) => found.push((W::Search, at, at)),
            "chat" | "messaging" if is_listed(reading, at) => found.push((W::Realtime, at, at)),
            word if is_product(reading, at, word) => found.push((W::WebApp, at, at)),
            "warehouse" if is_data_warehouse(reading, at) => found.push((W::Warehouse, at, at)),
            "database" | "databases" if is_database(reading, at) => {
                found.push((W::RelationalStore, at, at));
            }
            "background" if works(reading, at) => found.push((W::Worker, at, at + 1)),
            "train" | "trains" | "training" | "retrain" | "retrains" => {
                found.extend(model(reading, at).map(|to| (W::MlTraining, at, to)));
            }
            "deploy" | "deploys" | "serve" | "serves" | "host" | "hosting" => {
                found.extend(model(reading, at).map(|to| (W::MlInference, at, to)));
            }
            // "web and mobile app": two ways to the same.
            "web" if reading.word(at + 1) == "and" && reading.word(at + 2) == "mobile" => {
                found.push((W::WebApp, at, at));
            }
            "ingest" | "ingests" | "ingesting" => {
                found.extend(ingested(reading, at).map(|to| (W::StreamProcessing, at, to)));
            }
            _ => {}
        }
    }
    let others = found.iter().any(|it| !matches!(it.0, W::WebApp));
    let games = found.iter().any(|it| it.0 == W::GameServer);
    found.retain(|it| match it.0 {
        W::RestApi => !foreign(reading, it.1),
        W::Scheduled => !habit(reading, it.1),
        // "analytics for our SaaS": it is there already.
        W::WebApp => !others || it.1 == 0 || reading.word(it.1 - 1) != "our",
        W::VirtualMachine => !games,
        _ => true,
    });
    // A model of one's own sees pictures without a service that does.
    if found.iter().any(|it| it.0 == W::MlTraining) {
        found.retain(|it| it.0 != W::ImageAnalysis);
    }
    if !needs_game_servers(reading) {
        found.iter_mut().filter(|it| it.0 == W::GameServer).for_each(|it| it.0 = W::MobileBackend);
    }
    found.sort_by_key(|it| it.1);
    let has_offline = (0..reading.len()).any(|at| reading.word(at) == "offline");
    for (kind, from, to) in found {
        if workloads.iter().any(|it| it.kind == kind) {
            continue;
        }
        // The online store of features is no shop.
        if kind == W::Ecommerce && reading.word(to) == "store" && has_offline {
            continue;
        }
        let from = name_start(reading, kind, from);
        let span = reading.span(from, to);
        let name = reading.text[span[0]..span[1]]
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .to_lowercase();
        workloads.push(Workload { kind, name, span });
    }
    workloads
}

pub(super) fn denied(reading: &Reading, from: usize) -> bool {
    (1..=2).any(|back| {
        from >= back
            && (0..back).all(|it| {
                !reading
                    .gap(from - it)
                    .has(Gap::COMMA | Gap::SENTENCE | Gap::OPEN | Gap::CLOSE | Gap::DASH)
            })
            && matches!(
                reading.word(from - back),
                "no" | "without" | "avoid" | "non" | "replace" | "drop" | "remove"
            )
    }) || (from > 0
        && reading.word(from - 1) == "not"
        && !reading.gap(from).has(Gap::COMMA | Gap::SENTENCE))
}

/// "orders REST API": the word before a part is its name, unless it only joins.
fn name_start(reading: &Reading, kind: W, from: usize) -> usize {
    let nameable = matches!(
        kind,
        W::WebApp
            | W::RestApi
            | W::MobileBackend
            | W::Ecommerce
            | W::StaticSite
            | W::Worker
            | W::GraphqlApi
            | W::Cms
            | W::GameServer
            | W::MlInference
            | W::Workflow
    );
    if !nameable || from == 0 {
        return from;
    }
    let before = reading.word(from - 1);
    let gap = reading.gap(from);
    let joins = gap.has(Gap::SPACE)
        && !gap.has(
            Gap::COMMA
                | Gap::SENTENCE
                | Gap::OPEN
                | Gap::CLOSE
                | Gap::ARROW
                | Gap::COLON
                | Gap::NEWLINE
                | Gap::SLASH
                | Gap::PLUS
                | Gap::DASH
                | Gap::SEMICOLON,
        );
    if joins
        && before.len() > 3
        && before.bytes().all(|b| b.is_ascii_lowercase())
        && !is_plain(before)
    {
        from - 1
    } else {
        from
    }
}

/// Words that never are the name of a part.
pub(super) fn is_plain(word: &str) -> bool {
    matches!(
        word,
        "with"
            | "driven"
            | "that"
            | "this"
            | "from"
            | "into"
            | "your"
            | "their"
            | "have"
            | "need"
            | "needs"
            | "want"
            | "wants"
            | "build"
            | "create"
            | "creates"
            | "design"
            | "deploy"
            | "deploys"
            | "simple"
            | "small"
            | "large"
            | "host"
            | "hosting"
            | "scalable"
            | "modern"
            | "based"
            | "using"
            | "uses"
            | "behind"
            | "existing"
            | "serverless"
            | "amazon"
            | "azure"
            | "google"
            | "some"
            | "basic"
            | "full"
            | "fully"
            | "secure"
            | "sample"
            | "highly"
            | "available"
            | "single"
            | "multi"
            | "tenant"
            | "high"
            | "traffic"
            | "managed"
            | "global"
            | "public"
            | "private"
            | "for"
            | "our"
            | "compliant"
            | "hosted"
            | "running"
            | "runs"
            | "like"
            | "against"
            | "over"
            | "through"
            | "when"
            | "where"
            | "will"
            | "should"
            | "must"
            | "through put"
            | "typical"
            | "certain"
            | "cheap"
            | "complete"
            | "classic"
            | "good"
            | "nice"
            | "quick"
            | "standard"
            | "production"
            | "entire"
            | "just"
    )
}
