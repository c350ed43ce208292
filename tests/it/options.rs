//! One option in depth: costs at any load, components, files, comparison; and
//! what an organisation wants of all of them.

use cloudgen::platform::access::Role;
use serde_json::{Value, json};

use crate::pages::well_made;
use crate::support::{App, Caller};

const SHOP: &str = "A web shop on AWS for 20,000 visitors a day with PostgreSQL in Frankfurt.";

async fn shop(caller: &Caller) -> String {
    let made = caller.post("/api/v1/analyze", json!({ "text": SHOP })).await.expect(200).json();
    made["session_id"].as_str().unwrap().to_owned()
}

async fn sets(caller: &Caller, id: &str) -> Vec<Value> {
    let sets = caller.get(&format!("/api/v1/artifacts/{id}")).await.expect(200).json();
    sets["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn costs_are_told_at_any_load() {
    let app = App::new().await;
    let ann = app.member(app.org("Acme").await, Role::Member).await;
    let id = shop(&ann).await;
    let option = format!("/api/v1/sessions/{id}/analyses/1/options/better");
    let report = ann.get(&option).await.expect(200).json();
    let now = ann.get(&format!("{option}/costs")).await.expect(200).json();
    assert_eq!(now["cost"], report["cost"], "at the expected load it is the report's bill");
    let more = ann.get(&format!("{option}/costs?load=5&growth=0.05")).await.expect(200).json();
    let monthly = |it: &Value| it["cost"]["monthly"].as_f64().unwrap();
    assert!(monthly(&more) > monthly(&now));
    assert_eq!(more["curve"].as_array().unwrap().len(), 13);
    let months = more["forecast"]["months"].as_array().unwrap();
    assert_eq!(months.len(), 36);
    assert!(months[35]["monthly"].as_f64() > months[0]["monthly"].as_f64());
    for kind in ["by_component", "by_kind"] {
        let sums = now[kind].as_array().unwrap().iter();
        let sum: f64 = sums.map(|it| it["monthly"].as_f64().unwrap()).sum();
        assert!((sum - monthly(&now)).abs() < 0.5, "{kind}: {sum}");
    }
    for wrong in ["load=0", "load=NaN", "load=1e9", "growth=9", "months=0"] {
        ann.get(&format!("{option}/costs?{wrong}")).await.expect(422);
    }
    let table = ann.get(&format!("{option}/costs.csv?load=2")).await.expect(200);
    assert!(table.header("content-type").starts_with("text/csv"));
    assert!(table.text.starts_with("component,title,item,"), "{}", table.text);

    let component = now["by_component"][0]["key"].as_str().unwrap();
    let detail = ann.get(&format!("{option}/components/{component}")).await.expect(200).json();
    assert!(detail["cost"]["monthly"].as_f64().unwrap() > 0.0, "{detail}");
    assert!(!detail["code"].as_array().unwrap().is_empty(), "{detail}");
    ann.get(&format!("{option}/components/nothing")).await.expect(404);
    app.run_jobs().await;
}

#[tokio::test]
async fn files_are_looked_through_searched_and_compared() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let ann = app.member(org, Role::Member).await;
    let id = shop(&ann).await;
    let list = format!("/sessions/{id}/artifacts");
    let waiting = ann.get(&list).await.expect(200);
    assert_eq!(waiting.template.as_deref(), Some("artifacts/index.html"));
    app.run_jobs().await;
    let page = ann.get(&list).await.expect(200);
    well_made(&list, &page.text);
    assert!(page.text.contains("30 days"), "the plan says how long files are kept");

    let all = sets(&ann, &id).await;
    let of = |tier: &str| {
        all.iter().find(|it| it["option"] == tier).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let (good, best) = (of("good"), of("best"));
    let base = format!("{list}/{best}");
    let code = format!("/sessions/{id}/analyses/1/best/code");
    let shown = ann.get(&base).await.expect(303);
    assert_eq!(shown.location(), format!("{code}?format=terraform"), "there is one browser");
    let shown = ann.get(&code).await.expect(200);
    assert_eq!(shown.template.as_deref(), Some("workbench/option/code.html"));
    well_made(&code, &shown.text);
    let network = ann.get(&format!("{code}?file=modules/network/main.tf")).await.expect(200);
    well_made(&code, &network.text);
    assert!(network.text.contains("id=\"L12\""), "lines can be linked to");
    ann.get(&format!("{code}?file=nothing.tf")).await.expect(404);
    ann.get(&format!("{code}?format=cobol")).await.expect(404);
    let found = ann.get(&format!("{code}?q=AWS_vpc")).await.expect(200);
    assert!(found.text.contains("<mark>aws_vpc</mark>"), "case does not matter");
    let hostile = ann.get(&format!("{code}?q=%3Cscript%3Ealert(1)%3C/script%3E")).await.expect(200);
    assert!(!hostile.text.contains("<script>alert"));
    let part = ann.get(&format!("{code}?component=database")).await.expect(200);
    assert!(part.text.contains("class=\"line of\""), "the lines of a component are marked");
    for layout in ["", "&layout=split"] {
        let compared = ann.get(&format!("{code}?against={good}{layout}")).await.expect(200);
        well_made(&code, &compared.text);
        assert!(compared.text.contains("differ") && compared.text.contains("From #1 Good"));
    }
    ann.get(&format!("{code}?against=nothing")).await.expect(404);
    let file = ann.get(&format!("{base}/file?file=main.tf")).await.expect(200);
    assert!(file.header("content-disposition").starts_with("attachment"));
    ann.get(&format!("{base}/file?file=../main.tf")).await.expect(404);
    ann.get(&format!("{base}/archive")).await.expect(200);
    let manifest = all.iter().find(|it| it["option"] == "best").unwrap()["files"].to_string();
    assert!(manifest.contains("\"component\":"), "the manifest says what belongs to what");

    let viewer = app.member(org, Role::Viewer).await;
    viewer.get(&code).await.expect(200);
    let wanted = [("analysis", "1"), ("option", "best"), ("format", "cloudformation")];
    viewer.submit(&list, &wanted).await.expect(403);
    let template = format!("{code}?format=cloudformation");
    assert!(ann.get(&template).await.expect(200).text.contains("Generate CloudFormation"));
    let asked = ann.submit(&list, &wanted).await.expect(303);
    assert_eq!(asked.location(), template);
    let queued = ann.get(&template).await.expect(200);
    assert!(queued.text.contains("Waiting to begin"));
    let set = sets(&ann, &id).await.into_iter().find(|it| it["state"] == "queued").unwrap();
    let set = format!("{list}/{}", set["id"].as_str().unwrap());
    ann.submit(&format!("{set}/cancel"), &[]).await.expect(303);
    assert!(ann.get(&template).await.expect(200).text.contains("cancelled"));
    let again = ann.submit(&format!("{set}/retry"), &[]).await.expect(303);
    app.run_jobs().await;
    let shown = ann.get(again.location()).await.expect(200);
    assert!(shown.text.contains("AWSTemplateFormatVersion"));

    let eve = app.member(app.org("Other").await, Role::Owner).await;
    for path in [
        list.clone(),
        base.clone(),
        code.clone(),
        format!("{base}/archive"),
        format!("{base}/file?file=main.tf"),
    ] {
        eve.get(&path).await.expect(404);
    }
    eve.submit(&format!("{base}/cancel"), &[]).await.expect(404);
    eve.submit(&list, &wanted).await.expect(404);
    let own = shop(&eve).await;
    eve.get(&format!("/sessions/{own}/artifacts/{best}")).await.expect(404);
    app.run_jobs().await;
    let foreign = format!("/sessions/{own}/analyses/1/best/code?against={good}");
    eve.get(&foreign).await.expect(404);
}

#[tokio::test]
async fn costs_are_shown_at_any_load() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let ann = app.member(org, Role::Member).await;
    let id = shop(&ann).await;
    app.run_jobs().await;
    let option = format!("/sessions/{id}/analyses/1/better");
    let page = format!("{option}/costs");
    let now = ann.get(&page).await.expect(200);
    assert_eq!(now.template.as_deref(), Some("workbench/option/costs.html"));
    for query in ["?load=2", "?at=0.3&growth=5", "?load=nonsense&growth=-1", "?load=1e300"] {
        let shown = ann.get(&format!("{page}{query}")).await.expect(200);
        well_made(&page, &shown.text);
        assert!(shown.text.contains("class=\"line\"") && shown.text.contains("730 h"), "{query}");
    }
    let figures = ann.get(&format!("{option}/figures?at=1")).await.expect(200);
    assert_eq!(figures.template.as_deref(), Some("workbench/option/figures.html"));
    assert!(figures.text.contains("data-query=\"load=10\"") && !figures.text.contains("<html"));
    let costs = format!("/api/v1{option}/costs?load=10").replace("/better/", "/options/better/");
    let told = ann.get(&costs).await.expect(200).json()["cost"]["monthly"].as_f64().unwrap();
    let shown = format!("{:.0}", told);
    let shown = format!("${},{}", &shown[..shown.len() - 3], &shown[shown.len() - 3..]);
    assert!(figures.text.contains(&shown), "{shown} is what the API says, too");
    let table = ann.get(&format!("{option}/costs.csv?load=2")).await.expect(200);
    assert!(table.header("content-type").starts_with("text/csv"));
    ann.get(&format!("{option}/costs.csv?load=0")).await.expect(422);

    let eve = app.member(app.org("Other").await, Role::Owner).await;
    for path in ["costs", "figures", "costs.csv", "why", "diagram.svg"] {
        eve.get(&format!("{option}/{path}")).await.expect(404);
    }
}

