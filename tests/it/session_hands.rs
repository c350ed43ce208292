//! An option under somebody's hands, in a real browser: the load slider, tabs that
//! change in place, and a picture that is moved about.

use cloudgen::platform::access::Role;
use fantoccini::Locator;
use fantoccini::key::Key;
use serde_json::json;

use crate::browser::{Browser, View};
use crate::session_journey::{Desk, prepared, sit_down};
use crate::support::{App, Caller};

/// Set on the window once: gone when the page was loaded anew.
const MARK: &str = "window.mark = 'here'";
const MARKED: &str = "window.mark === 'here'";

/// Somebody in front of a session that has an analysis.
struct Seat {
    _app: App,
    base: String,
    member: Caller,
    browser: Browser,
    session: String,
}

impl Seat {
    async fn take() -> Self {
        let (app, base) = App::served().await;
        let member = app.member(app.org("Acme").await, Role::Member).await;
        let session = prepared(&app, &member).await;
        let browser = Browser::start().await;
        sit_down(&browser, &base, &member).await;
        browser.look(View::DESK).await;
        Self { _app: app, base, member, browser, session }
    }

    fn desk(&self) -> Desk<'_> {
        Desk { browser: &self.browser, base: &self.base }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_slider_shows_the_figures_of_its_load_in_place() {
    let seat = Seat::take().await;
    let (browser, session, desk) = (&seat.browser, &seat.session, seat.desk());
    let costs = format!("{session}/analyses/1/better/costs");
    desk.go(&costs).await;
    desk.value(MARK).await;
    let load = "document.getElementById('figures').dataset.load";
    let sum = "document.getElementById('figures').innerText";
    let (before, expected) = (desk.value(sum).await, desk.value(load).await);
    assert_eq!(expected, "1");

    let slider = browser.find(Locator::Css("#load-at")).await.unwrap();
    for _ in 0..6 {
        slider.send_keys(&Key::Right.to_string()).await.unwrap();
    }
    desk.until(&format!("{load} === '2'")).await;
    assert_ne!(desk.value(sum).await, before, "twice the load costs something else");
    assert_eq!(desk.value(MARKED).await, true, "nothing was loaded anew");
    let told = desk.value("document.getElementById('load-at').ariaValueText ?? document.getElementById('load-at').getAttribute('aria-valuetext')").await;
    assert_eq!(told, "2 times the expected load");
    desk.until("document.querySelector('#load-said').innerText.includes('2×')").await;
    desk.until("document.activeElement.id === 'load-at'").await;
    let table =
        desk.value("document.querySelector(\"a[href*='costs.csv']\").getAttribute('href')").await;
    assert!(table.as_str().unwrap().contains("load=2"), "{table}");

    // The address is that of what is shown.
    let address = desk.value("location.pathname + location.search").await;
    desk.go(address.as_str().unwrap()).await;
    desk.until(&format!("{load} === '2'")).await;
}

/// Holds the first answer about the costs back until `arrive` is called, and tells
/// when the session was heard of.
const HOLD: &str = "(() => {
    const ask = window.fetch;
    window.fetch = async (url, init) => {
        const answer = await ask(url, init);
        if (!window.arrive && String(url).includes('/costs')) await new Promise((done) => (window.arrive = done));
        return answer;
    };
    const { events, seq } = document.getElementById('wb').dataset;
    new EventSource(`${events}?after=${seq}`).addEventListener('session', () => (window.heard = true));
})()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_do_not_call_back_who_is_on_the_way() {
    let seat = Seat::take().await;
    let (session, desk) = (&seat.session, seat.desk());
    desk.go(&format!("{session}/analyses/1/better/diagram")).await;
    desk.value(MARK).await;
    desk.value(HOLD).await;
    desk.click(".option-tabs [data-tab='costs']").await;
    desk.until("window.arrive").await;
    let title = json!({ "title": "A name that came meanwhile" });
    seat.member.patch(&format!("/api/v1{session}"), title).await.expect(200);
    desk.until("window.heard").await;
    desk.value("arrive()").await;
    desk.until("location.pathname.endsWith('/costs')").await;
    desk.shows("#figures").await;
    desk.says("#session-head", "A name that came meanwhile").await;
    assert_eq!(desk.value(MARKED).await, true, "nothing was loaded anew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tabs_change_in_place_and_back_goes_back() {
    let seat = Seat::take().await;
    let (browser, session, desk) = (&seat.browser, &seat.session, seat.desk());
    let option = format!("{session}/analyses/1/better");
    desk.go(&format!("{option}/diagram")).await;
    desk.value(MARK).await;
    let current = |tab: &str| {
        format!(
            "document.querySelector('.option-tabs [aria-current]')?.dataset.tab === '{tab}' && location.pathname.endsWith('/{tab}')"
        )
    };
    let tabs = ["costs", "code", "why", "diagram", "costs"];
    for tab in tabs {
        desk.click(&format!(".option-tabs [data-tab='{tab}']")).await;
        desk.until(&current(tab)).await;
        let title = desk.value("document.title").await;
        assert!(!title.as_str().unwrap().is_empty());
    }
    for tab in ["diagram", "why", "code", "costs"] {
        browser.back().await.unwrap();
        desk.until(&current(tab)).await;
    }
    desk.shows("#figures").await;
    browser.forward().await.unwrap();
    desk.until(&current("code")).await;
    assert_eq!(desk.value(MARKED).await, true, "all of it in one page");
    // What came in place works as what was loaded does.
    browser.back().await.unwrap();
    desk.until(&current("costs")).await;
    browser
        .find(Locator::Css("#load-at"))
        .await
        .unwrap()
        .send_keys(&Key::Right.to_string())
        .await
        .unwrap();
    desk.until("document.getElementById('figures').dataset.load !== '1'").await;
    assert_eq!(desk.value(MARKED).await, true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_is_zoomed_moved_fitted_and_asked() {
    let seat = Seat::take().await;
    let (browser, session, desk) = (&seat.browser, &seat.session, seat.desk());
    desk.go(&format!("{session}/analyses/1/better/diagram")).await;
    let scale = "parseInt(document.querySelector('[data-scale]').textContent)";
    desk.until(&format!("{scale} > 0")).await;
    let fitted = desk.value(scale).await.as_i64().unwrap();
    let middle = desk
        .value("(() => { const it = document.querySelector('[data-diagram]').getBoundingClientRect(); return [it.x + it.width / 2, it.y + it.height / 2]; })()")
        .await;
    let (x, y) = (middle[0].as_f64().unwrap(), middle[1].as_f64().unwrap());
    let mouse = |kind: &str, dx: f64, buttons: u8| {
        json!({ "type": kind, "x": x + dx, "y": y + dx / 2.0, "button": if buttons > 0 { "left" } else { "none" },
                "buttons": buttons, "clickCount": 1 })
    };
    // Two fingers on a touch pad, or the wheel with Ctrl held.
    for _ in 0..8 {
        let wheel = json!({ "type": "mouseWheel", "x": x, "y": y, "deltaX": 0, "deltaY": -60, "modifiers": 2 });
        browser.devtools("Input.dispatchMouseEvent", wheel).await;
    }
    desk.until(&format!("{scale} > {}", fitted + 10)).await;
    desk.shows("[data-mini]").await;

    let place = "document.querySelector('.dia-paper').style.transform";
    let before = desk.value(place).await;
    browser.devtools("Input.dispatchMouseEvent", mouse("mousePressed", 0.0, 1)).await;
    for step in 1..6 {
        browser
            .devtools("Input.dispatchMouseEvent", mouse("mouseMoved", f64::from(step) * 12.0, 1))
            .await;
    }
    browser.devtools("Input.dispatchMouseEvent", mouse("mouseReleased", 60.0, 1)).await;
    desk.until(&format!("{place} !== {before}")).await;
    desk.until("!location.search.includes('component')").await;

    desk.click("[data-zoom='fit']").await;
    desk.until(&format!("{scale} <= {fitted}")).await;
    let link = "document.querySelector('.dia-paper a[data-component]')";
    desk.value(&format!("{link}.focus()")).await;
    desk.press(&Key::Enter.to_string()).await;
    desk.shows("#dia-panel").await;
    desk.until("location.search.includes('component=')").await;
    desk.press(&Key::Escape.to_string()).await;
    desk.until(
        "document.getElementById('dia-panel').hidden && !location.search.includes('component=')",
    )
    .await;
}
