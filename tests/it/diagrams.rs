//! Diagrams as programs get them: by the API, and on the command line.

use cloudgen::platform::access::Role;
use serde_json::{Value, json};
use std::process::{Command, Stdio};

use crate::cli::{PROGRAM, Place};
use crate::support::{App, Caller};

/// Small, so that images of it are quickly made.
const SMALL: &str = "S3 triggers a Lambda that writes to DynamoDB";
const MORE: &str = "Add OpenSearch for product search";

async fn small(caller: &Caller) -> String {
    let made = caller.post("/api/v1/analyze", json!({ "text": SMALL })).await.expect(200).json();
    format!("/api/v1/sessions/{}/analyses", made["session_id"].as_str().unwrap())
}

#[tokio::test]
async fn every_listed_diagram_can_be_fetched_and_is_the_same_each_time() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let ann = app.member(org, Role::Viewer).await;
    let mia = app.member(org, Role::Member).await;
    let stranger = app.member(app.org("Other").await, Role::Owner).await;
    let session = small(&mia).await;
    let list = format!("{session}/1/options/better/diagrams");
    let listed = ann.get(&list).await.expect(200).json();
    let kinds = listed["items"].as_array().unwrap();
    assert_eq!(kinds.len(), 5);
    let mut fetched = 0;
    for form in kinds.iter().flat_map(|it| it["forms"].as_array().unwrap()) {
        let href = form["href"].as_str().unwrap();
        // One image is as good as the others, and quicker than all of them.
        let is_image = matches!(form["form"].as_str(), Some("png" | "pdf"));
        if is_image && !href.contains("architecture") {
            continue;
        }
        stranger.get(href).await.expect(404);
        let answer = ann.get(href).await.expect(200);
        assert_eq!(answer.header("content-type"), form["media_type"].as_str().unwrap());
        let tag = answer.header("etag").to_owned();
        ann.clone().with("if-none-match", tag).get(href).await.expect(304);
        fetched += 1;
    }
    assert!(fetched >= 13, "{fetched}");
    let dark = ann.get(&format!("{list}/architecture.svg?theme=dark")).await.expect(200).text;
    let light = ann.get(&format!("{list}/architecture.svg")).await.expect(200).text;
    assert!(dark != light && dark.starts_with("<svg"));
    app.run_jobs().await;
}

#[tokio::test]
async fn what_cannot_be_drawn_is_refused_with_what_can() {
    let app = App::new().await;
    let mia = app.member(app.org("Acme").await, Role::Member).await;
    let session = small(&mia).await;
    let at = format!("{session}/1/options/better/diagrams");
    let problem = |it: &Value| it["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
    for (path, words) in [
        ("floorplan.svg", "architecture, network, sequence, data-flow, cost"),
        ("architecture.bmp", "svg, png, pdf, mermaid, drawio, d2, structurizr"),
        ("architecture", "svg, png"),
        ("network.structurizr", "there is svg, png, pdf, mermaid, drawio and d2"),
        ("architecture.svg?theme=pink", "light, dark"),
        ("architecture.svg?direction=up", "right, down"),
        ("architecture.svg?overlay=all", "none, cost, sla, findings"),
    ] {
        let answer = mia.get(&format!("{at}/{path}")).await.expect(422).json();
        assert!(problem(&answer).contains(words), "{path}: {answer}");
    }
    mia.get(&format!("{session}/9/options/better/diagrams/architecture.svg")).await.expect(404);
    mia.get(&format!("{session}/1/options/worst/diagrams/architecture.svg")).await.expect(404);
    mia.get(&format!("{session}/1/options/worst/diagrams")).await.expect(404);
    mia.get(&format!("{at}/architecture.svg?against=7")).await.expect(404);
    let answer = mia.get(&format!("{at}/network.svg?against=1")).await.expect(422).json();
    assert!(problem(&answer).contains("only an architecture"), "{answer}");
    app.run_jobs().await;
}

#[tokio::test]
async fn a_later_analysis_is_drawn_against_an_earlier_one() {
    let app = App::new().await;
    let mia = app.member(app.org("Acme").await, Role::Member).await;
    let session = small(&mia).await;
    let messages = session.replace("/analyses", "/messages");
    mia.post(&messages, json!({ "text": MORE })).await.expect(200);
    app.run_jobs().await;
    let at = format!("{session}/2/options/better/diagrams");
    let drawn = mia.get(&format!("{at}/architecture.svg?against=1")).await.expect(200).text;
    assert!(drawn.contains(">added<") && drawn.contains("what changed"), "{drawn}");
    let text = mia.get(&format!("{at}/architecture.mermaid?against=1")).await.expect(200).text;
    assert!(text.contains("flowchart LR"));
    app.run_jobs().await;
}

/// The command, run in a place with an analysis of its own.
fn run(place: &Place, arguments: &[&str]) -> (bool, Vec<u8>, String) {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env_clear().envs(place.environment()).current_dir(&place.0);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), output.stdout, said)
}

