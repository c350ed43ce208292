//! Compliance, data, residency, preferences, stack and network: phrases that
//! each mean one fact.

use super::draft::Draft;
use super::phrases::Phrases;
use super::places;
use super::tokens::{Gap, Reading};
use super::{Cloud, Compliance, DataClass, Intention};
use serde_json::json;
use std::sync::LazyLock;

#[derive(Clone, Copy)]
enum Meaning {
    Law(Compliance),
    /// Not named, but the data falls under it.
    LikelyLaw(Compliance),
    Data(DataClass),
    Wish(Wish),
    Intent(Intention),
    Net(Net),
    Stack(&'static str),
    MultiRegion,
    MultiZone,
    NoLoss,
}

#[derive(Clone, Copy)]
enum Wish {
    Serverless,
    Kubernetes,
    Containers,
    Machines,
    Managed,
    OpenSource,
    Arm,
    Spot,
    ScaleToZero,
    PrivateOnly,
    LowOperations,
    CostFirst,
}

#[derive(Clone, Copy)]
enum Net {
    Vpn,
    DirectConnect,
    OnPremises,
}

const TABLE: &[(Meaning, &str)] = &[
    (Meaning::Law(Compliance::Hipaa), "hipaa|hipaa compliant|hippa|hitech"),
    (Meaning::Law(Compliance::PciDss), "pci dss|pci|pci compliant|pci compliance|pcidss|pci-dss"),
    (Meaning::Law(Compliance::Soc2), "soc 2|soc2|soc ii|soc2 type ii|soc 2 type ii|soc 2 type 2"),
    (
        Meaning::Law(Compliance::Gdpr),
        "gdpr|general data protection regulation|gdpr compliant|dsgvo|uk gdpr",
    ),
    (Meaning::Law(Compliance::FedRamp), "fedramp|fed ramp|fedramp high|fedramp moderate"),
    (Meaning::Law(Compliance::Iso27001), "iso 27001|iso27001|iso/iec 27001|iso 27k"),
    (Meaning::LikelyLaw(Compliance::Hipaa), "phi|protected health information|ephi"),
    (
        Meaning::LikelyLaw(Compliance::PciDss),
        "cardholder data|card data|credit card data|card numbers|credit card numbers|card payments",
    ),
    (
        Meaning::LikelyLaw(Compliance::Gdpr),
        "eu residents|eu citizens|european customers|eu customers|european users|eu users|eu personal data",
    ),
    (Meaning::LikelyLaw(Compliance::FedRamp), "federal agency|us federal|government agency data"),
    (
        Meaning::Data(DataClass::Health),
        "phi|patient data|patient records|medical records|health records|health data|patients|clinical|ehr|emr records|telehealth|hospital|medical|healthcare|patient|lab results|ephi",
    ),
    (
        Meaning::Data(DataClass::Payment),
        "card data|cardholder data|credit card|credit cards|payment data|card payments|card numbers|payments|payment processing|checkout",
    ),
    (
        Meaning::Data(DataClass::Financial),
        "financial data|banking|bank|trading|financial institution|account balances|ledger|fintech|financial|insurance claims|payroll",
    ),
    (
        Meaning::Data(DataClass::Personal),
        "personal data|pii|personally identifiable|user profiles|customer data|user data|personal information|email addresses|customer records|user accounts|employee records|hr data",
    ),
    (Meaning::Data(DataClass::Children), "children|kids|minors|pupils|coppa|k 12|school children"),
    (
        Meaning::Data(DataClass::Government),
        "government|public sector|defense|defence|classified|federal|citizen records|ministry|military",
    ),
    (
        Meaning::Data(DataClass::Confidential),
        "confidential|trade secrets|sensitive data|proprietary data|classified|sensitive",
    ),
    (Meaning::Data(DataClass::Public), "public data|open data|publicly available data"),
    (
        Meaning::Wish(Wish::Serverless),
        "serverless|fully serverless|serverless first|no servers|no servers to manage|without managing servers|without servers|server less",
    ),
    (Meaning::Wish(Wish::Kubernetes), "kubernetes|k8s|kubernetes cluster|eks|aks|gke"),
    (
        Meaning::Wish(Wish::Containers),
        "containers|containerized|containerised|docker|fargate|dockerized|dockerised|container based",
    ),
    (Meaning::Wish(Wish::Machines), "virtual machines|vms|ec2|ec2 instances|vm|bare metal|iaas"),
    (
        Meaning::Wish(Wish::Managed),
        "managed services|fully managed|managed service|managed offerings|managed database|prefer managed",
    ),
    (
        Meaning::Wish(Wish::OpenSource),
        "open source|vendor lock in|lock in|cloud agnostic|portable|vendor neutral|cloud neutral|vendor lock|proprietary services",
    ),
    (
        Meaning::Wish(Wish::Arm),
        "graviton|arm64|graviton2|graviton3|graviton4|arm based|arm instances|ampere",
    ),
    (
        Meaning::Wish(Wish::Spot),
        "spot instances|spot|spot fleet|spot fleets|preemptible|spot capacity|spot nodes",
    ),
    (
        Meaning::Wish(Wish::ScaleToZero),
        "scale to zero|scales to zero|scaling to zero|pay nothing when idle|zero when idle|nothing when idle|no idle cost|pay per use only",
    ),
    (
        Meaning::Wish(Wish::PrivateOnly),
        "no public internet|no internet access|private only|internal only|not publicly accessible|air gapped|zero internet|no public access|not exposed to the internet|no external connectivity|private network only|internal users only|no public endpoints|only reachable via vpn|only reachable over vpn|only reachable over the vpn|only reachable through vpn|reachable only over vpn|reachable only via vpn|only reachable from our office|only from our office|only from the office|only via vpn|only over vpn|only through vpn|only through the vpn|via vpn only|over vpn only|behind the vpn|behind a vpn|only over the vpn|only via the vpn",
    ),
    (
        Meaning::Wish(Wish::LowOperations),
        "minimize operational overhead|minimise operational overhead|low maintenance|minimal operations|low ops|no ops|small team|no devops team|minimal maintenance|operational overhead|two developers|solo developer|no dedicated ops|hands off|little maintenance|low operational overhead|without an ops team",
    ),
    (
        Meaning::Wish(Wish::CostFirst),
        "as cheap as possible|cheapest|low cost|cheap|cost effective|cost sensitive|cost optimized|cost optimised|minimal cost|minimise cost|minimize cost|minimize costs|minimise costs|on a shoestring|tight budget|lowest cost|keep costs low|keep cost low|keep it cheap|inexpensive|side project|hobby project|low budget|bootstrapped|save money|cheaper",
    ),
    (
        Meaning::Intent(Intention::Review),
        "review|audit|finops|well architected review|assess|assessment|optimize our|optimise our|import an existing|right size|rightsizing|cost review|analyze our|analyse our",
    ),
    (
        Meaning::Intent(Intention::Migrate),
        "migrate|migration|migrating|lift and shift|replatform|rehost|move our|moving our|cut over|modernize|modernise|move from|moving from",
    ),
    (
        Meaning::Intent(Intention::Compare),
        "compare|comparison|tco|versus|total cost of ownership|trade off between",
    ),
    (Meaning::Net(Net::Vpn), "site to site vpn|vpn|ipsec|vpn tunnel|client vpn"),
    (
        Meaning::Net(Net::DirectConnect),
        "direct connect|expressroute|express route|dedicated line|dedicated interconnect|leased line|cloud interconnect",
    ),
    (
        Meaning::Net(Net::OnPremises),
        "on premises|on premise|on prem|onprem|our data center|our datacenter|our data centre|co located data center|data center|datacenter|data centre|corporate network|head office|local data center|colo",
    ),
    (
        Meaning::MultiRegion,
        "multi region|multiregion|multiple regions|two regions|several regions|active active across regions|cross region failover|cross region|three regions|across regions|global replication|geo redundant|geo replicated|second region|other region|dr region|disaster recovery region|another region|\
        region failure|region failures|regional failure|region outage|region outages|regional outage|regional outages|region wide outage|region loss|loss of a region|loss of the region|\
        losing a region|lose a region|lost region|region goes down|region fails|region is down|failure of a region|failure of the region|failure of a whole region|failure of an entire region|\
        outage of a region|outage of a whole region|entire region|whole region|failover region|standby region|backup region|globally distributed|active active globally|global active active",
    ),
    (
        Meaning::MultiZone,
        "zone failure|zone failures|zone outage|zone outages|az failure|az failures|az outage|az outages|zone fails|az fails|zone goes down|zone loss|loss of a zone|loss of an az|losing a zone|losing an az|\
        lose a zone|lose an az|failure of a zone|failure of one zone|failure of an az|failure of an availability zone|loss of an availability zone|outage of a zone|data center failure|datacenter failure|\
        two availability zones|multiple availability zones|several availability zones|three availability zones|across availability zones|two zones|three zones|multiple zones|several zones|across zones|2 azs|3 azs|two azs|three azs|multiple azs|\
        no single point of failure|single points of failure|single point of failure",
    ),
    (
        Meaning::NoLoss,
        "zero data loss|no data loss|without data loss|without losing data|not lose data|not lose any data|never lose data|no loss of data|without any data loss",
    ),
    (Meaning::Stack("python"), "python|django|flask|fastapi"),
    (
        Meaning::Stack("nodejs"),
        "node.js|nodejs|node js|typescript|javascript|express.js|nestjs|next.js|nextjs",
    ),
    (Meaning::Stack("java"), "java|spring boot|springboot|kotlin|quarkus|jvm|spring"),
    (Meaning::Stack("go"), "golang|go service|go services|go backend|go api|in go"),
    (Meaning::Stack("rust"), "rust service|in rust|rust api|rust"),
    (Meaning::Stack("dotnet"), ".net|dotnet|c#|asp.net|.net core|csharp"),
    (Meaning::Stack("ruby"), "ruby|ruby on rails|rails"),
    (Meaning::Stack("php"), "php|laravel|symfony"),
    (Meaning::Stack("react"), "react|react frontend|react app"),
    (Meaning::Stack("angular"), "angular"),
    (Meaning::Stack("vue"), "vue|vue.js|nuxt"),
    (Meaning::Stack("wordpress"), "wordpress"),
    (Meaning::Stack("postgres"), "postgres|postgresql"),
    (Meaning::Stack("mysql"), "mysql"),
    (Meaning::Stack("mariadb"), "mariadb"),
    (Meaning::Stack("mongodb"), "mongodb|mongo"),
    (Meaning::Stack("redis"), "redis"),
    (Meaning::Stack("kafka"), "kafka"),
    (Meaning::Stack("rabbitmq"), "rabbitmq"),
    (Meaning::Stack("elasticsearch"), "elasticsearch"),
    (Meaning::Stack("sqlserver"), "sql server|mssql"),
    (Meaning::Stack("oracle"), "oracle database|oracle db|oracle"),
    (Meaning::Stack("heroku"), "heroku"),
    (
        Meaning::Stack("windows"),
        "windows shares|windows share|ntfs|windows server|windows servers|windows vm|windows vms|windows machines|windows desktops|iis|.net framework|active directory",
    ),
    (Meaning::Stack("entra"), "azure active directory|azure ad|entra id"),
    (Meaning::Stack("terraform"), "terraform"),
    (Meaning::Stack("docker"), "docker|docker compose"),
    (Meaning::Stack("celery"), "celery"),
    (Meaning::Stack("sidekiq"), "sidekiq"),
    (Meaning::Stack("spark"), "spark|apache spark|pyspark"),
    (Meaning::Stack("grpc"), "grpc"),
    (Meaning::Stack("istio"), "istio"),
];

/// Meanings do not hide each other: each kind of fact has its own table.
static TABLES: LazyLock<Vec<(Phrases, Vec<usize>)>> = LazyLock::new(|| {
    let class = |meaning: Meaning| match meaning {
        Meaning::Law(_) => 0,
        Meaning::LikelyLaw(_) => 1,
        Meaning::Data(_) => 2,
        Meaning::Wish(_) => 3,
        Meaning::Intent(_) => 4,
        Meaning::Net(_) | Meaning::MultiRegion | Meaning::MultiZone | Meaning::NoLoss => 5,
        Meaning::Stack(_) => 6,
    };
    (0..7)
        .map(|wanted| {
            let rows: Vec<usize> =
                (0..TABLE.len()).filter(|at| class(TABLE[*at].0) == wanted).collect();
            let names = rows.iter().enumerate().map(|(at, row)| (TABLE[*row].1, at));
            (Phrases::new(names, false), rows)
        })
        .collect()
});

pub(super) fn read(
    reading: &Reading,
    cloud: Cloud,
    products: &[(usize, usize)],
    draft: &mut Draft,
) {
    for (phrases, rows) in TABLES.iter() {
        for hit in phrases.find(reading, |_| false) {
            let span = reading.span(hit.from, hit.to);
            match TABLE[rows[hit.entry]].0 {
                Meaning::Law(law) => {
                    if !denied(reading, hit.from) {
                        draft.law(law, span, 0.97);
                    }
                }
                Meaning::LikelyLaw(law) => {
                    if !denied(reading, hit.from) {
                        draft.law(law, span, 0.6);
                    }
                }
                Meaning::Data(class) => {
                    if !denied(reading, hit.from) {
                        draft.data(class, span);
                    }
                }
                // "OpenSearch Serverless" is the name of a product, not a wish.
                Meaning::Wish(Wish::Serverless)
                    if products.iter().any(|it| it.0 <= hit.from && hit.to <= it.1) => {}
                Meaning::Wish(wish) => self::wish(reading, wish, hit.from, hit.to, draft),
                Meaning::Intent(intent) => {
                    if draft.needs.intent == Intention::Design && intends(reading, hit.from, intent)
                    {
                        draft.needs.intent = intent;
                        draft.fact(
                            "intent",
                            json!(format!("{intent:?}").to_lowercase()),
                            span,
                            0.7,
                        );
                    }
                }
                Meaning::Net(net) => {
                    if denied(reading, hit.from) {
                        continue;
                    }
                    let (field, kind): (&mut bool, _) = match net {
                        Net::Vpn => (&mut draft.needs.network.vpn, "network.vpn"),
                        Net::DirectConnect => {
                            (&mut draft.needs.network.direct_connect, "network.direct_connect")
                        }
                        Net::OnPremises => {
                            (&mut draft.needs.network.on_premises, "network.on_premises")
                        }
                    };
                    if !std::mem::replace(field, true) {
                        draft.fact(kind, json!(true), span, 0.85);
                    }
                }
                Meaning::MultiRegion => {
                    if !denied(reading, hit.from)
                        && !std::mem::replace(&mut draft.needs.multi_region, true)
                    {
                        draft.fact("multi_region", json!(true), span, 0.85);
                    }
                }
                Meaning::NoLoss => {
                    draft.set(|it| &mut it.rpo_minutes, "rpo", 0.0, span, 0.8);
                }
                Meaning::MultiZone => {
                    // "No single point of failure" asks for it by a denial.
                    let asked = !denied(reading, hit.from) || reading.word(hit.to) == "failure";
                    if asked && !std::mem::replace(&mut draft.needs.multi_zone, true) {
                        draft.fact("multi_zone", json!(true), span, 0.85);
                    }
                }
                Meaning::Stack(name) => {
                    let refused = denied(reading, hit.from) || instead(reading, hit.from);
                    if !refused && draft.needs.stack.insert(name.to_owned()) {
                        draft.fact("stack", json!(name), span, 0.9);
                    }
                }
            }
        }
    }
    network_names(reading, draft);
    places::read(reading, cloud, draft);
}

/// "no", "without", "avoid" close before, in the same clause.
pub(super) fn denied(reading: &Reading, from: usize) -> bool {
    for back in 1..=4 {
        if from < back
            || reading.gap(from + 1 - back).has(
                Gap::COMMA | Gap::SENTENCE | Gap::OPEN | Gap::CLOSE | Gap::DASH | Gap::SEMICOLON,
            )
        {
            return false;
        }
        let word = reading.word(from - back);
        match word {
            "no" | "without" | "avoid" | "avoiding" | "don't" | "dont" | "never" | "non"
            | "hate" => return true,
            "not" => return !matches!(reading.word(from - back + 1), "only" | "just"),
            "with" if from > back && matches!(reading.word(from - back - 1), "not" | "never") => {
                return true;
            }
            "but" | "and" | "we" | "with" | "on" | "that" | "because" => return false,
            _ => {}
        }
    }
    false
}

fn instead(reading: &Reading, from: usize) -> bool {
    from >= 2
        && matches!(
            (reading.word(from - 2), reading.word(from - 1)),
            ("instead", "of") | ("rather", "than") | ("away", "from")
        )
}

/// A plan to do it, not a word about something else.
fn intends(reading: &Reading, from: usize, intent: Intention) -> bool {
    match intent {
        // "with a review step" is a part of the system; orders stand in front.
        Intention::Review => {
            // "listings, reviews and search" is a list of parts.
            let start = reading.sentence_start(from, 12);
            from - start <= 4 && !matches!(reading.word(from), "reviews" | "audits")
        }
        Intention::Compare => !matches!(reading.word(from + 1), "prices" | "products" | "values"),
        _ => !matches!(reading.word(from + 1), "tool" | "script" | "scripts"),
    }
}

fn wish(reading: &Reading, wish: Wish, from: usize, to: usize, draft: &mut Draft) {
    let span = reading.span(from, to);
    let no = denied(reading, from) || instead(reading, from) || after_denied(reading, to);
    let preferences = &mut draft.needs.preferences;
    let (field, kind) = match wish {
        Wish::ScaleToZero => {
            return flag(draft, |it| &mut it.scale_to_zero, "preference.scale_to_zero", !no, span);
        }
        Wish::PrivateOnly => {
            let inside = (from..=to)
                .any(|at| matches!(reading.word(at), "reachable" | "vpn" | "internal" | "office"));
            preferences.inside_only |= inside && !no;
            return flag(
                draft,
                |it| &mut it.private_only,
                "preference.private_only",
                !(no && reading.word(from) != "no"),
                span,
            );
        }
        Wish::LowOperations => {
            return flag(
                draft,
                |it| &mut it.low_operations,
                "preference.low_operations",
                true,
                span,
            );
        }
        Wish::CostFirst => {
            return flag(draft, |it| &mut it.cost_first, "preference.cost_first", !no, span);
        }
        Wish::Serverless => (&mut preferences.serverless, "preference.serverless"),
        Wish::Kubernetes => (&mut preferences.kubernetes, "preference.kubernetes"),
        Wish::Containers => (&mut preferences.containers, "preference.containers"),
        Wish::Machines => (&mut preferences.virtual_machines, "preference.virtual_machines"),
        Wish::Managed => (&mut preferences.managed_services, "preference.managed_services"),
        Wish::OpenSource => (&mut preferences.open_source, "preference.open_source"),
        Wish::Arm => (&mut preferences.arm, "preference.arm"),
        Wish::Spot => (&mut preferences.spot, "preference.spot"),
    };
    let wanted = match wish {
        // "avoid lock-in" asks for what is open.
        Wish::OpenSource if reading.word(from) != "open" => {
            no || matches!(reading.word(from), "cloud" | "portable")
        }
        Wish::Serverless if matches!(reading.word(from), "no" | "without") => true,
        _ => !no,
    };
    if field.is_none() {
        *field = Some(wanted);
        draft.fact(kind, json!(wanted), span, 0.85);
    } else if *field != Some(wanted) && !wanted {
        *field = Some(false);
        draft.fact(kind, json!(false), span, 0.7);
    }
}

fn after_denied(reading: &Reading, to: usize) -> bool {
    matches!(
        (reading.word(to + 1), reading.word(to + 2)),
        ("is" | "are", "forbidden" | "prohibited" | "banned") | ("isn't" | "aren't", _)
    ) || (matches!(reading.word(to + 1), "is" | "are")
        && reading.word(to + 2) == "not"
        && matches!(reading.word(to + 3), "allowed" | "an" | "wanted" | "permitted"))
}

fn flag(
    draft: &mut Draft,
    field: fn(&mut super::Preferences) -> &mut bool,
    kind: &'static str,
    wanted: bool,
    span: [usize; 2],
) {
    if wanted && !std::mem::replace(field(&mut draft.needs.preferences), true) {
        draft.fact(kind, json!(true), span, 0.8);
    }
}

/// "vpc-0abc…", "10.0.0.0/16", "example.com".
fn network_names(reading: &Reading, draft: &mut Draft) {
    for at in 0..reading.len() {
        let word = reading.word(at);
        if word == "vpc" && reading.joins(at + 1) {
            let id = reading.word(at + 1);
            let span = reading.span(at, at + 1);
            let hyphen = reading.text.as_bytes().get(span[0] + 3) == Some(&b'-');
            if hyphen
                && id.len() >= 8
                && id.bytes().all(|b| b.is_ascii_hexdigit())
                && draft.needs.network.vpc_id.is_none()
            {
                let id = reading.text[span[0]..span[1]].to_owned();
                draft.fact("network.vpc", json!(id), span, 0.98);
                draft.needs.network.vpc_id = Some(id);
            }
        }
        if word.matches('.').count() == 3 && word.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            let mask = reading.word(at + 1);
            let valid = word.split('.').all(|it| it.parse::<u8>().is_ok())
                && mask.parse::<u8>().is_ok_and(|it| it <= 32);
            if valid && reading.gap(at + 1).has(Gap::SLASH) && draft.needs.network.cidr.is_none() {
                let span = reading.span(at, at + 1);
                let cidr = format!("{word}/{mask}");
                draft.fact("network.cidr", json!(cidr), span, 0.95);
                draft.needs.network.cidr = Some(cidr);
            }
        }
        if draft.needs.network.domain.is_none() && is_domain(word) {
            let [start, end] = reading.span(at, at);
            // "lisa-and-tom.com": words stop at hyphens, names do not.
            let hyphened = |c: char| c.is_ascii_alphanumeric() || c == '-';
            let before = reading.text[..start].trim_end_matches(hyphened).len();
            let span =
                if reading.text[..start].ends_with('-') { [before, end] } else { [start, end] };
            let name = reading.text[span[0]..span[1]].trim_start_matches('-').to_ascii_lowercase();
            draft.fact("network.domain", json!(name), span, 0.85);
            draft.needs.network.domain = Some(name);
        }
    }
}

fn is_domain(word: &str) -> bool {
    const PROVIDERS: &[&str] = &[
        "github.com",
        "gitlab.com",
        "amazon.com",
        "amazonaws.com",
        "azure.com",
        "google.com",
        "microsoft.com",
        "aws.amazon.com",
    ];
    let Some((name, end)) = word.rsplit_once('.') else { return false };
    matches!(end, "com" | "org" | "de" | "eu" | "dev" | "app" | "co" | "uk" | "fr")
        && name.len() >= 3
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
        && name.bytes().any(|b| b.is_ascii_alphabetic())
        && !PROVIDERS.iter().any(|it| word.ends_with(it))
}
