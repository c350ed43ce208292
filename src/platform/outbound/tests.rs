use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::address::is_public;
use super::*;
use crate::platform::config::{Network, Reachable};

/// Addresses that must not be dialled.
const SPECIAL: &[&str] = &[
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.254",
    "127.0.0.1",
    "127.0.0.254",
    "127.254.254.254",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.255",
    "192.88.99.3",
    "192.168.0.1",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.65",
    "203.0.113.6",
    "224.0.0.1",
    "233.252.0.16",
    "240.0.0.1",
    "255.255.255.255",
    "100.100.100.200",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "::a9fe:a9fe",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:c0a8:1::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fd7a:115c:a1e0::1",
    "fe80::1",
    "febf:ffff::1",
    "fec0::1",
    "ff02::1",
];

/// Addresses like any other, most of them next to a special one.
const PUBLIC: &[&str] = &[
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.254",
    "100.128.0.1",
    "126.255.255.255",
    "128.0.0.1",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "::ffff:8.8.8.8",
    "2001:4860:4860::8888",
    "2606:4700::1111",
    "2a00::1",
];

/// Ways to write what must not be asked for. `http` stands for `https`, too.
const FORMS: &[&str] = &[
    "http://127.0.0.1/",
    "http://127.1/",
    "http://0/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    "http://127.0.0.1./",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://foo.localhost/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[0:0:0:0:0:ffff:a9fe:a9fe]/latest/meta-data/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://metadata.google.internal/",
    "http://169.254.170.2/v2/credentials",
    "http://100.100.100.200/",
    "http://[fd00:ec2::254]/",
    "http://192.0.0.192/",
    "http://user:pw@example.com/",
    "http://example.com@127.0.0.1/",
    "http://127.0.0.1#@example.com/",
    "http://127.0.0.1\\@example.com/",
    "http://example.com:22/",
    "http://example.com:5432/",
    "https://example.com:0/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_INFO",
    "data:text/plain,hi",
    "javascript:alert(1)",
    "http://",
    "//example.com/",
    "http://exa mple.com/",
    "http://example.com\r\nX-Injected: 1/",
    "http://[fe80::1%25eth0]/",
    "http://a.b.c.d.e.internal/",
    "http://svc.cluster.local/",
    "http://postgres/",
];

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn network(text: &str) -> Reachable {
    Reachable::Network(Network::parse(text).unwrap())
}

/// ASVS V1.3.6
#[test]
fn special_addresses_are_told_from_public_ones() {
    assert_eq!(SPECIAL.len() + PUBLIC.len(), 74);
    let wrong: Vec<_> = SPECIAL
        .iter()
        .filter(|it| is_public(ip(it)))
        .chain(PUBLIC.iter().filter(|it| !is_public(ip(it))))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// ASVS V1.3.6
#[test]
fn no_way_of_writing_an_address_gets_past() {
    assert_eq!(FORMS.len(), 46);
    let rules = Rules::new(Vec::new());
    for form in FORMS {
        let secure = form.replacen("http://", "https://", 1);
        for form in [(*form).to_owned(), secure] {
            assert!(rules.check(&form).is_err(), "{form:?}");
        }
    }
    for good in [
        "https://example.com/",
        "https://example.com:8443/hooks?a=b",
        "https://münchen.example/",
        "https://1.1.1.1/",
        "https://[2606:4700::1111]/",
    ] {
        assert!(rules.check(good).is_ok(), "{good}");
    }
    assert!(rules.check("http://example.com/").is_err(), "without TLS");
}

#[test]
fn what_the_configuration_lists_may_be_reached_and_nothing_beside_it() {
    let rules = Rules::new(vec![network("10.1.0.0/16"), Reachable::Host("hooks.internal".into())]);
    assert!(rules.check("http://10.1.2.3:8000/").is_ok());
    assert!(rules.check("http://hooks.internal:8000/").is_ok());
    assert!(rules.check("http://10.2.0.1/").is_err());
    assert!(rules.check("http://other.internal/").is_err());
    assert!(rules.check("http://hooks.internal@169.254.169.254/").is_err());
    assert!(rules.may_reach("hooks.internal", ip("192.168.0.1")));
    assert!(!rules.may_reach("example.com", ip("192.168.0.1")));
}

/// Answers every connection with `answer`, and counts them.
async fn listener(at: &str, answer: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(at).await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(answer.as_bytes()).await;
            if !answer.contains("drip") {
                let _ = stream.shutdown().await;
            } else {
                // Keep the connection open without ever finishing.
                std::future::pending::<()>().await;
            }
        }
    });
    (address, count)
}