#[test]
fn the_command_line_draws_what_it_has_designed() {
    let place = Place::new("diagram");
    let (worked, _, said) = run(&place, &["diagram", "--local"]);
    assert!(!worked && said.contains("there is no analysis yet"), "{said}");
    assert!(run(&place, &["analyze", "--local", SMALL]).0);
    assert!(run(&place, &["edit", "--local", MORE]).0);
    for (format, start) in [
        ("svg", "<svg"),
        ("png", "\u{fffd}PNG"),
        ("pdf", "%PDF"),
        ("mermaid", "---\ntitle"),
        ("drawio", "<mxfile"),
        ("d2", "vars:"),
        ("structurizr", "workspace"),
    ] {
        let (worked, out, said) = run(&place, &["diagram", "--local", "--format", format]);
        assert!(worked, "{format}: {said}");
        assert!(String::from_utf8_lossy(&out).starts_with(start), "{format}");
        assert_eq!(run(&place, &["diagram", "--local", "--format", format]).1, out, "{format}");
    }
    let out = ["--option", "best", "--theme", "dark", "--out", "best.drawio"];
    let arguments = [&["diagram", "--local", "--format", "drawio"], &out[..]].concat();
    let (worked, printed, said) = run(&place, &arguments);
    assert!(worked && printed.is_empty(), "{said}");
    assert!(std::fs::read_to_string(place.0.join("best.drawio")).unwrap().contains("</mxfile>"));

    let (worked, out, said) = run(&place, &["diagram", "--local", "--against", "1"]);
    assert!(worked && String::from_utf8_lossy(&out).contains(">added<"), "{said}");
    for (arguments, words) in [
        (["--against", "9"], "there are analyses 1 to 2"),
        (["--kind", "floorplan"], "architecture, network, sequence, data-flow, cost"),
        (["--format", "bmp"], "svg, png, pdf, mermaid, drawio, d2, structurizr"),
        (["--theme", "pink"], "light, dark"),
    ] {
        let (worked, out, said) = run(&place, &[&["diagram", "--local"], &arguments[..]].concat());
        assert!(!worked && out.is_empty() && said.contains(words), "{arguments:?}: {said}");
    }
    let pair = ["diagram", "--local", "--kind", "network", "--format", "structurizr"];
    let (worked, _, said) = run(&place, &pair);
    assert!(!worked && said.contains("there is svg, png, pdf, mermaid, drawio and d2"), "{said}");
}

/// A directory of icons for what [`SMALL`] asks for: one by its service, one by its kind.
fn icons(place: &Place) -> std::path::PathBuf {
    let directory = place.0.join("icons");
    std::fs::create_dir_all(&directory).unwrap();
    let svg = |fill: &str| {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 8 8\"><title>mine</title>\
             <path d=\"M0 0h8v8h-8z\" fill=\"{fill}\"/></svg>"
        )
    };
    std::fs::write(directory.join("lambda.svg"), svg("#ff00aa")).unwrap();
    std::fs::write(directory.join("object_store.svg"), svg("#00aaff")).unwrap();
    std::fs::write(directory.join("LICENCE"), "theirs").unwrap();
    directory
}