#[tokio::test]
async fn an_option_says_why_it_is_as_it_is() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let admin = app.member(org, Role::Admin).await;
    let form = [("tags", "team = blue"), ("region", "eu-west-3"), ("name_prefix", "acme")];
    admin.submit("/settings/defaults", &form).await.expect(303);
    let text = "A web shop on AWS for 20,000 visitors a day with PostgreSQL, budget 50 dollars.";
    let made = admin.post("/api/v1/analyze", json!({ "text": text })).await.expect(200).json();
    let id = made["session_id"].as_str().unwrap();
    app.run_jobs().await;
    let why = format!("/sessions/{id}/analyses/1/better/why");
    let page = admin.get(&why).await.expect(200);
    assert_eq!(page.template.as_deref(), Some("workbench/option/why.html"));
    well_made(&why, &page.text);
    for words in
        ["You said <q", "Instead of", "team = blue", "from your organisation", "What to do:"]
    {
        assert!(page.text.contains(words), "{words}");
    }
    assert!(page.text.contains("id=\"set-w1"), "assumptions are controls");
    let viewer = app.member(org, Role::Viewer).await;
    let read = viewer.get(&why).await.expect(200);
    assert!(!read.text.contains("id=\"set-w1"), "a viewer has no controls");
}

#[tokio::test]
async fn admins_set_what_every_design_honours() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let admin = app.member(org, Role::Admin).await;
    let viewer = app.member(org, Role::Viewer).await;
    let page = "/settings/defaults";
    let seen = viewer.get(page).await.expect(200);
    assert_eq!(seen.template.as_deref(), Some("sessions/defaults.html"));
    well_made(page, &seen.text);
    assert!(!seen.text.contains("Save defaults"));
    let form = [
        ("region", "eu-west-3"),
        ("tags", "team = blue"),
        ("compliance.hipaa", "on"),
        ("format", "cloudformation"),
    ];
    viewer.submit(page, &form).await.expect(403);
    admin.submit(page, &form).await.expect(303);
    let kept = admin.get("/api/v1/org/defaults").await.expect(200).json();
    assert_eq!((&kept["region"], &kept["tags"]["team"]), (&json!("eu-west-3"), &json!("blue")));
    assert!(admin.get(page).await.expect(200).text.contains("team = blue"));
    let wrong =
        admin.submit(page, &[("cidr", "300.0.0.0/8"), ("tags", "team = <b>")]).await.expect(422);
    well_made(page, &wrong.text);
    assert!(wrong.text.contains("300.0.0.0"), "the form comes back as it was typed");
    assert!(wrong.text.contains("cidr-help") && !wrong.text.contains("<b>"));
    admin.submit(page, &[("tags", "team blue")]).await.expect(422);
}