/// A resolver that gives the next of `answers` each time.
fn lying(answers: Vec<Vec<IpAddr>>) -> (Lookup, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let lookup: Lookup = Arc::new(move |_| {
        let n = counted.fetch_add(1, Ordering::SeqCst);
        let answer = answers[n.min(answers.len() - 1)].clone();
        Box::pin(async move { Ok(answer) })
    });
    (lookup, asked)
}

fn client(also: Vec<Reachable>, answers: Vec<Vec<IpAddr>>) -> (Outbound, Arc<AtomicUsize>) {
    let (lookup, asked) = lying(answers);
    (Outbound::with(Rules::new(also), lookup, Duration::from_millis(800)).unwrap(), asked)
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

/// ASVS V15.3.2
#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let (inside, reached) = listener("127.0.0.1:0", OK).await;
    let answer = format!(
        "HTTP/1.1 302 Found\r\nLocation: http://{inside}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    let (receiver, _) = listener("127.0.0.1:0", answer.leak()).await;
    // Even where the address it leads to may be reached.
    let (client, _) = client(vec![network("127.0.0.0/8")], vec![]);
    let reply = client.post(&format!("http://{receiver}/"), &[], "{}".into()).await.unwrap();
    assert_eq!(reply.status, 302);
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_address_that_was_checked_is_the_one_dialled() {
    let (good, reached) = listener("127.0.0.2:0", OK).await;
    let (_, inside) = listener(&format!("127.0.0.1:{}", good.port()), OK).await;
    let also = vec![network("127.0.0.2"), Reachable::Host("unused.example".into())];
    let answers = vec![vec![ip("127.0.0.2")], vec![ip("127.0.0.1")]];
    let (client, asked) = client(also, answers);
    // Ports of public names are few; the test's listener has another, so the
    // connector is asked as it is when the check of the form is over.
    let url = format!("http://rebinding.example:{}/", good.port());
    let first = client.client.post(&url).send().await.unwrap();
    assert_eq!((first.status().as_u16(), asked.load(Ordering::SeqCst)), (200, 1));
    let second = client.client.post(&url).send().await.unwrap_err();
    assert_eq!(failure(&second), Failure::NotPublic);
    assert_eq!((reached.load(Ordering::SeqCst), inside.load(Ordering::SeqCst)), (1, 0));
}

#[tokio::test]
async fn a_name_with_one_private_address_is_refused_whole() {
    let answers = vec![vec![ip("1.1.1.1"), ip("127.0.0.1")]];
    let (mixed, _) = client(Vec::new(), answers);
    let url = "https://hooks.example.com/";
    assert_eq!(mixed.post(url, &[], String::new()).await.unwrap_err(), Failure::NotPublic);
    // A name that leads nowhere looks the same.
    let (nowhere, _) = client(Vec::new(), vec![vec![]]);
    assert_eq!(nowhere.post(url, &[], String::new()).await.unwrap_err(), Failure::NotPublic);
}

#[tokio::test]
async fn long_and_slow_answers_are_cut() {
    let also = vec![network("127.0.0.0/8")];
    let long = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {0}\r\nConnection: close\r\n\r\n{1}",
        BODY_LIMIT * 2,
        "x".repeat(BODY_LIMIT * 2)
    );
    let (receiver, _) = listener("127.0.0.1:0", long.leak()).await;
    let (outbound, _) = client(also.clone(), vec![]);
    let reply = outbound.post(&format!("http://{receiver}/"), &[], String::new()).await.unwrap();
    assert_eq!((reply.body.len(), reply.cut), (BODY_LIMIT, true));

    let (receiver, _) =
        listener("127.0.0.1:0", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ndrip").await;
    let reply = outbound.post(&format!("http://{receiver}/"), &[], String::new()).await.unwrap();
    assert_eq!((reply.status, reply.cut, reply.body.as_slice()), (200, true, b"drip".as_slice()));

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    assert_eq!(outbound.post(&url, &[], String::new()).await.unwrap_err(), Failure::TimedOut);
    drop(silent);
    assert_eq!(outbound.post(&url, &[], String::new()).await.unwrap_err(), Failure::Unreachable);
}