#[tokio::test]
async fn icons_of_an_operator_take_the_place_of_ours() {
    let place = Place::new("icons");
    let directory = icons(&place);
    let app = App::with(|config| config.icons = Some(directory.clone())).await;
    let mia = app.member(app.org("Acme").await, Role::Member).await;
    let session = small(&mia).await;
    let at = format!("{session}/1/options/better/diagrams");
    for (file, held) in [
        ("architecture.svg", "href=\"data:image/svg+xml;base64,"),
        ("sequence.svg", "href=\"data:image/svg+xml;base64,"),
        ("architecture.drawio", "image=data:image/svg+xml,"),
    ] {
        let drawn = mia.get(&format!("{at}/{file}")).await.expect(200).text;
        assert!(drawn.contains(held), "{file}");
        assert_eq!(drawn, mia.get(&format!("{at}/{file}")).await.expect(200).text, "{file}");
    }
    let pages = session.replace("/api/v1", "");
    let page = mia.get(&format!("{pages}/1/better/diagram")).await.expect(200).text;
    assert!(page.matches("<image ").count() >= 4, "two icons, for light and for dark");

    assert!(run(&place, &["analyze", "--local", SMALL]).0);
    let with = ["diagram", "--local", "--icons", directory.to_str().unwrap()];
    let (worked, drawn, said) = run(&place, &with);
    assert!(worked, "{said}");
    assert!(String::from_utf8_lossy(&drawn).contains("<image "));
    let (_, image, _) = run(&place, &[&with[..], &["--format", "png"]].concat());
    let pixels = resvg::tiny_skia::Pixmap::decode_png(&image).unwrap();
    let pink = |it: &&resvg::tiny_skia::PremultipliedColorU8| {
        (it.red(), it.green(), it.blue()) == (255, 0, 170)
    };
    assert!(pixels.pixels().iter().filter(pink).count() > 1000);
    let (_, page, _) = run(&place, &[&with[..], &["--format", "pdf"]].concat());
    assert!(String::from_utf8_lossy(&page).contains("/Subtype /Image"));
    app.run_jobs().await;
}

#[tokio::test]
async fn an_icon_that_runs_or_fetches_is_refused_by_name() {
    let place = Place::new("bad-icons");
    let directory = icons(&place);
    let hostile = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 8 8\">\
                   <path d=\"M0 0h8\" onclick=\"alert(1)\"/></svg>";
    std::fs::write(directory.join("queue.svg"), hostile).unwrap();
    std::fs::write(directory.join("lambada.svg"), hostile).unwrap();
    assert!(run(&place, &["analyze", "--local", SMALL]).0);
    let with = ["diagram", "--local", "--icons", directory.to_str().unwrap()];
    let (worked, out, said) = run(&place, &with);
    assert!(!worked && out.is_empty());
    for words in ["2 of the icons", "queue.svg: the attribute \"onclick\"", "called \"lambada\""] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let app = App::new().await;
    let mut config = app.state.config.clone();
    config.icons = Some(directory);
    let (clock, ids) = (app.state.clock.clone(), app.state.ids.clone());
    let refused = cloudgen::app::state(config, &app.database.url, clock, ids).unwrap_err();
    assert!(format!("{refused:#}").contains("CLOUDGEN_ICONS: 2 of the icons"), "{refused:#}");
}

/// `script` runs the command with a terminal for its output.
#[test]
fn a_terminal_is_spared_images() {
    let place = Place::new("diagram-terminal");
    assert!(run(&place, &["analyze", "--local", SMALL]).0);
    let line = format!("{PROGRAM} diagram --local --format png");
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).env_clear().envs(place.environment());
    let output = command.current_dir(&place.0).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success());
    assert!(said.contains("a terminal cannot show png") && said.contains("--out"), "{said}");
}
